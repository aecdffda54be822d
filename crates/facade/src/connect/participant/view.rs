//! `DescribeView`: the form behind an interactive message (`amazon-connect-chat.md` 2.7). A realm has none yet, so every
//! name is unknown.

use super::call::Call;
use crate::connect::error::ApiError;
use crate::door::{Cx, Step};

pub(super) fn run(_: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let name = call.segment.clone();
    if !(1..=1_000).contains(&name.chars().count()) {
        return Err(ApiError::validation("ViewToken must have 1 to 1000 characters"));
    }
    Ok(call.ask_holder(move |_, _| {
        let none = ApiError::not_found("There is no such view.");
        Err(none.with("ResourceId", name).with("ResourceType", "VIEW"))
    }))
}
