//! Answers to queries: from memory, or the page of the views that holds them.

use super::Centre;
use crate::agent::{Agent, Channel};
use crate::call::{Call, Link};
use crate::command::By;
use crate::contact::{Attributes, Contact};
use crate::directory::Role;
use crate::id::{ContactId, FileId, RoomId, TokenHash, UserId};
use crate::query::{
    Answer, Colleague, ContactName, DeskCall, DeskContact, From, Holder, ItemsPage, Level, Look,
    Page, Query, Start, StreamState, Visit,
};
use crate::refusal::Refusal;
use crate::room::{FileStatus, MemberRole, Presence, Room, TokenKind};
use crate::time::Millis;

impl Centre {
    /// Answers one query.
    ///
    /// # Errors
    ///
    /// A [`Refusal`], where the asker may not know or there is nothing to know.
    pub fn look(&self, now: Millis, query: &Query) -> Result<Look, Refusal> {
        let answer = match query {
            Query::Directory => Answer::Directory(self.directory.clone()),
            Query::Phones => Answer::Phones(self.switch.phones().collect()),
            Query::Session(hash) => {
                let session = self.session(now, *hash)?;
                let user = self.directory.users.get(&session.user).ok_or(Refusal::BadToken)?;
                Answer::Session(user.clone(), session.until)
            }
            Query::Token(hash, kind) => self.holder(now, *hash, *kind)?,
            Query::Person(user) => {
                Answer::Person(self.directory.users.get(user).ok_or(Refusal::NoSuchAgent)?.clone())
            }
            Query::Device(by, device) => self.watch_device(by, device)?,
            Query::Call(id, number) => {
                let call = self.switch.call(*id).filter(|call| call.number == *number);
                Answer::Call(Box::new(call.ok_or(Refusal::NoSuchContact)?.clone()))
            }
            Query::Contact(name) => {
                return Ok(self.find(name).map_or_else(
                    || Look::Page(Page::Contact(name.clone())),
                    |c| Look::Answer(self.described(c)),
                ));
            }
            Query::Upload(hash) => {
                let (room, file) = self.uploads.get(hash).ok_or(Refusal::NoSuchFile)?;
                let known = &self.room(*room).files[file];
                if known.until <= now || known.done.is_some() || self.room(*room).closed.is_some() {
                    return Err(Refusal::NoSuchFile);
                }
                Answer::Upload(Box::new(known.clone()))
            }
            Query::File(by, file) => Answer::File(self.readable(now, *by, *file)?),
            Query::FileOf(session, file, contact) => {
                let user = self.session(now, *session)?.user.clone();
                return self.file_of(&user, *file, *contact);
            }
            Query::Visit(token, keys) => self.visit(now, *token, keys)?,
            Query::Since { token, after, limit } => {
                return self.since(now, *token, *after, *limit).map(Look::Page);
            }
            Query::MayBring(by) => Answer::Room(self.may_bring(now, *by)?.0),
            Query::FileIn(room, file) => return self.file_in(*room, *file),
            Query::Files(contact) => {
                let room = self.contact(*contact)?.room();
                let role = MemberRole::Customer;
                return Ok(Look::Page(Page::Files { room, role, file: None }));
            }
            Query::Desk(agent) => self.desk(agent)?,
            Query::Position(agent) => self.position(agent)?,
            Query::Shift(id) => {
                let shift = self.shifts.values().find(|shift| shift.id == *id);
                self.position(&shift.ok_or(Refusal::NotLoggedOn)?.agent)?
            }
            Query::People => Answer::People(self.colleagues(), self.levels()),
            Query::Levels => Answer::Levels(self.levels()),
            Query::Board(ask) => self.board(now, ask)?,
            Query::Waiters(session, queue) => self.waiters(now, *session, queue)?,
            Query::Notices(agent) => self.notices_for(now, agent),
            Query::Wait(contact) => self.wait(*contact)?,
            Query::Streams => Answer::Streams(self.streams()),
            Query::Pushes => Answer::Pushes(self.open_pushes()),
            Query::BotAsks => Answer::BotAsks(self.bot_asks()),
            Query::Outside(pair) => Answer::Outside(self.outside.get(pair).copied()),
            Query::Transcript { by, contact, from, forward, limit } => {
                return self
                    .transcript(now, *by, *contact, *from, *forward, *limit)
                    .map(Look::Page);
            }
            Query::Lines { session, room, before, after, limit } => {
                let user = self.session(now, *session)?.user.clone();
                return self.lines_of(&user, *room, *before, *after, *limit).map(Look::Page);
            }
            Query::Contacts(filter) => return Ok(Look::Page(Page::Contacts(filter.clone()))),
            Query::Audit(filter) => return Ok(Look::Page(Page::Audit(filter.clone()))),
            Query::Matter(contact) => return Ok(Look::Page(Page::Matter(*contact))),
            Query::Past(horizons) => return Ok(Look::Page(Page::Past(*horizons))),
            Query::Recordings(filter) => return Ok(Look::Page(Page::Recordings(filter.clone()))),
            Query::Search(filter) => return Ok(Look::Page(Page::Search(filter.clone()))),
            Query::Story { room, after, limit } => {
                let (room, after, limit) = (*room, *after, *limit);
                return Ok(Look::Page(Page::Story { room, after, limit }));
            }
            Query::Report(filter) => return Ok(Look::Page(Page::Report(filter.clone()))),
        };
        Ok(Look::Answer(answer))
    }

    fn find(&self, name: &ContactName) -> Option<&Contact> {
        match name {
            ContactName::Id(id) => self.contacts.get(id),
            ContactName::Number(number) => self.contacts.get(self.by_number.get(number)?),
        }
    }

    fn described(&self, contact: &Contact) -> Answer {
        let mut known = contact.clone();
        if let Some(room) =
            self.rooms.get(&contact.room()).filter(|r| r.contact == contact.id && !contact.ended())
        {
            known.tally = room.tally.clone();
        }
        Answer::Contact(Box::new(known), self.attributes(contact))
    }

    fn attributes(&self, contact: &Contact) -> Attributes {
        self.contacts.get(&contact.initial).map(|c| c.attributes.clone()).unwrap_or_default()
    }

    fn holder(&self, now: Millis, hash: TokenHash, kind: TokenKind) -> Result<Answer, Refusal> {
        let token = self.token(now, hash, kind)?;
        let (room, at) = self.member_of(token)?;
        let holder = Holder {
            room,
            contact: self.room(room).contact,
            member: self.member(room, at).clone(),
            until: token.until,
        };
        Ok(Answer::Holder(Box::new(holder)))
    }

    /// The room and the place of the customer who holds this token, whether the room is open or not.
    fn visitor(&self, now: Millis, hash: TokenHash) -> Result<(&Room, u8), Refusal> {
        let token = self.token(now, hash, TokenKind::Connection)?;
        let room = self.rooms.get(&token.room).ok_or(Refusal::BadToken)?;
        let (at, member) = room.member(token.participant).ok_or(Refusal::BadToken)?;
        if member.role == MemberRole::Customer { Ok((room, at)) } else { Err(Refusal::NotAllowed) }
    }

    fn visit(
        &self,
        now: Millis,
        hash: TokenHash,
        keys: &[crate::id::ClientKey],
    ) -> Result<Answer, Refusal> {
        let (room, at) = self.visitor(now, hash)?;
        let contact = self.contacts.get(&room.contact).ok_or(Refusal::BadToken)?;
        let line = |key: &crate::id::ClientKey| {
            let files = room.files.values().filter(|file| file.author == at);
            let sent = files.filter_map(|file| file.done).filter(|(of, _)| of == key);
            let said = room.repeat(at, *key).map(|repeat| repeat.n);
            sent.map(|(_, repeat)| repeat.n).max().max(said)
        };
        Ok(Answer::Visit(Box::new(Visit {
            room: room.id,
            contact: contact.clone(),
            me: room.members[usize::from(at)].id,
            members: room.members.clone(),
            last: room.last(),
            closed: room.closed.is_some(),
            rating: self.asks_for_rating(contact.id) && contact.rating.is_none(),
            stored: keys.iter().map(line).collect(),
        })))
    }

    fn since(&self, now: Millis, hash: TokenHash, after: u32, limit: u16) -> Result<Page, Refusal> {
        let (room, at) = self.visitor(now, hash)?;
        let reader = &room.members[usize::from(at)];
        Ok(Page::Items(ItemsPage {
            room: room.id,
            role: reader.role,
            reader: reader.id,
            parts: vec![(room.id, None)],
            from: Start::After(crate::query::Place { part: 0, n: after }),
            forward: true,
            limit,
        }))
    }

    fn file_in(&self, room: RoomId, file: FileId) -> Result<Look, Refusal> {
        let Some(known) = self.rooms.get(&room) else {
            let role = MemberRole::Customer;
            return Ok(Look::Page(Page::Files { room, role, file: Some(file) }));
        };
        let of = known.files.get(&file).ok_or(Refusal::NoSuchFile)?;
        let brought = known.members.get(usize::from(of.author));
        let brought = brought.is_some_and(|author| author.role == MemberRole::Customer);
        let there = match of.file.status {
            FileStatus::Approved => brought || of.audience.includes(MemberRole::Customer),
            FileStatus::Stored => brought,
            FileStatus::Announced | FileStatus::Rejected => false,
        };
        if there {
            Ok(Look::Answer(Answer::File(of.file.clone())))
        } else {
            Err(Refusal::NoSuchFile)
        }
    }

    fn desk(&self, user: &UserId) -> Result<Answer, Refusal> {
        let (agent, contacts) = self.at_desk(user)?;
        let mine = self.serves.get(user);
        let levels = self.levels().into_iter().map(|level| {
            let serves =
                mine.is_some_and(|all| all.iter().any(|(queue, _)| *queue == level.queue.id));
            (level, serves)
        });
        Ok(Answer::Desk(Box::new(agent), contacts, levels.collect()))
    }

    /// An agent, and the contacts on their desk.
    pub(super) fn at_desk(&self, user: &UserId) -> Result<(Agent, Vec<DeskContact>), Refusal> {
        if !self.directory.users.contains_key(user) {
            return Err(Refusal::NoSuchAgent);
        }
        let agent = self.agents.get(user).cloned().unwrap_or_else(|| Agent::new(user.clone()));
        let mut contacts: Vec<DeskContact> = agent
            .work
            .iter()
            .filter_map(|(id, work)| self.desk_contact(*id, Some(*work), work.participant))
            .collect();
        let calls = self.desk_calls(user);
        // Who was taken back into a call that they finish work with is in it.
        contacts.retain(|c| calls.iter().all(|call| call.contact.id != c.contact.id));
        contacts.extend(calls);
        let watches = |room: &&Room| {
            room.closed.is_none()
                && room.members.iter().any(|m| {
                    m.role == MemberRole::Supervisor
                        && m.presence == Presence::Joined
                        && m.user.as_ref() == Some(user)
                })
        };
        if self.directory.users.get(user).is_some_and(|u| u.role >= Role::Supervisor) {
            contacts.extend(self.rooms.values().filter(watches).filter_map(|room| {
                self.desk_contact(room.contact, None, room.of_user(user)?.1.id)
            }));
        }
        Ok((agent, contacts))
    }

    fn desk_contact(
        &self,
        id: ContactId,
        work: Option<crate::agent::Work>,
        me: crate::id::ParticipantId,
    ) -> Option<DeskContact> {
        let contact = self.contacts.get(&id)?;
        if contact.voice.is_some() {
            return Some(self.desk_call(contact, work, None));
        }
        let room = self.rooms.get(&contact.room())?;
        let present = room.customer().is_some_and(|c| self.is_present(c.id));
        Some(DeskContact {
            contact: contact.clone(),
            attributes: self.attributes(contact),
            work,
            me,
            members: room.members.clone(),
            last: room.last(),
            present,
            call: None,
        })
    }

    /// The calls at an agent's telephone.
    fn desk_calls(&self, user: &UserId) -> Vec<DeskContact> {
        let Some(device) = self.device_of(user) else { return Vec::new() };
        let calls = self.switch.at(&device).filter_map(|call| {
            let contact = self.contacts.get(&call.contact?)?;
            let inside = call.parties.iter().filter(|p| !p.outside).map(|p| p.device.clone());
            let people = inside.filter_map(|d| Some((d.clone(), self.person_at(&d)?))).collect();
            let muted = self.switch.muted(&device);
            let call = DeskCall { call: call.clone(), device: device.clone(), muted, people };
            Some(self.desk_call(contact, None, Some(Box::new(call))))
        });
        calls.collect()
    }

    fn desk_call(
        &self,
        contact: &Contact,
        work: Option<crate::agent::Work>,
        call: Option<Box<DeskCall>>,
    ) -> DeskContact {
        DeskContact {
            contact: contact.clone(),
            attributes: self.attributes(contact),
            work,
            me: crate::id::ParticipantId::default(),
            members: Vec::new(),
            last: 0,
            present: call.is_some(),
            call,
        }
    }

    /// How somebody is connected just now.
    fn on_call(&self, user: &UserId) -> Option<(Link, Millis)> {
        let device = self.device_of(user)?;
        let party = |call: &Call| {
            let party = call.party(&device)?;
            Some((party.link, party.talked.unwrap_or(call.began)))
        };
        let all = self.switch.at(&device).filter_map(party);
        all.min_by_key(|(link, _)| *link == Link::Held)
    }

    fn colleagues(&self) -> Vec<Colleague> {
        let users = self.directory.users.values().filter(|u| !u.disabled);
        let known = users.filter_map(|user| {
            let queues =
                self.serves.get(&user.id)?.iter().map(|(queue, _)| queue.clone()).collect();
            let agent = self.agents.get(&user.id);
            let states = agent
                .into_iter()
                .flat_map(|a| a.channels.iter().map(|(c, s)| (*c, s.state)))
                .collect();
            let load =
                agent.map_or(0, |a| u32::try_from(a.load(Channel::Chat)).unwrap_or(u32::MAX));
            let call = self.on_call(&user.id);
            Some(Colleague { user: user.clone(), states, queues, load, call })
        });
        known.collect()
    }

    fn levels(&self) -> Vec<Level> {
        self.directory.queues.values().map(|queue| self.level(queue)).collect()
    }

    fn wait(&self, id: ContactId) -> Result<Answer, Refusal> {
        self.contact(id)?;
        let wait = self
            .waits
            .get(&id)
            .filter(|w| !w.offered)
            .ok_or(Refusal::WrongState("the contact does not wait"))?;
        let lines = self.lines.get(&wait.queue).ok_or(Refusal::NoSuchQueue)?;
        let place = crate::queue::Place { rank: wait.rank, number: wait.number, contact: id };
        let ahead = u32::try_from(lines.waiting.range(..place).count()).unwrap_or(u32::MAX);
        let level = self.directory.queues.get(&wait.queue).map(|q| self.level(q));
        let servers = level.map_or(0, |l| u64::from(l.logged_on));
        let each = self.handling.get(&wait.queue).copied().unwrap_or(Millis::from_mins(5));
        let estimate = (servers > 0).then(|| Millis(each.0 * (u64::from(ahead) + 1) / servers));
        Ok(Answer::Wait { ahead, estimate })
    }

    fn streams(&self) -> Vec<StreamState> {
        let all = self.rooms.values().flat_map(|room| room.streams.iter().map(move |s| (room, s)));
        all.map(|(room, s)| StreamState {
            room: room.id,
            contact: room.contact,
            stream: s.id,
            target: s.target.clone(),
            delivered: s.delivered,
        })
        .collect()
    }

    fn transcript(
        &self,
        now: Millis,
        by: By,
        contact: Option<ContactId>,
        from: From,
        forward: bool,
        limit: u16,
    ) -> Result<Page, Refusal> {
        let (id, at) = self.actor(now, by)?;
        let (room, reader) = (self.room(id), self.member(id, at));
        if contact.is_some_and(|c| !room.segments.contains(&c)) {
            return Err(Refusal::NoSuchContact);
        }
        let mut parts = vec![(id, contact)];
        if contact.is_none() {
            let past = self.contacts.get(&ContactId::from(id)).map_or(&[][..], |c| &c.past);
            parts.extend(past.iter().rev().map(|(room, segment)| (*room, Some(*segment))));
        }
        let from = match from {
            From::Newest => Start::Newest,
            From::Item(item) => Start::At(Self::visible(room, reader.role, item)?),
            From::Time(at) => Start::Time(at),
            From::MostRecent(n) => Start::MostRecent(n),
            From::After(place) => Start::After(place),
        };
        Ok(Page::Items(ItemsPage {
            room: id,
            role: reader.role,
            reader: reader.id,
            parts,
            from,
            forward,
            limit,
        }))
    }

    fn visible(room: &Room, role: MemberRole, item: crate::id::ItemId) -> Result<u32, Refusal> {
        let n = room.place_of(item).ok_or(Refusal::NoSuchItem)?;
        if room.slots[n as usize - 1].audience.includes(role) {
            Ok(n)
        } else {
            Err(Refusal::NoSuchItem)
        }
    }

    /// A file for one of the staff of its chat, or for a supervisor.
    fn file_of(
        &self,
        user: &UserId,
        file: FileId,
        contact: Option<ContactId>,
    ) -> Result<Look, Refusal> {
        let leads = self.leads(user);
        if let Some(room) = self.rooms.values().find(|r| r.files.contains_key(&file)) {
            let known = &room.files[&file];
            let allowed = leads || room.members.iter().any(|m| m.user.as_ref() == Some(user));
            let visible = known.file.status == FileStatus::Approved
                && known.audience.includes(MemberRole::Agent);
            return if allowed && visible {
                Ok(Look::Answer(Answer::File(known.file.clone())))
            } else {
                Err(Refusal::NoSuchFile)
            };
        }
        let room = self.contact(contact.ok_or(Refusal::NoSuchFile)?)?.room();
        if self.rooms.contains_key(&room) || !(leads || self.had(user, room)) {
            return Err(Refusal::NoSuchFile);
        }
        Ok(Look::Page(Page::Files { room, role: MemberRole::Agent, file: Some(file) }))
    }

    fn leads(&self, user: &UserId) -> bool {
        self.directory.users.get(user).is_some_and(|u| u.role >= Role::Supervisor)
    }

    /// Did this agent have the matter, or a part of it?
    fn had(&self, user: &UserId, room: RoomId) -> bool {
        self.segments_of(room).any(|c| c.of(user))
    }

    /// A room's lines for one of its staff, or for a supervisor. Of an archived room only those agents are known who had
    /// it.
    fn lines_of(
        &self,
        user: &UserId,
        room: RoomId,
        before: Option<u32>,
        after: Option<u32>,
        limit: u16,
    ) -> Result<Page, Refusal> {
        let member = self
            .rooms
            .get(&room)
            .and_then(|r| r.members.iter().rfind(|m| m.user.as_ref() == Some(user)));
        if member.is_none() && !self.leads(user) {
            // What is archived is taken back first: then it is known who had it.
            self.contact(room.into())?;
            if self.rooms.contains_key(&room) || !self.had(user, room) {
                return Err(Refusal::NotAMember);
            }
        }
        let reader = member.map(|m| m.id).unwrap_or_default();
        let (from, forward) = match (before, after) {
            (_, Some(n)) => (Start::After(crate::query::Place { part: 0, n }), true),
            (Some(n), None) => (Start::After(crate::query::Place { part: 0, n }), false),
            (None, None) => (Start::Newest, false),
        };
        Ok(Page::Items(ItemsPage {
            room,
            role: MemberRole::Agent,
            reader,
            parts: vec![(room, None)],
            from,
            forward,
            limit,
        }))
    }
}
