/** The rows of `nxwebapi.md` 11 that speak of a voice call, by number, with a phone of the test's own. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Phone, PhoneListener } from "./phone.ts";
import { World } from "./testing.ts";

let world: World;
let listener: PhoneListener;
let mute: ReturnType<typeof vi.fn>;
let bye: ReturnType<typeof vi.fn>;
let dtmf: ReturnType<typeof vi.fn>;
let phone: ReturnType<typeof vi.fn<Phone>>;
let track: { kind: string; enabled: boolean; stop: ReturnType<typeof vi.fn> };
/** The script tag by which the voice file is asked for. */
let tag: { src?: string; onload?: () => void; onerror?: () => void; remove(): void } | undefined;

beforeEach(async () => {
  world = new World();
  tag = undefined;
  world.document.createElement = () => ({ remove() {} });
  world.document.head.appendChild = (element: unknown) => void (tag = element as typeof tag);
  await world.load();
  track = { kind: "audio", enabled: true, stop: vi.fn() };
  world.getUserMedia.mockResolvedValue({ getTracks: () => [track] });
  [mute, bye, dtmf] = [vi.fn((kind: string, on: boolean) => kind === "audio" && ((track.enabled = !on), true)), vi.fn(), vi.fn()];
  phone = vi.fn<Phone>((_to, _push, _stream, heard) => {
    listener = heard;
    return { bye, mute, dtmf } as never;
  });
});
afterEach(() => {
  delete (globalThis as { nxWebApiPhone?: Phone }).nxWebApiPhone;
  vi.useRealTimers();
  vi.unstubAllGlobals();
});
const later = (milliseconds = 0) => vi.advanceTimersByTimeAsync(milliseconds);
const call = (push?: string, url = "wss://sbc.nexuscommunity.net:6081") => world.api.directCall("nexuscommunity.net", "1000", "01012345678", url, push as string);
/** The voice file arrives, or does not. */
async function loaded(there = true): Promise<void> {
  await later();
  if (there) (globalThis as { nxWebApiPhone?: Phone }).nxWebApiPhone = phone;
  if (there) tag?.onload?.();
  else tag?.onerror?.();
  await later();
}
async function talking(): Promise<void> {
  expect(call("")).toBe(0);
  await loaded();
  listener.provisional(100, "Trying");
  listener.provisional(180, "Ringing");
  listener.accepted();
}

test("47: '' and 'default' and nothing are no push token; a token is handed on", async () => {
  for (const [push, expected] of [["", undefined], ["default", undefined], [undefined, undefined], [" fcm:abc ", "fcm:abc"]] as const) {
    expect(call(push)).toBe(0);
    await loaded();
    expect(phone.mock.lastCall?.[1]).toBe(expected);
    listener.ended("Call terminated", 0);
  }
  expect(call("a\r\nX-Evil: 1")).toBe(-1);
});

test("48: the microphone alone is asked for, first; the voice file comes from beside the script, once", async () => {
  expect(call("")).toBe(0);
  expect(world.getUserMedia.mock.calls).toEqual([[{ audio: true }]]);
  expect(tag?.src).toBe("http://shop.test/voice.js");
  await loaded();
  expect(phone.mock.lastCall?.[0]).toEqual({ realm: "nexuscommunity.net", dn: "1000", tel: "01012345678", url: "wss://sbc.nexuscommunity.net:6081/" });
  listener.ended("Busy Here", 486);
  tag = undefined;
  call("");
  await later();
  expect(tag).toBeUndefined();
  expect(phone).toHaveBeenCalledTimes(2);
});

test("with `video` the camera is asked for, too; without one it is a call by voice, and pictures are shown where the page says", async () => {
  Object.assign(world.api.options, { video: true, remoteVideo: "far", localVideo: "own" });
  world.getUserMedia.mockImplementation(async ({ video }: { video?: boolean }) => {
    if (video) throw new DOMException("no camera", "NotFoundError");
    return { getTracks: () => [track] };
  });
  await talking();
  expect(world.getUserMedia.mock.calls).toEqual([[{ audio: true, video: true }], [{ audio: true }]]);
  expect(phone.mock.lastCall?.[4]).toEqual({ remote: "far", local: "own" });
  expect(world.api.Mute("Video", true)).toBe(-1);
  listener.ended("Call terminated", 0);
});

test("a call's events come in the order and words of a chat's", async () => {
  await talking();
  listener.ended("Call terminated", 0);
  expect(world.story).toEqual(["Connecting", "Trying", "Ringing Ringing", "InCall", "Clear Call terminated"]);
  expect(world.events[3]).toBe('{"Kind":"SIP","Type":"InCall","Data":{"status":"connected","desc":"In call","dn":"1000","id":1}}');
});

test("183 and equal ringings are told by their own words, once", async () => {
  call("");
  await loaded();
  for (const [code, phrase] of [[100, "Trying"], [182, "Queued"], [182, "Queued"], [183, "Session Progress"]] as const) listener.provisional(code, phrase);
  expect(world.story).toEqual(["Connecting", "Trying", "Ringing Queued", "Ringing Session Progress"]);
});

test("49: a refused microphone", async () => {
  world.getUserMedia.mockRejectedValue(new DOMException("no", "NotAllowedError"));
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  expect(call("")).toBe(0);
  await loaded();
  expect(world.story).toEqual(["Connecting", "Clear Failed to get local SDP offer"]);
  expect(warn).toHaveBeenCalled();
  expect(phone).not.toHaveBeenCalled();
});

test("a voice file that does not come", async () => {
  call("");
  await loaded(false);
  expect(world.story).toEqual(["Connecting", "Clear Failed to connect to the server"]);
  expect(track.stop).toHaveBeenCalled();
  // The next attempt asks again.
  tag = undefined;
  call("");
  await later();
  expect(tag).toBeDefined();
});

test("50: a second call is -1 while one is open", async () => {
  await talking();
  expect(call("")).toBe(-1);
  listener.ended("Call terminated", 0);
  expect(call("")).toBe(0);
});

test("a page that may not have a microphone gets -1, and the console says why", () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  warn.mockClear();
  vi.stubGlobal("isSecureContext", false);
  expect(call("")).toBe(-1);
  vi.stubGlobal("isSecureContext", true);
  vi.stubGlobal("RTCPeerConnection", undefined);
  expect(call("")).toBe(-1);
  expect(warn).toHaveBeenCalledTimes(2);
  expect(world.events).toEqual([]);
});

test("51: Mute silences and gives back what is sent, without an event", async () => {
  await talking();
  const before = world.events.length;
  for (const [type, enable, enabled] of [["Audio", true, false], ["audio", false, true], ["AUDIO", "true", false], ["Audio", "False", true]] as const) {
    expect(world.api.Mute(type, enable as boolean)).toBe(0);
    expect(track.enabled).toBe(enabled);
  }
  expect(world.events).toHaveLength(before);
});

test("52 and 53: nothing to mute, or nothing that can be", async () => {
  expect(world.api.Mute("Audio", true)).toBe(-1);
  await world.talking();
  expect(world.api.Mute("Audio", true)).toBe(-1);
  call("");
  await loaded();
  expect(world.api.Mute("Audio", true)).toBe(-1);
  listener.accepted();
  expect(world.api.Mute("Sound", true)).toBe(-1);
  expect(world.api.Mute("Video", true)).toBe(-1);
  expect(world.api.Mute("Audio", "perhaps" as never)).toBe(-1);
  expect(world.api.Mute("Audio", true)).toBe(0);
});

test("Clear ends the call that was begun last, then the chat", async () => {
  const socket = await world.talking();
  await loadedCall();
  expect(world.api.Clear()).toBe(0);
  expect(bye).toHaveBeenCalledTimes(1);
  listener.ended("Call terminated", 0);
  expect(world.story.at(-1)).toBe("Clear Call terminated");
  expect(world.api.Clear()).toBe(0);
  expect(socket.heard("close")).toHaveLength(1);
});
async function loadedCall(): Promise<void> {
  call("");
  await loaded();
  listener.accepted();
}

test("Clear while the microphone is asked for ends at once, and the microphone is given back", async () => {
  let grant: (stream: unknown) => void = () => {};
  world.getUserMedia.mockReturnValue(new Promise((resolve) => (grant = resolve)));
  call("");
  await later();
  expect(world.api.Clear()).toBe(0);
  await later();
  expect(world.story).toEqual(["Connecting", "Clear Call terminated"]);
  grant({ getTracks: () => [track] });
  await loaded();
  expect(phone).not.toHaveBeenCalled();
  expect(track.stop).toHaveBeenCalled();
});

test("a call that nobody hears of ends after 32 seconds; one that rings goes on", async () => {
  call("");
  await loaded();
  await later(32_000);
  expect(world.story).toEqual(["Connecting", "Clear Request Timeout"]);
  expect(bye).toHaveBeenCalled();
  call("");
  await loaded();
  listener.provisional(180, "Ringing");
  await later(100_000);
  expect(world.story.at(-1)).toBe("Ringing Ringing");
});

test("a page that goes away hangs up; its chat stays", async () => {
  const socket = await world.talking();
  await loadedCall();
  world.fire("pagehide");
  expect(bye).toHaveBeenCalled();
  expect(socket.heard("close")).toEqual([]);
});

test("tones go out in a call alone, one at a time", async () => {
  expect(world.api.ext.dtmf("5")).toBe(-1);
  await talking();
  expect(world.api.ext.dtmf("#")).toBe(0);
  expect(world.api.ext.dtmf("55")).toBe(-1);
  expect(dtmf.mock.calls).toEqual([["#"]]);
});
