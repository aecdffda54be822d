//! Telephone calls: what the agent does with their own telephone.

use super::super::frame::No;
use super::super::world::World;
use super::{Call, Me, Want, short};
use crate::door::Cx;
use crate::phone_pass::PhonePass;
use domain::agent::Channel;
use domain::command::{Act, Command};
use domain::id::ContactId;
use domain::query::{ContactFilter, Query};
use serde_json::json;
use std::sync::Arc;

/// Bytes of a number, with what people write into it.
const LONGEST_NUMBER: usize = 64;

/// Bytes of user-to-user data (`nxproxy-rio.md` 5.2).
const LONGEST_UUI: usize = 256;

/// Keys that are sent at once.
const LONGEST_KEYS: usize = 64;

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

/// Keys, as people press them.
pub(super) fn keys(me: &Me, contact: ContactId, keys: Arc<str>) -> Result<Call, No> {
    let known = |key: u8| key.is_ascii_digit() || b"*#ABCD".contains(&key);
    if !(1..=LONGEST_KEYS).contains(&keys.len()) || !keys.bytes().all(known) {
        return Err(No::bad("keys: 1 to 64 of 0-9*#A-D"));
    }
    Ok(act(me, "desk.keys", Act::Keys { contact, keys }))
}

/// What a browser needs to register as the agent's own telephone. Where it registers is the page's own host, at these ports.
pub(super) fn phone(cx: &Cx<'_>, me: &Me, world: &World) -> Result<Call, No> {
    let none = || No::new("device.none", "you have no telephone");
    let device = me.user.extension.as_ref().ok_or_else(none)?;
    let known = world.directory.devices.get(device).filter(|device| device.service.is_none());
    let realm = world.directory.realm.as_ref().filter(|_| known.is_some()).ok_or_else(none)?;
    let pass = PhonePass::issue(cx.site, me.realm, device, cx.now);
    let pass = pass.ok_or_else(|| No::new("device.none", "this server gives no passes"))?;
    let listeners = &cx.site.settings().listeners;
    let mut told = json!({
        "device": device,
        "realm": realm.name,
        "user": pass.user,
        "password": pass.password,
        "until": pass.until,
    });
    for (name, listener) in [("ws", "sip_ws"), ("wss", "sip_wss")] {
        if let Some(url) = listeners.get(listener) {
            told[name] = json!(url);
        }
    }
    Ok(Call::Ok(told))
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
