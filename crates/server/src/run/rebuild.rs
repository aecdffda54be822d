//! Makes a decider of what the store holds.

use super::answer::Asker;
use crate::store::snapshot::{self, Opened};
use crate::store::{AnyStore, Fault, Lease, Store as _};
use crate::tasks;
use domain::node::Node;
use facade::door::RealmNo;
use std::sync::Arc;
use tokio::runtime::Handle;

/// A decider, as the store holds it.
pub struct Rebuilt {
    /// The decider.
    pub node: Node<Asker>,
    /// The number of the newest deed; 0 if there is none.
    pub last: u64,
    /// The newest deed of the newest snapshot; 0 without one.
    pub snapped: u64,
}

/// Takes the realm over and rebuilds its decider: the newest snapshot, and every deed since.
///
/// # Errors
///
/// A [`Fault`] when the store cannot be read, or the claim cannot be written.
pub async fn node(store: &Arc<AnyStore>, no: RealmNo) -> Result<(Rebuilt, Lease), Fault> {
    let lease = store.claim(no).await?;
    Ok((reread(store, no).await?, lease))
}

/// Rebuilds the decider of a realm that is ours already.
///
/// # Errors
///
/// A [`Fault`] when the store cannot be read.
pub async fn reread(store: &Arc<AnyStore>, no: RealmNo) -> Result<Rebuilt, Fault> {
    let (store, runtime) = (store.clone(), Handle::current());
    // It keeps a core busy: on a thread of its own.
    let opened =
        tasks::blocking("rebuild", move || runtime.block_on(snapshot::open(store.as_ref(), no)))
            .await;
    let Opened { centre, last, snapped } = opened
        .map_err(|ended| Fault::Broken { what: "rebuild the realm", source: Arc::new(ended) })??;
    Ok(Rebuilt { node: Node::new(centre, last), last, snapped })
}

/// Makes a snapshot beside everything else, so that the next start is quick.
pub fn keep_snapshot(store: &Arc<AnyStore>, no: RealmNo) {
    let (store, runtime) = (store.clone(), Handle::current());
    tasks::spawn("snapshot", async move {
        let made = tasks::blocking("snapshot", move || {
            runtime.block_on(snapshot::make(store.as_ref(), no))
        })
        .await;
        match made {
            Ok(Ok(seq)) => tracing::info!(realm = no.0, seq, "a snapshot was kept"),
            Ok(Err(fault)) => {
                tracing::warn!(realm = no.0, %fault, "no snapshot could be kept; the next start takes longer");
            }
            Err(_) => {}
        }
    });
}
