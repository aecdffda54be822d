/**
 * The types of the desk's wire, `sangdam.desk.1` (docs/desk-protocol.md), and nothing else.
 * All times are milliseconds since 1970 by the server's clock; absent members are left out.
 */

import type { PhonePass } from "../../sdk/agentPhone";
import type { User } from "../login/session";
import type { Acted, Spot, Team, Waiter, WallLimits, WallNews } from "../wall/wire";

export const SUBPROTOCOL = "sangdam.desk.1";

export type AgentState = "ready" | "not_ready" | "after_work" | "logged_off";

export interface ChannelState {
  /** An {@link AgentState}, or a newer server's word that is shown as it is. */
  readonly state: string;
  readonly reason?: number;
  readonly since: number;
}

export interface Agent {
  readonly channels: Readonly<Record<string, ChannelState>>;
  readonly limits?: Readonly<Record<string, number>>;
}

export interface Reason {
  readonly code: number;
  readonly ko: string;
  readonly en: string;
}

export interface WrapupCode {
  readonly code: string;
  readonly ko: string;
  readonly en: string;
}

export interface Queue {
  readonly id: string;
  readonly name: string;
  readonly waiting: number;
  /** When the longest waiting contact came. */
  readonly oldest?: number;
  readonly mine?: boolean;
}

export interface Limits {
  /** UTF-8 bytes of one message. */
  readonly text: number;
  /** Bytes of one file. */
  readonly file: number;
  readonly types: readonly string[];
}

export interface Member {
  readonly participant: string;
  readonly role: string;
  readonly name: string;
  readonly user?: string;
  readonly state: "joined" | "invited" | "left";
}

export interface Marks {
  readonly participant: string;
  readonly delivered?: number;
  readonly read?: number;
}

export interface Customer {
  readonly participant: string;
  readonly name: string;
  readonly id?: string;
  readonly verified?: boolean;
  readonly present?: boolean;
}

/** Why an agent was chosen. */
export interface Why {
  readonly queue?: string;
  readonly rule: string;
  readonly score?: number;
  readonly candidates?: readonly { readonly agent: string; readonly name?: string; readonly score?: number }[];
  readonly out?: readonly { readonly agent: string; readonly name?: string; readonly rule: string }[];
  readonly out_counts?: Readonly<Record<string, number>>;
}

/** One end of a call. */
export interface Party {
  readonly number: string;
  readonly user?: string;
  readonly name?: string;
  readonly link: Link;
  readonly me?: boolean;
  readonly talked?: number;
}

/** How somebody is connected. */
export type Link = "prompted" | "initiated" | "alerting" | "connected" | "held" | "listening";

/** A live call at this agent's telephone. */
export interface Call {
  readonly link: Link;
  readonly kind: string;
  /** The agent made it. */
  readonly out: boolean;
  readonly cnid: string;
  readonly cnsq: number;
  /** The customer's number. */
  readonly number: string;
  readonly dialed: string;
  readonly device: string;
  readonly parties: readonly Party[];
  /** It waits in this queue. */
  readonly waiting?: string;
  /** Since when somebody has had it on hold. */
  readonly holding?: number;
  /** How long it was on hold before, in all. */
  readonly held?: number;
  /** User-to-user data. */
  readonly uui?: string;
  /** The agent is not heard. */
  readonly muted?: boolean;
  /** It is recorded; once so, until its end. */
  readonly recorded?: boolean;
  /** Nothing of it is kept for now. */
  readonly masked?: boolean;
}

export interface Contact {
  readonly id: string;
  readonly room: string;
  readonly number: number;
  readonly channel: string;
  readonly state: "offered" | "talking" | "wrapup";
  readonly as?: "agent" | "supervisor";
  /** A supervisor who listens and is seen by nobody. */
  readonly silent?: boolean;
  /** This agent's participant id. */
  readonly me?: string;
  readonly queue?: { readonly id: string; readonly name: string };
  readonly since: number;
  readonly offer_until?: number;
  readonly wrapup_until?: number;
  readonly customer?: Customer;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly members?: readonly Member[];
  readonly last?: number;
  readonly read?: number;
  readonly marks?: readonly Marks[];
  readonly started?: number;
  readonly why?: Why;
  /** The live call, where it is one. */
  readonly call?: Call;
  /** The customer's number, of a call. */
  readonly phone?: string;
}

export type Audience = "all" | "agents" | "customer";

export interface FileInfo {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly size: number;
  readonly status: "approved" | "rejected" | "pending";
  readonly image?: boolean;
}

export interface Item {
  readonly n: number;
  readonly id: string;
  readonly at: number;
  readonly contact?: string;
  readonly kind: "message" | "file" | "event";
  readonly type?: string;
  readonly text?: string;
  readonly audience?: Audience;
  readonly by?: { readonly participant?: string; readonly role: string; readonly name?: string };
  readonly file?: FileInfo;
  readonly event?: string;
  /** Our own id of it, where this very connection wrote it. */
  readonly client?: string;
}

export interface Hello {
  readonly seq: number;
  readonly at: number;
  readonly user: User;
  readonly agent: Agent;
  readonly reasons: readonly Reason[];
  readonly queues: readonly Queue[];
  readonly wrapup_codes: readonly WrapupCode[];
  readonly contacts: readonly Contact[];
  readonly limits: Limits;
}

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly states: Readonly<Record<string, string>>;
  readonly load?: number;
  readonly extension?: string;
  /** On the telephone just now. */
  readonly call?: { readonly link: Link; readonly since: number };
}

export interface Today {
  readonly handled: number;
  readonly talk?: number;
  readonly after_work?: number;
}

export interface PastContact {
  readonly id: string;
  readonly room?: string;
  readonly number?: number;
  readonly channel: string;
  readonly queue?: string | { readonly id: string; readonly name: string };
  readonly started: number;
  readonly ended?: number;
  readonly reason?: string;
  readonly call?: {
    readonly out: boolean;
    readonly number: string;
    readonly name?: string;
    readonly cnid: string;
    /** How long they talked, in milliseconds; absent where nobody answered. */
    readonly talk?: number;
    /** Of its sound, those that this agent may hear. */
    readonly recordings?: readonly string[];
  };
}

/** The little that an answer tells of an item that was written. */
export interface Written {
  readonly id: string;
  readonly n: number;
  readonly at: number;
}

type Nothing = Readonly<Record<string, never>>;
type OfContact = { readonly contact: string };

/** What a client can do (§3): what each verb takes, and what its `ok` is. */
export interface Verbs {
  hello: { take: { readonly lang: string }; ok: Hello };
  ping: { take: Nothing; ok: { readonly at: number } };
  state: { take: { readonly state: AgentState; readonly reason?: number; readonly channel?: string }; ok: Nothing };
  accept: { take: OfContact; ok: Nothing };
  refuse: { take: OfContact; ok: Nothing };
  say: {
    take: OfContact & { readonly client: string; readonly text: string; readonly audience?: Audience };
    ok: { readonly item: Written };
  };
  typing: { take: OfContact; ok: Nothing };
  read: { take: OfContact & { readonly n: number }; ok: Nothing };
  items: {
    take: { readonly room: string; readonly before?: number; readonly after?: number; readonly limit?: number };
    ok: { readonly items: readonly Item[]; readonly more: boolean };
  };
  file: {
    take: OfContact & {
      readonly client: string;
      readonly name: string;
      readonly type: string;
      readonly size: number;
      readonly audience?: Audience;
    };
    ok: { readonly file: string; readonly url: string };
  };
  file_done: { take: OfContact & { readonly file: string }; ok: { readonly item: Written } };
  transfer: { take: OfContact & { readonly to: Target; readonly note?: string }; ok: Nothing };
  invite: { take: OfContact & { readonly agent: string }; ok: Nothing };
  leave: { take: OfContact; ok: Nothing };
  end: { take: OfContact; ok: Nothing };
  wrapup: { take: OfContact & { readonly code?: string; readonly note?: string }; ok: Nothing };
  extend: { take: OfContact & { readonly seconds: number }; ok: { readonly wrapup_until: number } };
  attributes: {
    take: OfContact & { readonly set: Readonly<Record<string, string>>; readonly unset?: readonly string[] };
    ok: Nothing;
  };
  people: { take: Nothing; ok: { readonly agents: readonly Person[]; readonly queues: readonly Queue[] } };
  /** What this agent has done since a moment; the means are milliseconds. */
  today: { take: { readonly since: number }; ok: Today };
  history: { take: OfContact; ok: { readonly contacts: readonly PastContact[] } };
  monitor: {
    take: { readonly contact?: string; readonly agent?: string; readonly barge?: boolean };
    ok: Nothing;
  };
  /** Calls a number. `failed`: why it came to nothing at once. */
  dial: { take: { readonly to: string; readonly uui?: string }; ok: Dialed };
  hold: { take: OfContact; ok: Nothing };
  /** The agent is not heard, whatever the call. */
  mute: { take: { readonly on: boolean }; ok: Nothing };
  /** The call is recorded from now on. */
  record: { take: OfContact; ok: Nothing };
  /** Nothing of the call is kept, or is again. */
  mask: { take: OfContact & { readonly on: boolean }; ok: Nothing };
  /** Keys to the others in a call: 1 to 64 of `0-9*#A-D`. */
  keys: { take: OfContact & { readonly keys: string }; ok: Nothing };
  /** What this browser needs to be the agent's telephone, for five minutes. */
  phone: { take: Nothing; ok: PhoneGrant };
  /** Takes a call back; the one that is talked in meanwhile is put on hold. */
  retrieve: { take: OfContact; ok: Nothing };
  consult: { take: OfContact & { readonly to: string }; ok: Dialed };
  complete: { take: OfContact & { readonly with: string }; ok: Nothing };
  confer: { take: OfContact & { readonly with: string }; ok: Nothing };
  barge: { take: { readonly agent: string; readonly mode: BargeMode }; ok: Nothing };
  /** The agent's own calls that are over, newest first. */
  calls: { take: { readonly limit?: number }; ok: { readonly calls: readonly PastContact[] } };
  force: { take: { readonly agent: string; readonly state: AgentState }; ok: Nothing };
  /** A message to the team was read. */
  ack: { take: { readonly notice: string }; ok: Nothing };
  // What a wallboard does; its own words are in `wall/wire.ts`.
  wall: { take: Nothing; ok: WallNews };
  waiting: { take: { readonly queue: string }; ok: { readonly waiting: readonly Waiter[] } };
  move: { take: OfContact & { readonly to: Spot }; ok: Nothing };
  take_over: { take: OfContact; ok: { readonly contact?: string } };
  announce: { take: { readonly to: Team; readonly text: string }; ok: Nothing };
  limits: { take: { readonly limits: WallLimits }; ok: Nothing };
}

/** A pass, where browsers' sockets are, and until when it is good. */
export interface PhoneGrant extends PhonePass {
  readonly until: number;
  readonly ws?: string;
  readonly wss?: string;
}

export type Target = { readonly queue: string } | { readonly agent: string } | { readonly number: string };

export interface Dialed {
  readonly contact?: string;
  readonly failed?: string;
}

/** A supervisor hears, is heard by the agent alone, or by all. */
export type BargeMode = "listen" | "whisper" | "join";

/** Events (§4): each also carries `seq` and `at`. */
export type DeskEvent = { readonly seq: number; readonly at: number } & (
  | { readonly ev: "agent"; readonly channels: Agent["channels"] }
  | { readonly ev: "contact"; readonly contact: Contact }
  | { readonly ev: "gone"; readonly contact: string; readonly why: string }
  | { readonly ev: "item"; readonly room: string; readonly item: Item }
  | { readonly ev: "item_changed"; readonly room: string; readonly item: Item }
  | ({ readonly ev: "marks"; readonly room: string } & Marks)
  | { readonly ev: "presence"; readonly room: string; readonly participant: string; readonly present: boolean }
  | { readonly ev: "notice"; readonly notice: Notice }
  | { readonly ev: "notice_read"; readonly notice: string }
  | { readonly ev: "acted"; readonly by: string; readonly name: string; readonly act: Acted }
  | { readonly ev: "bye"; readonly reason: string }
);

/** A message of a supervisor to the team. */
export interface Notice {
  readonly id: string;
  readonly by: string;
  readonly name: string;
  readonly text: string;
  readonly at: number;
}

/** Signals (§4): not stored, may be lost. */
export type Signal =
  | { readonly sig: "typing"; readonly room: string; readonly participant: string; readonly name?: string }
  | { readonly sig: "queues"; readonly queues: readonly Queue[] }
  /** All that wait to be acknowledged. */
  | { readonly sig: "notices"; readonly notices: readonly Notice[] }
  | ({ readonly sig: "wall" } & WallNews);
