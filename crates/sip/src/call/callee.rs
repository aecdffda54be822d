//! Their INVITE, and our answers to it.
//!
//! The 2xx is repeated here, not by the transaction, until the ACK has come (RFC 3261 §13.3.1.4): only the ends see it.

use std::sync::Arc;

use super::{Call, Stage, sdp_of_request};
use crate::dialog::Dialog;
use crate::endpoint::Core;
use crate::event::{CallId, Cause, Event, Refusal};
use crate::flow::Flow;
use crate::message::{Bad, Headers, Request, Response};
use crate::time::Millis;
use crate::transaction::{PATIENCE, Repeat, T1, T2, TxId};

/// A 2xx that is not yet acknowledged.
#[derive(Debug)]
pub(super) struct Yes {
    tx: TxId,
    number: u32,
    response: Response,
    again: Repeat,
    until: Millis,
}

impl Yes {
    pub(super) fn due(&self) -> Millis {
        self.again.at.min(self.until)
    }
}

impl Call {
    /// A call that comes in; says 100 at once.
    pub(crate) fn ring_in(
        core: &mut Core,
        now: Millis,
        id: CallId,
        tx: TxId,
        request: Arc<Request>,
        flow: Flow,
    ) -> Result<Self, Bad> {
        let tag = core.mint.name();
        let dialog = Dialog::of_request(&request, &tag)?;
        core.respond(now, tx, Response::to_request(&request, 100));
        let mut call = Self::new(id, flow, Stage::Incoming, request, tag);
        call.dialog = Some(dialog);
        call.invite_tx = Some(tx);
        let invite = Arc::clone(&call.invite);
        call.learn(&invite.headers);
        Ok(call)
    }

    /// An answer to the INVITE, dressed as all answers are.
    pub(super) fn answer_to_invite(
        &self,
        core: &Core,
        status: u16,
        headers: &Headers,
        sdp: Option<&[u8]>,
    ) -> Response {
        let mut response = Response::to_request(&self.invite, status).tagged(&self.tag);
        if status < 300 {
            core.introduce(&mut response.headers, self.flow);
        }
        response
            .headers
            .extend(headers.iter().map(|(name, value)| (name.clone(), value.to_owned())));
        if let Some(sdp) = sdp {
            response.set_body("application/sdp", sdp);
        }
        response
    }

    /// Says 101 to 199: it rings, waits, or something is to be heard.
    pub(crate) fn ring(
        &mut self,
        core: &mut Core,
        now: Millis,
        status: u16,
        headers: &Headers,
        sdp: Option<Vec<u8>>,
    ) -> Result<(), Refusal> {
        let (Stage::Incoming, Some(tx), 101..200) = (self.stage, self.invite_tx, status) else {
            return Err(Refusal::WrongState);
        };
        let response = self.answer_to_invite(core, status, headers, sdp.as_deref());
        if sdp.is_some() {
            self.sdp = sdp;
        }
        self.send_provisional(core, now, tx, response);
        Ok(())
    }

    /// Picks up.
    pub(crate) fn answer(
        &mut self,
        core: &mut Core,
        now: Millis,
        headers: &Headers,
        sdp: Option<Vec<u8>>,
    ) -> Result<(), Refusal> {
        let (Stage::Incoming, Some(tx)) = (self.stage, self.invite_tx) else {
            return Err(Refusal::WrongState);
        };
        let mut response = self.answer_to_invite(core, 200, headers, sdp.as_deref());
        self.offer_in_yes =
            sdp_of_request(&self.invite).is_none() && sdp.is_some() && !self.reliable.made_offer();
        if sdp.is_some() {
            self.sdp = sdp;
        }
        let asked = self.invite.headers.clone();
        self.grant_session(core, now, &asked, &mut response.headers);
        self.stage = Stage::Live;
        if self.reliable.waits() {
            // A provisional response with SDP is on its way: only its PRACK lets the 2xx go (RFC 3262 §3).
            self.reliable.hold(response);
        } else {
            self.say_yes(core, now, tx, response);
        }
        Ok(())
    }

    /// Sends a 2xx and sees to its repetition; to a re-INVITE, too.
    pub(super) fn say_yes(&mut self, core: &mut Core, now: Millis, tx: TxId, response: Response) {
        let number = response.cseq().map_or(0, |cseq| cseq.number);
        core.respond(now, tx, response.clone());
        let again = Repeat { at: now.plus(T1), every: T1 };
        self.yes = Some(Yes { tx, number, response, again, until: now.plus(PATIENCE) });
    }

    pub(super) fn say_held_yes(&mut self, core: &mut Core, now: Millis) {
        if let (Some(tx), Some(response)) = (self.invite_tx, self.reliable.release()) {
            self.say_yes(core, now, tx, response);
        }
    }

    /// Refuses: 300 to 699.
    pub(crate) fn reject(
        &mut self,
        core: &mut Core,
        now: Millis,
        status: u16,
        headers: &Headers,
    ) -> Result<(), Refusal> {
        let (Stage::Incoming, Some(tx), 300..700) = (self.stage, self.invite_tx, status) else {
            return Err(Refusal::WrongState);
        };
        let response = self.answer_to_invite(core, status, headers, None);
        core.respond(now, tx, response);
        self.end(core, Cause::Here);
        Ok(())
    }

    /// The caller gave up.
    pub(crate) fn take_cancel(&mut self, core: &mut Core, now: Millis, tx: TxId) {
        if self.invite_tx == Some(tx) {
            let response = self.answer_to_invite(core, 487, &Headers::default(), None);
            core.respond(now, tx, response);
            self.end(core, Cause::Cancelled);
        } else if self.offered == Some(tx) {
            // A re-INVITE was given up: the session stays as it was.
            self.offered = None;
            if let Some(request) = core.transactions.request(tx) {
                let response = Response::to_request(request, 487);
                core.respond(now, tx, response);
            }
        }
    }

    /// The ACK for a 2xx of ours.
    pub(crate) fn take_ack(&mut self, core: &mut Core, now: Millis, ack: &Request) {
        let number = ack.cseq().map_or(0, |cseq| cseq.number);
        if self.yes.as_ref().is_none_or(|yes| yes.number != number) {
            return;
        }
        let is_first = self.yes.take().is_some_and(|yes| Some(yes.tx) == self.invite_tx);
        let sdp = sdp_of_request(ack).filter(|_| std::mem::take(&mut self.offer_in_yes));
        if is_first {
            core.tell(Event::Connected { call: self.id, sdp });
        } else if sdp.is_some() {
            core.tell(Event::Answer { call: self.id, sdp });
        }
        if self.bye_after_ack {
            let _ = self.hang_up(core, now, None);
        }
    }

    pub(super) fn tick_yes(&mut self, core: &mut Core, now: Millis) {
        let Some(yes) = &mut self.yes else { return };
        if yes.until <= now {
            self.yes = None;
            self.give_up(core, now, Cause::NotAcknowledged);
        } else if yes.again.at <= now {
            yes.again = yes.again.next(now, Some(T2));
            core.respond(now, yes.tx, yes.response.clone());
        }
    }

    /// Ends a call that stands because something went wrong, and says so to the other side.
    pub(super) fn give_up(&mut self, core: &mut Core, now: Millis, cause: Cause) {
        if let Some(mut dialog) = self.dialog.take().filter(|_| self.is_live()) {
            self.bye(core, now, &mut dialog, None);
            self.dialog = Some(dialog);
        }
        self.end(core, cause);
    }

    pub(super) fn has_unacknowledged_yes(&self) -> bool {
        self.yes.is_some()
    }
}
