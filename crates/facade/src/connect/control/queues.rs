//! `ListQueues`, `GET /queues-summary/{InstanceId}` (`amazon-connect-chat.md` 1.11).
//!
//! ```text
//! {"QueueSummaryList":[{"Id":"3001","Arn":"arn:…","Name":"대표","QueueType":"STANDARD"}]}
//! ```

use super::list::Paging;
use super::{Call, reply};
use crate::connect::error::ApiError;
use crate::door::{Cx, Step};
use serde_json::json;

pub(super) fn run(cx: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let instance = call.instance(cx, call.segment(0))?;
    let paging = Paging::of(call, 1_000)?;
    let types = call.kinds("queueTypes", &["STANDARD", "AGENT"])?;
    // All of ours are standard ones: agents have no queues of their own.
    let wanted = types.is_empty() || types.iter().any(|t| t == "STANDARD");
    let arns = call.arns(cx, instance);
    Ok(call.ask_directory(move |cx, directory| {
        let queues = directory.queues.values().filter(|_| wanted).map(|queue| {
            let shown = json!({ "Id": queue.id, "Arn": arns.queue(&queue.id), "Name": queue.name, "QueueType": "STANDARD" });
            (queue.id.to_string(), shown)
        });
        let (page, next) = paging.cut(queues);
        reply(cx, json!({ "QueueSummaryList": page, "NextToken": next }))
    }))
}
