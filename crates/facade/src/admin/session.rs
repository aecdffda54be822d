//! `/api/v1/session`: log in, who am I, log out (`web.md`, "Log-in of desk, wall, admin").

use super::caller::{Caller, enter};
use super::lockout::{Lockout, RETRY_AFTER_S};
use super::origin::{self, Source};
use super::{body, cookie, problem};
use crate::door::{Cx, Head, RealmNo, Request, Step, Then, mint};
use domain::command::Command;
use domain::directory::User;
use domain::id::UserId;
use domain::query::{Answer, Query};
use domain::refusal::Refusal;
use domain::time::Millis;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// `POST`'s body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LogIn {
    user: String,
    password: String,
    /// A realm's name, alias or instance id; it may also follow the user's name after an `@`.
    realm: Option<String>,
}

/// Longer ones are not worth a hash.
const LONGEST_PASSWORD: usize = 1_024;

/// Longer ones are nobody's (`directory::Directory::check`).
const LONGEST_NAME: usize = 256;

/// `GET`: who am I? The token itself is not told again.
pub(super) fn get(cx: &mut Cx<'_>, head: &Head) -> Step {
    let answer = |_: &mut Cx<'_>, caller: Caller| {
        problem::reply(200, &json!({"expires": caller.until.0, "user": person(&caller.user)}))
    };
    enter(cx, head, false, Box::new(answer))
}

/// `DELETE`: log out, everywhere where this session is used.
pub(super) fn delete(cx: &mut Cx<'_>, head: &Head) -> Step {
    let secure = origin::secure(cx.site.settings(), head);
    let log_out = move |_: &mut Cx<'_>, caller: Caller| {
        let command = Command::LogOut { session: caller.session };
        let done = move |_: &mut Cx<'_>, outcome| match outcome {
            Ok(_) | Err(Refusal::BadToken) => {
                let mut response = problem::nothing();
                response.headers.push(("set-cookie", cookie::clear(secure)));
                Step::Reply(response)
            }
            Err(refusal) => problem::refused(&refusal),
        };
        Step::Do(caller.realm, "api.log_out", Box::new(command), Box::new(done))
    };
    enter(cx, head, false, Box::new(log_out))
}

/// `POST`: log in. A program gets a token; a page of our own gets the cookie, too.
pub(super) fn post(cx: &mut Cx<'_>, request: &Request) -> Step {
    let source = origin::from(cx.site.settings(), &request.head);
    if source == Source::Foreign {
        return problem::stop(
            403,
            "session.foreign_origin",
            "a page of another site may not log in here",
        );
    }
    let LogIn { user, password, realm } = match body::json(request) {
        Ok(wanted) => wanted,
        Err(step) => return step,
    };
    let (browser, secure) =
        (source == Source::Own, origin::secure(cx.site.settings(), &request.head));
    let then = move |cx: &mut Cx<'_>, opened| match opened {
        Ok(opened) => welcome(cx, &opened, browser, secure),
        Err(Denied::TooLong) => problem::bad("the name or the password is too long"),
        Err(Denied::Locked) => locked(),
        Err(Denied::Refused(refusal)) => problem::refused(&refusal),
    };
    log_in(cx, &request.head, &user, password, realm.as_deref(), Box::new(then))
}

/// A session that was opened.
#[derive(Debug)]
pub struct Opened {
    /// Its secret.
    pub secret: String,
    /// Whose.
    pub user: Arc<User>,
    /// Where.
    pub realm: RealmNo,
    /// It ends then.
    pub until: Millis,
}

/// Why none was.
#[derive(Debug)]
pub enum Denied {
    /// The name or the password is longer than any.
    TooLong,
    /// Too many were wrong.
    Locked,
    /// Anything else.
    Refused(Refusal),
}

/// Opens a session for whoever knows the password, within the limits for all who try.
pub fn log_in(
    cx: &mut Cx<'_>,
    head: &Head,
    user: &str,
    password: String,
    realm: Option<&str>,
    then: Then<Result<Opened, Denied>>,
) -> Step {
    if user.len() > LONGEST_NAME || password.len() > LONGEST_PASSWORD {
        return then(cx, Err(Denied::TooLong));
    }
    let place = place(cx, user, realm);
    let (no, name) = place.unwrap_or((cx.site.default_realm(), user));
    let attempt =
        Attempt { realm: no, user: name.into(), lockout: Lockout::of(no, name, head), then };
    if !attempt.lockout.may_try(cx) {
        return (attempt.then)(cx, Err(Denied::Locked));
    }
    if place.is_none() {
        return attempt.verify(password, None);
    }
    let query = Query::Person(attempt.user.clone());
    let found = move |_: &mut Cx<'_>, answer| match answer {
        Ok(Answer::Person(user)) => attempt.verify(password, Some(user)),
        _ => attempt.verify(password, None),
    };
    Step::Read(no, Box::new(query), Box::new(found))
}

/// Which realm, and which name in it? None if a realm is named that is not here.
fn place<'a>(cx: &Cx<'_>, user: &'a str, realm: Option<&str>) -> Option<(RealmNo, &'a str)> {
    if let Some(realm) = realm {
        return Some((cx.site.realm(realm)?, user));
    }
    // A name may hold an `@` of its own: only a known realm behind it is split off.
    let split = user.rsplit_once('@').and_then(|(name, realm)| Some((cx.site.realm(realm)?, name)));
    Some(split.unwrap_or((cx.site.default_realm(), user)))
}

struct Attempt {
    realm: RealmNo,
    user: UserId,
    lockout: Lockout,
    then: Then<Result<Opened, Denied>>,
}

impl Attempt {
    /// Nobody by that name costs the same time as a wrong password.
    fn verify(self, password: String, user: Option<Arc<User>>) -> Step {
        let user = user.filter(|user| !user.disabled && user.password.is_some());
        let hash = user.as_ref().and_then(|user| user.password.clone());
        let then = move |cx: &mut Cx<'_>, right: bool| match user {
            Some(user) if right => {
                if self.lockout.may_enter(cx) {
                    self.open(cx, &user)
                } else {
                    (self.then)(cx, Err(Denied::Locked))
                }
            }
            _ => {
                self.lockout.wrong(cx);
                (self.then)(cx, Err(Denied::Refused(Refusal::WrongPassword)))
            }
        };
        Step::Verify { password, hash, then: Box::new(then) }
    }

    fn open(self, cx: &mut Cx<'_>, user: &User) -> Step {
        open(cx, self.realm, user.id.clone(), self.then)
    }
}

/// Opens a session for somebody who is known already.
pub fn open(
    cx: &mut Cx<'_>,
    realm: RealmNo,
    user: UserId,
    then: Then<Result<Opened, Denied>>,
) -> Step {
    let (secret, session) = mint(cx, realm);
    let command = Command::LogIn { user, session };
    let done = move |cx: &mut Cx<'_>, outcome| match outcome {
        Ok(_) => {
            let then = move |cx: &mut Cx<'_>, answer| {
                let opened = match answer {
                    Ok(Answer::Session(user, until)) => Ok(Opened { secret, user, realm, until }),
                    Ok(_) => Err(Denied::Refused(Refusal::BadToken)),
                    Err(refusal) => Err(Denied::Refused(refusal)),
                };
                then(cx, opened)
            };
            Step::Read(realm, Box::new(Query::Session(session)), Box::new(then))
        }
        Err(refusal) => then(cx, Err(Denied::Refused(refusal))),
    };
    Step::Do(realm, "api.log_in", Box::new(command), Box::new(done))
}

fn welcome(cx: &Cx<'_>, opened: &Opened, browser: bool, secure: bool) -> Step {
    let Opened { secret, user, until, .. } = opened;
    let said = json!({"token": secret, "expires": until.0, "user": person(user)});
    let mut response = problem::json(200, &said);
    if browser {
        let seconds = until.since(cx.now).0 / 1_000;
        response.headers.push(("set-cookie", cookie::set(secret, seconds, secure)));
    }
    Step::Reply(response)
}

/// What is told of a person.
fn person(user: &User) -> Value {
    let mut said = json!({"id": user.id, "name": user.name, "role": user.role});
    if let Some(extension) = &user.extension {
        said["extension"] = json!(extension);
    }
    said
}

fn locked() -> Step {
    let mut response =
        problem::problem(429, "session.locked", "too many wrong passwords; try again later");
    response.headers.push(("retry-after", RETRY_AFTER_S.to_string()));
    Step::Reply(response)
}
