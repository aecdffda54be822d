//! Supervisors in their agents' calls: listening, whispering, joining (S28-S30).

use super::{Centre, Decided, NOT_SO, Step};
use crate::call::{Barge, CallEvent, CallType, Cause, Link, PARTIES, Party};
use crate::id::DeviceId;
use crate::refusal::Refusal;

impl Centre {
    pub(super) fn barge(
        &mut self,
        step: &mut Step<'_>,
        device: &DeviceId,
        target: &DeviceId,
        mode: Barge,
    ) -> Decided {
        self.may_originate(device)?;
        let talking = self.switch.at(target).find(|c| c.link(target) == Some(Link::Connected));
        let mut call = talking.cloned().ok_or(NOT_SO)?;
        if call.party(device).is_some() {
            return Err(NOT_SO);
        }
        let joins = mode == Barge::Join;
        if joins && call.speakers().count() >= PARTIES {
            return Err(Refusal::WrongState("too many parties"));
        }
        let done = super::made(&call);
        let cause = if joins { Cause::OVERRIDE } else { Cause::SILENT_MONITOR };
        let mut comer = Party {
            device: device.clone(),
            outside: false,
            link: Link::Listening,
            talked: None,
            target: Some(target.clone()),
            whispers: mode == Barge::Whisper,
        };
        let mut own = self.copy(device, cause, device);
        own.target = Some(target.clone());
        call.parties.push(comer.clone());
        for event in [CallEvent::ServiceInitiated, CallEvent::Originated] {
            self.tell(step, event, &call, vec![own.clone()]);
        }
        if joins {
            call.parties.pop();
            (comer.link, comer.target, comer.talked) = (Link::Connected, None, Some(step.now));
            call.parties.push(comer);
            call.kind = CallType::Conference;
            call.called = target.clone();
            let to = self.copies(&call, cause, device);
            self.tell(step, CallEvent::Conferenced, &call, to);
        } else {
            self.tell(step, CallEvent::Established, &call, vec![own]);
        }
        Ok(done)
    }
}
