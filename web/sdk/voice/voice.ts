/**
 * The voice file: a {@link Phone} made of JsSIP (`web.md`, "Rules that save you a day"). It leaves itself at
 * `window.nxWebApiPhone`; no type of JsSIP gets out.
 */
import { UA } from "jssip";
import type { RTCSession } from "jssip/lib/RTCSession";
import type { Socket } from "jssip/lib/Socket";
import { LOST, NO_MEDIA, TERMINATED, TIMED_OUT, UNREACHED } from "../event.ts";
import type { Phone } from "../phone.ts";
import { film, gathering, GOODBYE_MS, listen, restartIce, show, stopTracks, watch } from "./session.ts";
import { SipSocket } from "./socket.ts";

/** Words for what JsSIP ends a call with by itself. */
const CAUSES: Record<string, [phrase: string, code: number]> = {
  "Request Timeout": [TIMED_OUT, 408],
  "Connection Error": [LOST, 0],
  "WebRTC Error": [NO_MEDIA, 0],
  "Bad Media Description": ["Not Acceptable Here", 488],
  "Incompatible SDP": ["Not Acceptable Here", 488],
  "Missing SDP": ["Not Acceptable Here", 488],
};

const phone: Phone = ({ realm, dn, tel, url }, push, stream, listener, screens) => {
  let session: RTCSession | undefined;
  let over = false;
  let leaving = false;
  const candidates = gathering();
  const sound = new Audio();

  const end = (phrase: string, code: number) => {
    if (over) return;
    over = true;
    candidates.stop();
    stopTracks(stream);
    sound.srcObject = null;
    show(screens.remote, undefined);
    show(screens.local, undefined);
    listener.ended(phrase, code);
    // What is under way (BYE, ACK) gets its time; then the socket closes.
    setTimeout(() => ua.stop(), GOODBYE_MS);
  };
  const again = () => restartIce(session);
  /** A camera whose picture the far side does not take is turned off. */
  const darken = () => {
    if (film(session?.connection as unknown as RTCPeerConnection)?.currentDirection?.startsWith("send")) return;
    for (const track of stream.getVideoTracks()) {
      track.stop();
      stream.removeTrack(track);
    }
    show(screens.local, undefined);
  };
  const socket = new SipSocket(url, {
    response(code, phrase, method) {
      if (method === "INVITE" && code < 200 && !session?.isEstablished()) listener.provisional(code, phrase);
      else if (leaving && code >= 200 && method === "BYE") end(TERMINATED, 0);
      else if (leaving && code >= 300 && method === "INVITE") end(phrase, code);
    },
    back: again,
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
        icecandidate: candidates.icecandidate,
        sdp: candidates.sdp,
        accepted: () => {
          darken();
          listener.accepted();
        },
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
    const connection = session.connection as unknown as RTCPeerConnection;
    listen(connection, sound, again);
    watch(connection, (picture) => show(screens.remote, picture));
    if (stream.getVideoTracks().length) show(screens.local, stream);
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
