//! Sums of queues and agents: written when something happens, read by reports.

use super::files::int;
use super::look::Views;
use super::rows::{millis, state_name, state_of};
use crate::store::report::{Kind, Lasting, Ledger, Piece};
use crate::store::views::Changes;
use crate::store::{Fault, RealmNo};
use domain::agent::AgentState;
use domain::id::UserId;
use domain::report::{SPANS, Sums, floor};
use domain::time::Millis;
use rusqlite::{Connection, params};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The name under which all of them together stand.
const ALL: &str = "";

/// Whose, which span, name, beginning and channel.
type Place<'a> = (Kind, usize, &'a str, Millis, u8);

/// Agent, span, channel, beginning and state.
type Stay<'a> = (usize, &'a str, u8, Millis, AgentState);

const fn kind_no(kind: Kind) -> i64 {
    match kind {
        Kind::Queue => 0,
        Kind::Agent => 1,
    }
}

/// Adds what changed, to spans of every length.
pub(super) fn write(db: &Connection, realm: RealmNo, changes: &Changes) -> Result<(), Fault> {
    let mut sums: BTreeMap<Place<'_>, Sums> = BTreeMap::new();
    for (span, length) in SPANS.into_iter().enumerate() {
        for ((queue, channel, at), more) in &changes.figures {
            for name in [queue.as_str(), ALL] {
                let place = (Kind::Queue, span, name, floor(*at, length), channel.number());
                sums.entry(place).or_default().add(more);
            }
        }
        for ((agent, channel, at), more) in &changes.done {
            let place = (Kind::Agent, span, agent.as_str(), floor(*at, length), channel.number());
            sums.entry(place).or_default().add(more);
        }
    }
    counted(db, realm, &sums)?;
    let mut stays: BTreeMap<Stay<'_>, (Millis, u64)> = BTreeMap::new();
    for ((agent, channel, state, at), (ms, times)) in &changes.spent {
        for (span, length) in SPANS.into_iter().enumerate() {
            for name in [agent.as_str(), ALL] {
                let stay = stays.entry((span, name, *channel, floor(*at, length), *state));
                let stay = stay.or_default();
                *stay = (stay.0.plus(*ms), stay.1 + times);
            }
        }
    }
    stayed(db, realm, &stays)
}

fn counted(db: &Connection, realm: RealmNo, sums: &BTreeMap<Place<'_>, Sums>) -> Result<(), Fault> {
    let mut add = db.prepare_cached(
        "INSERT INTO tally VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)
         ON CONFLICT (realm, kind, span, of, since, channel) DO UPDATE SET
           offered = offered + excluded.offered, answered = answered + excluded.answered,
           abandoned = abandoned + excluded.abandoned, overflowed = overflowed + excluded.overflowed,
           in_time = in_time + excluded.in_time, transferred = transferred + excluded.transferred,
           missed = missed + excluded.missed, made = made + excluded.made, handled = handled + excluded.handled,
           wait_ms = wait_ms + excluded.wait_ms, handle_ms = handle_ms + excluded.handle_ms,
           hold_ms = hold_ms + excluded.hold_ms, wrap_ms = wrap_ms + excluded.wrap_ms",
    )?;
    for ((kind, span, of, at, channel), s) in sums {
        add.execute(params![
            realm.0,
            kind_no(*kind),
            int(*span as u64),
            of,
            int(at.0),
            channel,
            int(s.offered),
            int(s.answered),
            int(s.abandoned),
            int(s.overflowed),
            int(s.in_time),
            int(s.transferred),
            int(s.missed),
            int(s.made),
            int(s.handled),
            int(s.wait.0),
            int(s.handle.0),
            int(s.hold.0),
            int(s.wrap.0)
        ])?;
    }
    Ok(())
}

fn stayed(
    db: &Connection,
    realm: RealmNo,
    stays: &BTreeMap<Stay<'_>, (Millis, u64)>,
) -> Result<(), Fault> {
    let mut add = db.prepare_cached(
        "INSERT INTO agent_time VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (realm, span, agent, channel, since, state, reason) DO UPDATE SET
           ms = ms + excluded.ms, times = times + excluded.times",
    )?;
    for ((span, agent, channel, at, state), (ms, times)) in stays {
        let (state, reason) = state_name(*state);
        let (span, at) = (int(*span as u64), int(at.0));
        let (ms, times) = (int(ms.0), int(*times));
        add.execute(params![realm.0, span, agent, channel, at, state, reason, ms, times])?;
    }
    Ok(())
}

fn number(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<u64> {
    row.get::<_, i64>(at).map(i64::unsigned_abs)
}

impl Views<'_> {
    /// Names under which there are sums, each found by the one before it: the longest spans are few.
    fn each(&self, next: &str, names: &mut Vec<Arc<str>>) -> Result<(), Fault> {
        let mut next = self.db.prepare_cached(next)?;
        let mut last = ALL.to_owned();
        loop {
            let name: Option<String> = next
                .query_row(params![self.realm.0, int(SPANS.len() as u64 - 1), last], |row| {
                    row.get(0)
                })?;
            let Some(name) = name else { return Ok(()) };
            names.push(name.as_str().into());
            last = name;
        }
    }
}

impl Ledger for Views<'_> {
    fn names(&self, kind: Kind) -> Result<Vec<Arc<str>>, Fault> {
        let mut names = Vec::new();
        let (queues, agents) = (
            "SELECT min(of) FROM tally WHERE realm = ?1 AND kind = 0 AND span = ?2 AND of > ?3",
            "SELECT min(of) FROM tally WHERE realm = ?1 AND kind = 1 AND span = ?2 AND of > ?3",
        );
        match kind {
            Kind::Queue => self.each(queues, &mut names)?,
            Kind::Agent => {
                self.each(agents, &mut names)?;
                let time = "SELECT min(agent) FROM agent_time WHERE realm = ?1 AND span = ?2 AND agent > ?3";
                self.each(time, &mut names)?;
                names.sort_unstable();
                names.dedup();
            }
        }
        Ok(names)
    }

    fn sums(
        &self,
        kind: Kind,
        of: Option<&str>,
        (span, from, to): Piece,
        see: &mut dyn FnMut(Millis, u8, &Sums),
    ) -> Result<(), Fault> {
        let mut rows = self.db.prepare_cached(
            "SELECT since, channel, offered, answered, abandoned, overflowed, in_time, transferred, missed, made, handled,
               wait_ms, handle_ms, hold_ms, wrap_ms FROM tally
             WHERE realm = ?1 AND kind = ?2 AND span = ?3 AND of = ?4 AND since >= ?5 AND since < ?6",
        )?;
        let place = params![
            self.realm.0,
            kind_no(kind),
            int(span as u64),
            of.unwrap_or(ALL),
            int(from.0),
            int(to.0)
        ];
        let mut rows = rows.query(place)?;
        while let Some(row) = rows.next()? {
            let sums = Sums {
                offered: number(row, 2)?,
                answered: number(row, 3)?,
                abandoned: number(row, 4)?,
                overflowed: number(row, 5)?,
                in_time: number(row, 6)?,
                transferred: number(row, 7)?,
                missed: number(row, 8)?,
                made: number(row, 9)?,
                handled: number(row, 10)?,
                wait: Millis(number(row, 11)?),
                handle: Millis(number(row, 12)?),
                hold: Millis(number(row, 13)?),
                wrap: Millis(number(row, 14)?),
                ..Sums::default()
            };
            see(millis(row.get(0)?), row.get(1)?, &sums);
        }
        Ok(())
    }

    fn spent(
        &self,
        agent: Option<&str>,
        channel: u8,
        (span, from, to): Piece,
        see: &mut dyn FnMut(Millis, AgentState, Millis, u64),
    ) -> Result<(), Fault> {
        let mut rows = self.db.prepare_cached(
            "SELECT since, state, reason, ms, times FROM agent_time
             WHERE realm = ?1 AND span = ?2 AND agent = ?3 AND channel = ?4 AND since >= ?5 AND since < ?6",
        )?;
        let place = params![
            self.realm.0,
            int(span as u64),
            agent.unwrap_or(ALL),
            channel,
            int(from.0),
            int(to.0)
        ];
        let mut rows = rows.query(place)?;
        while let Some(row) = rows.next()? {
            let name = row.get_ref(1)?.as_str().map_err(|e| Fault::broken("read a state", e))?;
            let state = state_of(name, row.get(2)?);
            see(millis(row.get(0)?), state, Millis(number(row, 3)?), number(row, 4)?);
        }
        Ok(())
    }

    fn lasting(&self, channel: u8) -> Result<Vec<Lasting>, Fault> {
        let mut rows = self.db.prepare_cached(
            "SELECT agent, state, reason, since FROM agent_interval
             WHERE realm = ?1 AND channel = ?2 AND until IS NULL AND state <> 'logged_off'",
        )?;
        let rows = rows.query_map((self.realm.0, channel), |row| {
            let agent = UserId::from(row.get_ref(0)?.as_str()?);
            let state = state_of(row.get_ref(1)?.as_str()?, row.get(2)?);
            Ok((agent, channel, state, millis(row.get(3)?)))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}
