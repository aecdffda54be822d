/** A voice call beside the chat, to the same number, by `nxWebApi.directCall`. */
import type { NxWebApi } from "../../sdk/api";
import type { Wish } from "./params";
import type { CallEnd } from "./text";

export type CallPhase = "none" | "asking" | "connecting" | "ringing" | "talking" | "ended";

/** `reason` is the other side's words, where it says more. */
type Ending = { key: Exclude<CallEnd, "callFailed">; reason: "" } | { key: "callFailed"; reason: string };

export class Call {
  phase = $state<CallPhase>("none");
  muted = $state(false);
  since = $state(0);
  /** What ended it, where that is worth a word. */
  why = $state.raw<Ending | undefined>(undefined);
  readonly #api: NxWebApi;
  readonly #wish: Wish;
  readonly #sessions: () => number;
  #id = 0;

  constructor(api: NxWebApi, wish: Wish, sessions: () => number) {
    this.#api = api;
    this.#wish = wish;
    this.#sessions = sessions;
  }

  get open(): boolean {
    return this.phase === "connecting" || this.phase === "ringing" || this.phase === "talking";
  }

  /** Tells what will happen before the browser asks for the microphone. */
  ask(): void {
    if (this.open) return;
    const can = isSecureContext && navigator.mediaDevices !== undefined && "RTCPeerConnection" in globalThis;
    this.why = can ? undefined : { key: "mic.insecure", reason: "" };
    this.phase = can ? "asking" : "ended";
  }

  start(): void {
    const { realm, dn, tel, url } = this.#wish;
    this.muted = false;
    this.why = undefined;
    if (this.#api.directCall(realm, dn, tel, url, "") === 0) {
      this.#id = this.#sessions();
      this.phase = "connecting";
    } else {
      this.why = { key: "mic.insecure", reason: "" };
      this.phase = "ended";
    }
  }

  mute(): void {
    if (this.#api.Mute("Audio", !this.muted) === 0) this.muted = !this.muted;
  }

  tone(key: string): void {
    this.#api.ext.dtmf(key);
  }

  hangUp(): void {
    // The session begun last is the call.
    if (this.open) this.#api.Clear();
  }

  dismiss(): void {
    this.phase = "none";
    this.why = undefined;
  }

  take({ Type, Data }: { readonly Type: string; readonly Data: Readonly<Record<string, unknown>> }): void {
    if (Data.id !== this.#id) return;
    if (Type === "Ringing") this.phase = "ringing";
    else if (Type === "InCall") {
      this.phase = "talking";
      this.since = Date.now();
    } else if (Type === "Clear") {
      this.why = reason(this.phase === "talking", String(Data.desc), Data.reason);
      this.phase = "ended";
    }
  }
}

function reason(talked: boolean, desc: string, error: unknown): Ending {
  if (error === "NotAllowedError") return { key: "mic.denied", reason: "" };
  if (error === "NotFoundError") return { key: "mic.none", reason: "" };
  if (error === "NotReadableError") return { key: "mic.busy", reason: "" };
  const ended = talked || desc === "Request Terminated" || desc === "Call terminated";
  return ended ? { key: "callEnded", reason: "" } : { key: "callFailed", reason: desc };
}
