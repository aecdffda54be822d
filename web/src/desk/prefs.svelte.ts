/** What an agent sets for this browser: sound, and which shortcuts are off. */
import { load, save } from "../ui/storage";

class Prefs {
  #sound = $state(load("local", "sangdam.sound", true));
  #keysOff = $state.raw<readonly string[]>(load<readonly string[]>("local", "sangdam.keys.off", []));

  get sound(): boolean {
    return this.#sound;
  }

  set sound(on: boolean) {
    this.#sound = on;
    save("local", "sangdam.sound", on);
  }

  keyOff(id: string): boolean {
    return this.#keysOff.includes(id);
  }

  setKey(id: string, on: boolean): void {
    this.#keysOff = on ? this.#keysOff.filter((one) => one !== id) : [...this.#keysOff, id];
    save("local", "sangdam.keys.off", this.#keysOff);
  }
}

export const prefs = new Prefs();
