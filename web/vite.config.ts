/// <reference types="vitest/config" />
/**
 * The pages of the web: one build, several entries. `crates/web` runs it and keeps the result in the binary.
 * Tests: `vitest run` reads the same file.
 */
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Connect, type Plugin } from "vite";
import { standalone } from "./sdk/build.ts";

const page = (name: string) => new URL(name, import.meta.url).pathname;

/** Where `npm run dev` finds a running server. */
const server = process.env.SANGDAM_HTTP ?? "http://127.0.0.1:8080";

/** `/desk`, `/wall`, `/admin`, `/try`, `/cti` and `/ukakao/webchat.html` are the server's names of the pages. */
const pages: Plugin = {
  name: "pages",
  configureServer: ({ middlewares }) => void middlewares.use(rename),
  configurePreviewServer: ({ middlewares }) => void middlewares.use(rename),
};
const rename: Connect.NextHandleFunction = (request, _, next) => {
  request.url = request.url?.replace(/^\/(desk|wall|admin|try|cti)(?=$|\?)/, "/$1.html").replace(/^\/ukakao\/webchat\.html/, "/webchat.html");
  next();
};

export default defineConfig({
  // The end-to-end tests are Playwright's.
  test: { include: ["src/**/*.test.ts", "sdk/**/*.test.ts"] },
  plugins: [svelte({ configFile: false }), pages, standalone()],
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    // Our pages' policy is `script-src 'self'`: nothing is inlined into the html, small icons into the css neither.
    assetsInlineLimit: 0,
    rolldownOptions: { input: { index: page("index.html"), desk: page("desk.html"), try: page("try.html"), cti: page("cti.html"), admin: page("admin.html"), wall: page("wall.html") } },
  },
  server: {
    proxy: {
      "/api": { target: server, ws: true },
      "/Prod": server,
      "/participant": { target: server, ws: true },
    },
  },
});
