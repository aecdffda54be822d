//! The standing session of one agent at work: it watches what happens to them, keeps the last of it, and answers polls.
//!
//! What is asked and answered, as words:
//! - `poll <app> <consumer> <cursor> <ms>` → `304`, `409`, or `200 <cursor> <chains> <events>`;
//! - `chain <app> <consumer>`: our desk is told whenever this chain moves on → `ok`;
//! - `focus <contact>`, `leg <status>` → `ok`.
//!
//! `feed/session.rs` hears facts and questions, `feed/answer.rs` answers polls.
//! Every consumer has a cursor of its own and takes nothing from another (`max-agent-desktop.md` 3.4).

mod answer;
mod session;

use super::event::{self, Teller, Told};
use super::shown::Shown;
use crate::door::{Effect, Out, RealmNo, Session};
use domain::directory::{Directory, User};
use domain::fact::Fact;
use domain::id::{DeviceId, RoomId, ShiftId};
use domain::node::{Published, Topic};
use domain::query::Query;
use domain::room::Item;
use domain::shift::{Position, Shift, ShiftEnd};
use domain::time::Millis;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Events that are kept (`max-agent-desktop.md` 3.4).
const KEPT: usize = 1_000;
/// They are kept for this long.
const KEPT_FOR: Millis = Millis::from_mins(5);
/// An answer that its client lost is given again within this.
const AGAIN: Millis = Millis::from_secs(10);
/// Consumers side by side; the one idle longest goes.
const CONSUMERS: usize = 8;
/// A question of ours that met a fault is asked again after this.
const RETRY: Millis = Millis(1_000);
/// After its end a session is remembered for this, so that each consumer hears of it.
const FAREWELL: Millis = Millis::from_mins(2);

const POSITION: u64 = 1;
const DIRECTORY: u64 = 2;

/// One chain of ids.
#[derive(Debug)]
struct Consumer {
    /// The newest id's cursor.
    newest: u32,
    /// The one before it, and what it was answered.
    before: Option<(u32, Millis, Arc<str>)>,
    /// Everything before this place of the log was given.
    at: u64,
    /// The news of chains that it has, by number.
    chains: u64,
    used: Millis,
    /// It was told of the end.
    over: bool,
}

/// A request that waits.
#[derive(Debug)]
struct Poll {
    ticket: u64,
    app: u32,
    consumer: u32,
    cursor: u32,
    until: Millis,
}

/// What is known of the agent.
#[derive(Debug)]
struct World {
    position: Box<Position>,
    shown: Shown,
    contacts: Vec<Told>,
    rooms: BTreeMap<RoomId, u64>,
}

/// One agent's feed.
pub(super) struct Feed {
    realm: RealmNo,
    shift: Shift,
    user: Option<Arc<User>>,
    directory: Option<Arc<Directory>>,
    world: Option<World>,
    device: Option<DeviceId>,
    focus: Option<u64>,
    /// Since when each call is as it is: its status, and the moment.
    changed: BTreeMap<u64, (&'static str, Millis)>,
    /// When the newest fact was decided.
    newest: Millis,
    /// The position is known as of this deed, and must be as of that one.
    fresh: u64,
    wanted: u64,
    /// It must be asked for, whatever deed it is known as of.
    stale: bool,
    asking: bool,
    again: Option<Millis>,
    /// Lines that are told after the contact they are in.
    held: Vec<Arc<Published>>,
    log: VecDeque<(Millis, Arc<str>)>,
    /// The place of the log's first event.
    first: u64,
    consumers: BTreeMap<u32, Consumer>,
    polls: Vec<Poll>,
    /// Chains that our desk is told of: consumer by page, and how often that changed.
    chains: BTreeMap<u32, u32>,
    moved: u64,
    heard: Millis,
    ended: Option<Millis>,
}

impl Feed {
    /// Its name among standing sessions.
    pub(super) fn name(shift: ShiftId) -> Arc<str> {
        format!("max {shift}").into()
    }

    /// Makes the feed of a shift.
    pub(super) fn maker(
        realm: RealmNo,
        shift: &Shift,
    ) -> Box<dyn FnOnce() -> Box<dyn Session> + Send> {
        let shift = shift.clone();
        Box::new(move || {
            Box::new(Self {
                realm,
                shift,
                user: None,
                directory: None,
                world: None,
                device: None,
                focus: None,
                changed: BTreeMap::new(),
                newest: Millis(0),
                fresh: 0,
                wanted: 0,
                stale: true,
                asking: false,
                again: None,
                held: Vec::new(),
                log: VecDeque::new(),
                first: 0,
                consumers: BTreeMap::new(),
                polls: Vec::new(),
                chains: BTreeMap::new(),
                moved: 0,
                heard: Millis(0),
                ended: None,
            })
        })
    }

    fn end_of_log(&self) -> u64 {
        self.first + self.log.len() as u64
    }

    fn tell(&mut self, now: Millis, event: &Value) {
        self.log.push_back((now, event.to_string().into()));
        self.forget(now);
    }

    fn forget(&mut self, now: Millis) {
        let old = |(at, _): &(Millis, Arc<str>)| at.plus(KEPT_FOR) <= now;
        while self.log.len() > KEPT || self.log.front().is_some_and(old) {
            self.log.pop_front();
            self.first += 1;
        }
    }

    fn offset(&self) -> i32 {
        let realm = self.directory.as_ref().and_then(|d| d.realm.as_ref());
        realm.and_then(|realm| realm.utc_offset_minutes).unwrap_or(0)
    }

    /// The agent's place, as it is by now: tells what is different.
    fn refresh(&mut self, now: Millis, position: Box<Position>, out: &mut Out) {
        let (Some(user), Some(directory)) = (self.user.clone(), self.directory.clone()) else {
            return;
        };
        self.watch(position.device.clone(), out);
        let at = if self.newest == Millis(0) { now } else { self.newest };
        let fresh = self.world.is_some();
        let before = std::mem::take(&mut self.changed);
        let mut changed = BTreeMap::new();
        let teller =
            Teller { realm: self.realm, user: &user, directory: &directory, focus: self.focus };
        let seen = std::cell::RefCell::new(&mut changed);
        let contacts = teller.contacts(&position, |id, status, since| {
            let since = match before.get(&id) {
                Some((same, since)) if *same == status => *since,
                _ if fresh => at,
                _ => since,
            };
            seen.borrow_mut().insert(id, (status, since));
            since
        });
        self.changed = changed;
        let shown = Shown::of(&position, &directory);
        let rooms = position.contacts.iter().map(|c| (c.contact.room(), c.contact.number));
        let world = World { shown, contacts, rooms: rooms.collect(), position };
        if let Some(was) = self.world.replace(world) {
            self.differences(now, at, &was);
        }
        for line in std::mem::take(&mut self.held) {
            if let (true, Fact::Posted { item, .. }) = (line.seq <= self.fresh, &line.fact) {
                self.line(now, item);
            } else {
                self.held.push(line);
            }
        }
    }

    fn differences(&mut self, now: Millis, at: Millis, was: &World) {
        let Some(world) = &self.world else { return };
        let mut events = Vec::new();
        let mut new = false;
        for told in &was.contacts {
            if !world.contacts.iter().any(|other| other.id == told.id) {
                events.push(event::ended(&told.event, false, at, self.offset()));
            }
        }
        for told in &world.contacts {
            let before = was.contacts.iter().find(|other| other.id == told.id);
            new |= before.is_none();
            if before.is_none_or(|before| before.event != told.event) {
                events.push(told.event.clone());
            }
        }
        let turned = (world.shown != was.shown).then(|| world.shown.event(super::HOST));
        let muted =
            (world.position.muted != was.position.muted).then(|| event::mute(world.position.muted));
        // What comes changes the state first; what goes changes it last.
        let all: Vec<Value> = if new {
            turned.into_iter().chain(events).chain(muted).collect()
        } else {
            muted.into_iter().chain(events).chain(turned).collect()
        };
        for event in all {
            self.tell(now, &event);
        }
    }

    /// Something was said in a chat.
    fn line(&mut self, now: Millis, item: &Item) {
        let Some(message) = event::message(item) else { return };
        let Some(world) = &self.world else { return };
        let Some(id) = world.rooms.get(&item.room) else { return };
        let Some(told) = world.contacts.iter().find(|told| told.id == *id) else { return };
        let mut event = told.event.clone();
        event["Messages"] = json!([message]);
        self.tell(now, &event);
    }

    fn watch(&mut self, device: Option<DeviceId>, out: &mut Out) {
        if device == self.device {
            return;
        }
        out.extend(self.device.take().map(|old| Effect::Unwatch(Topic::Device(old))));
        if let Some(device) = &device {
            out.push(Effect::Watch(Topic::Device(device.clone())));
            // What happened there before it was watched is not known.
            self.stale = true;
        }
        self.device = device;
    }

    /// After whatever came: answers polls, asks what must be asked, and says when to be called again.
    fn settle(&mut self, now: Millis, out: &mut Out) {
        if self.again.is_some_and(|again| again <= now) {
            self.again = None;
        }
        if (self.stale || self.wanted > self.fresh)
            && !self.asking
            && self.again.is_none()
            && self.ended.is_none()
        {
            (self.asking, self.stale) = (true, false);
            let agent = self.shift.agent.clone();
            out.push(Effect::Read(POSITION, Box::new(Query::Position(agent))));
        }
        // Answering one may give news to another.
        for _ in 0..2 {
            for poll in std::mem::take(&mut self.polls) {
                match self.answer(now, &poll) {
                    Some(answer) => out.push(Effect::Answer(poll.ticket, answer)),
                    None if poll.until <= now => {
                        if let Some(known) = self.consumers.get_mut(&poll.consumer) {
                            known.used = now;
                        }
                        out.push(Effect::Answer(poll.ticket, "304".into()));
                    }
                    None => self.polls.push(poll),
                }
            }
        }
        let farewell = self.ended.map(|at| at.plus(FAREWELL));
        let idle = self.heard.plus(KEPT_FOR);
        if farewell.is_some_and(|at| at <= now) || (self.polls.is_empty() && idle <= now) {
            out.push(Effect::Close(1000, "nobody listens"));
            return;
        }
        let next = self.polls.iter().map(|poll| poll.until).min();
        let idle = self.polls.is_empty().then_some(idle);
        if let Some(at) = [next, idle, farewell, self.again].into_iter().flatten().min() {
            out.push(Effect::Wake(at));
        }
    }

    fn over(&mut self, now: Millis, how: ShiftEnd) {
        self.tell(now, &event::over(how));
        self.ended = Some(now);
    }

    fn renamed(&mut self, now: Millis, directory: Arc<Directory>) {
        if let Some(was) = self.directory.replace(directory.clone()) {
            if was.reasons != directory.reasons {
                self.tell(now, &event::reread("UpdateUnavailableCodes"));
            }
            if was.queues != directory.queues {
                self.tell(now, &event::reread("UpdateSkills"));
            }
        }
        self.user = directory.users.get(&self.shift.agent).cloned().or(self.user.take());
        self.stale = true;
    }
}
