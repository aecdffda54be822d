import { expect, test } from "vitest";
import {
  addOwn,
  addPage,
  applyEvent,
  applySignal,
  colleagues,
  customerMarks,
  fromHello,
  frozen,
  order,
  unread,
  waitingSince,
  type World,
} from "./reduce";
import { contact, hello, item, MINE } from "./testing";
import type { Contact, DeskEvent } from "./wire";

const at = { seq: 11, at: 0 };
const start = (...contacts: Contact[]): World => fromHello(null, hello({ contacts }));
const ns = (world: World, room = "r1") => world.rooms[room]?.items.map(({ n }) => n);
const got = (world: World, n: number, over = {}) =>
  applyEvent(world, { ...at, ev: "item", room: "r1", item: item(n, over) });

test("items are ordered by n and keyed by id, however they come", () => {
  let world = start(contact());
  for (const n of [3, 1, 2, 3]) world = got(world, n);
  world = addPage(world, "r1", "newest", { items: [item(0), item(1)], more: false });
  expect(ns(world)).toEqual([0, 1, 2, 3]);
});

test("after a reconnect the gap starts where the row was last unbroken", () => {
  let world = start(contact());
  world = addPage(world, "r1", "newest", { items: [item(1), item(2)], more: false });
  world = got(world, 3);
  expect(world.rooms.r1).toMatchObject({ upto: 3, state: "live" });
  // Reconnected: 4…6 were missed, 7 comes live before the gap is filled, and the connection is lost again.
  world = fromHello(world, hello({ contacts: [contact()] }));
  world = got(world, 7);
  world = fromHello(world, hello({ contacts: [contact()] }));
  expect(world.rooms.r1).toMatchObject({ upto: 3, state: "stale" });
  world = addPage(world, "r1", "gap", { items: [item(4), item(5)], more: true });
  expect(world.rooms.r1).toMatchObject({ upto: 5, state: "stale" });
  world = addPage(world, "r1", "gap", { items: [item(6), item(7)], more: false });
  expect(ns(world)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(world.rooms.r1).toMatchObject({ upto: 7, state: "live" });
});

test("an own item that was answered first does not hide what may lie before it", () => {
  let world = addPage(start(contact()), "r1", "newest", { items: [item(1)], more: false });
  world = addOwn(world, "r1", item(3, MINE));
  expect(world.rooms.r1).toMatchObject({ upto: 1 });
  expect(world.contacts[0]?.last).toBe(3);
  world = got(got(world, 2), 3, { ...MINE, text: "as the server has it" });
  expect(ns(world)).toEqual([1, 2, 3]);
  expect(world.rooms.r1?.items[2]?.text).toBe("as the server has it");
});

test("older pages go before, and tell whether there are more", () => {
  let world = addPage(start(contact()), "r1", "newest", { items: [item(5), item(6)], more: true });
  world = addPage(world, "r1", "older", { items: [item(3), item(4)], more: false });
  expect(ns(world)).toEqual([3, 4, 5, 6]);
  expect(world.rooms.r1).toMatchObject({ more: false, upto: 6, state: "live" });
});

test("a changed file is changed in place; one that is not shown opens no hole", () => {
  let world = got(start(contact()), 5, { kind: "file" });
  world = applyEvent(world, { ...at, ev: "item_changed", room: "r1", item: item(5, { text: "checked" }) });
  world = applyEvent(world, { ...at, ev: "item_changed", room: "r1", item: item(2) });
  expect(world.rooms.r1?.items.map(({ text }) => text)).toEqual(["checked"]);
});

test("only customers' items are unread", () => {
  let world = start(contact({ read: 1 }));
  world = got(got(got(got(world, 1), 2), 3, MINE), 4, { kind: "event" });
  expect(unread(world.contacts[0]!, world.rooms.r1)).toBe(1);
});

test("a contact's news never takes back what was read", () => {
  const world = applyEvent(start(contact({ read: 7 })), { ...at, ev: "contact", contact: contact({ read: 5 }) });
  expect(world.contacts[0]?.read).toBe(7);
});

test("a contact that is gone takes its room along, unless another still needs it", () => {
  const gone: DeskEvent = { ...at, ev: "gone", contact: "c1", why: "done" };
  expect(applyEvent(start(contact()), gone).rooms).toEqual({});
  expect(Object.keys(applyEvent(start(contact(), contact({ id: "c2" })), gone).rooms)).toEqual(["r1"]);
});

test("marks only rise, and read means delivered", () => {
  let world = start(contact());
  const mark = (delivered: number, read: number) =>
    (world = applyEvent(world, { ...at, ev: "marks", room: "r1", participant: "p-customer", delivered, read }));
  mark(5, 3);
  mark(4, 6);
  expect(customerMarks(world.contacts[0]!)).toEqual({ delivered: 6, read: 6 });
  world = applyEvent(world, { ...at, ev: "marks", room: "r1", participant: "p-other", delivered: 9, read: 9 });
  expect(customerMarks(world.contacts[0]!).read).toBe(6);
});

test("typing ends with the words, or by itself", () => {
  const typed = applySignal(start(contact()), { sig: "typing", room: "r1", participant: "p-customer", name: "홍" }, 100);
  expect(typed.rooms.r1?.typing).toEqual([{ participant: "p-customer", name: "홍", until: 6_100 }]);
  expect(got(typed, 1).rooms.r1?.typing).toEqual([]);
});

test("a customer waits from the first unanswered word; a note or a bot is no answer", () => {
  let world = got(got(start(contact()), 1, MINE), 2);
  world = got(got(world, 3), 4, { ...MINE, audience: "agents" });
  expect(waitingSince(got(world, 5, { by: { role: "bot" } }).rooms.r1)).toBe(2_000);
  expect(waitingSince(got(world, 5, MINE).rooms.r1)).toBeUndefined();
});

test("ringing comes first, then unread, then who waits longest, wrap-up last", () => {
  let world = start(
    contact({ id: "wrapup", room: "a", state: "wrapup" }),
    contact({ id: "calm", room: "b" }),
    contact({ id: "waits", room: "c", read: 9 }),
    contact({ id: "waits longer", room: "d", read: 9 }),
    contact({ id: "unread", room: "e" }),
    contact({ id: "rings", room: "f", state: "offered", since: 5 }),
    contact({ id: "rings longer", room: "g", state: "offered", since: 4 }),
  );
  const say = (room: string, n: number) => (world = applyEvent(world, { ...at, ev: "item", room, item: item(n) }));
  say("c", 8);
  say("d", 7);
  say("e", 9);
  const ids = order(world).map(({ id }) => id);
  expect(ids).toEqual(["rings longer", "rings", "unread", "waits longer", "waits", "calm", "wrapup"]);
});

test("under the pointer nothing moves and what is new comes last", () => {
  const [a, b, c] = [contact({ id: "a" }), contact({ id: "b" }), contact({ id: "c" })];
  expect(frozen(["a", "x", "b"], [c, b, a]).map(({ id }) => id)).toEqual(["a", "b", "c"]);
});

test("colleagues are the other agents who are here or called", () => {
  const member = (participant: string, role: string, state: "joined" | "left") => ({ participant, role, name: participant, state });
  const members = [member("p-me", "agent", "joined"), member("p-2", "agent", "joined"), member("p-3", "agent", "left"), member("p-customer", "customer", "joined")];
  expect(colleagues(contact({ members })).map(({ name }) => name)).toEqual(["p-2"]);
});
