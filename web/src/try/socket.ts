/** The chat's WebSocket: subscribes, beats each ten seconds, hands on what happens. One socket; making it anew is the caller's. */
import type { ChatItem } from "./participant";

const BEAT_MS = 10_000;

export interface SocketListener {
  /** Subscribed: from here on nothing is missed. */
  ready(): void;
  item(item: ChatItem): void;
  closed(): void;
}

export function openChatSocket(url: string, listener: SocketListener): () => void {
  const socket = new WebSocket(url);
  let answered = true;
  let beat: ReturnType<typeof setInterval> | undefined;
  const send = (topic: string, content?: object) => socket.send(JSON.stringify({ topic, ...(content ? { content } : {}) }));

  function pulse() {
    // The last beat was not answered: this socket is dead, whatever it says.
    if (!answered) return close();
    answered = false;
    send("aws/ping");
    send("aws/heartbeat");
  }
  function close() {
    clearInterval(beat);
    socket.onclose = null;
    socket.close(1000);
    listener.closed();
  }

  socket.onopen = () => {
    send("aws/subscribe", { topics: ["aws/chat"] });
    pulse();
    beat = setInterval(pulse, BEAT_MS);
  };
  socket.onmessage = ({ data }) => {
    answered = true;
    const frame = JSON.parse(String(data)) as { topic?: string; content?: unknown };
    if (frame.topic === "aws/subscribe") {
      if ((frame.content as { status?: string } | undefined)?.status === "success") listener.ready();
    } else if (frame.topic === "aws/chat" && typeof frame.content === "string") {
      listener.item(JSON.parse(frame.content) as ChatItem);
    }
  };
  socket.onclose = () => {
    clearInterval(beat);
    listener.closed();
  };
  return () => {
    clearInterval(beat);
    socket.onclose = null;
    socket.onmessage = null;
    socket.close(1000);
  };
}
