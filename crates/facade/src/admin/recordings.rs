//! `/api/v1/recordings…`: what was kept of calls' sound. Supervisors and administrators have all of their realm's; agents have
//! those of their own calls where the realm allows it (`agents_hear_own`). Who listens is written down.

use super::caller::{Caller, enter, forbidden};
use super::directory::rest::with_directory;
use super::{body, problem};
use crate::door::{Cx, Head, Outline, Step};
use domain::command::Command;
use domain::id::{ContactId, FileId, QueueId, UserId};
use domain::query::{Answer, Query, RecordingFilter};
use domain::recording::{Kept, Recording};
use domain::refusal::Refusal;
use domain::time::Millis;
use serde_json::{Value, json};

/// Recordings on one page.
const LONGEST_PAGE: u16 = 100;
/// Points of one outline.
const MOST_POINTS: u16 = 4_000;
/// Points of an outline for which no number is given.
const USUAL_POINTS: u16 = 800;

/// `GET /api/v1/recordings?cnid&cnsq&contact&agent&queue&from&to&below&limit`: newest first.
pub(super) fn list(cx: &mut Cx<'_>, head: &Head) -> Step {
    let filter = match filter(head) {
        Ok(filter) => filter,
        Err(step) => return step,
    };
    let list = move |_: &mut Cx<'_>, caller: Caller, own: bool| {
        let mut filter = filter;
        if own {
            let me = &caller.user.id;
            if filter.agent.as_ref().is_some_and(|agent| agent != me) {
                return forbidden();
            }
            filter.agent = Some(me.clone());
        }
        let limit = usize::from(filter.limit);
        let then = move |_: &mut Cx<'_>, answer| match answer {
            Ok(Answer::Recordings(found)) => {
                let mut page = json!({"recordings": found.iter().map(show).collect::<Vec<_>>()});
                if let Some(last) = found.last().filter(|_| found.len() >= limit) {
                    page["below"] = json!(last.id);
                }
                problem::reply(200, &page)
            }
            other => none(other),
        };
        Step::Read(caller.realm, Box::new(Query::Recordings(filter)), Box::new(then))
    };
    enter_listener(cx, head, list)
}

fn filter(head: &Head) -> Result<RecordingFilter, Step> {
    let known = ["cnid", "cnsq", "contact", "agent", "queue", "from", "to", "below", "limit"];
    let query = body::Query::of(head, &known)?;
    let moment = |name| query.value(name, "milliseconds since 1970").map(|at| at.map(Millis));
    Ok(RecordingFilter {
        id: None,
        cnid: query.text("cnid").map(Into::into),
        cnsq: query.value("cnsq", "a segment's number")?,
        contact: query.value::<ContactId>("contact", "a contact's id")?,
        agent: query.text("agent").map(UserId::from),
        queue: query.text("queue").map(QueueId::from),
        from: moment("from")?,
        to: moment("to")?,
        below: query.value::<FileId>("below", "a recording's id")?,
        limit: query.limit(LONGEST_PAGE)?,
    })
}

/// `GET /api/v1/recordings/{id}`.
pub(super) fn one(cx: &mut Cx<'_>, head: &Head, id: &str) -> Step {
    with_recording(cx, head, id, |_, _, recording| problem::reply(200, &show(&recording)))
}

/// `GET /api/v1/recordings/{id}/audio`: its bytes, or a part of them. Each listening is a fact of the contact.
pub(super) fn audio(cx: &mut Cx<'_>, head: &Head, id: &str) -> Step {
    let tags = head.header("if-none-match").unwrap_or_default().to_owned();
    with_recording(cx, head, id, move |_, caller, recording| {
        if recording.kept == Kept::Lost {
            return problem::stop(404, "recording.lost", "nothing of this recording was kept");
        }
        let tag = format!("\"{}\"", recording.id);
        let fits = |of: &str| of == "*" || of.trim_start_matches("W/") == tag;
        if tags.split(',').any(|of| fits(of.trim())) {
            let mut response = problem::nothing();
            response.status = 304;
            response.headers.push(("etag", tag));
            return Step::Reply(response);
        }
        let (contact, id) = (recording.contact, recording.id);
        let command = Command::Listen { by: caller.user.id.clone(), contact, recording: id };
        let then = move |_: &mut Cx<'_>, outcome| match outcome {
            Ok(_) => send(&recording, tag),
            Err(refusal) => problem::refused(&refusal),
        };
        Step::Do(caller.realm, "api.listen", Box::new(command), Box::new(then))
    })
}

fn send(recording: &Recording, tag: String) -> Step {
    let name = format!("{}-{}-{}.wav", recording.cnid, recording.cnsq, recording.id);
    let headers = vec![
        ("content-type", recording.kind.to_string()),
        ("content-disposition", format!("inline; filename=\"{name}\"")),
        ("x-content-type-options", "nosniff".to_owned()),
        ("cache-control", "private, no-cache".to_owned()),
        ("cross-origin-resource-policy", "same-origin".to_owned()),
        ("etag", tag),
    ];
    Step::Send { file: recording.id, thumbnail: false, headers }
}

/// `GET /api/v1/recordings/{id}/peaks?points`: lowest and highest sample (-1 to 1) of each stretch and channel, and where
/// nothing was kept.
pub(super) fn peaks(cx: &mut Cx<'_>, head: &Head, id: &str) -> Step {
    let points = body::Query::of(head, &["points"])
        .and_then(|query| query.value::<u16>("points", "a whole number"))
        .map(|points| points.unwrap_or(USUAL_POINTS));
    let points = match points {
        Ok(points) if (1..=MOST_POINTS).contains(&points) => points,
        Ok(_) => return problem::bad(&format!("points is 1 to {MOST_POINTS}")),
        Err(step) => return step,
    };
    with_recording(cx, head, id, move |_, _, recording| {
        if recording.kept == Kept::Lost {
            return problem::stop(404, "recording.lost", "nothing of this recording was kept");
        }
        let then = move |_: &mut Cx<'_>, outline: Option<Outline>| match outline {
            Some(outline) => {
                let [left, right] =
                    outline.sides.map(|side| side.into_iter().map(part).collect::<Vec<_>>());
                let silences = outline
                    .silences
                    .iter()
                    .map(|gap| json!({"why": gap.why, "from": gap.from, "length": gap.length}));
                let shown = json!({
                    "length": recording.length,
                    "channels": {"left": left, "right": right},
                    "silences": silences.collect::<Vec<_>>(),
                });
                problem::reply(200, &shown)
            }
            None => problem::refused(&Refusal::NoSuchFile),
        };
        Step::Peaks { file: recording.id, points, then: Box::new(then) }
    })
}

/// Parts of full scale, to a thousandth.
fn part((low, high): (i16, i16)) -> [f64; 2] {
    [low, high].map(|sample| (f64::from(sample) / 32.768).round() / 1_000.0)
}

/// Lets somebody in who may listen to any recording at all; `own`: only to those of their own calls.
fn enter_listener(
    cx: &mut Cx<'_>,
    head: &Head,
    then: impl FnOnce(&mut Cx<'_>, Caller, bool) -> Step + Send + 'static,
) -> Step {
    let let_in = move |cx: &mut Cx<'_>, caller: Caller| {
        if caller.leads() {
            return then(cx, caller, false);
        }
        let asker = caller.clone();
        with_directory(&caller, move |cx, directory| {
            if directory.realm.as_ref().is_some_and(|realm| realm.agents_hear_own) {
                then(cx, asker, true)
            } else {
                forbidden()
            }
        })
    };
    enter(cx, head, false, Box::new(let_in))
}

/// Finds a recording for a caller who may listen to it. To others it is not there.
fn with_recording(
    cx: &mut Cx<'_>,
    head: &Head,
    id: &str,
    then: impl FnOnce(&mut Cx<'_>, Caller, Recording) -> Step + Send + 'static,
) -> Step {
    let Ok(id) = id.parse::<FileId>() else { return problem::refused(&Refusal::NoSuchFile) };
    let find = move |_: &mut Cx<'_>, caller: Caller, own: bool| {
        let agent = own.then(|| caller.user.id.clone());
        let filter =
            RecordingFilter { id: Some(id), agent, limit: 1, ..RecordingFilter::default() };
        let realm = caller.realm;
        let found = move |cx: &mut Cx<'_>, answer| match answer {
            Ok(Answer::Recordings(mut found)) if !found.is_empty() => {
                then(cx, caller, found.swap_remove(0))
            }
            other => none(other),
        };
        Step::Read(realm, Box::new(Query::Recordings(filter)), Box::new(found))
    };
    enter_listener(cx, head, find)
}

fn none(answer: Result<Answer, Refusal>) -> Step {
    problem::refused(&answer.err().unwrap_or(Refusal::NoSuchFile))
}

/// A recording as `/api/v1` writes it.
fn show(recording: &Recording) -> Value {
    let mut shown = json!({
        "id": recording.id,
        "contact": recording.contact,
        "room": recording.room,
        "segment": recording.segment,
        "cnid": recording.cnid,
        "cnsq": recording.cnsq,
        "began": recording.began,
        "length": recording.length,
        "size": recording.size,
        "channels": recording.channels,
        "type": recording.kind,
        "kept": recording.kept,
    });
    if let Some(agent) = &recording.agent {
        shown["agent"] = json!(agent);
    }
    if let Some(maker) = &recording.maker {
        shown["maker"] = json!(maker);
    }
    if let Some(queue) = &recording.queue {
        shown["queue"] = json!(queue);
    }
    shown
}
