/**
 * What the desk knows, and how each event changes it: pure functions from one world to the next.
 *
 * A room's items are keyed by `id` and ordered by `n`. `upto` is the newest `n` below which nothing is missing: only a
 * page that was fetched, or an event in an unbroken row, moves it. After a reconnect the gap starts there.
 */
import type {
  Agent,
  Contact,
  DeskEvent,
  Hello,
  Item,
  Limits,
  Marks,
  Member,
  Queue,
  Reason,
  Signal,
  WrapupCode,
} from "./wire";
import type { User } from "../login/session";

/** A typing signal is believed for so long. */
export const TYPING_MS = 6_000;

export interface Typing {
  readonly participant: string;
  readonly name: string;
  readonly until: number;
}

export interface Room {
  readonly items: readonly Item[];
  readonly upto: number;
  /** `live`: every event since `upto` was heard. `stale`: there may be a gap. `failed`: the first page did not come. */
  readonly state: "new" | "stale" | "live" | "failed";
  /** There are older items on the server. */
  readonly more: boolean;
  readonly older: "idle" | "loading" | "failed";
  readonly typing: readonly Typing[];
}

export interface World {
  readonly user: User;
  readonly agent: Agent;
  readonly reasons: readonly Reason[];
  readonly queues: readonly Queue[];
  readonly wrapupCodes: readonly WrapupCode[];
  readonly limits: Limits;
  readonly contacts: readonly Contact[];
  readonly rooms: Readonly<Record<string, Room>>;
}

const EMPTY_ROOM: Room = { items: [], upto: 0, state: "new", more: false, older: "idle", typing: [] };

/** The world as `hello` tells it. Items that are known already stay; their rooms must be asked for what they missed. */
export function fromHello(old: World | null, hello: Hello): World {
  const rooms: Record<string, Room> = {};
  for (const { room, channel } of hello.contacts) {
    if (channel === "voice") continue; // Nothing is written in a call.
    const known = old?.rooms[room] ?? EMPTY_ROOM;
    rooms[room] = { ...known, state: known.upto > 0 ? "stale" : "new", older: "idle", typing: [] };
  }
  return {
    user: hello.user,
    agent: hello.agent,
    reasons: hello.reasons,
    queues: hello.queues,
    wrapupCodes: hello.wrapup_codes,
    limits: hello.limits,
    contacts: hello.contacts,
    rooms,
  };
}

export function applyEvent(world: World, event: DeskEvent): World {
  switch (event.ev) {
    case "agent":
      return { ...world, agent: { ...world.agent, channels: { ...world.agent.channels, ...event.channels } } };
    case "contact":
      return withContact(world, event.contact);
    case "gone":
      return without(world, event.contact);
    case "item": {
      const next = changeRoom(world, event.room, (room) => addLive(room, event.item));
      return changeContacts(next, event.room, (contact) => ({
        ...contact,
        last: Math.max(contact.last ?? 0, event.item.n),
      }));
    }
    case "item_changed":
      return changeRoom(world, event.room, (room) =>
        room.items.some(({ id }) => id === event.item.id) ? { ...room, items: merge(room.items, [event.item]) } : room,
      );
    case "marks":
      return changeContacts(world, event.room, (contact) => ({ ...contact, marks: mergeMarks(contact.marks, event) }));
    case "presence":
      return changeContacts(world, event.room, (contact) =>
        contact.customer?.participant === event.participant
          ? { ...contact, customer: { ...contact.customer, present: event.present } }
          : contact,
      );
    default:
      // The end, messages to the team (`notices.svelte.ts`), the wallboard's, or a newer server's word.
      return world;
  }
}

export function applySignal(world: World, signal: Signal, now: number): World {
  if (signal.sig === "queues") return { ...world, queues: signal.queues };
  if (signal.sig !== "typing") return world; // A newer server's word.
  return changeRoom(world, signal.room, (room) => ({
    ...room,
    typing: [
      ...room.typing.filter(({ participant, until }) => participant !== signal.participant && until > now),
      { participant: signal.participant, name: signal.name ?? "", until: now + TYPING_MS },
    ],
  }));
}

/** A fetched page: the newest of a new room, a gap (`after`), or older items (`before`). */
export function addPage(
  world: World,
  room: string,
  kind: "newest" | "gap" | "older",
  page: { readonly items: readonly Item[]; readonly more: boolean },
): World {
  return changeRoom(world, room, (known) => {
    const items = merge(known.items, page.items);
    if (kind === "older") return { ...known, items, more: page.more, older: "idle" };
    if (kind === "gap" && page.more) return { ...known, items, upto: Math.max(known.upto, newest(page.items)) };
    const more = kind === "newest" ? page.more : known.more;
    return { ...known, items, upto: newest(items), state: "live", more };
  });
}

/** An item of ours that was answered before its event came. It tells nothing about what lies before it. */
export function addOwn(world: World, room: string, item: Item): World {
  const next = changeRoom(world, room, (known) =>
    known.items.some(({ id }) => id === item.id) ? known : { ...known, items: merge(known.items, [item]) },
  );
  return changeContacts(next, room, (contact) => ({ ...contact, last: Math.max(contact.last ?? 0, item.n) }));
}

export function changeRoom(world: World, id: string, change: (room: Room) => Room): World {
  const old = world.rooms[id];
  if (!old) return world;
  const room = change(old);
  return room === old ? world : { ...world, rooms: { ...world.rooms, [id]: room } };
}

export function changeContact(world: World, id: string, change: (contact: Contact) => Contact): World {
  return { ...world, contacts: world.contacts.map((contact) => (contact.id === id ? change(contact) : contact)) };
}

function changeContacts(world: World, room: string, change: (contact: Contact) => Contact): World {
  return { ...world, contacts: world.contacts.map((contact) => (contact.room === room ? change(contact) : contact)) };
}

function withContact(world: World, contact: Contact): World {
  const known = world.contacts.some(({ id }) => id === contact.id);
  const contacts = known
    ? world.contacts.map((old) =>
        old.id === contact.id
          ? {
              ...contact,
              read: Math.max(old.read ?? 0, contact.read ?? 0),
              last: Math.max(old.last ?? 0, contact.last ?? 0),
            }
          : old,
      )
    : [...world.contacts, contact];
  const written = contact.channel !== "voice";
  const rooms = world.rooms[contact.room] || !written ? world.rooms : { ...world.rooms, [contact.room]: EMPTY_ROOM };
  return { ...world, contacts, rooms };
}

function without(world: World, id: string): World {
  const contacts = world.contacts.filter((contact) => contact.id !== id);
  const used = new Set(contacts.map(({ room }) => room));
  const rooms = Object.fromEntries(Object.entries(world.rooms).filter(([room]) => used.has(room)));
  return { ...world, contacts, rooms };
}

function addLive(room: Room, item: Item): Room {
  const last = room.items.at(-1);
  // Nearly always it is the newest: no need to look at all the others.
  const items = !last || item.n > last.n ? [...room.items, item] : merge(room.items, [item]);
  const upto = room.state === "live" ? Math.max(room.upto, item.n) : room.upto;
  const typing = room.typing.filter(({ participant }) => participant !== item.by?.participant);
  return { ...room, items, upto, typing };
}

/** Keyed by id (the newer telling wins), ordered by `n`. */
function merge(known: readonly Item[], more: readonly Item[]): readonly Item[] {
  if (more.length === 0) return known;
  const items = new Map(known.map((item) => [item.id, item]));
  for (const item of more) items.set(item.id, item);
  return [...items.values()].sort((a, b) => a.n - b.n);
}

function newest(items: readonly Item[]): number {
  return items.at(-1)?.n ?? 0;
}

function mergeMarks(known: readonly Marks[] = [], mark: Marks): readonly Marks[] {
  const old = known.find(({ participant }) => participant === mark.participant);
  const delivered = Math.max(old?.delivered ?? 0, mark.delivered ?? 0, mark.read ?? 0);
  const read = Math.max(old?.read ?? 0, mark.read ?? 0);
  return [...known.filter((one) => one !== old), { participant: mark.participant, delivered, read }];
}

// --- What is read off a world ---

/** Customers' items beyond what this agent has read. */
export function unread(contact: Contact, room: Room | undefined): number {
  const read = contact.read ?? 0;
  const items = room?.items ?? [];
  let count = 0;
  for (let at = items.length - 1; at >= 0; at--) {
    const item = items[at];
    if (!item || item.n <= read) break;
    if (isCustomers(item)) count++;
  }
  return count;
}

export function isCustomers(item: Item): boolean {
  return item.kind !== "event" && item.by?.role === "customer";
}

/** The newest item that is worth a line in a list: not an event. */
export function lastSaid(room: Room | undefined): Item | undefined {
  return room?.items.findLast((item) => item.kind !== "event");
}

/** Since when the customer waits for an answer; `undefined` when the last word is ours. Notes and automatic words are none. */
export function waitingSince(room: Room | undefined): number | undefined {
  let since: number | undefined;
  const items = room?.items ?? [];
  for (let at = items.length - 1; at >= 0; at--) {
    const item = items[at];
    if (!item) break;
    if (isCustomers(item)) since = item.at;
    else if (item.kind !== "event" && item.audience !== "agents" && !/bot|system/.test(item.by?.role ?? "")) break;
  }
  return since;
}

/** How far the customers have read and received. */
export function customerMarks(contact: Contact): { delivered: number; read: number } {
  const customers = new Set([
    contact.customer?.participant,
    ...(contact.members ?? []).filter(({ role }) => role === "customer").map(({ participant }) => participant),
  ]);
  let delivered = 0;
  let read = 0;
  for (const mark of contact.marks ?? []) {
    if (!customers.has(mark.participant)) continue;
    delivered = Math.max(delivered, mark.delivered ?? 0, mark.read ?? 0);
    read = Math.max(read, mark.read ?? 0);
  }
  return { delivered, read };
}

/** Other agents in the conversation, by now. */
export function colleagues(contact: Contact): readonly Member[] {
  return (contact.members ?? []).filter(
    (member) => member.state !== "left" && member.participant !== contact.me && /agent|supervisor/.test(member.role),
  );
}

/** Ringing first (the oldest on top), then unread, then who waits longest for an answer, the rest, wrap-up last. */
export function order(world: World): readonly Contact[] {
  const keyed = world.contacts.map((contact) => {
    const room = world.rooms[contact.room];
    const waits = waitingSince(room);
    if (contact.state === "offered") return { contact, rank: 0, since: contact.since };
    if (contact.state === "wrapup") return { contact, rank: 4, since: contact.since };
    if (contact.call) return { contact, rank: contact.call.link === "held" ? 2 : 1, since: contact.since };
    if (unread(contact, room) > 0) return { contact, rank: 1, since: waits ?? contact.since };
    if (waits !== undefined) return { contact, rank: 2, since: waits };
    return { contact, rank: 3, since: contact.since };
  });
  keyed.sort((a, b) => a.rank - b.rank || a.since - b.since || a.contact.number - b.contact.number);
  return keyed.map(({ contact }) => contact);
}

/** The order while a pointer rests on the list: nothing that is there moves, what is new comes last. */
export function frozen(shown: readonly string[], contacts: readonly Contact[]): readonly Contact[] {
  const place = new Map(shown.map((id, index) => [id, index]));
  return [...contacts].sort((a, b) => (place.get(a.id) ?? Infinity) - (place.get(b.id) ?? Infinity) || 0);
}
