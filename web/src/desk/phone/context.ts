/** Where components find the telephone in this browser, and how it is made for a desk. */
import { getContext, setContext } from "svelte";
import type { Clock } from "../client";
import type { Desk } from "../desk.svelte";
import { t } from "../text";
import type { PhoneGrant } from "../wire";
import type { Trouble } from "./microphone";
import { Softphone } from "./softphone.svelte";

const KEY = Symbol("softphone");

export function provideSoftphone(desk: Desk, user: string, clock: Clock): Softphone {
  const phone = new Softphone({
    user,
    clock,
    grant: () => desk.client.ask("phone", {}),
    load: async () => (await import("../../../sdk/voice/agent")).makeAgentPhone,
    place,
    unheard: (trouble) => desk.toasts.say(troubleWords(trouble), "bad"),
  });
  return setContext(KEY, phone);
}

export function useSoftphone(): Softphone {
  return getContext<Softphone>(KEY);
}

export function troubleWords(trouble: Trouble): string {
  return t(`mic.${trouble}`);
}

/** Browsers' sockets are on the page's own host: a listener on every address is announced as loopback. */
function place({ ws, wss }: PhoneGrant): string {
  const url = location.protocol === "https:" ? wss : (ws ?? wss);
  if (url === undefined) throw new Error("the server has no socket for browsers' telephones");
  const at = new URL(url);
  at.hostname = location.hostname;
  return at.href;
}
