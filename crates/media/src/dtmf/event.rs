//! Keys as events in packets of their own: RFC 4733.
//!
//! An event begins with a marked packet, is told again with its duration so far, and ends with three packets that say the same.
//! All carry the timestamp of its beginning. What lasts longer than the 16 bits of a duration goes on as a next segment: the
//! timestamp moves by what the segment before lasted, and no end was told (§2.5.1.3).

use super::Key;

/// How often the end is told.
pub const ENDS: u8 = 3;
/// Without any packet of it for so many samples, an event has ended: 100 ms. RFC 4733 §2.5.2.2 leaves it to us.
pub const QUIET: u32 = 800;

/// The payload of one packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// 0 to 15 are keys, 16 is a hook flash.
    pub code: u8,
    /// Whether it is over.
    pub end: bool,
    /// Of the tone, in dB below 0 dBm0, 0 to 63.
    pub volume: u8,
    /// So far, in samples.
    pub duration: u16,
}

impl Event {
    /// Reads; nothing when it is too short. What follows is of later senders, and passed over.
    pub fn read(payload: &[u8]) -> Option<Self> {
        let [code, flags, d0, d1] = *payload.first_chunk::<4>()?;
        Some(Self {
            code,
            end: flags & 0x80 != 0,
            volume: flags & 0x3F,
            duration: u16::from_be_bytes([d0, d1]),
        })
    }

    /// As bytes.
    pub const fn bytes(self) -> [u8; 4] {
        let [d0, d1] = self.duration.to_be_bytes();
        [self.code, (self.end as u8) << 7 | self.volume & 0x3F, d0, d1]
    }
}

/// What was heard of keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Pressed.
    Pressed(Key),
    /// Let go, after so many samples.
    Released(Key, u32),
}

#[derive(Debug, Clone, Copy)]
struct Running {
    code: u8,
    /// Timestamp of the segment.
    begin: u32,
    /// Of the segments before.
    earlier: u32,
    duration: u16,
    over: bool,
}

/// Hears keys in the events of one stream, whatever of their packets is lost, doubled or out of order.
#[derive(Debug, Clone, Copy, Default)]
pub struct Listener {
    last: Option<Running>,
}

impl Listener {
    /// A packet of events came; tells of up to two things, in their order. Events that are no keys are passed over.
    pub fn on_packet(&mut self, timestamp: u32, event: Event) -> [Option<Heard>; 2] {
        let Some(key) = Key::of_code(event.code) else { return [None; 2] };
        let Some(last) = &mut self.last else {
            return self.begin(None, key, timestamp, event);
        };
        let ahead = timestamp.wrapping_sub(last.begin);
        if ahead == 0 && last.code == event.code {
            if last.over {
                return [None; 2];
            }
            last.duration = last.duration.max(event.duration);
            last.over = event.end;
            return [event.end.then(|| Heard::Released(key, last.lasted())), None];
        }
        if ahead > i32::MAX.cast_unsigned() || ahead == 0 {
            return [None; 2]; // of an event before this one
        }
        // A segment follows where the one before must have been full, also when its last packets were lost.
        let follows = !last.over && last.code == event.code && ahead == u32::from(u16::MAX);
        if follows {
            last.earlier = last.earlier.saturating_add(ahead);
            last.begin = timestamp;
            last.duration = event.duration;
            last.over = event.end;
            return [event.end.then(|| Heard::Released(key, last.lasted())), None];
        }
        let released = self.give_up();
        self.begin(released, key, timestamp, event)
    }

    /// Time went by: `now` is the timestamp that a packet of this moment would have. An event of which nothing more comes is
    /// over.
    pub fn on_time(&mut self, now: u32) -> Option<Heard> {
        let last = self.last.as_ref()?;
        let since = now.wrapping_sub(last.begin).wrapping_sub(last.duration.into());
        (since > QUIET && since < i32::MAX.cast_unsigned()).then(|| self.give_up()).flatten()
    }

    fn begin(
        &mut self,
        before: Option<Heard>,
        key: Key,
        begin: u32,
        event: Event,
    ) -> [Option<Heard>; 2] {
        let Event { code, duration, end: over, .. } = event;
        let running = Running { code, begin, earlier: 0, duration, over };
        // Only the ends came through, and perhaps the end of another before: what was pressed counts, and is released by
        // the second end or by time.
        let over = over && before.is_none();
        self.last = Some(Running { over, ..running });
        let pressed = Some(Heard::Pressed(key));
        match before {
            Some(_) => [before, pressed],
            None => [pressed, over.then(|| Heard::Released(key, duration.into()))],
        }
    }

    fn give_up(&mut self) -> Option<Heard> {
        let last = self.last.as_mut().filter(|last| !last.over)?;
        last.over = true;
        Some(Heard::Released(Key::of_code(last.code)?, last.lasted()))
    }
}

impl Running {
    fn lasted(&self) -> u32 {
        self.earlier.saturating_add(self.duration.into())
    }
}

/// A packet to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet {
    /// The first of its event.
    pub marker: bool,
    /// Of the beginning, or of the segment.
    pub timestamp: u32,
    /// What it says.
    pub event: Event,
}

/// Sends one key: a packet each time [`Iterator::next`] is called, once for each packet of sound that it takes the place of.
#[derive(Debug, Clone)]
pub struct Press {
    code: u8,
    volume: u8,
    /// Samples between packets.
    span: u16,
    timestamp: u32,
    duration: u16,
    left: u32,
    first: bool,
    ends: u8,
}

impl Press {
    /// A key that begins at a timestamp and lasts so many samples; `span` is how many samples a packet stands for, 160 for
    /// 20 ms.
    pub fn new(key: Key, timestamp: u32, samples: u32, span: u16) -> Self {
        let span = span.max(1);
        let (left, volume) = (samples.max(span.into()), 10);
        Self {
            code: key.code(),
            volume,
            span,
            timestamp,
            duration: 0,
            left,
            first: true,
            ends: ENDS,
        }
    }
}

impl Iterator for Press {
    type Item = Packet;

    fn next(&mut self) -> Option<Packet> {
        if self.left == 0 && self.ends == 0 {
            return None;
        }
        if self.left > 0 {
            let step = u16::try_from(self.left).unwrap_or(u16::MAX).min(self.span);
            if let Some(duration) = self.duration.checked_add(step) {
                self.duration = duration;
            } else {
                // The segment is full: the next one begins where it ends.
                self.timestamp = self.timestamp.wrapping_add(u16::MAX.into());
                self.duration = step - (u16::MAX - self.duration);
            }
            self.left -= u32::from(step);
        }
        let end = self.left == 0;
        if end {
            self.ends -= 1;
        }
        let marker = std::mem::take(&mut self.first);
        let event = Event { code: self.code, end, volume: self.volume, duration: self.duration };
        Some(Packet { marker, timestamp: self.timestamp, event })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seeded::Seeded;

    fn key(written: char) -> Key {
        Key::of_char(written).unwrap()
    }

    fn hears(packets: impl IntoIterator<Item = Packet>) -> Vec<Heard> {
        let mut listener = Listener::default();
        let heard = packets.into_iter().flat_map(|p| listener.on_packet(p.timestamp, p.event));
        heard.flatten().collect()
    }

    #[test]
    fn a_key_begins_marked_grows_and_ends_three_times() {
        let packets: Vec<_> = Press::new(key('5'), 1_000, 480, 160).collect();
        let told: Vec<_> =
            packets.iter().map(|p| (p.marker, p.event.duration, p.event.end)).collect();
        let end = (false, 480, true);
        assert_eq!(told, [(true, 160, false), (false, 320, false), end, end, end]);
        assert!(packets.iter().all(|p| p.timestamp == 1_000));
        assert_eq!(packets[4].event.bytes(), [5, 0x8A, 1, 0xE0]);
        assert_eq!(hears(packets), [Heard::Pressed(key('5')), Heard::Released(key('5'), 480)]);
    }

    #[test]
    fn a_key_held_for_long_goes_on_in_segments() {
        let samples = 150_000;
        let packets: Vec<_> = Press::new(key('#'), u32::MAX - 5, samples, 160).collect();
        assert!(packets.windows(2).any(|two| two[0].timestamp != two[1].timestamp));
        let expected = [Heard::Pressed(key('#')), Heard::Released(key('#'), samples)];
        assert_eq!(hears(packets.iter().copied()), expected);
        let full = packets.iter().filter(|p| p.event.duration > u16::MAX - 700);
        let some_lost: Vec<_> = full.copied().collect();
        let rest = packets.iter().filter(|p| !some_lost.contains(p)).copied();
        assert_eq!(hears(rest), expected, "the last packets of each segment were lost");
    }

    #[test]
    fn the_same_key_twice_is_two_keys() {
        let first = Press::new(key('1'), 0, 800, 160);
        let second = Press::new(key('1'), 1_600, 800, 160);
        assert_eq!(hears(first.chain(second)).len(), 4);
    }

    #[test]
    fn one_end_is_enough_to_hear_it_all() {
        let last = Press::new(key('9'), 0, 800, 160).last();
        assert_eq!(hears(last), [Heard::Pressed(key('9')), Heard::Released(key('9'), 800)]);
    }

    #[test]
    fn a_key_whose_ends_are_lost_ends_by_the_next_or_by_time() {
        let begun = Press::new(key('1'), 0, 800, 160).take(3);
        let next = Press::new(key('2'), 1_600, 160, 160).take(1);
        let heard = hears(begun.chain(next));
        assert_eq!(heard[..2], [Heard::Pressed(key('1')), Heard::Released(key('1'), 480)]);
        assert_eq!(heard[2], Heard::Pressed(key('2')));
        let mut listener = Listener::default();
        begun_only(&mut listener);
        assert_eq!(listener.on_time(480 + QUIET), None);
        assert_eq!(listener.on_time(481 + QUIET), Some(Heard::Released(key('1'), 480)));
        assert_eq!(listener.on_time(10_000), None);
    }

    fn begun_only(listener: &mut Listener) {
        for p in Press::new(key('1'), 0, 800, 160).take(3) {
            listener.on_packet(p.timestamp, p.event);
        }
    }

    #[test]
    fn whatever_order_and_loss_each_key_is_heard_once() {
        for seed in 0..500 {
            let mut chance = Seeded::new(seed);
            let mut packets: Vec<_> = Press::new(key('4'), 0, 1_600, 160)
                .chain(Press::new(key('4'), 4_000, 1_600, 160))
                .collect();
            for n in 1..packets.len() {
                // Neighbours of the same event change places.
                if packets[n].timestamp == packets[n - 1].timestamp && chance.below(3) == 0 {
                    packets.swap(n, n - 1);
                }
            }
            let doubled = packets.iter().flat_map(|p| [*p; 2]);
            let pressed = hears(doubled).into_iter().filter(|h| matches!(h, Heard::Pressed(_)));
            assert_eq!(pressed.count(), 2, "seed {seed}");
        }
    }

    #[test]
    fn any_bytes_are_an_event_or_none() {
        let mut chance = Seeded::new(4);
        let mut listener = Listener::default();
        for _ in 0..100_000 {
            let bytes = chance.bytes(6);
            let event = Event::read(&bytes);
            assert_eq!(event.is_some(), bytes.len() >= 4);
            let Some(event) = event else { continue };
            assert_eq!(Event::read(&event.bytes()), Some(event));
            let at = u32::try_from(chance.below(100_000)).unwrap();
            let pairs = listener.on_packet(at, event);
            assert!(pairs[0].is_some() || pairs[1].is_none());
            listener.on_time(at.wrapping_add(500));
        }
    }
}
