/** Web storage that never throws: private windows and full disks lose comfort, not function. */
export function load<T>(store: "local" | "session", key: string, fallback: T): T {
  try {
    const text = (store === "local" ? localStorage : sessionStorage).getItem(key);
    return text === null ? fallback : (JSON.parse(text) as T);
  } catch {
    return fallback;
  }
}

export function save(store: "local" | "session", key: string, value: unknown): void {
  try {
    const area = store === "local" ? localStorage : sessionStorage;
    if (value === undefined) area.removeItem(key);
    else area.setItem(key, JSON.stringify(value));
  } catch {
    // Nothing to do: it will not survive a reload.
  }
}

/** Keys in local storage that begin with `prefix`. */
export function keysOf(prefix: string): string[] {
  try {
    return Object.keys(localStorage).filter((key) => key.startsWith(prefix));
  } catch {
    return [];
  }
}
