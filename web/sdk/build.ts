/**
 * Builds what customers get: `nxWebApi.js` and `nx-launcher.js` (fixed names: pages of others name them), the voice file
 * (named by its content), and `webchat.html`, which shares no chunk with the pages of the staff, so that it carries nothing
 * of theirs. A plugin of the pages' build, so that one build makes everything; the development server builds a script
 * when it is asked for.
 */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { build, type Plugin, type Rolldown } from "vite";

const KB = 1_000;
/** Gzipped. */
const BUDGETS = { "nxWebApi.js": 6 * KB, "nx-launcher.js": 6 * KB, voice: 60 * KB };

/** One file of plain script, without imports or exports. */
async function script(entry: string, define: Record<string, string> = {}): Promise<string> {
  const made = (await build({
    configFile: false,
    logLevel: "warn",
    publicDir: false,
    define: { "process.env.NODE_ENV": '"production"', ...define },
    build: {
      write: false,
      target: "es2018",
      minify: true,
      lib: { entry: new URL(entry, import.meta.url).pathname, formats: ["iife"], name: "nx", fileName: () => "one.js" },
    },
  })) as Rolldown.RolldownOutput[];
  const [chunk, ...more] = made[0]!.output;
  if (more.length || chunk.type !== "chunk") throw new Error(`${entry}: builds to more than one file`);
  return chunk.code;
}

function within(name: keyof typeof BUDGETS, code: string): string {
  const size = gzipSync(code, { level: 9 }).length;
  if (size > BUDGETS[name]) throw new Error(`${name}: ${size} bytes gzipped, the budget is ${BUDGETS[name]}`);
  return code;
}

/** Every script by its file name. */
export async function scripts(): Promise<Map<string, string>> {
  const voice = within("voice", await script("voice/voice.ts"));
  const hash = createHash("sha256").update(voice).digest("hex").slice(0, 8);
  const file = `nxWebApi.voice.${hash}.js`;
  const api = within("nxWebApi.js", await script("nxWebApi.ts", { VOICE_FILE: JSON.stringify(`./${file}`) }));
  const launcher = within("nx-launcher.js", await script("launcher/launcher.ts"));
  return new Map([[file, voice], ["nxWebApi.js", api], ["nx-launcher.js", launcher]]);
}

/** The customer's chat, and its files. */
async function webchat(): Promise<Map<string, string | Uint8Array>> {
  const made = (await build({
    root: new URL("..", import.meta.url).pathname,
    configFile: false,
    logLevel: "warn",
    publicDir: false,
    plugins: [svelte({ configFile: false })],
    build: {
      write: false,
      target: "es2022",
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      rolldownOptions: { input: new URL("../webchat.html", import.meta.url).pathname },
    },
  })) as Rolldown.RolldownOutput;
  return new Map(made.output.map((file) => [file.fileName, file.type === "chunk" ? file.code : file.source]));
}

export function standalone(): Plugin {
  let made: Promise<Map<string, string>> | undefined;
  return {
    name: "standalone",
    async generateBundle() {
      for (const [fileName, source] of [...(await scripts()), ...(await webchat())]) this.emitFile({ type: "asset", fileName, source });
    },
    configureServer({ middlewares, watcher }) {
      watcher.on("change", (file) => void (file.includes("/sdk/") && (made = undefined)));
      middlewares.use((request, response, next) => {
        const name = request.url?.split("?")[0]?.slice(1) ?? "";
        if (!/^nx[\w.-]*\.js$/.test(name)) return next();
        (made ??= scripts()).then((made) => {
          const code = made.get(name);
          if (code === undefined) return next();
          response.setHeader("Content-Type", "text/javascript; charset=utf-8");
          response.end(code);
        }, next);
      });
    },
  };
}
