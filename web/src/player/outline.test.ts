import { expect, test } from "vitest";
import { gain, keyed, percent, shape } from "./outline";

test("the louder side fills its height, and silence is not blown up to look like speech", () => {
  expect(gain({ left: [[-0.25, 0.1]], right: [[-0.1, 0.5]] })).toBe(2);
  expect(gain({ left: [[-0.001, 0.001]], right: [[0, 0]] })).toBe(12);
  expect(gain({ left: [], right: [] })).toBe(12);
});

test("a side is drawn along its highs and back along its lows, with a thin line where nothing is heard", () => {
  expect(shape([[-0.5, 0.25], [0, 0]], 2)).toBe("M0 -0.5L1 -0.02L1 0.02L0 1Z");
  expect(shape([], 1)).toBe("");
});

test("keys go five seconds or thirty, and never beyond either end", () => {
  expect(keyed("ArrowRight", 3, 60)).toBe(8);
  expect(keyed("ArrowLeft", 3, 60)).toBe(0);
  expect(keyed("PageUp", 40, 60)).toBe(60);
  expect(keyed("Home", 40, 60)).toBe(0);
  expect(keyed("End", 40, 60)).toBe(60);
  expect(keyed("x", 40, 60)).toBeUndefined();
});

test("a place beyond the end is at the end", () => {
  expect(percent(5, 20)).toBe(25);
  expect(percent(30, 20)).toBe(100);
  expect(percent(1, 0)).toBe(0);
});
