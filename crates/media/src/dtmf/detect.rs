//! Keys as tones in the sound: Goertzel's filter at eight frequencies.
//!
//! Blocks of 12.75 ms; a key counts when two blocks in a row agree, and is let go when two in a row have not got it. The limits
//! are in the spirit of ITU-T Q.24: the row may be 8 dB above the column, the column 6 dB above the row; both must stand 8 dB
//! above their neighbours and make up four fifths of all sound, so that speech is no key.
#![expect(clippy::cast_precision_loss, reason = "numbers of samples are small")]

use super::{COLUMNS, Key, PAD, ROWS};
use crate::sound::{sine, step};

/// Samples of one block.
pub const BLOCK: usize = 102;
/// The least energy of each tone: some -35 dBm0.
const QUIETEST: f32 = 300.0 * 300.0 * (BLOCK * BLOCK) as f32 / 4.0;
/// How much louder a row may be than its column, in power: 8 dB.
const ROW_ABOVE: f32 = 6.3;
/// How much louder a column may be than its row: 6 dB, for telephones make it 2 dB louder already.
const COLUMN_ABOVE: f32 = 4.0;
/// How far above its neighbours a tone stands: 8 dB.
const ALONE: f32 = 6.3;
/// The share of all energy in both tones; one clean pair has half a block's worth.
const SHARE: f32 = 0.8 * BLOCK as f32 / 2.0;

/// What was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// A tone began.
    Pressed(Key),
    /// It ended.
    Released(Key),
}

#[derive(Debug, Clone, Copy, Default)]
struct Filter {
    coefficient: f32,
    one: f32,
    two: f32,
}

impl Filter {
    fn of(millihertz: u32) -> Self {
        // A quarter turn on, a sine is a cosine.
        let cosine = sine(step(millihertz).wrapping_add(1 << 30));
        Self { coefficient: 2.0 * cosine as f32 / 32_767.0, one: 0.0, two: 0.0 }
    }

    fn take(&mut self, sample: f32) {
        let next = self.coefficient * self.one - self.two + sample;
        self.two = self.one;
        self.one = next;
    }

    /// The energy in the block, and a fresh start.
    fn energy(&mut self) -> f32 {
        let (one, two) = (std::mem::take(&mut self.one), std::mem::take(&mut self.two));
        one * one + two * two - self.coefficient * one * two
    }
}

/// Hears keys in one stream of sound.
#[derive(Debug, Clone)]
pub struct Detector {
    rows: [Filter; 4],
    columns: [Filter; 4],
    energy: f32,
    filled: usize,
    /// What the block before had.
    before: Option<Key>,
    pressed: Option<Key>,
}

impl Default for Detector {
    fn default() -> Self {
        Self {
            rows: ROWS.map(Filter::of),
            columns: COLUMNS.map(Filter::of),
            energy: 0.0,
            filled: 0,
            before: None,
            pressed: None,
        }
    }
}

impl Detector {
    /// Listens to any number of samples, and tells in order.
    pub fn listen(&mut self, samples: &[i16], mut tell: impl FnMut(Heard)) {
        for sample in samples {
            let sample = f32::from(*sample);
            self.rows.iter_mut().chain(&mut self.columns).for_each(|filter| filter.take(sample));
            self.energy += sample * sample;
            self.filled += 1;
            if self.filled == BLOCK {
                self.filled = 0;
                self.judge(&mut tell);
            }
        }
    }

    fn judge(&mut self, tell: &mut impl FnMut(Heard)) {
        let now = self.block();
        let steady = now == self.before;
        self.before = now;
        if !steady || now == self.pressed {
            return;
        }
        if let Some(key) = self.pressed {
            tell(Heard::Released(key));
        }
        if let Some(key) = now {
            tell(Heard::Pressed(key));
        }
        self.pressed = now;
    }

    fn block(&mut self) -> Option<Key> {
        let all = std::mem::take(&mut self.energy);
        let rows = self.rows.each_mut().map(Filter::energy);
        let columns = self.columns.each_mut().map(Filter::energy);
        let (row, row_power) = loudest(rows)?;
        let (column, column_power) = loudest(columns)?;
        let loud = row_power >= QUIETEST && column_power >= QUIETEST;
        let even =
            row_power <= column_power * ROW_ABOVE && column_power <= row_power * COLUMN_ABOVE;
        let pure = row_power + column_power >= SHARE * all;
        if !(loud && even && pure) {
            return None;
        }
        Key::of_char(char::from(*PAD.get(row * 4 + column)?))
    }
}

/// The loudest of four and its power, if it stands alone.
fn loudest(powers: [f32; 4]) -> Option<(usize, f32)> {
    let (best, power) = powers.into_iter().enumerate().max_by(|a, b| a.1.total_cmp(&b.1))?;
    let mut others = powers.into_iter().enumerate().filter(|(n, _)| *n != best);
    others.all(|(_, other)| other * ALONE <= power).then_some((best, power))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::g711::Law;
    use crate::seeded::Seeded;
    use crate::sound::clip;

    fn hears(sound: &[i16]) -> Vec<Heard> {
        let mut heard = Vec::new();
        let mut detector = Detector::default();
        sound.chunks(160).for_each(|frame| detector.listen(frame, |what| heard.push(what)));
        heard
    }

    /// A key for some samples, then silence, at so many 256ths of its usual loudness, with noise, through A-law.
    fn key(written: char, samples: u64, loud: i32, noise: usize, seed: u64) -> Vec<i16> {
        let mut chance = Seeded::new(seed);
        let key = Key::of_char(written).unwrap();
        (0..samples + 800)
            .map(|at| {
                let sound = if at < samples { i32::from(key.sound(at)) * loud / 256 } else { 0 };
                let noise = i32::try_from(chance.below(noise + 1)).unwrap() * 2
                    - i32::try_from(noise).unwrap();
                Law::A.decode(Law::A.encode(clip(sound + noise)))
            })
            .collect()
    }

    #[test]
    fn every_key_is_heard_once_short_or_long_loud_or_quiet_with_noise() {
        for written in "0123456789*#ABCD".chars() {
            let own = Key::of_char(written).unwrap();
            for (samples, loud, noise) in
                [(400, 256, 0), (400, 16, 20), (4_000, 400, 500), (8_000, 256, 700)]
            {
                let heard = hears(&key(written, samples, loud, noise, samples));
                assert_eq!(
                    heard,
                    [Heard::Pressed(own), Heard::Released(own)],
                    "{written} {samples} {loud}"
                );
            }
        }
    }

    #[test]
    fn a_number_that_is_dialled_fast_is_heard_in_full() {
        let written = "01012345566";
        let sound = written.chars().flat_map(|c| {
            let mut sound = key(c, 400, 256, 50, 1);
            sound.truncate(800);
            sound
        });
        let sound: Vec<_> = sound.collect();
        let pressed = hears(&sound).into_iter().filter_map(|heard| match heard {
            Heard::Pressed(key) => Some(key.as_char()),
            Heard::Released(_) => None,
        });
        assert_eq!(pressed.collect::<String>(), written);
    }

    #[test]
    fn one_tone_a_blip_and_a_crooked_pair_are_no_keys() {
        let tone = |hz: u32, size: i32| {
            move |n: u32| sine(n.wrapping_mul(step(hz * 1_000))) * size / 32_768
        };
        let (row, column) = (tone(697, 9_000), tone(1_209, 9_000));
        let alone: Vec<_> = (0..8_000).map(|n| clip(row(n))).collect();
        assert_eq!(hears(&alone), []);
        assert_eq!(hears(&key('1', 120, 256, 0, 1)), [], "15 ms");
        let faint = tone(1_209, 2_000);
        let crooked: Vec<_> = (0..8_000).map(|n| clip(row(n) + faint(n))).collect();
        assert_eq!(hears(&crooked), [], "13 dB apart");
        let between = tone(735, 9_000);
        let off: Vec<_> = (0..8_000).map(|n| clip(between(n) + column(n))).collect();
        assert_eq!(hears(&off), [], "5 % beside the row");
    }

    #[test]
    fn noise_and_the_tones_of_the_network_are_no_keys() {
        let mut chance = Seeded::new(3);
        let noise: Vec<_> = (0..400_000)
            .map(|_| clip(i32::try_from(chance.below(20_000)).unwrap() - 10_000))
            .collect();
        assert_eq!(hears(&noise), []);
        for (a, b) in [(440, 480), (480, 620), (350, 440)] {
            let part = |hz: u32, n: u32| sine(n.wrapping_mul(step(hz * 1_000))) / 4;
            let tone: Vec<_> = (0..16_000).map(|n| clip(part(a, n) + part(b, n))).collect();
            assert_eq!(hears(&tone), []);
        }
    }
}
