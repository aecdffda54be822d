//! A contact as its agent sees it (`docs/desk-protocol.md` §2, Contact).

use super::call::CallWire;
use super::why::WhyWire;
use domain::agent::{Channel, Stage};
use domain::call::Link;
use domain::contact::Attributes;
use domain::directory::Directory;
use domain::id::{ContactId, DeviceId, ParticipantId, QueueId, RoomId, UserId};
use domain::query::DeskContact;
use domain::queue::Why;
use domain::room::{Member, MemberRole, Presence};
use domain::time::Millis;
use serde::Serialize;
use std::sync::Arc;

/// A contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct ContactWire {
    pub(super) id: ContactId,
    pub(super) room: RoomId,
    number: u64,
    channel: Channel,
    pub(super) state: State,
    #[serde(rename = "as")]
    role: &'static str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    silent: bool,
    pub(super) me: ParticipantId,
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<QueueName>,
    since: Millis,
    #[serde(skip_serializing_if = "Option::is_none")]
    offer_until: Option<Millis>,
    #[serde(skip_serializing_if = "Option::is_none")]
    wrapup_until: Option<Millis>,
    pub(super) customer: CustomerWire,
    attributes: Attributes,
    members: Vec<MemberWire>,
    last: u32,
    read: u32,
    pub(super) marks: Vec<MarkWire>,
    started: Millis,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<WhyWire>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) call: Option<CallWire>,
    /// The customer's number, of a call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) phone: Option<DeviceId>,
}

/// How far the agent is with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// Asked.
    Offered,
    /// In it.
    Talking,
    /// Over, but not the work with it.
    Wrapup,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct QueueName {
    id: QueueId,
    name: Arc<str>,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct CustomerWire {
    pub(super) participant: ParticipantId,
    name: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<Arc<str>>,
    pub(super) verified: bool,
    pub(super) present: bool,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct MemberWire {
    participant: ParticipantId,
    role: MemberRole,
    name: Arc<str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserId>,
    state: Presence,
}

/// How far a member has got.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct MarkWire {
    pub(super) participant: ParticipantId,
    pub(super) delivered: u32,
    pub(super) read: u32,
}

impl ContactWire {
    /// For this user. Whoever watches silently is seen by nobody but themself.
    pub(super) fn of(desk: &DeskContact, me: &UserId, directory: &Directory) -> Self {
        let contact = &desk.contact;
        let seen = || desk.members.iter().filter(|member| !member.silent || member.id == desk.me);
        let own = desk.members.iter().find(|member| member.id == desk.me);
        let work = desk.work.as_ref();
        let call = desk.call.as_ref();
        let own_party = call.and_then(|desk| desk.call.party(&desk.device));
        let link = own_party.map(|party| party.link);
        let (state, offer_until, wrapup_until, direct) = match work.map(|work| work.stage) {
            Some(Stage::Offered { until, conference }) => {
                (State::Offered, Some(until), None, conference)
            }
            None if link == Some(Link::Alerting) => {
                (State::Offered, call.and_then(|desk| desk.call.until), None, false)
            }
            Some(Stage::Talking) | None => (State::Talking, None, None, false),
            Some(Stage::WrapUp { until }) => (State::Wrapup, None, Some(until), false),
        };
        // Asked into a conversation: the contact's own reason is about the agent who leads it.
        let why = if direct { Some(WhyWire::of(&Why::direct(), me, directory)) } else { None };
        let why = why.or_else(|| contact.why.as_ref().map(|why| WhyWire::of(why, me, directory)));
        Self {
            id: contact.id,
            room: contact.room(),
            number: contact.number,
            channel: contact.channel,
            state,
            role: match own {
                _ if link == Some(Link::Listening) => "supervisor",
                Some(Member { role: MemberRole::Supervisor, .. }) => "supervisor",
                _ => "agent",
            },
            silent: own.is_some_and(|own| own.silent) || link == Some(Link::Listening),
            me: desk.me,
            queue: contact.queue.as_ref().map(|id| queue_name(id, directory)),
            since: work
                .map(|work| work.since)
                .or(own_party.and_then(|party| party.talked))
                .or(contact.accepted)
                .unwrap_or(contact.started),
            offer_until,
            wrapup_until,
            customer: CustomerWire {
                participant: contact.customer.participant,
                name: contact.customer.name.clone(),
                id: contact.customer.id.clone(),
                verified: contact.customer.verified,
                present: desk.present,
            },
            attributes: desk.attributes.clone(),
            members: seen().map(member).collect(),
            last: desk.last,
            read: own.map_or(0, |member| member.read),
            marks: seen()
                .map(|m| MarkWire {
                    participant: m.id,
                    delivered: m.delivered.max(m.read),
                    read: m.read,
                })
                .collect(),
            started: contact.started,
            why,
            call: call.and_then(|desk| CallWire::of(desk, contact, me, directory)),
            phone: contact.voice.as_ref().map(|voice| voice.customer.clone()),
        }
    }

    /// Has anything changed but how far members have got, which has events of its own?
    pub(super) fn differs(&self, old: &Self) -> bool {
        let still = |wire: &Self| Self { last: 0, read: 0, marks: Vec::new(), ..wire.clone() };
        still(self) != still(old)
    }
}

fn queue_name(id: &QueueId, directory: &Directory) -> QueueName {
    let name = directory.queues.get(id).map_or_else(|| id.0.clone(), |queue| queue.name.clone());
    QueueName { id: id.clone(), name }
}

fn member(member: &Member) -> MemberWire {
    MemberWire {
        participant: member.id,
        role: member.role,
        name: member.name.clone(),
        user: member.user.clone(),
        state: member.presence,
    }
}
