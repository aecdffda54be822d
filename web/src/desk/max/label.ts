/** Calls have numbers of their own, far above those of chats: on a tab the short one is enough. */
const CALLS = 1_000_000_000_000;

export function contactLabel(contact: number): string {
  return `#${contact >= CALLS ? contact - CALLS : contact}`;
}
