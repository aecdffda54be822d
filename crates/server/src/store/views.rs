//! Which rows of the views each fact changes. Both forms of the store apply the same [`Changes`].
//!
//! Views are for people: contacts with all that became of them, lines of transcripts, marks, and how agents and queues
//! spent their time. They hold nothing that the facts do not say, so they can be thrown away.

use super::Fault;
use domain::agent::{AgentState, Channel};
use domain::contact::{Contact, EndReason};
use domain::directory::{self, EntryKey};
use domain::fact::{Decline, Deed, Fact};
use domain::id::{ContactId, FileId, QueueId, RoomId, UserId};
use domain::query::Mark;
use domain::recording::Recording;
use domain::retention::Pruned;
use domain::room::Item;
use domain::time::Millis;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// Figures of a queue are kept per quarter of an hour.
pub const BUCKET: Millis = Millis::from_mins(15);

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
}

/// One quarter of an hour of a queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Contacts that came.
    pub offered: u32,
    /// Contacts that an agent took.
    pub answered: u32,
    /// Contacts that ended while waiting.
    pub abandoned: u32,
    /// Contacts that went on to another queue.
    pub overflowed: u32,
    /// Contacts that an agent took within the queue's target.
    pub in_time: u32,
    /// How long those that an agent took had waited, together.
    pub wait: Millis,
    /// Contacts that ended after an agent had taken them.
    pub handled: u32,
    /// How long agents talked with them, together, holds included.
    pub handle: Millis,
    /// How long they were on hold meanwhile.
    pub hold: Millis,
    /// How long agents finished work with them.
    pub wrap: Millis,
}

/// What an agent did by one channel in a quarter of an hour.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Labour {
    /// Contacts they were asked to take.
    pub offered: u32,
    /// Contacts they took.
    pub answered: u32,
    /// Contacts they refused, or let ring.
    pub missed: u32,
    /// Calls they made.
    pub made: u32,
    /// Contacts that ended after they had taken them.
    pub handled: u32,
    /// How long they talked with these, together, holds included.
    pub handle: Millis,
    /// How long these were on hold meanwhile.
    pub hold: Millis,
    /// How long they finished work.
    pub wrap: Millis,
}

/// A change of what an agent says of a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turned {
    /// Who.
    pub agent: UserId,
    /// Of which channel.
    pub channel: Channel,
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
    pub figures: BTreeMap<(QueueId, Channel, Millis), Figures>,
    /// The same for agents.
    pub done: BTreeMap<(UserId, Channel, Millis), Labour>,
    /// New recordings.
    pub recordings: Vec<Recording>,
    /// Files that were announced, each with its room.
    pub files: Vec<(RoomId, FileId)>,
    /// What is not kept any more. It goes last: whatever it names was written before.
    pub pruned: Vec<Pruned>,
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
            for fact in deed.facts {
                changes.take(seq, deed.at, fact, known)?;
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
                self.turned.push(Turned { agent, channel, state, at });
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
                figures.in_time += u32::from(target.is_none_or(|target| wait <= target));
                figures.wait = figures.wait.plus(wait);
            }
            (Fact::Closed { .. }, queue, _, Some(accepted)) => {
                let talked = at.since(accepted);
                if let Some(agent) = agent {
                    let labour = self.labour(&agent, channel, at);
                    labour.handled += 1;
                    labour.handle = labour.handle.plus(talked);
                    labour.hold = labour.hold.plus(held);
                }
                let Some(queue) = queue else { return Ok(()) };
                let figures = self.figure(&queue, channel, at);
                figures.handled += 1;
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

    fn figure(&mut self, queue: &QueueId, channel: Channel, at: Millis) -> &mut Figures {
        self.figures.entry((queue.clone(), channel, quarter(at))).or_default()
    }

    fn labour(&mut self, agent: &UserId, channel: Channel, at: Millis) -> &mut Labour {
        self.done.entry((agent.clone(), channel, quarter(at))).or_default()
    }
}

/// The beginning of the quarter of an hour.
const fn quarter(at: Millis) -> Millis {
    Millis(at.0 - at.0 % BUCKET.0)
}
