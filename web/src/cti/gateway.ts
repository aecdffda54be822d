/**
 * The connection with the gateway: a socket that it is handed, and what it is for the person at the page.
 *
 * ```text
 *   off ──connect──▶ connecting ──open──▶ loggingIn ──1──▶ in ──logout──▶ out ─┐
 *                        │                    │ other       │               │  │ login again
 *                        │                    ▼             │               │  │ (5 s, then 1000)
 *                        │                 refused ─login─▶ loggingIn ◀─────┼──┘
 *                        └───────────── close ──────────────┴──▶ lost ◀─────┘
 * ```
 */
import type { Json } from "./requests";

export type Link =
  | { readonly phase: "off" }
  | { readonly phase: "connecting" | "loggingIn" | "in" | "out" }
  | { readonly phase: "refused"; readonly result: string }
  | { readonly phase: "lost"; readonly code: number; readonly reason: string; readonly opened: boolean };

/** What this needs of a `WebSocket`. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number; readonly reason: string }) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

export interface GatewayListener {
  link(link: Link): void;
  sent(text: string): void;
  received(text: string): void;
}

export class Gateway {
  readonly #open: () => Socket;
  readonly #listener: GatewayListener;
  #socket: Socket | undefined;
  #link: Link = { phase: "off" };
  #opened = false;

  /** `open` may throw: a page served over https may not open a plain socket to another machine. */
  constructor(open: () => Socket, listener: GatewayListener) {
    this.#open = open;
    this.#listener = listener;
  }

  get link(): Link {
    return this.#link;
  }

  /** Logs in, over the socket there is or a new one. */
  logIn(id: string, pwd: string): void {
    const request = { fname: "login", id, pwd };
    if (this.#opened) return this.#logIn(request);
    this.#become({ phase: "connecting" });
    let socket: Socket;
    try {
      socket = this.#open();
    } catch {
      return this.#become({ phase: "lost", code: 1006, reason: "", opened: false });
    }
    this.#socket = socket;
    socket.onopen = () => {
      this.#opened = true;
      this.#logIn(request);
    };
    socket.onmessage = ({ data }) => this.#listener.received(String(data));
    socket.onclose = ({ code, reason }) => {
      const opened = this.#opened;
      this.#opened = false;
      this.#socket = undefined;
      this.#become({ phase: "lost", code, reason, opened });
    };
  }

  /** False if there is no connection to send it by. */
  send(text: string): boolean {
    if (!this.#socket || !this.#opened) return false;
    this.#socket.send(text);
    this.#listener.sent(text);
    return true;
  }

  /** To be told each response with its request: a log-in and a log-out change what this is. */
  answered(request: Json | undefined, response: Json): void {
    const result = String(response.result);
    if (request?.fname === "login") this.#become(result === "1" ? { phase: "in" } : { phase: "refused", result });
    if (request?.fname === "logout" && result === "1") this.#become({ phase: "out" });
  }

  close(): void {
    this.#socket?.close(1000);
  }

  #logIn(request: Json): void {
    this.#become({ phase: "loggingIn" });
    this.send(JSON.stringify(request));
  }

  #become(link: Link): void {
    this.#link = link;
    this.#listener.link(link);
  }
}

/**
 * Where the page reaches the gateway. A listener on every address announces itself as loopback; seen from another
 * machine it is the same port of the host that served the page.
 */
export function reach(announced: string, pageHost: string): string {
  const [, scheme = "ws", host = "", port = ""] = /^(wss?):\/\/(.*?)(:\d+)?\/?$/.exec(announced) ?? [];
  const loopback = (name: string) => /^(localhost|127(\.\d+){3}|\[::1\])$/i.test(name);
  return loopback(host) && !loopback(pageHost) ? `${scheme}://${pageHost}${port}` : `${scheme}://${host}${port}`;
}
