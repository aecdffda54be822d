//! `TransferContact`, `POST /contact/transfer` (`amazon-connect-chat.md` 1.7).
//!
//! ```text
//! {"InstanceId":I,"ContactId":C,"ContactFlowId":F,"QueueId":Q}
//! {"ContactId":C2,"ContactArn":"arn:…"}
//! ```
//!
//! The real operation takes tasks and emails alone; ours takes chats, too.

use super::call::{contact, flow, queue, user};
use super::{Call, reply, unexpected};
use crate::connect::body::Object;
use crate::connect::error::ApiError;
use crate::door::{Cx, Step};
use domain::command::{Command, Destination, Done};
use serde_json::json;

pub(super) fn run(cx: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let members = call.members()?;
    let body = Object::new(&members, ApiError::invalid_request);
    let instance = call.instance(cx, body.need_text("InstanceId", 1..=100)?)?;
    let id = body.need_text("ContactId", 1..=256)?;
    let flow_name = body.need_text("ContactFlowId", 1..=500)?;
    let queue_name = body.text("QueueId", 1..=256)?;
    let user_name = body.text("UserId", 1..=256)?;
    let token = body.text("ClientToken", 0..=500)?;
    let flow = flow(flow_name, instance)?;
    let to = match (queue_name, user_name) {
        (Some(_), Some(_)) => {
            return Err(ApiError::invalid_request("QueueId and UserId exclude each other."));
        }
        (Some(name), None) => Destination::Queue(queue(name, instance)?),
        (None, Some(name)) => Destination::Agent(user(name, instance)?),
        (None, None) => Destination::Flow(flow),
    };
    let command = Command::Transfer {
        contact: contact(id)?,
        to,
        by: None,
        note: None,
        key: call.key(id, token),
    };
    let arns = call.arns(cx, instance);
    Ok(call.act(command, move |cx, done| {
        let Done::Transferred { contact } = done else { return Err(unexpected()) };
        reply(cx, json!({ "ContactId": contact.to_string(), "ContactArn": arns.contact(contact) }))
    }))
}
