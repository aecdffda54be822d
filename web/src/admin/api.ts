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

async function ask(method: string, path: string, body?: unknown): Promise<unknown> {
  let answer: Response;
  try {
    answer = await fetch(`/api/v1/${path}`, {
      method,
      headers: body === undefined ? { Accept: "application/json" } : { "Content-Type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    throw new No(0, "unreachable", "");
  }
  const told: unknown = answer.status === 204 ? undefined : await answer.json().catch(() => undefined);
  if (answer.ok) return told;
  const { code, message } = (told as { error?: { code?: string; message?: string } } | undefined)?.error ?? {};
  throw new No(answer.status, code ?? "", message ?? `HTTP ${answer.status}`);
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
  exported: () => ask("GET", "export") as Promise<Entry>,
  imported: (document: Entry) => ask("PUT", "import", document) as Promise<{ readonly put: number }>,
};
