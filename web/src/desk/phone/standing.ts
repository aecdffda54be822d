/** How the telephone's standing is shown: a dot's colour, always beside a word. */
import type { Tone } from "../text";
import type { PhoneStanding } from "./softphone.svelte";

export function toneOfStanding(standing: PhoneStanding): Tone {
  switch (standing) {
    case "ready":
      return "ok";
    case "trouble":
    case "lost":
      return "bad";
    case "off":
      return "off";
    default:
      return "warn";
  }
}
