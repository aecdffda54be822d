/** The rules of the parameters (`nxwebapi.md` 1). What breaks one is -1, and nothing happens. */

export const ROOMS = 10;

const REALM = /^(?=.{1,253}$)[a-z\d]([a-z\d-]*[a-z\d])?(\.[a-z\d]([a-z\d-]*[a-z\d])?)*$/i;
const TEL = /^[\w.+@-]{1,64}$/;
const DN = /^[\w*#.-]{1,64}$/;
const URL_ = /^(wss?):\/\/(\[[\da-f:.]+\]|[^\s/:?#@\\[\]]+)(?::(\d{1,5}))?(\/[^\s?#]*)?$/i;
const LOOPBACK = /^(127(\.\d+){3}|\[::1\]|([^.]+\.)*localhost)$/i;

/** Whom to reach, and where. */
export interface Address {
  realm: string;
  dn: string;
  tel: string;
  /** With its port. */
  url: string;
}

/** The four parameters, trimmed, or `undefined`. `secure`: the page itself came by https. */
export function address(given: unknown[], secure: boolean): Address | undefined {
  const [realm, dn, tel, text] = given.map((one) => (typeof one === "string" ? one.trim() : ""));
  const parts = URL_.exec(text!);
  if (!REALM.test(realm!) || !DN.test(dn!) || !TEL.test(tel!) || !parts) return;
  const [, scheme, host, port, path] = parts;
  const plain = scheme!.length < 3;
  // The browser would block it; what does not leave the machine is let through.
  if (plain && secure && !LOOPBACK.test(host!)) return;
  const url = `${scheme!.toLowerCase()}://${host}:${port || (plain ? 6080 : 6081)}${path || "/"}`;
  try {
    new URL(url);
  } catch (_) {
    return;
  }
  return { realm: realm!, dn: dn!, tel: tel!, url };
}
