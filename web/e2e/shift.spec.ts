/**
 * A whole shift: two agents with their telephones in the browser, a customer who first writes and then calls, and a supervisor. What
 * is said is a tone of each person's own, and heard at the other ends.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Page } from "@playwright/test";
import { BROWSER, Caller, hearsOnly, REALM, wire } from "./caller";
import { expect, test, type DeskPage } from "./fixtures";
import { bar, button, consult, press, take, turnOn } from "./phone";
import { number, socket, WebChat } from "./webchat";

test.use({ launchOptions: BROWSER, actionTimeout: 20_000 });
// It takes less than a minute where nothing else runs.
test.setTimeout(240_000);
// Every wait is for a condition; on a busy machine it is met later.
const wait = expect.configure({ timeout: 20_000 });

/** Everybody's tone, in hertz. None is near to a multiple of another, or to a sum of two. */
const [ONE, TWO, LEAD, CUSTOMER] = [440, 1_000, 1_700, 620] as const;
const VOLUME = 0.2;

/** The customers' page of the company: it registers as MAX's guide shows, and keeps what it is told. */
const CRM = `<!doctype html><meta charset="utf-8"><title>CRM</title><h1>CRM</h1><script>
  window.got = [];
  window.addEventListener('message', function (event) {
    if (event.data && event.data.issuer === 'MAX' && event.data.events) for (var one of event.data.events) window.got.push(one);
  });
  window.parent.postMessage({ issuer: 'Shift', messageType: 'RegisterForClientEvents', subscriptionTypes: ['contact'] }, '*');
</script>`;
let crm: Server;
let origin: string;

test.beforeAll(async () => {
  crm = createServer((_, answer) => answer.setHeader("Content-Type", "text/html; charset=utf-8").end(CRM));
  await new Promise<void>((done) => crm.listen(0, "127.0.0.1", done));
  origin = `http://127.0.0.1:${(crm.address() as AddressInfo).port}`;
});
test.afterAll(() => void crm.close());

/** What the CRM's page in a desk was told, if it is there. */
async function told(desk: DeskPage): Promise<{ url: string; got: { Type?: string; Status?: string }[] }> {
  const frame = desk.page.frames().find((one) => one.url().startsWith(origin));
  if (!frame) return { url: "", got: [] };
  return { url: frame.url(), got: await frame.evaluate(() => (window as unknown as { got: { Type?: string }[] }).got).catch(() => []) };
}

/** What the wrap-up form wants, and it is done. */
async function wrapUp(desk: DeskPage, code: string, note: string): Promise<void> {
  await desk.page.getByRole("radio", { name: code }).check();
  await desk.page.getByLabel("처리 메모").fill(note);
  await desk.page.getByRole("button", { name: "저장하고 완료" }).click();
  await wait(desk.page.getByTestId("wrapup")).toHaveCount(0);
}

async function logOff(desk: DeskPage): Promise<void> {
  await desk.page.getByTestId("user-menu").click();
  await desk.page.getByTestId("logout").click();
  await wait(desk.page.getByLabel("상담사 번호")).toBeVisible();
}

const tile = (wall: Page, agent: string) => wall.locator(`[data-testid=agent][data-id="${agent}"]`);

/** The supervisor comes into what this agent talks in, from the wallboard. */
async function enter(wall: Page, agent: string, how: string): Promise<void> {
  await tile(wall, agent).getByRole("button").click();
  await wall.getByTestId("agent-menu").getByRole("menuitem", { name: how }).click();
}

test("a whole shift of a customer, two agents and a supervisor", async ({ agent, page, request, browser, baseURL }) => {
  // The administrator has put the company's own page beside every contact.
  const login = await request.post("/api/v1/session", { data: { user: "admin", password: "demo" } });
  const { token } = (await login.json()) as { token: string };
  const panel = { id: "crm", name: "CRM", place: "panel", url: `${origin}/?ani={ANI}&id={ContactID}` };
  const set = await request.put("/api/v1/workspaces/crm", { data: panel, headers: { Authorization: `Bearer ${token}` } });
  expect(set.ok(), await set.text()).toBe(true);

  // Everybody logs on, with a telephone in the browser.
  const [one, two, lead] = await Promise.all(
    ([["1001", ONE], ["1002", TWO], ["9001", LEAD]] as const).map(([user, hertz]) => agent(user, { before: (context) => wire(context, hertz, VOLUME) })),
  ) as [DeskPage, DeskPage, DeskPage];
  const wall = await lead.page.context().newPage();
  await Promise.all([turnOn(one), turnOn(two), turnOn(lead), wall.goto("/wall")]);
  await one.setState("상담 가능");
  await wait(tile(wall, "1001")).toContainText("상담 가능");

  // A chat: taken, answered, ended by the agent, and written up.
  const chat = new WebChat(page);
  await chat.open();
  await chat.ready();
  await chat.say("주문한 찻잔이 아직 안 왔어요");
  await one.contacts.getByRole("button", { name: /^수락/ }).click();
  await wait(one.messages.filter({ hasText: "찻잔" })).toBeVisible();
  await wait(tile(wall, "1001")).toContainText("채팅 상담");
  await one.say("전화로 확인해 드릴게요");
  await wait(chat.line("전화로 확인")).toBeVisible();
  await one.finish("처리 완료", "전화 안내");
  await wait(chat.chat).toHaveAttribute("data-phase", "over");
  await wait(one.contacts).toHaveCount(0);

  // A call: the customer's own page calls the queue, and the CRM opens at the agent who takes it.
  const context = await browser.newContext(baseURL ? { baseURL } : {});
  const caller = await Caller.open(await context.newPage(), CUSTOMER, undefined, VOLUME);
  const tel = number();
  expect(await caller.do("directCall", REALM, "3001", tel, await socket(caller.page), "")).toBe(0);
  await take(one);
  await hearsOnly(one.page, [CUSTOMER], [TWO, LEAD]);
  await hearsOnly(caller.page, [ONE], [TWO, LEAD]);
  await wait.poll(async () => (await told(one)).url).toContain(`ani=${tel}`);
  await wait.poll(async () => (await told(one)).got).toContainEqual(expect.objectContaining({ Type: "CallContactEvent", Status: "Active" }));

  // A colleague is asked aside while the customer waits, and takes over: the CRM goes with the customer.
  await consult(one, "1002");
  await take(two);
  await hearsOnly(one.page, [TWO], [CUSTOMER, LEAD]);
  await hearsOnly(two.page, [ONE], [CUSTOMER, LEAD]);
  await press(one, "complete");
  await wait(bar(one)).toHaveCount(0);
  await hearsOnly(two.page, [CUSTOMER], [ONE, LEAD]);
  await hearsOnly(caller.page, [TWO], [ONE, LEAD]);
  await wait.poll(async () => (await told(two)).url).toContain(`ani=${tel}`);
  await wrapUp(one, "처리 완료", "배송 조회는 기술 상담으로");
  await wait.poll(async () => (await told(one)).url).toBe("");
  await one.setState("휴식");

  // A conference: the first is asked back, and all three hear each other.
  await consult(two, "1001");
  await take(one);
  await press(two, "confer");
  await wait(two.page.getByTestId("party")).toHaveCount(3);
  await hearsOnly(caller.page, [ONE, TWO], [LEAD]);
  await hearsOnly(one.page, [TWO, CUSTOMER], [LEAD]);
  await hearsOnly(two.page, [ONE, CUSTOMER], [LEAD]);

  // The supervisor listens unheard, then whispers to the one agent alone.
  await enter(wall, "1002", "조용히 듣기");
  await wait(bar(lead)).toHaveAttribute("data-link", "listening");
  await hearsOnly(lead.page, [ONE, TWO, CUSTOMER], []);
  for (const there of [one.page, two.page, caller.page]) await hearsOnly(there, [], [LEAD]);
  await wait(two.page.getByTestId("party")).toHaveCount(3);
  await press(lead, "end");
  await wait(bar(lead)).toHaveCount(0);
  await enter(wall, "1002", "상담사에게만 말하기");
  await hearsOnly(two.page, [ONE, CUSTOMER, LEAD], []);
  await hearsOnly(caller.page, [ONE, TWO], [LEAD]);
  await hearsOnly(one.page, [TWO, CUSTOMER], [LEAD]);
  await press(lead, "end");
  await wait(bar(lead)).toHaveCount(0);

  // Who helped leaves, then the customer hangs up; what was done is written down.
  await press(one, "end");
  await wait(bar(one)).toHaveCount(0);
  await hearsOnly(caller.page, [TWO], [ONE, LEAD]);
  await caller.ends();
  await wait(bar(two)).toHaveCount(0);
  await wrapUp(two, "처리 완료", "재발송 접수");
  await wait.poll(async () => (await told(two)).url).toBe("");
  await wait(button(two)).not.toHaveAttribute("data-talking", /.+/);

  // The report counts both, and the call's story tells who had it.
  const reports = await lead.page.context().newPage();
  await reports.goto("/reports");
  const row = (name: string) => reports.getByTestId("row").filter({ hasText: name });
  await wait(row("3001")).toBeVisible();
  await wait(row("3001").getByRole("cell").nth(0)).toHaveText("2");
  await wait(row("3001").getByRole("cell").nth(1)).toHaveText("2");
  await reports.getByRole("link", { name: "상담사" }).click();
  for (const who of ["1001", "1002"]) await wait(row(who)).toBeVisible();
  await reports.goto(`/reports#contacts?number=${tel}`);
  await reports.getByTestId("found").filter({ hasText: "3001" }).getByRole("link").click();
  await wait(reports.getByTestId("story")).toBeVisible();
  await wait(reports.getByText("배송 조회는 기술 상담으로")).toBeVisible();
  const steps = ["배정 제안", "수락", "held", "transferred", "후처리 완료", "conferenced", "connection_cleared", "후처리 완료"];
  const story = async () => {
    const rungs = await reports.getByTestId("rung").allInnerTexts();
    let from = 0;
    return steps.filter((word) => (from = rungs.findIndex((rung, at) => at >= from && rung.includes(word)) + 1) > 0);
  };
  await wait.poll(story).toEqual(steps);
  await reports.getByRole("navigation", { name: "구간" }).getByRole("link", { name: "1002" }).last().click();
  await wait(reports.getByText("재발송 접수")).toBeVisible();

  // Home.
  for (const desk of [one, two, lead]) await logOff(desk);
  await context.close();
});
