//! How a stream arrives: loss, order, doubles, jitter, and the way there and back. A packet costs the same whether it is the
//! first or the millionth, and nothing is allocated.

use crate::rtcp::{Report, Sent};
use crate::sequence::{Place, Sequence};
use crate::time::Micros;

/// What a packet turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// In its turn, with its number in the stream.
    Fresh(u64),
    /// After one that was sent later.
    Late(u64),
    /// Here already, or so late that it cannot be told; to be dropped.
    Double,
    /// A leap that is not believed yet; to be dropped.
    Leap,
}

/// Of one stream that is received. A new source ([`Stats::on_packet`] sees its SSRC) goes on with the same counts.
#[derive(Debug, Clone, Copy)]
pub struct Stats {
    rate: u32,
    ssrc: Option<u32>,
    sequence: Sequence,
    /// The first number since the stream began, or began anew.
    base: u64,
    /// Packets expected before it began anew.
    banked: u64,
    /// Bit n: the packet n before the highest is here.
    seen: u128,
    received: u64,
    doubles: u64,
    late: u64,
    leaps: u64,
    /// When the packet before came and what it said, in samples.
    transit: Option<u32>,
    /// Sixteen times the jitter, in samples.
    jitter: u32,
    report: Option<(u32, Micros)>,
    reported: (u64, u64),
    round_trip: Option<Micros>,
}

impl Stats {
    /// Nothing has come yet. `rate` is the stream's clock in samples a second, as its codec says.
    pub fn new(rate: u32) -> Self {
        Self {
            rate: rate.max(1),
            ssrc: None,
            sequence: Sequence::default(),
            base: 0,
            banked: 0,
            seen: 0,
            received: 0,
            doubles: 0,
            late: 0,
            leaps: 0,
            transit: None,
            jitter: 0,
            report: None,
            reported: (0, 0),
            round_trip: None,
        }
    }

    /// The stream's clock from now on.
    pub fn set_rate(&mut self, rate: u32) {
        if self.rate != rate.max(1) {
            (self.rate, self.transit, self.jitter) = (rate.max(1), None, 0);
        }
    }

    /// A packet came. `events` (RFC 4733) repeat their timestamp, so they count but say nothing of jitter.
    pub fn on_packet(
        &mut self,
        now: Micros,
        ssrc: u32,
        sequence: u16,
        timestamp: u32,
        event: bool,
    ) -> Arrival {
        if self.ssrc != Some(ssrc) {
            self.bank(self.expected());
            self.ssrc = Some(ssrc);
            self.sequence = Sequence::default();
            self.report = None;
        }
        let (before, expected) = (self.sequence.highest(), self.expected());
        match self.sequence.take(sequence) {
            Place::First(number) => {
                if before.is_some() {
                    self.bank(expected);
                }
                self.base = number;
                self.seen = 1;
                self.transit = None;
                self.fresh(now, number, timestamp, event)
            }
            Place::Ahead(number, missing) => {
                self.seen = self.seen.checked_shl(u32::from(missing) + 1).unwrap_or(0) | 1;
                self.fresh(now, number, timestamp, event)
            }
            Place::Behind(number) => {
                let back = self.sequence.highest().unwrap_or(number) - number;
                let bit = u32::try_from(back).ok().and_then(|back| 1_u128.checked_shl(back));
                match bit {
                    Some(bit) if self.seen & bit == 0 => {
                        self.seen |= bit;
                        self.received += 1;
                        self.late += 1;
                        // What was sent before the first we saw was expected, too.
                        self.base = self.base.min(number);
                        Arrival::Late(number)
                    }
                    _ => {
                        self.doubles += 1;
                        Arrival::Double
                    }
                }
            }
            Place::Leap => {
                self.leaps += 1;
                Arrival::Leap
            }
        }
    }

    fn fresh(&mut self, now: Micros, number: u64, timestamp: u32, event: bool) -> Arrival {
        self.received += 1;
        if !event {
            self.take_jitter(now, timestamp);
        }
        Arrival::Fresh(number)
    }

    /// RFC 3550 A.8, in its integer form.
    fn take_jitter(&mut self, now: Micros, timestamp: u32) {
        let samples = u128::from(now.0) * u128::from(self.rate) / 1_000_000;
        let [.., a, b, c, d] = samples.to_be_bytes();
        let transit = u32::from_be_bytes([a, b, c, d]).wrapping_sub(timestamp);
        if let Some(before) = self.transit {
            let step = transit.wrapping_sub(before).cast_signed().unsigned_abs();
            // A leap of the sender's clock is no jitter.
            if step < self.rate {
                self.jitter = self.jitter + step - ((self.jitter + 8) >> 4);
            }
        }
        self.transit = Some(transit);
    }

    /// Keeps what was expected so far, for the numbers begin anew.
    fn bank(&mut self, expected: u64) {
        self.banked = expected;
        self.seen = 0;
        self.base = 0;
        self.transit = None;
    }

    /// Packets that were sent, as far as their numbers tell.
    pub fn expected(&self) -> u64 {
        let current = match self.sequence.highest() {
            Some(highest) if self.base > 0 => highest + 1 - self.base,
            _ => 0,
        };
        self.banked + current
    }

    /// Packets that came, each counted once.
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// Packets that never came. Doubles do not make up for them, unlike in an RTCP report.
    pub fn lost(&self) -> u64 {
        self.expected().saturating_sub(self.received)
    }

    /// The same in 1,000ths of what was sent.
    pub fn lost_permille(&self) -> u32 {
        let share = (self.lost() * 1_000).checked_div(self.expected()).unwrap_or(0);
        u32::try_from(share).unwrap_or(1_000)
    }

    /// Packets that came once more.
    pub const fn doubles(&self) -> u64 {
        self.doubles
    }

    /// Packets that came after one that was sent later.
    pub const fn late(&self) -> u64 {
        self.late
    }

    /// Packets that were not believed.
    pub const fn leaps(&self) -> u64 {
        self.leaps
    }

    /// Interarrival jitter.
    pub fn jitter(&self) -> Micros {
        Micros(u64::from(self.jitter) * 1_000_000 / 16 / u64::from(self.rate))
    }

    /// There and back, since the other end last told.
    pub const fn round_trip(&self) -> Option<Micros> {
        self.round_trip
    }

    /// The other end reported what it sent.
    pub fn on_sent(&mut self, now: Micros, sent: Sent) {
        self.report = Some((middle(sent.ntp), now));
    }

    /// The other end reported what it receives of ours. `now` is of the clock our own reports were stamped by.
    pub fn on_report(&mut self, now: Micros, report: &Report) {
        if report.last_report == 0 {
            return;
        }
        let span = middle(now.ntp()).wrapping_sub(report.last_report).wrapping_sub(report.delay);
        // Clocks that run apart make it seem negative; more than a minute is a lie.
        if span < 60 << 16 {
            self.round_trip = Some(Micros((u64::from(span) * 1_000_000) >> 16));
        }
    }

    /// What to report of this stream now; what is lost since is counted from the report before (RFC 3550 A.3).
    pub fn report(&mut self, now: Micros) -> Option<Report> {
        let ssrc = self.ssrc?;
        let [.., a, b, c, d] = self.sequence.highest()?.to_be_bytes();
        // The first turn is numbered 1 here and 0 on the wire.
        let highest = u32::from_be_bytes([a, b, c, d]).wrapping_sub(0x1_0000);
        let came = self.received + self.doubles;
        let (expected, received) = (self.expected(), came);
        let expects = expected.saturating_sub(self.reported.0);
        let lost = expects.saturating_sub(received.saturating_sub(self.reported.1));
        self.reported = (expected, received);
        let all =
            i64::try_from(expected).unwrap_or(i64::MAX) - i64::try_from(came).unwrap_or(i64::MAX);
        let (last_report, delay) = self.report.map_or((0, 0), |(middle, at)| {
            let delay = u128::from(now.since(at).0) * 65_536 / 1_000_000;
            (middle, u32::try_from(delay).unwrap_or(u32::MAX))
        });
        Some(Report {
            ssrc,
            fraction: (lost * 256)
                .checked_div(expects)
                .map_or(0, |share| u8::try_from(share).unwrap_or(u8::MAX)),
            lost: i32::try_from(all.clamp(-0x80_0000, 0x7F_FFFF)).unwrap_or(0),
            highest,
            jitter: self.jitter >> 4,
            last_report,
            delay,
        })
    }
}

/// The middle 32 bits of an NTP time: 65,536ths of a second.
const fn middle(ntp: u64) -> u32 {
    let [_, _, a, b, c, d, _, _] = ntp.to_be_bytes();
    u32::from_be_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends packets of 20 ms with these numbers, each on time.
    fn heard(numbers: impl IntoIterator<Item = u32>) -> Stats {
        let mut stats = Stats::new(8_000);
        for n in numbers {
            let wire = u16::try_from(n & 0xFFFF).unwrap();
            stats.on_packet(Micros(u64::from(n) * 20_000), 1, wire, n * 160, false);
        }
        stats
    }

    #[test]
    fn what_never_came_is_lost_also_across_the_turn() {
        let stats = heard((65_000..66_000).filter(|n| n % 10 != 3));
        assert_eq!((stats.expected(), stats.received(), stats.lost()), (1_000, 900, 100));
        assert_eq!(stats.lost_permille(), 100);
    }

    #[test]
    fn late_packets_are_neither_lost_nor_doubles() {
        let stats = heard([1, 2, 5, 3, 4, 6]);
        assert_eq!((stats.lost(), stats.late(), stats.doubles()), (0, 2, 0));
        let stats = heard([1, 2, 4, 3, 3]);
        assert_eq!((stats.lost(), stats.late(), stats.doubles()), (0, 1, 1), "late, and once more");
    }

    #[test]
    fn doubles_do_not_hide_a_loss_here_but_do_on_the_wire() {
        let mut stats = heard([1, 2, 2, 4, 4, 1]);
        assert_eq!((stats.lost(), stats.doubles()), (1, 3));
        assert_eq!(stats.report(Micros(0)).unwrap().lost, -2);
    }

    #[test]
    fn what_comes_before_the_first_was_sent_too() {
        let stats = heard([10, 8]);
        assert_eq!((stats.expected(), stats.lost(), stats.late()), (3, 1, 1));
    }

    #[test]
    fn a_new_source_goes_on_with_the_same_counts() {
        let mut stats = heard([1, 2, 4]);
        for n in [40_000, 40_001, 40_003] {
            assert!(matches!(stats.on_packet(Micros(0), 2, n, 0, false), Arrival::Fresh(_)));
        }
        assert_eq!((stats.expected(), stats.received(), stats.lost()), (8, 6, 2));
        assert_eq!(stats.report(Micros(0)).unwrap().ssrc, 2);
    }

    #[test]
    fn a_sender_that_begins_anew_costs_one_packet() {
        let stats = heard([1, 2, 3, 20_000, 20_001, 20_002]);
        assert_eq!((stats.leaps(), stats.lost(), stats.received()), (1, 0, 5));
        assert_eq!(stats.expected(), 5);
    }

    #[test]
    fn jitter_follows_the_formula() {
        let mut stats = Stats::new(8_000);
        let mut own = 0.0_f64;
        for n in 0..500_u32 {
            let late = u64::from(n % 2) * 5_000; // every other packet is 5 ms late
            stats.on_packet(
                Micros(u64::from(n) * 20_000 + late),
                1,
                u16::try_from(n).unwrap(),
                n * 160,
                false,
            );
            if n > 0 {
                own += (40.0 - own) / 16.0;
            }
        }
        let jitter = f64::from(u32::try_from(stats.jitter().0).unwrap()) / 125.0;
        assert!((jitter - own).abs() < 1.0, "{jitter} samples, by the formula {own}");
    }

    #[test]
    fn a_stream_on_time_has_no_jitter_and_events_make_none() {
        let mut stats = heard(0..100);
        for n in 100..110 {
            stats.on_packet(Micros(n * 20_000), 1, u16::try_from(n).unwrap(), 16_000, true);
        }
        assert_eq!(stats.jitter(), Micros(0));
    }

    #[test]
    fn losses_are_reported_since_the_last_report() {
        let mut stats = heard((0..100).filter(|n| *n != 50));
        assert_eq!(stats.report(Micros(0)).unwrap().fraction, 2);
        for n in (100..200_u16).filter(|n| n % 4 != 1) {
            stats.on_packet(Micros(0), 1, n, u32::from(n) * 160, false);
        }
        let report = stats.report(Micros(0)).unwrap();
        assert_eq!((report.fraction, report.lost, report.highest), (64, 26, 199));
        assert_eq!(stats.report(Micros(0)).unwrap().fraction, 0);
    }

    #[test]
    fn the_round_trip_leaves_out_what_the_other_end_waited() {
        let mut ours = Stats::new(8_000);
        let mut theirs = heard([1]);
        // Our report leaves at 10 s, arrives 30 ms later, is answered after 2 s, and that takes 50 ms.
        let sent = Sent { ntp: Micros::from_millis(10_000).ntp(), ..Sent::default() };
        theirs.on_sent(Micros::from_millis(777_030), sent);
        let report = theirs.report(Micros::from_millis(779_030)).unwrap();
        ours.on_report(Micros::from_millis(12_080), &report);
        let round_trip = ours.round_trip().unwrap().0;
        assert!(round_trip.abs_diff(80_000) < 50, "{round_trip}");
    }

    #[test]
    fn a_report_from_the_future_or_of_nothing_says_nothing() {
        let mut stats = heard([1]);
        stats.on_report(Micros(5), &Report::default());
        stats.on_report(Micros(5), &Report { last_report: 1 << 20, ..Report::default() });
        assert_eq!(stats.round_trip(), None);
    }
}
