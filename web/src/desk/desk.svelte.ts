/**
 * The desk: joins the connection, the world, the outbox and what the agent does. Components read from it and call it.
 */
import { getContext, setContext } from "svelte";
import { language } from "../i18n/index.svelte";
import { load, save } from "../ui/storage";
import { Ticker } from "../ui/ticker.svelte";
import { currentCall, failure, inCalls } from "./calls";
import { DeskClient, NoAnswer, type Clock, type Link, type OpenWire } from "./client";
import { Drafts } from "./drafts.svelte";
import { Endings } from "./endings.svelte";
import { Outbox, type Outgoing, type Put } from "./outbox.svelte";
import { addOwn, changeContact, frozen, unread } from "./reduce";
import { Sync } from "./sync";
import { excuse, t } from "./text";
import { TodayFigures } from "./today.svelte";
import { Toasts } from "./toasts.svelte";
import type { AgentState, BargeMode, Contact, DeskEvent, Hello, Item, PastContact, Target, Written } from "./wire";
import { WorldHolder } from "./world.svelte";

export type Dialog = "dial" | "phone" | "consult" | "pass" | "palette" | "transfer" | "invite" | "keys" | "logout" | "second" | "team";
export type View = "list" | "talk" | "customer";

/** What the page may want to sound, show or speak. */
export interface News {
  offered(contact: Contact): void;
  message(contact: Contact, item: Item): void;
}

export interface DeskOptions {
  /** Whose desk it is: unsent words are kept for that user alone. */
  user: string;
  open: OpenWire;
  clock: Clock;
  put: Put;
  uuid: () => string;
  /** Is the session still good? `null`: nobody knows. */
  session: () => Promise<boolean | null>;
  /** The session is over. */
  ended: () => void;
  news: News;
}

const OUTBOX = "sangdam.outbox.";
const SELECTED = "sangdam.selected";
const TYPING_EVERY_MS = 3_000;

export class Desk {
  readonly client: DeskClient;
  readonly world = new WorldHolder();
  readonly ticker = new Ticker();
  readonly toasts = new Toasts();
  readonly drafts = new Drafts();
  readonly outbox: Outbox;
  readonly endings: Endings;
  readonly sync: Sync;
  readonly today: TodayFigures;
  readonly #news: News;
  readonly #typed = new Map<string, number>();
  /** The newest item that was reported as read, by contact: one report each. */
  readonly #reported = new Map<string, number>();
  #wasOffline = false;

  link = $state<Link>("connecting");
  selected = $state<string | null>(load<string | null>("session", SELECTED, null));
  view = $state<View>("list");
  drawer = $state(false);
  dialog = $state<Dialog | null>(null);
  /** The earlier matter whose lines are being read. */
  past = $state.raw<PastContact | null>(null);
  /** The state that was asked for and is not confirmed. */
  pendingState = $state.raw<{ state: AgentState; reason?: number } | null>(null);
  /** What the dial box opens with, once. */
  dialWords = "";
  /** The call whose keypad is open. */
  keypad = $state<string | null>(null);
  /** What was asked for and is not confirmed: to be heard, or not. */
  muting = $state<boolean | null>(null);
  /** Contacts whose accept or refuse is on its way. */
  answering = $state.raw<readonly string[]>([]);
  /** Contacts whose wrap-up is sent, or will be as soon as they are over. */
  finishing = $state.raw<readonly string[]>([]);
  /** Logs out, after it was asked. */
  confirmLogout: () => Promise<void> = async () => {};
  /** Rises when the composer shall take the focus. */
  composerCall = $state(0);
  /** Up to where those calls were answered by some composer. */
  composerServed = 0;
  /** Text that the composer shall take in. */
  inserted = $state.raw<{ readonly text: string; readonly count: number }>({ text: "", count: 0 });

  /** The list's pointer rests on it: its order stands still. Ids as they were then. */
  held = $state.raw<readonly string[] | null>(null);

  /** Contacts as the list shows them, and as Alt+1…9 count them. */
  readonly shown = $derived(this.held ? frozen(this.held, this.world.contacts) : this.world.contacts);
  readonly contact = $derived(this.world.contact(this.selected));
  /** Calls that the agent is in, and the one that is meant where none is named. */
  readonly calls = $derived(inCalls(this.world.contacts));
  readonly call = $derived(currentCall(this.world.contacts));
  readonly muted = $derived(this.muting ?? this.calls.some(({ call }) => call?.muted));
  readonly offers = $derived(this.world.contacts.filter(({ state }) => state === "offered"));
  readonly badge = $derived(
    this.world.contacts.reduce(
      (sum, contact) => sum + (contact.state === "offered" ? 1 : unread(contact, this.world.room(contact))),
      0,
    ),
  );

  /** Is the agent logged on to anything, or in a call that came to them all the same? */
  get atWork(): boolean {
    if (this.calls.some(({ call }) => call?.link !== "listening")) return true;
    return Object.values(this.world.current?.agent.channels ?? {}).some((channel) => channel?.state !== "logged_off");
  }

  constructor(options: DeskOptions) {
    const { user, open, clock, session, put, uuid } = options;
    this.#news = options.news;
    this.client = new DeskClient({ open, clock, session, lang: () => language.current });
    this.sync = new Sync(this.client, this.world);
    this.today = new TodayFigures(this.client);
    this.outbox = new Outbox({
      client: this.client,
      put,
      uuid,
      written: (outgoing, item) => this.#written(outgoing, item),
      keep: { load: () => load("session", OUTBOX + user, []), save: (all) => save("session", OUTBOX + user, all) },
    });
    this.endings = new Endings({
      now: () => this.client.now(),
      after: clock.after.bind(clock),
      end: (contact) => this.#end(contact),
    });
    this.client.on("offset", (offset) => void (this.ticker.offset = offset));
    this.client.on("link", (link) => this.#linked(link));
    this.client.on("hello", (hello) => this.#hello(hello));
    this.client.on("event", (event) => this.#event(event));
    this.client.on("signal", (signal) => this.world.signal(signal, this.client.now()));
    this.client.on("ended", options.ended);
  }

  // --- The agent ---

  async setState(state: AgentState, reason?: number): Promise<void> {
    const wanted = reason === undefined ? { state } : { state, reason };
    this.pendingState = wanted;
    await this.#do(() => this.client.ask("state", wanted));
    if (this.pendingState === wanted) this.pendingState = null;
  }

  // --- Contacts ---

  select(id: string | null, options: { focus?: boolean } = {}): void {
    if (id !== this.selected) this.past = null;
    this.selected = id;
    save("session", SELECTED, id ?? undefined);
    if (id) this.view = "talk";
    this.drawer = false;
    if (options.focus) this.composerCall++;
    else this.composerServed = this.composerCall;
  }

  async accept(contact: Contact): Promise<void> {
    this.answering = [...this.answering, contact.id];
    const done = await this.#do(() => this.client.ask("accept", { contact: contact.id }));
    this.answering = this.answering.filter((id) => id !== contact.id);
    if (!done) return;
    if (contact.channel !== "voice") return this.select(contact.id, { focus: true });
    this.select(contact.id);
    document.querySelector<HTMLElement>(".talk[data-panel]")?.focus();
  }

  async refuse(contact: Contact): Promise<void> {
    this.answering = [...this.answering, contact.id];
    await this.#do(() => this.client.ask("refuse", { contact: contact.id }));
    this.answering = this.answering.filter((id) => id !== contact.id);
  }

  /** At most one signal in three seconds. */
  typing(contact: Contact): void {
    const now = this.client.now();
    if (now - (this.#typed.get(contact.id) ?? 0) < TYPING_EVERY_MS) return;
    this.#typed.set(contact.id, now);
    this.client.ask("typing", { contact: contact.id }).catch(() => {});
  }

  /** The agent has seen everything up to the newest item. */
  read(contact: Contact): void {
    const n = this.world.room(contact)?.items.at(-1)?.n ?? 0;
    if (contact.state === "offered" || n <= Math.max(contact.read ?? 0, this.#reported.get(contact.id) ?? 0)) return;
    this.#reported.set(contact.id, n);
    this.client.ask("read", { contact: contact.id, n }).then(
      () => this.world.change((world) => changeContact(world, contact.id, (one) => ({ ...one, read: n }))),
      () => this.#reported.delete(contact.id),
    );
  }

  transfer(contact: Contact, to: Target, note: string): Promise<boolean> {
    return this.#do(() => this.client.ask("transfer", { contact: contact.id, to, ...(note ? { note } : {}) }));
  }

  invite(contact: Contact, agent: string): Promise<boolean> {
    return this.#do(() => this.client.ask("invite", { contact: contact.id, agent }));
  }

  leave(contact: Contact): Promise<boolean> {
    return this.#do(() => this.client.ask("leave", { contact: contact.id }));
  }

  /** Ends what is not over yet, and sends what was filled in about it. */
  async finish({ id }: Contact): Promise<void> {
    if (this.finishing.includes(id)) return;
    this.finishing = [...this.finishing, id];
    // Over by now, whatever the form was told last?
    const contact = this.world.contact(id);
    if (contact?.state === "wrapup") await this.#wrapUp(contact);
    else await this.endings.now(id);
  }

  /** Takes the end back, while there is time. */
  undoEnding(contact: Contact): void {
    this.#unfinish(contact.id);
    this.endings.undo(contact.id);
    this.composerCall++;
  }

  async extend(contact: Contact, seconds: number): Promise<void> {
    await this.#do(async () => {
      const { wrapup_until } = await this.client.ask("extend", { contact: contact.id, seconds });
      this.world.change((world) => changeContact(world, contact.id, (one) => ({ ...one, wrapup_until })));
    });
  }

  setAttributes(contact: Contact, set: Readonly<Record<string, string>>, unset: readonly string[]): Promise<boolean> {
    return this.#do(() => this.client.ask("attributes", { contact: contact.id, set, unset }));
  }

  // --- Calls ---

  /** The agent says what they are ready for by telephone alone. */
  setPhoneState(state: AgentState): Promise<boolean> {
    return this.#do(() => this.client.ask("state", { state, channel: "voice" }));
  }

  /** Calls a number: alone, or on the side of a call. */
  async dial(to: string, aside?: Contact): Promise<boolean> {
    let failed: string | undefined;
    const done = await this.#do(async () => {
      const dialed = aside
        ? await this.client.ask("consult", { contact: aside.id, to })
        : await this.client.ask("dial", { to });
      failed = dialed.failed;
      if (dialed.contact && !failed) this.select(dialed.contact);
    });
    if (failed !== undefined) this.toasts.say(failure(failed) ?? t("call.failed.unreached"), "bad");
    return done && failed === undefined;
  }

  /** A number that was pressed: called at once; in a call it is shown first, to be asked on the side. */
  callNumber(number: string): void {
    if (this.calls.length === 0) return void this.dial(number);
    if (this.calls.length > 1 || this.call?.call?.link !== "connected") return this.toasts.say(t("phone.busy"));
    this.dialWords = number;
    this.dialog = "consult";
  }

  /** Passes a call on without a word. */
  pass(contact: Contact, to: string): Promise<boolean> {
    return this.#do(() => this.client.ask("transfer", { contact: contact.id, to: { number: to } }));
  }

  hold(contact: Contact): Promise<boolean> {
    return this.#do(() => this.client.ask("hold", { contact: contact.id }));
  }

  retrieve(contact: Contact): Promise<boolean> {
    return this.#do(() => this.client.ask("retrieve", { contact: contact.id }));
  }

  /** The agent is not heard, or is again: at once here, and wherever else the call is shown. */
  async mute(on: boolean): Promise<void> {
    this.muting = on;
    await this.#do(() => this.client.ask("mute", { on }));
    this.muting = null;
  }

  record(contact: Contact): Promise<boolean> {
    return this.#do(() => this.client.ask("record", { contact: contact.id }));
  }

  mask(contact: Contact, on: boolean): Promise<boolean> {
    return this.#do(() => this.client.ask("mask", { contact: contact.id, on }));
  }

  /** Opens the keypad of the call that is talked in, or closes it. */
  toggleKeypad(): void {
    if (this.keypad) {
      this.keypad = null;
      document.querySelector<HTMLElement>("[data-testid=call-keypad]")?.focus();
    } else if (this.call?.call?.link === "connected") this.keypad = this.call.id;
  }

  keys(contact: Contact, keys: string): Promise<boolean> {
    return this.#do(() => this.client.ask("keys", { contact: contact.id, keys }));
  }

  /** Joins two calls, and stays (a conference) or leaves (a transfer). */
  joinCalls(contact: Contact, other: Contact, stay: boolean): Promise<boolean> {
    return this.#do(() => this.client.ask(stay ? "confer" : "complete", { contact: contact.id, with: other.id }));
  }

  hangUp(contact: Contact): Promise<boolean> {
    return this.#do(() => this.client.ask("end", { contact: contact.id }));
  }

  barge(agent: string, mode: BargeMode): Promise<boolean> {
    this.#watching = true;
    return this.#do(() => this.client.ask("barge", { agent, mode })).then((done) => {
      if (!done) this.#watching = false;
      return done;
    });
  }

  /** The matter of a call that has left: its next segment is shown instead. */
  #follow: string | undefined;

  // --- What a supervisor does ---

  /** Comes into what this agent is busy with: unseen, or, in a contact, seen by all. */
  async watch(agent: string): Promise<boolean> {
    this.#watching = true;
    const done = await this.#do(() => this.client.ask("monitor", { agent }));
    if (!done) this.#watching = false;
    return done;
  }
  /** The next contact that comes to be watched was asked for: it is opened. */
  #watching = false;

  join(contact: Contact): Promise<boolean> {
    return this.#do(() => this.client.ask("monitor", { contact: contact.id, barge: true }));
  }

  force(agent: string, state: AgentState): Promise<boolean> {
    return this.#do(() => this.client.ask("force", { agent, state }));
  }

  /** Puts words into the composer of the selected contact. */
  insert(text: string): void {
    this.inserted = { text, count: this.inserted.count + 1 };
  }

  /** True when it worked; else the agent is told why not. */
  async #do(action: () => Promise<unknown>): Promise<boolean> {
    try {
      await action();
      return true;
    } catch (error) {
      this.toasts.say(excuse(error), "bad");
      return false;
    }
  }

  async #end(contact: string): Promise<"done" | "never" | "later"> {
    try {
      await this.client.ask("end", { contact });
      return "done";
    } catch (error) {
      // Away: it will be tried again. A refusal will not change by repeating.
      if (error instanceof NoAnswer) return "later";
      this.#unfinish(contact);
      this.toasts.say(excuse(error), "bad");
      return "never";
    }
  }

  /** The contact is over, or was never to be ended: what was due about that is done. */
  #over(contact: Contact): void {
    this.endings.undo(contact.id);
    if (this.finishing.includes(contact.id)) void this.#wrapUp(contact);
  }

  async #wrapUp(contact: Contact): Promise<void> {
    const { code, note } = this.drafts.wrapup(contact.id);
    const given = { ...(code ? { code } : {}), ...(note.trim() ? { note: note.trim() } : {}) };
    await this.#do(() => this.client.ask("wrapup", { contact: contact.id, ...given }));
    this.#unfinish(contact.id);
  }

  #unfinish(id: string): void {
    this.finishing = this.finishing.filter((one) => one !== id);
  }

  // --- What the server tells ---

  #linked(link: Link): void {
    this.link = link;
    if (link === "offline") this.#wasOffline = true;
    if (link === "online") {
      if (this.#wasOffline) this.toasts.say(t("net.back"));
      this.#wasOffline = false;
      // A socket that was only silent needs no hello.
      this.outbox.flush();
    }
  }

  #hello(hello: Hello): void {
    const before = new Set(this.offers.map(({ id }) => id));
    this.world.hello(hello);
    const ids = hello.contacts.map(({ id }) => id);
    this.drafts.prune(ids);
    this.#reported.clear();
    for (const one of this.outbox.all) if (!ids.includes(one.contact)) this.#undeliverable(one);
    if (this.selected && !ids.includes(this.selected)) {
      this.select(null);
      this.view = "list";
    }
    if (!this.selected) this.#selectAny();
    this.outbox.flush();
    void this.outbox.certain().then(() => this.sync.all(this.contact?.room));
    for (const contact of hello.contacts) if (contact.state === "wrapup") this.#over(contact);
    this.finishing = this.finishing.filter((id) => ids.includes(id));
    this.endings.prune(ids);
    this.endings.flush();
    void this.today.ask();
    for (const contact of this.offers) if (!before.has(contact.id)) this.#news.offered(contact);
  }

  #event(event: DeskEvent): void {
    const known = event.ev === "contact" ? this.world.contact(event.contact.id) : undefined;
    const gone = event.ev === "gone" ? this.world.contact(event.contact) : undefined;
    this.world.event(event);
    switch (event.ev) {
      case "contact":
        if (event.contact.state === "offered" && !known) this.#news.offered(event.contact);
        if (event.contact.call && !known && event.contact.call.cnid === this.#follow) {
          this.#follow = undefined;
          this.select(event.contact.id);
        }
        if ((event.contact.as === "supervisor" || event.contact.call) && !known && this.#watching) {
          this.#watching = false;
          this.select(event.contact.id);
        }
        if (event.contact.state === "wrapup") this.#over(event.contact);
        this.sync.all(this.contact?.room);
        break;
      case "item":
        if (event.item.client) this.outbox.arrived(event.item.client);
        for (const contact of this.world.contacts) {
          if (contact.room === event.room) this.#news.message(contact, event.item);
        }
        break;
      case "gone":
        this.#gone(event.contact, event.why, gone);
        break;
      case "bye":
        this.toasts.say(t("session.bye"), "bad");
        break;
      default:
    }
  }

  #gone(id: string, why: string, gone: Contact | undefined): void {
    const state = gone?.state;
    const failed = gone?.call && failure(why);
    if (failed) this.toasts.say(failed, "bad");
    this.drafts.clear(id);
    this.endings.undo(id);
    this.#unfinish(id);
    if (state === "talking" || state === "wrapup") void this.today.ask();
    for (const one of this.outbox.of(id)) this.#undeliverable(one);
    if (why === "missed") this.toasts.say(t("gone.missed"));
    if (why === "withdrawn" && state === "offered") this.toasts.say(t(gone?.call ? "gone.hungUp" : "gone.withdrawn"));
    if (why === "transferred") this.toasts.say(t("gone.transferred"));
    if (this.selected !== id) return;
    this.#follow = gone?.call?.cnid;
    this.select(null);
    this.view = "list";
    this.dialog = null;
    this.#selectAny();
  }

  #selectAny(): void {
    const first = this.world.contacts.find(({ state }) => state !== "offered");
    if (!first) return;
    this.selected = first.id;
    save("session", SELECTED, first.id);
  }

  /** Its conversation is over, so it can never be sent: said once, with the words, not dropped in silence. */
  #undeliverable(outgoing: Outgoing): void {
    this.toasts.say(t("chat.undeliverable", { text: outgoing.file?.name ?? outgoing.text.slice(0, 40) }), "bad");
    this.outbox.discard(outgoing.client);
  }

  #written(outgoing: Outgoing, { id, n, at }: Written): void {
    const contact = this.world.contact(outgoing.contact);
    const user = this.world.current?.user;
    // What is told of a file comes with its event.
    if (!contact?.me || !user || outgoing.file) return;
    const by = { participant: contact.me, role: "agent", name: user.name };
    const { text, audience, room } = outgoing;
    this.world.change((world) => addOwn(world, room, { n, id, at, kind: "message", text, audience, by }));
  }
}

const KEY = Symbol("desk");

export function provideDesk(desk: Desk): Desk {
  return setContext(KEY, desk);
}

export function useDesk(): Desk {
  return getContext<Desk>(KEY);
}
