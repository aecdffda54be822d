/** The guides' own pages, unchanged, in a real browser; and the voice file against a far side that speaks SIP. */
import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, Page } from "@playwright/test";
import { FakeSip } from "./fake-sip";
import { expect, test } from "./fixtures";
import { FILES, LINKS, SCENARIO_ANSWER } from "./guides/samples";
import { number, REALM, site, socket } from "./webchat";

/** Serves a guide's page with the script beside it, as a site would that copied our files. */
async function guide(name: string, baseURL: string): Promise<{ url: string; server: Server }> {
  const page = readFileSync(join(import.meta.dirname, "guides", name));
  const server = createServer((request, answer) => {
    if (request.url === "/") return void answer.setHeader("Content-Type", "text/html; charset=utf-8").end(page);
    void fetch(baseURL + (request.url ?? "")).then(async (found) => {
      answer.writeHead(found.status, { "Content-Type": found.headers.get("content-type") ?? "" });
      answer.end(Buffer.from(await found.arrayBuffer()));
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://localhost:${(server.address() as AddressInfo).port}/`, server };
}

const printed = (page: Page) => page.evaluate(() => (window as unknown as { printed: string[] }).printed);
type Api = { nxWebApi: Record<string, (...all: unknown[]) => number> & { options: object } };
interface Told {
  Kind?: string;
  Type: string;
  Data: { status?: string; desc?: string; dn?: string; id?: number; Cid?: string; content?: { message?: string } };
}
/** Keeps every event from now on. */
const listen = (page: Page) =>
  page.evaluate(() => {
    const all = window as unknown as Api & { told: unknown[] };
    all.told = [];
    all.nxWebApi.SetCallBack!((json: string) => all.told.push(JSON.parse(json)));
  });
const told = async (page: Page) => (await page.evaluate(() => (window as unknown as { told: unknown[] }).told)) as Told[];
const call = (page: Page, name: string, ...all: unknown[]) => page.evaluate(([name, all]) => (window as unknown as Api).nxWebApi[name]!(...all), [name, all] as const);
const types = async (page: Page) => (await told(page)).map(({ Type }) => Type);

test("the web chat guide's page runs unchanged: connect, say, hear, leave", async ({ agent, playwright, baseURL, page: plain }) => {
  test.setTimeout(60_000);
  const desk = await agent("1001");
  await desk.setState("상담 가능");
  const port = new URL(await socket(plain)).port;
  // The guide's address leads to our server; nothing else is changed.
  const rules = `--host-resolver-rules=MAP 10.10.30.71:6080 127.0.0.1:${port}`;
  const { launchOptions } = test.info().project.use;
  const browser: Browser = await playwright.chromium.launch({ ...launchOptions, args: [...(launchOptions?.args ?? []), rules] });
  const { url, server } = await guide("chat.html", baseURL ?? "");
  try {
    const page = await browser.newPage();
    await page.goto(url);
    await expect.poll(() => printed(page)).toContain("서버 접속 완료");
    expect((await printed(page)).slice(0, 4)).toEqual(['alert callback{"Type":"SetCallBack","Data":{"result":"Success"}}', "서버 접속 시도...", "서버 접속 응답중", "서버 접속 완료"]);
    expect(await page.evaluate("sayHello()")).toBe(0);
    await expect.poll(() => printed(page)).toContain("메시지 전송 : [object Object]");
    await desk.contacts.first().getByRole("button", { name: /^수락/ }).click();
    await expect(desk.messages.filter({ hasText: "안녕하세요!" })).toBeVisible();
    await desk.say("무엇을 도와드릴까요?");
    await expect.poll(async () => (await printed(page)).at(-1)).toBe("메시지 수신 : [object Object]");
    // Files and links as the guide prints them, faults included, and the bot's answer.
    for (const sample of [FILES, LINKS, SCENARIO_ANSWER]) expect(await call(page, "Message_C", sample)).toBe(0);
    await expect(desk.messages.filter({ hasText: "testImage1.jpg" })).toBeVisible();
    await expect(desk.messages.filter({ hasText: "원하시는 문의를 선택해 주세요." })).toBeVisible();
    expect(await page.evaluate("leave()")).toBe(0);
    await expect.poll(async () => (await printed(page)).at(-1)).toBe("서버 접속 종료 또는 실패");
    await expect(desk.page.getByTestId("wrapup")).toBeVisible();
  } finally {
    server.close();
    await browser.close();
  }
});

test("43 to 45, 61, 62: several rooms have their own ids and Cids; a reload takes them up; another browser gets its own", async ({ agent, page, browser, baseURL }) => {
  const desk = await agent("1002");
  await desk.setState("상담 가능");
  const [url, tel] = [await socket(page), number()];
  const open = async (page: Page) => {
    await page.goto("/webchat.html");
    await listen(page);
  };
  await open(page);
  for (let room = 0; room < 2; room++) expect(await call(page, "connectChat", REALM, "3001", tel, url)).toBe(0);
  const joined = async (page: Page, count: number) => {
    await expect.poll(async () => (await types(page)).filter((type) => type === "InCall").length).toBe(count);
    return (await told(page)).filter(({ Type }) => Type === "InCall").map(({ Data }) => Data.Cid!);
  };
  const cids = await joined(page, 2);
  expect(new Set(cids).size).toBe(2);
  expect(cids[0]).toMatch(/^NX_[0-9A-F]{16}_[0-9a-f]{26}$/);
  for (const id of [1, 2]) {
    const own = (await told(page)).filter(({ Data, Type }) => Data.id === id && Type !== "Message_C").map(({ Type }) => Type);
    expect(own).toEqual(["Connecting", "Trying", "Ringing", "InCall"]);
  }
  expect(await call(page, "Message_CToSelect", cids[0], "to the first")).toBe(0);
  expect(await call(page, "Message_C", "to the later")).toBe(0);
  expect(await call(page, "Message_CToSelect", "nope", "x")).toBe(-1);
  const sent = async () => (await told(page)).filter(({ Data }) => Data.status === "i_customs_message_send").map(({ Data }) => [Data.Cid, Data.content?.message]);
  await expect.poll(sent).toHaveLength(2);
  expect(await sent()).toEqual(expect.arrayContaining([[cids[0], "to the first"], [cids[1], "to the later"]]));

  await open(page);
  for (let room = 0; room < 2; room++) await call(page, "connectChat", REALM, "3001", tel, url);
  expect((await joined(page, 2)).sort()).toEqual([...cids].sort());
  const mine = async () => (await told(page)).filter(({ Data }) => Data.status === "i_customs_message" && Data.dn === tel).map(({ Data }) => [Data.Cid, Data.content?.message]);
  await expect.poll(mine).toHaveLength(2);
  expect(await mine()).toEqual(expect.arrayContaining([[cids[0], "to the first"], [cids[1], "to the later"]]));

  const other = await browser.newContext(baseURL ? { baseURL } : {});
  const stranger = await other.newPage();
  await open(stranger);
  await call(stranger, "connectChat", REALM, "3001", tel, url);
  expect(cids).not.toContain((await joined(stranger, 1))[0]);
  await other.close();
  for (const cid of cids) expect(await call(page, "Clear", cid)).toBe(0);
  await expect.poll(async () => (await types(page)).filter((type) => type === "Clear").length).toBe(2);
  expect(await call(page, "Clear")).toBe(-1);
});

test("a server that is killed and started again loses no message and doubles none", async ({ browser }) => {
  test.setTimeout(90_000);
  const data = mkdtempSync(join(tmpdir(), "sangdam-kill-"));
  const binary = process.env.SANGDAM_BIN ?? join(import.meta.dirname, "../../target/debug/sangdam");
  const start = async (base: string): Promise<[ChildProcess, { http: string; sip_ws: string }]> => {
    rmSync(join(data, "ready.json"), { force: true });
    const child = spawn(binary, ["demo", "--data", data, "--port-base", base], { stdio: "ignore" });
    await expect.poll(() => existsSync(join(data, "ready.json")), { timeout: 30_000 }).toBe(true);
    return [child, JSON.parse(readFileSync(join(data, "ready.json"), "utf8"))];
  };
  // The same ports again, as after a crash: a base of its own.
  const base = String(20_000 + (process.pid % 200) * 100);
  let [child, ready] = await start(base);
  const context = await browser.newContext({ baseURL: ready.http, locale: "ko-KR" });
  try {
    const desk = await context.newPage();
    await desk.goto("/desk");
    await desk.getByLabel("상담사 번호").fill("1001");
    await desk.getByLabel("비밀번호").fill("demo");
    await desk.getByRole("button", { name: "로그인", exact: true }).click();
    await desk.getByTestId("state-menu").click();
    await desk.getByRole("menuitemradio", { name: "상담 가능", exact: true }).click();
    const page = await context.newPage();
    await page.goto("/webchat.html");
    await listen(page);
    expect(await call(page, "connectChat", REALM, "3001", number(), ready.sip_ws)).toBe(0);
    await expect.poll(() => types(page)).toContain("InCall");
    const words = Array.from({ length: 30 }, (_, n) => `message ${n}`);
    for (const word of words.slice(0, 15)) expect(await call(page, "Message_C", word)).toBe(0);
    const gone = new Promise((done) => child.once("exit", done));
    child.kill("SIGKILL");
    await gone;
    for (const word of words.slice(15)) expect(await call(page, "Message_C", word)).toBe(0);
    [child, ready] = await start(base);
    const sent = async () => (await told(page)).filter(({ Data }) => Data.status?.startsWith("i_customs_message_")).map(({ Data }) => `${Data.status} ${Data.content?.message}`);
    await expect.poll(sent, { timeout: 40_000 }).toEqual(words.map((word) => `i_customs_message_send ${word}`));
    expect(await types(page)).not.toContain("Clear");
    // What the server kept, as a page that comes anew is told it.
    await page.reload();
    await listen(page);
    const [connect] = (await page.evaluate(() => Object.keys(sessionStorage).filter((key) => key.startsWith("nxWebApi:")))).map((key) => JSON.parse(key.slice(9)) as string[]);
    expect(await call(page, "connectChat", ...connect!)).toBe(0);
    const kept = async () => (await told(page)).filter(({ Data }) => Data.dn === connect![2] && Data.content).map(({ Data }) => Data.content?.message);
    await expect.poll(kept).toEqual(words);
  } finally {
    await context.close();
    child.kill("SIGKILL");
    rmSync(data, { recursive: true, force: true });
  }
});

/** A far end for the page's call, in the same page: it takes the offer, hears the sound, and sends a tone. */
const answerOffer = (page: Page, sdp: string) =>
  page.evaluate(async (sdp) => {
    const far = new RTCPeerConnection();
    const sound = new AudioContext();
    const [tone, out] = [sound.createOscillator(), sound.createMediaStreamDestination()];
    tone.frequency.value = 1_000;
    tone.connect(out);
    tone.start();
    far.addTrack(out.stream.getAudioTracks()[0]!, out.stream);
    const ear = sound.createAnalyser();
    ear.smoothingTimeConstant = 0;
    far.ontrack = ({ streams, track }) => {
      const stream = streams[0] ?? new MediaStream([track]);
      // Chromium gives a remote stream to an analyser only while an element plays it.
      const element = new Audio();
      element.muted = true;
      element.srcObject = stream;
      void element.play();
      sound.createMediaStreamSource(stream).connect(ear);
    };
    (window as unknown as { heard: () => number }).heard = () => {
      const samples = new Float32Array(ear.fftSize);
      ear.getFloatTimeDomainData(samples);
      return Math.max(...samples.map(Math.abs));
    };
    await far.setRemoteDescription({ type: "offer", sdp });
    await far.setLocalDescription(await far.createAnswer());
    if (far.iceGatheringState !== "complete") {
      await new Promise<void>((done) => {
        far.onicegatheringstatechange = () => far.iceGatheringState === "complete" && done();
      });
    }
    return far.localDescription!.sdp;
  }, sdp);

test("48 to 51: the click-to-call guide's page calls unchanged, is heard, mutes and hangs up", async ({ playwright, baseURL }) => {
  test.setTimeout(60_000);
  const far = await FakeSip.start();
  const { launchOptions } = test.info().project.use;
  const rules = `--host-resolver-rules=MAP sbc.nexuscommunity.net:6081 127.0.0.1:${far.port}`;
  const browser: Browser = await playwright.chromium.launch({ ...launchOptions, args: [...(launchOptions?.args ?? []), rules, "--autoplay-policy=no-user-gesture-required"] });
  const { url, server } = await guide("call.html", baseURL ?? "");
  try {
    const page = await browser.newPage();
    // The far side has no certificate: the address stays the guide's, the socket under it is plain.
    await page.addInitScript(() => {
      const Plain = WebSocket;
      window.WebSocket = class extends Plain {
        constructor(url: string | URL, protocols?: string | string[]) {
          super(String(url).replace("wss:", "ws:"), protocols);
        }
      };
      // The browser's own fake microphone is silent between its beeps.
      navigator.mediaDevices.getUserMedia = async () => {
        const sound = new AudioContext();
        const [tone, out] = [sound.createOscillator(), sound.createMediaStreamDestination()];
        tone.connect(out);
        tone.start();
        return out.stream;
      };
    });
    await page.goto(url);
    far.onInvite = (invite) => {
      invite.reply(100, "Trying");
      invite.reply(180, "Ringing");
      invite.reply(180, "Ringing");
      void answerOffer(page, invite.body).then((sdp) => invite.reply(200, "OK", sdp));
    };
    const began = Date.now();
    await page.evaluate("dial()");
    await expect.poll(() => printed(page)).toContain("통화연결");
    console.log(`directCall to InCall: ${Date.now() - began} ms`);
    expect(await printed(page)).toEqual(["서버 접속 시도...", "발신중", "통화연결"]);
    const [invite] = far.of("INVITE");
    expect(invite!.uri).toBe("sip:1000@nexuscommunity.net");
    expect(invite!.header("From")).toContain("sip:01012345678@nexuscommunity.net");
    expect(invite!.header("X-NX-Kind")).toBe("call");
    expect(invite!.header("X-NX-Client")).toMatch(/^nxWebApi\//);
    expect(invite!.header("X-NX-Push")).toBe("");
    expect(invite!.body).toMatch(/m=audio/);
    expect(invite!.body).not.toMatch(/m=video/);
    const heard = () => page.evaluate(() => (window as unknown as { heard: () => number }).heard());
    await expect.poll(heard, { timeout: 10_000 }).toBeGreaterThan(0.01);
    expect(await page.evaluate("mute()")).toBe(0);
    await expect.poll(async () => Math.max(await heard(), await heard(), await heard())).toBeLessThan(0.001);
    expect(await page.evaluate("unmute()")).toBe(0);
    await expect.poll(heard, { timeout: 10_000 }).toBeGreaterThan(0.01);
    expect(await call(page, "directCall", "nexuscommunity.net", "1000", "1", "wss://sbc.nexuscommunity.net:6081", "")).toBe(-1);
    // A lost socket is bridged: another one opens, and a new offer goes over it.
    far.cut();
    await expect.poll(() => far.of("INVITE").length, { timeout: 10_000 }).toBe(2);
    expect(await printed(page)).toHaveLength(3);
    expect(await page.evaluate("hangUp()")).toBe(0);
    await expect.poll(async () => (await printed(page)).at(-1)).toBe("통화종료 또는 서버 접속 실패");
    expect(far.of("BYE").length).toBeGreaterThan(0);
  } finally {
    far.close();
    server.close();
    await browser.close();
  }
});

test("how a call fails is told in the words of SIP", async ({ page, baseURL }) => {
  const far = await FakeSip.start();
  const elsewhere = await site(`<!doctype html><title>x</title><script src="${baseURL}/nxWebApi.js"></script>`);
  const url = `ws://127.0.0.1:${far.port}`;
  const dial = async (onInvite: FakeSip["onInvite"], push = "") => {
    far.onInvite = onInvite;
    await page.goto(elsewhere.url);
    await listen(page);
    expect(await call(page, "directCall", REALM, "1000", "0101@x", url, push)).toBe(0);
  };
  const story = async () => (await told(page)).slice(1).map(({ Type, Data }) => (/Ringing|Clear/.test(Type) ? `${Type} ${Data.desc}` : Type));
  try {
    await dial((invite) => (invite.reply(100, "Trying"), invite.reply(182, "Queued"), invite.reply(486, "Busy Here")), "fcm:token");
    await expect.poll(story).toEqual(["Connecting", "Trying", "Ringing Queued", "Clear Busy Here"]);
    expect(far.of("INVITE")[0]!.header("X-NX-Push")).toBe("fcm:token");
    expect(far.of("INVITE")[0]!.header("From")).toContain("sip:0101%40x@");
    await dial((invite) => (invite.reply(100, "Trying"), invite.reply(404, "Not Found")));
    await expect.poll(story).toEqual(["Connecting", "Trying", "Clear Not Found"]);
    await dial((invite) => (invite.reply(100, "Trying"), invite.reply(180, "Ringing")));
    await expect.poll(story).toEqual(["Connecting", "Trying", "Ringing Ringing"]);
    expect(await call(page, "Clear")).toBe(0);
    await expect.poll(story).toEqual(["Connecting", "Trying", "Ringing Ringing", "Clear Request Terminated"]);
    expect(far.of("CANCEL")).toHaveLength(1);
    await dial((invite) => {
      invite.reply(100, "Trying");
      void answerOffer(page, invite.body).then((sdp) => (invite.reply(200, "OK", sdp), setTimeout(() => far.bye(invite), 300)));
    });
    await expect.poll(story).toEqual(["Connecting", "Trying", "InCall", "Clear Call terminated"]);
    far.close();
    await dial(() => {});
    await expect.poll(story).toEqual(["Connecting", "Clear Failed to connect to the server"]);
    // The page's own policy forbids the address.
    await page.goto("/webchat.html");
    await listen(page);
    for (const open of ["connectChat", "directCall"]) expect(await call(page, open, REALM, "1000", "0101", "ws://127.0.0.1:1")).toBe(0);
    await expect.poll(async () => (await types(page)).filter((type) => type === "Clear").length).toBe(2);
  } finally {
    elsewhere.close();
    far.close();
  }
});
