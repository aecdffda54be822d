//! An endpoint: every transaction, dialog and call of one server, as one value.
//!
//! ```text
//!            input(now, flow, bytes)      invite, ring, answer, hang_up, respond ...
//!                     │                                  │
//!   guard ── frames ── parse ── transactions ── calls ── events
//!                                    │
//!            poll() ─▶ Send │ Close │ Event │ Wait(until)
//! ```
//!
//! The one rule of use: after each call that takes `now`, drain [`Endpoint::poll`] until it says [`Output::Wait`], and call
//! [`Endpoint::timeout`] at that time, or before. Driven this way it needs no clock, socket or thread of its own.
//!
//! Passwords and registrations are not in here: who drives it asks [`crate::digest`] and [`crate::register`], and answers by
//! [`Endpoint::respond`].

mod core;
mod screen;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

pub(crate) use self::core::Core;
pub use self::core::{ALLOW, Config, SUPPORTED};
pub use crate::call::Invite;
use crate::call::{self, Call};
use crate::event::{CallId, Event, Output, Refusal};
use crate::flow::Flow;
use crate::guard::Guard;
use crate::message::{
    Fault, Frame, Framer, Headers, Message, Method, Name, Replaces, Request, Response,
};
use crate::mint::{Hashing, Mint};
use crate::time::Millis;
use crate::transaction::{self, Out, Received, TxId};

/// Every transaction, dialog and call of one server.
pub struct Endpoint {
    core: Core,
    guard: Guard,
    calls: HashMap<CallId, Box<Call>, Hashing>,
    /// Those that are not over.
    live: usize,
    /// By Call-ID and our tag.
    dialogs: HashMap<String, CallId, Hashing>,
    timers: BinaryHeap<Reverse<(Millis, CallId)>>,
    framers: HashMap<Flow, Framer, Hashing>,
    last: u64,
    /// Whatever would begin something new is refused.
    shed: bool,
}

impl Endpoint {
    /// An endpoint whose names come from this seed, which nobody else may have.
    pub fn new(config: Config, seed: [u8; 32]) -> Self {
        let mint = Mint::new(seed);
        let hashing = mint.hashing();
        Self {
            guard: Guard::new(&mint),
            core: Core::new(config, mint),
            calls: HashMap::with_hasher(hashing.clone()),
            live: 0,
            dialogs: HashMap::with_hasher(hashing.clone()),
            timers: BinaryHeap::new(),
            framers: HashMap::with_hasher(hashing),
            last: 0,
            shed: false,
        }
    }

    /// There is too much to do, or not any more: while there is, whatever is not part of something that stands is told to
    /// come back later (503 with Retry-After), and costs no more than that.
    pub const fn shed(&mut self, shed: bool) {
        self.shed = shed;
    }

    /// Who is known and who floods.
    pub const fn guard(&mut self) -> &mut Guard {
        &mut self.guard
    }

    /// How many calls there are, those included that only wait for a last answer.
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    /// How many calls are not over.
    pub const fn live(&self) -> usize {
        self.live
    }

    /// How many transactions there are.
    pub fn transactions(&self) -> usize {
        self.core.transactions.len()
    }

    /// Bytes came: a datagram, a WebSocket message, or a part of a stream.
    pub fn input(&mut self, now: Millis, flow: Flow, bytes: &[u8]) {
        if !self.guard.admit(now, flow.peer.ip(), bytes) {
            // A stream with a hole in it cannot be followed, and WebSocket floods come by connections, too.
            if flow.transport.is_reliable() {
                self.core.output(Output::Close(flow));
            }
            return;
        }
        if flow.transport.is_stream() {
            let mut framer = self.framers.remove(&flow).unwrap_or_default();
            framer.push(bytes);
            let mut whole = true;
            while let Some(frame) = framer.next() {
                match frame {
                    Frame::Message(message) => {
                        self.take(now, flow, message.map(|message| *message));
                    }
                    Frame::Ping => self.core.output(Output::Send(flow, b"\r\n".as_slice().into())),
                    Frame::Broken(fault) => {
                        self.take(now, flow, Err(fault));
                        self.core.output(Output::Close(flow));
                        whole = false;
                    }
                }
            }
            if whole {
                self.framers.insert(flow, framer);
            }
        } else if bytes.iter().all(|byte| matches!(byte, b'\r' | b'\n' | b'\0')) {
            // A keep-alive: one blank line is none to answer, two are (RFC 5626 §3.5.1, RFC 7118 §6).
            if bytes == b"\r\n\r\n" {
                self.core.output(Output::Send(flow, b"\r\n".as_slice().into()));
            }
        } else {
            self.take(now, flow, Message::parse(bytes));
        }
        self.settle(now);
    }

    fn take(&mut self, now: Millis, flow: Flow, message: Result<Message, Fault>) {
        match message {
            Ok(Message::Request(request)) => self.take_request(now, request, flow),
            Ok(Message::Response(response)) => self.core.transactions.take(now, response),
            Err(Fault { answer: Some(mut answer), .. }) => {
                // Each fault is answered by itself: nothing is remembered of a message that nobody could read.
                let tag = self.core.mint.name();
                *answer = answer.tagged(&tag);
                let way = transaction::way_back(flow, &answer);
                self.core.output(Output::Send(way, answer.to_bytes().into()));
            }
            Err(_) => {}
        }
    }

    fn take_request(&mut self, now: Millis, request: Request, flow: Flow) {
        match self.core.transactions.receive(now, request, flow) {
            Received::New(tx, request) => self.take_new(now, tx, request, flow),
            Received::Absorbed => {}
            Received::Ack(request) => {
                if let Some(id) = self.find(&request) {
                    self.on(now, id, |call, core| call.take_ack(core, now, &request));
                }
            }
            Received::Cancel(tx) => {
                if let Some(id) = self.core.owner(tx) {
                    self.on(now, id, |call, core| call.take_cancel(core, now, tx));
                }
            }
            Received::Merged(request) => self.core.refuse(request, flow, 482),
            Received::Full(request) => self.core.refuse(request, flow, 503),
        }
    }

    fn take_new(&mut self, now: Millis, tx: TxId, request: Arc<Request>, flow: Flow) {
        if self.shed && request.to().is_ok_and(|to| to.tag().is_none()) {
            let mut response = Response::to_request(&request, 503);
            response.headers.push(Name::RetryAfter, self.core.retry_after());
            self.core.respond(now, tx, response);
            return;
        }
        if let Some(response) = screen::screen(&request) {
            self.core.respond(now, tx, response);
            return;
        }
        let inside = request.to().is_ok_and(|to| to.tag().is_some());
        let session = matches!(
            request.method,
            Method::Invite
                | Method::Bye
                | Method::Update
                | Method::Prack
                | Method::Info
                | Method::Refer
        );
        match self.find(&request) {
            Some(id) => {
                self.core.own(tx, id, flow);
                self.on(now, id, |call, core| call.take_request(core, now, tx, request, flow));
            }
            // A dialog or a call that we do not know, or do not know any more.
            None if session
                && (inside || !matches!(request.method, Method::Invite | Method::Refer)) =>
            {
                self.core.respond(now, tx, Response::to_request(&request, 481));
            }
            None if request.method == Method::Invite => self.take_invite(now, tx, request, flow),
            None => {
                self.core.tell(Event::Request { tx, call: None, request, flow });
            }
        }
    }

    fn take_invite(&mut self, now: Millis, tx: TxId, request: Arc<Request>, flow: Flow) {
        if self.live >= self.core.config.calls {
            let mut response = Response::to_request(&request, 503);
            response.headers.push(Name::RetryAfter, self.core.retry_after());
            self.core.respond(now, tx, response);
            return;
        }
        let replaces = match self.replaced(&request) {
            Ok(replaces) => replaces,
            Err(status) => {
                self.core.respond(now, tx, Response::to_request(&request, status));
                return;
            }
        };
        self.last = self.last.saturating_add(1);
        let id = CallId(self.last);
        let call = match Call::ring_in(&mut self.core, now, id, tx, Arc::clone(&request), flow) {
            Ok(call) => call,
            Err(bad) => {
                let mut response = Response::to_request(&request, 400);
                response.reason = bad.0.into();
                self.core.respond(now, tx, response);
                return;
            }
        };
        if let Some(response) = call.refuse_interval(&self.core, &request) {
            self.core.respond(now, tx, response);
            return;
        }
        self.core.own(tx, id, flow);
        self.enter(call);
        self.core.tell(Event::Incoming { call: id, invite: request, flow, replaces });
    }

    /// The call that an INVITE is to take the place of, or the status to refuse it with (RFC 3891 §3).
    fn replaced(&self, request: &Request) -> Result<Option<CallId>, u16> {
        let Some(replaces) =
            request.headers.one::<Replaces>(&Name::Replaces).map_err(|_| 400_u16)?
        else {
            return Ok(None);
        };
        let key = key(&replaces.call_id, &replaces.to_tag);
        let id = self.dialogs.get(&key).copied().ok_or(481_u16)?;
        let call = self.calls.get(&id).ok_or(481_u16)?;
        let fits = call.dialog().is_some_and(|dialog| dialog.remote_tag() == &*replaces.from_tag);
        match (fits, call.is_over(), call.is_live()) {
            (false, _, _) => Err(481),
            (true, true, _) => Err(603),
            (true, false, true) if replaces.early_only => Err(486),
            (true, false, _) => Ok(Some(id)),
        }
    }

    /// The call that a request inside of a dialog belongs to.
    fn find(&self, request: &Request) -> Option<CallId> {
        let to = request.to().ok()?;
        let id = *self.dialogs.get(&key(request.call_id(), to.tag()?))?;
        self.calls.get(&id).is_some_and(|call| call.is_from_peer(request)).then_some(id)
    }

    fn enter(&mut self, call: Call) {
        self.dialogs.insert(key(call.call_id(), &call.tag), call.id);
        self.live = self.live.saturating_add(1);
        self.calls.insert(call.id, Box::new(call));
    }

    /// Does something with a call and sees to its timer afterwards.
    fn on<T>(
        &mut self,
        now: Millis,
        id: CallId,
        deed: impl FnOnce(&mut Call, &mut Core) -> T,
    ) -> Option<T> {
        let call = self.calls.get_mut(&id)?;
        let was_over = call.is_over();
        let done = deed(call, &mut self.core);
        if call.is_over() && !was_over {
            self.live = self.live.saturating_sub(1);
        }
        if let Some(at) = call.due().map(|at| at.max(now))
            && call.queued.is_none_or(|queued| at < queued)
        {
            call.queued = Some(at);
            self.timers.push(Reverse((at, id)));
        }
        if call.is_over() && call.open == 0 {
            let key = key(call.call_id(), &call.tag);
            self.calls.remove(&id);
            self.dialogs.remove(&key);
        }
        Some(done)
    }

    /// The same for a command, which a call that is over refuses.
    fn command<T>(
        &mut self,
        now: Millis,
        id: CallId,
        deed: impl FnOnce(&mut Call, &mut Core) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        if self.calls.get(&id).is_none_or(|call| call.is_over()) {
            return Err(Refusal::NoSuchCall);
        }
        let done = self.on(now, id, deed).unwrap_or(Err(Refusal::NoSuchCall));
        self.settle(now);
        done
    }

    /// Time has passed. Only what is due is looked at.
    pub fn timeout(&mut self, now: Millis) {
        self.core.transactions.timeout(now);
        self.settle(now);
        while let Some(Reverse((at, id))) = self.timers.peek().copied() {
            if at > now {
                break;
            }
            self.timers.pop();
            let stale = self.calls.get(&id).is_none_or(|call| call.queued != Some(at));
            if stale {
                continue;
            }
            self.on(now, id, |call, core| {
                call.queued = None;
                call.tick(core, now);
            });
        }
        self.settle(now);
    }

    /// The next thing to do, oldest first.
    pub fn poll(&mut self) -> Output {
        self.core.next().unwrap_or_else(|| {
            let call = self.timers.peek().map(|Reverse((at, _))| *at);
            Output::Wait(call.into_iter().chain(self.core.transactions.due()).min())
        })
    }

    /// Takes what the transactions have to say to those who own them.
    fn settle(&mut self, now: Millis) {
        while let Some(out) = self.core.transactions.poll() {
            match out {
                Out::Send(flow, bytes) => self.core.output(Output::Send(flow, bytes)),
                Out::Response(tx, response) => match self.core.owner(tx) {
                    Some(id) => {
                        let is_final = response.status >= 200;
                        self.on(now, id, |call, core| call.take_response(core, now, tx, *response));
                        if is_final {
                            self.core.transactions.settle(tx);
                        }
                    }
                    None => self.core.tell(Event::Response { tx, call: None, response }),
                },
                Out::Failed(tx, end) => match self.core.owner(tx) {
                    Some(id) => {
                        self.on(now, id, |call, core| call.take_failure(core, now, tx, end));
                    }
                    None if self.core.is_ours(tx) => {
                        self.core.tell(Event::Failed { tx, call: None, end });
                    }
                    None => {}
                },
                Out::Gone(tx) => {
                    if let Some((id, true)) = self.core.disown(tx) {
                        self.on(now, id, |call, _| call.open = call.open.saturating_sub(1));
                    }
                }
            }
        }
    }

    /// A connection is gone. What waits for an answer on it will not get one; calls that stand stay, since their device may
    /// come back by another connection.
    pub fn closed(&mut self, now: Millis, flow: Flow) {
        self.framers.remove(&flow);
        for tx in self.core.on_flow(flow) {
            self.core.transactions.lose(tx);
        }
        self.settle(now);
    }

    /// Calls somebody.
    ///
    /// # Errors
    ///
    /// [`Refusal::Full`]: there are as many calls or transactions as there may be.
    pub fn invite(&mut self, now: Millis, invite: Invite) -> Result<CallId, Refusal> {
        if self.live >= self.core.config.calls {
            return Err(Refusal::Full);
        }
        self.last = self.last.saturating_add(1);
        let id = CallId(self.last);
        let call = Call::dial(&mut self.core, now, id, invite).ok_or(Refusal::Full)?;
        self.enter(call);
        self.settle(now);
        Ok(id)
    }

    /// Says 101 to 199 to a call that came in: it rings (180), waits (182), or something is to be heard (183 with SDP).
    ///
    /// # Errors
    ///
    /// The call is over, answered already, or ours; or the status is not of 101 to 199.
    pub fn ring(
        &mut self,
        now: Millis,
        call: CallId,
        status: u16,
        headers: &Headers,
        sdp: Option<Vec<u8>>,
    ) -> Result<(), Refusal> {
        self.command(now, call, |call, core| call.ring(core, now, status, headers, sdp))
    }

    /// Picks up a call that came in. [`Event::Connected`] follows.
    ///
    /// # Errors
    ///
    /// The call is over, answered already, or ours.
    pub fn answer(
        &mut self,
        now: Millis,
        call: CallId,
        headers: &Headers,
        sdp: Option<Vec<u8>>,
    ) -> Result<(), Refusal> {
        self.command(now, call, |call, core| call.answer(core, now, headers, sdp))
    }

    /// Refuses a call that came in: 300 to 699.
    ///
    /// # Errors
    ///
    /// The call is over, answered already, or ours; or the status is not of 300 to 699.
    pub fn reject(
        &mut self,
        now: Millis,
        call: CallId,
        status: u16,
        headers: &Headers,
    ) -> Result<(), Refusal> {
        self.command(now, call, |call, core| call.reject(core, now, status, headers))
    }

    /// Ends a call in whichever way its state asks for: CANCEL, 480, BYE. [`Event::Ended`] follows when it is over.
    ///
    /// # Errors
    ///
    /// The call is over, or was given up before.
    pub fn hang_up(
        &mut self,
        now: Millis,
        call: CallId,
        reason: Option<&str>,
    ) -> Result<(), Refusal> {
        self.command(now, call, |call, core| call.hang_up(core, now, reason))
    }

    /// Asks the other side to change the session. [`Event::Answer`] or [`Event::OfferRefused`] follows; when both sides ask at
    /// once, it is tried again by itself.
    ///
    /// # Errors
    ///
    /// The call does not stand, or an offer is under way.
    pub fn offer(&mut self, now: Millis, call: CallId, sdp: Vec<u8>) -> Result<(), Refusal> {
        self.command(now, call, |call, core| call.offer(core, now, sdp))
    }

    /// Says yes to [`Event::Offer`], or answers the offer that came with [`Event::Answered`] where we made none.
    ///
    /// # Errors
    ///
    /// There is no offer to answer.
    pub fn accept(&mut self, now: Millis, call: CallId, sdp: Vec<u8>) -> Result<(), Refusal> {
        self.command(now, call, |call, core| call.accept(core, now, sdp))
    }

    /// Says no to [`Event::Offer`]: mostly 488. The session stays as it was.
    ///
    /// # Errors
    ///
    /// There is no offer to refuse.
    pub fn refuse(&mut self, now: Millis, call: CallId, status: u16) -> Result<(), Refusal> {
        self.command(now, call, |call, core| call.refuse(core, now, status))
    }

    /// Sends INFO, MESSAGE, REFER, NOTIFY or OPTIONS inside of a call. [`Event::Response`] or [`Event::Failed`] follows.
    ///
    /// # Errors
    ///
    /// The call is over or has no dialog yet, or the method is one that calls send by themselves.
    pub fn say(
        &mut self,
        now: Millis,
        call: CallId,
        method: Method,
        headers: &Headers,
        body: Option<(&str, Vec<u8>)>,
    ) -> Result<TxId, Refusal> {
        self.command(now, call, |call, core| call.say(core, now, method, headers, body))
    }

    /// Sends a request outside of any call: REGISTER to a trunk, OPTIONS, MESSAGE, NOTIFY. It has From, To, Call-ID and
    /// `CSeq`; Via and Max-Forwards are put to it.
    ///
    /// # Errors
    ///
    /// [`Refusal::Full`]: too many are under way. [`Refusal::WrongState`]: it is an INVITE, ACK or CANCEL.
    pub fn request(&mut self, now: Millis, request: Request, flow: Flow) -> Result<TxId, Refusal> {
        if matches!(request.method, Method::Invite | Method::Ack | Method::Cancel) {
            return Err(Refusal::WrongState);
        }
        let tx = self.core.send(now, request, flow, None).ok_or(Refusal::Full)?;
        self.settle(now);
        Ok(tx)
    }

    /// Answers [`Event::Request`]. `false`: it was answered before, or nobody waits any more.
    pub fn respond(&mut self, now: Millis, tx: TxId, response: Response) -> bool {
        let taken = self.core.respond(now, tx, response);
        self.settle(now);
        taken
    }

    /// The names that a REGISTER or OPTIONS of ours needs.
    pub const fn mint(&mut self) -> &mut Mint {
        &mut self.core.mint
    }

    /// What a `Replaces` must say for somebody to take the place of this call's other end.
    pub fn replaces(&self, call: CallId) -> Option<Replaces> {
        let dialog = self.calls.get(&call)?.dialog()?;
        Some(Replaces {
            call_id: dialog.call_id.clone(),
            // As the other end sees it: its own tag is the to-tag.
            to_tag: dialog.remote_tag().into(),
            from_tag: dialog.local_tag().into(),
            early_only: false,
        })
    }

    /// The call whose dialog these words name, as its other end writes them (RFC 3891 §3, RFC 5589 §7).
    pub fn named(&self, replaces: &Replaces) -> Option<CallId> {
        let id = *self.dialogs.get(&key(&replaces.call_id, &replaces.to_tag))?;
        let dialog = self.calls.get(&id)?.dialog()?;
        (dialog.remote_tag() == &*replaces.from_tag).then_some(id)
    }

    /// Credentials for a challenge to a request of [`request`](Self::request), and the header field for them.
    pub fn answer_challenge(
        &mut self,
        credentials: &crate::digest::Credentials,
        response: &Response,
        request: &Request,
    ) -> Option<(Name, crate::digest::Auth)> {
        let cnonce = self.core.mint.name();
        call::answer_challenge(credentials, response, request, &cnonce)
    }
}

fn key(call_id: &str, tag: &str) -> String {
    format!("{call_id} {tag}")
}
