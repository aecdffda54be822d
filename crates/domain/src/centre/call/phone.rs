//! Real telephones: which can be reached by SIP.
//!
//! A telephone is **registered** (a phone or a desk took its place), **virtual** (the switch plays it), or **away**. The
//! latter can neither call nor be called; what it is in goes on, for a SIP dialog outlives a registration.

use super::line::Missed;
use super::{Centre, Decided, Step};
use crate::call::{Call, Cause, Party, Waiting};
use crate::command::Done;
use crate::fact::Fact;
use crate::id::DeviceId;
use crate::refusal::Refusal;

impl Centre {
    pub(super) fn register(
        &mut self,
        step: &mut Step<'_>,
        device: &DeviceId,
        here: bool,
    ) -> Decided {
        let known = self.directory.devices.get(device);
        if here && known.is_none_or(|d| d.service.is_some()) {
            return Err(Refusal::NoSuchDevice);
        }
        if self.switch.registered(device) == here {
            return Ok(Done::Ok);
        }
        self.emit(step, Fact::Registered { device: device.clone(), here });
        if let Some(agent) = self.agent_at(device) {
            self.route_for(step, &agent);
        }
        Ok(Done::Ok)
    }

    /// The switch has begun anew. Calls whose sound went by its sockets are over; those of virtual telephones go on, and so do
    /// agents and queues (`nxproxy-rio.md` 9).
    pub(super) fn restart(&mut self, step: &mut Step<'_>) -> Decided {
        let gone: Vec<DeviceId> = self.switch.registered.iter().cloned().collect();
        let real = |party: &Party| gone.contains(&party.device) && !party.outside;
        let lost: Vec<Call> =
            self.switch.calls().filter(|call| call.parties.iter().any(real)).cloned().collect();
        for call in lost {
            match call.stay.as_ref().map(|stay| stay.waiting.clone()) {
                // Only the agent's telephone is lost: the caller waits on.
                Some(Waiting::Offered { agent, device })
                    if call.parties.iter().all(|p| !real(p) || p.device == device) =>
                {
                    self.not_taken(step, call, &agent, &device, Missed::LoggedOff);
                }
                _ => self.finish(step, call, |_| Cause::MAINTENANCE),
            }
        }
        for device in gone {
            self.emit(step, Fact::Registered { device, here: false });
        }
        Ok(Done::Ok)
    }

    /// Takes up that a telephone can be reached, or cannot. Its agent can be called, or cannot any more.
    pub(in crate::centre) fn registered(&mut self, device: &DeviceId, here: bool) {
        if here {
            self.switch.registered.insert(device.clone());
        } else {
            self.switch.registered.remove(device);
        }
        self.stand_there(device);
    }

    /// Puts the agent at a telephone where they belong in the lines.
    pub(in crate::centre) fn stand_there(&mut self, device: &DeviceId) {
        if let Some(agent) = self.agent_at(device) {
            self.stand(&agent);
        }
    }
}
