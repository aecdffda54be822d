//! `StartChatContact`, `PUT /contact/chat` (`amazon-connect-chat.md` 1.1, 1.2).
//!
//! ```text
//! {"InstanceId":I,"ContactFlowId":F,"ParticipantDetails":{"DisplayName":"Jane"},"ClientToken":T}
//! {"ContactId":C,"ParticipantId":P,"ParticipantToken":PT}
//! ```

use super::call::{contact, flow};
use super::{Call, fields, reply, unexpected};
use crate::connect::address::socket_url;
use crate::connect::body::Object;
use crate::connect::error::ApiError;
use crate::connect::grant::{self, SOCKET_LIFE};
use crate::connect::time::iso_ms;
use crate::door::{Cx, Step};
use domain::command::{Command, Done, Grant, StartChat};
use serde_json::{Value, json};

pub(super) fn run(cx: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let members = call.members()?;
    let body = Object::new(&members, ApiError::invalid_parameter);
    let instance = call.instance(cx, body.need_text("InstanceId", 1..=100)?)?;
    let flow = body.need_text("ContactFlowId", 1..=500)?;
    let name = fields::display_name(&body)?;
    let kinds = fields::kinds(&body)?;
    let duration = fields::duration(&body)?;
    let token = body.text("ClientToken", 0..=500)?;
    let customer = body.text("CustomerId", 1..=128)?;
    if let Some(configuration) = body.object("ParticipantConfiguration")? {
        // No flow of ours streams its answers word by word; both modes are served alike.
        configuration.choice("ResponseMode", &[("INCREMENTAL", ()), ("COMPLETE", ())])?;
    }
    let drops = body.texts("DisconnectOnCustomerExit", 1..=1, 1..=100)?;
    if drops.as_ref().is_some_and(|roles| roles[0] != "AGENT") {
        return Err(body.bad("DisconnectOnCustomerExit", "may hold AGENT alone"));
    }
    let wanted = body.texts("ConnectionTypes", 1..=2, 1..=100)?.unwrap_or_default();
    let rehydrate = fields::rehydrate(&body)?;
    let related = body.text("RelatedContactId", 1..=256)?;
    if rehydrate.is_some() && related.is_some() {
        return Err(ApiError::invalid_request(
            "PersistentChat and RelatedContactId exclude each other.",
        ));
    }
    let start = StartChat {
        flow: self::flow(flow, instance)?,
        name,
        customer: customer.map(Into::into),
        verified: true,
        attributes: fields::attributes(&body, "Attributes")?,
        segment_attributes: fields::subtype(&body, fields::segment_attributes(&body)?, kinds)?,
        opening: fields::opening(&body, "InitialMessage", kinds)?,
        kinds,
        duration,
        rehydrate,
        related: related.map(contact).transpose()?,
        drop_agents: drops.is_some(),
        stream: fields::streaming_endpoint(&body, "ChatStreamingConfiguration")?,
        key: call.key("", token),
        grants: Vec::new(),
        origin: None,
        outside: None,
        outbound: false,
    };
    let tokens = Tokens::mint(cx, call, &start, &wanted);
    let start = StartChat { grants: tokens.grants.clone(), ..start };
    let persistent = start.rehydrate.is_some();
    Ok(call.act(Command::StartChat(Box::new(start)), move |cx, done| {
        let Done::Started { contact, participant, continued_from, stream, over, .. } = done else {
            return Err(unexpected());
        };
        // A repeat after the end gets the first answer's names and a token that opens nothing, as the first one now does.
        let connection = |value: Value| if over { Value::Null } else { value };
        reply(
            cx,
            json!({
                "ContactId": contact.to_string(),
                "ParticipantId": participant.to_string(),
                "ParticipantToken": tokens.participant,
                "ContinuedFromContactId": continued_from.filter(|_| persistent).map(|id| id.to_string()),
                "ConnectionCredentials": connection(tokens.credentials),
                "Websocket": connection(tokens.websocket),
                "StreamingId": stream.map(|id| id.to_string()),
            }),
        )
    }))
}

/// What the customer is given: fresh at each call, for only hashes are kept.
struct Tokens {
    participant: String,
    credentials: Value,
    websocket: Value,
    grants: Vec<Grant>,
}

impl Tokens {
    fn mint(cx: &mut Cx<'_>, call: &Call, start: &StartChat, wanted: &[&str]) -> Self {
        let until = cx.now.plus(start.duration);
        let (participant, grant) = grant::participant(cx, call.realm, until);
        let mut tokens = Self {
            participant,
            credentials: Value::Null,
            websocket: Value::Null,
            grants: vec![grant],
        };
        if wanted.contains(&"CONNECTION_CREDENTIALS") {
            let (secret, grant) = grant::connection(cx, call.realm);
            tokens.credentials =
                json!({ "ConnectionToken": secret, "Expiry": iso_ms(grant.until.0) });
            tokens.grants.push(grant);
        }
        if wanted.contains(&"WEBSOCKET") {
            let (secret, grant) = grant::socket(cx, call.realm);
            let url = socket_url(cx, &call.head, &secret);
            let expiry = iso_ms(cx.now.plus(SOCKET_LIFE).0);
            tokens.websocket = json!({ "Url": url, "ConnectionExpiry": expiry });
            tokens.grants.push(grant);
        }
        tokens
    }
}
