/** The desk's sounds, made by WebAudio: a bell for an offer, a telephone's ring, a soft tick for a message. No file is loaded. */
let context: AudioContext | undefined;
/** Where they come out; the empty text is the system's. */
let sink = "";

/** Browsers let a page sound only after a click or a key: to be called in one. */
export function allowSound(): void {
  if (!context) {
    context = new AudioContext();
    if (sink) ringAt(sink);
  }
  if (context.state === "suspended") void context.resume();
}

/** Lets them come out elsewhere than what callers say, where the browser can. */
export function ringAt(device: string): void {
  sink = device;
  const aimed = context as (AudioContext & { setSinkId?: (id: string) => Promise<void> }) | undefined;
  // One that was unplugged: the system's is heard.
  aimed?.setSinkId?.(device).catch(() => {});
}

function tone(hertz: number, start: number, length: number, volume: number): void {
  if (!context || context.state !== "running") return;
  const from = context.currentTime + start;
  const gain = context.createGain();
  gain.gain.setValueAtTime(0, from);
  gain.gain.linearRampToValueAtTime(volume, from + 0.02);
  gain.gain.exponentialRampToValueAtTime(0.0001, from + length);
  const source = context.createOscillator();
  source.frequency.value = hertz;
  source.connect(gain).connect(context.destination);
  source.start(from);
  source.stop(from + length);
}

export function ring(): void {
  tone(880, 0, 0.25, 0.12);
  tone(1174.7, 0.18, 0.4, 0.12);
}

/** A telephone's: two notes, quickly one after the other, twice. */
export function ringCall(): void {
  for (const start of [0, 0.6]) for (let n = 0; n < 4; n++) tone(n % 2 ? 1318.5 : 1046.5, start + n * 0.1, 0.16, 0.14);
}

export function tick(): void {
  tone(660, 0, 0.15, 0.06);
}
