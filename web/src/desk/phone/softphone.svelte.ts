/**
 * The telephone in this browser: whether it is the agent's extension just now, and if not, why not.
 *
 * ```text
 * off ──turnOn──▶ starting ──the lock──▶ connecting ──▶ ready ◀──▶ lost
 *                    │  └── another tab has the lock: elsewhere ──it closes, or takeHere──▶ connecting
 *                    └── no microphone: trouble
 * ```
 * One tab owns the telephone (Web Locks); the others show the same calls by the desk's socket, and steer them. When the owner
 * closes, the next one registers and takes the call back that went on without it.
 */
import type { AgentPhone, AgentPhoneListener, MakeAgentPhone } from "../../../sdk/agentPhone";
import { load, save } from "../../ui/storage";
import type { Clock } from "../client";
import type { Contact, PhoneGrant } from "../wire";
import { Devices } from "./devices.svelte";
import { troubleOf, type Trouble } from "./microphone";
import { judge, read, SILENCE_MS, type Quality, type Reading } from "./quality";

export type PhoneStanding = "off" | "starting" | "trouble" | "elsewhere" | "connecting" | "ready" | "lost";

export interface SoftphoneOptions {
  user: string;
  clock: Clock;
  /** Asks the server for a pass; throws while it is away. */
  grant: () => Promise<PhoneGrant>;
  /** The voice part, when it is first needed. */
  load: () => Promise<MakeAgentPhone>;
  /** Where browsers' sockets are. */
  place: (grant: PhoneGrant) => string;
  /** A call could not be taken for want of a microphone. */
  unheard: (trouble: Trouble) => void;
}

/** A pass is renewed so long before its end, in milliseconds. */
const EARLY_MS = 60_000;
/** What failed is tried again after these, in milliseconds. */
const PAUSE_MS = 1_000;
const PAUSES_END_MS = 15_000;
const LOOK_MS = 1_000;
/** An offer to pick up by itself may be under way: a call is taken back only if it has no sound after this. */
const PATIENCE_MS = 1_500;

const WANTED = "sangdam.phone.on.";
/** The matter of the call whose sound was here last: names a call, and opens nothing. */
const LAST_CALL = "sangdam.phone.call.";

export class Softphone {
  readonly #options: SoftphoneOptions;
  readonly devices = new Devices();
  standing = $state<PhoneStanding>("off");
  trouble = $state<Trouble | null>(null);
  /** The matter of the call whose sound goes through this browser. */
  cnid = $state<string | undefined>(undefined);
  quality = $state.raw<Quality | null>(null);
  /** The other side's picture, while one comes. */
  picture = $state.raw<MediaStream | undefined>(undefined);
  /** The call has pictures: the agent may show theirs. */
  able = $state(false);
  /** The agent's own, while it is shown. */
  camera = $state.raw<MediaStream | null>(null);

  #phone: AgentPhone | undefined;
  #device: string | undefined;
  #release: (() => void) | undefined;
  #waiting: AbortController | undefined;
  #tries = 0;
  #readings: Reading[] = [];
  #cancels = new Map<"renew" | "again" | "look" | "resume", () => void>();
  #calls: readonly Contact[] = [];

  constructor(options: SoftphoneOptions) {
    this.#options = options;
    this.devices.changed = () => void this.#redevice();
  }

  /** The agent wants this browser to be their telephone: remembered for the next time. */
  get wanted(): boolean {
    return load("local", WANTED + this.#options.user, false);
  }

  /** With the page: as it was left. */
  start(): void {
    if (this.wanted) void this.turnOn();
  }

  /** In a click, the first time: browsers ask for the microphone, and let sound out, only then. */
  async turnOn(): Promise<void> {
    if (this.standing !== "off" && this.standing !== "trouble") return;
    this.standing = "starting";
    this.trouble = null;
    save("local", WANTED + this.#options.user, true);
    try {
      await this.devices.allow();
    } catch (error) {
      this.#troubled(troubleOf(error));
      return;
    }
    this.#own("ifAvailable");
  }

  turnOff(): void {
    save("local", WANTED + this.#options.user, false);
    this.#letGo("stop");
    this.standing = "off";
    this.trouble = null;
  }

  /** From the tab that has it. */
  takeHere(): void {
    this.#waiting?.abort();
    this.#own("steal");
  }

  /** The page goes away: without a word, so that whoever comes back finds the call. */
  leave(): void {
    this.#letGo("abandon");
    this.standing = "off";
  }

  mute(on: boolean): void {
    this.#phone?.mute(on);
  }

  /** The calls at the agent's telephone, as the desk has them. */
  follow(calls: readonly Contact[]): void {
    this.#calls = calls;
    const mine = this.#mine();
    if (this.cnid !== undefined && mine) save("local", LAST_CALL + this.#options.user, mine.cnid);
    this.#takeBack();
  }

  // --- Whose it is ---

  #own(how: "ifAvailable" | "steal" | "wait"): void {
    const { user } = this.#options;
    const waiting = (this.#waiting = new AbortController());
    const options: LockOptions = how === "wait" ? { signal: waiting.signal } : { [how]: true };
    navigator.locks
      .request(`sangdam.phone.${user}`, options, async (lock) => {
        if (!lock) {
          this.standing = "elsewhere";
          // Asked for once more, in line.
          queueMicrotask(() => this.#own("wait"));
          return;
        }
        if (this.standing === "off") return;
        this.#tries = 0;
        const held = new Promise<void>((done) => (this.#release = done));
        void this.#connect();
        await held;
      })
      .catch(() => {
        // Stolen by another tab, or given up by us.
        if (waiting.signal.aborted || this.standing === "off") return;
        this.#release = undefined;
        this.#drop("abandon");
        this.standing = "elsewhere";
        this.#own("wait");
      });
  }

  async #connect(): Promise<void> {
    if (this.standing === "off" || this.#phone) return;
    this.standing = "connecting";
    try {
      const [grant, make] = await Promise.all([this.#options.grant(), this.#options.load()]);
      if (!this.#release) return;
      this.#device = grant.device;
      this.#phone = make(this.#options.place(grant), grant, () => this.devices.open(), this.#listener());
      if (this.devices.output) void this.#phone.output(this.devices.output).catch(() => {});
      this.#renewBefore(grant);
    } catch {
      this.#again();
    }
  }

  #listener(): AgentPhoneListener {
    return {
      standing: (standing) => {
        if (standing === "over") return this.#over();
        this.standing = standing;
        if (standing === "ready") {
          this.#tries = 0;
          this.#takeBack();
        }
      },
      talking: (cnid) => {
        this.cnid = cnid;
        if (cnid !== undefined) save("local", LAST_CALL + this.#options.user, cnid);
        this.#watch();
      },
      seeing: (picture, able) => {
        this.picture = picture;
        this.able = able;
        if (!able) this.camera = null;
      },
      noMicrophone: (error) => this.#options.unheard(troubleOf(error)),
      renew: () => void this.#renew(),
    };
  }

  /** The socket did not come back in time. */
  #over(): void {
    if (!this.#phone) return;
    this.#phone = undefined;
    this.#drop("abandon");
    this.#again();
  }

  #again(): void {
    if (!this.#release) return;
    this.standing = "lost";
    this.#after("again", Math.min(PAUSES_END_MS, PAUSE_MS * 2 ** this.#tries++), () => void this.#connect());
  }

  // --- The pass ---

  #renewBefore({ until }: PhoneGrant): void {
    this.#after("renew", Math.max(PAUSE_MS, until - this.#options.clock.now() - EARLY_MS), () => void this.#renew());
  }

  async #renew(): Promise<void> {
    try {
      const grant = await this.#options.grant();
      this.#phone?.renew(grant);
      this.#renewBefore(grant);
    } catch {
      this.#after("renew", PAUSES_END_MS, () => void this.#renew());
    }
  }

  // --- A call that went on without this page ---

  #mine() {
    const device = this.#device;
    return this.#calls.find(({ call }) => call?.device === device && call?.link !== "alerting" && call?.link !== "prompted")?.call;
  }

  #takeBack(): void {
    const last = load<string | null>("local", LAST_CALL + this.#options.user, null);
    const due = () => this.standing === "ready" && this.cnid === undefined && last !== null && this.#mine()?.cnid === last;
    if (!due() || this.#cancels.has("resume")) return;
    this.#after("resume", PATIENCE_MS, () => {
      this.#cancels.delete("resume");
      if (due() && last !== null) this.#phone?.resume(last);
    });
  }

  // --- How it sounds ---

  #watch(): void {
    this.#cancels.get("look")?.();
    this.#readings = [];
    this.quality = null;
    if (this.cnid === undefined) return;
    const look = async () => {
      const report = await this.#phone?.stats();
      const now = report && read(report, this.#options.clock.now());
      if (this.cnid === undefined) return;
      if (now) {
        const before = this.#readings[0];
        const expected = this.#mine()?.link === "connected";
        if (before && now.at - before.at >= SILENCE_MS) this.quality = judge(before, now, expected);
        this.#readings = [...this.#readings, now].filter(({ at }) => now.at - at <= SILENCE_MS + LOOK_MS);
      }
      this.#after("look", LOOK_MS, () => void look());
    };
    void look();
  }

  async #redevice(): Promise<void> {
    if (!this.#phone) return;
    await this.#phone.output(this.devices.output).catch(() => {});
    if (this.cnid === undefined) return;
    try {
      await this.#phone.replace(await this.devices.open());
    } catch (error) {
      this.#options.unheard(troubleOf(error));
    }
  }

  // --- Pictures ---

  /** Shows the agent's picture in the call that is on, or takes it away. */
  async film(on: boolean): Promise<void> {
    if (!on || !this.able) {
      this.camera = null;
      await this.#phone?.camera(null);
      return;
    }
    const stream = await navigator.mediaDevices.getUserMedia({ video: true });
    const [track] = stream.getVideoTracks();
    if (!this.able || !this.#phone || !track) {
      for (const track of stream.getTracks()) track.stop();
      return;
    }
    this.camera = stream;
    await this.#phone.camera(track);
  }

  // --- The end ---

  #troubled(trouble: Trouble): void {
    this.trouble = trouble;
    this.standing = "trouble";
  }

  #letGo(how: "stop" | "abandon"): void {
    this.#waiting?.abort();
    this.#drop(how);
    this.#release?.();
    this.#release = undefined;
  }

  #drop(how: "stop" | "abandon"): void {
    for (const cancel of this.#cancels.values()) cancel();
    this.#cancels.clear();
    const phone = this.#phone;
    this.#phone = undefined;
    phone?.[how]();
    this.cnid = undefined;
    this.quality = null;
    [this.picture, this.able, this.camera] = [undefined, false, null];
  }

  #after(what: "renew" | "again" | "look" | "resume", milliseconds: number, action: () => void): void {
    this.#cancels.get(what)?.();
    this.#cancels.set(what, this.#options.clock.after(milliseconds, action));
  }
}
