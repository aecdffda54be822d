//! Our INVITE: sent, challenged, forked, answered, given up.
//!
//! An INVITE may be forked on its way, so several devices may ring, and even several may pick up. The first 2xx makes the
//! call; each later one is acknowledged, as it must be (RFC 3261 §13.2.2.4), and hung up.

use std::sync::Arc;

use super::{Call, Stage, sdp_of_response};
use crate::dialog::Dialog;
use crate::digest::{Auth, Credentials};
use crate::endpoint::Core;
use crate::event::{CallId, Cause, Event};
use crate::flow::Flow;
use crate::message::{Address, CSeq, Headers, Method, Name, Request, Response, Seconds, Uri};
use crate::time::Millis;
use crate::transaction::{End, TxId};

/// The most early dialogs of one INVITE that are told apart.
const FORK_LIMIT: usize = 16;
/// How often in a row a request is sent again because it was challenged: once for the password, once for a stale nonce.
const CHALLENGE_LIMIT: u8 = 2;

/// Whom to call, and how.
#[derive(Debug, Clone)]
pub struct Invite {
    /// Where the request goes: the Request-URI.
    pub uri: Uri,
    /// Who calls, without a tag.
    pub from: Address,
    /// Who is called, without a tag.
    pub to: Address,
    /// The way to the called device, or to the trunk.
    pub flow: Flow,
    /// What we offer; without it, the called side makes the offer.
    pub sdp: Option<Vec<u8>>,
    /// Anything else: Route, `Call-Info: <>;answer-after=0`, `User-to-User`, Diversion, Replaces.
    pub headers: Headers,
    /// For a trunk that challenges us.
    pub credentials: Option<Credentials>,
}

impl Call {
    /// Sends the INVITE. `None`: there is no room.
    pub(crate) fn dial(core: &mut Core, now: Millis, id: CallId, wanted: Invite) -> Option<Self> {
        let tag = core.mint.name();
        let mut request = Request::new(Method::Invite, wanted.uri);
        request.headers.push(Name::From, wanted.from.tagged(&tag));
        request.headers.push(Name::To, wanted.to);
        request.headers.push(Name::CallId, core.mint.call_id());
        request.headers.push(Name::CSeq, CSeq { number: 1, method: Method::Invite });
        core.introduce(&mut request.headers, wanted.flow);
        request.headers.push(Name::SessionExpires, core.config.session);
        request.headers.push(Name::MinSe, core.config.session_least);
        request
            .headers
            .extend(wanted.headers.iter().map(|(name, value)| (name.clone(), value.to_owned())));
        if let Some(sdp) = &wanted.sdp {
            request.set_body("application/sdp", sdp.clone());
        }
        let mut call = Self::new(id, wanted.flow, Stage::Inviting, Arc::new(request.clone()), tag);
        call.sdp = wanted.sdp;
        call.credentials = wanted.credentials;
        call.invite_tx = Some(call.send(core, now, request)?);
        Some(call)
    }

    /// A request of ours was answered.
    pub(crate) fn take_response(
        &mut self,
        core: &mut Core,
        now: Millis,
        tx: TxId,
        response: Response,
    ) {
        if matches!(response.status, 401 | 407) && self.answer_challenge(core, now, tx, &response) {
            return;
        }
        if !response.is_provisional() {
            self.challenges = 0;
        }
        if self.invite_tx == Some(tx) && self.called_by_us {
            self.take_invite_response(core, now, response);
        } else if self.offering.as_ref().is_some_and(|offering| offering.tx == tx) {
            self.take_offer_response(core, now, tx, &response);
        } else if self.ack.is_some()
            && response.cseq().is_ok_and(|cseq| cseq.method == Method::Invite)
        {
            self.ack_again(core, &response);
        } else if !self.quiet.contains(&tx) {
            self.take_inside_response(core, tx, response);
        }
    }

    fn take_invite_response(&mut self, core: &mut Core, now: Millis, response: Response) {
        match response.status {
            100 => {}
            101..200 => self.take_progress(core, now, response),
            200..300 => self.take_yes(core, now, &response),
            422 if self.stage == Stage::Inviting && self.ask_longer(core, now, &response) => {}
            // Each branch of a fork has had its say: this is the last word on the INVITE.
            _ if self.stage == Stage::Inviting => {
                self.end(core, Cause::Refused(Box::new(response)));
            }
            _ => self.end(core, Cause::Here),
        }
    }

    fn take_progress(&mut self, core: &mut Core, now: Millis, response: Response) {
        if self.stage != Stage::Inviting {
            return;
        }
        self.learn(&response.headers);
        let tag = response.to().ok().and_then(|to| to.tag().map(str::to_owned));
        let known =
            self.forks.iter().position(|(fork, _)| Some(fork.remote_tag()) == tag.as_deref());
        let at = match (known, Dialog::of_response(&self.invite, &response)) {
            (Some(at), _) => Some(at),
            (None, Ok(dialog)) if self.forks.len() < FORK_LIMIT => {
                self.forks.push((dialog, None));
                Some(self.forks.len().saturating_sub(1))
            }
            (None, _) => None,
        };
        if let Some(at) = at
            && !self.acknowledge_provisional(core, now, at, &response)
        {
            return;
        }
        // UPDATE and INFO may go inside of the first early dialog.
        if self.dialog.is_none() {
            self.dialog = self.forks.first().map(|(dialog, _)| dialog.clone());
        }
        let sdp = sdp_of_response(&response);
        core.tell(Event::Progress { call: self.id, response: Box::new(response), sdp });
    }

    fn take_yes(&mut self, core: &mut Core, now: Millis, response: &Response) {
        let Ok(mut dialog) = Dialog::of_response(&self.invite, response) else {
            // A yes without a tag cannot be acknowledged inside of a dialog. Nobody sends it.
            return;
        };
        let ours = self.dialog.as_ref().map(|own| own.remote_tag().to_owned());
        let again = self.is_live() && ours.as_deref() == Some(dialog.remote_tag());
        if again {
            return self.ack_again(core, response);
        }
        if let Some((early, _)) =
            self.forks.iter().find(|(early, _)| early.remote_tag() == dialog.remote_tag())
        {
            // What went inside of the early dialog counts: PRACK, UPDATE, and what came.
            dialog.local_seq = dialog.local_seq.max(early.local_seq);
            dialog.remote_seq = early.remote_seq;
        }
        if let Some(own) =
            self.dialog.as_ref().filter(|own| own.remote_tag() == dialog.remote_tag())
        {
            dialog.local_seq = dialog.local_seq.max(own.local_seq);
            dialog.remote_seq = own.remote_seq.max(dialog.remote_seq);
        }
        let number = response.cseq().map_or(1, |cseq| cseq.number);
        let ack = dialog.ack(number);
        if self.stage != Stage::Inviting {
            // Too late: we gave up, or another device was faster.
            core.send_ack(ack, self.flow);
            self.bye(core, now, &mut dialog, None);
            if self.stage == Stage::Cancelled {
                self.end(core, Cause::Here);
            }
            return;
        }
        self.stage = Stage::Live;
        self.learn(&response.headers);
        self.dialog = Some(dialog);
        let sdp = sdp_of_response(response);
        if self.sdp.is_some() {
            core.send_ack(ack.clone(), self.flow);
            self.ack = Some((number, ack));
        } else {
            // We owe the answer to the offer in this 2xx: `accept` sends it in the ACK.
            self.ack = Some((number, ack));
            self.offer_in_yes = sdp.is_some();
            if sdp.is_none() {
                self.send_held_ack(core, None);
            }
        }
        self.begin_session(now, &response.headers, true);
        core.tell(Event::Answered { call: self.id, response: Box::new(response.clone()), sdp });
    }

    /// Sends the ACK that waited for our answer.
    pub(super) fn send_held_ack(&mut self, core: &mut Core, sdp: Option<&[u8]>) {
        self.offer_in_yes = false;
        if let Some((_, ack)) = &mut self.ack {
            if let Some(sdp) = sdp {
                ack.set_body("application/sdp", sdp);
            }
            core.send_ack(ack.clone(), self.flow);
        }
    }

    /// The 2xx came once more: our ACK was lost.
    fn ack_again(&self, core: &mut Core, response: &Response) {
        let number = response.cseq().map_or(0, |cseq| cseq.number);
        if let Some((_, ack)) =
            self.ack.as_ref().filter(|(own, _)| *own == number && !self.offer_in_yes)
        {
            core.send_ack(ack.clone(), self.flow);
        }
    }

    /// Sends the request again with what the challenge wants. `false`: we cannot, or did so before.
    fn answer_challenge(
        &mut self,
        core: &mut Core,
        now: Millis,
        tx: TxId,
        response: &Response,
    ) -> bool {
        let Some(credentials) = &self.credentials else { return false };
        let Some(mut request) = core.transactions.request(tx).cloned() else { return false };
        if self.challenges >= CHALLENGE_LIMIT || self.stage == Stage::Cancelled {
            return false;
        }
        let cnonce = core.mint.name();
        let Some((name, auth)) = answer(credentials, response, &request, &cnonce) else {
            return false;
        };
        // A second challenge means a wrong password, unless it says that only the nonce was too old.
        let retried = request.headers.has(&name);
        if retried && !is_stale(response) {
            return false;
        }
        self.challenges = self.challenges.saturating_add(1);
        request.headers.remove(&name);
        request.headers.remove(&Name::Via);
        request.headers.push(name, auth);
        let is_first = self.invite_tx == Some(tx);
        let number = match &mut self.dialog {
            Some(dialog) if !is_first => {
                dialog.local_seq = dialog.local_seq.saturating_add(1);
                dialog.local_seq
            }
            _ => request.cseq().map_or(1, |cseq| cseq.number).saturating_add(1),
        };
        request.headers.set(Name::CSeq, CSeq { number, method: request.method.clone() });
        self.send_instead(core, now, tx, request)
    }

    /// The session interval was too small for somebody on the way (RFC 4028 §7.4).
    fn ask_longer(&mut self, core: &mut Core, now: Millis, response: &Response) -> bool {
        let Ok(Some(Seconds(least))) = response.headers.one::<Seconds>(&Name::MinSe) else {
            return false;
        };
        let asked = self.invite.headers.one::<Seconds>(&Name::SessionExpires).ok().flatten();
        if asked.is_some_and(|asked| asked.0 >= least) {
            return false;
        }
        let Some(tx) = self.invite_tx else { return false };
        let mut request = (*self.invite).clone();
        let number = request.cseq().map_or(1, |cseq| cseq.number).saturating_add(1);
        request.headers.set(Name::SessionExpires, least);
        request.headers.set(Name::MinSe, least);
        request.headers.set(Name::CSeq, CSeq { number, method: Method::Invite });
        self.send_instead(core, now, tx, request)
    }

    /// Sends a request in the place of an earlier one, which all that waits for it follows.
    fn send_instead(&mut self, core: &mut Core, now: Millis, tx: TxId, request: Request) -> bool {
        let Some(new) = self.send(core, now, request.clone()) else { return false };
        if self.invite_tx == Some(tx) {
            self.invite_tx = Some(new);
            self.invite = Arc::new(request);
            self.forks.clear();
            self.dialog = None;
        } else if let Some(offering) = self.offering.as_mut().filter(|offering| offering.tx == tx) {
            offering.tx = new;
        } else if let Some(quiet) = self.quiet.iter_mut().find(|quiet| **quiet == tx) {
            *quiet = new;
        } else {
            let first =
                self.renamed.iter().find(|(now, _)| *now == tx).map_or(tx, |(_, first)| *first);
            self.renamed.retain(|(now, _)| *now != tx);
            self.renamed.push((new, first));
        }
        true
    }

    /// A request of ours will not be answered.
    pub(crate) fn take_failure(&mut self, core: &mut Core, now: Millis, tx: TxId, end: End) {
        if self.invite_tx == Some(tx) {
            let cause = match (self.stage, end) {
                (Stage::Cancelled, _) => Cause::Here,
                (Stage::Inviting, End::TimedOut) => Cause::TimedOut,
                (Stage::Inviting, End::Lost) => Cause::Lost,
                // A refusal of ours that nobody acknowledged: the call is over anyway.
                _ => return,
            };
            self.end(core, cause);
        } else if self.offering.as_ref().is_some_and(|offering| offering.tx == tx) {
            self.offering = None;
            if end == End::TimedOut {
                self.give_up(core, now, Cause::TimedOut);
            } else {
                core.tell(Event::OfferRefused { call: self.id, status: 503 });
            }
        } else if !self.quiet.contains(&tx) {
            let tx = self.named(tx);
            core.tell(Event::Failed { tx, call: Some(self.id), end });
        }
    }

    /// As the driver knows this request.
    pub(super) fn named(&self, tx: TxId) -> TxId {
        self.renamed.iter().find(|(now, _)| *now == tx).map_or(tx, |(_, first)| *first)
    }
}

/// Credentials for a challenge, and the header field for them.
pub(crate) fn answer(
    credentials: &Credentials,
    response: &Response,
    request: &Request,
    cnonce: &str,
) -> Option<(Name, Auth)> {
    let (asked, given) = if response.status == 407 {
        (Name::ProxyAuthenticate, Name::ProxyAuthorization)
    } else {
        (Name::WwwAuthenticate, Name::Authorization)
    };
    let auth = credentials.answer(
        &challenges(response, &asked),
        &request.method,
        &request.uri.to_string(),
        cnonce,
    )?;
    Some((given, auth))
}

fn challenges(response: &Response, name: &Name) -> Vec<Auth> {
    use crate::message::Field;
    response.headers.all(name).filter_map(|value| Auth::parse(value).ok()).collect()
}

/// Whether only the nonce was too old.
pub(crate) fn is_stale(response: &Response) -> bool {
    [Name::WwwAuthenticate, Name::ProxyAuthenticate]
        .iter()
        .flat_map(|name| challenges(response, name))
        .any(|challenge| {
            challenge.get("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true"))
        })
}
