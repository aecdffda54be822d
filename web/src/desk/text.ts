/** The desk's words. */
import { language, translator } from "../i18n/index.svelte";
import { desk as en } from "../i18n/en";
import { desk as ko } from "../i18n/ko";
import { phone } from "../ui/format";
import { NoAnswer } from "./client";
import type { World } from "./reduce";
import type { ChannelState, Contact, Item } from "./wire";

export const t = translator(ko, en);

/** A text that the server keeps in both languages. */
export function named(words: { readonly ko: string; readonly en: string }): string {
  return words[language.current];
}

/** Why something did not work, in words. */
export function excuse(error: unknown): string {
  if (error instanceof NoAnswer) return t(error.kind === "lost" ? "net.lostNow" : "net.late");
  return (error instanceof Error && error.message) || t("error.unknown");
}

export type Tone = "ok" | "warn" | "bad" | "off";

export function toneOf(state: string): Tone {
  if (state === "ready") return "ok";
  if (state === "after_work") return "warn";
  return state === "not_ready" ? "bad" : "off";
}

export function stateName(world: Pick<World, "reasons">, state: Pick<ChannelState, "state" | "reason">): string {
  const reason = world.reasons.find(({ code }) => code === state.reason);
  switch (state.state) {
    case "ready":
      return t("state.ready");
    case "after_work":
      return t("state.acw");
    case "not_ready":
      return reason ? named(reason) : t("state.away");
    case "logged_off":
      return t("state.off");
    default:
      return state.state;
  }
}

/** Who is called, or calls: the others in the call, else the queue that is waited for, else the number. */
function callName(contact: Contact): string {
  const others = contact.call?.parties.filter(({ me }) => !me) ?? [];
  if (others.length > 0) return others.map(({ name, number }) => name ?? phone(number)).join(", ");
  if (contact.call?.waiting !== undefined) return contact.queue?.name ?? contact.call.waiting;
  return phone(contact.phone ?? contact.customer?.name ?? "");
}

export function nameOf(contact: Contact): string {
  if (contact.channel === "voice") return callName(contact);
  return contact.customer?.name.trim() || t("contact.nameless", { number: contact.number });
}

/** Who wrote it, in words: what the system says is nobody's. */
export function authorOf(item: Item): string {
  const { role, name } = item.by ?? { role: "system" };
  if (role === "system") return t("who.system");
  return name || t(role === "customer" ? "who.customer" : "who.agent");
}

/** An event as a line of the transcript. */
export function eventLine(item: Item): string {
  const name = authorOf(item);
  switch (item.event) {
    case "joined":
      return t("event.joined", { name });
    case "left":
      return t("event.left", { name });
    case "invited":
      return t("event.invited", { name });
    case "transferred":
      return t("event.transferred");
    case "transfer_failed":
      return t("event.transferFailed");
    case "ended":
      return t("event.ended");
    case "idle":
      return t("event.idle", { name });
    case "returned":
      return t("event.returned", { name });
    default:
      return item.text ?? item.event ?? "";
  }
}

/** A message in one line, for lists and for readers. */
export function oneLine(item: Item): string {
  return item.file ? t("file.line", { name: item.file.name }) : (item.text ?? "").replace(/\s+/g, " ");
}
