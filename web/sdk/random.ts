/** 26 letters and digits that nobody guesses: more than 128 bits. Works on plain pages, too, unlike `randomUUID`. */
export function secret(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(26)), (byte) => (byte & 31).toString(32)).join("");
}
