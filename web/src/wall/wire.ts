/** A wallboard's words (docs/desk-protocol.md §7). Times are milliseconds since 1970 by the server's clock. */
import type { ChannelState } from "../desk/wire";

/** What happened within a span. */
export interface Figures {
  readonly offered: number;
  readonly answered: number;
  readonly in_time: number;
  readonly abandoned: number;
  readonly passed: number;
  /** Milliseconds, in all. */
  readonly waited: number;
  readonly handled: number;
  readonly talked: number;
  readonly after: number;
}

/** Its beginning, offered, answered, abandoned. */
export type Quarter = readonly [at: number, offered: number, answered: number, abandoned: number];

export interface Line {
  readonly waiting: number;
  readonly oldest?: number;
  readonly ready: number;
  readonly logged_on: number;
  readonly today: Figures;
  readonly quarters?: readonly Quarter[];
}

export interface QueueRow {
  readonly id: string;
  readonly name: string;
  readonly group: number;
  readonly target: number;
  readonly channels: Readonly<Record<string, Line>>;
}

export interface AtHand {
  readonly contact: string;
  readonly channel: string;
  readonly queue?: string;
  readonly customer: string;
  readonly stage: string;
  readonly since: number;
}

export interface AgentRow {
  readonly id: string;
  readonly name: string;
  readonly extension?: string;
  readonly groups: readonly number[];
  readonly channels: Readonly<Record<string, ChannelState>>;
  readonly at_hand: readonly AtHand[];
  readonly today: Figures;
}

/** When the wallboard alarms; what is absent never does. Spans are milliseconds. */
export interface WallLimits {
  readonly waiting?: number;
  readonly oldest?: number;
  readonly service_level?: number;
  readonly abandoned?: number;
  readonly talking?: number;
  readonly after_work?: number;
  readonly not_ready?: number;
}

/** A message to the team, and how many have read it. */
export interface NoticeRow {
  readonly id: string;
  readonly by: string;
  readonly name: string;
  readonly text: string;
  readonly at: number;
  readonly to: number;
  readonly read: number;
}

/** The whole wallboard, or the rows that have changed. */
export interface WallNews {
  readonly at: number;
  readonly whole?: boolean;
  readonly day?: number;
  readonly queues?: readonly QueueRow[];
  readonly agents?: readonly AgentRow[];
  readonly gone?: readonly string[];
  readonly groups?: readonly { readonly id: number; readonly name: string }[];
  readonly limits?: WallLimits;
  readonly notices?: readonly NoticeRow[];
}

export interface Waiter {
  readonly contact: string;
  readonly channel: string;
  readonly customer: string;
  readonly since: number;
}

/** Where somebody who waits is moved to. */
export type Spot = "front" | { readonly queue: string } | { readonly agent: string };

export type Team = "all" | { readonly group: number } | { readonly agent: string };

/** What a supervisor did. */
export interface Acted {
  readonly moved?: { readonly contact: string; readonly from: string; readonly to: Spot };
  readonly took_over?: { readonly contact: string; readonly from?: string };
  readonly watched?: { readonly contact: string; readonly barge: boolean };
  readonly joined?: { readonly agent: string; readonly mode: string };
  readonly forced?: { readonly agent: string };
  readonly limited?: WallLimits;
}
