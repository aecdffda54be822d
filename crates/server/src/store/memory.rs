//! The store that forgets: for tests, and for a server that shall leave no trace.
//!
//! It keeps the same promises as the others while it lives; its views are always brought up to the newest deed.

use super::page::{self, Shelf};
use super::replay::{Chunk, Sieve};
use super::report::{Kind, Lasting, Ledger, Piece};
use super::snapshot::Snapshot;
use super::views::{Changes, Known, Standing};
use super::{Fault, Lease, RealmNo, Replay, Store};
use domain::agent::AgentState;
use domain::audit;
use domain::contact::Contact;
use domain::fact::Deed;
use domain::id::{ContactId, FileId, QueueId, RoomId, UserId};
use domain::query::{Answer, ContactFilter, ContactName, Mark, Page, RecordingFilter, words};
use domain::recording::Recording;
use domain::report::Sums;
use domain::retention::{Horizons, Past, Pruned};
use domain::room::Item;
use domain::time::Millis;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::{ControlFlow, RangeInclusive};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How many deeds a chunk of a replay holds.
const CHUNK: usize = 1_024;

/// Everything in memory.
#[derive(Default)]
pub struct Memory(Mutex<Vec<Realm>>);

impl fmt::Debug for Memory {
    /// What people wrote is nobody's business.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Realm {
    name: Arc<str>,
    epoch: u64,
    deeds: Vec<Deed>,
    /// So many deeds before those have left the journal.
    gone: u64,
    snapshots: Vec<Snapshot>,
    views: Views,
    /// The next commit says that it failed, and did not.
    #[cfg(test)]
    unsure: bool,
}

#[derive(Default)]
struct Views {
    contacts: BTreeMap<ContactId, (Contact, u64)>,
    numbers: BTreeMap<u64, ContactId>,
    lines: BTreeMap<RoomId, BTreeMap<u32, Item>>,
    marks: BTreeMap<RoomId, Vec<Mark>>,
    targets: BTreeMap<QueueId, Millis>,
    recordings: BTreeMap<FileId, Recording>,
    files: BTreeMap<FileId, RoomId>,
    /// By whose, name, quarter and channel.
    sums: BTreeMap<(Kind, Arc<str>, Millis, u8), Sums>,
    spent: BTreeMap<(UserId, u8, AgentState, Millis), (Millis, u64)>,
    standing: BTreeMap<UserId, Standing>,
    deeds: BTreeMap<RoomId, Vec<u64>>,
    audit: Vec<audit::Row>,
}

impl Realm {
    /// The number of the newest deed.
    const fn last(&self) -> u64 {
        self.gone + self.deeds.len() as u64
    }
}

impl Memory {
    /// A panic elsewhere leaves the realms as they were: each change below is one step.
    fn realms(&self) -> MutexGuard<'_, Vec<Realm>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the next commit say that it failed, although it did not.
    #[cfg(test)]
    pub(crate) fn be_unsure(&self, realm: RealmNo) {
        self.realms()[usize::from(realm.0)].unsure = true;
    }

    fn with<T>(
        &self,
        realm: RealmNo,
        ask: impl FnOnce(&mut Realm) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        self.realms().get_mut(usize::from(realm.0)).map_or_else(|| Err(Fault::Stale), ask)
    }

    fn feed(
        &self,
        realm: RealmNo,
        from: u64,
        keep: impl Fn(&mut Sieve, &Deed) -> bool,
        room: RoomId,
    ) -> Replay {
        let (feed, replay) = Replay::pair();
        let mut sieve = Sieve::new(room);
        let deeds: Chunk =
            self.realms().get(usize::from(realm.0)).map_or_else(Chunk::new, |realm| {
                let numbered = (realm.gone + 1..)
                    .zip(&realm.deeds)
                    .filter(|(seq, deed)| *seq >= from && keep(&mut sieve, deed));
                numbered.map(|(seq, deed)| (seq, deed.clone())).collect()
            });
        let started = crate::tasks::thread("replay", move || {
            let _ = deeds.chunks(CHUNK).all(|chunk| feed.put(Ok(chunk.to_vec())));
        });
        if let Err(error) = started {
            tracing::error!(%error, "no thread for a replay");
        }
        replay
    }
}

impl Store for Memory {
    async fn realms(&self) -> Result<Vec<(RealmNo, Arc<str>)>, Fault> {
        Ok((0..).map(RealmNo).zip(self.realms().iter().map(|realm| realm.name.clone())).collect())
    }

    async fn realm(&self, name: &str) -> Result<RealmNo, Fault> {
        let mut realms = self.realms();
        let place =
            realms.iter().position(|realm| realm.name.as_ref() == name).unwrap_or(realms.len());
        let number = u16::try_from(place).map_err(|e| Fault::broken("number a realm", e))?;
        if place == realms.len() {
            realms.push(Realm { name: name.into(), ..Realm::default() });
        }
        Ok(RealmNo(number))
    }

    async fn claim(&self, realm: RealmNo) -> Result<Lease, Fault> {
        self.with(realm, |kept| {
            kept.epoch += 1;
            Ok(Lease { realm, epoch: kept.epoch })
        })
    }

    async fn commit(&self, lease: Lease, first: u64, deeds: Vec<Deed>) -> Result<(), Fault> {
        self.with(lease.realm, |realm| {
            if realm.epoch != lease.epoch || first != realm.last() + 1 {
                return Err(Fault::Stale);
            }
            realm.views.take((first..).zip(deeds.iter().cloned()))?;
            realm.deeds.extend(deeds);
            #[cfg(test)]
            if std::mem::take(&mut realm.unsure) {
                return Err(Fault::broken("say so", std::io::Error::other("a test")));
            }
            Ok(())
        })
    }

    async fn last(&self, realm: RealmNo) -> Result<u64, Fault> {
        self.with(realm, |realm| Ok(realm.last()))
    }

    fn replay(&self, realm: RealmNo, from: u64) -> Replay {
        self.feed(realm, from, |_, _| true, RoomId::default())
    }

    async fn snapshot_put(&self, realm: RealmNo, snapshot: Snapshot) -> Result<(), Fault> {
        self.with(realm, |realm| {
            realm.snapshots.push(snapshot);
            Ok(())
        })
    }

    async fn snapshot_get(&self, realm: RealmNo, at_most: u64) -> Result<Option<Snapshot>, Fault> {
        self.with(realm, |realm| {
            Ok(realm.snapshots.iter().rev().find(|kept| kept.seq <= at_most).cloned())
        })
    }

    async fn page(
        &self,
        realm: RealmNo,
        page: Page,
        _at_least: u64,
    ) -> Result<Option<Answer>, Fault> {
        self.with(realm, |realm| page::answer(realm, &page))
    }

    fn story(&self, realm: RealmNo, room: RoomId) -> Replay {
        self.feed(realm, 1, Sieve::keeps, room)
    }

    async fn rebuild(&self, realm: RealmNo) -> Result<(), Fault> {
        self.with(realm, |realm| {
            realm.views = Views::default();
            realm.views.take((realm.gone + 1..).zip(realm.deeds.iter().cloned()))
        })
    }

    async fn shorten(&self, realm: RealmNo, before: u64, past: Millis) -> Result<u64, Fault> {
        self.with(realm, |realm| {
            let gone = realm.gone;
            let keeps = |(seq, deed): &(u64, &Deed)| *seq >= before || deed.at >= past;
            let newest = realm.deeds.len().saturating_sub(1);
            let first = (gone + 1..).zip(&realm.deeds).position(|of| keeps(&of));
            let count = first.unwrap_or(newest).min(newest);
            realm.deeds.drain(..count);
            realm.gone += count as u64;
            Ok(count as u64)
        })
    }

    async fn close(&self) {}
}

impl Known for Views {
    fn contact(&mut self, id: ContactId) -> Result<Option<(Contact, u64)>, Fault> {
        Ok(self.contacts.get(&id).cloned())
    }

    fn target(&mut self, queue: &QueueId) -> Result<Option<Millis>, Fault> {
        Ok(self.targets.get(queue).copied())
    }

    fn standing(&mut self, agent: &UserId) -> Result<Standing, Fault> {
        Ok(self.standing.get(agent).cloned().unwrap_or_default())
    }
}

impl Views {
    fn take(&mut self, deeds: impl IntoIterator<Item = (u64, Deed)>) -> Result<(), Fault> {
        let changes = Changes::of(deeds, self)?;
        for item in changes.items {
            self.lines.entry(item.room).or_default().insert(item.n, item);
        }
        for (room, mark) in changes.marks {
            self.marks.entry(room).or_default().push(mark);
        }
        for (id, row) in changes.contacts {
            self.numbers.insert(row.0.number, id);
            self.contacts.insert(id, row);
        }
        for recording in changes.recordings {
            self.recordings.insert(recording.id, recording);
        }
        self.files.extend(changes.files.into_iter().map(|(room, file)| (file, room)));
        self.audit.extend(changes.audit);
        for (queue, target) in changes.targets {
            match target {
                Some(target) => self.targets.insert(queue, target),
                None => self.targets.remove(&queue),
            };
        }
        for turn in changes.turned {
            self.standing
                .entry(turn.agent)
                .or_default()
                .insert(turn.channel, (turn.state, turn.at));
        }
        for ((queue, channel, at), sums) in changes.figures {
            let key = (Kind::Queue, queue.as_str().into(), at, channel.number());
            self.sums.entry(key).or_default().add(&sums);
        }
        for ((agent, channel, at), sums) in changes.done {
            let key = (Kind::Agent, agent.as_str().into(), at, channel.number());
            self.sums.entry(key).or_default().add(&sums);
        }
        for (key, (span, times)) in changes.spent {
            let spent = self.spent.entry(key).or_default();
            *spent = (spent.0.plus(span), spent.1 + times);
        }
        for (room, deeds) in changes.deeds {
            self.deeds.entry(room).or_default().extend(deeds);
        }
        for pruned in changes.pruned {
            self.prune(&pruned);
        }
        Ok(())
    }
}

impl Views {
    fn prune(&mut self, pruned: &Pruned) {
        for room in &pruned.rooms {
            self.lines.remove(room);
            self.marks.remove(room);
            self.deeds.remove(room);
        }
        self.files.retain(|file, _| !pruned.files.contains(file));
        self.recordings.retain(|id, _| !pruned.recordings.contains(id));
        if let Some(before) = pruned.before {
            self.contacts.retain(|_, (_, seq)| *seq >= before);
            self.numbers.retain(|_, id| self.contacts.contains_key(id));
        }
    }

    /// Has all of a room's matter ended before this?
    fn is_past(&self, room: RoomId, horizon: Millis) -> bool {
        let mut segments = self.contacts.values().filter(|(contact, _)| contact.room() == room);
        segments.all(|(contact, _)| contact.ended.is_some_and(|at| at < horizon))
    }
}

impl Shelf for Realm {
    fn lines(
        &self,
        room: RoomId,
        span: RangeInclusive<u32>,
        forward: bool,
        see: &mut dyn FnMut(Item) -> ControlFlow<()>,
    ) -> Result<(), Fault> {
        let Some(lines) = self.views.lines.get(&room) else { return Ok(()) };
        let lines = lines.range(span).map(|(_, item)| item.clone());
        let _ = if forward {
            lines.into_iter().try_for_each(see)
        } else {
            lines.rev().try_for_each(see)
        };
        Ok(())
    }

    fn first_from(&self, room: RoomId, n: u32) -> Result<Option<(u32, Millis)>, Fault> {
        Ok(self
            .views
            .lines
            .get(&room)
            .and_then(|lines| lines.range(n..).next())
            .map(|(n, item)| (*n, item.at)))
    }

    fn marks(&self, room: RoomId, n: u32) -> Result<Vec<Mark>, Fault> {
        let mut marks: Vec<Mark> = self
            .views
            .marks
            .get(&room)
            .into_iter()
            .flatten()
            .filter(|mark| mark.n >= n)
            .copied()
            .collect();
        marks.sort_by_key(|mark| (mark.at, mark.n, mark.participant, mark.read));
        Ok(marks)
    }

    fn contact(&self, name: &ContactName) -> Result<Option<Contact>, Fault> {
        let id = match name {
            ContactName::Id(id) => Some(*id),
            ContactName::Number(number) => self.views.numbers.get(number).copied(),
        };
        Ok(id.and_then(|id| self.views.contacts.get(&id)).map(|(contact, _)| contact.clone()))
    }

    fn contacts(&self, filter: &ContactFilter) -> Result<Vec<Contact>, Fault> {
        let newest_first = self.views.numbers.range(..filter.below.unwrap_or(u64::MAX)).rev();
        let contacts = newest_first
            .filter_map(|(_, id)| self.views.contacts.get(id))
            .map(|(contact, _)| contact);
        Ok(contacts.filter(|c| filter.finds(c)).take(usize::from(filter.limit)).cloned().collect())
    }

    fn recordings(&self, filter: &RecordingFilter) -> Result<Vec<Recording>, Fault> {
        let newest_first = self.views.recordings.values().rev().filter(|it| filter.finds(it));
        Ok(newest_first.take(usize::from(filter.limit)).cloned().collect())
    }

    fn past(&self, horizons: &Horizons) -> Result<Past, Fault> {
        let past = |room: &RoomId, horizon: Option<Millis>| {
            horizon.is_some_and(|horizon| self.views.is_past(*room, horizon))
        };
        let bare = |room: &&RoomId| !self.views.files.values().any(|of| of == *room);
        let known: BTreeSet<&RoomId> =
            self.views.lines.keys().chain(self.views.deeds.keys()).collect();
        let rooms = known.into_iter().filter(|room| past(room, horizons.rooms)).filter(bare);
        let files = self.views.files.iter().filter(|(_, room)| past(room, horizons.files));
        let recordings = self.views.recordings.values();
        let recordings = recordings.filter(|it| horizons.recordings.is_some_and(|h| it.began < h));
        let kept = self.views.contacts.values().filter(|(contact, _)| {
            horizons.all().is_none_or(|all| contact.ended.is_none_or(|at| at >= all))
        });
        Ok(Past {
            rooms: rooms.copied().take(Past::MOST).collect(),
            files: files.map(|(file, _)| *file).take(Past::MOST).collect(),
            recordings: recordings.map(|it| it.id).take(Past::MOST).collect(),
            keep: kept.map(|(_, seq)| *seq).min(),
        })
    }

    fn audit(&self, filter: &audit::Filter) -> Result<Vec<audit::Row>, Fault> {
        let found = self.views.audit.iter().rev().filter(|row| filter.finds(row));
        Ok(found.take(filter.limit.into()).cloned().collect())
    }

    fn segments(&self, room: RoomId) -> Result<Vec<Contact>, Fault> {
        let mut segments: Vec<Contact> = self
            .views
            .contacts
            .values()
            .map(|(contact, _)| contact)
            .filter(|c| c.room() == room)
            .cloned()
            .collect();
        segments.sort_by_key(|contact| contact.segment);
        Ok(segments)
    }

    fn search(&self, filter: &ContactFilter) -> Result<(Vec<Contact>, Option<u64>), Fault> {
        let begins = |text: &str, wanted: &str| {
            let known: Vec<String> = words(text).collect();
            words(wanted).all(|wanted| known.iter().any(|word| word.starts_with(&wanted)))
        };
        let said = |contact: &Contact| {
            let lines = self.views.lines.get(&contact.room()).into_iter().flatten();
            let lines = lines.map(|(_, item)| item).filter(|item| item.contact == contact.id);
            lines.filter_map(page::said).collect::<Vec<_>>().join(" ")
        };
        let finds = |c: &&Contact| {
            let by_words = filter.name.is_some() || filter.text.is_some();
            filter.finds(c)
                && (!by_words || c.ended())
                && filter.name.as_ref().is_none_or(|name| begins(&c.customer.name, name))
                && filter.text.as_ref().is_none_or(|text| begins(&said(c), text))
        };
        let newest_first = self.views.numbers.values().rev();
        let contacts = newest_first.filter_map(|id| self.views.contacts.get(id)).map(|(c, _)| c);
        let found: Vec<Contact> =
            contacts.filter(finds).take(usize::from(filter.limit)).cloned().collect();
        let next = page::next(&found, filter.limit);
        Ok((found, next))
    }

    fn story(&self, room: RoomId, after: u64, limit: u16) -> Result<Chunk, Fault> {
        let seqs = self.views.deeds.get(&room).into_iter().flatten();
        let seqs = seqs.filter(|seq| **seq > after).take(limit.into());
        let deed = |seq: &u64| {
            let at = usize::try_from(seq.checked_sub(self.gone + 1)?).ok()?;
            self.deeds.get(at).map(|deed| (*seq, deed.clone()))
        };
        Ok(seqs.filter_map(deed).collect())
    }
}

impl Ledger for Realm {
    fn names(&self, kind: Kind) -> Result<Vec<Arc<str>>, Fault> {
        let mut names: BTreeSet<Arc<str>> =
            self.views.sums.keys().filter(|key| key.0 == kind).map(|key| key.1.clone()).collect();
        if kind == Kind::Agent {
            names.extend(self.views.spent.keys().map(|key| Arc::from(key.0.as_str())));
        }
        Ok(names.into_iter().collect())
    }

    fn sums(
        &self,
        kind: Kind,
        of: Option<&str>,
        (_, from, to): Piece,
        see: &mut dyn FnMut(Millis, u8, &Sums),
    ) -> Result<(), Fault> {
        for ((_, _, at, channel), sums) in
            self.views.sums.iter().filter(|((of_kind, name, at, _), _)| {
                *of_kind == kind && of.is_none_or(|of| **name == *of) && (from..to).contains(at)
            })
        {
            see(*at, *channel, sums);
        }
        Ok(())
    }

    fn spent(
        &self,
        agent: Option<&str>,
        channel: u8,
        (_, from, to): Piece,
        see: &mut dyn FnMut(Millis, AgentState, Millis, u64),
    ) -> Result<(), Fault> {
        for ((who, of, state, at), (span, times)) in &self.views.spent {
            let meant = agent.is_none_or(|agent| agent == who.as_str()) && *of == channel;
            if meant && (from..to).contains(at) {
                see(*at, *state, *span, *times);
            }
        }
        Ok(())
    }

    fn lasting(&self, channel: u8) -> Result<Vec<Lasting>, Fault> {
        let lasting = self.views.standing.iter().filter_map(|(agent, standing)| {
            let (state, since) = standing.get(&channel)?;
            Some((agent.clone(), channel, *state, *since))
        });
        Ok(lasting.collect())
    }
}
