//! Whose session is this id? It takes both: the id, and the log-in of the agent whose session it is
//! (`max-agent-desktop.md` 1.10 and 3.1).

use super::name::{self, Name};
use super::{Call, error};
use crate::door::{Cx, Head, Step, Then};
use domain::directory::{Directory, Role};
use domain::id::UserId;
use domain::query::{Answer, Query};
use domain::refusal::Refusal;
use domain::shift::{Position, Shift};
use std::sync::Arc;

/// A live session, and all there is at its agent's place.
pub(super) struct Seat {
    pub(super) call: Call,
    pub(super) name: Name,
    pub(super) key: Vec<u8>,
    pub(super) shift: Shift,
    pub(super) position: Position,
    pub(super) directory: Arc<Directory>,
}

impl Seat {
    /// Whose session it is.
    pub(super) fn agent(&self) -> UserId {
        self.shift.agent.clone()
    }

    /// It was given to a page: not everything is open to it.
    pub(super) fn scoped(&self) -> bool {
        self.name.app != 0 && self.name.app != name::DESK
    }
}

/// What an id led to.
pub(super) enum Entered {
    /// A live session.
    Live(Box<Seat>),
    /// One of this agent's that has ended.
    Ended(Box<Call>, Name),
}

/// Lets a call into the session of this id.
pub(super) fn enter(call: Call, id: &str, then: Then<Entered>) -> Step {
    let Some(name) = Name::read(id) else { return error::no_session(false) };
    let (realm, user, text) = (call.who.realm, call.who.user.id.clone(), id.to_owned());
    let found = move |cx: &mut Cx<'_>, answer: Result<Answer, Refusal>| match answer {
        Ok(Answer::Position(position)) => match &position.shift {
            Some(shift) if shift.id == name.shift => check(cx, call, &text, name, *position, then),
            _ if position.ended == Some(name.shift) => {
                then(cx, Entered::Ended(Box::new(call), name))
            }
            _ if call.who.user.role >= Role::Supervisor => as_another(call, text, name, then),
            _ => error::no_session(true),
        },
        Ok(_) => error::no_session(true),
        Err(refusal) => error::refused(&refusal),
    };
    Step::Read(realm, Box::new(Query::Position(user)), Box::new(found))
}

/// A supervisor may work as an agent (`asAgentId`).
fn as_another(call: Call, text: String, name: Name, then: Then<Entered>) -> Step {
    let realm = call.who.realm;
    let found = move |cx: &mut Cx<'_>, answer: Result<Answer, Refusal>| match answer {
        Ok(Answer::Position(position)) if name.app == 0 => {
            check(cx, call, &text, name, *position, then)
        }
        _ => error::no_session(true),
    };
    Step::Read(realm, Box::new(Query::Shift(name.shift)), Box::new(found))
}

/// Was the id given out by us, and to whoever shows it?
fn check(
    cx: &mut Cx<'_>,
    call: Call,
    text: &str,
    name: Name,
    position: Position,
    then: Then<Entered>,
) -> Step {
    let Some(shift) = position.shift.clone() else { return error::no_session(true) };
    let Some(key) = cx.site.unseal(&shift.sealed).filter(|key| name.signed(key, text)) else {
        return error::no_session(true);
    };
    let realm = call.who.realm;
    let found = move |cx: &mut Cx<'_>, answer: Result<Answer, Refusal>| match answer {
        Ok(Answer::Directory(directory)) => {
            if !fits(&call.head, name, &directory) {
                return error::forbidden();
            }
            let seat = Seat { call, name, key, shift, position, directory };
            then(cx, Entered::Live(Box::new(seat)))
        }
        _ => error::no_session(true),
    };
    Step::Read(realm, Box::new(Query::Directory), Box::new(found))
}

/// An id that was given to a page is good for that page alone, as long as it may have one. From a browser, that is.
fn fits(head: &Head, name: Name, directory: &Directory) -> bool {
    if name.app == 0 || name.app == name::DESK {
        return true;
    }
    let open = directory.realm.as_ref().is_some_and(|realm| realm.open_like_max);
    let page = directory.workspaces.values().find(|page| name::app(&page.id) == name.app);
    page.is_some_and(|page| {
        let own = |origin: &str| page.all_origins().any(|other| other == origin);
        open || (page.session && head.header("origin").is_none_or(own))
    })
}
