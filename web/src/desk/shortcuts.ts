/** What the keyboard shortcuts do. */
import type { Desk } from "./desk.svelte";
import { digitOf, isComposing, match } from "./keys";
import { prefs } from "./prefs.svelte";

export function press(desk: Desk, event: KeyboardEvent): void {
  if (isComposing(event) && !event.altKey && !event.ctrlKey) return;
  const shortcut = match(event, (id) => prefs.keyOff(id));
  if (!shortcut) return;
  if (desk.past || (desk.dialog && shortcut.id !== "palette")) return;
  event.preventDefault();
  if (event.repeat && shortcut.id !== "next" && shortcut.id !== "previous") return;
  const contacts = desk.shown;
  const at = contacts.findIndex(({ id }) => id === desk.selected);
  const offer = desk.offers[0];
  switch (shortcut.id) {
    case "select":
      return choose(desk, digitOf(event.code) - 1);
    case "next":
      return choose(desk, Math.min(at + 1, contacts.length - 1));
    case "previous":
      return choose(desk, Math.max(at - 1, 0));
    case "accept":
      if (offer && !desk.answering.includes(offer.id)) void desk.accept(offer);
      return;
    case "refuse":
      if (offer && !desk.answering.includes(offer.id)) void desk.refuse(offer);
      return;
    case "states":
      document.getElementById("state-button")?.click();
      return;
    case "palette":
      desk.dialog = desk.dialog === "palette" ? null : "palette";
      return;
    case "dial":
      if (desk.world.current?.user.extension !== undefined) desk.dialog = "dial";
      return;
    case "hold":
      if (desk.call?.call?.link === "connected") void desk.hold(desk.call);
      else if (desk.call?.call?.link === "held") void desk.retrieve(desk.call);
      return;
    case "hangUp":
      if (desk.call) void desk.hangUp(desk.call);
      return;
    case "mute":
      if (desk.call) void desk.mute(!desk.muted);
      return;
    case "keypad":
      return desk.toggleKeypad();
    case "panel":
      return movePanel(1);
    case "panelBack":
      return movePanel(-1);
  }
}

function choose(desk: Desk, index: number): void {
  const contact = desk.shown[index];
  if (!contact) return;
  const writable = contact.state === "talking";
  desk.select(contact.id, { focus: writable });
  if (!writable) document.querySelector<HTMLElement>(".talk[data-panel]")?.focus();
}

/** Panels mark themselves with `data-panel`; one that is not shown has no box. */
function movePanel(step: number): void {
  const panels = [...document.querySelectorAll<HTMLElement>("[data-panel]")].filter(
    (panel) => panel.getClientRects().length > 0 && getComputedStyle(panel).visibility !== "hidden",
  );
  const at = panels.findIndex((panel) => panel.contains(document.activeElement));
  panels.at((at + step + panels.length) % panels.length)?.focus();
}
