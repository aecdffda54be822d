//! Attributes of a matter: `UpdateContactAttributes`, `POST /contact/attributes`, and `GetContactAttributes`,
//! `GET /contact/attributes/{InstanceId}/{InitialContactId}` (`amazon-connect-chat.md` 1.5).
//!
//! ```text
//! {"InitialContactId":C,"InstanceId":I,"Attributes":{"k":"v"}}   {}
//!                                                                {"Attributes":{"k":"v"}}
//! ```

use super::call::contact;
use super::{Call, fields, reply};
use crate::connect::body::Object;
use crate::connect::error::ApiError;
use crate::door::{Cx, Step};
use domain::command::Command;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(super) fn update(cx: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let members = call.members()?;
    let body = Object::new(&members, ApiError::invalid_parameter);
    let id = body.need_text("InitialContactId", 1..=256)?;
    call.instance(cx, body.need_text("InstanceId", 1..=100)?)?;
    body.need_object("Attributes")?;
    let attributes = fields::attributes(&body, "Attributes")?;
    let command =
        Command::SetAttributes { contact: contact(id)?, attributes, unset: BTreeSet::new() };
    Ok(call.act(command, |cx, _| reply(cx, Value::Null)))
}

pub(super) fn get(cx: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    call.instance(cx, call.segment(0))?;
    let id = contact(call.segment(1))?;
    Ok(call.ask_contact(id, |cx, _, attributes| reply(cx, json!({ "Attributes": attributes }))))
}
