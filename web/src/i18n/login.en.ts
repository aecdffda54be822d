/** The log-in of every page for people who work here, in English. */
import type { Translation } from "./index.svelte";
import type { login as loginKo } from "./login.ko";

export const login: Translation<typeof loginKo> = {
  "desk.title": "Agent log-in",
  "desk.user": "Agent number",
  "admin.title": "Administration log-in",
  "admin.user": "User name",
  password: "Password",
  submit: "Log in",
  wrong: "The number (name) or the password is not right. Check them and try again.",
  locked: "Locked for a while after several wrong tries. Try again in about {minutes} min.",
  unreachable: "The server could not be reached. Please try again in a moment.",
  light: "Light theme",
  dark: "Dark theme",
};
