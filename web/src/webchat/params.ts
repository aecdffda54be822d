/**
 * What the page's address asks for (`nxwebapi.md` 6). The four values are checked before anything is opened, and shown as
 * text alone; what else stands there is passed over.
 */
import { address } from "../../sdk/address";

export interface Wish {
  realm: string;
  url: string;
  dn: string;
  tel: string;
}

/** Why nothing is opened; `name` is the value's. */
export interface Fault {
  key: "param.missing" | "param.bad" | "param.foreign";
  name: string;
}

/** Where the server takes sockets, as `/api/v1/about` says it. */
export interface About {
  readonly listeners?: Readonly<Record<string, unknown>>;
  /** More that may be connected to, such as `wss://other.example.com:6081`. */
  readonly chat_sockets?: readonly string[];
}

/** A page's own address. */
export interface Own {
  protocol: string;
  hostname: string;
}

const NAMES = ["realm", "url", "dn_number", "tel_number"] as const;
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[::1\])$/;

/** The four values, or what is wrong with them. An address may stand there unencoded, as in the guide's sample. */
export function wish(search: string, own: Own): Wish | Fault {
  const given = new URLSearchParams(search);
  const [realm, url, dn, tel] = NAMES.map((name) => given.get(name)?.trim() ?? "") as [string, string, string, string];
  const values = { realm, url, dn_number: dn, tel_number: tel };
  for (const name of NAMES) if (values[name] === "") return { key: "param.missing", name };
  const secure = secured(url, own);
  const good = { realm: "a", url: "wss://a", dn_number: "1", tel_number: "1" };
  for (const name of NAMES) {
    const one = { ...good, [name]: name === "url" ? secure : values[name] };
    if (!address([one.realm, one.dn_number, one.tel_number, one.url], false)) return { key: "param.bad", name };
  }
  return { realm, url: address([realm, dn, tel, secure], false)!.url, dn, tel };
}

/** On a page of https `ws://h[:6080]` is read as `wss://h:6081`: links made like the guide's still work. */
function secured(url: string, { protocol }: Own): string {
  return protocol === "https:" ? url.replace(/^ws:\/\/([^/]*?)(:6080)?(?=\/|$)/i, "wss://$1:6081") : url;
}

/** May the page connect there? To the page's own host at the server's own ports, and to what the server names besides. */
export function allowed(url: string, own: Own, about: About): boolean {
  const there = new URL(url);
  const { sip_ws, sip_wss } = about.listeners ?? {};
  const same = there.hostname === own.hostname || (LOOPBACK.test(there.hostname) && LOOPBACK.test(own.hostname));
  const port = (listener: unknown) => (typeof listener === "string" ? listener.replace(/^.*:/, "") : undefined);
  // A default port of the scheme stands in no URL; 80 and 443 are nobody's here.
  if (same && there.port !== "" && there.port === port(there.protocol === "wss:" ? sip_wss : sip_ws)) return true;
  return (about.chat_sockets ?? []).some((one) => URL.canParse(one) && new URL(one).origin === there.origin);
}
