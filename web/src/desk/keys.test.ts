import { expect, test } from "vitest";
import { digitOf, match, type Pressed } from "./keys";

const press = (code: string, over: Partial<Pressed> = {}) =>
  match({ code, altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, ...over }, () => false)?.id;

test("keys are known by their place, whatever letter they make", () => {
  expect(press("KeyS", { altKey: true })).toBe("states");
  expect(press("F8")).toBe("accept");
  expect(press("KeyA", { altKey: true })).toBe("accept");
  expect(press("KeyK", { ctrlKey: true })).toBe("palette");
  expect(press("KeyK", { metaKey: true })).toBe("palette");
  expect(press("F6", { shiftKey: true })).toBe("panelBack");
  expect(press("Digit3", { altKey: true })).toBe("select");
  expect(digitOf("Numpad7")).toBe(7);
});

test("plain letters and AltGr are never shortcuts", () => {
  expect(press("KeyA")).toBeUndefined();
  expect(press("KeyA", { altKey: true, ctrlKey: true })).toBeUndefined();
  expect(press("F8", { altKey: true })).toBeUndefined();
});

test("one that is off is off", () => {
  const event = { code: "F8", altKey: false, ctrlKey: false, metaKey: false, shiftKey: false };
  expect(match(event, (id) => id === "accept")).toBeUndefined();
});
