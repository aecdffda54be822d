/**
 * What a page is told: one JSON string for each event, keys in the guides' order (`nxwebapi.md` 2 and 3).
 *
 * The blank in `" i_ao_request"` is the guides' own; `nxWebApi.options = { trimStatus: true }` takes it away.
 */

/** What may stand in `nxWebApi.options`. */
export interface Options {
  /** `"i_ao_request"` without the guides' leading blank. */
  trimStatus?: boolean;
  /** The types `Composing`, `Read`, `Place`, `Moved` and `Link` come, and messages carry `seq` and `at`. */
  extras?: boolean;
  /** `directCall` asks for the camera, too, and offers pictures; a page without one calls by voice. */
  video?: boolean;
  /** Where the far side's picture is shown, and the page's own: an element, or its id. */
  remoteVideo?: Screen;
  localVideo?: Screen;
}

/** A place for a picture: an element, or its id. */
export type Screen = HTMLVideoElement | string;

/** The members of an event's `Data`. */
export type Data = Record<string, unknown>;

export const IN_PROGRESS = "Call in progress...";
export const TERMINATED = "Call terminated";
export const CANCELLED = "Request Terminated";
export const UNREACHED = "Failed to connect to the server";
export const NO_MEDIA = "Failed to get local SDP offer";
export const TIMED_OUT = "Request Timeout";
export const LOST = "Transport error";

/** Nobody answers a request for so long, in milliseconds: 64 × T1 of RFC 3261. */
export const PATIENCE_MS = 32_000;
/** So long after `Clear()` the page is told at the latest, in milliseconds. */
export const FAREWELL_MS = 2_000;

/** What sessions need of the page that they live in. */
export interface Host {
  /** Hands the page's callback one event; what it throws is caught and logged. */
  emit(type: string, data: Data): void;
  /** What the page has set. */
  wants<Name extends keyof Options>(option: Name): Options[Name];
  /** This session is over. */
  gone(session: Session): void;
}

/** Counts the sessions that reached `InCall`. */
let answers = 0;

/**
 * What chats and calls have in common: an id, and the order of events.
 *
 * ```text
 * Connecting -> Trying -> Ringing* -> InCall -> Clear
 *      \__________\___________\_________________^
 * ```
 * Exactly one `Connecting` comes first and exactly one `Clear` last. All comes from a later task than the call that
 * began it.
 */
export abstract class Session {
  readonly host: Host;
  /** Counts the page's sessions, from 1. */
  readonly id: number;
  /** The called number, as given. */
  readonly dn: string;
  /** The other side took the session; the later, the more. 0: not yet. */
  inCall = 0;
  /** `Clear()` was called. */
  closing = false;
  /** The page was told the end. */
  over = false;
  private begun = false;
  private tried = false;
  private rang = "";
  private farewell: ReturnType<typeof setTimeout> | undefined;

  constructor(host: Host, id: number, dn: string) {
    this.host = host;
    this.id = id;
    this.dn = dn;
    setTimeout(() => this.begin());
  }

  /** `Connecting`, unless the page has it. */
  private begin(): void {
    if (this.begun) return;
    this.begun = true;
    this.tell("Connecting", "connecting", IN_PROGRESS);
  }

  protected tell(type: string, status: string, desc: string, more?: Data): void {
    this.begin();
    if (!this.over) this.host.emit(type, { status, desc, dn: this.dn, id: this.id, ...more });
  }

  /** 100. */
  protected trying(): void {
    if (!this.tried) this.tell("Trying", this.asked(), "Trying");
    this.tried = true;
  }

  /** 180 to 183; equal ones that follow each other are one. */
  protected ringing(desc: string): void {
    if (!this.inCall && desc !== this.rang) this.tell("Ringing", this.asked(), (this.rang = desc));
  }

  private asked(): string {
    return this.host.wants("trimStatus") ? "i_ao_request" : " i_ao_request";
  }

  protected answered(more?: Data): void {
    if (!this.inCall) this.tell("InCall", "connected", "In call", more);
    this.inCall ||= ++answers;
  }

  /** The last event. `code` is the SIP status, or 0. */
  finish(desc: string, code = 0, more?: Data): void {
    if (this.over) return;
    clearTimeout(this.farewell);
    this.tell("Clear", "terminated", desc, { code, ...more });
    this.over = true;
    this.host.gone(this);
  }

  /** `Clear()`: asks for the end, and is content with any answer or none. */
  clear(): void {
    this.closing = true;
    const heard = this.hangUp();
    const words = (): [string, number] => (this.inCall || heard === undefined ? [TERMINATED, 0] : [CANCELLED, 487]);
    this.farewell = setTimeout(() => this.finish(...words()), heard ? FAREWELL_MS : 0);
  }

  /** Tells the other side. True: it will answer; false: it will not; undefined: it knows nothing of us yet. */
  protected abstract hangUp(): boolean | undefined;
}
