/** The telephone in the desk's browser, with a tone for a microphone and the test's ear at what it hears. */
import type { BrowserContext, Page } from "@playwright/test";
import { expect } from "./fixtures";

const LOOPBACK = ["--allow-loopback-in-peer-connection", "--autoplay-policy=no-user-gesture-required"];
const FAKE = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"];
/** What a browser needs to have calls on this machine. */
export const BROWSER = { executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: [...FAKE, ...LOOPBACK] };
/** What is put into the page, and read out again. */
interface Here {
  peers: RTCPeerConnection[];
}

/** The microphone is a tone, and peer connections are where the test finds them. */
export async function speaks(context: BrowserContext, hertz: number): Promise<void> {
  await context.addInitScript((hertz) => {
    const here = window as unknown as Here;
    here.peers = [];
    const Peer = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Peer {
      constructor(...all: ConstructorParameters<typeof Peer>) {
        super(...all);
        here.peers.push(this);
      }
    };
    navigator.mediaDevices.getUserMedia = async () => {
      const context = new AudioContext();
      const oscillator = context.createOscillator();
      const out = context.createMediaStreamDestination();
      oscillator.frequency.value = hertz;
      oscillator.connect(out);
      oscillator.start();
      return out.stream;
    };
  }, hertz);
}

/** The loudest tone of what the page hears now, in hertz; 0 when it is quieter than -60 dB. */
export const heard = (page: Page) =>
  page.evaluate(async () => {
    const peer = (window as unknown as Here).peers.filter(({ connectionState }) => connectionState !== "closed").at(-1);
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
export const hears = (page: Page, hertz: number) =>
  expect.poll(async () => Math.abs((await heard(page)) - hertz) < 25, { timeout: 20_000, message: `${hertz} Hz` }).toBe(true);
export const hearsNothing = (page: Page) => expect.poll(() => heard(page), { timeout: 20_000 }).toBe(0);
