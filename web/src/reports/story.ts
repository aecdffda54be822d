/** Where the rungs of a story stand, and which is reached at a moment. */
import { LANES, type Rung } from "./api";

/** Height of a rung, in pixels. */
export const RUNG = 40;

/** How much of the time between two rungs is seen as space: none, then more. */
export const ZOOMS = [0, 8, 16, 32] as const;

/** The space above each rung: the longer the wait before it, the more, but never beyond sight. */
export function gaps(rungs: readonly Rung[], zoom: number): readonly number[] {
  const step = ZOOMS[zoom] ?? 0;
  return rungs.map((rung, at) => {
    const before = rungs[at - 1];
    const seconds = before ? Math.max(0, rung.at - before.at) / 1_000 : 0;
    return Math.round(step * Math.log2(1 + seconds));
  });
}

/** The last rung at or before a moment; the first if none is. */
export function reached(rungs: readonly Rung[], at: number): number {
  let [low, high] = [0, rungs.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((rungs[middle]?.at ?? Infinity) <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** From where to where an arrow goes, in percent of all lanes; `back` points to the left. */
export function arrow(rung: Rung): { readonly left: number; readonly width: number; readonly back: boolean } {
  const middle = (lane: string) => ((LANES.indexOf(lane as (typeof LANES)[number]) + 0.5) / LANES.length) * 100;
  const [from, to] = [middle(rung.from ?? rung.lane), middle(rung.to ?? rung.lane)];
  return { left: Math.min(from, to), width: Math.abs(to - from), back: to < from };
}

/** 0:04.250 since the beginning. */
export function since(at: number, first: number): string {
  const passed = Math.max(0, at - first);
  const two = (value: number) => String(value).padStart(2, "0");
  const [minutes, seconds, thousandths] = [Math.floor(passed / 60_000), Math.floor(passed / 1_000) % 60, passed % 1_000];
  return `${minutes}:${two(seconds)}.${String(thousandths).padStart(3, "0")}`;
}

/** The recording that was running at a rung, and where in it that is; of the rung that tells of one, its beginning. */
export function recordedAt(rungs: readonly Rung[], rung: Rung): { readonly id: string; readonly at: number } | undefined {
  const kept = rungs.filter(({ kind, detail }) => kind === "recorded" && detail?.["kept"] !== "lost");
  for (const { detail, seq } of kept) {
    const [id, began, length] = [String(detail?.["recording"]), Number(detail?.["began"]), Number(detail?.["length_ms"])];
    if (rung.kind === "recorded" ? rung.seq === seq : began <= rung.at && rung.at < began + length) return { id, at: rung.kind === "recorded" ? began : rung.at };
  }
  return undefined;
}
