//! `/api/v1/session`: log in, who am I, log out (`web.md`, "Log-in of desk, wall, admin").

use super::caller::{Caller, actor, enter};
use super::cookie::Jar;
use super::lockout::{Lockout, RETRY_AFTER_S};
use super::origin::{self, Source};
use super::{body, cookie, problem, totp};
use crate::door::{Cx, Head, RealmNo, Request, Response, Step, Then, mint};
use domain::audit::{Actor, Wrong};
use domain::command::{Command, Proof};
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
    /// A one-time or a recovery code.
    code: Option<String>,
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
    let jar = Jar::of(cx.site.settings(), head);
    let log_out = move |_: &mut Cx<'_>, caller: Caller| {
        let command = Command::LogOut { session: caller.session };
        let done = move |_: &mut Cx<'_>, outcome| match outcome {
            Ok(_) | Err(Refusal::BadToken) => {
                let mut response = problem::nothing();
                response.headers.push(("set-cookie", cookie::clear(jar)));
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
    let LogIn { user, password, realm, code } = match body::json(request) {
        Ok(wanted) => wanted,
        Err(step) => return step,
    };
    let (browser, jar) = (source == Source::Own, Jar::of(cx.site.settings(), &request.head));
    let then = move |cx: &mut Cx<'_>, opened| match opened {
        Ok(opened) => welcome(cx, &opened, browser, jar),
        Err(denied) => no(&denied),
    };
    let wanted = Claim { user: &user, password, realm: realm.as_deref(), code };
    log_in(cx, &request.head, wanted, Box::new(then))
}

/// The answer to whoever is not let in.
pub(super) fn no(denied: &Denied) -> Step {
    match denied {
        Denied::TooLong => problem::bad("the name or the password is too long"),
        Denied::Locked => locked(),
        Denied::Refused(refusal) => problem::refused(refusal),
    }
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

/// Who somebody says they are, and what they show for it.
pub struct Claim<'a> {
    /// The name.
    pub user: &'a str,
    /// The password.
    pub password: String,
    /// The realm, if it is named apart from the name.
    pub realm: Option<&'a str>,
    /// A one-time or a recovery code.
    pub code: Option<String>,
}

/// Opens a session for whoever proves who they are, within the limits for all who try.
pub fn log_in(
    cx: &mut Cx<'_>,
    head: &Head,
    claim: Claim<'_>,
    then: Then<Result<Opened, Denied>>,
) -> Step {
    let from = head.clone();
    let enter = move |cx: &mut Cx<'_>, proved: Result<Proved, Denied>| {
        let Proved { realm, user, proof, lockout } = match proved {
            Ok(proved) => proved,
            Err(denied) => return then(cx, Err(denied)),
        };
        let then = move |cx: &mut Cx<'_>, opened: Result<Opened, Denied>| {
            if let Err(Denied::Refused(Refusal::WrongCode)) = &opened {
                lockout.wrong_code(cx);
                return lockout.note(cx, Wrong::Code, move |cx| then(cx, opened));
            }
            then(cx, opened)
        };
        let by = Some(Box::new(actor(&user.id, &from)));
        open(cx, realm, user.id.clone(), proof, by, Box::new(then))
    };
    prove(cx, head, claim, Box::new(enter))
}

/// Somebody whose password was right.
pub(super) struct Proved {
    pub(super) realm: RealmNo,
    pub(super) user: Arc<User>,
    /// What they showed. Whether that is enough, and whether a code was taken before, the domain says.
    pub(super) proof: Proof,
    pub(super) lockout: Lockout,
}

/// Looks at a password, and at the code that came with it.
pub(super) fn prove(
    cx: &mut Cx<'_>,
    head: &Head,
    claim: Claim<'_>,
    then: Then<Result<Proved, Denied>>,
) -> Step {
    let Claim { user, password, realm, code } = claim;
    let longest = code.as_ref().map_or(0, String::len).max(password.len());
    if user.len() > LONGEST_NAME || longest > LONGEST_PASSWORD {
        return then(cx, Err(Denied::TooLong));
    }
    let place = place(cx, user, realm);
    let (no, name) = place.unwrap_or((cx.site.default_realm(), user));
    let lockout = Lockout::of(no, name, head);
    let open = if code.is_some() { lockout.open_for_codes(cx) } else { lockout.open(cx) };
    if !open {
        return then(cx, Err(Denied::Locked));
    }
    let attempt = Attempt { realm: no, code, lockout, then };
    if place.is_none() {
        return attempt.verify(password, None);
    }
    let query = Query::Person(name.into());
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
    code: Option<String>,
    lockout: Lockout,
    then: Then<Result<Proved, Denied>>,
}

impl Attempt {
    /// Nobody by that name costs the same time as a wrong password.
    fn verify(self, password: String, user: Option<Arc<User>>) -> Step {
        let user = user.filter(|user| !user.disabled && user.password.is_some());
        let hash = user.as_ref().and_then(|user| user.password.clone());
        let then = move |cx: &mut Cx<'_>, right: bool| match user {
            Some(_) if right && !self.lockout.open(cx) => (self.then)(cx, Err(Denied::Locked)),
            Some(user) if right => self.right(cx, user),
            _ => {
                self.lockout.wrong(cx);
                let denied = Err(Denied::Refused(Refusal::WrongPassword));
                self.lockout.note(cx, Wrong::Password, move |cx| (self.then)(cx, denied))
            }
        };
        Step::Verify { password, hash, then: Box::new(then) }
    }

    /// The password was right; what of the code? One that nobody asked for is not looked at.
    fn right(self, cx: &mut Cx<'_>, user: Arc<User>) -> Step {
        let Self { realm, code, lockout, then } = self;
        let proof = match (code, &user.second) {
            (Some(code), Some(second)) => totp::proof(cx, second, &code),
            _ => Some(Proof::Password),
        };
        let Some(proof) = proof else {
            lockout.wrong_code(cx);
            let denied = Err(Denied::Refused(Refusal::WrongCode));
            return lockout.note(cx, Wrong::Code, move |cx| then(cx, denied));
        };
        then(cx, Ok(Proved { realm, user, proof, lockout }))
    }
}

/// Opens a session for somebody who is known already.
pub fn open(
    cx: &mut Cx<'_>,
    realm: RealmNo,
    user: UserId,
    proof: Proof,
    by: Option<Box<Actor>>,
    then: Then<Result<Opened, Denied>>,
) -> Step {
    let (secret, session) = mint(cx, realm);
    let mut command = Command::LogIn { user, session, proof };
    if let Some(by) = by {
        command = Command::As(by, Box::new(command));
    }
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

/// The answer to whoever is let in.
pub(super) fn welcome(cx: &Cx<'_>, opened: &Opened, browser: bool, jar: Jar) -> Step {
    Step::Reply(welcomed(cx, opened, browser, jar, &[]))
}

/// The same, with more members.
pub(super) fn welcomed(
    cx: &Cx<'_>,
    opened: &Opened,
    browser: bool,
    jar: Jar,
    more: &[(&str, Value)],
) -> Response {
    let Opened { secret, user, until, .. } = opened;
    let mut said = json!({"token": secret, "expires": until.0, "user": person(user)});
    for (name, value) in more {
        said[name] = value.clone();
    }
    let mut response = problem::json(200, &said);
    if browser {
        response.headers.push(cookie(cx, opened, jar));
    }
    response
}

/// The header that gives a browser its session.
pub(super) fn cookie(cx: &Cx<'_>, opened: &Opened, jar: Jar) -> (&'static str, String) {
    let seconds = opened.until.since(cx.now).0 / 1_000;
    ("set-cookie", cookie::set(&opened.secret, seconds, jar))
}

/// What is told of a person.
fn person(user: &User) -> Value {
    let mut said = json!({"id": user.id, "name": user.name, "role": user.role});
    if let Some(extension) = &user.extension {
        said["extension"] = json!(extension);
    }
    if user.second.is_some() {
        said["second_factor"] = json!(true);
    }
    said
}

fn locked() -> Step {
    let mut response = problem::problem(
        429,
        "session.locked",
        "too many wrong passwords or codes; try again later",
    );
    response.headers.push(("retry-after", RETRY_AFTER_S.to_string()));
    Step::Reply(response)
}
