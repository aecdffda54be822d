/** The conversation as a file of plain text. */
import type { Lang } from "../i18n/index.svelte";
import { dateTime } from "../ui/format";
import type { Line } from "./chat.svelte";
import { t } from "./text";
import { words } from "./view";

export function written(lines: readonly Line[], lang: Lang): string {
  const who = ({ who, name }: Line) => (who === "me" ? t("me") : who === "bot" ? t("bot") : who === "system" ? "-" : name || t("agent"));
  return lines.filter(({ state }) => state === "done").map((line) => `[${dateTime(line.at, lang)}] ${who(line)}: ${words(line.view)}\n`).join("");
}

export function save(title: string, lines: readonly Line[], lang: Lang): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([written(lines, lang)], { type: "text/plain" }));
  link.download = `${title} ${new Date().toISOString().slice(0, 10)}.txt`;
  link.click();
  URL.revokeObjectURL(link.href);
}
