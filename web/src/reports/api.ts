/** Reports, contacts and stories over `/api/v1` (docs/rest.md §4 and §5). */

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

async function get<T>(path: string, signal?: AbortSignal): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(`/api/v1/${path}`, { headers: { Accept: "application/json" }, ...(signal ? { signal } : {}) });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new No(0, "unreachable", "");
  }
  const told: unknown = await answer.json().catch(() => undefined);
  if (answer.ok) return told as T;
  const { code, message } = (told as { error?: { code?: string; message?: string } } | undefined)?.error ?? {};
  throw new No(answer.status, code ?? "", message ?? `HTTP ${answer.status}`);
}

export const REPORTS = ["queues", "agents", "channels", "reasons"] as const;
export type ReportName = (typeof REPORTS)[number];

/** One row: when, whose, and its figures by name. */
export interface Row {
  readonly at: number;
  readonly queue?: string;
  readonly agent?: string;
  readonly channel?: string;
  readonly reason?: number;
  readonly name?: string;
  readonly [figure: string]: number | string | undefined;
}

export interface Report {
  readonly report: ReportName;
  readonly by: string;
  readonly from: number;
  readonly to: number;
  readonly utc_offset_minutes: number;
  readonly rows: readonly Row[];
  readonly total: Readonly<Record<string, number>>;
}

export interface Contact {
  readonly id: string;
  readonly number: number;
  readonly segment: number;
  readonly channel: string;
  readonly phase: string;
  readonly customer: { readonly name: string; readonly id?: string };
  readonly started: number;
  readonly queued?: number;
  readonly accepted?: number;
  readonly ended?: number;
  readonly queue?: string;
  readonly agent?: string;
  readonly reason?: string;
  readonly rating?: number;
  readonly cnid?: string;
  readonly wrap_up?: { readonly code?: string; readonly note?: string };
  readonly call?: { readonly number: string; readonly caller: string; readonly dialed: string; readonly held: number; readonly recordings?: readonly string[] };
  readonly segments?: readonly Contact[];
}

export interface Line {
  readonly n: number;
  readonly id: string;
  readonly at: number;
  readonly kind: string;
  readonly audience: string;
  readonly text?: string;
  readonly event?: string;
  readonly by?: { readonly role: string; readonly name: string };
  readonly file?: { readonly id: string; readonly name: string };
}

export const LANES = ["customer", "server", "queue", "agent", "cti"] as const;
export type Lane = (typeof LANES)[number];

/** One rung of a story. */
export interface Rung {
  readonly seq: number;
  readonly at: number;
  readonly cause: string;
  readonly wire: string;
  readonly kind: string;
  readonly lane: Lane;
  readonly from?: Lane;
  readonly to?: Lane;
  readonly text: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

interface Named {
  readonly id: string;
  readonly name: string;
  readonly role?: string;
}

export const api = {
  report: (name: ReportName, query: URLSearchParams, signal: AbortSignal) => get<Report>(`reports/${name}?${query}`, signal),
  contacts: (query: URLSearchParams, signal: AbortSignal) =>
    get<{ readonly contacts: readonly Contact[]; readonly below?: number }>(`contacts?${query}`, signal),
  contact: (name: string) => get<Contact>(`contacts/${encodeURIComponent(name)}`),
  transcript: (name: string, after: number) =>
    get<{ readonly items: readonly Line[]; readonly more: boolean }>(`contacts/${encodeURIComponent(name)}/transcript?after=${after}&limit=100`),
  story: (name: string, after: number) =>
    get<{ readonly items: readonly Rung[]; readonly after?: number }>(`contacts/${encodeURIComponent(name)}/story?after=${after}`),
  queues: async () => (await get<{ readonly queues: readonly Named[] }>("queues")).queues,
  users: async () => (await get<{ readonly users: readonly Named[] }>("users")).users,
};
