/** How good a call's sound is, read off what the browser counts. Pure: two readings in, a judgement out. */

/** What was counted up to a moment. */
export interface Reading {
  /** Milliseconds. */
  readonly at: number;
  readonly received: number;
  readonly lost: number;
  /** Seconds. */
  readonly jitter: number;
  /** There and back, in seconds; absent where nobody measured it. */
  readonly roundTrip?: number;
}

/** `silent`: nothing comes at all. */
export type Verdict = "good" | "fair" | "poor" | "silent";

export interface Quality {
  readonly verdict: Verdict;
  /** Of a hundred packets. */
  readonly loss: number;
  /** Milliseconds. */
  readonly jitter: number;
  /** Milliseconds. */
  readonly roundTrip?: number;
}

/** From where on it is heard (ITU-T G.114 for the way there and back, G.113 Appendix I for lost packets). */
const FAIR = { loss: 2, jitter: 30, roundTrip: 300 };
const POOR = { loss: 6, jitter: 60, roundTrip: 600 };
/** So long nothing may come before it is said, in milliseconds. */
export const SILENCE_MS = 3_000;

/** What a report of `RTCPeerConnection.getStats` says of sound; nothing before there is any. */
export function read(report: RTCStatsReport, at: number): Reading | undefined {
  let found: Reading | undefined;
  let roundTrip: number | undefined;
  for (const one of report.values() as Iterable<Record<string, unknown>>) {
    const number = (name: string) => (typeof one[name] === "number" ? one[name] : 0);
    if (one["type"] === "inbound-rtp" && one["kind"] === "audio")
      found = { at, received: number("packetsReceived"), lost: number("packetsLost"), jitter: number("jitter") };
    if (one["type"] === "candidate-pair" && one["nominated"] && typeof one["currentRoundTripTime"] === "number")
      roundTrip = one["currentRoundTripTime"];
  }
  return found && (roundTrip === undefined ? found : { ...found, roundTrip });
}

/** The judgement of what happened between two readings. `expected`: the far side has something to say, being not on hold. */
export function judge(before: Reading, now: Reading, expected: boolean): Quality {
  const came = Math.max(0, now.received - before.received);
  const lost = Math.max(0, now.lost - before.lost);
  const loss = came + lost > 0 ? (100 * lost) / (came + lost) : 0;
  const jitter = Math.round(now.jitter * 1_000);
  const roundTrip = now.roundTrip === undefined ? undefined : Math.round(now.roundTrip * 1_000);
  const beyond = (limit: typeof FAIR) => loss >= limit.loss || jitter >= limit.jitter || (roundTrip ?? 0) >= limit.roundTrip;
  const silent = expected && came === 0 && now.at - before.at >= SILENCE_MS;
  const verdict = silent ? "silent" : beyond(POOR) ? "poor" : beyond(FAIR) ? "fair" : "good";
  return { verdict, loss: Math.round(loss * 10) / 10, jitter, ...(roundTrip === undefined ? {} : { roundTrip }) };
}
