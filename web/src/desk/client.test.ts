import { expect, test } from "vitest";
import { DeskClient, NoAnswer, Refusal, type Link } from "./client";
import { hello, settle, TestClock, TestServer } from "./testing";

function world(session: boolean | null = true) {
  const clock = new TestClock();
  const server = new TestServer();
  const client = new DeskClient({ open: server.open, clock, lang: () => "ko", session: async () => session });
  const links: Link[] = [];
  const events: number[] = [];
  let hellos = 0;
  let ended = 0;
  client.on("link", (link) => links.push(link));
  client.on("event", (event) => events.push(event.seq));
  client.on("hello", () => void hellos++);
  client.on("ended", () => void ended++);
  client.start();
  const greet = async (over = {}) => {
    server.last.opened();
    server.last.answer("hello", hello(over));
    await settle();
  };
  return { clock, server, client, links, events, greet, hellos: () => hellos, ended: () => ended };
}

test("it says hello first, and asks nothing before it is answered", async () => {
  const { server, client, links, greet } = world();
  await expect(client.ask("people", {})).rejects.toEqual(new NoAnswer("lost"));
  await greet();
  expect(server.last.sent[0]).toEqual({ id: 1, do: "hello", lang: "ko" });
  expect(links).toEqual(["connecting", "online"]);
});

test("an answer finds its own request, a refusal says why", async () => {
  const { server, client, greet } = world();
  await greet();
  const first = client.ask("accept", { contact: "a" });
  const second = client.ask("people", {});
  server.last.answer("people", { agents: [], queues: [] });
  server.last.refuse("accept", "contact.none");
  await expect(second).resolves.toEqual({ agents: [], queues: [] });
  await expect(first).rejects.toEqual(new Refusal("contact.none", "contact.none"));
});

test("a silent server is late after ten seconds", async () => {
  const { clock, server, client, greet } = world();
  await greet();
  const asked = expect(client.ask("accept", { contact: "a" })).rejects.toEqual(new NoAnswer("late"));
  for (let i = 0; i < 3; i++) {
    await clock.pass(4_000);
    if (server.last.sent.some((one) => one.do === "ping")) server.last.answer("ping", { at: clock.now() });
  }
  await asked;
});

test("events that hello has told already are not told again", async () => {
  const { server, events, greet } = world();
  await greet({ seq: 10 });
  for (const seq of [10, 11, 11, 12]) server.last.tell({ seq, at: 1, ev: "agent", channels: {} });
  expect(events).toEqual([11, 11, 12]);
});

test("in a realm where nothing has happened yet the first event counts", async () => {
  const { server, client, events, greet } = world();
  await greet({ seq: 0 });
  server.last.tell({ seq: 1, at: 1, ev: "agent", channels: {} });
  expect(events).toEqual([1]);
  void client.ask("people", {}).catch(() => {});
  expect(server.last.asked("people")).toBeDefined();
});

test("a socket that is back within two seconds alarms nobody", async () => {
  const { clock, server, links, greet } = world();
  await greet();
  server.last.close();
  await clock.pass(600);
  await greet();
  expect(links).toEqual(["connecting", "online", "lost", "online"]);
  expect(server.sockets).toHaveLength(2);
});

test("after two seconds the desk is offline, until the next hello", async () => {
  const { clock, server, links, greet, hellos } = world();
  await greet();
  server.last.close();
  await clock.pass(2_100);
  expect(links.at(-1)).toBe("offline");
  await greet();
  expect(links.at(-1)).toBe("online");
  expect(hellos()).toBe(2);
});

test("a missing pong: offline after two seconds, a new socket after five", async () => {
  const { clock, server, links, greet } = world();
  await greet();
  await clock.pass(5_000);
  expect(server.last.asked("ping")).toBeDefined();
  await clock.pass(1_900);
  expect(links.at(-1)).toBe("online");
  await clock.pass(200);
  expect(links.at(-1)).toBe("offline");
  await clock.pass(3_500);
  expect(server.sockets).toHaveLength(2);
  expect(server.sockets[0]?.closed).toBe(true);
});

test("a late pong on the same socket ends the alarm without a new hello", async () => {
  const { clock, server, links, greet, hellos } = world();
  await greet();
  await clock.pass(8_000);
  expect(links.at(-1)).toBe("offline");
  server.last.answer("ping", { at: clock.now() });
  await settle();
  expect(links.at(-1)).toBe("online");
  expect(hellos()).toBe(1);
});

test("it retries at 0.5 s, doubling to 15 s, and at once when the network wakes", async () => {
  const { clock, server, client } = world();
  const waits: number[] = [];
  for (let i = 0; i < 7; i++) {
    const before = server.sockets.length;
    const from = clock.now();
    server.last.close();
    while (server.sockets.length === before) await clock.pass(50);
    waits.push(Math.round((clock.now() - from) / 500) / 2);
  }
  expect(waits).toEqual([0.5, 1, 2, 4, 8, 15, 15]);
  server.last.close();
  await settle();
  const before = server.sockets.length;
  client.wake();
  expect(server.sockets).toHaveLength(before + 1);
});

test("who waits for an answer hears that the connection is lost, at once", async () => {
  const { server, client, greet } = world();
  await greet();
  const asked = client.ask("accept", { contact: "a" });
  server.last.close();
  await expect(asked).rejects.toEqual(new NoAnswer("lost"));
});

test("a dead socket's last words are not heard", async () => {
  const { clock, server, events, greet } = world();
  await greet();
  const old = server.last;
  old.close();
  await clock.pass(600);
  await greet({ seq: 20 });
  old.tell({ seq: 99, at: 1, ev: "agent", channels: {} });
  old.close();
  expect(events).toEqual([]);
  expect(server.sockets).toHaveLength(2);
});

test("4401 ends it; so does a door that stays shut without a session", async () => {
  const kicked = world();
  await kicked.greet();
  kicked.server.last.close(4401);
  expect(kicked.ended()).toBe(1);
  await kicked.clock.pass(60_000);
  expect(kicked.server.sockets).toHaveLength(1);

  const shut = world(false);
  shut.server.last.close();
  await settle();
  expect(shut.ended()).toBe(1);
  const unknown = world(null);
  unknown.server.last.close();
  await settle();
  expect(unknown.ended()).toBe(0);
});

test("it knows the server's time", async () => {
  const { client, clock, greet } = world();
  await greet({ at: clock.now() + 42_000 });
  expect(client.now()).toBe(clock.now() + 42_000);
});

test("after a wake a half-open socket is believed for a second and a half, not for five", async () => {
  const { clock, server, client, links, greet } = world();
  await greet();
  await clock.pass(8_000);
  expect(links.at(-1)).toBe("offline");
  client.wake();
  await clock.pass(1_600);
  expect(server.sockets).toHaveLength(2);
  await greet();
  expect(links.at(-1)).toBe("online");
});

test("after a wake a socket that hangs before its greeting is given up", async () => {
  const { clock, server, client, greet, links } = world();
  await greet();
  server.last.close();
  await clock.pass(3_000);
  const hanging = server.sockets.length;
  expect(links.at(-1)).toBe("offline");
  client.wake();
  expect(server.sockets).toHaveLength(hanging + 1);
  expect(server.sockets.at(-2)?.closed).toBe(true);
  client.wake();
  expect(server.sockets, "a young one is left alone").toHaveLength(hanging + 1);
  await greet();
  expect(links.at(-1)).toBe("online");
});

test("no more frames go in a second than the server takes, in order, and none is lost", async () => {
  const { clock, server, client, greet } = world();
  await greet();
  await clock.pass(1_000);
  for (let n = 1; n <= 100; n++) void client.ask("read", { contact: "c", n }).catch(() => {});
  const sent = () => server.last.sent.filter((one) => one.do === "read").map(({ n }) => n);
  expect(sent()).toHaveLength(40);
  await clock.pass(1_000);
  expect(sent()).toHaveLength(80);
  await clock.pass(1_000);
  expect(sent()).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
});
