//! `UpdateContact`, `POST /contacts/{InstanceId}/{ContactId}`: name, description, references and segment attributes
//! (`amazon-connect-chat.md` 1.11).
//!
//! ```text
//! {"Name":"refund","References":{"order":{"Type":"URL","Value":"https://…"}}}   {}
//! ```

use super::call::contact;
use super::references::can_be_set;
use super::{Call, fields, reply};
use crate::connect::body::Object;
use crate::connect::error::ApiError;
use crate::door::{Cx, Step};
use domain::command::Command;
use domain::contact::{Attributes, Reference};
use domain::id::ContactId;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A description that changes nothing yet.
pub(super) fn describe(contact: ContactId) -> Command {
    Command::Describe {
        contact,
        name: None,
        description: None,
        tags: Attributes::new(),
        untagged: BTreeSet::new(),
        segment_attributes: BTreeMap::new(),
        references: Vec::new(),
    }
}

pub(super) fn update(cx: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    call.instance(cx, call.segment(0))?;
    let members = call.members()?;
    let body = Object::new(&members, ApiError::invalid_parameter);
    // Where a chat waits and who has it is changed by TransferContact and AssociateContactWithUser.
    for other in ["QueueInfo", "UserInfo", "CustomerEndpoint", "SystemEndpoint"] {
        if body.raw(other).is_some() {
            return Err(ApiError::invalid_request(format!("{other} of a chat cannot be changed.")));
        }
    }
    let command = Command::Describe {
        contact: contact(call.segment(1))?,
        name: body.text("Name", 0..=1_024)?.map(Into::into),
        description: body.text("Description", 0..=4_096)?.map(Into::into),
        tags: Attributes::new(),
        untagged: BTreeSet::new(),
        segment_attributes: fields::segment_attributes(&body)?,
        references: references(&body)?,
    };
    Ok(call.act(command, |cx, _| reply(cx, Value::Null)))
}

fn references(body: &Object<'_>) -> Result<Vec<Reference>, ApiError> {
    let Some(map) = body.object("References")? else { return Ok(Vec::new()) };
    let one = |(name, _): (&str, &Value)| {
        if !(1..=4_096).contains(&name.chars().count()) {
            return Err(body.bad("References", "has a name that has not 1 to 4096 characters"));
        }
        let reference = map.need_object(name)?;
        let kind = reference.need_text("Type", 1..=100)?;
        if !can_be_set(kind) {
            return Err(reference.bad("Type", "must be URL, STRING, NUMBER, DATE or EMAIL"));
        }
        let value = reference.text("Value", 0..=4_096)?.unwrap_or_default();
        Ok(Reference { kind: kind.into(), name: name.into(), value: value.into() })
    };
    map.members().map(one).collect()
}
