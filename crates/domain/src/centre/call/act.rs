//! What an agent does at a desk with the telephone that is theirs just now: the wishes of that telephone, and of no
//! other, with calls named by their contacts.

use super::{Centre, Decided, NOT_SO, Step};
use crate::call::{Attached, Call, CallEvent, CallId, Cause, Link, Wish};
use crate::command::{Act, Done};
use crate::directory::Role;
use crate::fact::Fact;
use crate::id::{ContactId, DeviceId, UserId};
use crate::refusal::Refusal;

impl Centre {
    /// Decides what an agent wishes of their telephone.
    pub(in crate::centre) fn act(
        &mut self,
        step: &mut Step<'_>,
        agent: &UserId,
        act: Act,
    ) -> Decided {
        let user = self.directory.users.get(agent).filter(|u| !u.disabled);
        let leads = user.ok_or(Refusal::NoSuchAgent)?.role >= Role::Supervisor;
        let none = Refusal::WrongState("you have no telephone");
        let device = self.device_of(agent).ok_or(none)?;
        let from = step.out.facts.len();
        let comes =
            if let Act::Barge { agent, mode } = &act { Some((agent.clone(), *mode)) } else { None };
        let wish = match act {
            Act::Dial { to, uui } => {
                let attached = Attached { uui, ..Attached::default() };
                Wish::Dial { device, to, attached }
            }
            Act::Hold(contact) => Wish::Hold(device, self.call_named(contact)?.id),
            Act::Retrieve(contact) => return self.swap(step, device, contact),
            Act::Consult { contact, to } => {
                let call = self.call_named(contact)?.id;
                Wish::Consult { device, call, to, attached: Attached::default() }
            }
            Act::Pass { contact, to } => {
                let call = self.call_named(contact)?.id;
                Wish::SingleStep { device, call, to, attached: Attached::default() }
            }
            Act::Mute(muted) => Wish::Mute(device, muted),
            Act::Record(contact) => Wish::Record(device, self.call_named(contact)?.id),
            Act::Mask { contact, on } => Wish::Mask(device, self.call_named(contact)?.id, on),
            Act::Keys { contact, keys } => Wish::Keys(device, self.call_named(contact)?.id, keys),
            Act::Complete(one, two) => {
                Wish::Transfer(device, self.call_named(one)?.id, self.call_named(two)?.id)
            }
            Act::Confer(one, two) => {
                Wish::Confer(device, self.call_named(one)?.id, self.call_named(two)?.id)
            }
            Act::Barge { agent, mode } => {
                if !leads {
                    return Err(Refusal::NotAllowed);
                }
                let target = self.device_of(&agent).ok_or(Refusal::NoSuchAgent)?;
                Wish::Barge { device, target, mode }
            }
        };
        let done = self.carry_out(step, wish, true)?;
        if let Some((of, mode)) = comes {
            self.supervised(step, agent, crate::board::Act::Joined { agent: of, mode });
        }
        Ok(match done {
            Done::Call { call, number, .. } => self.reached_by(step, from, call, number),
            done => done,
        })
    }

    fn call_named(&self, contact: ContactId) -> Result<Call, Refusal> {
        self.open_call(contact)?.ok_or(Refusal::WrongState("the contact is a chat, and not a call"))
    }

    /// Takes a call back. What they talk in meanwhile is put on hold.
    fn swap(&mut self, step: &mut Step<'_>, device: DeviceId, contact: ContactId) -> Decided {
        let call = self.call_named(contact)?;
        self.telephone(&device)?;
        if call.link(&device) != Some(Link::Held) {
            return Err(NOT_SO);
        }
        let others = self.switch.at(&device).filter(|c| c.link(&device) != Some(Link::Held));
        let others: Vec<Call> = others.cloned().collect();
        if others.iter().any(|c| c.link(&device) != Some(Link::Connected)) {
            return Err(Refusal::WrongState("the telephone is in another call"));
        }
        for mut other in others {
            self.held(step, &mut other, &device);
        }
        self.carry_out(step, Wish::Retrieve(device, call.id), true)
    }

    /// Where a call that was made has got to: its contact, and why it failed if it has.
    fn reached_by(&self, step: &Step<'_>, from: usize, id: CallId, number: u64) -> Done {
        let told = step.out.facts.iter().skip(from).filter_map(|(fact, _)| match fact {
            Fact::Call(happening) if happening.call.number == number => Some(happening),
            _ => None,
        });
        let (mut contact, mut failed): (Option<ContactId>, Option<Cause>) = (None, None);
        for happening in told {
            contact = happening.call.contact.or(contact);
            if happening.event == CallEvent::Failed {
                failed = happening.to.first().map(|copy| copy.cause);
            }
        }
        let live = self.switch.call(id).filter(|call| call.number == number);
        let contact = live.and_then(|call| call.contact).or(contact);
        Done::Dialed { contact, failed: failed.filter(|_| live.is_none()) }
    }
}
