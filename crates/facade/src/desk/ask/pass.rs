//! Where a contact goes, and what is known of it and its customer.

use super::super::LONGEST_TEXT;
use super::super::frame::No;
use super::super::request::To;
use super::{Call, Me, Want, at_hand, short};
use crate::desk::world::World;
use domain::command::{Command, Destination};
use domain::contact::Attributes;
use domain::id::{ContactId, UserId};
use domain::query::{ContactFilter, Query};
use domain::time::Millis;
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Earlier segments that are looked through.
const HISTORY: u16 = 50;

/// Contacts of one day that are counted.
const TODAY: u16 = 500;

pub(super) fn transfer(
    me: &Me,
    contact: ContactId,
    to: To,
    note: Option<Arc<str>>,
) -> Result<Call, No> {
    short(note.as_deref().unwrap_or_default(), LONGEST_TEXT, "note")?;
    let to = match to {
        To::Number(to) => return super::call::pass(me, contact, to),
        To::Queue(queue) => Destination::Queue(queue),
        To::Agent(agent) => Destination::Agent(agent),
    };
    let note = note.filter(|note| !note.trim().is_empty());
    let command = Command::Transfer { contact, to, by: Some(me.user.id.clone()), note, key: None };
    Ok(Call::Do("desk.transfer", command, Want::Nothing))
}

pub(super) fn invite(me: &Me, contact: ContactId, agent: UserId) -> Call {
    Call::Do(
        "desk.invite",
        Command::Invite { contact, by: me.user.id.clone(), agent },
        Want::Nothing,
    )
}

pub(super) fn leave(me: &Me, contact: ContactId) -> Call {
    Call::Do("desk.leave", Command::Leave { by: me.by(contact), key: None }, Want::Nothing)
}

pub(super) fn end(me: &Me, contact: ContactId) -> Call {
    Call::Do("desk.end", Command::End { agent: me.user.id.clone(), contact }, Want::Nothing)
}

/// The command names nobody, so whose desk the contact is on is checked here.
pub(super) fn attributes(
    world: &World,
    contact: ContactId,
    attributes: Attributes,
    unset: BTreeSet<Arc<str>>,
) -> Result<Call, No> {
    at_hand(world, contact)?;
    if attributes.keys().any(|key| key.is_empty()) {
        return Err(No::bad("set: a name is empty"));
    }
    let command = Command::SetAttributes { contact, attributes, unset };
    Ok(Call::Do("desk.attributes", command, Want::Nothing))
}

/// Contacts that began since then; what is older has no part in the figures.
pub(super) fn today(me: &Me, since: Millis) -> Call {
    let filter = ContactFilter {
        agent: Some(me.user.id.clone()),
        from: Some(since),
        ended: Some(true),
        limit: TODAY,
        ..ContactFilter::default()
    };
    Call::Read(Query::Contacts(filter), Want::Today)
}

/// Only of a customer whom a key of ours vouched for: whoever merely claims a number is shown nothing of its owner.
pub(super) fn history(world: &World, contact: ContactId) -> Result<Call, No> {
    let contact = at_hand(world, contact)?;
    let filter = ContactFilter { limit: HISTORY, ..ContactFilter::default() };
    // A number that no trunk and no telephone of ours asserts is a mere claim, too.
    if let Some(phone) = contact.phone.clone().filter(|_| contact.customer.verified) {
        let filter = ContactFilter { phone: Some(phone), ..filter };
        return Ok(Call::Read(Query::Contacts(filter), Want::History(contact.room)));
    }
    let Some(customer) = contact.customer.id.clone().filter(|_| contact.customer.verified) else {
        return Ok(Call::Ok(json!({"contacts": []})));
    };
    let filter = ContactFilter { customer: Some(customer), ..filter };
    Ok(Call::Read(Query::Contacts(filter), Want::History(contact.room)))
}
