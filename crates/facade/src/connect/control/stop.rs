//! `StopContact`, `POST /contact/stop` (`amazon-connect-chat.md` 1.3).
//!
//! ```text
//! {"ContactId":C,"InstanceId":I}
//! {}
//! ```

use super::call::contact;
use super::{Call, reply};
use crate::connect::body::Object;
use crate::connect::error::{ApiError, Plane};
use crate::door::{Cx, Step};
use domain::command::Command;
use domain::refusal::Refusal;
use serde_json::Value;

pub(super) fn run(cx: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let members = call.members()?;
    let body = Object::new(&members, ApiError::invalid_parameter);
    let id = body.need_text("ContactId", 1..=256)?;
    call.instance(cx, body.need_text("InstanceId", 1..=100)?)?;
    if let Some(reason) = body.object("DisconnectReason")? {
        reason.text("Code", 1..=100)?;
    }
    let contact = contact(id).map_err(|_| refused(&Refusal::NoSuchContact))?;
    Ok(call.act_or(Command::Stop { contact }, refused, |cx, _| reply(cx, Value::Null)))
}

/// Unknown and ended are one to this operation, and 410 instead of 404 (0.4).
fn refused(refusal: &Refusal) -> ApiError {
    match refusal {
        Refusal::NoSuchContact | Refusal::ContactEnded | Refusal::ChatEnded => {
            ApiError::contact_not_found("The contact does not exist, or has ended.")
        }
        other => ApiError::refused(Plane::Control, other),
    }
}
