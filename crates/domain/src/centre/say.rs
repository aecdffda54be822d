//! What is said, and what has been heard of it.

use super::{Centre, Decided, HEARD_LIMIT, LINE_LIMIT, Step};
use crate::command::{By, Choice, Done};
use crate::contact::TextKind;
use crate::directory::{BotKind, Target};
use crate::fact::Fact;
use crate::id::{ClientKey, ContactId, ItemId, RoomId};
use crate::node::Topic;
use crate::refusal::{Quota, Refusal};
use crate::room::{Audience, Author, Body, Event, MemberRole, Presence};
use crate::scenario::Said;
use crate::signal::Signal;
use crate::time::Millis;
use std::sync::Arc;

impl Centre {
    pub(super) fn say(
        &mut self,
        step: &mut Step<'_>,
        by: By,
        kind: TextKind,
        text: Arc<str>,
        audience: Audience,
        key: Option<ClientKey>,
    ) -> Decided {
        let (room, at) = self.speaker(step.now, by)?;
        self.say_as(step, room, at, kind, text, None, audience, key)
    }

    #[expect(clippy::too_many_arguments, reason = "each is a part of one utterance")]
    pub(super) fn say_chosen(
        &mut self,
        step: &mut Step<'_>,
        by: By,
        kind: TextKind,
        text: Arc<str>,
        choice: Choice,
        audience: Audience,
        key: Option<ClientKey>,
    ) -> Decided {
        let (room, at) = self.speaker(step.now, by)?;
        self.say_as(step, room, at, kind, text, Some(choice), audience, key)
    }

    pub(super) fn say_outside(
        &mut self,
        step: &mut Step<'_>,
        contact: ContactId,
        kind: TextKind,
        text: Arc<str>,
    ) -> Decided {
        let room = self.open_room(contact)?;
        let at = room
            .members
            .iter()
            .position(|m| m.role == MemberRole::Customer)
            .and_then(|at| u8::try_from(at).ok())
            .ok_or(Refusal::NotAMember)?;
        let room = room.id;
        self.say_as(step, room, at, kind, text, None, Audience::All, None)
    }

    #[expect(clippy::too_many_arguments, reason = "each is a part of one utterance")]
    fn say_as(
        &mut self,
        step: &mut Step<'_>,
        room: RoomId,
        at: u8,
        kind: TextKind,
        text: Arc<str>,
        choice: Option<Choice>,
        audience: Audience,
        key: Option<ClientKey>,
    ) -> Decided {
        let known = self.room(room);
        if let Some(before) = key.and_then(|key| known.repeat(at, key)) {
            return Ok(Done::Posted { item: before.item, n: before.n, at: before.at });
        }
        let member = self.member(room, at);
        let role = member.role;
        if member.silent && audience != Audience::Agents {
            return Err(Refusal::Silent);
        }
        if !self.may_say(room, role, audience) {
            return Err(Refusal::NotAllowed);
        }
        // Choices are offered by those who serve; only answers come from the customer.
        let supported =
            known.kinds.has(kind) && !(kind == TextKind::Choices && role == MemberRole::Customer);
        if !supported {
            return Err(Refusal::UnsupportedText);
        }
        self.room_for_a_line(room)?;
        // Whoever speaks is there, with or without a socket.
        let begins = self.enter(step, room, at);
        // A note among agents breaks no silence.
        if audience != Audience::Agents {
            self.back_from_idleness(step, room, at);
        }
        let done = self.post(
            step,
            room,
            Some(at),
            audience,
            Body::Message { kind, text: text.clone() },
            key,
        );
        if let Some(contact) = begins {
            self.run_flow(step, contact);
        }
        // What a customer says to agents alone is not for the bot.
        if role == MemberRole::Customer
            && audience.includes(MemberRole::Bot)
            && self.room(room).closed.is_none()
        {
            let heard = choice.as_ref().map_or_else(|| text.clone(), |c| c.keyword.clone());
            self.echo(step, room, heard);
            self.bot_hears(step, room, Said { kind, text }, choice, begins.is_some());
        }
        Ok(done)
    }

    /// May a member of this role say something to these? The customer of a web chat may speak to agents alone, and to the
    /// bot alone (`nxwebapi.md` 4); other customers speak to all.
    pub(super) fn may_say(&self, room: RoomId, role: MemberRole, audience: Audience) -> bool {
        if role != MemberRole::Customer || audience == Audience::All {
            return audience.includes(role);
        }
        self.contacts.get(&ContactId::from(room)).is_some_and(|contact| contact.web.is_some())
    }

    pub(super) fn room_for_a_line(&self, room: RoomId) -> Result<(), Refusal> {
        if self.room(room).slots.len() < LINE_LIMIT {
            Ok(())
        } else {
            Err(Refusal::Quota { what: Quota::Lines, most: LINE_LIMIT as u64 })
        }
    }

    pub(super) fn back_from_idleness(&mut self, step: &mut Step<'_>, room: RoomId, at: u8) {
        let warned =
            self.room(room).idle.as_deref().is_some_and(|idle| match self.member(room, at).role {
                MemberRole::Customer => idle.customer_warned.is_some(),
                MemberRole::Agent => idle.agent_warned.is_some(),
                _ => false,
            });
        if warned {
            self.post_event(step, room, Some(at), Event::Returned);
        }
    }

    /// The test number that says everything back.
    fn echo(&mut self, step: &mut Step<'_>, room: RoomId, text: Arc<str>) {
        let Some(contact) = self.contacts.get(&self.room(room).contact) else { return };
        let flow = self.directory.flows.get(&contact.flow);
        let Some(Target::Bot(bot)) = flow.map(|f| &f.target) else { return };
        if contact.queue.is_none()
            && self.directory.bots.get(bot).is_some_and(|b| b.kind == BotKind::Echo)
        {
            self.system_says(step, room, text);
        }
    }

    pub(super) fn typing(
        &mut self,
        step: &mut Step<'_>,
        by: By,
        audience: Audience,
        key: Option<ClientKey>,
    ) -> Decided {
        let (room, at) = self.speaker(step.now, by)?;
        if let Some(before) = self.heard_before(room, at, key) {
            return Ok(before);
        }
        let (id, now) = (ItemId::new(step.now, step.chance), step.now);
        self.heard(room, at, key, id, now);
        let member = self.member(room, at);
        if member.presence == Presence::Joined && !member.silent {
            let by =
                Author { participant: member.id, role: member.role, name: member.name.clone() };
            let mut topics = vec![Topic::Room(room)];
            let known = self.room(room);
            topics.extend(known.staff().filter_map(|m| m.user.clone()).map(Topic::Agent));
            if !known.streams.is_empty() {
                topics.push(Topic::Streams);
            }
            step.out.signals.push((Signal::Typing { room, by, id, at: now, audience }, topics));
        }
        Ok(Done::Posted { item: id, n: 0, at: now })
    }

    pub(super) fn mark(
        &mut self,
        step: &mut Step<'_>,
        by: By,
        item: ItemId,
        read: bool,
        key: Option<ClientKey>,
    ) -> Decided {
        let (room, at) = self.speaker(step.now, by)?;
        if let Some(before) = self.heard_before(room, at, key) {
            return Ok(before);
        }
        let n = self.room(room).place_of(item).ok_or(Refusal::NoSuchItem)?;
        let slot = self.room(room).slots[n as usize - 1];
        if !slot.said || !slot.audience.includes(self.member(room, at).role) {
            return Err(Refusal::NoSuchItem);
        }
        if self.room(room).present().count() > 2 {
            return Err(Refusal::ManyMembers);
        }
        self.marked(step, room, at, n, read);
        let id = ItemId::new(step.now, step.chance);
        self.heard(room, at, key, id, step.now);
        Ok(Done::Posted { item: id, n: 0, at: step.now })
    }

    /// What was answered to this event when it came first. A restart forgets it: then it is shown once more, and
    /// changes nothing that is kept.
    fn heard_before(&self, room: RoomId, at: u8, key: Option<ClientKey>) -> Option<Done> {
        let heard = self.soft.heard.get(&self.member(room, at).id)?;
        let (_, item, at) = heard.iter().find(|(known, ..)| Some(*known) == key)?;
        Some(Done::Posted { item: *item, n: 0, at: *at })
    }

    fn heard(&mut self, room: RoomId, at: u8, key: Option<ClientKey>, id: ItemId, now: Millis) {
        let Some(key) = key else { return };
        let participant = self.member(room, at).id;
        let heard = self.soft.heard.entry(participant).or_default();
        if heard.len() >= HEARD_LIMIT {
            heard.pop_front();
        }
        heard.push_back((key, id, now));
    }

    pub(super) fn mark_up_to(&mut self, step: &mut Step<'_>, by: By, n: u32) -> Decided {
        let (room, at) = self.speaker(step.now, by)?;
        let role = self.member(room, at).role;
        let known = self.room(room);
        let seen =
            known.slots.iter().take(n as usize).rposition(|slot| {
                slot.said && slot.audience.includes(role) && slot.author != Some(at)
            });
        if let Some(place) = seen
            && known.present().count() <= 2
        {
            self.marked(step, room, at, u32::try_from(place + 1).unwrap_or(u32::MAX), true);
        }
        Ok(Done::Ok)
    }

    fn marked(&mut self, step: &mut Step<'_>, room: RoomId, at: u8, n: u32, read: bool) {
        // Everyone sees marks, so they name only what everyone sees: the newest such line up to this one.
        let slots = &self.room(room).slots[..n as usize];
        let Some(place) =
            slots.iter().rposition(|slot| slot.said && slot.audience == Audience::All)
        else {
            return;
        };
        let (item, n) = (slots[place].id, u32::try_from(place + 1).unwrap_or(u32::MAX));
        let member = self.member(room, at);
        let news = if read { n > member.read } else { n > member.delivered };
        // What a silent member reads is nobody's business, and one's own words are no news to oneself.
        if news && !member.silent && self.room(room).slots[n as usize - 1].author != Some(at) {
            let participant = member.id;
            let delivered = (read && member.delivered >= n).then_some(member.delivered_at);
            self.emit(step, Fact::Marked { room, participant, item, n, read, delivered });
        }
    }

    pub(super) fn rate(&mut self, step: &mut Step<'_>, by: By, score: u8) -> Decided {
        let room = match by {
            By::Token(hash) => {
                // The rating comes when the chat is over.
                let token = self
                    .tokens
                    .get(&hash)
                    .filter(|t| t.until > step.now)
                    .ok_or(Refusal::BadToken)?;
                let (_, member) = self
                    .rooms
                    .get(&token.room)
                    .and_then(|r| r.member(token.participant))
                    .ok_or(Refusal::BadToken)?;
                if member.role != MemberRole::Customer {
                    return Err(Refusal::NotAllowed);
                }
                token.room
            }
            By::Session(..) => return Err(Refusal::NotAllowed),
        };
        if !(1..=5).contains(&score) {
            return Err(Refusal::WrongState("a rating is 1 to 5"));
        }
        let contact = self.room(room).contact;
        if !self.asks_for_rating(contact) {
            return Err(Refusal::NotAllowed);
        }
        if self.contact(contact)?.rating != Some(score) {
            self.emit(step, Fact::Rated { contact, score });
        }
        Ok(Done::Ok)
    }
}
