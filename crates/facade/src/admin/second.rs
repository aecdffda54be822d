//! `/api/v1/second-factor`: people set and take off their own, by name and password each time, so that a session left open
//! is not enough; administrators take off others'.
//!
//! What was begun is kept by whoever began it: the ticket is the secret, sealed. So nothing is kept here that nobody ends.

use super::caller::{Caller, actor, enter, enter_as};
use super::cookie::Jar;
use super::origin::{self, Source};
use super::session::{self, Claim, Denied, Proved};
use super::{body, problem, totp};
use crate::door::{Cx, Head, RealmNo, Request, Step};
use domain::audit::Actor;
use domain::command::{Command, Proof};
use domain::directory::{Directory, Role, SecondFactor, User};
use domain::id::{TokenHash, UserId};
use domain::query::{Answer, Query};
use domain::refusal::Refusal;
use domain::time::Millis;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};

/// What was begun is to be ended within this.
const TICKET: Millis = Millis::from_mins(10);

/// What else the server seals is no ticket.
const PURPOSE: &str = "second-factor";

/// `POST`'s and `DELETE`'s body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Owner {
    user: String,
    password: String,
    realm: Option<String>,
    /// Of the second factor that there is.
    code: Option<String>,
}

/// `PUT`'s body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Confirm {
    ticket: String,
    /// Of the new device.
    code: String,
    /// Open a session, too.
    #[serde(default)]
    log_in: bool,
}

/// What was begun.
#[derive(Serialize, Deserialize)]
struct Ticket {
    purpose: String,
    realm: u16,
    user: UserId,
    /// Sealed.
    secret: String,
    /// What the password was checked against ([`standing`]).
    standing: String,
    until: Millis,
}

/// Changes with the password and with the second factor: a ticket of before is none any more.
fn standing(user: &User) -> String {
    let mut hash = Sha256::new();
    hash.update(user.password.as_deref().unwrap_or_default());
    hash.update([0]);
    hash.update(user.second.as_ref().map_or("", |second| &second.sealed));
    crate::percent::hex(&hash.finalize())
}

/// `POST`: a secret for a new device, and what proves afterwards that it was asked for by the password.
pub(super) fn post(cx: &mut Cx<'_>, request: &Request) -> Step {
    let begin = |_: &mut Cx<'_>, proved: Proved| {
        let Proved { realm, user, .. } = proved;
        let named = move |cx: &mut Cx<'_>, answer| match answer {
            Ok(Answer::Directory(directory)) if directory.takes_password(&user) => {
                begun(cx, realm, &user, &directory)
            }
            Ok(Answer::Directory(_)) => problem::refused(&Refusal::PasswordsOff),
            _ => problem::refused(&Refusal::NoSuchEntry),
        };
        Step::Read(realm, Box::new(Query::Directory), Box::new(named))
    };
    as_owner(cx, request, begin)
}

/// A new device of somebody who has proved who they are.
pub(super) fn begun(cx: &mut Cx<'_>, no: RealmNo, user: &User, directory: &Directory) -> Step {
    let secret = totp::secret(cx.chance);
    let ticket = Ticket {
        purpose: PURPOSE.to_owned(),
        realm: no.0,
        user: user.id.clone(),
        secret: totp::seal(cx.site, &secret),
        standing: standing(user),
        until: cx.now.plus(TICKET),
    };
    let ticket = cx.site.seal(&serde_json::to_vec(&ticket).unwrap_or_default());
    let realm = directory.realm.as_ref().map_or("sangdam", |realm| &realm.name);
    let uri = totp::uri(&secret, realm, user.id.as_str());
    let svg = totp::picture(&uri).unwrap_or_default();
    problem::reply(
        200,
        &json!({"ticket": ticket, "secret": totp::typed(&secret), "uri": uri, "svg": svg}),
    )
}

/// `PUT`: the new device works. Its owner's other sessions end; recovery codes are told once.
pub(super) fn put(cx: &mut Cx<'_>, request: &Request) -> Step {
    let source = origin::from(cx.site.settings(), &request.head);
    if source == Source::Foreign {
        return foreign();
    }
    let Confirm { ticket, code, log_in } = match body::json(request) {
        Ok(wanted) => wanted,
        Err(step) => return step,
    };
    let opened = cx.site.unseal(&ticket).and_then(|text| serde_json::from_slice(&text).ok());
    let Some(ticket) = opened.filter(|t: &Ticket| t.purpose == PURPOSE && t.until > cx.now) else {
        return stale();
    };
    let Some(secret) = totp::open(cx.site, &ticket.secret) else { return stale() };
    // Whoever holds the ticket knows the secret: nothing is guessed here.
    let Some(step) = totp::step(&secret, &code, cx.now) else {
        return problem::refused(&Refusal::WrongCode);
    };
    let recovery = totp::recovery(cx.chance);
    let hashes = recovery.iter().filter_map(|code| totp::recovery_hash(code)).collect();
    let sealed = ticket.secret.into();
    let factor = SecondFactor { sealed, since: cx.now, recovery: hashes };
    let (realm, user) = (RealmNo(ticket.realm), ticket.user);
    let (owner, standing_then) = (user.clone(), ticket.standing);
    let browser = source == Source::Own;
    let jar = Jar::of(cx.site.settings(), &request.head);
    let by = Box::new(actor(&user, &request.head));
    let set = move |keep: Option<TokenHash>| {
        let factor = Some((Box::new(factor), step));
        let command = Command::SetSecondFactor { user: user.clone(), factor, keep };
        let command = Command::As(by.clone(), Box::new(command));
        let done = move |cx: &mut Cx<'_>, outcome| match outcome {
            Err(refusal) => problem::refused(&refusal),
            Ok(_) if !log_in => problem::reply(200, &json!({"recovery": recovery})),
            Ok(_) => {
                let then = move |cx: &mut Cx<'_>, opened| match opened {
                    Ok(opened) => {
                        let more = [("recovery", json!(recovery))];
                        Step::Reply(session::welcomed(cx, &opened, browser, jar, &more))
                    }
                    Err(denied) => session::no(&denied),
                };
                let then = Box::new(then);
                session::open(cx, realm, user, Proof::Known, Some(by), then)
            }
        };
        Step::Do(realm, "api.second_factor", Box::new(command), Box::new(done))
    };
    let head = request.head.clone();
    let known = move |cx: &mut Cx<'_>, answer| match answer {
        Ok(Answer::Person(user)) if !user.disabled && standing(&user) == standing_then => {
            if log_in {
                return set(None);
            }
            let stay = move |_: &mut Cx<'_>, caller: Caller| set(Some(caller.session));
            enter(cx, &head, false, Box::new(stay))
        }
        _ => stale(),
    };
    Step::Read(realm, Box::new(Query::Person(owner)), Box::new(known))
}

/// Nothing can be ended that was not begun a moment ago.
fn stale() -> Step {
    problem::bad("the ticket is none of ours, or too old: begin anew")
}

/// `DELETE`: no second factor any more, where one's role does not ask for it.
pub(super) fn delete(cx: &mut Cx<'_>, request: &Request) -> Step {
    let head = request.head.clone();
    let take_off = move |_: &mut Cx<'_>, proved: Proved| {
        let Proved { realm, user, .. } = proved;
        let actor = actor(&user.id, &head);
        let checked = move |_: &mut Cx<'_>, answer| match answer {
            Ok(Answer::Directory(directory))
                if directory
                    .realm
                    .as_ref()
                    .is_some_and(|realm| realm.second_factor.contains(&user.role)) =>
            {
                problem::refused(&Refusal::MustEnrol)
            }
            _ => remove(realm, user.id.clone(), actor),
        };
        Step::Read(realm, Box::new(Query::Directory), Box::new(checked))
    };
    as_owner(cx, request, take_off)
}

/// `DELETE /users/{id}/second-factor`: the device is lost, and the recovery codes with it.
pub(super) fn reset(cx: &mut Cx<'_>, head: &Head, id: &str) -> Step {
    let user = UserId::from(id);
    let reset = move |_: &mut Cx<'_>, caller: Caller| {
        if caller.user.id == user {
            return problem::stop(403, "session.own_role", "another administrator must do this");
        }
        remove(caller.realm, user, caller.actor)
    };
    enter_as(cx, head, Role::Administrator, Box::new(reset))
}

fn remove(realm: RealmNo, user: UserId, by: Actor) -> Step {
    let command = Command::SetSecondFactor { user, factor: None, keep: None };
    let command = Command::As(Box::new(by), Box::new(command));
    let done = |_: &mut Cx<'_>, outcome| match outcome {
        Ok(_) => Step::Reply(problem::nothing()),
        Err(refusal) => problem::refused(&refusal),
    };
    Step::Do(realm, "api.second_factor", Box::new(command), Box::new(done))
}

/// Goes on with whoever shows the password, and the code of the second factor if there is one. That code is used up by it,
/// as by a log-in.
fn as_owner(
    cx: &mut Cx<'_>,
    request: &Request,
    then: impl FnOnce(&mut Cx<'_>, Proved) -> Step + Send + 'static,
) -> Step {
    if origin::from(cx.site.settings(), &request.head) == Source::Foreign {
        return foreign();
    }
    let Owner { user, password, realm, code } = match body::json(request) {
        Ok(wanted) => wanted,
        Err(step) => return step,
    };
    let proved = move |cx: &mut Cx<'_>, proved: Result<Proved, Denied>| match proved {
        Err(denied) => session::no(&denied),
        Ok(proved) if proved.user.second.is_none() => then(cx, proved),
        Ok(proved) => {
            let (realm, user, proof) = (proved.realm, proved.user.id.clone(), proved.proof);
            let command = Command::TakeCode { user, proof };
            let taken = move |cx: &mut Cx<'_>, outcome| match outcome {
                Ok(_) => then(cx, proved),
                Err(refusal) => {
                    if refusal == Refusal::WrongCode {
                        proved.lockout.wrong_code(cx);
                    }
                    problem::refused(&refusal)
                }
            };
            Step::Do(realm, "api.second_factor", Box::new(command), Box::new(taken))
        }
    };
    let claim = Claim { user: &user, password, realm: realm.as_deref(), code };
    session::prove(cx, &request.head, claim, Box::new(proved))
}

fn foreign() -> Step {
    problem::stop(403, "session.foreign_origin", "a page of another site may not do this")
}
