import { expect, test } from "vitest";
import { Gateway, reach, type Link, type Socket } from "./gateway";

class FakeSocket implements Socket {
  onopen: Socket["onopen"] = null;
  onmessage: Socket["onmessage"] = null;
  onclose: Socket["onclose"] = null;
  readonly wire: string[] = [];
  send(text: string): void {
    this.wire.push(text);
  }
  close(): void {
    this.onclose?.({ code: 1000, reason: "" });
  }
}

function bench(open?: () => Socket) {
  const sockets: FakeSocket[] = [];
  const links: Link[] = [];
  const made = () => {
    const socket = new FakeSocket();
    sockets.push(socket);
    return socket;
  };
  const gateway = new Gateway(open ?? made, { link: (link) => links.push(link), sent: () => {}, received: () => {} });
  return { gateway, sockets, phases: () => links.map(({ phase }) => phase) };
}

test("a log-in opens the connection, asks, and is in only when the gateway says 1", () => {
  const { gateway, sockets, phases } = bench();
  gateway.logIn("cube", "cube123");
  expect(gateway.send("{}")).toBe(false);
  sockets[0]?.onopen?.();
  expect(sockets[0]?.wire).toEqual(['{"fname":"login","id":"cube","pwd":"cube123"}']);
  gateway.answered({ fname: "login" }, { result: 1 });
  expect(phases()).toEqual(["connecting", "loggingIn", "in"]);
});

test("a refused log-in keeps its result, and the next one goes over the same connection", () => {
  const { gateway, sockets } = bench();
  gateway.logIn("cube", "wrong");
  sockets[0]?.onopen?.();
  gateway.answered({ fname: "login" }, { result: "-4007" });
  expect(gateway.link).toEqual({ phase: "refused", result: "-4007" });
  gateway.logIn("cube", "cube123");
  expect([sockets.length, sockets[0]?.wire.length]).toEqual([1, 2]);
});

test("only its own log-in and a log-out that was granted change anything", () => {
  const { gateway, sockets } = bench();
  gateway.logIn("cube", "cube123");
  sockets[0]?.onopen?.();
  gateway.answered({ fname: "login" }, { result: "1" });
  gateway.answered({ fname: "logout" }, { result: -4008 });
  gateway.answered({ fname: "dial" }, { result: -4005 });
  expect(gateway.link.phase).toBe("in");
  gateway.answered({ fname: "logout" }, { result: 1 });
  expect(gateway.link.phase).toBe("out");
});

test("a lost connection says its code and whether it ever was one; the next log-in makes a new one", () => {
  const { gateway, sockets } = bench();
  gateway.logIn("cube", "cube123");
  sockets[0]?.onclose?.({ code: 1006, reason: "" });
  expect(gateway.link).toEqual({ phase: "lost", code: 1006, reason: "", opened: false });
  gateway.logIn("cube", "cube123");
  sockets[1]?.onopen?.();
  sockets[1]?.onclose?.({ code: 1008, reason: "too many requests" });
  expect(gateway.link).toEqual({ phase: "lost", code: 1008, reason: "too many requests", opened: true });
  expect(gateway.send("{}")).toBe(false);
});

test("a connection that the browser forbids is one that was not reached", () => {
  const { gateway } = bench(() => {
    throw new DOMException("insecure", "SecurityError");
  });
  gateway.logIn("cube", "cube123");
  expect(gateway.link).toMatchObject({ phase: "lost", opened: false });
});

test.each([
  ["ws://127.0.0.1:8877", "localhost", "ws://127.0.0.1:8877"],
  ["ws://127.0.0.1:8877", "127.0.0.1", "ws://127.0.0.1:8877"],
  ["ws://127.0.0.1:8877", "cti.example", "ws://cti.example:8877"],
  ["wss://[::1]:8877", "10.0.0.5", "wss://10.0.0.5:8877"],
  ["ws://10.0.0.5:8877", "cti.example", "ws://10.0.0.5:8877"],
])("%s seen from %s is reached at %s", (announced, host, expected) => {
  expect(reach(announced, host)).toBe(expected);
});
