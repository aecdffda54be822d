/** What log-in and second factor say. */
import { translator } from "../i18n/index.svelte";
import { login as en } from "../i18n/login.en";
import { login as ko } from "../i18n/login.ko";
import type { Denied } from "./session";

export const t = translator(ko, en);

/** A denial in words. */
export function excuse(denied: Denied): string {
  if (denied.kind === "locked") return t("locked", { minutes: Math.ceil(denied.seconds / 60) });
  if (denied.kind === "enrol") return t("required");
  return t(denied.kind === "code" ? "code.about" : denied.kind);
}
