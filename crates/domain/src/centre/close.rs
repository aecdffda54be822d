//! How chats end: in which order who hears it, and what is asked then.

use super::{Centre, Decided, Step};
use crate::agent::Stage;
use crate::command::Done;
use crate::contact::{Contact, EndReason};
use crate::fact::{Decline, Fact, Leaving};
use crate::id::{ClientKey, ContactId, ParticipantId, RoomId, UserId};
use crate::room::{Audience, Body, Event, Presence};

impl Centre {
    pub(super) fn stop(&mut self, step: &mut Step<'_>, contact: ContactId) -> Decided {
        if let Some(call) = self.open_call(contact)? {
            return self.stop_call(step, call);
        }
        let room = self.open_room(contact)?.id;
        self.close(step, room, EndReason::Api, None);
        Ok(Done::Ok)
    }

    /// Ends a chat for everyone. Who caused it is said to have left first; all stay long enough to hear the end.
    pub(super) fn close(
        &mut self,
        step: &mut Step<'_>,
        id: RoomId,
        reason: EndReason,
        by: Option<u8>,
    ) {
        self.close_by(step, id, reason, by, None);
    }

    /// The same; a repeat by whoever caused it is known by the key.
    pub(super) fn close_by(
        &mut self,
        step: &mut Step<'_>,
        id: RoomId,
        reason: EndReason,
        by: Option<u8>,
        key: Option<ClientKey>,
    ) {
        if self.rooms.get(&id).is_none_or(|r| r.closed.is_some()) {
            return;
        }
        let came = self.room(id).customer().is_some_and(|m| m.presence != Presence::Invited);
        if let Some(at) = by {
            self.post_event(step, id, Some(at), Event::Left);
        }
        let contact = self.room(id).contact;
        if came {
            if self.asks_for_rating(contact) {
                let asked = Body::Event(Event::RatingWanted);
                self.post(step, id, None, Audience::Customer, asked, None);
            }
            self.post_event(step, id, None, Event::Ended);
        }
        let queue = self.contacts.get(&contact).and_then(|c| c.queue.clone());
        let staff: Vec<(ParticipantId, UserId)> =
            self.room(id).staff().filter_map(|m| Some((m.id, m.user.clone()?))).collect();
        let offered: Vec<UserId> = staff
            .iter()
            .map(|(_, u)| u.clone())
            .filter(|u| self.stage(u, contact).is_some_and(|s| matches!(s, Stage::Offered { .. })))
            .collect();
        let cause = by.map(|at| self.member(id, at).id);
        let everyone: Vec<ParticipantId> = self
            .room(id)
            .members
            .iter()
            .filter(|m| m.presence == Presence::Joined)
            .map(|m| m.id)
            .collect();
        self.emit_closed(step, contact, reason);
        for agent in &offered {
            self.emit(
                step,
                Fact::Declined { contact, agent: agent.clone(), how: Decline::Withdrawn },
            );
        }
        for participant in everyone {
            let key = key.filter(|_| cause == Some(participant));
            self.emit(step, Fact::Left { room: id, participant, why: Leaving::Closed, key });
        }
        for (_, agent) in &staff {
            if self.stage(agent, contact) == Some(Stage::Talking) {
                self.begin_wrap_up(step, contact, agent);
            }
        }
        for (_, agent) in &staff {
            self.route_for(step, agent);
        }
        if let Some(queue) = queue {
            self.show_level(step, &queue);
        }
    }

    /// Is the customer asked how it went? Where an agent helped, and the queue says so.
    pub(super) fn asks_for_rating(&self, contact: ContactId) -> bool {
        self.contacts.get(&contact).is_some_and(|c| c.accepted.is_some())
            && self
                .way_back(contact)
                .and_then(|queue| self.directory.queues.get(&queue))
                .is_some_and(|queue| queue.rating)
    }

    pub(super) fn emit_closed(
        &mut self,
        step: &mut Step<'_>,
        contact: ContactId,
        reason: EndReason,
    ) {
        let Some(room) = self.contacts.get(&contact).map(Contact::room) else { return };
        let tally = Box::new(self.room(room).tally.clone());
        self.emit(step, Fact::Closed { contact, reason, tally });
    }

    pub(super) fn stage(&self, agent: &UserId, contact: ContactId) -> Option<Stage> {
        Some(self.agents.get(agent)?.work.get(&contact)?.stage)
    }
}
