/** A person without a pointer: Tab, the documented keys, and what they see of where they are. */
import type { Locator, Page } from "@playwright/test";
import { expect } from "./fixtures";

interface Walk {
  /** Elements that Tab has been at. */
  seen: Set<Element>;
}

/** What is wrong with where the focus is now; nothing is right. The same words as `name` in the lists of faults. */
const here = (page: Page): Promise<{ name: string; faults: string[]; again: boolean }> =>
  page.evaluate(() => {
    const walk = ((window as unknown as { walk?: Walk }).walk ??= { seen: new Set() });
    const at = document.activeElement ?? document.body;
    const name = `<${at.tagName.toLowerCase()}> ${(at.getAttribute("aria-label") ?? at.textContent ?? "").trim().replace(/\s+/g, " ").slice(0, 40)}`;
    if (at === document.body) return { name, faults: [], again: false };
    const again = walk.seen.has(at);
    walk.seen.add(at);
    const faults: string[] = [];
    const box = at.getBoundingClientRect();
    const ringed = (one: Element | null): boolean => {
      if (!one) return false;
      const { outlineStyle, outlineWidth } = getComputedStyle(one);
      return outlineStyle !== "none" && parseFloat(outlineWidth) >= 1;
    };
    // A ring may stand around the label of a control that is drawn by it, or around the box of what is written.
    const frame = at.closest("label, .field, .composer");
    if (at.tagName !== "IFRAME" && !ringed(at) && !ringed(frame)) faults.push("shows no focus");
    const shown = at.closest("label") && box.width < 4 ? at.closest("label")!.getBoundingClientRect() : box;
    if (shown.width < 1 || shown.height < 1) faults.push("has no box");
    if (shown.bottom < 1 || shown.right < 1 || shown.top > innerHeight - 1 || shown.left > innerWidth - 1) faults.push("is out of sight");
    return { name, faults, again };
  });

/** What can be done here and was not reached: elements of the dialog on top, else of the page. */
const missed = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const { seen } = (window as unknown as { walk: Walk }).walk;
    const top = [...document.querySelectorAll("dialog:modal")].at(-1) ?? document.body;
    const all = top.querySelectorAll<HTMLElement>("a[href], button, input, select, textarea, summary, audio[controls], [tabindex], [role=button], [role=link], [contenteditable=true]");
    const there = (one: HTMLElement) =>
      one.checkVisibility({ checkVisibilityCSS: true, contentVisibilityAuto: false }) && !one.matches(":disabled") && !one.closest("[inert]") && !(one instanceof HTMLInputElement && one.type === "hidden");
    /** One tab stop, and arrows from there: what ARIA says of these. */
    const arrows = (one: HTMLElement) => {
      const group = one.closest<HTMLElement>("[role=menu], [role=tablist], [role=toolbar], [role=listbox], [role=radiogroup], [role=grid], [data-testid=story]");
      return one.tabIndex < 0 && group !== null && [...group.querySelectorAll(":scope *")].some((other) => seen.has(other));
    };
    const radio = (one: HTMLElement) =>
      one instanceof HTMLInputElement && one.type === "radio" && [...seen].some((other) => other instanceof HTMLInputElement && other.name === one.name && other.form === one.form);
    // What is a place for the focus by a key or after a deed, and nothing to be done.
    const place = (one: HTMLElement) => one.tabIndex < 0 && !one.matches("a, button, input, select, textarea, summary, [role=button], [role=link]");
    /** Behind a label, a picture of a control: the label's button opens it. */
    const stand_in = (one: HTMLElement) => one instanceof HTMLInputElement && one.type === "file" && one.tabIndex < 0;
    return [...all]
      .filter((one) => there(one) && !seen.has(one) && !arrows(one) && !radio(one) && !place(one) && !stand_in(one))
      .map((one) => `<${one.tagName.toLowerCase()}> ${(one.getAttribute("aria-label") ?? one.textContent ?? "").trim().replace(/\s+/g, " ").slice(0, 40)}`);
  });

/** Goes once around with Tab: whatever can be done is reached, and where one is can be seen. */
export async function walk(page: Page, what: string): Promise<void> {
  await page.evaluate(() => void ((window as unknown as { walk: Walk }).walk = { seen: new Set() }));
  const faults: string[] = [];
  let outside = 0;
  // Twice past the page's end: the first round may have begun in the middle.
  for (let step = 0; step < 400 && outside < 2; step++) {
    const { name, faults: found, again } = await here(page);
    if (name === "<body> " || name.startsWith("<body>")) outside++;
    else if (again && step > 0) {
      // A dialog goes around by itself.
      if ((await missed(page)).length === 0) break;
      if (await page.evaluate(() => document.querySelector("dialog:modal") !== null)) outside++;
    }
    if (!again) faults.push(...found.map((fault) => `${name} ${fault}`));
    await page.keyboard.press("Tab");
  }
  expect({ faults, missed: await missed(page) }, what).toEqual({ faults: [], missed: [] });
}

/** Presses Tab until it is there. */
export async function tabTo(page: Page, wanted: Locator): Promise<void> {
  await expect(wanted.first()).toBeVisible();
  for (let step = 0; step < 250; step++) {
    if (await wanted.first().evaluate((one) => one === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not lead to ${wanted}`);
}

/** By Tab and Enter. */
export async function push(page: Page, wanted: Locator, key = "Enter"): Promise<void> {
  await tabTo(page, wanted);
  await page.keyboard.press(key);
}

/** The focus is somewhere. */
export async function kept(page: Page, when: string): Promise<void> {
  const at = () => page.evaluate(() => document.activeElement?.tagName);
  await expect.poll(at, { message: `the focus is kept: ${when}` }).not.toBe("BODY");
}

/** Something on top: walked, closed by Escape, and the focus is where it was before. */
export async function layer(page: Page, name: string, open: () => Promise<void>, there: Locator, inside = true): Promise<void> {
  await open();
  await expect(there, name).toBeVisible();
  await kept(page, name);
  if (inside) await walk(page, name);
  await page.keyboard.press("Escape");
  await expect(there, name).toBeHidden();
  await kept(page, `${name} is closed`);
}
