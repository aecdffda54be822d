/** What may be sent: rows 32 to 37 of `nxwebapi.md` 11, with the guides' own samples. */
import { expect, test } from "vitest";
import { audience, message } from "./message.ts";
import { FILES, FILES_PARAMETER, LINKS, SCENARIO_ANSWER } from "../e2e/guides/samples.ts";

test("32: objects and plain text become JSON; what was given stays as it was", () => {
  const given = { type: "text", message: "안녕하세요. ", file_data: [] };
  expect(message(given)).toEqual(given);
  expect(message(given)).not.toBe(given);
  expect(message("그냥 말")).toEqual({ type: "text", message: "그냥 말" });
  expect(message("[1,2]")).toEqual({ type: "text", message: "[1,2]" });
  expect(message('{"message":"without a type"}')).toEqual({ type: "text", message: "without a type" });
});

test.each([
  ["33: nothing", ""],
  ["33: an empty object", "{}"],
  ["33: a text without message", '{"type":"text"}'],
  ["a text of 4,001 characters", "가".repeat(4_001)],
  ["a message that is no text", { type: "text", message: 7 }],
  ["an unknown type", { type: "picture", message: "x" }],
  ["a list", ["x"]],
  ["a number", 5],
  ["nothing at all", undefined],
  ["null", null],
  ["a circle", (() => { const one: Record<string, unknown> = { type: "text", message: "x" }; one.one = one; return one; })()],
  ["a missing quote", '{"type":"text","message":"x",extra":"y"}'],
  ["text with an extra of 101 characters", { type: "text", message: "x", extra: "e".repeat(101) }],
  ["35: a file without file_data", { type: "file" }],
  ["35: a file with an empty list", { type: "file", file_data: [] }],
  ["eleven files", { type: "file", file_data: Array(11).fill({ name: "a", url: "http://h/a" }) }],
  ["a file without a name", { type: "file", file_data: [{ url: "http://h/a" }] }],
  ["a file with a script for an address", { type: "file", file_data: [{ name: "a", url: "javascript:alert(1)" }] }],
  ["a file name of 256 characters", { type: "file", file_data: [{ name: "n".repeat(256), url: "http://h/a" }] }],
  ["links without links", { type: "links", message: "x" }],
  ["a link without an address", { type: "links", links: [{ name: "a", type: "link" }] }],
  ["a link to data", { type: "links", links: [{ name: "a", type: "link", url: "data:text/html,x" }] }],
  ["a link of an unknown type", { type: "links", links: [{ name: "a", type: "phone" }] }],
  ["37: an extra of 101 characters", { type: "links", links: [{ name: "a", type: "text", extra: "e".repeat(101) }] }],
  ["a scenario without a message", { TYPE: "SCENARIO" }],
  ["60,001 bytes", { TYPE: "SCENARIO", MESSAGE: { KEYWORD: "가".repeat(20_000) } }],
])("%s is refused", (_, given) => expect(message(given)).toBeUndefined());

test.each([
  ["4,000 characters, counted as people do", "😀".repeat(4_000)],
  ["a name of 255 characters", { type: "file", file_data: [{ name: "n".repeat(255), url: "https://h/a" }] }],
  ["unknown keys", { type: "text", message: "x", own: { deep: [1] } }],
  ["an extra of 100 characters", { type: "text", message: "x", extra: "가".repeat(100) }],
])("%s passes", (_, given) => expect(message(given)).toBeDefined());

test("34: two files pass as they are, sizes in words or numbers", () => {
  const files = { type: "file", file_data: [{ name: "a.jpg", size: "1204136", url: "http://h/a.jpg", mime_type: "image/jpg", preview_url: "" }, { name: "b.doc", size: 1401208, url: "https://h/b.doc" }] };
  expect(message(files)).toEqual(files);
});

test("36: the guide's file sample is repaired", () => {
  const made = message(FILES) as { file_data: Record<string, string>[] };
  expect(made.file_data[0]).toEqual({ name: "testImage1.jpg", size: "1204136", url: "http://118.219.54.237/call-message/testImage1.jpg", mime_type: "image/jpg", preview_url: "http://1.1.1.1./testImage1_preview.jpg" });
  expect(made.file_data[1]).toEqual({ name: "testImage2.doc", size: "1401208", url: "http://118.219.54.237/call-message/testImage2.jpg", mime_type: "application/msword" });
});

test("the parameter table's file sample lacks a quote, and that is not repaired", () => expect(message(FILES_PARAMETER)).toBeUndefined());

test("37: the guide's links sample passes, without the blank in its address", () => {
  expect(message(LINKS)).toEqual({
    type: "links",
    message: "원하시는 문의를 선택해 주세요.",
    links: [{ name: "프로모션", type: "text", extra: "PROMOTION-01" }, { name: "로그인", type: "link", url: "http://118.219.54.237/login" }],
  });
});

test("what is inside strings is not repaired", () => {
  const made = message('{"type":"text","message":"a \\"=\\" b, } {,]",}');
  expect(made).toEqual({ type: "text", message: 'a "=" b, } {,]' });
});

test("the guide's scenario answer passes", () => {
  expect(message(SCENARIO_ANSWER)).toEqual({ TYPE: "SCENARIO", MESSAGE: { SCENARIO: "CHAT", KEYWORD: "솔루션", MENU_ID: "SOLUTION" } });
});

test("38: whom it is for", () => {
  expect([undefined, null, "", "both", "Agent", "CUSTOMER", "junk", 7].map(audience)).toEqual(["BOTH", "BOTH", "BOTH", "BOTH", "AGENT", "CUSTOMER", undefined, undefined]);
});
