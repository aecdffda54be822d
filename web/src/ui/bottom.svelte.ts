/**
 * A log that stays at its end: while one is there, what comes is brought into sight, and so it is when the box itself
 * grows or shrinks; whoever has scrolled up stays where they are.
 */
import { tick } from "svelte";

/** So near the end counts as there. */
const NEAR_PX = 60;

export class Bottom {
  #box: HTMLElement | null = null;
  #top = 0;
  here = $state(true);
  /** Its end is that of the log: nothing that belongs behind is left out. */
  whole = true;

  /** For `{@attach …}` on the log. */
  attach = (box: HTMLElement) => {
    this.#box = box;
    const observer = new ResizeObserver(() => void (this.here && this.#jump()));
    observer.observe(box);
    return () => {
      observer.disconnect();
      this.#box = null;
    };
  };

  /** To be called when the log was scrolled. */
  scrolled = () => {
    const box = this.#box;
    if (!box) return;
    const near = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX;
    const up = box.scrollTop < this.#top - 1;
    this.#top = box.scrollTop;
    if (near && this.whole) this.here = true;
    else if (up) this.here = false;
    // Not the reader moved, but what is above grew, or the box shrank.
    else if (this.here) this.#jump();
  };

  /** Something came: shows it to whoever is at the end. */
  follow(): void {
    if (this.here) void tick().then(() => this.go());
  }

  go = () => {
    this.#jump();
    this.here = true;
  };

  #jump(): void {
    const box = this.#box;
    if (!box) return;
    box.scrollTop = box.scrollHeight;
    this.#top = box.scrollTop;
  }
}
