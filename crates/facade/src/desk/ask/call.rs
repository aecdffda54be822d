//! Telephone calls: what the agent does with their own telephone.

use super::super::frame::No;
use super::{Call, Me, Want, short};
use domain::agent::Channel;
use domain::command::{Act, Command};
use domain::id::ContactId;
use domain::query::{ContactFilter, Query};
use std::sync::Arc;

/// Bytes of a number, with what people write into it.
const LONGEST_NUMBER: usize = 64;

/// Bytes of user-to-user data (`nxproxy-rio.md` 5.2).
const LONGEST_UUI: usize = 256;

/// Calls of one list.
const LONGEST_LIST: u16 = 50;

fn number(to: &str) -> Result<(), No> {
    short(to, LONGEST_NUMBER, "to")?;
    if to.trim().is_empty() { Err(No::bad("to: a number is wanted")) } else { Ok(()) }
}

pub(super) fn act(me: &Me, cause: &'static str, act: Act) -> Call {
    let want = match act {
        Act::Dial { .. } | Act::Consult { .. } => Want::Dialed,
        _ => Want::Nothing,
    };
    Call::Do(cause, Command::Phone { agent: me.user.id.clone(), act: Box::new(act) }, want)
}

pub(super) fn dial(me: &Me, to: Arc<str>, uui: Option<Arc<str>>) -> Result<Call, No> {
    number(&to)?;
    let uui = uui.unwrap_or_default();
    short(&uui, LONGEST_UUI, "uui")?;
    Ok(act(me, "desk.dial", Act::Dial { to, uui }))
}

pub(super) fn consult(me: &Me, contact: ContactId, to: Arc<str>) -> Result<Call, No> {
    number(&to)?;
    Ok(act(me, "desk.consult", Act::Consult { contact, to }))
}

pub(super) fn pass(me: &Me, contact: ContactId, to: Arc<str>) -> Result<Call, No> {
    number(&to)?;
    Ok(act(me, "desk.transfer", Act::Pass { contact, to }))
}

/// The agent's own calls, newest first: those they had, and those they made.
pub(super) fn list(me: &Me, limit: Option<u16>) -> Result<Call, No> {
    let limit = limit.unwrap_or(20);
    if !(1..=LONGEST_LIST).contains(&limit) {
        return Err(No::bad("limit: 1 to 50"));
    }
    let filter = ContactFilter {
        agent: Some(me.user.id.clone()),
        channel: Some(Channel::Voice),
        ended: Some(true),
        limit,
        ..ContactFilter::default()
    };
    Ok(Call::Read(Query::Contacts(filter), Want::Calls))
}
