/** The browser's socket, clock and uploads, in the shapes that the client and the outbox are handed. */
import type { Clock, OpenWire } from "./client";
import type { Put } from "./outbox.svelte";
import { SUBPROTOCOL } from "./wire";
import ClockWorker from "./clock.worker?worker";

export const openSocket: OpenWire = (listener) => {
  const url = new URL("/api/v1/desk", location.href);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(url, SUBPROTOCOL);
  socket.onopen = () => listener.opened();
  socket.onmessage = ({ data }) => void (typeof data === "string" && listener.text(data));
  socket.onclose = ({ code }) => listener.closed(code);
  return {
    send: (text) => void (socket.readyState === WebSocket.OPEN && socket.send(text)),
    close: () => socket.close(),
  };
};

/**
 * Timers in a worker: a page in the background gets its own only once a minute, which is too seldom for the server's
 * 60 s of patience, and for an agent who waits for the next contact in another tab.
 */
export function workerClock(): Clock {
  return (shared ??= makeClock());
}
let shared: Clock | undefined;

function makeClock(): Clock {
  const worker = new ClockWorker();
  const actions = new Map<number, () => void>();
  let next = 1;
  worker.onmessage = ({ data }: MessageEvent<number>) => {
    const action = actions.get(data);
    actions.delete(data);
    action?.();
  };
  return {
    now: () => Date.now(),
    chance: () => Math.random(),
    after(milliseconds, action) {
      const id = next++;
      actions.set(id, action);
      worker.postMessage({ id, milliseconds });
      return () => void actions.delete(id);
    },
  };
}

/** By XMLHttpRequest: fetch tells nothing of an upload's progress. */
export const put: Put = (url, file, progress) =>
  new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("PUT", url);
    if (file.type) request.setRequestHeader("Content-Type", file.type);
    request.upload.onprogress = ({ loaded, total }) => progress(total > 0 ? loaded / total : 0);
    request.onload = () => (request.status < 300 ? resolve() : reject(new Error("")));
    request.onerror = () => reject(new Error(""));
    request.send(file);
  });
