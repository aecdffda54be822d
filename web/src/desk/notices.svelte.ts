/** Messages of supervisors to the team: they stay until the agent says that they have read them. */
import type { DeskClient } from "./client";
import type { Notice } from "./wire";

export class Notices {
  readonly #client: DeskClient;
  /** Those that wait, oldest first. */
  all = $state.raw<readonly Notice[]>([]);
  /** Being acknowledged. */
  busy = $state("");

  constructor(client: DeskClient, heard: () => void = () => {}) {
    this.#client = client;
    // Those that still wait follow each greeting.
    client.on("hello", () => void (this.all = []));
    client.on("signal", (signal) => {
      if (signal.sig === "notices") this.all = signal.notices;
    });
    client.on("event", (event) => {
      if (event.ev === "notice_read") this.all = this.all.filter(({ id }) => id !== event.notice);
      if (event.ev !== "notice" || this.all.some(({ id }) => id === event.notice.id)) return;
      this.all = [...this.all, event.notice];
      heard();
    });
  }

  /** Throws where it could not be said; the message stays, then. */
  async acknowledge(notice: string): Promise<void> {
    this.busy = notice;
    try {
      await this.#client.ask("ack", { notice });
      this.all = this.all.filter(({ id }) => id !== notice);
    } finally {
      this.busy = "";
    }
  }
}
