/** Whose the telephone is, how long a pass lasts, and which call is taken back. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { AgentPhone, AgentPhoneListener } from "../../../sdk/agentPhone";
import type { Contact, PhoneGrant } from "../wire";
import { Softphone } from "./softphone.svelte";

/** Web Locks as far as one lock goes: in line, if it is free, and stolen. */
class Locks {
  #holder: ((error: Error) => void) | undefined;
  #line: (() => void)[] = [];

  request(_: string, options: LockOptions, use: (lock: object | null) => Promise<void>): Promise<void> {
    if (options.ifAvailable && this.#holder) return use(null);
    if (options.steal) {
      this.#holder?.(new Error("stolen"));
      this.#holder = undefined;
    }
    return new Promise<void>((done, broken) => {
      const take = () => {
        this.#holder = broken;
        void use({}).then(() => {
          if (this.#holder !== broken) return;
          this.#holder = undefined;
          done();
          this.#line.shift()?.();
        });
      };
      options.signal?.addEventListener("abort", () => {
        this.#line = this.#line.filter((one) => one !== take);
        broken(new Error("given up"));
      });
      if (this.#holder) this.#line.push(take);
      else take();
    });
  }
}

interface Made extends AgentPhone {
  readonly did: string[];
  readonly listener: AgentPhoneListener;
}

const GRANT: PhoneGrant = { device: "1001", realm: "r", user: "u", password: "p", until: 0, ws: "ws://127.0.0.1:6080" };
let made: Made[];
let grants: number;
let away: boolean;

function softphone(): Softphone {
  return new Softphone({
    user: "1001",
    clock: {
      now: () => Date.now(),
      chance: () => 0,
      after: (milliseconds, action) => {
        const timer = setTimeout(action, milliseconds);
        return () => clearTimeout(timer);
      },
    },
    grant: async () => {
      if (away) throw new Error("away");
      grants++;
      return { ...GRANT, user: `u${grants}`, until: Date.now() + 300_000 };
    },
    load: async () => (_url, pass, _microphone, listener) => {
      const did = [`as ${pass.user}`];
      const phone: Made = {
        did,
        listener,
        renew: ({ user }) => void did.push(`renew ${user}`),
        resume: (cnid) => void did.push(`resume ${cnid}`),
        mute: () => {},
        replace: async () => {},
        camera: async (track) => void did.push(track ? "camera on" : "camera off"),
        output: async () => {},
        stats: async () => undefined,
        stop: () => void did.push("stop"),
        abandon: () => void did.push("abandon"),
      };
      made.push(phone);
      return phone;
    },
    place: () => "ws://127.0.0.1:6080",
    unheard: () => {},
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  [made, grants, away] = [[], 0, false];
  const kept = new Map<string, string>();
  vi.stubGlobal("localStorage", {
    getItem: (key: string) => kept.get(key) ?? null,
    setItem: (key: string, value: string) => void kept.set(key, value),
    removeItem: (key: string) => void kept.delete(key),
  });
  vi.stubGlobal("HTMLMediaElement", class {});
  const stream = { getTracks: () => [] };
  vi.stubGlobal("navigator", { locks: new Locks(), mediaDevices: { getUserMedia: async () => stream, enumerateDevices: async () => [] } });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});
const later = (milliseconds = 0) => vi.advanceTimersByTimeAsync(milliseconds);

async function ready(phone: Softphone): Promise<Made> {
  await phone.turnOn();
  await later();
  const one = made.at(-1)!;
  one.listener.standing("ready");
  return one;
}
const inCall = (cnid: string, device = "1001"): Contact[] => [{ call: { cnid, device, link: "connected" } } as Contact];

test("it is off until the agent turns it on, and then on with the next page", async () => {
  const phone = softphone();
  phone.start();
  await later();
  expect([phone.standing, made.length]).toEqual(["off", 0]);
  await ready(phone);
  expect(phone.standing).toBe("ready");
  phone.leave();
  const next = softphone();
  next.start();
  await later();
  expect([next.standing, made.length]).toEqual(["connecting", 2]);
});

test("of two windows one is the telephone; when it leaves, the other is, and takes its call back", async () => {
  const [one, two] = [softphone(), softphone()];
  const first = await ready(one);
  await two.turnOn();
  await later();
  expect([two.standing, made.length]).toEqual(["elsewhere", 1]);
  first.listener.talking("77");
  two.follow(inCall("77"));
  one.leave();
  expect(first.did).toContain("abandon");
  await later();
  made[1]!.listener.standing("ready");
  await later(1_500);
  expect(made[1]!.did).toContain("resume 77");
});

test("a window that takes it over silences the one that had it, which waits in line again", async () => {
  const [one, two] = [softphone(), softphone()];
  const first = await ready(one);
  await two.turnOn();
  await later();
  two.takeHere();
  await later();
  expect([one.standing, two.standing]).toEqual(["elsewhere", "connecting"]);
  expect(first.did).toEqual(["as u1", "abandon"]);
  two.turnOff();
  await later();
  expect([one.standing, made.length]).toEqual(["connecting", 3]);
});

test("a call that was never in this browser is left where it is", async () => {
  const phone = softphone();
  const one = await ready(phone);
  phone.follow(inCall("88"));
  await later(5_000);
  one.listener.talking("99");
  one.listener.talking(undefined);
  phone.follow(inCall("99", "2002"));
  await later(5_000);
  expect(one.did).toEqual(["as u1"]);
});

test("a pass is renewed a minute before its end, and asked for again while the server is away", async () => {
  const one = await ready(softphone());
  await later(239_000);
  expect(one.did).toEqual(["as u1"]);
  away = true;
  await later(2_000);
  away = false;
  await later(15_000);
  expect(one.did).toEqual(["as u1", "renew u2"]);
});

test("a socket that stays away is followed by a new telephone with a new pass, less and less often", async () => {
  const phone = softphone();
  const one = await ready(phone);
  away = true;
  one.listener.standing("over");
  expect(phone.standing).toBe("lost");
  await later(20_000);
  expect(made).toHaveLength(1);
  away = false;
  await later(16_000);
  expect(made.map(({ did }) => did[0])).toEqual(["as u1", "as u2"]);
});

test("turned off, it hangs up, gives the telephone back and is off with the next page", async () => {
  const phone = softphone();
  const one = await ready(phone);
  phone.turnOff();
  expect([phone.standing, one.did.at(-1), phone.wanted]).toEqual(["off", "stop", false]);
});
