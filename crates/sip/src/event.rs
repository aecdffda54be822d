//! What an endpoint tells whoever drives it.

use std::sync::Arc;

use crate::flow::Flow;
use crate::message::{Request, Response};
use crate::time::Millis;
use crate::transaction::{End, TxId};

/// Names one call, or the part of it that one device has, for its whole life; never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub u64);

/// What [`Endpoint::poll`](crate::endpoint::Endpoint::poll) hands out.
#[derive(Debug)]
pub enum Output {
    /// Send these bytes: one datagram, one WebSocket message, or a part of a stream.
    Send(Flow, Arc<[u8]>),
    /// Close this connection: nobody can follow it any further.
    Close(Flow),
    /// Something happened.
    Event(Event),
    /// Nothing more now. Call [`timeout`](crate::endpoint::Endpoint::timeout) at this time, if there is one.
    Wait(Option<Millis>),
}

/// What happened.
#[derive(Debug)]
pub enum Event {
    /// Somebody invites us. Nothing but `100 Trying` has been said yet.
    Incoming {
        /// Its name from now on.
        call: CallId,
        /// The INVITE, with everything it says.
        invite: Arc<Request>,
        /// Where it came from.
        flow: Flow,
        /// The call that it is to take the place of (RFC 3891): answer this one, then hang that one up.
        replaces: Option<CallId>,
    },
    /// The called side says something before it answers: it rings (180), plays something (183 with SDP).
    Progress {
        /// Which call.
        call: CallId,
        /// 101 to 199, with everything it says.
        response: Box<Response>,
        /// Its SDP, if it has one.
        sdp: Option<Vec<u8>>,
    },
    /// The called side picked up.
    Answered {
        /// Which call.
        call: CallId,
        /// The 2xx, with everything it says.
        response: Box<Response>,
        /// Its SDP, if it has one.
        sdp: Option<Vec<u8>>,
    },
    /// Our answer arrived: the caller acknowledged it.
    Connected {
        /// Which call.
        call: CallId,
        /// The SDP of the ACK, where the INVITE had none and our answer made the offer.
        sdp: Option<Vec<u8>>,
    },
    /// The other side wants to change the session. Say yes by `accept`, or no by `refuse`.
    Offer {
        /// Which call.
        call: CallId,
        /// What it offers; without one, we are asked to make the offer.
        sdp: Option<Vec<u8>>,
    },
    /// The other side took our offer, or answered the one that our `accept` made.
    Answer {
        /// Which call.
        call: CallId,
        /// Its SDP.
        sdp: Option<Vec<u8>>,
    },
    /// The other side did not take our offer. The session is as it was.
    OfferRefused {
        /// Which call.
        call: CallId,
        /// Why.
        status: u16,
    },
    /// The call is over. Nothing else is ever said of it but answers to requests that are under way.
    Ended {
        /// Which call.
        call: CallId,
        /// Why.
        cause: Cause,
    },
    /// Somebody wants something that is no session: REGISTER, OPTIONS, MESSAGE, INFO, REFER, NOTIFY ... Answer it by `respond`.
    Request {
        /// What to answer.
        tx: TxId,
        /// The call inside of which it came, if any.
        call: Option<CallId>,
        /// The request.
        request: Arc<Request>,
        /// Where it came from.
        flow: Flow,
    },
    /// A request of ours was answered.
    Response {
        /// Which request.
        tx: TxId,
        /// The call inside of which it went, if any.
        call: Option<CallId>,
        /// The answer.
        response: Box<Response>,
    },
    /// A request of ours will not be answered.
    Failed {
        /// Which request.
        tx: TxId,
        /// The call inside of which it went, if any.
        call: Option<CallId>,
        /// Why.
        end: End,
    },
}

/// Why a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// We hung up, or refused.
    Here,
    /// The other side hung up.
    There {
        /// The value of its `Reason` header field (RFC 3326), if it gave one.
        reason: Option<Box<str>>,
    },
    /// The caller gave up before we answered.
    Cancelled,
    /// The called side refused: 300 to 699.
    Refused(Box<Response>),
    /// Nobody answered our INVITE, or what was said inside of the call.
    TimedOut,
    /// Nobody acknowledged our answer.
    NotAcknowledged,
    /// The flow broke before the call stood.
    Lost,
    /// Nobody refreshed the session (RFC 4028 §10).
    Expired,
}

/// An ordinary no to a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No call has this name, or it is over.
    #[error("there is no such call")]
    NoSuchCall,
    /// The call is not in a state where this can be done.
    #[error("the call is not in a state for this")]
    WrongState,
    /// One side's offer has no answer yet: wait for it.
    #[error("an offer is under way")]
    OfferPending,
    /// There is no room for another transaction or call.
    #[error("too much is under way")]
    Full,
}
