/**
 * One socket to a server, shared by the rooms of a realm, opened again for as long as there are rooms.
 *
 * ```text
 * shut --open()--> opening --onopen--> up --closed, silent--> waiting (0.5 s … 15 s) --> opening
 *                     \__ closed: rooms that were never heard end __/
 * ```
 */
import { PROTOCOL, type Received, type Sent } from "./frames.ts";
import type { Room } from "./room.ts";

/** The server speaks every 30 s; so long a silence means that nobody is there (`docs/chat-wire.md` 2). */
const SILENCE_MS = 75_000;
/** A page that wakes up does not wait that long. */
const DOUBT_MS = 40_000;
const BEAT_MS = 5_000;
const PAUSE_MS = 500;
const PAUSES_END_MS = 15_000;

export class Line {
  readonly url: string;
  readonly rooms = new Map<number, Room>();
  up = false;
  private socket: WebSocket | undefined;
  private tries = 0;
  private heard = 0;
  private again: ReturnType<typeof setTimeout> | undefined;
  private beat: ReturnType<typeof setInterval> | undefined;

  constructor(url: string) {
    this.url = url;
  }

  /** Opens the socket, or takes a room into the one that is open. Throws what `new WebSocket` throws. */
  open(): void {
    if (this.socket) return;
    clearTimeout(this.again);
    const socket = (this.socket = new WebSocket(this.url, PROTOCOL));
    socket.onopen = () => {
      if (socket.protocol !== PROTOCOL) return socket.close();
      this.up = true;
      this.heard = Date.now();
      clearInterval(this.beat);
      this.beat = setInterval(() => this.doubt(SILENCE_MS), BEAT_MS);
      this.rooms.forEach((room) => room.up());
    };
    socket.onmessage = ({ data }) => {
      this.heard = Date.now();
      this.tries = 0;
      this.take(data);
    };
    // A page's own policy (CSP) ends it with an error alone.
    socket.onclose = socket.onerror = () => {
      if (socket === this.socket) this.lost();
    };
  }

  send(frame: Sent): void {
    if (this.up) this.socket!.send(JSON.stringify(frame));
  }

  /** A room has ended; the last one shuts the line. */
  leave(room: Room): void {
    this.rooms.delete(room.id);
    if (this.rooms.size) return;
    const { socket } = this;
    this.rest();
    socket?.close();
  }

  /** The page or the network woke up. `network`: whatever socket there is belongs to the network of before. */
  wake(network: boolean): void {
    if (!this.rooms.size) return;
    this.tries = 0;
    if (this.up) this.doubt(network ? -1 : DOUBT_MS);
    else if (!this.socket) this.retry();
  }

  private take(data: unknown): void {
    let frame: Received | null;
    try {
      frame = JSON.parse(data as string);
    } catch (_) {
      return;
    }
    if (frame?.t === "ping") this.send({ t: "pong" });
    else if (frame) this.rooms.get(frame.id!)?.take(frame);
  }

  /** Gives up a socket that has been silent for too long. */
  private doubt(limit: number): void {
    if (Date.now() - this.heard <= limit) return;
    const { socket } = this;
    this.lost();
    socket?.close();
  }

  private rest(): void {
    this.up = false;
    this.socket = undefined;
    clearInterval(this.beat);
    clearTimeout(this.again);
  }

  private lost(): void {
    this.rest();
    this.rooms.forEach((room) => room.down());
    if (this.rooms.size) {
      const pause = Math.min(PAUSES_END_MS, PAUSE_MS * 2 ** this.tries++);
      this.again = setTimeout(() => this.retry(), pause * (0.5 + Math.random() / 2));
    }
  }

  private retry(): void {
    try {
      this.open();
    } catch (_) {
      // It was opened before, so the browser has lost its mind or the page its rights; the rooms' own time will end this.
      this.lost();
    }
  }
}
