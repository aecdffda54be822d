//! Scenarios of bots, as the texts that people write: `GET` and `PUT /api/v1/bots/{id}/scenario`, and
//! `POST /api/v1/scenarios/preview`, which changes nothing and shows what customers would meet (`docs/scenario-bot.md`).

use super::caller::{Caller, enter_as};
use super::directory::rest::with_directory;
use super::{body, problem};
use crate::door::{Cx, Head, Request, Response, Step};
use crate::scenario::preview::{self, Try};
use crate::scenario::{self, Checked, Fault};
use domain::command::Command;
use domain::directory::{Bot, BotKind, Directory, Entry, Role};
use domain::id::BotId;
use domain::refusal::Refusal;
use serde_json::json;
use std::sync::Arc;

/// What the text is sent as. A page of somebody else's cannot send it without being asked whether it may.
const MEDIA: &str = "application/toml";

/// `GET`, `PUT /api/v1/bots/{id}/scenario`.
pub(super) fn one(cx: &mut Cx<'_>, request: Request, id: &str) -> Step {
    let id = BotId::from(id);
    match request.head.method.as_str() {
        "GET" => {
            let get = move |_: &mut Cx<'_>, caller: Caller| {
                with_directory(&caller, move |_, directory| source(&directory, &id))
            };
            enter_as(cx, &request.head, Role::Supervisor, Box::new(get))
        }
        "PUT" => {
            let head = request.head.clone();
            let put = move |_: &mut Cx<'_>, caller: Caller| put(&caller, &request, id);
            enter_as(cx, &head, Role::Administrator, Box::new(put))
        }
        _ => problem::wrong_method("GET, PUT"),
    }
}

/// `POST /api/v1/scenarios/preview`.
pub(super) fn preview(cx: &mut Cx<'_>, request: Request) -> Step {
    let head = request.head.clone();
    let show = move |_: &mut Cx<'_>, caller: Caller| {
        let text = match text(&request) {
            Ok(text) => text.to_owned(),
            Err(step) => return step,
        };
        let wish = match wish(&request.head) {
            Ok(wish) => wish,
            Err(step) => return step,
        };
        with_directory(&caller, move |cx, directory| match checked(&text, &directory) {
            Ok(checked) => {
                let mut shown = preview::menus(&checked);
                let turn = |wish| preview::turn(&checked.scenario, &directory, cx.now, wish);
                if let Some(turn) = wish.as_ref().and_then(turn) {
                    shown["turn"] = turn;
                }
                problem::reply(200, &shown)
            }
            Err(faults) => problem::reply(200, &preview::faulty(&faults)),
        })
    };
    enter_as(cx, &head, Role::Supervisor, Box::new(show))
}

fn source(directory: &Directory, id: &BotId) -> Step {
    let Some(BotKind::Scenario(scenario)) = directory.bots.get(id).map(|bot| &bot.kind) else {
        return problem::refused(&Refusal::NoSuchEntry);
    };
    Step::Reply(Response {
        status: 200,
        headers: vec![
            ("content-type", format!("{MEDIA}; charset=utf-8")),
            ("cache-control", "no-store".to_owned()),
            ("x-content-type-options", "nosniff".to_owned()),
        ],
        body: scenario.source.as_bytes().to_vec(),
    })
}

fn put(caller: &Caller, request: &Request, id: BotId) -> Step {
    let text = match text(request) {
        Ok(text) => text.to_owned(),
        Err(step) => return step,
    };
    let asker = caller.clone();
    with_directory(caller, move |_, directory| {
        let checked = match checked(&text, &directory) {
            Ok(checked) => checked,
            Err(faults) => return faulty(&faults),
        };
        let shown = preview::menus(&checked);
        let name = directory.bots.get(&id).map_or_else(|| id.0.clone(), |bot| bot.name.clone());
        let entry =
            Entry::Bot(Bot { id, name, kind: BotKind::Scenario(Arc::new(checked.scenario)) });
        let done = move |_: &mut Cx<'_>, outcome| match outcome {
            Ok(_) => problem::reply(200, &shown),
            Err(refusal) => problem::refused(&refusal),
        };
        let command = asker.wishes(Command::Put(Box::new(entry)));
        Step::Do(asker.realm, "api.scenario", command, Box::new(done))
    })
}

/// What is said to try it, if anything is.
fn wish(head: &Head) -> Result<Option<Try>, Step> {
    let query = body::Query::of(head, &["from", "said", "menu", "missed", "language"])?;
    let text = |name| query.text(name).map(str::to_owned);
    let missed = query.value("missed", "a whole number")?.unwrap_or_default();
    let (from, menu, language) = (text("from"), text("menu"), text("language"));
    Ok(text("said").map(|said| Try { from, said, menu, missed, language }))
}

/// Reads it, and holds it against the directory.
fn checked(text: &str, directory: &Directory) -> Result<Checked, Vec<Fault>> {
    let checked = scenario::read(text)?;
    let lacking = checked.against(directory);
    if lacking.is_empty() { Ok(checked) } else { Err(lacking) }
}

fn faulty(faults: &[Fault]) -> Step {
    let message: Vec<String> = faults.iter().map(|fault| format!("line {fault}")).collect();
    let error = json!({
        "code": "scenario.faulty", "message": message.join("\n"), "faults": faults,
    });
    problem::reply(400, &json!({"error": error}))
}

fn text(request: &Request) -> Result<&str, Step> {
    let media = media(&request.head);
    if !media.eq_ignore_ascii_case(MEDIA) {
        return Err(problem::stop(415, "request.media_type", "send application/toml"));
    }
    std::str::from_utf8(&request.body).map_err(|_| problem::bad("the text is not UTF-8"))
}

fn media(head: &Head) -> &str {
    let media = head.header("content-type").unwrap_or_default();
    media.split(';').next().unwrap_or_default().trim()
}
