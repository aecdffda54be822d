import { expect, test } from "vitest";
import { after, heldCall, IDLE, likelyCall, type Phone } from "./phones";

/** A device after events written `id c1 [subject] [c2 c3]`. */
function phone(monitor: string, ...events: readonly [number, number, string?, number?, number?][]): Phone {
  return events.reduce(
    (before, [id, c1, subject = "", c2 = 0, c3 = 0]) => after(before, { id, monitor, call: { c1, c2, c3, subject, parties: [monitor, "x"] } }),
    IDLE,
  );
}
const standing = (phone: Phone) => phone.calls.map(({ id, standing }) => `${id} ${standing}`);

test("a caller goes off hook, dials, talks, and is idle again", () => {
  expect(standing(phone("1001", [13, 7, "1001"], [10, 7, "1001"]))).toEqual(["7 initiated"]);
  expect(standing(phone("1001", [13, 7, "1001"], [4, 7, "1002"]))).toEqual(["7 dialling"]);
  expect(standing(phone("1001", [4, 7, "1002"], [6, 7, "1002"]))).toEqual(["7 connected"]);
  expect(standing(phone("1001", [6, 7, "1002"], [3, 7, "1001"]))).toEqual([]);
  expect(standing(phone("1001", [6, 7, "1002"], [1, 7]))).toEqual([]);
});

test("who holds has a held call, who is held talks on", () => {
  const events = [[6, 7, "1002"], [8, 7, "1001"]] as const;
  expect(standing(phone("1001", ...events.map((each) => [...each] as [number, number, string])))).toEqual(["7 held"]);
  expect(standing(phone("1002", ...events.map((each) => [...each] as [number, number, string])))).toEqual(["7 connected"]);
  expect(standing(phone("1001", [8, 7, "1001"], [12, 7, "1001"]))).toEqual(["7 connected"]);
});

test("a consultation leaves one call held and one active, and a request means the right one", () => {
  const both = phone("1001", [6, 7, "1002"], [8, 7, "1001"], [13, 8, "1001"], [4, 8, "1003"]);
  expect(standing(both)).toEqual(["7 held", "8 dialling"]);
  expect([likelyCall(both, "transfer")?.id, heldCall(both)?.id, likelyCall(both, "retrieve")?.id]).toEqual([8, 7, 7]);
  expect(likelyCall(phone("1001", [6, 7, "1002"], [8, 7, "1001"]), "transfer")).toBeUndefined();
  expect(likelyCall(both, "clear")?.id).toBe(8);
});

test("where no call fits, a request means the last one, so that the gateway's refusal is seen", () => {
  const held = phone("1001", [6, 7, "1002"], [8, 7, "1001"]);
  expect([likelyCall(held, "hold")?.id, likelyCall(held, "answer")?.id]).toEqual([7, 7]);
  expect(likelyCall(IDLE, "hold")).toBeUndefined();
});

test("a transfer takes both calls from who transfers, and leaves one to the others", () => {
  const mine: [number, number, string?, number?, number?][] = [[8, 7, "1001"], [6, 8, "1003"], [14, 7, "1001", 7, 8]];
  expect(standing(phone("1001", ...mine))).toEqual([]);
  expect(standing(phone("1003", [6, 8, "1003"], [14, 7, "1001", 7, 8]))).toEqual(["7 connected"]);
  expect(standing(phone("1003", [4, 8, "1003"], [14, 7, "1001", 7, 8]))).toEqual(["7 alerting"]);
});

test("somebody else's leaving, ringing or failing does not end a conversation", () => {
  expect(standing(phone("1001", [6, 7, "1002"], [3, 7, "1003"]))).toEqual(["7 connected"]);
  expect(standing(phone("1002", [6, 7, "1002"], [4, 7, "1003"]))).toEqual(["7 connected"]);
  expect(standing(phone("1002", [6, 7, "1002"], [7, 7, "1003"]))).toEqual(["7 connected"]);
  expect(standing(phone("1002", [4, 7, "1002"], [5, 7, "1003"]))).toEqual([]);
});

test("an agent is there from log-on to log-off, and calls stay", () => {
  const agent = { id: "1001" };
  const on = [201, 204].reduce((before, id) => after(before, { id, monitor: "1001", agent }), phone("1001", [6, 7]));
  expect(on).toMatchObject({ agent: { id: "1001", event: 204 }, calls: [{ id: 7 }] });
  expect(after(on, { id: 202, monitor: "1001", agent })).toEqual({ calls: on.calls });
});

test("an event of an unknown form changes nothing", () => {
  const before = phone("1001", [6, 7]);
  expect(after(before, { id: "4" })).toBe(before);
  expect(after(before, { id: 4, monitor: "1001" })).toBe(before);
  expect(after(before, { id: 99, monitor: "1001", call: { c1: 7 } })).toBe(before);
});
