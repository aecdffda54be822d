//! `GetAuthenticationUrl` and `CancelParticipantAuthentication` (`amazon-connect-chat.md` 2.8, 2.9). No flow asks a
//! customer to log in yet, so no session of this kind is ever open.

use super::call::Call;
use crate::connect::body::Object;
use crate::connect::error::ApiError;
use crate::door::{Cx, Step};

pub(super) fn url(_: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let members = call.members()?;
    let body = Object::new(&members, ApiError::validation);
    body.need_text("SessionId", 36..=36)?;
    body.need_text("RedirectUri", 1..=1_024)?;
    Ok(none(call))
}

pub(super) fn cancel(_: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let members = call.members()?;
    let body = Object::new(&members, ApiError::validation);
    body.need_text("SessionId", 36..=36)?;
    Ok(none(call))
}

fn none(call: &Call) -> Step {
    call.ask_holder(|_, _| {
        Err(ApiError::validation("There is no authentication session with this SessionId."))
    })
}
