/**
 * Keeps the rooms whole: fetches the newest page of a new room, the gap after a reconnect, and older pages on demand.
 */
import { NoAnswer, type DeskClient } from "./client";
import { addPage, changeRoom, type World } from "./reduce";

const PAGE = 50;
const GAP_PAGE = 100;

/** The part of the world's holder that is used here. */
export interface Holder {
  readonly current: World | null;
  change(how: (world: World) => World): void;
}

export class Sync {
  readonly #client: Pick<DeskClient, "ask">;
  readonly #holder: Holder;
  readonly #running = new Set<string>();

  constructor(client: Pick<DeskClient, "ask">, holder: Holder) {
    this.#client = client;
    this.#holder = holder;
  }

  /** Looks at every room, at this one first; to be called after each `hello` and each contact that comes. */
  all(first?: string): void {
    const world = this.#holder.current;
    const rooms = Object.keys(world?.rooms ?? {});
    for (const id of rooms.sort((a, b) => Number(b === first) - Number(a === first))) {
      const state = world?.rooms[id]?.state;
      if (state === "new" || state === "stale") void this.room(id);
    }
  }

  /** Brings one room up to date. One that failed is tried anew. */
  async room(id: string): Promise<void> {
    if (this.#running.has(id)) return;
    this.#running.add(id);
    try {
      await this.#catchUp(id);
    } catch (error) {
      // A lost connection is no failure: the next `hello` starts over.
      const lost = error instanceof NoAnswer && error.kind === "lost";
      if (!lost) this.#change(id, (room) => (room.state === "new" ? { ...room, state: "failed" } : room));
    } finally {
      this.#running.delete(id);
    }
  }

  async #catchUp(id: string): Promise<void> {
    for (;;) {
      const room = this.#holder.current?.rooms[id];
      if (!room || room.state === "live") return;
      if (room.upto === 0) {
        if (room.state === "failed") this.#change(id, (known) => ({ ...known, state: "new" }));
        const page = await this.#client.ask("items", { room: id, limit: PAGE });
        this.#holder.change((world) => addPage(world, id, "newest", page));
        return;
      }
      const page = await this.#client.ask("items", { room: id, after: room.upto, limit: GAP_PAGE });
      this.#holder.change((world) => addPage(world, id, "gap", page));
      if (page.items.length === 0) return;
    }
  }

  async older(id: string): Promise<void> {
    const room = this.#holder.current?.rooms[id];
    const first = room?.items[0];
    if (!room || !first || !room.more || room.older === "loading") return;
    this.#change(id, (known) => ({ ...known, older: "loading" }));
    try {
      const page = await this.#client.ask("items", { room: id, before: first.n, limit: PAGE });
      this.#holder.change((world) => addPage(world, id, "older", page));
    } catch {
      this.#change(id, (known) => ({ ...known, older: "failed" }));
    }
  }

  #change(id: string, change: Parameters<typeof changeRoom>[2]): void {
    this.#holder.change((world) => changeRoom(world, id, change));
  }
}
