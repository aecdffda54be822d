//! Conferences: who hears whom, and the sum of it, without one's own voice.

use crate::sound::{FRAME, clip};

/// The most parties of one conference.
pub const PARTIES: usize = 8;

/// The loudest sample below which a frame is taken to be silence: -60 dB of full scale.
const SILENCE: u16 = 33;
/// Sums up to here go through as they are; above it they are pressed together, so that they never clip.
const KNEE: i32 = 24_576;

/// Who hears whom. One's own voice is never heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hearing([u8; PARTIES]);

impl Hearing {
    /// Nobody hears anybody.
    pub const NONE: Self = Self([0; PARTIES]);

    /// The first `parties` of eight all hear each other.
    pub fn conference(parties: usize) -> Self {
        let mut hearing = Self::NONE;
        for listener in 0..parties.min(PARTIES) {
            (0..parties.min(PARTIES)).for_each(|speaker| hearing.set(listener, speaker, true));
        }
        hearing
    }

    /// A supervisor hears both sides of a call, and is heard by neither.
    pub fn listen(agent: usize, customer: usize, supervisor: usize) -> Self {
        let mut hearing = Self::NONE;
        for (listener, speaker) in
            [(agent, customer), (customer, agent), (supervisor, agent), (supervisor, customer)]
        {
            hearing.set(listener, speaker, true);
        }
        hearing
    }

    /// As [`Self::listen`], but the agent hears the supervisor, too.
    pub fn whisper(agent: usize, customer: usize, supervisor: usize) -> Self {
        let mut hearing = Self::listen(agent, customer, supervisor);
        hearing.set(agent, supervisor, true);
        hearing
    }

    /// All three hear each other.
    pub fn barge(agent: usize, customer: usize, supervisor: usize) -> Self {
        let mut hearing = Self::whisper(agent, customer, supervisor);
        hearing.set(customer, supervisor, true);
        hearing
    }

    /// Whether one hears another.
    pub fn hears(self, listener: usize, speaker: usize) -> bool {
        self.row(listener) & bit(speaker) != 0
    }

    /// Lets one hear another, or not. Parties that do not exist, and one's own voice, are passed over.
    pub fn set(&mut self, listener: usize, speaker: usize, hears: bool) {
        let Some(row) = self.0.get_mut(listener).filter(|_| listener != speaker) else { return };
        if hears {
            *row |= bit(speaker);
        } else {
            *row &= !bit(speaker);
        }
    }

    /// Nobody hears this party any more (muted).
    pub fn mute(&mut self, speaker: usize) {
        self.0.iter_mut().for_each(|row| *row &= !bit(speaker));
    }

    fn row(self, listener: usize) -> u8 {
        self.0.get(listener).copied().unwrap_or(0)
    }
}

fn bit(party: usize) -> u8 {
    u32::try_from(party).ok().and_then(|party| 1_u8.checked_shl(party)).unwrap_or(0)
}

/// What each party says in a frame; nothing when it is not there or nothing came.
pub type Said<'a> = [Option<&'a [i16; FRAME]>; PARTIES];

/// Mixes one frame: what each party shall hear is put at its place in `heard`. The answer has a bit for each party that hears
/// anything; the frames of the others are silence. Frames of silence cost nothing further.
pub fn mix(hearing: &Hearing, said: &Said, heard: &mut [[i16; FRAME]; PARTIES]) -> u8 {
    let mut speaking = 0_u8;
    let mut sum = [0_i32; FRAME];
    for (n, frame) in said.iter().enumerate() {
        let Some(frame) = frame.filter(|frame| frame.iter().any(|s| s.unsigned_abs() >= SILENCE))
        else {
            continue;
        };
        speaking |= bit(n);
        add(&mut sum, frame, 1);
    }
    let mut hearers = 0;
    for (n, out) in heard.iter_mut().enumerate() {
        let voices = hearing.row(n) & speaking;
        if voices == 0 {
            out.fill(0);
            continue;
        }
        hearers |= bit(n);
        // Most hear all but a few: those are taken away from the sum. Else the few are added up.
        let missing = speaking & !voices;
        let (mut own, mask, sign) = if missing.count_ones() < voices.count_ones() {
            (sum, missing, -1)
        } else {
            ([0; FRAME], voices, 1)
        };
        for (_, frame) in said.iter().enumerate().filter(|(m, _)| mask & bit(*m) != 0) {
            if let Some(frame) = frame {
                add(&mut own, frame, sign);
            }
        }
        out.iter_mut().zip(&own).for_each(|(out, sum)| *out = limit(*sum));
    }
    hearers
}

/// The sum of some voices, pressed like a conference's; the answer says whether any of them is more than silence.
pub fn blend<'a>(voices: impl Iterator<Item = &'a [i16; FRAME]>, heard: &mut [i16; FRAME]) -> bool {
    let mut sum = [0_i32; FRAME];
    let mut any = false;
    for voice in voices.filter(|frame| frame.iter().any(|s| s.unsigned_abs() >= SILENCE)) {
        add(&mut sum, voice, 1);
        any = true;
    }
    heard.iter_mut().zip(&sum).for_each(|(out, sum)| *out = limit(*sum));
    any
}

fn add(sum: &mut [i32; FRAME], frame: &[i16; FRAME], sign: i32) {
    sum.iter_mut().zip(frame).for_each(|(sum, sample)| *sum += sign * i32::from(*sample));
}

/// A soft limit: above the knee, what is left of the room is approached and never reached. No step, no bend, no clipping.
fn limit(sum: i32) -> i16 {
    let size = sum.abs();
    if size <= KNEE {
        return clip(sum);
    }
    let room = 32_767 - KNEE;
    let above = size - KNEE;
    // Eight parties at full scale are 2^18 at most; without the knee, times 8,191, that is within 31 bits.
    let pressed = KNEE + above * room / (above + room);
    clip(if sum < 0 { -pressed } else { pressed })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seeded::Seeded;

    fn voice(size: i16) -> [i16; FRAME] {
        [size; FRAME]
    }

    fn mixed(hearing: Hearing, sizes: [i16; PARTIES]) -> (u8, [i16; PARTIES]) {
        let voices = sizes.map(voice);
        let said = std::array::from_fn(|n| (sizes[n] != 0).then_some(&voices[n]));
        let mut heard = [[99; FRAME]; PARTIES];
        let hearers = mix(&hearing, &said, &mut heard);
        for frame in &heard {
            assert!(frame.iter().all(|sample| *sample == frame[0]));
        }
        (hearers, heard.map(|frame| frame[0]))
    }

    #[test]
    fn each_hears_all_the_others_and_not_their_own_voice() {
        let (hearers, heard) = mixed(Hearing::conference(4), [100, 200, 400, 800, 0, 0, 0, 0]);
        assert_eq!(heard, [1_400, 1_300, 1_100, 700, 0, 0, 0, 0]);
        assert_eq!(hearers, 0b1111);
    }

    #[test]
    fn a_supervisor_who_listens_is_not_heard() {
        let said = [100, 200, 400, 0, 0, 0, 0, 0];
        assert_eq!(mixed(Hearing::listen(0, 1, 2), said).1[..3], [200, 100, 300]);
        assert_eq!(mixed(Hearing::whisper(0, 1, 2), said).1[..3], [600, 100, 300]);
        assert_eq!(mixed(Hearing::barge(0, 1, 2), said).1[..3], [600, 500, 300]);
        assert_eq!(Hearing::barge(0, 1, 2), Hearing::conference(3));
    }

    #[test]
    fn any_matrix_gives_the_sum_of_what_it_says() {
        for seed in 0..2_000 {
            let mut chance = Seeded::new(seed);
            let mut hearing = Hearing::NONE;
            let mut sizes = [0; PARTIES];
            for (n, size) in sizes.iter_mut().enumerate() {
                *size = [0, 50, 1_000, -700, 2_500][chance.below(5)];
                (0..PARTIES).for_each(|m| hearing.set(n, m, chance.below(3) > 0));
            }
            let (hearers, heard) = mixed(hearing, sizes);
            for (n, sum) in heard.into_iter().enumerate() {
                let heard_by_n = (0..PARTIES).filter(|m| hearing.hears(n, *m) && *m != n);
                let speakers: Vec<_> = heard_by_n.filter(|m| sizes[*m] != 0).collect();
                assert_eq!(sum, speakers.iter().map(|m| sizes[*m]).sum::<i16>());
                assert_eq!(hearers & bit(n) != 0, !speakers.is_empty());
            }
        }
    }

    #[test]
    fn silence_is_not_mixed_and_nobody_hears_it() {
        let (hearers, heard) = mixed(Hearing::conference(3), [20, -30, 0, 0, 0, 0, 0, 0]);
        assert_eq!((hearers, heard), (0, [0; PARTIES]));
    }

    #[test]
    fn the_loudest_conference_is_pressed_and_never_clips() {
        let (_, heard) = mixed(Hearing::conference(8), [i16::MAX; PARTIES]);
        assert!(heard.iter().all(|sample| (30_000..i16::MAX).contains(sample)), "{heard:?}");
        let (_, heard) = mixed(Hearing::conference(8), [i16::MIN; PARTIES]);
        assert!(heard.iter().all(|sample| (-32_767..-30_000).contains(sample)), "{heard:?}");
        let mut before = limit(-8 * 32_768);
        for sum in -8 * 32_768..8 * 32_768 {
            let now = limit(sum);
            assert!(now >= before && i32::from(now) - i32::from(before) <= 1, "{sum}");
            before = now;
        }
    }

    #[test]
    fn voices_of_any_number_blend_into_their_sum() {
        let mut heard = [99; FRAME];
        assert!(!blend([].into_iter(), &mut heard));
        assert_eq!(heard, [0; FRAME]);
        assert!(blend([voice(300), voice(-100), voice(20)].iter(), &mut heard));
        assert_eq!(heard, [200; FRAME]);
    }

    #[test]
    fn who_is_muted_hears_on() {
        let mut hearing = Hearing::conference(3);
        hearing.mute(1);
        let (_, heard) = mixed(hearing, [100, 200, 400, 0, 0, 0, 0, 0]);
        assert_eq!(heard[..3], [400, 500, 100]);
    }

    #[test]
    fn parties_that_do_not_exist_are_passed_over() {
        let mut hearing = Hearing::conference(20);
        hearing.set(8, 0, true);
        hearing.set(0, 8, true);
        hearing.set(0, 0, true);
        assert_eq!(hearing, Hearing::conference(8));
        assert!(!hearing.hears(0, 0) && !hearing.hears(0, 300));
    }
}
