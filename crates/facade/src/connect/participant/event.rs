//! `SendEvent`: somebody writes, or has got or read a message (`amazon-connect-chat.md` 2.3).
//!
//! ```text
//! POST /participant/event   X-Amz-Bearer: <ConnectionToken>
//! {"ContentType":"application/vnd.amazonaws.connect.event.message.read","Content":"{\"messageId\":\"…\"}"}
//! {"Id":"…","AbsoluteTime":"…Z"}
//! ```

use super::call::{Call, act, reply, unexpected};
use super::message::{CONTENT_BYTES, Sent};
use crate::connect::body::Object;
use crate::connect::error::ApiError;
use crate::connect::item::receipt_id;
use crate::door::{Cx, Step};
use domain::command::{Command, Done};
use domain::id::ItemId;
use domain::room::Audience;
use serde_json::Value;

/// What all events' types begin with.
const PREFIX: &str = "application/vnd.amazonaws.connect.event.";

pub(super) fn run(_: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let members = call.members()?;
    let body = Object::new(&members, ApiError::validation);
    let name = body.need_text("ContentType", 1..=100)?;
    let token = body.text("ClientToken", 0..=500)?;
    if body.raw("Content").and_then(Value::as_str).is_some_and(|text| text.len() > CONTENT_BYTES) {
        return Err(body.bad("Content", "must have at most 16384 bytes"));
    }
    match name.strip_prefix(PREFIX) {
        Some("typing") => Ok(typing(call, token)),
        Some("connection.acknowledged") => Ok(acknowledged(call)),
        Some("message.delivered") => Ok(receipt(call, token, message(&body)?, false)),
        Some("message.read") => Ok(receipt(call, token, message(&body)?, true)),
        _ => Err(body.bad("ContentType", "is not an event that can be sent")),
    }
}

fn typing(call: &Call, token: Option<&str>) -> Step {
    let command = Command::Typing { by: call.by(), audience: Audience::All, key: call.key(token) };
    call.act(command, |cx, done| match done {
        Done::Posted { item, at, .. } => reply(cx, &Sent::new(item, at)),
        _ => Err(unexpected()),
    })
}

/// Retired by the real service, still sent by old clients: nobody hears of it.
fn acknowledged(call: &Call) -> Step {
    call.ask_holder(|cx, _| {
        let sent = Sent::new(ItemId::new(cx.now, cx.chance), cx.now);
        reply(cx, &sent)
    })
}

/// The answer names the receipt as the socket does, and that name has the reader in it.
fn receipt(call: &Call, token: Option<&str>, item: ItemId, read: bool) -> Step {
    // The answer is named by what was got or read; so one token for two messages is no repeat.
    let token = token.filter(|t| !t.is_empty()).map(|t| format!("{t}/{item}/{read}"));
    let command = Command::Mark { by: call.by(), item, read, key: call.key(token.as_deref()) };
    let (realm, cause) = (call.realm, call.cause);
    call.ask_holder(move |_, holder| {
        let id = receipt_id(holder.member.id, item, read);
        Ok(act(realm, cause, command, move |cx, done| {
            let at = if let Done::Posted { at, .. } = done { at } else { cx.now };
            reply(cx, &Sent::new(id, at))
        }))
    })
}

/// The message that a receipt names. chatjs sends the members as an object where its user gave them so (2.3).
fn message(body: &Object<'_>) -> Result<ItemId, ApiError> {
    let bad = || body.bad("Content", r#"must be {"messageId":"<Id of a message>"}"#);
    let read = |content: &Value| content.get("messageId")?.as_str()?.parse().ok();
    let content = body.need("Content", body.raw("Content"))?;
    let id = match content {
        Value::String(text) => read(&serde_json::from_str(text).map_err(|_| bad())?),
        Value::Object(_) => read(content),
        _ => None,
    };
    id.ok_or_else(bad)
}
