/** Sentences one says every day, opened by `/` at the start of a line. */
import { t } from "./text";

export interface Snippet {
  readonly id: string;
  readonly title: string;
  readonly text: string;
}

export function snippets(values: { customer: string; agent: string }): readonly Snippet[] {
  return [
    { id: "greeting", title: t("snippet.greeting"), text: t("snippet.greeting.text", values) },
    { id: "wait", title: t("snippet.wait"), text: t("snippet.wait.text") },
    { id: "thanks", title: t("snippet.thanks"), text: t("snippet.thanks.text") },
    { id: "more", title: t("snippet.more"), text: t("snippet.more.text") },
    { id: "photo", title: t("snippet.photo"), text: t("snippet.photo.text") },
    { id: "bye", title: t("snippet.bye"), text: t("snippet.bye.text", values) },
  ];
}

export function findSnippets(all: readonly Snippet[], words: string): readonly Snippet[] {
  const wanted = words.trim().toLowerCase();
  return all.filter(({ title, text }) => `${title} ${text}`.toLowerCase().includes(wanted));
}
