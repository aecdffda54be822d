/** Builds the gateway's requests (`nxproxy-rio.md` 5), keys in the guide's order. Decides nothing: what is empty is left out. */

/** What can be filled in. */
export interface Fields {
  this: string;
  called: string;
  c1: string;
  c2: string;
  held: string;
  /** consult: 0 transfer, 1 conference intended; bargein: 0 listen, 1 join, 2 whisper. */
  consultMode: string;
  bargeMode: string;
  uui: string;
  uei: string;
  ci: string;
  agent: string;
  group: string;
  channel: string;
  wmode: string;
  reason: string;
}

export type Json = Readonly<Record<string, unknown>>;

const CALL = ["this", "c1"] as const;
const PAIR = ["this", "c1", "held", "c2"] as const;
const DATA = ["uui", "attach"] as const;

type Part = keyof Fields | "attach";

/** Each service of a device's calls, and its keys. */
const CALLS = {
  dial: ["this", "called", ...DATA],
  answer: CALL,
  clear: CALL,
  hold: CALL,
  retrieve: CALL,
  consult: ["this", "c1", "called", "consultMode", ...DATA],
  transfer: PAIR,
  confer: PAIR,
  sstransfer: ["this", "c1", "called", ...DATA],
  bargein: ["this", "called", "bargeMode"],
} as const satisfies Record<string, readonly Part[]>;

/** Each service of an agent, and the keys of `agent`. */
const AGENT = {
  logon: ["agent", "group", "channel", "wmode"],
  logoff: ["agent", "group", "reason"],
  ready: ["agent", "group", "reason"],
  notready: ["agent", "group", "reason"],
  afterwork: ["agent", "group", "reason"],
} as const satisfies Record<string, readonly (keyof Fields)[]>;

export type CallService = keyof typeof CALLS;
export type AgentService = keyof typeof AGENT;

export const CALL_SERVICES = Object.keys(CALLS) as CallService[];
export const AGENT_SERVICES = Object.keys(AGENT) as AgentService[];

/** Numbers are sent as numbers where they are whole; anything else as it was typed, so that refusals can be tried too. */
function value(text: string, whole: boolean): unknown {
  return whole && /^-?\d{1,15}$/.test(text) ? Number(text) : text;
}

const WHOLE: ReadonlySet<string> = new Set(["c1", "c2", "consultMode", "bargeMode", "group", "channel", "wmode", "reason"]);
const KEYS: Readonly<Record<string, string>> = { consultMode: "mode", bargeMode: "mode", agent: "id" };

function object(fields: Fields, keys: readonly (keyof Fields)[]): Json {
  const filled = keys.map((key) => [KEYS[key] ?? key, value(fields[key].trim(), WHOLE.has(key))] as const);
  return Object.fromEntries(filled.filter(([, filled]) => filled !== ""));
}

export function callRequest(fname: CallService, fields: Fields): Json {
  const keys: readonly Part[] = CALLS[fname];
  const attach = keys.includes("attach") ? object(fields, ["uei", "ci"]) : {};
  return {
    fname,
    ...object(fields, keys.filter((key) => key !== "attach")),
    ...(Object.keys(attach).length > 0 ? { attach } : {}),
  };
}

export function agentRequest(fname: AgentService, fields: Fields): Json {
  return { fname, ...object(fields, ["this"]), agent: object(fields, AGENT[fname]) };
}

/** One request for each device of a line such as `1001, 1002 3001`; with a snapshot, the gateway tells how each stands. */
export function monitorRequests(fname: "addmonitor" | "removemonitor", devices: string, snapshot = false): Json[] {
  const named = [...new Set(devices.split(/[\s,;]+/).filter(Boolean))];
  return named.map((device) => ({ fname, device, ...(snapshot ? { snapshot: 1 } : {}) }));
}
