//! `DescribeContact`, `GET /contacts/{InstanceId}/{ContactId}` (`amazon-connect-chat.md` 1.4).
//!
//! ```text
//! {"Contact":{"Arn":"arn:…","Id":C,"Channel":"CHAT","InitiationMethod":"API","InitiationTimestamp":1763736000.123,…}}
//! ```

use super::call::contact;
use super::{Call, fields, reply};
use crate::connect::arn::Arns;
use crate::connect::error::ApiError;
use crate::connect::time::seconds;
use crate::door::{Cx, Step};
use domain::agent::Channel;
use domain::contact::{Attributes, Contact, EndReason, Initiation};
use domain::id::DeviceId;
use domain::time::Millis;
use serde_json::{Map, Value, json};

pub(super) fn run(cx: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let instance = call.instance(cx, call.segment(0))?;
    let arns = call.arns(cx, instance);
    let id = contact(call.segment(1))?;
    Ok(call.ask_contact(id, move |cx, contact, attributes| {
        let mut all = summary(&contact, &arns);
        let more = details(&contact, &attributes).into_iter().filter(|(_, v)| !v.is_null());
        all.extend(more.map(|(name, value)| (name.to_owned(), value)));
        reply(cx, json!({ "Contact": all }))
    }))
}

/// What `SearchContacts` shows, too.
pub(super) fn summary(contact: &Contact, arns: &Arns) -> Map<String, Value> {
    let queue = contact
        .queue
        .as_ref()
        .map(|id| object([("Id", json!(id)), ("EnqueueTimestamp", moment(contact.queued))]));
    let held = contact.voice.as_ref().map(|voice| voice.held.0 / 1_000);
    let agent = contact.agent.as_ref().map(|id| {
        let wrap_up = contact.wrap_up.as_ref();
        object([
            ("AgentInitiatedHoldDuration", json!(held)),
            ("Id", json!(id)),
            ("AcceptedByAgentTimestamp", moment(contact.accepted)),
            ("ConnectedToAgentTimestamp", moment(contact.accepted)),
            ("AfterContactWorkStartTimestamp", moment(wrap_up.map(|w| w.from))),
            ("AfterContactWorkEndTimestamp", moment(wrap_up.map(|w| w.to))),
            ("AfterContactWorkDuration", json!(wrap_up.map(|w| w.to.since(w.from).0 / 1_000))),
        ])
    });
    let members = [
        ("Arn", json!(arns.contact(contact.id))),
        ("Id", json!(contact.id.to_string())),
        ("InitialContactId", json!(contact.initial.to_string())),
        ("PreviousContactId", json!(contact.previous.map(|id| id.to_string()))),
        ("InitiationMethod", json!(initiation(contact.initiation))),
        ("Channel", json!(channel(contact.channel))),
        ("QueueInfo", json!(queue)),
        ("AgentInfo", json!(agent)),
        ("InitiationTimestamp", moment(Some(contact.started))),
        ("DisconnectTimestamp", moment(contact.ended)),
        ("Name", json!(contact.name)),
        ("SegmentAttributes", segment_attributes(contact)),
        ("Tags", json!(contact.tags)),
    ];
    object(members)
}

/// What the real service says of every call beside what programs have set.
fn segment_attributes(contact: &Contact) -> Value {
    let mut all = fields::segment_map_json(&contact.segment_attributes);
    if contact.voice.is_some() {
        all["connect:Subtype"] = json!({ "ValueString": "connect:Telephony" });
    }
    all
}

/// One end of a call, as `EndpointInfo`.
fn endpoint(number: Option<&DeviceId>) -> Value {
    number.map_or(Value::Null, |n| json!({ "Type": "TELEPHONE_NUMBER", "Address": n.as_str() }))
}

fn details(contact: &Contact, attributes: &Attributes) -> [(&'static str, Value); 11] {
    let voice = contact.voice.as_deref();
    // Of a call that the centre made, its own number is the caller's.
    let ours = voice.map(|voice| match contact.initiation {
        Initiation::Outbound => &voice.caller,
        _ => &voice.dialed,
    });
    [
        ("CustomerEndpoint", endpoint(voice.map(|voice| &voice.customer))),
        ("SystemEndpoint", endpoint(ours)),
        ("ContactAssociationId", json!(contact.initial.to_string())),
        ("RelatedContactId", json!(contact.related.map(|id| id.to_string()))),
        ("Description", json!(contact.description)),
        ("ConnectedToSystemTimestamp", moment(contact.connected)),
        ("LastUpdateTimestamp", moment(Some(contact.updated))),
        ("DisconnectReason", json!(contact.reason.map(end_reason))),
        ("CustomerId", json!(contact.customer.id)),
        ("Attributes", json!(attributes)),
        ("ChatMetrics", if voice.is_none() { metrics(contact) } else { Value::Null }),
    ]
}

fn metrics(contact: &Contact) -> Value {
    let tally = &contact.tally;
    let answered =
        tally.agent_first.zip(contact.accepted).map(|(first, accepted)| first.since(accepted).0);
    let closing = tally.customer_last.zip(contact.ended).map(|(last, ended)| ended.since(last).0);
    // The customer went before anyone answered.
    let abandoned = contact
        .ended()
        .then_some(contact.reason == Some(EndReason::Customer) && tally.agent_first.is_none());
    json!({
        "ChatContactMetrics": object([
            ("TotalMessages", json!(tally.messages)),
            ("TotalBotMessages", json!(tally.bot_messages)),
            ("TotalBotMessageLengthInChars", json!(tally.bot_characters)),
            ("ConversationCloseTimeInMillis", json!(closing)),
            ("AgentFirstResponseTimestamp", moment(tally.agent_first)),
            ("AgentFirstResponseTimeInMillis", json!(answered)),
        ]),
        "CustomerMetrics": object([
            ("ParticipantId", json!(contact.customer.participant.to_string())),
            ("ParticipantType", json!("CUSTOMER")),
            ("ConversationAbandon", json!(abandoned)),
            ("MessagesSent", json!(tally.customer_messages)),
            ("MessageLengthInChars", json!(tally.customer_characters)),
            ("LastMessageTimestamp", moment(tally.customer_last)),
        ]),
        "AgentMetrics": object([
            ("ParticipantType", json!("AGENT")),
            ("MessagesSent", json!(tally.agent_messages)),
        ]),
    })
}

/// An object of the members that are there.
pub(super) fn object<const N: usize>(members: [(&str, Value); N]) -> Map<String, Value> {
    members
        .into_iter()
        .filter(|(_, v)| !v.is_null())
        .map(|(name, v)| (name.to_owned(), v))
        .collect()
}

/// A moment as this plane writes it, or `null`.
pub(super) fn moment(at: Option<Millis>) -> Value {
    at.map_or(Value::Null, |at| Value::Number(seconds(at.0)))
}

/// Amazon's word for how a contact began (1.4).
pub(super) const fn initiation(how: Initiation) -> &'static str {
    match how {
        Initiation::Api => "API",
        Initiation::Transfer => "TRANSFER",
        Initiation::QueueTransfer => "QUEUE_TRANSFER",
        // Amazon has no word for calls between extensions: an agent made them.
        Initiation::Outbound | Initiation::Internal => "OUTBOUND",
        Initiation::Inbound => "INBOUND",
    }
}

/// Amazon's word for a channel: it knows four, and all that is written in turn is chat.
pub(super) const fn channel(channel: Channel) -> &'static str {
    match channel {
        Channel::Voice | Channel::Video => "VOICE",
        Channel::Email => "EMAIL",
        Channel::Chat | Channel::Twitter | Channel::Facebook | Channel::Reserved | Channel::Fax => {
            "CHAT"
        }
    }
}

/// Amazon's word for why a contact ended (1.4).
const fn end_reason(reason: EndReason) -> &'static str {
    match reason {
        EndReason::Customer => "CUSTOMER_DISCONNECT",
        EndReason::Agent => "AGENT_DISCONNECT",
        EndReason::Api => "API",
        EndReason::Expired => "EXPIRED",
        EndReason::NeverConnected => "CUSTOMER_CONNECTION_NOT_ESTABLISHED",
        EndReason::Idle => "IDLE_DISCONNECT",
        EndReason::Flow => "CONTACT_FLOW_DISCONNECT",
        EndReason::Unreached => "TELECOM_PROBLEM",
        EndReason::CallBack | EndReason::Transferred => "OTHER",
    }
}
