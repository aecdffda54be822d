/**
 * The seven functions of the guides (`nxwebapi.md` 1). Each answers 0, and what follows comes by the callback; or -1, and
 * nothing follows. None throws.
 */
import { address, ROOMS } from "./address.ts";
import { Call } from "./call.ts";
import type { Host, Options, Session } from "./event.ts";
import { keepIn, kept, type Store } from "./kept.ts";
import { Line } from "./line.ts";
import { audience, message } from "./message.ts";
import { Room } from "./room.ts";

export interface NxWebApi {
  /** Takes the function that every event is handed to, as a string of JSON; another call replaces it. */
  SetCallBack(callback: (json: string) => void): 0 | -1;
  /** Opens a chat with `dn_number`. `tel_number` says who the customer is, unproved. */
  connectChat(realm: string, dn_number: string, tel_number: string, url: string): 0 | -1;
  /** Calls `dn_number` by voice, and with pictures if `options.video` is set. A `push_token` of "" or "default" is none. */
  directCall(realm: string, dn_number: string, tel_number: string, websocket_url: string, push_token?: string): 0 | -1;
  /** Says something in the current chat: JSON (text or object), or plain text. `sendtype`: BOTH, AGENT or CUSTOMER. */
  Message_C(message: unknown, sendtype?: string): 0 | -1;
  /** Says something in the chat of this Cid. `type` is not used. */
  Message_CToSelect(cid: string, message: unknown, type?: unknown, sendType?: string): 0 | -1;
  /** Ends the chat of this Cid; without one, whatever was begun last and is still open. */
  Clear(cid?: string): 0 | -1;
  /** Sends silence (or black) instead of `Audio` (or `Video`) in the call. */
  Mute(type: string, enable: boolean): 0 | -1;
  options: Options;
  /** What the guides do not have. */
  readonly ext: {
    /** The customer is writing; in the current chat, or that of the Cid. */
    typing(on: boolean, cid?: string): 0 | -1;
    /** Everything up to this line (`seq` of a message, with `options.extras`) has been read. */
    read(seq: number, cid?: string): 0 | -1;
    /** Where the tokens are kept that take up a chat after a reload; `sessionStorage` if this is never called. */
    keepIn(store: Store): void;
    /** Sends one tone of `0-9*#A-D` in the call. */
    dtmf(tone: string): 0 | -1;
  };
}

/** A token of a push service is printable, and no line of a header. */
const PUSH = /^[!-~]{0,4096}$/;

const answer = (done: unknown) => (done ? 0 : -1);

/** `voice` is the address of the voice file. */
export function create(voice: string): NxWebApi {
  let callback: ((json: string) => void) | undefined;
  let ids = 0;
  /** In the order they were begun. */
  const sessions: Session[] = [];
  const lines = new Map<string, Line>();

  const fire = (event: object) => {
    try {
      callback?.(JSON.stringify(event));
    } catch (error) {
      console.error("nxWebApi: the callback threw", error);
    }
  };
  const host: Host = {
    emit: (Type, Data) => fire({ Kind: "SIP", Type, Data }),
    wants: (option) => api.options?.[option],
    gone: (session) => void sessions.splice(sessions.indexOf(session), 1),
  };
  const open = () => sessions.filter(({ closing }) => !closing);
  const rooms = () => open().filter((one): one is Room => one instanceof Room);
  const call = () => open().find((one): one is Call => one instanceof Call);
  /** The room of this Cid, or the current one. */
  const room = (cid?: unknown): Room | undefined => {
    const talking = rooms().filter(({ inCall }) => inCall);
    if (typeof cid === "string") return talking.find((one) => one.cid === cid);
    return talking.sort((a, b) => a.inCall - b.inCall).pop();
  };
  const say = (room: Room | undefined, given: unknown, to: unknown): 0 | -1 => {
    const [content, whom] = [message(given), audience(to)];
    return answer(room && content && whom && room.say(content, whom));
  };

  const wake = ({ type }: Event) => {
    if (!document.hidden) for (const line of lines.values()) line.wake(type === "online");
  };
  for (const type of ["online", "pageshow", "visibilitychange"]) addEventListener(type, wake, true);
  // A chat goes on after a reload, a call cannot.
  addEventListener("pagehide", () => call()?.clear());

  const api: NxWebApi = {
    SetCallBack(fn) {
      if (typeof fn !== "function") return -1;
      callback = fn;
      fire({ Type: "SetCallBack", Data: { result: "Success" } });
      return 0;
    },
    connectChat(...given) {
      const to = address(given, location.protocol === "https:");
      if (!to || rooms().length >= ROOMS) return -1;
      // A socket carries the rooms of one realm (`docs/chat-wire.md` 1).
      const key = `${to.url} ${to.realm}`;
      let line = lines.get(key);
      if (!line) lines.set(key, (line = new Line(to.url)));
      try {
        line.open();
      } catch (_) {
        return -1;
      }
      const taken = new Set<string | undefined>();
      lines.forEach(({ rooms }) => rooms.forEach(({ token }) => taken.add(token)));
      sessions.push(new Room(host, ++ids, to, line, kept(to).find((token) => !taken.has(token))));
      return 0;
    },
    directCall(realm, dn, tel, url, push) {
      const to = address([realm, dn, tel, url], location.protocol === "https:");
      const token = typeof push === "string" && push.trim() !== "default" ? push.trim() : "";
      if (!to || call() || !PUSH.test(token)) return -1;
      if (!isSecureContext || !navigator.mediaDevices || !window.RTCPeerConnection) {
        console.warn("nxWebApi: no call: the browser gives the microphone to pages of https and of localhost alone, and needs WebRTC");
        return -1;
      }
      sessions.push(new Call(host, ++ids, to, token || undefined, voice));
      return 0;
    },
    Message_C: (message, sendtype) => say(room(), message, sendtype),
    Message_CToSelect: (cid, message, _type, sendType) => say(typeof cid === "string" ? room(cid) : undefined, message, sendType),
    Clear(cid) {
      // As a handler of a click it is handed the event.
      const named = typeof cid === "string" && cid;
      const session = named ? rooms().find((one) => one.cid === cid) : open().pop();
      session?.clear();
      return answer(session);
    },
    Mute(type, enable) {
      const [kind, on] = [type, enable].map((one: unknown) => (typeof one === "string" ? one.toLowerCase() : one));
      const known = (kind === "audio" || kind === "video") && (on === true || on === false || on === "true" || on === "false");
      return answer(known && call()?.mute(kind, on === true || on === "true"));
    },
    options: {},
    ext: {
      keepIn,
      typing: (on, cid) => answer(room(cid)?.typing(!!on)),
      read: (seq, cid) => answer(Number.isInteger(seq) && room(cid)?.read(seq)),
      dtmf: (tone) => answer(/^[\d*#A-D]$/.test(tone) && call()?.dtmf(tone)),
    },
  };
  return api;
}
