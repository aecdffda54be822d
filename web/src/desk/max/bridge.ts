/**
 * Pages on one side, events on the other: who is subscribed to what, who may say what, and how often.
 *
 * Nothing here knows of windows. Whoever does finds out which frame a message came from, and from which origin.
 */
import type { Live } from "./live";
import {
  acknowledge,
  contactOf,
  envelope,
  read,
  sessionInfo,
  subscriptionTypes,
  type Card,
  type Command,
  type Incoming,
  type MaxEvent,
  type SubscriptionType,
} from "./protocol";

/** What a page may. */
export interface Grants {
  readonly events: boolean;
  readonly commands: boolean;
  readonly card: boolean;
  readonly session: boolean;
}

/** A frame or window that the desk made. */
export interface Frame {
  readonly id: string;
  /** The contact whose panel it is; `null` for a workspace. */
  readonly contact: number | null;
  readonly origins: readonly string[];
  /** Any origin will do (`open_like_max`). */
  readonly anyOrigin: boolean;
  readonly nullOrigin: boolean;
  readonly grants: Grants;
  readonly profile: "max" | "sangdam";
}

/** What the bridge needs done. */
export interface Host {
  send(frame: string, message: object, target: string): void;
  command(frame: string, command: Command, contact: number | null, who: { issuer: string; origin: string }): void;
  card(contact: number | null, card: Card): void;
  /** This frame wants the session's token: `Bridge.token` brings it. */
  wantToken(frame: string): void;
  warn(text: string): void;
  now(): number;
  after(milliseconds: number, action: () => void): () => void;
}

/** Messages of one window in a second, and commands among them (1.10). */
const MESSAGES_A_SECOND = 20;
const COMMANDS_A_SECOND = 5;
/** A registration before the first snapshot waits so long for it (1.6). */
const PATIENCE_MS = 2_000;
/** A second registration is that of a new document if one loads within this (1.8). */
const PROVISIONAL_MS = 10_000;

interface Subscription {
  readonly origin: string;
  readonly target: string;
  readonly types: ReadonlySet<SubscriptionType>;
  /** The bound contact. */
  readonly contact: number | null;
  /** It was named by the page itself. */
  readonly named: boolean;
  readonly doc: number;
}

interface Window {
  readonly frame: Frame;
  loads: number;
  subscription: Subscription | null;
  /** A second registration that may be a new document's. */
  held: { readonly origin: string; readonly message: Register; readonly cancel: () => void } | null;
  /** A registration that waits for the first snapshot. */
  waiting: (() => void) | null;
  token: string | null;
  /** What came in this second. */
  second: number;
  messages: number;
  commands: number;
  told: boolean;
}

type Register = Extract<Incoming, { kind: "register" }>;

export class Bridge {
  readonly #host: Host;
  readonly #live: Live;
  readonly #windows = new Map<string, Window>();

  constructor(host: Host, live: Live) {
    this.#host = host;
    this.#live = live;
  }

  add(frame: Frame): void {
    this.#windows.set(frame.id, {
      frame,
      loads: 0,
      subscription: null,
      held: null,
      waiting: null,
      token: null,
      second: 0,
      messages: 0,
      commands: 0,
      told: false,
    });
  }

  remove(id: string): void {
    const window = this.#windows.get(id);
    window?.held?.cancel();
    this.#windows.delete(id);
  }

  /** Is anybody told anything? */
  subscribed(id: string): boolean {
    return this.#windows.get(id)?.subscription != null;
  }

  /** A frame has loaded a document. */
  loaded(id: string): void {
    const window = this.#windows.get(id);
    if (!window) return;
    window.loads++;
    const { held, subscription } = window;
    if (held && (!subscription || window.loads > subscription.doc)) {
      held.cancel();
      window.held = null;
      window.subscription = null;
      this.#register(window, held.origin, held.message);
    } else if (subscription && subscription.target === "*" && window.loads > subscription.doc) {
      // Whoever is there now cannot be told from anybody else.
      window.subscription = null;
    }
  }

  /** A message of this frame's own window came from this origin. */
  receive(id: string, origin: string, data: unknown): void {
    const window = this.#windows.get(id);
    if (!window || !fits(window.frame, origin) || !this.#allow(window, "messages", MESSAGES_A_SECOND)) return;
    const message = read(data);
    switch (message.kind) {
      case "ignored":
        if (message.hint) this.#once(window, message.hint);
        break;
      case "register":
        if (message.hint) this.#host.warn(message.hint);
        if (window.frame.grants.events) this.#again(window, origin, message);
        break;
      case "unregister":
        window.subscription = null;
        window.waiting = null;
        window.held?.cancel();
        window.held = null;
        break;
      case "card":
        if (window.frame.grants.card && message.contactId !== "invalid")
          this.#host.card(message.contactId ?? window.frame.contact, message.card);
        break;
      case "command":
        if (!window.frame.grants.commands || message.contactId === "invalid") break;
        if (this.#allow(window, "commands", COMMANDS_A_SECOND))
          this.#host.command(id, message.command, message.contactId, { issuer: message.issuer, origin });
        break;
    }
  }

  /** A batch of events arrived; `Live` has taken it up already. */
  push(events: readonly MaxEvent[]): void {
    for (const window of this.#windows.values()) {
      if (window.waiting && this.#live.ready) {
        // The snapshot that it waited for is in its answer.
        window.waiting();
        continue;
      }
      const { subscription } = window;
      if (!subscription) continue;
      this.#deliver(window, events.filter((event) => passes(event, subscription, window.frame)));
    }
  }

  /** The session's token for this frame: the first, or a new one. */
  token(id: string, token: string): void {
    const window = this.#windows.get(id);
    if (!window || window.token === token) return;
    window.token = token;
    this.#sendToken(window);
  }

  #deliver(window: Window, events: readonly object[]): void {
    const { subscription } = window;
    if (subscription && events.length > 0)
      this.#host.send(window.frame.id, envelope(subscription.contact, events), subscription.target);
  }

  #sendToken(window: Window): void {
    const { subscription, token, frame } = window;
    if (subscription && token && wantsToken(subscription, frame)) this.#host.send(frame.id, sessionInfo(token), subscription.target);
  }

  /** First, or second from the same window: then it may be another document. */
  #again(window: Window, origin: string, message: Register): void {
    const { subscription } = window;
    if (!subscription && !window.waiting) return this.#register(window, origin, message);
    if (subscription && window.loads > subscription.doc) {
      window.subscription = null;
      return this.#register(window, origin, message);
    }
    this.#host.warn(`Error processing Client Event Subscription. Issuer: [${message.issuer.slice(0, 64)}] has already subscribed.`);
    window.held?.cancel();
    const cancel = this.#host.after(PROVISIONAL_MS, () => (window.held = null));
    window.held = { origin, message, cancel };
  }

  #register(window: Window, origin: string, message: Register): void {
    const { frame } = window;
    const target = origin === "null" ? "*" : origin;
    const refuse = (reason: "Invalid Contact Id" | "Invalid Subscription Types.") =>
      this.#host.send(frame.id, envelope(null, [acknowledge(reason, null)]), target);
    if (message.contactId === "invalid") return refuse("Invalid Contact Id");
    const { types, unknown } = subscriptionTypes(message.types);
    if (types.size === 0) {
      this.#host.warn(`No valid subscription type: ${unknown.join(", ") || "none given"}`);
      return refuse("Invalid Subscription Types.");
    }
    if (unknown.length > 0) this.#host.warn(`Unknown subscription types: ${unknown.join(", ")}`);
    const answer = () => {
      window.waiting = null;
      const contact = message.contactId === "invalid" ? null : (message.contactId ?? frame.contact);
      const named = message.contactId !== null;
      const subscription = { origin, target, types, contact, named, doc: Math.max(window.loads, 1) };
      window.subscription = subscription;
      const state = this.#state(subscription, frame);
      this.#deliver(window, [acknowledge("Success", contact), ...state]);
      if (!wantsToken(subscription, frame)) return;
      if (window.token) this.#sendToken(window);
      else this.#host.wantToken(frame.id);
    };
    if (this.#live.ready) return answer();
    window.waiting = answer;
    this.#host.after(PATIENCE_MS, () => {
      if (window.waiting === answer && this.#windows.get(frame.id) === window) answer();
    });
  }

  /** 1.6: the current state of what was asked for, each thing once. */
  #state(subscription: Subscription, frame: Frame): readonly MaxEvent[] {
    const all = [...(this.#live.agent ? [this.#live.agent] : []), ...this.#live.contacts];
    return all.filter((event) => passes(event, subscription, frame));
  }

  #allow(window: Window, what: "messages" | "commands", most: number): boolean {
    const second = Math.floor(this.#host.now() / 1_000);
    if (window.second !== second) [window.second, window.messages, window.commands] = [second, 0, 0];
    if (++window[what] <= most) return true;
    this.#once(window, `more than ${most} ${what} a second: dropped`);
    return false;
  }

  #once(window: Window, hint: string): void {
    if (window.told) return;
    window.told = true;
    this.#host.warn(`${window.frame.id}: ${hint}`);
  }
}

/** May a message of this origin come from this frame? */
function fits(frame: Frame, origin: string): boolean {
  if (origin === "null") return frame.nullOrigin;
  return frame.anyOrigin || frame.origins.includes(origin);
}

function wantsToken({ types, target }: Subscription, { grants }: Frame): boolean {
  return grants.session && target !== "*" && (types.has("all") || types.has("sessioninfo"));
}

/** 1.5: does an event pass the filter? */
export function passes(
  event: MaxEvent,
  { types, contact, named }: Pick<Subscription, "types" | "contact" | "named">,
  { profile }: Pick<Frame, "profile">,
): boolean {
  if (typeof event.Type === "string" && event.Type.startsWith("Sangdam") && profile !== "sangdam") return false;
  if (types.has("all")) return true;
  const id = contactOf(event);
  if (id === null && types.has("agent")) return true;
  if (id !== null && types.has("contacts")) return true;
  if (id !== null && id === contact && (types.has("contact") || named)) return true;
  return types.has("sessioninfo") && (event.Type === "AgentSessionEnd" || event.Type === "RemoteAgentSessionEnd");
}
