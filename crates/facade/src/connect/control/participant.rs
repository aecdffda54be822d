//! Who else comes into a chat (`amazon-connect-chat.md` 1.6, 1.7): `CreateParticipant`,
//! `POST /contact/create-participant`; `MonitorContact`, `POST /contact/monitor`; `AssociateContactWithUser`,
//! `POST /contacts/{InstanceId}/{ContactId}/associate-user`.
//!
//! ```text
//! {"InstanceId":I,"ContactId":C,"ParticipantDetails":{"ParticipantRole":"CUSTOM_BOT","DisplayName":"Bot"}}
//! {"ParticipantCredentials":{"ParticipantToken":PT,"Expiry":"2026-11-21T15:40:38.991Z"},"ParticipantId":P}
//! ```

use super::call::{contact, user};
use super::{Call, reply, unexpected};
use crate::connect::body::Object;
use crate::connect::error::{ApiError, Plane};
use crate::connect::grant::{self, BOT_CONNECTS};
use crate::connect::time::iso_ms;
use crate::door::{Cx, Step};
use domain::command::{Command, Done};
use domain::refusal::Refusal;
use serde_json::{Value, json};

pub(super) fn create(cx: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let members = call.members()?;
    let body = Object::new(&members, ApiError::invalid_request);
    call.instance(cx, body.need_text("InstanceId", 1..=100)?)?;
    let id = body.need_text("ContactId", 1..=256)?;
    let details = body.need_object("ParticipantDetails")?;
    if details.need_text("ParticipantRole", 1..=100)? != "CUSTOM_BOT" {
        return Err(details.bad("ParticipantRole", "must be CUSTOM_BOT for a chat"));
    }
    let name = details.need_text("DisplayName", 1..=256)?;
    let token = body.text("ClientToken", 0..=500)?;
    let until = cx.now.plus(BOT_CONNECTS);
    let (secret, grant) = grant::participant(cx, call.realm, until);
    let command = Command::AdmitBot {
        contact: contact(id)?,
        name: name.into(),
        grant,
        // The real service lets no bot in beside an agent; ours does where a switch says so.
        beside_agents: cx.site.settings().bots_beside_agents,
        key: call.key(id, token),
    };
    Ok(call.act_or(command, refused, move |cx, done| {
        let Done::Admitted { participant, .. } = done else { return Err(unexpected()) };
        reply(
            cx,
            json!({
                "ParticipantCredentials": { "ParticipantToken": secret, "Expiry": iso_ms(grant.until.0) },
                "ParticipantId": participant.to_string(),
            }),
        )
    }))
}

/// That somebody is there already stands in a bot's way: a conflict, not a bad request.
fn refused(refusal: &Refusal) -> ApiError {
    match refusal {
        Refusal::WrongState(why) => ApiError::conflict(*why),
        other => ApiError::refused(Plane::Control, other),
    }
}

pub(super) fn monitor(cx: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let members = call.members()?;
    let body = Object::new(&members, ApiError::invalid_request);
    let instance = call.instance(cx, body.need_text("InstanceId", 1..=100)?)?;
    let id = body.need_text("ContactId", 1..=256)?;
    let user_name = body.need_text("UserId", 1..=256)?;
    let capabilities =
        body.texts("AllowedMonitorCapabilities", 0..=2, 1..=100)?.unwrap_or_default();
    if capabilities.iter().any(|c| !["SILENT_MONITOR", "BARGE"].contains(c)) {
        return Err(body.bad("AllowedMonitorCapabilities", "may hold SILENT_MONITOR and BARGE"));
    }
    let token = body.text("ClientToken", 0..=500)?;
    // Who may do both begins in silence and barges in from the desk.
    let barge = capabilities.contains(&"BARGE") && !capabilities.contains(&"SILENT_MONITOR");
    let command = Command::Monitor {
        contact: contact(id)?,
        user: user(user_name, instance)?,
        barge,
        key: call.key(id, token),
    };
    let arns = call.arns(cx, instance);
    Ok(call.act(command, move |cx, done| {
        let Done::Admitted { contact, .. } = done else { return Err(unexpected()) };
        reply(cx, json!({ "ContactId": contact.to_string(), "ContactArn": arns.contact(contact) }))
    }))
}

pub(super) fn associate(cx: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let instance = call.instance(cx, call.segment(0))?;
    let members = call.members()?;
    let body = Object::new(&members, ApiError::invalid_parameter);
    let agent = user(body.need_text("UserId", 1..=256)?, instance)?;
    let command = Command::Assign { contact: contact(call.segment(1))?, agent };
    Ok(call.act(command, |cx, _| reply(cx, Value::Null)))
}
