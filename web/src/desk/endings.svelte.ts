/**
 * Ending a conversation: five seconds in which one may take it back, and only then is the customer told.
 * A page that closes in between has ended nothing. Without a connection the end waits for it.
 */
export const UNDO_MS = 5_000;

export interface EndingsOptions {
  now: () => number;
  after: (milliseconds: number, action: () => void) => () => void;
  /** Tells the server; resolves true when it is done or can never be, false when it must be tried again later. */
  end: (contact: string) => Promise<boolean>;
}

export class Endings {
  readonly #options: EndingsOptions;
  readonly #cancels = new Map<string, () => void>();
  readonly #running = new Set<string>();
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
    const { [contact]: _, ...rest } = this.#due;
    this.#due = rest;
  }

  /** Ends without waiting longer. */
  async now(contact: string): Promise<boolean> {
    if (this.#due[contact] === undefined || this.#running.has(contact)) return false;
    this.#cancels.get(contact)?.();
    this.#cancels.delete(contact);
    this.#due = { ...this.#due, [contact]: this.#options.now() };
    this.#running.add(contact);
    const done = await this.#options.end(contact);
    this.#running.delete(contact);
    if (done) this.undo(contact);
    return done;
  }

  /** The connection is back: what was due meanwhile is done now. */
  flush(): void {
    const now = this.#options.now();
    for (const [contact, due] of Object.entries(this.#due)) if (due <= now) void this.now(contact);
  }
}
