//! `GetCurrentMetricData`, `POST /metrics/current/{InstanceId}` (`amazon-connect-chat.md` 1.11).
//!
//! ```text
//! {"Filters":{"Queues":["3001"],"Channels":["CHAT"]},"Groupings":["QUEUE"],
//!  "CurrentMetrics":[{"Name":"CONTACTS_IN_QUEUE","Unit":"COUNT"}]}
//! {"MetricResults":[{"Dimensions":{"Queue":{"Id":"3001","Arn":"arn:…"}},
//!  "Collections":[{"Metric":{"Name":"CONTACTS_IN_QUEUE","Unit":"COUNT"},"Value":2.0}]}],"DataSnapshotTime":1763736000.123}
//! ```

use super::call::queue;
use super::describe::moment;
use super::list::Paging;
use super::{Call, reply, unexpected};
use crate::connect::arn::Arns;
use crate::connect::body::Object;
use crate::connect::error::ApiError;
use crate::door::{Cx, Step};
use domain::agent::{AgentState, Channel};
use domain::id::QueueId;
use domain::query::{Answer, Colleague, Level, Query};
use domain::time::Millis;
use serde_json::{Value, json};

/// What the models let one ask for; those that we do not keep come without a value.
const NAMES: [&str; 14] = [
    "AGENTS_ONLINE",
    "AGENTS_AVAILABLE",
    "AGENTS_ON_CALL",
    "AGENTS_NON_PRODUCTIVE",
    "AGENTS_AFTER_CONTACT_WORK",
    "AGENTS_ERROR",
    "AGENTS_STAFFED",
    "CONTACTS_IN_QUEUE",
    "OLDEST_CONTACT_AGE",
    "CONTACTS_SCHEDULED",
    "AGENTS_ON_CONTACT",
    "SLOTS_ACTIVE",
    "SLOTS_AVAILABLE",
    "ESTIMATED_WAIT_TIME",
];

/// Units of the models.
const UNITS: [&str; 3] = ["SECONDS", "COUNT", "PERCENT"];

/// Channels of the models.
const CHANNELS: [&str; 4] = ["VOICE", "CHAT", "TASK", "EMAIL"];

/// Groups of one page unless it is told otherwise, and at most.
const PAGE: usize = 100;

/// A metric that was asked for: its name and unit, as they are sent back.
struct Metric {
    name: &'static str,
    unit: Option<&'static str>,
}

pub(super) fn run(cx: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let instance = call.instance(cx, call.segment(0))?;
    let members = call.members()?;
    let body = Object::new(&members, ApiError::invalid_parameter);
    let filters = body.need_object("Filters")?;
    let queues = filters.texts("Queues", 1..=100, 1..=256)?.unwrap_or_default();
    let queues = queues
        .into_iter()
        .map(|name| queue(name, instance))
        .collect::<Result<Vec<QueueId>, _>>()?;
    let channels = filters.texts("Channels", 0..=4, 1..=100)?.unwrap_or_default();
    if channels.iter().any(|channel| !CHANNELS.contains(channel)) {
        return Err(filters.bad("Channels", &format!("must hold only {}", CHANNELS.join(", "))));
    }
    let chats = channels.is_empty() || channels.contains(&"CHAT");
    let groupings = body.texts("Groupings", 0..=2, 1..=100)?.unwrap_or_default();
    if groupings.iter().any(|g| !["QUEUE", "CHANNEL"].contains(g)) {
        return Err(ApiError::invalid_request("Groupings must be QUEUE or CHANNEL."));
    }
    let metrics = body.objects("CurrentMetrics", 1..=100)?;
    let metrics = body.need("CurrentMetrics", metrics)?;
    let metric = |m: &Object<'_>| {
        let name = m.choice("Name", &NAMES.map(|name| (name, name)))?;
        let unit = m.choice("Unit", &UNITS.map(|unit| (unit, unit)))?;
        Ok(Metric { name: m.need("Name", name)?, unit })
    };
    let metrics = metrics.iter().map(metric).collect::<Result<Vec<_>, ApiError>>()?;
    let paging = Paging::in_body(&body, PAGE)?;
    let by_queue = groupings.contains(&"QUEUE");
    let by_channel = groupings.contains(&"CHANNEL");
    let arns = call.arns(cx, instance);
    Ok(call.ask(Query::People, move |cx, answer| {
        let Answer::People(people, levels) = answer else { return Err(unexpected()) };
        let wanted = |level: &&Level| chats && (queues.is_empty() || queues.contains(&level.queue.id));
        let levels: Vec<&Level> = levels.iter().filter(wanted).collect();
        let collect = |of: &[&Level], value: &dyn Fn(&str, &[&Level]) -> Option<u64>| -> Vec<Value> {
            metrics.iter().map(|m| collection(m, value(m.name, of))).collect()
        };
        let now = cx.now;
        let results: Vec<(String, Value)> = if by_queue {
            let one = |level: &&Level| {
                let serving = people.iter().filter(|person| person.queues.contains(&level.queue.id));
                let serving: Vec<&Colleague> = serving.collect();
                let collections = collect(&[level], &|name, of| of_queues(name, of, now).or_else(|| of_people(name, &serving)));
                let shown = json!({ "Dimensions": dimensions(Some((level, &arns)), by_channel), "Collections": collections });
                (level.queue.id.to_string(), shown)
            };
            levels.iter().map(one).collect()
        } else if levels.is_empty() {
            Vec::new()
        } else {
            // An agent who serves two queues is one agent, so people are counted, not queues' figures added.
            let serves = |person: &&Colleague| levels.iter().any(|level| person.queues.contains(&level.queue.id));
            let serving: Vec<&Colleague> = people.iter().filter(serves).collect();
            let collections = collect(&levels, &|name, of| of_queues(name, of, now).or_else(|| of_people(name, &serving)));
            vec![(String::new(), json!({ "Dimensions": dimensions(None, by_channel), "Collections": collections }))]
        };
        let total = results.len();
        let (page, next) = paging.cut(results.into_iter());
        reply(cx, json!({
            "ApproximateTotalCount": total,
            "MetricResults": page,
            "NextToken": next,
            "DataSnapshotTime": moment(Some(now)),
        }))
    }))
}

fn dimensions(queue: Option<(&Level, &Arns)>, by_channel: bool) -> Value {
    let mut all = serde_json::Map::new();
    if let Some((level, arns)) = queue {
        let id = &level.queue.id;
        all.insert("Queue".to_owned(), json!({ "Id": id, "Arn": arns.queue(id) }));
    }
    if by_channel {
        all.insert("Channel".to_owned(), "CHAT".into());
    }
    Value::Object(all)
}

/// A metric that we do not keep has no value, as one of the real service without data.
fn collection(metric: &Metric, value: Option<u64>) -> Value {
    let mut named = json!({ "Name": metric.name });
    if let Some(unit) = metric.unit {
        named["Unit"] = unit.into();
    }
    let mut shown = json!({ "Metric": named });
    if let Some(value) = value.and_then(|v| u32::try_from(v).ok()) {
        shown["Value"] = f64::from(value).into();
    }
    shown
}

fn of_queues(name: &str, levels: &[&Level], now: Millis) -> Option<u64> {
    let oldest = levels.iter().filter_map(|l| l.oldest).min();
    match name {
        "CONTACTS_IN_QUEUE" => Some(levels.iter().map(|l| u64::from(l.waiting)).sum()),
        "OLDEST_CONTACT_AGE" => Some(oldest.map_or(0, |since| now.since(since).0 / 1_000)),
        _ => None,
    }
}

fn of_people(name: &str, people: &[&Colleague]) -> Option<u64> {
    let at_chat = |c: &Colleague| {
        c.states.iter().find(|(channel, _)| *channel == Channel::Chat).map(|(_, state)| *state)
    };
    let count = |fits: fn(AgentState) -> bool| {
        people.iter().filter(|c| at_chat(c).is_some_and(fits)).count() as u64
    };
    match name {
        "AGENTS_ONLINE" | "AGENTS_STAFFED" => {
            Some(count(|s| !matches!(s, AgentState::LoggedOff(_))))
        }
        "AGENTS_AVAILABLE" => Some(count(|s| s == AgentState::Ready)),
        "AGENTS_NON_PRODUCTIVE" => Some(count(|s| matches!(s, AgentState::NotReady(_)))),
        "AGENTS_AFTER_CONTACT_WORK" => Some(count(|s| matches!(s, AgentState::AfterWork(_)))),
        "AGENTS_ON_CONTACT" => Some(people.iter().filter(|c| c.load > 0).count() as u64),
        "SLOTS_ACTIVE" => Some(people.iter().map(|c| u64::from(c.load)).sum()),
        "SLOTS_AVAILABLE" => {
            let free = |c: &&&Colleague| at_chat(c) == Some(AgentState::Ready);
            let slots = |c: &&Colleague| {
                u64::from(u32::from(c.user.limit(Channel::Chat)).saturating_sub(c.load))
            };
            Some(people.iter().filter(free).map(slots).sum())
        }
        _ => None,
    }
}
