import { expect, test, vi } from "vitest";
import { colour, contrast, look } from "./look";

const of = (query: Record<string, string>) => {
  const warn = vi.fn();
  return { set: look(new URLSearchParams(query), warn), warned: warn.mock.calls.length };
};

test("contrast is WCAG's", () => {
  expect(contrast([0, 0, 0], [255, 255, 255])).toBeCloseTo(21);
  expect(contrast([118, 118, 118], [255, 255, 255])).toBeCloseTo(4.54, 1);
});

test("a pair that can be read is taken", () => {
  expect(of({ brand: "#0a7f3f" })).toMatchObject({ set: { "--brand-solid": "#0a7f3f", "--on-brand": "#fff" }, warned: 0 });
  expect(of({ brand: "#fee500", on_brand: "#191600" }).set).toMatchObject({ "--brand-solid": "#fee500", "--bubble-me-ink": "#191600" });
});

test.each([
  { brand: "#fee500" },
  { brand: "#777777", on_brand: "#888888" },
  { brand: "red;}body{display:none" },
  { brand: "url(https://evil.test)" },
])("%j is refused with a warning", (query) => expect(of(query)).toEqual({ set: {}, warned: 1 }));

test("radius and font are held to their form", () => {
  expect(of({ radius: "8px", font: "Pretendard, 'Noto Sans KR'" }).set).toEqual({ "--r3": "8px", "--font": "Pretendard, 'Noto Sans KR'" });
  expect(of({ radius: "calc(1px)", font: "x;}*{color:red" }).set).toEqual({});
});

test("colours are hexadecimal", () => {
  expect(colour("#Abc")).toEqual([170, 187, 204]);
  expect(colour("rgb(0,0,0)")).toBeUndefined();
});
