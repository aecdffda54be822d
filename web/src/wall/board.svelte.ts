/**
 * A wallboard's state. Each row is a box of its own, so that a row that changes is drawn anew and no other.
 * What is stale is kept and shown as such, never emptied.
 */
import { SvelteMap } from "svelte/reactivity";
import { DeskClient, type Clock, type Link, type OpenWire } from "../desk/client";
import type { Acted, AgentRow, Line, NoticeRow, QueueRow, WallLimits, WallNews } from "./wire";
import type { Reason } from "../desk/wire";
import type { User } from "../login/session";
import { Ticker } from "../ui/ticker.svelte";
import { mergeQuarters } from "./figures";

/** Without news for this long, the wallboard says so; after the second, it looks so. */
export const QUIET_MS = 5_000;
export const STALE_MS = 15_000;

export interface Options {
  readonly open: OpenWire;
  readonly clock: Clock;
  readonly lang: () => string;
  readonly session: () => Promise<boolean | null>;
  readonly ended: () => void;
  readonly acted: (name: string, act: Acted) => void;
}

/** A row whose reading is noticed by itself. */
export class Box<T> {
  value: T = $state.raw() as T;
  constructor(value: T) {
    this.value = value;
  }
}

export class Board {
  readonly client: DeskClient;
  readonly ticker = new Ticker();
  readonly queues = new SvelteMap<string, Box<QueueRow>>();
  readonly agents = new SvelteMap<string, Box<AgentRow>>();
  groups = $state.raw<readonly { readonly id: number; readonly name: string }[]>([]);
  limits = $state.raw<WallLimits>({});
  notices = $state.raw<readonly NoticeRow[]>([]);
  reasons = $state.raw<readonly Reason[]>([]);
  user = $state.raw<User | null>(null);
  /** The beginning of the day that is shown. */
  day = $state(0);
  /** When the server was last heard, by its clock; 0 before it was. */
  heard = $state(0);
  link = $state<Link>("connecting");
  /** It was refused. */
  failed = $state("");

  readonly age = $derived(Math.max(0, this.ticker.now - this.heard));
  readonly stale = $derived(this.heard > 0 && (this.link === "offline" || this.age > STALE_MS));
  readonly quiet = $derived(this.heard > 0 && !this.stale && this.age > QUIET_MS);

  constructor(options: Options) {
    const { open, clock, lang, session } = options;
    this.client = new DeskClient({ open, clock, lang, session });
    this.client.on("offset", (offset) => void (this.ticker.offset = offset));
    this.client.on("link", (link) => void (this.link = link));
    this.client.on("ended", options.ended);
    this.client.on("hello", (hello) => {
      this.reasons = hello.reasons;
      this.user = hello.user;
      void this.#begin();
    });
    this.client.on("signal", (signal) => void (signal.sig === "wall" && this.take(signal)));
    this.client.on("event", (event) => {
      if (event.ev === "acted") options.acted(event.by === this.user?.id ? "" : event.name, event.act);
    });
  }

  async #begin(): Promise<void> {
    try {
      this.take(await this.client.ask("wall", {}));
      this.failed = "";
    } catch (error) {
      // A connection that was lost meanwhile greets again, and asks again.
      if (error instanceof Error && error.name === "Refusal") this.failed = error.message;
    }
  }

  take(news: WallNews): void {
    this.heard = news.at;
    if (this.ticker.now < news.at) this.ticker.beat();
    if (news.day !== undefined) this.day = news.day;
    if (news.groups) this.groups = news.groups;
    if (news.limits) this.limits = news.limits;
    if (news.notices) this.notices = news.notices;
    put(this.queues, news.queues, news.whole, withQuarters);
    put(this.agents, news.agents, news.whole, (_, row) => row);
    for (const agent of news.gone ?? []) this.agents.delete(agent);
  }

  agentName(id: string): string {
    return this.agents.get(id)?.value.name ?? id;
  }

  queueName(id: string): string {
    return this.queues.get(id)?.value.name ?? id;
  }
}

/** Puts rows into their boxes. A whole one has all rows that there are. */
function put<T extends { readonly id: string }>(
  boxes: SvelteMap<string, Box<T>>,
  rows: readonly T[] | undefined,
  whole: boolean | undefined,
  merge: (old: T, row: T) => T,
): void {
  if (whole) {
    const there = new Set(rows?.map(({ id }) => id));
    for (const id of [...boxes.keys()]) if (!there.has(id)) boxes.delete(id);
  }
  for (const row of rows ?? []) {
    const box = boxes.get(row.id);
    if (box) box.value = whole ? row : merge(box.value, row);
    else boxes.set(row.id, new Box(row));
  }
}

function withQuarters(old: QueueRow, row: QueueRow): QueueRow {
  const channels: Record<string, Line> = {};
  for (const [name, line] of Object.entries(row.channels)) {
    channels[name] = { ...line, quarters: mergeQuarters(old.channels[name]?.quarters, line.quarters) };
  }
  return { ...row, channels };
}
