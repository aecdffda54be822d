/** Logging in and out, by HTTP (docs/desk-protocol.md §1). The browser keeps the cookie; no token is seen here. */

/** Somebody who works here. */
export interface User {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly extension?: string;
}

export type Login =
  | { readonly kind: "in"; readonly user: User }
  | { readonly kind: "wrong" }
  | { readonly kind: "locked"; readonly seconds: number }
  | { readonly kind: "unreachable" };

const PATH = "/api/v1/session";

export async function logIn(user: string, password: string): Promise<Login> {
  try {
    const answer = await fetch(PATH, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ user, password }),
    });
    if (answer.ok) return { kind: "in", user: ((await answer.json()) as { user: User }).user };
    if (answer.status === 401 || answer.status === 400) return { kind: "wrong" };
    if (answer.status === 429) return { kind: "locked", seconds: Number(answer.headers.get("Retry-After")) || 600 };
  } catch {
    // Told below.
  }
  return { kind: "unreachable" };
}

/** Who we are; `null` when nobody is logged in; `undefined` when the server cannot be reached. */
export async function whoAmI(): Promise<User | null | undefined> {
  try {
    const answer = await fetch(PATH, { headers: { Accept: "application/json" } });
    if (answer.ok) return ((await answer.json()) as { user: User }).user;
    return answer.status === 401 ? null : undefined;
  } catch {
    return undefined;
  }
}

export async function logOut(): Promise<void> {
  try {
    await fetch(PATH, { method: "DELETE" });
  } catch {
    // The session dies of age.
  }
}
