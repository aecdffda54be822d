import { afterEach, expect, test, vi } from "vitest";
import { openMicrophone, troubleOf } from "./microphone";

afterEach(() => vi.unstubAllGlobals());
const named = (name: string) => Object.assign(new Error(name), { name });

test.each([
  ["NotAllowedError", "denied"],
  ["NotReadableError", "busy"],
  ["NotFoundError", "none"],
] as const)("%s is told as %s", (name, trouble) => {
  vi.stubGlobal("isSecureContext", true);
  vi.stubGlobal("navigator", { mediaDevices: {} });
  expect(troubleOf(named(name))).toBe(trouble);
});

test("a page that is not secure has no microphone to ask for", async () => {
  vi.stubGlobal("isSecureContext", false);
  vi.stubGlobal("navigator", {});
  const error: unknown = await openMicrophone("").catch((error: unknown) => error);
  expect(troubleOf(error)).toBe("insecure");
});

test("a chosen microphone that was unplugged is replaced by another; one that is refused is not asked for twice", async () => {
  const asked: unknown[] = [];
  let says = "OverconstrainedError";
  const getUserMedia = vi.fn(async ({ audio }: { audio: { deviceId?: unknown } }) => {
    asked.push(audio.deviceId);
    if (audio.deviceId) throw named(says);
    return "a stream";
  });
  vi.stubGlobal("navigator", { mediaDevices: { getUserMedia } });
  expect(await openMicrophone("headset")).toBe("a stream");
  expect(asked).toEqual([{ exact: "headset" }, undefined]);
  says = "NotAllowedError";
  await expect(openMicrophone("headset")).rejects.toThrow("NotAllowedError");
  expect(asked).toHaveLength(3);
});
