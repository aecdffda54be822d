//! Turns packets that come when they like into frames that are there when they are due: for mixing and recording. A leg that is
//! merely relayed needs none.
//!
//! The buffer begins to play when [`Buffer::target`] frames are there. A frame that comes too late makes the target grow; ten
//! quiet seconds make it shrink. When more is held than needed for two seconds, one frame is left out. It holds
//! [`CAPACITY`] frames at most, and neither call takes longer the more there are.

/// The most frames held: 1.28 s of 20 ms.
pub const CAPACITY: usize = 64;
/// The least and the most frames to wait for: 20 ms and 240 ms.
pub const TARGETS: std::ops::RangeInclusive<u16> = 1..=12;
/// Frames played without one coming late, after which the target shrinks: ten seconds.
const CALM: u16 = 500;
/// Frames during which more is held than needed, after which one is left out: two seconds.
const PATIENCE: u16 = 100;
/// A gap of more turns than this was a pause of the sender, not the network: 200 ms.
const PAUSE: u16 = 10;

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It will be played.
    Kept,
    /// Its turn is over.
    Late,
    /// It is here already.
    Double,
}

/// What is to be played now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn<T> {
    /// This.
    Frame(T),
    /// Something that did not come: to be concealed.
    Lost,
    /// Nothing is there: the sender pauses, or the buffer fills. Silence.
    Waiting,
}

/// Holds the frames of one stream; `T` is one packet's payload, in whatever form.
#[derive(Debug, Clone)]
pub struct Buffer<T> {
    slots: [Option<(u64, T)>; CAPACITY],
    held: u16,
    /// Number of the frame whose turn is next.
    next: Option<u64>,
    highest: u64,
    filling: bool,
    /// Whether any of these numbers has had its turn.
    played: bool,
    /// Turns to be waited for the target that has grown.
    owed: u16,
    /// Turns since something is there, while filling; or since nothing is.
    waited: u16,
    target: u16,
    calm: u16,
    above: u16,
    late: u64,
    left_out: u64,
}

impl<T> Default for Buffer<T> {
    fn default() -> Self {
        Self {
            slots: std::array::from_fn(|_| None),
            held: 0,
            next: None,
            highest: 0,
            filling: true,
            played: false,
            owed: 0,
            waited: 0,
            target: 2,
            calm: 0,
            above: 0,
            late: 0,
            left_out: 0,
        }
    }
}

impl<T> Buffer<T> {
    /// Frames that it waits for before it plays.
    pub const fn target(&self) -> u16 {
        self.target
    }

    /// Frames held.
    pub const fn held(&self) -> u16 {
        self.held
    }

    /// Frames that came when their turn was over.
    pub const fn late(&self) -> u64 {
        self.late
    }

    /// Frames left out to catch up.
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// A packet came, with its number in the stream ([`crate::sequence`]).
    pub fn put(&mut self, number: u64, frame: T) -> Put {
        let next = match self.next {
            // Nothing has been played yet, so an earlier one may still go first.
            Some(next) if number < next && !self.played && self.reaches_back(number) => {
                self.next = Some(number);
                number
            }
            Some(next) => next,
            None => {
                self.highest = number;
                self.next = Some(number);
                number
            }
        };
        let Some(ahead) = number.checked_sub(next) else {
            self.late += 1;
            // What comes after it is played later by a turn, if it is not already.
            self.owed += self.grow();
            return Put::Late;
        };
        if ahead >= CAPACITY as u64 {
            // The sender leapt, or nobody took anything: what is held is over.
            self.slots.iter_mut().for_each(|slot| *slot = None);
            (self.held, self.next, self.highest) = (0, Some(number), number);
            self.played = false;
            self.begin_filling();
        }
        let Some(slot) = self.slots.get_mut(place(number)) else { return Put::Late };
        if slot.is_some() {
            return Put::Double;
        }
        *slot = Some((number, frame));
        if self.held == 0 && self.filling {
            // It ran dry shortly before: that was the network, and costs patience.
            if self.waited > 0 && self.waited <= PAUSE {
                self.grow();
            }
            self.waited = 0;
        }
        self.held += 1;
        self.highest = self.highest.max(number);
        Put::Kept
    }

    /// A frame is due: to be called once for each 20 ms, or however long a packet's sound lasts.
    pub fn take(&mut self) -> Turn<T> {
        let Some(next) = self.next else { return Turn::Waiting };
        if self.held == 0 {
            if !self.filling {
                self.begin_filling();
            }
            self.waited = self.waited.saturating_add(1);
            return Turn::Waiting;
        }
        let depth = u16::try_from(self.highest.saturating_sub(next) + 1).unwrap_or(u16::MAX);
        if self.filling {
            // The end of a short sound is not held back for ever.
            if depth < self.target && self.waited < self.target {
                self.waited += 1;
                return Turn::Waiting;
            }
            self.filling = false;
        }
        if self.owed > 0 {
            self.owed -= 1;
            if depth < self.target {
                return Turn::Waiting;
            }
        }
        self.settle(depth);
        let frame = self.pull();
        frame.map_or(Turn::Lost, Turn::Frame)
    }

    /// Adapts to how it has been.
    fn settle(&mut self, depth: u16) {
        self.calm += 1;
        if self.calm >= CALM {
            self.calm = 0;
            self.target = self.target.saturating_sub(1).max(*TARGETS.start());
        }
        self.above = if depth > self.target { self.above + 1 } else { 0 };
        if self.above >= PATIENCE && self.held > 1 {
            self.above = 0;
            self.left_out += u64::from(self.pull().is_some());
        }
    }

    fn pull(&mut self) -> Option<T> {
        let next = self.next?;
        self.next = Some(next + 1);
        self.played = true;
        let slot = self.slots.get_mut(place(next))?;
        let (_, frame) = slot.take()?;
        self.held -= 1;
        Some(frame)
    }

    /// Whether an earlier number fits beside all that is held.
    const fn reaches_back(&self, number: u64) -> bool {
        self.highest.saturating_sub(number) < CAPACITY as u64
    }

    fn begin_filling(&mut self) {
        (self.filling, self.waited, self.above, self.owed) = (true, 0, 0, 0);
    }

    /// By one, if it may; tells by how much.
    fn grow(&mut self) -> u16 {
        self.calm = 0;
        let grown = u16::from(self.target < *TARGETS.end());
        self.target += grown;
        grown
    }
}

fn place(number: u64) -> usize {
    usize::try_from(number % CAPACITY as u64).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seeded::Seeded;

    /// Plays a stream whose packet `n` is sent at `20 n` ms and comes `delay(n)` ms later, never if that says so.
    fn plays(count: u64, delay: impl Fn(u64) -> Option<u64>) -> (Vec<Turn<u64>>, Buffer<u64>) {
        let mut arrivals: Vec<_> =
            (0..count).filter_map(|n| Some((n * 20 + delay(n)?, n))).collect();
        arrivals.sort_unstable();
        let mut buffer = Buffer::default();
        let mut turns = Vec::new();
        let end = arrivals.iter().map(|(at, _)| *at).max().unwrap_or(0) + 20 * 20;
        let mut arrivals = arrivals.into_iter().peekable();
        for now in (0..end).step_by(20) {
            while let Some((_, n)) = arrivals.next_if(|(at, _)| *at <= now) {
                buffer.put(100_000 + n, n);
            }
            turns.push(buffer.take());
        }
        (turns, buffer)
    }

    fn frames(turns: &[Turn<u64>]) -> Vec<u64> {
        let frame = |turn: &Turn<u64>| match turn {
            Turn::Frame(n) => Some(*n),
            _ => None,
        };
        turns.iter().filter_map(frame).collect()
    }

    fn lost(turns: &[Turn<u64>]) -> usize {
        turns.iter().filter(|turn| **turn == Turn::Lost).count()
    }

    #[test]
    fn a_stream_on_time_is_played_whole_and_soon() {
        let (turns, buffer) = plays(100, |_| Some(0));
        assert_eq!(frames(&turns), (0..100).collect::<Vec<_>>());
        assert_eq!((lost(&turns), buffer.late(), buffer.held()), (0, 0, 0));
        assert_eq!(turns.iter().position(|turn| *turn == Turn::Frame(0)), Some(1));
    }

    #[test]
    fn what_never_came_is_lost_in_its_turn() {
        let (turns, _) = plays(100, |n| (n % 10 != 5).then_some(0));
        assert_eq!(lost(&turns), 10);
        let at = turns.iter().position(|turn| *turn == Turn::Frame(4)).unwrap();
        assert_eq!(turns[at + 1..at + 3], [Turn::Lost, Turn::Frame(6)]);
    }

    #[test]
    fn disorder_is_put_in_order() {
        let (turns, buffer) = plays(200, |n| Some(if n % 7 == 3 { 30 } else { 0 }));
        let heard = frames(&turns);
        assert!(heard.is_sorted());
        assert!(heard.len() >= 198, "{} of 200", heard.len());
        assert!(buffer.target() <= 4);
    }

    #[test]
    fn it_grows_until_jitter_is_borne_and_shrinks_when_it_is_over() {
        let (turns, rough) = plays(2_000, |n| Some(n * 7_919 % 101));
        assert!((3..=9).contains(&rough.target()), "{}", rough.target());
        let last = &turns[1_000..2_000];
        assert!(frames(last).len() > 985, "{}", frames(last).len());
        let (_, calm) = plays(8_000, |n| Some(if n < 1_000 { n * 7_919 % 101 } else { 0 }));
        assert!(calm.target() <= 2, "{}", calm.target());
        assert!(calm.left_out() > 0);
    }

    #[test]
    fn doubles_and_latecomers_are_told_apart() {
        let mut buffer = Buffer::default();
        assert_eq!(
            [buffer.put(10, 'a'), buffer.put(10, 'x'), buffer.put(11, 'b')],
            [Put::Kept, Put::Double, Put::Kept]
        );
        assert_eq!([buffer.take(), buffer.take()], [Turn::Frame('a'), Turn::Frame('b')]);
        assert_eq!((buffer.put(10, 'a'), buffer.late()), (Put::Late, 1));
    }

    #[test]
    fn a_pause_of_the_sender_costs_nothing() {
        let (turns, buffer) = plays(300, |n| Some(if n < 100 { 0 } else { 5_000 }));
        assert_eq!(frames(&turns).len() + usize::from(buffer.held()), 300);
        assert_eq!((lost(&turns), buffer.target()), (0, 2));
    }

    #[test]
    fn a_leap_of_the_sender_begins_anew() {
        let mut buffer = Buffer::default();
        (0..5).for_each(|n| assert_eq!(buffer.put(n, n), Put::Kept));
        assert_eq!(buffer.put(1_000, 1_000), Put::Kept);
        assert_eq!((buffer.held(), buffer.take()), (1, Turn::Waiting));
        buffer.put(1_001, 1_001);
        assert_eq!(buffer.take(), Turn::Frame(1_000));
    }

    #[test]
    fn whatever_comes_it_stays_bounded_and_in_order() {
        for seed in 0..200 {
            let mut chance = Seeded::new(seed);
            let mut buffer = Buffer::default();
            let (mut front, mut played) = (1_000_u64, 0);
            for _ in 0..2_000 {
                front += chance.below(3) as u64;
                if chance.below(200) == 0 {
                    front += 100_000;
                }
                let number = front - chance.below(80) as u64;
                buffer.put(number, number);
                if chance.below(4) > 0
                    && let Turn::Frame(n) = buffer.take()
                {
                    assert!(n > played, "seed {seed}: {n} after {played}");
                    played = n;
                }
                assert!(
                    usize::from(buffer.held()) <= CAPACITY && TARGETS.contains(&buffer.target())
                );
                assert_eq!(buffer.slots.iter().flatten().count(), usize::from(buffer.held()));
            }
        }
    }
}
