//! Passing calls on: consultation, transfer, conference, and the single step.

use super::{Centre, Decided, NOT_SO, Step};
use crate::call::{Attached, Call, CallEvent, CallId, CallType, Cause, Happening, Link, PARTIES};
use crate::command::Done;
use crate::id::DeviceId;
use crate::refusal::Refusal;

impl Centre {
    pub(super) fn consult(
        &mut self,
        step: &mut Step<'_>,
        device: &DeviceId,
        id: CallId,
        to: &str,
        attached: Attached,
    ) -> Decided {
        let mut call = self.call_at(device, id)?;
        let others = self.switch.at(device).filter(|c| c.id != id);
        if call.link(device) != Some(Link::Connected)
            || others.into_iter().any(|c| c.link(device) != Some(Link::Held))
        {
            return Err(NOT_SO);
        }
        let to = Self::plain(to);
        let side = self.side_call(step, &call, device, &to, attached)?;
        call.segments = side.segments;
        let done = super::made(&side);
        self.held(step, &mut call, device);
        self.originate(step, &side);
        self.reach(step, side, &to, Cause::NEW_CALL);
        Ok(done)
    }

    /// A telephone that has put its call on hold by itself asks a third.
    pub(super) fn ask_aside(
        &mut self,
        step: &mut Step<'_>,
        device: &DeviceId,
        id: CallId,
        to: &DeviceId,
        attached: Attached,
    ) -> Decided {
        let mut call = self.call_at(device, id)?;
        let side = self.side_call(step, &call, device, to, attached)?;
        call.segments = side.segments;
        let done = super::made(&side);
        // Nobody need know that the matter has one segment more, but the next one must.
        self.tell(step, CallEvent::Held, &call, Vec::new());
        self.originate(step, &side);
        self.reach(step, side, to, Cause::NEW_CALL);
        Ok(done)
    }

    /// Makes one call of an active and a held one: a conference, or (without the device) a transfer.
    pub(super) fn join_calls(
        &mut self,
        step: &mut Step<'_>,
        device: &DeviceId,
        one: CallId,
        two: CallId,
        stays: bool,
        phone: bool,
    ) -> Decided {
        if one == two {
            return Err(NOT_SO);
        }
        let (mut active, mut held) = (self.call_at(device, one)?, self.call_at(device, two)?);
        let both_held = held.link(device) == Some(Link::Held) && phone;
        if active.link(device) == Some(Link::Held) && !both_held {
            std::mem::swap(&mut active, &mut held);
        }
        let fits = match active.link(device) {
            Some(Link::Connected) => true,
            Some(Link::Initiated) => !stays,
            // Telephones put both calls on hold before they join them.
            Some(Link::Held) => phone,
            _ => false,
        };
        let both = active.pending() && held.pending();
        if !fits || both || held.link(device) != Some(Link::Held) {
            return Err(NOT_SO);
        }
        let twice =
            active.parties.iter().any(|p| p.device != *device && held.party(&p.device).is_some());
        let speakers = active.speakers().count() + held.speakers().count() - 1;
        if twice || speakers - usize::from(!stays) > PARTIES {
            return Err(Refusal::WrongState("too many parties, or one of them twice"));
        }
        let ringing = active.link(device) == Some(Link::Initiated);
        let event = if stays { CallEvent::Conferenced } else { CallEvent::Transferred };
        let cause = if stays { Cause::NEW_CALL } else { Cause::TRANSFER };
        if !stays {
            // They leave the call that they know, before it becomes another.
            self.listeners_leave(step, &mut active, device);
            self.listeners_leave(step, &mut held, device);
        }
        let call = Self::joined(&active, &held, device, stays, ringing);
        let mut told = vec![self.copy(device, cause, device)];
        let others = call.speakers().filter(|p| !p.outside && p.device != *device);
        told.extend(others.map(|p| self.copy(&p.device, cause, device)));
        told.extend(self.line_copies(&call, cause, device));
        // Whoever listens on must know the call's new number.
        for listener in call.parties.iter().filter(|p| p.target.is_some()) {
            let mut copy = self.copy(&listener.device, cause, device);
            copy.target.clone_from(&listener.target);
            told.push(copy);
        }
        self.tell_all(
            step,
            Happening {
                event,
                call,
                over: false,
                merged: Some(active.id),
                cause: None,
                to: told,
                why: None,
            },
        );
        if !stays {
            let talked = held.party(device).and_then(|p| p.talked);
            self.soft.freed.push((device.clone(), talked));
        }
        Ok(Done::Ok)
    }

    /// What two calls become.
    fn joined(active: &Call, held: &Call, device: &DeviceId, stays: bool, ringing: bool) -> Call {
        let mut call = held.clone();
        if stays {
            if let Some(party) = call.party_mut(device) {
                party.link = Link::Connected;
            }
            // Who joins them stands first, as in the scenarios' columns.
            if let Some(at) = call.parties.iter().position(|p| p.device == *device) {
                let joiner = call.parties.remove(at);
                call.parties.insert(0, joiner);
            }
        } else {
            call.parties.retain(|p| p.device != *device);
        }
        call.parties.extend(active.parties.iter().filter(|p| p.device != *device).cloned());
        call.kind = if stays { CallType::Conference } else { CallType::Transfer };
        call.called = device.clone();
        call.attached = active.attached.or(&held.attached);
        call.segments = held.segments.max(active.segments);
        // Neither a recording that was asked for nor what must not be kept is forgotten by a join.
        call.recorded |= active.recorded;
        call.ruled |= active.ruled;
        call.masked |= active.masked;
        if !stays {
            call.segments += 1;
            call.cnsq = call.segments;
            if held.party(&held.caller).is_none() || held.caller == *device {
                let rest = held.speakers().find(|p| p.device != *device);
                if let Some(rest) = rest {
                    call.caller = rest.device.clone();
                }
            }
        }
        // Whichever of the two somebody's answer is waited for in goes on waiting.
        if !held.pending() {
            if active.stay.is_some() {
                call.stay.clone_from(&active.stay);
            }
            (call.until, call.ringing) = (active.until, active.ringing);
        }
        if ringing {
            (call.ringing, call.back) = (Cause::TRANSFER, Some(device.clone()));
        }
        call
    }

    pub(super) fn single_step(
        &mut self,
        step: &mut Step<'_>,
        device: &DeviceId,
        id: CallId,
        to: &str,
        attached: &Attached,
        phone: bool,
    ) -> Decided {
        let mut call = self.call_at(device, id)?;
        // There must be somebody to be passed on: whoever waits for an answer alone would leave nobody behind.
        let talks = |link| matches!(link, Link::Connected | Link::Held);
        let passed = call.speakers().any(|p| p.device != *device && talks(p.link));
        // A telephone puts its call on hold before it passes it on.
        let mine = call.link(device);
        let ready = mine == Some(Link::Connected) || phone && mine == Some(Link::Held);
        if !ready || !passed || call.pending() {
            return Err(NOT_SO);
        }
        let to = Self::plain(to);
        let done = super::made(&call);
        let told = self.copies(&call, Cause::SINGLE_STEP, device);
        call.kind = CallType::Transfer;
        call.called = device.clone();
        call.attached = attached.or(&call.attached);
        call.segments += 1;
        call.cnsq = call.segments;
        self.take_out(&mut call, device);
        let stays = call.speakers().next().map(|p| p.device.clone());
        call.caller = stays.unwrap_or(call.caller);
        call.stay = None;
        call.back = Some(device.clone());
        call.forwarded.clear();
        call.tried.clear();
        self.tell(step, CallEvent::Transferred, &call, told);
        self.listeners_leave(step, &mut call, device);
        self.reach(step, call, &to, Cause::SINGLE_STEP);
        Ok(done)
    }
}
