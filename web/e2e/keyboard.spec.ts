/** Everything without a pointer: each page is walked with Tab, and the work of a desk is done by keys alone. */
import type { Page } from "@playwright/test";
import { expect, test, type DeskPage } from "./fixtures";
import { kept, layer, push, tabTo, walk } from "./keyboard";
import { WebChat } from "./webchat";

test.setTimeout(180_000);

/** Logs in by keys: the first field has the focus, or Tab leads to it. */
async function logIn(page: Page, path: string, user: string, label: RegExp): Promise<void> {
  await page.goto(path);
  await tabTo(page, page.getByLabel(label));
  await page.keyboard.type(user);
  await tabTo(page, page.getByLabel("비밀번호"));
  await page.keyboard.type("demo");
  await page.keyboard.press("Enter");
}

async function state(desk: DeskPage, name: string): Promise<void> {
  await desk.page.keyboard.press("Alt+s");
  const item = desk.page.getByRole("menuitemradio", { name, exact: true });
  for (let step = 0; step < 12 && !(await item.evaluate((one) => one === document.activeElement)); step++) await desk.page.keyboard.press("ArrowDown");
  await desk.page.keyboard.press("Enter");
  await expect(desk.page.getByTestId("state-menu")).toContainText(name);
  await kept(desk.page, "a state is chosen");
}

test("a chat from the log-in to the wrap-up without a pointer", async ({ page, customer, agent }) => {
  const desk = await agent("1001");
  const { page: at } = desk;
  await walk(at, "an empty desk");
  await state(desk, "상담 가능");
  const home = await customer("자판 고객");
  await expect(desk.contact("자판 고객")).toBeVisible();
  await walk(at, "a chat rings");
  await at.keyboard.press("F8");
  await expect(desk.composer).toBeFocused();
  await home.say("안녕하세요");
  await at.keyboard.type("무엇을 도와드릴까요?");
  await at.keyboard.press("Enter");
  await expect(home.lines.filter({ hasText: "무엇을" })).toBeVisible();
  await expect(desk.composer).toBeFocused();
  await walk(at, "a chat");

  const header = at.getByTestId("conversation");
  const by = (name: string | RegExp) => () => push(at, header.getByRole("button", { name }));
  await layer(at, "transfer", by(/^전환/), at.getByTestId("transfer-dialog"));
  await layer(at, "invite", by(/초대/), at.getByTestId("invite-dialog"));
  await layer(at, "palette", () => at.keyboard.press("Control+k"), at.getByTestId("palette"));
  await layer(at, "dial", () => at.keyboard.press("Alt+d"), at.getByTestId("dial-dialog"));
  await layer(at, "state menu", () => at.keyboard.press("Alt+s"), at.getByRole("menuitemradio", { name: "상담 가능" }), false);
  await layer(at, "telephone", () => push(at, at.getByTestId("softphone")), at.getByTestId("phone-dialog"));
  await layer(at, "user menu", () => push(at, at.getByTestId("user-menu")), at.getByTestId("logout"), false);
  await push(at, at.getByTestId("user-menu"));
  await layer(at, "shortcuts", () => at.getByRole("menuitem", { name: "단축키" }).press("Enter"), at.getByTestId("keys-dialog"));
  await push(at, at.getByTestId("user-menu"));
  await layer(at, "log-out asks first", () => at.getByTestId("logout").press("Enter"), at.getByTestId("logout-dialog"));

  // Panels by F6, contacts by Alt and a digit.
  for (let step = 0; step < 4; step++) {
    await at.keyboard.press("F6");
    await kept(at, "F6");
  }
  await at.keyboard.press("Alt+1");
  await expect(desk.composer).toBeFocused();

  // The end is taken back, then meant; the form is filled in and done.
  await push(at, at.getByRole("button", { name: "상담 종료" }));
  await expect(at.getByRole("button", { name: "되돌리기" })).toBeFocused();
  await at.keyboard.press("Enter");
  await expect(at.getByTestId("wrapup")).toHaveCount(0);
  await kept(at, "the end is taken back");
  await push(at, at.getByRole("button", { name: "상담 종료" }));
  await push(at, at.getByTestId("wrapup").getByRole("radio").first(), "Space");
  await tabTo(at, at.getByLabel("처리 메모"));
  await at.keyboard.type("끝");
  await push(at, at.getByRole("button", { name: /바로 종료하고 저장|저장하고 완료/ }));
  await expect(at.getByTestId("wrapup")).toHaveCount(0);
  await kept(at, "the wrap-up is done");
  await state(desk, "휴식");
  await page.close();
});

test("a call is taken, held, asked about, passed on and ended without a pointer", async ({ agent }) => {
  const desk = await agent("1011");
  const { page: at } = desk;
  const made = await at.request.post("/api/v1/demo/calls", { data: { from: "01012345678", to: "1011" } });
  expect(made.ok()).toBe(true);
  await expect(at.getByRole("button", { name: /^받기/ }).first()).toBeVisible();
  await at.keyboard.press("F8");
  const bar = at.getByTestId("phone-bar");
  await expect(bar).toHaveAttribute("data-link", "connected");
  await walk(at, "a call");
  const act = (name: string) => () => push(at, at.getByTestId(`call-${name}`));
  await act("hold")();
  await expect(bar).toHaveAttribute("data-link", "held");
  await kept(at, "on hold");
  await at.keyboard.press("Alt+h");
  await expect(bar).toHaveAttribute("data-link", "connected");
  await act("hold")();
  await expect(bar).toHaveAttribute("data-link", "held");
  await act("retrieve")();
  await expect(bar).toHaveAttribute("data-link", "connected");
  await kept(at, "off hold");
  await layer(at, "consult", act("consult"), at.getByTestId("consult-dialog"));
  await layer(at, "pass on", act("pass"), at.getByTestId("pass-dialog"));
  await layer(at, "keypad", () => at.keyboard.press("Alt+k"), at.getByTestId("keypad"), false);
  await act("mute")();
  await expect(at.getByTestId("call-mute")).toHaveAttribute("aria-pressed", "true");
  await act("end")();
  await expect(bar).toHaveCount(0);
  await kept(at, "the call is over");
});

test("the administration without a pointer", async ({ page }) => {
  await logIn(page, "/admin", "admin", /사용자 이름/);
  await expect(page.getByTestId("entry").first()).toBeVisible();
  await walk(page, "users");
  await push(page, page.getByRole("link", { name: "처리 코드" }));
  await expect(page.getByTestId("entry").first()).toBeVisible();
  await kept(page, "another kind");
  await push(page, page.getByRole("button", { name: "추가" }));
  await kept(page, "a new entry");
  const form = page.getByRole("form");
  await walk(page, "a form");
  await tabTo(page, form.getByRole("textbox").nth(0));
  await page.keyboard.type("zz");
  await tabTo(page, form.getByRole("textbox").nth(1));
  await page.keyboard.type("시험");
  await tabTo(page, form.getByRole("textbox").nth(2));
  await page.keyboard.type("Trial");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("entry").filter({ hasText: "zz" })).toBeVisible();
  await kept(page, "saved");
  await push(page, form.getByRole("button", { name: "삭제" }));
  await kept(page, "asked whether it is meant");
  await push(page, form.getByRole("button", { name: "정말 삭제" }));
  await expect(page.getByTestId("entry").filter({ hasText: "zz" })).toHaveCount(0);
  await kept(page, "removed");
  for (const kind of ["대기열", "변경 기록"]) {
    await push(page, page.getByRole("link", { name: kind }).first());
    await kept(page, kind);
    await walk(page, kind);
  }
});

test("the wallboard without a pointer", async ({ page, agent, customer }) => {
  const desk = await agent("1002");
  await customer("기다리는 고객");
  await state(desk, "휴식");
  await logIn(page, "/wall", "9001", /사용자|상담사|이름/);
  const tile = page.locator('[data-testid=agent][data-id="1002"]').getByRole("button");
  await expect(tile).toBeVisible();
  await walk(page, "the wallboard");
  await layer(page, "an agent", () => push(page, tile), page.getByTestId("agent-menu"), false);
  await expect(tile).toBeFocused();
  const queue = page.locator('[data-testid=queue][data-id="3001"]').getByRole("button");
  await layer(page, "who waits", () => push(page, queue), page.getByTestId("waiting"));
  await expect(queue).toBeFocused();
  await layer(page, "limits", () => push(page, page.getByRole("button", { name: "경보 기준" })), page.getByTestId("limits"));
  await layer(page, "a message", () => push(page, page.getByRole("button", { name: "팀 메시지" })), page.getByTestId("message"));
  // The agent is changed from the menu: the focus stays at the tile.
  await push(page, tile);
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Enter");
  await expect(page.locator('[data-testid=agent][data-id="1002"]')).toHaveCount(0);
  await kept(page, "an agent is gone");
});

test("the reports without a pointer", async ({ page, agent, customer }) => {
  const desk = await agent("1003");
  await state(desk, "상담 가능");
  await customer("보고 고객");
  await desk.accept("보고 고객");
  await desk.finish();
  await logIn(page, "/reports", "9001", /사용자 이름/);
  await expect(page.getByTestId("row").first()).toBeVisible();
  await walk(page, "a report");
  await push(page, page.getByRole("link", { name: "상담 찾기" }));
  await tabTo(page, page.getByLabel("고객"));
  await page.keyboard.type("보고 고객");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("found").first()).toBeVisible();
  await kept(page, "found");
  await walk(page, "the search");
  await push(page, page.getByTestId("found").first().getByRole("link"));
  await expect(page.getByTestId("story")).toBeVisible();
  await kept(page, "a contact");
  await walk(page, "a contact");
  await push(page, page.getByRole("link", { name: "목록으로" }));
  await expect(page.getByTestId("found").first()).toBeVisible();
  await kept(page, "back");
});

test("the customer's chat without a pointer", async ({ page, agent }) => {
  const desk = await agent("1004");
  await state(desk, "상담 가능");
  const chat = new WebChat(page);
  await chat.open();
  await chat.ready();
  await walk(page, "a chat");
  await tabTo(page, chat.composer);
  await page.keyboard.type("안녕하세요");
  await page.keyboard.press("Enter");
  await expect(chat.line("안녕하세요").last()).toHaveAttribute("data-state", "done");
  await expect(chat.composer).toBeFocused();
  await desk.contacts.getByRole("button", { name: /^수락/ }).click();
  await desk.say("반갑습니다");
  await expect(chat.line("반갑습니다")).toBeVisible();
  await walk(page, "an answered chat");
  await desk.finish();
  await expect(chat.chat).toHaveAttribute("data-phase", "over");
  await kept(page, "the chat is over");
  await walk(page, "a chat that is over");
});
