/** A customer's page that calls with `nxWebApi.js`, with a tone for a microphone and the test's ear at its loudspeaker. */
import type { BrowserContext, Page } from "@playwright/test";
import { expect } from "./fixtures";
import { loudness, share } from "./tone";

/** What a browser needs to have calls on this machine, for `launchOptions`. */
export const BROWSER = {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--autoplay-policy=no-user-gesture-required",
  ],
};
export const REALM = "demo.sangdam.test";

interface Inside {
  told: string[];
  peers: RTCPeerConnection[];
  nxWebApi: Record<string, (...all: unknown[]) => number> & { ext: { dtmf(key: string): number } };
}

/** Gives pages a tone for a microphone, and holds their peer connections where the test finds them. Mixed tones are clean when none is loud. */
export async function wire(pages: Page | BrowserContext, hertz: number, volume = 1): Promise<void> {
  await pages.addInitScript(([hertz, volume]) => {
    const here = window as unknown as Inside;
    [here.told, here.peers] = [[], []];
    const Peer = window.RTCPeerConnection;
    window.RTCPeerConnection = class extends Peer {
      constructor(...all: ConstructorParameters<typeof Peer>) {
        super(...all);
        here.peers.push(this);
      }
    };
    // A real microphone's echo canceller takes tones for noise.
    const real = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
    if (real)
      navigator.mediaDevices.getUserMedia = async (wanted) => {
        const stream = await real(wanted);
        const context = new AudioContext();
        const [tone, level, out] = [context.createOscillator(), context.createGain(), context.createMediaStreamDestination()];
        [tone.frequency.value, level.gain.value] = [hertz, volume];
        tone.connect(level).connect(out);
        tone.start();
        return new MediaStream([...out.stream.getAudioTracks(), ...stream.getVideoTracks()]);
      };
  }, [hertz, volume] as const);
}

/** The customer's page. */
export class Caller {
  readonly page: Page;
  private readonly url: string;

  private constructor(page: Page, url: string) {
    [this.page, this.url] = [page, url];
  }

  /** With the script loaded and a callback set; `url` where it is not to call the server's own socket. */
  static async open(page: Page, hertz: number, url?: string, volume?: number): Promise<Caller> {
    await wire(page, hertz, volume);
    await page.goto("/webchat.html");
    const about = (await (await page.request.get("/api/v1/about")).json()) as { listeners: { sip_ws: string } };
    await page.addScriptTag({ url: "/nxWebApi.js" });
    await page.evaluate(() => {
      const here = window as unknown as Inside;
      here.nxWebApi.SetCallBack!((text: string) => {
        const { Type, Data } = JSON.parse(text) as { Type: string; Data: { desc?: string } };
        here.told.push(Data.desc ? `${Type}: ${Data.desc}` : Type);
      });
    });
    return new Caller(page, url ?? about.listeners.sip_ws);
  }

  do(name: string, ...args: unknown[]): Promise<number> {
    return this.page.evaluate(([name, args]) => (window as unknown as Inside).nxWebApi[name]!(...args), [name, args] as const);
  }

  press(key: string): Promise<number> {
    return this.page.evaluate((key) => (window as unknown as Inside).nxWebApi.ext.dtmf(key), key);
  }

  /** Calls, and waits until somebody answers. */
  async calls(number: string): Promise<void> {
    expect(await this.do("directCall", REALM, number, "01012345678", this.url, "")).toBe(0);
    await expect.poll(() => this.told(), { timeout: 15_000 }).toContain("InCall: In call");
  }

  told(): Promise<string[]> {
    return this.page.evaluate(() => (window as unknown as Inside).told);
  }

  async hears(hertz: number): Promise<void> {
    await hears(this.page, hertz);
  }

  async hearsNo(hertz: number): Promise<void> {
    const part = async () => {
      const { samples, rate } = await heard(this.page);
      return share(samples, hertz, rate) * loudness(samples);
    };
    await expect.poll(part, { message: `the page hears no ${hertz} Hz`, timeout: 10_000 }).toBeLessThan(0.003);
  }

  /** Ends the call. */
  async ends(): Promise<void> {
    expect(await this.do("Clear")).toBe(0);
    await expect.poll(async () => (await this.told()).at(-1)).toBe("Clear: Call terminated");
  }
}

/** The names by which both ends know each other's candidates (RFC 8839): they change when ICE is begun anew. */
export const names = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const peer = (window as unknown as Inside).peers.at(-1);
    return [peer?.localDescription, peer?.remoteDescription].map((said) => /^a=ice-ufrag:(.*)$/m.exec(said?.sdp ?? "")?.[1]?.trim() ?? "");
  });

/** A third of a second of what a page hears in its latest call. */
export const heard = (page: Page): Promise<{ samples: number[]; rate: number }> =>
  page.evaluate(async () => {
    const peer = (window as unknown as Inside).peers.findLast(({ connectionState }) => connectionState !== "closed");
    const track = peer?.getReceivers().find(({ track }) => track.kind === "audio")?.track;
    if (!track) return { samples: [], rate: 48_000 };
    const context = new AudioContext();
    const analyser = context.createAnalyser();
    analyser.fftSize = 16_384;
    const stream = new MediaStream([track]);
    // Chromium decodes a remote track only for an element that plays it.
    const player = new Audio();
    [player.srcObject, player.muted] = [stream, true];
    await player.play();
    context.createMediaStreamSource(stream).connect(analyser);
    await new Promise((done) => setTimeout(done, 600));
    const samples = new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(samples);
    const rate = context.sampleRate;
    await context.close();
    return { samples: [...samples], rate };
  });

/** A tone and hardly anything else. */
export async function hears(page: Page, hertz: number): Promise<void> {
  const part = async () => {
    const { samples, rate } = await heard(page);
    return share(samples, hertz, rate);
  };
  await expect.poll(part, { message: `the page hears ${hertz} Hz`, timeout: 20_000 }).toBeGreaterThan(0.8);
}

/** Each of these tones, mixed, and none of those. */
export async function hearsOnly(page: Page, these: readonly number[], those: readonly number[]): Promise<void> {
  const parts = async () => {
    const { samples, rate } = await heard(page);
    const there = (hertz: number) => share(samples, hertz, rate);
    return { these: these.filter((hertz) => there(hertz) > 0.1), those: those.filter((hertz) => there(hertz) > 0.01) };
  };
  await expect.poll(parts, { message: `the page hears ${these.join(", ")} Hz and no more`, timeout: 30_000 }).toEqual({ these, those: [] });
}
