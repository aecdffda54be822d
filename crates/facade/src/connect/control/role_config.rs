//! `UpdateParticipantRoleConfig`, `PUT /contact/participant-role-config/{InstanceId}/{ContactId}`: when a silent
//! participant is called idle, and when it is dropped (`amazon-connect-chat.md` 1.7, 4.3).
//!
//! ```text
//! {"ChannelConfiguration":{"Chat":{"ParticipantTimerConfigList":[
//!   {"ParticipantRole":"CUSTOMER","TimerType":"IDLE","TimerValue":{"ParticipantTimerDurationInMinutes":2}}]}}}
//! {}
//! ```

use super::call::contact;
use super::{Call, reply};
use crate::connect::body::Object;
use crate::connect::error::ApiError;
use crate::door::{Cx, Step};
use domain::command::{Command, IdleChange, Timing};
use domain::time::Millis;
use serde_json::Value;

pub(super) fn run(cx: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    const LIST: &str = "ParticipantTimerConfigList";
    call.instance(cx, call.segment(0))?;
    let members = call.members()?;
    let body = Object::new(&members, ApiError::invalid_parameter);
    let chat = body.need_object("ChannelConfiguration")?.need_object("Chat")?;
    let list = chat.objects(LIST, 1..=6)?;
    let mut seen = Vec::new();
    let (mut customer, mut agent) = (IdleChange::default(), IdleChange::default());
    for timer in chat.need(LIST, list)? {
        let is_agent = timer.choice("ParticipantRole", &[("CUSTOMER", false), ("AGENT", true)])?;
        let is_agent = timer.need("ParticipantRole", is_agent)?;
        let drops =
            timer.choice("TimerType", &[("IDLE", false), ("DISCONNECT_NONCUSTOMER", true)])?;
        let drops = timer.need("TimerType", drops)?;
        if seen.contains(&(is_agent, drops)) {
            return Err(chat.bad(LIST, "names a role and timer twice"));
        }
        seen.push((is_agent, drops));
        let after = after(&timer.need_object("TimerValue")?)?;
        let rule = if is_agent { &mut agent } else { &mut customer };
        *(if drops { &mut rule.drop } else { &mut rule.warn }) = after;
    }
    let command = Command::RuleIdle { contact: contact(call.segment(1))?, customer, agent };
    Ok(call.act(command, |cx, _| reply(cx, Value::Null)))
}

/// What becomes of the timer.
fn after(value: &Object<'_>) -> Result<Timing, ApiError> {
    const MINUTES: &str = "ParticipantTimerDurationInMinutes";
    let minutes = value.integer(MINUTES, 2..=480)?;
    let unset = value.choice("ParticipantTimerAction", &[("Unset", ())])?;
    match (minutes, unset) {
        (Some(minutes), None) => Ok(Timing::After(Millis::from_mins(minutes.unsigned_abs()))),
        (None, Some(())) => Ok(Timing::Unset),
        _ => Err(value.bad(MINUTES, "or ParticipantTimerAction is required, not both")),
    }
}
