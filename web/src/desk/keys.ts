/**
 * The keyboard shortcuts. Matched by `event.code`: Alt makes other letters on a Mac, and Hangul gives none at all.
 * All have a modifier or are function keys, and each can be turned off (WCAG 2.1.4).
 */
export type ShortcutId =
  | "select"
  | "accept"
  | "refuse"
  | "states"
  | "next"
  | "previous"
  | "palette"
  | "panel"
  | "panelBack"
  | "dial"
  | "hold"
  | "hangUp"
  | "mute"
  | "keypad";

export interface Combo {
  readonly code: string;
  readonly alt?: boolean;
  readonly ctrl?: boolean;
  readonly shift?: boolean;
}

export interface Shortcut {
  readonly id: ShortcutId;
  readonly combos: readonly Combo[];
  /** As it is shown, e.g. in tooltips. */
  readonly label: string;
  /** As `aria-keyshortcuts` wants it. */
  readonly aria: string;
}

const DIGITS = [1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap((digit) => [
  { code: `Digit${digit}`, alt: true },
  { code: `Numpad${digit}`, alt: true },
]);

export const shortcuts: Readonly<Record<ShortcutId, Shortcut>> = {
  select: { id: "select", combos: DIGITS, label: "Alt+1…9", aria: "Alt+1" },
  accept: { id: "accept", combos: [{ code: "F8" }, { code: "KeyA", alt: true }], label: "F8", aria: "F8 Alt+A" },
  refuse: { id: "refuse", combos: [{ code: "KeyR", alt: true }], label: "Alt+R", aria: "Alt+R" },
  states: { id: "states", combos: [{ code: "KeyS", alt: true }], label: "Alt+S", aria: "Alt+S" },
  next: { id: "next", combos: [{ code: "ArrowDown", alt: true }], label: "Alt+↓", aria: "Alt+ArrowDown" },
  previous: { id: "previous", combos: [{ code: "ArrowUp", alt: true }], label: "Alt+↑", aria: "Alt+ArrowUp" },
  palette: { id: "palette", combos: [{ code: "KeyK", ctrl: true }], label: "Ctrl+K", aria: "Control+K" },
  panel: { id: "panel", combos: [{ code: "F6" }], label: "F6", aria: "F6" },
  dial: { id: "dial", combos: [{ code: "KeyD", alt: true }], label: "Alt+D", aria: "Alt+D" },
  hold: { id: "hold", combos: [{ code: "KeyH", alt: true }], label: "Alt+H", aria: "Alt+H" },
  hangUp: { id: "hangUp", combos: [{ code: "KeyX", alt: true }], label: "Alt+X", aria: "Alt+X" },
  mute: { id: "mute", combos: [{ code: "KeyM", alt: true }], label: "Alt+M", aria: "Alt+M" },
  keypad: { id: "keypad", combos: [{ code: "KeyK", alt: true }], label: "Alt+K", aria: "Alt+K" },
  panelBack: { id: "panelBack", combos: [{ code: "F6", shift: true }], label: "Shift+F6", aria: "Shift+F6" },
};

export interface Pressed {
  readonly code: string;
  readonly altKey: boolean;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly shiftKey: boolean;
  readonly repeat?: boolean;
}

/** The shortcut that was pressed; on a Mac, Command stands for Control. AltGr (both at once) is never one. */
export function match(event: Pressed, off: (id: string) => boolean): Shortcut | undefined {
  const ctrl = event.ctrlKey || event.metaKey;
  return Object.values(shortcuts).find(
    ({ id, combos }) =>
      !off(id) &&
      combos.some(
        (combo) =>
          combo.code === event.code &&
          (combo.alt ?? false) === event.altKey &&
          (combo.ctrl ?? false) === ctrl &&
          (combo.shift ?? false) === event.shiftKey,
      ),
  );
}

/** 1…9 of `Alt+1…9`. */
export function digitOf(code: string): number {
  return Number(code.at(-1));
}

/** Enter, and no syllable is being composed: a Hangul Enter must neither send twice nor lose its last letter. */
export function isPlainEnter(event: KeyboardEvent): boolean {
  return event.key === "Enter" && !event.shiftKey && !isComposing(event);
}

export function isComposing(event: KeyboardEvent): boolean {
  return event.isComposing || event.keyCode === 229;
}
