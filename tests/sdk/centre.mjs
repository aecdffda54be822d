// A demo centre of its own for the node suites, and the packages of `web/`, which are installed there.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));

/** Loads a package of `web/`. */
export const need = createRequire(join(ROOT, "web/package.json"));

// product.md, section 4
export const INSTANCE = "5a9d0000-0000-4000-8000-000000000001";
export const FLOW = "5a9d0000-0000-4000-8000-000000003001";
export const FLOW_2 = "5a9d0000-0000-4000-8000-000000003002";
export const KEYS = { accessKeyId: "SANGDAMDEMO000000001", secretAccessKey: "sangdam-demo-secret" };

const START_LIMIT_MS = 60_000;

/** Starts `sangdam demo` on free ports; resolves once it listens. */
export async function startCentre() {
  const data = mkdtempSync(join(tmpdir(), "sangdam-sdk-"));
  const binary = process.env.SANGDAM_BIN ?? join(ROOT, "target/debug/sangdam");
  const child = spawn(binary, ["demo", "--data", data, "--port-base", "0"], { stdio: "ignore" });
  const ready = join(data, "ready.json");
  const deadline = Date.now() + START_LIMIT_MS;
  while (!existsSync(ready)) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error("the server did not start");
    await new Promise((done) => setTimeout(done, 20));
  }
  const { http } = JSON.parse(readFileSync(ready, "utf8"));
  return {
    http,
    async stop() {
      const ended = new Promise((done) => child.once("exit", done));
      child.kill("SIGTERM");
      await ended;
      rmSync(data, { recursive: true, force: true });
    },
  };
}

/** An agent at a desk, over `sangdam.desk.1`. */
export async function openDesk(http, user) {
  const WebSocket = need("ws");
  const session = await fetch(`${http}/api/v1/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ user, password: "demo" }),
  }).then((answer) => answer.json());
  const socket = new WebSocket(`${http.replace("http", "ws")}/api/v1/desk`, "sangdam.desk.1", {
    headers: { authorization: `Bearer ${session.token}` },
  });
  await new Promise((done, fail) => socket.once("open", done).once("error", fail));
  const asked = new Map();
  const events = [];
  const waiting = new Set();
  socket.on("message", (data) => {
    const frame = JSON.parse(String(data));
    if (frame.id !== undefined) {
      const { done, fail } = asked.get(frame.id);
      asked.delete(frame.id);
      if (frame.ok) done(frame.ok);
      else fail(new Error(`${frame.no.code}: ${frame.no.message}`));
      return;
    }
    events.push(frame);
    for (const look of waiting) look();
  });
  let id = 0;
  const desk = {
    ask: (verb, members = {}) =>
      new Promise((done, fail) => {
        asked.set(++id, { done, fail });
        socket.send(JSON.stringify({ id, do: verb, ...members }));
      }),
    /** The first event, past or to come, for which `wanted` holds. */
    event: (wanted) => first(events, waiting, wanted),
    async take(contact) {
      await desk.event(({ ev, contact: it }) => ev === "contact" && it.id === contact && it.state === "offered");
      await desk.ask("accept", { contact });
      const { contact: taken } = await desk.event(({ ev, contact: it }) => ev === "contact" && it.id === contact && it.state === "talking");
      return taken;
    },
    say: (contact, text) => desk.ask("say", { contact, client: crypto.randomUUID(), text }),
    close: () => socket.close(),
  };
  await desk.ask("hello", { lang: "en" });
  await desk.ask("state", { state: "ready" });
  return desk;
}

/** Resolves with the first of `seen` that fits, now or when it comes; fails after ten seconds. */
export function first(seen, waiting, wanted, within = 10_000) {
  return new Promise((done, fail) => {
    const limit = setTimeout(() => {
      waiting.delete(look);
      fail(new Error(`nothing came that fits ${wanted}; ${seen.length} came: ${seen.map((it) => it.name ?? it.ev ?? it.sig)} ${JSON.stringify(seen.slice(-3))}`));
    }, within);
    const look = () => {
      const found = seen.find(wanted);
      if (!found) return;
      clearTimeout(limit);
      waiting.delete(look);
      done(found);
    };
    waiting.add(look);
    look();
  });
}
