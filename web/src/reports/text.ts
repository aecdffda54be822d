/** The reports' words. */
import { translator } from "../i18n/index.svelte";
import { reports as en } from "../i18n/reports.en";
import { reports as ko } from "../i18n/reports.ko";
import { No } from "./api";

export type Key = keyof typeof ko;
const say = translator(ko, en);
export const t = say;

const has = (key: string): key is Key => Object.hasOwn(ko, key);

/** The word of a value that the server sent, such as `reason.customer`; a newer server's value is shown as it is. */
export function wordOf(kind: string, value: string): string {
  const key = `${kind}.${value}`;
  return has(key) ? say(key as "title") : value;
}

/** Why something did not work, in words. */
export function excuse(error: unknown): string {
  if (!(error instanceof No)) return t("error.unknown");
  if (error.status === 0) return t("error.unreachable");
  if (error.code === "report.too_large") return t("error.tooLarge");
  if (error.code === "contact.none") return t("error.noContact");
  return error.message;
}
