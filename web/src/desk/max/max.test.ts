/** The postMessage protocol, row by row of the table in `max-agent-desktop.md` 5 (its numbers in the names). */
import { describe, expect, test } from "vitest";
import { Bridge, type Frame } from "./bridge";
import { act } from "./commands";
import { Live } from "./live";
import { expand, pagesNow, type Workspace } from "./pages";
import { givenContact, picture, read, type Card, type MaxEvent } from "./protocol";

const CRM = "https://crm.example";
const START: MaxEvent = { Type: "AgentSessionStart", AgentId: "1001" };
const state = (name: string, reason = ""): MaxEvent => ({ Type: "AgentState", CurrentState: name, CurrentOutReason: reason });
const call = (id: number, status: string, more: object = {}): MaxEvent => ({
  Type: "CallContactEvent",
  ContactID: String(id),
  Status: status,
  FinalState: "False",
  IsLogging: "False",
  ...more,
});

class World {
  readonly sent: { frame: string; message: Record<string, never> & { events: Record<string, unknown>[] }; target: string }[] = [];
  readonly commands: string[] = [];
  readonly cards: [number | null, Card][] = [];
  readonly warnings: string[] = [];
  readonly wanted: string[] = [];
  readonly live = new Live();
  now = 1_000;
  #timers: { at: number; action: () => void }[] = [];
  readonly bridge = new Bridge(
    {
      send: (frame, message, target) => void this.sent.push({ frame, message: structuredClone(message) as never, target }),
      command: (frame, command, contact) => void this.commands.push(`${frame} ${command} ${contact}`),
      card: (contact, card) => void this.cards.push([contact, card]),
      wantToken: (frame) => void this.wanted.push(frame),
      warn: (text) => void this.warnings.push(text),
      now: () => this.now,
      after: (milliseconds, action) => {
        const timer = { at: this.now + milliseconds, action };
        this.#timers.push(timer);
        return () => void (this.#timers = this.#timers.filter((one) => one !== timer));
      },
    },
    this.live,
  );

  constructor(ready = true) {
    this.add("workspace", null);
    this.add("panel", 777);
    if (ready) this.push([START, state("Available")]);
  }

  add(id: string, contact: number | null, more: Partial<Frame> = {}): void {
    this.bridge.add({
      id,
      contact,
      origins: [CRM],
      anyOrigin: false,
      nullOrigin: false,
      grants: { events: true, commands: true, card: true, session: false },
      profile: "max",
      ...more,
    });
  }

  push(events: readonly MaxEvent[]): void {
    this.live.apply(events);
    this.bridge.push(events);
  }

  pass(milliseconds: number): void {
    this.now += milliseconds;
    const due = this.#timers.filter(({ at }) => at <= this.now);
    this.#timers = this.#timers.filter(({ at }) => at > this.now);
    for (const { action } of due) action();
  }

  post(data: unknown, frame = "workspace", origin = CRM): void {
    this.bridge.receive(frame, origin, data);
  }

  register(subscriptionTypes: unknown, more: object = {}, frame = "workspace"): void {
    this.post({ messageType: "RegisterForClientEvents", issuer: "Test", subscriptionTypes, ...more }, frame);
  }

  /** Messages since they were last looked at. */
  take() {
    return this.sent.splice(0);
  }

  /** What the events that came were about. */
  types(): string[] {
    return this.take().flatMap(({ message }) => message.events.map((event) => String(event.Type ?? event.messageType)));
  }
}

const ACK = "ClientEventSubscriptionAcknowledge";

describe("registration", () => {
  test("1-4: the acknowledgement comes first, with exactly its keys, then the state", () => {
    const world = new World();
    world.push([call(5, "Active")]);
    world.register(["agent"]);
    const [only, ...more] = world.take();
    expect(more).toEqual([]);
    expect(only?.message).toEqual({
      issuer: "MAX",
      contactId: null,
      events: [{ messageType: ACK, contactId: null, reason: "Success", status: "OK" }, state("Available")],
    });
    expect(only?.target).toBe(CRM);
  });

  test("5, 6: names have no case, and unknown ones beside known ones are only warned of", () => {
    for (const types of [["AGENT"], ["Agent", " CONTACTS "]]) {
      const world = new World();
      world.register(types);
      expect(world.types()[0]).toBe(ACK);
    }
    const world = new World();
    world.register(["agent", "nonsense"]);
    expect(world.types()).toEqual([ACK, "AgentState"]);
    expect(world.warnings.join()).toContain("nonsense");
  });

  test.each([["7: none", []], ["8: unknown", ["nonsense"]], ["8: no texts", [1, null]], ["8: no list", "agent"], ["9: missing", undefined]])(
    "%s: an error, nothing kept, and another try works",
    (_, types) => {
      const world = new World();
      world.register(types);
      expect(world.take().map(({ message }) => message)).toEqual([
        { issuer: "MAX", contactId: null, events: [{ messageType: ACK, contactId: null, reason: "Invalid Subscription Types.", status: "ERROR" }] },
      ]);
      world.push([state("Unavailable")]);
      expect(world.take()).toEqual([]);
      world.register(["agent"]);
      expect(world.types()).toEqual([ACK, "AgentState"]);
    },
  );

  test.each([["abc"], [0], [-5], [1.5], [Number.NaN], ["0"], ["1e3"], [true], [{}]])("10-12: contactId %j is refused before the types are looked at", (contactId) => {
    const world = new World();
    world.register([], { contactId });
    expect(world.take()[0]?.message.events[0]).toEqual({ messageType: ACK, contactId: null, reason: "Invalid Contact Id", status: "ERROR" });
  });

  test("13: a contact that is not there is none the worse, and its events flow when it comes", () => {
    const world = new World();
    world.register(["contact"], { contactId: "777" });
    expect(world.take()[0]?.message).toMatchObject({ contactId: 777, events: [{ contactId: 777, status: "OK" }] });
    world.push([call(777, "Incoming")]);
    expect(world.types()).toEqual(["CallContactEvent"]);
  });

  test("14: a second one is not answered; the first still works", () => {
    const world = new World();
    world.register(["agent"]);
    world.take();
    world.register(["contacts"]);
    world.pass(2_000);
    expect(world.take()).toEqual([]);
    expect(world.warnings.join()).toContain("Issuer: [Test] has already subscribed.");
    world.push([state("Unavailable"), call(5, "Active")]);
    expect(world.types()).toEqual(["AgentState"]);
  });

  test("15-17: leaving is not answered, ends it, may be done twice, and lets one register anew", () => {
    const world = new World();
    const leave = () => world.post({ messageType: "UnregisterFromClientEvents" });
    leave();
    world.register(["agent"]);
    world.take();
    leave();
    leave();
    world.push([state("Unavailable")]);
    expect(world.take()).toEqual([]);
    world.register(["contacts"]);
    expect(world.types()).toEqual([ACK]);
  });

  test("18-20: other cases, other things, no issuer", () => {
    const world = new World();
    for (const data of [
      { messagetype: "RegisterForClientEvents", subscriptionTypes: ["all"] },
      { messageType: "registerforclientevents", subscriptionTypes: ["all"] },
      "RegisterForClientEvents",
      5,
      null,
      undefined,
      [],
      {},
      { messageType: 5 },
      Object.create({ messageType: "RegisterForClientEvents", subscriptionTypes: ["all"] }),
    ])
      world.post(data);
    expect(world.take()).toEqual([]);
    world.now += 1_000;
    world.post({ messageType: "RegisterForClientEvents", subscriptionTypes: ["agent"] });
    expect(world.types()).toEqual([ACK, "AgentState"]);
  });

  test("the guide's own sample, broken line and all, is understood", () => {
    const world = new World();
    world.post({ contactId: undefined, issuer: "MyTestSite", messageType: "Register-ForClientEvents", subscriptionTypes: ["agent", "contacts"] });
    expect(world.types()).toEqual([ACK, "AgentState"]);
    expect(world.warnings).toHaveLength(1);
  });

  test("before the first snapshot it waits for that, two seconds at most", () => {
    const world = new World(false);
    world.register(["agent"]);
    expect(world.take()).toEqual([]);
    world.push([START, state("Available")]);
    expect(world.types()).toEqual([ACK, "AgentState"]);
    const alone = new World(false);
    alone.register(["agent"]);
    alone.pass(2_000);
    expect(alone.types()).toEqual([ACK]);
    alone.push([START, state("Available")]);
    expect(alone.types()).toEqual(["AgentSessionStart", "AgentState"]);
  });
});

describe("filter and state", () => {
  const batch = [state("InboundContact"), call(5, "Incoming"), { Type: "PopURL", ContactId: "5" }, { Type: "RunApp", contactId: 6 }];
  const passed = (types: string[], frame = "workspace", more: object = {}) => {
    const world = new World();
    world.register(types, more, frame);
    world.take();
    world.push(batch);
    return world.types();
  };

  test("22-24: agent, contacts, all; whichever way a contact's key is spelt", () => {
    expect(passed(["agent"])).toEqual(["AgentState"]);
    expect(passed(["contacts"])).toEqual(["CallContactEvent", "PopURL", "RunApp"]);
    expect(passed(["all"])).toEqual(["AgentState", "CallContactEvent", "PopURL", "RunApp"]);
    expect(passed(["sessioninfo"])).toEqual([]);
  });

  test("26: the latest of each live contact is told at once, oldest first, and nothing twice", () => {
    const world = new World();
    world.push([call(5, "Incoming"), call(6, "Active"), call(5, "Active"), call(7, "Disconnected", { FinalState: "True" })]);
    world.register(["contacts", "all", "contact"], { contactId: 5 });
    const [{ message } = { message: { events: [] } }] = world.take();
    expect(message.events.map(({ Type, ContactID, Status }) => `${Type} ${ContactID} ${Status}`)).toEqual([
      "undefined undefined undefined",
      "AgentState undefined undefined",
      "CallContactEvent 5 Active",
      "CallContactEvent 6 Active",
    ]);
  });

  test("a contact in after-work is live until its last event", () => {
    const world = new World();
    world.push([call(5, "Active"), call(5, "Disconnected")]);
    world.register(["contacts"]);
    expect(world.types()).toEqual([ACK, "CallContactEvent"]);
    world.push([call(5, "Disconnected", { FinalState: "True" })]);
    expect(world.live.contacts).toEqual([]);
  });

  test("27-31: one contact, by its number or by the panel it is in", () => {
    expect(passed(["contact"], "workspace", { contactId: 5 })).toEqual(["CallContactEvent", "PopURL"]);
    expect(passed(["agent"], "workspace", { contactId: 6 })).toEqual(["AgentState", "RunApp"]);
    expect(passed(["contact"])).toEqual([]);
    const world = new World();
    world.register(["contact"], {}, "panel");
    expect(world.take()[0]?.message).toMatchObject({ contactId: 777, events: [{ contactId: 777 }] });
    world.push([call(5, "Active"), call(777, "Active")]);
    expect(world.take()[0]?.message.events.map(({ ContactID }) => ContactID)).toEqual(["777"]);
    expect(passed(["contact", "contacts"], "panel")).toEqual(["CallContactEvent", "PopURL", "RunApp"]);
    expect(passed(["agent"], "panel")).toEqual(["AgentState"]);
  });

  test("no message is ever empty, and our own events are for those who want them", () => {
    const world = new World();
    world.add("ours", null, { profile: "sangdam" });
    world.register(["all"]);
    world.register(["all"], {}, "ours");
    world.take();
    world.push([{ Type: "SangdamFocusEvent" }]);
    expect(world.take().map(({ frame }) => frame)).toEqual(["ours"]);
  });
});

describe("the session's token", () => {
  const granted = () => {
    const world = new World();
    world.add("crm", null, { grants: { events: true, commands: true, card: true, session: true } });
    return world;
  };

  test("32, 35: it comes in a message of its own, both ways, and again when it changes", () => {
    const world = granted();
    world.register(["sessioninfo"], {}, "crm");
    expect(world.types()).toEqual([ACK]);
    expect(world.wanted).toEqual(["crm"]);
    world.bridge.token("crm", "abc==");
    expect(world.take().map(({ message }) => message)).toEqual([
      { issuer: "MAX", contactId: null, messageType: "SessionInfo", sessionToken: "abc==", events: [{ messageType: "SessionInfo", sessionToken: "abc==" }] },
    ]);
    world.bridge.token("crm", "abc==");
    expect(world.take()).toEqual([]);
    world.bridge.token("crm", "def==");
    expect(world.take()[0]?.message).toMatchObject({ sessionToken: "def==" });
  });

  test("33: not to those who asked for something else, nor without the grant", () => {
    const world = granted();
    world.register(["agent"], {}, "crm");
    world.register(["all", "sessioninfo"]);
    expect(world.types()).not.toContain("SessionInfo");
    expect(world.wanted).toEqual([]);
    world.bridge.token("crm", "abc");
    world.bridge.token("workspace", "abc");
    expect(world.take()).toEqual([]);
  });

  test("the end of the session is told to whoever wants its token", () => {
    const world = granted();
    world.register(["sessioninfo"], {}, "crm");
    world.take();
    world.push([{ Type: "AgentSessionEnd" }]);
    expect(world.types()).toEqual(["AgentSessionEnd"]);
  });
});

describe("commands", () => {
  const live = (...events: MaxEvent[]) => {
    const one = new Live();
    one.apply([START, ...events]);
    return one;
  };
  const path = (command: Parameters<typeof act>[0], ...events: MaxEvent[]) => act(command, null, null, live(...events))?.path ?? null;

  test("36-38: answer and refuse are for what is offered", () => {
    expect(path("AnswerEvent", call(5, "Incoming"))).toBe("/interactions/5/accept");
    expect(path("RefuseEvent", call(5, "Active"), call(6, "Incoming"))).toBe("/interactions/6/reject");
    for (const status of ["Active", "Holding", "Dialing", "Disconnected"]) expect(path("AnswerEvent", call(5, status))).toBeNull();
    expect(path("AnswerEvent")).toBeNull();
    expect(path("AnswerEvent", { Type: "TextContactEvent", ContactID: "9", Status: "Incoming" })).toBeNull();
  });

  test.each([
    ["HoldEvent", { Active: "hold", Holding: "resume" }],
    ["MaskEvent", { Active: "mask", Masking: "unmask" }],
    ["RecordEvent", { Active: "record" }],
    ["HangupEvent", { Active: "end", Dialing: "end", Joined: "end" }],
  ] as const)("39, 41-43: %s only where its button would work", (command, table) => {
    for (const status of ["Incoming", "Dialing", "Active", "Holding", "Masking", "Joined", "Disconnected"]) {
      const verb = (table as Record<string, string>)[status];
      expect(path(command, call(5, status)), status).toBe(verb ? `/interactions/5/${verb}` : null);
    }
  });

  test("40: mute is of the agent's leg, there and back", () => {
    expect(path("MuteEvent", call(5, "Active"))).toBe("/agent-phone/mute");
    expect(path("MuteEvent", call(5, "Holding"), { Type: "Mute", AgentMuted: "True" })).toBe("/agent-phone/unmute");
    expect(path("MuteEvent", call(5, "Incoming"))).toBeNull();
    expect(path("HangupEvent", call(5, "Active"), { Type: "Mute", AgentMuted: "True" })).toBeNull();
  });

  test("42: a call that is recorded is not recorded again; one setting lets a held one be hung up", () => {
    expect(path("RecordEvent", call(5, "Active", { IsLogging: "True" }))).toBeNull();
    expect(act("HangupEvent", null, null, live(call(5, "Holding")), { hangupWhenHeld: true })?.path).toBe("/interactions/5/end");
  });

  test("of several calls the one named, or in focus, or talked in is meant", () => {
    const two = live(call(5, "Holding"), call(6, "Active"));
    expect(act("HoldEvent", 5, null, two)?.path).toBe("/interactions/5/resume");
    expect(act("HoldEvent", null, 5, two)?.path).toBe("/interactions/5/resume");
    expect(act("HoldEvent", null, null, two)?.path).toBe("/interactions/6/hold");
    expect(act("HoldEvent", 9, null, two)).toBeNull();
  });

  test("44-46: nothing comes back, nobody needs to be registered, and without a grant nothing is done", () => {
    const world = new World();
    world.post({ messageType: "MuteEvent" });
    expect(world.commands).toEqual(["workspace MuteEvent null"]);
    expect(world.take()).toEqual([]);
    world.add("tame", null, { grants: { events: true, commands: false, card: false, session: false } });
    world.post({ messageType: "MuteEvent" }, "tame");
    world.post({ messageType: "ContactCardData", contactCardData: { name: "x" } }, "tame");
    expect(world.commands).toHaveLength(1);
    expect(world.cards).toEqual([]);
  });
});

describe("the customer's card", () => {
  test("48: name and picture, each alone too, and no script", () => {
    const world = new World();
    const post = (contactCardData: unknown, contactId?: unknown) =>
      world.post({ messageType: "ContactCardData", contactId, contactCardData }, "panel");
    post({ name: "<b>김하나</b>", userImg: "https://crm.example/p/1.png" }, 5);
    post({ userImg: "javascript:alert(1)" });
    post({ name: "x".repeat(500), Name: "no", extra: {} });
    post("nothing");
    post(null);
    expect(world.cards).toEqual([
      [5, { name: "<b>김하나</b>", image: "https://crm.example/p/1.png" }],
      [777, {}],
      [777, { name: "x".repeat(128) }],
    ]);
    for (const bad of ["data:image/svg+xml;base64,AAAA", "http://crm.example/x.png", "data:text/html;base64,AAAA", "x", `data:image/png;base64,${"A".repeat(300_000)}`])
      expect(picture(bad), bad.slice(0, 40)).toBe(false);
    expect(picture("data:image/png;base64,iVBORw0KGgo=")).toBe(true);
  });
});

describe("who may speak, and how much", () => {
  test("51-53: other origins, frames that are not ours, and what has no origin", () => {
    const world = new World();
    for (const origin of ["https://evil.example", "http://crm.example", "https://crm.example.evil.test", "null", ""])
      world.post({ messageType: "RegisterForClientEvents", subscriptionTypes: ["all"] }, "workspace", origin);
    world.post({ messageType: "HangupEvent" }, "stranger");
    expect(world.take()).toEqual([]);
    expect(world.commands).toEqual([]);
  });

  test("everything is posted to the origin that registered, never to all", () => {
    const world = new World();
    world.add("open", null, { anyOrigin: true });
    world.post({ messageType: "RegisterForClientEvents", subscriptionTypes: ["agent"] }, "open", "https://other.example");
    world.push([state("Unavailable")]);
    expect(new Set(world.take().map(({ target }) => target))).toEqual(new Set(["https://other.example"]));
  });

  test("a frame without an origin is told until another document loads, and never a token", () => {
    const world = new World();
    world.add("null", null, { nullOrigin: true, grants: { events: true, commands: true, card: true, session: true } });
    world.bridge.loaded("null");
    world.post({ messageType: "RegisterForClientEvents", subscriptionTypes: ["all"] }, "null", "null");
    world.bridge.token("null", "abc");
    expect(world.wanted).toEqual([]);
    expect(world.take().map(({ target, message }) => [target, message.events.length])).toEqual([["*", 2]]);
    world.bridge.loaded("null");
    world.push([state("Unavailable")]);
    expect(world.take()).toEqual([]);
  });

  test("a flood is dropped, said once, and over in the next second", () => {
    const world = new World();
    for (let n = 0; n < 1_000; n++) world.post({ messageType: "HoldEvent" });
    expect(world.commands).toHaveLength(5);
    expect(world.warnings).toHaveLength(1);
    world.now += 1_000;
    for (let n = 0; n < 1_000; n++) world.register([]);
    expect(world.take()).toHaveLength(20);
  });

  test("long messages, long lists and tricks with prototypes are not read", () => {
    expect(read({ messageType: "RegisterForClientEvents", issuer: "x".repeat(70_000), subscriptionTypes: ["all"] }).kind).toBe("ignored");
    expect(read({ messageType: "RegisterForClientEvents", subscriptionTypes: Array(33).fill("all") }).kind).toBe("ignored");
    expect(read({ messageType: "RegisterForClientEvents", subscriptionTypes: ["x".repeat(70_000)] }).kind).toBe("ignored");
    expect(read({ messageType: "ContactCardData", contactCardData: { name: "x".repeat(310_000) } }).kind).toBe("ignored");
    expect(read(JSON.parse('{"__proto__":{"messageType":"HangupEvent"}}')).kind).toBe("ignored");
    expect(read({ messageType: "constructor" }).kind).toBe("ignored");
    expect(givenContact("9".repeat(20))).toBe("invalid");
  });
});

describe("frames that load again", () => {
  test("50: a page that reloads is answered, whether it registers before or after it has loaded", () => {
    const world = new World();
    world.register(["agent"]);
    world.bridge.loaded("workspace");
    world.take();
    world.register(["agent"]);
    expect(world.take()).toEqual([]);
    world.bridge.loaded("workspace");
    expect(world.types()).toEqual([ACK, "AgentState"]);
    world.bridge.loaded("workspace");
    world.register(["contacts"]);
    expect(world.types()).toEqual([ACK]);
  });

  test("a second registration of a document that is still loading is no reload", () => {
    const world = new World();
    world.register(["agent"]);
    world.register(["agent"]);
    world.take();
    world.bridge.loaded("workspace");
    expect(world.take()).toEqual([]);
    world.pass(10_000);
    world.bridge.loaded("workspace");
    expect(world.take()).toEqual([]);
  });

  test("55: what is gone is told nothing", () => {
    const world = new World();
    world.register(["all"], {}, "panel");
    world.take();
    world.bridge.remove("panel");
    world.push([state("Unavailable")]);
    expect(world.take()).toEqual([]);
  });
});

describe("which pages there are", () => {
  const workspace = (id: string, more: Partial<Workspace> = {}): Workspace => ({
    id,
    name: id,
    url: `https://${id}.example/?ani={ANI}&agent={AgentId}`,
    place: "permanent",
    queues: [],
    origins: [`https://${id}.example`],
    events: true,
    commands: true,
    card: true,
    session: false,
    nullOrigin: false,
    profile: "max",
    allow: [],
    app: "1",
    ...more,
  });
  const rules = { openLikeMax: false, own: ["https://desk.example"], secure: true };
  const names = { AgentId: "1001" };

  test("workspaces stay, panels come and go with their contacts, and none is made twice", () => {
    const all = [workspace("wiki"), workspace("crm", { place: "panel", queues: ["3001"] }), workspace("unseen", { place: "hidden" })];
    const first = pagesNow([], all, [], names, rules);
    expect(first.map(({ id }) => id)).toEqual(["wiki", "unseen"]);
    const events = [call(5, "Active", { Skill: "3001", ANI: "010 1&2" }), call(6, "Active", { Skill: "3002" })];
    const second = pagesNow(first, all, events, names, rules);
    expect(second.map(({ id }) => id)).toEqual(["wiki", "unseen", "crm 5"]);
    expect(second[0]).toBe(first[0]);
    expect(second[2]?.url).toBe("https://crm.example/?ani=010%201%262&agent=1001");
    expect(second[2]?.frame.contact).toBe(5);
    const third = pagesNow(second, all, events.slice(1), names, rules);
    expect(third.map(({ id }) => id)).toEqual(["wiki", "unseen"]);
  });

  test("a page that a contact names is framed only from an origin that is allowed", () => {
    const all = [workspace("crm", { place: "pop" })];
    const refused = (url: string, more = {}) =>
      pagesNow([], all, [call(5, "Active", { ScreenPopUrl: url })], names, { ...rules, ...more }).map(({ refused }) => refused?.replace("frames.refused.", "") ?? null);
    expect(refused("https://crm.example/x")).toEqual([null]);
    expect(refused("https://evil.example/x")).toEqual(["origin"]);
    expect(refused("https://desk.example/x")).toEqual(["own"]);
    expect(refused("javascript:alert(1)")).toEqual(["address"]);
    expect(refused("https://u:p@crm.example/")).toEqual(["address"]);
    expect(refused("http://other.example/", { openLikeMax: true })).toEqual(["mixed"]);
    expect(refused("https://other.example/", { openLikeMax: true })).toEqual([null]);
    expect(refused("$pageopen x")).toEqual([]);
  });

  test("values cannot change where an address leads", () => {
    expect(expand("https://crm.example/{ANI}/{nothing}", { ANI: "../@evil.test/" })).toBe("https://crm.example/..%2F%40evil.test%2F/{nothing}");
    const all = [workspace("x", { url: "https://{ANI}.example/", place: "panel", origins: ["https://x.example"] })];
    const [page] = pagesNow([], all, [call(5, "Active", { ANI: "evil" })], names, rules);
    expect(page?.refused).toBe("frames.refused.origin");
  });
});
