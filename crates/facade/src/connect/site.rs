//! A server's side of the door for unit tests: one realm, one key, buckets that never empty unless told so.

use crate::door::{AccessKey, Head, RealmNo, Settings, Site};
use std::cell::Cell;

pub(crate) const INSTANCE: &str = "5a9d0000-0000-4000-8000-000000000001";
pub(crate) const KEY: &str = "SANGDAMDEMO000000001";
pub(crate) const SECRET: &str = "sangdam-demo-secret";

pub(crate) struct Fixed {
    pub(crate) settings: Settings,
    pub(crate) actions: Vec<std::sync::Arc<str>>,
    /// How many more requests the buckets let through.
    pub(crate) left: Cell<u32>,
}

impl Fixed {
    pub(crate) fn new() -> Self {
        let settings = Settings {
            account: "123456789012".to_owned(),
            region: "ap-northeast-2".to_owned(),
            ..Settings::default()
        };
        Self { settings, actions: vec!["connect:*".into()], left: Cell::new(u32::MAX) }
    }
}

impl Site for Fixed {
    fn settings(&self) -> &Settings {
        &self.settings
    }

    fn key(&self, id: &str) -> Option<AccessKey> {
        (id == KEY).then(|| AccessKey {
            id: KEY.into(),
            realm: RealmNo(0),
            secret: SECRET.into(),
            actions: self.actions.clone(),
        })
    }

    fn realm(&self, name: &str) -> Option<RealmNo> {
        (name == INSTANCE).then_some(RealmNo(0))
    }

    fn default_realm(&self) -> RealmNo {
        RealmNo(0)
    }

    fn allow(&self, _bucket: &str, _rate: f64, _burst: f64) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        left > 0
    }

    fn has(&self, _: &str, _: f64, _: f64) -> bool {
        true
    }

    fn unseal(&self, _sealed: &str) -> Option<Vec<u8>> {
        None
    }

    fn seal(&self, _secret: &[u8]) -> String {
        String::new()
    }
}

/// The head of a request without headers.
pub(crate) fn head(method: &str, path: &str) -> Head {
    Head {
        method: method.to_owned(),
        path: path.to_owned(),
        query: String::new(),
        headers: Vec::new(),
        tls: false,
        peer: [127, 0, 0, 1].into(),
    }
}
