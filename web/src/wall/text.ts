/** The wallboard's words. */
import { NoAnswer } from "../desk/client";
import type { Reason } from "../desk/wire";
import { language, translator } from "../i18n/index.svelte";
import { wall as en } from "../i18n/wall.en";
import { wall as ko } from "../i18n/wall.ko";
import { duration } from "../ui/format";
import { percent, type Broken, type Standing } from "./figures";

export const t = translator(ko, en);

/** Why something did not work, in words. */
export function excuse(error: unknown): string {
  if (error instanceof NoAnswer) return t(error.kind === "lost" ? "error.lost" : "error.late");
  return (error instanceof Error && error.message) || t("error.unknown");
}

/** What an agent is doing: the reason's own name where there is one. */
export function doingName(stand: Standing, reasons: readonly Reason[]): string {
  const reason = stand.doing === "not_ready" ? reasons.find(({ code }) => code === stand.reason) : undefined;
  return reason ? reason[language.current] : t(`doing.${stand.doing}` as "doing.off");
}

export function toneOf(stand: Standing): "ok" | "busy" | "warn" | "bad" | "off" {
  if (stand.doing === "ready") return "ok";
  if (stand.doing === "wrapup" || stand.doing === "after_work" || stand.doing === "offered") return "warn";
  if (stand.doing === "not_ready") return "bad";
  return stand.doing === "off" ? "off" : "busy";
}

export function channelName(channel: string): string {
  return channel === "voice" ? t("channel.voice") : channel === "chat" ? t("channel.chat") : channel;
}

/** A broken limit, in words. */
export function alarmText(broken: Broken, now: number): string {
  const of = "since" in broken ? { value: duration(now - broken.since), limit: duration(broken.limit) } : { value: broken.kind === "waiting" ? broken.value : percent(broken.value), limit: broken.limit };
  return t(`alarm.${broken.kind}` as "alarm.waiting", of);
}
