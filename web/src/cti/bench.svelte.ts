/** The bench's state: the connection, the devices, the ladder, and what of it is on show. */
import { about as serverAbout, type About } from "../start/about";
import { Gateway, reach, type Link, type Socket } from "./gateway";
import { about, asText, callsIn, Ladder, type Row } from "./ladder";
import { after, heldCall, IDLE, likelyCall, type Phone } from "./phones";
import { monitorRequests, type Json } from "./requests";
import { closing, t } from "./text";

/** Events come in bursts; the page draws at most this often. */
const DRAW_MS = 60;

/** Rows drawn at first, and more with each "show earlier". */
export const PAGE = 300;

export class Bench {
  /** Null until the server has told; undefined: it did not. */
  about = $state.raw<About | undefined | null>(null);
  link = $state.raw<Link>({ phase: "off" });
  monitored = $state.raw<readonly string[]>([]);
  phones = $state.raw<Readonly<Record<string, Phone>>>({});
  call = $state(0);
  limit = $state(PAGE);
  #rows = $state.raw<readonly Row[]>([]);
  #frozen = $state.raw<readonly Row[] | undefined>(undefined);
  dropped = $state(0);
  readonly #ladder = new Ladder();
  readonly #pageHost: string;
  #gateway: Gateway | undefined;
  #draw: ReturnType<typeof setTimeout> | undefined;

  constructor(pageHost: string) {
    this.#pageHost = pageHost;
  }

  readonly address = $derived.by(() => {
    const told = this.about?.listeners?.rio;
    return typeof told === "string" ? reach(told, this.#pageHost) : "";
  });
  readonly ready = $derived(this.link.phase === "in");
  readonly paused = $derived(this.#frozen !== undefined);
  /** Came while the view stood still. */
  readonly behind = $derived(this.#frozen ? (this.#rows.at(-1)?.n ?? 0) - (this.#frozen.at(-1)?.n ?? 0) : 0);
  readonly rows = $derived(this.#frozen ?? this.#rows);
  readonly calls = $derived(callsIn(this.rows));
  readonly shown = $derived(about(this.rows, this.call));
  /** Columns: what is monitored, then what was. */
  readonly lanes = $derived([
    ...new Set([...this.monitored, ...this.shown.flatMap((row) => (row.kind === "event" && row.device ? [row.device] : []))]),
  ]);

  async look(): Promise<void> {
    this.about = await serverAbout();
  }

  logIn(id: string, pwd: string): void {
    this.#gateway ??= new Gateway(() => new WebSocket(this.address) as Socket, {
      link: (link) => this.#linked(link),
      sent: (text) => this.#log(() => this.#ladder.sent(Date.now(), text)),
      received: (text) => this.#received(text),
    });
    this.#gateway.logIn(id, pwd);
  }

  send(request: Json): void {
    this.sendText(JSON.stringify(request));
  }

  sendText(text: string): void {
    this.#gateway?.send(text);
  }

  close(): void {
    this.#gateway?.close();
  }

  /** The call ids that a request most likely means, for fields that are left empty. */
  likely(device: string, fname: string): { readonly c1: string; readonly c2: string; readonly held: string } {
    const phone = this.phones[device] ?? IDLE;
    const held = heldCall(phone);
    const text = (id: number | undefined) => (id === undefined ? "" : String(id));
    const other = held?.parties.find((party) => party !== device) ?? device;
    return { c1: text(likelyCall(phone, fname)?.id), c2: text(held?.id), held: held ? other : "" };
  }

  pause(): void {
    this.#frozen = this.#frozen ? undefined : this.#rows;
  }

  clear(): void {
    this.#ladder.clear();
    this.#frozen = undefined;
    this.call = 0;
    this.limit = PAGE;
    this.#show();
  }

  text(): string {
    return asText(this.shown);
  }

  #linked(link: Link): void {
    this.link = link;
    if (link.phase === "lost") {
      const why = [String(link.code), closing(link.code), link.reason].filter(Boolean).join(" · ");
      this.#log(() => this.#ladder.note(Date.now(), t("note.closed"), why));
      // The gateway forgets monitors with the connection; what is remembered is asked for again after the next log-in.
      this.phones = {};
    } else if (link.phase === "connecting") {
      this.#log(() => this.#ladder.note(Date.now(), t("note.opening"), this.address));
    } else if (link.phase === "in") {
      for (const request of monitorRequests("addmonitor", this.monitored.join(" "), true)) this.send(request);
    } else if (link.phase === "out") {
      this.phones = {};
    }
  }

  #received(text: string): void {
    this.#log(() => {
      const told = this.#ladder.received(Date.now(), text);
      if (told.kind === "event") this.#event(told.message);
      else this.#response(told.request, told.message);
    });
  }

  #event(event: Json): void {
    const device = String(event.monitor);
    this.phones = { ...this.phones, [device]: after(this.phones[device] ?? IDLE, event) };
  }

  #response(request: Json | undefined, response: Json): void {
    this.#gateway?.answered(request, response);
    const device = String(request?.device ?? "").trim();
    const done = String(response.result) === "1";
    if (!done || device === "") return;
    if (request?.fname === "addmonitor" && !this.monitored.includes(device)) this.monitored = [...this.monitored, device];
    if (request?.fname === "removemonitor") {
      this.monitored = this.monitored.filter((each) => each !== device);
      const { [device]: _, ...rest } = this.phones;
      this.phones = rest;
    }
  }

  #log(write: () => void): void {
    write();
    this.#draw ??= setTimeout(() => this.#show(), DRAW_MS);
  }

  #show(): void {
    clearTimeout(this.#draw);
    this.#draw = undefined;
    this.#rows = this.#ladder.rows;
    this.dropped = this.#ladder.dropped;
  }
}
