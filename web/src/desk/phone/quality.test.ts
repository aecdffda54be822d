import { expect, test } from "vitest";
import { judge, read, type Reading } from "./quality";

const before: Reading = { at: 0, received: 1_000, lost: 10, jitter: 0.002, roundTrip: 0.02 };
const after = (more: Partial<Reading>): Reading => ({ ...before, at: 3_000, received: 1_150, ...more });

test.each([
  ["a quiet network is good", after({}), true, "good"],
  ["three of a hundred lost are heard", after({ received: 1_097, lost: 13 }), true, "fair"],
  ["ten of a hundred lost are poor", after({ received: 1_090, lost: 20 }), true, "poor"],
  ["a long way there and back is fair", after({ roundTrip: 0.35 }), true, "fair"],
  ["packets that come unevenly are poor", after({ jitter: 0.08 }), true, "poor"],
  ["nothing for three seconds is silence", after({ received: 1_000 }), true, "silent"],
  ["nothing while on hold is as it should be", after({ received: 1_000 }), false, "good"],
  ["nothing for two seconds is not yet silence", after({ received: 1_000, at: 2_000 }), true, "good"],
  ["counters that begin anew frighten nobody", after({ received: 0, lost: 0 }), false, "good"],
] as const)("%s", (_, now, expected, verdict) => {
  expect(judge(before, now, expected).verdict).toBe(verdict);
});

test("loss is of what came and of what did not, with one decimal", () => {
  expect(judge(before, after({ received: 1_095, lost: 15 }), true)).toEqual({ verdict: "fair", loss: 5, jitter: 2, roundTrip: 20 });
});

test("a report is read for sound alone, and the way that is in use", () => {
  const report = new Map<string, unknown>([
    ["v", { type: "inbound-rtp", kind: "video", packetsReceived: 7, packetsLost: 0, jitter: 0 }],
    ["a", { type: "inbound-rtp", kind: "audio", packetsReceived: 5, packetsLost: 1, jitter: 0.004 }],
    ["p", { type: "candidate-pair", nominated: false, currentRoundTripTime: 9 }],
    ["q", { type: "candidate-pair", nominated: true, currentRoundTripTime: 0.01 }],
  ]);
  expect(read(report as unknown as RTCStatsReport, 7)).toEqual({ at: 7, received: 5, lost: 1, jitter: 0.004, roundTrip: 0.01 });
  expect(read(new Map() as unknown as RTCStatsReport, 7)).toBeUndefined();
});
