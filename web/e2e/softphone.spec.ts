/** The telephone in the desk's browser: tones of different pitch at the two ends of every call, heard where they should be. */
import type { Page } from "@playwright/test";
import { Baresip } from "./baresip";
import { DeskPage, expect, test } from "./fixtures";
import { bar, button, dial, press, take, turnOn } from "./phone";
import { BROWSER, heard, hears, hearsNothing, speaks } from "./softphone";

test.use({ launchOptions: BROWSER });
test.setTimeout(120_000);

/** Screenshots to be looked at: `SHOTS=folder npx playwright test softphone`. */
async function shot(page: Page, name: string): Promise<void> {
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}.png` });
}

test("two agents talk through their browsers; hold and mute are silent, and a reload brings the call back", async ({ agent, accessible }) => {
  const one = await agent("1001", { before: (context) => speaks(context, 440) });
  const two = await agent("1002", { before: (context) => speaks(context, 1_000) });
  await turnOn(one);
  await turnOn(two);
  await dial(one, "1002");
  await take(two);
  await hears(one.page, 1_000);
  await hears(two.page, 440);
  await expect(one.page.getByTestId("quality")).toHaveAttribute("data-verdict", "good", { timeout: 15_000 });
  await accessible(one.page);
  await shot(one.page, "softphone-talking");

  await press(one, "hold");
  await expect(bar(one)).toHaveAttribute("data-link", "held");
  // Whoever is held hears music, and not the other.
  await expect.poll(async () => Math.abs((await heard(two.page)) - 440) > 25, { timeout: 20_000 }).toBe(true);
  await hearsNothing(one.page);
  await one.page.keyboard.press("Alt+h");
  await hears(two.page, 440);

  await one.page.keyboard.press("Alt+m");
  await expect(one.page.getByTestId("call-mute")).toHaveAttribute("aria-pressed", "true");
  await hearsNothing(two.page);
  await hears(one.page, 1_000);
  await press(one, "mute");
  await hears(two.page, 440);

  // The page is loaded anew in the call: it comes back without anybody doing anything.
  await one.page.reload();
  await expect(bar(one)).toHaveAttribute("data-link", "connected");
  await expect(button(one)).toHaveAttribute("data-talking", /.+/, { timeout: 20_000 });
  await hears(one.page, 1_000);
  await hears(two.page, 440);
  await expect(two.page.getByTestId("party")).toHaveCount(2);

  await press(one, "end");
  await expect(bar(two)).toHaveCount(0);
  await expect(button(one)).not.toHaveAttribute("data-talking", /.+/);
});

test("keys that are pressed at the desk arrive at the other's telephone", async ({ agent, accessible }) => {
  const desk = await agent("1003", { before: (context) => speaks(context, 440) });
  await turnOn(desk);
  const { listeners } = (await (await desk.page.request.get("/api/v1/about")).json()) as { listeners: { sip_udp: string } };
  const far = await Baresip.start("1004", 950, listeners.sip_udp.replace(/^\w+:(\/\/)?/, ""));
  try {
    await dial(desk, "1004");
    await expect(bar(desk)).toHaveAttribute("data-link", "connected", { timeout: 15_000 });
    await hears(desk.page, 950);
    await far.hears(440);
    await desk.page.keyboard.press("Alt+k");
    const keypad = desk.page.getByTestId("keypad");
    await expect(keypad.getByRole("button", { name: "1", exact: true })).toBeFocused();
    await accessible(desk.page);
    await shot(desk.page, "softphone-keypad");
    await desk.page.keyboard.press("5");
    await keypad.getByRole("button", { name: "#", exact: true }).click();
    await expect.poll(() => far.keys, { timeout: 10_000 }).toEqual(["5", "#"]);
    await expect(keypad.getByRole("status")).toHaveText("5#");
    await desk.page.keyboard.press("Escape");
    await expect(keypad).toHaveCount(0);
    await press(desk, "end");
    await expect(bar(desk)).toHaveCount(0);
  } finally {
    await far.close();
  }
});

test("a customer's call from a page comes through the queue to the desk, and both hear each other", async ({ agent, browser, baseURL }) => {
  const desk = await agent("1011", { before: (context) => speaks(context, 440) });
  await turnOn(desk);
  await desk.setState("상담 가능");
  const context = await browser.newContext({ baseURL: baseURL! });
  await speaks(context, 1_000);
  const page = await context.newPage();
  await page.goto("/webchat.html");
  const about = await (await page.request.get("/api/v1/about")).json();
  await page.addScriptTag({ url: "/nxWebApi.js" });
  await page.evaluate((url) => {
    const { nxWebApi } = window as unknown as { nxWebApi: Record<string, (...all: unknown[]) => unknown> };
    nxWebApi.SetCallBack!(() => {});
    nxWebApi.directCall!("demo.sangdam.test", "3002", "01055556666", url, "");
  }, String(about.listeners.sip_ws));
  await take(desk);
  await hears(desk.page, 1_000);
  await hears(page, 440);
  await press(desk, "end");
  await expect(bar(desk)).toHaveCount(0);
  await context.close();
  await desk.setState("휴식");
});

test("a second window mirrors the telephone, steers it, and takes it over with the call", async ({ agent, accessible }) => {
  const one = await agent("1005", { before: (context) => speaks(context, 440) });
  const two = await agent("1006", { before: (context) => speaks(context, 1_000) });
  await turnOn(one);
  await turnOn(two);
  const second = await one.page.context().newPage();
  await second.goto("/desk");
  await expect(second.getByTestId("softphone")).toHaveAttribute("data-standing", "elsewhere", { timeout: 20_000 });
  await dial(two, "1005");
  // Taken in the window that only mirrors: the sound is in the other.
  await take(new DeskPage(second));
  await hears(one.page, 1_000);
  await hears(two.page, 440);
  await second.getByTestId("call-mute").click();
  await expect(one.page.getByTestId("call-mute")).toHaveAttribute("aria-pressed", "true");
  await hearsNothing(two.page);
  await second.getByTestId("call-mute").click();

  // Brought over by hand, in the call.
  await second.getByTestId("softphone").click();
  await accessible(second);
  await second.getByRole("button", { name: "여기로 가져오기" }).click();
  await expect(second.getByTestId("softphone")).toHaveAttribute("data-standing", "ready", { timeout: 20_000 });
  await expect(button(one)).toHaveAttribute("data-standing", "elsewhere");
  await hears(second, 1_000);
  await hears(two.page, 440);
  await second.keyboard.press("Escape");

  // The window that has it is closed: the other takes both over by itself.
  await second.close();
  await expect(button(one)).toHaveAttribute("data-standing", "ready", { timeout: 20_000 });
  await hears(one.page, 1_000);
  await hears(two.page, 440);
  await press(two, "end");
  await expect(bar(one)).toHaveCount(0);
});

test("without a microphone the desk says why and what still works", async ({ agent, accessible }) => {
  const desk = await agent("1007", {
    before: (context) =>
      context.addInitScript(() => {
        navigator.mediaDevices.getUserMedia = async () => {
          throw new DOMException("no", "NotAllowedError");
        };
      }),
  });
  await button(desk).click();
  await desk.page.getByRole("button", { name: "이 브라우저를 전화로 쓰기" }).click();
  const dialog = desk.page.getByTestId("phone-dialog");
  await expect(dialog.getByRole("alert")).toContainText("마이크가 막혀 있습니다");
  await expect(dialog).toContainText("다른 전화기의 통화에서 계속 됩니다");
  await accessible(desk.page);
  await shot(desk.page, "softphone-denied");
  await desk.page.keyboard.press("Escape");
  // The simulated telephone of the extension is as it was.
  await dial(desk, "3999");
  await expect(bar(desk)).toHaveAttribute("data-link", "connected", { timeout: 15_000 });
  await press(desk, "mute");
  await expect(desk.page.getByTestId("call-mute")).toHaveAttribute("aria-pressed", "true");
  await press(desk, "end");
});

test("its dialog and a call fit a small window, in English and in the dark", async ({ agent, accessible }) => {
  const desk = await agent("1008", { before: (context) => speaks(context, 440) });
  await turnOn(desk);
  await desk.page.getByTestId("user-menu").click();
  await desk.page.getByRole("menuitem", { name: "English" }).click();
  await desk.page.emulateMedia({ colorScheme: "dark" });
  await button(desk).click();
  await expect(desk.page.getByTestId("mic-level")).not.toHaveAttribute("aria-valuenow", "0", { timeout: 10_000 });
  await accessible(desk.page);
  await shot(desk.page, "softphone-dialog-dark");
  await desk.page.setViewportSize({ width: 390, height: 844 });
  await accessible(desk.page);
  await shot(desk.page, "softphone-dialog-narrow");
  await desk.page.getByTestId("test-call").click();
  await expect(bar(desk)).toHaveAttribute("data-link", "connected", { timeout: 15_000 });
  // The echo says what is said.
  await hears(desk.page, 440);
  await press(desk, "keypad");
  await accessible(desk.page);
  await shot(desk.page, "softphone-call-narrow");
  expect(await desk.page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  await press(desk, "end");
  await expect(bar(desk)).toHaveCount(0);
});

test("a number that a customer writes is called by a click", async ({ agent, customer, accessible }) => {
  const desk = await agent("1009", { before: (context) => speaks(context, 440) });
  await turnOn(desk);
  await desk.setState("상담 가능");
  const chat = await customer("윤슬");
  await desk.accept("윤슬");
  await chat.say("여기로 전화 주세요: 3999는 아니고 010-7777-8888");
  const number = desk.messages.last().getByRole("button", { name: "010-7777-8888" });
  await expect(number).toBeVisible();
  await accessible(desk.page);
  await shot(desk.page, "softphone-number");
  await number.click();
  // Where there is no trunk, such a number is none; that it was dialled is what counts here.
  await expect(desk.page.getByTestId("toasts")).toContainText(/없는 번호|연결하지 못했습니다|연결되어 있지 않습니다/);
  await desk.finish();
  await desk.setState("휴식");
});

test("a call is consulted about and passed on, and the two who are left hear each other", async ({ agent }) => {
  const one = await agent("1012", { before: (context) => speaks(context, 440) });
  const two = await agent("1013", { before: (context) => speaks(context, 1_000) });
  const three = await agent("1014", { before: (context) => speaks(context, 620) });
  for (const desk of [one, two, three]) await turnOn(desk);
  await dial(one, "1013");
  await take(two);
  await hears(one.page, 1_000);
  await press(one, "consult");
  await one.page.getByTestId("consult-dialog").getByLabel("번호나 이름").fill("1014");
  await one.page.keyboard.press("Enter");
  await take(three);
  await hears(one.page, 620);
  await hears(three.page, 440);
  await press(one, "complete");
  await expect(bar(one)).toHaveCount(0);
  await hears(two.page, 620);
  await hears(three.page, 1_000);
  await expect(button(one)).not.toHaveAttribute("data-talking", /.+/);
  await press(two, "end");
  await expect(bar(three)).toHaveCount(0);
});
