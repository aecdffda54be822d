//! Copies of rooms on their way out (`amazon-connect-chat.md` 1.8): each goes in order, at least once, and survives a
//! restart.
//!
//! One worker for each realm hears what happens in rooms that have copies, and hands it to a [`courier`] for each
//! copy. Couriers deliver, tell how far they came, and give up after an hour.

pub mod courier;
pub mod envelope;

use crate::bus::{Mail, Mailbox};
use crate::post::Post;
use crate::run::Realm;
use crate::site::Site;
use crate::tasks;
use courier::Courier;
use domain::fact::Fact;
use domain::id::{RoomId, StreamId};
use domain::node::{Published, Topic};
use domain::query::{Answer, Query, StreamState};
use domain::signal::Signal;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::{mpsc, watch};

/// How many letters may wait for a worker. If it falls behind by more, it reads from the journal what it missed.
const LETTERS: usize = 16_384;

/// How many facts may wait for one courier, before it is sent to the journal.
const BEHIND: usize = 512;

/// What a courier is handed.
#[derive(Debug, Clone)]
pub(crate) enum Parcel {
    /// A fact of its room.
    Fact(Arc<Published>),
    /// Something shown and not kept.
    Signal(Arc<Signal>),
}

/// Everything couriers share.
#[derive(Debug)]
pub(crate) struct Office {
    pub(crate) realm: Arc<Realm>,
    pub(crate) site: Arc<Site>,
    pub(crate) post: Arc<Post>,
}

/// Starts the worker of a realm.
pub fn start(realm: Arc<Realm>, site: Arc<Site>, post: Arc<Post>, stop: watch::Receiver<bool>) {
    let office = Arc::new(Office { realm, site, post });
    tasks::worker("streams", stop, move || {
        let office = office.clone();
        async move { work(&office).await }
    });
}

/// What a worker tells a courier beside its parcels.
#[derive(Debug, Default)]
pub(crate) struct Word {
    /// A fact found no room among the parcels: the journal has it.
    pub(crate) missed: AtomicBool,
    /// Nothing more is wanted, not even what waits.
    pub(crate) stopped: AtomicBool,
}

/// The worker's end of a courier.
#[derive(Debug)]
struct Line {
    parcels: mpsc::Sender<Parcel>,
    word: Arc<Word>,
}

/// Couriers by room and copy; one whose line is dropped delivers what waits, and ends.
type Couriers = BTreeMap<RoomId, BTreeMap<StreamId, Line>>;

/// Works until it has missed something, or the realm is gone.
async fn work(office: &Arc<Office>) {
    let (mailbox, mut letters): (Mailbox, _) = office.realm.hub.mailbox(LETTERS);
    office.realm.hub.watch(&mailbox, Topic::Streams);
    let Ok((Ok(Answer::Streams(streams)), known)) = office.realm.read(Query::Streams).await else {
        return;
    };
    let mut couriers = Couriers::new();
    for state in streams {
        engage(office, &mut couriers, state, known);
    }
    while let Some(mail) = letters.recv().await {
        match mail {
            // What is not newer, the couriers read from the journal.
            Mail::Fact(fact) if fact.seq > known => on_fact(office, &mut couriers, &fact),
            Mail::Signal(signal) => {
                if let Signal::Typing { room, .. } = signal.as_ref() {
                    for line in couriers.get(room).into_iter().flat_map(BTreeMap::values) {
                        // Shown at most once: a courier who is busy does without.
                        let _ = line.parcels.try_send(Parcel::Signal(signal.clone()));
                    }
                }
            }
            // The streams are read anew, and with them what the journal has.
            Mail::Missed => return,
            _ => {}
        }
    }
}

fn on_fact(office: &Arc<Office>, couriers: &mut Couriers, fact: &Arc<Published>) {
    let Some(room) = fact.fact.room() else { return };
    match &fact.fact {
        Fact::StreamStarted { stream, target, .. } => {
            let contact = room.into();
            let state = StreamState {
                room,
                contact,
                stream: *stream,
                target: target.clone(),
                delivered: fact.seq,
            };
            return engage(office, couriers, state, fact.seq);
        }
        Fact::StreamStopped { stream, .. } | Fact::StreamDropped { stream, .. } => {
            if let Some(line) = couriers.get_mut(&room).and_then(|room| room.remove(stream)) {
                line.word.stopped.store(true, Ordering::Relaxed);
            }
        }
        Fact::StreamAdvanced { .. } => return,
        Fact::Archived { .. } => drop(couriers.remove(&room)),
        _ => {}
    }
    let Some(of_room) = couriers.get_mut(&room) else { return };
    of_room.retain(|_, line| match line.parcels.try_send(Parcel::Fact(fact.clone())) {
        Ok(()) => true,
        Err(mpsc::error::TrySendError::Full(_)) => {
            line.word.missed.store(true, Ordering::Relaxed);
            true
        }
        Err(mpsc::error::TrySendError::Closed(_)) => false,
    });
    if of_room.is_empty() {
        couriers.remove(&room);
    }
}

fn engage(office: &Arc<Office>, couriers: &mut Couriers, state: StreamState, known: u64) {
    let (sender, parcels) = mpsc::channel(BEHIND);
    let word = Arc::new(Word::default());
    couriers
        .entry(state.room)
        .or_default()
        .insert(state.stream, Line { parcels: sender, word: word.clone() });
    tasks::spawn("courier", Courier::new(office.clone(), state, known, parcels, word).work());
}
