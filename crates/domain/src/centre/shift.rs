//! Shifts: an agent's client comes to work, gives signs of life, and goes (`max-agent-desktop.md` 3.2 and 3.4).

use super::{Centre, Decided, Step};
use crate::agent::{AgentState, Channel, Stage};
use crate::command::Done;
use crate::contact::EndReason;
use crate::fact::Fact;
use crate::id::UserId;
use crate::query::Answer;
use crate::refusal::Refusal;
use crate::shift::{Because, IDLE, Position, SILENT, Shift, ShiftEnd};
use crate::time::Millis;

impl Centre {
    pub(super) fn begin_shift(&mut self, step: &mut Step<'_>, mut shift: Shift) -> Decided {
        let agent = shift.agent.clone();
        let user = self.directory.users.get(&agent).filter(|u| !u.disabled);
        let voice = user.ok_or(Refusal::NoSuchAgent)?.extension.is_some();
        if self.shifts.contains_key(&agent) {
            return Err(Refusal::WrongState("the agent has a session already"));
        }
        shift.idle = shift.idle.clamp(*IDLE.start(), *IDLE.end());
        shift.began = step.now;
        self.emit(step, Fact::ShiftBegan(Box::new(shift)));
        // Whoever is at work by other means stays as they said.
        if self.agents.get(&agent).is_none_or(|known| known.channels.is_empty()) {
            let channels = voice.then_some(Channel::Voice).into_iter().chain([Channel::Chat]);
            self.set_state(step, &agent, &channels.collect(), AgentState::NotReady(0), None)?;
        }
        Ok(Done::Ok)
    }

    /// A sign of life. It is no fact: after a restart all are counted from then.
    pub(super) fn attend_shift(&mut self, now: Millis, agent: &UserId) -> Decided {
        if !self.shifts.contains_key(agent) {
            return Err(Refusal::NotLoggedOn);
        }
        self.soft.attended.insert(agent.clone(), now);
        Ok(Done::Ok)
    }

    pub(super) fn end_shift(
        &mut self,
        step: &mut Step<'_>,
        agent: &UserId,
        force: bool,
        end: bool,
    ) -> Decided {
        if !self.shifts.contains_key(agent) {
            return Err(Refusal::NotLoggedOn);
        }
        if self.at_hand(agent) {
            if !force && !end {
                return Err(Refusal::WrongState("contacts are at hand"));
            }
            if end {
                self.end_all(step, agent);
            }
        }
        self.close_shift(step, agent, ShiftEnd::LoggedOut);
        self.log_off(step, agent, AgentState::LoggedOff(0), None);
        Ok(Done::Ok)
    }

    /// Is anything at an agent's hands that somebody waits on?
    fn at_hand(&self, agent: &UserId) -> bool {
        let open = |work: &crate::agent::Work| !matches!(work.stage, Stage::WrapUp { .. });
        self.agents.get(agent).is_some_and(|a| a.work.values().any(open))
            || self.device_of(agent).is_some_and(|device| self.switch.occupied(&device))
    }

    fn end_all(&mut self, step: &mut Step<'_>, agent: &UserId) {
        let work = self.agents.get(agent).map(|a| a.work.clone()).unwrap_or_default();
        for (contact, work) in work {
            if work.stage == Stage::Talking
                && let Ok(room) = self.open_room(contact)
            {
                let (id, at) = (room.id, room.of_user(agent).map(|(at, _)| at));
                self.close(step, id, EndReason::Agent, at);
            }
        }
        if let Some(device) = self.device_of(agent) {
            let calls: Vec<_> = self.switch.at(&device).map(|call| call.id).collect();
            for call in calls {
                // One call's end may have ended the next.
                let _ = self.wish(step, None, crate::call::Wish::Clear(device.clone(), call));
            }
        }
    }

    /// The shift of an agent who is not at work any more ends.
    pub(super) fn close_shift(&mut self, step: &mut Step<'_>, agent: &UserId, how: ShiftEnd) {
        if let Some(shift) = self.shifts.get(agent).map(|shift| shift.id) {
            self.emit(step, Fact::ShiftEnded { agent: agent.clone(), shift, how });
        }
    }

    /// Looks whether a shift's clients still give signs of life. Says when to look again.
    pub(super) fn shift_due(&mut self, step: &mut Step<'_>, agent: &UserId) -> Option<Millis> {
        let shift = self.shifts.get(agent)?;
        let (idle, force) = (shift.idle, shift.force);
        let seen = *self.soft.attended.entry(agent.clone()).or_insert(step.now);
        // A CTI log-on is a sign of life of its own.
        if self.switch.seat(agent).is_some() {
            self.soft.attended.insert(agent.clone(), step.now);
            return Some(step.now.plus(SILENT));
        }
        if seen.plus(SILENT.min(idle)) > step.now {
            return Some(seen.plus(SILENT.min(idle)));
        }
        if seen.plus(idle) <= step.now && (force || !self.at_hand(agent)) {
            self.close_shift(step, agent, ShiftEnd::Idle);
            self.log_off(step, agent, AgentState::LoggedOff(0), None);
            return None;
        }
        for channel in self.ready_channels(agent) {
            self.state_by_itself(step, agent, channel, Because::Disconnected);
        }
        let again = step.now.plus(SILENT);
        Some(if seen.plus(idle) > step.now { again.min(seen.plus(idle)) } else { again })
    }

    fn ready_channels(&self, agent: &UserId) -> Vec<Channel> {
        let known = self.agents.get(agent).into_iter().flat_map(|known| &known.channels);
        known.filter(|(_, s)| s.state == AgentState::Ready).map(|(channel, _)| *channel).collect()
    }

    /// An offer was refused, or not answered. Whose client knows one state alone is not ready for anything.
    pub(super) fn refused(&mut self, step: &mut Step<'_>, agent: &UserId, channel: Channel) {
        let channels = if self.shifts.contains_key(agent) {
            self.ready_channels(agent)
        } else {
            vec![channel]
        };
        for channel in channels {
            self.state_by_itself(step, agent, channel, Because::Refused);
        }
    }

    /// An agent is not ready any more, for a reason of ours.
    pub(super) fn state_by_itself(
        &mut self,
        step: &mut Step<'_>,
        agent: &UserId,
        channel: Channel,
        because: Because,
    ) {
        let state = AgentState::NotReady(0);
        self.emit(
            step,
            Fact::AgentStated { agent: agent.clone(), channel, state, by: None, because },
        );
        self.show_state(step, agent, channel, state);
    }

    pub(super) fn position(&self, user: &UserId) -> Result<Answer, Refusal> {
        let (agent, contacts) = self.at_desk(user)?;
        let device = self.device_of(user);
        let earlier = contacts
            .iter()
            .flat_map(|desk| std::iter::once(desk.contact.initial).chain(desk.contact.previous));
        let numbers = earlier.filter_map(|id| Some((id, self.contacts.get(&id)?.number))).collect();
        let calls = device.iter().flat_map(|device| self.switch.at(device)).cloned().collect();
        let serves = self.serves.get(user).into_iter().flatten().map(|(q, _)| q.clone()).collect();
        Ok(Answer::Position(Box::new(Position {
            shift: self.shifts.get(user).cloned(),
            ended: self.shifts_ended.get(user).copied(),
            agent,
            contacts,
            numbers,
            muted: device.as_ref().is_some_and(|device| self.switch.muted(device)),
            device,
            calls,
            serves,
        })))
    }
}
