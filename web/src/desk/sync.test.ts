import { expect, test } from "vitest";
import { NoAnswer, Refusal } from "./client";
import { fromHello, type World } from "./reduce";
import { Sync } from "./sync";
import { contact, hello, item } from "./testing";

function world(total: number) {
  const holder = {
    current: fromHello(null, hello({ contacts: [contact({ last: total })] })) as World,
    change: (how: (world: World) => World) => void (holder.current = how(holder.current)),
  };
  const server = { total, error: null as Error | null, asked: 0 };
  const ask = async (_: string, take: { before?: number; after?: number; limit: number }) => {
    server.asked++;
    if (server.error) throw server.error;
    const all = Array.from({ length: server.total }, (_, index) => item(index + 1));
    const { before = Infinity, after = 0, limit } = take;
    const fit = all.filter(({ n }) => n < before && n > after);
    const items = after > 0 ? fit.slice(0, limit) : fit.slice(-limit);
    return { items, more: fit.length > limit };
  };
  const sync = new Sync({ ask: ask as never }, holder);
  return { holder, server, sync, room: () => holder.current.rooms.r1! };
}

test("a new room gets its newest fifty, older ones on demand", async () => {
  const { sync, room } = world(70);
  await sync.room("r1");
  expect(room().items.map(({ n }) => n)).toEqual(Array.from({ length: 50 }, (_, index) => index + 21));
  expect(room()).toMatchObject({ more: true, state: "live" });
  await sync.older("r1");
  expect(room().items).toHaveLength(70);
  expect(room().more).toBe(false);
});

test("a gap of any size is filled without a hole", async () => {
  const { holder, server, sync, room } = world(10);
  await sync.room("r1");
  server.total = 260;
  holder.current = fromHello(holder.current, hello({ contacts: [contact({ last: 260 })] }));
  await sync.room("r1");
  expect(room().items.map(({ n }) => n)).toEqual(Array.from({ length: 260 }, (_, index) => index + 1));
  expect(room().state).toBe("live");
});

test("a refusal shows and can be tried again; a lost connection is silent", async () => {
  const { server, sync, room } = world(3);
  server.error = new NoAnswer("lost");
  await sync.room("r1");
  expect(room().state).toBe("new");
  server.error = new Refusal("room.none", "");
  await sync.room("r1");
  expect(room().state).toBe("failed");
  server.error = null;
  await sync.room("r1");
  expect(room()).toMatchObject({ state: "live", items: { length: 3 } });
});

test("an older page that fails says so and keeps the rest", async () => {
  const { server, sync, room } = world(60);
  await sync.room("r1");
  server.error = new NoAnswer("late");
  await sync.older("r1");
  expect(room()).toMatchObject({ older: "failed", items: { length: 50 } });
});
