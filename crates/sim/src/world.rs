//! One world: a tenant, its disk, its people, one virtual clock and one seed.
//!
//! Each step lets some time pass, lets one thing happen, lets the disk do some of its work (or fail, or the machine
//! fall), and then checks what must always hold. The seed alone tells the whole story again.

use crate::check::Check;
use crate::disk::Disk;
use crate::net::Net;
use crate::people::People;
use crate::shop;
use domain::chance::Seeded;
use domain::command::{Command, Done};
use domain::id::ContactId;
use domain::node::{Batch, Node, Release, Reply};
use domain::query::{Answer, Query};
use domain::refusal::Refusal;
use domain::time::Millis;
use facade::door::Fault;
use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::Arc;

/// So many of the last actions are told when a promise breaks.
const REMEMBERED: usize = 30;

/// By this name an asker is found again.
type Ticket = u64;

/// What is wanted.
#[derive(Debug, Clone)]
pub(crate) enum Wish {
    /// A command.
    Do(Command),
    /// A question.
    Read(Query),
}

/// The wire by which somebody asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    /// A request under way, by name.
    Exchange(u64),
    /// A socket, and its own number for what it asked.
    Socket(u64, u64),
}

/// Somebody who waits for an answer.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// What they want.
    pub(crate) wish: Wish,
    /// The customer it concerns, by place in the list of people.
    pub(crate) customer: Option<usize>,
    /// The wire by which they asked, if it was one.
    wire: Option<Wire>,
    /// The matter that was recalled for it.
    recalled: Option<ContactId>,
}

impl From<Command> for Asked {
    fn from(command: Command) -> Self {
        Self { wish: Wish::Do(command), customer: None, wire: None, recalled: None }
    }
}

impl From<Query> for Asked {
    fn from(query: Query) -> Self {
        Self { wish: Wish::Read(query), customer: None, wire: None, recalled: None }
    }
}

impl Asked {
    /// The same wish once more, by somebody who got no answer.
    pub(crate) fn once_more(self) -> Self {
        Self { recalled: None, ..self }
    }

    /// By a façade.
    pub(crate) const fn by_wire(wish: Wish, wire: Wire) -> Self {
        Self { wish, customer: None, wire: Some(wire), recalled: None }
    }

    /// By this customer.
    pub(crate) const fn of(mut self, customer: usize) -> Self {
        self.customer = Some(customer);
        self
    }
}

/// One thing that happened, for whoever has to find out why.
enum Told {
    Asked(Wish),
    Disk(&'static str),
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked(Wish::Do(command)) => write!(f, "{command:?}"),
            Self::Asked(Wish::Read(query)) => write!(f, "{query:?}"),
            Self::Disk(what) => write!(f, "-- {what}"),
        }
    }
}

/// How a story went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Story {
    /// A hash of all that was committed.
    pub hash: u64,
    /// Commands and questions, ticks included.
    pub asked: u64,
    /// Deeds in the journal.
    pub deeds: u64,
    /// Times the node was rebuilt.
    pub restarts: u64,
}

/// How people reach the centre.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum By {
    /// They write.
    #[default]
    Chat,
    /// They telephone.
    Phone,
    /// Some write and some telephone, and the same agents serve them.
    Both,
    /// They write, some of them on the web chat's wire.
    Web,
}

/// One world.
pub struct World {
    seed: u64,
    steps: u64,
    pub(crate) now: Millis,
    /// What happens next.
    pub(crate) draw: Seeded,
    /// How people reach the centre.
    pub(crate) by: By,
    /// The domain's own.
    chance: Seeded,
    pub(crate) node: Node<Ticket>,
    disk: Disk,
    /// On its way to disk.
    writing: Option<Batch<Ticket>>,
    /// All that was decided is on disk.
    quiet: bool,
    pub(crate) check: Check,
    pub(crate) people: People,
    pub(crate) net: Net,
    asked: BTreeMap<Ticket, Asked>,
    tickets: Ticket,
    restarts: u64,
    hash: u64,
    told: VecDeque<(u64, Millis, Told)>,
    tick: Arc<str>,
    cause: Arc<str>,
}

impl World {
    /// Begins the story of this seed.
    pub fn new(seed: u64) -> Self {
        let mut world = Self {
            seed,
            steps: 0,
            now: shop::NOON,
            draw: Seeded::new(seed),
            by: By::Chat,
            chance: Seeded::new(!seed),
            node: Node::new(domain::centre::Centre::default(), 0),
            disk: Disk::default(),
            writing: None,
            quiet: true,
            check: Check::default(),
            people: People::default(),
            net: Net::new(seed),
            asked: BTreeMap::new(),
            tickets: 0,
            restarts: 0,
            hash: 0xcbf2_9ce4_8422_2325,
            told: VecDeque::new(),
            tick: "tick".into(),
            cause: "sim".into(),
        };
        for entry in shop::entries() {
            world.ask(Command::Put(Box::new(entry)).into());
        }
        world.settle();
        world
    }

    /// The same, where people reach the centre in this way.
    #[must_use]
    pub fn by(mut self, by: By) -> Self {
        self.by = by;
        if matches!(by, By::Phone | By::Both) {
            for entry in shop::phones() {
                self.ask(Command::Put(Box::new(entry)).into());
            }
            self.settle();
        }
        self
    }

    /// Lets some time pass, one thing happen, and the disk do some of its work; then checks.
    pub fn step(&mut self) {
        self.steps += 1;
        self.pass_time();
        // A tick may come late, as on a busy machine.
        let ticked = self.node.due().is_none_or(|due| due > self.now) || self.draw.below(8) > 0;
        if ticked {
            self.tick();
        }
        if self.by == By::Phone || self.by == By::Both && self.draw.below(3) == 0 {
            self.act_by_phone();
        } else if self.draw.below(if self.by == By::Web { 2 } else { 3 }) == 0 {
            self.net_acts();
        } else {
            self.act();
        }
        self.work_disk();
        self.net_works();
        self.work_disk();
        if self.draw.below(150) == 0 {
            self.fall();
        }
        self.check_all(ticked);
    }

    /// How it went so far.
    pub fn story(&self) -> Story {
        Story {
            hash: self.hash,
            asked: self.tickets,
            deeds: self.disk.last(),
            restarts: self.restarts,
        }
    }

    fn pass_time(&mut self) {
        let span = match self.draw.below(100) {
            0..30 => 0,
            30..70 => self.draw.below(500),
            70..92 => self.draw.below(10_000),
            92..98 => self.draw.below(120_000),
            98 => self.draw.below(20 * 60_000),
            _ if self.draw.below(10) == 0 => self.draw.below(14 * 3_600_000),
            // Right when something falls due.
            _ => self.node.due().map_or(0, |due| due.since(self.now).0),
        };
        self.now = self.now.plus(Millis(span));
    }

    fn tick(&mut self) {
        if self.node.due().is_none_or(|due| due > self.now) {
            return;
        }
        self.remember(Told::Asked(Wish::Do(Command::Tick)));
        self.tickets += 1;
        self.quiet = false;
        let tick = self.tick.clone();
        self.node.take(self.now, &mut self.chance, None, &tick, Command::Tick);
        let due = self.node.due();
        assert!(
            due.is_none_or(|due| due > self.now),
            "something was due at {due:?}, and was left undone"
        );
    }

    /// Asks something of the node.
    pub(crate) fn ask(&mut self, asked: Asked) {
        self.remember(Told::Asked(asked.wish.clone()));
        self.quiet = false;
        self.tickets += 1;
        let ticket = self.tickets;
        let wish = asked.wish.clone();
        self.asked.insert(ticket, asked);
        match wish {
            Wish::Do(command) if self.draw.below(4) == 0 => self.take_twice(ticket, command),
            Wish::Do(command) => self.take(ticket, command),
            Wish::Read(query) => self.node.look(self.now, ticket, &query),
        }
    }

    /// Does this customer wait for an answer?
    pub(crate) fn waits(&self, customer: usize) -> bool {
        self.asked.values().any(|asked| asked.customer == Some(customer))
    }

    fn take(&mut self, ticket: Ticket, command: Command) {
        let cause = self.cause.clone();
        self.node.take(self.now, &mut self.chance, Some(ticket), &cause, command);
    }

    /// The same, beside a twin: a refusal changes nothing, and the same chance decides the same.
    fn take_twice(&mut self, ticket: Ticket, command: Command) {
        let before = self.node.centre().clone();
        let (mut twin, mut chance) = (before.clone(), self.chance.clone());
        let mut out = domain::centre::Out::default();
        let outcome = twin.handle(self.now, &mut chance, command.clone(), &mut out);
        if let Err(refusal) = &outcome {
            assert!(
                twin == before && out.facts.is_empty() && out.signals.is_empty(),
                "{refusal}, yet something changed"
            );
        }
        self.take(ticket, command);
        assert!(twin == *self.node.centre(), "the same command was decided differently");
    }

    /// Writes until all is on disk.
    fn settle(&mut self) {
        while !self.quiet {
            self.begin_batch();
            if let Some(batch) = self.writing.take() {
                self.commit(batch);
            }
        }
    }

    /// Begins, ends, or fails to end a batch; mostly until nothing is left to write.
    fn work_disk(&mut self) {
        if self.disk.full_until <= self.now && self.draw.below(400) == 0 {
            self.disk.full_until = self.now.plus(Millis(self.draw.below(60_000)));
            self.remember(Told::Disk("the disk is full"));
        }
        while !self.quiet && self.draw.below(8) > 0 {
            self.begin_batch();
            if self.writing.is_none() {
                continue;
            }
            let full = self.disk.full_until > self.now;
            match self.draw.below(100) {
                0..10 => return,
                10..12 => return self.fail(false),
                12 => return self.fail(true),
                _ if full => return self.fail(false),
                _ => {
                    if let Some(batch) = self.writing.take() {
                        self.commit(batch);
                    }
                }
            }
        }
    }

    fn begin_batch(&mut self) {
        if self.writing.is_some() {
            return;
        }
        let mut out = Vec::new();
        self.writing = self.node.next(&mut out);
        self.quiet = self.writing.is_none();
        self.release(out);
    }

    fn commit(&mut self, batch: Batch<Ticket>) {
        self.write(&batch);
        let mut out = Vec::new();
        self.node.committed(&mut out);
        self.release(out);
        // Everything decided before may have been answered meanwhile with further wishes.
        if !self.node.writing() {
            self.quiet = false;
        }
    }

    fn write(&mut self, batch: &Batch<Ticket>) {
        self.disk.write(batch.first, &batch.deeds);
        for deed in &batch.deeds {
            for byte in serde_json::to_string(deed).unwrap_or_default().bytes() {
                self.hash = (self.hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
            }
        }
        self.check.commit(batch.first, &batch.deeds);
    }

    /// A batch could not be written (or it could, and nobody knows): everything decided since is void.
    fn fail(&mut self, durable: bool) {
        self.remember(Told::Disk(if durable {
            "a write failed, but not really"
        } else {
            "a write failed"
        }));
        if let Some(batch) = self.writing.take()
            && durable
        {
            self.write(&batch);
        }
        // Connections outlive a node.
        let attendance = self.node.attendance();
        let losers = self.rebirth().failed();
        self.node.attend(attendance);
        let losers: Vec<Asked> = losers
            .iter()
            .map(|ticket| self.asked.remove(ticket).expect("who hears of a fault had asked"))
            .collect();
        assert!(
            self.asked.is_empty(),
            "somebody still waits for an answer that will never come: {:?}",
            self.asked
        );
        for asked in losers {
            match asked.wire {
                None => self.people.lost(asked),
                Some(wire) => self.hears_fault(wire, &asked.wish),
            }
        }
        if durable {
            // What came to be on disk unseen was shown to nobody: whoever listened has to come again.
            self.hang_up_all();
        }
    }

    /// The machine stops between two instructions, and starts again.
    fn fall(&mut self) {
        let durable = self.writing.is_some() && self.draw.below(2) == 0;
        self.remember(Told::Disk(if durable { "fell after writing" } else { "fell" }));
        if let Some(batch) = self.writing.take()
            && durable
        {
            self.write(&batch);
        }
        self.rebirth();
        for (_, asked) in std::mem::take(&mut self.asked) {
            if asked.wire.is_none() {
                self.people.lost(asked);
            }
        }
        self.people.fell();
        self.net.fell();
    }

    /// Goes on with a new node, made of what the disk holds.
    fn rebirth(&mut self) -> Node<Ticket> {
        self.restarts += 1;
        self.quiet = true;
        self.check.fell();
        let centre = self.disk.rebuild();
        self.check.same(&centre, "the state after a restart");
        std::mem::replace(&mut self.node, Node::new(centre, self.disk.last()))
    }

    fn release(&mut self, out: Vec<Release<Ticket>>) {
        for release in out {
            match release {
                Release::Fact(published) => {
                    self.check.published(&published);
                    self.net.fact(&published);
                }
                Release::Signal(signal, topics) => self.net.signal(&signal, &topics),
                Release::Reply(ticket, reply) => {
                    let asked =
                        self.asked.remove(&ticket).expect("only who asked is answered, and once");
                    self.answered(asked, reply);
                }
            }
        }
    }

    fn answered(&mut self, asked: Asked, reply: Reply) {
        match reply {
            Reply::Outcome(Err(Refusal::Archived(id)))
            | Reply::Answer(Err(Refusal::Archived(id)), _) => self.recall(asked, id),
            Reply::Outcome(outcome) => self.outcome(&asked, outcome),
            Reply::Answer(answer, seq) => self.answer(&asked, answer, seq),
            Reply::Page(page, seq) => {
                assert!(seq <= self.disk.last(), "a page rests on what is not on disk");
                let answer = self.check.views.answer(&page).ok_or(Refusal::NoSuchContact);
                self.answer(&asked, answer, seq);
            }
        }
    }

    fn answer(&mut self, asked: &Asked, answer: Result<Answer, Refusal>, seq: u64) {
        match asked.wire {
            Some(wire) => self.wire_answer(wire, Ok(answer), seq),
            None => self.people.read(asked, answer.ok().as_ref()),
        }
    }

    fn outcome(&mut self, asked: &Asked, outcome: Result<Done, Refusal>) {
        let Wish::Do(command) = &asked.wish else { panic!("a question has no outcome") };
        self.check.acknowledged(command, &outcome);
        match asked.wire {
            Some(wire) => self.wire_outcome(wire, Ok(outcome)),
            None => self.people.learn(asked, command, &outcome),
        }
    }

    fn hears_fault(&mut self, wire: Wire, wish: &Wish) {
        let fault = if self.disk.full_until > self.now { Fault::Full } else { Fault::Broken };
        match wish {
            Wish::Do(_) => self.wire_outcome(wire, Err(fault)),
            Wish::Read(_) => self.wire_answer(wire, Err(fault), 0),
        }
    }

    /// What the server does: the views know the matter, memory takes it back, and the wish is repeated.
    fn recall(&mut self, mut asked: Asked, id: ContactId) {
        let Some(contacts) = self.check.views.matter(id) else {
            return match asked.wish {
                Wish::Do(_) => self.outcome(&asked, Err(Refusal::NoSuchContact)),
                Wish::Read(_) => self.answer(&asked, Err(Refusal::NoSuchContact), 0),
            };
        };
        assert_ne!(asked.recalled, Some(id), "{id} was recalled, and is archived all the same");
        asked.recalled = Some(id);
        self.tickets += 1;
        let cause = self.cause.clone();
        self.node.take(self.now, &mut self.chance, None, &cause, Command::Recall(contacts));
        self.ask(asked);
    }

    fn check_all(&mut self, ticked: bool) {
        if self.quiet {
            self.check.nothing_owed();
            self.check_net();
            self.check.same(self.node.centre(), "decisions");
            assert!(
                self.asked.is_empty(),
                "somebody waits for an answer, and nothing is on its way"
            );
        }
        // After a rebirth all timers look again; until they have, what a lost tick did is still to be done.
        let looked = ticked && self.node.due().is_none_or(|due| due >= self.now);
        if looked && let Err(why) = self.node.centre().audit(self.now) {
            panic!("{why}");
        }
        if self.steps.is_multiple_of(64) {
            self.check.same(&self.disk.rebuild(), "a snapshot and later facts");
            self.check.same_views();
            if self.draw.below(4) == 0 {
                self.disk.keep(&self.check.shadow);
            }
        }
        if self.steps.is_multiple_of(1_024) {
            self.check.same(&self.disk.rebuild_from_nothing(), "all facts from the beginning");
        }
    }

    fn remember(&mut self, told: Told) {
        if self.told.len() == REMEMBERED {
            self.told.pop_front();
        }
        self.told.push_back((self.steps, self.now, told));
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for (step, at, told) in &self.told {
                eprintln!("  {step} +{} ms: {told}", at.since(shop::NOON).0);
            }
            eprintln!("the world of seed {} broke at step {}", self.seed, self.steps);
        }
    }
}
