/** The directory over `/api/v1` (docs/rest.md §3). */
import type { Entry } from "./entry";
import type { KindOf } from "./kinds";

/** An ordinary no, or that the server is not there. */
export class No extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** A scenario as the server understands it (docs/scenario-bot.md). */
export interface Preview {
  readonly ok: boolean;
  readonly faults: readonly { readonly line: number; readonly key: string; readonly what: string }[];
  readonly languages?: readonly string[];
  readonly menus: readonly {
    readonly id: string;
    readonly does: "ask" | "handover" | "end";
    readonly shown: Readonly<Record<string, { readonly words: string; readonly content?: unknown }>>;
    readonly to?: { readonly queue?: string; readonly agent?: string };
  }[];
  /** What was said to try it leads there. */
  readonly turn?: { readonly menu: string; readonly missed: number; readonly unknown?: string };
}

/** Is sent as it is. */
class Toml {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

async function ask(method: string, path: string, body?: unknown): Promise<unknown> {
  let answer: Response;
  try {
    answer = await fetch(`/api/v1/${path}`, {
      method,
      headers: body === undefined ? { Accept: "application/json" } : { "Content-Type": body instanceof Toml ? "application/toml" : "application/json" },
      ...(body === undefined ? {} : { body: body instanceof Toml ? body.text : JSON.stringify(body) }),
    });
  } catch {
    throw new No(0, "unreachable", "");
  }
  const told: unknown = answer.status === 204 ? undefined : await answer.json().catch(() => undefined);
  if (answer.ok) return told;
  const { code, message } = (told as { error?: { code?: string; message?: string } } | undefined)?.error ?? {};
  throw new No(answer.status, code ?? "", message ?? `HTTP ${answer.status}`);
}

/** A row of the audit trail (docs/rest.md §3). */
export interface Audited {
  readonly id: string;
  readonly at: number;
  readonly cause: string;
  readonly kind: string;
  readonly name: string;
  readonly action: "added" | "changed" | "removed" | "logged_in" | "signed_on" | "not_let_in" | "moved" | "took_over" | "watched" | "joined" | "forced" | "limited";
  /** None is the server itself. */
  readonly by?: string;
  readonly way?: "page" | "api" | "cli";
  readonly from?: string;
  /** Members that differ, secrets among them. */
  readonly changed?: readonly string[];
  readonly before?: Entry;
  readonly after?: Entry;
}

const path = (kind: KindOf, name: string) => (kind.path === "realm" ? "realm" : `${kind.path}/${encodeURIComponent(name)}`);

export const api = {
  list: async (kind: KindOf): Promise<Entry[]> => {
    const told = (await ask("GET", kind.path)) as Record<string, Entry[]>;
    return told[kind.member] ?? [];
  },
  get: (kind: KindOf, name: string) => ask("GET", path(kind, name)) as Promise<Entry>,
  /** The entry as it is now; of a new key, with the secret that was made for it. */
  put: (kind: KindOf, name: string, entry: Entry) => ask("PUT", path(kind, name), entry) as Promise<Entry>,
  remove: (kind: KindOf, name: string) => ask("DELETE", path(kind, name)),
  resetSecond: (user: string) => ask("DELETE", `users/${encodeURIComponent(user)}/second-factor`),
  /** Newest first; `below` is where the page before ended. */
  audit: (filter: string, below?: string) =>
    ask("GET", `audit?limit=50${filter && `&${filter}`}${below ? `&below=${below}` : ""}`) as Promise<{ readonly entries: readonly Audited[]; readonly below?: string }>,
  /** Reads a scenario, changes nothing; and says where something leads, if it is said. */
  preview: (text: string, said?: Readonly<Record<string, string>>) =>
    ask("POST", `scenarios/preview${said ? `?${new URLSearchParams(said)}` : ""}`, new Toml(text)) as Promise<Preview>,
  exported: () => ask("GET", "export") as Promise<Entry>,
  imported: (document: Entry) => ask("PUT", "import", document) as Promise<{ readonly put: number }>,
};
