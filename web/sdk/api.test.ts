/** The rows of `nxwebapi.md` 11 that speak of the script's chat, by number; INVITE, BYE and MESSAGE read as frames (section 0). */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { CID, FakeSocket, World, joined, said, text } from "./testing.ts";

let world: World;
beforeEach(async () => {
  world = new World();
  await world.load();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});
const later = (milliseconds = 0) => vi.advanceTimersByTimeAsync(milliseconds);
/** A chat of which the server has only the first frame. */
async function asked(): Promise<FakeSocket> {
  world.chat();
  await later();
  return FakeSocket.last.accept();
}
const OTHER = "NX_00020009605BF4A7_00000000000000000000000000";

test("1: the script gives an object with seven functions", () => {
  const functions = Object.values(world.api).filter((one) => typeof one === "function");
  expect(typeof world.api).toBe("object");
  expect(functions).toHaveLength(7);
  expect(Object.keys(world.api)).toEqual(expect.arrayContaining(["SetCallBack", "connectChat", "directCall", "Message_C", "Message_CToSelect", "Clear", "Mute"]));
});

test("2: SetCallBack tells its success before it returns, to the letter", () => {
  const told = vi.fn();
  expect(world.api.SetCallBack(told)).toBe(0);
  expect(told.mock.calls).toEqual([['{"Type":"SetCallBack","Data":{"result":"Success"}}']]);
});

test("3: what is no function is refused, and the one before stays", async () => {
  expect(world.api.SetCallBack(5 as never)).toBe(-1);
  world.chat();
  await later();
  expect(world.story).toEqual(["Connecting"]);
});

test.each([
  ["4: an empty realm", { realm: "" }],
  ["a realm that is no host name", { realm: "a b" }],
  ["a realm with a slash", { realm: "nexus/x" }],
  ["5: a number in Hangul", { tel: "홍길동" }],
  ["a number of 65 characters", { tel: "1".repeat(65) }],
  ["a number that is none", { tel: undefined as never, dn: "30 01" }],
  ["a called number with a slash", { dn: "3001/x" }],
  ["6: an address of the web", { url: "http://x" }],
  ["an address without a host", { url: "ws://" }],
  ["an address with a password", { url: "ws://a:b@x:6080" }],
  ["an address with a fragment", { url: "ws://x:6080/#a" }],
  ["an address with a port too large", { url: "ws://x:66000" }],
  ["an object in place of an address", { url: {} as never }],
])("%s is -1 and no event", async (_, over) => {
  expect(world.chat(over as never)).toBe(-1);
  await later(60_000);
  expect(world.events).toEqual([]);
  expect(FakeSocket.all).toEqual([]);
});

test.each([
  ["ws://test.com", "ws://test.com:6080/"],
  ["wss://test.com", "wss://test.com:6081/"],
  ["ws://test.com:80", "ws://test.com:80/"],
  [" wss://test.com:6081/ ", "wss://test.com:6081/"],
  ["WSS://[::1]/a/b", "wss://[::1]:6081/a/b"],
])("7: %s leads to %s", (url, expected) => {
  expect(world.chat({ url })).toBe(0);
  expect(FakeSocket.last.url).toBe(expected);
});

test("8: 0 comes before Connecting", async () => {
  expect(world.chat()).toBe(0);
  expect(world.events).toEqual([]);
  await later();
  expect(world.events).toEqual(['{"Kind":"SIP","Type":"Connecting","Data":{"status":"connecting","desc":"Call in progress...","dn":"3001","id":1}}']);
});

test("9: a chat offers its sub-protocol", () => {
  world.chat();
  expect(FakeSocket.last.offered).toBe("sangdam.chat.1");
});

test("10: what is asked for comes from the parameters, trimmed, and nobody is asked for a microphone", async () => {
  world.chat({ realm: " nexuscommunity.net ", dn: " 3001 " });
  await later();
  const [open] = FakeSocket.last.accept().heard();
  expect(open).toEqual({ t: "open", id: 1, realm: "nexuscommunity.net", dn: "3001", tel: "01012345678", lang: "ko", key: expect.stringMatching(/^[a-z\d]{26}$/) });
  expect(world.getUserMedia).not.toHaveBeenCalled();
});

test("11 to 14: Trying, Ringing and InCall, to the letter, with one id and the called number", async () => {
  await world.talking();
  expect(world.events.slice(1)).toEqual([
    '{"Kind":"SIP","Type":"Trying","Data":{"status":" i_ao_request","desc":"Trying","dn":"3001","id":1}}',
    '{"Kind":"SIP","Type":"Ringing","Data":{"status":" i_ao_request","desc":"Ringing","dn":"3001","id":1}}',
    `{"Kind":"SIP","Type":"InCall","Data":{"status":"connected","desc":"In call","dn":"3001","id":1,"Cid":"${CID}","upload":"http://h/call-message/upload?t=x"}}`,
  ]);
});

test("trimStatus takes the guides' blank away", async () => {
  world.api.options = { trimStatus: true };
  await world.talking();
  expect(world.told("Trying")[0]?.Data.status).toBe("i_ao_request");
});

test("15: the server's end is told once, and nothing after it", async () => {
  const socket = await world.talking();
  socket.says({ t: "closed", id: 1, code: 0, desc: "Call terminated" }, said(1, 9, text("late")), { t: "closed", id: 1, code: 0, desc: "Call terminated" });
  await later(600_000);
  expect(world.story).toEqual(["Connecting", "Trying", "Ringing Ringing", "InCall", "Clear Call terminated"]);
  expect(world.events.at(-1)).toBe('{"Kind":"SIP","Type":"Clear","Data":{"status":"terminated","desc":"Call terminated","dn":"3001","id":1,"code":0}}');
  expect(socket.readyState).toBe(3);
});

test("16: Clear in a room asks for the end and tells it when it is answered, or after two seconds", async () => {
  const socket = await world.talking();
  expect(world.api.Clear()).toBe(0);
  expect(socket.heard("close")).toEqual([{ t: "close", id: 1 }]);
  await later(1_000);
  expect(world.story.at(-1)).toBe("InCall");
  await later(1_000);
  expect(world.story.at(-1)).toBe("Clear Call terminated");
  const again = await world.talking(OTHER);
  world.api.Clear();
  again.says({ t: "closed", id: 2, code: 0, desc: "Call terminated" });
  expect(world.story.at(-1)).toBe("Clear Call terminated");
});

test("17: Clear while it rings ends with the words of 487", async () => {
  const socket = await asked();
  socket.says({ t: "trying", id: 1 }, { t: "ringing", id: 1, desc: "Ringing" });
  expect(world.api.Clear()).toBe(0);
  socket.says({ t: "closed", id: 1, code: 487, desc: "Request Terminated" });
  expect(world.story.at(-1)).toBe("Clear Request Terminated");
  const second = await asked();
  second.says({ t: "trying", id: 2 });
  world.api.Clear();
  await later(2_000);
  expect(world.told().at(-1)?.Data).toMatchObject({ desc: "Request Terminated", code: 487 });
});

test("Clear before the socket is open ends without a word to the server", async () => {
  world.chat();
  expect(world.api.Clear()).toBe(0);
  expect(world.events).toEqual([]);
  await later();
  expect(world.story).toEqual(["Connecting", "Clear Call terminated"]);
  expect(FakeSocket.last.readyState).toBe(3);
});

test("18: Clear with nothing open is -1, and as a handler of a click it minds no event", async () => {
  expect(world.api.Clear()).toBe(-1);
  await world.talking();
  expect(world.api.Clear({ type: "click" } as never)).toBe(0);
  expect(world.api.Clear()).toBe(-1);
});

test.each([
  ["19", 486, "Busy Here"],
  ["20", 404, "Not Found"],
  ["", 603, "Decline"],
  ["", 480, "Temporarily Unavailable"],
  ["", 503, "Service Unavailable"],
])("%s: %d ends with its words and no event between", async (_, code, desc) => {
  const socket = await asked();
  socket.says({ t: "trying", id: 1 }, { t: "closed", id: 1, code, desc });
  expect(world.story).toEqual(["Connecting", "Trying", `Clear ${desc}`]);
  expect(world.told("Clear")[0]?.Data.code).toBe(code);
});

test("21: a silent server is waited for 32 seconds", async () => {
  await asked();
  await later(31_000);
  expect(world.story).toEqual(["Connecting"]);
  await later(2_000);
  expect(world.story).toEqual(["Connecting", "Clear Request Timeout"]);
});

test("a socket that never opens is given up after 32 seconds", async () => {
  world.chat();
  await later(33_000);
  expect(world.story).toEqual(["Connecting", "Clear Failed to connect to the server"]);
});

test("22: a closed port", async () => {
  world.chat();
  FakeSocket.last.drop();
  await later(60_000);
  expect(world.story).toEqual(["Connecting", "Clear Failed to connect to the server"]);
  expect(FakeSocket.all).toHaveLength(1);
});

test("a page whose own policy forbids the address: an error, and no close after it", async () => {
  world.chat();
  await later();
  FakeSocket.last.onerror?.({});
  expect(world.story).toEqual(["Connecting", "Clear Failed to connect to the server"]);
});

test("23: a server that selects no sub-protocol", async () => {
  world.chat();
  await later();
  FakeSocket.last.accept("");
  await later(60_000);
  expect(world.story).toEqual(["Connecting", "Clear Failed to connect to the server"]);
  expect(FakeSocket.last.sent).toEqual([]);
});

test("25 and 26: equal ringings are one, other words are another", async () => {
  const socket = await asked();
  const ringing = (desc: string) => ({ t: "ringing", id: 1, desc });
  socket.says({ t: "trying", id: 1 }, ringing("Queued"), ringing("Queued"), ringing("Ringing"), ringing("Ringing"));
  expect(world.story).toEqual(["Connecting", "Trying", "Ringing Queued", "Ringing Ringing"]);
});

test("27: a room without ringing", async () => {
  (await asked()).says({ t: "trying", id: 1 }, joined(1));
  expect(world.story).toEqual(["Connecting", "Trying", "InCall"]);
});

test("28: nothing is said before InCall, nor after Clear", async () => {
  const socket = await asked();
  expect(world.api.Message_C("hi")).toBe(-1);
  socket.says({ t: "trying", id: 1 }, joined(1));
  expect(world.api.Message_C("hi")).toBe(0);
  world.api.Clear();
  expect(world.api.Message_C("hi")).toBe(-1);
});

test("29 and 30: a message goes out as JSON to both sides, and is told as sent when it is stored", async () => {
  const socket = await world.talking();
  expect(world.api.Message_C('{"type":"text","message":"안녕하세요!"}')).toBe(0);
  expect(socket.heard("say")).toEqual([{ t: "say", id: 1, key: expect.stringMatching(/^[a-z\d]{26}-\d+$/), content: text("안녕하세요!"), to: "BOTH" }]);
  expect(world.talk).toEqual([]);
  socket.says({ t: "stored", id: 1, key: socket.heard("say")[0]!.key as string, seq: 1 });
  expect(world.events.at(-1)).toBe(
    `{"Kind":"SIP","Type":"Message_C","Data":{"status":"i_customs_message_send","desc":"Outgoing Message","content":{"type":"text","message":"안녕하세요!"},"dn":"01012345678","Cid":"${CID}","virtualAgent":"3105"}}`,
  );
});

test("31: what is refused, and what is not answered in 32 seconds, has failed", async () => {
  const socket = await world.talking();
  world.api.Message_C("one");
  world.api.Message_C("two");
  socket.says({ t: "failed", id: 1, key: socket.heard("say")[0]!.key as string, code: 503, desc: "Service Unavailable" });
  expect(world.told("Message_C")[0]?.Data).toMatchObject({ status: "i_customs_message_fail", desc: "Service Unavailable", code: 503, content: text("one") });
  socket.says({ t: "ping" });
  await later(32_000);
  expect(world.told("Message_C")[1]?.Data).toMatchObject({ status: "i_customs_message_fail", desc: "Request Timeout", code: 408 });
  expect(world.talk).toEqual(["_fail one", "_fail two"]);
});

test("38: sendtype in any case; another word is -1", async () => {
  const socket = await world.talking();
  const { api } = world;
  expect([api.Message_C("a", "AGENT"), api.Message_C("b", "customer"), api.Message_C("c", ""), api.Message_C("d", undefined), api.Message_C("e", "junk")]).toEqual([0, 0, 0, 0, -1]);
  for (let said = 0; said < 3; said++) {
    socket.says({ t: "stored", id: 1, key: socket.heard("say").at(-1)!.key as string, seq: socket.heard("say").length });
  }
  expect(socket.heard("say").map(({ to }) => to)).toEqual(["AGENT", "CUSTOMER", "BOTH", "BOTH"]);
});

test("39 and 40: what others say comes as the object it is, or as a string where it is none", async () => {
  const socket = await world.talking();
  socket.says(said(1, 4, text("바보"), { dn: "customer" }), said(1, 5, "<just words>", { dn: "1001", agent: "1001" }));
  expect(world.events.slice(-2)).toEqual([
    `{"Kind":"SIP","Type":"Message_C","Data":{"status":"i_customs_message","desc":"Incoming Message","content":{"type":"text","message":"바보"},"dn":"customer","Cid":"${CID}","virtualAgent":"3105"}}`,
    `{"Kind":"SIP","Type":"Message_C","Data":{"status":"i_customs_message","desc":"Incoming Message","content":"<just words>","dn":"1001","Cid":"${CID}","virtualAgent":"1001"}}`,
  ]);
});

test("41: the same line twice is one event", async () => {
  const socket = await world.talking();
  socket.says(said(1, 4, text("a")), said(1, 4, text("a")), said(1, 3, text("older")), said(1, 6, text("b")));
  expect(world.talk).toEqual([" a", " b"]);
});

test("42: three at once go out in order, one at a time", async () => {
  const socket = await world.talking();
  for (const one of ["a", "b", "c"]) world.api.Message_C(one);
  expect(socket.heard("say")).toHaveLength(1);
  for (let seq = 1; seq <= 3; seq++) socket.says({ t: "stored", id: 1, key: socket.heard("say").at(-1)!.key as string, seq });
  expect(world.talk).toEqual(["_send a", "_send b", "_send c"]);
});

test("43 to 45: two rooms have two ids and share a socket; the later is current, a Cid names the other", async () => {
  const socket = await world.talking();
  await world.talking(OTHER);
  expect(FakeSocket.all).toHaveLength(1);
  world.api.Message_C("later");
  expect(world.api.Message_CToSelect(CID, "first", "", "BOTH")).toBe(0);
  expect(world.api.Message_CToSelect("nope", "x", "", "BOTH")).toBe(-1);
  expect(socket.heard("say").map(({ id, content }) => [id, content])).toEqual([[2, text("later")], [1, text("first")]]);
  expect(world.told("InCall").map(({ Data }) => [Data.id, Data.Cid])).toEqual([[1, CID], [2, OTHER]]);
  world.api.Clear();
  socket.says({ t: "closed", id: 2, code: 0, desc: "Call terminated" });
  world.api.Message_C("back");
  world.api.Clear(CID);
  expect(socket.heard("close").map(({ id }) => id)).toEqual([2, 1]);
});

test("another realm gets a socket of its own, and the eleventh room is -1", async () => {
  for (let n = 0; n < 10; n++) expect(world.chat({ realm: n ? "a.test" : "b.test" })).toBe(0);
  expect(world.chat()).toBe(-1);
  expect(FakeSocket.all).toHaveLength(2);
  world.api.Clear();
  expect(world.chat()).toBe(0);
});

test("46: a scenario comes unchanged, and its answer goes out as the guide has it", async () => {
  const socket = await world.talking();
  const menu = { TYPE: "SCENARIO", MESSAGE: { KEYWORD: "HOME", MENU_ID: "CHAT_ROOT", DESC: "환영합니다.\\n 무엇을?", COUNT_BUTTONS: 0, BUTTONS: [] }, NAME: "시나리오 시작" };
  socket.says(said(1, 1, menu, { dn: "bot" }));
  expect(world.told("Message_C")[0]?.Data).toMatchObject({ content: menu, dn: "bot" });
  const choice = '{"TYPE":"SCENARIO","MESSAGE":{"SCENARIO":"CHAT","KEYWORD":"솔루션","MENU_ID":"SOLUTION"}}';
  expect(world.api.Message_C(choice)).toBe(0);
  expect(socket.heard("say")[0]?.content).toEqual(JSON.parse(choice));
});

test("54: a callback that throws stops nothing", async () => {
  const error = vi.spyOn(console, "error").mockImplementation(() => {});
  const told: string[] = [];
  world.api.SetCallBack((json) => {
    told.push(JSON.parse(json).Type);
    throw new Error("theirs");
  });
  await world.talking();
  expect(told).toEqual(["SetCallBack", "Connecting", "Trying", "Ringing", "InCall"]);
  expect(error).toHaveBeenCalledTimes(5);
});

test("55: a socket that is back in two minutes is no event; what was missed comes once, what waits goes out once", async () => {
  const socket = await world.talking();
  socket.says(said(1, 1, text("before")));
  world.api.Message_C("under way");
  const { key } = socket.heard("say")[0]!;
  socket.drop();
  world.api.Message_C("waiting");
  const before = world.events.length;
  for (let passed = 0; passed < 120; passed += 1) {
    await later(1_000);
    const { last } = FakeSocket;
    if (last.readyState === 0 && passed < 119) last.drop();
  }
  await later(15_000);
  const back = FakeSocket.last.accept();
  expect(back.heard()).toEqual([{ t: "resume", id: 1, token: `token-${CID}`, seq: 1, keys: [key], lang: "ko" }]);
  back.says(joined(1, CID, { resumed: true }), { t: "stored", id: 1, key: key as string, seq: 2 }, said(1, 2, text("under way"), { own: true }), said(1, 3, text("missed")));
  // What was under way is said again by the same key: the server stores it once.
  expect(back.heard("say").map(({ content }) => content)).toEqual([text("under way"), text("waiting")]);
  expect(back.heard("say")[0]?.key).toBe(key);
  back.says({ t: "stored", id: 1, key: back.heard("say").at(-1)!.key as string, seq: 4 });
  expect(world.talk).toEqual([" before", "_send under way", " missed", "_send waiting"]);
  expect(world.events).toHaveLength(before + 3);
  expect(world.told("InCall")).toHaveLength(1);
});

test("56: a socket that stays away ends the chat once, after five minutes of waking time", async () => {
  const socket = await world.talking();
  socket.drop();
  world.api.Message_C("lost");
  for (let passed = 0; passed < 298; passed++) {
    await later(1_000);
    if (FakeSocket.last.readyState === 0) FakeSocket.last.drop();
  }
  expect(world.story.at(-1)).toBe("InCall");
  // Two hours of sleep are not waking time.
  vi.setSystemTime(Date.now() + 7_200_000);
  for (let passed = 0; passed < 3 && world.story.at(-1) === "InCall"; passed++) await later(1_000);
  await later(60_000);
  expect(world.story.filter((one) => one.startsWith("Clear"))).toEqual(["Clear Transport error"]);
  expect(world.talk).toEqual(["_fail lost"]);
});

test("sleep does not count as time away", async () => {
  (await world.talking()).drop();
  await later(1_000);
  for (let hour = 0; hour < 3; hour++) {
    vi.setSystemTime(Date.now() + 3_600_000);
    await later(500);
  }
  expect(world.story.at(-1)).toBe("InCall");
});

test("pauses between attempts grow to 15 seconds", async () => {
  const socket = await world.talking();
  vi.spyOn(Math, "random").mockReturnValue(1);
  socket.drop();
  const pauses: number[] = [];
  for (let at = 0, last = 0; at < 100_000; at += 100) {
    await later(100);
    if (FakeSocket.last.readyState !== 0) continue;
    pauses.push(at + 100 - last);
    last = at + 100;
    FakeSocket.last.drop();
  }
  expect(pauses).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000, 15_000, 15_000]);
});

test("while the server is away a hundred messages wait, and the next is -1", async () => {
  const socket = await world.talking();
  socket.drop();
  const answers = Array.from({ length: 101 }, (_, n) => world.api.Message_C(`${n}`));
  expect(answers.filter((answer) => answer === 0)).toHaveLength(100);
  expect(answers.at(-1)).toBe(-1);
  await later(500);
  const back = FakeSocket.last.accept().says(joined(1, CID, { resumed: true }));
  for (let n = 0; n < 100; n++) {
    const out = back.heard("say");
    back.says({ t: "stored", id: 1, key: out.at(-1)!.key as string, seq: n + 1 });
    // The server takes ten a second, so no more are sent.
    while (back.heard("say").length === out.length && n < 99) await later(100);
  }
  expect(world.talk).toEqual(Array.from({ length: 100 }, (_, n) => `_send ${n}`));
});

test("a line that has been silent for 75 seconds is dead; one that is spoken on is not", async () => {
  const socket = await world.talking();
  for (let minute = 0; minute < 4; minute++) {
    await later(30_000);
    socket.says({ t: "ping" });
  }
  expect(socket.heard("pong")).toHaveLength(4);
  expect(FakeSocket.all).toHaveLength(1);
  await later(81_000);
  expect(FakeSocket.all.length).toBeGreaterThan(1);
  FakeSocket.last.accept();
  expect(FakeSocket.last.heard("resume")).toHaveLength(1);
});

test("when the network is back it is not waited for", async () => {
  const socket = await world.talking();
  world.fire("online");
  await later(500);
  expect(FakeSocket.all).toHaveLength(2);
  FakeSocket.last.accept().says(joined(1, CID, { resumed: true }));
  socket.says(said(1, 1, text("from the old socket")));
  world.fire("visibilitychange");
  await later(500);
  expect(FakeSocket.all).toHaveLength(2);
});

test("60: a plain address on a page of https is -1, unless it does not leave the machine", async () => {
  world.location.protocol = "https:";
  expect(world.chat({ url: "ws://foreign.test:6080" })).toBe(-1);
  expect(world.chat({ url: "ws://127.0.0.1:6080" })).toBe(0);
  expect(world.chat({ url: "wss://foreign.test" })).toBe(0);
  FakeSocket.forbidden = true;
  expect(world.chat({ url: "ws://localhost:1" })).toBe(-1);
  await later();
  expect(world.story).toEqual(["Connecting", "Connecting"]);
});

test("61: after a reload the same four parameters lead to the same room, which is replayed once", async () => {
  const socket = await world.talking();
  world.api.Message_C("mine");
  socket.says({ t: "stored", id: 1, key: socket.heard("say")[0]!.key as string, seq: 1 });
  await world.load();
  const again = await asked();
  expect(again.heard()[0]).toMatchObject({ t: "resume", id: 1, token: `token-${CID}`, seq: 0, keys: [] });
  again.says(joined(1, CID, { resumed: true, seq: 2 }), said(1, 1, text("mine"), { own: true, dn: "01012345678" }), said(1, 2, text("theirs")));
  expect(world.story.slice(0, 4)).toEqual(["Connecting", "Trying", "Ringing Ringing", "InCall"]);
  expect(world.talk).toEqual([" mine", " theirs"]);
  expect(world.told("Message_C")[0]?.Data.dn).toBe("01012345678");
  expect(world.told("InCall")[0]?.Data.Cid).toBe(CID);
  // A second room of the same parameters is a room of its own.
  world.chat();
  expect(again.heard("open")).toHaveLength(1);
});

test("a room that has ended since the reload is followed by a new one; another number never sees the token", async () => {
  await world.talking();
  await world.load();
  world.chat({ tel: "01099998888" });
  await later();
  const socket = FakeSocket.last.accept();
  expect(socket.heard().map(({ t }) => t)).toEqual(["open"]);
  world.chat();
  expect(socket.heard().map(({ t }) => t)).toEqual(["open", "resume"]);
  socket.says({ t: "closed", id: 2, code: 410, desc: "Gone" });
  expect(socket.heard().map(({ t, id }) => [t, id])).toEqual([["open", 1], ["resume", 2], ["open", 2]]);
  socket.says({ t: "trying", id: 2 }, joined(2, OTHER));
  expect(world.told("InCall").map(({ Data }) => Data.Cid)).toEqual([OTHER]);
});

test("Clear forgets the room; so does its end, but not the loss of the network", async () => {
  const first = await world.talking();
  world.api.Clear();
  first.says({ t: "closed", id: 1, code: 0, desc: "Call terminated" });
  await world.load();
  const second = await world.talking(OTHER);
  expect(second.heard().map(({ t }) => t)).toEqual(["open"]);
  second.drop();
  for (let passed = 0; passed < 310; passed++) {
    await later(1_000);
    if (FakeSocket.last.readyState === 0) FakeSocket.last.drop();
  }
  expect(world.story.at(-1)).toBe("Clear Transport error");
  expect((await asked()).heard()[0]).toMatchObject({ t: "resume", token: `token-${OTHER}` });
});

test("a room that was left while the server was away is ended when it is back", async () => {
  (await world.talking()).drop();
  world.api.Clear();
  await later(2_000);
  expect(world.story.at(-1)).toBe("Clear Call terminated");
  const back = FakeSocket.last.accept();
  back.says(joined(1, CID, { resumed: true }), said(1, 3, text("too late")));
  expect(back.heard("close")).toEqual([{ t: "close", id: 1 }]);
  back.says({ t: "closed", id: 1, code: 0, desc: "Call terminated" });
  await later(60_000);
  expect(world.talk).toEqual([]);
  expect(FakeSocket.last.readyState).toBe(3);
});

test("a socket lost before the room was there asks again, by the same key", async () => {
  const socket = await asked();
  socket.says({ t: "trying", id: 1 }, { t: "ringing", id: 1, desc: "Queued" });
  socket.drop();
  await later(500);
  const back = FakeSocket.last.accept();
  expect(back.heard("open")[0]?.key).toBe(socket.heard("open")[0]?.key);
  back.says({ t: "trying", id: 1 }, { t: "ringing", id: 1, desc: "Queued" }, joined(1));
  expect(world.story).toEqual(["Connecting", "Trying", "Ringing Queued", "InCall"]);
});

test("extras come only where they are wanted", async () => {
  const socket = await world.talking();
  const frames = [
    { t: "typing", id: 1, dn: "1001", on: true },
    { t: "read", id: 1, dn: "1001", seq: 5 },
    { t: "place", id: 1, place: 2, wait: 40 },
    { t: "moved", id: 1, agent: "1001" },
  ];
  socket.says(...frames);
  expect(world.story.at(-1)).toBe("InCall");
  world.api.options = { extras: true };
  socket.says(...frames, said(1, 7, text("hi"), { agent: "1001" }));
  expect(world.told().slice(-5).map(({ Type, Data }) => [Type, Data])).toEqual([
    ["Composing", { on: true, dn: "1001", Cid: CID, id: 1 }],
    ["Read", { seq: 5, dn: "1001", Cid: CID, id: 1 }],
    ["Place", { place: 2, wait: 40, Cid: CID, id: 1 }],
    ["Moved", { virtualAgent: "1001", Cid: CID, id: 1 }],
    ["Message_C", expect.objectContaining({ seq: 7, at: "2026-01-02T03:04:05.678Z", id: 1 })],
  ]);
  expect(world.api.ext.typing(true)).toBe(0);
  expect(world.api.ext.read(7, CID)).toBe(0);
  expect(world.api.ext.read("x" as never)).toBe(-1);
  expect(socket.heard().slice(-2)).toEqual([{ t: "typing", id: 1, on: true }, { t: "read", id: 1, seq: 7 }]);
});

test("junk from the server is passed over", async () => {
  const socket = await world.talking();
  for (const junk of ["", "null", "[]", "7", "{", '{"t":"finish","id":1}', '{"t":"said"}', '{"t":"said","id":77}', '{"id":1}']) socket.text(junk);
  socket.says({ t: "constructor", id: 1 }, said(1, 1, text("on")));
  expect(world.talk).toEqual([" on"]);
  expect(world.story.at(-1)).toBe("Message_C");
});

test("no function throws, whatever it is given", async () => {
  await world.talking();
  const evil = [undefined, null, 0, NaN, true, Symbol("x"), () => {}, [], {}, new Proxy({}, { get: () => { throw new Error("no"); } }), Object.create(null), "\ud800", 10n];
  for (const one of evil) {
    const { api } = world;
    for (const call of [
      () => api.SetCallBack(typeof one === "function" ? 5 as never : one as never),
      () => api.connectChat(one as never, one as never, one as never, one as never),
      () => api.directCall(one as never, one as never, one as never, one as never, one as never),
      () => api.Message_C("x", one as never) && 0,
      () => api.Message_CToSelect(one as never, one, one, one as never),
      () => api.Mute(one as never, one as never),
    ]) {
      expect([0, -1]).toContain(call());
    }
    expect([0, -1]).toContain(api.Message_C(one));
  }
});
