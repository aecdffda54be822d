//! The server as façades know it: one realm, and buckets that are never empty.

use facade::door::{AccessKey, RealmNo, Settings, Site};

/// The server's side of the door.
pub(super) struct Office {
    settings: Settings,
}

impl Office {
    pub(super) fn new() -> Self {
        let settings = Settings {
            account: "123456789012".to_owned(),
            region: "ap-northeast-2".to_owned(),
            file_types: vec![".txt".to_owned()],
            ..Settings::default()
        };
        Self { settings }
    }
}

impl Site for Office {
    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn key(&self, _: &str) -> Option<AccessKey> {
        None
    }

    fn realm(&self, _: &str) -> Option<RealmNo> {
        Some(RealmNo(0))
    }

    fn default_realm(&self) -> RealmNo {
        RealmNo(0)
    }

    fn allow(&self, _: &str, _: f64, _: f64) -> bool {
        true
    }

    fn has(&self, _: &str, _: f64, _: f64) -> bool {
        true
    }

    fn unseal(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn seal(&self, _: &[u8]) -> String {
        String::new()
    }
}
