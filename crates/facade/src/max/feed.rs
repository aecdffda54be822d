//! The standing session of one agent at work: it watches what happens to them, keeps the last of it, and answers polls.
//!
//! What is asked and answered, as words:
//! - `poll <app> <consumer> <cursor> <ms>` → `304`, `409`, or `200 <cursor> <chains> <events>`;
//! - `chain <app> <consumer>`: our desk is told whenever this chain moves on → `ok`;
//! - `focus <contact>`, `leg <status>` → `ok`.
//!
//! Every consumer has a cursor of its own and takes nothing from another (`max-agent-desktop.md` 3.4).

use super::event::{self, Teller, Told};
use super::name;
use super::shown::Shown;
use crate::door::{Cx, Effect, Fault, Out, RealmNo, Session};
use domain::command::Done;
use domain::directory::{Directory, User};
use domain::fact::Fact;
use domain::id::{DeviceId, RoomId, ShiftId};
use domain::node::{Published, Topic};
use domain::query::{Answer, Query};
use domain::refusal::Refusal;
use domain::room::Item;
use domain::shift::{Position, Shift, ShiftEnd};
use domain::signal::Signal;
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

    /// Everything there is, as events.
    fn snapshot(&self) -> String {
        let (Some(world), Some(user), Some(directory)) = (&self.world, &self.user, &self.directory)
        else {
            return "[]".to_owned();
        };
        let teller = Teller { realm: self.realm, user, directory, focus: self.focus };
        let mut events =
            vec![teller.start(&self.shift, &world.position), teller.capacity(&world.position)];
        events.extend(self.device.as_ref().map(|device| event::leg(device.as_str(), "Active")));
        events.extend(world.position.muted.then(|| event::mute(true)));
        events.push(world.shown.event(super::HOST));
        events.extend(world.contacts.iter().map(|told| told.event.clone()));
        Value::Array(events).to_string()
    }

    /// The answer to a poll, if there is one by now.
    fn answer(&mut self, now: Millis, poll: &Poll) -> Option<Arc<str>> {
        if self.world.is_none() && self.ended.is_none() {
            return None;
        }
        // Whoever was told of the end needs no more: ids do not change after it.
        if self.ended.is_some() && self.consumers.get(&poll.consumer).is_some_and(|c| c.over) {
            return Some("409".into());
        }
        let desk = poll.app == name::DESK;
        let (end, first, moved) = (self.end_of_log(), self.first, self.moved);
        let events = match self.consumers.get(&poll.consumer) {
            Some(known) if known.newest == poll.cursor => {
                if known.at >= first {
                    if known.at == end && (!desk || known.chains == moved) {
                        return None;
                    }
                    let from = usize::try_from(known.at - first).unwrap_or(usize::MAX);
                    let new: Vec<&str> =
                        self.log.iter().skip(from).map(|(_, event)| event.as_ref()).collect();
                    format!("[{}]", new.join(","))
                } else {
                    self.snapshot()
                }
            }
            Some(Consumer { before: Some((cursor, given, answer)), .. })
                if *cursor == poll.cursor && now.since(*given) < AGAIN =>
            {
                return Some(answer.clone());
            }
            _ if self.ended.is_some() => return Some("409".into()),
            _ => self.snapshot(),
        };
        Some(self.give(now, poll, &events))
    }

    fn give(&mut self, now: Millis, poll: &Poll, events: &str) -> Arc<str> {
        let known = self.consumers.get(&poll.consumer).map_or(poll.cursor, |c| c.newest);
        let newest = known.max(poll.cursor).wrapping_add(1);
        if poll.app != name::DESK && self.chains.get(&poll.app) == Some(&poll.consumer) {
            self.moved += 1;
        }
        let (at, chains, over) = (self.end_of_log(), self.moved, self.ended.is_some());
        let consumer = Consumer { newest, before: None, at, chains, used: now, over };
        self.consumers.insert(poll.consumer, consumer);
        let answer: Arc<str> = format!("200 {newest} {} {events}", self.chains_told()).into();
        if let Some(consumer) = self.consumers.get_mut(&poll.consumer) {
            consumer.before = Some((poll.cursor, now, answer.clone()));
        }
        if self.consumers.len() > CONSUMERS {
            let idle = |(_, consumer): &(&u32, &Consumer)| consumer.used;
            if let Some(oldest) = self.consumers.iter().min_by_key(idle).map(|(id, _)| *id) {
                self.consumers.remove(&oldest);
            }
        }
        answer
    }

    /// The newest id of each page's chain.
    fn chains_told(&self) -> String {
        let told = self.chains.iter().map(|(app, consumer)| {
            let cursor = self.consumers.get(consumer).map_or(0, |known| known.newest);
            format!("{app}:{consumer}:{cursor}")
        });
        let told: Vec<String> = told.collect();
        if told.is_empty() { "-".to_owned() } else { told.join(",") }
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

impl Session for Feed {
    fn on_open(&mut self, cx: &mut Cx<'_>, out: &mut Out) {
        self.heard = cx.now;
        out.push(Effect::Watch(Topic::Agent(self.shift.agent.clone())));
        out.push(Effect::Watch(Topic::Directory));
        out.push(Effect::Read(DIRECTORY, Box::new(Query::Directory)));
        self.settle(cx.now, out);
    }

    fn on_ask(&mut self, cx: &mut Cx<'_>, ticket: u64, ask: &str, out: &mut Out) {
        self.heard = cx.now;
        self.forget(cx.now);
        let words: Vec<&str> = ask.split(' ').collect();
        let number = |at: usize| words.get(at).and_then(|word| word.parse::<u64>().ok());
        let small = |at: usize| number(at).and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
        match words.first() {
            Some(&"poll") => {
                let (app, consumer, cursor) = (small(1), small(2), small(3));
                // Of two that ask the same, the older one goes.
                for old in std::mem::take(&mut self.polls) {
                    if (old.consumer, old.cursor) == (consumer, cursor) {
                        out.push(Effect::Answer(old.ticket, "304".into()));
                    } else {
                        self.polls.push(old);
                    }
                }
                let until = cx.now.plus(Millis(number(4).unwrap_or(0)));
                self.polls.push(Poll { ticket, app, consumer, cursor, until });
            }
            Some(&"chain") => {
                self.chains.insert(small(1), small(2));
                self.moved += 1;
                out.push(Effect::Answer(ticket, "ok".into()));
            }
            Some(&"focus") => {
                self.focus = number(1);
                self.stale = true;
                out.push(Effect::Answer(ticket, "ok".into()));
            }
            Some(&"leg") => {
                if let (Some(device), Some(status)) = (&self.device, words.get(1)) {
                    let event = event::leg(device.as_str(), status);
                    self.tell(cx.now, &event);
                }
                out.push(Effect::Answer(ticket, "ok".into()));
            }
            _ => out.push(Effect::Answer(ticket, "no".into())),
        }
        self.settle(cx.now, out);
    }

    fn on_fact(&mut self, cx: &mut Cx<'_>, fact: &Arc<Published>, out: &mut Out) {
        if self.ended.is_some() {
            return;
        }
        self.newest = fact.at;
        match &fact.fact {
            Fact::ShiftEnded { shift, how, .. } if *shift == self.shift.id => {
                self.over(cx.now, *how);
            }
            Fact::Put(_) | Fact::Removed(_) => {
                out.push(Effect::Read(DIRECTORY, Box::new(Query::Directory)));
            }
            Fact::Posted { item, .. } => {
                let known =
                    self.world.as_ref().is_some_and(|world| world.rooms.contains_key(&item.room));
                if known && !self.asking && self.wanted <= self.fresh {
                    self.line(cx.now, item);
                } else {
                    self.held.push(fact.clone());
                    self.wanted = self.wanted.max(fact.seq);
                }
            }
            Fact::Marked { .. } | Fact::TokenGiven { .. } | Fact::AgentShown { .. } => {}
            _ => self.wanted = self.wanted.max(fact.seq),
        }
        self.settle(cx.now, out);
    }

    fn on_answer(
        &mut self,
        cx: &mut Cx<'_>,
        _: u64,
        answer: Result<Result<Answer, Refusal>, Fault>,
        seq: u64,
        out: &mut Out,
    ) {
        if self.ended.is_some() {
            return;
        }
        match answer {
            Ok(Ok(Answer::Position(position))) => {
                (self.asking, self.fresh) = (false, self.fresh.max(seq));
                match &position.shift {
                    // Its end was missed: nothing is known of how.
                    None => self.over(cx.now, ShiftEnd::Elsewhere),
                    Some(shift) if shift.id != self.shift.id => {
                        self.over(cx.now, ShiftEnd::Elsewhere);
                    }
                    Some(_) => self.refresh(cx.now, position, out),
                }
            }
            Ok(Ok(Answer::Directory(directory))) => self.renamed(cx.now, directory),
            _ => {
                (self.asking, self.stale) = (false, true);
                self.again = Some(cx.now.plus(RETRY));
                if self.directory.is_none() {
                    out.push(Effect::Read(DIRECTORY, Box::new(Query::Directory)));
                }
            }
        }
        self.settle(cx.now, out);
    }

    fn on_time(&mut self, cx: &mut Cx<'_>, out: &mut Out) {
        self.forget(cx.now);
        self.settle(cx.now, out);
    }

    fn on_text(&mut self, _: &mut Cx<'_>, _: &str, _: &mut Out) {}

    fn on_outcome(
        &mut self,
        _: &mut Cx<'_>,
        _: u64,
        _: Result<Result<Done, Refusal>, Fault>,
        _: &mut Out,
    ) {
    }

    fn on_signal(&mut self, _: &mut Cx<'_>, _: &Arc<Signal>, _: &mut Out) {}

    fn on_close(&mut self, _: &mut Cx<'_>, _: &mut Out) {}
}
