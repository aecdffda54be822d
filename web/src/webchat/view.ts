/**
 * What a message's content shows (`nxwebapi.md` 4 and 5). Everything in it is foreign: only what has the right shape is
 * shown as more than words, and an address only leads somewhere if it is of the web.
 */

export interface FileView {
  name: string;
  size: number | undefined;
  /** Of the web, or absent. */
  url: string | undefined;
  /** A picture that may be shown. */
  preview: string | undefined;
}

export interface Choice {
  title: string;
  /** More about it; may be empty. */
  text: string;
  keyword: string;
  menu: string;
}

export type View =
  | { kind: "text"; text: string }
  | { kind: "files"; text: string; files: FileView[] }
  | { kind: "links"; text: string; links: { name: string; url: string | undefined; extra: string | undefined; says: boolean }[] }
  | { kind: "menu"; title: string; text: string; url: string | undefined; choices: Choice[]; tail: Choice[] }
  | { kind: "choice"; keyword: string };

type Json = Record<string, unknown>;
const record = (value: unknown): Json => (typeof value === "object" && value !== null ? (value as Json) : {});
const word = (value: unknown) => (typeof value === "string" ? value : typeof value === "number" ? String(value) : "");
const list = (value: unknown) => (Array.isArray(value) ? value.map(record) : []);
/** The two characters `\n` are a break as well as a real one. */
const broken = (text: string) => text.replaceAll("\\n", "\n");

/** An address of the web, as it will be opened; anything else is none. */
export function web(value: unknown): string | undefined {
  const text = word(value).trim();
  if (!/^https?:\/\//i.test(text)) return undefined;
  try {
    return new URL(text).href;
  } catch {
    return undefined;
  }
}

/** `content` as it came, or the words of one that is nothing else. */
export function view(content: unknown): View {
  if (typeof content === "string") return { kind: "text", text: content };
  const all = record(content);
  if (all.TYPE === "SCENARIO") {
    const menu = record(all.MESSAGE);
    if (!Array.isArray(menu.BUTTONS) && !menu.DESC && !menu.TITLE) return { kind: "choice", keyword: word(menu.KEYWORD) };
    const choice = (one: Json): Choice => ({
      title: word(one.TITLE) || word(one.KEYWORD),
      text: broken(word(one.TEXT)),
      keyword: word(one.KEYWORD),
      menu: word(one.MENU_ID),
    });
    return {
      kind: "menu",
      title: word(menu.TITLE),
      text: broken(word(menu.DESC)),
      url: web(menu.URL),
      choices: list(menu.BUTTONS).map(choice),
      tail: list(menu.TAIL).map(choice),
    };
  }
  const text = word(all.message);
  if (all.type === "file") {
    const files = list(all.file_data).map((file) => {
      const size = Number.parseInt(word(file.size), 10);
      const url = web(file.url);
      const picture = /^image\/(png|jpe?g|gif|webp|bmp)$/i.test(word(file.mime_type));
      return { name: word(file.name), size: size > 0 ? size : undefined, url, preview: web(file.preview_url) ?? (picture ? url : undefined) };
    });
    return { kind: "files", text, files };
  }
  if (all.type === "links") {
    const links = list(all.links).map((link) => ({
      name: word(link.name),
      url: web(link.url),
      extra: typeof link.extra === "string" ? link.extra : undefined,
      says: link.type === "text",
    }));
    return { kind: "links", text, links };
  }
  return { kind: "text", text: text || (JSON.stringify(content) ?? "") };
}

/** A view in one line, for readers and the saved conversation. */
export function words(view: View): string {
  switch (view.kind) {
    case "text":
      return view.text;
    case "files":
      return [view.text, ...view.files.map(({ name }) => name)].filter(Boolean).join("\n");
    case "links":
      return [view.text, ...view.links.map(({ name }) => `· ${name}`)].filter(Boolean).join("\n");
    case "menu":
      return [view.title, view.text, ...view.choices.map(({ title }) => `· ${title}`)].filter(Boolean).join("\n");
    case "choice":
      return view.keyword;
  }
}
