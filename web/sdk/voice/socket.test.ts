/** The socket under JsSIP: what it tells, and what it keeps from JsSIP. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { FakeSocket } from "../testing.ts";
import { RETURN_MS, SipSocket } from "./socket.ts";

const listener = { response: vi.fn(), back: vi.fn(), failed: vi.fn() };
let socket: SipSocket;
beforeEach(() => {
  FakeSocket.all = [];
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeSocket);
  for (const one of Object.values(listener)) one.mockReset();
  socket = new SipSocket("wss://sbc.test:6081/", listener);
  Object.assign(socket, { onconnect: vi.fn(), ondisconnect: vi.fn(), ondata: vi.fn() });
  socket.connect();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});
const later = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);
const response = (line: string, method: string) => `SIP/2.0 ${line}\r\nVia: SIP/2.0/WSS x;branch=z9\r\nCSeq: 1 ${method}\r\n\r\n`;

test("9: it offers sip, and is in the words that SIP needs", () => {
  expect(FakeSocket.last.offered).toBe("sip");
  expect([socket.via_transport, socket.sip_uri]).toEqual(["WSS", "sip:sbc.test:6081;transport=ws"]);
});

test("11: responses are told before JsSIP has them, 100 too", () => {
  FakeSocket.last.accept();
  FakeSocket.last.text(response("100 Trying", "INVITE"));
  FakeSocket.last.text(response("200 OK", "BYE"));
  FakeSocket.last.text("BYE sip:x SIP/2.0\r\nCSeq: 2 BYE\r\n\r\n");
  expect(listener.response.mock.calls).toEqual([[100, "Trying", "INVITE"], [200, "OK", "BYE"]]);
  expect(socket.ondata).toHaveBeenCalledTimes(3);
});

test.each(["", "chat"])("23: a server that selects %j has not been reached", async (protocol) => {
  FakeSocket.last.accept(protocol);
  await later(0);
  expect(listener.failed.mock.calls).toEqual([[false]]);
});

test("55: a lost socket is replaced underneath, and what was to be sent goes out then", async () => {
  FakeSocket.last.accept();
  FakeSocket.last.drop();
  expect(socket.isConnected()).toBe(true);
  socket.send("held back");
  await later(20_000);
  for (let n = 0; n < 5; n++) {
    FakeSocket.last.drop();
    await later(500);
  }
  FakeSocket.last.accept();
  expect(FakeSocket.last.sent).toEqual(["held back"]);
  expect(listener.back).toHaveBeenCalledTimes(1);
  expect(socket.ondisconnect).not.toHaveBeenCalled();
});

test("56: one that stays away for 30 seconds has failed, once", async () => {
  FakeSocket.last.accept();
  FakeSocket.last.drop();
  for (let passed = 0; passed < RETURN_MS + 5_000; passed += 500) {
    await later(500);
    if (FakeSocket.last.readyState === 0) FakeSocket.last.drop();
  }
  expect(listener.failed.mock.calls).toEqual([[true]]);
  const { length } = FakeSocket.all;
  await later(60_000);
  expect(FakeSocket.all).toHaveLength(length);
});
