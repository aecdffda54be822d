//! `RateContact`: how it went, in the customer's eyes. Our own: the models have no such operation
//! (`docs/connect-extensions.md`).
//!
//! ```text
//! POST /participant/rating   X-Amz-Bearer: <ConnectionToken or ParticipantToken>
//! {"Score":5}
//! {}
//! ```
//!
//! It is the one call that is answered after the end, as long as the chat is in memory (ten minutes).

use super::call::{Call, empty};
use crate::connect::body::Object;
use crate::connect::error::ApiError;
use crate::door::{Cx, Step};
use domain::command::Command;

pub(super) fn run(_: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let members = call.members()?;
    let body = Object::new(&members, ApiError::validation);
    let score = body.need("Score", body.integer("Score", 1..=5)?)?;
    let score = u8::try_from(score).map_err(|_| body.bad("Score", "must be 1 to 5"))?;
    Ok(call.act(Command::Rate { by: call.by(), score }, |cx, _| empty(cx)))
}
