//! `/api/v1/demo/calls` (`product.md` 3), in the demo alone: a simulated customer calls in over the virtual trunk.

use super::origin::{self, Source};
use super::{body, problem};
use crate::door::{Cx, Head, Request, Step};
use domain::call::{CallId, Link, Wish};
use domain::command::{Command, Done};
use domain::query::{Answer, Query};
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Caller {
    from: Arc<str>,
    to: Arc<str>,
}

/// A call's number, and which call of that number, as one number.
fn name(call: CallId, number: u64) -> u64 {
    number << 16 | u64::from(call.0)
}

/// The demo's trunk is open to whoever reaches it, but not to pages of other sites.
fn closed(cx: &Cx<'_>, head: &Head) -> Option<Step> {
    let settings = cx.site.settings();
    if !settings.demo {
        return Some(problem::not_found());
    }
    (origin::from(settings, head) == Source::Foreign).then(super::caller::forbidden)
}

/// `POST {"from":"01012345678","to":"3001"}`: somebody calls. Answers `{"id":…,"cnid":"…"}`.
pub(super) fn post(cx: &mut Cx<'_>, request: &Request) -> Step {
    if let Some(step) = closed(cx, &request.head) {
        return step;
    }
    let Caller { from, to } = match body::json(request) {
        Ok(caller) => caller,
        Err(step) => return step,
    };
    for (what, number) in [("from", &from), ("to", &to)] {
        if !(1..=64).contains(&number.trim().len()) {
            return problem::bad(&format!("{what}: 1 to 64 characters"));
        }
    }
    let command = Command::Call { by: None, wish: Box::new(Wish::Arrive { from, to }) };
    let done = |_: &mut Cx<'_>, outcome| match outcome {
        Ok(Done::Call { call, number, cnid }) => {
            problem::reply(200, &json!({"id": name(call, number), "cnid": cnid}))
        }
        Ok(_) => problem::not_found(),
        Err(refusal) => problem::refused(&refusal),
    };
    let realm = cx.site.default_realm();
    Step::Do(realm, "demo.call", Box::new(command), Box::new(done))
}

fn named(id: &str) -> Option<(CallId, u64)> {
    let id = id.parse::<u64>().ok()?;
    Some((CallId(u16::try_from(id & 0xffff).ok()?), id >> 16))
}

/// `GET …/{id}`: how far they have come; 404 once the call is over.
pub(super) fn get(cx: &mut Cx<'_>, head: &Head, id: &str) -> Step {
    if let Some(step) = closed(cx, head) {
        return step;
    }
    let Some((call, number)) = named(id) else { return problem::not_found() };
    let then = |cx: &mut Cx<'_>, answer| {
        let Ok(Answer::Call(call)) = answer else { return problem::not_found() };
        let inside = call.speakers().filter(|p| !p.outside);
        let parties: Vec<&str> = inside.map(|p| p.device.as_str()).collect();
        let state = match call.line() {
            Some(_) => "waiting",
            None if call.speakers().any(|p| p.link == Link::Alerting) => "ringing",
            None => "talking",
        };
        let mut shown = json!({
            "id": name(call.id, call.number), "cnid": call.cnid, "state": state, "with": parties,
        });
        if let Some(stay) = call.line() {
            shown["queue"] = json!(stay.queue);
            shown["waited_ms"] = json!(cx.now.since(stay.since));
        }
        problem::reply(200, &shown)
    };
    Step::Read(cx.site.default_realm(), Box::new(Query::Call(call, number)), Box::new(then))
}

/// `DELETE …/{id}`: they hang up. A call that is over already is not there any more.
pub(super) fn delete(cx: &mut Cx<'_>, head: &Head, id: &str) -> Step {
    if let Some(step) = closed(cx, head) {
        return step;
    }
    let Some((call, number)) = named(id) else { return problem::not_found() };
    let wish = Wish::HangUp { call, number };
    let done = |_: &mut Cx<'_>, outcome| match outcome {
        Ok(_) => Step::Reply(problem::nothing()),
        Err(_) => problem::not_found(),
    };
    let command = Command::Call { by: None, wish: Box::new(wish) };
    Step::Do(cx.site.default_realm(), "demo.hang_up", Box::new(command), Box::new(done))
}
