import { expect, test } from "vitest";
import { agentRequest, callRequest, monitorRequests, type Fields } from "./requests";

const EMPTY: Fields = {
  this: "",
  called: "",
  c1: "",
  c2: "",
  held: "",
  consultMode: "0",
  bargeMode: "2",
  uui: "",
  uei: "",
  ci: "",
  agent: "",
  group: "",
  channel: "0",
  wmode: "3",
  reason: "0",
};
const text = (value: object) => JSON.stringify(value);

test("keys come in the guide's order, numbers as numbers, device numbers as text", () => {
  const fields = { ...EMPTY, this: "1001", called: " 1002 ", c1: "2011", c2: "7", held: "1002", uui: "U", uei: "x", ci: "y" };
  expect(text(callRequest("dial", fields))).toBe('{"fname":"dial","this":"1001","called":"1002","uui":"U","attach":{"uei":"x","ci":"y"}}');
  expect(text(callRequest("transfer", fields))).toBe('{"fname":"transfer","this":"1001","c1":2011,"held":"1002","c2":7}');
  expect(text(callRequest("consult", { ...fields, uui: "", uei: "", ci: "" }))).toBe(
    '{"fname":"consult","this":"1001","c1":2011,"called":"1002","mode":0}',
  );
  expect(text(callRequest("bargein", fields))).toBe('{"fname":"bargein","this":"1001","called":"1002","mode":2}');
});

test("what is empty is left out, what is no number is sent as typed: refusals can be tried", () => {
  expect(callRequest("answer", EMPTY)).toEqual({ fname: "answer" });
  expect(callRequest("answer", { ...EMPTY, this: "1001", c1: "abc" })).toEqual({ fname: "answer", this: "1001", c1: "abc" });
});

test("an agent's keys lie in agent", () => {
  const fields = { ...EMPTY, this: "1001", agent: "1001", group: "401" };
  expect(text(agentRequest("logon", fields))).toBe(
    '{"fname":"logon","this":"1001","agent":{"id":"1001","group":401,"channel":0,"wmode":3}}',
  );
  expect(text(agentRequest("notready", { ...fields, group: "", reason: "9" }))).toBe(
    '{"fname":"notready","this":"1001","agent":{"id":"1001","reason":9}}',
  );
});

test("several devices are one request each, each device once", () => {
  expect(monitorRequests("addmonitor", " 1001, 1002 1001;3001 ", true)).toEqual(
    ["1001", "1002", "3001"].map((device) => ({ fname: "addmonitor", device, snapshot: 1 })),
  );
  expect(monitorRequests("removemonitor", "")).toEqual([]);
});
