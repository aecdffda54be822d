/**
 * Pages written as the MAX guide shows, from another origin, inside a real desk (`max-agent-desktop.md` 5, by number).
 * A page keeps what it was told in `window.got`; the test reads it there.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Frame, Page } from "@playwright/test";
import { expect, test, type DeskPage } from "./fixtures";

const CRM = `<!doctype html><meta charset="utf-8"><title>CRM</title><p id="out">CRM</p><script>
  var opener = window.opener || window.parent;
  window.got = [];
  var doSomething = function (events) {
    var eventIndex = null;
    for (eventIndex in events) { if (events.hasOwnProperty(eventIndex)) { window.got.push(events[eventIndex]); } }
  };
  window.addEventListener('message', function (event) {
    if (event.data && event.data.events && event.data.issuer === 'MAX') {
      window.last = event.data;
      doSomething(event.data.events);
    }
  });
  window.register = function (types, contactId) {
    opener.postMessage({ contactId: contactId, issuer: 'MyTestSite', messageType: 'RegisterForClientEvents', subscriptionTypes: types }, '*');
  };
  if (location.hash.length > 1) window.register(location.hash.slice(1).split(','));
</script>`;

const NEST = (origin: string) =>
  `<!doctype html><title>nest</title><iframe src="${origin}/crm"></iframe><script>
  window.addEventListener('load', function () {
    var inner = frames[0];
    window.tell = function () { inner.postMessage('x', '*'); };
  });</script>`;

let site: Server;
let origin: string;
let foreign: Server;
let elsewhere: string;

test.beforeAll(async () => {
  const open = async (body: (url: string) => string) => {
    const server = createServer((request, response) => {
      response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" });
      response.end(body(request.url ?? "/"));
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    return { server, at: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
  };
  ({ server: site, at: origin } = await open((url) => (url.startsWith("/nest") ? NEST(origin) : CRM)));
  ({ server: foreign, at: elsewhere } = await open(() => CRM));
});

test.afterAll(async () => {
  await clear();
  site.close();
  foreign.close();
});

let admin: string | undefined;

async function api(method: string, path: string, body?: object): Promise<Response> {
  const base = process.env.SANGDAM_HTTP ?? "";
  const json = { "Content-Type": "application/json" };
  if (!admin) {
    const answer = await fetch(`${base}/api/v1/session`, { method: "POST", headers: json, body: JSON.stringify({ user: "admin", password: "demo" }) });
    admin = ((await answer.json()) as { token: string }).token;
  }
  return fetch(base + path, { method, headers: { ...json, Authorization: `Bearer ${admin}` }, ...(body ? { body: JSON.stringify(body) } : {}) });
}

const ids = new Set<string>();

async function workspace(id: string, more: object): Promise<void> {
  ids.add(id);
  const answer = await api("PUT", `/api/v1/workspaces/${id}`, { id, name: id, url: `${origin}/crm`, ...more });
  expect(answer.ok, await answer.text()).toBe(true);
}

async function clear(): Promise<void> {
  for (const id of ids) await api("DELETE", `/api/v1/workspaces/${id}`);
  ids.clear();
}

test.beforeEach(clear);

type Told = Record<string, unknown>;

/** The frame of a page in the desk. */
async function frame(desk: DeskPage, id: string): Promise<Frame> {
  const element = await desk.page.locator(`[data-page="${id}"] iframe`).elementHandle();
  const found = await element?.contentFrame();
  if (!found) throw new Error(`there is no frame ${id}`);
  await found.waitForLoadState();
  return found;
}

const got = (page: Frame | Page) => page.evaluate(() => (window as unknown as { got: Told[] }).got);
const types = async (page: Frame | Page) => (await got(page)).map(({ Type, messageType }) => String(Type ?? messageType));
const register = (page: Frame | Page, list: string[], contact?: number) =>
  page.evaluate(([types, id]) => (window as unknown as { register(t: unknown, c: unknown): void }).register(types, id), [list, contact] as const);
const post = (page: Frame | Page, message: object) => page.evaluate((data) => (window.opener ?? window.parent).postMessage(data, "*"), message);

const ACK = "ClientEventSubscriptionAcknowledge";

test("1-4, 14-16, 21: a workspace registers, is told the agent's state, and changes its mind", async ({ agent }) => {
  await workspace("wiki", { url: `${origin}/crm` });
  const desk = await agent("1003");
  await desk.setState("상담 가능");
  const page = await frame(desk, "wiki");
  await expect.poll(async () => {
    await register(page, ["agent"]);
    return (await types(page)).slice(0, 2);
  }).toEqual([ACK, "AgentState"]);
  const [ack, state] = await got(page);
  expect(ack).toEqual({ messageType: ACK, contactId: null, reason: "Success", status: "OK" });
  expect(state).toMatchObject({ CurrentState: "Available" });
  expect(await page.evaluate(() => (window as unknown as { last: Told }).last.contactId)).toBeNull();
  await desk.setState("식사");
  await expect.poll(async () => (await got(page)).at(-1)).toMatchObject({ CurrentState: "Unavailable", CurrentOutReason: "Meal" });
  await post(page, { messageType: "UnregisterFromClientEvents" });
  const before = (await got(page)).length;
  await desk.setState("상담 가능");
  await page.waitForTimeout(500);
  expect(await got(page)).toHaveLength(before);
  await register(page, ["contacts"]);
  await expect.poll(async () => (await types(page)).at(-1)).toBe(ACK);
  await desk.setState("식사");
});

test("23, 28, 55: a panel opens with its contact, hears of it, and is gone with it", async ({ agent, customer }) => {
  await workspace("crm", { place: "panel", url: `${origin}/crm?ani={ANI}&id={ContactID}#contact` });
  const desk = await agent("1004");
  await desk.setState("상담 가능");
  await customer("홍길동");
  await desk.accept("홍길동");
  const pane = desk.page.locator('[data-page^="crm "]');
  await expect(pane).toHaveCount(1);
  const id = (await pane.getAttribute("data-page")) ?? "";
  const page = await frame(desk, id);
  expect(page.url()).toContain(`ani=${encodeURIComponent("홍길동")}`);
  await expect.poll(() => types(page)).toContain("TextContactEvent");
  const [ack, event] = await got(page);
  expect(ack).toMatchObject({ status: "OK", contactId: Number(id.split(" ")[1]) });
  expect(event).toMatchObject({ ContactID: id.split(" ")[1] });
  await desk.finish("처리 완료");
  await expect(pane).toHaveCount(0, { timeout: 2_000 });
  await desk.setState("식사");
});

test("32, 34, 35: a page with the grant gets a token that works, and a new one when it changes", async ({ agent }) => {
  await workspace("app", { session: true });
  const desk = await agent("1005");
  await desk.setState("상담 가능");
  const page = await frame(desk, "app");
  await expect.poll(async () => {
    await register(page, ["sessioninfo"]);
    return types(page);
  }).toContain("SessionInfo");
  const token = async () => String((await got(page)).findLast(({ messageType }) => messageType === "SessionInfo")?.sessionToken);
  const first = await token();
  const base = process.env.SANGDAM_HTTP ?? "";
  const login = await fetch(`${base}/InContactAuthorizationServer/Token`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ grant_type: "password", username: "1005", password: "demo" }),
  });
  const bearer = ((await login.json()) as { access_token: string }).access_token;
  // From the page itself: its origin is let through, and no other.
  const status = (at: Frame | Page, path: string, method: string) =>
    at.evaluate(
      async ([url, method, bearer]) => (await fetch(url, { method, headers: { Authorization: `bearer ${bearer}` } }).catch(() => ({ status: 0 }))).status,
      [`${base}/InContactAPI/services/v23.0/agent-sessions/${first}${path}`, method, bearer] as const,
    );
  expect(await status(page, "/state?state=Available", "POST")).toBe(202);
  expect(await status(page, "/get-next-event?timeout=1", "GET")).toBe(200);
  await expect.poll(token).not.toBe(first);
  await desk.setState("식사");
});

test("36, 39, 43, 48: a page answers, holds and ends a call, and names the customer", async ({ agent, request }) => {
  await workspace("crm", { url: `${origin}/crm` });
  const desk = await agent("1006");
  await api("GET", "/api/v1/session");
  await desk.setState("상담 가능");
  const page = await frame(desk, "crm");
  await expect.poll(async () => {
    await register(page, ["contacts"]);
    return types(page);
  }).toContain(ACK);
  const calls = await request.post("/api/v1/demo/calls", { data: { from: "01012345678", to: "1006" } });
  expect(calls.ok()).toBe(true);
  const last = async () => {
    const event = (await got(page)).findLast(({ Type }) => Type === "CallContactEvent");
    return String(event?.Status);
  };
  await expect.poll(last).toBe("Incoming");
  await post(page, { messageType: "AnswerEvent" });
  await expect.poll(last).toBe("Active");
  await post(page, { messageType: "ContactCardData", contactCardData: { name: "<b>김하나</b>", userImg: "javascript:alert(1)" } });
  await post(page, { messageType: "HoldEvent" });
  await expect.poll(last).toBe("Holding");
  await post(page, { messageType: "HoldEvent" });
  await expect.poll(last).toBe("Active");
  await post(page, { messageType: "HangupEvent" });
  await expect.poll(last).toBe("Disconnected");
  expect((await types(page)).filter((type) => type.endsWith("Event") && type !== "CallContactEvent")).toEqual([]);
  await desk.setState("식사");
});

test("50-53: reloads, foreign pages, grand-children and floods", async ({ agent }) => {
  await workspace("wiki", { url: `${origin}/crm#agent` });
  await workspace("nest", { url: `${origin}/nest` });
  const desk = await agent("1007");
  await desk.setState("상담 가능");
  const page = await frame(desk, "wiki");
  await expect.poll(() => types(page)).toContain(ACK);
  await page.evaluate(() => location.reload());
  await expect.poll(() => types(page).catch(() => []), { timeout: 12_000 }).toContain(ACK);

  // 52: a frame within a frame is nobody's.
  const nest = await frame(desk, "nest");
  const inner = nest.childFrames()[0];
  if (!inner) throw new Error("there is no frame in the frame");
  await inner.waitForLoadState();
  await inner.evaluate(() => window.top?.postMessage({ messageType: "RegisterForClientEvents", subscriptionTypes: ["all"] }, "*"));

  // Nobody is hurt by a flood.
  await page.evaluate(() => {
    for (let n = 0; n < 20_000; n++) window.parent.postMessage({ messageType: "HoldEvent", __proto__: { x: n } }, "*");
  });

  // 51: who goes elsewhere is told nothing there. Our policy does not even let them in.
  await page.evaluate((to) => void (location.href = to), `${elsewhere}/crm`).catch(() => {});
  await desk.setState("식사");
  await desk.page.waitForTimeout(500);
  expect(await inner.evaluate(() => (window as unknown as { got: unknown[] }).got)).toEqual([]);
  for (const there of desk.page.frames().filter((one) => one.url().startsWith(elsewhere))) expect(await got(there)).toEqual([]);
  await expect(desk.page.getByTestId("state-menu")).toContainText("식사");
});

test("54: a page in a window of its own goes on by its opener", async ({ agent }) => {
  await workspace("wiki", { url: `${origin}/crm` });
  const desk = await agent("1008");
  await desk.setState("상담 가능");
  const opened = desk.page.waitForEvent("popup");
  await desk.page.getByRole("button", { name: "새 창" }).click();
  const window = await opened;
  await window.waitForLoadState();
  await expect.poll(async () => {
    await register(window, ["agent"]);
    return types(window);
  }).toContain("AgentState");
  await desk.setState("식사");
});

test("a page that is not allowed is not framed, and it is said why; the open mode warns", async ({ agent, accessible }) => {
  await workspace("wiki", { url: `${origin}/crm` });
  const desk = await agent("1009");
  await expect(desk.page.getByTestId("frames")).toBeVisible();
  await accessible(desk.page);
  await expect(desk.page.getByTestId("open-like-max")).toHaveCount(0);
  const { realm } = (await (await api("GET", "/api/v1/export")).json()) as { realm: object };
  await api("PUT", "/api/v1/import", { realm: { ...realm, open_like_max: true } });
  await desk.page.reload();
  await expect(desk.page.getByTestId("open-like-max")).toBeVisible();
  await api("PUT", "/api/v1/import", { realm: { ...realm, open_like_max: false } });
});
