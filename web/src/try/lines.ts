/** A chat's items as lines to show: pure functions, keyed by `Id`, ordered by time. */
import { EVENT, type ChatItem } from "./participant";

/** By `Id`; the newer telling wins, but keeps the receipts that were known. */
export function merge(known: readonly ChatItem[], more: readonly ChatItem[]): readonly ChatItem[] {
  const all = new Map(known.map((item) => [item.Id, item]));
  for (const item of more) {
    const old = all.get(item.Id);
    const receipts = item.MessageMetadata?.Receipts?.length ? item.MessageMetadata : old?.MessageMetadata;
    const metadata = receipts ?? item.MessageMetadata;
    all.set(item.Id, { ...item, ...(metadata ? { MessageMetadata: metadata } : {}) });
  }
  return [...all.values()].sort((a, b) => (a.AbsoluteTime < b.AbsoluteTime ? -1 : a.AbsoluteTime > b.AbsoluteTime ? 1 : 0));
}

/** A receipt that came on the socket. */
export function withReceipt(items: readonly ChatItem[], metadata: ChatItem["MessageMetadata"]): readonly ChatItem[] {
  return items.map((item) => (metadata && item.Id === metadata.MessageId ? { ...item, MessageMetadata: metadata } : item));
}

/** How far others have read and received what `me` wrote: a receipt counts for all that came before it. */
export function seen(items: readonly ChatItem[], me: string): { delivered: string; read: string } {
  let delivered = "";
  let read = "";
  for (const item of items) {
    if (item.ParticipantId !== me) continue;
    for (const receipt of item.MessageMetadata?.Receipts ?? []) {
      if (receipt.RecipientParticipantId === me) continue;
      if (receipt.DeliveredTimestamp || receipt.ReadTimestamp) delivered = item.AbsoluteTime;
      if (receipt.ReadTimestamp) read = item.AbsoluteTime;
    }
  }
  return { delivered, read };
}

/** The word after the common prefix: `participant.joined`, `chat.ended`, `typing` … */
export function eventOf(item: ChatItem): string {
  return item.Type === "EVENT" && item.ContentType?.startsWith(EVENT) ? item.ContentType.slice(EVENT.length) : "";
}

export function isSaid(item: ChatItem): boolean {
  return item.Type === "MESSAGE" || item.Type === "ATTACHMENT";
}

/** The agent who is in the chat now. */
export function agentOf(items: readonly ChatItem[]): string | undefined {
  let name: string | undefined;
  for (const item of items) {
    if (item.ParticipantRole !== "AGENT" && item.ParticipantRole !== "SUPERVISOR") continue;
    const event = eventOf(item);
    if (event === "participant.left") name = undefined;
    else if (event === "participant.joined" || isSaid(item)) name = item.DisplayName || name;
  }
  return name;
}
