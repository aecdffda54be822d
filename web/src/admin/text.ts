/** The administration's words. */
import { admin as en } from "../i18n/admin.en";
import { admin as ko } from "../i18n/admin.ko";
import { translator } from "../i18n/index.svelte";
import { No } from "./api";

export type Key = keyof typeof ko;
const say = translator(ko, en);
export const t = say;

/** A word without values to fill in, by a key that is only known at run time. */
export function word(key: Key): string {
  return say(key as "title");
}

/** Why something did not work, in words. */
export function excuse(error: unknown): string {
  if (!(error instanceof No)) return t("error.unknown");
  if (error.status === 0) return t("error.unreachable");
  if (error.status === 401) return t("error.session");
  if (error.code === "store.full") return t("error.full");
  return error.message;
}
