//! Who calls: a bearer token, or the cookie together with a page of our own.

use super::origin::{self, Source};
use super::{cookie, problem};
use crate::door::{Cx, Head, RealmNo, Step, Then, open};
use domain::audit::{Actor, Way};
use domain::command::Command;
use domain::directory::{Role, User};
use domain::id::{TokenHash, UserId};
use domain::query::{Answer, Query};
use domain::time::Millis;
use std::sync::Arc;

/// Somebody with a session.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Who.
    pub user: Arc<User>,
    /// Where.
    pub realm: RealmNo,
    /// Their session.
    pub session: TokenHash,
    /// It ends then.
    pub until: Millis,
    /// Who they are for the audit trail.
    pub actor: Actor,
}

/// Who asks, from where and by what, as far as a request says.
pub fn actor(user: &UserId, head: &Head) -> Actor {
    let agent = head.header("user-agent").unwrap_or_default();
    // A page has the cookie, or is just getting it; programs send neither it nor an origin.
    let page = head.header("cookie").is_some() || head.header("origin").is_some();
    let way = if head.header("authorization").is_none() && page {
        Way::Page
    } else if agent.starts_with("sangdam/") {
        Way::Cli
    } else {
        Way::Api
    };
    Actor { user: user.clone(), way, from: head.peer.to_canonical().to_string().into() }
}

impl Caller {
    /// A wish of theirs, as the audit trail knows it.
    pub fn wishes(&self, command: Command) -> Box<Command> {
        Box::new(Command::As(Box::new(self.actor.clone()), Box::new(command)))
    }

    /// Watches and steers agents, too.
    pub fn leads(&self) -> bool {
        self.user.role >= Role::Supervisor
    }
}

/// Lets a caller in, or answers 401.
///
/// `upgrade`: for a WebSocket the cookie needs a page of our own whatever the method is.
pub fn enter(cx: &mut Cx<'_>, head: &Head, upgrade: bool, then: Then<Caller>) -> Step {
    let Some((realm, session)) = credentials(cx, head, upgrade).and_then(|secret| open(&secret))
    else {
        return nobody();
    };
    let head = head.clone();
    let then = move |cx: &mut Cx<'_>, answer| match answer {
        Ok(Answer::Session(user, until)) if until > cx.now && !user.disabled => {
            let actor = actor(&user.id, &head);
            then(cx, Caller { user, realm, session, until, actor })
        }
        _ => nobody(),
    };
    Step::Read(realm, Box::new(Query::Session(session)), Box::new(then))
}

/// The same, for those who have at least this role.
pub fn enter_as(cx: &mut Cx<'_>, head: &Head, role: Role, then: Then<Caller>) -> Step {
    let then = move |cx: &mut Cx<'_>, caller: Caller| {
        if caller.user.role >= role { then(cx, caller) } else { forbidden() }
    };
    enter(cx, head, false, Box::new(then))
}

/// This person's role does not allow it.
pub fn forbidden() -> Step {
    problem::refused(&domain::refusal::Refusal::NotAllowed)
}

fn nobody() -> Step {
    let mut response = problem::problem(401, "session.bad_token", "log in first");
    response.headers.push(("www-authenticate", "Bearer".to_owned()));
    Step::Reply(response)
}

/// A bearer stands for itself; it never falls back to the cookie.
fn credentials(cx: &Cx<'_>, head: &Head, upgrade: bool) -> Option<String> {
    if let Some(value) = head.header("authorization") {
        let (scheme, secret) = value.split_once(' ')?;
        return scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim().to_owned());
    }
    let only_reads = !upgrade && matches!(head.method.as_str(), "GET" | "HEAD");
    let counts = match origin::from(cx.site.settings(), head) {
        Source::Own => true,
        Source::Unsaid => only_reads,
        Source::Foreign => false,
    };
    cookie::read(head).filter(|_| counts).map(str::to_owned)
}
