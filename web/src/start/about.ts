/** What the server says of itself: `GET /api/v1/about`. Whatever is missing is left out of the page. */
export interface About {
  readonly name?: string;
  readonly version?: string;
  readonly demo?: boolean;
  readonly realm?: string;
  readonly listeners?: Readonly<Record<string, unknown>>;
  /** Sockets of other servers that the web chat may be pointed at. */
  readonly chat_sockets?: readonly string[];
}

export async function about(): Promise<About | undefined> {
  try {
    const answer = await fetch("/api/v1/about", { headers: { Accept: "application/json" } });
    const value: unknown = answer.ok ? await answer.json() : undefined;
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** A listener's address in a line; servers may tell one, several, or whether it is there at all. */
export function address(value: unknown): string {
  if (Array.isArray(value)) return value.map(address).filter(Boolean).join(", ");
  return typeof value === "string" || typeof value === "number" ? String(value) : value === true ? "✓" : "";
}
