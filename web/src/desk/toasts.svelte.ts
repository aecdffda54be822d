/** Short news at the bottom: 6 s, paused under the pointer, three at most. What needs action is never a toast. */
const SHOWN_MS = 6_000;
const MOST = 3;

export interface Toast {
  readonly id: number;
  readonly text: string;
  readonly tone: "plain" | "bad";
}

export class Toasts {
  #next = 1;
  #timers = new Map<number, ReturnType<typeof setTimeout>>();
  all = $state.raw<readonly Toast[]>([]);

  say(text: string, tone: Toast["tone"] = "plain"): void {
    const toast = { id: this.#next++, text, tone };
    this.all = [...this.all.filter((one) => one.text !== text), toast].slice(-MOST);
    this.resume(toast.id);
  }

  dismiss(id: number): void {
    this.pause(id);
    this.all = this.all.filter((one) => one.id !== id);
  }

  pause(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  resume(id: number): void {
    this.pause(id);
    this.#timers.set(
      id,
      setTimeout(() => this.dismiss(id), SHOWN_MS),
    );
  }
}
