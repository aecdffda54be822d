/** What every call of a browser needs, whoever makes it: candidates that are not waited for without end, and the far side's sound. */
import type { RTCSession } from "jssip/lib/RTCSession";
import type { Screen } from "../event.ts";

/** Candidates are waited for so long after the first one, in milliseconds; JsSIP itself would wait for ever. */
const GATHER_MS = 500;
/** So long a dying call may still say goodbye, in milliseconds. */
export const GOODBYE_MS = 2_000;

/** Handlers of a session's events; for each offer and answer anew. */
export function gathering() {
  let waiting: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    clearTimeout(waiting);
    waiting = undefined;
  };
  return {
    icecandidate: ({ candidate, ready }: { candidate: RTCIceCandidate; ready: () => void }) => {
      if (candidate.type === "srflx") ready();
      else waiting ??= setTimeout(ready, GATHER_MS);
    },
    sdp: stop,
    stop,
  };
}

/** Looks for another way when the network changed. */
export function restartIce(session: RTCSession | undefined): void {
  if (session?.isEstablished()) session.renegotiate({ rtcOfferConstraints: { iceRestart: true } });
}

/** Plays the far side's sound; a browser that wants a gesture first gets it with the next one. */
export function listen(connection: RTCPeerConnection, sound: HTMLAudioElement, lost: () => void): void {
  connection.addEventListener("track", ({ track, streams }) => {
    if (track.kind !== "audio" || sound.srcObject) return;
    sound.srcObject = streams[0] ?? new MediaStream([track]);
    sound.play().catch(() => addEventListener("pointerdown", () => void sound.play().catch(() => {}), { once: true }));
  });
  connection.addEventListener("iceconnectionstatechange", () => {
    if (connection.iceConnectionState === "disconnected") lost();
  });
}

/** Shows a picture, or nothing, where a page wants it. Its sound is played elsewhere. */
export function show(where: Screen | undefined, stream: MediaStream | undefined): void {
  const screen = typeof where === "string" ? document.getElementById(where) : where;
  if (!(screen instanceof HTMLVideoElement)) return;
  screen.muted = screen.autoplay = screen.playsInline = true;
  screen.srcObject = stream ?? null;
}

/** The line of a connection by which pictures go. */
export const film = (connection: RTCPeerConnection | undefined) => connection?.getTransceivers().find(({ receiver }) => receiver.track.kind === "video");

/** Tells when a picture of the far side begins to come, and when none comes any more. */
export function watch(connection: RTCPeerConnection, seen: (stream: MediaStream | undefined) => void): void {
  connection.addEventListener("track", ({ track }) => {
    if (track.kind !== "video") return;
    const stream = new MediaStream([track]);
    track.onunmute = () => seen(stream);
    track.onmute = track.onended = () => seen(undefined);
  });
}

export function stopTracks(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
