//! The bus within one process.

use super::mailbox::Slot;
use super::{Bus, Letters, Mail, Mailbox, Nobody};
use domain::node::{Published, Topic};
use domain::signal::Signal;
use facade::door::RealmNo;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use tokio::sync::mpsc;

/// Who watches what in one realm.
///
/// Publishing holds one lock while it lays mail down, so that everyone sees all mail in the same order; readers are
/// woken after it is released. A std lock, since nothing is awaited under it.
#[derive(Debug, Default)]
pub struct Hub(Arc<Mutex<Shelves>>);

/// Mailboxes by topic.
#[derive(Debug, Default)]
pub(super) struct Shelves {
    watchers: HashMap<Topic, Vec<Arc<Slot>>>,
    round: u64,
}

impl Shelves {
    /// Takes a mailbox off a topic.
    pub(super) fn remove(&mut self, topic: &Topic, slot: &Arc<Slot>) {
        if let Some(slots) = self.watchers.get_mut(topic) {
            slots.retain(|watching| !Arc::ptr_eq(watching, slot));
            if slots.is_empty() {
                self.watchers.remove(topic);
            }
        }
    }

    /// Lays mail into each mailbox that watches one of these topics. Returns whom to wake.
    fn lay(&mut self, topics: &[Topic], mail: impl Fn() -> Mail) -> Vec<Waker> {
        self.round += 1;
        let mut wakers = Vec::new();
        for slot in topics.iter().filter_map(|topic| self.watchers.get(topic)).flatten() {
            if slot.round.swap(self.round, Ordering::Relaxed) != self.round {
                wakers.extend(slot.lay(mail()));
            }
        }
        wakers
    }
}

impl Hub {
    fn shelves(&self) -> MutexGuard<'_, Shelves> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A mailbox in which at most `limit` letters wait. One more, and it is lost: its reader gets none of them.
    pub fn mailbox(&self, limit: usize) -> (Mailbox, Letters) {
        Mailbox::new(limit, Arc::downgrade(&self.0))
    }

    /// All that is published on this topic from now on comes to this mailbox.
    pub fn watch(&self, mailbox: &Mailbox, topic: Topic) {
        let mut shelves = self.shelves();
        if mailbox.0.note(&topic) {
            shelves.watchers.entry(topic).or_default().push(mailbox.0.clone());
        }
    }

    /// No more of it.
    pub fn unwatch(&self, mailbox: &Mailbox, topic: &Topic) {
        let mut shelves = self.shelves();
        mailbox.0.forget(topic);
        shelves.remove(topic, &mailbox.0);
    }

    /// Shows a fact to everyone who watches one of its topics.
    pub fn publish(&self, fact: &Arc<Published>) {
        let wakers = self.shelves().lay(&fact.topics, || Mail::Fact(fact.clone()));
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Shows a signal to everyone who watches one of these topics.
    pub fn signal(&self, signal: &Arc<Signal>, topics: &[Topic]) {
        let wakers = self.shelves().lay(topics, || Mail::Signal(signal.clone()));
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Tells everyone who watches anything that facts were missed.
    pub fn missed(&self) {
        let mut shelves = self.shelves();
        let topics: Vec<Topic> = shelves.watchers.keys().cloned().collect();
        let wakers = shelves.lay(&topics, || Mail::Missed);
        drop(shelves);
        wakers.into_iter().for_each(Waker::wake);
    }

    /// How many topics are watched. For metrics.
    pub fn topics(&self) -> usize {
        self.shelves().watchers.len()
    }
}

/// Owners and hubs of one process.
#[derive(Debug)]
pub struct Local<T>(Mutex<BTreeMap<u16, Way<T>>>);

#[derive(Debug)]
struct Way<T> {
    owner: Option<mpsc::Sender<T>>,
    hub: Arc<Hub>,
}

impl<T> Default for Local<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T> Local<T> {
    fn way<R>(&self, realm: RealmNo, with: impl FnOnce(&mut Way<T>) -> R) -> R {
        let mut ways = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        with(ways.entry(realm.0).or_insert_with(|| Way { owner: None, hub: Arc::default() }))
    }
}

impl<T: Send + 'static> Bus<T> for Local<T> {
    fn claim(&self, realm: RealmNo, waiting: usize) -> mpsc::Receiver<T> {
        let (send, receive) = mpsc::channel(waiting);
        self.way(realm, |way| way.owner = Some(send));
        receive
    }

    async fn send(&self, realm: RealmNo, order: T) -> Result<(), Nobody> {
        let owner = self.way(realm, |way| way.owner.clone()).ok_or(Nobody)?;
        owner.send(order).await.map_err(|_| Nobody)
    }

    fn hub(&self, realm: RealmNo) -> Arc<Hub> {
        self.way(realm, |way| way.hub.clone())
    }
}
