/**
 * One picture of each screen, wide and narrow, light and dark, into docs/screens/; and some in English. What is seen is the demo
 * with people in it, not a drawing. Add a screen by a test that brings its page there and calls `shoot`. Pictures are WebP, which
 * the browser itself makes of what it shows: a third of a PNG.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expect, test, type DeskPage } from "../e2e/fixtures";
import { bar, dial, press, take, turnOn } from "../e2e/phone";
import { BROWSER, speaks } from "../e2e/softphone";
import { WebChat } from "../e2e/webchat";

const FOLDER = process.env.SCREENS ?? join(import.meta.dirname, "../../docs/screens");
const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } };
/** Until colours that fade have faded. */
const STILL_MS = 400;
const QUALITY = 0.82;

test.use({ launchOptions: BROWSER });

mkdirSync(FOLDER, { recursive: true });

/** What the page shows now. */
async function picture(page: Page, name: string): Promise<void> {
  const png = (await page.screenshot()).toString("base64");
  // A page of its own: those that are pictured allow no such thing.
  const room = await page.context().newPage();
  const webp = await room.evaluate(
    async ([png, quality]) => {
      const image = new Image();
      image.src = `data:image/png;base64,${png}`;
      await image.decode();
      const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
      canvas.getContext("2d")?.drawImage(image, 0, 0);
      return canvas.toDataURL("image/webp", quality).replace(/^.*,/, "");
    },
    [png, QUALITY] as const,
  );
  await room.close();
  await page.bringToFront();
  writeFileSync(join(FOLDER, `${name}.webp`), Buffer.from(webp, "base64"));
}

/** The same in English, wide and light; and back. */
async function english(page: Page, name: string): Promise<void> {
  await page.getByRole("button", { name: "English", exact: true }).click();
  await page.waitForTimeout(STILL_MS);
  await picture(page, `${name}-en`);
  await page.getByRole("button", { name: "한국어", exact: true }).click();
}

async function logIn(page: Page, path: string, user: string): Promise<void> {
  await page.goto(path);
  await page.getByLabel("사용자 이름").fill(user);
  await page.getByLabel("비밀번호").fill("demo");
  await page.getByRole("button", { name: "로그인", exact: true }).click();
}

async function shoot(page: Page, name: string): Promise<void> {
  for (const [size, viewport] of Object.entries(SIZES)) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await page.waitForTimeout(STILL_MS);
      await picture(page, `${name}-${size}-${colorScheme}`);
    }
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize(SIZES.wide);
}

/** A customer calls in; the returned function hangs up. */
async function callIn(page: Page, to: string, from = "01012345678"): Promise<() => Promise<void>> {
  const made = await page.request.post("/api/v1/demo/calls", { data: { from, to } });
  const { id } = (await made.json()) as { id: number };
  return async () => void (await page.request.delete(`/api/v1/demo/calls/${id}`));
}

async function ready(desk: DeskPage): Promise<DeskPage> {
  await desk.setState("상담 가능");
  return desk;
}

test("the start page, and the desk's log-in", async ({ page }) => {
  await page.goto("/");
  await shoot(page, "start");
  await page.goto("/desk");
  await shoot(page, "login");
});

test("a chat on three sides: desk, customer by nxWebApi, customer by Amazon Connect", async ({ agent, customer, page }) => {
  const desk = await ready(await agent("1001"));
  const web = new WebChat(page);
  await web.open({ tel: "01012345678" });
  await web.ready();
  await web.say("어제 산 신발 사이즈를 바꾸고 싶어요. 주문 번호는 20261121-0042입니다.");
  await shoot(page, "webchat-waiting");
  await desk.accept("01012345678");
  await desk.say("안녕하세요, 김서연입니다. 주문을 확인해 보겠습니다.");
  await desk.say("240 사이즈가 남아 있습니다. 바꿔 드릴까요?");
  await web.say("네, 부탁드려요!");
  await desk.note("재고 확인함: 240 두 켤레");
  const other = await customer("이하늘");
  await other.say("배송이 언제 오나요?");
  await expect(desk.contact("이하늘")).toBeVisible();
  await shoot(desk.page, "desk-chat");
  await desk.page.getByTestId("user-menu").click();
  await desk.page.getByRole("menuitem", { name: "English" }).click();
  await desk.page.waitForTimeout(STILL_MS);
  await picture(desk.page, "desk-chat-en");
  await desk.page.getByTestId("user-menu").click();
  await desk.page.getByRole("menuitem", { name: "한국어" }).click();
  await shoot(page, "webchat");
  await shoot(other.page, "try");

  const lead = await agent("9001");
  await lead.page.getByRole("button", { name: "팀", exact: true }).click();
  await expect(lead.page.getByTestId("team-agent").first()).toBeVisible();
  await shoot(lead.page, "desk-team");

  await desk.select("01012345678");
  await desk.page.getByRole("button", { name: "상담 종료" }).click();
  await shoot(desk.page, "desk-wrapup");
});

test("the scenario bot", async ({ page }) => {
  const web = new WebChat(page);
  await web.open({ dn: "3105" });
  await expect(page.getByTestId("menu-card").first()).toBeVisible();
  await shoot(page, "webchat-bot");
});

test("a call at the desk, and on the integrator's bench", async ({ agent, page }) => {
  const desk = await ready(await agent("1011"));
  const hangUp = await callIn(desk.page, "3002");
  await expect(desk.page.getByRole("button", { name: /^받기/ }).first()).toBeVisible();
  await shoot(desk.page, "desk-ringing");
  await desk.page.keyboard.press("F8");
  await expect(desk.page.getByTestId("phone-bar")).toHaveAttribute("data-link", "connected");
  await shoot(desk.page, "desk-call");
  await hangUp();
  await page.goto("/cti");
  await page.getByLabel("CTI 사용자").fill("cube");
  await page.getByLabel("비밀번호").fill("cube123");
  await page.getByRole("button", { name: "연결하고 로그인" }).click();
  await page.getByLabel(/^장치 번호/).fill("1001, 1002");
  await page.getByRole("button", { name: "addmonitor", exact: true }).click();
  await page.getByLabel(/^상대 번호/).fill("1002");
  await page.getByRole("button", { name: "dial", exact: true }).click();
  await page.getByRole("button", { name: "1002", exact: true }).click();
  await page.getByRole("button", { name: "answer", exact: true }).click();
  await expect(page.getByTestId("row").filter({ hasText: "6 Established" })).toHaveCount(2);
  await shoot(page, "cti");
});

test("two agents talk by browser, one records, and it is heard in the reports", async ({ agent, page, request }) => {
  const one = await agent("1005", { before: (context) => speaks(context, 440) });
  const two = await agent("1006", { before: (context) => speaks(context, 1_000) });
  await turnOn(one);
  await turnOn(two);
  await dial(one, "1006");
  await take(two);
  await press(one, "record");
  await expect(one.page.getByTestId("recorded")).toHaveText("녹음 중");
  await expect(one.page.getByTestId("quality")).toHaveAttribute("data-verdict", "good", { timeout: 15_000 });
  await shoot(one.page, "desk-softphone");
  await press(one, "mask");
  await one.page.waitForTimeout(4_000);
  await press(one, "mask");
  await two.page.getByTestId("call-mute").click();
  await one.page.waitForTimeout(5_000);
  await two.page.getByTestId("call-mute").click();
  await one.page.waitForTimeout(3_000);
  await press(one, "end");
  await expect(bar(one)).toHaveCount(0);
  const session = await request.post("/api/v1/session", { data: { user: "9001", password: "demo" } });
  const headers = { Authorization: `Bearer ${((await session.json()) as { token: string }).token}` };
  const kept = async () => ((await (await request.get("/api/v1/recordings", { headers })).json()) as { recordings: { contact: string }[] }).recordings;
  await expect.poll(async () => (await kept()).length, { timeout: 20_000 }).toBeGreaterThan(0);
  await logIn(page, "/reports", "9001");
  await expect(page.getByRole("link", { name: "상담 찾기" })).toBeVisible();
  await page.goto(`/reports#contact/${(await kept())[0]?.contact}`);
  const wave = page.getByTestId("player").getByRole("slider");
  await expect(wave).toBeVisible();
  const box = await wave.boundingBox();
  await wave.click({ position: { x: (box?.width ?? 0) * 0.62, y: 20 } });
  await page.locator('[data-testid="rung"][data-kind="recorded"]').click();
  await page.getByRole("heading", { name: "녹취", exact: true }).scrollIntoViewIfNeeded();
  await shoot(page, "reports-recording");
  await english(page, "reports-recording");
});

test("the administration", async ({ page }) => {
  await logIn(page, "/admin", "admin");
  await expect(page.getByTestId("entry").first()).toBeVisible();
  for (const place of ["users/1001", "queues/3001", "realm", "bots/3105"]) {
    await page.goto(`/admin#${place}`);
    await page.waitForTimeout(STILL_MS);
    if (place === "bots/3105") {
      await expect(page.getByTestId("try-log").getByRole("paragraph")).toHaveCount(1);
      await page.getByRole("textbox", { name: "고객이 할 말" }).scrollIntoViewIfNeeded();
    }
    await shoot(page, `admin-${place.split("/")[0]}`);
  }
  await english(page, "admin-bots");
  await page.goto("/admin#queues/3001");
  await page.getByLabel("표시 이름").fill("배송·교환 문의");
  await page.getByRole("form").getByRole("button", { name: "저장", exact: true }).click();
  await page.goto("/admin#audit");
  await page.getByTestId("audited").first().locator("summary").click();
  await shoot(page, "admin-audit");
  await page.goto("/admin#users");
  await page.getByRole("button", { name: "2단계 인증" }).click();
  const dialog = page.getByTestId("second-factor");
  await dialog.getByLabel("비밀번호").fill("demo");
  await dialog.getByRole("button", { name: "설정하기" }).click();
  await expect(dialog.getByRole("img")).toBeVisible();
  await shoot(page, "second-factor");
});

test("the reports, and a contact's story", async ({ agent, customer, page }) => {
  const desk = await ready(await agent("1002"));
  const chat = await customer("정유진");
  await desk.accept("정유진");
  await chat.say("어제 받은 스탠드가 켜지지 않아요");
  await desk.say("새 제품으로 바꿔 드리겠습니다");
  await desk.finish(undefined, "교환 접수");
  await logIn(page, "/reports", "9001");
  for (const [place, name] of [["queues?by=hour", "queues"], ["agents", "agents"], ["contacts?name=정유진", "contacts"]] as const) {
    await page.goto(`/reports#${place}`);
    await expect(page.getByRole("status").filter({ hasText: /\d/ })).toBeVisible();
    await shoot(page, `reports-${name}`);
  }
  await page.getByTestId("found").first().getByRole("link").click();
  await page.locator('[data-testid="rung"][data-kind="offered"]').first().click();
  await shoot(page, "reports-contact");
  await english(page, "reports-contact");
});

test("the wallboard", async ({ agent, customer, page }) => {
  const desk = await ready(await agent("1002"));
  await customer("박지민");
  await desk.accept("박지민");
  await agent("1003").then((other) => other.setState("휴식"));
  await customer("최유진");
  await logIn(page, "/wall", "9001");
  await expect(page.getByTestId("chart")).toBeVisible();
  await shoot(page, "wall");
  await english(page, "wall");
});
