//! Delivers one copy of one room: in order, at least once, for an hour against trouble.

use super::envelope::{Labels, Sealed};
use super::{Office, Parcel, Word};
use crate::chance::Os;
use crate::clock;
use crate::post::Fault;
use crate::store::Store as _;
use domain::command::Command;
use domain::fact::Fact;
use domain::id::Uuid;
use domain::node::{Published, Texts};
use domain::query::{Answer, ContactName, Query, StreamState};
use facade::connect::item::{self, Notification, View};
use facade::door::Site as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;

/// How far a copy has come is told this often, or after so many facts.
const TELL: Duration = Duration::from_secs(1);
const TELL_FACTS: u32 = 50;

/// The first pause after a failure, and the longest; each is twice the last.
const PAUSE: Duration = Duration::from_secs(1);
const PAUSES: Duration = Duration::from_mins(5);

/// How long one and the same delivery is tried.
const GIVE_UP: Duration = Duration::from_hours(1);

/// The copy is over, or cannot be gone on with.
struct Over;

/// One copy's courier.
pub(crate) struct Courier {
    office: Arc<Office>,
    state: StreamState,
    /// Everything up to this deed is in the journal for sure; what is newer comes as parcels.
    known: u64,
    parcels: mpsc::Receiver<Parcel>,
    word: Arc<Word>,
    view: View,
    /// The newest deed that was handled.
    handled: u64,
    /// The newest deed that the realm knows was handled, how many facts ago and when that was told.
    told: (u64, u32, Instant),
}

impl Courier {
    pub(super) fn new(
        office: Arc<Office>,
        state: StreamState,
        known: u64,
        parcels: mpsc::Receiver<Parcel>,
        word: Arc<Word>,
    ) -> Self {
        let view = View { contact: state.contact, kinds: domain::contact::TextKinds::PLAIN };
        let delivered = state.delivered;
        Self {
            office,
            state,
            known,
            parcels,
            word,
            view,
            handled: delivered,
            told: (delivered, 0, clock::instant()),
        }
    }

    pub(super) async fn work(mut self) {
        // However it ends, it has told what there is to tell, or the realm knows better.
        let _ = self.deliver_all().await;
    }

    async fn deliver_all(&mut self) -> Result<(), Over> {
        self.look().await?;
        if self.handled < self.known {
            self.catch_up(self.handled + 1).await?;
        }
        loop {
            let parcel = if self.told.0 < self.handled {
                let Ok(parcel) =
                    tokio::time::timeout_at(self.told.2 + TELL, self.parcels.recv()).await
                else {
                    self.tell().await?;
                    continue;
                };
                parcel
            } else {
                self.parcels.recv().await
            };
            match parcel {
                Some(Parcel::Fact(fact)) => self.fact(&fact).await?,
                Some(Parcel::Signal(signal)) => {
                    if let Some(item) = item::signal_notification(&signal, self.view) {
                        // Nobody waits for news of somebody typing: it is tried once.
                        let _ = self.post(&item, true).await;
                    }
                }
                None => return self.tell().await,
            }
            if self.parcels.is_empty() && self.word.missed.swap(false, Ordering::Relaxed) {
                // Of the newest deed some facts may have found room and others not.
                self.catch_up(self.handled).await?;
            }
        }
    }

    /// Learns which segment is open, and what it can show.
    async fn look(&mut self) -> Result<(), Over> {
        let realm = &self.office.realm;
        if let Ok((Ok(Answer::Streams(streams)), _)) = realm.read(Query::Streams).await
            && let Some(state) = streams.into_iter().find(|state| state.stream == self.state.stream)
        {
            self.state.contact = state.contact;
        }
        match realm.read(Query::Contact(ContactName::Id(self.state.contact))).await {
            Ok((Ok(Answer::Contact(contact, _)), _)) => {
                self.view = View { contact: self.state.contact, kinds: contact.kinds };
                Ok(())
            }
            _ => Err(Over),
        }
    }

    /// Delivers out of the journal, from this deed on.
    async fn catch_up(&mut self, from: u64) -> Result<(), Over> {
        let mut story = self.office.realm.store.story(self.office.realm.no, self.state.room);
        while let Some(deeds) = story.next().await.map_err(|_| Over)? {
            for (seq, deed) in deeds.into_iter().filter(|(seq, _)| *seq >= from) {
                for fact in deed.facts {
                    let ours = fact.room() == Some(self.state.room);
                    if ours {
                        let published = Published {
                            seq,
                            at: deed.at,
                            fact,
                            topics: Vec::new(),
                            texts: Texts::default(),
                        };
                        self.show(&published).await?;
                    }
                }
                self.handled = self.handled.max(seq);
                self.known = self.known.max(seq);
                self.tell_in_time().await?;
            }
        }
        Ok(())
    }

    async fn fact(&mut self, fact: &Published) -> Result<(), Over> {
        if fact.seq <= self.known {
            return Ok(());
        }
        self.show(fact).await?;
        self.handled = fact.seq;
        self.tell_in_time().await
    }

    async fn show(&mut self, fact: &Published) -> Result<(), Over> {
        if let Fact::Started { contact, .. } = &fact.fact {
            self.state.contact = contact.id;
            self.view.contact = contact.id;
        }
        match item::notification(fact, self.view) {
            Some(item) => {
                self.told.1 += 1;
                self.post(&item, false).await
            }
            None => Ok(()),
        }
    }

    /// Posts one item, again and again if need be.
    async fn post(&self, item: &Notification, once: bool) -> Result<(), Over> {
        let Office { realm, site, post } = self.office.as_ref();
        let labels = Labels {
            target: &self.state.target,
            account: &site.settings().account,
            instance: site.instance(realm.no),
        };
        let now = clock::now();
        let sealed = Sealed::new(labels, item, Uuid::new(now, &mut Os), now);
        let began = clock::instant();
        let mut pause = PAUSE;
        loop {
            if self.word.stopped.load(Ordering::Relaxed) {
                return Err(Over);
            }
            // Looked up each time: it may have been changed because of this very trouble.
            let Some(to) = site.destination(realm.no, &self.state.target) else { return Ok(()) };
            let headers = sealed.headers(to.secret.as_deref(), clock::now());
            let Err(fault) = post
                .send(&to.url, &headers, sealed.body.clone(), &site.stream_hosts(realm.no))
                .await
            else {
                metrics::counter!("sangdam_stream_posts_total", "outcome" => "delivered")
                    .increment(1);
                return Ok(());
            };
            metrics::counter!("sangdam_stream_posts_total", "outcome" => "failed").increment(1);
            if once {
                return Ok(());
            }
            if fault == Fault::Forbidden || clock::instant().duration_since(began) + pause > GIVE_UP
            {
                let (contact, stream) = (self.state.contact, self.state.stream);
                let why = fault.to_string().into();
                realm
                    .act_for(
                        None,
                        "stream.drop",
                        Box::new(Command::DropStream { contact, stream, why }),
                    )
                    .await;
                return Err(Over);
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSES);
        }
    }

    async fn tell_in_time(&mut self) -> Result<(), Over> {
        if self.told.1 >= TELL_FACTS
            || (self.told.0 < self.handled && clock::instant() >= self.told.2 + TELL)
        {
            self.tell().await
        } else {
            Ok(())
        }
    }

    /// Tells the realm how far it came.
    async fn tell(&mut self) -> Result<(), Over> {
        // A deed without anything to deliver is not worth a fact of its own.
        if self.told.1 > 0 {
            let (contact, stream, to) = (self.state.contact, self.state.stream, self.handled);
            // What cannot be written now, the next time tells, too; what is refused is over.
            if let Ok(Err(_)) = self
                .office
                .realm
                .act("stream.advance", Command::AdvanceStream { contact, stream, to })
                .await
            {
                return Err(Over);
            }
        }
        self.told = (self.handled, 0, clock::instant());
        Ok(())
    }
}
