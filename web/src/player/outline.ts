/** What is known of a recording, and its outline as shapes to be drawn (docs/rest.md §7). */

export interface Recording {
  readonly id: string;
  readonly began: number;
  /** In milliseconds. */
  readonly length: number;
  readonly kept: "whole" | "short" | "lost";
  readonly agent?: string;
}

/** Lowest and highest of each stretch, -1 to 1. */
export type Side = readonly (readonly [low: number, high: number])[];

/** A stretch of which nothing was kept. */
export interface Silence {
  readonly why: "masked" | "paused";
  readonly from: number;
  readonly length: number;
}

export interface Outline {
  readonly length: number;
  readonly channels: { readonly left: Side; readonly right: Side };
  readonly silences: readonly Silence[];
}

/** Nothing is drawn larger than so many times its size: what is silent looks silent. */
const MOST_GAIN = 12;
/** Half the height of a line where nothing is heard. */
const THIN = 0.02;

/** By how much both sides are enlarged, so that the loudest of them fills its height. */
export function gain({ left, right }: Outline["channels"]): number {
  const loudest = [...left, ...right].reduce((most, [low, high]) => Math.max(most, -low, high), 0);
  return Math.min(MOST_GAIN, 1 / Math.max(loudest, 1 / MOST_GAIN));
}

/** A side as an SVG path: a unit to the right for each stretch, from -1 at the top to 1 at the bottom. */
export function shape(side: Side, gain: number): string {
  if (side.length === 0) return "";
  const y = (value: number) => Number(Math.max(-1, Math.min(1, value)).toFixed(3));
  const top = side.map(([, high], x) => `${x} ${y(-Math.max(high * gain, THIN))}`);
  const bottom = side.map(([low], x) => `${x} ${y(Math.max(-low * gain, THIN))}`).reverse();
  return `M${[...top, ...bottom].join("L")}Z`;
}

/** The share of the whole at which something stands, in percent. */
export function percent(at: number, length: number): number {
  return length > 0 ? Math.max(0, Math.min(100, (at / length) * 100)) : 0;
}

/** Where a key leads to from here, in seconds; none if it is no such key. */
export function keyed(key: string, at: number, length: number): number | undefined {
  const steps: Readonly<Record<string, number>> = { ArrowLeft: -5, ArrowDown: -5, ArrowRight: 5, ArrowUp: 5, PageDown: -30, PageUp: 30, Home: -Infinity, End: Infinity };
  const step = steps[key];
  return step === undefined ? undefined : Math.max(0, Math.min(length, at + step));
}
