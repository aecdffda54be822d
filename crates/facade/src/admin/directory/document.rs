//! A whole realm as one readable text: `GET /api/v1/export`, `PUT /api/v1/import`.
//!
//! Passwords are in it as hashes and secrets as sealed texts; a text that people write may give them plainly. An import
//! adds and replaces; what it does not name stays. Nothing is put before all of it has been checked.

use super::read::{Draft, read, realm};
use super::rest::{about_oneself, not_oneself, with_directory};
use super::{Kind, Secrets, Wrong, named, show};
use crate::admin::caller::{Caller, enter_as};
use crate::admin::{body, problem};
use crate::door::{Cx, Head, Request, Step};
use domain::command::Command;
use domain::directory::{Directory, Entry, Queue, Role};
use serde_json::{Map, Value, json};
use std::collections::VecDeque;

/// `GET /api/v1/export`.
pub(in crate::admin) fn export(cx: &mut Cx<'_>, head: &Head) -> Step {
    let export = |_: &mut Cx<'_>, caller: Caller| {
        with_directory(&caller, |_, directory| {
            let mut response = problem::json(200, &write(&directory));
            response.headers.push((
                "content-disposition",
                "attachment; filename=\"sangdam-realm.json\"".to_owned(),
            ));
            Step::Reply(response)
        })
    };
    enter_as(cx, head, Role::Administrator, Box::new(export))
}

/// `PUT /api/v1/import`.
pub(in crate::admin) fn import(cx: &mut Cx<'_>, request: Request) -> Step {
    let head = request.head.clone();
    let import = move |_: &mut Cx<'_>, caller: Caller| {
        let document: Map<String, Value> = match body::json(&request) {
            Ok(document) => document,
            Err(step) => return step,
        };
        let asker = caller.clone();
        with_directory(&caller, move |cx, directory| match plan(cx, document, &directory) {
            Ok(drafts) if drafts.iter().any(|(_, draft)| about_oneself(&asker, &draft.entry)) => {
                not_oneself()
            }
            Ok(drafts) => {
                let todo = drafts.into_iter().map(|(_, draft)| draft).collect();
                Import { asker, todo, hashed: Vec::new() }.go_on()
            }
            Err(wrong) => problem::stop(400, "directory.bad_entry", &wrong.to_string()),
        })
    };
    enter_as(cx, &head, Role::Administrator, Box::new(import))
}

fn write(directory: &Directory) -> Value {
    let mut document = Map::new();
    for entry in directory.entries() {
        let shown = show(&entry, Secrets::Sealed);
        match named(&entry) {
            None => {
                document.insert("realm".to_owned(), shown);
            }
            Some((kind, _)) => {
                let list = document.entry(kind.member()).or_insert_with(|| json!([]));
                if let Some(list) = list.as_array_mut() {
                    list.push(shown);
                }
            }
        }
    }
    Value::Object(document)
}

/// Reads and checks everything, in an order in which it can be put; each entry with its place in the text.
fn plan(
    cx: &mut Cx<'_>,
    mut document: Map<String, Value>,
    held: &Directory,
) -> Result<Vec<(String, Draft)>, Wrong> {
    let known = |name: &str| name == "realm" || Kind::ALL.iter().any(|kind| kind.member() == name);
    if let Some(stranger) = document.keys().find(|name| !known(name)) {
        return Err(Wrong::at(stranger, "there is no such kind"));
    }
    let mut scratch = Scratch { directory: held.clone(), plan: Vec::new() };
    if let Some(value) = document.remove("realm") {
        let draft =
            realm(cx, value, held, Secrets::Sealed).map_err(|wrong| wrong.below("realm"))?;
        scratch.add("realm".to_owned(), draft)?;
    }
    for kind in Kind::ALL {
        let values = match document.remove(kind.member()) {
            None => continue,
            Some(Value::Array(values)) => values,
            Some(_) => return Err(Wrong::at(kind.member(), "a list is wanted")),
        };
        let mut later = Vec::new();
        for (at, value) in values.into_iter().enumerate() {
            let place = format!("{}[{at}]", kind.member());
            let draft = read(cx, kind, value, held, Secrets::Sealed)
                .map_err(|wrong| wrong.below(&place))?;
            match overflows_ahead(&draft.entry, &scratch.directory) {
                // Queues may overflow into each other: first all of them, then where they overflow to.
                Some(first) => {
                    scratch.add(place.clone(), Entry::Queue(first).into())?;
                    later.push((place, draft));
                }
                None => scratch.add(place, draft)?,
            }
        }
        later.into_iter().try_for_each(|(place, draft)| scratch.add(place, draft))?;
    }
    Ok(scratch.plan)
}

/// The queue without its overflow, if that leads to a queue that is not there yet.
fn overflows_ahead(entry: &Entry, directory: &Directory) -> Option<Queue> {
    let Entry::Queue(queue) = entry else { return None };
    let to = &queue.overflow.as_ref()?.to;
    (!directory.queues.contains_key(to)).then(|| Queue { overflow: None, ..queue.clone() })
}

/// The directory as it will be.
struct Scratch {
    directory: Directory,
    plan: Vec<(String, Draft)>,
}

impl Scratch {
    fn add(&mut self, place: String, draft: Draft) -> Result<(), Wrong> {
        self.directory
            .check(&draft.entry)
            .map_err(|refusal| Wrong::at(&place, refusal.to_string()))?;
        self.directory.put(draft.entry.clone());
        self.plan.push((place, draft));
        Ok(())
    }
}

/// An import under way: first all passwords are hashed, then all entries are put at once, so that a fault halfway leaves
/// nothing half done.
struct Import {
    asker: Caller,
    todo: VecDeque<Draft>,
    hashed: Vec<Entry>,
}

impl Import {
    fn go_on(mut self) -> Step {
        while let Some(draft) = self.todo.pop_front() {
            match (draft.password, draft.entry) {
                (Some(password), Entry::User(mut user)) => {
                    let then = move |_: &mut Cx<'_>, hash| {
                        user.password = Some(hash);
                        self.hashed.push(Entry::User(user));
                        self.go_on()
                    };
                    return Step::Hash { password, then: Box::new(then) };
                }
                (Some(password), Entry::CtiUser(mut user)) => {
                    let then = move |_: &mut Cx<'_>, hash| {
                        user.password = Some(hash);
                        self.hashed.push(Entry::CtiUser(user));
                        self.go_on()
                    };
                    return Step::Hash { password, then: Box::new(then) };
                }
                (_, entry) => self.hashed.push(entry),
            }
        }
        let put = self.hashed.len();
        let done = move |_: &mut Cx<'_>, outcome| match outcome {
            Ok(_) => problem::reply(200, &json!({"put": put})),
            Err(refusal) => problem::refused(&refusal),
        };
        let command = self.asker.wishes(Command::PutAll(self.hashed));
        Step::Do(self.asker.realm, "api.import", command, Box::new(done))
    }
}
