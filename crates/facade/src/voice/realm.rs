//! What the switch knows of a tenant: its directory, the gate that asks for passwords, and its calls as they were told.

use super::follow::{FATES_LIMIT, Fate};
use super::leg::Key;
use domain::call::{Call, CallId};
use domain::directory::{Directory, Entry, EntryKey};
use domain::id::DeviceId;
use sip::digest::Gate;
use sip::mint::Mint;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A tenant.
#[derive(Default)]
pub(super) struct Realm {
    /// Absent until it has told its directory.
    pub(super) gate: Option<Gate>,
    /// Who and what it consists of.
    pub(super) directory: Arc<Directory>,
    /// The deed that the directory rests on.
    seq: u64,
    /// Telephones that are there, as the domain has it.
    pub(super) there: BTreeSet<DeviceId>,
    /// Telephones that send no sound.
    pub(super) muted: BTreeSet<DeviceId>,
    /// Live calls.
    pub(super) calls: BTreeMap<CallId, Call>,
    /// The newest call that was heard of.
    pub(super) newest: u64,
    /// What became of those that are not there any more, by their number.
    fates: BTreeMap<u64, Fate>,
}

impl Realm {
    /// The whole directory, as of this deed.
    pub(super) fn learn(&mut self, directory: Arc<Directory>, seq: u64, mint: &Mint) {
        let name = directory.realm.as_ref().map_or("sangdam", |realm| &realm.name);
        if self.gate.as_ref().is_none_or(|gate| gate.realm() != name) {
            self.gate = Some(Gate::new(name, mint));
        }
        (self.directory, self.seq) = (directory, seq);
    }

    /// Something was put into it. What is older than the directory that is known is in it already.
    pub(super) fn put(&mut self, seq: u64, entry: &Entry) {
        if seq > self.seq {
            Arc::make_mut(&mut self.directory).put(entry.clone());
        }
    }

    /// Something was taken out of it.
    pub(super) fn removed(&mut self, seq: u64, key: &EntryKey) {
        if seq > self.seq {
            Arc::make_mut(&mut self.directory).remove(key);
        }
    }

    /// Remembers what became of a call.
    pub(super) fn remember(&mut self, number: u64, fate: Fate) {
        self.fates.insert(number, fate);
        while self.fates.len() > FATES_LIMIT {
            self.fates.pop_first();
        }
    }

    /// Under which key a call goes on.
    pub(super) fn now(&self, mut key: Key) -> Key {
        // A call goes up in others a few times at most.
        for _ in 0..16 {
            match self.fates.get(&key.1) {
                Some(Fate::Merged(into)) => key = *into,
                _ => break,
            }
        }
        key
    }

    /// What a caller is answered whose call is over already.
    pub(super) fn over(&self, key: Key) -> Option<u16> {
        match self.fates.get(&key.1) {
            Some(Fate::Over(status)) => Some(*status),
            _ => None,
        }
    }
}
