//! How a report is put together, whatever the views are made of: a [`Ledger`] hands out sums, the rules stand here once.

use super::Fault;
use super::views;
use domain::agent::{AgentState, Channel};
use domain::id::{QueueId, UserId};
use domain::report::{EVERY_CHANNEL, Report, ReportFilter, ReportRow, Subject, Sums, cover};
use domain::time::Millis;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

/// Whose sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Of queues.
    Queue,
    /// Of agents.
    Agent,
}

/// A piece of time: which of the spans ([`domain::report::SPANS`]), from when, up to when.
pub type Piece = (usize, Millis, Millis);

/// A state that still lasts: whose, of which channel (by number), and since when.
pub type Lasting = (UserId, u8, AgentState, Millis);

/// Sums of one realm's views.
pub trait Ledger {
    /// All that ever had sums.
    ///
    /// # Errors
    ///
    /// [`Fault`] when they cannot be read.
    fn names(&self, kind: Kind) -> Result<Vec<Arc<str>>, Fault>;

    /// Sums of one of them (none: of all queues together) by beginning and channel, in any order.
    ///
    /// # Errors
    ///
    /// [`Fault`] when they cannot be read.
    fn sums(
        &self,
        kind: Kind,
        of: Option<&str>,
        piece: Piece,
        see: &mut dyn FnMut(Millis, u8, &Sums),
    ) -> Result<(), Fault>;

    /// Time in states that are over, of an agent (none: of all together) by a channel's number, in any order.
    ///
    /// # Errors
    ///
    /// [`Fault`] when it cannot be read.
    fn spent(
        &self,
        agent: Option<&str>,
        channel: u8,
        piece: Piece,
        see: &mut dyn FnMut(Millis, AgentState, Millis, u64),
    ) -> Result<(), Fault>;

    /// States that still last, of a channel's number.
    ///
    /// # Errors
    ///
    /// [`Fault`] when they cannot be read.
    fn lasting(&self, channel: u8) -> Result<Vec<Lasting>, Fault>;
}

/// The rows so far.
struct Rows<'a> {
    filter: &'a ReportFilter,
    kept: BTreeMap<(Millis, Arc<str>), Sums>,
    full: bool,
}

impl Rows<'_> {
    /// Adds to the row of an interval; a row too many is no row.
    fn add(&mut self, at: Millis, of: &Arc<str>, sums: &Sums) {
        let filter = self.filter;
        let start = filter.every.start(at, filter.offset_minutes, filter.from);
        let count = self.kept.len();
        match self.kept.entry((start, of.clone())) {
            Entry::Occupied(row) => row.into_mut().add(sums),
            Entry::Vacant(_) if count >= filter.most => self.full = true,
            Entry::Vacant(place) => {
                place.insert(*sums);
            }
        }
    }

    /// The part of a state that still lasts which lies in the report.
    fn last(&mut self, of: &Arc<str>, state: AgentState, since: Millis) {
        let (from, to) = (self.filter.from, self.filter.to.min(self.filter.now));
        if since >= to {
            return;
        }
        views::spend(state, since.max(from), to, |quarter, span, times| {
            let mut sums = Sums::default();
            sums.spend(state, span, if since >= from { times } else { 0 });
            self.add(quarter, of, &sums);
        });
    }
}

/// The report.
///
/// # Errors
///
/// [`Fault`] when it cannot be read.
pub fn report(ledger: &impl Ledger, filter: &ReportFilter) -> Result<Report, Fault> {
    let pieces = cover(filter);
    let mut rows = Rows { filter, kept: BTreeMap::new(), full: false };
    match filter.subject {
        Subject::Queues => {
            for queue in names(ledger, Kind::Queue, filter.queue.as_ref().map(QueueId::as_str))? {
                counted(ledger, Kind::Queue, &queue, &pieces, &mut rows)?;
            }
        }
        Subject::Channels => {
            let of: [Arc<str>; 8] = Channel::ALL.map(|channel| channel.number().to_string().into());
            let queue = filter.queue.as_ref().map(QueueId::as_str);
            for piece in &pieces {
                ledger.sums(Kind::Queue, queue, *piece, &mut |at, channel, sums| {
                    if let Some(of) =
                        of.get(usize::from(channel)).filter(|_| wanted(filter, channel))
                    {
                        rows.add(at, of, sums);
                    }
                })?;
            }
        }
        Subject::Agents => agents(ledger, &pieces, &mut rows)?,
        Subject::Reasons => reasons(ledger, &pieces, &mut rows)?,
    }
    if rows.full {
        return Ok(Report::TooMany);
    }
    let row = |((at, of), sums)| ReportRow { at, of, sums };
    Ok(Report::Rows(rows.kept.into_iter().map(row).collect()))
}

fn names(ledger: &impl Ledger, kind: Kind, only: Option<&str>) -> Result<Vec<Arc<str>>, Fault> {
    only.map_or_else(|| ledger.names(kind), |only| Ok(vec![only.into()]))
}

fn wanted(filter: &ReportFilter, channel: u8) -> bool {
    filter.channel.is_none_or(|wanted| wanted.number() == channel)
}

fn counted(
    ledger: &impl Ledger,
    kind: Kind,
    of: &Arc<str>,
    pieces: &[Piece],
    rows: &mut Rows<'_>,
) -> Result<(), Fault> {
    let filter = rows.filter;
    for piece in pieces {
        ledger.sums(kind, Some(of), *piece, &mut |at, channel, sums| {
            if wanted(filter, channel) {
                rows.add(at, of, sums);
            }
        })?;
        if rows.full {
            break;
        }
    }
    Ok(())
}

fn agents(ledger: &impl Ledger, pieces: &[Piece], rows: &mut Rows<'_>) -> Result<(), Fault> {
    let filter = rows.filter;
    let channel = filter.channel.map_or(EVERY_CHANNEL, Channel::number);
    let only = filter.agent.as_ref().map(UserId::as_str);
    for agent in names(ledger, Kind::Agent, only)? {
        counted(ledger, Kind::Agent, &agent, pieces, rows)?;
        for piece in pieces {
            ledger.spent(Some(&agent), channel, *piece, &mut |at, state, span, _| {
                let mut sums = Sums::default();
                sums.spend(state, span, 0);
                rows.add(at, &agent, &sums);
            })?;
        }
        if rows.full {
            return Ok(());
        }
    }
    for (agent, _, state, since) in ledger.lasting(channel)? {
        if filter.agent.as_ref().is_none_or(|only| *only == agent) {
            rows.last(&agent.as_str().into(), state, since);
        }
    }
    Ok(())
}

fn reasons(ledger: &impl Ledger, pieces: &[Piece], rows: &mut Rows<'_>) -> Result<(), Fault> {
    let filter = rows.filter;
    let channel = filter.channel.map_or(EVERY_CHANNEL, Channel::number);
    let only = filter.agent.as_ref().map(UserId::as_str);
    let of: [Arc<str>; 256] = std::array::from_fn(|reason| reason.to_string().into());
    for piece in pieces {
        ledger.spent(only, channel, *piece, &mut |at, state, span, times| {
            if let AgentState::NotReady(reason) = state {
                let mut sums = Sums::default();
                sums.spend(state, span, times);
                rows.add(at, &of[usize::from(reason)], &sums);
            }
        })?;
    }
    for (agent, _, state, since) in ledger.lasting(channel)? {
        if let AgentState::NotReady(reason) = state
            && filter.agent.as_ref().is_none_or(|only| *only == agent)
        {
            rows.last(&of[usize::from(reason)], state, since);
        }
    }
    Ok(())
}
