/** A telephone of the demo centre: baresip without a sound card. It answers by itself, says a tone, and keeps what it hears. */
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "./fixtures";
import { share, loudness } from "./tone";

const RATE = 8_000;
const MODULES = "/usr/lib/baresip/modules";
const REALM = "demo.sangdam.test";

/** A mono file of 16 bits with a minute of a tone. */
function tone(hertz: number): Buffer {
  const samples = Int16Array.from({ length: 60 * RATE }, (_, n) => 12_000 * Math.sin((2 * Math.PI * hertz * n) / RATE));
  const head = Buffer.alloc(44);
  head.write("RIFF", 0);
  head.writeUInt32LE(36 + samples.byteLength, 4);
  head.write("WAVEfmt ", 8);
  for (const [at, value] of [[16, 16], [24, RATE], [28, 2 * RATE], [40, samples.byteLength]] as const) head.writeUInt32LE(value, at);
  for (const [at, value] of [[20, 1], [22, 1], [32, 2], [34, 16]] as const) head.writeUInt16LE(value, at);
  head.write("data", 36);
  return Buffer.concat([head, Buffer.from(samples.buffer)]);
}

/** Listens there, unless somebody does already. */
async function hold(port: number): Promise<Server | undefined> {
  const probe = createServer();
  return new Promise((done) => probe.once("error", () => done(undefined)).listen(port, "127.0.0.1", () => done(probe)));
}

/** Three ports that nobody listens at; the second is beside the first, since baresip takes it for TLS. */
async function free(): Promise<{ sip: number; control: number }> {
  for (;;) {
    const held = [await hold(0)];
    const sip = (held[0]!.address() as AddressInfo).port;
    held.push(await hold(sip + 1), await hold(0));
    const control = (held[2]!.address() as AddressInfo).port;
    for (const one of held) if (one) await new Promise((done) => one.close(done));
    if (held[1]) return { sip, control };
  }
}

export class Baresip {
  /** Keys that the far end has pressed. */
  readonly keys: string[] = [];
  readonly number: string;
  private readonly folder: string;
  private readonly process: ChildProcess;
  private readonly link: Socket;

  private constructor(number: string, folder: string, process: ChildProcess, link: Socket) {
    [this.number, this.folder, this.process, this.link] = [number, folder, process, link];
    let text = "";
    link.on("data", (bytes) => {
      text += bytes.toString();
      for (const [, key] of text.matchAll(/"type":"CALL_DTMF_START".*?"param":"(.)"/g)) this.keys.push(key!);
      text = text.slice(text.lastIndexOf("}") + 1);
    });
  }

  /** Starts and registers. `sip` is where the server listens by UDP. */
  static async start(number: string, hertz: number, sip: string): Promise<Baresip> {
    const folder = mkdtempSync(join(tmpdir(), `baresip-${number}-`));
    mkdirSync(join(folder, "heard"));
    writeFileSync(join(folder, "tone.wav"), tone(hertz));
    const { sip: own, control } = await free();
    const lines = {
      module_path: MODULES,
      sip_listen: `127.0.0.1:${own}`,
      audio_source: `aufile,${folder}/tone.wav`,
      audio_player: `aubridge,player-${number}`,
      audio_alert: `aubridge,bell-${number}`,
      ausrc_srate: RATE,
      auplay_srate: RATE,
      ausrc_channels: 1,
      auplay_channels: 1,
      snd_path: join(folder, "heard"),
      ctrl_tcp_listen: `127.0.0.1:${control}`,
    };
    const modules = ["g711", "aufile", "aubridge", "sndfile"].map((name) => `module ${name}.so`);
    modules.push("module_tmp account.so", "module_app menu.so", "module_app ctrl_tcp.so");
    writeFileSync(join(folder, "config"), [...Object.entries(lines).map(([key, value]) => `${key} ${value}`), ...modules, ""].join("\n"));
    const account = `<sip:${number}@${REALM};transport=udp>;auth_user=${number};auth_pass=sip-${number}`;
    writeFileSync(join(folder, "accounts"), `${account};outbound="sip:${sip};transport=udp";regint=60;answermode=auto\n`);
    writeFileSync(join(folder, "contacts"), "");
    const log = openSync(join(folder, "log"), "w");
    const process = spawn("baresip", ["-f", folder, "-v"], { stdio: ["ignore", log, log] });
    await expect.poll(() => readFileSync(join(folder, "log"), "utf8"), { timeout: 20_000 }).toContain("200 OK");
    const link = connect(control, "127.0.0.1");
    await new Promise<void>((done) => link.once("connect", done));
    return new Baresip(number, folder, process, link);
  }

  do(command: string, params = ""): void {
    const message = JSON.stringify({ command, params });
    this.link.write(`${Buffer.byteLength(message)}:${message},`);
  }

  dial(number: string): void {
    this.do("dial", `sip:${number}@${REALM}`);
  }

  /** What comes within 400 ms from now; nothing where nothing comes. */
  private async heard(): Promise<Float32Array> {
    const before = this.samples().length;
    await new Promise((done) => setTimeout(done, 400));
    return this.samples().subarray(before);
  }

  /** All that it heard in its latest call. */
  private samples(): Float32Array {
    const folder = join(this.folder, "heard");
    const file = readdirSync(folder).filter((name) => name.endsWith("-dec.wav")).sort().at(-1);
    if (!file) return new Float32Array();
    // The header is filled in at the end of the call.
    const bytes = readFileSync(join(folder, file)).subarray(44);
    return Float32Array.from({ length: Math.floor(bytes.length / 2) }, (_, n) => bytes.readInt16LE(2 * n) / 32_768);
  }

  /** This tone and hardly anything else. */
  async hears(hertz: number): Promise<void> {
    const part = async () => share(await this.heard(), hertz, RATE);
    await expect.poll(part, { message: `${this.number} hears ${hertz} Hz`, timeout: 20_000 }).toBeGreaterThan(0.8);
  }

  /** Next to nothing. */
  async hearsNothing(): Promise<void> {
    const level = async () => loudness(await this.heard());
    await expect.poll(level, { message: `${this.number} hears nothing`, timeout: 10_000 }).toBeLessThan(0.003);
  }

  async close(): Promise<void> {
    const ended = new Promise((done) => this.process.once("exit", done));
    this.link.destroy();
    this.process.kill("SIGTERM");
    const late = setTimeout(() => this.process.kill("SIGKILL"), 5_000);
    await ended;
    clearTimeout(late);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
