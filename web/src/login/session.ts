/** Logging in and out, by HTTP (docs/desk-protocol.md §1). The browser keeps the cookie; no token is seen here. */

/** Somebody who works here. */
export interface User {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly extension?: string;
  readonly second_factor?: boolean;
}

/** Why something was not done that a password or a code was asked for. */
export type Denied =
  | { readonly kind: "wrong" }
  /** The password was right; a code is asked for, too. */
  | { readonly kind: "code" }
  | { readonly kind: "wrongCode" }
  /** The password was right; a second factor must be set first. */
  | { readonly kind: "enrol" }
  /** The password was right; another way in is wanted. */
  | { readonly kind: "passwordsOff" }
  | { readonly kind: "locked"; readonly seconds: number }
  /** It took too long. */
  | { readonly kind: "late" }
  | { readonly kind: "unreachable" };

export type Login = { readonly kind: "in"; readonly user: User } | Denied;

/** What a new device is told. */
export interface Enrolment {
  readonly ticket: string;
  readonly secret: string;
  readonly uri: string;
  readonly svg: string;
}

const PATH = "/api/v1/session";
const SECOND = "/api/v1/second-factor";
const SIGN_ON = "/api/v1/sign-on";

const DENIED: Readonly<Record<string, Denied>> = {
  "session.wrong_password": { kind: "wrong" },
  "session.code_needed": { kind: "code" },
  "session.wrong_code": { kind: "wrongCode" },
  "session.must_enrol": { kind: "enrol" },
  "session.passwords_off": { kind: "passwordsOff" },
};

async function ask<T>(method: string, path: string, body: unknown): Promise<{ readonly kind: "ok"; readonly told: T } | Denied> {
  try {
    const answer = await fetch(path, {
      method,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    const told: unknown = answer.status === 204 ? {} : await answer.json();
    if (answer.ok) return { kind: "ok", told: told as T };
    if (answer.status === 429) return { kind: "locked", seconds: Number(answer.headers.get("Retry-After")) || 600 };
    const denied = DENIED[(told as { error?: { code?: string } }).error?.code ?? ""];
    if (denied) return denied;
    if (answer.status === 400) return { kind: path === PATH ? "wrong" : "late" };
  } catch {
    // Told below.
  }
  return { kind: "unreachable" };
}

export async function logIn(user: string, password: string, code?: string): Promise<Login> {
  const answer = await ask<{ user: User }>("POST", PATH, { user, password, ...(code ? { code } : {}) });
  return answer.kind === "ok" ? { kind: "in", user: answer.told.user } : answer;
}

/** Which ways in there are; `label` is the identity provider's, if there is one. */
export interface Ways {
  readonly label: string | null;
  readonly passwords: boolean;
}

export async function ways(): Promise<Ways> {
  try {
    const answer = await fetch(SIGN_ON);
    if (answer.ok) return (await answer.json()) as Ways;
  } catch {
    // Whoever logs in by password hears of it then.
  }
  return { label: null, passwords: true };
}

/** Where the browser goes for the identity provider, and is brought back to this page from there. */
export const signOn = (page: string): string => `${SIGN_ON}/begin?page=${page}`;

/** How the identity provider's log-in came out, if this page was opened by one; told once. */
export function cameBack(): string | null {
  const url = new URL(location.href);
  const how = url.searchParams.get("sign_on");
  if (how === null) return null;
  url.searchParams.delete("sign_on");
  history.replaceState(history.state, "", url);
  return how;
}

/** A code of whom the identity provider has named to this browser. */
export async function giveCode(code: string): Promise<Login> {
  const answer = await ask<{ user: User }>("POST", `${SIGN_ON}/code`, { code });
  return answer.kind === "ok" ? { kind: "in", user: answer.told.user } : answer;
}

/** Begins to set the second factor of whom the identity provider has named to this browser. */
export const enrolNamed = () => ask<Enrolment>("POST", `${SIGN_ON}/second-factor`, {});

/** Begins to set one's second factor; `code` is of the one that there is. */
export const enrol = (user: string, password: string, code?: string) =>
  ask<Enrolment>("POST", SECOND, { user, password, ...(code ? { code } : {}) });

/** Sets it, by a code of the new device; `log_in` opens a session, too. */
export const confirmDevice = (ticket: string, code: string, log_in: boolean) =>
  ask<{ readonly recovery: readonly string[]; readonly user?: User }>("PUT", SECOND, { ticket, code, log_in });

/** Takes one's second factor off. */
export const takeOff = (user: string, password: string, code: string) => ask<unknown>("DELETE", SECOND, { user, password, code });

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
