/**
 * The log of one page: every request, response and event in its order, as rows of a ladder. No I/O and no clock; the
 * gateway answers requests strictly in order (`nxproxy-rio.md` 1), which is how a response finds its request.
 */
import { causeName, eventName } from "./names";
import type { Json } from "./requests";

/** How many rows are kept; the oldest go first, and `dropped` counts them. */
export const KEPT = 5_000;

export type Kind = "request" | "response" | "event" | "note";

export interface Row {
  /** Counts from 1, never used twice. */
  readonly n: number;
  /** Milliseconds since 1970, by this browser's clock. */
  readonly at: number;
  readonly kind: Kind;
  /** The device's column; empty: the gateway itself. */
  readonly device: string;
  /** The calls it is about. */
  readonly calls: readonly number[];
  /** `dial`, `4 Delivered`, or what happened to the connection. */
  readonly name: string;
  /** The rest in short. */
  readonly detail: string;
  /** Of a response: its result as text, and the milliseconds it took. */
  readonly result?: string;
  readonly took?: number;
  /** As on the wire, but without the password. */
  readonly raw: string;
}

/** What a message from the gateway was. */
export type Received =
  | { readonly kind: "event"; readonly message: Json }
  | { readonly kind: "response"; readonly message: Json; readonly request: Json | undefined };

interface Waiting {
  readonly n: number;
  readonly at: number;
  readonly message: Json | undefined;
}

export class Ladder {
  #rows: Row[] = [];
  #next = 1;
  #waiting: Waiting[] = [];
  #dropped = 0;

  /** A new array after every change, so that what was taken stays as it was. */
  get rows(): readonly Row[] {
    return this.#rows;
  }

  /** Rows that had to go because there were too many. */
  get dropped(): number {
    return this.#dropped;
  }

  sent(at: number, text: string): void {
    const message = parse(text);
    const raw = hidden(message, text);
    const device = scalar(message?.this) || scalar(message?.device);
    const n = this.#add({
      at,
      kind: "request",
      device,
      calls: callsOf(message ?? {}),
      name: scalar(message?.fname) || "?",
      // The device stands before it.
      detail: message ? summary(message) : raw,
      raw,
    });
    this.#waiting.push({ n, at, message });
  }

  received(at: number, text: string): Received {
    const message = parse(text) ?? {};
    if (message.fname === "event") {
      this.#add({ at, kind: "event", raw: text, ...told(message) });
      return { kind: "event", message };
    }
    const asked = this.#waiting.shift();
    const request = asked && this.#rows.findLast((row) => row.n === asked.n);
    const own = callsOf(message);
    const calls = own.length > 0 ? own : (request?.calls ?? []);
    if (request && request.calls.length < calls.length) {
      this.#rows = this.#rows.map((row) => (row === request ? { ...row, calls } : row));
    }
    this.#add({
      at,
      kind: "response",
      device: request?.device ?? "",
      calls,
      name: scalar(message.fname) || request?.name || "?",
      detail: message.newcall === undefined ? "" : `newcall=${scalar(message.newcall)}`,
      result: scalar(message.result),
      ...(asked ? { took: Math.max(0, at - asked.at) } : {}),
      raw: text,
    });
    return { kind: "response", message, request: asked?.message };
  }

  /** Something about the connection itself. What was asked and not answered will not be any more. */
  note(at: number, name: string, detail: string): void {
    this.#waiting = [];
    this.#add({ at, kind: "note", device: "", calls: [], name, detail, raw: "" });
  }

  clear(): void {
    this.#rows = [];
    this.#dropped = 0;
  }

  #add(row: Omit<Row, "n">): number {
    const n = this.#next++;
    const over = Math.max(0, this.#rows.length + 1 - KEPT);
    this.#dropped += over;
    this.#rows = [...this.#rows.slice(over), { n, ...row }];
    return n;
  }
}

function told(event: Json): Pick<Row, "device" | "calls" | "name" | "detail"> {
  const call = (event.call ?? {}) as Json;
  const agent = (event.agent ?? {}) as Json;
  const calls = callsOf(call);
  const parts =
    calls.length > 0
      ? [
          `cause ${causeName(Number(call.cause))}`,
          ...["c1", "c2", "c3"].filter((key) => Number(call[key]) > 0).map((key) => `${key}=${scalar(call[key])}`),
          `${scalar(call.other) || "?"} → ${scalar(call.dialed) || scalar(call.called) || "?"}`,
          ...(scalar(call.subject) ? [`subject ${scalar(call.subject)}`] : []),
        ]
      : [`agent ${scalar(agent.id)}`, ...["group", "channel", "wmode", "reason"].map((key) => `${key}=${scalar(agent[key])}`)];
  return { device: scalar(event.monitor), calls, name: eventName(Number(event.id)), detail: parts.join(" · ") };
}

/** Call ids of a request, of a response, or of an event's `call`. */
function callsOf(message: Json): number[] {
  const ids = [message.c1, message.c2, message.c3, message.newcall].map(Number).filter((id) => id > 0);
  return [...new Set(ids)];
}

function summary(message: Json): string {
  return Object.entries(message)
    .filter(([key, value]) => !["fname", "pwd", "this", "device"].includes(key.toLowerCase()) && value !== "")
    .map(([key, value]) => `${key}=${typeof value === "object" ? JSON.stringify(value) : scalar(value)}`)
    .join(" · ");
}

/** The text without the password: logs are copied into tickets. */
function hidden(message: Json | undefined, text: string): string {
  const pwd = Object.keys(message ?? {}).filter((key) => key.toLowerCase() === "pwd");
  if (!message) return /pwd/i.test(text) ? text.replace(/("pwd"\s*:\s*")[^"]*/gi, "$1***") : text;
  return pwd.length === 0 ? text : JSON.stringify({ ...message, ...Object.fromEntries(pwd.map((key) => [key, "***"])) });
}

function parse(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

function scalar(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

/** Rows about this call, and what happened to the connection meanwhile; 0: every row. */
export function about(rows: readonly Row[], call: number): readonly Row[] {
  return call === 0 ? rows : rows.filter((row) => row.kind === "note" || row.calls.includes(call));
}

/** Every call the rows name, newest first. */
export function callsIn(rows: readonly Row[]): number[] {
  return [...new Set(rows.toReversed().flatMap((row) => row.calls))];
}

/** `13:04:52.017`, by this browser's clock and zone. */
export function time(at: number): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(":");
  return `${clock}.${String(date.getMilliseconds()).padStart(3, "0")}`;
}

const ARROWS: Readonly<Record<Kind, string>> = { request: "-->", response: "<--", event: "<==", note: "---" };

/** The rows for a ticket: one line each, the message as it was on the wire behind it. */
export function asText(rows: readonly Row[]): string {
  return rows
    .map(({ at, kind, device, name, detail, result, raw }) =>
      [time(at), ARROWS[kind], (device || "gateway").padEnd(8), name, result === undefined ? "" : `result=${result}`, raw || detail]
        .filter(Boolean)
        .join(" "),
    )
    .join("\n");
}

/** The wire's text with line breaks; what is not JSON stays as it is. */
export function pretty(raw: string): string {
  try {
    return JSON.stringify(JSON.parse(raw), null, 2);
  } catch {
    return raw;
  }
}
