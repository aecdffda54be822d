/** Everything the palette offers: contacts, what one can do now, snippets. */
import { language } from "../i18n/index.svelte";
import type { IconName } from "../icons/paths";
import { theme } from "../ui/theme.svelte";
import type { Desk } from "./desk.svelte";
import { shortcuts } from "./keys";
import { lastSaid } from "./reduce";
import { snippets } from "./snippets";
import { nameOf, named, oneLine, t } from "./text";

export interface Command {
  readonly id: string;
  readonly group: string;
  readonly icon: IconName;
  readonly title: string;
  readonly detail?: string;
  readonly keys?: string;
  run(): void;
}

export function commands(desk: Desk): readonly Command[] {
  const contact = desk.contact;
  const found: Command[] = desk.shown.map((one, index) => {
    const last = lastSaid(desk.world.room(one));
    return {
      id: `contact-${one.id}`,
      group: t("palette.contacts"),
      icon: one.channel === "voice" ? "phone" : "message-square-text",
      title: nameOf(one),
      detail: [one.queue?.name, `#${one.number}`, last && oneLine(last)].filter(Boolean).join(" · "),
      ...(index < 9 ? { keys: `Alt+${index + 1}` } : {}),
      run: () => desk.select(one.id, { focus: true }),
    };
  });
  const act = (id: string, icon: IconName, title: string, run: () => void, keys?: string) =>
    found.push({ id, group: t("palette.commands"), icon, title, run, ...(keys ? { keys } : {}) });

  const offer = desk.offers[0];
  if (offer) {
    act("accept", "check", `${t("contact.accept")} — ${nameOf(offer)}`, () => void desk.accept(offer), shortcuts.accept.label);
    act("refuse", "x", `${t("contact.refuse")} — ${nameOf(offer)}`, () => void desk.refuse(offer), shortcuts.refuse.label);
  }
  if (desk.world.current?.user.extension !== undefined)
    act("dial", "phone", t("phone.dial"), () => (desk.dialog = "dial"), shortcuts.dial.label);
  if (desk.world.current?.user.extension !== undefined) act("softphone", "headset", t("softphone.title"), () => (desk.dialog = "phone"));
  const call = desk.call;
  if (call?.call) {
    const name = nameOf(call);
    act("mute", desk.muted ? "mic" : "mic-off", `${t(desk.muted ? "call.unmute" : "call.mute")} — ${name}`, () => void desk.mute(!desk.muted), shortcuts.mute.label);
    if (call.call.link === "connected") {
      act("hold", "pause", `${t("call.hold")} — ${name}`, () => void desk.hold(call), shortcuts.hold.label);
      if (!call.call.recorded) act("record", "disc-2", `${t("call.record")} — ${name}`, () => void desk.record(call));
      else act("mask", "shield", `${t(call.call.masked ? "call.unmask" : "call.mask")} — ${name}`, () => void desk.mask(call, !call.call?.masked));
      act("consult", "user-plus", `${t("call.consult")} — ${name}`, () => (desk.dialog = "consult"));
      act("pass", "phone-forwarded", `${t("call.pass")} — ${name}`, () => (desk.dialog = "pass"));
    } else if (call.call.link === "held") {
      act("hold", "play", `${t("call.retrieve")} — ${name}`, () => void desk.retrieve(call), shortcuts.hold.label);
    }
    act("hang-up", "phone-off", `${t("call.hangUp")} — ${name}`, () => void desk.hangUp(call), shortcuts.hangUp.label);
  }
  if (contact?.state === "talking" && contact.channel !== "voice" && contact.as !== "supervisor" && desk.endings.due(contact.id) === undefined) {
    act("transfer", "arrow-right-left", `${t("contact.transfer")} — ${nameOf(contact)}`, () => (desk.dialog = "transfer"));
    act("invite", "user-plus", `${t("contact.invite")} — ${nameOf(contact)}`, () => (desk.dialog = "invite"));
    act("end", "circle-check", `${t("contact.end")} — ${nameOf(contact)}`, () => desk.endings.begin(contact.id));
  }
  if (desk.world.current && desk.world.current.user.role !== "agent") {
    act("team", "users", t("team.title"), () => (desk.dialog = "team"));
  }
  const state = (words: string) => t("palette.state", { state: words });
  act("ready", "users", state(t("state.ready")), () => void desk.setState("ready"));
  act("acw", "users", state(t("state.acw")), () => void desk.setState("after_work"));
  for (const reason of desk.world.current?.reasons ?? []) {
    act(`reason-${reason.code}`, "users", state(named(reason)), () => void desk.setState("not_ready", reason.code));
  }
  act("theme", theme.dark ? "sun" : "moon", t(theme.dark ? "theme.toLight" : "theme.toDark"), () => theme.toggle());
  act("language", "search", language.current === "ko" ? "English" : "한국어", () => language.toggle());
  act("keys", "keyboard", t("keys.title"), () => (desk.dialog = "keys"));

  if (contact?.state === "talking" && contact.channel !== "voice") {
    const values = { customer: nameOf(contact), agent: desk.world.current?.user.name ?? "" };
    for (const { id, title, text } of snippets(values)) {
      found.push({
        id: `snippet-${id}`,
        group: t("palette.snippets"),
        icon: "zap",
        title,
        detail: text,
        run: () => desk.insert(text),
      });
    }
  }
  return found;
}

/** Every word must be somewhere in the title, the details or the group. */
export function findCommands(all: readonly Command[], words: string): readonly Command[] {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean);
  return all.filter(({ title, detail = "", group }) => {
    const text = `${title} ${detail} ${group}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  });
}
