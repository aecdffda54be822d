/** Telephone calls at the desk: simulated telephones and a simulated trunk, so a call is made and ended by a request. */
import { expect, test, type DeskPage } from "./fixtures";
import type { Page } from "@playwright/test";

const CUSTOMER = "010-1234-5678";

/** A customer calls in; the returned function hangs up. */
async function callIn(page: Page, to: string, from = "01012345678"): Promise<() => Promise<void>> {
  const made = await page.request.post("/api/v1/demo/calls", { data: { from, to } });
  expect(made.ok()).toBe(true);
  const { id } = (await made.json()) as { id: number };
  return async () => void (await page.request.delete(`/api/v1/demo/calls/${id}`));
}

const bar = (desk: DeskPage) => desk.page.getByTestId("phone-bar");
/** Takes the call that rings, by the keyboard. */
async function take(desk: DeskPage): Promise<void> {
  await expect(desk.page.getByRole("button", { name: /^받기/ }).first()).toBeVisible();
  await desk.page.keyboard.press("F8");
  await expect(bar(desk)).toHaveAttribute("data-link", "connected");
}
const press = (desk: DeskPage, act: string) => desk.page.getByTestId(`call-${act}`).click();

/** Screenshots to be looked at: `SHOTS=folder npx playwright test calls`. */
async function shot(page: Page, name: string): Promise<void> {
  if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name}.png` });
}

test("a queue's call is answered, held, asked about, passed on and written up", async ({ agent, accessible }) => {
  test.setTimeout(120_000);
  const desk = await agent("1017");
  const colleague = await agent("1018");
  await desk.setState("상담 가능");
  const hangUp = await callIn(desk.page, "3002");

  // It rings beside the chats, and says for how long.
  const card = desk.contact(CUSTOMER);
  await expect(card).toContainText("전화 옴");
  await expect(card.getByRole("button", { name: /^받기/ })).toBeVisible();
  await accessible(desk.page);
  await shot(desk.page, "ringing-ko");
  await desk.page.keyboard.press("F8");
  await expect(bar(desk)).toHaveAttribute("data-link", "connected");
  await expect(desk.page.getByTestId("call")).toContainText("통화 중");
  await expect(desk.page.getByTestId("party")).toHaveCount(2);
  await expect(desk.page.getByTestId("why")).toContainText("배정");
  await accessible(desk.page);
  await shot(desk.page, "talking-ko");

  // Hold by the button, back by the keyboard.
  await press(desk, "hold");
  await expect(bar(desk)).toHaveAttribute("data-link", "held");
  await desk.page.keyboard.press("Alt+h");
  await expect(bar(desk)).toHaveAttribute("data-link", "connected");

  // A colleague is asked aside, found by number, without the pointer.
  await press(desk, "consult");
  const dialog = desk.page.getByTestId("consult-dialog");
  await expect(dialog.getByLabel("번호나 이름")).toBeFocused();
  await accessible(desk.page);
  await shot(desk.page, "consult-dialog-ko");
  await desk.page.keyboard.type("1018");
  await desk.page.keyboard.press("Enter");
  await expect(dialog).toHaveCount(0);
  await expect(bar(desk)).toHaveAttribute("data-link", "initiated");
  const asked = colleague.contacts.first();
  await asked.getByRole("button", { name: /^받기/ }).click();
  await expect(bar(desk)).toHaveAttribute("data-link", "connected");
  await expect(bar(desk).getByRole("button", { name: CUSTOMER })).toBeVisible();
  await accessible(desk.page);
  await shot(desk.page, "consulting-ko");

  // To and fro, and then both are connected.
  await press(desk, "swap");
  await expect(desk.contact(CUSTOMER)).toContainText("통화 중");
  await press(desk, "swap");
  await expect(desk.contact(CUSTOMER)).toContainText("보류 중");
  await press(desk, "complete");
  await expect(bar(desk)).toHaveCount(0);
  await expect(bar(colleague)).toContainText(CUSTOMER);

  // After-work is that of a chat.
  await desk.select(CUSTOMER);
  await desk.page.getByLabel("처리 메모").fill("동료에게 넘김");
  await desk.page.getByRole("button", { name: "저장하고 완료" }).click();
  await expect(desk.contacts).toHaveCount(0);

  await hangUp();
  await expect(bar(colleague)).toHaveCount(0);

  // What was is in the list of one's calls.
  await desk.page.keyboard.press("Alt+d");
  await expect(desk.page.getByTestId("recent-calls")).toContainText(CUSTOMER);
  await desk.page.keyboard.press("Escape");
  await desk.setState("휴식");
});

test("colleagues call each other, confer, and a supervisor listens", async ({ agent, accessible }) => {
  test.setTimeout(120_000);
  const [one, two, three] = [await agent("1013"), await agent("1014"), await agent("1015")];
  await one.page.keyboard.press("Alt+d");
  await one.page.keyboard.type("424242");
  await one.page.keyboard.press("Enter");
  await expect(one.page.getByTestId("toasts")).toContainText("없는 번호입니다");
  await one.page.getByTestId("dial-dialog").getByLabel("번호나 이름").fill("1014");
  await one.page.keyboard.press("Enter");
  await take(two);
  await expect(bar(one)).toHaveAttribute("data-link", "connected");

  // Busy is told at once, and by whom.
  await three.page.keyboard.press("Alt+d");
  await three.page.keyboard.type("1014");
  await three.page.keyboard.press("Enter");
  await expect(three.page.getByTestId("toasts")).toContainText("통화 중");
  await three.page.keyboard.press("Escape");

  await press(one, "consult");
  await one.page.getByTestId("consult-dialog").getByRole("button", { name: /1015/ }).click();
  await take(three);
  await expect(bar(one)).toHaveAttribute("data-link", "connected");
  await press(one, "confer");
  await expect(one.page.getByTestId("party")).toHaveCount(3);
  await expect(three.page.getByTestId("party")).toHaveCount(3);
  await accessible(one.page);
  await shot(one.page, "conference-ko");

  const lead = await agent("9001");
  await lead.page.getByRole("button", { name: "팀", exact: true }).click();
  const row = lead.page.getByTestId("team-agent").filter({ hasText: "1013" });
  await expect(row).toContainText("통화 중");
  await accessible(lead.page);
  await shot(lead.page, "team-ko");
  await row.getByRole("button", { name: /통화에 들어가기/ }).click();
  await lead.page.getByRole("menuitem", { name: "조용히 듣기 (감청)" }).click();
  await expect(bar(lead)).toHaveAttribute("data-link", "listening");
  await expect(one.page.getByTestId("party")).toHaveCount(3);
  await accessible(lead.page);
  await press(lead, "end");
  await expect(bar(lead)).toHaveCount(0);

  await press(one, "end");
  await expect(bar(one)).toHaveCount(0);
  await expect(two.page.getByTestId("party")).toHaveCount(2);
  await press(two, "end");
  await expect(bar(three)).toHaveCount(0);
});

test("the telephone fits a small window, in English and in the dark", async ({ agent, accessible }) => {
  test.setTimeout(120_000);
  const desk = await agent("1016");
  await desk.page.getByTestId("user-menu").click();
  await desk.page.getByRole("menuitem", { name: "English" }).click();
  await desk.page.emulateMedia({ colorScheme: "dark" });
  const hangUp = await callIn(desk.page, "1016", "0212345678");
  await desk.page.keyboard.press("F8");
  await expect(bar(desk)).toContainText("On a call");
  await expect(bar(desk)).toContainText("02-1234-5678");
  await accessible(desk.page);
  await shot(desk.page, "talking-en-dark");
  await desk.page.setViewportSize({ width: 390, height: 844 });
  await accessible(desk.page);
  await shot(desk.page, "talking-en-narrow");
  const wide = await desk.page.evaluate(() => document.documentElement.scrollWidth);
  expect(wide).toBeLessThanOrEqual(390);
  await press(desk, "pass");
  await accessible(desk.page);
  await shot(desk.page, "pass-en-narrow");
  await desk.page.keyboard.press("Escape");
  await hangUp();
  await expect(bar(desk)).toHaveCount(0);
});
