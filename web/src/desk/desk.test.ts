import { beforeEach, expect, test, vi } from "vitest";
import { Desk } from "./desk.svelte";
import { contact, hello, item, MINE, settle, TestClock, TestServer } from "./testing";
import type { Contact, DeskEvent } from "./wire";

function store(): Storage {
  const all = new Map<string, string>();
  return {
    getItem: (key) => all.get(key) ?? null,
    setItem: (key, value) => void all.set(key, value),
    removeItem: (key) => void all.delete(key),
    clear: () => all.clear(),
    key: (index) => [...all.keys()][index] ?? null,
    get length() {
      return all.size;
    },
  };
}

beforeEach(() => {
  vi.stubGlobal("localStorage", store());
  vi.stubGlobal("sessionStorage", store());
});

async function world(contacts: readonly Contact[] = [contact()]) {
  const clock = new TestClock();
  const server = new TestServer();
  let count = 0;
  const desk = new Desk({
    user: "1001",
    open: server.open,
    clock,
    put: async () => {},
    uuid: () => `u${++count}`,
    session: async () => true,
    ended: () => {},
    news: { offered: () => {}, message: () => {} },
  });
  desk.client.start();
  const greet = async () => {
    server.last.opened();
    server.last.answer("hello", hello({ contacts }));
    await settle();
  };
  await greet();
  let seq = 10;
  const tell = (event: object) => server.last.tell({ seq: ++seq, at: 0, ...event } as DeskEvent);
  const verbs = () => server.last.sent.map((one) => one.do);
  return { clock, server, desk, greet, tell, verbs };
}

test("end and save within the five seconds wraps up as soon as the contact is over, whatever becomes of the form", async () => {
  const { server, desk, tell, verbs } = await world();
  desk.endings.begin("c1");
  desk.drafts.setWrapup("c1", { code: "done", note: " 다시 전화 " });
  void desk.finish(contact());
  void desk.finish(contact());
  await settle();
  expect(verbs().filter((verb) => verb === "end")).toHaveLength(1);
  server.last.answer("end", {});
  await settle();
  expect(verbs()).not.toContain("wrapup");
  expect(desk.endings.due("c1"), "the form stays until the contact says that it is over").toBeDefined();
  tell({ ev: "contact", contact: contact({ state: "wrapup" }) });
  await settle();
  expect(server.last.asked("wrapup")).toMatchObject({ contact: "c1", code: "done", note: "다시 전화" });
  server.last.answer("wrapup", {});
  await settle();
  expect(desk.finishing).toEqual([]);
});

test("the contact may be over before the answer says so", async () => {
  const { server, desk, tell, verbs } = await world();
  desk.endings.begin("c1");
  void desk.finish(contact());
  await settle();
  tell({ ev: "contact", contact: contact({ state: "wrapup" }) });
  server.last.answer("end", {});
  await settle();
  expect(verbs().filter((verb) => verb === "wrapup")).toHaveLength(1);
  expect(desk.endings.due("c1")).toBeUndefined();
});

test("an end that is taken back saves nothing", async () => {
  const { clock, desk, verbs } = await world();
  desk.endings.begin("c1");
  desk.undoEnding(contact());
  await clock.pass(4_000);
  expect(desk.finishing).toEqual([]);
  expect(verbs()).not.toContain("end");
});

test("what was tried before the connection was lost has its answer before the gap is read", async () => {
  const { clock, server, desk, greet, verbs } = await world();
  server.last.answer("items", { items: [item(1)], more: false });
  await settle();
  desk.outbox.say(contact(), "네", "all");
  await settle();
  server.last.close();
  await clock.pass(600);
  await greet();
  expect(verbs()).toContain("say");
  expect(verbs()).not.toContain("items");
  server.last.answer("say", { item: { id: "i2", n: 2, at: 2 } });
  await settle();
  expect(desk.outbox.all).toEqual([]);
  server.last.answer("items", { items: [item(2, { ...MINE, text: "네" })], more: false });
  await settle();
  expect(desk.world.room(contact())?.items.map(({ n }) => n)).toEqual([1, 2]);
});

test("a line of ours that comes before its answer is shown once, however like another it is", async () => {
  const { server, desk, tell } = await world();
  server.last.answer("items", { items: [item(1, { ...MINE, text: "네" })], more: false });
  await settle();
  desk.outbox.say(contact(), "네", "all");
  await settle();
  const { client } = server.last.asked("say");
  tell({ ev: "item", room: "r1", item: item(2, { ...MINE, text: "네", client: String(client) }) });
  expect(desk.outbox.all).toEqual([]);
  server.last.answer("say", { item: { id: "i2", n: 2, at: 2 } });
  await settle();
  expect(desk.world.room(contact())?.items.map(({ n }) => n)).toEqual([1, 2]);
});
