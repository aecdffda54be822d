/**
 * A demo centre for each file of browser tests, so that no file meets the chats that another has left open. `SANGDAM_HTTP` names
 * one that runs already, for all of them.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const START_LIMIT_MS = 60_000;
const GIVEN = process.env.SANGDAM_HTTP;

interface Centre {
  file: string;
  http: string;
  child: ChildProcess;
  data: string;
}
let running: Centre | undefined;

/** Where the centre of a test file is, as `SANGDAM_HTTP` says as well from now on; it starts with the file's first test. */
export async function centre(file: string): Promise<string> {
  if (GIVEN) return GIVEN;
  if (running?.file !== file) {
    await stop();
    running = await start(file);
  }
  return (process.env.SANGDAM_HTTP = running.http);
}

async function start(file: string): Promise<Centre> {
  const data = mkdtempSync(join(tmpdir(), "sangdam-e2e-"));
  const binary = process.env.SANGDAM_BIN ?? join(import.meta.dirname, "../../target/debug/sangdam");
  const child = spawn(binary, ["demo", "--data", data, "--port-base", "0"], { stdio: "ignore" });
  const ready = join(data, "ready.json");
  const deadline = Date.now() + START_LIMIT_MS;
  while (!existsSync(ready)) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error("the server did not start");
    await new Promise((done) => setTimeout(done, 20));
  }
  const { http } = JSON.parse(readFileSync(ready, "utf8")) as { http: string };
  return { file, http, child, data };
}

/** Ends the centre of the last file. */
export async function stop(): Promise<void> {
  if (!running) return;
  const { child, data } = running;
  running = undefined;
  const ended = new Promise((done) => child.once("exit", done));
  child.kill("SIGTERM");
  if (child.exitCode === null && child.signalCode === null) await ended;
  rmSync(data, { recursive: true, force: true });
}
