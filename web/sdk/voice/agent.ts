/**
 * An agent's telephone made of JsSIP. It does what the desk's server asks: it rings, picks up by itself when the agent took the
 * call at the desk (`Call-Info: …;answer-after=0`), and carries the sound. Hold, transfer and the rest are the server's.
 */
import { UA } from "jssip";
import type { RTCSession } from "jssip/lib/RTCSession";
import type { IncomingRequest } from "jssip/lib/SIPMessage";
import type { Socket } from "jssip/lib/Socket";
import type { MakeAgentPhone } from "../agentPhone.ts";
import { film, gathering, GOODBYE_MS, listen, restartIce, stopTracks, watch } from "./session.ts";
import { SipSocket } from "./socket.ts";

/** Seconds for which one registers; a page that is gone is gone sooner, with its socket. */
const EXPIRES_S = 60;
/** A microphone that was not given in time is none, in milliseconds: the caller hears it ring meanwhile. */
const PICK_UP_MS = 15_000;
const PC_CONFIG = { iceServers: [] };

/** One call's sound. */
interface Leg {
  readonly session: RTCSession;
  readonly sound: HTMLAudioElement;
  stream?: MediaStream;
  cnid?: string;
  picture?: MediaStream | undefined;
  camera?: MediaStreamTrack | undefined;
}

export const makeAgentPhone: MakeAgentPhone = (url, pass, microphone, listener) => {
  const legs = new Set<Leg>();
  let muted = false;
  let sink = "";
  let over = false;
  const uri = `sip:${encodeURIComponent(pass.device)}@${pass.realm}`;

  const standing = () => [...legs].findLast(({ session }) => session.isEstablished());
  const connectionOf = (leg: Leg | undefined) => leg?.session.connection as unknown as RTCPeerConnection | undefined;
  const filmOf = (leg: Leg | undefined) => {
    const line = film(connectionOf(leg));
    return line?.currentDirection?.startsWith("send") ? line : undefined;
  };
  const tellPicture = () => listener.seeing(standing()?.picture, filmOf(standing()) !== undefined);
  const tell = () => {
    listener.talking(standing()?.cnid);
    tellPicture();
  };
  const socket = new SipSocket(url, {
    response() {},
    back() {
      // The server knows this page by its new socket only when it has registered by it.
      ua.register();
      for (const { session } of legs) restartIce(session);
    },
    failed() {
      silence();
      end();
    },
  });
  const ua = new UA({
    sockets: socket as unknown as Socket,
    uri,
    authorization_user: pass.user,
    password: pass.password,
    realm: pass.realm,
    register: true,
    register_expires: EXPIRES_S,
    session_timers: false,
    user_agent: "Sangdam desk",
  });

  /** What was said to be over is told once. */
  const end = () => {
    if (over) return;
    over = true;
    listener.talking(undefined);
    listener.standing("over");
    ua.stop();
  };
  /** Nothing goes out any more, whatever JsSIP would still say. */
  const silence = () => {
    for (const leg of legs) drop(leg);
    socket.send = () => true;
    socket.disconnect();
  };
  const drop = (leg: Leg) => {
    legs.delete(leg);
    stopTracks(leg.stream);
    leg.camera?.stop();
    leg.sound.srcObject = null;
  };
  /** Both ways from the beginning: then the agent's picture comes and goes without a word to the server. */
  const see = (leg: Leg, connection: RTCPeerConnection) => {
    connection.addEventListener("signalingstatechange", () => {
      const line = film(connection);
      if (connection.signalingState === "have-remote-offer" && line?.direction === "recvonly") line.direction = "sendrecv";
    });
    watch(connection, (picture) => {
      leg.picture = picture;
      if (!over) tellPicture();
    });
  };
  const follow = (leg: Leg) => {
    const { session } = leg;
    legs.add(leg);
    session.on("accepted", tell);
    session.on("confirmed", () => {
      if (muted) session.mute({ audio: true });
      tell();
    });
    const gone = () => {
      drop(leg);
      if (!over) tell();
    };
    session.on("ended", gone);
    session.on("failed", gone);
  };
  const player = () => {
    const sound = new Audio();
    if (sink && "setSinkId" in sound) void sound.setSinkId(sink).catch(() => {});
    return sound;
  };

  const pickUp = async (leg: Leg) => {
    const { session } = leg;
    const patience = new Promise<never>((_, no) => setTimeout(() => no(new Error("no microphone in time")), PICK_UP_MS));
    try {
      const stream = await Promise.race([microphone(), patience]);
      if (session.isEnded()) return stopTracks(stream);
      leg.stream = stream;
      const candidates = gathering();
      session.on("icecandidate", candidates.icecandidate);
      session.on("sdp", candidates.sdp);
      session.on("peerconnection", ({ peerconnection }) => {
        const connection = peerconnection as unknown as RTCPeerConnection;
        listen(connection, leg.sound, () => restartIce(session));
        see(leg, connection);
      });
      session.answer({ mediaStream: stream, mediaConstraints: { audio: true, video: false }, pcConfig: PC_CONFIG });
    } catch (error) {
      listener.noMicrophone(error);
      if (!session.isEnded()) session.terminate({ status_code: 480 });
    }
  };

  ua.on("newRTCSession", ({ session, originator, request }: { session: RTCSession; originator: string; request: IncomingRequest }) => {
    if (originator !== "remote") return;
    const leg: Leg = { session, sound: player() };
    const cnid = request.getHeader("X-NX-Cid");
    if (cnid) leg.cnid = cnid;
    follow(leg);
    // One that only rings is rung by the desk; whoever takes it there has it called anew, in these words.
    const words = [request.getHeader("Call-Info"), request.getHeader("Answer-Mode")].join(" ");
    if (/answer-after=0|\bAuto\b/i.test(words)) void pickUp(leg);
  });
  ua.on("registered", () => listener.standing("ready"));
  ua.on("unregistered", () => !over && listener.standing("lost"));
  ua.on("registrationFailed", ({ response }: { response?: { status_code?: number } | null }) => {
    listener.standing("lost");
    if (response?.status_code === 401 || response?.status_code === 403) listener.renew();
  });
  listener.standing("connecting");
  ua.start();

  return {
    renew({ user, password }) {
      ua.set("authorization_user", user);
      ua.set("password", password);
      if (!ua.isRegistered()) ua.register();
    },
    resume(cnid) {
      if (legs.size) return;
      microphone().then(
        (stream) => {
          if (over || legs.size) return stopTracks(stream);
          const candidates = gathering();
          const session = ua.call(uri, {
            mediaStream: stream,
            mediaConstraints: { audio: true, video: false },
            pcConfig: PC_CONFIG,
            extraHeaders: [`X-NX-Resume: ${cnid}`],
            eventHandlers: { icecandidate: candidates.icecandidate, sdp: candidates.sdp },
          });
          const leg: Leg = { session, sound: player(), stream, cnid };
          follow(leg);
          listen(session.connection as unknown as RTCPeerConnection, leg.sound, () => restartIce(session));
        },
        (error: unknown) => listener.noMicrophone(error),
      );
    },
    mute(on) {
      muted = on;
      for (const { session } of legs) {
        if (on) session.mute({ audio: true });
        else session.unmute({ audio: true });
      }
    },
    async replace(stream) {
      const leg = standing();
      const [track] = stream.getAudioTracks();
      const sender = leg?.session.connection.getSenders().find((one) => one.track?.kind === "audio");
      if (!leg || !track || !sender) return stopTracks(stream);
      track.enabled = !muted;
      await sender.replaceTrack(track);
      stopTracks(leg.stream);
      leg.stream = stream;
    },
    async camera(track) {
      const leg = standing();
      const line = filmOf(leg);
      leg?.camera?.stop();
      if (!leg || !line) return track?.stop();
      leg.camera = track ?? undefined;
      await line.sender.replaceTrack(track);
    },
    async output(device) {
      sink = device;
      for (const { sound } of legs) if ("setSinkId" in sound) await sound.setSinkId(device);
    },
    stats: async () => standing()?.session.connection.getStats(),
    stop() {
      end();
      setTimeout(() => socket.disconnect(), GOODBYE_MS);
    },
    abandon() {
      silence();
      end();
    },
  };
};
