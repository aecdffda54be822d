/** What this agent has done today, by the day of this machine: asked for after each greeting and each contact that went. */
import type { DeskClient } from "./client";
import type { Today } from "./wire";

export class TodayFigures {
  readonly #client: Pick<DeskClient, "ask" | "now">;
  /** `null` until the server has told; an older one never does. */
  current = $state.raw<Today | null>(null);

  constructor(client: Pick<DeskClient, "ask" | "now">) {
    this.#client = client;
  }

  async ask(): Promise<void> {
    const midnight = new Date(this.#client.now()).setHours(0, 0, 0, 0);
    try {
      this.current = await this.#client.ask("today", { since: midnight });
    } catch {
      // What was known stays; the next contact asks again.
    }
  }
}
