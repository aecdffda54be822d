//! The data folder, and the lock by which no two servers work on one.

use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

/// A data folder that is ours until this is dropped, or the process ends in whatever way.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _lock: File,
}

/// The folder cannot be ours.
#[derive(Debug, thiserror::Error)]
pub enum Taken {
    /// Another process holds it.
    #[error("{0}: another server is at work on this folder")]
    Locked(PathBuf),
    /// It can be neither made nor used.
    #[error("{0}: {1}")]
    Unusable(PathBuf, #[source] io::Error),
}

impl Folder {
    /// Takes it, and makes it if it is not there; for its owner alone, since it holds what people wrote.
    ///
    /// # Errors
    ///
    /// [`Taken`].
    pub fn take(path: &Path) -> Result<Self, Taken> {
        let unusable = |fault| Taken::Unusable(path.to_owned(), fault);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(unusable)?;
        let lock = File::create(path.join("lock")).map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Taken::Locked(path.to_owned())),
            Err(TryLockError::Error(fault)) => Err(unusable(fault)),
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_one_holder_at_a_time() {
        let path = std::env::temp_dir().join(format!("sangdam-folder-{}", std::process::id()));
        let first = Folder::take(&path).unwrap();
        assert!(matches!(Folder::take(&path), Err(Taken::Locked(_))));
        drop(first);
        Folder::take(&path).unwrap();
        fs::remove_dir_all(&path).unwrap();
    }
}
