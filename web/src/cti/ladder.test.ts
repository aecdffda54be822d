import { expect, test } from "vitest";
import { about, asText, callsIn, KEPT, Ladder, pretty } from "./ladder";

const event = (id: number, monitor: string, call: object) => JSON.stringify({ fname: "event", id, monitor, call });
const delivered = event(4, "1002", { c1: 2011, c2: 0, c3: 0, cause: 22, other: "1001", dialed: "1002", subject: "1002" });

function dialled(): Ladder {
  const ladder = new Ladder();
  ladder.sent(1_000, '{"fname":"dial","this":"1001","called":"1002"}');
  ladder.received(1_012, '{"fname":"dial","this":"1001","called":"1002","result":1,"newcall":2011}');
  ladder.received(1_020, delivered);
  return ladder;
}

test("a response finds its request by order, and gives it the call that it made", () => {
  const [request, response] = dialled().rows;
  expect(request).toMatchObject({ kind: "request", device: "1001", name: "dial", calls: [2011] });
  expect(response).toMatchObject({ kind: "response", device: "1001", name: "dial", result: "1", took: 12, calls: [2011] });
});

test("events do not take a request's turn", () => {
  const ladder = new Ladder();
  ladder.sent(1, '{"fname":"hold","this":"1001","c1":7}');
  ladder.received(2, delivered);
  const answer = ladder.received(3, '{"fname":"hold","this":"1001","c1":7,"result":-4005}');
  expect(answer).toMatchObject({ kind: "response", request: { fname: "hold" } });
  expect(ladder.rows[2]).toMatchObject({ kind: "response", result: "-4005", calls: [7] });
});

test("an event's row says id, name, cause, calls and who", () => {
  expect(dialled().rows[2]).toMatchObject({
    kind: "event",
    device: "1002",
    name: "4 Delivered",
    detail: "cause 22 new call · c1=2011 · 1001 → 1002 · subject 1002",
  });
});

test("an answer to what is no JSON still has a row under its request's name", () => {
  const ladder = new Ladder();
  ladder.sent(1, "hello");
  ladder.received(2, '{"result":-4010}');
  expect(ladder.rows[1]).toMatchObject({ kind: "response", name: "?", result: "-4010" });
});

test("no row holds a password, however its key is spelt", () => {
  const ladder = new Ladder();
  ladder.sent(1, '{"fname":"login","id":"cube","PWD":"secret"}');
  ladder.sent(2, '{"fname":"login","pwd":"secret"');
  expect(JSON.stringify(ladder.rows)).not.toContain("secret");
  expect(asText(ladder.rows)).toContain('"PWD":"***"');
});

test("after a lost connection nothing old is taken for answered", () => {
  const ladder = new Ladder();
  ladder.sent(1, '{"fname":"dial","this":"1001"}');
  ladder.note(2, "closed", "1006");
  ladder.sent(3, '{"fname":"login","id":"cube"}');
  expect(ladder.received(4, '{"fname":"login","id":"cube","result":1}')).toMatchObject({ request: { fname: "login" } });
});

test("the oldest rows go when there are too many, and are counted", () => {
  const ladder = new Ladder();
  for (let n = 0; n < KEPT + 3; n += 1) ladder.received(n, delivered);
  expect([ladder.rows.length, ladder.dropped, ladder.rows[0]?.n]).toEqual([KEPT, 3, 4]);
  ladder.clear();
  expect([ladder.rows.length, ladder.dropped]).toEqual([0, 0]);
});

test("a call's rows are its own and the connection's; a transfer belongs to each of its calls", () => {
  const ladder = dialled();
  ladder.received(5, event(14, "1001", { c1: 2011, c2: 2011, c3: 2012, cause: 32 }));
  ladder.received(6, event(4, "1003", { c1: 9, cause: 22 }));
  ladder.note(7, "closed", "1000");
  expect(about(ladder.rows, 2012).map(({ name }) => name)).toEqual(["14 Transferred", "closed"]);
  expect(about(ladder.rows, 2011)).toHaveLength(5);
  expect(about(ladder.rows, 0)).toHaveLength(6);
  expect(callsIn(ladder.rows)).toEqual([9, 2011, 2012]);
});

test("as text there is one line for each row, with the wire's own words", () => {
  const lines = asText(dialled().rows).split("\n");
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(/^\d\d:\d\d:01\.000 --> 1001 {5}dial \{"fname":"dial"/);
  expect(lines[1]).toContain("<-- 1001     dial result=1 {");
  expect(lines[2]).toContain(`<== 1002     4 Delivered ${delivered}`);
});

test("the wire's text is broken into lines only where it is JSON", () => {
  expect(pretty('{"a":1}')).toBe('{\n  "a": 1\n}');
  expect(pretty("hello")).toBe("hello");
});
