//! What every connection shares.

use super::standing::Standing;
use crate::blob::Blobs;
use crate::chance::Os;
use crate::clock;
use crate::post::Post;
use crate::run::Realm;
use crate::site::Site;
use facade::door::{Cx, RealmNo};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The server, as a connection sees it.
#[derive(Debug)]
pub struct Door {
    /// What façades may know.
    pub site: Arc<Site>,
    /// Every realm, by number.
    pub realms: Vec<Arc<Realm>>,
    /// Sessions without a socket.
    pub standing: Arc<Standing>,
    /// Files of chats.
    pub blobs: Arc<Blobs>,
    /// Calls out.
    pub post: Arc<Post>,
    /// Proxies whose word is believed.
    pub proxies: Vec<IpAddr>,
    /// Within which a request must have arrived, head and body each.
    pub request_time: Duration,
    /// Within which a file must have arrived.
    pub upload_time: Duration,
    /// Turns true when the server stops.
    pub stop: watch::Receiver<bool>,
}

impl Door {
    /// The realm of this number, if there is one.
    pub fn realm(&self, no: RealmNo) -> Option<&Arc<Realm>> {
        self.realms.iter().find(|realm| realm.no == no)
    }

    /// Runs a façade's step with the time and chance of this moment.
    pub fn step<T>(&self, run: impl FnOnce(&mut Cx<'_>) -> T) -> T {
        run(&mut Cx { now: clock::now(), chance: &mut Os, site: self.site.as_ref() })
    }
}
