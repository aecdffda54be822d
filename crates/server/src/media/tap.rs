//! The sound of a leg as frames of 20 ms that are there when they are due: for mixing, recording and other codecs.

use media::conceal::Concealer;
use media::g711::Law;
use media::jitter::{Buffer, CAPACITY, Turn};
use media::sound::FRAME;

/// Samples of one part: 10 ms. Packets of 10, 20, 30 ms are all whole parts.
const PART: usize = 80;
/// The most sound of one packet: 120 ms, which is also Opus' longest.
pub(super) const PACKET: usize = FRAME * 6;
/// A step of a stream's clock that is no step but a new beginning, in samples: 10 s.
const LEAP: i32 = 80_000;

/// One leg's sound.
pub(super) struct Tap {
    buffer: Buffer<[i16; PART]>,
    /// SSRC and timestamp (in samples of 8,000 a second) that a part's number was given for.
    base: Option<(u32, u32, u64)>,
    highest: u64,
    concealer: Concealer,
    frame: [i16; FRAME],
    live: bool,
}

impl Tap {
    pub(super) fn new() -> Self {
        Self {
            buffer: Buffer::default(),
            base: None,
            highest: 0,
            concealer: Concealer::default(),
            frame: [0; FRAME],
            live: false,
        }
    }

    /// A packet's sound came. `timestamp` is in samples of 8,000 a second.
    pub(super) fn put(&mut self, ssrc: u32, timestamp: u32, sound: &[i16]) {
        let first = match self.base {
            Some((own, at, number)) if own == ssrc => {
                let step = timestamp.wrapping_sub(at).cast_signed();
                let parts = i64::from(step).div_euclid(80);
                let known = step.abs() < LEAP;
                number.checked_add_signed(parts).filter(|_| known)
            }
            _ => None,
        };
        let first = first.unwrap_or(self.highest + 2 * CAPACITY as u64);
        for (part, number) in sound.chunks_exact(PART).zip(first..) {
            if let Ok(part) = part.try_into() {
                self.buffer.put(number, part);
                self.highest = self.highest.max(number);
            }
        }
        // Numbers are counted on from here, so that the clock's turns do no harm.
        self.base = Some((ssrc, timestamp, first));
    }

    /// 20 ms went by: the next frame is at hand.
    pub(super) fn turn(&mut self) {
        self.live = false;
        let (front, back) = self.frame.split_at_mut(PART);
        for half in [front, back] {
            match self.buffer.take() {
                Turn::Frame(part) => {
                    half.copy_from_slice(&part);
                    self.concealer.heard(half);
                    self.live = true;
                }
                Turn::Lost => {
                    self.concealer.conceal(half);
                    self.live = true;
                }
                Turn::Waiting => half.fill(0),
            }
        }
    }

    /// The frame at hand; none while nothing comes.
    pub(super) fn frame(&self) -> Option<&[i16; FRAME]> {
        self.live.then_some(&self.frame)
    }
}

/// Decodes G.711; tells how many samples.
pub(super) fn decode(law: Law, codes: &[u8], out: &mut [i16; PACKET]) -> usize {
    law.decode_all(codes, out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_of_any_length_become_one_stream_across_the_clocks_turn() {
        for parts in [1, 2, 3] {
            let mut tap = Tap::new();
            let mut timestamp = u32::MAX - 4_000;
            let mut value = 0_i16;
            let mut heard = Vec::new();
            for n in 0..120 {
                while usize::try_from(value).unwrap() < (n + 2) * 2 {
                    let sound: Vec<_> = (0..parts).flat_map(|k| [value + 1 + k; PART]).collect();
                    tap.put(9, timestamp, &sound);
                    timestamp = timestamp.wrapping_add(u32::try_from(sound.len()).unwrap());
                    value += parts;
                }
                tap.turn();
                if let Some(frame) = tap.frame() {
                    heard.extend([frame[60], frame[FRAME - 20]]);
                }
            }
            // Whatever is left out to catch up, what is heard is in its order, and nearly all.
            assert!(heard.windows(2).all(|two| two[0] < two[1]), "{parts}: {heard:?}");
            assert!(heard.len() > 200, "{}", heard.len());
        }
    }

    #[test]
    fn a_new_source_is_heard_at_once() {
        let mut tap = Tap::new();
        tap.put(1, 1_000, &[5; FRAME]);
        tap.turn();
        assert_eq!(tap.frame(), Some(&[5; FRAME]));
        tap.turn();
        assert_eq!(tap.frame(), None);
        tap.put(2, 77_000_000, &[9; FRAME]);
        tap.put(2, 77_000_160, &[9; FRAME]);
        tap.turn();
        tap.turn();
        assert_eq!(tap.frame(), Some(&[9; FRAME]));
    }
}
