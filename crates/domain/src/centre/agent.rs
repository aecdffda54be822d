//! Agents: sessions, states, offers, after-work. And the directory, which says who they are.

use super::{Centre, Decided, Step};
use crate::agent::{AgentState, Channel, Stage, Work};
use crate::board::Act;
use crate::command::Done;
use crate::contact::{EndReason, WrapUp};
use crate::directory::{Entry, EntryKey};
use crate::fact::{Decline, Fact, Leaving};
use crate::id::{ContactId, TokenHash, UserId};
use crate::refusal::Refusal;
use crate::room::Event;
use crate::shift::{Because, ShiftEnd};
use crate::time::Millis;
use std::collections::BTreeSet;

/// The reason of a log-off that a supervisor forced (`nxproxy-rio.md` 5.3).
pub(super) const FORCED: u8 = 100;
/// After-work may be stretched by so much at once.
pub(super) const EXTENSION_LIMIT: Millis = Millis::from_mins(10);

impl Centre {
    pub(super) fn put(&mut self, step: &mut Step<'_>, entry: Entry) -> Decided {
        self.directory.check(&entry)?;
        self.put_checked(step, entry);
        Ok(Done::Ok)
    }

    /// Many at once: each may rest on those before it.
    pub(super) fn put_all(&mut self, step: &mut Step<'_>, entries: Vec<Entry>) -> Decided {
        let mut directory = self.directory.as_ref().clone();
        for entry in &entries {
            directory.check(entry)?;
            directory.put(entry.clone());
        }
        for entry in entries {
            self.put_checked(step, entry);
        }
        Ok(Done::Ok)
    }

    fn put_checked(&mut self, step: &mut Step<'_>, entry: Entry) {
        if let Entry::User(user) = &entry
            && user.disabled
        {
            self.log_off(step, &user.id.clone(), AgentState::LoggedOff(FORCED), None);
        }
        if let Entry::User(user) = &entry
            && self
                .directory
                .users
                .get(&user.id)
                .is_some_and(|was| was.password != user.password || was.role != user.role)
        {
            // Whoever holds a session of before may not be whoever is meant now.
            let own = self.sessions.iter().filter(|(_, s)| s.user == user.id);
            for session in own.map(|(hash, _)| *hash).collect::<Vec<_>>() {
                self.emit(step, Fact::LoggedOut { session });
            }
        }
        self.emit(step, Fact::Put(Box::new(entry)));
        self.route_all(step);
    }

    pub(super) fn remove(&mut self, step: &mut Step<'_>, key: EntryKey) -> Decided {
        self.directory.check_removal(&key)?;
        match &key {
            EntryKey::User(user)
                if self
                    .agents
                    .get(user)
                    .is_some_and(|a| !a.work.is_empty() || !a.channels.is_empty()) =>
            {
                return Err(Refusal::WrongState("the agent is logged on, or has contacts at hand"));
            }
            EntryKey::Queue(queue)
                if self.waits.values().any(|w| w.queue == *queue)
                    || self
                        .switch
                        .calls()
                        .any(|c| c.stay.as_ref().is_some_and(|s| s.queue == *queue)) =>
            {
                return Err(Refusal::WrongState("contacts wait in this queue"));
            }
            EntryKey::Device(device)
                if self.switch.occupied(device)
                    || self.switch.seated.contains_key(device)
                    || self.switch.calls().any(|c| c.back.as_ref() == Some(device)) =>
            {
                return Err(Refusal::WrongState("the telephone is in use"));
            }
            _ => {}
        }
        self.emit(step, Fact::Removed(key));
        self.route_all(step);
        Ok(Done::Ok)
    }

    fn route_all(&mut self, step: &mut Step<'_>) {
        let queues: Vec<_> = self
            .lines
            .iter()
            .filter(|(id, lines)| !lines.waiting.is_empty() || self.switch.waiting(id) > 0)
            .map(|(id, _)| id.clone())
            .collect();
        for queue in queues {
            self.route(step, &queue);
        }
    }

    pub(super) fn set_state(
        &mut self,
        step: &mut Step<'_>,
        agent: &UserId,
        channels: &BTreeSet<Channel>,
        state: AgentState,
        by: Option<UserId>,
    ) -> Decided {
        if self.directory.users.get(agent).is_none_or(|u| u.disabled) {
            return Err(Refusal::NoSuchAgent);
        }
        let logged_on: BTreeSet<Channel> =
            self.agents.get(agent).into_iter().flat_map(|a| a.channels.keys().copied()).collect();
        let channels = if channels.is_empty() { &logged_on } else { channels };
        if channels.is_empty() {
            return Err(Refusal::NotLoggedOn);
        }
        if matches!(state, AgentState::LoggedOff(_)) {
            if channels.is_disjoint(&logged_on) {
                return Err(Refusal::NotLoggedOn);
            }
            if channels.is_superset(&logged_on) {
                self.log_off(step, agent, state, by);
                return Ok(Done::Ok);
            }
        }
        self.stays(step, agent);
        let first = channels.first().copied().unwrap_or(Channel::Voice);
        for &channel in channels {
            self.emit(
                step,
                Fact::AgentStated {
                    agent: agent.clone(),
                    channel,
                    state,
                    by: by.clone(),
                    because: Because::Said,
                },
            );
        }
        // One event, whatever number of channels was meant (`nxproxy-rio.md` 5.3).
        if !channels.is_subset(&logged_on) {
            self.show_said(step, agent, first, crate::call::Said::LoggedOn, 0);
        }
        self.show_state(step, agent, first, state);
        if matches!(state, AgentState::LoggedOff(_)) {
            if channels.contains(&Channel::Voice) {
                self.withdraw_call(step, agent);
            }
            let leaving: Vec<_> = self
                .agents
                .get(agent)
                .into_iter()
                .flat_map(|a| &a.work)
                .filter(|(_, w)| channels.contains(&w.channel))
                .map(|(id, w)| (*id, *w))
                .collect();
            self.drop_work(step, agent, leaving);
        }
        self.route_for(step, agent);
        self.settle(step);
        Ok(Done::Ok)
    }

    /// Logs an agent off all channels. Nothing at their hands gets stuck: offers go back to the head of their lines,
    /// chats are handed back to their queues, after-work is closed.
    pub(super) fn log_off(
        &mut self,
        step: &mut Step<'_>,
        agent: &UserId,
        state: AgentState,
        by: Option<UserId>,
    ) {
        let Some(known) = self.agents.get(agent) else { return };
        let channels: Vec<Channel> = known.channels.keys().copied().collect();
        let work: Vec<(ContactId, Work)> =
            known.work.iter().map(|(id, work)| (*id, *work)).collect();
        let AgentState::LoggedOff(reason) = state else { return };
        let seat = channels.first().and_then(|first| self.sitting(agent, *first, reason));
        for channel in channels {
            self.emit(
                step,
                Fact::AgentStated {
                    agent: agent.clone(),
                    channel,
                    state,
                    by: by.clone(),
                    because: Because::Said,
                },
            );
        }
        // Who is at home where they sat can be called there again.
        let host = seat.as_ref().and_then(|(device, _)| self.switch.homes.get(device)).cloned();
        if let Some((device, tag)) = seat {
            self.emit(step, Fact::AgentShown { device, said: crate::call::Said::LoggedOff, tag });
        }
        self.close_shift(step, agent, ShiftEnd::Elsewhere);
        self.withdraw_call(step, agent);
        self.drop_work(step, agent, work);
        self.route_for(step, agent);
        if let Some(host) = host.filter(|host| host != agent) {
            self.route_for(step, &host);
        }
        self.settle(step);
    }

    fn drop_work(&mut self, step: &mut Step<'_>, agent: &UserId, work: Vec<(ContactId, Work)>) {
        for (contact, work) in work {
            match work.stage {
                Stage::Offered { .. } => self.withdraw(step, agent, contact, Decline::Withdrawn),
                Stage::Talking => self.hand_back(step, agent, contact),
                Stage::WrapUp { .. } => {
                    let wrap_up = WrapUp { from: work.since, to: step.now, ..WrapUp::default() };
                    self.emit(step, Fact::WrappedUp { contact, agent: agent.clone(), wrap_up });
                }
            }
        }
    }

    pub(super) fn force(
        &mut self,
        step: &mut Step<'_>,
        by: TokenHash,
        agent: &UserId,
        state: AgentState,
    ) -> Decided {
        let by = self.supervisor(step.now, by)?;
        let state = if matches!(state, AgentState::LoggedOff(_)) {
            AgentState::LoggedOff(FORCED)
        } else {
            state
        };
        let done = self.set_state(step, agent, &BTreeSet::new(), state, Some(by.clone()))?;
        self.supervised(step, &by, Act::Forced { agent: agent.clone(), state });
        Ok(done)
    }

    fn offered(&self, agent: &UserId, contact: ContactId) -> Result<Work, Refusal> {
        let work = self.agents.get(agent).and_then(|a| a.work.get(&contact)).copied();
        work.filter(|w| matches!(w.stage, Stage::Offered { .. }))
            .ok_or(Refusal::WrongState("this contact is not offered to you any more"))
    }

    pub(super) fn accept(
        &mut self,
        step: &mut Step<'_>,
        agent: &UserId,
        contact: ContactId,
    ) -> Decided {
        if let Some(call) = self.open_call(contact)? {
            return self.accept_call(step, &call, agent);
        }
        // A second click, or a repeat after a lost answer, finds the work done.
        if self
            .agents
            .get(agent)
            .and_then(|a| a.work.get(&contact))
            .is_some_and(|w| w.stage == Stage::Talking)
        {
            return Ok(Done::Ok);
        }
        let work = self.offered(agent, contact)?;
        let room = self.open_room(contact)?;
        let id = room.id;
        self.emit(step, Fact::Accepted { contact, agent: agent.clone() });
        self.emit(step, Fact::Joined { room: id, participant: work.participant });
        let at = self.room(id).member(work.participant).map(|(at, _)| at);
        self.post_event(step, id, at, Event::Joined);
        self.rule_silence(step, contact);
        Ok(Done::Ok)
    }

    pub(super) fn refuse(
        &mut self,
        step: &mut Step<'_>,
        agent: &UserId,
        contact: ContactId,
    ) -> Decided {
        if let Some(call) = self.open_call(contact)? {
            return self.refuse_call(step, &call, agent);
        }
        self.offered(agent, contact)?;
        self.decline(step, agent, contact, Decline::Refused);
        Ok(Done::Ok)
    }

    /// An agent did not take an offer: they are not ready any more, so that the next one is asked, and not they again
    /// (`max-agent-desktop.md` 3.5, `nxproxy-rio.md` 6).
    pub(super) fn decline(
        &mut self,
        step: &mut Step<'_>,
        agent: &UserId,
        contact: ContactId,
        how: Decline,
    ) {
        let Ok(work) = self.offered(agent, contact) else { return };
        let conference = matches!(work.stage, Stage::Offered { conference: true, .. });
        if !conference
            && self.agents.get(agent).is_some_and(|a| a.state(work.channel) == AgentState::Ready)
        {
            self.refused(step, agent, work.channel);
        }
        self.withdraw(step, agent, contact, how);
    }

    /// An offer ends without an answer; the contact looks for somebody else.
    pub(super) fn withdraw(
        &mut self,
        step: &mut Step<'_>,
        agent: &UserId,
        contact: ContactId,
        how: Decline,
    ) {
        self.emit(step, Fact::Declined { contact, agent: agent.clone(), how });
        if let Some(wait) = self.waits.get(&contact) {
            let queue = wait.queue.clone();
            self.route(step, &queue);
            self.show_level(step, &queue);
        } else {
            self.after_direct_offer(step, contact);
        }
        self.route_for(step, agent);
    }

    /// Everybody who worked on a contact that has ended goes on to after-work, or is free.
    pub(super) fn begin_wrap_up(
        &mut self,
        step: &mut Step<'_>,
        contact: ContactId,
        agent: &UserId,
    ) {
        let queue = self
            .contacts
            .get(&contact)
            .and_then(|c| c.queue.as_ref())
            .and_then(|q| self.directory.queues.get(q));
        let span = queue.map_or(Millis(0), |q| q.wrap_up);
        let logged_on =
            self.agents.get(agent).is_some_and(|a| a.channels.contains_key(&Channel::Chat));
        if span.0 > 0 && logged_on {
            self.emit(
                step,
                Fact::WrapUpBegan { contact, agent: agent.clone(), until: step.now.plus(span) },
            );
        } else {
            self.emit(
                step,
                Fact::WrappedUp {
                    contact,
                    agent: agent.clone(),
                    wrap_up: WrapUp { from: step.now, to: step.now, ..WrapUp::default() },
                },
            );
        }
    }

    fn wrapping(&self, agent: &UserId, contact: ContactId) -> Result<Work, Refusal> {
        let work = self.agents.get(agent).and_then(|a| a.work.get(&contact)).copied();
        work.filter(|w| matches!(w.stage, Stage::WrapUp { .. }))
            .ok_or(Refusal::WrongState("there is no after-work with this contact"))
    }

    pub(super) fn wrap_up(
        &mut self,
        step: &mut Step<'_>,
        agent: &UserId,
        contact: ContactId,
        mut wrap_up: WrapUp,
    ) -> Decided {
        let work = self.wrapping(agent, contact)?;
        if let Some(code) = &wrap_up.code
            && !self.directory.wrap_up_codes.contains_key(code)
        {
            return Err(Refusal::NoSuchEntry);
        }
        (wrap_up.from, wrap_up.to) = (work.since, step.now);
        self.finish_wrap_up(step, agent, contact, wrap_up);
        Ok(Done::Ok)
    }

    pub(super) fn finish_wrap_up(
        &mut self,
        step: &mut Step<'_>,
        agent: &UserId,
        contact: ContactId,
        wrap_up: WrapUp,
    ) {
        self.emit(step, Fact::WrappedUp { contact, agent: agent.clone(), wrap_up });
        self.route_for(step, agent);
    }

    pub(super) fn extend_wrap_up(
        &mut self,
        step: &mut Step<'_>,
        agent: &UserId,
        contact: ContactId,
        by: Millis,
    ) -> Decided {
        let work = self.wrapping(agent, contact)?;
        let Stage::WrapUp { until } = work.stage else {
            return Err(Refusal::WrongState("there is no after-work with this contact"));
        };
        let until = until
            .max(step.now)
            .plus(by.min(EXTENSION_LIMIT))
            .min(step.now.plus(Millis(EXTENSION_LIMIT.0 * 6)));
        self.emit(step, Fact::WrapUpExtended { contact, agent: agent.clone(), until });
        Ok(Done::Until(until))
    }

    pub(super) fn end(
        &mut self,
        step: &mut Step<'_>,
        agent: &UserId,
        contact: ContactId,
    ) -> Decided {
        if let Ok(Some(call)) = self.open_call(contact) {
            return self.end_call(step, &call, agent);
        }
        let room = match self.open_room(contact) {
            Ok(room) => room,
            // A repeat after a lost answer.
            Err(Refusal::ContactEnded) if self.wrapping(agent, contact).is_ok() => {
                return Ok(Done::Ok);
            }
            Err(refusal) => return Err(refusal),
        };
        let id = room.id;
        let (at, member) = room.of_user(agent).ok_or(Refusal::NotAMember)?;
        if member.silent || member.presence != crate::room::Presence::Joined {
            return Err(Refusal::NotAMember);
        }
        self.close(step, id, EndReason::Agent, Some(at));
        Ok(Done::Ok)
    }

    /// An agent goes; the chat goes on with those who stay, lingers, or ends.
    pub(super) fn agent_leaves(
        &mut self,
        step: &mut Step<'_>,
        room: crate::id::RoomId,
        at: u8,
        why: Leaving,
    ) {
        let member = self.member(room, at).clone();
        let contact = self.room(room).contact;
        self.post_event(step, room, Some(at), Event::Left);
        self.emit(step, Fact::Left { room, participant: member.id, why, key: None });
        if let Some(user) = &member.user
            && self.agents.get(user).is_some_and(|a| a.work.contains_key(&contact))
        {
            self.begin_wrap_up(step, contact, user);
            self.route_for(step, user);
        }
        let left_alone = !self.room(room).members.iter().any(|m| {
            m.role == crate::room::MemberRole::Agent && m.presence != crate::room::Presence::Left
        });
        let lingers = self
            .contacts
            .get(&contact)
            .and_then(|c| self.directory.flows.get(&c.flow))
            .is_some_and(|f| f.linger.0 > 0);
        if left_alone && !lingers {
            self.close(step, room, EndReason::Agent, None);
        }
    }
}
