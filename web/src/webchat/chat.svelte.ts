/**
 * One customer's chat as the page shows it, made of nothing but the functions and events of `nxWebApi` (with its extras).
 *
 * ```text
 * connecting -> waiting <-> bot <-> talking -> over
 *      \___________\__ failed
 * ```
 */
import type { NxWebApi } from "../../sdk/api";
import type { Wish } from "./params";
import { keyOf, upload, UploadFailed } from "./upload";
import { view, type Choice, type View } from "./view";
import type { Trouble } from "./text";

export type Phase = "connecting" | "waiting" | "bot" | "talking" | "over" | "failed";
export type Who = "me" | "agent" | "bot" | "system";

export interface Line {
  readonly id: number;
  readonly who: Who;
  readonly dn: string;
  readonly name: string;
  readonly view: View;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly seq: number;
  readonly state: "uploading" | "sending" | "done" | "failed";
  /** Why it failed. */
  readonly why?: Trouble;
  /** From 0 to 1. */
  readonly progress?: number;
  /** What to send again. */
  readonly again?: { readonly content: object; readonly file?: never } | { readonly file: File; readonly content?: never };
}

/** What `nxWebApi` tells. */
interface Event {
  readonly Type: string;
  readonly Data: Readonly<Record<string, unknown>>;
}

/** Typing holds for so long after the last sign, in milliseconds (`docs/chat-wire.md` 2). */
const TYPING_MS = 10_000;
const TYPING_EVERY_MS = 3_000;
/** A blink of the network is not told. */
const OFFLINE_AFTER_MS = 2_000;

const text = (value: unknown) => (typeof value === "string" ? value : "");
const number = (value: unknown) => (typeof value === "number" ? value : 0);

export class Chat {
  phase = $state<Phase>("connecting");
  lines = $state.raw<readonly Line[]>([]);
  /** Who serves, as a number; "" for nobody yet. */
  agent = $state("");
  agentName = $state("");
  typing = $state(false);
  offline = $state(false);
  place = $state.raw<{ place: number; wait: number } | undefined>(undefined);
  /** Others have read up to this line. */
  readTo = $state(0);
  why = $state.raw<{ code: number; desc: string } | undefined>(undefined);
  /** Where the customer may say how it went. */
  rate = $state("");
  /** What was said just now, for readers of the screen. */
  spoken = $state("");
  unread = $state(0);
  readonly wish: Wish;
  #api: NxWebApi;
  #id = 0;
  #cid = "";
  #upload = $state("");
  #next = 1;
  #bot = false;
  #joined = $state(false);
  #names = new Map<string, string>();
  #typed = 0;
  #typing: ReturnType<typeof setTimeout> | undefined;
  #offline: ReturnType<typeof setTimeout> | undefined;
  #seen = 0;
  #told = 0;
  #watching = true;
  /** The page's sessions so far: chats and calls count alike. */
  readonly #sessions: () => number;

  constructor(api: NxWebApi, wish: Wish, sessions: () => number) {
    this.#api = api;
    this.wish = wish;
    this.#sessions = sessions;
  }

  get open(): boolean {
    return this.phase === "waiting" || this.phase === "bot" || this.phase === "talking";
  }

  /** May something be said? */
  get ready(): boolean {
    return this.#joined && this.open;
  }

  get files(): boolean {
    return this.ready && this.#upload !== "";
  }

  /** The store that pictures may be shown from by themselves. */
  get store(): string {
    return this.#upload && new URL(this.#upload).origin;
  }

  connect(): void {
    const { realm, dn, tel, url } = this.wish;
    this.phase = "connecting";
    this.lines = [];
    this.agent = this.agentName = this.rate = this.#cid = this.#upload = "";
    this.#bot = this.#joined = this.typing = this.offline = false;
    this.place = this.why = undefined;
    this.readTo = this.unread = this.#seen = this.#told = 0;
    if (this.#api.connectChat(realm, dn, tel, url) === 0) this.#id = this.#sessions();
    else this.#end("failed", { code: -1, desc: "" });
  }

  /** Ends the chat, not a call beside it. */
  end(): void {
    this.#api.Clear(this.#cid || undefined);
  }

  /** Says words; false if they cannot be sent at all. */
  say(words: string): boolean {
    this.#typed = 0;
    return this.#send({ type: "text", message: words });
  }

  choose({ keyword, menu }: Choice): void {
    this.#send({ TYPE: "SCENARIO", MESSAGE: { SCENARIO: "CHAT", KEYWORD: keyword, MENU_ID: menu } });
  }

  press(name: string, extra: string | undefined): void {
    this.#send({ type: "text", message: name, ...(extra === undefined ? {} : { extra }) });
  }

  attach(file: File): void {
    const id = this.#add({ who: "me", view: fileView(file), state: "uploading", progress: 0, again: { file } });
    void this.#bring(id, file);
  }

  resend(id: number): void {
    const line = this.lines.find((one) => one.id === id);
    if (!line?.again || !this.ready) return;
    this.lines = this.lines.filter((one) => one.id !== id);
    if (line.again.file) this.attach(line.again.file);
    else this.#send(line.again.content!);
  }

  typed(): void {
    if (Date.now() - this.#typed < TYPING_EVERY_MS) return;
    this.#typed = Date.now();
    this.#api.ext.typing(true, this.#cid);
  }

  /** The customer looks at the newest line, or does not. */
  watch(looking: boolean): void {
    this.#watching = looking;
    if (!looking) return;
    this.unread = 0;
    if (this.ready && this.#seen > this.#told && this.#api.ext.read(this.#seen, this.#cid) === 0) this.#told = this.#seen;
  }

  /** Takes one event of `nxWebApi`; of another session it is passed over. */
  take({ Type, Data }: Event): void {
    if (Data.id !== this.#id) return;
    switch (Type) {
      case "Trying":
      case "Ringing":
        this.phase = "waiting";
        break;
      case "InCall":
        this.#cid = text(Data.Cid);
        this.#upload = text(Data.upload);
        this.#joined = true;
        performance.mark("connected");
        this.#served();
        break;
      case "Message_C":
        this.#message(Data);
        break;
      case "Moved":
        this.#serve(text(Data.virtualAgent));
        this.place = this.agent ? undefined : this.place;
        break;
      case "Place":
        this.place = { place: number(Data.place), wait: number(Data.wait) };
        break;
      case "Composing":
        this.#compose(Data.on === true);
        break;
      case "Read":
        this.readTo = Math.max(this.readTo, number(Data.seq));
        break;
      case "Link":
        this.#link(Data.up === true);
        break;
      case "Clear":
        this.rate = text(Data.rate);
        this.#end(this.#joined ? "over" : "failed", { code: number(Data.code), desc: text(Data.desc) });
    }
  }

  #served(): void {
    if (this.#joined && this.phase !== "over") this.phase = this.#bot ? "bot" : this.agent ? "talking" : "waiting";
  }

  #serve(agent: string): void {
    if (agent !== this.agent) this.#bot = false;
    this.agent = agent;
    this.agentName = this.#names.get(agent) ?? "";
    this.#served();
  }

  #end(phase: "over" | "failed", why: { code: number; desc: string }): void {
    this.#notOffline();
    this.phase = phase;
    this.why = why;
    this.typing = false;
    this.place = undefined;
    this.#change((line) => line.state === "sending" || line.state === "uploading", { state: "failed" });
  }

  #message(data: Readonly<Record<string, unknown>>): void {
    const [dn, name, agent, seq] = [text(data.dn), text(data.name), text(data.virtualAgent), number(data.seq)];
    if (data.status !== "i_customs_message") {
      // One is under way at a time, so this is the answer to the first.
      const first = this.lines.find(({ state }) => state === "sending");
      const sent = data.status === "i_customs_message_send";
      this.#change((line) => line === first, sent ? { state: "done", seq } : { state: "failed", why: "failed" });
      return;
    }
    const who: Who = data.own === true ? "me" : dn === "bot" ? "bot" : dn === "system" ? "system" : "agent";
    // A line of the system names who has come: the one who serves now.
    if (who === "agent" && name) this.#names.set(dn, name);
    else if (who === "system" && name && agent) this.#names.set(agent, name);
    if (agent !== this.agent || (this.#names.get(agent) ?? "") !== this.agentName) this.#serve(agent);
    if (who === "bot" || who === "agent") this.#bot = who === "bot";
    this.#served();
    const at = Date.parse(text(data.at));
    const shown = view(data.content);
    this.#add({ who, dn, name: who === "agent" ? name || (this.#names.get(dn) ?? "") : "", view: shown, at: Number.isNaN(at) ? Date.now() : at, seq, state: "done" });
    this.#seen = Math.max(this.#seen, seq);
    if (who === "me") return;
    this.#compose(false);
    if (this.#watching) this.watch(true);
    else this.unread += 1;
  }

  #compose(on: boolean): void {
    clearTimeout(this.#typing);
    this.typing = on;
    if (on) this.#typing = setTimeout(() => (this.typing = false), TYPING_MS);
  }

  /** A try to connect again that fails is told as well, and puts off nothing. */
  #link(up: boolean): void {
    if (up) this.#notOffline();
    else this.#offline ??= setTimeout(() => (this.offline = true), OFFLINE_AFTER_MS);
  }

  #notOffline(): void {
    clearTimeout(this.#offline);
    this.#offline = undefined;
    this.offline = false;
  }

  #send(content: object): boolean {
    const id = this.#add({ who: "me", view: view(content), state: "sending", again: { content } });
    if (this.#api.Message_CToSelect(this.#cid, content, "", "BOTH") === 0) return true;
    this.lines = this.lines.filter((line) => line.id !== id);
    return false;
  }

  async #bring(id: number, file: File): Promise<void> {
    const failed = (why: Trouble) => this.#change((line) => line.id === id, { state: "failed", why });
    if (!this.files) return failed("noFiles");
    try {
      const entry = await upload(this.#upload, file, (progress) => this.#change((line) => line.id === id, { progress }));
      const content = { type: "file", message: "", file_data: [entry] };
      // It takes its place among what is under way: the answers come in that order.
      this.lines = this.lines.filter((line) => line.id !== id);
      if (!this.#send(content)) throw new UploadFailed(0);
    } catch (error) {
      if (!this.lines.some((line) => line.id === id)) this.#add({ who: "me", view: fileView(file), state: "failed", why: "fileFailed", again: { file } });
      failed(keyOf(error));
    }
  }

  #add(line: Partial<Line> & Pick<Line, "who" | "view" | "state">): number {
    const id = this.#next++;
    this.lines = [...this.lines, { id, dn: "", name: "", at: Date.now(), seq: 0, ...line }];
    if (line.who !== "me") this.spoken = `${line.name ?? ""} ${spoken(line.view)}`.trim();
    return id;
  }

  #change(which: (line: Line) => boolean, to: Partial<Line>): void {
    this.lines = this.lines.map((line) => (which(line) ? { ...line, ...to } : line));
  }
}

function fileView(file: File): View {
  return { kind: "files", text: "", files: [{ name: file.name, size: file.size, url: undefined, preview: undefined }] };
}

function spoken(shown: View): string {
  return shown.kind === "files" ? shown.files.map(({ name }) => name).join(", ") : shown.kind === "choice" ? shown.keyword : shown.text;
}
