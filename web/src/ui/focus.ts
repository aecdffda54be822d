/**
 * The focus is never lost: when what has it goes away, is switched off or is hidden, whoever works by keyboard goes on at what is
 * nearest to it. Where a page moves the focus itself, that stands; where a pointer is used, nothing is done.
 */

const CAN = "a[href], button, input, select, textarea, summary, [tabindex]";
/** A button that waits for an answer is switched off meanwhile; it gets the focus back rather than hand it on. */
const PATIENCE_MS = 400;

function usable(one: HTMLElement): boolean {
  return one.isConnected && !one.matches(":disabled") && !one.closest("[inert]") && one.checkVisibility({ visibilityProperty: true });
}

/** Where one can go on: not where the next Enter would do harm. */
function places(within: Element): HTMLElement[] {
  return [...within.querySelectorAll<HTMLElement>(CAN)].filter((one) => one.tabIndex >= 0 && usable(one) && !one.matches(".danger, .end"));
}

export function keepFocus(): void {
  /** What has the focus, where it stands, and what it is in. */
  let last: HTMLElement | undefined;
  let box = { left: 0, top: 0 };
  let path: Element[] = [];
  /** The last of these outside of dialogs. */
  let below: HTMLElement | undefined;
  let pointer = false;
  let due: number | undefined;

  function nearest(): HTMLElement | undefined {
    const layer = path.find((one) => one.matches("dialog, [popover]"));
    if (layer && !layer.matches(":modal, :popover-open") && below && usable(below)) return below;
    const far = (one: HTMLElement) => {
      const { left, top } = one.getBoundingClientRect();
      return Math.hypot(left - box.left, top - box.top);
    };
    for (const there of path) {
      if (!there.isConnected) continue;
      const found = places(there);
      // The whole page is another now: from its beginning.
      if (there.id === "app") return found[0];
      if (found.length > 0) return found.reduce((best, one) => (far(one) < far(best) ? one : best));
    }
    return undefined;
  }

  function look(patient: boolean): void {
    due = undefined;
    const now = document.activeElement;
    if (!last || pointer || (now !== last && now !== document.body)) return;
    if (usable(last)) return now === last ? undefined : last.focus();
    if (patient && last.isConnected) due = window.setTimeout(() => look(false), PATIENCE_MS);
    else nearest()?.focus();
  }

  addEventListener("pointerdown", () => (pointer = true), true);
  addEventListener("keydown", () => (pointer = false), true);
  addEventListener(
    "focusin",
    ({ target }) => {
      if (!(target instanceof HTMLElement)) return;
      last = target;
      box = target.getBoundingClientRect();
      path = [];
      for (let one = target.parentElement; one; one = one.parentElement) path.push(one);
      if (!target.closest("dialog, [popover]")) below = target;
    },
    true,
  );
  // Not before the next picture: the page's own rules are first.
  new MutationObserver(() => {
    if (last && due === undefined && !pointer) due = requestAnimationFrame(() => look(true));
  }).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled", "hidden", "inert", "open"] });
}
