/**
 * What an administrator may set, kind by kind: which members an entry has, how each is asked for, and what stands in the
 * list. What is not named here is not lost: an entry is written back as a whole, and its text can be edited as JSON.
 * The kinds and their members: docs/rest.md §3.
 */
import type { Key } from "./text";

/** How a member is asked for. */
export type Ask =
  | { readonly as: "text"; readonly long?: boolean; readonly hint?: string }
  /** Goes in and never comes out. */
  | { readonly as: "secret" }
  | { readonly as: "number"; readonly min: number; readonly max: number }
  /** Kept as milliseconds, asked for in seconds. */
  | { readonly as: "seconds"; readonly max: number }
  | { readonly as: "yes" }
  | { readonly as: "choice"; readonly of: readonly (readonly [value: string, label: Key])[]; readonly optional?: boolean }
  /** Several of these. */
  | { readonly as: "several"; readonly of: readonly (readonly [value: string, label: Key])[] }
  /** Objects, a row each, their members asked for side by side. */
  | { readonly as: "rows"; readonly of: readonly Field[]; readonly fresh: Readonly<Record<string, unknown>> }
  /** Texts by text, such as the number here for each number dialled there. */
  | { readonly as: "pairs"; readonly from: Key; readonly to: Key }
  /** The name of another entry. */
  | { readonly as: "one"; readonly of: string; readonly optional?: boolean }
  /** Names of other entries, each with a level of 1 to 10. */
  | { readonly as: "levels"; readonly of?: string }
  /** Several texts, one a line. */
  | { readonly as: "lines"; readonly hint?: string; readonly optional?: boolean }
  | { readonly as: "week" }
  /** A bot's menus. */
  | { readonly as: "scenario" };

export interface Field {
  /** The member; a dot goes into an object. */
  readonly at: string;
  readonly label: Key;
  readonly ask: Ask;
  readonly needed?: boolean;
  /** Only where another member is one of these; what is not asked for is taken off. */
  readonly when?: readonly [at: string, ...of: string[]];
  /** Stands below "more". */
  readonly rare?: boolean;
}

export interface KindOf {
  /** Its name in paths. */
  readonly path: string;
  /** Its name in answers and documents. */
  readonly member: string;
  readonly label: Key;
  readonly about: Key;
  /** The member that names an entry. */
  readonly name: string;
  /** Names are numbers. */
  readonly numbered?: boolean;
  /** Members that the list shows beside the name. */
  readonly columns: readonly string[];
  readonly fields: readonly Field[];
  readonly fresh: Readonly<Record<string, unknown>>;
}

const DAY = 86_400;
/** For which anything may be kept (docs/retention.md). */
const LONGEST_DAYS = 36_500;
const ROLES: readonly (readonly [value: string, label: Key])[] = [["agent", "role.agent"], ["supervisor", "role.supervisor"], ["administrator", "role.administrator"]];
const text = (at: string, label: Key, more: Partial<Field> = {}): Field => ({ at, label, ask: { as: "text" }, ...more });
const ID = text("id", "f.id", { needed: true });
const NAME = text("name", "f.name", { needed: true });
const yes = (at: string, label: Key, more: Partial<Field> = {}): Field => ({ at, label, ask: { as: "yes" }, ...more });
const seconds = (at: string, label: Key, more: Partial<Field> = {}): Field => ({ at, label, ask: { as: "seconds", max: 7 * DAY }, ...more });
const number = (at: string, label: Key, min: number, max: number, more: Partial<Field> = {}): Field => ({ at, label, ask: { as: "number", min, max }, ...more });
const one = (at: string, label: Key, of: string, optional = true, more: Partial<Field> = {}): Field => ({ at, label, ask: { as: "one", of, optional }, ...more });

export const KINDS: readonly KindOf[] = [
  {
    path: "users",
    member: "users",
    label: "k.users",
    about: "k.users.about",
    name: "id",
    columns: ["name", "role", "extension"],
    fresh: { role: "agent" },
    fields: [
      ID,
      NAME,
      {
        at: "role",
        label: "f.role",
        needed: true,
        ask: { as: "choice", of: ROLES },
      },
      { at: "password", label: "f.password", ask: { as: "secret" } },
      one("extension", "f.extension", "devices"),
      { at: "skills", label: "f.skills", ask: { as: "levels" } },
      number("limits.chat", "f.limitChat", 0, 50),
      number("limits.voice", "f.limitVoice", 0, 50, { rare: true }),
      text("sign_on", "f.signOnName", { rare: true }),
      yes("disabled", "f.disabled"),
    ],
  },
  {
    path: "groups",
    member: "groups",
    label: "k.groups",
    about: "k.groups.about",
    name: "id",
    numbered: true,
    columns: ["name", "members"],
    fresh: { members: {} },
    fields: [number("id", "f.id", 1, 999_999, { needed: true }), NAME, { at: "members", label: "f.members", ask: { as: "levels", of: "users" } }, seconds("after_work_ms", "f.afterWorkLimit"), yes("record", "f.recordGroup")],
  },
  {
    path: "queues",
    member: "queues",
    label: "k.queues",
    about: "k.queues.about",
    name: "id",
    columns: ["name", "group", "hours"],
    fresh: { policy: "longest_idle" },
    fields: [
      ID,
      NAME,
      one("group", "f.group", "groups", false, { needed: true }),
      { at: "aliases", label: "f.aliases", ask: { as: "lines", optional: true } },
      { at: "policy", label: "f.policy", ask: { as: "choice", of: [["longest_idle", "policy.longestIdle"], ["best_skill", "policy.bestSkill"]] } },
      { at: "skills", label: "f.wantedSkills", ask: { as: "levels" } },
      number("priority", "f.priority", 0, 9),
      one("hours", "f.hours", "hours"),
      yes("public", "f.public"),
      seconds("target_ms", "f.target"),
      seconds("wrap_up_ms", "f.wrapUp"),
      yes("record", "f.recordQueue"),
      seconds("offer_ms", "f.offer"),
      seconds("ring_ms", "f.ring"),
      one("overflow.to", "f.overflowTo", "queues"),
      seconds("overflow.after_ms", "f.overflowAfter"),
      number("overflow.length", "f.overflowLength", 0, 100_000),
      yes("overflow.no_agent", "f.overflowNoAgent"),
      number("longest", "f.longest", 0, 100_000, { rare: true }),
      seconds("ageing_ms", "f.ageing", { rare: true }),
      seconds("last_agent_ms", "f.lastAgent", { rare: true }),
      seconds("idle_warning_ms", "f.idleWarning", { rare: true }),
      seconds("idle_close_ms", "f.idleClose", { rare: true }),
      yes("rating", "f.rating", { rare: true }),
    ],
  },
  {
    path: "hours",
    member: "hours",
    label: "k.hours",
    about: "k.hours.about",
    name: "id",
    columns: ["week", "holidays"],
    fresh: { utc_offset_minutes: 540, week: { mon: "09:00-18:00", tue: "09:00-18:00", wed: "09:00-18:00", thu: "09:00-18:00", fri: "09:00-18:00" } },
    fields: [
      ID,
      number("utc_offset_minutes", "f.offset", -1_440, 1_440),
      { at: "week", label: "f.week", ask: { as: "week" } },
      { at: "holidays", label: "f.holidays", ask: { as: "lines", hint: "2026-01-01", optional: true } },
    ],
  },
  {
    path: "reasons",
    member: "reasons",
    label: "k.reasons",
    about: "k.reasons.about",
    name: "code",
    numbered: true,
    columns: ["ko", "en"],
    fresh: {},
    fields: [number("code", "f.code", 0, 9, { needed: true }), text("ko", "f.ko", { needed: true }), text("en", "f.en", { needed: true }), yes("after_work", "f.afterWork")],
  },
  {
    path: "wrap-up-codes",
    member: "wrap_up_codes",
    label: "k.wrapUpCodes",
    about: "k.wrapUpCodes.about",
    name: "code",
    columns: ["ko", "en"],
    fresh: {},
    fields: [text("code", "f.code", { needed: true }), text("ko", "f.ko", { needed: true }), text("en", "f.en", { needed: true })],
  },
  {
    path: "devices",
    member: "devices",
    label: "k.devices",
    about: "k.devices.about",
    name: "id",
    columns: ["virtual", "dnd", "forward"],
    fresh: {},
    fields: [
      ID,
      yes("virtual", "f.virtual"),
      { at: "password", label: "f.sipPassword", ask: { as: "secret" } },
      yes("public", "f.public"),
      { at: "srtp", label: "f.srtp", rare: true, ask: { as: "choice", optional: true, of: [["optional", "srtp.optional"], ["required", "srtp.required"]] } },
      yes("record", "f.recordDevice"),
      yes("dnd", "f.dnd"),
      text("forward.always", "f.forwardAlways"),
      text("forward.busy", "f.forwardBusy"),
      text("forward.no_answer", "f.forwardNoAnswer"),
      {
        at: "service",
        label: "f.service",
        rare: true,
        ask: { as: "choice", optional: true, of: [["answers", "service.answers"], ["busy", "service.busy"], ["silent", "service.silent"]] },
      },
    ],
  },
  {
    path: "trunks",
    member: "trunks",
    label: "k.trunks",
    about: "k.trunks.about",
    name: "id",
    columns: ["host", "carrier", "register"],
    fresh: { carrier: "udp", priority: 0 },
    fields: [
      ID,
      text("host", "f.host", { needed: true, ask: { as: "text", hint: "sip.carrier.example:5060" } }),
      { at: "carrier", label: "f.carrier", ask: { as: "choice", of: [["udp", "carrier.udp"], ["tcp", "carrier.tcp"], ["tls", "carrier.tls"]] } },
      text("user", "f.trunkUser"),
      { at: "password", label: "f.password", ask: { as: "secret" } },
      yes("register", "f.register"),
      { at: "numbers", label: "f.trunkNumbers", ask: { as: "pairs", from: "f.dialled", to: "f.leadsTo" } },
      {
        at: "rules",
        label: "f.rules",
        ask: {
          as: "rows",
          fresh: { prefix: "", least: 1, most: 32, strip: 0, add: "" },
          of: [text("prefix", "f.prefix"), number("least", "f.least", 0, 32), number("most", "f.most", 1, 32), number("strip", "f.strip", 0, 32), text("add", "f.addFront")],
        },
      },
      number("priority", "f.trunkPriority", 0, 255),
      number("limit", "f.trunkLimit", 1, 100_000),
      text("caller", "f.caller"),
      yes("disabled", "f.trunkDisabled"),
      { at: "sources", label: "f.sources", rare: true, ask: { as: "lines", hint: "203.0.113.0/28", optional: true } },
      text("domain", "f.domain", { rare: true }),
      yes("challenge", "f.challenge", { rare: true }),
      yes("uui", "f.uui", { rare: true }),
    ],
  },
  {
    path: "bots",
    member: "bots",
    label: "k.bots",
    about: "k.bots.about",
    name: "id",
    columns: ["name", "kind", "queue"],
    fresh: { kind: "greet" },
    fields: [
      ID,
      NAME,
      {
        at: "kind",
        label: "f.kind",
        ask: {
          as: "choice",
          of: [["greet", "bot.greet"], ["scenario", "bot.scenario"], ["webhook", "bot.webhook"], ["echo", "bot.echo"]],
        },
      },
      { at: "greeting", label: "f.greeting", when: ["kind", "greet"], ask: { as: "text", long: true } },
      one("queue", "f.queue", "queues", true, { when: ["kind", "greet", "webhook"] }),
      { at: "scenario", label: "f.scenario", when: ["kind", "scenario"], ask: { as: "scenario" } },
      { at: "url", label: "f.url", when: ["kind", "webhook"], ask: { as: "text" } },
      { at: "secret", label: "f.secret", when: ["kind", "webhook"], ask: { as: "secret" } },
      seconds("time_ms", "f.bot_time", { when: ["kind", "webhook"] }),
      { at: "sorry", label: "f.sorry", when: ["kind", "webhook"], ask: { as: "text" } },
      { at: "handing", label: "f.handing", when: ["kind", "webhook"], ask: { as: "text" } },
    ],
  },
  {
    path: "flows",
    member: "flows",
    label: "k.flows",
    about: "k.flows.about",
    name: "id",
    columns: ["name", "queue", "bot"],
    fresh: {},
    fields: [
      ID,
      NAME,
      { at: "greeting", label: "f.greeting", ask: { as: "text", long: true } },
      one("queue", "f.queue", "queues"),
      one("bot", "f.bot", "bots"),
      seconds("linger_ms", "f.linger", { rare: true }),
    ],
  },
  {
    path: "widgets",
    member: "widgets",
    label: "k.widgets",
    about: "k.widgets.about",
    name: "id",
    columns: ["flow", "origins"],
    fresh: { origins: [] },
    fields: [
      ID,
      one("flow", "f.flow", "flows", false, { needed: true }),
      { at: "origins", label: "f.origins", ask: { as: "lines", hint: "https://shop.example" } },
      { at: "attributes", label: "f.attributes", rare: true, ask: { as: "lines", optional: true } },
    ],
  },
  {
    path: "keys",
    member: "keys",
    label: "k.keys",
    about: "k.keys.about",
    name: "id",
    columns: ["actions"],
    fresh: { actions: ["connect:*"] },
    fields: [ID, { at: "secret", label: "f.secret", ask: { as: "secret" } }, { at: "actions", label: "f.actions", ask: { as: "lines", hint: "connect:*" } }],
  },
  {
    path: "cti-users",
    member: "cti_users",
    label: "k.ctiUsers",
    about: "k.ctiUsers.about",
    name: "id",
    columns: ["supervise", "devices", "disabled"],
    fresh: {},
    fields: [
      ID,
      { at: "password", label: "f.password", ask: { as: "secret" } },
      yes("supervise", "f.supervise"),
      { at: "devices", label: "f.onlyDevices", ask: { as: "lines", hint: "1001", optional: true } },
      yes("disabled", "f.disabled"),
      yes("profile.result_text", "f.resultText", { rare: true }),
      yes("profile.dial_call_id", "f.dialCallId", { rare: true }),
      yes("profile.after_work_205", "f.afterWork205", { rare: true }),
      yes("profile.chat_events", "f.chatEvents", { rare: true }),
      number("profile.agent_logoff_on_disconnect_s", "f.agentLogoff", 0, 86_400, { rare: true }),
    ],
  },
  {
    path: "workspaces",
    member: "workspaces",
    label: "k.workspaces",
    about: "k.workspaces.about",
    name: "id",
    columns: ["name", "url", "place"],
    fresh: { place: "permanent", events: true, commands: true, card: true },
    fields: [
      ID,
      NAME,
      text("url", "f.url", { needed: true, ask: { as: "text", long: true, hint: "https://crm.example/panel?ani={ANI}" } }),
      {
        at: "place",
        label: "f.place",
        needed: true,
        ask: { as: "choice", of: [["permanent", "place.permanent"], ["panel", "place.panel"], ["pop", "place.pop"], ["hidden", "place.hidden"]] },
      },
      { at: "queues", label: "f.placeQueues", ask: { as: "lines", hint: "3001", optional: true } },
      { at: "origins", label: "f.moreOrigins", ask: { as: "lines", hint: "https://sso.example", optional: true } },
      yes("events", "f.pageEvents"),
      yes("commands", "f.pageCommands"),
      yes("card", "f.pageCard"),
      yes("session", "f.pageSession"),
      yes("null_origin", "f.nullOrigin", { rare: true }),
      { at: "allow", label: "f.pageAllow", ask: { as: "lines", hint: "microphone", optional: true }, rare: true },
    ],
  },
  {
    path: "streams",
    member: "streams",
    label: "k.streams",
    about: "k.streams.about",
    name: "topic",
    columns: ["url"],
    fresh: {},
    fields: [text("topic", "f.topic", { needed: true }), text("url", "f.url"), { at: "secret", label: "f.secret", ask: { as: "secret" } }],
  },
];

/** The realm itself: one entry, no list. */
export const REALM: KindOf = {
  path: "realm",
  member: "realm",
  label: "k.realm",
  about: "k.realm.about",
  name: "name",
  columns: [],
  fresh: {},
  fields: [
    text("name", "f.realmName", { needed: true }),
    { at: "aliases", label: "f.realmAliases", ask: { as: "lines", optional: true } },
    number("utc_offset_minutes", "f.offset", -1_440, 1_440),
    number("max_chats", "f.maxChats", 1, 10_000_000),
    seconds("ring_ms", "f.ring"),
    { at: "second_factor", label: "f.secondFactor", ask: { as: "several", of: ROLES } },
    text("sign_on.issuer", "f.signOnIssuer", { ask: { as: "text", long: true, hint: "https://id.example.com/realms/office" } }),
    text("sign_on.client", "f.signOnClient"),
    { at: "sign_on.secret", label: "f.signOnSecret", ask: { as: "secret" } },
    text("sign_on.claim", "f.signOnClaim", { ask: { as: "text", hint: "email" } }),
    text("sign_on.label", "f.signOnLabel", { ask: { as: "text", hint: "SSO" } }),
    {
      at: "sign_on.second_factor",
      label: "f.signOnFactor",
      ask: { as: "choice", optional: true, of: [["never", "trust.never"], ["said", "trust.said"], ["always", "trust.always"]] },
    },
    yes("sign_on.no_passwords", "f.noPasswords"),
    number("retention.rooms", "f.keepRooms", 0, LONGEST_DAYS),
    number("retention.files", "f.keepFiles", 0, LONGEST_DAYS),
    number("retention.recordings", "f.keepRecordings", 0, LONGEST_DAYS),
    yes("agents_hear_own", "f.agentsHearOwn"),
    yes("open_topics", "f.openTopics", { rare: true }),
    text("push_to", "f.pushTo", { rare: true }),
    { at: "stream_hosts", label: "f.streamHosts", rare: true, ask: { as: "lines", optional: true } },
  ],
};

/** The days of opening hours, as the wire names them and as people do. */
export const DAYS: readonly (readonly [day: string, label: Key])[] = [
  ["mon", "day.mon"],
  ["tue", "day.tue"],
  ["wed", "day.wed"],
  ["thu", "day.thu"],
  ["fri", "day.fri"],
  ["sat", "day.sat"],
  ["sun", "day.sun"],
];
