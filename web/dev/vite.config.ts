/** The pages without a server: `npm run dev:fake`, or `preview:fake` for what was built. See fake-desk.ts. */
import { defineConfig } from "vite";
import base from "../vite.config.ts";
import { fakeDesk } from "./fake-desk.ts";

export default defineConfig({
  ...base,
  root: new URL("..", import.meta.url).pathname,
  plugins: [...(base.plugins ?? []), fakeDesk()],
  server: {},
});
