//! What came, how it was served and how agents spent their time, by intervals (`docs/reports.md` has the definitions).
//!
//! Views keep [`Sums`] by quarters of an hour and by the longer [`SPANS`] of UTC; [`cover`] says which of them make up a
//! span of time, and [`Every::start`] to which interval of the realm's own calendar each belongs. So nothing depends on
//! the realm's time zone when it is written, and no question reads more rows than it must.

use crate::agent::{AgentState, Channel};
use crate::calendar;
use crate::id::{QueueId, UserId};
use crate::time::Millis;
use std::sync::Arc;

/// Sums are kept of spans of these lengths, which begin at multiples of them (UTC).
pub const SPANS: [Millis; 3] =
    [Millis::from_mins(15), Millis::from_mins(3 * 60), Millis::from_mins(24 * 60)];

/// The number under which an agent's state by all channels together is kept; no [`Channel`] has it.
pub const EVERY_CHANNEL: u8 = 255;

/// What the rows of a report are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// A queue each.
    Queues,
    /// An agent each.
    Agents,
    /// A channel each, of all queues.
    Channels,
    /// A reason for not being ready each.
    Reasons,
}

/// How long the intervals of a report are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    /// A quarter of an hour.
    Quarter,
    /// An hour.
    Hour,
    /// A day of the realm's calendar.
    Day,
    /// A month of it.
    Month,
    /// All of the time that is asked for.
    Total,
}

impl Every {
    /// All of them with their names.
    pub const ALL: [(Self, &'static str); 5] = [
        (Self::Quarter, "15m"),
        (Self::Hour, "hour"),
        (Self::Day, "day"),
        (Self::Month, "month"),
        (Self::Total, "total"),
    ];

    /// The longest time that may be asked for.
    pub const fn longest(self) -> Millis {
        let days = match self {
            Self::Quarter => 31,
            Self::Hour => 93,
            _ => 3_660,
        };
        Millis::from_mins(days * 24 * 60)
    }

    /// The beginning of the interval in which a moment lies, for a calendar that is so many minutes ahead of UTC. `first` is
    /// the beginning of all that is asked for.
    pub fn start(self, at: Millis, offset_minutes: i32, first: Millis) -> Millis {
        match self {
            Self::Quarter => floor(at, SPANS[0]),
            Self::Hour => local_floor(at, offset_minutes, Millis::from_mins(60)),
            Self::Day => local_floor(at, offset_minutes, SPANS[2]),
            Self::Month => month(at, offset_minutes, false),
            Self::Total => first,
        }
    }

    /// The end of the interval in which a moment lies. `last` is the end of all that is asked for.
    pub fn end(self, at: Millis, offset_minutes: i32, last: Millis) -> Millis {
        let after = |span: Millis| self.start(at, offset_minutes, Millis(0)).plus(span);
        match self {
            Self::Quarter => after(SPANS[0]),
            Self::Hour => after(Millis::from_mins(60)),
            Self::Day => after(SPANS[2]),
            Self::Month => month(at, offset_minutes, true),
            Self::Total => last,
        }
    }
}

/// The beginning of a span of this length (UTC) in which a moment lies.
pub const fn floor(at: Millis, span: Millis) -> Millis {
    Millis(at.0 - at.0 % span.0)
}

fn offset_ms(offset_minutes: i32) -> i64 {
    i64::from(offset_minutes) * 60_000
}

/// A moment as clocks of the realm show it, as if they were UTC; and back.
fn shifted(at: Millis, by: i64) -> Millis {
    Millis(at.0.saturating_add_signed(by))
}

fn local_floor(at: Millis, offset_minutes: i32, span: Millis) -> Millis {
    let offset = offset_ms(offset_minutes);
    shifted(floor(shifted(at, offset), span), -offset)
}

/// The first moment of the month of a moment, or of the one after it.
fn month(at: Millis, offset_minutes: i32, next: bool) -> Millis {
    let offset = offset_ms(offset_minutes);
    let day = u32::try_from(shifted(at, offset).0 / SPANS[2].0).unwrap_or(u32::MAX >> 1);
    let (year, month, _) = calendar::civil(day);
    let (year, month) = match (next, month) {
        (false, _) => (year, month),
        (true, 12) => (year + 1, 1),
        (true, _) => (year, month + 1),
    };
    let first = calendar::day(year, month, 1).unwrap_or(day);
    shifted(Millis(u64::from(first) * SPANS[2].0), -offset)
}

/// Which spans make up the time from `from` up to `to`: for each piece its place in [`SPANS`], its beginning and its end.
/// Both lie on quarters of an hour.
pub fn cover(filter: &ReportFilter) -> Vec<(usize, Millis, Millis)> {
    let mut pieces: Vec<(usize, Millis, Millis)> = Vec::new();
    // No span may reach over the border of two intervals.
    let mut at = filter.from;
    while at < filter.to {
        let end = filter.every.end(at, filter.offset_minutes, filter.to).min(filter.to);
        fill(at, end, SPANS.len() - 1, &mut |span, from, to| match pieces.last_mut() {
            Some(last) if last.0 == span && last.2 == from => last.2 = to,
            _ => pieces.push((span, from, to)),
        });
        at = end;
    }
    pieces
}

fn fill(from: Millis, to: Millis, span: usize, put: &mut impl FnMut(usize, Millis, Millis)) {
    if from >= to {
        return;
    }
    if span == 0 {
        return put(0, from, to);
    }
    let length = SPANS[span];
    let first = floor(from.plus(Millis(length.0 - 1)), length);
    let last = floor(to, length);
    if first >= last {
        return fill(from, to, span - 1, put);
    }
    fill(from, first, span - 1, put);
    put(span, first, last);
    fill(last, to, span - 1, put);
}

/// Which report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFilter {
    /// What its rows are of.
    pub subject: Subject,
    /// From this moment, a quarter of an hour's beginning.
    pub from: Millis,
    /// Up to this moment, a quarter of an hour's beginning.
    pub to: Millis,
    /// What goes on just now is counted up to this moment.
    pub now: Millis,
    /// How long its intervals are.
    pub every: Every,
    /// The realm's calendar is so many minutes ahead of UTC; a multiple of 15.
    pub offset_minutes: i32,
    /// This queue only; of queues and channels.
    pub queue: Option<QueueId>,
    /// This agent only; of agents and reasons.
    pub agent: Option<UserId>,
    /// This channel only.
    pub channel: Option<Channel>,
    /// At most so many rows; with more there is no answer.
    pub most: usize,
}

/// One row of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportRow {
    /// The beginning of its interval.
    pub at: Millis,
    /// The queue, the agent, the channel's or the reason's number.
    pub of: Arc<str>,
    /// What was counted.
    pub sums: Sums,
}

/// A report's rows, by time and then by what they are of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// These.
    Rows(Vec<ReportRow>),
    /// More than were wanted.
    TooMany,
}

/// What is counted in an interval. Whatever happens counts in the interval in which it happens: a contact that came before
/// nine and was answered after is offered in the one and answered in the other.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sums {
    /// Contacts that came into the queue, or that the agent was asked to take.
    pub offered: u64,
    /// Contacts that an agent took.
    pub answered: u64,
    /// Contacts that ended while they waited.
    pub abandoned: u64,
    /// Contacts that went on to another queue by themselves.
    pub overflowed: u64,
    /// Contacts that an agent took within the queue's target.
    pub in_time: u64,
    /// Contacts that an agent passed on.
    pub transferred: u64,
    /// Contacts that the agent refused, or let ring.
    pub missed: u64,
    /// Calls that the agent made.
    pub made: u64,
    /// Contacts that ended after an agent had taken them.
    pub handled: u64,
    /// How long those that were answered had waited.
    pub wait: Millis,
    /// How long agents talked, holds included.
    pub handle: Millis,
    /// How long they were on hold.
    pub hold: Millis,
    /// How long agents finished work with contacts.
    pub wrap: Millis,
    /// How long the agent was ready.
    pub ready: Millis,
    /// How long they were not ready.
    pub not_ready: Millis,
    /// How long they were in after-work.
    pub after_work: Millis,
    /// How often they became so; of reasons.
    pub times: u64,
}

impl Sums {
    /// Adds others.
    pub fn add(&mut self, other: &Self) {
        self.offered += other.offered;
        self.answered += other.answered;
        self.abandoned += other.abandoned;
        self.overflowed += other.overflowed;
        self.in_time += other.in_time;
        self.transferred += other.transferred;
        self.missed += other.missed;
        self.made += other.made;
        self.handled += other.handled;
        self.times += other.times;
        for (mine, theirs) in [
            (&mut self.wait, other.wait),
            (&mut self.handle, other.handle),
            (&mut self.hold, other.hold),
            (&mut self.wrap, other.wrap),
            (&mut self.ready, other.ready),
            (&mut self.not_ready, other.not_ready),
            (&mut self.after_work, other.after_work),
        ] {
            *mine = mine.plus(theirs);
        }
    }

    /// Adds time in a state; being logged off is no time.
    pub fn spend(&mut self, state: AgentState, span: Millis, times: u64) {
        let time = match state {
            AgentState::Ready => &mut self.ready,
            AgentState::NotReady(_) => &mut self.not_ready,
            AgentState::AfterWork(_) => &mut self.after_work,
            AgentState::LoggedOff(_) => return,
        };
        *time = time.plus(span);
        self.times += times;
    }

    /// How long they were logged on.
    pub const fn logged_on(&self) -> Millis {
        self.ready.plus(self.not_ready).plus(self.after_work)
    }

    /// Served within the target, of all that were answered or abandoned; none where there were none.
    pub fn service_level(&self) -> Option<f64> {
        ratio(self.in_time, self.answered + self.abandoned)
    }

    /// Average speed of answer: how long those that were answered waited, in ms.
    pub fn speed_of_answer(&self) -> Option<u64> {
        self.wait.0.checked_div(self.answered)
    }

    /// Average handle time: talking, holds and after-work of a handled contact, in ms.
    pub fn handle_time(&self) -> Option<u64> {
        self.handle.plus(self.wrap).0.checked_div(self.handled)
    }

    /// Abandoned, of all that came.
    pub fn abandon_rate(&self) -> Option<f64> {
        ratio(self.abandoned, self.offered)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a share of contacts, for people")]
fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2025-11-21T14:40:00Z.
    const AT: Millis = Millis(1_763_736_000_000);
    const HOUR: u64 = 3_600_000;

    fn filter(from: u64, to: u64, every: Every, offset_minutes: i32) -> ReportFilter {
        let (from, to) = (Millis(from), Millis(to));
        ReportFilter {
            subject: Subject::Queues,
            from,
            to,
            now: to,
            every,
            offset_minutes,
            queue: None,
            agent: None,
            channel: None,
            most: 10,
        }
    }

    #[test]
    fn intervals_follow_the_realms_own_calendar() {
        let day = |offset| Every::Day.start(AT, offset, Millis(0)).0;
        assert_eq!(day(0), 1_763_683_200_000);
        // In Seoul it is 23:40: the day began at 15:00 UTC the day before.
        assert_eq!(day(540), 1_763_650_800_000);
        // In Nepal it is 20:25, the day began at 18:15 UTC.
        assert_eq!(day(345), 1_763_662_500_000);
        assert_eq!(day(-480), 1_763_712_000_000);
        let month = |at, offset| Every::Month.start(at, offset, Millis(0)).0;
        assert_eq!(month(AT, 0), 1_761_955_200_000);
        assert_eq!(month(AT, 540), 1_761_955_200_000 - 9 * HOUR);
        assert_eq!(Every::Month.end(AT, 0, Millis(0)).0, 1_764_547_200_000);
        let december = Millis(1_766_000_000_000);
        assert_eq!(Every::Month.end(december, 0, Millis(0)).0, 1_767_225_600_000);
    }

    #[test]
    fn a_span_is_covered_once_by_as_few_spans_as_may_be() {
        let seoul =
            filter(1_763_650_800_000, 1_763_650_800_000 + 30 * 24 * HOUR, Every::Total, 540);
        let pieces: Vec<_> =
            cover(&seoul).into_iter().map(|p| (p.0, (p.2.0 - p.1.0) / HOUR)).collect();
        assert_eq!(pieces, [(1, 9), (2, 29 * 24), (1, 15)]);
        for (every, offset) in
            Every::ALL.iter().flat_map(|(e, _)| [0, 345, 540, -210].map(|o| (*e, o)))
        {
            let asked =
                filter(1_763_650_800_000 - 900_000, 1_763_650_800_000 + 49 * HOUR, every, offset);
            let mut at = asked.from;
            for (span, from, to) in cover(&asked) {
                assert_eq!(from, at, "without a gap");
                assert!(from < to && from.0 % SPANS[span].0 == 0 && to.0 % SPANS[span].0 == 0);
                let mut one = from;
                while one < to {
                    let last = one.plus(Millis(SPANS[span].0 - 1));
                    let begins = |at| every.start(at, offset, asked.from);
                    assert_eq!(
                        begins(one),
                        begins(last),
                        "{every:?} {offset}: within one interval"
                    );
                    one = one.plus(SPANS[span]);
                }
                at = to;
            }
            assert_eq!(at, asked.to);
        }
    }

    #[test]
    fn averages_of_nothing_are_none() {
        let none = Sums::default();
        assert_eq!(
            (none.service_level(), none.speed_of_answer(), none.handle_time()),
            (None, None, None)
        );
        let some = Sums {
            offered: 10,
            answered: 6,
            abandoned: 2,
            in_time: 4,
            wait: Millis(60_000),
            handled: 4,
            handle: Millis(400_000),
            wrap: Millis(80_000),
            ..none
        };
        assert_eq!(some.service_level(), Some(0.5));
        assert_eq!((some.speed_of_answer(), some.handle_time()), (Some(10_000), Some(120_000)));
        assert_eq!(some.abandon_rate(), Some(0.2));
    }
}
