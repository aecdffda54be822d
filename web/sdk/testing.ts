/** A page without a browser, and a server of which every frame is written by the test. */
import { vi } from "vitest";
import type { NxWebApi } from "./api.ts";
import type { Received } from "./frames.ts";

export type Frame = Partial<Received> & { t: string };

/** A WebSocket whose far end is the test. */
export class FakeSocket {
  static all: FakeSocket[] = [];
  static readonly OPEN = 1;
  readonly url: string;
  readonly offered: string;
  protocol = "";
  readyState = 0;
  binaryType = "";
  sent: string[] = [];
  onopen?: () => void;
  onmessage?: (event: { data: unknown }) => void;
  onclose?: (event: object) => void;
  onerror?: (event: object) => void;

  constructor(url: string, offered: string) {
    if (FakeSocket.forbidden) throw new DOMException("insecure", "SecurityError");
    this.url = url;
    this.offered = offered;
    FakeSocket.all.push(this);
  }
  static forbidden = false;

  /** The newest one. */
  static get last(): FakeSocket {
    const last = FakeSocket.all.at(-1);
    if (!last) throw new Error("no socket was opened");
    return last;
  }

  accept(protocol = this.offered): this {
    this.protocol = protocol;
    this.readyState = 1;
    this.onopen?.();
    return this;
  }

  /** The server says. */
  says(...frames: Frame[]): this {
    for (const frame of frames) this.onmessage?.({ data: JSON.stringify(frame) });
    return this;
  }

  text(data: string): void {
    this.onmessage?.({ data });
  }

  /** The network, or the server, ends it. */
  drop(): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose?.({ code: 1006 });
  }

  send(text: string): void {
    this.sent.push(text);
  }

  close(): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    setTimeout(() => this.onclose?.({ code: 1000 }));
  }

  /** What the page said, as objects; of one kind where it is named. */
  heard(t?: string): Record<string, unknown>[] {
    const frames = this.sent.map((text) => JSON.parse(text) as Record<string, unknown>);
    return t ? frames.filter((frame) => frame.t === t) : frames;
  }
}

const storage = () => {
  const kept = new Map<string, string>();
  return {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  };
};

/** What a page was told. */
export interface Event {
  Kind?: string;
  Type: string;
  Data: Record<string, unknown>;
}

export class World {
  readonly listeners = new Map<string, ((event: { type: string }) => void)[]>();
  readonly location = { protocol: "http:", href: "http://shop.test/" };
  readonly document = { hidden: false, documentElement: { lang: "ko" }, head: { appendChild: (_: unknown) => {} }, createElement: () => ({ remove() {} }) };
  readonly getUserMedia = vi.fn();
  events: string[] = [];
  api!: NxWebApi;

  constructor() {
    FakeSocket.all = [];
    FakeSocket.forbidden = false;
    vi.useFakeTimers();
    const add = (type: string, listener: (event: { type: string }) => void) =>
      void this.listeners.set(type, [...(this.listeners.get(type) ?? []), listener]);
    vi.stubGlobal("window", globalThis);
    vi.stubGlobal("addEventListener", add);
    vi.stubGlobal("location", this.location);
    vi.stubGlobal("document", this.document);
    vi.stubGlobal("navigator", { language: "ko-KR", mediaDevices: { getUserMedia: this.getUserMedia } });
    vi.stubGlobal("isSecureContext", true);
    vi.stubGlobal("RTCPeerConnection", class {});
    vi.stubGlobal("sessionStorage", storage());
    vi.stubGlobal("WebSocket", FakeSocket);
  }

  /** Loads the script, as a page does; again for a reload, which leaves the sockets of before behind. */
  async load(): Promise<NxWebApi> {
    for (const socket of FakeSocket.all) socket.onclose = socket.onmessage = undefined as never;
    FakeSocket.all = [];
    this.events = [];
    this.listeners.clear();
    vi.resetModules();
    const { create } = await import("./api.ts");
    this.api = create("http://shop.test/voice.js");
    this.api.SetCallBack((json) => void this.events.push(json));
    this.events = [];
    return this.api;
  }

  fire(type: string): void {
    for (const listener of this.listeners.get(type) ?? []) listener({ type });
  }

  /** Everything the page was told, in short: `Connecting`, `Ringing Queued`, `Clear Not Found` … */
  get story(): string[] {
    return this.told().map(({ Type, Data }) => (/^(Ringing|Clear)$/.test(Type) ? `${Type} ${String(Data.desc)}` : Type));
  }

  told(type?: string): Event[] {
    const all = this.events.map((json) => JSON.parse(json) as Event);
    return type ? all.filter(({ Type }) => Type === type) : all;
  }

  /** What was said and heard: `_send 안녕`, ` hi`, `_fail x`. */
  get talk(): string[] {
    return this.told("Message_C").map(({ Data }) => {
      const content = Data.content as { message?: string } | string;
      return `${String(Data.status).replace("i_customs_message", "")} ${typeof content === "string" ? content : content.message}`;
    });
  }

  chat(over: { dn?: string; tel?: string; url?: string; realm?: string } = {}): 0 | -1 {
    const { realm = "nexuscommunity.net", dn = "3001", tel = "01012345678", url = "ws://10.10.30.71:6080" } = over;
    return this.api.connectChat(realm, dn, tel, url);
  }

  /** A chat that is in a room. */
  async talking(cid = CID): Promise<FakeSocket> {
    this.chat();
    await vi.advanceTimersByTimeAsync(0);
    const socket = FakeSocket.last;
    if (socket.readyState === 0) socket.accept();
    const id = socket.heard().at(-1)!.id as number;
    socket.says({ t: "trying", id }, { t: "ringing", id, desc: "Ringing" }, joined(id, cid));
    return socket;
  }
}

export const CID = "NX_00020009605BF4A6_161656744744efb1441f283b70";

export const joined = (id: number, cid = CID, over: Partial<Received> = {}): Frame => ({
  t: "joined",
  id,
  cid,
  resume: `token-${cid}`,
  upload: "http://h/call-message/upload?t=x",
  agent: "3105",
  seq: 0,
  resumed: false,
  ...over,
});

export const said = (id: number, seq: number, content: unknown, over: Partial<Received> = {}): Frame => ({
  t: "said",
  id,
  seq,
  dn: "3105",
  own: false,
  content,
  agent: "3105",
  at: "2026-01-02T03:04:05.678Z",
  ...over,
});

export const text = (message: string) => ({ type: "text", message });
