/**
 * The desk's connection: one WebSocket that speaks `sangdam.desk.1`, kept alive for as long as the page wants it.
 *
 * It owns no socket and no clock: both are handed in, so a test drives it without a network and without waiting.
 * It matches answers to requests, says `hello` after each (re)connect and pings; what the world looks like it leaves
 * to its listeners.
 *
 * ```text
 *             hello ok           pong 2 s late
 * connecting ---------> online ----------------> offline (socket still open) -- pong --> online
 *     ^                    | closed                 | 5 s late: socket dropped
 *     | retry              v                        v
 *     +------------------ lost ------ 2 s ------> offline
 *                                                         4401, or 401 at the door: stopped, `ended`
 * ```
 */
import type { DeskEvent, Hello, Signal, Verbs } from "./wire";

/** One open socket, as far as it is used here. */
export interface Wire {
  send(text: string): void;
  close(): void;
}

/** What the socket tells. After `closed` it tells nothing more. */
export interface WireListener {
  opened(): void;
  text(text: string): void;
  closed(code: number): void;
}

export type OpenWire = (listener: WireListener) => Wire;

export interface Clock {
  /** Milliseconds since 1970, by this machine. */
  now(): number;
  /** Returns a function that cancels. */
  after(milliseconds: number, action: () => void): () => void;
  /** 0 ≤ x < 1, for jitter. */
  chance(): number;
}

export type Link = "connecting" | "online" | "lost" | "offline" | "stopped";

/** An ordinary no of the server. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** No answer: the connection is away (`lost`, nothing is known), or silent for too long (`late`). */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
  readonly kind: "lost" | "late";
  constructor(kind: "lost" | "late") {
    super(kind);
    this.kind = kind;
  }
}

/** Everything one can listen to. */
export interface Events {
  /** The world as it stands; replaces what was known. Comes after each (re)connect. */
  hello: Hello;
  event: DeskEvent;
  signal: Signal;
  link: Link;
  /** Server's clock minus ours, in milliseconds. */
  offset: number;
  /** The session is over: log in again. */
  ended: null;
}

const ANSWER_LIMIT_MS = 10_000;
const OPEN_LIMIT_MS = 10_000;
const PING_EVERY_MS = 5_000;
const PONG_QUIET_MS = 2_000;
const PONG_LIMIT_MS = 5_000;
/** After a wake the old socket is believed for so long, and one that is not greeted yet is given up. */
const WAKE_LIMIT_MS = 1_500;
const RETRY_FIRST_MS = 500;
const RETRY_LAST_MS = 15_000;
const SESSION_ENDED = 4401;
/** Frames in any second; the server closes at more than 50. */
const FRAMES_A_SECOND = 40;

type Listener<K extends keyof Events> = (value: Events[K]) => void;
type Waiting = { resolve(ok: unknown): void; reject(error: Error): void; cancel(): void };

export interface ClientOptions {
  open: OpenWire;
  clock: Clock;
  lang: () => string;
  /** Asked when the door stays shut: is our session still good? `null`: nobody knows. */
  session: () => Promise<boolean | null>;
}

export class DeskClient {
  readonly #options: ClientOptions;
  readonly #listeners: { [K in keyof Events]?: Set<Listener<K>> } = {};
  readonly #waiting = new Map<number, Waiting>();
  #wire: Wire | null = null;
  /** Counts sockets, so that a dead one's last words are not heard. */
  #generation = 0;
  #nextId = 1;
  #link: Link = "stopped";
  /** Events up to here are in the `hello` already. */
  #seq = 0;
  #failures = 0;
  #offset = 0;
  #bestTrip = Infinity;
  #cancelRetry: (() => void) | null = null;
  #cancelQuiet: (() => void) | null = null;
  #cancelPing: (() => void) | null = null;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  get link(): Link {
    return this.#link;
  }

  /** Now, by the server's clock. */
  now(): number {
    return this.#options.clock.now() + this.#offset;
  }

  /** Listens until the returned function is called. */
  on<K extends keyof Events>(name: K, listener: Listener<K>): () => void {
    const listeners: Set<Listener<K>> = (this.#listeners[name] ??= new Set<never>());
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  start(): void {
    if (this.#link !== "stopped") return;
    this.#setLink("connecting");
    this.#open();
  }

  stop(): void {
    this.#setLink("stopped");
    this.#drop();
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    this.#quietOver();
  }

  /**
   * The network or the page came back: try at once, or make sure, and soon, that the socket still lives. One that was
   * being opened meanwhile may hang for as long as the network's own patience lasts.
   */
  wake(): void {
    if (this.#link === "stopped") return;
    this.#failures = 0;
    if (this.#cancelRetry) this.#retryNow();
    else if (this.#seq > 0) this.#ping(WAKE_LIMIT_MS);
    else if (this.#options.clock.now() - this.#openedAt > WAKE_LIMIT_MS) this.#reopen();
  }

  /** Gives up the socket that is, and opens another at once. */
  #reopen(): void {
    this.#drop();
    if (this.#link === "online") this.#setLink("lost");
    this.#startQuiet();
    this.#open();
  }

  /** Resolves with the answer's `ok`; rejects with {@link Refusal} or {@link NoAnswer}. */
  ask<K extends keyof Verbs>(verb: K, take: Verbs[K]["take"]): Promise<Verbs[K]["ok"]> {
    if (!this.#wire || this.#seq === 0) return Promise.reject(new NoAnswer("lost"));
    return this.#request(verb, take, ANSWER_LIMIT_MS);
  }

  #request<K extends keyof Verbs>(verb: K, take: Verbs[K]["take"], limit: number): Promise<Verbs[K]["ok"]> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const cancel = this.#options.clock.after(limit, () => {
        this.#waiting.delete(id);
        reject(new NoAnswer("late"));
      });
      this.#waiting.set(id, { resolve: (ok) => resolve(ok as Verbs[K]["ok"]), reject, cancel });
      this.#post(JSON.stringify({ id, do: verb, ...take }));
    });
  }

  #openedAt = 0;
  /** Sends, in order, no more frames a second than the server takes. */
  #post(frame: string): void {
    this.#unsent.push(frame);
    this.#drain();
  }

  #drain(): void {
    const now = this.#options.clock.now();
    this.#times = this.#times.filter((at) => now - at < 1_000);
    while (this.#unsent.length > 0 && this.#times.length < FRAMES_A_SECOND) {
      this.#times.push(now);
      this.#wire?.send(this.#unsent.shift() ?? "");
    }
    const [oldest] = this.#times;
    if (this.#unsent.length === 0 || this.#cancelDrain || oldest === undefined) return;
    this.#cancelDrain = this.#options.clock.after(oldest + 1_000 - now, () => {
      this.#cancelDrain = null;
      this.#drain();
    });
  }
  #unsent: string[] = [];
  #times: number[] = [];
  #cancelDrain: (() => void) | null = null;

  #open(): void {
    this.#openedAt = this.#options.clock.now();
    const mine = ++this.#generation;
    const current = (action: () => void) => () => void (mine === this.#generation && action());
    let opened = false;
    const closed = (code: number) => {
      if (mine !== this.#generation) return;
      cancelLimit();
      this.#closed(code, opened);
    };
    const cancelLimit = this.#options.clock.after(
      OPEN_LIMIT_MS,
      current(() => {
        this.#wire?.close();
        closed(1006);
      }),
    );
    this.#wire = this.#options.open({
      opened: current(() => {
        opened = true;
        cancelLimit();
        this.#sayHello(mine);
      }),
      text: (text) => void (mine === this.#generation && this.#receive(text)),
      closed,
    });
  }

  #sayHello(mine: number): void {
    const sent = this.#options.clock.now();
    this.#request("hello", { lang: this.#options.lang() }, ANSWER_LIMIT_MS).then(
      () => {
        // What the answer says was taken in `#receive`, before any event that followed it.
        if (mine !== this.#generation) return;
        this.#schedulePing();
      },
      () => {
        if (mine !== this.#generation) return;
        this.#wire?.close();
        this.#closed(1006, true);
      },
    );
    this.#helloSent = { id: this.#nextId - 1, sent };
  }
  #helloSent = { id: 0, sent: 0 };

  #receive(text: string): void {
    const frame = parse(text);
    if (!frame) return;
    if (typeof frame.id === "number") {
      const waiting = this.#waiting.get(frame.id);
      if (!waiting) return;
      this.#waiting.delete(frame.id);
      waiting.cancel();
      if (isRecord(frame.no)) {
        waiting.reject(new Refusal(String(frame.no.code ?? "unknown"), String(frame.no.message ?? "")));
        return;
      }
      if (frame.id === this.#helloSent.id) this.#helloed(frame.ok as Hello);
      waiting.resolve(frame.ok ?? {});
    } else if (typeof frame.ev === "string") {
      const event = frame as unknown as DeskEvent;
      if (event.seq > this.#seq || event.ev === "bye") this.#emit("event", event);
    } else if (typeof frame.sig === "string") {
      this.#emit("signal", frame as unknown as Signal);
    }
  }

  #helloed(hello: Hello): void {
    // `seq` 0 is a realm in which nothing has happened yet; ours must be above zero to mean "greeted".
    this.#seq = Math.max(hello.seq, 0) || Number.MIN_VALUE;
    this.#failures = 0;
    this.#bestTrip = Infinity;
    this.#learnOffset(hello.at, this.#helloSent.sent);
    this.#quietOver();
    this.#setLink("online");
    this.#emit("hello", hello);
  }

  #ping(limit = PONG_LIMIT_MS): void {
    this.#cancelPing?.();
    const mine = this.#generation;
    const sent = this.#options.clock.now();
    this.#startQuiet();
    this.#request("ping", {}, limit).then(
      ({ at }) => {
        if (mine !== this.#generation) return;
        this.#learnOffset(at, sent);
        this.#quietOver();
        this.#setLink("online");
        this.#schedulePing();
      },
      (error: Error) => {
        if (mine !== this.#generation || !(error instanceof NoAnswer) || error.kind === "lost") return;
        this.#reopen();
      },
    );
  }

  #schedulePing(): void {
    this.#cancelPing?.();
    this.#cancelPing = this.#options.clock.after(PING_EVERY_MS, () => this.#ping());
  }

  /** Two quiet seconds before anyone is alarmed: no flicker. */
  #startQuiet(): void {
    this.#cancelQuiet ??= this.#options.clock.after(PONG_QUIET_MS, () => {
      if (this.#link !== "stopped") this.#setLink("offline");
    });
  }

  #quietOver(): void {
    this.#cancelQuiet?.();
    this.#cancelQuiet = null;
  }

  #closed(code: number, wasOpen: boolean): void {
    this.#drop();
    if (this.#link === "stopped") return;
    if (code === SESSION_ENDED) return this.#end();
    if (this.#link === "online") this.#setLink("lost");
    this.#startQuiet();
    if (!wasOpen) {
      // The browser does not tell why an upgrade failed, so the session is asked for.
      const mine = this.#generation;
      void this.#options.session().then((good) => {
        if (good === false && mine === this.#generation) this.#end();
      });
    }
    const wait = Math.min(RETRY_LAST_MS, RETRY_FIRST_MS * 2 ** this.#failures++);
    this.#cancelRetry = this.#options.clock.after(wait * (0.5 + this.#options.clock.chance() / 2), () =>
      this.#retryNow(),
    );
  }

  #retryNow(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = null;
    if (this.#link !== "stopped") this.#open();
  }

  /** Forgets the socket; whoever waits for an answer hears that it is lost. */
  #drop(): void {
    const wire = this.#wire;
    this.#generation++;
    this.#wire = null;
    this.#seq = 0;
    this.#unsent = [];
    this.#times = [];
    this.#cancelPing?.();
    this.#cancelPing = null;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const one of waiting) {
      one.cancel();
      one.reject(new NoAnswer("lost"));
    }
    wire?.close();
  }

  #end(): void {
    this.stop();
    this.#emit("ended", null);
  }

  /** The quickest round trip tells the time best; its worth fades so that a drifting clock is followed. */
  #learnOffset(at: number, sent: number): void {
    const now = this.#options.clock.now();
    const trip = now - sent;
    this.#bestTrip *= 1.05;
    if (trip > this.#bestTrip) return;
    this.#bestTrip = trip;
    this.#offset = Math.round(at - (sent + now) / 2);
    this.#emit("offset", this.#offset);
  }

  #setLink(link: Link): void {
    if (link === this.#link) return;
    this.#link = link;
    this.#emit("link", link);
  }

  #emit<K extends keyof Events>(name: K, value: Events[K]): void {
    const listeners = this.#listeners[name] as Set<Listener<K>> | undefined;
    listeners?.forEach((listener) => listener(value));
  }
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
