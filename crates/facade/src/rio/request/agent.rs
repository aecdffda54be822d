//! Requests of agents (seed 002 §1.5.4).

use super::switch::this;
use crate::rio::code::Code;
use crate::rio::read::{Message, Read};
use domain::agent::{AgentState, Channel};
use domain::call::Wish;
use domain::id::UserId;

/// What an agent says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Said {
    LogOff,
    NotReady,
    Ready,
    AfterWork,
}

/// The `agent` object, or the message itself where there is none.
fn agent(message: &Message) -> Read<Message> {
    Ok(message.object("agent")?.unwrap_or_else(|| message.clone()))
}

fn id(agent: &Message) -> Read<UserId> {
    Ok(UserId::from(agent.number_text("id")?.as_str()))
}

fn group(agent: &Message) -> Read<Option<u32>> {
    let group = agent.integer("group", 1..=999_999)?;
    Ok(group.and_then(|group| u32::try_from(group).ok()))
}

fn channel(agent: &Message) -> Read<Option<Channel>> {
    let number = agent.integer("channel", 0..=7)?;
    Ok(number.and_then(|number| Channel::of(u8::try_from(number).ok()?)))
}

/// `{"fname":"logon","this":"1001","agent":{"id":"1001","group":"401","channel":"0","wmode":"1"}}`
pub(super) fn log_on(message: &Message) -> Read<Wish> {
    let (device, agent) = (this(message)?, agent(message)?);
    let name = id(&agent)?;
    let group = group(&agent)?.ok_or(Code::BadParameters)?;
    let channel = channel(&agent)?.unwrap_or(Channel::Voice);
    let wmode = agent.integer("wmode", 1..=4)?.ok_or(Code::BadParameters)?;
    let wmode = u8::try_from(wmode).map_err(|_| Code::BadParameters)?;
    Ok(Wish::LogOn { device, agent: name, group, channel, wmode })
}

/// `{"fname":"ready","this":"1001","agent":{"id":"1001","reason":"0"}}`, and its like. seed: the table has reasons from 1,
/// the samples send "0"; both are taken.
pub(super) fn state(message: &Message, said: Said) -> Read<Wish> {
    let (device, agent) = (this(message)?, agent(message)?);
    let name = id(&agent)?;
    let reason = agent.integer("reason", 0..=9)?.unwrap_or(0);
    let reason = u8::try_from(reason).map_err(|_| Code::BadParameters)?;
    let state = match said {
        Said::LogOff => AgentState::LoggedOff(reason),
        Said::NotReady => AgentState::NotReady(reason),
        Said::Ready => AgentState::Ready,
        Said::AfterWork => AgentState::AfterWork(reason),
    };
    let group = if said == Said::LogOff { group(&agent)? } else { None };
    Ok(Wish::State { device, agent: name, group, channel: channel(&agent)?, state })
}
