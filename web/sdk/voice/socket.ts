/**
 * The WebSocket under JsSIP. It is ours for three reasons: JsSIP has no event for 100; it gives up a call whose socket is
 * lost, while ours opens another underneath for {@link RETURN_MS} and sends what was held back; and it does not say when a
 * BYE was answered.
 *
 * ```text
 * new --connect--> open --lost--> away --opened again--> open
 *   \__ refused: failed            \__ RETURN_MS: failed
 * ```
 */

/** So long a call lives without its socket, in milliseconds (`nxwebapi.md` 2.1). */
export const RETURN_MS = 30_000;
const PAUSE_MS = 500;

export interface SocketListener {
  /** A response, before JsSIP has it. */
  response(code: number, phrase: string, method: string): void;
  /** There is another socket after one was lost. */
  back(): void;
  /** It never opened (`reached` false), or did not come back. */
  failed(reached: boolean): void;
}

/** In the shape that JsSIP wants. */
export class SipSocket {
  readonly url: string;
  readonly via_transport: string;
  readonly sip_uri: string;
  onconnect!: () => void;
  ondisconnect!: (error: boolean, code?: number, reason?: string) => void;
  ondata!: (data: string | ArrayBuffer) => void;
  private readonly listener: SocketListener;
  private socket: WebSocket | undefined;
  private reached = false;
  private waiting: string[] = [];
  private deadline = 0;
  private again: ReturnType<typeof setTimeout> | undefined;

  constructor(url: string, listener: SocketListener) {
    this.url = url;
    const { protocol, host } = new URL(url);
    this.via_transport = protocol.slice(0, -1).toUpperCase();
    this.sip_uri = `sip:${host};transport=ws`;
    this.listener = listener;
  }

  connect(): void {
    if (this.socket) return;
    const socket = (this.socket = new WebSocket(this.url, "sip"));
    socket.binaryType = "arraybuffer";
    socket.onopen = () => {
      if (socket.protocol !== "sip") return socket.close();
      if (this.reached) this.listener.back();
      else this.onconnect();
      this.reached = true;
      this.deadline = 0;
      for (const text of this.waiting.splice(0)) socket.send(text);
    };
    socket.onmessage = ({ data }: MessageEvent<string | ArrayBuffer>) => {
      const text = typeof data === "string" ? data : new TextDecoder().decode(data);
      const [, code, phrase] = /^SIP\/2\.0 (\d{3}) ?(.*)/.exec(text) ?? [];
      const method = /^CSeq\s*:\s*\d+\s+(\w+)/im.exec(text)?.[1];
      if (code && method) this.listener.response(Number(code), phrase!.trim(), method);
      this.ondata(text);
    };
    // A page's own policy (CSP) ends it with an error alone.
    socket.onclose = socket.onerror = () => {
      if (socket !== this.socket) return;
      this.socket = undefined;
      const now = Date.now();
      this.deadline ||= now + RETURN_MS;
      if (!this.reached || now >= this.deadline) return this.listener.failed(this.reached);
      this.again = setTimeout(() => this.connect(), PAUSE_MS);
    };
  }

  disconnect(): void {
    clearTimeout(this.again);
    const { socket } = this;
    this.socket = undefined;
    socket?.close();
  }

  send(text: string): boolean {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(text);
    else this.waiting.push(text);
    return true;
  }

  isConnected(): boolean {
    return this.reached;
  }

  isConnecting(): boolean {
    return !this.reached && this.socket !== undefined;
  }
}
