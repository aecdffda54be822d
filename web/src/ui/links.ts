/** Finds links in a message. Only these schemes; everything else stays text. */
export interface Part {
  readonly text: string;
  readonly href?: string;
}

const LINK = /\b(?:https?:\/\/[^\s<>"']+|mailto:[^\s<>"']+@[^\s<>"']+|tel:\+?[\d-]{5,})/gi;
/** What ends a sentence, not an address. */
const TAIL = /[.,:;!?)\]}'"…。、]+$/;

export function parts(text: string): Part[] {
  const found: Part[] = [];
  let from = 0;
  for (const match of text.matchAll(LINK)) {
    const href = match[0].replace(TAIL, "");
    if (match.index > from) found.push({ text: text.slice(from, match.index) });
    found.push({ text: href, href });
    from = match.index + href.length;
  }
  if (from < text.length) found.push({ text: text.slice(from) });
  return found;
}
