/** The gateway's numbers in CSTA's own words (`nxproxy-rio.md` 7.1, 7.4). These words are the same in every language. */

export const EVENTS: Readonly<Record<number, string>> = {
  1: "CallCleared",
  2: "Conferenced",
  3: "ConnectionCleared",
  4: "Delivered",
  5: "Diverted",
  6: "Established",
  7: "Failed",
  8: "Held",
  9: "NetworkReached",
  10: "Originated",
  11: "Queued",
  12: "Retrieved",
  13: "ServiceInitiated",
  14: "Transferred",
  201: "LoggedOn",
  202: "LoggedOff",
  203: "NotReady",
  204: "Ready",
  205: "WorkNotReady",
  206: "WorkReady",
};

export const CAUSES: Readonly<Record<number, string>> = {
  [-1]: "none",
  1: "active monitor",
  2: "alternate",
  3: "busy",
  4: "callback",
  5: "call cancelled",
  6: "forward always",
  7: "forward busy",
  8: "forward no answer",
  9: "forward",
  10: "not answered",
  11: "pickup",
  12: "camp-on",
  13: "destination not obtainable",
  14: "do not disturb",
  15: "incompatible destination",
  16: "invalid account code",
  17: "key conference",
  18: "lockout",
  19: "maintenance",
  20: "network congestion",
  21: "network not obtainable",
  22: "new call",
  23: "no available agents",
  24: "override",
  25: "park",
  26: "overflow",
  27: "recall",
  28: "redirected",
  29: "reorder tone",
  30: "resources not available",
  31: "silent monitor",
  32: "transfer",
  33: "trunks busy",
  34: "voice unit initiator",
  46: "network signal",
  52: "single-step transfer",
  60: "alert time expired",
  65: "destination out of order",
  81: "unassigned number",
};

/** `4 Delivered`; an unknown id stays a bare number. */
export function eventName(id: number): string {
  return EVENTS[id] === undefined ? String(id) : `${id} ${EVENTS[id]}`;
}

/** `22 new call`. */
export function causeName(cause: number): string {
  return CAUSES[cause] === undefined ? String(cause) : `${cause} ${CAUSES[cause]}`;
}
