/** The microphone, and the words for not having it. */

/** Why there is none (design.md 6, `mic.*`). */
export type Trouble = "denied" | "none" | "busy" | "insecure";

export function troubleOf(error: unknown): Trouble {
  switch (error instanceof Error ? error.name : "") {
    case "NotAllowedError":
    case "SecurityError":
      return "denied";
    case "NotReadableError":
    case "AbortError":
      return "busy";
    default:
      return globalThis.isSecureContext === false || !globalThis.navigator?.mediaDevices ? "insecure" : "none";
  }
}

/** The one that was chosen; if that is gone, whichever the system has. */
export async function openMicrophone(device: string): Promise<MediaStream> {
  const any = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
  // Not there at all on a page that is not secure.
  const media = navigator.mediaDevices as MediaDevices | undefined;
  if (!media) throw new DOMException("no microphone on this address", "NotSupportedError");
  if (!device) return media.getUserMedia({ audio: any });
  try {
    return await media.getUserMedia({ audio: { ...any, deviceId: { exact: device } } });
  } catch (error) {
    if (troubleOf(error) === "denied") throw error;
    return media.getUserMedia({ audio: any });
  }
}
