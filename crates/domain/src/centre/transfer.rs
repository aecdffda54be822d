//! Passing a contact on: to a queue, to an agent, to a flow; and asking a colleague in.
//!
//! Whoever passes on has left when the next one comes; the room, its members and its order stay. What cannot be
//! carried out is refused before anything changes, so the customer never falls between two agents.

use super::{Centre, Decided, MEMBER_LIMIT, Step, TRANSFER_LIMIT};
use crate::agent::Stage;
use crate::command::{Destination, Done};
use crate::contact::{Contact, EndReason, Initiation, Phase, Tally, TextKind};
use crate::directory::Target;
use crate::fact::{Decline, Fact, Leaving};
use crate::id::{ClientKey, ContactId, FlowId, ParticipantId, UserId};
use crate::refusal::{Quota, Refusal};
use crate::room::{Audience, Body, Event, MemberRole, Presence};
use std::sync::Arc;

impl Centre {
    pub(super) fn transfer(
        &mut self,
        step: &mut Step<'_>,
        id: ContactId,
        to: &Destination,
        by: Option<&UserId>,
        note: Option<Arc<str>>,
        key: Option<ClientKey>,
    ) -> Decided {
        if let Some(call) = self.open_call(id)? {
            return self.transfer_call(step, &call, to, by);
        }
        let room = match (self.open_room(id), key) {
            (Ok(room), _) => room,
            (Err(Refusal::ContactEnded), Some(key)) => {
                let room = self.contact(id)?.room();
                let made = self
                    .rooms
                    .get(&room)
                    .and_then(|r| r.made.get(&key))
                    .ok_or(Refusal::ContactEnded)?;
                return Ok(Done::Transferred { contact: ContactId(*made) });
            }
            (Err(refusal), _) => return Err(refusal),
        };
        if room.segments.len() > TRANSFER_LIMIT {
            return Err(Refusal::Quota { what: Quota::Transfers, most: TRANSFER_LIMIT as u64 });
        }
        let author = match by {
            Some(agent) => {
                let (at, member) = room.of_user(agent).ok_or(Refusal::NotAMember)?;
                if member.presence != Presence::Joined || member.silent {
                    return Err(Refusal::NotAMember);
                }
                Some(at)
            }
            None => None,
        };
        if self.contact(id)?.phase == Phase::Initiated {
            return Err(Refusal::WrongState("the customer has not connected yet"));
        }
        match to {
            Destination::Queue(queue) if self.directory.queue(queue.as_str()).is_none() => {
                return Err(Refusal::NoSuchQueue);
            }
            Destination::Flow(flow) if !self.directory.flows.contains_key(flow) => {
                return Err(Refusal::NoSuchFlow);
            }
            Destination::Agent(agent) => {
                // The agents who are there go first.
                let stay = room.seen().filter(|m| m.role != MemberRole::Agent).count();
                if stay >= MEMBER_LIMIT {
                    return Err(Refusal::Quota { what: Quota::Members, most: MEMBER_LIMIT as u64 });
                }
                self.can_take(agent, id)?;
            }
            _ => {}
        }
        let room = room.id;
        if let (Some(at), Some(text)) = (author, note.filter(|n| !n.is_empty())) {
            self.post(
                step,
                room,
                Some(at),
                Audience::Agents,
                Body::Message { kind: TextKind::Plain, text },
                None,
            );
        }
        let flow = if let Destination::Flow(flow) = to { Some(*flow) } else { None };
        let next = self.next_segment(step, id, matches!(to, Destination::Queue(_)), flow, key);
        match to {
            Destination::Queue(queue) => self.enqueue(step, next, queue, None, step.now),
            Destination::Agent(agent) => self.offer_directly(step, next, agent, false),
            Destination::Flow(_) => self.run_flow(step, next),
        }
        Ok(Done::Transferred { contact: next })
    }

    /// Closes a segment, sends its agents on to after-work, and opens the next one; it runs the flow that is named, or
    /// goes on with the one it had.
    pub(super) fn next_segment(
        &mut self,
        step: &mut Step<'_>,
        id: ContactId,
        to_queue: bool,
        flow: Option<FlowId>,
        key: Option<ClientKey>,
    ) -> ContactId {
        let old = self.contacts[&id].clone();
        let room = old.room();
        let agents: Vec<(u8, ParticipantId, UserId)> = self
            .room(room)
            .members
            .iter()
            .enumerate()
            .filter(|(_, m)| m.role == MemberRole::Agent && m.presence != Presence::Left)
            .filter_map(|(at, m)| Some((u8::try_from(at).ok()?, m.id, m.user.clone()?)))
            .collect();
        let (asked, there): (Vec<_>, Vec<_>) = agents.into_iter().partition(|(_, _, user)| {
            self.stage(user, id).is_some_and(|s| matches!(s, Stage::Offered { .. }))
        });
        for (at, ..) in &there {
            self.post_event(step, room, Some(*at), Event::Left);
        }
        self.post_event(step, room, None, Event::Transferred);
        self.emit_closed(step, id, EndReason::Transferred);
        for (_, _, agent) in &asked {
            self.emit(
                step,
                Fact::Declined { contact: id, agent: agent.clone(), how: Decline::Withdrawn },
            );
        }
        for (_, participant, _) in &there {
            self.emit(
                step,
                Fact::Left {
                    room,
                    participant: *participant,
                    why: Leaving::Transferred,
                    key: None,
                },
            );
        }
        let next = ContactId::new(step.now, step.chance);
        let contact = Contact {
            id: next,
            number: self.numbers + 1,
            previous: Some(id),
            segment: old.segment + 1,
            initiation: if to_queue { Initiation::QueueTransfer } else { Initiation::Transfer },
            phase: Phase::Connected,
            flow: flow.unwrap_or(old.flow),
            started: step.now,
            updated: step.now,
            connected: Some(step.now),
            bot: None,
            queue: None,
            queued: None,
            agent: None,
            accepted: None,
            ended: None,
            reason: None,
            attributes: crate::contact::Attributes::new(),
            tags: crate::contact::Attributes::new(),
            past: Vec::new(),
            why: None,
            tally: Tally::NONE,
            wrap_up: None,
            rating: None,
            ..old
        };
        self.emit(step, Fact::Started { contact: Box::new(contact), opening: None, key });
        for (_, _, agent) in &there {
            self.begin_wrap_up(step, id, agent);
        }
        for (_, _, agent) in there.iter().chain(&asked) {
            self.route_for(step, agent);
        }
        next
    }

    /// An agent logs off in the middle of a chat: others go on with it, or it goes back to its queue.
    pub(super) fn hand_back(&mut self, step: &mut Step<'_>, agent: &UserId, id: ContactId) {
        let Ok(room) = self.open_room(id) else { return };
        let room_id = room.id;
        let others = room.members.iter().any(|m| {
            m.role == MemberRole::Agent
                && m.presence == Presence::Joined
                && m.user.as_ref() != Some(agent)
        });
        let at = room.of_user(agent).map(|(at, _)| at);
        match (others, at, self.way_back(id)) {
            (false, _, Some(queue)) => {
                let came = self.contacts[&id].queued.unwrap_or(step.now);
                let next = self.next_segment(step, id, true, None, None);
                self.enqueue(step, next, &queue, None, came);
            }
            (_, Some(at), _) => self.agent_leaves(step, room_id, at, Leaving::Forced),
            _ => {}
        }
    }

    /// The queue a contact came from, or would have come from.
    pub(super) fn way_back(&self, id: ContactId) -> Option<crate::id::QueueId> {
        let contact = self.contacts.get(&id)?;
        let mut earlier = Some(contact);
        while let Some(segment) = earlier {
            if let Some(queue) =
                segment.queue.as_ref().filter(|q| self.directory.queues.contains_key(*q))
            {
                return Some(queue.clone());
            }
            earlier = segment.previous.and_then(|id| self.contacts.get(&id));
        }
        match &self.directory.flows.get(&contact.flow)?.target {
            Target::Queue(queue) => Some(queue.clone()),
            Target::Bot(bot) => self.directory.bots.get(bot)?.kind.queue().cloned(),
        }
    }

    /// Somebody who was asked by name did not come: the contact waits in its queue instead.
    pub(super) fn after_direct_offer(&mut self, step: &mut Step<'_>, id: ContactId) {
        let Some(contact) = self.contacts.get(&id).filter(|c| c.phase == Phase::Connected) else {
            return;
        };
        let (room, came) = (contact.room(), contact.started);
        if let Some(queue) = self.way_back(id) {
            self.enqueue(step, id, &queue, None, came);
        } else {
            self.post_event(step, room, None, Event::TransferFailed);
            self.close(step, room, EndReason::Flow, None);
        }
    }

    pub(super) fn invite(
        &mut self,
        step: &mut Step<'_>,
        id: ContactId,
        by: &UserId,
        agent: &UserId,
    ) -> Decided {
        let room = self.open_room(id)?;
        if room.of_user(by).is_none_or(|(_, m)| m.presence != Presence::Joined || m.silent) {
            return Err(Refusal::NotAMember);
        }
        // A colleague is asked into a conversation; a contact that still looks for its agent is assigned, or waits.
        if self.contact(id)?.phase != Phase::Talking {
            return Err(Refusal::WrongState("no agent has this contact yet"));
        }
        Self::room_for_one_more(room)?;
        self.can_take(agent, id)?;
        self.offer_directly(step, id, agent, true);
        Ok(Done::Ok)
    }
}
