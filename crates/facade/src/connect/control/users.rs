//! `ListUsers`, `GET /users-summary/{InstanceId}` (`amazon-connect-chat.md` 1.11).
//!
//! ```text
//! {"UserSummaryList":[{"Id":"1001","Arn":"arn:…","Username":"1001"}]}
//! ```

use super::list::Paging;
use super::{Call, reply};
use crate::connect::error::ApiError;
use crate::door::{Cx, Step};
use serde_json::json;

pub(super) fn run(cx: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let instance = call.instance(cx, call.segment(0))?;
    let paging = Paging::of(call, 1_000)?;
    let arns = call.arns(cx, instance);
    Ok(call.ask_directory(move |cx, directory| {
        let users = directory.users.values().map(|user| {
            let shown = json!({ "Id": user.id, "Arn": arns.user(&user.id), "Username": user.id });
            (user.id.to_string(), shown)
        });
        let (page, next) = paging.cut(users);
        reply(cx, json!({ "UserSummaryList": page, "NextToken": next }))
    }))
}
