import { expect, test } from "vitest";
import { brokenBy, mergeQuarters, overdue, percent, QUARTER_MS, series, serviceLevel, showsAgent, standing, sum } from "./figures";
import type { AgentRow, Figures, Line, QueueRow } from "./wire";

const none: Figures = { offered: 0, answered: 0, in_time: 0, abandoned: 0, passed: 0, waited: 0, handled: 0, talked: 0, after: 0 };
const line = (today: Partial<Figures>, more: Partial<Line> = {}): Line => ({ waiting: 0, ready: 0, logged_on: 0, today: { ...none, ...today }, ...more });
const agent = (more: Partial<AgentRow>): AgentRow => ({ id: "1001", name: "김서연", groups: [401], channels: {}, at_hand: [], today: none, ...more });
const queue = (chat: Line): QueueRow => ({ id: "3001", name: "배송", group: 401, target: 20_000, channels: { chat } });

test("figures of several lines add up, and the longest wait is the oldest", () => {
  const total = sum([line({ answered: 8, in_time: 6, abandoned: 2 }, { waiting: 2, oldest: 50 }), line({ answered: 2, in_time: 2 }, { waiting: 1, oldest: 20 })]);
  expect(total).toMatchObject({ answered: 10, in_time: 8, waiting: 3, oldest: 20 });
  expect(percent(serviceLevel(total))).toBe("66.6");
  expect(serviceLevel(sum([line({})]))).toBeUndefined();
  expect(percent(undefined)).toBe("–");
});

test("each broken limit of a queue is named, and one that is not set never is", () => {
  const row = queue(line({ answered: 1, in_time: 0, abandoned: 1 }, { waiting: 5, oldest: 1_000 }));
  const figures = sum(Object.values(row.channels));
  const kinds = (limits: object, now = 61_000) => brokenBy(row, figures, limits, now).map(({ kind }) => kind);
  expect(kinds({ waiting: 5, oldest: 60_000, service_level: 80, abandoned: 40 })).toEqual(["waiting", "oldest", "service_level", "abandoned"]);
  expect(kinds({ waiting: 6, oldest: 60_001, abandoned: 50 })).toEqual([]);
  expect(kinds({})).toEqual([]);
});

test("an agent is shown by what counts most", () => {
  const hand = (stage: string, channel = "chat", since = 10) => ({ contact: stage, channel, customer: "홍길동", stage, since });
  const ready = { chat: { state: "ready", since: 5 } };
  expect(standing(agent({})).doing).toBe("off");
  expect(standing(agent({ channels: ready }))).toMatchObject({ doing: "ready", since: 5 });
  expect(standing(agent({ channels: ready, at_hand: [hand("wrapup")] })).doing).toBe("wrapup");
  expect(standing(agent({ channels: ready, at_hand: [hand("wrapup"), hand("talking", "chat", 30), hand("talking", "chat", 20)] }))).toMatchObject({ doing: "chatting", since: 20 });
  expect(standing(agent({ at_hand: [hand("talking"), hand("held", "voice")] })).doing).toBe("talking");
  const away = standing(agent({ channels: { chat: { state: "not_ready", reason: 2, since: 0 } } }));
  expect(away).toMatchObject({ doing: "not_ready", reason: 2 });
  expect(overdue(away, { not_ready: 60_000 }, 59_999)).toBeUndefined();
  expect(overdue(away, { not_ready: 60_000 }, 60_000)?.kind).toBe("not_ready");
});

test("newer quarters take the place of the known ones, and gaps are drawn as nothing", () => {
  const known = mergeQuarters([[0, 1, 1, 0], [QUARTER_MS, 2, 1, 0]], [[QUARTER_MS, 3, 2, 1]]);
  expect(known).toEqual([[0, 1, 1, 0], [QUARTER_MS, 3, 2, 1]]);
  const drawn = series([line({}, { quarters: known }), line({}, { quarters: [[0, 1, 0, 0]] })], 0, 3 * QUARTER_MS + 5);
  expect(drawn).toEqual([[0, 2, 1, 0], [QUARTER_MS, 3, 2, 1], [2 * QUARTER_MS, 0, 0, 0], [3 * QUARTER_MS, 0, 0, 0]]);
});

test("a filter lets agents of its group and channel through", () => {
  const one = agent({ channels: { chat: { state: "ready", since: 0 } } });
  const all = { group: "", queue: "", channel: "" };
  expect(showsAgent(one, all, undefined)).toBe(true);
  expect(showsAgent(one, { ...all, group: "402" }, undefined)).toBe(false);
  expect(showsAgent(one, { ...all, channel: "voice" }, undefined)).toBe(false);
  expect(showsAgent(one, all, 402)).toBe(false);
});
