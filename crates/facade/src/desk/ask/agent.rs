//! States and offers, after-work, and what supervisors do with other people's.

use super::super::frame::No;
use super::super::request::StateName;
use super::{Call, Me, Want, short};
use domain::agent::{AgentState, Channel};
use domain::board::Supervision;
use domain::command::Command;
use domain::contact::WrapUp;
use domain::directory::Role;
use domain::id::{ContactId, NoticeId, UserId};
use domain::query::Query;
use domain::refusal::Refusal;
use domain::time::Millis;
use std::sync::Arc;

/// Bytes of a note.
const LONGEST_NOTE: usize = super::super::LONGEST_TEXT;

/// Reasons are 0 to 9 (seed 002).
const LAST_REASON: u8 = 9;

/// A supervisor logged them off (`domain::agent::AgentState::LoggedOff`).
const FORCED: u8 = 100;

/// More after-work at once, in seconds.
const LONGEST_EXTENSION: u64 = 600;

pub(super) fn state(
    me: &Me,
    state: StateName,
    reason: Option<u8>,
    channel: Option<Channel>,
) -> Result<Call, No> {
    let reason = reason.unwrap_or(0);
    if reason > LAST_REASON {
        return Err(No::bad("reason: 0 to 9"));
    }
    // Whoever has a telephone is at it, too.
    let telephone = me.user.extension.is_some().then_some(Channel::Voice);
    let both = || telephone.into_iter().chain([Channel::Chat]).collect();
    let channels = channel.map_or_else(both, |one| [one].into());
    let command = Command::State { agent: me.user.id.clone(), channels, state: state.with(reason) };
    Ok(Call::Do("desk.state", command, Want::Nothing))
}

pub(super) fn accept(me: &Me, contact: ContactId) -> Call {
    Call::Do("desk.accept", Command::Accept { agent: me.user.id.clone(), contact }, Want::Nothing)
}

pub(super) fn refuse(me: &Me, contact: ContactId) -> Call {
    Call::Do("desk.refuse", Command::Refuse { agent: me.user.id.clone(), contact }, Want::Nothing)
}

pub(super) fn wrap_up(
    me: &Me,
    contact: ContactId,
    code: Option<Arc<str>>,
    note: Option<Arc<str>>,
) -> Result<Call, No> {
    short(code.as_deref().unwrap_or_default(), 64, "code")?;
    short(note.as_deref().unwrap_or_default(), LONGEST_NOTE, "note")?;
    let filled = |text: Option<Arc<str>>| text.filter(|text| !text.trim().is_empty());
    // When it began and ended is the domain's to say.
    let wrap_up = WrapUp { code: filled(code), note: filled(note), ..WrapUp::default() };
    let command = Command::WrapUp { agent: me.user.id.clone(), contact, wrap_up };
    Ok(Call::Do("desk.wrapup", command, Want::Nothing))
}

pub(super) fn extend(me: &Me, contact: ContactId, seconds: u64) -> Result<Call, No> {
    if !(1..=LONGEST_EXTENSION).contains(&seconds) {
        return Err(No::bad("seconds: 1 to 600"));
    }
    let command = Command::ExtendWrapUp {
        agent: me.user.id.clone(),
        contact,
        by: Millis::from_secs(seconds),
    };
    Ok(Call::Do("desk.extend", command, Want::Extended))
}

pub(super) fn force(me: &Me, agent: UserId, state: StateName) -> Result<Call, No> {
    leads(me)?;
    let state = match state {
        StateName::LoggedOff => AgentState::LoggedOff(FORCED),
        other => other.with(0),
    };
    Ok(Call::Do("desk.force", Command::Force { by: me.session, agent, state }, Want::Nothing))
}

pub(super) fn monitor(
    me: &Me,
    contact: Option<ContactId>,
    agent: Option<UserId>,
    barge: bool,
) -> Result<Call, No> {
    leads(me)?;
    match (contact, agent) {
        (Some(contact), None) => Ok(watch(me, contact, barge)),
        (None, Some(agent)) => Ok(Call::Read(Query::Desk(agent), Want::Watch { barge })),
        _ => Err(No::bad("give either contact or agent")),
    }
}

/// Comes into a contact that is known by now.
pub(in crate::desk) fn watch(me: &Me, contact: ContactId, barge: bool) -> Call {
    let command = Command::Monitor { contact, user: me.user.id.clone(), barge, key: None };
    Call::Do("desk.monitor", command, Want::Nothing)
}

/// What a supervisor does with other people's work. The domain checks who asks.
pub(super) fn supervise(me: &Me, cause: &'static str, wish: Supervision) -> Call {
    let want = match wish {
        Supervision::TakeOver(_) => Want::TakenOver,
        _ => Want::Nothing,
    };
    Call::Do(cause, Command::Supervise { by: me.session, wish: Box::new(wish) }, want)
}

pub(super) fn acknowledge(me: &Me, notice: NoticeId) -> Call {
    let command = Command::Acknowledge { agent: me.user.id.clone(), notice };
    Call::Do("desk.ack", command, Want::Nothing)
}

fn leads(me: &Me) -> Result<(), No> {
    if me.user.role >= Role::Supervisor { Ok(()) } else { Err(Refusal::NotAllowed.into()) }
}
