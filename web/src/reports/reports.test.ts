import { expect, test } from "vitest";
import type { Rung } from "./api";
import { ceiling, series, shown, sorted, zone } from "./figures";
import { days, read, write } from "./place";
import { arrow, gaps, reached, recordedAt, since } from "./story";

const rung = (at: number, from: Rung["from"], to: Rung["to"]): Rung => ({
  seq: at, at, cause: "tick", wire: "routing", kind: "queued", lane: to ?? "server", text: "", ...(from ? { from } : {}), ...(to ? { to } : {}),
});

test("an address leads back to what was looked at", () => {
  const address = write("agents", { from: "2026-01-01", agent: "1001", channel: "" });
  expect(address).toBe("#agents?from=2026-01-01&agent=1001");
  const place = read(address);
  expect(place.page === "report" && [place.report, place.query.get("agent")]).toEqual(["agents", "1001"]);
  expect(read("#contact/2026%2F1")).toEqual({ page: "contact", name: "2026/1" });
  expect(read("#contact/%").page).toBe("contact");
  expect(read("#nothing").page).toBe("report");
});

test("periods end with the day behind their last", () => {
  expect(days("today", "2026-02-28")).toEqual({ from: "2026-02-28", to: "2026-03-01" });
  expect(days("week", "2026-01-03")).toEqual({ from: "2025-12-28", to: "2026-01-04" });
  expect(days("month", "2026-01-31")).toEqual({ from: "2026-01-01", to: "2026-02-01" });
});

test("figures are shown by what they are", () => {
  expect(shown("offered", 1234)).toBe("1,234");
  expect(shown("service_level", 0.985)).toBe("98.5 %");
  expect(shown("aht_ms", 200_000)).toBe("03:20");
  expect(shown("aht_ms", undefined)).toBe("–");
});

test("rows without a figure come last, whichever way they are ordered", () => {
  const rows = [{ at: 1 }, { at: 2, aht_ms: 5 }, { at: 3, aht_ms: 9 }];
  expect(sorted(rows, { column: "aht_ms", down: true }).map(({ at }) => at)).toEqual([3, 2, 1]);
  expect(sorted(rows, { column: "aht_ms", down: false }).map(({ at }) => at)).toEqual([2, 3, 1]);
});

test("the zone of a calendar is named with its sign", () => {
  expect([540, 0, -210].map(zone)).toEqual(["UTC+09:00", "UTC+00:00", "UTC−03:30"]);
});

test("a chart has the largest lines and a round ceiling", () => {
  const rows = Array.from({ length: 9 }, (_, n) => ({ at: 0, queue: String(n), offered: n }));
  expect(series(rows, "queue", "offered").map(({ of }) => of)).toEqual(["8", "7", "6", "5", "4", "3"]);
  expect([ceiling(0, "offered"), ceiling(7, "offered"), ceiling(130, "offered"), ceiling(0.4, "service_level"), ceiling(90_000, "aht_ms")]).toEqual([1, 10, 200, 1, 120_000]);
});

test("a story is scrubbed by time", () => {
  const rungs = [rung(0, "customer", "server"), rung(1_000, "server", "queue"), rung(1_000, "queue", "agent"), rung(61_000, "agent", "server")];
  expect([reached(rungs, -1), reached(rungs, 0), reached(rungs, 1_000), reached(rungs, 60_999), reached(rungs, 99_999)]).toEqual([0, 0, 2, 2, 3]);
  expect(gaps(rungs, 0)).toEqual([0, 0, 0, 0]);
  const [, one, none, long] = gaps(rungs, 1);
  expect([one, none]).toEqual([8, 0]);
  expect(long).toBeGreaterThan(40);
  expect(arrow(rung(0, "agent", "server"))).toEqual({ left: 30, width: 40, back: true });
  expect(arrow(rung(0, undefined, undefined)).width).toBe(0);
  expect(since(61_234, 1_000)).toBe("1:00.234");
});

test("a rung leads to its moment in the recording that ran then, and to none before or after", () => {
  const kept = (kept: string) => ({ ...rung(9_000, undefined, undefined), seq: 7, kind: "recorded", detail: { recording: "r", began: 2_000, length_ms: 3_000, kept } });
  const rungs = [rung(1_000, undefined, undefined), rung(2_500, undefined, undefined), rung(5_000, undefined, undefined), kept("whole")];
  expect(rungs.map((one) => recordedAt(rungs, one))).toEqual([undefined, { id: "r", at: 2_500 }, undefined, { id: "r", at: 2_000 }]);
  expect(recordedAt([kept("lost")], kept("lost"))).toBeUndefined();
});
