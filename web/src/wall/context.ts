/** What all parts of a wallboard share. */
import { getContext, setContext } from "svelte";
import type { Toasts } from "../desk/toasts.svelte";
import type { Board } from "./board.svelte";

export interface Wall {
  readonly board: Board;
  readonly toasts: Toasts;
  /** Does something, and says how it went: what was done, or why not. */
  readonly act: (action: () => Promise<unknown>, done?: string) => Promise<boolean>;
}

const KEY = Symbol("wall");
export const provideWall = (wall: Wall): Wall => setContext(KEY, wall);
export const useWall = (): Wall => getContext<Wall>(KEY);
