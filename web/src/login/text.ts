/** What log-in and second factor say. */
import { translator } from "../i18n/index.svelte";
import { login as en } from "../i18n/login.en";
import { login as ko } from "../i18n/login.ko";
import type { Denied } from "./session";

export const t = translator(ko, en);

const ENDS = ["cancelled", "stale", "away", "refused", "unknown", "busy", "off"] as const;

/** How a log-in by the identity provider came out, in words; what it is comes from the address, so any other word is none. */
export const cameOut = (how: string): string => t(`sso.${ENDS.find((end) => end === how) ?? "refused"}`);

/** A denial in words. */
export function excuse(denied: Denied): string {
  if (denied.kind === "locked") return t("locked", { minutes: Math.ceil(denied.seconds / 60) });
  if (denied.kind === "enrol") return t("required");
  return t(denied.kind === "code" ? "code.about" : denied.kind);
}
