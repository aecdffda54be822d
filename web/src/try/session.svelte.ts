/**
 * One customer's chat over its whole life: started, connected, lost and caught up, ended. It survives a reload of its
 * tab; after each (re)connect the transcript brings what was missed.
 *
 * ```text
 * none --start--> connecting --subscribed + transcript--> open --socket lost--> connecting
 *                     \__ 403 / chat.ended __> over <__________/
 * ```
 */
import { load, save } from "../ui/storage";
import { uuid } from "../ui/uuid";
import { agentOf, eventOf, isSaid, merge, withReceipt } from "./lines";
import * as api from "./participant";
import { openChatSocket } from "./socket";

const STORED = "sangdam.try";
const TYPING_SHOWN_MS = 6_000;
const TYPING_EVERY_MS = 5_000;
const RETRY_FIRST_MS = 1_000;
const RETRY_LAST_MS = 15_000;

export interface Unsent {
  readonly id: string;
  readonly text: string;
  readonly file?: File;
  /** `queued` goes by itself when the connection is there; `failed` was refused. */
  readonly state: "queued" | "sending" | "failed";
  readonly progress: number;
}

type Kept = { chat: api.Chat; name: string };

export class ChatSession {
  phase = $state<"none" | "connecting" | "open" | "over">("none");
  name = $state("");
  items = $state.raw<readonly api.ChatItem[]>([]);
  unsent = $state.raw<readonly Unsent[]>([]);
  typing = $state("");
  /** Lost for longer than a blink. */
  lost = $state(false);
  #chat = $state.raw<api.Chat | null>(null);
  #token = "";
  #close: (() => void) | null = null;
  #generation = 0;
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #lostTimer: ReturnType<typeof setTimeout> | undefined;
  #typingTimer: ReturnType<typeof setTimeout> | undefined;
  #typed = 0;
  #delivered = "";
  #read = "";
  readonly agent = $derived(agentOf(this.items));

  get me(): string {
    return this.#chat?.participant ?? "";
  }

  /** Goes on with the chat that this tab had before a reload. */
  resume(): void {
    const kept = load<Kept | null>("session", STORED, null);
    if (!kept) return;
    this.#chat = kept.chat;
    this.name = kept.name;
    void this.#connect();
  }

  async start(name: string): Promise<void> {
    const chat = await api.start(name);
    this.#chat = chat;
    this.name = name;
    save("session", STORED, { chat, name } satisfies Kept);
    await this.#connect();
  }

  /** The page or the network woke up. */
  wake(): void {
    if (this.phase === "open") {
      // The socket may be dead without knowing it. What was missed is asked for, and that shows it.
      const mine = this.#generation;
      this.#caughtUp(mine).catch((error: unknown) => this.#failed(error, () => void (mine === this.#generation && this.#later())));
      return;
    }
    if (this.phase !== "connecting" || this.#retry === undefined) return;
    this.#failures = 0;
    void this.#connect();
  }

  forget(): void {
    this.#over();
    this.phase = "none";
    this.items = [];
    this.unsent = [];
    this.#chat = null;
  }

  say(text: string): void {
    // What was being written is said: the next stroke is news again.
    this.#typed = 0;
    this.#add({ id: uuid(), text, state: "queued", progress: 0 });
  }

  attach(file: File): void {
    this.#add({ id: uuid(), text: "", file, state: "queued", progress: 0 });
  }

  resend(id: string): void {
    this.#change(id, { state: "queued" });
    this.#flush();
  }

  typed(): void {
    if (this.phase !== "open" || Date.now() - this.#typed < TYPING_EVERY_MS) return;
    this.#typed = Date.now();
    api.typing(this.#token).catch(() => {});
  }

  /** Everything that is here was looked at. */
  read(): void {
    const last = this.#lastOfOthers();
    if (this.phase !== "open" || !last || last.Id === this.#read) return;
    this.#read = this.#delivered = last.Id;
    api.receipt(this.#token, "read", last.Id).catch(() => {});
  }

  async end(): Promise<void> {
    try {
      await api.leave(this.#token, uuid());
    } catch (error) {
      if (!(error instanceof api.ChatOver)) throw error;
    }
    this.#over();
  }

  download(id: string): Promise<string> {
    return api.attachmentUrl(this.#token, id);
  }

  async #connect(): Promise<void> {
    const chat = this.#chat;
    if (!chat) return;
    const mine = ++this.#generation;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    this.#close?.();
    this.#close = null;
    this.phase = "connecting";
    const again = () => void (mine === this.#generation && this.#later());
    try {
      const { url, token } = await api.connect(chat);
      if (mine !== this.#generation) return;
      this.#token = token;
      this.#close = openChatSocket(url, {
        ready: () => void this.#caughtUp(mine).catch((error: unknown) => this.#failed(error, again)),
        item: (item) => void (mine === this.#generation && this.#take(item)),
        closed: again,
      });
    } catch (error) {
      this.#failed(error, again);
    }
  }

  async #caughtUp(mine: number): Promise<void> {
    const items = await api.transcript(this.#token);
    if (mine !== this.#generation) return;
    this.items = merge(this.items, items);
    if (this.items.some((item) => eventOf(item) === "chat.ended")) return this.#over();
    this.phase = "open";
    this.#failures = 0;
    this.lost = false;
    clearTimeout(this.#lostTimer);
    this.#lostTimer = undefined;
    this.#acknowledge();
    this.#flush();
  }

  #failed(error: unknown, again: () => void): void {
    if (error instanceof api.ChatOver) this.#over();
    else again();
  }

  #later(): void {
    if (this.phase === "over" || this.phase === "none") return;
    this.#close?.();
    this.#close = null;
    this.phase = "connecting";
    this.#lostTimer ??= setTimeout(() => (this.lost = true), 2_000);
    const wait = Math.min(RETRY_LAST_MS, RETRY_FIRST_MS * 2 ** this.#failures++);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.#connect(), wait * (0.5 + Math.random() / 2));
  }

  #take(item: api.ChatItem): void {
    const event = eventOf(item);
    if (event === "typing") {
      if (item.ParticipantId !== this.me) this.#showTyping(item.DisplayName ?? " ");
      return;
    }
    if (item.Type === "MESSAGEMETADATA") {
      this.items = withReceipt(this.items, item.MessageMetadata);
      return;
    }
    this.items = merge(this.items, [item]);
    if (isSaid(item) && item.ParticipantId !== this.me) this.typing = "";
    if (event === "chat.ended") this.#over();
    else this.#acknowledge();
  }

  #showTyping(name: string): void {
    this.typing = name;
    clearTimeout(this.#typingTimer);
    this.#typingTimer = setTimeout(() => (this.typing = ""), TYPING_SHOWN_MS);
  }

  #acknowledge(): void {
    const last = this.#lastOfOthers();
    if (!last || last.Id === this.#delivered) return;
    this.#delivered = last.Id;
    api.receipt(this.#token, "delivered", last.Id).catch(() => {});
  }

  #lastOfOthers(): api.ChatItem | undefined {
    return this.items.findLast((item) => item.Type === "MESSAGE" && item.ParticipantRole === "AGENT");
  }

  #over(): void {
    this.#generation++;
    clearTimeout(this.#retry);
    clearTimeout(this.#lostTimer);
    this.#retry = this.#lostTimer = undefined;
    this.#close?.();
    this.#close = null;
    this.typing = "";
    this.lost = false;
    this.phase = "over";
    save("session", STORED, undefined);
  }

  #add(one: Unsent): void {
    this.unsent = [...this.unsent, one];
    this.#flush();
  }

  /** Sends what is queued: texts one after the other, files beside them. */
  #flush(): void {
    for (const one of this.unsent) if (one.file && one.state === "queued") void this.#send(one);
    void this.#texts();
  }

  #busy = false;
  async #texts(): Promise<void> {
    if (this.#busy) return;
    this.#busy = true;
    for (;;) {
      const next = this.unsent.find(({ file, state }) => !file && state === "queued");
      if (!next || this.phase !== "open") break;
      await this.#send(next);
    }
    this.#busy = false;
  }

  async #send({ id, text, file }: Unsent): Promise<void> {
    if (this.phase !== "open") return;
    this.#change(id, { state: "sending" });
    const mine = this.#generation;
    try {
      if (file) await api.attach(this.#token, id, file, (progress) => this.#change(id, { progress }));
      else {
        const { Id, AbsoluteTime } = await api.say(this.#token, id, text);
        // Its frame may be on the way or here; they share the id.
        const mine = { ParticipantId: this.me, ParticipantRole: "CUSTOMER", DisplayName: this.name };
        this.items = merge(this.items, [{ Id, AbsoluteTime, Type: "MESSAGE", ContentType: "text/plain", Content: text, ...mine }]);
      }
      this.unsent = this.unsent.filter((one) => one.id !== id);
    } catch (error) {
      if (error instanceof api.ChatOver) {
        this.#change(id, { state: "failed" });
        return this.#over();
      }
      const refused = error instanceof api.CallFailed && error.status > 0;
      this.#change(id, { state: refused ? "failed" : "queued" });
      // Not the message was wrong but the way to the server: it goes again when that is there again.
      if (!refused && mine === this.#generation) this.#later();
    }
  }

  #change(id: string, change: Partial<Unsent>): void {
    this.unsent = this.unsent.map((one) => (one.id === id ? { ...one, ...change } : one));
  }
}
