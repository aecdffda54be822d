//! Which rows of the views each fact changes. Both forms of the store apply the same [`Changes`].
//!
//! Views are for people: contacts with all that became of them, lines of transcripts, marks, and how agents and queues
//! spent their time. They hold nothing that the facts do not say, so they can be thrown away.

use super::Fault;
use domain::agent::{AgentState, Channel};
use domain::audit;
use domain::contact::{Contact, EndReason};
use domain::directory::{self, EntryKey};
use domain::fact::{Decline, Deed, Fact};
use domain::id::{ContactId, FileId, QueueId, RoomId, UserId};
use domain::query::Mark;
use domain::recording::Recording;
use domain::report::{EVERY_CHANNEL, SPANS, Sums, floor};
use domain::retention::Pruned;
use domain::room::Item;
use domain::time::Millis;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// What the views already know.
pub trait Known {
    /// A contact as the views have it, and the deed that began it.
    ///
    /// # Errors
    ///
    /// [`Fault`] when it cannot be read.
    fn contact(&mut self, id: ContactId) -> Result<Option<(Contact, u64)>, Fault>;

    /// Waiting so long in this queue still counts as served in time.
    ///
    /// # Errors
    ///
    /// [`Fault`] when it cannot be read.
    fn target(&mut self, queue: &QueueId) -> Result<Option<Millis>, Fault>;

    /// What an agent says of each channel, and since when; [`EVERY_CHANNEL`] is what comes out of all of them.
    ///
    /// # Errors
    ///
    /// [`Fault`] when it cannot be read.
    fn standing(&mut self, agent: &UserId) -> Result<Standing, Fault>;
}

/// What an agent says of each channel by its number, and since when.
pub type Standing = BTreeMap<u8, (AgentState, Millis)>;

/// A change of what an agent says of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turned {
    /// Who.
    pub agent: UserId,
    /// Of which channel, by its number.
    pub channel: u8,
    /// What they say now.
    pub state: AgentState,
    /// Since when.
    pub at: Millis,
}

/// Rows to be written.
#[derive(Debug, Default)]
pub struct Changes {
    /// New lines.
    pub items: Vec<Item>,
    /// New marks.
    pub marks: Vec<(RoomId, Mark)>,
    /// Contacts as they are now, with the deed that began each.
    pub contacts: BTreeMap<ContactId, (Contact, u64)>,
    /// Agents' states, in order.
    pub turned: Vec<Turned>,
    /// What is to be added to queues' figures, by queue, channel and beginning of the quarter.
    pub figures: BTreeMap<(QueueId, Channel, Millis), Sums>,
    /// The same for agents.
    pub done: BTreeMap<(UserId, Channel, Millis), Sums>,
    /// New recordings.
    pub recordings: Vec<Recording>,
    /// Files that were announced, each with its room.
    pub files: Vec<(RoomId, FileId)>,
    /// What is not kept any more. It goes last: whatever it names was written before.
    pub pruned: Vec<Pruned>,
    /// Time that agents spent in a state that is over now, by agent, channel's number, state and quarter; and how often
    /// it began.
    pub spent: BTreeMap<(UserId, u8, AgentState, Millis), (Millis, u64)>,
    /// Deeds that touch each room.
    pub deeds: BTreeMap<RoomId, Vec<u64>>,
    /// Contacts that ended, whose words are to be found from now on.
    pub closed: Vec<ContactId>,
    standing: BTreeMap<UserId, Standing>,
    /// Who changed what, in order.
    pub audit: Vec<audit::Row>,
    /// New targets of queues; none when the queue is gone.
    pub targets: BTreeMap<QueueId, Option<Millis>>,
}

impl Changes {
    /// What these deeds change, oldest first; facts move into the rows where they can.
    ///
    /// # Errors
    ///
    /// [`Fault`] when what is known cannot be read.
    pub fn of(
        deeds: impl IntoIterator<Item = (u64, Deed)>,
        known: &mut impl Known,
    ) -> Result<Self, Fault> {
        let mut changes = Self::default();
        for (seq, deed) in deeds {
            changes.audit.extend(audit::trail(seq, &deed));
            for fact in deed.facts {
                let (room, contact) = (fact.room(), fact.contact());
                changes.take(seq, deed.at, fact, known)?;
                changes.tell(seq, room, contact, known)?;
            }
        }
        Ok(changes)
    }

    fn take(
        &mut self,
        seq: u64,
        at: Millis,
        fact: Fact,
        known: &mut impl Known,
    ) -> Result<(), Fault> {
        match fact {
            Fact::Posted { item, .. } => {
                if item.kept() {
                    self.items.push(item);
                }
            }
            Fact::Marked { room, participant, n, read, .. } => {
                self.marks.push((room, Mark { participant, n, read, at }));
            }
            Fact::AgentStated { agent, channel, state, .. } => {
                self.stated(&agent, channel, state, at, known)?;
            }
            Fact::Started { contact, .. } => {
                if let Some(maker) = contact.voice.as_ref().and_then(|v| v.maker.as_ref()) {
                    self.labour(maker, contact.channel, at).made += 1;
                }
                self.contacts.insert(contact.id, (*contact, seq));
            }
            Fact::FileAnnounced { room, file } => self.files.push((room, file.file.id)),
            Fact::Pruned(pruned) => self.pruned.push(*pruned),
            Fact::Put(entry) => {
                if let directory::Entry::Queue(queue) = *entry {
                    self.targets.insert(queue.id, Some(queue.target));
                }
            }
            Fact::Removed(EntryKey::Queue(queue)) => {
                self.targets.insert(queue, None);
            }
            fact => {
                if let Fact::Recorded { recording } = &fact {
                    self.recordings.push(recording.as_ref().clone());
                }
                if let Some(id) = fact.contact() {
                    self.touch(id, at, &fact, known)?;
                }
            }
        }
        Ok(())
    }

    /// The deed is one of the room's, or of the room that the contact belongs to.
    fn tell(
        &mut self,
        seq: u64,
        room: Option<RoomId>,
        contact: Option<ContactId>,
        known: &mut impl Known,
    ) -> Result<(), Fault> {
        let room = match (room, contact) {
            (Some(room), _) => Some(room),
            (None, Some(id)) => match self.contacts.get(&id) {
                Some((contact, _)) => Some(contact.room()),
                None => known.contact(id)?.map(|(contact, _)| contact.room()),
            },
            (None, None) => None,
        };
        if let Some(room) = room {
            let deeds = self.deeds.entry(room).or_default();
            if deeds.last() != Some(&seq) {
                deeds.push(seq);
            }
        }
        Ok(())
    }

    /// An agent says something else of a channel, and so perhaps of all together.
    fn stated(
        &mut self,
        agent: &UserId,
        channel: Channel,
        state: AgentState,
        at: Millis,
        known: &mut impl Known,
    ) -> Result<(), Fault> {
        if !self.standing.contains_key(agent) {
            self.standing.insert(agent.clone(), known.standing(agent)?);
        }
        let Some(standing) = self.standing.get_mut(agent) else { return Ok(()) };
        let mut over = Vec::new();
        over.push((channel.number(), standing.insert(channel.number(), (state, at)), state));
        let all = together(standing);
        if standing.get(&EVERY_CHANNEL).map(|(was, _)| *was) != Some(all) {
            over.push((EVERY_CHANNEL, standing.insert(EVERY_CHANNEL, (all, at)), all));
        }
        for (channel, before, state) in over {
            if let Some((was, since)) = before {
                spend(was, since, at, |quarter, span, times| {
                    let spent =
                        self.spent.entry((agent.clone(), channel, was, quarter)).or_default();
                    *spent = (spent.0.plus(span), spent.1 + times);
                });
            }
            self.turned.push(Turned { agent: agent.clone(), channel, state, at });
        }
        Ok(())
    }

    /// A fact of a contact that began earlier.
    fn touch(
        &mut self,
        id: ContactId,
        at: Millis,
        fact: &Fact,
        known: &mut impl Known,
    ) -> Result<(), Fault> {
        let (contact, _) = match self.contacts.entry(id) {
            Entry::Occupied(row) => row.into_mut(),
            Entry::Vacant(place) => {
                let Some(found) = known.contact(id)? else { return Ok(()) };
                place.insert(found)
            }
        };
        let (queue, queued, accepted) = (contact.queue.clone(), contact.queued, contact.accepted);
        contact.apply(at, fact);
        if matches!(fact, Fact::Closed { .. }) {
            self.closed.push(id);
        }
        let channel = contact.channel;
        let (agent, voice) = (contact.agent.clone(), contact.voice.as_ref());
        let held = voice.map_or(Millis(0), |voice| voice.held);
        // A telephone that is nobody's may have picked it up.
        let answered = voice.is_some_and(|voice| voice.answered.is_some());
        match (fact, queue, queued, accepted) {
            (Fact::Queued { queue, from, .. }, ..) => {
                self.figure(queue, channel, at).offered += 1;
                if let Some(from) = from {
                    self.figure(from, channel, at).overflowed += 1;
                }
            }
            (Fact::Offered { agent, conference: false, .. }, ..) => {
                self.labour(agent, channel, at).offered += 1;
            }
            (Fact::Declined { agent, how, .. }, ..) if *how != Decline::Withdrawn => {
                self.labour(agent, channel, at).missed += 1;
            }
            (Fact::Accepted { agent, .. }, queue, queued, None) => {
                self.labour(agent, channel, at).answered += 1;
                let (Some(queue), Some(queued)) = (queue, queued) else { return Ok(()) };
                let target = match self.targets.get(&queue) {
                    Some(target) => *target,
                    None => known.target(&queue)?,
                };
                let wait = at.since(queued);
                let figures = self.figure(&queue, channel, at);
                figures.answered += 1;
                figures.in_time += u64::from(target.is_none_or(|target| wait <= target));
                figures.wait = figures.wait.plus(wait);
            }
            (Fact::Closed { reason, .. }, queue, _, Some(accepted)) => {
                let talked = at.since(accepted);
                let transferred = u64::from(*reason == EndReason::Transferred);
                if let Some(agent) = agent {
                    let labour = self.labour(&agent, channel, at);
                    labour.handled += 1;
                    labour.transferred += transferred;
                    labour.handle = labour.handle.plus(talked);
                    labour.hold = labour.hold.plus(held);
                }
                let Some(queue) = queue else { return Ok(()) };
                let figures = self.figure(&queue, channel, at);
                figures.handled += 1;
                figures.transferred += transferred;
                figures.handle = figures.handle.plus(talked);
                figures.hold = figures.hold.plus(held);
            }
            (Fact::Closed { reason, .. }, Some(queue), Some(_), None)
                if !answered && !matches!(reason, EndReason::Transferred | EndReason::CallBack) =>
            {
                self.figure(&queue, channel, at).abandoned += 1;
            }
            (Fact::WrappedUp { agent, wrap_up, .. }, queue, ..) => {
                let took = wrap_up.to.since(wrap_up.from);
                let labour = self.labour(agent, channel, at);
                labour.wrap = labour.wrap.plus(took);
                let Some(queue) = queue else { return Ok(()) };
                let figures = self.figure(&queue, channel, at);
                figures.wrap = figures.wrap.plus(took);
            }
            _ => {}
        }
        Ok(())
    }

    fn figure(&mut self, queue: &QueueId, channel: Channel, at: Millis) -> &mut Sums {
        self.figures.entry((queue.clone(), channel, floor(at, SPANS[0]))).or_default()
    }

    fn labour(&mut self, agent: &UserId, channel: Channel, at: Millis) -> &mut Sums {
        self.done.entry((agent.clone(), channel, floor(at, SPANS[0]))).or_default()
    }
}

/// What an agent's states come to: ready for one channel is ready, after-work goes before not being ready, and of several
/// reasons the newest counts. So the times of an agent add up to the time they were logged on.
fn together(standing: &Standing) -> AgentState {
    let mut all = AgentState::LoggedOff(0);
    let mut best = (0, Millis(0));
    for (channel, (state, since)) in standing {
        let rank = match state {
            AgentState::Ready => 3,
            AgentState::AfterWork(_) => 2,
            AgentState::NotReady(_) => 1,
            AgentState::LoggedOff(_) => 0,
        };
        if *channel != EVERY_CHANNEL && rank > 0 && (rank, *since) > best {
            (all, best) = (*state, (rank, *since));
        }
    }
    all
}

/// Parts the time in a state among quarters of an hour; the first has its beginning.
pub(super) fn spend(
    state: AgentState,
    since: Millis,
    until: Millis,
    mut put: impl FnMut(Millis, Millis, u64),
) {
    let (mut at, mut times) = (since, 1);
    while at < until && !matches!(state, AgentState::LoggedOff(_)) {
        let quarter = floor(at, SPANS[0]);
        let end = quarter.plus(SPANS[0]).min(until);
        put(quarter, end.since(at), times);
        (at, times) = (end, 0);
    }
}
