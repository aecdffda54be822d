//! Provisional responses that must arrive (RFC 3262).
//!
//! ```text
//!  called side                       calling side
//!   183 Require: 100rel, RSeq: 7 ──▶
//!   ... again after T1, doubling ──▶  PRACK RAck: 7 1 INVITE
//!                                ◀──
//!   200 (PRACK)                  ──▶
//! ```

use std::collections::VecDeque;

use super::{Call, sdp_of_request};
use crate::endpoint::Core;
use crate::event::{Cause, Event};
use crate::message::{Headers, Method, Name, RAck, Request, Response, Seconds};
use crate::time::Millis;
use crate::transaction::{PATIENCE, Repeat, T1, TxId};

/// The most provisional responses that wait for their turn.
const QUEUE_LIMIT: usize = 16;

/// What the called side knows of its reliable provisional responses.
#[derive(Debug, Default)]
pub(super) struct Reliable {
    rseq: u32,
    sent: Option<Sent>,
    queue: VecDeque<Response>,
    /// The 2xx that waits for a PRACK.
    held: Option<Response>,
    /// Whether one of them made the offer that the INVITE did not.
    offered: bool,
}

#[derive(Debug)]
struct Sent {
    response: Response,
    again: Repeat,
    until: Millis,
}

impl Reliable {
    pub(super) fn due(&self) -> Option<Millis> {
        self.sent.as_ref().map(|sent| sent.again.at.min(sent.until))
    }

    /// Whether one with SDP is not yet acknowledged.
    pub(super) fn waits(&self) -> bool {
        let waiting = self.sent.iter().map(|sent| &sent.response).chain(&self.queue);
        waiting.into_iter().any(|response| !response.body.is_empty())
    }

    pub(super) const fn made_offer(&self) -> bool {
        self.offered
    }

    pub(super) fn hold(&mut self, response: Response) {
        self.held = Some(response);
    }

    pub(super) fn release(&mut self) -> Option<Response> {
        self.held.take()
    }
}

impl Call {
    /// Sends a provisional response, reliably where the caller insists, or can and there is SDP in it.
    pub(super) fn send_provisional(
        &mut self,
        core: &mut Core,
        now: Millis,
        tx: TxId,
        mut response: Response,
    ) {
        let insists = self.invite.headers.lists(&Name::Require, "100rel");
        if !insists && (!self.peer.reliable || response.body.is_empty()) {
            core.respond(now, tx, response);
            return;
        }
        if self.reliable.rseq == 0 {
            self.reliable.rseq = u32::try_from(core.mint.below(1 << 30)).unwrap_or(0);
        }
        self.reliable.rseq = self.reliable.rseq.saturating_add(1);
        self.reliable.offered |=
            !response.body.is_empty() && sdp_of_request(&self.invite).is_none();
        response.headers.push(Name::Require, "100rel");
        response.headers.push(Name::RSeq, self.reliable.rseq);
        if self.reliable.sent.is_some() {
            // One at a time, so that they come in order.
            if self.reliable.queue.len() < QUEUE_LIMIT {
                self.reliable.queue.push_back(response);
            }
        } else {
            self.launch(core, now, tx, response);
        }
    }

    fn launch(&mut self, core: &mut Core, now: Millis, tx: TxId, response: Response) {
        core.respond(now, tx, response.clone());
        let again = Repeat { at: now.plus(T1), every: T1 };
        self.reliable.sent = Some(Sent { response, again, until: now.plus(PATIENCE) });
    }

    pub(super) fn tick_reliable(&mut self, core: &mut Core, now: Millis) {
        let (Some(sent), Some(tx)) = (&mut self.reliable.sent, self.invite_tx) else { return };
        if sent.until <= now {
            // Nobody heard it: the INVITE is refused (RFC 3262 §3).
            let response = self.answer_to_invite(core, 504, &Headers::default(), None);
            core.respond(now, tx, response);
            self.end(core, Cause::NotAcknowledged);
        } else if sent.again.at <= now {
            sent.again = sent.again.next(now, None);
            core.respond(now, tx, sent.response.clone());
        }
    }

    /// A PRACK came: it is right for the response that was sent last, or 481.
    pub(super) fn take_prack(&mut self, core: &mut Core, now: Millis, tx: TxId, request: &Request) {
        let rack = request.headers.one::<RAck>(&Name::RAck).ok().flatten();
        let fits = rack.is_some_and(|rack| {
            let number =
                |response: &Response| response.headers.one::<Seconds>(&Name::RSeq).ok().flatten();
            let sent = self.reliable.sent.as_ref().map(|sent| &sent.response);
            sent.and_then(number) == Some(Seconds(rack.rseq)) && self.invite.cseq() == Ok(rack.cseq)
        });
        if !fits {
            core.respond(now, tx, Response::to_request(request, 481));
            return;
        }
        let made_offer = self.reliable.offered;
        self.reliable.sent = None;
        match sdp_of_request(request) {
            Some(sdp) if made_offer => {
                core.respond(now, tx, Response::to_request(request, 200));
                core.tell(Event::Answer { call: self.id, sdp: Some(sdp) });
            }
            Some(sdp) => {
                self.offered = Some(tx);
                core.tell(Event::Offer { call: self.id, sdp: Some(sdp) });
            }
            None => {
                core.respond(now, tx, Response::to_request(request, 200));
            }
        }
        if let (Some(next), Some(invite)) = (self.reliable.queue.pop_front(), self.invite_tx) {
            self.launch(core, now, invite, next);
        }
        if !self.reliable.waits() {
            self.say_held_yes(core, now);
        }
    }

    /// We heard a provisional response inside of this early dialog. `false`: it came before, or out of turn.
    pub(super) fn acknowledge_provisional(
        &mut self,
        core: &mut Core,
        now: Millis,
        fork: usize,
        response: &Response,
    ) -> bool {
        let rseq = response.headers.one::<Seconds>(&Name::RSeq).ok().flatten();
        let (Some(Seconds(rseq)), true) = (rseq, response.headers.lists(&Name::Require, "100rel"))
        else {
            return true;
        };
        let Some((dialog, last)) = self.forks.get_mut(fork) else { return true };
        if last.is_some_and(|last| last.checked_add(1) != Some(rseq)) {
            return false;
        }
        *last = Some(rseq);
        let Ok(cseq) = response.cseq() else { return false };
        dialog.refresh(response.contact());
        // UPDATE may have gone inside of the same early dialog.
        if let Some(own) =
            self.dialog.as_ref().filter(|own| own.remote_tag() == dialog.remote_tag())
        {
            dialog.local_seq = dialog.local_seq.max(own.local_seq);
        }
        let mut prack = dialog.request(Method::Prack);
        if let Some(own) =
            self.dialog.as_mut().filter(|own| own.remote_tag() == dialog.remote_tag())
        {
            own.local_seq = dialog.local_seq;
        }
        prack.headers.push(Name::RAck, RAck { rseq, cseq });
        let tx = self.send(core, now, prack);
        self.quiet.extend(tx);
        true
    }
}
