/**
 * What the page says to the launcher that shows it in a frame, and hears from it. Nothing of the chat is in it, so the
 * site's origin need not be known; and nothing can be done by it that the customer could not see.
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
  return {
    embedded: parent !== undefined,
    ready: () => say({ nx: "ready" }),
    close: () => say({ nx: "close" }),
    unread: (unread: number) => say({ nx: "unread", unread }),
    /** A chat is there that should be taken up again after a reload, or none. */
    open: (open: boolean) => say({ nx: open ? "open" : "over" }),
  };
}
export type Frame = ReturnType<typeof frame>;
