//! `StartOutboundChatContact`, `PUT /contact/outbound-chat`: the centre writes first (`amazon-connect-chat.md` 1.11).
//!
//! ```text
//! {"InstanceId":I,"ContactFlowId":F,"SourceEndpoint":{"Type":"TELEPHONE_NUMBER","Address":"+8215880000"},
//!  "DestinationEndpoint":{"Type":"TELEPHONE_NUMBER","Address":"+821012345678"},"SegmentAttributes":{…}}
//! {"ContactId":C}
//! ```
//!
//! The chat is with an outside pair, as those of `SendChatIntegrationEvent`: answers come back by it.

use super::call::{contact, flow};
use super::integration::pair;
use super::{Call, fields, reply, unexpected};
use crate::connect::body::Object;
use crate::connect::error::ApiError;
use crate::door::{Cx, Step};
use domain::command::{Command, Done, StartChat};
use domain::contact::SegmentValue;
use serde_json::json;
use std::sync::Arc;

pub(super) fn run(cx: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let members = call.members()?;
    let body = Object::new(&members, ApiError::invalid_request);
    let instance = call.instance(cx, body.need_text("InstanceId", 1..=100)?)?;
    let flow = flow(body.need_text("ContactFlowId", 1..=500)?, instance)?;
    let ours = body.need_object("SourceEndpoint")?.need_text("Address", 1..=256)?;
    let theirs = body.need_object("DestinationEndpoint")?.need_text("Address", 1..=256)?;
    body.need_object("SegmentAttributes")?;
    let kinds = fields::kinds(&body)?;
    let segment = fields::subtype(&body, fields::segment_attributes(&body)?, kinds)?;
    let subtype = match segment.get("connect:Subtype") {
        Some(SegmentValue::String(text)) => text.clone(),
        _ => Arc::default(),
    };
    if body.raw("InitialTemplatedSystemMessage").is_some() {
        return Err(ApiError::invalid_request(
            "InitialTemplatedSystemMessage is not supported: there are no templates.",
        ));
    }
    let name = if body.raw("ParticipantDetails").is_some() {
        fields::display_name(&body)?
    } else {
        theirs.into()
    };
    let token = body.text("ClientToken", 0..=500)?;
    let start = StartChat {
        flow,
        name,
        customer: None,
        verified: true,
        attributes: fields::attributes(&body, "Attributes")?,
        segment_attributes: segment,
        opening: fields::opening(&body, "InitialSystemMessage", kinds)?,
        kinds,
        duration: fields::duration(&body)?,
        rehydrate: None,
        related: body.text("RelatedContactId", 1..=256)?.map(contact).transpose()?,
        drop_agents: false,
        stream: None,
        key: call.key("", token),
        grants: Vec::new(),
        origin: None,
        outside: Some(pair(theirs, ours, &subtype)),
        outbound: true,
    };
    Ok(call.act(Command::StartChat(Box::new(start)), |cx, done| {
        let Done::Started { contact, .. } = done else { return Err(unexpected()) };
        reply(cx, json!({ "ContactId": contact.to_string() }))
    }))
}
