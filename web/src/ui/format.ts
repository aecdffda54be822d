/** Numbers, times and words as people read them. */
import type { Lang } from "../i18n/index.svelte";

const LOCALE: Record<Lang, string> = { ko: "ko-KR", en: "en-GB" };
const formats = new Map<string, Intl.DateTimeFormat>();

function format(lang: Lang, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = lang + JSON.stringify(options);
  let made = formats.get(key);
  if (!made) formats.set(key, (made = new Intl.DateTimeFormat(LOCALE[lang], options)));
  return made;
}

/** 오후 2:31, 14:31 */
export function clock(at: number, lang: Lang): string {
  return format(lang, { hour: lang === "ko" ? "numeric" : "2-digit", minute: "2-digit", hour12: lang === "ko" }).format(at);
}

/** 11월 21일 토요일 */
export function day(at: number, lang: Lang): string {
  return format(lang, { month: "long", day: "numeric", weekday: "long" }).format(at);
}

/** 11. 21. 오후 2:31 */
export function dateTime(at: number, lang: Lang): string {
  return format(lang, {
    month: "numeric",
    day: "numeric",
    hour: lang === "ko" ? "numeric" : "2-digit",
    minute: "2-digit",
    hour12: lang === "ko",
  }).format(at);
}

/** The longest day there is: when clocks are set back. */
const DAY_MS = 25 * 3_600_000;

export function sameDay(a: number, b: number): boolean {
  return Math.abs(a - b) < DAY_MS && new Date(a).getDate() === new Date(b).getDate();
}

/** 04:52, or 1:04:52 from an hour on. Never below zero. */
export function duration(milliseconds: number): string {
  const total = Math.max(0, Math.floor(milliseconds / 1_000));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(total / 3_600);
  const rest = `${two(Math.floor(total / 60) % 60)}:${two(total % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

/** The seconds left until a moment, rounded up: a countdown ends at 0, not at -1. */
export function left(until: number, now: number): number {
  return Math.max(0, Math.ceil((until - now) / 1_000)) * 1_000;
}

/** 1.2 MB */
export function bytes(size: number): string {
  if (size < 1_000) return `${size} B`;
  if (size < 1_000_000) return `${Math.round(size / 1_000)} KB`;
  return `${(size / 1_000_000).toFixed(1)} MB`;
}

/** Korean phone numbers grouped 3-4-4 (02 and 15xx in their own way); everything else as it is. */
export function phone(number: string): string {
  const digits = number.replace(/[\s-]/g, "");
  if (!/^0\d{8,10}$/.test(digits)) return /^1\d{7}$/.test(digits) ? `${digits.slice(0, 4)}-${digits.slice(4)}` : number;
  const area = digits.startsWith("02") ? 2 : 3;
  return `${digits.slice(0, area)}-${digits.slice(area, -4)}-${digits.slice(-4)}`;
}

type Particle = "은/는" | "이/가" | "을/를";

/** A word with its particle, chosen by the final consonant: 김서연은, 홍길도는. */
export function particle(word: string, kind: Particle): string {
  const [withFinal = "", without = ""] = kind.split("/");
  const code = word.charCodeAt(word.length - 1);
  const hangul = code >= 0xac00 && code <= 0xd7a3;
  return word + (hangul && (code - 0xac00) % 28 > 0 ? withFinal : without);
}

/** The letter on a customer's disc: the first. */
export function initial(name: string): string {
  return [...name.trim()][0]?.toUpperCase() ?? "?";
}

/** The letter on an agent's disc: the given name's first syllable where the name is Korean. */
export function givenInitial(name: string): string {
  return /^[가-힣]{3}$/.test(name.trim()) ? name.trim().charAt(1) : initial(name);
}
