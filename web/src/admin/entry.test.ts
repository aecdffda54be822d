import { expect, test } from "vitest";
import { at, beyond, brief, differences, memberOf, missing, put, same, wanted, type Entry } from "./entry";
import { KINDS, REALM, type Field } from "./kinds";

test("a member inside of an object is put and taken off, and the empty object goes with it", () => {
  const entry = put({ id: "3001" }, "overflow.to", "3002");
  expect(entry).toEqual({ id: "3001", overflow: { to: "3002" } });
  expect(at(entry, "overflow.to")).toBe("3002");
  expect(put(entry, "overflow.to", undefined)).toEqual({ id: "3001" });
  expect(at({}, "constructor")).toBeUndefined();
});

test("a change keeps the order of members and what is not known", () => {
  const changed = put({ id: "1", newer: { a: 1 }, name: "x" }, "name", "y");
  expect(JSON.stringify(changed)).toBe('{"id":"1","newer":{"a":1},"name":"y"}');
});

test("the order of members is no difference, the order of a list is", () => {
  expect(same({ a: 1, b: [1, 2] }, { b: [1, 2], a: 1 })).toBe(true);
  expect(same({ b: [1, 2] }, { b: [2, 1] })).toBe(false);
  expect(same({ a: undefined }, {})).toBe(false);
});

test("what is needed and empty is found; zero is not empty", () => {
  const group = KINDS.find(({ path }) => path === "reasons")!;
  expect(missing(group.fields, { code: 0, ko: "쉼" })?.at).toBe("en");
  expect(missing(group.fields, { code: 0, ko: "쉼", en: "Rest" })).toBeUndefined();
});

test("long lists are cut in the list of entries", () => {
  expect(brief(["a", "b", "c", "d", "e"])).toBe("a, b, c +2");
  expect(brief({ mon: "x", tue: "y" })).toBe("mon, tue");
  expect([brief(false), brief(true), brief(undefined), brief(0)]).toEqual(["", "✓", "", "0"]);
});

test("an import says what is new and what is changed, and nothing of what is the same", () => {
  const now = { realm: { name: "a" }, users: [{ id: "1", name: "x" }, { id: "2", name: "y" }] };
  const next = { realm: { name: "a" }, users: [{ name: "x", id: "1" }, { id: "2", name: "z" }, { id: "3", name: "n" }] };
  expect(differences(now, next, () => "id")).toEqual([
    { member: "users", name: "2", change: "changed" },
    { member: "users", name: "3", change: "new" },
  ]);
});

test("each kind names its entries by a member that its form asks for", () => {
  for (const kind of [...KINDS, REALM]) expect(kind.fields.map((field) => field.at), kind.path).toContain(kind.name);
});

test("what the server says against an entry is brought to the field that it is about", () => {
  const fields = (path: string) => KINDS.find((kind) => kind.path === path)!.fields;
  const field = (fault: string, name: string, path: string) => memberOf(fault, name, fields(path))?.at;
  expect(field("queue 3001: overflow: it cannot overflow to 3001", "3001", "queues")).toBe("overflow.to");
  expect(field("queue 3001: offer: 1 s at least", "3001", "queues")).toBe("offer_ms");
  expect(field("trunk a:b: host: \"\" is neither host nor host:port", "a:b", "trunks")).toBe("host");
  expect(field("week.mon: \"9\" is not like 09:00-18:00", "kr", "hours")).toBe("week");
  expect(field("missing field `group`", "3001", "queues")).toBe("group");
  expect(field("too many passwords at once", "3001", "queues")).toBeUndefined();
});

test("a bot's form asks for what its kind needs", () => {
  const bots = KINDS.find((kind) => kind.path === "bots")!;
  const asked = (kind: string) => bots.fields.filter((field) => wanted(field, { kind })).map(({ at }) => at);
  expect(asked("echo")).toEqual(["id", "name", "kind"]);
  expect(asked("scenario")).toContain("scenario");
  expect(asked("webhook")).toEqual(expect.arrayContaining(["queue", "url", "time_ms"]));
});

test("a number beyond its bounds is found, in seconds as in days, and what is empty is none", () => {
  const days: Field = { at: "retention.rooms", label: "f.keepRooms", ask: { as: "number", min: 0, max: 36_500 } };
  const ring: Field = { at: "ring_ms", label: "f.ring", ask: { as: "seconds", max: 60 } };
  const found = (entry: Entry) => beyond([days, ring], entry)?.field.at;
  expect(found({})).toBeUndefined();
  expect(found({ retention: { rooms: 36_500 }, ring_ms: 60_000 })).toBeUndefined();
  for (const rooms of [36_501, -1, 1.5, Number.NaN]) expect(found({ retention: { rooms } }), `${rooms}`).toBe("retention.rooms");
  expect(found({ ring_ms: 60_001 })).toBe("ring_ms");
});
