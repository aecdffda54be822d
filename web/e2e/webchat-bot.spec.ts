/** The customer's page with the demo's own bot, pressed through to an agent; and the stars at the end. */
import { expect, test } from "./fixtures";
import { WebChat } from "./webchat";

test("a customer presses through the bot's menus to an agent, who sees where they came from", async ({ agent, page, accessible }) => {
  test.setTimeout(60_000);
  const desk = await agent("1001");
  await desk.setState("상담 가능");
  const chat = new WebChat(page);
  await chat.open({ dn: "3105" });
  const menus = page.getByTestId("menu-card");
  const press = (name: string) => menus.last().getByRole("button", { name }).click();
  await expect(chat.chat).toHaveAttribute("data-phase", "bot");
  await expect(chat.lines.first()).toContainText("무엇을 도와드릴까요?");
  await accessible(page);
  await press("솔루션 문의");
  await expect(chat.line("챗봇 솔루션을 만듭니다")).toHaveCount(1);
  // A menu that was answered is there to be read, and no more to be pressed.
  await expect(menus.first().getByRole("button", { name: "솔루션 문의" })).toBeDisabled();
  // Tail and words lead on as buttons do.
  await press("HOME");
  await expect(chat.line("무엇을 도와드릴까요?")).toHaveCount(2);
  await chat.composer.fill("모르는 말");
  await chat.composer.press("Enter");
  await expect(chat.lines.filter({ hasText: "이해하지 못했습니다" })).toHaveCount(1);
  await press("상담원 연결");
  await expect(chat.chat).toHaveAttribute("data-phase", "waiting");
  await desk.contacts.first().getByRole("button", { name: /^수락/ }).click();
  await expect(chat.chat).toHaveAttribute("data-phase", "talking");
  await expect(desk.page.getByTestId("transcript")).toContainText("솔루션");
  await desk.say("무엇이 궁금하신가요?");
  await expect(chat.lines.last()).toContainText("무엇이 궁금하신가요?");
  await expect(menus.last().getByRole("button").first()).toBeDisabled();
});

test("where a queue asks how it was, the customer gives stars", async ({ agent, page, accessible }) => {
  test.setTimeout(60_000);
  const { token } = (await (await page.request.post("/api/v1/session", { data: { user: "admin", password: "demo" } })).json()) as { token: string };
  const headers = { Authorization: `Bearer ${token}` };
  const queue = (await (await page.request.get("/api/v1/queues/3001", { headers })).json()) as object;
  expect((await page.request.put("/api/v1/queues/3001", { headers, data: { ...queue, rating: true } })).ok()).toBe(true);
  const desk = await agent("1002");
  await desk.setState("상담 가능");
  const chat = new WebChat(page);
  await chat.open();
  await chat.ready();
  await desk.contacts.first().getByRole("button", { name: /^수락/ }).click();
  await desk.say("다 되었습니다");
  await expect(chat.lines.last()).toContainText("다 되었습니다");
  const rated = page.waitForRequest((request) => request.method() === "POST" && request.url().includes("/call-message/rating"));
  await page.getByRole("button", { name: "상담 종료" }).click();
  await page.getByRole("button", { name: "끝내기" }).click();
  const over = page.getByTestId("over");
  await expect(over.getByRole("group", { name: "상담은 어떠셨나요?" })).toBeVisible();
  await accessible(page);
  await over.getByRole("button", { name: "4점" }).click();
  expect((await rated).postData()).toBe("score=4");
  await expect(over.getByRole("status")).toHaveText("평가해 주셔서 고맙습니다");
  await expect(over.getByRole("group")).toHaveCount(0);
});

test("a chat is gone on with in another tab, and tomorrow", async ({ agent, page, context }) => {
  await (await agent("1003")).setState("상담 가능");
  const chat = new WebChat(page);
  await chat.open();
  await chat.ready();
  await chat.say("첫 탭에서");
  const url = page.url();
  const other = new WebChat(await context.newPage());
  await other.page.goto(url);
  await other.ready();
  await expect(other.lines.filter({ hasText: "첫 탭에서" })).toHaveCount(1);
  await other.say("둘째 탭에서");
  await expect(chat.line("둘째 탭에서")).toHaveCount(1);
  // All tabs of before are closed.
  for (const tab of [page, other.page]) await tab.close();
  const later = new WebChat(await context.newPage());
  await later.page.goto(url);
  await later.ready();
  await expect(later.page.locator("[data-testid=line][data-who=me]")).toHaveText([/첫 탭에서/, /둘째 탭에서/]);
});
