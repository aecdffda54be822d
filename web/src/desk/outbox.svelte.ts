/**
 * What this agent says and sends, until the server has it.
 *
 * ```text
 *            answered
 * sending -----------> (an item of the room)
 *    | ^   lost
 *    | +---------- queued        online again: sent by itself, same client id
 *    | late, refused
 *    +-----------> failed        by the agent: sent again, same client id
 * ```
 * The same client id makes a repeat harmless: the server answers it with its first answer. It also tells which of the
 * room's lines is which of ours: a line that comes before its answer carries the id. What was tried before a connection
 * was lost may be among the lines that a new connection reads, without that id; so those are asked for only when nothing
 * is in doubt any more ({@link Outbox.certain}).
 */
import { NoAnswer, type DeskClient } from "./client";
import type { Audience, Contact, Written } from "./wire";

export interface Outgoing {
  readonly client: string;
  readonly contact: string;
  readonly room: string;
  readonly text: string;
  readonly audience: Audience;
  /** When it was sent, by the server's clock. */
  readonly at: number;
  readonly state: "sending" | "queued" | "failed";
  readonly why?: string;
  readonly file?: { readonly name: string; readonly type: string; readonly size: number };
  /** An image's own bytes, to be shown at once. */
  readonly preview?: string;
  /** 0…1 of a file's bytes. */
  readonly progress?: number;
  /** It was on its way at least once, so it may have arrived. */
  readonly tried?: boolean;
  /** The server's id of a file whose bytes it has. */
  readonly stored?: string;
}

/** Puts a file's bytes; resolves when the server has them. */
export type Put = (url: string, file: File, progress: (part: number) => void) => Promise<void>;

export interface OutboxOptions {
  client: Pick<DeskClient, "ask" | "now" | "link">;
  put: Put;
  uuid: () => string;
  /** An answer came: this is the item. */
  written: (outgoing: Outgoing, item: Written) => void;
  /** Remembers texts over a reload of this tab. */
  keep: { load(): readonly Outgoing[]; save(all: readonly Outgoing[]): void };
}

export class Outbox {
  readonly #options: OutboxOptions;
  readonly #files = new Map<string, File>();
  /** One text of a contact at a time, so that order is kept; files run beside them. */
  readonly #busy = new Set<string>();
  #all = $state.raw<readonly Outgoing[]>([]);
  /** Who waits for certainty. */
  #waiting: (() => void)[] = [];

  constructor(options: OutboxOptions) {
    this.#options = options;
    this.#all = options.keep.load().map((one) => ({ ...one, state: "queued" }));
  }

  of(contact: string): readonly Outgoing[] {
    return this.#all.filter((one) => one.contact === contact);
  }

  get all(): readonly Outgoing[] {
    return this.#all;
  }

  say(contact: Contact, text: string, audience: Audience): void {
    this.#add({ ...this.#base(contact), text, audience });
  }

  send(contact: Contact, file: File, audience: Audience, preview: string | undefined): void {
    const base = this.#base(contact);
    this.#files.set(base.client, file);
    const { name, type, size } = file;
    this.#add({
      ...base,
      text: "",
      audience,
      file: { name, type, size },
      ...(preview === undefined ? {} : { preview }),
    });
  }

  /** Its line has come: there is nothing left to send or to show. */
  arrived(client: string): void {
    this.discard(client);
  }

  /** Resolves when no text that may have arrived still waits for its answer. */
  certain(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#tell();
    });
  }

  #tell(): void {
    if (this.#all.some(({ tried, file, state }) => tried && !file && state !== "failed")) return;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  retry(client: string): void {
    this.#change(client, { state: "queued" });
    this.flush();
  }

  discard(client: string): void {
    const preview = this.#all.find((one) => one.client === client)?.preview;
    if (preview) URL.revokeObjectURL(preview);
    this.#files.delete(client);
    this.#set(this.#all.filter((one) => one.client !== client));
  }

  /** Sends what is queued; to be called when the connection is back. */
  flush(): void {
    for (const one of this.#all) if (one.state === "queued") void this.#run(one.file ? one.client : one.contact);
  }

  #base(contact: Contact) {
    return {
      client: this.#options.uuid(),
      contact: contact.id,
      room: contact.room,
      at: this.#options.client.now(),
      state: "queued" as const,
    };
  }

  #add(one: Outgoing): void {
    this.#set([...this.#all, one]);
    this.flush();
  }

  /** Works off one lane: a contact's texts in their order, or one file. */
  async #run(lane: string): Promise<void> {
    if (this.#busy.has(lane)) return;
    this.#busy.add(lane);
    try {
      for (;;) {
        const one = this.#all.find(
          (candidate) => candidate.state === "queued" && lane === (candidate.file ? candidate.client : candidate.contact),
        );
        const { link } = this.#options.client;
        if (!one || (link !== "online" && link !== "offline")) return;
        if (!(await this.#deliver(one))) return;
      }
    } finally {
      this.#busy.delete(lane);
    }
  }

  /** False when the connection is away and it makes no sense to go on. */
  async #deliver(one: Outgoing): Promise<boolean> {
    this.#change(one.client, { state: "sending", tried: true });
    try {
      const { item } = one.file ? await this.#deliverFile(one) : await this.#deliverText(one);
      this.#options.written(one, item);
      this.discard(one.client);
      return true;
    } catch (error) {
      if (error instanceof NoAnswer && error.kind === "lost") {
        this.#change(one.client, { state: "queued" });
        return false;
      }
      this.#change(one.client, { state: "failed", why: error instanceof NoAnswer ? "" : (error as Error).message });
      return true;
    }
  }

  #deliverText({ contact, client, text, audience }: Outgoing) {
    return this.#options.client.ask("say", { contact, client, text, audience });
  }

  async #deliverFile(one: Outgoing): Promise<{ readonly item: Written }> {
    const { contact, client, file, audience, stored } = one;
    const bytes = this.#files.get(client);
    if (!file || !bytes) throw new Error("");
    if (stored !== undefined) return this.#options.client.ask("file_done", { contact, file: stored });
    const type = file.type || "application/octet-stream";
    const announced = { contact, client, name: file.name, type, size: file.size, audience };
    const place = await this.#options.client.ask("file", announced);
    await this.#options.put(place.url, bytes, (progress) => this.#change(client, { progress }));
    this.#change(client, { stored: place.file });
    return this.#options.client.ask("file_done", { contact, file: place.file });
  }

  #change(client: string, change: Partial<Outgoing>): void {
    this.#set(this.#all.map((one) => (one.client === client ? { ...one, ...change } : one)));
  }

  #set(all: readonly Outgoing[]): void {
    this.#all = all;
    this.#options.keep.save(all.filter(({ file }) => !file));
    this.#tell();
  }
}
