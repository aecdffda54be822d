//! `GET /api/v1/levels`: how full the queues are now.

use super::caller::{Caller, enter};
use super::problem;
use crate::door::{Cx, Head, Step};
use domain::query::{Answer, Level, Query};
use domain::refusal::Refusal;
use serde_json::{Value, json};

/// Everyone who is logged in sees the levels; the desk shows them, too.
pub(super) fn levels(cx: &mut Cx<'_>, head: &Head) -> Step {
    let read = |_: &mut Cx<'_>, caller: Caller| {
        let then = |cx: &mut Cx<'_>, answer| match answer {
            Ok(Answer::Levels(levels)) => {
                let queues: Vec<Value> = levels.iter().map(show).collect();
                problem::reply(200, &json!({"at": cx.now, "queues": queues}))
            }
            Ok(_) => problem::refused(&Refusal::NoSuchQueue),
            Err(refusal) => problem::refused(&refusal),
        };
        Step::Read(caller.realm, Box::new(Query::Levels), Box::new(then))
    };
    enter(cx, head, false, Box::new(read))
}

fn show(level: &Level) -> Value {
    let mut shown = json!({
        "id": level.queue.id,
        "name": level.queue.name,
        "waiting": level.waiting,
        "ready": level.ready,
        "logged_on": level.logged_on,
        "target_ms": level.queue.target,
    });
    if let Some(oldest) = level.oldest {
        shown["oldest"] = json!(oldest);
    }
    shown
}
