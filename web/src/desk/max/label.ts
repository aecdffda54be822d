/** A contact's number, as it stands on its tab. */
export function contactLabel(contact: number): string {
  return `#${contact}`;
}
