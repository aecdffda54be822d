//! What the switch knows of a tenant: its directory, and the gate that asks for passwords.

use domain::directory::{Directory, Entry, EntryKey};
use sip::digest::Gate;
use sip::mint::Mint;
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
}
