//! What every call of an endpoint needs: transactions, names, and the way out.

use std::collections::{BTreeSet, HashMap, VecDeque};

use crate::event::{CallId, Event, Output};
use crate::flow::{Flow, Transport};
use crate::message::{Address, Headers, Name, Request, Response, Uri, Via};
use crate::mint::{Hashing, Mint};
use crate::time::Millis;
use crate::transaction::{self, Limits, Transactions, TxId};

/// The methods that we take.
pub const ALLOW: &str = "INVITE, ACK, CANCEL, BYE, OPTIONS, REGISTER, PRACK, UPDATE, INFO, MESSAGE, REFER, NOTIFY, SUBSCRIBE, PUBLISH";
/// The extensions that we know.
pub const SUPPORTED: &[&str] = &["100rel", "timer", "replaces", "path", "outbound"];

/// How an endpoint behaves.
#[derive(Debug, Clone)]
pub struct Config {
    /// `host` or `host:port` under which others reach us: in Via and Contact.
    pub host: Box<str>,
    /// The same for streams, where those are taken at another port; none: as `host`.
    pub host_tcp: Option<Box<str>>,
    /// The same for streams under TLS.
    pub host_tls: Option<Box<str>>,
    /// What we call ourselves: `User-Agent` and `Server`.
    pub agent: Box<str>,
    /// The session interval that we ask for, in seconds (RFC 4028).
    pub session: u32,
    /// The smallest one that we bear, in seconds; at least 90.
    pub session_least: u32,
    /// How many calls there may be at a time, those that are over not counted.
    pub calls: usize,
    /// How many transactions there may be at a time.
    pub transactions: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            host: "localhost".into(),
            host_tcp: None,
            host_tls: None,
            agent: "Sangdam".into(),
            session: 1_800,
            session_least: 90,
            calls: 20_000,
            transactions: Limits::default(),
        }
    }
}

impl Config {
    /// `host` or `host:port` under which others reach us by such a transport. Nobody reaches a browser's socket anew, so
    /// what is said there is a name.
    fn host(&self, transport: Transport) -> &str {
        match transport {
            Transport::Udp | Transport::Ws | Transport::Wss => &self.host,
            Transport::Tcp => self.host_tcp.as_deref().unwrap_or(&self.host),
            Transport::Tls => self.host_tls.as_deref().unwrap_or(&self.host),
        }
    }
}

/// What every call of an endpoint needs.
pub(crate) struct Core {
    pub(crate) config: Config,
    pub(crate) mint: Mint,
    pub(crate) transactions: Transactions,
    /// Whose each transaction is, by which flow it goes, and whether we began it.
    owners: HashMap<TxId, (Option<CallId>, Flow, bool), Hashing>,
    /// Those that wait on a connection which may break.
    flows: HashMap<Flow, BTreeSet<TxId>, Hashing>,
    out: VecDeque<Output>,
}

impl Core {
    pub(super) fn new(config: Config, mint: Mint) -> Self {
        Self {
            transactions: Transactions::new(config.transactions, &mint),
            owners: HashMap::with_hasher(mint.hashing()),
            flows: HashMap::with_hasher(mint.hashing()),
            out: VecDeque::new(),
            config,
            mint,
        }
    }

    pub(super) fn next(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    pub(crate) fn output(&mut self, output: Output) {
        self.out.push_back(output);
    }

    pub(crate) fn tell(&mut self, event: Event) {
        self.out.push_back(Output::Event(event));
    }

    /// Sends a request and remembers whose it is. `None`: there is no room.
    pub(crate) fn send(
        &mut self,
        now: Millis,
        mut request: Request,
        flow: Flow,
        owner: Option<CallId>,
    ) -> Option<TxId> {
        if !request.headers.has(&Name::MaxForwards) {
            request.headers.push(Name::MaxForwards, 70);
        }
        if !request.headers.has(&Name::UserAgent) {
            request.headers.push(Name::UserAgent, &self.config.agent);
        }
        let host = self.config.host(flow.transport);
        let tx = self.transactions.send(now, request, flow, host, &mut self.mint).ok()?;
        self.owners.insert(tx, (owner, flow, true));
        if flow.transport.is_reliable() {
            self.flows.entry(flow).or_default().insert(tx);
        }
        Some(tx)
    }

    /// An ACK for a 2xx goes out by itself, on a hop of its own (RFC 3261 §13.2.2.4).
    pub(crate) fn send_ack(&mut self, mut ack: Request, flow: Flow) {
        let branch = self.mint.branch();
        if let Ok(via) =
            Via::new(flow.transport.as_str(), self.config.host(flow.transport), &branch)
        {
            ack.headers.push_front(Name::Via, via);
        }
        ack.headers.push(Name::MaxForwards, 70);
        self.output(Output::Send(flow, ack.to_bytes().into()));
    }

    /// Answers a request. `false`: it is too late.
    pub(crate) fn respond(&mut self, now: Millis, tx: TxId, mut response: Response) -> bool {
        if response.status > 100 {
            let tag = self.mint.name();
            response = response.tagged(&tag);
        }
        if !response.headers.has(&Name::Server) {
            response.headers.push(Name::Server, &self.config.agent);
        }
        self.transactions.respond(now, tx, response)
    }

    /// Refuses a request without remembering it.
    pub(super) fn refuse(&mut self, mut request: Request, flow: Flow, status: u16) {
        transaction::stamp(&mut request, flow);
        let tag = self.mint.name();
        let mut response = Response::to_request(&request, status).tagged(&tag);
        if status == 503 {
            response.headers.push(Name::RetryAfter, self.retry_after());
        }
        let way = transaction::way_back(flow, &response);
        self.output(Output::Send(way, response.to_bytes().into()));
    }

    /// When to come back, in seconds: not all at once.
    pub(super) fn retry_after(&mut self) -> u64 {
        self.mint.below(8).saturating_add(3)
    }

    /// Says who we are and what we can do: on requests that make or change a dialog, and on their answers.
    pub(crate) fn introduce(&self, headers: &mut Headers, flow: Flow) {
        headers.push(Name::Contact, self.contact(flow));
        headers.push(Name::Allow, ALLOW);
        headers.push(Name::Supported, SUPPORTED.join(", "));
    }

    /// Where we are reached by such a flow.
    fn contact(&self, flow: Flow) -> Address {
        let host = self.config.host(flow.transport);
        let uri = Uri::sip(None, host).unwrap_or_else(|_| Uri::Other("sip:invalid".into()));
        let mut address = Address::new(uri);
        if let Some(sip) = address.uri.as_sip_mut()
            && flow.transport.is_reliable()
        {
            sip.params.set("transport", &flow.transport.as_str().to_ascii_lowercase());
        }
        address
    }

    pub(super) fn owner(&self, tx: TxId) -> Option<CallId> {
        self.owners.get(&tx).and_then(|(owner, ..)| *owner)
    }

    /// Whether this is a request of ours outside of any call.
    pub(super) fn is_ours(&self, tx: TxId) -> bool {
        self.owners.contains_key(&tx)
    }

    pub(super) fn own(&mut self, tx: TxId, call: CallId, flow: Flow) {
        self.owners.insert(tx, (Some(call), flow, false));
    }

    /// A transaction is gone: whose it was, and whether we began it.
    pub(super) fn disown(&mut self, tx: TxId) -> Option<(CallId, bool)> {
        let (owner, flow, ours) = self.owners.remove(&tx)?;
        if let Some(waiting) = self.flows.get_mut(&flow) {
            waiting.remove(&tx);
            if waiting.is_empty() {
                self.flows.remove(&flow);
            }
        }
        Some((owner?, ours))
    }

    pub(super) fn on_flow(&mut self, flow: Flow) -> BTreeSet<TxId> {
        self.flows.remove(&flow).unwrap_or_default()
    }
}
