/** What is looked at stands in the address: `#queues?by=hour&from=2026-01-01`, `#contacts?text=…`, `#contact/42`. */
import { REPORTS, type ReportName } from "./api";

export type Place =
  | { readonly page: "report"; readonly report: ReportName; readonly query: URLSearchParams }
  | { readonly page: "contacts"; readonly query: URLSearchParams }
  | { readonly page: "contact"; readonly name: string };

export function read(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#/, "").split("?", 2);
  const [page = "", name = ""] = path.split("/", 2);
  if (page === "contact" && name) return { page, name: decoded(name) };
  if (page === "contacts") return { page, query: new URLSearchParams(query) };
  const report = REPORTS.find((one) => one === page) ?? "queues";
  return { page: "report", report, query: new URLSearchParams(query) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The address of a page with these filters; empty ones are left out. */
export function write(page: string, values: Readonly<Record<string, string>>): string {
  const query = new URLSearchParams(Object.entries(values).filter(([, value]) => value !== ""));
  return `#${page}${query.size > 0 ? `?${query}` : ""}`;
}

/** `2026-01-31` in a time zone that is so many minutes ahead of UTC. */
export function dateOf(at: number, offsetMinutes: number): string {
  return new Date(at + offsetMinutes * 60_000).toISOString().slice(0, 10);
}

export const PERIODS = ["today", "yesterday", "week", "month"] as const;
export type Period = (typeof PERIODS)[number];

/** A period's first day, and the day behind its last. */
export function days(period: Period, today: string): { readonly from: string; readonly to: string } {
  const shift = (date: string, by: number) => new Date(Date.parse(`${date}T00:00:00Z`) + by * 86_400_000).toISOString().slice(0, 10);
  switch (period) {
    case "today":
      return { from: today, to: shift(today, 1) };
    case "yesterday":
      return { from: shift(today, -1), to: today };
    case "week":
      return { from: shift(today, -6), to: shift(today, 1) };
    case "month":
      return { from: `${today.slice(0, 7)}-01`, to: shift(today, 1) };
  }
}
