/** What a page's command does: what the desk's own button would, if it could be pressed now (1.9). */
import { contactOf, type Command, type MaxEvent } from "./protocol";
import type { Live } from "./live";

/** A call of the agent-session API, below the session's own path. */
export interface Act {
  readonly path: string;
  readonly contact: number | null;
}

export interface Rules {
  /** A held, masked or muted call may be hung up, too. */
  readonly hangupWhenHeld?: boolean;
}

const MUTABLE = ["Active", "Holding", "Masking", "Joined"];

/** What is to be called; `null` where nothing would happen. */
export function act(command: Command, wanted: number | null, focus: number | null, live: Live, rules: Rules = {}): Act | null {
  const voice = live.contacts.filter(({ Type, Status }) => Type === "CallContactEvent" && Status !== "Disconnected");
  if (command === "AnswerEvent" || command === "RefuseEvent") {
    const offered = voice.filter(({ Status }) => Status === "Incoming");
    const one = wanted === null ? offered[0] : offered.find((event) => contactOf(event) === wanted);
    return one ? on(one, command === "AnswerEvent" ? "accept" : "reject") : null;
  }
  if (command === "MuteEvent") {
    if (!voice.some(({ Status }) => MUTABLE.includes(String(Status)))) return null;
    return { path: `/agent-phone/${live.muted ? "unmute" : "mute"}`, contact: null };
  }
  const call = target(voice, wanted, focus);
  if (!call) return null;
  const status = String(call.Status);
  switch (command) {
    case "HoldEvent":
      return status === "Active" ? on(call, "hold") : status === "Holding" ? on(call, "resume") : null;
    case "MaskEvent":
      return status === "Active" ? on(call, "mask") : status === "Masking" ? on(call, "unmask") : null;
    case "RecordEvent":
      return status === "Active" && call.IsLogging !== "True" ? on(call, "record") : null;
    case "HangupEvent": {
      const quiet = status === "Holding" || status === "Masking" || live.muted;
      const may = ["Active", "Dialing", "Joined"].includes(status) || status === "Holding" || status === "Masking";
      return may && (!quiet || rules.hangupWhenHeld === true) ? on(call, "end") : null;
    }
  }
}

/** The call that is meant: the one named, the one in focus, else the only one, else the one that is talked in. */
function target(voice: readonly MaxEvent[], wanted: number | null, focus: number | null): MaxEvent | undefined {
  if (wanted !== null) return voice.find((event) => contactOf(event) === wanted);
  const focused = voice.find((event) => contactOf(event) === focus);
  if (focused || voice.length === 1) return focused ?? voice[0];
  const talking = voice.filter(({ Status }) => Status === "Active" || Status === "Joined" || Status === "Masking");
  return talking.length === 1 ? talking[0] : undefined;
}

function on(event: MaxEvent, verb: string): Act {
  const contact = contactOf(event);
  return { path: `/interactions/${contact}/${verb}`, contact };
}
