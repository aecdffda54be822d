/** amazon-connect-chatjs 5 inside Chromium, on a page of another origin: a whole session with a lost socket in it. */
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "./fixtures";

const BUNDLE = join(import.meta.dirname, "../node_modules/amazon-connect-chatjs/dist/amazon-connect-chat.js");

test("a chatjs page of another origin talks, loses its socket and ends", async ({ page, agent }) => {
  test.setTimeout(90_000);
  const centre = process.env.SANGDAM_HTTP ?? "";
  const site = createServer((request, response) => {
    const script = request.url === "/chat.js";
    response.setHeader("content-type", script ? "text/javascript" : "text/html");
    response.end(script ? readFileSync(BUNDLE) : "<!doctype html><title>shop</title><script src=/chat.js></script>");
  });
  await new Promise<void>((done) => site.listen(0, "127.0.0.1", done));
  const { port } = site.address() as AddressInfo;

  const desk = await agent("1003");
  await desk.setState("상담 가능");
  // Every socket of the page can be cut from outside.
  await page.addInitScript(() => {
    const open: WebSocket[] = [];
    const Plain = WebSocket;
    Object.assign(window, {
      sockets: open,
      WebSocket: class extends Plain {
        constructor(url: string | URL) {
          super(url);
          open.push(this);
        }
      },
    });
  });
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.evaluate(async (endpoint) => {
    const answer = await fetch(`${endpoint}/Prod`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ParticipantDetails: { DisplayName: "크롬 고객" } }),
    });
    const { startChatResult: started } = (await answer.json()).data;
    // eslint-disable-next-line -- the library is a global without types
    const connect = (window as unknown as { connect: any }).connect;
    connect.ChatSession.setGlobalConfig({ endpoint, region: "us-east-1" });
    const chat = connect.ChatSession.create({
      chatDetails: { contactId: started.ContactId, participantId: started.ParticipantId, participantToken: started.ParticipantToken },
      type: "CUSTOMER",
      disableCSM: true,
    });
    const seen: { name: string; data?: { Content?: string } }[] = [];
    for (const name of ["onConnectionEstablished", "onConnectionLost", "onMessage", "onTyping", "onEnded"]) {
      chat[name]((event: { data?: { Content?: string } }) => seen.push({ name, ...(event?.data ? { data: event.data } : {}) }));
    }
    Object.assign(window, { chat, seen });
    await chat.connect();
    await chat.sendMessage({ message: "크롬에서 보냅니다", contentType: "text/plain" });
  }, centre);
  const count = (name: string, text?: string) =>
    page.evaluate(([name, text]) => (window as unknown as { seen: { name: string; data?: { Content?: string } }[] }).seen.filter((it) => it.name === name && (!text || it.data?.Content === text)).length, [name, text]);

  await desk.accept("크롬 고객");
  await expect(desk.messages.filter({ hasText: "크롬에서 보냅니다" })).toBeVisible();
  await desk.say("잘 보입니다");
  await expect.poll(() => count("onMessage", "잘 보입니다")).toBe(1);

  const established = await count("onConnectionEstablished");
  await page.evaluate(() => (window as unknown as { sockets: WebSocket[] }).sockets.forEach((socket) => socket.close(4_999)));
  await expect.poll(() => count("onConnectionLost")).toBeGreaterThan(0);
  await expect.poll(() => count("onConnectionEstablished"), { timeout: 20_000 }).toBeGreaterThan(established);
  await desk.say("다시 연결되었네요");
  await expect.poll(() => count("onMessage", "다시 연결되었네요")).toBe(1);

  await page.evaluate(() => (window as unknown as { chat: { disconnectParticipant(): Promise<void> } }).chat.disconnectParticipant());
  await expect.poll(() => count("onEnded")).toBe(1);
  site.close();
});
