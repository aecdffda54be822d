//! Supervisors in their agents' calls: listening, whispering, joining (S28-S30).

use super::{Centre, Decided, NOT_SO, Step};
use crate::call::{Barge, Call, CallEvent, CallType, Cause, Link, PARTIES, Party};
use crate::id::DeviceId;
use crate::refusal::Refusal;

impl Centre {
    pub(super) fn barge(
        &mut self,
        step: &mut Step<'_>,
        device: &DeviceId,
        target: &DeviceId,
        mode: Barge,
        asked: bool,
    ) -> Decided {
        self.may_originate(device)?;
        let talking = self.switch.at(target).find(|c| c.link(target) == Some(Link::Connected));
        let mut call = talking.cloned().ok_or(NOT_SO)?;
        if call.party(device).is_some() {
            return Err(NOT_SO);
        }
        let joins = matches!(mode, Barge::Join | Barge::Take);
        if joins && call.speakers().count() >= PARTIES {
            return Err(Refusal::WrongState("too many parties"));
        }
        let done = super::made(&call);
        let mut comer = Party::new(device, Link::Prompted);
        (comer.target, comer.whispers) = (Some(target.clone()), mode == Barge::Whisper);
        (comer.joins, comer.takes) = (joins, mode == Barge::Take);
        call.parties.push(comer);
        let cause = Self::barging(joins);
        let mut own = self.copy(device, cause, device);
        own.target = Some(target.clone());
        let calls = asked && self.prompts(device);
        self.tell(step, CallEvent::ServiceInitiated, &call, vec![own]);
        if !calls {
            self.barges(step, call, device);
        }
        Ok(done)
    }

    const fn barging(joins: bool) -> Cause {
        if joins { Cause::OVERRIDE } else { Cause::SILENT_MONITOR }
    }

    /// The supervisor's telephone is off the hook: they come in.
    pub(super) fn barges(&mut self, step: &mut Step<'_>, mut call: Call, device: &DeviceId) {
        let Some(at) = call.parties.iter().position(|p| p.device == *device) else { return };
        let mut comer = call.parties.remove(at);
        let Some(target) = comer.target.clone() else { return };
        let joins = comer.joins;
        let cause = Self::barging(joins);
        let takes = std::mem::take(&mut comer.takes);
        (comer.link, comer.joins) = (Link::Listening, false);
        let mut own = self.copy(device, cause, device);
        own.target = Some(target.clone());
        call.parties.push(comer.clone());
        self.tell(step, CallEvent::Originated, &call, vec![own.clone()]);
        if joins {
            call.parties.pop();
            (comer.link, comer.target, comer.talked) = (Link::Connected, None, Some(step.now));
            call.parties.push(comer);
            call.kind = CallType::Conference;
            call.called = target.clone();
            let to = self.copies(&call, cause, device);
            self.tell(step, CallEvent::Conferenced, &call, to);
            if takes {
                // Who was in it with the customer a moment ago can leave it.
                let cause = Self::leaving(&call, &target);
                self.part(step, call, &target, cause);
            }
        } else {
            self.tell(step, CallEvent::Established, &call, vec![own]);
        }
    }
}
