/** A customer's opposite number that is a browser, too, and registered as a telephone. */
import { fileURLToPath } from "node:url";
import type { Page } from "@playwright/test";
import { build, type Rolldown } from "vite";
import { REALM, wire } from "./caller";

/** A browser that is a telephone: JsSIP, registered with the telephone's password, answers by itself. */
export async function register(page: Page, number: string, hertz: number, video = false): Promise<void> {
  await wire(page, hertz);
  await page.goto("/webchat.html");
  const { listeners } = (await (await page.request.get("/api/v1/about")).json()) as { listeners: { sip_ws: string } };
  const made = (await build({
    configFile: false,
    logLevel: "warn",
    publicDir: false,
    build: { write: false, minify: false, lib: { entry: fileURLToPath(import.meta.resolve("jssip")), formats: ["iife"], name: "JsSIP", fileName: () => "one.js" } },
  })) as Rolldown.RolldownOutput[];
  const [chunk] = made[0]!.output;
  // The page's own policy forbids scripts in it; a debugger's are not asked.
  await page.evaluate(`${chunk.code}; window.JsSIP = JsSIP`);
  await page.evaluate(
    ([url, uri, password, video]) =>
      new Promise<void>((registered) => {
        type Session = { answer(options: object): void };
        type Agent = { on(event: string, told: (about: { originator: string; session: Session }) => void): void; start(): void };
        const { JsSIP } = window as unknown as { JsSIP: { UA: new (options: object) => Agent; WebSocketInterface: new (url: string) => object } };
        const agent = new JsSIP.UA({ sockets: new JsSIP.WebSocketInterface(url), uri, password, session_timers: false });
        agent.on("registered", () => registered());
        agent.on("newRTCSession", ({ originator, session }) => {
          if (originator === "remote") session.answer({ mediaConstraints: { audio: true, video } });
        });
        agent.start();
      }),
    [listeners.sip_ws, `sip:${number}@${REALM}`, `sip-${number}`, video] as const,
  );
}
