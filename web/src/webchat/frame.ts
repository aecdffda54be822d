/**
 * What the page says to the launcher that shows it in a frame, and hears from it. Nothing that was said is in it, so the
 * site's origin need not be known; and nothing can be done by it that the customer could not see.
 *
 * Browsers give a frame of another site no storage, or one of its own for each site. So the site keeps for it what takes a
 * chat up again after a reload, and hands it back as the frame's name.
 */
export interface Heard {
  shown(on: boolean): void;
}

export function frame(embedded: boolean, heard: Heard) {
  const parent = embedded && window.parent !== window ? window.parent : undefined;
  const say = (message: object) => parent?.postMessage(message, "*");
  if (parent) {
    addEventListener("message", ({ source, data }: MessageEvent<{ nx?: string } | null>) => {
      if (source !== parent) return;
      if (data?.nx === "shown" || data?.nx === "hidden") heard.shown(data.nx === "shown");
    });
  }
  let kept = new Map<string, string>();
  try {
    if (parent && window.name) kept = new Map(Object.entries(JSON.parse(window.name) as Record<string, string>));
  } catch {
    // Not the launcher's.
  }
  const change = (action: () => unknown) => {
    action();
    say({ nx: "keep", kept: JSON.stringify(Object.fromEntries(kept)) });
  };
  const site = {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => change(() => kept.set(key, value)),
    removeItem: (key: string) => change(() => kept.delete(key)),
  };
  // Named only when it is used: where storage is shut off, its very name throws.
  const own = {
    getItem: (key: string) => localStorage.getItem(key),
    setItem: (key: string, value: string) => localStorage.setItem(key, value),
    removeItem: (key: string) => localStorage.removeItem(key),
  };
  return {
    embedded: parent !== undefined,
    /** Where it lies what takes a chat up again: after a reload, in another tab, tomorrow. */
    store: parent ? site : own,
    ready: () => say({ nx: "ready" }),
    close: () => say({ nx: "close" }),
    unread: (unread: number) => say({ nx: "unread", unread }),
    /** A chat is there that should be taken up again after a reload, or none. */
    open: (open: boolean) => say({ nx: open ? "open" : "over" }),
  };
}
export type Frame = ReturnType<typeof frame>;
