/** The pages of others that belong into a desk: which, for which contact, from which address. */
import type { Frame } from "./bridge";
import { contactOf, isFinal, type MaxEvent } from "./protocol";

export interface Workspace {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly place: "permanent" | "hidden" | "panel" | "pop";
  readonly queues: readonly string[];
  readonly origins: readonly string[];
  readonly events: boolean;
  readonly commands: boolean;
  readonly card: boolean;
  readonly session: boolean;
  readonly nullOrigin: boolean;
  readonly profile: "max" | "sangdam";
  readonly allow: readonly string[];
  /** Its number in the names of sessions. */
  readonly app: string;
}

/** A page that is shown, or why it is not. */
export interface Page {
  readonly id: string;
  readonly title: string;
  /** The contact whose panel it is. */
  readonly contact: number | null;
  readonly url: string;
  readonly hidden: boolean;
  readonly allow: string;
  /** Why there is no frame: a key of the texts. */
  readonly refused: Refusal | null;
  readonly workspace: string | null;
  readonly frame: Frame;
}

export type Refusal = "frames.refused.address" | "frames.refused.own" | "frames.refused.origin" | "frames.refused.mixed";

const ALL = { events: true, commands: true, card: true, session: true };

export interface Rules {
  readonly openLikeMax: boolean;
  /** Origins we serve ourselves: a frame from there could take its sandbox off. */
  readonly own: readonly string[];
  /** Is the desk itself on https? */
  readonly secure: boolean;
}

/** The page of a workspace, for a contact or none. */
export function pageOf(workspace: Workspace, event: MaxEvent | null, names: Readonly<Record<string, string>>, rules: Rules): Page {
  const contact = event ? contactOf(event) : null;
  const id = contact === null ? workspace.id : `${workspace.id} ${contact}`;
  const url = expand(workspace.url, { ...(event ? variables(event) : {}), ...names });
  return page(id, workspace.name, contact, url, workspace, rules);
}

/** The page that a contact names itself: only from an origin of a workspace, as whose page it then counts. */
export function popOf(workspaces: readonly Workspace[], event: MaxEvent, rules: Rules): Page | null {
  const url = typeof event.ScreenPopUrl === "string" ? event.ScreenPopUrl : "";
  const contact = contactOf(event);
  if (contact === null || url === "" || url.startsWith("$pageopen")) return null;
  const origin = originOf(url);
  const pops = workspaces.filter(({ place }) => place === "pop" || place === "panel");
  const known = pops.find(({ origins }) => origin !== null && origins.includes(origin));
  const title = known?.name ?? origin ?? url.slice(0, 40);
  const none: Workspace = {
    id: "pop",
    name: title,
    url,
    place: "pop",
    queues: [],
    origins: [],
    events: false,
    commands: false,
    card: false,
    session: false,
    nullOrigin: false,
    profile: "max",
    allow: [],
    app: "",
  };
  return page(`pop ${contact}`, title, contact, url, known ?? none, rules);
}

function page(id: string, title: string, contact: number | null, url: string, workspace: Workspace, rules: Rules): Page {
  const { events, commands, card, session } = workspace;
  const frame: Frame = {
    id,
    contact,
    origins: workspace.origins,
    anyOrigin: rules.openLikeMax,
    nullOrigin: workspace.nullOrigin,
    grants: rules.openLikeMax ? ALL : { events, commands, card, session },
    profile: workspace.profile,
  };
  return {
    id,
    title,
    contact,
    url,
    hidden: workspace.place === "hidden",
    allow: workspace.allow.join("; "),
    refused: refusal(url, workspace, rules),
    workspace: workspace.app === "" ? null : workspace.id,
    frame,
  };
}

/** The address is looked at again once the variables are in it. */
function refusal(url: string, { origins }: Workspace, { openLikeMax, own, secure }: Rules): Refusal | null {
  const origin = originOf(url);
  if (origin === null) return "frames.refused.address";
  if (own.includes(origin)) return "frames.refused.own";
  if (!openLikeMax && !origins.includes(origin)) return "frames.refused.origin";
  const local = /^http:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(origin);
  return secure && origin.startsWith("http:") && !local ? "frames.refused.mixed" : null;
}

/** The origin of an address of `https:` or `http:`. */
export function originOf(url: string): string | null {
  try {
    const { protocol, origin, username, password } = new URL(url);
    return (protocol === "https:" || protocol === "http:") && username === "" && password === "" ? origin : null;
  } catch {
    return null;
  }
}

/** Puts values in, each percent-encoded; a variable that has none stays away. */
export function expand(url: string, names: Readonly<Record<string, string>>): string {
  return url.replace(/\{(ANI|DNIS|ContactID|MasterID|Skill|SkillName|AgentId|SessionId)\}/g, (_, name: string) =>
    encodeURIComponent(Object.hasOwn(names, name) ? (names[name] ?? "") : ""),
  );
}

function variables(event: MaxEvent): Record<string, string> {
  const text = (key: string) => (typeof event[key] === "string" ? event[key] : "");
  return {
    ANI: text("ANI") || text("FromAddress"),
    DNIS: text("DNIS"),
    ContactID: text("ContactID"),
    MasterID: text("MasterID"),
    Skill: text("Skill"),
    SkillName: text("SkillName"),
  };
}

/** Which pages there are now; those of before stay the same objects, so that no frame is made anew. */
export function pagesNow(
  before: readonly Page[],
  workspaces: readonly Workspace[],
  contacts: readonly MaxEvent[],
  names: Readonly<Record<string, string>>,
  rules: Rules,
): readonly Page[] {
  const now: Page[] = [];
  const keep = (id: string, make: () => Page | null) => {
    const page = before.find((one) => one.id === id) ?? make();
    if (page && !now.some((one) => one.id === page.id)) now.push(page);
  };
  for (const workspace of workspaces) {
    if (workspace.place === "permanent" || workspace.place === "hidden") keep(workspace.id, () => pageOf(workspace, null, names, rules));
  }
  for (const event of contacts) {
    const contact = contactOf(event);
    if (contact === null || isFinal(event)) continue;
    const panels = workspaces.filter(
      ({ place, queues }) => place === "panel" && (queues.length === 0 || queues.includes(String(event.Skill))),
    );
    for (const workspace of panels) keep(`${workspace.id} ${contact}`, () => pageOf(workspace, event, names, rules));
    // The page of a panel is told in the event, too: it is not opened twice.
    const told = String(event.ScreenPopUrl ?? "");
    const twice = panels.some((workspace) => originOf(workspace.url) === originOf(told));
    if (!twice) keep(`pop ${contact}`, () => popOf(workspaces, event, rules));
  }
  return now;
}
