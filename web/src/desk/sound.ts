/** The desk's two sounds, made by WebAudio: a ring for an offer, a soft tick for a message. No file is loaded. */
let context: AudioContext | undefined;

/** Browsers let a page sound only after a click or a key: to be called in one. */
export function allowSound(): void {
  context ??= new AudioContext();
  if (context.state === "suspended") void context.resume();
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

export function tick(): void {
  tone(660, 0, 0.15, 0.06);
}
