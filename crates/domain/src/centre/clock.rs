//! What falls due without being asked for.
//!
//! Timers are not state: [`Centre::arm`] sets them as facts are taken up, [`Centre::resume`] sets them anew after a
//! rebuild, and [`Centre::tick`] looks at the state again before it believes one. A timer too many does no harm.

use super::{ADMISSION_LIMIT, ARCHIVE_AFTER, CONNECT_LIMIT, Centre, Decided, SESSION_IDLE, Step};
use crate::agent::{AgentState, Stage};
use crate::command::Done;
use crate::contact::{EndReason, Phase};
use crate::directory::Entry;
use crate::fact::{Decline, Fact, Leaving};
use crate::id::{ContactId, ParticipantId, RoomId, TokenHash, UserId};
use crate::room::{Body, Event, Idle, IdleRule, MemberRole, Presence, Room};
use crate::time::Millis;

/// Something that will fall due.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// The customer has not come.
    Connect(ContactId),
    /// The program that was let in has not come.
    Admission(RoomId, ParticipantId),
    /// The chat's time is over.
    Expire(RoomId),
    /// The offer lapses.
    Offer(UserId, ContactId),
    /// After-work is over.
    WrapUp(UserId, ContactId),
    /// The contact has waited long: the preferred agent is waited for no more, or it overflows.
    Wait(ContactId),
    /// A member may have been silent for long.
    Idle(RoomId),
    /// A bot's program has been asked for long.
    Bot(RoomId),
    /// Nobody is left to talk to.
    Linger(RoomId),
    /// A closed room may leave the memory.
    Archive(RoomId),
    /// A session is over.
    Session(TokenHash),
    /// A telephone has rung for long, or a call has waited.
    Call(crate::call::CallId),
    /// A shift may have given no sign of life.
    Shift(UserId),
    /// An agent's after-work may have lasted long enough.
    AfterWork(UserId),
    /// An agent's CTI connection was lost for long.
    LogOff(UserId),
}

impl Centre {
    /// When [`Command::Tick`](crate::command::Command::Tick) is next needed.
    pub fn due(&self) -> Option<Millis> {
        self.soft.timers.first().map(|(at, _)| *at)
    }

    /// After a rebuild: everything that is not state but follows from it is made anew.
    pub fn resume(&mut self) {
        self.reindex();
        self.soft = super::Soft { indexed: true, ..super::Soft::default() };
        let mut timers = Vec::new();
        for hash in self.sessions.keys() {
            timers.push((Millis(0), Timer::Session(*hash)));
        }
        for agent in self.shifts.keys() {
            timers.push((Millis(0), Timer::Shift(agent.clone())));
        }
        for contact in self.contacts.values() {
            match contact.phase {
                Phase::Initiated => {
                    timers.push((contact.started.plus(CONNECT_LIMIT), Timer::Connect(contact.id)));
                }
                Phase::Ended if !self.rooms.contains_key(&contact.room()) => timers
                    .push((contact.updated.plus(ARCHIVE_AFTER), Timer::Archive(contact.room()))),
                _ => {}
            }
        }
        for room in self.rooms.values() {
            match room.closed {
                Some(at) => timers.push((at.plus(ARCHIVE_AFTER), Timer::Archive(room.id))),
                None => timers.extend([
                    (self.expiry(room), Timer::Expire(room.id)),
                    (Millis(0), Timer::Idle(room.id)),
                    (Millis(0), Timer::Linger(room.id)),
                ]),
            }
            let asked = room.bot.as_ref().and_then(|talk| talk.ask.as_ref());
            timers.extend(asked.map(|ask| (ask.until, Timer::Bot(room.id))));
            let invited = room
                .members
                .iter()
                .filter(|m| m.role == MemberRole::Bot && m.presence == Presence::Invited);
            timers.extend(
                invited.map(|m| (m.since.plus(ADMISSION_LIMIT), Timer::Admission(room.id, m.id))),
            );
        }
        timers.extend(self.switch.calls().filter_map(|c| Some((c.until?, Timer::Call(c.id)))));
        timers.extend(self.waits.keys().map(|id| (Millis(0), Timer::Wait(*id))));
        timers.extend(self.agents.keys().map(|id| (Millis(0), Timer::AfterWork(id.clone()))));
        let leaving = self.switch.leaving.iter();
        timers.extend(leaving.map(|(agent, until)| (*until, Timer::LogOff(agent.clone()))));
        for agent in self.agents.values() {
            for (id, work) in &agent.work {
                match work.stage {
                    Stage::Offered { until, .. } => {
                        timers.push((until, Timer::Offer(agent.id.clone(), *id)));
                    }
                    Stage::WrapUp { until } => {
                        timers.push((until, Timer::WrapUp(agent.id.clone(), *id)));
                    }
                    Stage::Talking => {}
                }
            }
        }
        self.soft.timers = timers.into_iter().collect();
    }

    /// Sets the timers that a fact asks for; called before the fact is taken up.
    pub(super) fn arm(&mut self, at: Millis, fact: &Fact) {
        let (when, timer) = match fact {
            // What falls due in a call stands in the call.
            Fact::Started { contact, .. } if contact.voice.is_some() => return,
            Fact::Queued { contact, .. }
            | Fact::Offered { contact, .. }
            | Fact::Declined { contact, .. }
                if self.contacts.get(contact).is_some_and(|c| c.voice.is_some()) =>
            {
                return;
            }
            Fact::Started { contact, .. } => {
                if contact.phase == Phase::Initiated {
                    self.soft.timers.insert((at.plus(CONNECT_LIMIT), Timer::Connect(contact.id)));
                }
                (contact.expires, Timer::Expire(contact.room()))
            }
            Fact::Admitted { room, member, .. } if member.role == MemberRole::Bot => {
                (at.plus(ADMISSION_LIMIT), Timer::Admission(*room, member.id))
            }
            // With its bot the customer is no longer alone: the rule begins to run.
            Fact::BotTurn { contact, .. } => {
                let Some(contact) = self.contacts.get(contact) else { return };
                (at, Timer::Idle(contact.room()))
            }
            Fact::BotAsked { contact, ask, .. } => {
                let Some(contact) = self.contacts.get(contact) else { return };
                (ask.until, Timer::Bot(contact.room()))
            }
            Fact::Queued { contact, .. } => (at, Timer::Wait(*contact)),
            Fact::Declined { contact, .. } => {
                if let Some(contact) = self.contacts.get(contact) {
                    self.soft.timers.insert((at, Timer::Linger(contact.room())));
                }
                (at, Timer::Wait(*contact))
            }
            Fact::Offered { contact, agent, until, .. } => {
                (*until, Timer::Offer(agent.clone(), *contact))
            }
            Fact::WrapUpBegan { contact, agent, until }
            | Fact::WrapUpExtended { contact, agent, until } => {
                (*until, Timer::WrapUp(agent.clone(), *contact))
            }
            Fact::Joined { room, .. } | Fact::IdleRuled { room, .. } => (at, Timer::Idle(*room)),
            // Who is back will be reminded sooner than they would have been dropped.
            Fact::Posted { item, .. } if item.body == Body::Event(Event::Returned) => {
                (at, Timer::Idle(item.room))
            }
            // An answer is owed from now on.
            Fact::Posted { item, .. }
                if item.by.as_ref().is_some_and(|by| by.role == MemberRole::Agent) =>
            {
                let idle = self.rooms.get(&item.room).and_then(|room| room.idle.as_deref());
                let owed = idle.filter(|idle| idle.customer.owed && idle.customer_since.is_none());
                let Some(warn) = owed.and_then(|idle| idle.customer.warn) else { return };
                (item.at.plus(warn), Timer::Idle(item.room))
            }
            Fact::Left { room, .. } => (at, Timer::Linger(*room)),
            Fact::Closed { contact, .. } => {
                let Some(contact) = self.contacts.get(contact) else { return };
                (at.plus(ARCHIVE_AFTER), Timer::Archive(contact.room()))
            }
            Fact::Recalled { contacts } => {
                let Some(contact) = contacts.first() else { return };
                (at.plus(ARCHIVE_AFTER), Timer::Archive(contact.room()))
            }
            // What a queue asks of time may have changed for those who wait in it.
            Fact::Put(entry) => {
                if let Entry::Group(_) = entry.as_ref() {
                    let agents = self.agents.keys();
                    let timers = agents.map(|agent| (at, Timer::AfterWork(agent.clone())));
                    self.soft.timers.extend(timers);
                }
                let Entry::Queue(queue) = entry.as_ref() else { return };
                let waiting = self.waits.iter().filter(|(_, wait)| wait.queue == queue.id);
                self.soft.timers.extend(waiting.map(|(id, _)| (at, Timer::Wait(*id))));
                return;
            }
            Fact::LoggedIn { session, until, .. } => {
                (at.plus(SESSION_IDLE).min(*until), Timer::Session(*session))
            }
            Fact::ShiftBegan(shift) => {
                (at.plus(crate::shift::SILENT.min(shift.idle)), Timer::Shift(shift.agent.clone()))
            }
            Fact::AgentStated { agent, state: AgentState::AfterWork(_), .. } => {
                (at, Timer::AfterWork(agent.clone()))
            }
            Fact::LogOffDue { agent, until } => {
                let Some(until) = until else { return };
                (*until, Timer::LogOff(agent.clone()))
            }
            Fact::Call(happening) if !happening.over => {
                let Some(until) = happening.call.until else { return };
                (until, Timer::Call(happening.call.id))
            }
            _ => return,
        };
        self.soft.timers.insert((when, timer));
    }

    /// Does everything that has fallen due.
    pub(super) fn tick(&mut self, step: &mut Step<'_>) -> Decided {
        while let Some((at, timer)) = self.soft.timers.pop_first() {
            if at > step.now {
                self.soft.timers.insert((at, timer));
                break;
            }
            if let Some(again) = self.fire(step, &timer)
                && again > step.now
            {
                self.soft.timers.insert((again, timer));
            }
        }
        Ok(Done::Ok)
    }

    /// Looks at the state, and acts if it is time; else says when to look again.
    fn fire(&mut self, step: &mut Step<'_>, timer: &Timer) -> Option<Millis> {
        let now = step.now;
        match timer {
            Timer::Connect(id) => {
                let contact = self.contacts.get(id).filter(|c| c.phase == Phase::Initiated)?;
                self.close(step, contact.room(), EndReason::NeverConnected, None);
            }
            Timer::Admission(room, participant) => {
                let (_, member) =
                    self.rooms.get(room).filter(|r| r.closed.is_none())?.member(*participant)?;
                if member.presence == Presence::Invited {
                    self.emit(
                        step,
                        Fact::Left {
                            room: *room,
                            participant: *participant,
                            why: Leaving::Left,
                            key: None,
                        },
                    );
                    self.place_made(step, *room, None);
                }
            }
            Timer::Expire(id) => {
                let room = self.rooms.get(id).filter(|r| r.closed.is_none())?;
                let until = self.expiry(room);
                if until > now {
                    return Some(until);
                }
                self.close(step, *id, EndReason::Expired, None);
            }
            Timer::Offer(agent, contact) => {
                let work = self.agents.get(agent)?.work.get(contact)?;
                let Stage::Offered { until, .. } = work.stage else { return None };
                if until > now {
                    return Some(until);
                }
                self.decline(step, agent, *contact, Decline::Missed);
            }
            Timer::WrapUp(agent, contact) => {
                let work = self.agents.get(agent)?.work.get(contact)?;
                let Stage::WrapUp { until } = work.stage else { return None };
                if until > now {
                    return Some(until);
                }
                let wrap_up =
                    crate::contact::WrapUp { from: work.since, to: now, ..Default::default() };
                self.finish_wrap_up(step, agent, *contact, wrap_up);
            }
            Timer::Wait(id) => return self.waited(step, *id),
            Timer::Idle(id) => return self.idle(step, *id),
            Timer::Bot(id) => return self.bot_due(step, *id),
            Timer::Linger(id) => return self.linger(step, *id),
            Timer::Archive(id) => {
                let closed = self.rooms.get(id).map(|r| r.closed);
                let at_hand = |c: &crate::contact::Contact| {
                    self.agents.values().any(|a| a.work.contains_key(&c.id))
                };
                let segments: Vec<ContactId> = match self.rooms.get(id) {
                    Some(room) => room.segments.clone(),
                    None => self.segments_of(*id).map(|c| c.id).collect(),
                };
                match closed {
                    Some(None) => return None,
                    Some(Some(at)) if at.plus(ARCHIVE_AFTER) > now => {
                        return Some(at.plus(ARCHIVE_AFTER));
                    }
                    _ if segments.is_empty() => return None,
                    _ => {}
                }
                // Parts of a call's matter end before the whole of it does.
                let calls = segments.iter().filter_map(|id| self.contacts.get(id));
                let calls = calls.filter(|c| c.voice.is_some());
                let until = calls.map(|c| c.ended.unwrap_or(now).plus(ARCHIVE_AFTER)).max();
                if let Some(until) = until.filter(|until| *until > now) {
                    return Some(until);
                }
                if segments.iter().filter_map(|id| self.contacts.get(id)).any(at_hand) {
                    return Some(now.plus(ARCHIVE_AFTER));
                }
                self.emit(step, Fact::Archived { room: *id });
            }
            Timer::Call(id) => return self.call_due(step, *id),
            Timer::Shift(agent) => return self.shift_due(step, agent),
            Timer::AfterWork(agent) => return self.after_work_due(step, agent),
            Timer::LogOff(agent) => return self.log_off_due(step, agent),
            Timer::Session(hash) => {
                let until = self.sessions.get(hash)?.until;
                // After a restart nobody knows when it was last used.
                let used = *self.soft.seen.entry(*hash).or_insert(now);
                let until = until.min(used.plus(SESSION_IDLE));
                if until > now {
                    return Some(until);
                }
                self.emit(step, Fact::LoggedOut { session: *hash });
            }
        }
        None
    }

    fn expiry(&self, room: &Room) -> Millis {
        self.contacts.get(&room.contact).map_or(Millis(0), |c| c.expires)
    }

    /// Reminds, and drops, members who have been silent for long (`amazon-connect-chat.md` 4.3).
    fn idle(&mut self, step: &mut Step<'_>, id: RoomId) -> Option<Millis> {
        let mut next: Option<Millis> = None;
        for role in [MemberRole::Customer, MemberRole::Agent] {
            let room = self.rooms.get(&id).filter(|r| r.closed.is_none())?;
            let idle = room.idle.as_deref()?;
            let (rule, since, warned) = match role {
                MemberRole::Customer => (idle.customer, idle.customer_since, idle.customer_warned),
                _ => (idle.agent, idle.agent_since, idle.agent_warned),
            };
            let Some(at) = idle_due(rule, since, warned) else { continue };
            if at > step.now {
                next = Some(next.map_or(at, |n| n.min(at)));
                continue;
            }
            let Some(place) = room
                .members
                .iter()
                .position(|m| m.role == role && m.presence == Presence::Joined && !m.silent)
            else {
                continue;
            };
            let Ok(place) = u8::try_from(place) else { continue };
            if warned.is_none() && rule.warn.is_some() {
                self.post_event(step, id, Some(place), Event::Idle);
                let after = self.room(id).idle.as_deref().and_then(|idle| {
                    idle_due(
                        rule,
                        since,
                        if role == MemberRole::Customer {
                            idle.customer_warned
                        } else {
                            idle.agent_warned
                        },
                    )
                });
                next = [next, after].into_iter().flatten().min();
                continue;
            }
            self.post_event(step, id, Some(place), Event::AutoDisconnected);
            if role == MemberRole::Customer {
                self.close(step, id, EndReason::Idle, Some(place));
                return None;
            }
            self.agent_leaves(step, id, place, Leaving::Idle);
            // Colleagues who stay begin anew.
            let idle = self.rooms.get(&id).filter(|r| r.closed.is_none())?.idle.as_deref()?;
            return next_idle(idle);
        }
        next
    }

    /// Ends a chat in which nobody is left to talk to, once its flow's time for second thoughts is over.
    fn linger(&mut self, step: &mut Step<'_>, id: RoomId) -> Option<Millis> {
        let room = self.rooms.get(&id).filter(|r| r.closed.is_none())?;
        let contact = self.contacts.get(&room.contact).filter(|c| c.phase == Phase::Talking)?;
        if room.members.iter().any(|m| m.role == MemberRole::Agent && m.presence != Presence::Left)
        {
            return None;
        }
        let linger = self.directory.flows.get(&contact.flow).map_or(Millis(0), |f| f.linger);
        let until = room.last_at.plus(linger);
        if until > step.now {
            return Some(until);
        }
        self.close(step, id, EndReason::Agent, None);
        None
    }
}

/// When somebody in a room will have been silent for too long.
pub(super) fn next_idle(idle: &Idle) -> Option<Millis> {
    let customer = idle_due(idle.customer, idle.customer_since, idle.customer_warned);
    [customer, idle_due(idle.agent, idle.agent_since, idle.agent_warned)]
        .into_iter()
        .flatten()
        .min()
}

fn idle_due(rule: IdleRule, since: Option<Millis>, warned: Option<Millis>) -> Option<Millis> {
    match (rule.warn, rule.drop, warned) {
        (Some(warn), _, None) => Some(since?.plus(warn)),
        (_, Some(drop), Some(warned)) => since.map(|_| warned.plus(drop)),
        (None, Some(drop), None) => Some(since?.plus(drop)),
        _ => None,
    }
}
