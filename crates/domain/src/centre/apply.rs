//! Taking up facts. Nothing here decides, refuses or asks.

use super::{Centre, LAST_AGENT_LIMIT, Session, Start, Token, Wait};
use crate::agent::{Agent, AgentState, Channel, Stage, Standing, Work};
use crate::contact::{Contact, Phase};
use crate::directory::{Entry, EntryKey};
use crate::fact::{Fact, Leaving};
use crate::id::{ContactId, RoomId, UserId};
use crate::room::{Body, FileStatus, Idle, Item, MemberRole, Presence, Repeat, Room, Slot, Stream};
use crate::time::Millis;
use std::sync::Arc;

impl Centre {
    /// Takes up one fact that was decided at `at`.
    pub fn apply(&mut self, at: Millis, fact: &Fact) {
        if !self.soft.indexed {
            self.reindex();
            self.soft.indexed = true;
        }
        let stood = self.stood(fact);
        if let Some(contact) = fact.contact().and_then(|id| self.contacts.get_mut(&id)) {
            contact.apply(at, fact);
        }
        self.count(at, fact, stood.as_ref());
        self.arm(at, fact);
        match fact {
            Fact::Put(entry) => {
                if let Entry::User(user) = entry.as_ref() {
                    self.forget_codes(&user.id, Some(user));
                }
                Arc::make_mut(&mut self.directory).put(entry.as_ref().clone());
                self.directory_changed(at, entry);
            }
            Fact::Removed(key) => {
                if let EntryKey::User(user) = key {
                    self.forget_codes(user, None);
                }
                Arc::make_mut(&mut self.directory).remove(key);
                if let EntryKey::User(user) = key {
                    self.agents.remove(user);
                    self.shifts_ended.remove(user);
                    self.sessions.retain(|_, s| s.user != *user);
                    self.switch.at_home(&self.directory);
                }
                self.reindex_queues();
            }
            Fact::LoggedIn { user, session, until, .. } => {
                self.sessions.insert(*session, Session { user: user.clone(), until: *until });
                self.soft.seen.insert(*session, at);
            }
            Fact::CodeTaken { user, code } => self.code_taken(user, *code),
            Fact::LoggedOut { session } => {
                self.sessions.remove(session);
                self.soft.seen.remove(session);
            }
            Fact::ShiftBegan(shift) => {
                self.soft.attended.insert(shift.agent.clone(), at);
                self.shifts.insert(shift.agent.clone(), shift.as_ref().clone());
            }
            Fact::ShiftEnded { agent, shift, .. } => {
                self.soft.attended.remove(agent);
                self.shifts.remove(agent);
                self.shifts_ended.insert(agent.clone(), *shift);
            }
            Fact::Sounded { device, call, sound, .. } => self.switch.sound(device, *call, *sound),
            Fact::AgentStated { agent, channel, state, because, .. } => {
                let entry =
                    self.agents.entry(agent.clone()).or_insert_with(|| Agent::new(agent.clone()));
                if *state == AgentState::Ready && entry.state(*channel) != AgentState::Ready {
                    entry.idle_since = at;
                }
                if matches!(state, AgentState::LoggedOff(_)) {
                    entry.channels.remove(channel);
                    if entry.channels.is_empty() {
                        self.switch.leaving.remove(agent);
                        self.seat(agent, None);
                    }
                } else {
                    let standing = Standing { state: *state, since: at, because: *because };
                    entry.channels.insert(*channel, standing);
                }
                self.stand(agent);
            }
            Fact::Seated { agent, seat } => {
                self.seat(agent, Some(seat.clone()));
                self.stand(agent);
            }
            Fact::LogOffDue { agent, until: Some(until) } => {
                self.switch.leaving.insert(agent.clone(), *until);
            }
            Fact::LogOffDue { agent, until: None } => {
                self.switch.leaving.remove(agent);
            }
            Fact::AgentShown { .. } | Fact::AnswerAsked { .. } => {}
            Fact::Call(happening) => self.apply_call(at, happening),
            Fact::ChatCalled { room, happening, seats } => {
                let now = (!happening.over).then(|| crate::call::Chatting {
                    call: happening.call.clone(),
                    seats: seats.clone(),
                });
                self.switch.set_chat(*room, now);
            }
            Fact::Registered { device, here, places } => self.registered(device, *here, places),
            Fact::Started { contact, opening, key } => {
                self.started(at, contact, opening.as_ref(), *key);
            }
            Fact::Queued { contact, queue, rank, preferred, from } => {
                self.queued(at, *contact, queue, *rank, preferred.clone(), from.clone());
            }
            // Who is asked to take a call, and who talks in it, its telephones know.
            Fact::Offered { contact, .. }
            | Fact::Declined { contact, .. }
            | Fact::Accepted { contact, .. }
                if self.is_call(*contact) => {}
            Fact::BotTurn { contact, turn } => self.bot_turned(at, *contact, turn),
            Fact::PushAsked { contact, push } => {
                self.pushes.insert(*contact, push.as_ref().clone());
            }
            Fact::PushDone { contact, .. } => {
                self.pushes.remove(contact);
            }
            Fact::BotAsked { contact, ask, .. } => self.bot_asked(*contact, ask),
            Fact::BotTold { contact, said } => self.bot_told(*contact, said),
            Fact::BotLeft { contact, .. } => self.bot_left(at, *contact),
            Fact::Offered { contact, agent, participant, until, conference, .. } => {
                // A colleague who is asked along takes nobody out of their line.
                if !conference {
                    self.bot_left(at, *contact);
                    self.leave_line(*contact);
                    if let Some(wait) = self.waits.get_mut(contact) {
                        wait.offered = true;
                    }
                }
                let channel = self.contacts.get(contact).map_or(Channel::Chat, |c| c.channel);
                let work = Work {
                    channel,
                    participant: *participant,
                    stage: Stage::Offered { until: *until, conference: *conference },
                    since: at,
                };
                self.set_work(agent, *contact, Some(work));
            }
            Fact::Declined { contact, agent, .. } => {
                let was = self.set_work(agent, *contact, None);
                if let Some(work) = was {
                    if let Some(room) = self.room_of(*contact)
                        && let Some(member) =
                            room.members.iter_mut().find(|m| m.id == work.participant)
                    {
                        member.presence = Presence::Left;
                    }
                    if matches!(work.stage, Stage::Offered { conference: false, .. }) {
                        self.join_line(*contact);
                    }
                }
            }
            Fact::Accepted { contact, agent } => {
                if self.waits.get(contact).is_some_and(|w| w.offered) {
                    self.waits.remove(contact);
                }
                if let Some(work) =
                    self.agents.get(agent).and_then(|a| a.work.get(contact)).copied()
                {
                    self.set_work(
                        agent,
                        *contact,
                        Some(Work { stage: Stage::Talking, since: at, ..work }),
                    );
                }
                self.remember_agent(at, *contact, agent);
            }
            Fact::Moved { contact, rank } => {
                self.leave_line(*contact);
                if let Some(wait) = self.waits.get_mut(contact) {
                    wait.rank = *rank;
                }
                self.join_line(*contact);
            }
            Fact::Supervised { .. }
            | Fact::NotLetIn { .. }
            | Fact::Announced(_)
            | Fact::NoticeRead { .. } => {}
            Fact::Closed { contact, .. } => self.closed(at, *contact),
            Fact::WrapUpBegan { contact, agent, until } if self.is_call(*contact) => {
                let work = Work {
                    channel: Channel::Voice,
                    participant: crate::id::ParticipantId::default(),
                    stage: Stage::WrapUp { until: *until },
                    since: at,
                };
                self.set_work(agent, *contact, Some(work));
            }
            Fact::WrapUpBegan { contact, agent, until }
            | Fact::WrapUpExtended { contact, agent, until } => {
                if let Some(work) =
                    self.agents.get(agent).and_then(|a| a.work.get(contact)).copied()
                {
                    let since =
                        if matches!(work.stage, Stage::WrapUp { .. }) { work.since } else { at };
                    self.set_work(
                        agent,
                        *contact,
                        Some(Work { stage: Stage::WrapUp { until: *until }, since, ..work }),
                    );
                }
            }
            Fact::WrappedUp { contact, agent, .. } => {
                if self.set_work(agent, *contact, None).is_some() {
                    self.handled(at, *contact);
                }
                if let Some(agent) = self.agents.get_mut(agent) {
                    agent.idle_since = at;
                }
                self.stand(agent);
            }
            Fact::Archived { room } => self.archived(*room),
            Fact::Recalled { contacts } => {
                for contact in contacts {
                    self.contacts.insert(contact.id, contact.clone());
                    self.index_contact(contact.id);
                }
            }
            // The contact's own record has taken these up already.
            Fact::Arrived { .. }
            | Fact::Rated { .. }
            | Fact::AttributesSet { .. }
            | Fact::Described { .. }
            | Fact::Recorded { .. }
            // What is past has left the memory long ago.
            | Fact::Pruned(_) => {}
            Fact::Listened { recording, by, .. } => {
                self.soft.listened.insert((by.clone(), *recording), at);
            }
            other => {
                if let Some(room) = other.room().and_then(|id| self.rooms.get_mut(&id)) {
                    apply_in_room(at, room, other);
                }
                match other {
                    Fact::TokenGiven { room, participant, token, kind, until } => {
                        self.tokens.insert(
                            *token,
                            Token {
                                room: *room,
                                participant: *participant,
                                kind: *kind,
                                until: *until,
                            },
                        );
                    }
                    Fact::FileAnnounced { room, file } => {
                        self.uploads.retain(|_, of| *of != (*room, file.file.id));
                        self.uploads.insert(file.upload, (*room, file.file.id));
                    }
                    _ => {}
                }
            }
        }
    }

    fn is_call(&self, contact: ContactId) -> bool {
        self.contacts.get(&contact).is_some_and(|c| c.voice.is_some())
    }

    pub(super) fn room_of(&mut self, contact: ContactId) -> Option<&mut Room> {
        let room = self.contacts.get(&contact)?.room();
        self.rooms.get_mut(&room)
    }

    fn started(
        &mut self,
        at: Millis,
        contact: &Contact,
        opening: Option<&(crate::contact::TextKind, Arc<str>)>,
        key: Option<crate::id::ClientKey>,
    ) {
        self.numbers = self.numbers.max(contact.number);
        if contact.voice.is_some() {
            self.contacts.insert(contact.id, contact.clone());
            self.index_contact(contact.id);
            return;
        }
        let room = self.rooms.get_or_insert_with(contact.room(), || {
            Room::new(contact.room(), contact.id, contact.kinds)
        });
        room.contact = contact.id;
        room.segments.push(contact.id);
        if let Some((kind, text)) = opening {
            room.opening = Some((*kind, text.clone()));
        }
        room.tally = crate::contact::Tally::NONE;
        if let Some(key) = key {
            if contact.segment == 1 {
                self.starts.insert(
                    key,
                    Start { contact: contact.id, participant: contact.customer.participant },
                );
                self.start_ages.push_back((at, key));
            } else {
                room.made.insert(key, contact.id.0);
            }
        }
        while self
            .start_ages
            .front()
            .is_some_and(|(then, _)| at.since(*then) > super::START_KEYS_FOR)
        {
            if let Some((_, old)) = self.start_ages.pop_front() {
                self.starts.remove(&old);
            }
        }
        self.contacts.insert(contact.id, contact.clone());
        self.index_contact(contact.id);
    }

    /// Counts an open contact where open ones are counted.
    pub(super) fn index_contact(&mut self, id: ContactId) {
        let Some(contact) = self.contacts.get(&id) else { return };
        self.by_number.insert(contact.number, id);
        if contact.voice.is_some() || contact.ended() {
            if !self.rooms.contains_key(&contact.room()) {
                self.roomless.entry(contact.room()).or_default().insert(id);
            }
            return;
        }
        self.open_chats += 1;
        if let Some(outside) = &contact.outside {
            self.outside.insert(outside.clone(), id);
        }
        if let Some(origin) = &contact.origin {
            *self.origins.entry(origin.clone()).or_default() += 1;
        }
    }

    fn queued(
        &mut self,
        at: Millis,
        id: ContactId,
        queue: &crate::id::QueueId,
        rank: i64,
        preferred: Option<UserId>,
        from: Option<crate::id::QueueId>,
    ) {
        self.bot_left(at, id);
        // Calls stand in lines of their own (`call/line.rs`).
        let Some(contact) = self.contacts.get(&id).filter(|c| c.voice.is_none()) else { return };
        let (number, channel) = (contact.number, contact.channel);
        let mut visited = self.waits.get(&id).map(|w| w.visited.clone()).unwrap_or_default();
        visited.extend(from);
        self.leave_line(id);
        let hold = self.directory.queues.get(queue).map_or(Millis(0), |q| q.last_agent);
        let held_until = if preferred.is_some() { at.plus(hold) } else { Millis(0) };
        self.waits.insert(
            id,
            Wait {
                queue: queue.clone(),
                rank,
                number,
                since: at,
                channel,
                preferred,
                held_until,
                offered: false,
                visited,
            },
        );
        self.join_line(id);
    }

    fn closed(&mut self, at: Millis, id: ContactId) {
        self.leave_line(id);
        self.waits.remove(&id);
        self.bot_left(at, id);
        let Some(contact) = self.contacts.get(&id).filter(|c| c.voice.is_none()) else { return };
        // Facts after a snapshot are taken up before anything is counted; `reindex` counts then.
        self.open_chats -= 1;
        if let Some(outside) = &contact.outside
            && self.outside.get(outside) == Some(&id)
        {
            self.outside.remove(outside);
        }
        if let Some(origin) = &contact.origin
            && let Some(count) = self.origins.get_mut(origin)
        {
            *count -= 1;
            if *count == 0 {
                self.origins.remove(origin);
            }
        }
        let (room, transferred) =
            (contact.room(), contact.reason == Some(crate::contact::EndReason::Transferred));
        if let Some(room) = self.rooms.get_mut(&room).filter(|_| !transferred) {
            room.closed = Some(at);
            // What only an open room needs.
            room.repeats = std::collections::BTreeMap::new();
            room.streams.clear();
        }
    }

    fn archived(&mut self, id: RoomId) {
        let all: Vec<ContactId> = self.segments_of(id).map(|contact| contact.id).collect();
        self.roomless.remove(&id);
        if let Some(room) = self.rooms.remove(&id) {
            for token in &room.tokens {
                self.tokens.remove(token);
            }
            for file in room.files.values() {
                self.uploads.remove(&file.upload);
            }
            for member in &room.members {
                self.soft.heard.remove(&member.id);
                self.soft.sockets.remove(&member.id);
            }
        }
        for id in all {
            if let Some(contact) = self.contacts.remove(&id) {
                self.by_number.remove(&contact.number);
            }
        }
    }

    fn remember_agent(&mut self, at: Millis, contact: ContactId, agent: &UserId) {
        let Some(customer) = self
            .contacts
            .get(&contact)
            .filter(|c| c.phase == Phase::Talking)
            .and_then(|c| c.customer.id.clone())
        else {
            return;
        };
        if let Some((_, then)) = self.last_agents.insert(customer.clone(), (agent.clone(), at)) {
            self.last_agent_ages.remove(&(then, customer.clone()));
        }
        self.last_agent_ages.insert((at, customer));
        if self.last_agents.len() > LAST_AGENT_LIMIT
            && let Some((_, oldest)) = self.last_agent_ages.pop_first()
        {
            self.last_agents.remove(&oldest);
        }
    }

    /// Moves the average handling time of the contact's queue by an eighth toward this one.
    fn handled(&mut self, at: Millis, id: ContactId) {
        // Waits are told to those who write.
        let Some(contact) = self.contacts.get(&id).filter(|c| c.voice.is_none()) else { return };
        let (Some(queue), Some(accepted)) = (contact.queue.clone(), contact.accepted) else {
            return;
        };
        let took = at.since(accepted);
        let average = self.handling.entry(queue).or_insert(took);
        *average = Millis((average.0 * 7 + took.0) / 8);
    }

    fn directory_changed(&mut self, at: Millis, entry: &Entry) {
        match entry {
            Entry::User(user) => {
                if user.disabled {
                    self.sessions.retain(|_, s| s.user != user.id);
                }
                self.agents
                    .entry(user.id.clone())
                    .or_insert_with(|| Agent { idle_since: at, ..Agent::new(user.id.clone()) });
                self.switch.at_home(&self.directory);
                self.stand(&user.id);
            }
            Entry::Group(_) | Entry::Queue(_) => self.reindex_queues(),
            Entry::Device(device) => self.stand_there(&device.id),
            _ => {}
        }
    }
}

fn apply_in_room(at: Millis, room: &mut Room, fact: &Fact) {
    match fact {
        Fact::Admitted { member, key, .. } => {
            if let Some(key) = key {
                room.made.insert(*key, member.id.0);
            }
            room.members.push(member.as_ref().clone());
        }
        Fact::Joined { participant, .. } => set_presence(room, *participant, Presence::Joined),
        Fact::Unveiled { participant, .. } => {
            if let Some(member) = room.members.iter_mut().find(|m| m.id == *participant) {
                member.silent = false;
            }
        }
        Fact::Left { participant, key, why, .. } => {
            if let Some(key) = key {
                room.made.insert(*key, participant.0);
            }
            set_presence(room, *participant, Presence::Left);
            both_there(at, room);
            // The silence that was dropped was theirs, and not that of the agents who stay.
            if let (Leaving::Idle, Some(idle)) = (why, &mut room.idle) {
                idle.agent_since = idle.agent_since.map(|_| at);
                idle.agent_warned = None;
            }
        }
        Fact::TokenGiven { token, .. } => room.tokens.push(*token),
        Fact::Posted { item, key } => posted(room, item, *key),
        Fact::Marked { participant, n, read, .. } => {
            if let Some(member) = room.members.iter_mut().find(|m| m.id == *participant) {
                if *n > member.delivered {
                    (member.delivered, member.delivered_at) = (*n, at);
                }
                if *read {
                    member.read = member.read.max(*n);
                }
            }
        }
        Fact::FileAnnounced { file, .. } => {
            room.files.insert(file.file.id, file.as_ref().clone());
        }
        Fact::FileStored { file, size, kind, status, .. } => {
            if let Some(file) = room.files.get_mut(file) {
                file.file.size = *size;
                file.file.kind = kind.clone();
                file.file.status = *status;
            }
        }
        Fact::IdleRuled { customer, agent, .. } => {
            let was = room.idle.take().map_or_else(Idle::default, |idle| *idle);
            let mut idle = Idle { customer: *customer, agent: *agent, ..Idle::default() };
            // A rule that stays goes on counting.
            if was.customer == idle.customer {
                (idle.customer_since, idle.customer_warned) =
                    (was.customer_since, was.customer_warned);
            }
            if was.agent == idle.agent {
                (idle.agent_since, idle.agent_warned) = (was.agent_since, was.agent_warned);
            }
            room.idle = Some(Box::new(idle));
            if let Some(talk) = &mut room.bot {
                talk.ruled = false;
            }
            both_there(at, room);
        }
        Fact::StreamStarted { stream, target, key, .. } => {
            if let Some(key) = key {
                room.made.insert(*key, stream.0);
            }
            room.streams.push(Stream { id: *stream, target: target.clone(), delivered: 0 });
        }
        Fact::StreamAdvanced { stream, to, .. } => {
            if let Some(stream) = room.streams.iter_mut().find(|s| s.id == *stream) {
                stream.delivered = stream.delivered.max(*to);
            }
        }
        Fact::StreamDropped { stream, .. } | Fact::StreamStopped { stream, .. } => {
            room.streams.retain(|s| s.id != *stream);
        }
        _ => {}
    }
    if matches!(fact, Fact::Joined { .. }) {
        both_there(at, room);
    }
}

fn set_presence(room: &mut Room, participant: crate::id::ParticipantId, presence: Presence) {
    if let Some(member) = room.members.iter_mut().find(|m| m.id == participant) {
        member.presence = presence;
    }
}

/// Idle timers run only while both sides are there (`amazon-connect-chat.md` 4.3).
pub(super) fn both_there(at: Millis, room: &mut Room) {
    let there =
        |role| room.members.iter().any(|m| m.role == role && m.presence == Presence::Joined);
    let (customer, agent) = (there(MemberRole::Customer), there(MemberRole::Agent));
    // A bot is always there, and waits for the customer; nobody waits for a bot.
    let served = agent || room.bot.is_some();
    if let Some(idle) = &mut room.idle {
        let since = |runs: bool, was: Option<Millis>| if runs { was.or(Some(at)) } else { None };
        let (both, with_agent) = (customer && served, customer && agent);
        // Where the rule runs only while an answer is owed, being there does not start it.
        let owed = idle.customer_since.filter(|_| both);
        idle.customer_since =
            if idle.customer.owed { owed } else { since(both, idle.customer_since) };
        idle.agent_since = since(with_agent, idle.agent_since);
        if idle.customer_since.is_none() {
            idle.customer_warned = None;
        }
        if idle.agent_since.is_none() {
            idle.agent_warned = None;
        }
    }
}

fn posted(room: &mut Room, item: &Item, key: Option<crate::id::ClientKey>) {
    let author = item.by.as_ref().and_then(|by| room.member(by.participant)).map(|(at, _)| at);
    let said = !matches!(item.body, Body::Event(_));
    room.slots.push(Slot { id: item.id, author, audience: item.audience, said });
    room.last_at = item.at;
    let repeat = Repeat { item: item.id, n: item.n, at: item.at };
    if let Body::File(file) = &item.body
        && let Some(known) = room.files.get_mut(&file.id)
    {
        known.file.status = file.status;
        known.done = key.map(|key| (key, repeat));
    } else if let (Some(key), Some(author)) = (key, author) {
        room.repeats.insert((author, key), repeat);
    }
    if !said {
        match &item.body {
            Body::Event(crate::room::Event::Idle) => warned(room, item, Some(item.at)),
            Body::Event(crate::room::Event::Returned) => warned(room, item, None),
            _ => {}
        }
        return;
    }
    room.opening = None;
    let (role, characters) = match (&item.by, &item.body) {
        (Some(by), Body::Message { text, .. }) => {
            (by.role, u32::try_from(text.chars().count()).unwrap_or(u32::MAX))
        }
        (Some(by), _) => (by.role, 0),
        (None, _) => return,
    };
    if item.audience == crate::room::Audience::Agents
        || matches!(&item.body, Body::File(f) if f.status == FileStatus::Rejected)
    {
        return;
    }
    let tally = &mut room.tally;
    tally.messages += 1;
    match role {
        MemberRole::Customer => {
            tally.customer_messages += 1;
            tally.customer_characters = tally.customer_characters.saturating_add(characters);
            tally.customer_last = Some(item.at);
        }
        MemberRole::Bot | MemberRole::System => {
            tally.bot_messages += 1;
            tally.bot_characters = tally.bot_characters.saturating_add(characters);
        }
        MemberRole::Agent | MemberRole::Supervisor => {
            tally.agent_messages += 1;
            tally.agent_first = tally.agent_first.or(Some(item.at));
        }
    }
    if let Some(idle) = &mut room.idle {
        if idle.customer.owed && role == MemberRole::Agent {
            idle.customer_since = idle.customer_since.or(Some(item.at));
        }
        match role {
            MemberRole::Customer if idle.customer.owed => {
                (idle.customer_since, idle.customer_warned) = (None, None);
            }
            MemberRole::Customer if idle.customer_since.is_some() => {
                (idle.customer_since, idle.customer_warned) = (Some(item.at), None);
            }
            MemberRole::Agent if idle.agent_since.is_some() => {
                (idle.agent_since, idle.agent_warned) = (Some(item.at), None);
            }
            _ => {}
        }
    }
}

fn warned(room: &mut Room, item: &Item, at: Option<Millis>) {
    let Some(idle) = &mut room.idle else { return };
    match item.by.as_ref().map(|by| by.role) {
        Some(MemberRole::Customer) => idle.customer_warned = at,
        Some(MemberRole::Agent) => idle.agent_warned = at,
        _ => {}
    }
}
