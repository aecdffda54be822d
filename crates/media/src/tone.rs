//! What is heard where nobody speaks: the tones of the network, a test tone, a quiet line, music.
//!
//! Every sample follows from its number alone, so a tone can be begun, left and taken up anywhere, on any machine, with the same
//! sound.
//!
//! Source of the Korean tones: ITU-T E.180 Supplement 2, "Korea (Republic of)": dial tone 350+440 Hz; ringing tone 440+480 Hz,
//! 1 s on, 2 s off; busy tone 480+620 Hz, 0.5 s on, 0.5 s off; congestion tone the same pair, 0.3 s on, 0.2 s off.

use crate::sound::{clip, low, samples, sine, step};

/// Milliseconds over which a tone comes and goes, so that it does not click.
const EDGE_MS: u32 = 4;

/// What can be played without a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tone {
    /// Dial.
    Dial,
    /// The other telephone rings.
    Ringback,
    /// Engaged.
    Busy,
    /// No way through.
    Congestion,
    /// 440 Hz, what the test number 3998 plays (`product.md` 4), at -10 dBm0.
    Test,
    /// 350 Hz at some -36 dBm0: what a virtual telephone says, so that a machine can tell it from silence.
    Quiet,
    /// Music on hold.
    Music,
}

/// Two frequencies in hertz (0: none), the height of each, and milliseconds on and off (off 0: for ever).
struct Pattern {
    hertz: [u32; 2],
    height: i32,
    on: u32,
    off: u32,
}

/// A sine of this height has -16 dBm0, as part of a pair that has -13 (E.180 asks for -10 ± 5).
const PAIR: i32 = 3_610;
/// A sine of this height has -10 dBm0.
const ALONE: i32 = 7_200;
/// A sine of this height has -36 dBm0.
const SOFT: i32 = 360;

impl Tone {
    /// All there are.
    pub const ALL: [Self; 7] = [
        Self::Dial,
        Self::Ringback,
        Self::Busy,
        Self::Congestion,
        Self::Test,
        Self::Quiet,
        Self::Music,
    ];

    /// Sample number `at` since it began.
    pub fn at(self, at: u64) -> i16 {
        match self {
            Self::Dial => Pattern { hertz: [350, 440], height: PAIR, on: 1, off: 0 }.at(at),
            Self::Ringback => {
                Pattern { hertz: [440, 480], height: PAIR, on: 1_000, off: 2_000 }.at(at)
            }
            Self::Busy => Pattern { hertz: [480, 620], height: PAIR, on: 500, off: 500 }.at(at),
            Self::Congestion => {
                Pattern { hertz: [480, 620], height: PAIR, on: 300, off: 200 }.at(at)
            }
            Self::Test => Pattern { hertz: [440, 0], height: ALONE, on: 1, off: 0 }.at(at),
            Self::Quiet => Pattern { hertz: [350, 0], height: SOFT, on: 1, off: 0 }.at(at),
            Self::Music => music(at),
        }
    }

    /// Fills a frame with the samples from number `at` on, and tells the number of the next.
    pub fn fill(self, at: u64, frame: &mut [i16]) -> u64 {
        let numbers = at..;
        frame.iter_mut().zip(numbers).for_each(|(sample, n)| *sample = self.at(n));
        at.wrapping_add(frame.len() as u64)
    }
}

impl Pattern {
    fn at(&self, at: u64) -> i16 {
        let (on, off) = (samples(self.on), samples(self.off));
        let place = if off == 0 { at } else { at % (on + off) };
        // Zero outside of the tone, and one after the edge within it.
        let left = if off == 0 { u64::MAX } else { on.saturating_sub(place) };
        let edge = samples(EDGE_MS);
        let loud = place.min(left).min(edge);
        let pair: i32 = self.hertz.iter().map(|hertz| wave(hertz * 1_000, place)).sum();
        // Below 2^17 in 32,768ths; in 64 bits there is room for all three.
        let sound = i64::from(pair) * i64::from(self.height) / 32_768;
        let sound = sound * i64::try_from(loud).unwrap_or(0) / i64::try_from(edge).unwrap_or(1);
        clip(i32::try_from(sound).unwrap_or(0))
    }
}

/// A sine that is 0 at sample 0, in 32,768ths.
fn wave(millihertz: u32, at: u64) -> i32 {
    sine(step(millihertz).wrapping_mul(low(at)))
}

/// Samples of one note of the melody: 300 ms, so a bar of eight lasts 2.4 s.
const NOTE: u64 = samples(300);
/// How long a plucked note sounds.
const RING: u64 = NOTE * 3;

/// One bar each: the chord's three notes for the ground, and eight plucked ones. Numbers as in MIDI: 60 is middle C.
const BARS: [([u8; 3], [u8; 8]); 8] = [
    ([48, 55, 64], [60, 64, 67, 72, 76, 72, 67, 64]), // C
    ([45, 52, 60], [57, 60, 64, 69, 72, 69, 64, 60]), // A minor
    ([53, 57, 60], [60, 65, 69, 72, 77, 72, 69, 65]), // F
    ([55, 59, 62], [59, 62, 67, 71, 74, 71, 67, 62]), // G
    ([52, 55, 59], [59, 64, 67, 71, 76, 71, 67, 64]), // E minor
    ([45, 52, 60], [60, 64, 69, 72, 76, 72, 69, 64]), // A minor
    ([50, 53, 57], [57, 62, 65, 69, 74, 69, 65, 62]), // D minor
    ([55, 59, 65], [59, 62, 65, 67, 71, 74, 71, 67]), // G with its seventh
];

/// A slow round of eight chords, 19.2 s, written for this house: plucked notes over a soft ground.
fn music(at: u64) -> i16 {
    let bar_length = NOTE * 8;
    let count = BARS.len() as u64;
    let mut sound = 0_i64;
    // The ground swells and fades with its bar.
    let within = at % bar_length;
    let swell = within.min(bar_length - within).min(NOTE * 2);
    if let Some((chord, _)) = bar(at / bar_length % count) {
        for note in chord {
            let part = i64::from(wave(pitch(*note), within)) * 700;
            sound += part * signed(swell) / signed(NOTE * 2);
        }
    }
    // Each pluck rings on under the two after it.
    for back in 0..3 {
        let Some(number) = (at / NOTE).checked_sub(back) else { break };
        let age = at - number * NOTE;
        let Some((_, notes)) = bar(number / 8 % count) else { break };
        let note = usize::try_from(number % 8).ok().and_then(|n| notes.get(n));
        let pitch = note.map_or(0, |note| pitch(*note));
        let left = signed(RING.saturating_sub(age));
        // Fades by the square; begins within 5 ms.
        let loud = left * left / signed(RING) * signed(age.min(40)) / 40;
        let tone = i64::from(wave(pitch, age)) * 1_500 + i64::from(wave(pitch * 2, age)) * 380;
        sound += tone * loud / signed(RING);
    }
    clip(i32::try_from(sound / 32_768).unwrap_or(0))
}

fn bar(n: u64) -> Option<&'static ([u8; 3], [u8; 8])> {
    BARS.get(usize::try_from(n).ok()?)
}

fn signed(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Thousandths of a hertz of a note, tempered, with A at 440 Hz.
fn pitch(note: u8) -> u32 {
    /// The octave from middle C (60) on.
    const OCTAVE: [u32; 12] = [
        261_626, 277_183, 293_665, 311_127, 329_628, 349_228, 369_994, 391_995, 415_305, 440_000,
        466_164, 493_883,
    ];
    let base = OCTAVE.get(usize::from(note % 12)).copied().unwrap_or(0);
    match note / 12 {
        octave @ 5..=9 => base << (octave - 5),
        octave => base >> (5 - octave.min(5)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(tone: Tone, from: u64, count: usize) -> Vec<i16> {
        let mut frame = vec![0; count];
        assert_eq!(tone.fill(from, &mut frame), from + count as u64);
        frame
    }

    /// The height of a frequency within some sound, by correlation.
    fn height(sound: &[i16], hertz: f64) -> f64 {
        let turn = std::f64::consts::TAU * hertz / 8_000.0;
        let (mut a, mut b) = (0.0, 0.0);
        for (n, sample) in (0_u32..).zip(sound) {
            let (sin, cos) = (turn * f64::from(n)).sin_cos();
            a += f64::from(*sample) * sin;
            b += f64::from(*sample) * cos;
        }
        a.hypot(b) * 2.0 / f64::from(u32::try_from(sound.len()).unwrap())
    }

    fn power(sound: &[i16]) -> i64 {
        let sum: i64 = sound.iter().map(|sample| i64::from(*sample).pow(2)).sum();
        sum / i64::try_from(sound.len()).unwrap()
    }

    #[test]
    fn korean_tones_have_their_pairs_and_their_cadences() {
        for (tone, pair, on, off) in [
            (Tone::Ringback, [440.0, 480.0], 1_000, 2_000),
            (Tone::Busy, [480.0, 620.0], 500, 500),
            (Tone::Congestion, [480.0, 620.0], 300, 200),
        ] {
            for round in [0, 1, 1_000_000] {
                let begin = round * samples(on + off);
                let heard = sound(tone, begin + 100, 1_600);
                for hertz in pair {
                    let height = height(&heard, hertz);
                    assert!((height - f64::from(PAIR)).abs() < 60.0, "{tone:?} {hertz}: {height}");
                }
                assert!(height(&heard, 550.0) < 100.0);
                assert!(power(&sound(tone, begin + samples(on) - 432, 400)) > 1_000_000);
                let silence = usize::try_from(samples(off)).unwrap();
                assert_eq!(power(&sound(tone, begin + samples(on), silence)), 0);
                assert!(power(&sound(tone, begin + samples(on + off) + 40, 400)) > 1_000_000);
            }
        }
    }

    #[test]
    fn the_test_tone_is_440_hertz_without_an_end() {
        let heard = sound(Tone::Test, 80_000_000, 8_000);
        assert!((height(&heard, 440.0) - f64::from(ALONE)).abs() < 10.0);
        assert!(height(&heard, 441.0) < 20.0);
    }

    #[test]
    fn a_quiet_line_is_350_hertz_and_far_below_speech() {
        let heard = sound(Tone::Quiet, 0, 8_000);
        assert!((height(&heard, 350.0) - f64::from(SOFT)).abs() < 10.0);
        assert!(heard.iter().all(|sample| i32::from(sample.abs()) <= SOFT));
    }

    #[test]
    fn music_moves_stays_soft_and_comes_round() {
        let round = NOTE * 8 * 8;
        let heard = sound(Tone::Music, round, usize::try_from(round).unwrap());
        assert_eq!(heard, sound(Tone::Music, round * 5, heard.len()), "comes round");
        assert!(heard.iter().all(|sample| sample.abs() < 10_000));
        let bars: Vec<_> = heard.chunks(19_200).map(power).collect();
        assert!(bars.iter().all(|power| (100_000..4_000_000).contains(power)), "{bars:?}");
        let first = height(&heard[..2_400], 261.6);
        assert!(first > 500.0, "it begins on C: {first}");
        let onset = sound(Tone::Music, 0, 10);
        assert!(onset.iter().all(|sample| sample.abs() < 500), "a note begins softly");
        let step = heard.windows(2).map(|two| (i32::from(two[0]) - i32::from(two[1])).abs()).max();
        assert!(step < Some(3_500), "no clicks: {step:?}");
    }

    #[test]
    fn a_tone_taken_up_anywhere_is_the_same_tone() {
        for tone in Tone::ALL {
            let whole = sound(tone, 7_900, 1_000);
            let parts: Vec<_> = (0..10).flat_map(|n| sound(tone, 7_900 + n * 100, 100)).collect();
            assert_eq!(whole, parts, "{tone:?}");
        }
        assert_eq!(pitch(69), 440_000);
        assert_eq!(pitch(45), 110_000);
    }
}
