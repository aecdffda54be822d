//! What façades may know of their server: settings, names, keys, rates.
//!
//! Names and keys are a copy of parts of each realm's directory. It is renewed by the very facts that change the
//! directory, before whoever caused them hears of it: a key that was just made is known at once.

pub mod buckets;

use crate::clock;
use crate::seal::Sealer;
use buckets::Buckets;
use domain::directory::{CtiUser, Directory, Entry, EntryKey, Key, Realm, StreamTarget, Workspace};
use domain::fact::Fact;
use facade::door::{AccessKey, CtiLogin, RealmNo, Settings};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard};

/// What is known of one realm.
#[derive(Debug, Default)]
struct Known {
    realm: Option<Realm>,
    /// Where copies of rooms go, by topic.
    streams: BTreeMap<Arc<str>, Arc<StreamTarget>>,
    /// Pages of others in desks, by id.
    workspaces: BTreeMap<Arc<str>, Arc<Workspace>>,
}

#[derive(Default)]
struct Table {
    realms: BTreeMap<RealmNo, Known>,
    /// Instance ids, names and aliases, in lower case.
    names: BTreeMap<String, RealmNo>,
    keys: BTreeMap<Arc<str>, AccessKey>,
    /// CTI users: their ids are unique on the server, so of two realms with one, the older keeps it.
    cti_users: BTreeMap<Arc<str>, (RealmNo, Arc<CtiUser>)>,
}

/// The server, as façades see it.
pub struct Site {
    settings: Settings,
    sealer: Sealer,
    table: RwLock<Table>,
    buckets: Mutex<Buckets>,
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site").finish_non_exhaustive()
    }
}

/// Where a copy of a room is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Destination {
    /// The address.
    pub url: String,
    /// The secret for signatures: the target's own, else the realm's.
    pub secret: Option<String>,
}

impl Site {
    /// A server without realms.
    pub fn new(settings: Settings, sealer: Sealer) -> Self {
        Self { settings, sealer, table: RwLock::default(), buckets: Mutex::default() }
    }

    /// Takes a realm's directory up as it stands.
    pub fn load(&self, no: RealmNo, directory: &Directory) {
        for entry in directory.entries() {
            self.learn(no, &Fact::Put(Box::new(entry)));
        }
    }

    /// Takes one change of a realm's directory up.
    pub fn learn(&self, no: RealmNo, fact: &Fact) {
        let mut table = self.table.write().unwrap_or_else(PoisonError::into_inner);
        match fact {
            Fact::Put(entry) => match entry.as_ref() {
                Entry::Realm(realm) => {
                    table.names.retain(|_, named| *named != no);
                    let names = std::iter::once(&realm.name)
                        .chain(&realm.aliases)
                        .map(|name| name.to_lowercase());
                    for name in names.chain([realm.instance.to_string()]) {
                        // Of two realms with one name, the older keeps it.
                        table.names.entry(name).or_insert(no);
                    }
                    table.realms.entry(no).or_default().realm = Some(realm.clone());
                }
                Entry::Key(key) => {
                    if let Some(open) = self.open(no, key) {
                        table.keys.insert(key.id.0.clone(), open);
                    } else {
                        tracing::error!(
                            realm = no.0,
                            "an access key cannot be unsealed: was the seal key changed?"
                        );
                    }
                }
                Entry::CtiUser(user) => {
                    let entry = (no, Arc::new(user.clone()));
                    let place = table.cti_users.entry(user.id.0.clone());
                    let mine = place.or_insert_with(|| entry.clone());
                    if mine.0 == no {
                        *mine = entry;
                    }
                }
                Entry::Workspace(page) => {
                    let pages = &mut table.realms.entry(no).or_default().workspaces;
                    pages.insert(page.id.0.clone(), Arc::new(page.clone()));
                }
                Entry::StreamTarget(target) => {
                    table
                        .realms
                        .entry(no)
                        .or_default()
                        .streams
                        .insert(target.topic.clone(), Arc::new(target.clone()));
                }
                _ => {}
            },
            Fact::Removed(EntryKey::Key(id))
                if table.keys.get(&id.0).is_some_and(|key| key.realm == no) =>
            {
                table.keys.remove(&id.0);
            }
            Fact::Removed(EntryKey::CtiUser(id))
                if table.cti_users.get(&id.0).is_some_and(|(realm, _)| *realm == no) =>
            {
                table.cti_users.remove(&id.0);
            }
            Fact::Removed(EntryKey::Workspace(id)) => {
                table.realms.entry(no).or_default().workspaces.remove(&id.0);
            }
            Fact::Removed(EntryKey::StreamTarget(topic)) => {
                table.realms.entry(no).or_default().streams.remove(topic);
            }
            _ => {}
        }
    }

    fn open(&self, realm: RealmNo, key: &Key) -> Option<AccessKey> {
        let secret = String::from_utf8(self.sealer.unseal(&key.sealed)?).ok()?;
        Some(AccessKey {
            id: key.id.clone(),
            realm,
            secret: secret.into(),
            actions: key.actions.clone(),
        })
    }

    fn table(&self) -> RwLockReadGuard<'_, Table> {
        self.table.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Where copies for this target go; none if it leads nowhere (any more).
    pub fn destination(&self, no: RealmNo, target: &str) -> Option<Destination> {
        let table = self.table();
        let known = table.realms.get(&no)?;
        let unseal = |sealed: &Arc<str>| String::from_utf8(self.sealer.unseal(sealed)?).ok();
        let of_realm = known.realm.as_ref().and_then(|realm| realm.stream_secret.as_ref());
        if let Some(mapped) = known.streams.get(target) {
            let secret = mapped.sealed.as_ref().or(of_realm).and_then(unseal);
            return mapped.url.as_ref().map(|url| Destination { url: url.to_string(), secret });
        }
        let plain = target.starts_with("http://") || target.starts_with("https://");
        plain.then(|| Destination { url: target.to_owned(), secret: of_realm.and_then(unseal) })
    }

    /// Where push tokens of calls go; none if nowhere.
    pub fn push_to(&self, no: RealmNo) -> Option<Destination> {
        let to = self.table().realms.get(&no)?.realm.as_ref()?.push_to.clone()?;
        self.destination(no, &to)
    }

    /// Hosts to which this realm may send copies although they are not public: those its list names.
    pub fn stream_hosts(&self, no: RealmNo) -> Vec<Arc<str>> {
        self.table()
            .realms
            .get(&no)
            .and_then(|known| known.realm.as_ref())
            .map(|realm| realm.stream_hosts.clone())
            .unwrap_or_default()
    }

    /// What desks may frame, as a policy's `frame-src` names it: the origins of all workspaces. A desk's page is asked for
    /// before anybody has logged in, so those of all realms.
    pub fn frames(&self) -> String {
        let table = self.table();
        let open = |known: &Known| known.realm.as_ref().is_some_and(|realm| realm.open_like_max);
        if table.realms.values().any(open) {
            return "https: http:".to_owned();
        }
        let pages = table.realms.values().flat_map(|known| known.workspaces.values());
        let origins: std::collections::BTreeSet<&str> =
            pages.flat_map(|page| page.all_origins()).collect();
        if origins.is_empty() {
            return "'none'".to_owned();
        }
        origins.into_iter().collect::<Vec<_>>().join(" ")
    }

    /// A realm as Amazon Connect names it.
    pub fn instance(&self, no: RealmNo) -> Option<domain::id::InstanceId> {
        self.table()
            .realms
            .get(&no)
            .and_then(|known| known.realm.as_ref())
            .map(|realm| realm.instance)
    }
}

impl facade::door::Site for Site {
    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn key(&self, id: &str) -> Option<AccessKey> {
        self.table().keys.get(id).cloned()
    }

    fn realm(&self, name: &str) -> Option<RealmNo> {
        let table = self.table();
        table.names.get(name).or_else(|| table.names.get(&name.to_lowercase())).copied()
    }

    fn default_realm(&self) -> RealmNo {
        self.table().realms.keys().next().copied().unwrap_or(RealmNo(0))
    }

    fn allow(&self, bucket: &str, rate: f64, burst: f64) -> bool {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner).take(
            clock::now(),
            bucket,
            rate,
            burst,
        )
    }

    fn has(&self, bucket: &str, rate: f64, burst: f64) -> bool {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner).has(
            clock::now(),
            bucket,
            rate,
            burst,
        )
    }

    fn unseal(&self, sealed: &str) -> Option<Vec<u8>> {
        self.sealer.unseal(sealed)
    }

    fn seal(&self, secret: &[u8]) -> String {
        self.sealer.seal(secret)
    }

    fn mac(&self, what: &[u8]) -> Option<[u8; 32]> {
        Some(self.sealer.mac(what))
    }

    fn signed(&self, token: &str, keys: &[u8]) -> Option<Vec<u8>> {
        crate::jws::signed(token, keys)
    }

    fn cti_user(&self, id: &str) -> Option<CtiLogin> {
        let table = self.table();
        let (realm, user) = table.cti_users.get(id).cloned()?;
        let known = table.realms.get(&realm).and_then(|known| known.realm.as_ref());
        let utc_offset_minutes = known
            .and_then(|realm| realm.utc_offset_minutes)
            .unwrap_or_else(clock::utc_offset_minutes);
        Some(CtiLogin { realm, user, utc_offset_minutes })
    }
}

#[cfg(test)]
mod tests;
