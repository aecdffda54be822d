/**
 * The resume tokens of this tab, by the four parameters: a reload goes on where it was, another browser never does
 * (`nxwebapi.md` 0). Without storage (a sandboxed frame, a full disk) a reload begins anew.
 */
import type { Address } from "./address.ts";

const name = ({ realm, dn, tel, url }: Address) => "nxWebApi:" + JSON.stringify([realm, dn, tel, url]);

export function kept(address: Address): string[] {
  try {
    return JSON.parse(sessionStorage.getItem(name(address)) || "[]");
  } catch (_) {
    return [];
  }
}

/** Puts `token` in the place of `old`; without a token, only forgets. */
export function keep(address: Address, old: string | undefined, token?: string): void {
  try {
    const tokens = kept(address).filter((one) => one !== old && one !== token);
    if (token) tokens.push(token);
    if (tokens.length) sessionStorage.setItem(name(address), JSON.stringify(tokens));
    else sessionStorage.removeItem(name(address));
  } catch (_) {
    // As above.
  }
}
