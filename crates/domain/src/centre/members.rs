//! Bots, supervisors and pages of agents: who is let in beside the customer, and how members go.

use super::{Centre, Decided, MEMBER_LIMIT, Step};
use crate::agent::Stage;
use crate::board::Act;
use crate::command::{By, Done, Grant};
use crate::contact::EndReason;
use crate::directory::Role;
use crate::fact::{Decline, Fact, Leaving};
use crate::id::{ClientKey, ContactId, ParticipantId, RoomId, UserId};
use crate::refusal::{Quota, Refusal};
use crate::room::{Event, Member, MemberRole, Presence, Room, TokenKind};
use std::sync::Arc;

impl Centre {
    fn admit(
        &mut self,
        step: &mut Step<'_>,
        room: RoomId,
        member: Member,
        key: Option<ClientKey>,
    ) -> ParticipantId {
        let id = member.id;
        self.emit(step, Fact::Admitted { room, member: Box::new(member), key });
        id
    }

    pub(super) fn room_for_one_more(room: &Room) -> Result<(), Refusal> {
        if room.full() {
            Err(Refusal::Quota { what: Quota::Members, most: MEMBER_LIMIT as u64 })
        } else {
            Ok(())
        }
    }

    /// Somebody has left: an agent who was here, or whom the room had no place for, may now be asked.
    pub(super) fn place_made(&mut self, step: &mut Step<'_>, room: RoomId, who: Option<&UserId>) {
        if let Some(who) = who {
            self.route_for(step, who);
        }
        let waits = self.rooms.get(&room).and_then(|r| self.waits.get(&r.contact));
        if let Some(queue) = waits.filter(|w| !w.offered).map(|w| w.queue.clone()) {
            self.route(step, &queue);
        }
    }

    pub(super) fn admit_bot(
        &mut self,
        step: &mut Step<'_>,
        contact: ContactId,
        name: Arc<str>,
        grant: Grant,
        beside_agents: bool,
        key: Option<ClientKey>,
    ) -> Decided {
        let room = self.open_room(contact)?;
        let (id, open) = (room.id, room.contact);
        if let Some(made) = key.and_then(|key| room.made.get(&key)).copied() {
            let participant = ParticipantId(made);
            self.give(step, id, participant, &[grant])?;
            return Ok(Done::Admitted { participant, contact: open });
        }
        let agents = room.present().any(|m| m.role == MemberRole::Agent);
        if agents && !beside_agents {
            return Err(Refusal::WrongState("an agent is in this chat already"));
        }
        Self::room_for_one_more(room)?;
        let participant = ParticipantId::new(step.now, step.chance);
        let member = Member {
            id: participant,
            role: MemberRole::Bot,
            name,
            user: None,
            number: None,
            presence: Presence::Invited,
            silent: false,
            since: step.now,
            delivered: 0,
            delivered_at: crate::time::Millis(0),
            read: 0,
        };
        self.admit(step, id, member, key);
        self.give(step, id, participant, &[grant])?;
        Ok(Done::Admitted { participant, contact: open })
    }

    pub(super) fn grant_agent(
        &mut self,
        step: &mut Step<'_>,
        agent: &UserId,
        contact: ContactId,
        grant: Grant,
    ) -> Decided {
        let room = self.open_room(contact)?;
        let (id, open) = (room.id, room.contact);
        let participant = room.of_user(agent).ok_or(Refusal::NotAMember)?.1.id;
        self.give(step, id, participant, &[grant])?;
        Ok(Done::Admitted { participant, contact: open })
    }

    pub(super) fn monitor(
        &mut self,
        step: &mut Step<'_>,
        contact: ContactId,
        user: &UserId,
        barge: bool,
        key: Option<ClientKey>,
    ) -> Decided {
        let person = self.directory.users.get(user).cloned().ok_or(Refusal::NoSuchAgent)?;
        if person.role < Role::Supervisor {
            return Err(Refusal::NotAllowed);
        }
        let room = self.open_room(contact)?;
        let (id, open) = (room.id, room.contact);
        let here = room.of_user(user).map(|(at, m)| (at, m.id, m.silent));
        let (at, participant) = if let Some((at, participant, silent)) = here {
            if barge && silent {
                Self::room_for_one_more(room)?;
                self.supervised(step, user, Act::Watched { contact: open, barge });
                self.emit(step, Fact::Unveiled { room: id, participant });
                self.post_event(step, id, Some(at), Event::Joined);
            }
            return Ok(Done::Admitted { participant, contact: open });
        } else {
            // A silent one takes no place.
            if barge || room.crowded() {
                Self::room_for_one_more(room)?;
            }
            self.supervised(step, user, Act::Watched { contact: open, barge });
            let participant = ParticipantId::new(step.now, step.chance);
            let member = Member {
                id: participant,
                role: MemberRole::Supervisor,
                name: person.name.clone(),
                user: Some(user.clone()),
                number: self.device_of(user).map(|device| device.0),
                presence: Presence::Invited,
                silent: !barge,
                since: step.now,
                delivered: 0,
                delivered_at: crate::time::Millis(0),
                read: 0,
            };
            self.admit(step, id, member, key);
            self.emit(step, Fact::Joined { room: id, participant });
            let at = self.room(id).member(participant).map(|(at, _)| at);
            (at, participant)
        };
        if barge {
            self.post_event(step, id, at, Event::Joined);
        }
        Ok(Done::Admitted { participant, contact: open })
    }

    pub(super) fn leave(&mut self, step: &mut Step<'_>, by: By, key: Option<ClientKey>) -> Decided {
        let (room, at) = match self.actor(step.now, by) {
            Ok(found) => found,
            Err(refusal) => {
                // The token died with the leaving; the same key tells a repeat from a mistake.
                let By::Token(hash) = by else { return Err(refusal) };
                let token = self
                    .tokens
                    .get(&hash)
                    .filter(|t| t.kind == TokenKind::Connection)
                    .ok_or(Refusal::BadToken)?;
                let made = key.and_then(|key| self.rooms.get(&token.room)?.made.get(&key));
                return if made == Some(&token.participant.0) {
                    Ok(Done::Ok)
                } else {
                    Err(refusal)
                };
            }
        };
        let member = self.member(room, at).clone();
        match member.role {
            MemberRole::Customer => {
                self.close_by(step, room, EndReason::Customer, Some(at), key);
            }
            MemberRole::Agent => {
                let contact = self.room(room).contact;
                if let Some(user) = &member.user
                    && self.stage(user, contact).is_some_and(|s| matches!(s, Stage::Offered { .. }))
                {
                    self.decline(step, &user.clone(), contact, Decline::Refused);
                    return Ok(Done::Ok);
                }
                self.agent_leaves(step, room, at, Leaving::Left);
            }
            MemberRole::Supervisor | MemberRole::Bot | MemberRole::System => {
                if !member.silent {
                    self.post_event(step, room, Some(at), Event::Left);
                }
                self.emit(
                    step,
                    Fact::Left { room, participant: member.id, why: Leaving::Left, key },
                );
                self.place_made(step, room, member.user.as_ref());
            }
        }
        Ok(Done::Ok)
    }

    pub(super) fn leave_outside(&mut self, step: &mut Step<'_>, contact: ContactId) -> Decided {
        let room = self.open_room(contact)?;
        let id = room.id;
        let at = room
            .members
            .iter()
            .position(|m| m.role == MemberRole::Customer)
            .and_then(|at| u8::try_from(at).ok());
        self.close(step, id, EndReason::Customer, at);
        Ok(Done::Ok)
    }
}
