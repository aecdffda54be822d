//! What a contact knows of its call.

use crate::call::{Attached, Call, CallId, Link};
use crate::id::{DeviceId, FileId, UserId};
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What only a call's contact has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voice {
    /// The number of its call while that lives.
    pub call: CallId,
    /// And no other call that has this number by now.
    pub number: u64,
    /// The matter's number: 22 digits.
    pub cnid: Arc<str>,
    /// Which segment of the matter; a leg that went back into its queue goes on with the next.
    pub cnsq: u32,
    /// Who calls (ANI).
    pub caller: DeviceId,
    /// The number that was dialled.
    pub dialed: DeviceId,
    /// The customer's number; of a call between extensions the caller's.
    pub customer: DeviceId,
    /// The colleague who made the call, or this part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maker: Option<UserId>,
    /// When somebody answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<Millis>,
    /// Somebody has had it on hold since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holding: Option<Millis>,
    /// How often it was put on hold.
    #[serde(default)]
    pub holds: u32,
    /// How long it was on hold, together; what goes on just now is not in it.
    #[serde(default)]
    pub held: Millis,
    /// The longest of these.
    #[serde(default)]
    pub longest_hold: Millis,
    /// What it carries for applications.
    #[serde(default)]
    pub attached: Attached,
    /// Its recordings, oldest first, also those that were lost or are pruned by now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recordings: Vec<FileId>,
}

impl Voice {
    /// What is known when a segment begins.
    pub fn of(call: &Call, customer: DeviceId, maker: Option<UserId>) -> Self {
        Self {
            call: call.id,
            number: call.number,
            cnid: call.cnid.clone(),
            cnsq: call.cnsq,
            caller: call.caller.clone(),
            dialed: call.dialed.clone(),
            customer,
            maker,
            answered: None,
            holding: None,
            holds: 0,
            held: Millis(0),
            longest_hold: Millis(0),
            attached: call.attached.clone(),
            recordings: Vec::new(),
        }
    }

    /// Is this its call?
    pub fn is(&self, call: &Call) -> bool {
        self.call == call.id && self.number == call.number
    }

    /// Takes up the call as it is now; says whether that changes anything here.
    pub(super) fn take(&mut self, at: Millis, call: &Call) -> bool {
        let was = (self.cnsq, self.answered, self.holding);
        self.cnsq = call.cnsq;
        if self.answered.is_none() && call.speakers().any(|p| p.talked.is_some()) {
            self.answered = Some(at);
        }
        self.hold(at, call.speakers().any(|p| p.link == Link::Held));
        let attached = self.attached != call.attached;
        if attached {
            self.attached = call.attached.clone();
        }
        attached || was != (self.cnsq, self.answered, self.holding)
    }

    /// Is it on hold from now on?
    pub(super) fn hold(&mut self, at: Millis, holding: bool) {
        match self.holding {
            None if holding => {
                self.holding = Some(at);
                self.holds += 1;
            }
            Some(since) if !holding => {
                let span = at.since(since);
                self.holding = None;
                self.held = self.held.plus(span);
                self.longest_hold = self.longest_hold.max(span);
            }
            _ => {}
        }
    }
}
