//! Reaching somebody: dialling, ringing, forwarding, and failing to.

use super::{Centre, Decided, Step, made};
use crate::call::{
    Attached, Call, CallEvent, CallId, CallType, Cause, FORWARDS, Link, Party, RING, cnid,
};
use crate::directory::{BotKind, Device, Forward, Service};
use crate::id::{DeviceId, QueueId, TrunkId};
use crate::refusal::Refusal;
use std::sync::Arc;

/// What a number leads to.
#[derive(Debug, Clone)]
pub(super) enum Reached {
    /// A telephone, or a number that answers by itself.
    Telephone(Arc<Device>),
    /// A queue, by one of its numbers.
    Queue(QueueId),
    /// Another network, by one of these trunks, with the number as each wants it.
    Outside(Vec<(TrunkId, Arc<str>)>),
    /// Nothing.
    Nowhere,
}

impl Centre {
    /// A number without what people write into it (`nxproxy-rio.md` 5.2).
    pub(super) fn plain(number: &str) -> DeviceId {
        let plain: String = number.chars().filter(|c| *c != '-' && !c.is_whitespace()).collect();
        DeviceId(plain.into())
    }

    /// Where a number leads.
    pub(super) fn reached(&self, number: &DeviceId) -> Reached {
        if let Some(device) = self.directory.devices.get(number) {
            return Reached::Telephone(device.clone());
        }
        if self.directory.queue(number.as_str()).is_some() {
            return Reached::Queue(QueueId(number.0.clone()));
        }
        match self.directory.bots.get(number.as_str()).map(|bot| &bot.kind) {
            Some(BotKind::Echo) => Reached::Telephone(Arc::new(Device {
                service: Some(Service::Answers),
                ..Device::new(number.as_str())
            })),
            // Bots write; whoever telephones is served by people.
            Some(kind) => kind.queue().cloned().map_or(Reached::Nowhere, Reached::Queue),
            None => match self.directory.routes(number.as_str()) {
                routes if routes.is_empty() => Reached::Nowhere,
                routes => Reached::Outside(routes),
            },
        }
    }

    /// A call that has just begun, at its caller's telephone.
    pub(super) fn new_call(
        &self,
        step: &Step<'_>,
        kind: CallType,
        caller: &DeviceId,
        dialed: &DeviceId,
        attached: Attached,
    ) -> Result<Call, Refusal> {
        let number = self.switch.count + 1;
        Ok(Call {
            id: self.switch.free().ok_or(Refusal::WrongState("all call numbers are taken"))?,
            number,
            cnid: cnid(step.now, self.offset_minutes(), number),
            cnsq: 1,
            segments: 1,
            kind,
            caller: caller.clone(),
            verified: true,
            dialed: dialed.clone(),
            called: dialed.clone(),
            origin: "".into(),
            attached,
            parties: vec![Party {
                outside: kind == CallType::Inbound,
                ..Party::new(caller, Link::Initiated)
            }],
            stay: None,
            ringing: Cause::NEW_CALL,
            until: None,
            back: None,
            forwarded: Vec::new(),
            tried: Vec::new(),
            began: step.now,
            masked: false,
            recorded: false,
            ruled: false,
            contact: None,
            end: None,
        })
    }

    pub(super) fn offset_minutes(&self) -> i32 {
        self.directory.realm.as_ref().and_then(|r| r.utc_offset_minutes).unwrap_or(0)
    }

    /// May this telephone originate? One line; a call on hold leaves it free to.
    pub(super) fn may_originate(&self, device: &DeviceId) -> Result<(), Refusal> {
        self.telephone(device)?;
        if self.switch.active(device) {
            return Err(Refusal::WrongState("the telephone is in a call"));
        }
        Ok(())
    }

    pub(super) fn dial(
        &mut self,
        step: &mut Step<'_>,
        device: &DeviceId,
        to: &str,
        attached: Attached,
        asked: bool,
    ) -> Decided {
        self.may_originate(device)?;
        let to = Self::plain(to);
        let leaves = matches!(self.reached(&to), Reached::Outside(_));
        let kind = if leaves { CallType::Outbound } else { CallType::Internal };
        let call = self.new_call(step, kind, device, &to, attached)?;
        let done = made(&call);
        if asked && self.prompts(device) {
            self.prompt(step, call, device);
        } else {
            self.originate(step, &call);
            self.reach(step, call, &to, Cause::NEW_CALL);
        }
        Ok(done)
    }

    /// A consultation: the same matter, its next segment.
    pub(super) fn side_call(
        &self,
        step: &Step<'_>,
        of: &Call,
        device: &DeviceId,
        to: &DeviceId,
        attached: Attached,
    ) -> Result<Call, Refusal> {
        let call = self.new_call(step, CallType::Consult, device, to, attached)?;
        let segments = of.segments + 1;
        Ok(Call { cnid: of.cnid.clone(), cnsq: segments, segments, ..call })
    }

    /// The caller's telephone goes off the hook, and has dialled.
    pub(super) fn originate(&mut self, step: &mut Step<'_>, call: &Call) {
        let caller = call.caller.clone();
        for event in [CallEvent::ServiceInitiated, CallEvent::Originated] {
            let to = self.copies(call, Cause::NEW_CALL, &caller);
            self.tell(step, event, call, to);
        }
    }

    pub(super) fn arrive_call(&mut self, step: &mut Step<'_>, from: &str, to: &str) -> Decided {
        let (from, to) = (Self::plain(from), Self::plain(to));
        let mut call = self.new_call(step, CallType::Inbound, &from, &to, Attached::default())?;
        call.origin = to.0.clone();
        self.set_apart(&mut call);
        let done = made(&call);
        // It is there before it reaches anybody, so that a trunk can end it whatever becomes of it.
        self.tell(step, CallEvent::Originated, &call, Vec::new());
        self.reach(step, call, &to, Cause::NEW_CALL);
        Ok(done)
    }

    pub(super) fn hang_up(&mut self, step: &mut Step<'_>, id: CallId, number: u64) -> Decided {
        let call = self.switch.call(id).filter(|c| c.number == number).cloned();
        let call = call.ok_or(super::NOT_THERE)?;
        let outside = call.parties.iter().find(|p| p.outside).map(|p| p.device.clone());
        let outside = outside.ok_or(super::NOT_THERE)?;
        let cause = Self::leaving(&call, &outside);
        self.part(step, call, &outside, cause);
        Ok(crate::command::Done::Ok)
    }

    /// Why somebody's leaving is told to be: giving up before an answer, or hanging up.
    pub(super) fn leaving(call: &Call, device: &DeviceId) -> Cause {
        let talks = |link| matches!(link, Link::Connected | Link::Held);
        let others = call.speakers().filter(|p| p.device != *device);
        if call.link(device).is_some_and(talks) && others.map(|p| p.link).any(talks) {
            Cause::NONE
        } else {
            Cause::CANCELLED
        }
    }

    /// Leads a call on to a number.
    pub(super) fn reach(&mut self, step: &mut Step<'_>, call: Call, to: &DeviceId, cause: Cause) {
        match self.reached(to) {
            Reached::Nowhere => self.fail(step, call, to, Cause::NOT_OBTAINABLE, None),
            Reached::Queue(queue) => self.enter_line(step, call, &queue, cause),
            Reached::Outside(routes) => self.go_outside(step, call, to, routes, cause),
            Reached::Telephone(device) => self.reach_telephone(step, call, &device, cause),
        }
    }

    fn reach_telephone(&mut self, step: &mut Step<'_>, call: Call, device: &Device, cause: Cause) {
        let forward = |when: fn(&Forward) -> Option<&DeviceId>| {
            device.forward.as_ref().and_then(when).cloned()
        };
        let busy = match device.service {
            Some(Service::Busy) => true,
            Some(_) => false,
            None => self.switch.occupied(&device.id),
        };
        let inside = call.party(&device.id).is_some();
        if let Some(to) = forward(|f| f.always.as_ref()).filter(|_| !inside) {
            self.forward(step, call, &device.id, &to, Cause::FORWARD_ALWAYS);
        } else if device.dnd {
            self.fail(step, call, &device.id, Cause::DO_NOT_DISTURB, None);
        } else if device.service.is_none() && self.telephone(&device.id).is_err() {
            self.fail(step, call, &device.id, Cause::OUT_OF_ORDER, None);
        } else if busy || inside {
            match forward(|f| f.busy.as_ref()).filter(|_| !inside) {
                Some(to) => self.forward(step, call, &device.id, &to, Cause::FORWARD_BUSY),
                None => self.fail(step, call, &device.id, Cause::BUSY, None),
            }
        } else {
            self.ring(step, call, &device.id, cause);
            if device.service == Some(Service::Answers) {
                self.answers_itself(step, &device.id);
            }
        }
    }

    fn answers_itself(&mut self, step: &mut Step<'_>, device: &DeviceId) {
        let ringing = self.switch.at(device).find(|c| c.link(device) == Some(Link::Alerting));
        if let Some(call) = ringing.cloned() {
            self.established(step, call, device);
        }
    }

    /// A telephone rings.
    fn ring(&mut self, step: &mut Step<'_>, mut call: Call, device: &DeviceId, cause: Cause) {
        // Whom it comes back to stands first, as in the scenarios' columns.
        let place = if cause == Cause::RECALL { 0 } else { call.parties.len() };
        call.parties.insert(place, Party::new(device, Link::Alerting));
        call.ringing = cause;
        let span = self.directory.realm.as_ref().map_or(RING, |r| r.ring);
        call.until = Some(step.now.plus(span));
        let to = self.copies(&call, cause, device);
        self.tell(step, CallEvent::Delivered, &call, to);
    }

    /// A telephone sends its calls elsewhere.
    pub(super) fn forward(
        &mut self,
        step: &mut Step<'_>,
        mut call: Call,
        from: &DeviceId,
        to: &DeviceId,
        cause: Cause,
    ) {
        if call.forwarded.len() >= FORWARDS || call.forwarded.contains(to) {
            self.fail(step, call, from, Cause::BUSY, None);
            return;
        }
        call.forwarded.push(from.clone());
        self.take_out(&mut call, from);
        call.until = None;
        call.tried.clear();
        let diverted = vec![self.copy(from, cause, to)];
        self.tell(step, CallEvent::Diverted, &call, diverted);
        self.reach(step, call, to, cause);
    }

    /// Nobody has answered in time.
    pub(super) fn unanswered(&mut self, step: &mut Step<'_>, call: Call, device: &DeviceId) {
        let forward =
            self.directory.devices.get(device).and_then(|d| d.forward.as_ref()?.no_answer.clone());
        if call.ringing == Cause::RECALL {
            self.finish(step, call, |_| Cause::NOT_ANSWERED);
        } else if let Some(to) = forward {
            self.forward(step, call, device, &to, Cause::FORWARD_NO_ANSWER);
        } else {
            self.fail(step, call, device, Cause::NOT_ANSWERED, Some(Cause::NOT_ANSWERED));
        }
    }

    /// A call has not reached whom it was for. `rang`: they rang, and this is what they are told of its end.
    pub(super) fn fail(
        &mut self,
        step: &mut Step<'_>,
        mut call: Call,
        target: &DeviceId,
        cause: Cause,
        rang: Option<Cause>,
    ) {
        call.until = None;
        let mut to = self.copies(&call, cause, target);
        // Whoever called hears why; where it rang, it merely stops.
        to.retain(|copy| copy.device != *target || rang.is_none());
        self.tell(step, CallEvent::Failed, &call, to);
        let Some(back) = call.back.take() else {
            let of_target = rang.unwrap_or(cause);
            self.finish(step, call, |device| if device == target { of_target } else { cause });
            return;
        };
        if let Some(rang) = rang {
            let outside = call.party(target).is_some_and(|p| p.outside);
            let to = if outside { Vec::new() } else { vec![self.copy(target, rang, target)] };
            self.take_out(&mut call, target);
            self.tell(step, CallEvent::ConnectionCleared, &call, to);
        }
        // A queue that was closed is out of it for good, although the call goes on.
        let line = self.line_copies(&call, cause, target);
        if !line.is_empty() {
            call.stay = None;
            self.tell(step, CallEvent::ConnectionCleared, &call, line.clone());
            self.tell(step, CallEvent::CallCleared, &call, line);
        }
        self.come_back(step, call, &back);
    }

    /// A call comes back to whoever passed it on.
    fn come_back(&mut self, step: &mut Step<'_>, mut call: Call, back: &DeviceId) {
        let free = self.telephone(back).is_ok() && !self.switch.occupied(back);
        if !free {
            self.finish(step, call, |_| Cause::NOT_ANSWERED);
            return;
        }
        call.stay = None;
        self.ring(step, call, back, Cause::RECALL);
    }
}
