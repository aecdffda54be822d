/** Tells the agent what happened, by sound, notification and spoken text; it never takes the focus. */
import { isCustomers } from "./reduce";
import type { Desk, News as NewsOf } from "./desk.svelte";
import { prefs } from "./prefs.svelte";
import { ring, ringCall, tick } from "./sound";
import { authorOf, nameOf, oneLine, t } from "./text";
import type { Contact, Item } from "./wire";

export class News implements NewsOf {
  readonly #desk: () => Desk;
  /** For screen readers: the newest words of others. */
  spoken = $state("");

  constructor(desk: () => Desk) {
    this.#desk = desk;
  }

  offered(contact: Contact): void {
    const text = t("news.offered", { name: nameOf(contact), queue: contact.queue?.name ?? "" });
    this.spoken = text;
    this.#notify(text, contact.id);
  }

  message(contact: Contact, item: Item): void {
    if (item.kind === "event" || item.by?.participant === contact.me) return;
    const here = this.#desk().selected === contact.id && document.hasFocus();
    const text = `${authorOf(item)}: ${oneLine(item)}`;
    this.spoken = text;
    if (!isCustomers(item) || here) return;
    if (prefs.sound) tick();
    this.#notify(text, contact.id);
  }

  ring(call: boolean): void {
    if (!prefs.sound) return;
    if (call) ringCall();
    else ring();
  }

  #notify(text: string, contact: string): void {
    if (!prefs.sound || !("Notification" in globalThis) || Notification.permission !== "granted" || !document.hidden)
      return;
    const notification = new Notification(t("app.name"), { body: text, tag: contact });
    notification.onclick = () => {
      window.focus();
      this.#desk().select(contact);
      notification.close();
    };
  }
}
