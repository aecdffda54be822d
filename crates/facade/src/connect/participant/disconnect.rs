//! `DisconnectParticipant`: somebody goes; with the customer, the chat ends (`amazon-connect-chat.md` 2.5).
//!
//! ```text
//! POST /participant/disconnect   X-Amz-Bearer: <ConnectionToken>
//! {"ClientToken":"…"}
//! {}
//! ```

use super::call::{Call, empty};
use crate::connect::body::Object;
use crate::connect::error::ApiError;
use crate::door::{Cx, Step};
use domain::command::Command;

pub(super) fn run(_: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let members = call.members()?;
    let body = Object::new(&members, ApiError::validation);
    let key = call.key(body.text("ClientToken", 0..=500)?);
    let command = Command::Leave { by: call.by(), key };
    Ok(call.act(command, |cx, _| empty(cx)))
}
