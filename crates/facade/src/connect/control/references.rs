//! `ListContactReferences`, `GET /contact/references/{InstanceId}/{ContactId}?referenceTypes=URL&referenceTypes=…`
//! (`amazon-connect-chat.md` 1.10).
//!
//! ```text
//! {"ReferenceSummaryList":[{"Url":{"Name":"order","Value":"https://…"}},
//!   {"Attachment":{"Name":"a.png","Value":"<AttachmentId>","Status":"APPROVED","Arn":"arn:…"}}]}
//! ```

use super::call::{ask, contact};
use super::{Call, reply, unexpected};
use crate::connect::error::ApiError;
use crate::door::{Cx, Step};
use domain::query::{Answer, Query};
use serde_json::{Map, Value, json};

/// The kinds that can be asked for, and the member that shows each that can be set. Files come from the chat itself; the
/// others are never there in one.
const KINDS: [(&str, Option<&str>); 11] = [
    ("URL", Some("Url")),
    ("STRING", Some("String")),
    ("NUMBER", Some("Number")),
    ("DATE", Some("Date")),
    ("EMAIL", Some("Email")),
    ("ATTACHMENT", None),
    ("CONTACT_ANALYSIS", None),
    ("EMAIL_MESSAGE", None),
    ("EMAIL_MESSAGE_PLAIN_TEXT", None),
    ("EMAIL_MESSAGE_PLAIN_TEXT_REDACTED", None),
    ("EMAIL_MESSAGE_REDACTED", None),
];

pub(super) fn run(cx: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let instance = call.instance(cx, call.segment(0))?;
    let query = call.query()?;
    let asked: Vec<String> = query
        .into_iter()
        .filter(|(name, _)| name == "referenceTypes")
        .map(|(_, value)| value)
        .collect();
    if !(1..=6).contains(&asked.len()) {
        return Err(ApiError::invalid_parameter("referenceTypes must have 1 to 6 entries"));
    }
    if asked.iter().any(|kind| !is_kind(kind)) {
        return Err(ApiError::invalid_parameter("referenceTypes holds an unknown type"));
    }
    let id = contact(call.segment(1))?;
    let (realm, arns) = (call.realm, call.arns(cx, instance));
    Ok(call.ask_contact(id, move |cx, contact, _| {
        let found =
            contact.references.iter().filter(|r| asked.iter().any(|kind| **kind == *r.kind));
        let mut list: Vec<Value> = found
            .filter_map(|r| {
                let (_, member) = KINDS.iter().find(|(kind, _)| **kind == *r.kind)?;
                let shown = json!({ "Name": r.name, "Value": r.value });
                Some(Value::Object(Map::from_iter([((*member)?.to_owned(), shown)])))
            })
            .collect();
        if !asked.iter().any(|kind| kind == "ATTACHMENT") {
            return reply(cx, json!({ "ReferenceSummaryList": list }));
        }
        // What was sent in the chat, for the matter as a whole: its segments share one conversation.
        Ok(ask(realm, Query::Files(id), move |cx, answer| {
            let Answer::Files(files) = answer else { return Err(unexpected()) };
            list.extend(files.iter().map(|file| {
                json!({ "Attachment": {
                    "Name": file.name,
                    "Value": file.id.to_string(),
                    "Status": "APPROVED",
                    "Arn": format!("{}/attachment/{}", arns.contact(id), file.id),
                } })
            }));
            reply(cx, json!({ "ReferenceSummaryList": list }))
        }))
    }))
}

/// Is it a kind that the models know?
pub(super) fn is_kind(kind: &str) -> bool {
    KINDS.iter().any(|(name, _)| *name == kind)
}

/// Can a chat hold a reference of this kind? Files come from the chat itself.
pub(super) fn can_be_set(kind: &str) -> bool {
    KINDS.iter().any(|(name, member)| *name == kind && member.is_some())
}
