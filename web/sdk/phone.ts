/**
 * What this script knows of a telephone in the browser. The voice file, loaded on the first `directCall`, brings one; tests
 * bring another. No type of a SIP library is seen here.
 */
import type { Address } from "./address.ts";
import type { Screen } from "./event.ts";

/** What happens to a call, in the words of SIP. */
export interface PhoneListener {
  /** 100 to 199. */
  provisional(code: number, phrase: string): void;
  /** 2xx, and the sound flows. */
  accepted(): void;
  /** The last that comes. */
  ended(phrase: string, code: number): void;
}

export interface PhoneCall {
  /** Ends it: CANCEL before the answer, BYE after. `ended` follows. */
  bye(): void;
  /** Sends silence (or black) instead, over every renegotiation. False: no such track is sent. */
  mute(kind: "audio" | "video", on: boolean): boolean;
  /** One tone of `0-9*#A-D` as a telephone event (RFC 4733). */
  dtmf(tone: string): void;
}

/** Opens the socket and calls. The stream is the phone's from now on: it stops it at the end. Pictures are shown where `screens` says. */
export type Phone = (to: Address, push: string | undefined, stream: MediaStream, listener: PhoneListener, screens: Screens) => PhoneCall;

/** Where pictures are shown; absent: nowhere. */
export interface Screens {
  remote?: Screen | undefined;
  local?: Screen | undefined;
}

declare global {
  interface Window {
    /** Where the voice file leaves its phone. */
    nxWebApiPhone?: Phone;
  }
}
