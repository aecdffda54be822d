//! What parties do with a call they are in: answer, hold, retrieve, leave; and picking up a colleague's.

use super::{Centre, Decided, NOT_SO, Step};
use crate::call::{Call, CallEvent, CallId, Cause, Link, Waiting};
use crate::command::Done;
use crate::fact::Fact;
use crate::id::DeviceId;
use crate::refusal::Refusal;

impl Centre {
    /// `asked`: by an application. At a registered telephone, the phone decides: it is asked to pick up.
    pub(super) fn answer(
        &mut self,
        step: &mut Step<'_>,
        device: &DeviceId,
        id: CallId,
        asked: bool,
    ) -> Decided {
        let call = self.call_at(device, id)?;
        match call.link(device) {
            Some(Link::Prompted) if !asked => self.prompted(step, call, device),
            Some(Link::Alerting) if asked && self.switch.registered(device) => {
                self.emit(step, Fact::AnswerAsked { device: device.clone(), call: id });
            }
            Some(Link::Alerting) => {
                if asked {
                    self.telephone(device)?;
                }
                self.established(step, call, device);
            }
            _ => return Err(NOT_SO),
        }
        Ok(Done::Ok)
    }

    /// Somebody has answered: all who waited for it talk now.
    pub(super) fn established(&mut self, step: &mut Step<'_>, mut call: Call, device: &DeviceId) {
        for party in &mut call.parties {
            if party.device == *device || party.link == Link::Initiated {
                party.link = Link::Connected;
            }
            if party.target.is_none() {
                party.talked = party.talked.or(Some(step.now));
            }
        }
        (call.until, call.back) = (None, None);
        if let Some(stay) = &mut call.stay {
            stay.waiting = Waiting::Served;
        }
        // An agent's answer is that of a new call, whatever led it there, unless it was passed on.
        let cause = call.ringing;
        let to = self.copies(&call, cause, device);
        self.tell(step, CallEvent::Established, &call, to);
    }

    pub(super) fn clear(&mut self, step: &mut Step<'_>, device: &DeviceId, id: CallId) -> Decided {
        let call = self.call_at(device, id)?;
        match call.link(device) {
            None => return Err(super::NOT_THERE),
            Some(Link::Listening) => self.listener_leaves(step, call, device),
            Some(Link::Prompted) if call.party(device).is_some_and(|p| p.target.is_some()) => {
                self.listener_leaves(step, call, device);
            }
            Some(Link::Alerting) => self.reject(step, call, device),
            Some(_) => {
                let cause = Self::leaving(&call, device);
                self.part(step, call, device, cause);
            }
        }
        Ok(Done::Ok)
    }

    fn reject(&mut self, step: &mut Step<'_>, call: Call, device: &DeviceId) {
        if let Some(Waiting::Offered { agent, .. }) = call.stay.as_ref().map(|s| &s.waiting) {
            let agent = agent.clone();
            self.not_taken(step, call, &agent, device, super::line::Missed::Refused);
        } else {
            self.fail(step, call, device, Cause::BUSY, Some(Cause::CANCELLED));
        }
    }

    pub(super) fn listener_leaves(
        &mut self,
        step: &mut Step<'_>,
        mut call: Call,
        device: &DeviceId,
    ) {
        let mut copy = self.copy(device, Cause::NONE, device);
        copy.target = call.party(device).and_then(|p| p.target.clone());
        self.take_out(&mut call, device);
        self.tell(step, CallEvent::ConnectionCleared, &call, vec![copy]);
    }

    pub(super) fn hold(&mut self, step: &mut Step<'_>, device: &DeviceId, id: CallId) -> Decided {
        let mut call = self.call_at(device, id)?;
        if call.link(device) != Some(Link::Connected) {
            return Err(NOT_SO);
        }
        self.held(step, &mut call, device);
        Ok(Done::Ok)
    }

    /// Somebody is on hold now.
    pub(super) fn held(&mut self, step: &mut Step<'_>, call: &mut Call, device: &DeviceId) {
        if let Some(party) = call.party_mut(device) {
            party.link = Link::Held;
        }
        let to = self.copies(call, Cause::NONE, device);
        self.tell(step, CallEvent::Held, call, to);
    }

    pub(super) fn retrieve(
        &mut self,
        step: &mut Step<'_>,
        device: &DeviceId,
        id: CallId,
    ) -> Decided {
        let mut call = self.call_at(device, id)?;
        if call.link(device) != Some(Link::Held) {
            return Err(NOT_SO);
        }
        if self.switch.active(device) {
            return Err(Refusal::WrongState("the telephone is in another call"));
        }
        if let Some(party) = call.party_mut(device) {
            party.link = Link::Connected;
        }
        let to = self.copies(&call, Cause::NONE, device);
        self.tell(step, CallEvent::Retrieved, &call, to);
        Ok(Done::Ok)
    }

    pub(super) fn pickup(
        &mut self,
        step: &mut Step<'_>,
        device: &DeviceId,
        from: &DeviceId,
    ) -> Decided {
        self.may_originate(device)?;
        let ringing = self.switch.at(from).find(|c| c.link(from) == Some(Link::Alerting));
        let mut call = ringing.cloned().ok_or(super::NOT_THERE)?;
        if call.party(device).is_some() {
            return Err(NOT_SO);
        }
        let mut taker = call.party(from).cloned().ok_or(super::NOT_THERE)?;
        taker.device = device.clone();
        self.take_out(&mut call, from);
        (call.ringing, call.until) = (Cause::PICKUP, None);
        let to = vec![self.copy(from, Cause::PICKUP, device)];
        let done = super::made(&call);
        self.tell(step, CallEvent::Diverted, &call, to);
        call.parties.push(taker);
        self.established(step, call, device);
        Ok(done)
    }
}
