//! Hides lost packets: the last pitch of the voice is repeated, and fades.
//!
//! In the manner of G.711 Appendix I: the pitch is found by correlation between 5 and 15 ms, its last period is repeated with a
//! soft seam, after 10 ms it fades by a fifth each 10 ms, after 60 ms there is silence, and the first good frame is blended in.
//! Unlike it, good sound is not delayed by 3.75 ms to blend the beginning, and one period is repeated instead of up to three.

use crate::sound::clip;

/// The shortest and the longest pitch, in samples: 200 Hz and 66 Hz.
const PITCH: std::ops::RangeInclusive<usize> = 40..=120;
/// How much sound two periods are compared over, in samples: 20 ms.
const WINDOW: usize = 160;
/// What is remembered, in samples.
const HISTORY: usize = 120 + WINDOW;
/// Samples until the fade begins, and until silence.
const WHOLE: usize = 80;
const SILENT: usize = 480;
/// Samples over which good sound is blended in.
const SEAM: usize = 40;

/// Of one stream.
#[derive(Debug, Clone)]
pub struct Concealer {
    history: [i16; HISTORY],
    /// One pitch period with its seam, while something is lost.
    period: [i16; 120],
    pitch: usize,
    /// Samples made up since the last good one.
    lost: usize,
}

impl Default for Concealer {
    fn default() -> Self {
        Self { history: [0; HISTORY], period: [0; 120], pitch: 0, lost: 0 }
    }
}

impl Concealer {
    /// A good frame, any length: remembered, and blended with what was made up before it.
    pub fn heard(&mut self, frame: &mut [i16]) {
        if self.lost > 0 {
            for (n, sample) in frame.iter_mut().take(SEAM).enumerate() {
                let (made, share) = (i32::from(self.made_up(self.lost + n)), n.min(SEAM));
                let (share, whole) = (to_i32(share), to_i32(SEAM));
                *sample = clip((made * (whole - share) + i32::from(*sample) * share) / whole);
            }
            self.lost = 0;
        }
        self.remember(frame);
    }

    /// A frame was lost: this is to be played instead.
    pub fn conceal(&mut self, frame: &mut [i16]) {
        if self.lost == 0 {
            self.find_period();
        }
        for sample in frame.iter_mut() {
            *sample = self.made_up(self.lost);
            self.lost = self.lost.saturating_add(1).min(usize::MAX / 2);
        }
        self.remember(frame);
    }

    fn remember(&mut self, frame: &[i16]) {
        let keep = HISTORY.saturating_sub(frame.len());
        self.history.copy_within(HISTORY - keep.., 0);
        let newest = frame.len().saturating_sub(HISTORY);
        let both = self.history.iter_mut().skip(keep).zip(frame.iter().skip(newest));
        both.for_each(|(own, new)| *own = *new);
    }

    /// The sample `n` after the last good one.
    fn made_up(&self, n: usize) -> i16 {
        let sample = self.period.get(n % self.pitch.max(1)).copied().unwrap_or(0);
        if n < WHOLE {
            sample
        } else if n >= SILENT {
            0
        } else {
            // A fifth for each 80 samples, evenly.
            clip(i32::from(sample) * to_i32(SILENT - n) / to_i32(SILENT - WHOLE))
        }
    }

    /// The lag at which the last 20 ms are most like what came before them, and the last period with a seam.
    #[expect(
        clippy::indexing_slicing,
        reason = "a lag and the window together are within the history"
    )]
    fn find_period(&mut self) {
        let last = &self.history[HISTORY - WINDOW..];
        let mut best = (0_i64, 1_i64, *PITCH.start());
        for lag in PITCH {
            let before = &self.history[HISTORY - WINDOW - lag..HISTORY - lag];
            let (mut like, mut energy) = (0_i64, 1_i64);
            for (a, b) in last.iter().zip(before) {
                like += i64::from(*a) * i64::from(*b);
                energy += i64::from(*b) * i64::from(*b);
            }
            // like²/energy, compared without dividing; the numbers need 128 bits.
            let better = i128::from(like) * i128::from(like) * i128::from(best.1)
                > i128::from(best.0) * i128::from(best.0) * i128::from(energy);
            if like > 0 && better {
                best = (like, energy, lag);
            }
        }
        self.pitch = best.2;
        let (pitch, seam) = (self.pitch, self.pitch / 4);
        for n in 0..pitch {
            let own = i32::from(self.history[HISTORY - pitch + n]);
            // The end of the period runs into what stood before its beginning.
            let into = n.saturating_sub(pitch - seam);
            let mixed = if into == 0 {
                own
            } else {
                let before = i32::from(self.history[HISTORY - 2 * pitch + n]);
                let (into, seam) = (to_i32(into), to_i32(seam));
                (own * (seam - into) + before * into) / seam
            };
            self.period[n] = clip(mixed);
        }
    }
}

fn to_i32(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sound::{FRAME, sine, step};

    /// A voice of 100 Hz with two harmonics.
    fn voice(from: usize) -> [i16; FRAME] {
        std::array::from_fn(|n| {
            let at = u32::try_from(from + n).unwrap();
            let part = |hz: u32, size: i32| sine(at.wrapping_mul(step(hz * 1_000))) * size / 32_768;
            clip(part(100, 6_000) + part(200, 3_000) + part(300, 2_000))
        })
    }

    fn after_voice() -> Concealer {
        let mut concealer = Concealer::default();
        (0..5).for_each(|n| concealer.heard(&mut voice(n * FRAME)));
        concealer
    }

    fn power(frame: &[i16]) -> i64 {
        frame.iter().map(|sample| i64::from(*sample).pow(2)).sum()
    }

    #[test]
    fn a_lost_frame_of_a_voice_is_hardly_heard() {
        let mut concealer = after_voice();
        let mut frame = [0; FRAME];
        concealer.conceal(&mut frame);
        let wanted = voice(5 * FRAME);
        let error: Vec<_> = frame[..80].iter().zip(&wanted).map(|(a, b)| a - b).collect();
        assert!(power(&error) * 50 < power(&wanted[..80]), "{} {}", power(&error), power(&wanted));
    }

    #[test]
    fn what_stays_lost_fades_to_silence_in_sixty_milliseconds() {
        let mut concealer = after_voice();
        let mut before = i64::MAX;
        for n in 0..5 {
            let mut frame = [1; FRAME];
            concealer.conceal(&mut frame);
            let power = power(&frame);
            assert!(power < before || power == 0);
            assert_eq!(power == 0, n >= 3, "frame {n}");
            before = power;
        }
    }

    #[test]
    fn coming_back_makes_no_click() {
        let mut concealer = after_voice();
        let mut lost = [0; FRAME];
        concealer.conceal(&mut lost);
        let mut good = voice(6 * FRAME);
        concealer.heard(&mut good);
        let step = |a: i16, b: i16| (i32::from(a) - i32::from(b)).abs();
        let usual = voice(0).windows(2).map(|two| step(two[0], two[1])).max().unwrap();
        assert!(step(lost[FRAME - 1], good[0]) <= usual * 3 / 2);
        assert_eq!(good[SEAM..], voice(6 * FRAME)[SEAM..]);
    }

    #[test]
    fn silence_and_frames_of_any_length_are_borne() {
        let mut concealer = Concealer::default();
        for length in [0, 1, 39, 160, 1_000] {
            let mut frame = vec![7; length];
            concealer.conceal(&mut frame);
            concealer.heard(&mut vec![i16::MIN; length]);
        }
        let mut frame = [0; FRAME];
        concealer.conceal(&mut frame);
        assert_eq!(frame[0], i16::MIN);
    }
}
