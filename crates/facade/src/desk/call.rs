//! What a contact's card says of its live call (`docs/desk-protocol.md` §2, Call).

use domain::call::{CallType, Link};
use domain::contact::Contact;
use domain::directory::Directory;
use domain::id::{DeviceId, QueueId, UserId};
use domain::query::DeskCall;
use domain::time::Millis;
use serde::Serialize;
use std::sync::Arc;

/// A live call at this agent's telephone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct CallWire {
    /// How the agent is connected.
    pub(super) link: Link,
    kind: CallType,
    /// The agent made it.
    out: bool,
    cnid: Arc<str>,
    cnsq: u32,
    /// The customer's number.
    number: DeviceId,
    dialed: DeviceId,
    device: DeviceId,
    parties: Vec<PartyWire>,
    /// It waits in this queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    waiting: Option<QueueId>,
    /// Since when somebody has had it on hold.
    #[serde(skip_serializing_if = "Option::is_none")]
    holding: Option<Millis>,
    /// How long it was on hold before, in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    held: Option<Millis>,
    #[serde(skip_serializing_if = "str::is_empty")]
    uui: Arc<str>,
    /// The agent is not heard.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    muted: bool,
    /// It is recorded: an agent asked for it, or a rule does.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    recorded: bool,
    /// Nothing of it is kept for now.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    masked: bool,
}

/// One end of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct PartyWire {
    number: DeviceId,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Arc<str>>,
    link: Link,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    me: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    talked: Option<Millis>,
}

impl CallWire {
    /// For this agent.
    pub(super) fn of(
        desk: &DeskCall,
        contact: &Contact,
        me: &UserId,
        directory: &Directory,
    ) -> Option<Self> {
        let (call, own) = (&desk.call, desk.call.party(&desk.device)?);
        let voice = contact.voice.as_deref()?;
        // Who listens unseen is seen by nobody but themself.
        let seen =
            call.parties.iter().filter(|p| p.link != Link::Listening || p.device == desk.device);
        let parties = seen.map(|party| {
            let user = desk.people.iter().find(|(device, _)| *device == party.device);
            let user = user.map(|(_, user)| user.clone());
            let known = user.as_ref().and_then(|user| directory.users.get(user));
            PartyWire {
                number: party.device.clone(),
                name: known.map(|user| user.name.clone()),
                user,
                link: party.link,
                me: party.device == desk.device,
                talked: party.talked,
            }
        });
        Some(Self {
            link: own.link,
            kind: call.kind,
            out: voice.maker.as_ref() == Some(me),
            cnid: call.cnid.clone(),
            cnsq: call.cnsq,
            number: voice.customer.clone(),
            dialed: call.dialed.clone(),
            device: desk.device.clone(),
            parties: parties.collect(),
            waiting: call.line().map(|stay| stay.queue.clone()),
            holding: voice.holding,
            held: Some(voice.held).filter(|held| held.0 > 0),
            uui: call.attached.uui.clone(),
            muted: desk.muted,
            recorded: call.recorded || call.ruled,
            masked: call.masked,
        })
    }
}
