/**
 * A chat: one room on a {@link Line}.
 *
 * It is `away` while its socket is gone or the server owes it an answer. Away for 32 s before anything was heard, or for
 * five minutes of waking time later, it ends. What is said waits in `queue`, whose head alone is under way; the head is
 * said again after each reconnection by the same key, so that the server stores it once.
 */
import type { Address } from "./address.ts";
import { LOST, PATIENCE_MS, Session, TERMINATED, TIMED_OUT, UNREACHED, type Data, type Host } from "./event.ts";
import type { Received } from "./frames.ts";
import { keep } from "./kept.ts";
import type { Line } from "./line.ts";
import type { Content } from "./message.ts";
import { secret } from "./random.ts";

/** Waking time without a server after which a room is given up, in milliseconds. */
const AWAY_MS = 300_000;
/** Longer than this between two ticks, the page was asleep. */
const TICK_MS = 500;
const ASLEEP_MS = 60_000;
/** Messages that may wait while the server is away. */
const WAITING = 100;
/** So many messages may go out in {@link PACE_MS}; the server takes ten a second. */
const PACE = 10;
const PACE_MS = 1_100;

/** Begins the keys of this page load, so that they are unique for ever. */
const page = secret();
let spoken = 0;

interface Waiting {
  key: string;
  content: Content;
  to: string;
}

export class Room extends Session {
  cid = "";
  token: string | undefined;
  private readonly line: Line;
  private readonly address: Address;
  /** So that the same attempt, made again, leads to the same room. */
  private readonly attempt = secret();
  private agent = "";
  /** The newest line of others that was seen, and one's own beyond it. */
  private seen = 0;
  private readonly mine = new Set<number>();
  private queue: Waiting[] = [];
  private paces: number[] = [];
  private flight: ReturnType<typeof setTimeout> | undefined;
  private ready = false;
  /** A socket was open for it, and something was heard of it. */
  private opened = false;
  private heard = false;
  private away = 0;
  private ticker: ReturnType<typeof setInterval> | undefined;

  constructor(host: Host, id: number, address: Address, line: Line, token: string | undefined) {
    super(host, id, address.dn);
    this.address = address;
    this.line = line;
    this.token = token;
    line.rooms.set(id, this);
    this.missing();
    if (line.up) this.up();
  }

  /** Says it, now or later. False: too much is waiting. */
  say(content: Content, to: string): boolean {
    if (!this.ready && this.queue.length >= WAITING) return false;
    this.queue.push({ key: `${page}-${++spoken}`, content, to });
    this.pump();
    return true;
  }

  /** False while the server is away: it would be no news later. */
  typing(on: boolean): boolean {
    if (this.ready) this.line.send({ t: "typing", id: this.id, on });
    return this.ready;
  }

  read(seq: number): boolean {
    if (this.ready) this.line.send({ t: "read", id: this.id, seq });
    return this.ready;
  }

  /** The line's socket is open. */
  up(): void {
    const { id, token } = this;
    const { realm, dn, tel } = this.address;
    const lang = document.documentElement.lang || navigator.language;
    this.opened = true;
    if (token) this.line.send({ t: "resume", id, token, seq: this.seen, keys: this.queue.slice(0, 1).map(({ key }) => key), lang });
    else this.line.send({ t: "open", id, realm, dn, tel, lang, key: this.attempt });
    if (this.inCall) this.extra("Link", { up: true });
  }

  /** The line's socket is gone. */
  down(): void {
    this.land();
    this.ready = false;
    // Where nobody ever answered there is nothing to come back to.
    if (!this.opened) return this.finish(this.closing ? TERMINATED : UNREACHED);
    if (this.inCall) this.extra("Link", { up: false });
    this.missing();
  }

  take(frame: Received): void {
    clearInterval(this.ticker);
    this.away = 0;
    this.heard = true;
    const { desc = "", code = 0, seq = 0, dn } = frame;
    switch (frame.t) {
      case "trying":
        return this.trying();
      case "ringing":
        return this.ringing(desc);
      case "joined":
        return this.joined(frame);
      case "said":
        return this.said(frame);
      case "stored":
        this.mine.add(seq);
        return this.settle(frame, "i_customs_message_send", "Outgoing Message", { seq });
      case "failed":
        return this.settle(frame, "i_customs_message_fail", desc, undefined, code);
      case "moved":
        this.agent = frame.agent!;
        return this.extra("Moved", { virtualAgent: this.agent });
      case "typing":
        return this.extra("Composing", { on: frame.on, dn });
      case "read":
        return this.extra("Read", { seq, dn });
      case "place":
        return this.extra("Place", { place: frame.place, wait: frame.wait });
      case "closed":
        // A room of before the reload that has ended meanwhile: the page wants a room, so it gets another.
        if (this.token && !this.inCall && !this.closing && (code === 403 || code === 410)) {
          keep(this.address, this.token);
          this.token = undefined;
          this.missing();
          return this.up();
        }
        if (code !== 503) keep(this.address, this.token);
        this.leave();
        if (this.inCall) this.finish(TERMINATED, 0, this.host.wants("extras") ? { rate: frame.rate } : undefined);
        else this.finish(desc, code);
    }
  }

  override finish(desc: string, code = 0, more?: Data): void {
    if (!this.over) for (const { content } of this.queue.splice(0)) this.message("i_customs_message_fail", desc, content, this.address.tel, code);
    super.finish(desc, code, more);
    this.land();
    // The server does not know yet that a room was left while it was away: it is told when it is back.
    if (this.ready || !this.closing || !this.cid) this.leave();
  }

  protected hangUp(): boolean | undefined {
    keep(this.address, this.token);
    if (!this.opened) return undefined;
    this.line.send({ t: "close", id: this.id });
    return true;
  }

  /** The server is away, or owes an answer, from now on. */
  private missing(): void {
    clearInterval(this.ticker);
    let last = Date.now();
    this.ticker = setInterval(() => {
      const now = Date.now();
      this.away += Math.min(now - last, ASLEEP_MS);
      last = now;
      if (this.away < (this.heard ? AWAY_MS : PATIENCE_MS)) return;
      const { up } = this.line;
      this.leave();
      if (this.heard) this.finish(LOST);
      else if (up) this.finish(TIMED_OUT, 408);
      else this.finish(UNREACHED);
    }, TICK_MS);
  }

  private leave(): void {
    clearInterval(this.ticker);
    this.line.leave(this);
  }

  private joined({ cid, resume, upload, agent, resumed }: Received): void {
    if (!this.closing) keep(this.address, this.token, resume);
    this.token = resume;
    this.cid = cid!;
    this.agent = agent!;
    this.ready = true;
    if (this.closing) return void this.hangUp();
    if (resumed && !this.inCall) {
      // A reload: to the page it is a chat like any other.
      this.trying();
      this.ringing("Ringing");
    }
    this.answered({ Cid: cid, upload });
    this.pump();
  }

  private said({ seq = 0, own, dn, content, agent, at, name }: Received): void {
    const known = this.mine.delete(seq) || seq <= this.seen;
    this.seen = Math.max(this.seen, seq);
    if (known) return;
    this.agent = agent ?? this.agent;
    this.message("i_customs_message", "Incoming Message", content, own ? this.address.tel : dn!, undefined, { seq, at, own: !!own, name });
  }

  private message(status: string, desc: string, content: unknown, dn: string, code?: number, extras?: Data): void {
    const { cid, agent, host, id } = this;
    if (this.over) return;
    const more = host.wants("extras") ? { code, id, ...extras } : { code };
    host.emit("Message_C", { status, desc, content, dn, Cid: cid, virtualAgent: agent, ...more });
  }

  private extra(type: string, data: Data): void {
    if (this.host.wants("extras") && !this.over) this.host.emit(type, { ...data, Cid: this.cid, id: this.id });
  }

  /** The head of the queue had its answer. */
  private settle({ key }: Received, status: string, desc: string, extras?: Data, code?: number): void {
    if (this.queue[0]?.key !== key) return;
    this.land();
    const { content } = this.queue.shift()!;
    this.message(status, desc, content, this.address.tel, code, extras);
    this.pump();
  }

  /** Sends the head of the queue, unless it is under way. */
  private pump(): void {
    const [head] = this.queue;
    if (!head || !this.ready || this.flight) return;
    const now = Date.now();
    this.paces = this.paces.filter((at) => now - at < PACE_MS);
    const land = (wait: number, then: () => void) => {
      this.flight = setTimeout(() => {
        this.flight = undefined;
        then();
      }, wait);
    };
    if (this.paces.length >= PACE) return land(PACE_MS - now + this.paces[0]!, () => this.pump());
    this.paces.push(now);
    this.line.send({ t: "say", id: this.id, ...head });
    land(PATIENCE_MS, () => this.settle({ t: "", key: head.key }, "i_customs_message_fail", TIMED_OUT, undefined, 408));
  }

  /** Nothing is under way any more. */
  private land(): void {
    clearTimeout(this.flight);
    this.flight = undefined;
  }
}
