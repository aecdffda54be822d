import { expect, test } from "vitest";
import { bytes, duration, givenInitial, initial, left, particle, phone } from "./format";
import { parts } from "./links";

test("durations never go below zero and show hours only when there are some", () => {
  expect([-5, 0, 65_900, 3_600_000].map(duration)).toEqual(["00:00", "00:00", "01:05", "1:00:00"]);
});

test("a countdown rounds up", () => {
  expect([left(10_001, 0), left(0, 5)]).toEqual([11_000, 0]);
});

test("sizes", () => {
  expect([12, 12_345, 1_234_567].map(bytes)).toEqual(["12 B", "12 KB", "1.2 MB"]);
});

test("phone numbers are grouped, other text is left alone", () => {
  const numbers = ["01012345678", "0212345678", "021234567", "15881234", "VIP 010", "+821012345678"];
  expect(numbers.map(phone)).toEqual(["010-1234-5678", "02-1234-5678", "02-123-4567", "1588-1234", "VIP 010", "+821012345678"]);
});

test("particles follow the final consonant", () => {
  expect(particle("김서연", "은/는")).toBe("김서연은");
  expect(particle("박지수", "은/는")).toBe("박지수는");
  expect(particle("Alex", "이/가")).toBe("Alex가");
  expect(particle("홍길동", "을/를")).toBe("홍길동을");
});

test("discs", () => {
  expect([initial("홍길동"), givenInitial("김서연"), initial("alex"), initial(" ")]).toEqual(["홍", "서", "A", "?"]);
});

test("links are web, mail and phone only, and end before the full stop", () => {
  expect(parts("보기 https://a.test/x?y=1. 끝")).toEqual([
    { text: "보기 " },
    { text: "https://a.test/x?y=1", href: "https://a.test/x?y=1" },
    { text: ". 끝" },
  ]);
  expect(parts("javascript:alert(1) data:text/html,x").some(({ href }) => href)).toBe(false);
  expect(parts("tel:010-1234-5678")[0]?.href).toBe("tel:010-1234-5678");
});
