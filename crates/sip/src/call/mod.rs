//! One call at one end: an INVITE, the dialogs it makes, and everything inside of them.
//!
//! ```text
//!   we call:   Inviting ──2xx──▶ Live ──BYE, timeout──▶ Ended
//!                 │ hang up                              ▲
//!                 └──▶ Cancelled ──487, or 2xx: BYE──────┤
//!   we are     Incoming ──answer──▶ Live ────────────────┤
//!   called:       └── reject, CANCEL ────────────────────┘
//! ```
//!
//! A call knows SDP as bytes only: who owes whom an answer is settled here, what is in it by [`crate::sdp`].
//!
//! - `caller.rs`: our INVITE, its forks, challenges; `callee.rs`: theirs, and our answers;
//! - `inside.rs`: re-INVITE, UPDATE, BYE and what else goes inside; `reliable.rs`: RFC 3262; `session.rs`: RFC 4028.

mod callee;
mod caller;
mod inside;
mod reliable;
mod session;

pub use caller::Invite;
pub(crate) use caller::{answer as answer_challenge, is_stale};

use std::sync::Arc;

use crate::dialog::Dialog;
use crate::digest::Credentials;
use crate::endpoint::Core;
use crate::event::{CallId, Cause, Event};
use crate::flow::Flow;
use crate::message::{Method, Name, Request, Response};
use crate::time::Millis;
use crate::transaction::TxId;

/// Where a call stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// Our INVITE has no final answer.
    Inviting,
    /// We gave our INVITE up; its final answer is still to come.
    Cancelled,
    /// Their INVITE has no final answer.
    Incoming,
    /// Answered.
    Live,
    /// Over.
    Ended,
}

/// What the other side said it can do.
#[derive(Debug, Clone, Copy, Default)]
struct Peer {
    /// UPDATE (RFC 3311).
    update: bool,
    /// Session timers (RFC 4028).
    timer: bool,
    /// Reliable provisional responses (RFC 3262).
    reliable: bool,
}

/// A change of the session that we asked for.
#[derive(Debug)]
struct Offering {
    tx: TxId,
    /// `None`: only a refresh.
    sdp: Option<Vec<u8>>,
}

/// One call at one end.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) id: CallId,
    /// The moment that stands in the endpoint's heap for this call.
    pub(crate) queued: Option<Millis>,
    /// How many transactions that we began for it are in the table. Those that others began need it no more once it is over:
    /// they know their own answers.
    pub(crate) open: usize,
    flow: Flow,
    stage: Stage,
    /// Whether the INVITE was ours.
    called_by_us: bool,
    /// The INVITE that began it: ours as it was sent last, or theirs.
    invite: Arc<Request>,
    /// Its transaction.
    invite_tx: Option<TxId>,
    /// Our tag.
    pub(crate) tag: String,
    /// The dialog that stands, or that will once we answer.
    dialog: Option<Dialog>,
    /// Early dialogs of our INVITE, each with the last `RSeq` seen.
    forks: Vec<(Dialog, Option<u32>)>,
    peer: Peer,
    credentials: Option<Credentials>,
    /// How often in a row we were challenged.
    challenges: u8,
    /// Requests whose answers nobody waits for: PRACK, BYE.
    quiet: Vec<TxId>,
    /// Requests that were sent again after a challenge: now, and as the driver knows them.
    renamed: Vec<(TxId, TxId)>,
    /// Our 2xx until it is acknowledged.
    yes: Option<callee::Yes>,
    /// Hang up as soon as that is acknowledged.
    bye_after_ack: bool,
    reliable: reliable::Reliable,
    /// The ACK of our latest INVITE, for when its 2xx comes again.
    ack: Option<(u32, Request)>,
    offering: Option<Offering>,
    /// Our offer met theirs (491): when to try again, and what.
    retry: Option<(Millis, Option<Vec<u8>>)>,
    /// Their offer, which we have not answered.
    offered: Option<TxId>,
    /// Whether the SDP of the next ACK answers an offer of ours.
    offer_in_yes: bool,
    session: Option<session::Session>,
    /// The SDP that we sent last, for refreshing.
    sdp: Option<Vec<u8>>,
}

impl Call {
    fn new(id: CallId, flow: Flow, stage: Stage, invite: Arc<Request>, tag: String) -> Self {
        Self {
            id,
            queued: None,
            open: 0,
            flow,
            stage,
            called_by_us: stage == Stage::Inviting,
            invite,
            invite_tx: None,
            tag,
            dialog: None,
            forks: Vec::new(),
            peer: Peer::default(),
            credentials: None,
            challenges: 0,
            quiet: Vec::new(),
            renamed: Vec::new(),
            yes: None,
            bye_after_ack: false,
            reliable: reliable::Reliable::default(),
            ack: None,
            offering: None,
            retry: None,
            offered: None,
            offer_in_yes: false,
            session: None,
            sdp: None,
        }
    }

    /// Whether nothing more can be done with it.
    pub(crate) fn is_over(&self) -> bool {
        self.stage == Stage::Ended
    }

    /// Whether it was answered.
    pub(crate) fn is_live(&self) -> bool {
        self.stage == Stage::Live
    }

    /// Whether a request that names our tag is from the other end of a dialog of this call.
    pub(crate) fn is_from_peer(&self, request: &Request) -> bool {
        self.dialog
            .iter()
            .chain(self.forks.iter().map(|(dialog, _)| dialog))
            .any(|dialog| dialog.is_from_peer(request))
    }

    /// The call's own Call-ID header field.
    pub(crate) fn call_id(&self) -> &str {
        self.invite.call_id()
    }

    /// The dialog, once there is one.
    pub(crate) fn dialog(&self) -> Option<&Dialog> {
        self.dialog.as_ref()
    }

    /// When it wants to be looked at.
    pub(crate) fn due(&self) -> Option<Millis> {
        let yes = self.yes.as_ref().map(callee::Yes::due);
        let retry = self.retry.as_ref().map(|(at, _)| *at);
        let session = self.session.as_ref().map(|session| session.at);
        [yes, retry, session, self.reliable.due()]
            .into_iter()
            .flatten()
            .min()
            .filter(|_| !self.is_over())
    }

    /// Time has passed.
    pub(crate) fn tick(&mut self, core: &mut Core, now: Millis) {
        self.tick_yes(core, now);
        self.tick_reliable(core, now);
        self.tick_session(core, now);
        if let Some((at, sdp)) = self.retry.take() {
            if at > now {
                self.retry = Some((at, sdp));
            } else if self.is_live() && self.offered.is_none() {
                self.change(core, now, sdp);
            }
        }
    }

    /// The last that is said of this call.
    fn end(&mut self, core: &mut Core, cause: Cause) {
        if self.stage != Stage::Ended {
            self.stage = Stage::Ended;
            self.yes = None;
            self.session = None;
            self.retry = None;
            self.reliable = reliable::Reliable::default();
            core.tell(Event::Ended { call: self.id, cause });
        }
    }

    fn learn(&mut self, headers: &crate::message::Headers) {
        self.peer.update |= headers.lists(&Name::Allow, "UPDATE");
        self.peer.timer |=
            headers.lists(&Name::Supported, "timer") || headers.lists(&Name::Require, "timer");
        self.peer.reliable |=
            headers.lists(&Name::Supported, "100rel") || headers.lists(&Name::Require, "100rel");
    }

    /// Sends a request and counts its transaction.
    fn send(&mut self, core: &mut Core, now: Millis, request: Request) -> Option<TxId> {
        let tx = core.send(now, request, self.flow, Some(self.id))?;
        self.open = self.open.saturating_add(1);
        Some(tx)
    }

    /// Says goodbye inside of a dialog.
    fn bye(&mut self, core: &mut Core, now: Millis, dialog: &mut Dialog, reason: Option<&str>) {
        let mut bye = dialog.request(Method::Bye);
        if let Some(reason) = reason {
            bye.headers.push(Name::Reason, reason);
        }
        let tx = self.send(core, now, bye);
        self.quiet.extend(tx);
    }
}

/// The SDP of a message.
fn sdp_of_request(request: &Request) -> Option<Vec<u8>> {
    request.body_of("application/sdp").map(<[u8]>::to_vec)
}

/// The SDP of a message.
fn sdp_of_response(response: &Response) -> Option<Vec<u8>> {
    response.body_of("application/sdp").map(<[u8]>::to_vec)
}
