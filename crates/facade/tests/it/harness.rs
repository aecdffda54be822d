//! Two realms in memory behind the façades, without a socket, a clock or a disk: requests in, answers out.
//!
//! [`World::http`] drives a chain of steps to its answer, [`World::open`] a WebSocket; both against real nodes, whose
//! batches are "written" at once. The views are a plain scan of the facts that were published. Realm 0 is a shop like the
//! demo centre's; realm 1 has an instance and a key of its own and nothing else.

mod site;
mod views;

pub(crate) use site::shop;
pub(crate) use site::{FLOW, Fixed, INSTANCE, KEY, OTHER_INSTANCE, OTHER_KEY, READER};

use domain::centre::Centre;
use domain::chance::Seeded;
use domain::command::{Command, Done};
use domain::contact::Contact;
use domain::directory::Entry;
use domain::fact::Fact;
use domain::id::{ContactId, FileId};
use domain::node::{Node, Published, Release, Reply, Topic};
use domain::query::{Answer, ContactName, Page, Query};
use domain::refusal::Refusal;
use domain::time::Millis;
use facade::connect::route;
use facade::connect::sigv4::{Secret, Signed, Signer, sign};
use facade::door::{
    BodyWanted, Call, CallFault, Cx, Effect, Head, Outline, Part, RealmNo, Received, Request,
    Response, Session, Step,
};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// Where the server says it listens.
pub(crate) const HOST: &str = "127.0.0.1:8080";

/// Who waits for a reply of a node.
#[derive(Debug, Clone, Copy)]
enum Asker {
    Exchange,
    Socket(usize, u64),
}

/// One realm: its node, and views that follow its facts.
struct Tenant {
    node: Node<Asker>,
    facts: Vec<Arc<Published>>,
}

/// One open WebSocket.
struct Open {
    session: Box<dyn Session>,
    realm: RealmNo,
    watched: BTreeSet<Topic>,
    sent: VecDeque<Arc<str>>,
    closed: Option<(u16, &'static str)>,
    wake: Option<Millis>,
}

/// What is done with an answer that is waited for.
type Waits = facade::door::Then<Option<Arc<str>>>;

/// A server of somebody else.
type Outside = Box<dyn FnMut(&Call) -> Result<Vec<u8>, CallFault>>;

/// What a request came to.
pub(crate) enum Outcome {
    /// An answer.
    Answer(Response),
    /// A WebSocket, by its number.
    Socket(usize),
    /// Nothing yet: it waits, by this number. See [`World::poll`].
    Waits(u64),
}

/// The server and its world.
pub(crate) struct World {
    /// Now; moved by [`World::pass`].
    pub(crate) now: Millis,
    /// What façades may know.
    pub(crate) site: Fixed,
    /// Bytes of files, as they were uploaded.
    pub(crate) files: BTreeMap<FileId, Vec<u8>>,
    chance: Seeded,
    tenants: Vec<Tenant>,
    sockets: Vec<Open>,
    /// Standing sessions by their names.
    standing: BTreeMap<(RealmNo, Arc<str>), usize>,
    answers: BTreeMap<(usize, u64), Arc<str>>,
    asked: u64,
    /// Exchanges that wait for an answer of a standing session.
    polls: BTreeMap<u64, ((usize, u64), Waits)>,
    waiting: Option<Reply>,
    /// Answers calls out; nobody does unless it is set.
    pub(crate) outside: Outside,
}

impl World {
    /// A shop of two agents, one supervisor and one queue, and an empty realm beside it.
    pub(crate) fn new() -> Self {
        let tenant = || Tenant { node: Node::new(Centre::default(), 0), facts: Vec::new() };
        let mut world = Self {
            now: Millis(1_763_736_000_000),
            site: Fixed::new(),
            files: BTreeMap::new(),
            chance: Seeded::new(7),
            tenants: vec![tenant(), tenant()],
            sockets: Vec::new(),
            standing: BTreeMap::new(),
            answers: BTreeMap::new(),
            asked: 0,
            polls: BTreeMap::new(),
            waiting: None,
            outside: Box::new(|_| Err(CallFault::Away)),
        };
        for entry in shop() {
            world.run(Command::Put(Box::new(entry))).expect("the shop is whole");
        }
        let other = Entry::Realm(site::realm("other.test", OTHER_INSTANCE));
        world.run_in(RealmNo(1), Command::Put(Box::new(other))).expect("the other realm is whole");
        world
    }

    /// Puts something into realm 0's directory.
    pub(crate) fn put(&mut self, entry: Entry) {
        self.run(Command::Put(Box::new(entry))).expect("the entry fits");
    }

    /// Has realm 0 carry out a command.
    pub(crate) fn run(&mut self, command: Command) -> Result<Done, Refusal> {
        self.run_in(RealmNo(0), command)
    }

    /// Has a realm carry out a command; archived matters are recalled, as the server does.
    pub(crate) fn run_in(&mut self, realm: RealmNo, command: Command) -> Result<Done, Refusal> {
        let once = |world: &mut Self, command| {
            world.take(realm, Some(Asker::Exchange), "test", command);
            match world.settled() {
                Reply::Outcome(outcome) => outcome,
                other => panic!("a command was answered {other:?}"),
            }
        };
        match once(self, command.clone()) {
            Err(Refusal::Archived(id)) => match self.view(realm, &Page::Matter(id)) {
                Some(Answer::Contacts(contacts)) => {
                    once(self, Command::Recall(contacts))?;
                    once(self, command)
                }
                _ => Err(Refusal::NoSuchContact),
            },
            outcome => outcome,
        }
    }

    /// Asks realm 0.
    pub(crate) fn ask(&mut self, query: Query) -> Result<Answer, Refusal> {
        self.ask_in(RealmNo(0), query)
    }

    /// Asks a realm, its views where need be; what is archived is recalled first, as a server does.
    #[expect(clippy::needless_pass_by_value, reason = "a test writes its question on the spot")]
    pub(crate) fn ask_in(&mut self, realm: RealmNo, query: Query) -> Result<Answer, Refusal> {
        match self.ask_once(realm, &query) {
            Err(Refusal::Archived(id)) => match self.view(realm, &Page::Matter(id)) {
                Some(Answer::Contacts(contacts)) => {
                    self.run_in(realm, Command::Recall(contacts))?;
                    self.ask_once(realm, &query)
                }
                _ => Err(Refusal::NoSuchContact),
            },
            answer => answer,
        }
    }

    fn ask_once(&mut self, realm: RealmNo, query: &Query) -> Result<Answer, Refusal> {
        let now = self.now;
        self.tenants[usize::from(realm.0)].node.look(now, Asker::Exchange, query);
        match self.settled() {
            Reply::Answer(answer, _) => answer,
            Reply::Page(page, _) => self.view(realm, &page).ok_or(Refusal::NoSuchContact),
            Reply::Outcome(outcome) => panic!("a question was answered {outcome:?}"),
        }
    }

    /// One contact of realm 0, as it stands.
    pub(crate) fn contact(&mut self, id: ContactId) -> Contact {
        match self.ask(Query::Contact(ContactName::Id(id))) {
            Ok(Answer::Contact(contact, _)) => *contact,
            other => panic!("no contact: {other:?}"),
        }
    }

    /// Facts of realm 0 that were published, oldest first.
    pub(crate) fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.tenants[0].facts.iter().map(|p| &p.fact)
    }

    /// Lets time pass; what falls due meanwhile happens at its moment.
    pub(crate) fn pass(&mut self, span: Millis) {
        let until = self.now.plus(span);
        loop {
            let ticks = self.tenants.iter().filter_map(|t| t.node.due());
            let wakes = self.sockets.iter().filter(|s| s.closed.is_none()).filter_map(|s| s.wake);
            let Some(next) = ticks.chain(wakes).min().filter(|at| *at <= until) else { break };
            self.now = self.now.max(next);
            for at in 0..self.tenants.len() {
                if self.tenants[at].node.due().is_some_and(|due| due <= self.now) {
                    self.take(realm_no(at), None, "tick", Command::Tick);
                }
            }
            for at in 0..self.sockets.len() {
                if self.sockets[at].closed.is_none()
                    && self.sockets[at].wake.is_some_and(|wake| wake <= self.now)
                {
                    self.sockets[at].wake = None;
                    self.with(at, |session, cx, out| session.on_time(cx, out));
                }
            }
            self.settle();
        }
        self.now = until;
    }

    /// Answers a request of the Connect façade.
    pub(crate) fn http(&mut self, request: Request) -> Response {
        match self.exchange(route::handle, request) {
            Outcome::Answer(response) => response,
            _ => panic!("there is no answer"),
        }
    }

    /// Opens a WebSocket by the URL it was given out as.
    pub(crate) fn open(&mut self, url: &str) -> Result<usize, Response> {
        let (_, rest) = url.split_once("://").expect("a URL has a scheme");
        let path = &rest[rest.find('/').expect("a URL has a path")..];
        match self.exchange(route::handle, request("GET", path, &[("upgrade", "websocket")], "")) {
            Outcome::Answer(response) => Err(response),
            Outcome::Socket(at) => Ok(at),
            Outcome::Waits(_) => panic!("there is no answer"),
        }
    }

    /// Drives any façade's chain of steps to its end.
    pub(crate) fn exchange(
        &mut self,
        handle: fn(&mut Cx<'_>, Request) -> Step,
        mut request: Request,
    ) -> Outcome {
        let wanted = facade::route::body_wanted(&self.site.settings, &request.head);
        let streamed = if wanted == BodyWanted::Streamed {
            std::mem::take(&mut request.body)
        } else {
            Vec::new()
        };
        let step = handle(&mut cx(self.now, &mut self.chance, &self.site), request);
        self.drive(step, &streamed)
    }

    /// The answer to a request that waited, if there is one by now.
    pub(crate) fn poll(&mut self, number: u64) -> Option<Response> {
        let key = self.polls.get(&number)?.0;
        let answer = self.answers.remove(&key)?;
        let (_, then) = self.polls.remove(&number)?;
        let step = then(&mut cx(self.now, &mut self.chance, &self.site), Some(answer));
        match self.drive(step, &[]) {
            Outcome::Answer(response) => Some(response),
            _ => panic!("there is no answer"),
        }
    }

    /// The server forgets its standing sessions, as a restart does.
    pub(crate) fn forget_standing(&mut self) {
        for (_, at) in std::mem::take(&mut self.standing) {
            self.sockets[at].closed = Some((1001, "forgotten"));
        }
        self.polls.clear();
    }

    fn drive(&mut self, mut step: Step, streamed: &[u8]) -> Outcome {
        loop {
            step = match step {
                Step::Reply(response) => return Outcome::Answer(response),
                Step::Do(realm, _, command, then) => {
                    let outcome = self.run_in(realm, *command);
                    then(&mut cx(self.now, &mut self.chance, &self.site), outcome)
                }
                Step::Read(realm, query, then) => {
                    let answer = self.ask_in(realm, *query);
                    then(&mut cx(self.now, &mut self.chance, &self.site), answer)
                }
                Step::Verify { password, hash, then } => {
                    let right = hash.is_some_and(|hash| *hash == *password);
                    then(&mut cx(self.now, &mut self.chance, &self.site), right)
                }
                Step::Hash { password, then } => {
                    then(&mut cx(self.now, &mut self.chance, &self.site), password.into())
                }
                Step::Receive { file, size, then } => {
                    let received = if streamed.len() as u64 == size {
                        self.files.insert(file, streamed.to_vec());
                        let start = streamed.iter().take(512).copied().collect();
                        Received::Stored { size, start }
                    } else {
                        Received::WrongSize
                    };
                    then(&mut cx(self.now, &mut self.chance, &self.site), received)
                }
                // The whole body is taken for the file, and its name stands in the query.
                Step::Form { then } => {
                    let named = streamed.first().map(|_| Part { name: "file.png".to_owned() });
                    then(&mut cx(self.now, &mut self.chance, &self.site), named)
                }
                Step::ReceivePart { file, most, then } => {
                    let size = streamed.len() as u64;
                    let received = if size <= most {
                        self.files.insert(file, streamed.to_vec());
                        let start = streamed.iter().take(512).copied().collect();
                        Received::Stored { size, start }
                    } else {
                        Received::WrongSize
                    };
                    then(&mut cx(self.now, &mut self.chance, &self.site), received)
                }
                Step::Send { file, headers, .. } => {
                    let body = self.files.get(&file).cloned();
                    let status = if body.is_some() { 200 } else { 404 };
                    return Outcome::Answer(Response {
                        status,
                        headers,
                        body: body.unwrap_or_default(),
                    });
                }
                // No sound is kept here; what there is has a flat outline.
                Step::Peaks { file, points, then } => {
                    let there = self.files.contains_key(&file);
                    let flat = vec![(0, 0); points.into()];
                    let outline = there
                        .then(|| Outline { sides: [flat.clone(), flat], ..Outline::default() });
                    then(&mut cx(self.now, &mut self.chance, &self.site), outline)
                }
                Step::Call { call, then, .. } => {
                    let answer = (self.outside)(&call);
                    then(&mut cx(self.now, &mut self.chance, &self.site), answer)
                }
                Step::Ask { realm, name, make, ask, then } => {
                    let key = (realm, name);
                    let known = self.standing.get(&key).copied();
                    let at = match known.filter(|at| self.sockets[*at].closed.is_none()) {
                        Some(at) => Some(at),
                        None => make.map(|make| self.session(make(), realm)),
                    };
                    let Some(at) = at else {
                        step = then(&mut cx(self.now, &mut self.chance, &self.site), None);
                        continue;
                    };
                    self.standing.insert(key, at);
                    self.asked += 1;
                    let ticket = self.asked;
                    self.with(at, |session, cx, out| session.on_ask(cx, ticket, &ask, out));
                    self.settle();
                    let Some(answer) = self.answers.remove(&(at, ticket)) else {
                        self.polls.insert(ticket, ((at, ticket), then));
                        return Outcome::Waits(ticket);
                    };
                    then(&mut cx(self.now, &mut self.chance, &self.site), Some(answer))
                }
                Step::Upgrade { realm, session, .. } => {
                    return Outcome::Socket(self.session(session, realm));
                }
            };
        }
    }

    /// Opens a WebSocket that no HTTP path leads to.
    pub(crate) fn session(&mut self, session: Box<dyn Session>, realm: RealmNo) -> usize {
        let open = Open {
            session,
            realm,
            watched: BTreeSet::new(),
            sent: VecDeque::new(),
            closed: None,
            wake: None,
        };
        self.sockets.push(open);
        let at = self.sockets.len() - 1;
        self.with(at, |session, cx, out| session.on_open(cx, out));
        self.settle();
        at
    }

    /// A frame comes from the client of a socket.
    pub(crate) fn text(&mut self, socket: usize, text: &str) {
        self.with(socket, |session, cx, out| session.on_text(cx, text, out));
        self.settle();
    }

    /// Frames that the client of a socket has got since it was last asked.
    pub(crate) fn frames(&mut self, socket: usize) -> Vec<String> {
        self.sent(socket).iter().map(ToString::to_string).collect()
    }

    /// The same, as the session made them.
    pub(crate) fn sent(&mut self, socket: usize) -> Vec<Arc<str>> {
        self.sockets[socket].sent.drain(..).collect()
    }

    /// Has the server closed the socket, and how?
    pub(crate) fn closed(&self, socket: usize) -> Option<(u16, &'static str)> {
        self.sockets[socket].closed
    }

    /// The client closes its socket.
    pub(crate) fn hang_up(&mut self, socket: usize) {
        if self.sockets[socket].closed.is_none() {
            self.with(socket, |session, cx, out| session.on_close(cx, out));
            self.sockets[socket].closed = Some((1000, "by the client"));
        }
        self.settle();
    }

    /// A signed request of realm 0.
    pub(crate) fn signed(&self, method: &str, path: &str, body: &str) -> Request {
        self.signed_by(KEY, method, path, body)
    }

    /// A request signed by this key.
    pub(crate) fn signed_by(
        &self,
        key: (&str, &str),
        method: &str,
        path: &str,
        body: &str,
    ) -> Request {
        let mut request = request(method, path, &[("content-type", "application/json")], body);
        let (secret, head) = (Secret::new(key.1), &request.head);
        let to_sign = Signed {
            method: &head.method,
            raw_path: &head.path,
            raw_query: &head.query,
            headers: &head.headers,
            body: &request.body,
            tls: head.tls,
        };
        let signer = Signer {
            access_key: key.0,
            secret: &secret,
            region: "eu-central-1",
            service: "connect",
        };
        let more = sign(&to_sign, &signer, self.now.0).expect("the request can be signed");
        request.head.headers.extend(more);
        request
    }

    fn take(&mut self, realm: RealmNo, asker: Option<Asker>, cause: &str, command: Command) {
        let tenant = &mut self.tenants[usize::from(realm.0)];
        tenant.node.take(self.now, &mut self.chance, asker, &cause.into(), command);
    }

    /// Writes and releases until nothing is left, and gives the reply that an exchange waited for.
    fn settled(&mut self) -> Reply {
        self.settle();
        self.waiting.take().expect("the node replied")
    }

    fn settle(&mut self) {
        loop {
            let mut quiet = true;
            for at in 0..self.tenants.len() {
                let mut out = Vec::new();
                let node = &mut self.tenants[at].node;
                if node.next(&mut out).is_some() {
                    node.committed(&mut out);
                }
                quiet &= out.is_empty();
                for release in out {
                    self.release(at, release);
                }
            }
            if quiet {
                return;
            }
        }
    }

    fn release(&mut self, tenant: usize, release: Release<Asker>) {
        match release {
            Release::Fact(fact) => {
                self.tenants[tenant].facts.push(fact.clone());
                for at in self.watching(tenant, &fact.topics) {
                    self.with(at, |session, cx, out| session.on_fact(cx, &fact, out));
                }
            }
            Release::Signal(signal, topics) => {
                for at in self.watching(tenant, &topics) {
                    self.with(at, |session, cx, out| session.on_signal(cx, &signal, out));
                }
            }
            Release::Reply(Asker::Exchange, reply) => self.waiting = Some(reply),
            Release::Reply(Asker::Socket(at, ticket), reply) => {
                let realm = self.sockets[at].realm;
                match reply {
                    Reply::Outcome(outcome) => {
                        self.with(at, |s, cx, out| s.on_outcome(cx, ticket, Ok(outcome), out));
                    }
                    Reply::Answer(answer, seq) => {
                        self.with(at, |s, cx, out| s.on_answer(cx, ticket, Ok(answer), seq, out));
                    }
                    Reply::Page(page, seq) => {
                        let answer = self.view(realm, &page).ok_or(Refusal::NoSuchContact);
                        self.with(at, |s, cx, out| s.on_answer(cx, ticket, Ok(answer), seq, out));
                    }
                }
            }
        }
    }

    fn watching(&self, tenant: usize, topics: &[Topic]) -> Vec<usize> {
        let watches = |open: &Open| {
            usize::from(open.realm.0) == tenant
                && open.closed.is_none()
                && topics.iter().any(|t| open.watched.contains(t))
        };
        (0..self.sockets.len()).filter(|at| watches(&self.sockets[*at])).collect()
    }

    /// Lets a session do something, and carries out what it wants.
    fn with(
        &mut self,
        at: usize,
        what: impl FnOnce(&mut dyn Session, &mut Cx<'_>, &mut Vec<Effect>),
    ) {
        let mut out = Vec::new();
        what(
            self.sockets[at].session.as_mut(),
            &mut cx(self.now, &mut self.chance, &self.site),
            &mut out,
        );
        for effect in out {
            let open = &mut self.sockets[at];
            match effect {
                Effect::Send(text) => open.sent.push_back(text),
                Effect::Watch(topic) => {
                    open.watched.insert(topic);
                }
                Effect::Unwatch(topic) => {
                    open.watched.remove(&topic);
                }
                Effect::Wake(when) => open.wake = Some(when),
                Effect::Answer(ticket, answer) => {
                    self.answers.insert((at, ticket), answer);
                }
                Effect::Do(ticket, cause, command) => {
                    let realm = open.realm;
                    self.take(realm, Some(Asker::Socket(at, ticket)), cause, *command);
                }
                Effect::Read(ticket, query) => {
                    let realm = open.realm;
                    self.tenants[usize::from(realm.0)].node.look(
                        self.now,
                        Asker::Socket(at, ticket),
                        &query,
                    );
                }
                Effect::Close(code, why) => self.close(at, code, why),
                Effect::Enter(realm) => open.realm = realm,
                Effect::Verify(ticket, password, hash) => {
                    let right = hash.is_some_and(|hash| *hash == *format!("hash of {password}"));
                    self.verified(at, ticket, right);
                }
            }
        }
    }

    fn verified(&mut self, at: usize, ticket: u64, right: bool) {
        self.with(at, |session, cx, out| session.on_verified(cx, ticket, Ok(right), out));
    }

    fn close(&mut self, at: usize, code: u16, why: &'static str) {
        if self.sockets[at].closed.is_none() {
            self.sockets[at].closed = Some((code, why));
            self.with(at, |session, cx, out| session.on_close(cx, out));
        }
    }

    /// What the views answer; `None`: no such contact.
    fn view(&self, realm: RealmNo, page: &Page) -> Option<Answer> {
        let facts = &self.tenants[usize::from(realm.0)].facts;
        views::answer(facts, page)
    }
}

fn realm_no(at: usize) -> RealmNo {
    RealmNo(u16::try_from(at).expect("there are two realms"))
}

fn cx<'a>(now: Millis, chance: &'a mut Seeded, site: &'a Fixed) -> Cx<'a> {
    Cx { now, chance, site }
}

/// An unsigned request; the path may carry a query.
pub(crate) fn request(
    method: &str,
    path_and_query: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Request {
    let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
    let host = [("host", HOST)];
    let headers = host
        .iter()
        .chain(headers)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let head = Head {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        tls: false,
        peer: [127, 0, 0, 1].into(),
    };
    Request { head, body: body.as_bytes().to_vec() }
}

/// A request of the participant service.
pub(crate) fn bearer(token: &str, method: &str, path: &str, body: &str) -> Request {
    request(method, path, &[("content-type", "application/json"), ("x-amz-bearer", token)], body)
}

/// The JSON of an answer.
pub(crate) fn json(response: &Response) -> serde_json::Value {
    serde_json::from_slice(&response.body).expect("the body is JSON")
}

/// A header of an answer.
pub(crate) fn header<'a>(response: &'a Response, name: &str) -> Option<&'a str> {
    response.headers.iter().find(|(n, _)| *n == name).map(|(_, value)| value.as_str())
}

/// Status and shape of an error, as clients see it.
pub(crate) fn error(response: &Response) -> (u16, &str) {
    (response.status, header(response, "x-amzn-errortype").unwrap_or_default())
}
