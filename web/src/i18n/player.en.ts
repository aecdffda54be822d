/** The recording player in English. */
import type { Translation } from "./index.svelte";
import type { player as ko } from "./player.ko";

export const player: Translation<typeof ko> = {
  title: "Recording",
  titleAt: "Recording of {when}",
  loading: "Loading the recording…",
  play: "Play",
  pause: "Pause",
  position: "Position",
  positionAt: "{at} of {length}",
  customer: "Customer’s side (left)",
  agent: "Agents’ side (right)",
  speed: "Speed",
  masked: "Masked",
  paused: "On hold",
  silence: "{why} from {from} for {length}: nothing was kept",
  keys: "Space plays and pauses, ← → 5 s, PgUp PgDn 30 s",
  short: "The server was cut short: its end is missing.",
  lost: "Nothing of this call’s sound could be kept.",
  gone: "Kept no longer, or not for you to hear.",
  denied: "You may not listen to recordings.",
  ended: "You are logged out. Log in again.",
  failed: "The recording could not be loaded.",
  broken: "Its sound could not be played.",
  retry: "Try again",
};
