//! A little space that is kept for the views. When the disk is full, commits are refused, but what was committed before
//! must still become readable: then the reserve is given up, and nothing is committed until it is whole again.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// In bytes: more than all that may wait for the views (`trail::Load`).
const SIZE: usize = 16 << 20;

/// The file, and whether commits are shut out because it is gone.
#[derive(Debug)]
pub(super) struct Reserve {
    path: PathBuf,
    shut: Arc<AtomicBool>,
}

impl Reserve {
    /// In this folder; nothing is done yet.
    pub(super) fn new(folder: &Path) -> Self {
        Self { path: folder.join("reserve"), shut: Arc::default() }
    }

    /// Set while commits are shut out.
    pub(super) fn shut(&self) -> Arc<AtomicBool> {
        self.shut.clone()
    }

    /// Are commits shut out?
    pub(super) fn is_shut(&self) -> bool {
        self.shut.load(Ordering::Acquire)
    }

    /// Gives the space up. False when there is none to give.
    pub(super) fn give(&self) -> bool {
        self.shut.store(true, Ordering::Release);
        std::fs::remove_file(&self.path).is_ok()
    }

    /// Takes the space, if it is not taken and the disk has it; then commits are let in again.
    pub(super) fn fill(&self) {
        let whole = std::fs::metadata(&self.path).is_ok_and(|kept| kept.len() == SIZE as u64)
            || self.write().is_ok();
        if whole {
            self.shut.store(false, Ordering::Release);
        } else {
            let _ = std::fs::remove_file(&self.path);
        }
    }

    fn write(&self) -> std::io::Result<()> {
        let mut file = File::create(&self.path)?;
        // Not zeros: some file systems would keep a hole.
        let block = vec![0xa5; 1 << 20];
        for _ in 0..SIZE / block.len() {
            file.write_all(&block)?;
        }
        Ok(())
    }
}
