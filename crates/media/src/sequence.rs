//! Sequence numbers of 16 bits, told apart for as long as a call lasts.
//!
//! RFC 3550 A.1: a small step ahead is the stream going on, a small step back is a late packet, and a great leap is believed
//! when the packet after it follows it: then the sender began anew.

/// A step ahead that is believed at once, in packets: a minute of sound at 20 ms.
pub const AHEAD_LIMIT: u16 = 3_000;
/// How far back a packet may belong, in packets.
pub const BACK_LIMIT: u16 = 100;

/// Where a packet stands in its stream. Numbers have 64 bits and never repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The first, or the first after the sender began anew.
    First(u64),
    /// Ahead of all before it; how many between are missing so far.
    Ahead(u64, u16),
    /// At or behind the highest: late, or there already.
    Behind(u64),
    /// A leap: to be dropped, unless the next packet follows it.
    Leap,
}

/// Remembers the highest number of one stream.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sequence {
    highest: Option<u64>,
    /// What the packet after a leap must be.
    expected: Option<u16>,
}

impl Sequence {
    /// The highest number so far; its lower 16 bits are the wire's, and the first has 1 above them.
    pub const fn highest(&self) -> Option<u64> {
        self.highest
    }

    /// Finds the place of the next packet.
    pub fn take(&mut self, wire: u16) -> Place {
        let Some(highest) = self.highest else {
            // One cycle is spare, so that what belongs before the first has a number, too.
            return self.begin(0x1_0000 | u64::from(wire));
        };
        let [.., h, l] = highest.to_be_bytes();
        let last = u16::from_be_bytes([h, l]);
        let ahead = wire.wrapping_sub(last);
        let behind = last.wrapping_sub(wire);
        if behind <= BACK_LIMIT {
            Place::Behind(highest.saturating_sub(behind.into()))
        } else if ahead <= AHEAD_LIMIT {
            let number = highest + u64::from(ahead);
            self.highest = Some(number);
            self.expected = None;
            Place::Ahead(number, ahead - 1)
        } else if self.expected == Some(wire) {
            // Numbers after a fresh start are above all before it.
            self.begin(((highest >> 16) + 2) << 16 | u64::from(wire))
        } else {
            self.expected = Some(wire.wrapping_add(1));
            Place::Leap
        }
    }

    fn begin(&mut self, number: u64) -> Place {
        *self = Self { highest: Some(number), expected: None };
        Place::First(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_on_past_each_turn() {
        let mut sequence = Sequence::default();
        let first = 0x1_0000 + 65_000;
        assert_eq!(sequence.take(65_000), Place::First(first));
        for n in 1..200_000_u64 {
            let wire = u16::try_from((first + n) & 0xFFFF).unwrap();
            assert_eq!(sequence.take(wire), Place::Ahead(first + n, 0));
        }
    }

    #[test]
    fn late_packets_find_their_place_across_the_turn() {
        let mut sequence = Sequence::default();
        sequence.take(65_534);
        assert_eq!(sequence.take(2), Place::Ahead(0x2_0002, 3));
        assert_eq!(sequence.take(65_535), Place::Behind(0x1_FFFF));
        assert_eq!(sequence.take(2), Place::Behind(0x2_0002));
        assert_eq!(sequence.highest(), Some(0x2_0002));
    }

    #[test]
    fn a_leap_is_believed_when_the_next_packet_follows_it() {
        let mut sequence = Sequence::default();
        sequence.take(10);
        assert_eq!(sequence.take(30_000), Place::Leap);
        assert_eq!(sequence.take(11), Place::Ahead(0x1_000B, 0));
        assert_eq!(sequence.take(30_001), Place::Leap, "the stream went on in between");
        assert_eq!(sequence.take(30_002), Place::First(0x3_0000 + 30_002));
    }

    #[test]
    fn one_step_past_each_limit_is_a_leap() {
        for (wire, leaps) in [
            (1_000 + AHEAD_LIMIT, false),
            (1_001 + AHEAD_LIMIT, true),
            (1_000 - BACK_LIMIT, false),
            (999 - BACK_LIMIT, true),
        ] {
            let mut sequence = Sequence::default();
            sequence.take(1_000);
            assert_eq!(sequence.take(wire) == Place::Leap, leaps, "{wire}");
        }
    }
}
