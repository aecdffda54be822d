/** Starts a demo centre for the browser tests, unless `SANGDAM_HTTP` names one that runs. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const START_LIMIT_MS = 60_000;

/** Playwright calls it once before all tests; what it returns is called once after them. */
export default async function start(): Promise<() => Promise<void>> {
  if (process.env.SANGDAM_HTTP) return async () => {};
  const data = mkdtempSync(join(tmpdir(), "sangdam-e2e-"));
  const binary = process.env.SANGDAM_BIN ?? join(import.meta.dirname, "../../target/debug/sangdam");
  const child: ChildProcess = spawn(binary, ["demo", "--data", data, "--port-base", "0"], { stdio: "ignore" });
  const ready = join(data, "ready.json");
  const deadline = Date.now() + START_LIMIT_MS;
  while (!existsSync(ready)) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error("the server did not start");
    await new Promise((done) => setTimeout(done, 20));
  }
  const { http } = JSON.parse(readFileSync(ready, "utf8")) as { http: string };
  process.env.SANGDAM_HTTP = http;
  return async () => {
    const ended = new Promise((done) => child.once("exit", done));
    child.kill("SIGTERM");
    await ended;
    rmSync(data, { recursive: true, force: true });
  };
}
