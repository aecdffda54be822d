//! The task that owns a realm: it decides what comes in, commits, and shows what is committed.
//!
//! ```text
//!            commit failed
//!  Alive ───────────────────▶ Down ──(a probe is written, at most each second)──▶ Alive
//! ```
//!
//! Down, it answers questions out of what the store holds, and refuses to write at once. A commit begins as soon as the
//! last one is done; only under load does it wait a moment for company, since a commit costs about as much CPU as
//! deciding thirty commands.

use super::answer::{Again, Asker, Desk, tell};
use super::rebuild::{self, Rebuilt};
use super::{Input, OnDirectory};
use crate::bus::Hub;
use crate::chance::Os;
use crate::metrics::meters;
use crate::store::{self, AnyStore, Lease, Store as _, snapshot};
use crate::{clock, tasks};
use domain::command::Command;
use domain::fact::Fact;
use domain::node::{Node, Release};
use domain::query::Query;
use domain::time::Millis;
use facade::door::{Fault, RealmNo};
use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

/// How many inputs are taken before what they did is committed.
const AT_ONCE: usize = 256;

/// More commands than this within [`WINDOW`] are load.
const LOAD: u32 = 15;

/// Over which load is measured.
const WINDOW: Duration = Duration::from_millis(50);

/// Under load, commits begin no closer to each other than this. Nobody notices 10 ms; half as many commits, each with
/// its waits for the disk and its wakes, are a fifth less CPU at 1,000 messages a second.
const GAP: Duration = Duration::from_millis(10);

/// How often writing is tried again when it failed.
const PROBE: Duration = Duration::from_secs(1);

/// A realm that another node has taken over is not tried again.
const NEVER: Duration = Duration::from_hours(365 * 24);

/// Ticks come no closer than this, whatever the decider wishes.
const TICK: Duration = Duration::from_millis(5);

/// After so many deeds a snapshot is made beside everything else: to read that many again takes about a second.
const SNAPSHOT: u64 = 100_000;

/// What an owner is made of.
pub(super) struct Post {
    pub(super) no: RealmNo,
    pub(super) store: Arc<AnyStore>,
    pub(super) hub: Arc<Hub>,
    pub(super) inputs: mpsc::WeakSender<Input>,
    pub(super) taken: mpsc::Receiver<Input>,
    pub(super) ready: Arc<AtomicBool>,
    pub(super) on_directory: OnDirectory,
}

/// A commit under way.
type Commit = Pin<Box<dyn Future<Output = Result<(), store::Fault>> + Send>>;

struct Owner {
    no: RealmNo,
    store: Arc<AnyStore>,
    hub: Arc<Hub>,
    ready: Arc<AtomicBool>,
    on_directory: OnDirectory,
    desk: Desk,
    node: Node<Asker>,
    lease: Lease,
    /// The newest deed on disk.
    written: u64,
    /// The newest deed on disk when the last snapshot was begun.
    snapped: u64,
    commit: Option<Commit>,
    /// The newest deed of the commit under way, and when it began.
    writing: (u64, Instant),
    /// Why nothing can be written, and when that is tried again.
    down: Option<(Fault, Instant)>,
    /// Commands since the window began, when that was, and whether they were many in the window before.
    commands: u32,
    since: Instant,
    busy: bool,
    /// Something was taken that has not been given to a commit, or released.
    waiting: bool,
    ticked: Instant,
    causes: BTreeMap<&'static str, Arc<str>>,
    released: Vec<Release<Asker>>,
}

/// Starts it.
pub(super) fn start(post: Post) {
    tasks::spawn("realm", own(post));
}

/// What an owner wakes for.
enum Woken {
    Inputs(usize),
    Committed(Result<(), store::Fault>),
    Time,
}

async fn own(post: Post) {
    let Post { no, store, hub, inputs, mut taken, ready, on_directory } = post;
    let Some((Rebuilt { node, last: written, snapped }, lease)) =
        first(&store, no, &mut taken).await
    else {
        return;
    };
    let now = clock::instant();
    let desk = Desk { no, store: store.clone(), inputs };
    let mut owner = Owner {
        no,
        store,
        hub,
        ready,
        on_directory,
        desk,
        node,
        lease,
        written,
        snapped,
        commit: None,
        writing: (written, now),
        down: None,
        commands: 0,
        since: now,
        busy: false,
        waiting: false,
        ticked: now - TICK,
        causes: BTreeMap::new(),
        released: Vec::new(),
    };
    owner.ready.store(true, Ordering::Relaxed);
    tracing::info!(realm = no.0, seq = written, "the realm is open");
    // A server that was cut short many times has left much to read again: once is enough.
    owner.snap();
    let mut inputs = Vec::with_capacity(AT_ONCE);
    // One timer for as long as the owner lives: each new one would wake the runtime to be heard of.
    let mut timer = std::pin::pin!(tokio::time::sleep_until(now));
    loop {
        let wake = owner.wake();
        if let Some(at) = wake
            && timer.deadline() != at
        {
            timer.as_mut().reset(at);
        }
        let woken = tokio::select! {
            biased;
            done = done(&mut owner.commit) => Woken::Committed(done),
            n = taken.recv_many(&mut inputs, AT_ONCE) => Woken::Inputs(n),
            () = timer.as_mut(), if wake.is_some() => Woken::Time,
        };
        let mut stop = None;
        match woken {
            Woken::Committed(result) => owner.committed(result).await,
            Woken::Inputs(0) => return,
            Woken::Inputs(_) => stop = owner.take_all(inputs.drain(..)),
            Woken::Time => owner.time().await,
        }
        if owner.busy && stop.is_none() && owner.may_commit(clock::instant()) {
            // Whatever else has come in is to be in the commit that begins now: let those who bring it run first.
            tokio::task::yield_now().await;
            while let Ok(input) = taken.try_recv() {
                inputs.push(input);
            }
            stop = owner.take_all(inputs.drain(..));
        }
        if let Some(stopped) = stop {
            taken.close();
            owner.end().await;
            let _ = stopped.send(());
            return;
        }
        owner.go_on();
    }
}

/// The first decider. Whoever asks before there is one waits; a store that cannot be read is tried again.
async fn first(
    store: &Arc<AnyStore>,
    no: RealmNo,
    taken: &mut mpsc::Receiver<Input>,
) -> Option<(Rebuilt, Lease)> {
    loop {
        match rebuild::node(store, no).await {
            Ok(made) => return Some(made),
            Err(fault) => tell("the realm cannot be opened", no, &fault),
        };
        let again = clock::instant() + PROBE;
        while let Ok(input) = tokio::time::timeout_at(again, taken.recv()).await {
            match input? {
                Input::Stop(stopped) => {
                    taken.close();
                    let _ = stopped.send(());
                    return None;
                }
                input => unready(input),
            }
        }
    }
}

/// Tells whoever asked that nobody decides.
pub(super) fn unready(input: Input) {
    if let Some(asker) = asker_of(input) {
        asker.fault(Fault::Unready);
    }
}

fn asker_of(input: Input) -> Option<Asker> {
    match input {
        Input::Do(to, ..) => Some(Asker { to, again: Again::No, reads: false }),
        Input::Read(to, _) => Some(Asker { to: Some(to), again: Again::No, reads: true }),
        Input::Recalled(_, asker) => Some(asker),
        Input::Stop(_) => None,
    }
}

async fn done(commit: &mut Option<Commit>) -> Result<(), store::Fault> {
    match commit {
        Some(commit) => commit.await,
        None => std::future::pending().await,
    }
}

impl Owner {
    /// When something is to be done without an input: a tick, a commit that waits for company, a probe.
    fn wake(&self) -> Option<Instant> {
        if let Some((_, again)) = self.down {
            return Some(again);
        }
        let tick = self.node.due().map(|due| clock::instant_of(due).max(self.ticked + TICK));
        let commit = (self.waiting && self.commit.is_none()).then(|| self.writing.1 + GAP);
        [tick, commit].into_iter().flatten().min()
    }

    fn take_all(&mut self, inputs: impl Iterator<Item = Input>) -> Option<oneshot::Sender<()>> {
        let now = clock::now();
        for input in inputs {
            self.waiting = true;
            match input {
                Input::Do(to, cause, command) => self.take(now, to, cause, command),
                Input::Read(to, query) => self.look(now, to, query),
                Input::Recalled(contacts, asker) => {
                    if let Some((fault, _)) = self.down {
                        asker.fault(fault);
                        continue;
                    }
                    self.decide(now, None, "recall", Command::Recall(contacts));
                    let Asker { to, again, reads } = asker;
                    match again {
                        Again::Do(cause, command) => self.decide(
                            now,
                            Some(Asker { to, again: Again::No, reads }),
                            cause,
                            *command,
                        ),
                        Again::Read(query) => {
                            self.node.look(now, Asker { to, again: Again::No, reads }, &query);
                        }
                        Again::No => {}
                    }
                }
                Input::Stop(stopped) => return Some(stopped),
            }
        }
        None
    }

    fn take(
        &mut self,
        now: Millis,
        to: Option<super::To>,
        cause: &'static str,
        command: Box<Command>,
    ) {
        meters().commands.increment(1);
        let again = if to.is_some() { Again::Do(cause, command.clone()) } else { Again::No };
        let asker = to.map(|to| Asker { to: Some(to), again, reads: false });
        match (self.down, asker) {
            (Some((fault, _)), Some(asker)) => asker.fault(fault),
            (Some(_), None) => {}
            (None, asker) => self.decide(now, asker, cause, *command),
        }
    }

    fn look(&mut self, now: Millis, to: super::To, query: Box<Query>) {
        meters().queries.increment(1);
        let copy = query.as_ref().clone();
        self.node.look(now, Asker { to: Some(to), again: Again::Read(query), reads: true }, &copy);
    }

    fn decide(&mut self, now: Millis, asker: Option<Asker>, cause: &'static str, command: Command) {
        self.commands += 1;
        let cause = self.causes.entry(cause).or_insert_with(|| cause.into());
        self.node.take(now, &mut Os, asker, cause, command);
    }

    async fn time(&mut self) {
        let now = clock::instant();
        if let Some((_, again)) = self.down {
            if again <= now {
                self.probe().await;
            }
        } else if self.node.due().is_some_and(|due| due <= clock::now())
            && self.ticked + TICK <= now
        {
            self.ticked = now;
            self.waiting = true;
            self.decide(clock::now(), None, "tick", Command::Tick);
        }
    }

    /// Is nothing being written, and has there been enough time for company?
    fn may_commit(&self, now: Instant) -> bool {
        self.commit.is_none() && (!self.busy || now >= self.writing.1 + GAP)
    }

    /// Begins the next commit if there is something to write and nothing is being written; releases what need not wait.
    fn go_on(&mut self) {
        let now = clock::instant();
        if now.duration_since(self.since) >= WINDOW {
            self.busy = self.commands > LOAD;
            (self.commands, self.since) = (0, now);
        }
        if !self.may_commit(now) {
            return;
        }
        self.waiting = false;
        let mut released = std::mem::take(&mut self.released);
        let batch = self.node.next(&mut released);
        self.release(&mut released);
        self.released = released;
        if let Some(batch) = batch {
            self.writing = (batch.last(), now);
            #[expect(
                clippy::cast_precision_loss,
                reason = "a batch has at most some hundred deeds"
            )]
            meters().commit_deeds.record(batch.deeds.len() as f64);
            let (store, lease) = (self.store.clone(), self.lease);
            self.commit =
                Some(Box::pin(async move { store.commit(lease, batch.first, batch.deeds).await }));
        }
    }

    async fn committed(&mut self, result: Result<(), store::Fault>) {
        self.commit = None;
        meters().commit_seconds.record(clock::instant().duration_since(self.writing.1));
        match result {
            Ok(()) => {
                self.written = self.writing.0;
                let mut released = std::mem::take(&mut self.released);
                self.node.committed(&mut released);
                self.release(&mut released);
                self.released = released;
                self.snap();
            }
            Err(fault) => self.fail(&fault).await,
        }
    }

    /// Has a snapshot made when there is enough to put into it.
    fn snap(&mut self) {
        if self.written - self.snapped >= SNAPSHOT {
            self.snapped = self.written;
            rebuild::keep_snapshot(&self.store, self.no);
        }
    }

    /// Shows what is committed, in order.
    fn release(&self, released: &mut Vec<Release<Asker>>) {
        for release in released.drain(..) {
            match release {
                Release::Fact(fact) => {
                    if matches!(fact.fact, Fact::Put(_) | Fact::Removed(_)) {
                        (self.on_directory)(self.no, &fact.fact);
                    }
                    self.hub.publish(&fact);
                }
                Release::Signal(signal, topics) => self.hub.signal(&signal, &topics),
                Release::Reply(asker, reply) => self.desk.reply(asker, reply, self.written),
            }
        }
    }

    /// What was being written is void, and everything decided since.
    async fn fail(&mut self, fault: &store::Fault) {
        metrics::counter!("sangdam_commit_failures_total").increment(1);
        let told = tell("facts could not be written; what was decided is void", self.no, fault);
        self.ready.store(false, Ordering::Relaxed);
        // A node without anything in it takes the place of the failed one, until the store has been read again.
        let failed = std::mem::replace(
            &mut self.node,
            Node::new(domain::centre::Centre::default(), self.written),
        );
        // Connections outlive a decider.
        let (attendance, shown) = (failed.attendance(), self.written);
        for asker in failed.failed() {
            asker.fault(told);
        }
        while let Err(fault) = self.reborn().await {
            tell("the realm cannot be read again", self.no, &fault);
            tokio::time::sleep(PROBE).await;
        }
        self.node.attend(attendance);
        if self.written > shown {
            self.catch_up(shown).await;
        }
        // Another node has taken the realm over: to claim it back would be to write into its work.
        let taken = matches!(fault, store::Fault::Stale);
        self.down = Some(if taken {
            (Fault::Unready, clock::instant() + NEVER)
        } else {
            (told, clock::instant() + PROBE)
        });
    }

    /// What failed is on disk all the same: its askers heard of a fault, and nobody was shown anything. The server learns
    /// what concerns it, and whoever watches has to come again.
    async fn catch_up(&mut self, shown: u64) {
        tracing::warn!(
            realm = self.no.0,
            from = shown + 1,
            to = self.written,
            "facts that failed are on disk; sockets are closed"
        );
        let mut missed = self.store.replay(self.no, shown + 1);
        loop {
            match missed.next().await {
                Ok(Some(deeds)) => {
                    for fact in deeds.iter().flat_map(|(_, deed)| &deed.facts) {
                        if matches!(fact, Fact::Put(_) | Fact::Removed(_)) {
                            (self.on_directory)(self.no, fact);
                        }
                    }
                }
                Ok(None) => break,
                Err(fault) => {
                    tell("what was missed cannot be read", self.no, &fault);
                    break;
                }
            }
        }
        self.hub.missed();
    }

    async fn reborn(&mut self) -> Result<(), store::Fault> {
        let Rebuilt { node, last, .. } = rebuild::reread(&self.store, self.no).await?;
        (self.node, self.written, self.writing.0) = (node, last, last);
        Ok(())
    }

    /// Can it be written again? Claiming the realm anew is the smallest write there is.
    async fn probe(&mut self) {
        match self.store.claim(self.no).await {
            Ok(lease) => {
                self.lease = lease;
                self.down = None;
                self.ready.store(true, Ordering::Relaxed);
                tracing::info!(realm = self.no.0, "facts can be written again");
            }
            Err(fault) => {
                let told =
                    if matches!(fault, store::Fault::Full) { Fault::Full } else { Fault::Broken };
                self.down = Some((told, clock::instant() + PROBE));
            }
        }
    }

    /// Finishes what was decided, and keeps a snapshot.
    async fn end(mut self) {
        self.ready.store(false, Ordering::Relaxed);
        self.busy = false;
        loop {
            self.go_on();
            if self.commit.is_none() {
                break;
            }
            let result = done(&mut self.commit).await;
            self.committed(result).await;
        }
        if self.down.is_none() && self.written > self.snapped {
            let (store, no, written, node) = (self.store.clone(), self.no, self.written, self.node);
            let runtime = tokio::runtime::Handle::current();
            let kept = tasks::blocking("snapshot", move || {
                runtime.block_on(snapshot::put(store.as_ref(), no, node.centre(), written))
            })
            .await;
            if let Ok(Err(fault)) = kept {
                tracing::warn!(realm = no.0, %fault, "no snapshot could be kept; the next start takes longer");
            }
        }
    }
}
