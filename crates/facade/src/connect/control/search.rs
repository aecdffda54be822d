//! `SearchContacts`, `POST /search-contacts` (`amazon-connect-chat.md` 1.11).
//!
//! ```text
//! {"InstanceId":I,"TimeRange":{"Type":"INITIATION_TIMESTAMP","StartTime":1763736000,"EndTime":1763739600}}
//! {"Contacts":[{"Id":C,"Channel":"CHAT",…}],"NextToken":"…"}
//! ```
//!
//! Newest first. A criterion that we cannot honour is refused by name, since to leave it out would find too much.

use super::call::{queue, user};
use super::describe::{channel, initiation, summary};
use super::list::{read_token, token};
use super::{Call, reply, unexpected};
use crate::connect::body::Object;
use crate::connect::error::ApiError;
use crate::door::{Cx, Step};
use domain::contact::Contact;
use domain::id::{InstanceId, QueueId, UserId};
use domain::query::{Answer, ContactFilter, Moment, Query};
use serde_json::{Value, json};

/// Contacts of one page unless it is told otherwise, and at most.
const PAGE: i64 = 100;

/// Which moment a range is of. A chat is never scheduled: that one is refused by its name.
const MOMENTS: [(&str, Moment); 4] = [
    ("INITIATION_TIMESTAMP", Moment::Started),
    ("ENQUEUE_TIMESTAMP", Moment::Queued),
    ("CONNECTED_TO_AGENT_TIMESTAMP", Moment::Accepted),
    ("DISCONNECT_TIMESTAMP", Moment::Ended),
];

pub(super) fn run(cx: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let members = call.members()?;
    let body = Object::new(&members, ApiError::invalid_parameter);
    let instance = call.instance(cx, body.need_text("InstanceId", 1..=100)?)?;
    let range = body.need_object("TimeRange")?;
    let moment = range.need("Type", range.choice("Type", &MOMENTS)?)?;
    let (from, to) = (range.moment("StartTime")?, range.moment("EndTime")?);
    let (from, to) = (range.need("StartTime", from)?, range.need("EndTime", to)?);
    if to < from {
        return Err(range.bad("EndTime", "must not be before StartTime"));
    }
    if let Some(sort) = body.object("Sort")? {
        let newest_first = sort.need_text("FieldName", 1..=100)? == "INITIATION_TIMESTAMP"
            && sort.need_text("Order", 1..=100)? == "DESCENDING";
        if !newest_first {
            return Err(ApiError::invalid_request(
                "Sort must be INITIATION_TIMESTAMP, DESCENDING.",
            ));
        }
    }
    let criteria = body
        .object("SearchCriteria")?
        .map_or_else(|| Ok(Criteria::default()), |c| Criteria::read(&c, instance))?;
    let limit = body.integer("MaxResults", 1..=PAGE)?.unwrap_or(PAGE);
    let limit = u16::try_from(limit).unwrap_or(u16::MAX);
    let below = match body.text("NextToken", 1..=100_000)? {
        None => None,
        Some(text) => {
            let number = read_token(text).and_then(|t| t.parse().ok());
            Some(number.ok_or_else(|| body.bad("NextToken", "is not valid"))?)
        }
    };
    let one = |ids: &[QueueId]| if let [id] = ids { Some(id.clone()) } else { None };
    let filter = ContactFilter {
        moment,
        from: Some(from),
        // The end is part of the range here.
        to: Some(to.plus(domain::time::Millis(1))),
        queue: one(&criteria.queues),
        agent: if let [id] = criteria.agents.as_slice() { Some(id.clone()) } else { None },
        below,
        limit,
        ..ContactFilter::default()
    };
    let arns = call.arns(cx, instance);
    Ok(call.ask(Query::Contacts(filter), move |cx, answer| {
        let Answer::Contacts(contacts) = answer else { return Err(unexpected()) };
        let full = contacts.len() >= usize::from(limit);
        let next = contacts
            .last()
            .filter(|_| full)
            .map_or(Value::Null, |c| token(&c.number.to_string()).into());
        let found: Vec<Value> = contacts
            .iter()
            .filter(|c| criteria.fit(c))
            .map(|c| Value::Object(summary(c, &arns)))
            .collect();
        let total = (below.is_none() && !full).then_some(found.len());
        reply(cx, json!({ "Contacts": found, "NextToken": next, "TotalCount": total }))
    }))
}

/// What contacts must be; an empty list asks for nothing.
#[derive(Default)]
struct Criteria {
    agents: Vec<UserId>,
    queues: Vec<QueueId>,
    channels: Vec<String>,
    methods: Vec<String>,
}

impl Criteria {
    fn read(criteria: &Object<'_>, instance: InstanceId) -> Result<Self, ApiError> {
        let known = ["AgentIds", "QueueIds", "Channels", "InitiationMethods"];
        if let Some((other, _)) = criteria.members().find(|(name, _)| !known.contains(name)) {
            return Err(ApiError::invalid_request(format!(
                "SearchCriteria.{other} is not supported."
            )));
        }
        let texts = |name: &str| {
            Ok::<_, ApiError>(criteria.texts(name, 0..=100, 1..=256)?.unwrap_or_default())
        };
        let owned = |texts: Vec<&str>| texts.into_iter().map(str::to_owned).collect();
        Ok(Self {
            agents: texts("AgentIds")?
                .into_iter()
                .map(|name| user(name, instance))
                .collect::<Result<_, _>>()?,
            queues: texts("QueueIds")?
                .into_iter()
                .map(|name| queue(name, instance))
                .collect::<Result<_, _>>()?,
            channels: owned(texts("Channels")?),
            methods: owned(texts("InitiationMethods")?),
        })
    }

    fn fit(&self, contact: &Contact) -> bool {
        fn among<T: PartialEq>(wanted: &[T], has: Option<&T>) -> bool {
            wanted.is_empty() || has.is_some_and(|has| wanted.contains(has))
        }
        among(&self.agents, contact.agent.as_ref())
            && among(&self.queues, contact.queue.as_ref())
            && among(&self.channels, Some(&channel(contact.channel).to_owned()))
            && among(&self.methods, Some(&initiation(contact.initiation).to_owned()))
    }
}
