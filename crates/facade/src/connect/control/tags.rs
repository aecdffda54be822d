//! Labels of a contact: `TagContact`, `POST /contact/tags`, and `UntagContact`,
//! `DELETE /contact/tags/{InstanceId}/{ContactId}?TagKeys=…` (`amazon-connect-chat.md` 1.11).
//!
//! ```text
//! {"ContactId":C,"InstanceId":I,"Tags":{"team":"red"}}   {}
//! ```

use super::call::contact;
use super::contact::describe;
use super::{Call, reply};
use crate::connect::body::Object;
use crate::connect::error::ApiError;
use crate::door::{Cx, Step};
use domain::command::Command;
use domain::contact::Attributes;
use serde_json::Value;

/// Labels of one call (models: 1 to 6).
const TAGS: std::ops::RangeInclusive<usize> = 1..=6;

pub(super) fn tag(cx: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let members = call.members()?;
    let body = Object::new(&members, ApiError::invalid_parameter);
    let id = body.need_text("ContactId", 1..=256)?;
    call.instance(cx, body.need_text("InstanceId", 1..=100)?)?;
    let map = body.need_object("Tags")?;
    let mut tags = Attributes::new();
    for (name, _) in map.members() {
        if !is_label(name) {
            return Err(body.bad("Tags", "has a key that is no label"));
        }
        tags.insert(name.into(), map.need_text(name, 0..=256)?.into());
    }
    if !TAGS.contains(&tags.len()) {
        return Err(body.bad("Tags", "must have 1 to 6 entries"));
    }
    let mut command = describe(contact(id)?);
    if let Command::Describe { tags: set, .. } = &mut command {
        *set = tags;
    }
    Ok(call.act(command, |cx, _| reply(cx, Value::Null)))
}

pub(super) fn untag(cx: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    call.instance(cx, call.segment(0))?;
    let query = call.query()?;
    let keys: Vec<String> =
        query.into_iter().filter(|(name, _)| name == "TagKeys").map(|(_, key)| key).collect();
    if !TAGS.contains(&keys.len()) || !keys.iter().all(|key| is_label(key)) {
        return Err(ApiError::invalid_parameter("TagKeys must have 1 to 6 labels"));
    }
    let mut command = describe(contact(call.segment(1))?);
    if let Command::Describe { untagged, .. } = &mut command {
        *untagged = keys.iter().map(|key| key.as_str().into()).collect();
    }
    Ok(call.act(command, |cx, _| reply(cx, Value::Null)))
}

/// `^(?!aws:)[a-zA-Z+-=._:/]+$`, 1 to 128 characters; `+-=` is a range there, which holds the digits.
fn is_label(text: &str) -> bool {
    let fits =
        |b: u8| b.is_ascii_alphabetic() || (b'+'..=b'=').contains(&b) || b"._:/".contains(&b);
    (1..=128).contains(&text.len()) && !text.starts_with("aws:") && text.bytes().all(fits)
}
