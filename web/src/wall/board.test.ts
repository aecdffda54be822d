import { expect, test } from "vitest";
import { Board, STALE_MS } from "./board.svelte";
import type { AgentRow, Figures, QueueRow, Quarter } from "./wire";

const today: Figures = { offered: 0, answered: 0, in_time: 0, abandoned: 0, passed: 0, waited: 0, handled: 0, talked: 0, after: 0 };
const agent = (id: string, name = id): AgentRow => ({ id, name, groups: [], channels: {}, at_hand: [], today });
const queue = (waiting: number, quarters: readonly Quarter[]): QueueRow => ({
  id: "3001",
  name: "배송",
  group: 401,
  target: 20_000,
  channels: { chat: { waiting, ready: 0, logged_on: 0, today, quarters } },
});

function board(): Board {
  return new Board({
    open: () => ({ send: () => {}, close: () => {} }),
    clock: { now: () => 0, after: () => () => {}, chance: () => 0 },
    lang: () => "ko",
    session: async () => null,
    ended: () => {},
    acted: () => {},
  });
}

test("rows that changed are taken up, others stay the very same, and who is gone goes", () => {
  const wall = board();
  wall.take({ at: 1, whole: true, day: 0, queues: [queue(1, [[0, 1, 0, 0]])], agents: [agent("1001"), agent("1002"), agent("1003")], limits: { waiting: 5 } });
  const other = wall.agents.get("1002");
  const before = other?.value;
  wall.take({ at: 2, agents: [agent("1001", "새 이름")], gone: ["1003"], queues: [queue(2, [[900_000, 2, 1, 0]])] });
  expect(wall.agents.get("1001")?.value.name).toBe("새 이름");
  expect(wall.agents.get("1002")).toBe(other);
  expect(other?.value).toBe(before);
  expect([...wall.agents.keys()]).toEqual(["1001", "1002"]);
  expect(wall.queues.get("3001")?.value.channels.chat).toMatchObject({ waiting: 2, quarters: [[0, 1, 0, 0], [900_000, 2, 1, 0]] });
  expect(wall.limits).toEqual({ waiting: 5 });
  // A whole one has all that there is.
  wall.take({ at: 3, whole: true, queues: [], agents: [agent("1002")] });
  expect([...wall.agents.keys()]).toEqual(["1002"]);
  expect(wall.queues.size).toBe(0);
});

test("figures are stale when nothing was heard for long, and not before", () => {
  const wall = board();
  expect(wall.stale).toBe(false);
  wall.take({ at: Date.now() });
  wall.ticker.now = wall.heard + STALE_MS;
  expect([wall.quiet, wall.stale]).toEqual([true, false]);
  wall.ticker.now = wall.heard + STALE_MS + 1;
  expect([wall.quiet, wall.stale]).toEqual([false, true]);
  wall.take({ at: wall.ticker.now });
  expect([wall.quiet, wall.stale]).toEqual([false, false]);
});
