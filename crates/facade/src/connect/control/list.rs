//! Lists in pages, and `ListAssociatedContacts`, `GET /contact/associated/{InstanceId}?contactId=…`
//! (`amazon-connect-chat.md` 0.8, 1.11).
//!
//! ```text
//! {"ContactSummaryList":[{"ContactId":C,"ContactArn":"arn:…","InitiationMethod":"API","Channel":"CHAT",…}]}
//! ```

use super::call::contact;
use super::describe::{channel, initiation, moment, object};
use super::{Call, reply, unexpected};
use crate::connect::body::Object;
use crate::connect::error::ApiError;
use crate::door::{Cx, Step};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::query::{Answer, Query};
use serde_json::{Value, json};

/// Which page of a list is asked for. A page begins after a key, so what comes and goes meanwhile shifts nothing.
pub(super) struct Paging {
    most: usize,
    after: Option<String>,
}

impl Paging {
    /// From `maxResults` (1 to `most`, which is the default, too) and `nextToken` of the query.
    pub(super) fn of(call: &Call, most: usize) -> Result<Self, ApiError> {
        let query = call.query()?;
        let value =
            |name: &str| query.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str());
        let wrong = |name: &str| ApiError::invalid_request(format!("{name} is not valid"));
        let most = match value("maxResults") {
            None => most,
            Some(text) => text
                .parse()
                .ok()
                .filter(|n| (1..=most).contains(n))
                .ok_or_else(|| wrong("maxResults"))?,
        };
        let after = value("nextToken")
            .map(|token| read_token(token).ok_or_else(|| wrong("nextToken")))
            .transpose()?;
        Ok(Self { most, after })
    }

    /// The same, from `MaxResults` and `NextToken` of a body.
    pub(super) fn in_body(body: &Object<'_>, most: usize) -> Result<Self, ApiError> {
        let range = 1..=i64::try_from(most).unwrap_or(i64::MAX);
        let wanted = body.integer("MaxResults", range)?.and_then(|n| usize::try_from(n).ok());
        let after = body.text("NextToken", 1..=100_000)?;
        let after = after
            .map(|token| read_token(token).ok_or_else(|| body.bad("NextToken", "is not valid")))
            .transpose()?;
        Ok(Self { most: wanted.unwrap_or(most), after })
    }

    /// The page of these entries, which are in the order of their keys, and the token of the next one.
    pub(super) fn cut<T>(&self, all: impl Iterator<Item = (String, T)>) -> (Vec<T>, Value) {
        let mut rest = all
            .skip_while(|(key, _)| self.after.as_ref().is_some_and(|after| key <= after))
            .peekable();
        let mut page = Vec::new();
        let mut last = None;
        while page.len() < self.most
            && let Some((key, entry)) = rest.next()
        {
            page.push(entry);
            last = Some(key);
        }
        let next = rest.peek().and(last).map_or(Value::Null, |key| token(&key).into());
        (page, next)
    }
}

/// A token that says where the next page begins.
pub(super) fn token(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

/// What a token of ours says.
pub(super) fn read_token(token: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()
}

pub(super) fn associated(cx: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let instance = call.instance(cx, call.segment(0))?;
    let query = call.query()?;
    let named = query.iter().find(|(name, _)| name == "contactId").map(|(_, value)| value.as_str());
    let named = named.ok_or_else(|| ApiError::invalid_parameter("contactId is required"))?;
    let id = contact(named)?;
    let paging = Paging::of(call, 100)?;
    let arns = call.arns(cx, instance);
    Ok(call.ask(Query::Matter(id), move |cx, answer| {
        let Answer::Contacts(contacts) = answer else { return Err(unexpected()) };
        let shown = contacts.iter().map(|c| {
            let members = [
                ("ContactId", json!(c.id.to_string())),
                ("ContactArn", json!(arns.contact(c.id))),
                ("InitiationTimestamp", moment(Some(c.started))),
                ("DisconnectTimestamp", moment(c.ended)),
                ("InitialContactId", json!(c.initial.to_string())),
                ("PreviousContactId", json!(c.previous.map(|id| id.to_string()))),
                ("RelatedContactId", json!(c.related.map(|id| id.to_string()))),
                ("InitiationMethod", json!(initiation(c.initiation))),
                ("Channel", json!(channel(c.channel))),
            ];
            (format!("{:016}", c.number), object(members))
        });
        let (page, next) = paging.cut(shown);
        reply(cx, json!({ "ContactSummaryList": page, "NextToken": next }))
    }))
}
