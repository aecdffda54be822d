/** The frames of `sangdam.chat.1` (`docs/chat-wire.md`), as far as this script speaks and reads them. */
import type { Content } from "./message.ts";

export const PROTOCOL = "sangdam.chat.1";

export type Sent =
  | { t: "open"; id: number; realm: string; dn: string; tel: string; lang: string; key: string }
  | { t: "resume"; id: number; token: string; seq: number; keys: string[]; lang: string }
  | { t: "say"; id: number; key: string; content: Content; to: string }
  | { t: "typing"; id: number; on: boolean }
  | { t: "read"; id: number; seq: number }
  | { t: "close"; id: number }
  | { t: "pong" };

/** Every member of any frame: what is absent is `undefined`. */
export interface Received {
  t: string;
  id?: number;
  desc?: string;
  code?: number;
  cid?: string;
  resume?: string;
  resumed?: boolean;
  upload?: string;
  agent?: string;
  /** Of who said it, where that is a person. */
  name?: string;
  seq?: number;
  dn?: string;
  own?: boolean;
  key?: string;
  content?: unknown;
  at?: string;
  on?: boolean;
  place?: number;
  wait?: number;
  rate?: string;
  retry?: number;
}
