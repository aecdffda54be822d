/** The bench's words, and what the gateway's numbers mean in them (`nxproxy-rio.md` 3). */
import { cti as en } from "../i18n/cti.en";
import { cti as ko } from "../i18n/cti.ko";
import { translator } from "../i18n/index.svelte";

export const t = translator(ko, en);
type Key = keyof typeof ko;

const RESULTS: Readonly<Record<string, Key>> = {
  "1": "result.1",
  "-4001": "result.4001",
  "-4005": "result.4005",
  "-4006": "result.4006",
  "-4007": "result.4007",
  "-4008": "result.4008",
  "-4009": "result.4009",
  "-4010": "result.4010",
  "-4011": "result.4011",
  "-4901": "result.4901",
};

const CLOSES: Readonly<Record<number, Key>> = {
  1000: "close.1000",
  1001: "close.1001",
  1002: "close.1002",
  1003: "close.1003",
  1005: "close.1005",
  1006: "close.1006",
  1007: "close.1007",
  1008: "close.1008",
  1009: "close.1009",
  1011: "close.1011",
  1012: "close.1012",
  1013: "close.1013",
  1015: "close.1015",
};

/** What a result says; empty where it says nothing known (a call's id, by the profile `dial_call_id`). */
export function meaning(result: string): string {
  const key = RESULTS[result];
  return key ? t(key as "result.1") : "";
}

/** What a close code says. */
export function closing(code: number): string {
  return t((CLOSES[code] ?? "close.other") as "close.other");
}
