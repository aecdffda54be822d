//! `SendChatIntegrationEvent`, `POST /chat-integration-event`: words of a customer who writes by another service
//! (`amazon-connect-chat.md` 1.9).
//!
//! ```text
//! {"SourceId":"+821012345678","DestinationId":"3001","Subtype":"connect:sms",
//!  "Event":{"Type":"MESSAGE","ContentType":"text/plain","Content":"hi"}}
//! {"InitialContactId":C,"NewChatCreated":true}
//! ```
//!
//! Sender, receiver and subtype name the chat. The receiver of a new one is a flow, or the number of a queue or bot that
//! a flow leads to; a number that no flow knows gets the realm's first flow.

use super::{Call, fields, reply, unexpected};
use crate::connect::arn;
use crate::connect::body::Object;
use crate::connect::content;
use crate::connect::error::ApiError;
use crate::door::{Cx, RealmNo, Step};
use domain::command::{Command, Done, StartChat};
use domain::contact::{TextKind, TextKinds};
use domain::directory::{Directory, Target};
use domain::id::{ContactId, FlowId};
use domain::query::{Answer, Query};
use domain::time::Millis;
use serde_json::json;
use std::sync::Arc;

/// What came.
#[derive(Clone)]
enum Event {
    Message(TextKind, Arc<str>),
    /// Typing and receipts: outside chats show none.
    Other,
    Disconnect,
}

/// The outside pair as the domain keeps it. A JSON list, so that no name can run into the next.
pub(super) fn pair(sender: &str, receiver: &str, subtype: &str) -> Arc<str> {
    json!([sender, receiver, subtype]).to_string().into()
}

pub(super) fn run(_cx: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let members = call.members()?;
    let body = Object::new(&members, ApiError::invalid_request);
    let sender = body.need_text("SourceId", 1..=255)?;
    let receiver = body.need_text("DestinationId", 1..=255)?;
    let subtype = body.text("Subtype", 1..=100)?.unwrap_or("connect:Chat");
    let event = event(&body.need_object("Event")?)?;
    let outside = pair(sender, receiver, subtype);
    let start = new_chat(&body, sender, subtype, outside.clone())?;
    let (receiver, call) = (receiver.to_owned(), Again::of(call));
    Ok(call.clone().ask(Query::Outside(outside), move |cx, answer| match (answer, event) {
        (Answer::Outside(Some(contact)), event) => Ok(call.say(contact, event, false)),
        (Answer::Outside(None), Event::Disconnect) => reply(cx, json!({ "NewChatCreated": false })),
        (Answer::Outside(None), event) => {
            Ok(call.clone().ask(Query::Directory, move |_, answer| {
                let Answer::Directory(directory) = answer else { return Err(unexpected()) };
                let flow = flow_of(&directory, &receiver)
                    .ok_or_else(|| ApiError::not_found("There is no flow."))?;
                Ok(call.begin(StartChat { flow, ..start }, event))
            }))
        }
        _ => Err(unexpected()),
    }))
}

fn event(event: &Object<'_>) -> Result<Event, ApiError> {
    #[derive(Clone, Copy)]
    enum Type {
        Message,
        Event,
        Disconnect,
    }
    let types =
        [("MESSAGE", Type::Message), ("EVENT", Type::Event), ("DISCONNECT", Type::Disconnect)];
    let kind = event.choice("Type", &types)?;
    let content_type = event.text("ContentType", 1..=100)?;
    let text = event.text("Content", 1..=fields::TEXT_BYTES)?;
    match event.need("Type", kind)? {
        Type::Disconnect => Ok(Event::Disconnect),
        Type::Event => Ok(Event::Other),
        Type::Message => {
            let kind = content::kind(event.need("ContentType", content_type)?);
            let kind = kind.ok_or_else(|| event.bad("ContentType", "is no known type"))?;
            let text = event.need("Content", text)?;
            fields::checked(event, kind, text)?;
            Ok(Event::Message(kind, text.into()))
        }
    }
}

/// The chat that begins if there is none; its flow is not known yet.
fn new_chat(
    body: &Object<'_>,
    sender: &str,
    subtype: &str,
    outside: Arc<str>,
) -> Result<StartChat, ApiError> {
    let mut start = StartChat {
        flow: FlowId::default(),
        name: sender.into(),
        customer: None,
        verified: true,
        attributes: domain::contact::Attributes::new(),
        segment_attributes: fields::SegmentAttributes::new(),
        opening: None,
        kinds: TextKinds::PLAIN,
        duration: Millis::from_mins(1_500),
        rehydrate: None,
        related: None,
        drop_agents: false,
        stream: None,
        key: None,
        grants: Vec::new(),
        origin: None,
        outside: Some(outside),
        outbound: false,
    };
    let named = domain::contact::SegmentValue::String(subtype.into());
    start.segment_attributes.insert("connect:Subtype".into(), named);
    if let Some(session) = body.object("NewSessionDetails")? {
        start.kinds = fields::kinds(&session)?;
        start.attributes = fields::attributes(&session, "Attributes")?;
        start.stream = fields::streaming_endpoint(&session, "StreamingConfiguration")?;
        if session.raw("ParticipantDetails").is_some() {
            start.name = fields::display_name(&session)?;
        }
    }
    Ok(start)
}

fn flow_of(directory: &Directory, receiver: &str) -> Option<FlowId> {
    let named = arn::flow(receiver).map(|(_, id)| id).filter(|id| directory.flows.contains_key(id));
    let queue = directory.queue(receiver).map(|queue| &queue.id);
    let leads_there = |target: &Target| match target {
        Target::Queue(id) => Some(id) == queue || id.as_str() == receiver,
        Target::Bot(id) => id.as_str() == receiver,
    };
    let leading =
        || directory.flows.values().find(|flow| leads_there(&flow.target)).map(|flow| flow.id);
    named.or_else(leading).or_else(|| directory.flows.keys().next().copied())
}

/// What later steps need of the call.
#[derive(Clone)]
struct Again {
    realm: RealmNo,
    operation: &'static super::Operation,
}

impl Again {
    fn of(call: &Call) -> Self {
        Self { realm: call.realm, operation: call.operation }
    }

    fn ask(
        &self,
        query: Query,
        then: impl FnOnce(&mut Cx<'_>, Answer) -> Result<Step, ApiError> + Send + 'static,
    ) -> Step {
        super::call::ask(self.realm, query, then)
    }

    fn act(
        &self,
        command: Command,
        then: impl FnOnce(&mut Cx<'_>, Done) -> Result<Step, ApiError> + Send + 'static,
    ) -> Step {
        super::call::act(self.realm, self.operation.cause, command, super::call::refused, then)
    }

    /// A new chat, and what came goes into it: with the customer's first words the flow begins.
    fn begin(self, start: StartChat, event: Event) -> Step {
        let next = self.clone();
        self.act(Command::StartChat(Box::new(start)), move |_, done| match done {
            Done::Started { contact, again, .. } => Ok(next.say(contact, event, !again)),
            _ => Err(unexpected()),
        })
    }

    /// Into a chat that is there.
    fn say(&self, contact: ContactId, event: Event, created: bool) -> Step {
        let next = self.clone();
        let told = move |_: &mut Cx<'_>, _| Ok(next.tell(contact, created));
        match event {
            Event::Message(kind, text) => {
                self.act(Command::SayOutside { contact, kind, text }, told)
            }
            Event::Disconnect => self.act(Command::LeaveOutside { contact }, told),
            Event::Other => self.tell(contact, created),
        }
    }

    fn tell(&self, contact: ContactId, created: bool) -> Step {
        let name = domain::query::ContactName::Id(contact);
        self.ask(Query::Contact(name), move |cx, answer| {
            let Answer::Contact(contact, _) = answer else { return Err(unexpected()) };
            reply(cx, json!({ "InitialContactId": contact.initial.to_string(), "NewChatCreated": created }))
        })
    }
}
