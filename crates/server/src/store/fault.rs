//! The world broke: the disk is full, a file cannot be read, another node has taken over.

use std::error::Error;
use std::sync::Arc;

/// Why the store could not do what it was asked. Nothing of what was asked was kept.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Fault {
    /// There is no space. Reading goes on; writing goes on when there is space again.
    #[error("the disk is full")]
    Full,
    /// Another node has claimed the realm since, or the batch does not follow the last deed.
    #[error("the lease of the realm is stale")]
    Stale,
    /// Anything else. The cause says more.
    #[error("the store is broken: {what}")]
    Broken {
        /// What was tried.
        what: &'static str,
        /// What went wrong.
        #[source]
        source: Arc<dyn Error + Send + Sync>,
    },
}

impl Fault {
    /// Something went wrong in trying `what`; lack of space is told apart.
    pub(super) fn io(what: &'static str, error: std::io::Error) -> Self {
        use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull, WriteZero};
        match error.kind() {
            StorageFull | QuotaExceeded | FileTooLarge | WriteZero => Self::Full,
            _ => Self::broken(what, error),
        }
    }

    /// Something other than lack of space went wrong in trying `what`.
    pub(super) fn broken(what: &'static str, source: impl Error + Send + Sync + 'static) -> Self {
        Self::Broken { what, source: Arc::new(source) }
    }

    /// The thread that should have done it is gone.
    pub(super) fn gone() -> Self {
        Self::broken("ask the store", std::io::Error::other("the store is closed"))
    }
}

impl From<rusqlite::Error> for Fault {
    /// A write that the system cut short is a lack of space, whatever it is that ran out (blocks, a quota, a limit on
    /// the size of files); `SQLite` knows `ENOSPC` alone by its own name.
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ffi;
        let code = error.sqlite_error().map_or(0, |e| e.extended_code);
        match code {
            ffi::SQLITE_FULL | ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_SHMSIZE => Self::Full,
            _ => Self::broken("use the database", error),
        }
    }
}
