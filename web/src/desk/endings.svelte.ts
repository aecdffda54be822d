/**
 * Ending a conversation: five seconds in which one may take it back, and only then is the customer told.
 * A page that closes in between has ended nothing. Without a connection the end waits for it. What was ended stays due
 * until the contact itself says that it is over: else the composer would come back for the blink between the two.
 */
export const UNDO_MS = 5_000;

export interface EndingsOptions {
  now: () => number;
  after: (milliseconds: number, action: () => void) => () => void;
  /** Tells the server: done, never to be done, or to be tried again later. */
  end: (contact: string) => Promise<"done" | "never" | "later">;
}

export class Endings {
  readonly #options: EndingsOptions;
  readonly #cancels = new Map<string, () => void>();
  readonly #running = new Set<string>();
  /** The server has agreed, the contact has not said so yet. */
  readonly #done = new Set<string>();
  /** Contact → when it will be ended. */
  #due = $state.raw<Readonly<Record<string, number>>>({});

  constructor(options: EndingsOptions) {
    this.#options = options;
  }

  /** When this contact will be ended; `undefined` when nobody wants that. */
  due(contact: string): number | undefined {
    return this.#due[contact];
  }

  begin(contact: string): void {
    if (this.#due[contact] !== undefined) return;
    this.#due = { ...this.#due, [contact]: this.#options.now() + UNDO_MS };
    this.#cancels.set(
      contact,
      this.#options.after(UNDO_MS, () => void this.now(contact)),
    );
  }

  undo(contact: string): void {
    this.#cancels.get(contact)?.();
    this.#cancels.delete(contact);
    this.#done.delete(contact);
    const { [contact]: _, ...rest } = this.#due;
    this.#due = rest;
  }

  /** Ends without waiting longer. */
  async now(contact: string): Promise<void> {
    if (this.#due[contact] === undefined || this.#running.has(contact) || this.#done.has(contact)) return;
    this.#cancels.get(contact)?.();
    this.#cancels.delete(contact);
    this.#due = { ...this.#due, [contact]: this.#options.now() };
    this.#running.add(contact);
    const came = await this.#options.end(contact);
    this.#running.delete(contact);
    if (came === "never") this.undo(contact);
    else if (came === "done" && this.#due[contact] !== undefined) this.#done.add(contact);
  }

  /** Forgets what is due to contacts that are no longer here. */
  prune(contacts: readonly string[]): void {
    for (const contact of Object.keys(this.#due)) if (!contacts.includes(contact)) this.undo(contact);
  }

  /** The connection is back: what was due meanwhile is done now. */
  flush(): void {
    const now = this.#options.now();
    for (const [contact, due] of Object.entries(this.#due)) {
      if (due <= now && !this.#done.has(contact)) void this.now(contact);
    }
  }
}
