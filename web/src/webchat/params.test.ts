import { expect, test } from "vitest";
import { allowed, wish } from "./params";

const own = { protocol: "http:", hostname: "tagent.test" };
const about = { listeners: { sip_ws: "ws://127.0.0.1:6080", sip_wss: "wss://127.0.0.1:6081" }, chat_sockets: ["wss://other.test:7001"] };
const query = (over: Record<string, string> = {}) => new URLSearchParams({ realm: "nexuscommunity.net", url: "ws://tagent.test:6080", dn_number: "3001", tel_number: "01012345678", ...over }).toString();

test("the guide's own link is understood, its address unencoded", () => {
  const link = "?realm=nexuscommunit.net&url=ws://10.10.30.71:6080&dn_number=3001&tel_number=01029115543";
  expect(wish(link, own)).toEqual({ realm: "nexuscommunit.net", url: "ws://10.10.30.71:6080/", dn: "3001", tel: "01029115543" });
});

test("any order, encoded, and with values of others", () => {
  expect(wish(`?x=1&${query()}&realm=second`, own)).toMatchObject({ realm: "nexuscommunity.net" });
});

test.each(["realm", "url", "dn_number", "tel_number"])("57: without %s the page says so", (name) => {
  expect(wish(query({ [name]: " " }), own)).toEqual({ key: "param.missing", name });
});

test.each([
  ["58", "tel_number", "<img src=x onerror=alert(1)>"],
  ["", "tel_number", "홍길동"],
  ["", "dn_number", "30/01"],
  ["", "realm", "<b>"],
  ["", "url", "javascript:alert(1)"],
  ["", "url", "http://tagent.test"],
])("%s: a bad %s is named: %s", (_, name, value) => {
  expect(wish(query({ [name]: value }), own)).toEqual({ key: "param.bad", name });
});

test("on a page of https a plain address is read as the safe one", () => {
  const secure = { ...own, protocol: "https:" };
  for (const url of ["ws://tagent.test", "ws://tagent.test:6080", "ws://tagent.test:6080/"]) {
    expect(wish(query({ url }), secure)).toMatchObject({ url: "wss://tagent.test:6081/" });
  }
  expect(wish(query({ url: "ws://[::1]:6080" }), secure)).toMatchObject({ url: "wss://[::1]:6081/" });
});

test.each([
  ["ws://tagent.test:6080/", true],
  ["wss://tagent.test:6081/", true],
  ["wss://other.test:7001/x", true],
  ["ws://other.test:7001/", false],
  ["ws://tagent.test:6081/", false],
  ["ws://tagent.test:22/", false],
  ["ws://tagent.test.evil.test:6080/", false],
  ["ws://evil.test:6080/", false],
  ["ws://127.0.0.1:6080/", false],
])("59: %s may be connected to: %s", (url, expected) => expect(allowed(url, own, about)).toBe(expected));

test("the names of this machine are one host", () => {
  expect(allowed("ws://127.0.0.1:6080/", { protocol: "http:", hostname: "localhost" }, about)).toBe(true);
  expect(allowed("ws://127.0.0.1:6080/", { protocol: "http:", hostname: "localhost" }, {})).toBe(false);
});
