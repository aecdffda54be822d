//! What is asked of a call by its contact: the words of chats, carried out as the telephone of the agent would.

use super::{Centre, Decided, NOT_SO, Step};
use crate::call::{Attached, Call, Cause, Link};
use crate::command::{Destination, Done};
use crate::contact::EndReason;
use crate::id::{ContactId, DeviceId, UserId};
use crate::refusal::Refusal;

impl Centre {
    /// The call of a contact that is one and is open; none if it is a chat.
    pub(in crate::centre) fn open_call(&self, contact: ContactId) -> Result<Option<Call>, Refusal> {
        let Some(known) = self.contacts.get(&contact).filter(|c| c.voice.is_some()) else {
            return Ok(None);
        };
        let call = self.call_of(known).ok_or(Refusal::ContactEnded)?;
        // One call is one open segment, and this may be an earlier one.
        if call.contact == Some(contact) {
            Ok(Some(call.clone()))
        } else {
            Err(Refusal::ContactEnded)
        }
    }

    /// The telephone by which an agent is in a call.
    fn phone_in(&self, call: &Call, agent: &UserId) -> Result<DeviceId, Refusal> {
        let inside = call.parties.iter().filter(|p| !p.outside);
        let mut own = inside.filter(|p| self.person_at(&p.device).as_ref() == Some(agent));
        own.next().map(|p| p.device.clone()).ok_or(Refusal::NotAMember)
    }

    /// The agent takes the call that rings.
    pub(in crate::centre) fn accept_call(
        &mut self,
        step: &mut Step<'_>,
        call: &Call,
        agent: &UserId,
    ) -> Decided {
        let device = self.phone_in(call, agent)?;
        // A second click, or a repeat after a lost answer.
        if call.link(&device) == Some(Link::Connected) {
            return Ok(Done::Ok);
        }
        let done = self.answer(step, &device, call.id, true)?;
        self.settle(step);
        Ok(done)
    }

    /// The agent turns the call down that rings.
    pub(in crate::centre) fn refuse_call(
        &mut self,
        step: &mut Step<'_>,
        call: &Call,
        agent: &UserId,
    ) -> Decided {
        let device = self.phone_in(call, agent)?;
        if call.link(&device) != Some(Link::Alerting) {
            return Err(NOT_SO);
        }
        let done = self.clear(step, &device, call.id)?;
        self.settle(step);
        Ok(done)
    }

    /// The agent hangs up.
    pub(in crate::centre) fn end_call(
        &mut self,
        step: &mut Step<'_>,
        call: &Call,
        agent: &UserId,
    ) -> Decided {
        let device = self.phone_in(call, agent)?;
        let done = self.clear(step, &device, call.id)?;
        self.settle(step);
        Ok(done)
    }

    /// A program ends the call for everyone.
    pub(in crate::centre) fn stop_call(&mut self, step: &mut Step<'_>, call: Call) -> Decided {
        self.finish(step, Call { end: Some(EndReason::Api), ..call }, |_| Cause::NONE);
        self.settle(step);
        Ok(Done::Ok)
    }

    /// The call is passed on without a word, by the agent who is named or has it.
    pub(in crate::centre) fn transfer_call(
        &mut self,
        step: &mut Step<'_>,
        call: &Call,
        to: &Destination,
        by: Option<&UserId>,
    ) -> Decided {
        let number = match to {
            Destination::Queue(queue) => {
                let queue = self.directory.queue(queue.as_str()).ok_or(Refusal::NoSuchQueue)?;
                queue.id.0.clone()
            }
            Destination::Agent(agent) => {
                if !self.directory.users.contains_key(agent) {
                    return Err(Refusal::NoSuchAgent);
                }
                let device = self.device_of(agent);
                device.ok_or(Refusal::WrongState("the agent has no telephone"))?.0
            }
            Destination::Flow(_) => return Err(Refusal::NotAChat),
        };
        let has = call.contact.and_then(|id| self.contacts.get(&id)?.agent.clone());
        let agent = by.or(has.as_ref()).ok_or(NOT_SO)?;
        let device = self.phone_in(call, agent)?;
        self.single_step(step, &device, call.id, &number, &Attached::default(), false)?;
        let next = self.switch.call(call.id).and_then(|c| c.contact).or_else(|| {
            // It has come to nothing already: the newest segment tells why.
            let room = self.contacts.get(&call.contact?)?.room();
            self.segments_of(room).max_by_key(|c| c.segment).map(|c| c.id)
        });
        self.settle(step);
        Ok(Done::Transferred { contact: next.ok_or(NOT_SO)? })
    }
}
