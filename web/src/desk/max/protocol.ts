/**
 * The messages that pages written for MAX exchange with the desk around them (`max-agent-desktop.md` 1).
 *
 * What comes from a page is anything at all. Only named keys are read, only a message's own, and never deeper.
 */

/** Who the desk says it is: pages compare it, so it is nobody else's name. */
export const ISSUER = "MAX";

export const COMMANDS = ["AnswerEvent", "RefuseEvent", "HoldEvent", "MuteEvent", "MaskEvent", "RecordEvent", "HangupEvent"] as const;
export type Command = (typeof COMMANDS)[number];

export const TYPES = ["all", "agent", "contact", "contacts", "sessioninfo", "agentassist"] as const;
export type SubscriptionType = (typeof TYPES)[number];

/** An event, as `get-next-event` tells it. */
export type MaxEvent = Readonly<Record<string, unknown>>;

/** A contact's number that a page gave: none, a number, or something that is neither. */
export type GivenContact = number | null | "invalid";

export type Incoming =
  | { readonly kind: "register"; readonly issuer: string; readonly contactId: GivenContact; readonly types: unknown; readonly hint?: string }
  | { readonly kind: "unregister" }
  | { readonly kind: "card"; readonly contactId: GivenContact; readonly card: Card }
  | { readonly kind: "command"; readonly command: Command; readonly contactId: GivenContact; readonly issuer: string }
  | { readonly kind: "ignored"; readonly hint?: string };

export interface Card {
  readonly name?: string;
  readonly image?: string;
}

/** Characters of a message's texts (1.10). */
export const LONGEST_MESSAGE = 64 * 1024;
/** The same of one that brings a picture. */
export const LONGEST_CARD = 300 * 1024;
/** Characters of a picture that is in the message itself. */
export const LONGEST_IMAGE = 256 * 1024;
/** Entries of `subscriptionTypes`. */
export const MOST_TYPES = 32;
/** Characters of a customer's name on a card. */
export const LONGEST_NAME = 128;

const NOTHING: Incoming = { kind: "ignored" };

function own(data: object, key: string): unknown {
  return Object.hasOwn(data, key) ? (data as Record<string, unknown>)[key] : undefined;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** Reads what a page posted. Never throws. */
export function read(data: unknown): Incoming {
  if (typeof data !== "object" || data === null || Array.isArray(data)) return NOTHING;
  const messageType = own(data, "messageType");
  if (typeof messageType !== "string" || messageType.length > LONGEST_NAME) return NOTHING;
  const issuer = text(own(data, "issuer"));
  const contact = own(data, "contactId");
  if (issuer.length + text(contact).length > LONGEST_MESSAGE) return { kind: "ignored", hint: "a message is too long" };
  const contactId = givenContact(contact);
  switch (messageType) {
    case "RegisterForClientEvents":
    case "Register-ForClientEvents": {
      const types = own(data, "subscriptionTypes");
      if (Array.isArray(types)) {
        if (types.length > MOST_TYPES) return { kind: "ignored", hint: `more than ${MOST_TYPES} subscriptionTypes` };
        let length = issuer.length;
        for (let at = 0; at < types.length; at++) length += text(types[at]).length;
        if (length > LONGEST_MESSAGE) return { kind: "ignored", hint: "a message is too long" };
      }
      const hint = messageType.includes("-") ? "Register-ForClientEvents was taken for RegisterForClientEvents" : undefined;
      return { kind: "register", issuer, contactId, types, ...(hint ? { hint } : {}) };
    }
    case "UnregisterFromClientEvents":
      return { kind: "unregister" };
    case "UnegisterFromClientEvents":
      return { kind: "ignored", hint: "UnegisterFromClientEvents: did you mean UnregisterFromClientEvents?" };
    case "ContactCardData": {
      const given = own(data, "contactCardData");
      if (typeof given !== "object" || given === null) return NOTHING;
      const name = own(given, "name");
      const image = own(given, "userImg");
      if (text(name).length + text(image).length > LONGEST_CARD) return { kind: "ignored", hint: "a card is too long" };
      const card: { name?: string; image?: string } = {};
      if (typeof name === "string") card.name = name.slice(0, LONGEST_NAME);
      if (typeof image === "string" && picture(image)) card.image = image;
      return { kind: "card", contactId, card };
    }
    default:
      if ((COMMANDS as readonly string[]).includes(messageType))
        return { kind: "command", command: messageType as Command, contactId, issuer };
      return NOTHING;
  }
}

/** May this be shown as a customer's picture? No script, and nothing drawn by one. */
export function picture(url: string): boolean {
  if (url.length > LONGEST_IMAGE) return false;
  if (/^data:image\/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+=*$/.test(url)) return true;
  try {
    return new URL(url).protocol === "https:";
  } catch {
    return false;
  }
}

/** 1.4, step 3. */
export function givenContact(value: unknown): GivenContact {
  if (value === undefined || value === null || value === "") return null;
  const number = typeof value === "string" && /^\d{1,16}$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isSafeInteger(number) && number > 0 ? number : "invalid";
}

/** 1.4, step 4: what is known of the types, and the names that are not. */
export function subscriptionTypes(value: unknown): { types: ReadonlySet<SubscriptionType>; unknown: readonly string[] } {
  const types = new Set<SubscriptionType>();
  const unknown: string[] = [];
  for (const one of Array.isArray(value) ? (value as unknown[]) : []) {
    if (typeof one !== "string") continue;
    const name = one.trim().toLowerCase();
    if ((TYPES as readonly string[]).includes(name)) types.add(name as SubscriptionType);
    else unknown.push(one.slice(0, 64));
  }
  return { types, unknown };
}

/** The contact an event is about, whichever way its key is spelt (1.5). */
export function contactOf(event: MaxEvent): number | null {
  const given = event.ContactID ?? event.ContactId ?? event.contactId;
  const number = typeof given === "string" && given !== "" ? Number(given) : given;
  return typeof number === "number" && Number.isFinite(number) && number > 0 ? number : null;
}

/** A contact is live until its last event. */
export function isFinal(event: MaxEvent): boolean {
  return event.Status === "Disconnected" && String(event.FinalState).toLowerCase() === "true";
}

/** Types whose events belong to a contact and are its state. */
export function isContactState(event: MaxEvent): boolean {
  const type = text(event.Type);
  return contactOf(event) !== null && /ContactEvent$/.test(type);
}

export interface Acknowledgement {
  readonly messageType: "ClientEventSubscriptionAcknowledge";
  readonly contactId: number | null;
  readonly reason: "Success" | "Invalid Contact Id" | "Invalid Subscription Types.";
  readonly status: "OK" | "ERROR";
}

export function acknowledge(reason: Acknowledgement["reason"], contactId: number | null): Acknowledgement {
  const good = reason === "Success";
  return { messageType: "ClientEventSubscriptionAcknowledge", contactId: good ? contactId : null, reason, status: good ? "OK" : "ERROR" };
}

export interface Envelope {
  readonly issuer: typeof ISSUER;
  readonly contactId: number | null;
  readonly events: readonly object[];
}

export function envelope(contactId: number | null, events: readonly object[]): Envelope {
  return { issuer: ISSUER, contactId, events };
}

/** As the guide shows it, and as an event of an envelope: pages look for either (1.7). */
export function sessionInfo(sessionToken: string): object {
  const info = { messageType: "SessionInfo", sessionToken };
  return { ...envelope(null, [info]), ...info };
}
