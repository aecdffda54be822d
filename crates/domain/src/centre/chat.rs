//! How chats begin, and what is changed about them.

use super::{ADDRESS_LIMIT, Centre, Decided, PAST_LIMIT, Step, TOKEN_LIMIT, WIDGET_LIMIT};
use crate::agent::Channel;
use crate::command::{Done, Grant, IdleChange, Rehydrate, StartChat};
use crate::contact::{
    ATTRIBUTE_BYTES, Attributes, Contact, Initiation, Phase, Tally, Web, attribute_bytes,
};
use crate::fact::Fact;
use crate::id::{ContactId, ParticipantId, RoomId, StreamId};
use crate::refusal::{Quota, Refusal};
use crate::room::{IdleRule, Member, MemberRole, Presence};
use std::collections::BTreeSet;
use std::sync::Arc;

impl Centre {
    pub(super) fn start_chat(&mut self, step: &mut Step<'_>, start: StartChat) -> Decided {
        self.start_chat_as(step, start, None)
    }

    /// The same; a web chat has its id already, and may lead elsewhere than to a flow.
    pub(super) fn start_chat_as(
        &mut self,
        step: &mut Step<'_>,
        start: StartChat,
        web: Option<(ContactId, Arc<Web>)>,
    ) -> Decided {
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
        let straight = web.as_ref().is_some_and(|(_, web)| web.straight.is_some());
        if !straight && !self.directory.flows.contains_key(&start.flow) {
            return Err(Refusal::NoSuchFlow);
        }
        let flow = start.flow;
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

        let id = web.as_ref().map_or_else(|| ContactId::new(step.now, step.chance), |web| web.0);
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
            bot: None,
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
            web: web.map(|web| web.1),
            why: None,
            tally: Tally::NONE,
            wrap_up: None,
            rating: None,
            voice: None,
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
            number: None,
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
        let mut segments: Vec<&Contact> = self.segments_of(room).collect();
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
    pub(super) fn give(
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

    pub(super) fn rule_idle(
        &mut self,
        step: &mut Step<'_>,
        contact: ContactId,
        customer: IdleChange,
        agent: IdleChange,
    ) -> Decided {
        let room = self.open_room(contact)?;
        let now = room
            .idle
            .as_deref()
            .map_or((IdleRule::default(), IdleRule::default()), |idle| (idle.customer, idle.agent));
        let room = room.id;
        self.emit(
            step,
            Fact::IdleRuled { room, customer: customer.of(now.0), agent: agent.of(now.1) },
        );
        Ok(Done::Ok)
    }
}
