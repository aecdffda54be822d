//! Real telephones: which can be reached by SIP, what they do by themselves, and what they are asked to do.
//!
//! A telephone is **registered** (a phone or a desk took its place), **virtual** (the switch plays it), or **away**. The
//! latter can neither call nor be called; what it is in goes on, for a SIP dialog outlives a registration.

use super::line::Missed;
use super::{Centre, Decided, NOT_SO, NOT_THERE, Step};
use crate::call::{
    Attached, Call, CallEvent, CallId, Cause, Link, PICKUP, PROMPT, Party, Place, Waiting,
};
use crate::command::Done;
use crate::fact::Fact;
use crate::id::DeviceId;
use crate::refusal::Refusal;
use std::sync::Arc;

impl Centre {
    pub(super) fn register(
        &mut self,
        step: &mut Step<'_>,
        device: DeviceId,
        here: bool,
        places: Arc<[Place]>,
    ) -> Decided {
        let known = self.directory.devices.get(&device);
        if here && known.is_none_or(|d| d.service.is_some()) {
            return Err(Refusal::NoSuchDevice);
        }
        let before = self.switch.registered(&device);
        if before == here && (!here || *self.switch.places(&device) == *places) {
            return Ok(Done::Ok);
        }
        let agent = self.agent_at(&device).filter(|_| before != here);
        self.emit(step, Fact::Registered { device, here, places });
        if let Some(agent) = agent {
            self.route_for(step, &agent);
        }
        Ok(Done::Ok)
    }

    /// The switch has begun anew. Calls whose sound went by its sockets are over; those of virtual telephones go on, and so do
    /// agents and queues (`nxproxy-rio.md` 9). Telephones stay where they can still be reached.
    pub(super) fn restart(&mut self, step: &mut Step<'_>) -> Decided {
        let were = self.switch.registered.clone();
        let real =
            |party: &Party| party.via.is_some() || !party.outside && were.contains(&party.device);
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
        for device in were {
            let before = self.switch.places(&device);
            let lasting = |place: &&Place| place.lasts && place.until > step.now;
            let places: Arc<[Place]> = before.iter().filter(lasting).cloned().collect();
            if places.is_empty() || places.len() != before.len() {
                let here = !places.is_empty();
                self.emit(step, Fact::Registered { device, here, places });
            }
        }
        Ok(Done::Ok)
    }

    /// Must the telephone be called before it can call? Not while it is off the hook with a call on hold.
    pub(super) fn prompts(&self, device: &DeviceId) -> bool {
        self.switch.registered(device) && !self.switch.occupied(device)
    }

    /// An application has dialled: first the own telephone is called.
    pub(super) fn prompt(&mut self, step: &mut Step<'_>, mut call: Call, device: &DeviceId) {
        if let Some(party) = call.party_mut(device) {
            party.link = Link::Prompted;
        }
        call.until = Some(step.now.plus(PROMPT));
        let to = self.copies(&call, call.ringing, device);
        self.tell(step, CallEvent::ServiceInitiated, &call, to);
    }

    /// The own telephone is off the hook: now it calls.
    pub(super) fn prompted(&mut self, step: &mut Step<'_>, mut call: Call, device: &DeviceId) {
        let Some(party) = call.party_mut(device) else { return };
        if party.target.is_some() {
            return self.barges(step, call, device);
        }
        party.link = Link::Initiated;
        call.until = None;
        let told = self.copies(&call, call.ringing, device);
        self.tell(step, CallEvent::Originated, &call, told);
        let to = call.dialed.clone();
        self.reach(step, call, &to, Cause::NEW_CALL);
    }

    /// A telephone has dialled by itself.
    pub(super) fn dialled(
        &mut self,
        step: &mut Step<'_>,
        device: &DeviceId,
        to: &str,
        attached: Attached,
    ) -> Decided {
        let number = Self::plain(to);
        if let Some(from) = number.as_str().strip_prefix(PICKUP)
            && self.directory.devices.contains_key(from)
        {
            return self.pickup(step, device, &from.into());
        }
        let calls: Vec<_> = self.switch.at(device).map(|c| (c.id, c.link(device))).collect();
        match calls.as_slice() {
            [(call, Some(Link::Connected))] => self.consult(step, device, *call, to, attached),
            [(call, Some(Link::Held))] => {
                self.telephone(device)?;
                self.ask_aside(step, device, *call, &number, attached)
            }
            _ => self.dial(step, device, to, attached, false),
        }
    }

    /// A telephone that was called did not take the call.
    pub(super) fn rejected(
        &mut self,
        step: &mut Step<'_>,
        device: &DeviceId,
        id: CallId,
        cause: Cause,
    ) -> Decided {
        let call = self.call_at(device, id)?;
        let party = call.party(device).ok_or(NOT_THERE)?;
        match (party.link, call.stay.as_ref().map(|stay| stay.waiting.clone())) {
            (Link::Prompted, _) if party.target.is_some() => {
                self.listener_leaves(step, call, device);
            }
            (Link::Prompted, _) => self.finish(step, call, |_| Cause::NOT_ANSWERED),
            (Link::Alerting, Some(Waiting::Offered { agent, .. })) => {
                let missed = if cause == Cause::BUSY { Missed::Refused } else { Missed::Silent };
                self.not_taken(step, call, &agent, device, missed);
            }
            (Link::Alerting, _) if cause == Cause::NOT_ANSWERED => {
                self.unanswered(step, call, device);
            }
            (Link::Alerting, _) => {
                let known = self.directory.devices.get(device).cloned();
                let forward = known.and_then(|d| d.forward.clone()?.busy);
                match forward.filter(|_| cause == Cause::BUSY && call.ringing != Cause::RECALL) {
                    Some(to) => self.forward(step, call, device, &to, Cause::FORWARD_BUSY),
                    None => self.fail(step, call, device, cause, Some(Cause::CANCELLED)),
                }
            }
            _ => return Err(NOT_SO),
        }
        Ok(Done::Ok)
    }

    /// A telephone has vanished: it leaves as what broke leaves.
    pub(super) fn vanished(
        &mut self,
        step: &mut Step<'_>,
        device: &DeviceId,
        id: CallId,
    ) -> Decided {
        let call = self.call_at(device, id)?;
        match call.link(device) {
            Some(Link::Alerting | Link::Prompted) => {
                return self.rejected(step, device, id, Cause::OUT_OF_ORDER);
            }
            Some(Link::Listening) => self.listener_leaves(step, call, device),
            _ => self.part(step, call, device, Cause::MAINTENANCE),
        }
        Ok(Done::Ok)
    }

    /// Takes up that a telephone can be reached, or cannot. Its agent can be called, or cannot any more.
    pub(in crate::centre) fn registered(
        &mut self,
        device: &DeviceId,
        here: bool,
        places: &Arc<[Place]>,
    ) {
        if here {
            self.switch.registered.insert(device.clone());
        } else {
            self.switch.registered.remove(device);
        }
        if here && !places.is_empty() {
            self.switch.places.insert(device.clone(), places.clone());
        } else {
            self.switch.places.remove(device);
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
