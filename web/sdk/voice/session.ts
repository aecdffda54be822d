/** What every call of a browser needs, whoever makes it: candidates that are not waited for without end, and the far side's sound. */
import type { RTCSession } from "jssip/lib/RTCSession";

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

export function stopTracks(stream: MediaStream | undefined): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}
