//! A call is a contact: every live call has one open segment, and what happens to the call is written into it.
//!
//! ```text
//!  begins ─▶ Started ─▶ Queued ◀─▶ Offered ─▶ Accepted ─▶ Closed ─▶ WrapUpBegan
//!                └────────────────────────────────▲  passed on: Closed, and the next one Started
//! ```
//!
//! All of it follows from the call before and after, so whoever changes calls need not think of it: [`Centre::tell_all`]
//! is the one place. A consultation is a segment of its own, beside the one on hold; a conference takes it up into that.

use super::{Centre, Step};
use crate::agent::Channel;
use crate::call::{Call, CallEvent, CallType, Cause, Happening, Link, Party, Waiting};
use crate::contact::{
    Attributes, Contact, Customer, EndReason, Initiation, Phase, Tally, TextKinds, Voice,
};
use crate::fact::{Decline, Fact};
use crate::id::{ContactId, DeviceId, FlowId, ParticipantId, QueueId, UserId};
use crate::queue::Why;
use crate::time::Millis;
use std::collections::BTreeMap;
use std::sync::Arc;

/// One change of a call, as far as its contact cares.
struct Turn {
    event: CallEvent,
    /// The cause of the first copy.
    cause: Option<Cause>,
    /// The device that it is about.
    subject: Option<DeviceId>,
    why: Option<Arc<Why>>,
}

impl Centre {
    /// Puts out what happened to a call, and writes it into its contact.
    pub(super) fn tell_all(&mut self, step: &mut Step<'_>, mut happening: Happening) {
        let before = self.switch.call(happening.call.id).cloned();
        let merged = happening.merged.and_then(|id| self.switch.call(id)).cloned();
        happening.call.ruled = before.iter().chain(&merged).any(|call| call.ruled)
            || self.to_be_taped(&happening.call);
        let known = before.as_ref().and_then(|call| call.contact);
        if known.is_none() && happening.over {
            // It began before calls were contacts.
            return self.emit(step, Fact::Call(Box::new(happening)));
        }
        let first = happening.to.first();
        let turn = Turn {
            event: happening.event,
            cause: first.map(|copy| copy.cause),
            subject: first.map(|copy| copy.subject.clone()),
            why: happening.why.clone(),
        };
        let passed = turn.event == CallEvent::Transferred
            && before.as_ref().is_some_and(|call| call.cnsq != happening.call.cnsq);
        if let Some(merged) = &merged {
            self.close_call(step, merged, EndReason::Transferred);
        }
        if let Some(before) = before.as_ref().filter(|_| passed) {
            self.close_call(step, before, EndReason::Transferred);
        }
        happening.call.contact = known.filter(|_| !passed);
        if happening.call.contact.is_none() {
            let queued = merged.as_ref().and_then(|call| self.contacts.get(&call.contact?)?.queued);
            let contact = self.segment(step, &happening.call, known, queued);
            happening.call.contact = Some(contact.id);
            let id = contact.id;
            self.emit(step, Fact::Started { contact: Box::new(contact), opening: None, key: None });
            if known.is_none() {
                self.ask_push(step, id, &happening.call);
            }
        }
        let after = happening.call.clone();
        let known = after.contact.and_then(|id| self.contacts.get(&id));
        let stood = known.filter(|c| !c.ended()).map(|c| (c.id, c.phase, c.queue.clone()));
        self.emit(step, Fact::Call(Box::new(happening)));
        if let Some(stood) = stood {
            self.follow(step, before.as_ref().filter(|_| !passed), &after, &turn, stood);
        }
        for call in before.iter().chain(&merged) {
            self.leave_call(step, call, &after);
        }
    }

    /// A call's next segment, or its first.
    fn segment(
        &self,
        step: &mut Step<'_>,
        call: &Call,
        previous: Option<ContactId>,
        queued: Option<Millis>,
    ) -> Contact {
        let side = || {
            let mut others = self.switch.at(&call.caller);
            others.find(|other| other.cnid == call.cnid && other.id != call.id)?.contact
        };
        let previous = previous.or_else(side);
        let before = previous.and_then(|id| self.contacts.get(&id));
        let id = ContactId::new(step.now, step.chance);
        let initial = before.map_or(id, |c| c.initial);
        let known = self.segments_of(initial.into()).map(|c| c.segment).max();
        let initiation = match call.kind {
            _ if before.is_some() => Initiation::Transfer,
            CallType::Inbound => Initiation::Inbound,
            CallType::Outbound => Initiation::Outbound,
            _ if call.parties.iter().any(|p| p.outside) => Initiation::Outbound,
            _ => Initiation::Internal,
        };
        let number = match (before.and_then(|c| c.voice.as_ref()), initiation) {
            (Some(voice), _) => voice.customer.clone(),
            (None, Initiation::Outbound) => call.dialed.clone(),
            (None, _) => call.caller.clone(),
        };
        let customer = before.map_or_else(
            || Customer {
                participant: ParticipantId::new(step.now, step.chance),
                name: number.0.clone(),
                id: None,
                verified: call.verified,
            },
            |c| c.customer.clone(),
        );
        let maker = self.person_at(&call.caller);
        // Whoever still waits for an agent goes on waiting, and is not counted again.
        let stay = call.stay.as_ref().filter(|s| s.waiting != Waiting::Served);
        let phase = match stay.map(|s| &s.waiting) {
            Some(Waiting::InLine) => Phase::Queued,
            Some(Waiting::Offered { .. }) => Phase::Offered,
            _ => Phase::Connected,
        };
        Contact {
            id,
            number: self.numbers + 1,
            initial,
            previous,
            related: None,
            past: Vec::new(),
            outside: None,
            segment: known.unwrap_or(0) + 1,
            initiation: if stay.is_some() { Initiation::QueueTransfer } else { initiation },
            channel: Channel::Voice,
            phase,
            flow: FlowId::default(),
            customer,
            started: step.now,
            updated: step.now,
            connected: Some(step.now),
            bot: None,
            queue: stay.map(|s| s.queue.clone()),
            queued: stay.map(|s| queued.unwrap_or(s.entered)),
            agent: maker.clone().filter(|_| initiation == Initiation::Outbound),
            accepted: None,
            ended: None,
            reason: None,
            expires: Millis(0),
            kinds: TextKinds::PLAIN,
            drop_agents: false,
            attributes: Attributes::new(),
            segment_attributes: BTreeMap::new(),
            tags: Attributes::new(),
            name: None,
            description: None,
            references: Vec::new(),
            origin: None,
            web: None,
            why: None,
            tally: Tally::NONE,
            wrap_up: None,
            rating: None,
            voice: Some(Box::new(Voice::of(call, number, maker))),
        }
    }

    /// What has become of the segment: in line, offered, taken, over. `stood`: where it was before.
    fn follow(
        &mut self,
        step: &mut Step<'_>,
        before: Option<&Call>,
        after: &Call,
        turn: &Turn,
        (contact, phase, queue): (ContactId, Phase, Option<QueueId>),
    ) {
        let asked = |call: &Call| match call.stay.as_ref().map(|s| &s.waiting) {
            Some(Waiting::Offered { agent, .. }) => Some(agent.clone()),
            _ => None,
        };
        let taker = match turn.event {
            CallEvent::Established => self.taker(after, turn.subject.as_ref()),
            CallEvent::Transferred if talking(after) > 1 => self.taker(after, None),
            _ => None,
        };
        if let Some(agent) = before.and_then(asked).filter(|_| phase == Phase::Offered)
            && asked(after).as_ref() != Some(&agent)
            && taker.as_ref() != Some(&agent)
        {
            let how = match turn.cause {
                _ if after.line().is_none() => Decline::Withdrawn,
                Some(Cause::NOT_ANSWERED) => Decline::Missed,
                Some(Cause::BUSY) => Decline::Refused,
                _ => Decline::Withdrawn,
            };
            self.emit(step, Fact::Declined { contact, agent, how });
        }
        match (turn.event, &after.stay) {
            // By an event of its own, or by taking up a call that waits.
            (CallEvent::Queued | CallEvent::Conferenced, Some(stay))
                if stay.waiting == Waiting::InLine
                    && phase != Phase::Talking
                    && queue.as_ref() != Some(&stay.queue) =>
            {
                let (to, rank) = (stay.queue.clone(), stay.rank);
                let fact = Fact::Queued { contact, queue: to, rank, preferred: None, from: queue };
                self.emit(step, fact);
            }
            (CallEvent::Delivered, Some(stay)) => {
                if let (Waiting::Offered { agent, .. }, Some(why)) = (&stay.waiting, &turn.why)
                    && phase != Phase::Talking
                {
                    let fact = Fact::Offered {
                        contact,
                        agent: agent.clone(),
                        participant: ParticipantId::default(),
                        until: after.until.unwrap_or(step.now),
                        conference: false,
                        why: why.clone(),
                    };
                    self.emit(step, fact);
                }
            }
            _ => {}
        }
        if let Some(agent) = taker.filter(|_| phase != Phase::Talking) {
            self.emit(step, Fact::Accepted { contact, agent });
        }
        if after.parties.is_empty() {
            let answered =
                self.contacts.get(&contact).and_then(|c| c.voice.as_ref()?.answered).is_some();
            let reason =
                after.end.unwrap_or(if answered { EndReason::Flow } else { EndReason::Unreached });
            self.emit_call_closed(step, contact, reason);
        }
    }

    /// Who of the staff talks with the customer now that somebody has answered.
    fn taker(&self, call: &Call, subject: Option<&DeviceId>) -> Option<UserId> {
        let talks = |p: &&Party| !p.outside && talks(p);
        let others = call.parties.iter().filter(talks);
        let subject = subject.and_then(|device| call.party(device));
        // A supervisor who has begun to listen takes nothing.
        if subject.is_some_and(|p| p.link == Link::Listening) {
            return None;
        }
        let subject = subject.filter(talks).and_then(|p| self.person_at(&p.device));
        subject.or_else(|| others.rev().find_map(|p| self.person_at(&p.device)))
    }

    /// A segment is over, and its call goes on as another.
    fn close_call(&mut self, step: &mut Step<'_>, call: &Call, reason: EndReason) {
        let open = |id: &ContactId| self.contacts.get(id).is_some_and(|c| !c.ended());
        let Some(contact) = call.contact.filter(open) else { return };
        if let Some(Waiting::Offered { agent, .. }) = call.stay.as_ref().map(|s| &s.waiting) {
            let (agent, how) = (agent.clone(), Decline::Withdrawn);
            self.emit(step, Fact::Declined { contact, agent, how });
        }
        self.emit_call_closed(step, contact, reason);
    }

    fn emit_call_closed(&mut self, step: &mut Step<'_>, contact: ContactId, reason: EndReason) {
        self.emit(step, Fact::Closed { contact, reason, tally: Box::new(Tally::NONE) });
    }

    /// The agent of a queue's call has left it: their after-work begins, as long as a chat's of that queue. Whoever
    /// logged on over CTI has said there what they do after a call (`nxproxy-rio.md` 6).
    fn leave_call(&mut self, step: &mut Step<'_>, before: &Call, after: &Call) {
        let Some(contact) = before.contact else { return };
        let Some(agent) = self.contacts.get(&contact).and_then(|c| c.agent.clone()) else { return };
        let left = before.parties.iter().any(|p| {
            !p.outside
                && p.talked.is_some()
                && p.link != Link::Listening
                && after.party(&p.device).is_none()
                && self.person_at(&p.device).as_ref() == Some(&agent)
        });
        if !left || self.switch.seat(&agent).is_some() {
            return;
        }
        let ready =
            self.agents.get(&agent).is_some_and(|a| a.channels.contains_key(&Channel::Voice));
        let queue = before.stay.as_ref().and_then(|s| self.directory.queues.get(&s.queue));
        let span = queue.map_or(Millis(0), |q| q.wrap_up);
        if ready && span.0 > 0 {
            let until = step.now.plus(span);
            self.emit(step, Fact::WrapUpBegan { contact, agent, until });
        }
    }

    /// Who sits at a telephone: the agent who is logged on there, else whose own it is.
    pub(in crate::centre) fn person_at(&self, device: &DeviceId) -> Option<UserId> {
        self.agent_at(device).or_else(|| self.switch.homes.get(device).cloned())
    }

    /// The live call of a contact that is open.
    pub(in crate::centre) fn call_of(&self, contact: &Contact) -> Option<&Call> {
        let voice = contact.voice.as_ref()?;
        self.switch.call(voice.call).filter(|call| voice.is(call) && !contact.ended())
    }

    /// Whose leaving ends a call: the customer's side, or the staff's.
    pub(super) fn end_by(&self, call: &Call, device: &DeviceId) -> EndReason {
        let voice = call.contact.and_then(|id| self.contacts.get(&id)?.voice.as_ref());
        let outside = call.party(device).is_some_and(|p| p.outside);
        if outside || voice.is_some_and(|v| v.customer == *device) {
            EndReason::Customer
        } else {
            EndReason::Agent
        }
    }
}

fn talks(party: &Party) -> bool {
    party.talked.is_some() && matches!(party.link, Link::Connected | Link::Held)
}

/// How many talk, and have not only dialled or ring.
fn talking(call: &Call) -> usize {
    call.parties.iter().filter(|p| talks(p)).count()
}
