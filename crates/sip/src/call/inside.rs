//! Inside of a dialog: changes of the session and who may ask for one, hanging up, and what else is sent.
//!
//! Only one offer may be under way (RFC 3264 §4). When both sides ask at once, both are told 491 and try again after times
//! that cannot meet: the one who made the Call-ID after 2.1 to 4 s, the other within 2 s (RFC 3261 §14.1).

use std::sync::Arc;

use super::{Call, Offering, Stage, sdp_of_request, sdp_of_response};
use crate::endpoint::Core;
use crate::event::{Cause, Event, Refusal};
use crate::flow::Flow;
use crate::message::{Headers, Method, Name, Request, Response};
use crate::time::Millis;
use crate::transaction::TxId;

impl Call {
    /// A request from the other end of our dialog.
    pub(crate) fn take_request(
        &mut self,
        core: &mut Core,
        now: Millis,
        tx: TxId,
        request: Arc<Request>,
        flow: Flow,
    ) {
        let fork = self.forks.iter_mut().map(|(dialog, _)| dialog);
        let Some(dialog) =
            self.dialog.iter_mut().chain(fork).find(|dialog| dialog.is_from_peer(&request))
        else {
            core.respond(now, tx, Response::to_request(&request, 481));
            return;
        };
        if let Err(status) = dialog.take_number(&request) {
            core.respond(now, tx, Response::to_request(&request, status));
            return;
        }
        if self.is_over() {
            let status = if request.method == Method::Bye { 200 } else { 481 };
            core.respond(now, tx, Response::to_request(&request, status));
            return;
        }
        // The other side may have come back by another connection.
        self.flow = flow;
        self.learn(&request.headers);
        match request.method {
            Method::Bye => self.take_bye(core, now, tx, &request),
            Method::Invite | Method::Update => self.take_offer(core, now, tx, request),
            Method::Prack => self.take_prack(core, now, tx, &request),
            _ => core.tell(Event::Request { tx, call: Some(self.id), request, flow }),
        }
    }

    fn take_bye(&mut self, core: &mut Core, now: Millis, tx: TxId, request: &Request) {
        core.respond(now, tx, Response::to_request(request, 200));
        // An INVITE without its final answer must get one (RFC 3261 §15.1.2).
        if self.stage == Stage::Incoming {
            if let Some(invite) = self.invite_tx {
                let response = self.answer_to_invite(core, 487, &Headers::default(), None);
                core.respond(now, invite, response);
            }
        } else if let Some(offered) = self.offered.take()
            && let Some(offer) = core.transactions.request(offered)
        {
            let response = Response::to_request(offer, 487);
            core.respond(now, offered, response);
        }
        let reason = request.headers.get(&Name::Reason).map(Into::into);
        self.end(core, Cause::There { reason });
    }

    fn take_offer(&mut self, core: &mut Core, now: Millis, tx: TxId, request: Arc<Request>) {
        let is_invite = request.method == Method::Invite;
        let sdp = sdp_of_request(&request);
        let busy = self.offered.is_some() || (is_invite && !self.is_live());
        if busy {
            let mut response = Response::to_request(&request, 500);
            response.headers.push(Name::RetryAfter, core.mint.below(10));
            core.respond(now, tx, response);
            return;
        }
        let offers = is_invite || sdp.is_some();
        if offers && (self.offering.is_some() || self.has_unacknowledged_yes() || self.offer_in_yes)
        {
            core.respond(now, tx, Response::to_request(&request, 491));
            return;
        }
        if let Some(response) = self.refuse_interval(core, &request) {
            core.respond(now, tx, response);
            return;
        }
        if let Some(dialog) = &mut self.dialog {
            dialog.refresh(request.contact());
        }
        if offers {
            self.offered = Some(tx);
            core.tell(Event::Offer { call: self.id, sdp });
        } else {
            let mut response = Response::to_request(&request, 200);
            core.introduce(&mut response.headers, self.flow);
            self.grant_session(core, now, &request.headers, &mut response.headers);
            core.respond(now, tx, response);
        }
    }

    /// Says yes to their offer, or answers the offer in the 2xx of our INVITE that had none.
    pub(crate) fn accept(
        &mut self,
        core: &mut Core,
        now: Millis,
        sdp: Vec<u8>,
    ) -> Result<(), Refusal> {
        let Some(tx) = self.offered.take() else {
            if !(self.offer_in_yes && self.called_by_us) {
                return Err(Refusal::WrongState);
            }
            self.send_held_ack(core, Some(&sdp));
            self.sdp = Some(sdp);
            return Ok(());
        };
        let Some(request) = core.transactions.request(tx).cloned() else {
            return Err(Refusal::WrongState);
        };
        let mut response = Response::to_request(&request, 200);
        core.introduce(&mut response.headers, self.flow);
        response.set_body("application/sdp", sdp.clone());
        self.sdp = Some(sdp);
        if self.is_live() {
            self.grant_session(core, now, &request.headers, &mut response.headers);
        }
        if request.method == Method::Invite {
            self.offer_in_yes = sdp_of_request(&request).is_none();
            self.say_yes(core, now, tx, response);
        } else {
            core.respond(now, tx, response);
        }
        Ok(())
    }

    /// Says no to their offer: the session stays as it was.
    pub(crate) fn refuse(
        &mut self,
        core: &mut Core,
        now: Millis,
        status: u16,
    ) -> Result<(), Refusal> {
        let tx = self.offered.take().ok_or(Refusal::WrongState)?;
        if let Some(request) = core.transactions.request(tx) {
            let response = Response::to_request(request, status.clamp(300, 699));
            core.respond(now, tx, response);
        }
        Ok(())
    }

    /// Asks for a change of the session.
    pub(crate) fn offer(
        &mut self,
        core: &mut Core,
        now: Millis,
        sdp: Vec<u8>,
    ) -> Result<(), Refusal> {
        let early = matches!(self.stage, Stage::Inviting | Stage::Incoming)
            && self.peer.update
            && self.dialog.is_some();
        if !self.is_live() && !early {
            return Err(Refusal::WrongState);
        }
        let pending = self.offering.is_some()
            || self.offered.is_some()
            || self.retry.is_some()
            || self.offer_in_yes;
        if pending || self.has_unacknowledged_yes() {
            return Err(Refusal::OfferPending);
        }
        if self.change(core, now, Some(sdp)) { Ok(()) } else { Err(Refusal::Full) }
    }

    /// Sends UPDATE or re-INVITE, with SDP or only to refresh.
    pub(super) fn change(&mut self, core: &mut Core, now: Millis, sdp: Option<Vec<u8>>) -> bool {
        let Some(dialog) = &mut self.dialog else { return false };
        let by_update = self.peer.update && (sdp.is_none() || self.stage != Stage::Live);
        let mut request = dialog.request(if by_update { Method::Update } else { Method::Invite });
        core.introduce(&mut request.headers, self.flow);
        self.ask_session(core, &mut request.headers);
        let body = if by_update { sdp.as_ref() } else { sdp.as_ref().or(self.sdp.as_ref()) };
        if let Some(body) = body {
            request.set_body("application/sdp", body.clone());
        }
        let Some(tx) = self.send(core, now, request) else { return false };
        self.offering = Some(Offering { tx, sdp });
        true
    }

    pub(super) fn take_offer_response(
        &mut self,
        core: &mut Core,
        now: Millis,
        tx: TxId,
        response: &Response,
    ) {
        if response.is_provisional() {
            return;
        }
        let Some(offering) = self.offering.take() else { return };
        let cseq = response.cseq();
        let is_invite = cseq.as_ref().is_ok_and(|cseq| cseq.method == Method::Invite);
        if response.is_success() {
            if let Some(dialog) = &mut self.dialog {
                dialog.refresh(response.contact());
                if is_invite {
                    let number = cseq.map_or(0, |cseq| cseq.number);
                    let ack = dialog.ack(number);
                    core.send_ack(ack.clone(), self.flow);
                    self.ack = Some((number, ack));
                    self.quiet.push(tx);
                }
            }
            if self.is_over() {
                return;
            }
            self.begin_session(now, &response.headers, true);
            if let Some(sdp) = offering.sdp {
                self.sdp = Some(sdp);
                core.tell(Event::Answer { call: self.id, sdp: sdp_of_response(response) });
            }
            return;
        }
        if self.is_over() {
            return;
        }
        match response.status {
            491 => {
                let wait = if self.called_by_us {
                    core.mint.below(191).saturating_add(210)
                } else {
                    core.mint.below(201)
                };
                self.retry = Some((now.plus(Millis(wait.saturating_mul(10))), offering.sdp));
            }
            // The other side has no such dialog any more (RFC 3261 §12.2.1.2).
            481 | 408 => self.give_up(core, now, Cause::TimedOut),
            status if offering.sdp.is_some() => {
                core.tell(Event::OfferRefused { call: self.id, status });
            }
            _ => {}
        }
    }

    /// The answer to what we sent inside of the call.
    pub(super) fn take_inside_response(&mut self, core: &mut Core, tx: TxId, response: Response) {
        let tx = self.named(tx);
        core.tell(Event::Response { tx, call: Some(self.id), response: Box::new(response) });
    }

    /// Sends INFO, MESSAGE, REFER, NOTIFY, OPTIONS inside of the call.
    pub(crate) fn say(
        &mut self,
        core: &mut Core,
        now: Millis,
        method: Method,
        headers: &Headers,
        body: Option<(&str, Vec<u8>)>,
    ) -> Result<TxId, Refusal> {
        if self.is_over()
            || matches!(method, Method::Invite | Method::Ack | Method::Cancel | Method::Bye)
        {
            return Err(Refusal::WrongState);
        }
        let mut request = self.dialog.as_mut().ok_or(Refusal::WrongState)?.request(method);
        core.introduce(&mut request.headers, self.flow);
        request
            .headers
            .extend(headers.iter().map(|(name, value)| (name.clone(), value.to_owned())));
        if let Some((kind, body)) = body {
            request.set_body(kind, body);
        }
        self.send(core, now, request).ok_or(Refusal::Full)
    }

    /// Hangs up, gives up, or refuses, whichever the state asks for.
    pub(crate) fn hang_up(
        &mut self,
        core: &mut Core,
        now: Millis,
        reason: Option<&str>,
    ) -> Result<(), Refusal> {
        match self.stage {
            Stage::Ended | Stage::Cancelled => return Err(Refusal::NoSuchCall),
            Stage::Inviting => {
                self.stage = Stage::Cancelled;
                if let Some(tx) = self.invite_tx {
                    core.transactions.cancel(now, tx);
                }
            }
            Stage::Incoming => self.reject(core, now, 480, &Headers::default())?,
            // No BYE before the ACK (RFC 3261 §15): the other side may not know yet that there is a dialog.
            Stage::Live if self.has_unacknowledged_yes() => self.bye_after_ack = true,
            Stage::Live => {
                if self.offer_in_yes && self.called_by_us {
                    self.send_held_ack(core, None);
                }
                if let Some(mut dialog) = self.dialog.take() {
                    self.bye(core, now, &mut dialog, reason);
                    self.dialog = Some(dialog);
                }
                self.end(core, Cause::Here);
            }
        }
        Ok(())
    }
}
