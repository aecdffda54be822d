/**
 * The voice file: a {@link Phone} made of JsSIP (`web.md`, "Rules that save you a day"). It leaves itself at
 * `window.nxWebApiPhone`; no type of JsSIP gets out.
 */
import { UA } from "jssip";
import type { RTCSession } from "jssip/lib/RTCSession";
import type { Socket } from "jssip/lib/Socket";
import { LOST, NO_MEDIA, TERMINATED, TIMED_OUT, UNREACHED } from "../event.ts";
import type { Phone } from "../phone.ts";
import { SipSocket } from "./socket.ts";

/** Candidates are waited for so long after the first one, in milliseconds; JsSIP itself would wait for ever. */
const GATHER_MS = 500;
/** So long a dying call may still say goodbye, in milliseconds. */
const GOODBYE_MS = 2_000;
/** Words for what JsSIP ends a call with by itself. */
const CAUSES: Record<string, [phrase: string, code: number]> = {
  "Request Timeout": [TIMED_OUT, 408],
  "Connection Error": [LOST, 0],
  "WebRTC Error": [NO_MEDIA, 0],
  "Bad Media Description": ["Not Acceptable Here", 488],
  "Incompatible SDP": ["Not Acceptable Here", 488],
  "Missing SDP": ["Not Acceptable Here", 488],
};

const phone: Phone = ({ realm, dn, tel, url }, push, stream, listener) => {
  let session: RTCSession | undefined;
  let over = false;
  let leaving = false;
  let gathering: ReturnType<typeof setTimeout> | undefined;
  const sound = new Audio();

  const end = (phrase: string, code: number) => {
    if (over) return;
    over = true;
    clearTimeout(gathering);
    for (const track of stream.getTracks()) track.stop();
    sound.srcObject = null;
    listener.ended(phrase, code);
    // What is under way (BYE, ACK) gets its time; then the socket closes.
    setTimeout(() => ua.stop(), GOODBYE_MS);
  };
  const restartIce = () => {
    if (session?.isEstablished()) session.renegotiate({ rtcOfferConstraints: { iceRestart: true } });
  };
  const socket = new SipSocket(url, {
    response(code, phrase, method) {
      if (method === "INVITE" && code < 200 && !session?.isEstablished()) listener.provisional(code, phrase);
      else if (leaving && code >= 200 && method === "BYE") end(TERMINATED, 0);
      else if (leaving && code >= 300 && method === "INVITE") end(phrase, code);
    },
    back: restartIce,
    failed(reached) {
      end(reached ? LOST : UNREACHED, 0);
      ua.stop();
    },
  });
  const uri = (user: string) => `sip:${encodeURIComponent(user)}@${realm}`;
  const ua = new UA({
    sockets: socket as unknown as Socket,
    uri: uri(tel),
    register: false,
    session_timers: false,
    user_agent: "nxWebApi",
  });

  /** The far side's sound; a browser that wants a gesture first gets it with the next one. */
  const listen = (connection: RTCPeerConnection) => {
    connection.addEventListener("track", ({ track, streams }) => {
      if (track.kind !== "audio" || sound.srcObject) return;
      sound.srcObject = streams[0] ?? new MediaStream([track]);
      sound.play().catch(() => addEventListener("pointerdown", () => void sound.play().catch(() => {}), { once: true }));
    });
    connection.addEventListener("iceconnectionstatechange", () => {
      if (connection.iceConnectionState === "disconnected") restartIce();
    });
  };

  ua.on("newRTCSession", ({ session, originator }: { session: RTCSession; originator: string }) => {
    // Nobody calls an anonymous page.
    if (originator === "remote") session.terminate({ status_code: 486 });
  });
  ua.on("connected", () => {
    if (session || over || leaving) return;
    session = ua.call(uri(dn), {
      mediaStream: stream,
      mediaConstraints: { audio: true, video: false },
      pcConfig: { iceServers: [] },
      extraHeaders: ["X-NX-Client: nxWebApi/1", "X-NX-Kind: call", ...(push ? [`X-NX-Push: ${push}`] : [])],
      eventHandlers: {
        icecandidate: ({ candidate, ready }) => {
          if (candidate.type === "srflx") ready();
          else gathering ??= setTimeout(ready, GATHER_MS);
        },
        sdp: () => {
          clearTimeout(gathering);
          gathering = undefined;
        },
        accepted: () => listener.accepted(),
        failed: ({ message, cause }) => {
          if (leaving && cause === "Canceled") return;
          const response = message as unknown as { status_code?: number; reason_phrase?: string } | null;
          if (response?.status_code) end(response.reason_phrase || cause, response.status_code);
          else end(...(CAUSES[cause] ?? [NO_MEDIA, 0]));
        },
        ended: ({ originator, cause }) => {
          // Our own BYE is over when it is answered.
          if (originator === "remote" || !leaving) end(...(CAUSES[cause] ?? [TERMINATED, 0]));
        },
      },
    });
    listen(session.connection as unknown as RTCPeerConnection);
  });
  ua.start();

  return {
    bye() {
      leaving = true;
      if (session && !session.isEnded()) session.terminate();
      if (!session) end(TERMINATED, 0);
      // Nobody may answer.
      setTimeout(() => end(TERMINATED, 0), GOODBYE_MS);
    },
    mute(kind, on) {
      if (!stream.getTracks().some((track) => track.kind === kind)) return false;
      const which = { [kind]: true };
      if (on) session?.mute(which);
      else session?.unmute(which);
      return true;
    },
    dtmf: (tone) => void session?.sendDTMF(tone, { transportType: "RFC2833" as never }),
  };
};

window.nxWebApiPhone = phone;
