import { expect, test } from "vitest";
import { view, web, words } from "./view";

test("a menu shows its counts' truth, breaks of both kinds, and an address of the web", () => {
  const shown = view({
    TYPE: "SCENARIO",
    MESSAGE: { KEYWORD: "HOME", MENU_ID: "CHAT_ROOT", TITLE: "WELCOME", URL: "http://nexus.co.kr", DESC: "환영합니다.\\n 무엇을", COUNT_BUTTONS: 3, BUTTONS: [{ KEYWORD: "솔루션", MENU_ID: "SOLUTION", TITLE: "솔루션 문의", TEXT: "소개\\n합니다" }], TAIL: [{ KEYWORD: "HOME", MENU_ID: "CHAT_ROOT" }] },
  });
  expect(shown).toEqual({
    kind: "menu",
    title: "WELCOME",
    text: "환영합니다.\n 무엇을",
    url: "http://nexus.co.kr/",
    choices: [{ title: "솔루션 문의", text: "소개\n합니다", keyword: "솔루션", menu: "SOLUTION" }],
    tail: [{ title: "HOME", text: "", keyword: "HOME", menu: "CHAT_ROOT" }],
  });
  expect(words(shown)).toBe("WELCOME\n환영합니다.\n 무엇을\n· 솔루션 문의");
});

test("an answer to a menu is its word", () => {
  expect(view({ TYPE: "SCENARIO", MESSAGE: { SCENARIO: "CHAT", KEYWORD: "솔루션", MENU_ID: "SOLUTION" } })).toEqual({ kind: "choice", keyword: "솔루션" });
});

test.each([
  "javascript:alert(1)", "JaVaScRiPt:alert(1)", " javascript:alert(1)", "java\nscript:alert(1)", "data:text/html,<script>alert(1)</script>",
  "vbscript:x", "file:///etc/passwd", "blob:http://x/1", "//evil.test", "/x", "http:", "http://", "ws://x", "", undefined, null, 7, {},
])("%j leads nowhere", (url) => expect(web(url)).toBeUndefined());

test("junk of any shape becomes words and throws nothing", () => {
  const junk = [null, undefined, 7, true, [], [1], {}, { type: "file" }, { type: "file", file_data: "x" }, { type: "file", file_data: [null, 7, { name: {}, url: [], size: {} }] }, { type: "links", links: [{}, null] },
    { TYPE: "SCENARIO" }, { TYPE: "SCENARIO", MESSAGE: { BUTTONS: [null], TAIL: {} } }, { message: { deep: 1 } }, "<b>x</b>", { __proto__: null, type: "text" }];
  for (const one of junk) expect(typeof words(view(one))).toBe("string");
});

test("a picture is previewed by its preview, or itself; what is no picture is not", () => {
  const of = (file: object) => (view({ type: "file", file_data: [file] }) as { files: unknown[] }).files[0];
  expect(of({ name: "a", url: "https://h/a", mime_type: "image/png", preview_url: "" })).toMatchObject({ preview: "https://h/a" });
  expect(of({ name: "a", url: "https://h/a", mime_type: "image/svg+xml" })).toMatchObject({ preview: undefined });
  expect(of({ name: "a", size: "1204136", url: "https://h/a", mime_type: "image/jpg", preview_url: "https://h/p" })).toMatchObject({ size: 1_204_136, preview: "https://h/p" });
});
