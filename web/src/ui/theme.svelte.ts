/** Light, dark, or as the system has it. */
import { load, save } from "./storage";

export type Theme = "system" | "light" | "dark";
const STORED = "sangdam.theme";

class ThemeChoice {
  #choice = $state<Theme>(load<Theme>("local", STORED, "system"));
  readonly #systemDark = globalThis.matchMedia?.("(prefers-color-scheme: dark)");

  get dark(): boolean {
    return this.#choice === "dark" || (this.#choice === "system" && this.#systemDark?.matches === true);
  }

  show(): void {
    if (this.#choice === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = this.#choice;
  }

  toggle(): void {
    this.#choice = this.dark ? "light" : "dark";
    save("local", STORED, this.#choice);
    this.show();
  }
}

export const theme = new ThemeChoice();
