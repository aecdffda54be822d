//! `/api/v1/{users|groups|queues|…}` and `/api/v1/realm`: supervisors read, administrators write.

use super::read::{Draft, read, realm};
use super::{Kind, Secrets, named, show};
use crate::admin::caller::{Caller, enter_as};
use crate::admin::{body, problem};
use crate::door::{Cx, Request, Step};
use domain::command::Command;
use domain::directory::{Directory, Entry, EntryKey, Role};
use domain::query::{Answer, Query};
use domain::refusal::Refusal;
use serde_json::{Value, json};
use std::sync::Arc;

/// `/api/v1/{kind}`.
pub(in crate::admin) fn all(cx: &mut Cx<'_>, request: &Request, kind: Kind) -> Step {
    if request.head.method != "GET" {
        return problem::wrong_method("GET");
    }
    let list = move |_: &mut Cx<'_>, caller: Caller| {
        with_directory(&caller, move |_, directory| {
            let entries = directory.entries();
            let ours =
                entries.iter().filter(|entry| named(entry).is_some_and(|(of, _)| of == kind));
            let shown: Vec<Value> = ours.map(|entry| show(entry, Secrets::Hidden)).collect();
            problem::reply(200, &json!({ kind.member(): shown }))
        })
    };
    enter_as(cx, &request.head, Role::Supervisor, Box::new(list))
}

/// `/api/v1/{kind}/{name}`.
pub(in crate::admin) fn one(cx: &mut Cx<'_>, request: Request, kind: Kind, name: &str) -> Step {
    let Some(key) = kind.key(name) else { return problem::refused(&Refusal::NoSuchEntry) };
    match request.head.method.as_str() {
        "GET" => {
            let get = move |_: &mut Cx<'_>, caller: Caller| {
                with_directory(&caller, move |_, directory| match find(&directory, &key) {
                    Some(entry) => problem::reply(200, &show(&entry, Secrets::Hidden)),
                    None => problem::refused(&Refusal::NoSuchEntry),
                })
            };
            enter_as(cx, &request.head, Role::Supervisor, Box::new(get))
        }
        "PUT" => {
            let (name, head) = (name.to_owned(), request.head.clone());
            let put =
                move |_: &mut Cx<'_>, caller: Caller| put(&caller, &request, kind, &name, key);
            enter_as(cx, &head, Role::Administrator, Box::new(put))
        }
        "DELETE" => {
            let delete = move |_: &mut Cx<'_>, caller: Caller| delete(&caller, key);
            enter_as(cx, &request.head, Role::Administrator, Box::new(delete))
        }
        _ => problem::wrong_method("GET, PUT, DELETE"),
    }
}

/// `/api/v1/realm`.
pub(in crate::admin) fn the_realm(cx: &mut Cx<'_>, request: Request) -> Step {
    match request.head.method.as_str() {
        "GET" => {
            let get = |_: &mut Cx<'_>, caller: Caller| {
                with_directory(&caller, |_, directory| match directory.realm.clone() {
                    Some(realm) => {
                        problem::reply(200, &show(&Entry::Realm(realm), Secrets::Hidden))
                    }
                    None => problem::refused(&Refusal::NoSuchEntry),
                })
            };
            enter_as(cx, &request.head, Role::Supervisor, Box::new(get))
        }
        "PUT" => {
            let head = request.head.clone();
            let put = move |_: &mut Cx<'_>, caller: Caller| {
                let value: Value = match body::json(&request) {
                    Ok(value) => value,
                    Err(step) => return step,
                };
                let asker = caller.clone();
                with_directory(&caller, move |cx, directory| {
                    match realm(cx, value, &directory, Secrets::Hidden) {
                        Ok(draft) => save(&asker, &directory, draft),
                        Err(wrong) => problem::stop(400, "directory.bad_entry", &wrong.to_string()),
                    }
                })
            };
            enter_as(cx, &head, Role::Administrator, Box::new(put))
        }
        _ => problem::wrong_method("GET, PUT"),
    }
}

/// Goes on with the directory as it stands.
pub(in crate::admin) fn with_directory(
    caller: &Caller,
    then: impl FnOnce(&mut Cx<'_>, Arc<Directory>) -> Step + Send + 'static,
) -> Step {
    let then = move |cx: &mut Cx<'_>, answer| match answer {
        Ok(Answer::Directory(directory)) => then(cx, directory),
        Ok(_) => problem::refused(&Refusal::NoSuchEntry),
        Err(refusal) => problem::refused(&refusal),
    };
    Step::Read(caller.realm, Box::new(Query::Directory), Box::new(then))
}

/// Nobody raises or loses their own role, or shuts themself out: so there is always an administrator left.
pub(super) fn about_oneself(caller: &Caller, entry: &Entry) -> bool {
    let Entry::User(user) = entry else { return false };
    user.id == caller.user.id && (user.role != caller.user.role || user.disabled)
}

/// The answer to [`about_oneself`].
pub(super) fn not_oneself() -> Step {
    problem::stop(403, "session.own_role", "another administrator must do this")
}

fn put(caller: &Caller, request: &Request, kind: Kind, name: &str, key: EntryKey) -> Step {
    let mut value: Value = match body::json(request) {
        Ok(value) => value,
        Err(step) => return step,
    };
    let Some(members) = value.as_object_mut() else { return problem::bad("an object is wanted") };
    // The path names it already, so the body need not.
    let number =
        || matches!(kind, Kind::Groups | Kind::Reasons).then(|| name.parse::<u32>().ok()).flatten();
    members
        .entry(kind.name_member())
        .or_insert_with(|| number().map_or_else(|| json!(name), |n| json!(n)));
    let asker = caller.clone();
    with_directory(caller, move |cx, directory| {
        let draft = match read(cx, kind, value, &directory, Secrets::Hidden) {
            Ok(draft) => draft,
            Err(wrong) => return problem::stop(400, "directory.bad_entry", &wrong.to_string()),
        };
        if named(&draft.entry).is_none_or(|(_, own)| own != key) {
            return problem::stop(
                400,
                "directory.bad_entry",
                "path and body name different entries",
            );
        }
        if about_oneself(&asker, &draft.entry) {
            return not_oneself();
        }
        save(&asker, &directory, draft)
    })
}

/// Checks, hashes if need be, puts, and shows what is there now.
fn save(caller: &Caller, directory: &Directory, draft: Draft) -> Step {
    let Draft { entry, password, made } = draft;
    if let Err(refusal) = directory.check(&entry) {
        return problem::refused(&refusal);
    }
    let caller = caller.clone();
    let store = move |entry: Entry| {
        let mut shown = show(&entry, Secrets::Hidden);
        if let Some(secret) = made {
            shown["secret"] = json!(secret);
        }
        let done = move |_: &mut Cx<'_>, outcome| match outcome {
            Ok(_) => problem::reply(200, &shown),
            Err(refusal) => problem::refused(&refusal),
        };
        let command = caller.wishes(Command::Put(Box::new(entry)));
        Step::Do(caller.realm, "api.put", command, Box::new(done))
    };
    match (password, entry) {
        (Some(password), Entry::User(mut user)) => {
            let then = move |_: &mut Cx<'_>, hash| {
                user.password = Some(hash);
                store(Entry::User(user))
            };
            Step::Hash { password, then: Box::new(then) }
        }
        (Some(password), Entry::CtiUser(mut user)) => {
            let then = move |_: &mut Cx<'_>, hash| {
                user.password = Some(hash);
                store(Entry::CtiUser(user))
            };
            Step::Hash { password, then: Box::new(then) }
        }
        (_, entry) => store(entry),
    }
}

fn delete(caller: &Caller, key: EntryKey) -> Step {
    if key == EntryKey::User(caller.user.id.clone()) {
        return not_oneself();
    }
    let done = |_: &mut Cx<'_>, outcome| match outcome {
        Ok(_) => Step::Reply(problem::nothing()),
        Err(refusal) => problem::refused(&refusal),
    };
    Step::Do(caller.realm, "api.remove", caller.wishes(Command::Remove(key)), Box::new(done))
}

fn find(directory: &Directory, key: &EntryKey) -> Option<Entry> {
    directory.entries().into_iter().find(|entry| named(entry).is_some_and(|(_, own)| own == *key))
}
