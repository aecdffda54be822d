//! `ListContactFlows`, `GET /contact-flows-summary/{InstanceId}` (`amazon-connect-chat.md` 0.8).
//!
//! ```text
//! {"ContactFlowSummaryList":[{"Id":F,"Arn":"arn:…","Name":"대표","ContactFlowType":"CONTACT_FLOW",
//!   "ContactFlowState":"ACTIVE","ContactFlowStatus":"PUBLISHED"}]}
//! ```

use super::list::Paging;
use super::{Call, reply};
use crate::connect::error::ApiError;
use crate::door::{Cx, Step};
use serde_json::json;

/// The only type of flow that we have.
const TYPE: &str = "CONTACT_FLOW";

/// The types that the models know.
const TYPES: [&str; 10] = [
    TYPE,
    "CUSTOMER_QUEUE",
    "CUSTOMER_HOLD",
    "CUSTOMER_WHISPER",
    "AGENT_HOLD",
    "AGENT_WHISPER",
    "OUTBOUND_WHISPER",
    "AGENT_TRANSFER",
    "QUEUE_TRANSFER",
    "CAMPAIGN",
];

pub(super) fn run(cx: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let instance = call.instance(cx, call.segment(0))?;
    let paging = Paging::of(call, 1_000)?;
    let types = call.kinds("contactFlowTypes", &TYPES)?;
    let wanted = types.is_empty() || types.iter().any(|t| t == TYPE);
    let arns = call.arns(cx, instance);
    Ok(call.ask_directory(move |cx, directory| {
        let flows = directory.flows.values().filter(|_| wanted).map(|flow| {
            let shown = json!({
                "Id": flow.id.to_string(),
                "Arn": arns.flow(flow.id),
                "Name": flow.name,
                "ContactFlowType": TYPE,
                "ContactFlowState": "ACTIVE",
                "ContactFlowStatus": "PUBLISHED",
            });
            (flow.id.to_string(), shown)
        });
        let (page, next) = paging.cut(flows);
        reply(cx, json!({ "ContactFlowSummaryList": page, "NextToken": next }))
    }))
}
