//! `StartContactStreaming`, `POST /contact/start-streaming`, and `StopContactStreaming`,
//! `POST /contact/stop-streaming` (`amazon-connect-chat.md` 1.8).
//!
//! ```text
//! {"InstanceId":I,"ContactId":C,"ChatStreamingConfiguration":{"StreamingEndpointArn":"arn:aws:sns:…"},"ClientToken":T}
//! {"StreamingId":S}
//! ```

use super::call::contact;
use super::{Call, fields, reply, unexpected};
use crate::connect::body::Object;
use crate::connect::error::{ApiError, Plane};
use crate::door::{Cx, Step};
use domain::command::{Command, Done};
use domain::refusal::Refusal;
use serde_json::{Value, json};

pub(super) fn start(cx: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    const TARGET: &str = "ChatStreamingConfiguration";
    let members = call.members()?;
    let body = Object::new(&members, ApiError::invalid_parameter);
    call.instance(cx, body.need_text("InstanceId", 1..=100)?)?;
    let id = body.need_text("ContactId", 1..=256)?;
    let target = fields::streaming_endpoint(&body, TARGET)?;
    let target = body.need(TARGET, target)?;
    let token = body.need_text("ClientToken", 1..=500)?;
    let key = call.key(id, Some(token));
    let command = Command::StartStream { contact: contact(id)?, target, key };
    Ok(call.act(command, |cx, done| {
        let Done::Stream { stream } = done else { return Err(unexpected()) };
        reply(cx, json!({ "StreamingId": stream.to_string() }))
    }))
}

pub(super) fn stop(cx: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let members = call.members()?;
    let body = Object::new(&members, ApiError::invalid_parameter);
    call.instance(cx, body.need_text("InstanceId", 1..=100)?)?;
    let id = body.need_text("ContactId", 1..=256)?;
    let stream = body.need_text("StreamingId", 1..=100)?;
    let contact = contact(id)?;
    let none = |_| ApiError::refused(Plane::Control, &Refusal::NoSuchStream);
    let command = Command::StopStream { contact, stream: stream.parse().map_err(none)? };
    Ok(call.act(command, |cx, _| reply(cx, Value::Null)))
}
