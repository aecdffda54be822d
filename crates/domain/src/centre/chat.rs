//! How chats begin, who comes in, and how they end.

use super::{
    ADDRESS_LIMIT, Centre, Decided, MEMBER_LIMIT, PAST_LIMIT, Step, TOKEN_LIMIT, WIDGET_LIMIT,
};
use crate::agent::{Channel, Stage};
use crate::command::{By, Done, Grant, Rehydrate, StartChat};
use crate::contact::{
    ATTRIBUTE_BYTES, Attributes, Contact, EndReason, Initiation, Phase, Tally, TextKind,
    attribute_bytes,
};
use crate::directory::{BotKind, Role, Target};
use crate::fact::{Decline, Fact, Leaving};
use crate::id::{ClientKey, ContactId, ItemId, ParticipantId, RoomId, StreamId, TokenHash, UserId};
use crate::refusal::{Quota, Refusal};
use crate::room::{
    Audience, Author, Body, Event, IdleRule, Item, Member, MemberRole, Presence, Room, TokenKind,
};
use crate::signal::Signal;
use std::collections::BTreeSet;
use std::sync::Arc;

impl Centre {
    pub(super) fn start_chat(&mut self, step: &mut Step<'_>, start: StartChat) -> Decided {
        if let Some(before) = start.key.and_then(|key| self.starts.get(&key)).copied() {
            return Ok(self.started_again(step, before.contact, before.participant, &start.grants));
        }
        // An outside pair has one chat at a time, however many of its first words come at once.
        let open =
            start.outside.as_ref().and_then(|pair| self.contacts.get(self.outside.get(pair)?));
        if let Some(open) = open {
            let (first, customer) = (open.initial, open.customer.participant);
            return Ok(self.started_again(step, first, customer, &start.grants));
        }
        let flow = self.directory.flows.get(&start.flow).ok_or(Refusal::NoSuchFlow)?.id;
        let realm = self.directory.realm.as_ref();
        let most = realm.map_or(u32::MAX, |r| r.max_chats);
        if self.open_chats >= most {
            return Err(Refusal::Quota { what: Quota::Chats, most: most.into() });
        }
        if let Some(origin) = &start.origin {
            if self.origins.get(origin).is_some_and(|&n| n >= ADDRESS_LIMIT) {
                return Err(Refusal::Quota {
                    what: Quota::ChatsOfAddress,
                    most: ADDRESS_LIMIT.into(),
                });
            }
            let of_widget: u32 = self
                .origins
                .iter()
                .filter(|(o, _)| o.widget == origin.widget)
                .map(|(_, n)| n)
                .sum();
            if of_widget >= WIDGET_LIMIT {
                return Err(Refusal::Quota {
                    what: Quota::ChatsOfWidget,
                    most: WIDGET_LIMIT.into(),
                });
            }
        }
        if attribute_bytes(&start.attributes) > ATTRIBUTE_BYTES {
            return Err(Refusal::AttributesTooLarge);
        }
        if start.opening.as_ref().is_some_and(|(kind, _)| !start.kinds.has(*kind)) {
            return Err(Refusal::UnsupportedText);
        }
        let source = start.rehydrate.map(|r| self.source(r)).transpose()?;
        if let Some(related) = start.related {
            self.contact(related)?;
        }
        if let Some(target) = &start.stream {
            self.check_target(target)?;
        }

        let id = ContactId::new(step.now, step.chance);
        let participant = ParticipantId::new(step.now, step.chance);
        let past = source.as_ref().map_or_else(Vec::new, |s| s.1.clone());
        let contact = Contact {
            id,
            number: self.numbers + 1,
            initial: id,
            previous: None,
            related: source.as_ref().map(|s| s.0).or(start.related),
            past,
            outside: start.outside,
            segment: 1,
            initiation: if start.outbound { Initiation::Outbound } else { Initiation::Api },
            channel: Channel::Chat,
            phase: Phase::Initiated,
            flow,
            customer: crate::contact::Customer {
                participant,
                name: start.name.clone(),
                id: start.customer,
                verified: start.verified,
            },
            started: step.now,
            updated: step.now,
            connected: None,
            queue: None,
            queued: None,
            agent: None,
            accepted: None,
            ended: None,
            reason: None,
            expires: step.now.plus(start.duration),
            kinds: start.kinds,
            drop_agents: start.drop_agents,
            attributes: start.attributes,
            segment_attributes: start.segment_attributes,
            tags: Attributes::new(),
            name: None,
            description: None,
            references: Vec::new(),
            origin: start.origin,
            why: None,
            tally: Tally::NONE,
            wrap_up: None,
            rating: None,
        };
        let room = contact.room();
        self.emit(
            step,
            Fact::Started { contact: Box::new(contact), opening: start.opening, key: start.key },
        );
        let member = Member {
            id: participant,
            role: MemberRole::Customer,
            name: start.name,
            user: None,
            presence: Presence::Invited,
            silent: false,
            since: step.now,
            delivered: 0,
            delivered_at: crate::time::Millis(0),
            read: 0,
        };
        self.emit(step, Fact::Admitted { room, member: Box::new(member), key: None });
        self.give(step, room, participant, &start.grants)?;
        let stream = start.stream.map(|target| {
            let stream = StreamId::new(step.now, step.chance);
            self.emit(step, Fact::StreamStarted { room, stream, target, key: None });
            stream
        });
        Ok(Done::Started {
            contact: id,
            participant,
            continued_from: source.map(|s| s.0),
            stream,
            again: false,
            over: false,
        })
    }

    fn started_again(
        &mut self,
        step: &mut Step<'_>,
        contact: ContactId,
        participant: ParticipantId,
        grants: &[Grant],
    ) -> Done {
        let known = self.contacts.get(&contact);
        let continued_from = known.filter(|c| !c.past.is_empty()).and_then(|c| c.related);
        let room = self.rooms.get(&RoomId::from(contact)).filter(|r| r.closed.is_none());
        let (over, stream) = (room.is_none(), room.and_then(|r| r.streams.first()).map(|s| s.id));
        if !over && self.give(step, contact.into(), participant, grants).is_err() {
            return Done::Started {
                contact,
                participant,
                continued_from,
                stream,
                again: true,
                over: true,
            };
        }
        Done::Started { contact, participant, continued_from, stream, again: true, over }
    }

    /// The contact that a persistent chat takes up, and all earlier segments that can be read with it.
    fn source(
        &self,
        rehydrate: Rehydrate,
    ) -> Result<(ContactId, Vec<(RoomId, ContactId)>), Refusal> {
        let (named, whole) = match rehydrate {
            Rehydrate::EntirePastSession(id) => (id, true),
            Rehydrate::FromSegment(id) => (id, false),
        };
        let contact = self.contact(named)?;
        if whole && contact.initial != contact.id {
            return Err(Refusal::NoSuchContact);
        }
        let room = contact.room();
        if self.rooms.get(&room).is_some_and(|r| r.closed.is_none()) {
            return Err(Refusal::ContactOpen);
        }
        let mut segments: Vec<&Contact> = self
            .contacts
            .range(ContactId::from(room)..)
            .map(|(_, c)| c)
            .filter(|c| c.room() == room)
            .collect();
        segments.sort_unstable_by_key(|c| c.segment);
        let last = if whole { segments.last().map_or(named, |c| c.id) } else { named };
        let upto = segments.iter().position(|c| c.id == last).map_or(segments.len(), |at| at + 1);
        let first = self.contact(contact.initial)?;
        let mut past: Vec<_> = first.past.clone();
        past.extend(segments[..upto].iter().map(|c| (room, c.id)));
        let surplus = past.len().saturating_sub(PAST_LIMIT);
        past.drain(..surplus);
        Ok((last, past))
    }

    /// Gives tokens out. They lapse with the chat at the latest.
    fn give(
        &mut self,
        step: &mut Step<'_>,
        room: RoomId,
        participant: ParticipantId,
        grants: &[Grant],
    ) -> Result<(), Refusal> {
        let known = self.room(room);
        let live = known
            .tokens
            .iter()
            .filter(|t| {
                self.tokens
                    .get(*t)
                    .is_some_and(|t| t.participant == participant && t.until > step.now)
            })
            .count();
        if live + grants.len() > TOKEN_LIMIT {
            return Err(Refusal::Quota { what: Quota::Tokens, most: TOKEN_LIMIT as u64 });
        }
        let expires = self.contacts.get(&known.contact).map_or(step.now, |c| c.expires);
        for grant in grants {
            self.emit(
                step,
                Fact::TokenGiven {
                    room,
                    participant,
                    token: grant.token,
                    kind: grant.kind,
                    until: grant.until.min(expires),
                },
            );
        }
        Ok(())
    }

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
            .filter(|t| t.kind == TokenKind::Socket && (!present || t.until > step.now))
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
        if let Some(contact) = self.enter(step, room, at) {
            self.run_flow(step, contact);
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
                self.post(step, room, Some(at), Audience::All, Body::Message { kind, text }, None);
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
                None => {
                    self.close(step, room, EndReason::Flow, None);
                    return;
                }
            },
        };
        self.enqueue(step, id, &queue, None, step.now);
    }

    /// A line of the centre's own.
    pub(super) fn system_says(&mut self, step: &mut Step<'_>, room: RoomId, text: Arc<str>) {
        self.post(
            step,
            room,
            None,
            Audience::All,
            Body::Message { kind: TextKind::Plain, text },
            None,
        );
    }

    /// Writes a line; nobody as author of a message is the system.
    pub(super) fn post(
        &mut self,
        step: &mut Step<'_>,
        room: RoomId,
        author: Option<u8>,
        audience: Audience,
        body: Body,
        key: Option<ClientKey>,
    ) -> Done {
        let known = self.room(room);
        let at = step.now.max(crate::time::Millis(known.last_at.0 + 1));
        let by = match (author, &body) {
            (Some(at), _) => {
                let member = &known.members[usize::from(at)];
                Some(Author {
                    participant: member.id,
                    role: member.role,
                    name: member.name.clone(),
                })
            }
            (None, Body::Message { .. }) => Some(Author {
                participant: ParticipantId(room.0),
                role: MemberRole::System,
                name: "SYSTEM_MESSAGE".into(),
            }),
            (None, _) => None,
        };
        let item = Item {
            id: ItemId::new(at, step.chance),
            n: known.last() + 1,
            at,
            room,
            contact: known.contact,
            by,
            audience,
            body,
        };
        let done = Done::Posted { item: item.id, n: item.n, at };
        self.emit(step, Fact::Posted { item, key });
        done
    }

    pub(super) fn post_event(
        &mut self,
        step: &mut Step<'_>,
        room: RoomId,
        author: Option<u8>,
        event: Event,
    ) {
        self.post(step, room, author, Audience::All, Body::Event(event), None);
    }

    pub(super) fn stop(&mut self, step: &mut Step<'_>, contact: ContactId) -> Decided {
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
    fn close_by(
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
        if came {
            self.post_event(step, id, None, Event::Ended);
        }
        let contact = self.room(id).contact;
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

    pub(super) fn set_attributes(
        &mut self,
        step: &mut Step<'_>,
        contact: ContactId,
        attributes: Attributes,
        mut unset: BTreeSet<Arc<str>>,
    ) -> Decided {
        let first = self.contact(contact)?.initial;
        let mut merged = self.contact(first)?.attributes.clone();
        unset.retain(|name| merged.contains_key(name) && !attributes.contains_key(name));
        merged.retain(|name, _| !unset.contains(name));
        merged.extend(attributes.iter().map(|(k, v)| (k.clone(), v.clone())));
        if attribute_bytes(&merged) > ATTRIBUTE_BYTES {
            return Err(Refusal::AttributesTooLarge);
        }
        if !attributes.is_empty() || !unset.is_empty() {
            self.emit(step, Fact::AttributesSet { contact: first, attributes, unset });
        }
        Ok(Done::Ok)
    }

    pub(super) fn recall(&mut self, step: &mut Step<'_>, contacts: Vec<Contact>) -> Decided {
        let unknown: Vec<Contact> = contacts
            .into_iter()
            .filter(|c| c.ended() && !self.contacts.contains_key(&c.id))
            .collect();
        if !unknown.is_empty() {
            self.emit(step, Fact::Recalled { contacts: unknown });
        }
        Ok(Done::Ok)
    }

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

    fn room_for_one_more(room: &Room) -> Result<(), Refusal> {
        let members =
            room.members.iter().filter(|m| m.presence != Presence::Left && !m.silent).count();
        let spare = room.members.len() < usize::from(u8::MAX) - 1;
        if members < MEMBER_LIMIT && spare {
            Ok(())
        } else {
            Err(Refusal::Quota { what: Quota::Members, most: MEMBER_LIMIT as u64 })
        }
    }

    pub(super) fn admit_bot(
        &mut self,
        step: &mut Step<'_>,
        contact: ContactId,
        name: Arc<str>,
        grant: Grant,
        key: Option<ClientKey>,
    ) -> Decided {
        let room = self.open_room(contact)?;
        let (id, open) = (room.id, room.contact);
        if let Some(made) = key.and_then(|key| room.made.get(&key)).copied() {
            let participant = ParticipantId(made);
            self.give(step, id, participant, &[grant])?;
            return Ok(Done::Admitted { participant, contact: open });
        }
        Self::room_for_one_more(room)?;
        let participant = ParticipantId::new(step.now, step.chance);
        let member = Member {
            id: participant,
            role: MemberRole::Bot,
            name,
            user: None,
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
                self.emit(step, Fact::Unveiled { room: id, participant });
                self.post_event(step, id, Some(at), Event::Joined);
            }
            return Ok(Done::Admitted { participant, contact: open });
        } else {
            Self::room_for_one_more(room)?;
            let participant = ParticipantId::new(step.now, step.chance);
            let member = Member {
                id: participant,
                role: MemberRole::Supervisor,
                name: person.name.clone(),
                user: Some(user.clone()),
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

    pub(super) fn rule_idle(
        &mut self,
        step: &mut Step<'_>,
        contact: ContactId,
        customer: Option<IdleRule>,
        agent: Option<IdleRule>,
    ) -> Decided {
        let room = self.open_room(contact)?;
        let now = room
            .idle
            .as_deref()
            .map_or((IdleRule::default(), IdleRule::default()), |idle| (idle.customer, idle.agent));
        let room = room.id;
        self.emit(
            step,
            Fact::IdleRuled {
                room,
                customer: customer.unwrap_or(now.0),
                agent: agent.unwrap_or(now.1),
            },
        );
        Ok(Done::Ok)
    }
}
