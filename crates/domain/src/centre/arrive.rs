//! Who comes in: connections, sockets, and the flow that begins with the customer.

use super::{Centre, Decided, Step};
use crate::command::{Done, Grant};
use crate::contact::{EndReason, Initiation};
use crate::directory::{BotKind, Target};
use crate::fact::Fact;
use crate::id::{ContactId, ParticipantId, RoomId, TokenHash};
use crate::refusal::{Quota, Refusal};
use crate::room::{Audience, Body, Event, MemberRole, Presence, TokenKind};
use crate::scenario::Said;
use crate::signal::Signal;

impl Centre {
    pub(super) fn connect(
        &mut self,
        step: &mut Step<'_>,
        token: TokenHash,
        grants: &[Grant],
        arrive: bool,
    ) -> Decided {
        let token = self.token(step.now, token, TokenKind::Participant)?;
        let participant = token.participant;
        let (room, at) = self.member_of(token)?;
        self.give(step, room, participant, grants)?;
        if arrive || self.member(room, at).role == MemberRole::Bot {
            self.come_in(step, room, at);
        }
        Ok(Done::Connected { participant, contact: self.room(room).contact })
    }

    pub(super) fn arrive(&mut self, step: &mut Step<'_>, hash: TokenHash) -> Decided {
        // A socket outlives the URL it was opened by.
        let token = match self.tokens.get(&hash) {
            Some(token) if token.kind == TokenKind::Socket => token,
            _ => self.token(step.now, hash, TokenKind::Connection)?,
        };
        let participant = token.participant;
        let (room, at) = self.member_of(token)?;
        self.come_in(step, room, at);
        Ok(Done::Connected { participant, contact: self.room(room).contact })
    }

    pub(super) fn present(
        &mut self,
        step: &mut Step<'_>,
        hash: TokenHash,
        present: bool,
    ) -> Decided {
        // The token may have lapsed while its socket lived; whoever closes it must still be counted.
        let token = self
            .tokens
            .get(&hash)
            .filter(|t| matches!(t.kind, TokenKind::Socket | TokenKind::Connection))
            .filter(|t| !present || t.until > step.now)
            .ok_or(Refusal::BadToken)?;
        let (participant, room) = (token.participant, token.room);
        if present {
            self.member_of(token)?;
        }
        let sockets = self.soft.sockets.entry(participant).or_default();
        if present && *sockets >= super::SOCKET_LIMIT {
            return Err(Refusal::Quota { what: Quota::Sockets, most: super::SOCKET_LIMIT.into() });
        }
        *sockets = if present { *sockets + 1 } else { sockets.saturating_sub(1) };
        let changed = *sockets == u8::from(present);
        if *sockets == 0 {
            self.soft.sockets.remove(&participant);
        }
        if changed && let Some(known) = self.rooms.get(&room) {
            let mut topics = vec![crate::node::Topic::Room(room)];
            topics.extend(
                known.staff().filter_map(|m| m.user.clone()).map(crate::node::Topic::Agent),
            );
            step.out.signals.push((Signal::Presence { room, participant, present }, topics));
        }
        Ok(Done::Ok)
    }

    /// Is a socket of this member open?
    pub(super) fn is_present(&self, participant: ParticipantId) -> bool {
        self.soft.sockets.contains_key(&participant)
    }

    /// A member comes in, once. With the customer, the flow begins.
    fn come_in(&mut self, step: &mut Step<'_>, room: RoomId, at: u8) {
        let opening = self.room(room).opening.clone();
        if let Some(contact) = self.enter(step, room, at) {
            self.run_flow(step, contact);
            // The customer's first words may be a choice already.
            let own = self
                .contacts
                .get(&ContactId::from(room))
                .is_some_and(|first| first.initiation != Initiation::Outbound);
            let open = self.rooms.get(&room).is_some_and(|room| room.closed.is_none());
            if let Some((kind, text)) = opening.filter(|_| own && open) {
                self.bot_hears(step, room, Said { kind, text }, None, true);
            }
        }
    }

    /// A member comes in, once. Returns the contact whose flow begins now: whoever comes by speaking has spoken first,
    /// for the flow may end the chat.
    pub(super) fn enter(&mut self, step: &mut Step<'_>, room: RoomId, at: u8) -> Option<ContactId> {
        let member = self.member(room, at);
        if member.presence != Presence::Invited {
            return None;
        }
        // An agent comes in by accepting, not by opening a socket.
        let (participant, role) = (member.id, member.role);
        if role == MemberRole::Agent {
            return None;
        }
        if role == MemberRole::Customer {
            self.emit(step, Fact::Arrived { contact: self.room(room).contact });
        }
        self.emit(step, Fact::Joined { room, participant });
        self.post_event(step, room, Some(at), Event::Joined);
        if role == MemberRole::Customer {
            if let Some((kind, text)) = self.room(room).opening.clone() {
                // Where the centre reaches out, the first words are its own.
                let first = self.contacts.get(&room.into()).map(|c| c.initiation);
                let by = (first != Some(Initiation::Outbound)).then_some(at);
                self.post(step, room, by, Audience::All, Body::Message { kind, text }, None);
            }
            if !self.first_past(room).is_empty() {
                self.post_event(step, room, None, Event::Rehydrated);
            }
        }
        (role == MemberRole::Customer).then(|| self.room(room).contact)
    }

    fn first_past(&self, room: RoomId) -> &[(RoomId, ContactId)] {
        self.contacts.get(&room.into()).map_or(&[], |c| &c.past)
    }

    /// Greets, and leads on to a queue or a bot.
    pub(super) fn run_flow(&mut self, step: &mut Step<'_>, id: ContactId) {
        if self.straight_on(step, id) {
            return;
        }
        let Some(contact) = self.contacts.get(&id) else { return };
        let room = contact.room();
        let Some(flow) = self.directory.flows.get(&contact.flow).cloned() else {
            self.close(step, room, EndReason::Flow, None);
            return;
        };
        if let Some(greeting) = &flow.greeting {
            self.system_says(step, room, greeting.clone());
        }
        let queue = match &flow.target {
            Target::Queue(queue) => queue.clone(),
            Target::Bot(bot) => match self.directory.bots.get(bot).map(|b| b.kind.clone()) {
                Some(BotKind::Greet { greeting, queue }) => {
                    self.system_says(step, room, greeting);
                    queue
                }
                Some(BotKind::Echo) => return,
                Some(kind @ (BotKind::Scenario(_) | BotKind::Webhook(_))) => {
                    return self.bot_comes(step, id, bot.clone(), &kind);
                }
                None => {
                    self.close(step, room, EndReason::Flow, None);
                    return;
                }
            },
        };
        self.enqueue(step, id, &queue, None, step.now);
    }
}
