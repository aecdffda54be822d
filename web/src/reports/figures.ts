/** Figures as people read them, and the order of a table's rows. */
import type { Lang } from "../i18n/index.svelte";
import type { ReportName, Row } from "./api";
import { duration } from "../ui/format";

const QUEUE = ["offered", "answered", "abandoned", "service_level", "asa_ms", "aht_ms", "handled", "talk_ms", "hold_ms", "wrap_ms", "overflowed", "transferred", "abandon_rate"] as const;
const AGENT = ["login_ms", "ready_ms", "not_ready_ms", "after_work_ms", "offered", "answered", "missed", "handled", "aht_ms", "talk_ms", "hold_ms", "wrap_ms", "made", "transferred"] as const;

export const COLUMNS: Readonly<Record<ReportName, readonly string[]>> = {
  queues: QUEUE,
  channels: QUEUE,
  agents: AGENT,
  reasons: ["times", "not_ready_ms"],
};

/** The member that says whose row it is. */
export const OF: Readonly<Record<ReportName, "queue" | "agent" | "channel" | "reason">> = {
  queues: "queue",
  agents: "agent",
  channels: "channel",
  reasons: "reason",
};

export const RATES = ["service_level", "abandon_rate"];

/** 12, 03:20, 98.5 %; a dash where there is nothing to be averaged. */
export function shown(column: string, value: number | string | undefined): string {
  if (typeof value !== "number") return "–";
  if (RATES.includes(column)) return `${(value * 100).toFixed(1)} %`;
  return column.endsWith("_ms") ? duration(value) : value.toLocaleString("en-US");
}

/** The beginning of an interval, by the centre's clocks. */
export function moment(at: number, by: string, offsetMinutes: number, lang: Lang): string {
  const local = new Date(at + offsetMinutes * 60_000);
  const locale = lang === "ko" ? "ko-KR" : "en-GB";
  const date: Intl.DateTimeFormatOptions = by === "month" ? { year: "numeric", month: "long" } : { month: "numeric", day: "numeric", weekday: "short" };
  const time: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hour12: false };
  const fine = by === "15m" || by === "hour";
  return new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...date, ...(fine ? time : {}) }).format(local);
}

export interface Order {
  readonly column: string;
  readonly down: boolean;
}

/** Rows in the order that is wished; those without a figure come last either way. */
export function sorted(rows: readonly Row[], { column, down }: Order): readonly Row[] {
  const sign = down ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [one, other] = [a[column], b[column]];
    if (one === undefined || other === undefined) return Number(one === undefined) - Number(other === undefined);
    if (typeof one === "number" && typeof other === "number") return (one - other) * sign;
    return String(one).localeCompare(String(other), undefined, { numeric: true }) * sign;
  });
}

export interface Series {
  readonly of: string;
  readonly name: string;
  readonly points: readonly { readonly at: number; readonly value: number }[];
}

/** So many lines can be told apart. */
export const SERIES = 6;

/** The largest rows of a figure as lines over time. */
export function series(rows: readonly Row[], of: "queue" | "agent" | "channel" | "reason", column: string): readonly Series[] {
  const byName = new Map<string, { name: string; points: { at: number; value: number }[]; sum: number }>();
  for (const row of rows) {
    const [key, value] = [String(row[of]), row[column]];
    const line = byName.get(key) ?? { name: row.name ?? key, points: [], sum: 0 };
    byName.set(key, line);
    if (typeof value !== "number") continue;
    line.points.push({ at: row.at, value });
    line.sum += value;
  }
  const lines = [...byName].map(([key, line]) => ({ of: key, ...line })).filter(({ points }) => points.length > 0);
  return lines.sort((a, b) => b.sum - a.sum).slice(0, SERIES);
}

/** A round number at or above the highest, for the axis. */
export function ceiling(highest: number, column: string): number {
  if (RATES.includes(column)) return 1;
  const unit = column.endsWith("_ms") ? 60_000 : 1;
  const value = Math.max(highest / unit, 1);
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 5, 10].find((one) => one * power >= value) ?? 10;
  return step * power * unit;
}

/** The zone of a report's calendar: `UTC+09:00`. */
export function zone(offsetMinutes: number): string {
  const minutes = Math.abs(offsetMinutes);
  const [hour, minute] = [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, "0"));
  return `UTC${offsetMinutes < 0 ? "−" : "+"}${hour}:${minute}`;
}
