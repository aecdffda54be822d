/** The names of other entries, for those that refer to them. Fetched once a kind, and again after a change of page. */
import { api } from "./api";
import { KINDS } from "./kinds";

export interface Named {
  readonly name: string | number;
  readonly called: string;
}

class Names {
  #held = $state.raw<Readonly<Record<string, readonly Named[]>>>({});
  #asked = new Set<string>();

  of(path: string): readonly Named[] {
    if (!this.#asked.has(path)) {
      this.#asked.add(path);
      // Not while something is drawn.
      queueMicrotask(() => void this.#fetch(path));
    }
    return this.#held[path] ?? [];
  }

  /** Names may have changed. */
  forget(): void {
    this.#asked.clear();
  }

  async #fetch(path: string): Promise<void> {
    const kind = KINDS.find((one) => one.path === path);
    if (!kind) return;
    try {
      const entries = await api.list(kind);
      const all = entries.map((entry) => ({ name: entry[kind.name] as string | number, called: typeof entry["name"] === "string" ? entry["name"] : "" }));
      this.#held = { ...this.#held, [path]: all };
    } catch {
      // Names can be read in the entry itself; the page says by its own list that the server is away.
      this.#asked.delete(path);
    }
  }
}

export const names = new Names();
