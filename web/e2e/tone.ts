/** Tones, told apart by their frequency. */

/** How much of the power of these samples lies at a frequency: 1 is a pure tone (Goertzel). */
export function share(samples: ArrayLike<number>, hertz: number, rate: number): number {
  const power = loudness(samples) ** 2;
  if (samples.length < 0.2 * rate || power === 0) return 0;
  const turn = 2 * Math.cos((2 * Math.PI * hertz) / rate);
  let [before, last] = [0, 0];
  for (const sample of Array.from(samples)) [before, last] = [last, sample + turn * last - before];
  const there = before * before + last * last - turn * before * last;
  return (2 * there) / (power * samples.length ** 2);
}

/** The root of their mean square: 0.7 is a tone as loud as can be. */
export function loudness(samples: ArrayLike<number>): number {
  if (!samples.length) return 0;
  return Math.sqrt(Array.from(samples).reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
}
