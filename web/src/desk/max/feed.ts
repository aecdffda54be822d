/** The desk's own long poll of the agent-session API: the very events that every client gets, in the same order. */
import type { MaxEvent } from "./protocol";

const BASE = "/InContactAPI/services/v31.0";
const AGAIN_MS = 2_000;

export interface Batch {
  readonly events: readonly MaxEvent[];
  /** The newest token of each page's chain, by the page's number. */
  readonly apps: Readonly<Record<string, string>>;
}

export interface FeedOptions {
  readonly fetch: typeof fetch;
  readonly batch: (batch: Batch) => void;
  /** Is the agent at work? Whoever is not is not put to work by their desk. */
  readonly atWork: () => boolean;
  /** Waits; stopped early when the feed is. */
  readonly pause: (milliseconds: number, signal: AbortSignal) => Promise<void>;
}

export class Feed {
  readonly #options: FeedOptions;
  #id: string | null = null;
  #stop: AbortController | null = null;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#stop) return;
    this.#stop = new AbortController();
    void this.#run(this.#stop.signal);
  }

  stop(): void {
    this.#stop?.abort();
    this.#stop = null;
    this.#id = null;
  }

  /** Posts below the session's own path; true if it was accepted. */
  async act(path: string): Promise<boolean> {
    if (!this.#id) return false;
    try {
      return (await this.#post(`/agent-sessions/${this.#id}${path}`, {})).ok;
    } catch {
      return false;
    }
  }

  /** Begins a chain of tokens for a page. */
  async app(workspace: string): Promise<string | null> {
    try {
      const answer = await this.#post("/agent-sessions/app", { workspace, desk: true });
      return answer.ok ? ((await answer.json()) as { sessionId: string }).sessionId : null;
    } catch {
      return null;
    }
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#id === null && this.#options.atWork()) this.#id = await this.#enter(signal);
        if (this.#id === null) {
          await this.#options.pause(AGAIN_MS, signal);
          continue;
        }
        const answer = await this.#options.fetch(`${BASE}/agent-sessions/${this.#id}/get-next-event?timeout=55`, { signal });
        if (answer.status === 200) {
          const { sessionId, events, apps } = (await answer.json()) as { sessionId: string } & Batch;
          this.#id = sessionId;
          this.#options.batch({ events, apps: apps ?? {} });
        } else if (answer.status === 409 || answer.status === 404) {
          this.#id = null;
        } else if (answer.status !== 304) {
          await this.#options.pause(AGAIN_MS, signal);
        }
      } catch {
        await this.#options.pause(AGAIN_MS, signal);
      }
    }
  }

  /** Joins the agent's session, or begins one. */
  async #enter(signal: AbortSignal): Promise<string | null> {
    for (const path of ["/agent-sessions/join", "/agent-sessions"]) {
      const answer = await this.#post(path, { desk: true, stationId: "desk" }, signal);
      if (answer.ok) return ((await answer.json()) as { sessionId: string }).sessionId;
    }
    return null;
  }

  #post(path: string, body: object, signal?: AbortSignal): Promise<Response> {
    return this.#options.fetch(BASE + path, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      ...(signal ? { signal } : {}),
    });
  }
}
