//! What is heard and kept of a call: mute, mask, record, keys (`max-agent-desktop.md` 1.9 and 3.3).

use super::{Centre, Decided, NOT_SO, Step};
use crate::call::{Call, CallId, Link, Sound};
use crate::command::Done;
use crate::fact::Fact;
use crate::id::DeviceId;
use crate::node::Topic;
use crate::refusal::Refusal;
use crate::signal::Signal;
use std::sync::Arc;

/// Keys that are sent at once.
const KEYS: usize = 64;

impl Centre {
    /// A telephone that is in a call sends no sound, or sends it again.
    pub(super) fn mute(&mut self, step: &mut Step<'_>, device: &DeviceId, muted: bool) -> Decided {
        self.telephone(device)?;
        let talks = |call: &Call| {
            matches!(call.link(device), Some(Link::Connected | Link::Held | Link::Initiated))
        };
        if !self.switch.at(device).any(talks) {
            return Err(NOT_SO);
        }
        if self.switch.muted(device) != muted {
            self.sounded(step, device, None, Sound::Muted(muted));
        }
        Ok(Done::Ok)
    }

    /// A telephone that has left its last call is heard in the next one.
    pub(super) fn unmute(&mut self, step: &mut Step<'_>, device: &DeviceId) {
        if self.switch.muted(device) {
            self.sounded(step, device, None, Sound::Muted(false));
        }
    }

    pub(super) fn mask(
        &mut self,
        step: &mut Step<'_>,
        device: &DeviceId,
        id: CallId,
        masked: bool,
    ) -> Decided {
        let call = self.talked(device, id)?;
        if call.masked != masked {
            self.sounded(step, device, Some(id), Sound::Masked(masked));
        }
        Ok(Done::Ok)
    }

    /// Does the directory ask that this call be recorded, now that somebody talks in it?
    pub(super) fn to_be_taped(&self, call: &Call) -> bool {
        let talks = || call.parties.iter().filter(|p| p.link == Link::Connected);
        if talks().count() < 2 {
            return false;
        }
        let queue = call.stay.as_ref().and_then(|stay| self.directory.queues.get(&stay.queue));
        if queue.is_some_and(|queue| queue.record) {
            return true;
        }
        let groups: Vec<_> = self.directory.groups.values().filter(|group| group.record).collect();
        talks().filter(|p| !p.outside).any(|party| {
            let device = self.directory.devices.get(&party.device);
            let person = (!groups.is_empty()).then(|| self.person_at(&party.device)).flatten();
            device.is_some_and(|device| device.record)
                || person.is_some_and(|who| groups.iter().any(|g| g.members.contains_key(&who)))
        })
    }

    /// Once recorded, a call stays so.
    pub(super) fn record(&mut self, step: &mut Step<'_>, device: &DeviceId, id: CallId) -> Decided {
        let call = self.talked(device, id)?;
        if !call.recorded {
            self.sounded(step, device, Some(id), Sound::Recorded);
        }
        Ok(Done::Ok)
    }

    pub(super) fn send_keys(
        &mut self,
        step: &mut Step<'_>,
        device: &DeviceId,
        id: CallId,
        keys: Arc<str>,
    ) -> Decided {
        self.talked(device, id)?;
        let fits = (1..=KEYS).contains(&keys.len())
            && keys.bytes().all(|b| b.is_ascii_digit() || b"*#ABCD".contains(&b));
        if !fits {
            return Err(Refusal::WrongState("keys are 1 to 64 of 0-9*#A-D"));
        }
        let signal = Signal::Keys { device: device.clone(), call: id, keys };
        step.out.signals.push((signal, vec![Topic::Calls, Topic::Device(device.clone())]));
        Ok(Done::Ok)
    }

    /// A call in which somebody talks.
    fn talked(&self, device: &DeviceId, id: CallId) -> Result<Call, Refusal> {
        let call = self.call_at(device, id)?;
        if call.link(device) == Some(Link::Connected) { Ok(call) } else { Err(NOT_SO) }
    }

    fn sounded(
        &mut self,
        step: &mut Step<'_>,
        device: &DeviceId,
        call: Option<CallId>,
        sound: Sound,
    ) {
        let contact = call.and_then(|id| self.switch.call(id)).and_then(|call| call.contact);
        self.emit(step, Fact::Sounded { device: device.clone(), call, contact, sound });
    }
}
