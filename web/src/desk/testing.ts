/** A clock and a server that a test holds in its hands. */
import type { Clock, OpenWire, WireListener } from "./client";
import type { Contact, Hello, Item } from "./wire";

/** Time passes only by {@link pass}. */
export class TestClock implements Clock {
  #now = 1_000_000;
  #timers: { at: number; action: () => void }[] = [];

  now = () => this.#now;
  chance = () => 0.999;
  after = (milliseconds: number, action: () => void) => {
    const timer = { at: this.#now + milliseconds, action };
    this.#timers.push(timer);
    return () => void (this.#timers = this.#timers.filter((one) => one !== timer));
  };

  /** Lets time go by, with room for promises after each timer. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    for (;;) {
      await settle();
      const next = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.#timers = this.#timers.filter((one) => one !== next);
      this.#now = Math.max(this.#now, next.at);
      next.action();
    }
    this.#now = end;
    await settle();
  }
}

export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

export type Frame = { id: number; do: string } & Record<string, unknown>;

/** One end of a socket. */
export class TestSocket {
  readonly sent: Frame[] = [];
  readonly #listener: WireListener;
  closed = false;

  constructor(listener: WireListener) {
    this.#listener = listener;
  }
  opened = () => this.#listener.opened();
  tell = (frame: object) => this.#listener.text(JSON.stringify(frame));
  close(code = 1006): void {
    this.closed = true;
    this.#listener.closed(code);
  }
  /** The newest request with this verb. */
  asked(verb: string): Frame {
    const frame = this.sent.findLast((one) => one.do === verb);
    if (!frame) throw new Error(`nobody asked to ${verb}: ${this.sent.map((one) => one.do).join()}`);
    return frame;
  }
  answer = (verb: string, ok: object) => this.tell({ id: this.asked(verb).id, ok });
  refuse = (verb: string, code: string) => this.tell({ id: this.asked(verb).id, no: { code, message: code } });
}

export class TestServer {
  readonly sockets: TestSocket[] = [];
  open: OpenWire = (listener) => {
    const socket = new TestSocket(listener);
    this.sockets.push(socket);
    return { send: (text) => void socket.sent.push(JSON.parse(text)), close: () => void (socket.closed = true) };
  };
  get last(): TestSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error("nobody connected");
    return socket;
  }
}

export function hello(over: Partial<Hello> = {}): Hello {
  return {
    seq: 10,
    at: 1_000_000,
    user: { id: "1001", name: "김서연", role: "agent" },
    agent: { channels: {} },
    reasons: [],
    queues: [],
    wrapup_codes: [],
    contacts: [],
    limits: { text: 16_384, file: 1_000, types: [] },
    ...over,
  };
}

export function contact(over: Partial<Contact> = {}): Contact {
  return {
    id: "c1",
    room: "r1",
    number: 1,
    channel: "chat",
    state: "talking",
    me: "p-me",
    since: 0,
    customer: { participant: "p-customer", name: "홍길동" },
    last: 0,
    read: 0,
    ...over,
  };
}

export function item(n: number, over: Partial<Item> = {}): Item {
  const by = { participant: "p-customer", role: "customer", name: "홍길동" };
  return { n, id: `i${n}`, at: n * 1_000, kind: "message", text: `text ${n}`, audience: "all", by, ...over };
}

export const MINE = { by: { participant: "p-me", role: "agent", name: "김서연" } } as const;
