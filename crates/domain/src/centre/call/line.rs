//! Calls in queues (Q1-Q10): the same policy and the same "why" as for chats.

use super::{Centre, Decided, NOT_THERE, Step};
use crate::agent::{AgentState, Channel};
use crate::board::{Act, Spot};
use crate::call::{Call, CallEvent, CallId, Cause, Link, Party, Stay, Waiting};
use crate::command::Done;
use crate::contact::EndReason;
use crate::directory::{Policy, Queue};
use crate::fact::Fact;
use crate::id::{ContactId, DeviceId, QueueId, UserId};
use crate::queue::{Out, Rule, Turn, rank};
use crate::refusal::Refusal;
use crate::shift::Because;
use crate::time::Millis;
use std::sync::Arc;

/// Why an agent whose telephone rang did not take a queue's call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::centre) enum Missed {
    /// Let it ring (RONA).
    Silent,
    /// Turned it down.
    Refused,
    /// Logged off.
    LoggedOff,
}

fn dn(queue: &QueueId) -> DeviceId {
    DeviceId(queue.0.clone())
}

impl Centre {
    /// Puts a call in line, or says why it cannot be.
    pub(super) fn enter_line(
        &mut self,
        step: &mut Step<'_>,
        mut call: Call,
        number: &QueueId,
        cause: Cause,
    ) {
        let Some(queue) = self.directory.queue(number.as_str()).cloned() else {
            return self.fail(step, call, &dn(number), Cause::NOT_OBTAINABLE, None);
        };
        let subject = dn(&queue.id);
        call.ringing = cause;
        call.stay = Some(Stay {
            alias: (*number != queue.id).then(|| number.clone()),
            queue: queue.id.clone(),
            since: step.now,
            entered: step.now,
            rank: rank(&queue, step.now),
            waiting: Waiting::InLine,
            length: self.switch.waiting(&queue.id) + 1,
            waited: Millis(0),
            visited: vec![queue.id.clone()],
        });
        call.until = Self::overflows(&queue, &call);
        let hours = queue.hours.as_ref().and_then(|h| self.directory.hours.get(h));
        let closed = hours.is_some_and(|h| !h.open(step.now));
        let next = queue.overflow.as_ref().filter(|overflow| {
            let full = overflow.length.is_some_and(|most| self.switch.waiting(&queue.id) >= most);
            full || overflow.no_agent && self.on_the_phone(&queue) == 0
        });
        let next = next.and_then(|overflow| self.directory.queues.get(&overflow.to).cloned());
        let full = queue.longest.is_some_and(|most| self.switch.waiting(&queue.id) >= most);
        if closed {
            return self.fail(step, call, &subject, Cause::NO_AGENTS, None);
        }
        if full && next.is_none() {
            return self.fail(step, call, &subject, Cause::NO_RESOURCES, None);
        }
        let to = self.copies(&call, cause, &subject);
        self.tell(step, CallEvent::Delivered, &call, to);
        let to = self.line_copies(&call, cause, &subject);
        self.tell(step, CallEvent::Queued, &call, to);
        if let Some(next) = next {
            self.overflow_to(step, call, &next);
        } else {
            self.route_calls(step, &queue.id);
            self.show_level(step, &queue.id);
        }
    }

    /// How many of a queue's agents are logged on for calls.
    fn on_the_phone(&self, queue: &Queue) -> usize {
        let members = self.directory.groups.get(&queue.group).map_or(0, |g| g.members.len());
        let off =
            self.lines.get(&queue.id).and_then(|l| l.out.get(&(Channel::Voice, Out::LoggedOff)));
        members.saturating_sub(off.map_or(0, |n| *n as usize))
    }

    /// When a call goes on to another queue, if it does.
    fn overflows(queue: &Queue, call: &Call) -> Option<Millis> {
        let stay = call.stay.as_ref()?;
        let overflow = queue.overflow.as_ref()?;
        if stay.visited.contains(&overflow.to) {
            return None;
        }
        Some(stay.entered.plus(overflow.after?))
    }

    /// A call has waited long: it goes where its queue overflows to.
    pub(super) fn overflow_call(&mut self, step: &mut Step<'_>, mut call: Call) {
        let queue = call.stay.as_ref().and_then(|s| self.directory.queues.get(&s.queue)).cloned();
        let next = queue
            .and_then(|q| q.overflow.clone())
            .and_then(|o| self.directory.queues.get(&o.to).cloned());
        if let Some(next) = next {
            self.overflow_to(step, call, &next);
        } else {
            call.until = None;
            self.tell(step, CallEvent::Queued, &call, Vec::new());
        }
    }

    fn overflow_to(&mut self, step: &mut Step<'_>, mut call: Call, next: &Arc<Queue>) {
        let to = dn(&next.id);
        let diverted = self.line_copies(&call, Cause::OVERFLOW, &to);
        let length = self.switch.waiting(&next.id) + 1;
        let Some(stay) = &mut call.stay else { return };
        // The queue that it leaves hears how many wait there still.
        stay.length = self.switch.waiting(&stay.queue).saturating_sub(1);
        stay.waited = step.now.since(stay.since);
        self.tell(step, CallEvent::Diverted, &call, diverted);
        let Some(stay) = &mut call.stay else { return };
        let from = std::mem::replace(&mut stay.queue, next.id.clone());
        stay.visited.push(next.id.clone());
        stay.alias = None;
        stay.entered = step.now;
        stay.rank = rank(next, stay.since);
        (stay.length, stay.waited) = (length, step.now.since(stay.since));
        call.until = Self::overflows(next, &call);
        let queued = self.line_copies(&call, Cause::OVERFLOW, &to);
        self.tell(step, CallEvent::Queued, &call, queued);
        self.route_calls(step, &next.id);
        self.show_level(step, &from);
        self.show_level(step, &next.id);
    }

    /// Rings free agents as long as calls wait in a queue.
    pub(in crate::centre) fn route_calls(&mut self, step: &mut Step<'_>, queue: &QueueId) {
        while let Some((call, turn)) = self.choose_for_call(queue) {
            let policy = self.directory.queues.get(queue).map(|queue| queue.policy);
            let rule = match policy {
                Some(Policy::BestSkill) => Rule::BestSkill,
                _ => Rule::LongestIdle,
            };
            self.ring_agent(step, call, queue, &turn, rule);
        }
    }

    /// The first call in line whom a free agent fits, and that agent.
    fn choose_for_call(&self, queue: &QueueId) -> Option<(Call, Turn)> {
        let line = self.switch.lines.get(queue)?;
        let agents = self.lines.get(queue)?;
        agents.free.get(&Channel::Voice).filter(|free| !free.is_empty())?;
        line.iter().find_map(|(_, _, id)| {
            let call = self.switch.call(*id)?;
            let fits = |agent: &UserId| {
                self.device_of(agent).is_some_and(|device| call.party(&device).is_none())
            };
            Some((call.clone(), agents.first(Channel::Voice, fits)?.clone()))
        })
    }

    fn ring_agent(
        &mut self,
        step: &mut Step<'_>,
        mut call: Call,
        queue: &QueueId,
        turn: &Turn,
        rule: Rule,
    ) {
        let (Some(settings), Some(device)) =
            (self.directory.queues.get(queue).cloned(), self.device_of(&turn.agent))
        else {
            return;
        };
        let waiting = self.switch.waiting(queue);
        let since = call.stay.as_ref().map_or(step.now, |s| s.since);
        let why = self.why_of(step.now, queue, (Channel::Voice, since, waiting), rule, turn);
        let diverted = self.line_copies(&call, Cause::REDIRECTED, &device);
        let Some(stay) = &mut call.stay else { return };
        (stay.length, stay.waited) = (waiting.saturating_sub(1), step.now.since(since));
        stay.waiting = Waiting::Offered { agent: turn.agent.clone(), device: device.clone() };
        call.parties.push(Party::new(&device, Link::Alerting));
        call.until = Some(step.now.plus(settings.ring));
        self.tell(step, CallEvent::Diverted, &call, diverted);
        let to = self.copies(&call, call.ringing, &device);
        self.tell_why(step, CallEvent::Delivered, &call, to, Arc::new(why));
        self.show_level(step, queue);
    }

    /// An agent's telephone rang in vain: the call stands at the head of its line again.
    pub(in crate::centre) fn not_taken(
        &mut self,
        step: &mut Step<'_>,
        mut call: Call,
        agent: &UserId,
        device: &DeviceId,
        missed: Missed,
    ) {
        let Some(queue) = call.stay.as_ref().map(|s| s.queue.clone()) else { return };
        let settings = self.directory.queues.get(&queue).cloned();
        let line = dn(&queue);
        let (event, cause, subject) = match missed {
            Missed::Silent => (CallEvent::Diverted, Cause::NOT_ANSWERED, &line),
            Missed::Refused => (CallEvent::ConnectionCleared, Cause::BUSY, device),
            Missed::LoggedOff => (CallEvent::Diverted, Cause::REDIRECTED, &line),
        };
        let to = vec![self.copy(device, cause, subject)];
        self.take_out(&mut call, device);
        let length = self.switch.waiting(&queue) + 1;
        if let Some(stay) = &mut call.stay {
            stay.waiting = Waiting::InLine;
            (stay.length, stay.waited) = (length, step.now.since(stay.since));
        }
        call.until = settings.and_then(|queue| Self::overflows(&queue, &call));
        self.tell(step, event, &call, to);
        let ready =
            self.agents.get(agent).is_some_and(|a| a.state(Channel::Voice) == AgentState::Ready);
        if missed != Missed::LoggedOff && ready {
            self.refused(step, agent, Channel::Voice);
        }
        // The agent's leg ends with the number it had; waiting again is the next.
        call.segments += 1;
        call.cnsq = call.segments;
        let to = self.line_copies(&call, Cause::REDIRECTED, &line);
        self.tell(step, CallEvent::Queued, &call, to);
        self.route_calls(step, &queue);
        self.show_level(step, &queue);
    }

    /// An agent's state for calls changes by itself, and their telephone's monitors are told.
    pub(super) fn state_voice(&mut self, step: &mut Step<'_>, agent: &UserId, state: AgentState) {
        let channel = Channel::Voice;
        let because = Because::Said;
        self.emit(
            step,
            Fact::AgentStated { agent: agent.clone(), channel, state, by: None, because },
        );
        self.show_state(step, agent, channel, state);
    }

    /// A supervisor moves a call that waits.
    pub(in crate::centre) fn move_call(
        &mut self,
        step: &mut Step<'_>,
        by: &UserId,
        mut call: Call,
        contact: ContactId,
        to: Spot,
    ) -> Decided {
        let waits = Refusal::WrongState("only a contact that waits can be moved");
        let from = call.line().map(|stay| stay.queue.clone()).ok_or(waits)?;
        let act = Act::Moved { contact, from: from.clone(), to: to.clone() };
        match to {
            Spot::Front => {
                let first = self.switch.lines.get(&from).and_then(|line| line.first().copied());
                let Some((rank, ..)) = first.filter(|(.., id)| *id != call.id) else {
                    return Ok(Done::Ok);
                };
                self.supervised(step, by, act);
                if let Some(stay) = &mut call.stay {
                    stay.rank = rank.saturating_sub(1);
                }
                // Nobody's telephone need know.
                self.tell(step, CallEvent::Queued, &call, Vec::new());
                self.route_calls(step, &from);
            }
            Spot::Queue(queue) => {
                let next = self.directory.queue(queue.as_str()).cloned();
                let next = next.ok_or(Refusal::NoSuchQueue)?;
                self.may_move_to(step.now, &from, &next)?;
                self.supervised(step, by, act);
                self.overflow_to(step, call, &next);
            }
            Spot::Agent(agent) => {
                if !self.directory.users.contains_key(&agent) {
                    return Err(Refusal::NoSuchAgent);
                }
                let load = match self.available(&agent, Channel::Voice) {
                    Ok(load) => load,
                    Err(Out::LoggedOff) => return Err(Refusal::NotLoggedOn),
                    Err(_) => return Err(Refusal::WrongState("the agent is not ready")),
                };
                let device = self.device_of(&agent).ok_or(Refusal::NotLoggedOn)?;
                if call.party(&device).is_some() {
                    return Err(Refusal::WrongState("the agent is in this call already"));
                }
                let idle_since = self.agents.get(&agent).map_or(step.now, |a| a.idle_since);
                self.supervised(step, by, act);
                let turn = Turn { distance: 0, load, idle_since, agent };
                self.ring_agent(step, call, &from, &turn, Rule::Direct);
            }
        }
        self.settle(step);
        Ok(Done::Ok)
    }

    pub(super) fn call_back(&mut self, step: &mut Step<'_>, id: CallId) -> Decided {
        let call = self.switch.call(id).filter(|c| c.line().is_some()).cloned();
        let call = Call { end: Some(EndReason::CallBack), ..call.ok_or(NOT_THERE)? };
        self.finish(step, call, |_| Cause::CALL_BACK);
        Ok(Done::Ok)
    }
}
