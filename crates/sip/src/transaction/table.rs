//! All transactions of an endpoint.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;

use super::client_invite::ClientInvite;
use super::client_other::ClientOther;
use super::server_invite::ServerInvite;
use super::server_other::ServerOther;
use super::{Act, matching};
use crate::flow::{Flow, Transport};
use crate::message::{Address, Bad, CSeq, Method, Name, Request, Response, Via};
use crate::mint::{Hashing, Mint};
use crate::time::Millis;

/// Names one transaction for its whole life; never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TxId(pub u64);

/// How many transactions there may be at a time.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Those that others began. Beyond it, new requests are answered 503.
    pub server: usize,
    /// Those that we began.
    pub client: usize,
}

impl Default for Limits {
    fn default() -> Self {
        // What is answered stays for 32 s, lest it be taken for new when it comes again: two for a call, at 2,000 calls a second.
        Self { server: 131_072, client: 131_072 }
    }
}

/// What comes out of the table, oldest first.
#[derive(Debug)]
pub enum Out {
    /// Send this.
    Send(Flow, Arc<[u8]>),
    /// A request of ours was answered.
    Response(TxId, Box<Response>),
    /// A request of ours will not be answered, or a refusal of ours was not acknowledged.
    Failed(TxId, End),
    /// The transaction is no more. Always the last that is heard of it.
    Gone(TxId),
}

/// Why nothing more will come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Nobody answered in time (Timers B, F, H).
    TimedOut,
    /// The flow broke.
    Lost,
}

/// What became of a request that came in.
#[derive(Debug)]
pub enum Received {
    /// It is new, and as it came but for its top Via. Answer it by [`Transactions::respond`].
    New(TxId, Arc<Request>),
    /// It came before, or it is an ACK for a refusal: nothing is to be done.
    Absorbed,
    /// An ACK that belongs to a dialog, or to nothing.
    Ack(Request),
    /// A CANCEL, which has been answered, for this INVITE, which has no final response yet.
    Cancel(TxId),
    /// It came here before on another way (RFC 3261 §8.2.2.2): 482.
    Merged(Request),
    /// There is no room: 503.
    Full(Request),
}

#[derive(Debug)]
enum Machine {
    ClientInvite(ClientInvite),
    ClientOther(ClientOther),
    ServerInvite(ServerInvite),
    ServerOther(ServerOther),
}

impl Machine {
    fn due(&self) -> Option<Millis> {
        match self {
            Self::ClientInvite(fsm) => fsm.due(),
            Self::ClientOther(fsm) => fsm.due(),
            Self::ServerInvite(fsm) => fsm.due(),
            Self::ServerOther(fsm) => fsm.due(),
        }
    }

    const fn is_client(&self) -> bool {
        matches!(self, Self::ClientInvite(_) | Self::ClientOther(_))
    }
}

#[derive(Debug)]
struct Entry {
    machine: Machine,
    key: String,
    origin: Option<String>,
    flow: Flow,
    /// Where that is sent again to which may have to be.
    way: Flow,
    /// Until it is settled: what only waits for copies that are late is small.
    request: Option<Arc<Request>>,
    is_cancel: bool,
    /// The request (we ask) or the last response (we are asked), for sending it again.
    sent: Option<Arc<[u8]>>,
    /// Give up as soon as that is allowed.
    cancel: bool,
    /// The earliest moment in the heap that is for this one.
    queued: Option<Millis>,
}

/// All transactions, by what finds them and by when they are due.
pub struct Transactions {
    entries: HashMap<TxId, Entry, Hashing>,
    by_key: HashMap<String, TxId, Hashing>,
    by_origin: HashMap<String, TxId, Hashing>,
    timers: BinaryHeap<Reverse<(Millis, TxId)>>,
    out: VecDeque<Out>,
    limits: Limits,
    clients: usize,
    last: u64,
}

impl Transactions {
    /// An empty table.
    pub fn new(limits: Limits, mint: &Mint) -> Self {
        let hashing = mint.hashing();
        Self {
            entries: HashMap::with_hasher(hashing.clone()),
            by_key: HashMap::with_hasher(hashing.clone()),
            by_origin: HashMap::with_hasher(hashing),
            timers: BinaryHeap::new(),
            out: VecDeque::new(),
            limits,
            clients: 0,
            last: 0,
        }
    }

    /// The next thing that comes out.
    pub fn poll(&mut self) -> Option<Out> {
        self.out.pop_front()
    }

    /// When [`timeout`](Self::timeout) wants to be called next.
    pub fn due(&self) -> Option<Millis> {
        self.timers.peek().map(|Reverse((at, _))| *at)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The request of a transaction that is not settled.
    pub fn request(&self, id: TxId) -> Option<&Request> {
        self.entries.get(&id)?.request.as_deref()
    }

    /// The final response to a request of ours was seen by whom it concerns. What is kept from now on only tells copies of it.
    pub fn settle(&mut self, id: TxId) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        let settled = match &entry.machine {
            Machine::ClientInvite(fsm) => fsm.is_accepted(),
            Machine::ClientOther(fsm) => fsm.is_completed(),
            Machine::ServerInvite(_) | Machine::ServerOther(_) => false,
        };
        if settled {
            (entry.request, entry.sent) = (None, None);
        }
    }

    /// The flow of a transaction.
    pub fn flow(&self, id: TxId) -> Option<Flow> {
        self.entries.get(&id).map(|entry| entry.flow)
    }

    /// Sends a request of ours, under a Via that is put before those it has.
    ///
    /// # Errors
    ///
    /// There is no room, or `sent_by` is no host.
    pub fn send(
        &mut self,
        now: Millis,
        mut request: Request,
        flow: Flow,
        sent_by: &str,
        mint: &mut Mint,
    ) -> Result<TxId, Bad> {
        if self.clients >= self.limits.client {
            return Err(Bad("too many requests are under way"));
        }
        let branch = mint.branch();
        request.headers.push_front(Name::Via, Via::new(flow.transport.as_str(), sent_by, &branch)?);
        Ok(self.start(now, request, flow, &branch))
    }

    fn start(&mut self, now: Millis, request: Request, flow: Flow, branch: &str) -> TxId {
        let reliable = flow.transport.is_reliable();
        let machine = if request.method == Method::Invite {
            Machine::ClientInvite(ClientInvite::new(now, reliable))
        } else {
            Machine::ClientOther(ClientOther::new(now, reliable))
        };
        let key = matching::of_branch(branch, request.method.as_str());
        let sent: Arc<[u8]> = request.to_bytes().into();
        self.out.push_back(Out::Send(flow, Arc::clone(&sent)));
        self.clients = self.clients.saturating_add(1);
        self.insert(machine, key, None, flow, Arc::new(request), Some(sent))
    }

    /// Gives an INVITE of ours up: a CANCEL goes out now, or with the first provisional response (RFC 3261 §9.1). The final
    /// response still comes.
    pub fn cancel(&mut self, now: Millis, id: TxId) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        let Machine::ClientInvite(fsm) = &mut entry.machine else { return };
        if !fsm.is_proceeding() {
            entry.cancel = fsm.is_open();
            return;
        }
        fsm.cancelled(now);
        entry.cancel = false;
        let flow = entry.flow;
        let cancel = entry.request.as_ref();
        let Some((cancel, branch)) = cancel.and_then(|own| hop_request(own, Method::Cancel, None))
        else {
            return;
        };
        self.queue(now, id);
        self.start(now, cancel, flow, &branch);
    }

    /// Takes a request that came in; its top Via is stamped with where it came from.
    pub fn receive(&mut self, now: Millis, mut request: Request, flow: Flow) -> Received {
        let Some(key) = matching::of_request(&request, false) else { return Received::Absorbed };
        let mut acts = Vec::new();
        let known = self.by_key.get(&key).copied();
        if let Some((id, entry)) = known.and_then(|id| Some((id, self.entries.get_mut(&id)?))) {
            let mut is_for_dialog = false;
            match &mut entry.machine {
                Machine::ServerInvite(fsm) if request.method == Method::Ack => {
                    is_for_dialog = !fsm.ack(now, &mut acts);
                }
                Machine::ServerInvite(fsm) => fsm.repeated(&mut acts),
                Machine::ServerOther(fsm) => fsm.repeated(&mut acts),
                Machine::ClientInvite(_) | Machine::ClientOther(_) => {}
            }
            self.carry_out(now, id, None, &acts);
            return if is_for_dialog { Received::Ack(request) } else { Received::Absorbed };
        }
        if request.method == Method::Ack {
            return Received::Ack(request);
        }
        if self.entries.len().saturating_sub(self.clients) >= self.limits.server {
            return Received::Full(request);
        }
        let origin = matching::of_origin(&request).filter(|_| request.method != Method::Cancel);
        if origin.as_ref().is_some_and(|origin| self.by_origin.contains_key(origin)) {
            return Received::Merged(request);
        }
        stamp(&mut request, flow);
        let cancelled = (request.method == Method::Cancel).then(|| {
            matching::of_request(&request, true).and_then(|key| self.by_key.get(&key).copied())
        });
        let machine = if request.method == Method::Invite {
            Machine::ServerInvite(ServerInvite::new(flow.transport.is_reliable()))
        } else {
            Machine::ServerOther(ServerOther::new(now, flow.transport.is_reliable()))
        };
        let request = Arc::new(request);
        let id = self.insert(machine, key, origin, flow, Arc::clone(&request), None);
        match cancelled {
            None => Received::New(id, request),
            Some(None) => {
                self.respond(now, id, Response::to_request(&request, 481));
                Received::Absorbed
            }
            Some(Some(invite)) => {
                let open = self.entries.get(&invite).is_some_and(
                    |entry| matches!(&entry.machine, Machine::ServerInvite(fsm) if fsm.is_open()),
                );
                self.respond(now, id, Response::to_request(&request, 200));
                if open { Received::Cancel(invite) } else { Received::Absorbed }
            }
        }
    }

    /// Answers a request. `false`: it is too late, and nothing is sent.
    pub fn respond(&mut self, now: Millis, id: TxId, response: Response) -> bool {
        let Some(entry) = self.entries.get_mut(&id) else { return false };
        let mut acts = Vec::new();
        let taken = match &mut entry.machine {
            Machine::ServerInvite(fsm) => fsm.respond(now, response.status),
            Machine::ServerOther(fsm) => fsm.respond(now, response.status, &mut acts),
            Machine::ClientInvite(_) | Machine::ClientOther(_) => false,
        };
        if taken {
            let sent: Arc<[u8]> = response.to_bytes().into();
            let repeats = match &entry.machine {
                // A 2xx is repeated by its dialog (RFC 6026 §7.1).
                Machine::ServerInvite(fsm) => !fsm.is_accepted(),
                _ => true,
            };
            entry.sent = repeats.then(|| Arc::clone(&sent));
            if response.status >= 200 {
                entry.request = None;
            }
            self.out.push_back(Out::Send(entry.way, sent));
        }
        self.carry_out(now, id, None, &acts);
        taken
    }

    /// Whether an INVITE that came in has no final response yet.
    pub fn is_open(&self, id: TxId) -> bool {
        let machine = self.entries.get(&id).map(|entry| &entry.machine);
        matches!(machine, Some(Machine::ServerInvite(fsm)) if fsm.is_open())
    }

    /// Takes a response that came in. One that answers nothing of ours is dropped (RFC 3261 §18.1.2).
    pub fn take(&mut self, now: Millis, response: Response) {
        let Some(id) =
            matching::of_response(&response).and_then(|key| self.by_key.get(&key).copied())
        else {
            return;
        };
        let Some(entry) = self.entries.get_mut(&id) else { return };
        let mut acts = Vec::new();
        match &mut entry.machine {
            Machine::ClientInvite(fsm) => fsm.response(now, response.status, &mut acts),
            Machine::ClientOther(fsm) => fsm.response(now, response.status, &mut acts),
            Machine::ServerInvite(_) | Machine::ServerOther(_) => {}
        }
        let cancel = entry.cancel;
        self.carry_out(now, id, Some(response), &acts);
        if cancel {
            self.cancel(now, id);
        }
    }

    /// Time has passed. Only what is due is looked at.
    pub fn timeout(&mut self, now: Millis) {
        while let Some(Reverse((at, id))) = self.timers.peek().copied() {
            if at > now {
                break;
            }
            self.timers.pop();
            let Some(entry) = self.entries.get_mut(&id) else { continue };
            if entry.queued != Some(at) {
                continue;
            }
            entry.queued = None;
            let mut acts = Vec::new();
            // It may have got more time since it was queued.
            if entry.machine.due().is_some_and(|due| due <= now) {
                match &mut entry.machine {
                    Machine::ClientInvite(fsm) => fsm.tick(now, &mut acts),
                    Machine::ClientOther(fsm) => fsm.tick(now, &mut acts),
                    Machine::ServerInvite(fsm) => fsm.tick(now, &mut acts),
                    Machine::ServerOther(fsm) => fsm.tick(now, &mut acts),
                }
            }
            self.carry_out(now, id, None, &acts);
        }
    }

    /// A request of ours cannot have arrived: its flow is gone (RFC 3261 §8.1.3.1: as if 503 had come).
    pub fn lose(&mut self, id: TxId) {
        if let Some(entry) = self.entries.get(&id) {
            let waits = match &entry.machine {
                Machine::ClientInvite(fsm) => fsm.is_open(),
                Machine::ClientOther(_) => true,
                Machine::ServerInvite(_) | Machine::ServerOther(_) => false,
            };
            if waits {
                self.out.push_back(Out::Failed(id, End::Lost));
            }
            self.remove(id);
        }
    }

    fn carry_out(&mut self, now: Millis, id: TxId, response: Option<Response>, acts: &[Act]) {
        let mut response = response;
        for act in acts {
            let Some(entry) = self.entries.get(&id) else { return };
            match act {
                Act::Resend => {
                    if let Some(sent) = &entry.sent {
                        self.out.push_back(Out::Send(entry.way, Arc::clone(sent)));
                    }
                }
                Act::Ack => {
                    let to = response.as_ref().and_then(|response| response.to().ok());
                    let invite = entry.request.as_ref();
                    if let Some((ack, _)) = invite.and_then(|own| hop_request(own, Method::Ack, to))
                    {
                        self.out.push_back(Out::Send(entry.flow, ack.to_bytes().into()));
                    }
                }
                // What becomes of a CANCEL shows in what becomes of its INVITE.
                Act::Deliver | Act::TimedOut if entry.is_cancel => {}
                Act::Deliver => {
                    if let Some(response) = response.take() {
                        self.out.push_back(Out::Response(id, Box::new(response)));
                    }
                }
                Act::TimedOut => self.out.push_back(Out::Failed(id, End::TimedOut)),
                Act::Gone => return self.remove(id),
            }
        }
        self.queue(now, id);
    }

    /// Sees to it that the heap has an entry not later than what is due.
    fn queue(&mut self, now: Millis, id: TxId) {
        let Some(entry) = self.entries.get_mut(&id) else { return };
        let Some(at) = entry.machine.due().map(|at| at.max(now)) else { return };
        if entry.queued.is_none_or(|queued| at < queued) {
            entry.queued = Some(at);
            self.timers.push(Reverse((at, id)));
        }
    }

    fn insert(
        &mut self,
        machine: Machine,
        key: String,
        origin: Option<String>,
        flow: Flow,
        request: Arc<Request>,
        sent: Option<Arc<[u8]>>,
    ) -> TxId {
        self.last = self.last.saturating_add(1);
        let id = TxId(self.last);
        self.by_key.insert(key.clone(), id);
        if let Some(origin) = &origin {
            self.by_origin.insert(origin.clone(), id);
        }
        let way =
            if machine.is_client() { flow } else { way_back_of(flow, request.via().ok().as_ref()) };
        let is_cancel = request.method == Method::Cancel;
        let (request, cancel, queued) = (Some(request), false, None);
        let entry =
            Entry { machine, key, origin, flow, way, request, is_cancel, sent, cancel, queued };
        self.entries.insert(id, entry);
        self.queue(Millis(0), id);
        id
    }

    fn remove(&mut self, id: TxId) {
        let Some(entry) = self.entries.remove(&id) else { return };
        if self.by_key.get(&entry.key) == Some(&id) {
            self.by_key.remove(&entry.key);
        }
        if let Some(origin) = entry.origin {
            self.by_origin.remove(&origin);
        }
        if entry.machine.is_client() {
            self.clients = self.clients.saturating_sub(1);
        }
        self.out.push_back(Out::Gone(id));
    }
}

/// An ACK for a refusal, or a CANCEL: the INVITE's own hop and branch (RFC 3261 §9.1, §17.1.1.3).
fn hop_request(invite: &Request, method: Method, to: Option<Address>) -> Option<(Request, String)> {
    let via = invite.via().ok()?;
    let branch = via.branch()?.to_owned();
    let number = invite.cseq().ok()?.number;
    let mut request = Request::new(method.clone(), invite.uri.clone());
    request.headers.push(Name::Via, via);
    for (name, value) in invite.headers.iter() {
        if matches!(name, Name::From | Name::CallId | Name::MaxForwards | Name::Route)
            || (*name == Name::To && to.is_none())
        {
            request.headers.push(name.clone(), value);
        }
    }
    if let Some(to) = to {
        request.headers.push(Name::To, to);
    }
    request.headers.push(Name::CSeq, CSeq { number, method });
    Some((request, branch))
}

/// Notes on the top Via where the request came from.
pub(crate) fn stamp(request: &mut Request, flow: Flow) {
    let Some(value) = request.headers.get(&Name::Via) else { return };
    let (_, others) = crate::message::text::cut(value, b',');
    let Ok(mut via) = request.via() else { return };
    via.stamp(flow.peer);
    let value = format!("{via}{others}");
    request.headers.set(Name::Via, value);
}

/// Where a response goes (RFC 3261 §18.2.2, RFC 3581 §4).
pub(crate) fn way_back(flow: Flow, response: &Response) -> Flow {
    way_back_of(flow, response.via().ok().as_ref())
}

fn way_back_of(flow: Flow, via: Option<&Via>) -> Flow {
    let mut flow = flow;
    if let Some(via) = via
        && flow.transport == Transport::Udp
        && !via.params.has("rport")
    {
        flow.peer.set_port(via.port.unwrap_or(5060));
    }
    flow
}
