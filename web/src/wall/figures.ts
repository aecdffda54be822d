/** What a wallboard makes of its rows: sums, shares, what an agent is doing, and which limits are broken. Nothing here draws. */
import type { AgentRow, AtHand, Figures, Line, Quarter, QueueRow, WallLimits } from "./wire";

export interface Filter {
  /** A group's number, as text; empty is all. */
  readonly group: string;
  readonly queue: string;
  readonly channel: string;
}

export const ALL: Filter = { group: "", queue: "", channel: "" };

export const QUARTER_MS = 15 * 60_000;

/** The lines of a queue that the filter lets through. */
export function linesOf(queue: QueueRow, filter: Filter): readonly Line[] {
  return Object.entries(queue.channels)
    .filter(([channel]) => filter.channel === "" || channel === filter.channel)
    .map(([, line]) => line);
}

export function showsQueue(queue: QueueRow, filter: Filter): boolean {
  return (filter.group === "" || String(queue.group) === filter.group) && (filter.queue === "" || queue.id === filter.queue);
}

/** `group` is that of the queue that is chosen, where one is. */
export function showsAgent(agent: AgentRow, filter: Filter, group: number | undefined): boolean {
  return (
    (filter.group === "" || agent.groups.includes(Number(filter.group))) &&
    (group === undefined || agent.groups.includes(group)) &&
    (filter.channel === "" || filter.channel in agent.channels || agent.at_hand.some(({ channel }) => channel === filter.channel))
  );
}

const NONE: Figures = { offered: 0, answered: 0, in_time: 0, abandoned: 0, passed: 0, waited: 0, handled: 0, talked: 0, after: 0 };

export interface Sum extends Figures {
  readonly waiting: number;
  readonly oldest: number | undefined;
  readonly ready: number;
  readonly loggedOn: number;
}

export function sum(lines: readonly Line[]): Sum {
  const total = { ...NONE, waiting: 0, oldest: undefined as number | undefined, ready: 0, loggedOn: 0 };
  for (const line of lines) {
    for (const key of Object.keys(NONE) as (keyof Figures)[]) total[key] += line.today[key];
    total.waiting += line.waiting;
    if (line.oldest !== undefined) total.oldest = Math.min(total.oldest ?? line.oldest, line.oldest);
    total.ready = Math.max(total.ready, line.ready);
    total.loggedOn = Math.max(total.loggedOn, line.logged_on);
  }
  return total;
}

const share = (part: number, whole: number): number | undefined => (whole > 0 ? (part / whole) * 100 : undefined);

/** Of those who were answered or lost, how many were answered in time: of a hundred. */
export const serviceLevel = (f: Figures) => share(f.in_time, f.answered + f.abandoned);
export const answerRate = (f: Figures) => share(f.answered, f.answered + f.abandoned);
export const lossRate = (f: Figures) => share(f.abandoned, f.answered + f.abandoned);
/** Mean times in milliseconds; none while there is nothing to take the mean of. */
export const handleTime = (f: Figures) => (f.handled > 0 ? (f.talked + f.after) / f.handled : undefined);
export const waitTime = (f: Figures) => (f.answered > 0 ? f.waited / f.answered : undefined);

/** 86.4, 100, or a dash. */
export function percent(value: number | undefined): string {
  if (value === undefined) return "–";
  return value === 100 || value === 0 ? String(value) : (Math.floor(value * 10) / 10).toFixed(1);
}

/** The quarters of all lines, summed; newer rows have only the newest quarters, so they are taken over those that are known. */
export function mergeQuarters(old: readonly Quarter[] | undefined, news: readonly Quarter[] | undefined): readonly Quarter[] {
  if (!old || old.length === 0) return news ?? [];
  if (!news || news.length === 0) return old;
  const first = news[0]?.[0] ?? Infinity;
  return [...old.filter(([at]) => at < first), ...news];
}

export function series(lines: readonly Line[], day: number, now: number): Quarter[] {
  const counts = new Map<number, [number, number, number]>();
  for (const line of lines) {
    for (const [at, offered, answered, abandoned] of line.quarters ?? []) {
      const count = counts.get(at) ?? [0, 0, 0];
      counts.set(at, [count[0] + offered, count[1] + answered, count[2] + abandoned]);
    }
  }
  const known = [...counts.keys()].filter((at) => at >= day);
  if (known.length === 0) return [];
  const all: Quarter[] = [];
  const last = Math.floor(now / QUARTER_MS) * QUARTER_MS;
  // At least an hour, so that the first contact of a day is not a point.
  const first = Math.max(day, Math.min(Math.min(...known), last - 4 * QUARTER_MS));
  for (let at = first; at <= last; at += QUARTER_MS) all.push([at, ...(counts.get(at) ?? [0, 0, 0])]);
  return all;
}

/** What an agent is doing, by what counts most. */
export type Doing = "talking" | "chatting" | "offered" | "wrapup" | "ready" | "after_work" | "not_ready" | "off";

export interface Standing {
  readonly doing: Doing;
  readonly reason: number;
  readonly since: number;
  readonly hand: AtHand | undefined;
}

export function standing(agent: AgentRow): Standing {
  const oldest = (fits: (hand: AtHand) => boolean) =>
    agent.at_hand.filter(fits).reduce<AtHand | undefined>((old, hand) => (old && old.since <= hand.since ? old : hand), undefined);
  const found = (doing: Doing, hand: AtHand): Standing => ({ doing, reason: 0, since: hand.since, hand });
  const call = oldest(({ channel, stage }) => channel === "voice" && ["talking", "held", "dialing", "listening"].includes(stage));
  if (call) return found("talking", call);
  const chat = oldest(({ stage }) => stage === "talking" || stage === "held");
  if (chat) return found("chatting", chat);
  const offer = oldest(({ stage }) => stage === "offered");
  if (offer) return found("offered", offer);
  const wrapup = oldest(({ stage }) => stage === "wrapup");
  if (wrapup) return found("wrapup", wrapup);
  const states = Object.values(agent.channels);
  for (const doing of ["ready", "after_work", "not_ready"] as const) {
    const state = states.find(({ state }) => state === doing);
    if (state) return { doing, reason: state.reason ?? 0, since: state.since, hand: undefined };
  }
  return { doing: "off", reason: 0, since: 0, hand: undefined };
}

export type Broken =
  | { readonly kind: "waiting" | "service_level" | "abandoned"; readonly of: string; readonly name: string; readonly value: number; readonly limit: number }
  | { readonly kind: "oldest" | "talking" | "after_work" | "not_ready"; readonly of: string; readonly name: string; readonly since: number; readonly limit: number };

/** Which limits a queue breaks now. */
export function brokenBy(queue: QueueRow, figures: Sum, limits: WallLimits, now: number): Broken[] {
  const all: Broken[] = [];
  const of = queue.id;
  const name = queue.name;
  const level = serviceLevel(figures);
  const lost = lossRate(figures);
  if (limits.waiting !== undefined && figures.waiting >= limits.waiting)
    all.push({ kind: "waiting", of, name, value: figures.waiting, limit: limits.waiting });
  if (limits.oldest !== undefined && figures.oldest !== undefined && now - figures.oldest >= limits.oldest)
    all.push({ kind: "oldest", of, name, since: figures.oldest, limit: limits.oldest });
  if (limits.service_level !== undefined && level !== undefined && level < limits.service_level)
    all.push({ kind: "service_level", of, name, value: level, limit: limits.service_level });
  if (limits.abandoned !== undefined && lost !== undefined && lost > limits.abandoned)
    all.push({ kind: "abandoned", of, name, value: lost, limit: limits.abandoned });
  return all;
}

/** Is an agent longer in what they do than they should be? */
export function overdue(stand: Standing, limits: WallLimits, now: number): { kind: "talking" | "after_work" | "not_ready"; limit: number } | undefined {
  const kind = { talking: "talking", chatting: "talking", wrapup: "after_work", after_work: "after_work", not_ready: "not_ready" }[
    stand.doing as "talking"
  ] as "talking" | "after_work" | "not_ready" | undefined;
  const limit = kind && limits[kind];
  return kind && limit !== undefined && now - stand.since >= limit ? { kind, limit } : undefined;
}
