//! Push tokens that come with calls, until the realm's webhook has them.

use super::{Centre, Decided, Step};
use crate::call::Call;
use crate::command::Done;
use crate::fact::Fact;
use crate::id::ContactId;
use crate::push::Push;
use crate::refusal::Refusal;
use std::sync::Arc;

impl Centre {
    /// A call begins: its token is to be told, where there is one and somebody to tell.
    pub(super) fn ask_push(&mut self, step: &mut Step<'_>, contact: ContactId, call: &Call) {
        let told = self.directory.realm.as_ref().is_some_and(|realm| realm.push_to.is_some());
        if !told || call.attached.push.is_empty() {
            return;
        }
        let push = Push {
            token: call.attached.push.clone(),
            customer: call.caller.clone(),
            dialed: call.dialed.clone(),
            cnid: call.cnid.clone(),
            at: step.now,
        };
        self.emit(step, Fact::PushAsked { contact, push: Box::new(push) });
    }

    /// The webhook has it, or never will.
    pub(super) fn push_done(
        &mut self,
        step: &mut Step<'_>,
        contact: ContactId,
        why: Option<Arc<str>>,
    ) -> Decided {
        if !self.pushes.contains_key(&contact) {
            return Err(Refusal::WrongState("no push token waits for this contact"));
        }
        self.emit(step, Fact::PushDone { contact, why });
        Ok(Done::Ok)
    }

    /// Those that are still to be told.
    pub(super) fn open_pushes(&self) -> Vec<(ContactId, Push)> {
        self.pushes.iter().map(|(contact, push)| (*contact, push.clone())).collect()
    }
}
