/** Pages of others in this desk: makes their frames, and joins them with the events (`bridge.ts`). */
import { getContext, setContext } from "svelte";
import { load, save } from "../../ui/storage";
import { Bridge } from "./bridge";
import { act } from "./commands";
import { Feed, type Batch } from "./feed";
import { Live } from "./live";
import { pagesNow, type Page, type Workspace } from "./pages";
import type { Card } from "./protocol";

const LIST = "/InContactAPI/services/v31.0/workspaces";
const WIDTH = "sangdam.frames.width";
/** Nothing has loaded after this: it is said so. */
const BLANK_MS = 10_000;

export interface FramesOptions {
  readonly agent: string;
  readonly atWork: () => boolean;
}

export class Frames {
  readonly #live = new Live();
  readonly #bridge: Bridge;
  readonly #feed: Feed;
  readonly #options: FramesOptions;
  readonly #windows = new Map<string, MessageEventSource>();
  readonly #asked = new Set<string>();
  #workspaces: readonly Workspace[] = [];

  /** Pages in their order: workspaces, then panels. */
  pages = $state.raw<readonly Page[]>([]);
  /** The one in front. */
  shown = $state<string | null>(null);
  /** Pages that are blank, and why, as far as it can be known. */
  blank = $state.raw<Readonly<Record<string, "frames.blank.policy" | "frames.blank.slow">>>({});
  /** Everybody may do everything here. */
  open = $state(false);
  folded = $state(false);
  width = $state(load<number>("local", WIDTH, 440));
  /** What pages said of customers, by contact. */
  cards = $state.raw<Readonly<Record<number, Card>>>({});

  readonly visible = $derived(this.pages.filter(({ hidden }) => !hidden));

  constructor(options: FramesOptions) {
    this.#options = options;
    this.#bridge = new Bridge(
      {
        send: (frame, message, target) => this.#windows.get(frame)?.postMessage(message, { targetOrigin: target }),
        command: (frame, command, contact, who) => void this.#command(frame, command, contact, who),
        card: (contact, card) => this.#card(contact, card),
        wantToken: (frame) => void this.#wantToken(frame),
        warn: (text) => console.warn(text),
        now: () => Date.now(),
        after: (milliseconds, action) => {
          const timer = setTimeout(action, milliseconds);
          return () => clearTimeout(timer);
        },
      },
      this.#live,
    );
    this.#feed = new Feed({
      fetch: (...call) => fetch(...call),
      batch: (batch) => this.#batch(batch),
      atWork: options.atWork,
      pause: (milliseconds, signal) =>
        new Promise((done) => {
          const timer = setTimeout(done, milliseconds);
          signal.addEventListener("abort", () => (clearTimeout(timer), done()), { once: true });
        }),
    });
  }

  /** Reads which pages there are. A desk without any asks for no events. */
  async start(): Promise<void> {
    try {
      const answer = await fetch(LIST);
      if (!answer.ok) return;
      const list = (await answer.json()) as { workspaces: readonly Workspace[]; openLikeMax: boolean };
      this.#workspaces = list.workspaces;
      this.open = list.openLikeMax && list.workspaces.length > 0;
    } catch {
      return;
    }
    if (this.#workspaces.length === 0) return;
    addEventListener("message", this.#message);
    document.addEventListener("securitypolicyviolation", this.#violation);
    this.#show();
    this.#feed.start();
  }

  stop(): void {
    removeEventListener("message", this.#message);
    document.removeEventListener("securitypolicyviolation", this.#violation);
    this.#feed.stop();
    for (const { id } of this.pages) this.#bridge.remove(id);
    this.pages = [];
    this.#windows.clear();
  }

  /** The agent looks at this contact now. Pages that want our own events are told. */
  focus(contact: number | null): void {
    if (contact === this.#focus) return;
    this.#focus = contact;
    this.#bridge.push([{ Type: "SangdamFocusEvent", ...(contact === null ? {} : { ContactID: String(contact) }) }]);
    const panel = this.visible.find((page) => page.contact === contact);
    if (panel && contact !== null) this.shown = panel.id;
  }
  #focus: number | null = null;

  resize(width: number): void {
    this.width = Math.round(Math.min(Math.max(width, 280), 1_200));
    save("local", WIDTH, this.width);
  }

  /** A frame is there: its window may speak from now on. */
  attach(id: string, frame: HTMLIFrameElement): { destroy(): void } {
    const source = frame.contentWindow;
    if (source) this.#windows.set(id, source);
    let loaded = false;
    const load = () => {
      loaded = true;
      if (this.blank[id] === "frames.blank.slow") this.#unblank(id);
      this.#bridge.loaded(id);
    };
    frame.addEventListener("load", load);
    const timer = setTimeout(() => {
      if (!loaded && !this.blank[id]) this.blank = { ...this.blank, [id]: "frames.blank.slow" };
    }, BLANK_MS);
    return {
      destroy: () => {
        clearTimeout(timer);
        frame.removeEventListener("load", load);
        this.#windows.delete(id);
        this.#unblank(id);
      },
    };
  }

  /** Opens a page in a window of its own, which goes on speaking with us through `opener`. */
  popOut(page: Page): void {
    const opened = window.open(page.url, `sangdam ${page.id}`, "popup,width=520,height=760");
    if (!opened) return;
    const id = `${page.id} window`;
    this.#bridge.remove(id);
    this.#bridge.add({ ...page.frame, id });
    this.#windows.set(id, opened);
  }

  #unblank(id: string): void {
    const { [id]: _, ...rest } = this.blank;
    this.blank = rest;
  }

  readonly #message = ({ source, origin, data }: MessageEvent<unknown>): void => {
    if (!source) return;
    for (const [id, window] of this.#windows) {
      if (window === source) return this.#bridge.receive(id, origin, data);
    }
  };

  /** Our own policy refused a frame: it was not in the list when this page was loaded. */
  readonly #violation = (event: SecurityPolicyViolationEvent): void => {
    if (event.effectiveDirective !== "frame-src") return;
    for (const page of this.pages) {
      if (page.url.startsWith(event.blockedURI)) this.blank = { ...this.blank, [page.id]: "frames.blank.policy" };
    }
  };

  #batch({ events, apps }: Batch): void {
    this.#live.apply(events);
    this.#show();
    this.#bridge.push(events);
    for (const page of this.pages) {
      const app = this.#workspaces.find(({ id }) => id === page.workspace)?.app;
      const token = app === undefined ? undefined : apps[app];
      if (token !== undefined && this.#asked.has(page.id)) this.#bridge.token(page.id, token);
    }
    if (events.some(({ Type }) => Type === "AgentSessionEnd" || Type === "RemoteAgentSessionEnd")) {
      // The tokens died with the session; the next one has new ones.
      const again = [...this.#asked];
      this.#asked.clear();
      this.#again = again;
    } else if (events[0]?.Type === "AgentSessionStart" && this.#again.length > 0) {
      const again = this.#again;
      this.#again = [];
      for (const frame of again) void this.#wantToken(frame);
    }
  }
  #again: readonly string[] = [];

  #show(): void {
    const rules = { openLikeMax: this.open, own: [location.origin], secure: location.protocol === "https:" };
    const names = { AgentId: this.#options.agent };
    const now = pagesNow(this.pages, this.#workspaces, this.#live.contacts, names, rules);
    for (const { id } of this.pages) if (!now.some((page) => page.id === id)) this.#bridge.remove(id);
    for (const page of now) if (!this.pages.includes(page)) this.#bridge.add(page.frame);
    const fresh = now.find((page) => page.contact !== null && !this.pages.includes(page));
    this.pages = now;
    if (fresh) this.shown = fresh.id;
    if (!this.visible.some(({ id }) => id === this.shown)) this.shown = this.visible[0]?.id ?? null;
  }

  async #command(frame: string, command: Parameters<typeof act>[0], contact: number | null, who: { issuer: string; origin: string }): Promise<void> {
    const wanted = act(command, contact, this.#focus, this.#live);
    if (!wanted) return;
    const done = await this.#feed.act(wanted.path);
    // Words of a page are told apart from ours: each in quotes, and not too many of them.
    console.info(`${command} by ${frame}`, JSON.stringify(who.origin), JSON.stringify(who.issuer.slice(0, 64)), wanted.contact, done ? "done" : "refused");
  }

  #card(contact: number | null, card: Card): void {
    const voice = this.#live.contacts.filter(({ Type }) => Type === "CallContactEvent");
    const only = voice.length === 1 ? Number(voice[0]?.ContactID) : null;
    const id = contact ?? only;
    if (id === null || !this.#live.contact(id)) return;
    this.cards = { ...this.cards, [id]: { ...this.cards[id], ...card } };
  }

  async #wantToken(frame: string): Promise<void> {
    const page = this.pages.find(({ id }) => id === frame);
    if (!page?.workspace) return;
    const token = await this.#feed.app(page.workspace);
    if (token === null) return;
    this.#asked.add(frame);
    this.#bridge.token(frame, token);
  }
}

const KEY = Symbol("frames");

export function provideFrames(frames: Frames): Frames {
  return setContext(KEY, frames);
}

export function useFrames(): Frames {
  return getContext<Frames>(KEY);
}
