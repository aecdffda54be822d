/** Entries as they are edited: members by path, what differs, and what an import would change. */
import type { Field } from "./kinds";

export type Entry = Readonly<Record<string, unknown>>;

const object = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/** The member at a path such as `overflow.to`. */
export function at(entry: Entry, path: string): unknown {
  let value: unknown = entry;
  for (const name of path.split(".")) value = object(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  return value;
}

/** The entry with this member; `undefined` takes it off, and an object that is empty then goes, too. */
export function put(entry: Entry, path: string, value: unknown): Entry {
  const [name = "", ...rest] = path.split(".");
  let next = value;
  if (rest.length > 0) {
    const inner = entry[name];
    const changed = put(object(inner) ? inner : {}, rest.join("."), value);
    next = Object.keys(changed).length > 0 ? changed : undefined;
  }
  const { [name]: _, ...others } = entry;
  if (next === undefined) return others;
  // The order stays, so that texts are easy to compare.
  return Object.hasOwn(entry, name) ? Object.fromEntries(Object.entries(entry).map(([key, old]) => [key, key === name ? next : old])) : { ...entry, [name]: next };
}

/** Is it the same to the server? The order of members says nothing. */
export function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((one, n) => same(one, b[n]));
  if (!object(a) || !object(b)) return a === b;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && same(a[name], b[name]));
}

/** Is it asked for of this entry? */
export function wanted({ when }: Field, entry: Entry): boolean {
  if (!when) return true;
  const [path, ...of] = when;
  return of.includes(String(at(entry, path)));
}

/** The field that a fault is about: the server says `queue 3001: overflow: it cannot …`, or names it in back quotes. */
export function memberOf(fault: string, name: string, fields: readonly Field[]): Field | undefined {
  const start = fault.indexOf(` ${name}: `);
  const why = start < 0 ? fault : fault.slice(start + name.length + 3);
  const member = /^([a-z_.]+)(?:\[\d+\])?: /.exec(why)?.[1] ?? /`([a-z_]+)`/.exec(why)?.[1];
  // `week.mon` is a part of `week`, and `overflow` stands for all that is asked of it.
  const about = (path: string) => path === member || path === `${member}_ms` || path.startsWith(`${member}.`) || member?.startsWith(`${path}.`);
  return member === undefined ? undefined : fields.find(({ at }) => about(at));
}

/** The first field that is needed and empty. */
export function missing(fields: readonly Field[], entry: Entry): Field | undefined {
  return fields.find(({ at: path, needed }) => needed && (at(entry, path) === undefined || at(entry, path) === ""));
}

/** The first number that is none, or beyond what may be asked for; the bounds are as people give them. */
export function beyond(fields: readonly Field[], entry: Entry): { readonly field: Field; readonly min: number; readonly max: number } | undefined {
  for (const field of fields) {
    const { at: path, ask } = field;
    const value = at(entry, path);
    if (typeof value !== "number" || (ask.as !== "number" && ask.as !== "seconds")) continue;
    const [min, max, shown] = ask.as === "number" ? [ask.min, ask.max, value] : [0, ask.max, value / 1_000];
    if (!(shown >= min && shown <= max) || (ask.as === "number" && !Number.isInteger(value))) return { field, min, max };
  }
  return undefined;
}

/** What stands in a list for a member. */
export function brief(value: unknown): string {
  if (value === undefined || value === null || value === false) return "";
  if (value === true) return "✓";
  if (Array.isArray(value)) return value.length > 3 ? `${value.slice(0, 3).join(", ")} +${value.length - 3}` : value.join(", ");
  if (object(value)) {
    const names = Object.keys(value);
    return names.length > 3 ? `${names.slice(0, 3).join(", ")} +${names.length - 3}` : names.join(", ");
  }
  return String(value);
}

export interface Difference {
  readonly member: string;
  readonly name: string;
  readonly change: "new" | "changed";
}

/** What putting `next` in would change of `now`; documents as an export gives them. */
export function differences(now: Entry, next: Entry, nameOf: (member: string) => string): Difference[] {
  const all: Difference[] = [];
  for (const [member, value] of Object.entries(next)) {
    if (!Array.isArray(value)) {
      if (!same(value, now[member])) all.push({ member, name: "", change: now[member] === undefined ? "new" : "changed" });
      continue;
    }
    const key = nameOf(member);
    const held = new Map((Array.isArray(now[member]) ? now[member] : []).map((entry) => [String(entry[key]), entry]));
    for (const entry of value as Entry[]) {
      const name = String(entry[key]);
      const old = held.get(name);
      if (!same(entry, old)) all.push({ member, name, change: old ? "changed" : "new" });
    }
  }
  return all;
}
