/** Finds telephone numbers in what people write, so that one can call them. */

export interface Piece {
  readonly text: string;
  /** What is dialled for it. */
  readonly number?: string;
}

/**
 * Korean numbers with or without marks between (mobile, by area, 070 and 080, 15xx to 18xx) and those that begin with `+`. Others,
 * such as order numbers and dates, look too much alike.
 */
const NUMBER =
  /(?<![\d.+-])(?:\+\d{1,3}[ -]?(?:\(0\))?\d(?:[ -]?\d){6,11}|0\d{1,2}(?:[ .-]\d{3,4}[ .-]\d{4}|\d{7,8})|0\d{1,2}\)\s?\d{3,4}-\d{4}|1[5-8]\d{2}-\d{4})(?![\d-])/g;

export function pieces(text: string): readonly Piece[] {
  const found: Piece[] = [];
  let from = 0;
  for (const { 0: written, index } of text.matchAll(NUMBER)) {
    if (index > from) found.push({ text: text.slice(from, index) });
    found.push({ text: written, number: written.replace("(0)", "").replace(/[^\d+]/g, "") });
    from = index + written.length;
  }
  if (from < text.length) found.push({ text: text.slice(from) });
  return found;
}
