/**
 * What may be sent (`nxwebapi.md` 4): objects, JSON text, plain text, and the guides' own broken JSON, repaired in one
 * pass outside of strings. Everything else is refused.
 */

export type Content = Record<string, unknown>;

/** Bytes of a message as JSON. */
const SIZE = 60_000;
/** Characters of a text. */
const TEXT = 4_000;
const NAME = 255;
const EXTRA = 100;

const text = (value: unknown, most: number, least = 0): value is string =>
  typeof value === "string" && [...value].length >= least && [...value].length <= most;
/** Missing is allowed, too. */
const maybe = (value: unknown, most: number) => value == null || text(value, most);
const web = (value: unknown) => text(value, SIZE) && /^https?:\/\/[^\s/]/i.test(value);
const record = (value: unknown): value is Content => typeof value === "object" && value !== null && !Array.isArray(value);

/** A list of one to `most` records that all pass. */
const list = (value: unknown, most: number, fits: (one: Content) => boolean): boolean =>
  Array.isArray(value) && value.length > 0 && value.length <= most && value.every((one) => record(one) && fits(one));

/** `"key"=`, commas before a closing bracket, none between `}` and `{`: as the guides print them. */
function repaired(json: string): string {
  return json.replace(/"(?:[^"\\]|\\.)*"|[^"]+/g, (part) =>
    part[0] === '"' ? part : part.replace(/^\s*=/, ":").replace(/,(\s*[}\]])/g, "$1").replace(/\}\s*\{/g, "},{"),
  );
}

/** The blank of `http: //`, in the fields that hold addresses. */
function closeUp(one: Content): true {
  for (const key of ["url", "preview_url"]) {
    const value = one[key];
    if (typeof value === "string") one[key] = value.trim().replace(/^(https?:)\s+\/\//i, "$1//");
  }
  return true;
}

function read(given: unknown): unknown {
  if (typeof given !== "string") return JSON.parse(JSON.stringify(given));
  if (!/^\s*\{/.test(given)) return { type: "text", message: given };
  try {
    return JSON.parse(given);
  } catch (_) {
    return JSON.parse(repaired(given));
  }
}

function valid(content: Content): boolean {
  const { type, message, extra, file_data, links } = content;
  switch (type) {
    case "text":
      return text(message, TEXT, 1) && maybe(extra, EXTRA);
    case "file":
      return maybe(message, TEXT) && list(file_data, 10, (file) => closeUp(file) && text(file.name, NAME, 1) && web(file.url));
    case "links":
      return (
        maybe(message, TEXT) &&
        list(links, 20, (link) =>
          closeUp(link) && text(link.name, NAME, 1) && link.type === "link" ? web(link.url) : link.type === "text" && text(link.name, NAME, 1) && maybe(link.extra, EXTRA),
        )
      );
  }
  return false;
}

/** The message as it goes out, or `undefined`. What was given is left as it is. */
export function message(given: unknown): Content | undefined {
  try {
    let content = read(given);
    if (!record(content)) return;
    if (content.TYPE === "SCENARIO" ? !record(content.MESSAGE) : !valid(content.type === undefined ? (content = { type: "text", ...content }) : content)) return;
    return new TextEncoder().encode(JSON.stringify(content)).length <= SIZE ? (content as Content) : undefined;
  } catch (_) {
    // Not JSON, or nothing that could be.
    return;
  }
}

/** `BOTH`, `AGENT` or `CUSTOMER`, in any case; nothing is `BOTH`. */
export function audience(given: unknown): string | undefined {
  const word = given == null || given === "" ? "BOTH" : typeof given === "string" && given.toUpperCase();
  return word && /^(BOTH|AGENT|CUSTOMER)$/.test(word) ? word : undefined;
}
