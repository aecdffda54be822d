/** What is read off an agent's calls. */
import { t } from "./text";
import type { Contact, Link } from "./wire";

/** The calls in which the agent is, those that ring excepted. */
export function inCalls(contacts: readonly Contact[]): readonly Contact[] {
  return contacts.filter(({ call }) => call && call.link !== "alerting");
}

/** The call that is talked in, or dialled; else the first on hold. */
export function currentCall(contacts: readonly Contact[]): Contact | undefined {
  const calls = inCalls(contacts);
  return calls.find(({ call }) => call?.link !== "held") ?? calls[0];
}

/** Since when the agent has been connected as they are. */
export function since({ call, since }: Contact): number {
  return call?.link === "held" ? (call.holding ?? since) : since;
}

const LINKS = {
  prompted: "call.prompted",
  initiated: "call.dialing",
  alerting: "call.ringing",
  connected: "call.talking",
  held: "call.held",
  listening: "call.listening",
} as const;

export function linkName(link: Link): string {
  return t(LINKS[link] ?? "call.talking");
}

/** The number at the other end: of the first who is in the call, else of the queue that is waited for. */
export function otherNumber({ call, phone }: Contact): string {
  return call?.parties.find(({ me }) => !me)?.number ?? call?.waiting ?? phone ?? "";
}

/** How a call stands, for the agent. */
export function standing({ call, queue }: Contact): string {
  if (!call) return t("card.wrapup");
  if (call.waiting !== undefined) return t("call.waiting", { queue: queue?.name ?? call.waiting });
  return linkName(call.link);
}

export type Tone = "ok" | "warn" | "bad" | "";

export function toneOfLink(link: Link): Tone {
  return link === "connected" ? "ok" : link === "held" ? "warn" : link === "alerting" ? "bad" : "";
}

const FAILED = {
  busy: "call.failed.busy",
  no_answer: "call.failed.no_answer",
  do_not_disturb: "call.failed.do_not_disturb",
  no_such_number: "call.failed.no_such_number",
  out_of_order: "call.failed.out_of_order",
  closed: "call.failed.closed",
  full: "call.failed.full",
  unreached: "call.failed.unreached",
} as const;

/** Why somebody was not reached, in words; `undefined` for what is no such reason. */
export function failure(why: string): string | undefined {
  return why in FAILED ? t(FAILED[why as keyof typeof FAILED]) : undefined;
}

/** Is it a number that one could call? */
export function dialable(words: string): boolean {
  return /^[+*#]?[\d\s()*#-]{2,}$/.test(words.trim());
}
