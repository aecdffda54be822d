//! Chats as calls, for CTI users who want to be told of them so (`nxproxy-rio.md` 6, "Chats"): 4 offered, 6 accepted, 14 moved
//! on, 3 and 1 ended; `answer`, `clear` and `sstransfer` act on them.
//!
//! What happens to a chat is decided elsewhere, and told here behind each of its facts. Where no CTI user wants it, nothing
//! is told and nothing is kept.

use super::{Centre, Decided, NOT_SO, NOT_THERE, Step, made};
use crate::agent::Channel;
use crate::call::{
    Attached, Call, CallEvent, CallId, CallType, Cause, Chatting, Copy, Happening, Link, Party,
    Stay, Via, Waiting, Wish, cnid,
};
use crate::command::Destination;
use crate::contact::{Contact, EndReason};
use crate::fact::{Decline, Fact, Leaving};
use crate::id::{ContactId, CtiId, DeviceId, QueueId, RoomId, UserId};
use crate::refusal::Refusal;

/// What became of an agent's part in a chat.
#[derive(Debug, Clone, Copy)]
pub(in crate::centre) enum Turn {
    Offered,
    Accepted,
    Declined(Decline),
    Left(Leaving),
    /// Nobody was there any more when it ended.
    Ended,
}

impl Centre {
    /// What a fact means for a chat that is told as a call.
    pub(in crate::centre) fn chat_told(
        &self,
        fact: &Fact,
    ) -> Option<(RoomId, Option<UserId>, Turn)> {
        let of = |contact: &ContactId| {
            let contact = self.contacts.get(contact).filter(|c| c.voice.is_none())?;
            let room = contact.room();
            self.switch.chats.contains_key(&room).then_some(room)
        };
        match fact {
            Fact::Offered { contact, agent, .. } => {
                let contact = self.contacts.get(contact).filter(|c| c.voice.is_none())?;
                let room = contact.room();
                let wanted = || self.directory.cti_users.values().any(|u| u.profile.chat_events);
                let told = self.switch.chats.contains_key(&room) || wanted();
                told.then(|| (room, Some(agent.clone()), Turn::Offered))
            }
            Fact::Accepted { contact, agent } => {
                Some((of(contact)?, Some(agent.clone()), Turn::Accepted))
            }
            Fact::Declined { contact, agent, how } => {
                Some((of(contact)?, Some(agent.clone()), Turn::Declined(*how)))
            }
            Fact::Left { room, participant, why, .. } if self.switch.chats.contains_key(room) => {
                let (_, member) = self.rooms.get(room)?.member(*participant)?;
                Some((*room, Some(member.user.clone()?), Turn::Left(*why)))
            }
            Fact::Closed { contact, reason, .. } if *reason != EndReason::Transferred => {
                let room = of(contact)?;
                self.switch.chats[&room].seats.is_empty().then_some((room, None, Turn::Ended))
            }
            _ => None,
        }
    }

    /// Tells it.
    pub(in crate::centre) fn tell_chat(
        &mut self,
        step: &mut Step<'_>,
        room: RoomId,
        agent: Option<UserId>,
        turn: Turn,
    ) {
        let known = self.switch.chats.get(&room).cloned();
        let Some(mut chat) = known.or_else(|| self.new_chat(step, room)) else { return };
        let Some(agent) = agent else {
            return self.say_chat(step, room, chat, CallEvent::CallCleared, Vec::new(), true);
        };
        if matches!(turn, Turn::Offered) {
            let Some((device, _)) = self.sitting(&agent, Channel::Chat, 0) else { return };
            self.in_queue(step, room, &mut chat.call);
            chat.call.parties.retain(|p| p.device != device);
            chat.call.parties.push(Party::new(&device, Link::Alerting));
            chat.seats.insert(agent, device.clone());
            let to = vec![self.chat_copy(&chat, &device, Cause::NEW_CALL, &device)];
            return self.say_chat(step, room, chat, CallEvent::Delivered, to, false);
        }
        // Who had no telephone when they were asked, and who only listens, is no part of it.
        let Some(device) = chat.seats.get(&agent).cloned() else { return };
        if matches!(turn, Turn::Accepted) {
            if let Some(party) = chat.call.party_mut(&device) {
                (party.link, party.talked) = (Link::Connected, Some(step.now));
            }
            let to = self.chat_copies(&chat, Cause::NEW_CALL, &device);
            return self.say_chat(step, room, chat, CallEvent::Established, to, false);
        }
        let ended = self.chat_ended(room);
        let mut own = self.chat_copy(&chat, &device, Cause::NONE, &device);
        chat.seats.remove(&agent);
        chat.call.parties.retain(|p| p.device != device);
        let (event, cause, cleared) = match turn {
            Turn::Declined(Decline::Refused) => (CallEvent::ConnectionCleared, Cause::BUSY, false),
            Turn::Declined(Decline::Missed) => (CallEvent::Diverted, Cause::NOT_ANSWERED, false),
            Turn::Declined(Decline::Withdrawn) if ended => {
                (CallEvent::ConnectionCleared, Cause::CANCELLED, true)
            }
            Turn::Declined(Decline::Withdrawn) => (CallEvent::Diverted, Cause::REDIRECTED, false),
            Turn::Left(Leaving::Transferred) => {
                chat.call.kind = CallType::Transfer;
                chat.call.called.clone_from(&device);
                chat.call.cnsq += 1;
                (CallEvent::Transferred, Cause::SINGLE_STEP, false)
            }
            _ => {
                let alone =
                    !chat.call.parties.iter().any(|p| p.link == Link::Connected && !p.outside);
                (CallEvent::ConnectionCleared, Cause::NONE, ended || alone)
            }
        };
        own.cause = cause;
        let mut to = vec![own.clone()];
        if event == CallEvent::ConnectionCleared && !cleared && matches!(turn, Turn::Left(_)) {
            to.extend(self.chat_copies(&chat, cause, &device));
        }
        let over = ended && chat.seats.is_empty();
        self.say_chat(step, room, chat.clone(), event, to, over && !cleared);
        if cleared {
            self.say_chat(step, room, chat, CallEvent::CallCleared, vec![own], over);
        }
    }

    fn say_chat(
        &mut self,
        step: &mut Step<'_>,
        room: RoomId,
        chat: Chatting,
        event: CallEvent,
        to: Vec<Copy>,
        over: bool,
    ) {
        let Chatting { call, seats } = chat;
        let happening = Happening { event, call, over, merged: None, to, cause: None, why: None };
        self.emit(step, Fact::ChatCalled { room, happening: Box::new(happening), seats });
    }

    /// Has its last segment ended?
    fn chat_ended(&self, room: RoomId) -> bool {
        let contact = self.rooms.get(&room).and_then(|r| self.contacts.get(&r.contact));
        contact.is_none_or(|c| c.ended() && c.reason != Some(EndReason::Transferred))
    }

    fn chat_copy(
        &self,
        chat: &Chatting,
        device: &DeviceId,
        cause: Cause,
        subject: &DeviceId,
    ) -> Copy {
        let agent = chat.seats.iter().find(|(_, at)| *at == device).map(|(agent, _)| agent);
        let tag = agent.and_then(|agent| {
            let state = self.agents.get(agent)?.state(Channel::Chat);
            let (at, tag) = self.sitting(agent, Channel::Chat, super::seat::reason(state))?;
            (at == *device).then_some(tag)
        });
        let (device, subject) = (device.clone(), subject.clone());
        Copy { device, cause, subject, agent: tag, target: None }
    }

    /// Copies for the agents who are in it.
    fn chat_copies(&self, chat: &Chatting, cause: Cause, subject: &DeviceId) -> Vec<Copy> {
        let there = chat.call.parties.iter().filter(|p| !p.outside && p.link == Link::Connected);
        there.map(|p| self.chat_copy(chat, &p.device, cause, subject)).collect()
    }

    /// A chat of which nothing has been told yet; none while all call numbers are taken.
    fn new_chat(&self, step: &Step<'_>, room: RoomId) -> Option<Chatting> {
        let contact = self.contacts.get(&self.rooms.get(&room)?.contact)?;
        let customer = contact.customer.id.clone().unwrap_or_else(|| contact.customer.name.clone());
        let caller = DeviceId(customer);
        let number = contact.web.as_ref().map(|web| web.number.clone());
        let number = number.or_else(|| contact.queue.as_ref().map(|q| q.0.clone()));
        let dialed = DeviceId(number.unwrap_or_else(|| "".into()));
        let attached = Attached { uui: contact.initial.to_string().into(), ..Attached::default() };
        let customer = Party {
            outside: true,
            talked: contact.connected,
            via: Some(Via::Chat),
            ..Party::new(&caller, Link::Connected)
        };
        let call = self.new_call(step, CallType::Inbound, &caller, &dialed, attached).ok()?;
        let call = Call {
            cnid: cnid(contact.started, self.offset_minutes(), call.number),
            verified: contact.customer.verified,
            origin: dialed.0.clone(),
            parties: vec![customer],
            began: contact.started,
            ..call
        };
        Some(Chatting { call, seats: std::collections::BTreeMap::new() })
    }

    /// Notes the queue from which it is offered.
    fn in_queue(&self, step: &Step<'_>, room: RoomId, call: &mut Call) {
        let contact = self.rooms.get(&room).and_then(|r| self.contacts.get(&r.contact));
        let Some((contact, queue)) = contact.and_then(|c| Some((c, c.queue.clone()?))) else {
            return;
        };
        let since = contact.queued.unwrap_or(contact.started);
        let length = self.lines.get(&queue).map_or(0, |lines| lines.waiting.len());
        call.stay = Some(Stay {
            queue,
            alias: None,
            since,
            entered: since,
            rank: 0,
            waiting: Waiting::Served,
            length: u32::try_from(length).unwrap_or(u32::MAX),
            waited: step.now.since(since),
            visited: Vec::new(),
        });
    }

    /// The chats at a telephone, as calls.
    pub(super) fn chats_at<'a>(
        &'a self,
        device: &'a DeviceId,
    ) -> impl Iterator<Item = &'a Call> + 'a {
        let chats = self.switch.chats.values().map(|chat| &chat.call);
        chats.filter(move |call| call.party(device).is_some_and(|p| !p.outside))
    }

    /// Carries out what a CTI user who is told of chats wishes of one.
    pub(super) fn wish_of_chat(
        &mut self,
        step: &mut Step<'_>,
        by: &CtiId,
        wish: &Wish,
    ) -> Option<Decided> {
        let (device, id) = match wish {
            Wish::Answer(device, call)
            | Wish::Clear(device, call)
            | Wish::SingleStep { device, call, .. } => (device, *call),
            _ => return None,
        };
        let room = *self.switch.written.get(&id)?;
        let wanted = self.directory.cti_users.get(by).is_some_and(|u| u.profile.chat_events);
        wanted.then(|| self.act_on_chat(step, room, device, id, wish))
    }

    fn act_on_chat(
        &mut self,
        step: &mut Step<'_>,
        room: RoomId,
        device: &DeviceId,
        id: CallId,
        wish: &Wish,
    ) -> Decided {
        let chat = self.switch.chats.get(&room).filter(|c| c.call.id == id).ok_or(NOT_THERE)?;
        let agent = chat.seats.iter().find(|(_, at)| *at == device).map(|(agent, _)| agent.clone());
        let (agent, link) = agent.zip(chat.call.link(device)).ok_or(NOT_THERE)?;
        let contact: &Contact = self
            .rooms
            .get(&room)
            .and_then(|r| self.contacts.get(&r.contact))
            .ok_or(Refusal::ContactEnded)?;
        let (contact, answer) = (contact.id, made(&chat.call));
        match (wish, link) {
            (Wish::Answer(..), Link::Alerting) => self.accept(step, &agent, contact),
            (Wish::Clear(..), Link::Alerting) => self.refuse(step, &agent, contact),
            (Wish::Clear(..), Link::Connected) => self.end(step, &agent, contact),
            (Wish::SingleStep { to, .. }, Link::Connected) => {
                let to = self.chat_destination(&Self::plain(to))?;
                self.transfer(step, contact, &to, Some(&agent), None, None).map(|_| answer)
            }
            _ => Err(NOT_SO),
        }
    }

    /// To whom a chat goes by a number: the agent whose telephone it is, or a queue.
    fn chat_destination(&self, number: &DeviceId) -> Result<Destination, Refusal> {
        if let Some(agent) = self.person_at(number) {
            return Ok(Destination::Agent(agent));
        }
        let queue = self.directory.queue(number.as_str()).ok_or(Refusal::NoSuchQueue)?;
        Ok(Destination::Queue(QueueId(queue.id.0.clone())))
    }
}
