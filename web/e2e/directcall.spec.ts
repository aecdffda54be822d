/** A customer's browser calls through the real server: the sound is heard, and each way of not being reached is told. */
import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";

const LOOPBACK = ["--allow-loopback-in-peer-connection", "--autoplay-policy=no-user-gesture-required"];
const FAKE = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
test.use({ launchOptions: { executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: [...FAKE, ...LOOPBACK] } });

/** A page that has loaded the script, keeps what it is told, and holds its peer connections where the test finds them. */
async function open(page: Page): Promise<string> {
  await page.goto("/webchat.html");
  const about = await (await page.request.get("/api/v1/about")).json();
  await page.addScriptTag({ url: "/nxWebApi.js" });
  await page.evaluate(() => {
    const here = window as unknown as { told: unknown[]; peers: RTCPeerConnection[] };
    here.told = [];
    here.peers = [];
    const Peer = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Peer {
      constructor(...all: ConstructorParameters<typeof Peer>) {
        super(...all);
        here.peers.push(this);
      }
    };
    const { nxWebApi } = window as unknown as { nxWebApi: { SetCallBack(told: (text: string) => void): number } };
    nxWebApi.SetCallBack((text) => {
      const { Type, Data } = JSON.parse(text) as { Type: string; Data: { desc?: string } };
      here.told.push(Data.desc ? `${Type}: ${Data.desc}` : Type);
    });
  });
  return String(about.listeners.sip_ws);
}

const call = (page: Page, name: string, ...args: unknown[]) =>
  page.evaluate(([name, args]) => (window as unknown as { nxWebApi: Record<string, (...all: unknown[]) => number> }).nxWebApi[name]?.(...args), [name, args] as const);
const told = (page: Page) => page.evaluate(() => (window as unknown as { told: string[] }).told);

/** The loudest tone of what the page hears, in hertz; nothing when it is quieter than -60 dB. */
const heard = (page: Page) =>
  page.evaluate(async () => {
    const peer = (window as unknown as { peers: RTCPeerConnection[] }).peers.at(-1);
    const track = peer?.getReceivers()[0]?.track;
    if (!track) return 0;
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    [analyser.fftSize, analyser.smoothingTimeConstant] = [4096, 0];
    const stream = new MediaStream([track]);
    // Chromium decodes a remote track only for an element that plays it.
    const player = new Audio();
    [player.srcObject, player.muted] = [stream, true];
    await player.play();
    context.createMediaStreamSource(stream).connect(analyser);
    await new Promise((done) => setTimeout(done, 300));
    const levels = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(levels);
    const loudest = levels.reduce((best, level, at) => (level > (levels[best] ?? -Infinity) ? at : best), 0);
    const hertz = (levels[loudest] ?? -Infinity) > -60 ? (loudest * context.sampleRate) / analyser.fftSize : 0;
    await context.close();
    return hertz;
  });

test("the tone of the test number is heard, and the call is told in the documented order", async ({ page }) => {
  const url = await open(page);
  expect(await call(page, "directCall", "demo.sangdam.test", "3998", "01012345678", url, "")).toBe(0);
  await expect.poll(() => told(page)).toContain("InCall: In call");
  await expect.poll(() => heard(page), { timeout: 15_000 }).toBeGreaterThan(415);
  expect(await heard(page)).toBeLessThan(465);
  expect(await call(page, "Clear")).toBe(0);
  await expect
    .poll(() => told(page))
    .toEqual(["SetCallBack", "Connecting: Call in progress...", "Trying: Trying", "Ringing: Ringing", "InCall: In call", "Clear: Call terminated"]);
});

for (const [number, phrase] of [["3997", "Busy Here"], ["99999999", "Not Found"]] as const)
  test(`calling ${number} ends with ${phrase}`, async ({ page }) => {
    const url = await open(page);
    expect(await call(page, "directCall", "demo.sangdam.test", number, "01012345678", url, "")).toBe(0);
    await expect.poll(() => told(page)).toEqual(["SetCallBack", "Connecting: Call in progress...", "Trying: Trying", `Clear: ${phrase}`]);
  });

test("giving up while it rings is told as that", async ({ page }) => {
  const url = await open(page);
  expect(await call(page, "directCall", "demo.sangdam.test", "3996", "01012345678", url, "")).toBe(0);
  await expect.poll(() => told(page)).toContain("Ringing: Ringing");
  expect(await call(page, "Clear")).toBe(0);
  await expect.poll(async () => (await told(page)).at(-1)).toBe("Clear: Request Terminated");
});
