/**
 * How each monitored device stands, as its events tell (`nxproxy-rio.md` 7 and 8): its calls, and its agent. Only a
 * comfort: it fills in call ids. The gateway alone decides what is allowed.
 */
import type { Json } from "./requests";

export type Standing = "initiated" | "dialling" | "alerting" | "connected" | "held" | "queued" | "failed";

export interface PhoneCall {
  readonly id: number;
  readonly standing: Standing;
  readonly parties: readonly string[];
}

export interface Phone {
  readonly calls: readonly PhoneCall[];
  /** The agent logged on, and the id of its last state's event (201 … 206). */
  readonly agent?: { readonly id: string; readonly event: number };
}

export const IDLE: Phone = { calls: [] };

const ACTIVE: readonly Standing[] = ["connected", "dialling", "initiated"];

/** The newest call that stands in one of these ways. */
function newest(phone: Phone, ...standings: readonly Standing[]): PhoneCall | undefined {
  return phone.calls.findLast(({ standing }) => standings.includes(standing));
}

/** The call that a request most likely means: what c1 is where nobody typed one. Where none fits, the last: refusals are worth seeing. */
export function likelyCall(phone: Phone, fname: string): PhoneCall | undefined {
  switch (fname) {
    case "answer":
      return newest(phone, "alerting") ?? phone.calls.at(-1);
    case "retrieve":
      return heldCall(phone) ?? phone.calls.at(-1);
    case "transfer":
    case "confer":
      return newest(phone, ...ACTIVE);
    default:
      return newest(phone, ...ACTIVE) ?? phone.calls.at(-1);
  }
}

export function heldCall(phone: Phone): PhoneCall | undefined {
  return newest(phone, "held");
}

/** The device after one of its events. An event of an unknown form changes nothing. */
export function after(phone: Phone, event: Json): Phone {
  const { id, monitor } = event;
  if (typeof id !== "number" || typeof monitor !== "string") return phone;
  if (id > 200) return agentAfter(phone, id, event.agent);
  const call = event.call as Json | undefined;
  const c1 = Number(call?.c1);
  if (!call || !(c1 > 0)) return phone;
  const parties = Array.isArray(call.parties) ? call.parties.map(String) : [];
  const own = call.subject === monitor;
  const before = phone.calls.find((each) => each.id === c1)?.standing;
  const gone = (...ids: number[]) => ({ ...phone, calls: phone.calls.filter((each) => !ids.includes(each.id)) });
  const stands = (standing: Standing, ...merged: number[]) => ({
    ...phone,
    calls: [...gone(c1, ...merged).calls, { id: c1, standing, parties }],
  });
  switch (id) {
    case 1:
    case 5:
      return gone(c1);
    case 3:
      return own ? gone(c1) : stands(before ?? "connected");
    case 2:
    case 14: {
      const merged = [Number(call.c2), Number(call.c3)];
      if (id === 14 && own) return gone(c1, ...merged);
      const rang = phone.calls.some((each) => [c1, ...merged].includes(each.id) && each.standing === "alerting");
      return stands(rang ? "alerting" : "connected", ...merged);
    }
    case 4:
      if (own) return stands("alerting");
      return stands(before === "connected" || before === "held" ? before : "dialling");
    case 6:
      return stands(!own && (before === "alerting" || before === "held") ? before : "connected");
    case 7:
      // A transfer's target that fails is no failure of who waits (S26).
      return stands(before === "connected" || before === "held" ? before : "failed");
    case 8:
      return stands(own ? "held" : (before ?? "connected"));
    case 12:
      return stands(own ? "connected" : (before ?? "connected"));
    case 9:
      return stands("dialling");
    case 11:
      return stands("queued");
    case 10:
    case 13:
      return stands("initiated");
    default:
      return phone;
  }
}

function agentAfter(phone: Phone, event: number, told: unknown): Phone {
  const { agent: _, ...rest } = phone;
  if (event === 202) return rest;
  return { ...rest, agent: { id: String((told as Json | undefined)?.id ?? ""), event } };
}
