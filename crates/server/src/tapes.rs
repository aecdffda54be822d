//! Tapes of calls that have ended become recordings: their sound goes where files are kept, and their contact is told.
//!
//! ```text
//!  media plane ──▶ tapes/ID.wav, tapes/ID.json ──ended──▶ keeper ──▶ file store ──▶ Command::KeepTape ──▶ taken away
//!                         └── found at the start: the server was cut short ──▲
//! ```
//!
//! A tape leaves its folder only when the fact of its recording is on disk. Whatever lies there at the start is kept then, as far
//! as it goes; a store that cannot be written, or a full disk, is tried again. Doing any of it twice does no harm.

#[cfg(test)]
mod tests;

use crate::blob::{self, Blobs, Size};
use crate::run::Realm;
use crate::tasks;
use bytes::Bytes;
use domain::command::Command;
use domain::id::{ContactId, FileId};
use domain::recording::{Kept, Taped};
use domain::time::Millis;
use facade::voice::plane::About;
use media::sound::RATE;
use media::wav::{Format, HEADER, Writer, sound_bytes};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::sync::{mpsc, watch};

/// How long is waited before what failed is tried again.
const AGAIN: Duration = Duration::from_secs(5);
/// How long the keeping of one tape may take.
const WITHIN: Duration = Duration::from_hours(1);
/// Bytes that are read at once.
const PIECE: usize = 256 << 10;
/// Bytes of one sample of both sides.
const SAMPLE: u64 = 4;

/// What stands beside a tape's sound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// The realm's number.
    pub realm: u16,
    /// The segment of the call.
    pub contact: ContactId,
    /// When it began.
    pub began: Millis,
    /// How it ended; none: it runs, or was cut short.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<Kept>,
}

/// A tape that has ended.
#[derive(Debug, Clone)]
pub struct Ended {
    /// Its id.
    pub id: FileId,
    /// What is known of it.
    pub label: Label,
}

impl Label {
    /// Of a tape that begins.
    pub const fn new(about: &About) -> Self {
        Self { realm: about.realm.0, contact: about.contact, began: about.began, kept: None }
    }

    /// Writes it beside the sound, whole or not at all.
    ///
    /// # Errors
    ///
    /// When the disk is full, or the like.
    pub fn write(&self, folder: &Path, id: FileId) -> io::Result<()> {
        let half = folder.join(format!("{id}.half"));
        let mut file = File::create(&half)?;
        file.write_all(&serde_json::to_vec(self).map_err(io::Error::other)?)?;
        file.sync_all()?;
        std::fs::rename(half, label(folder, id))
    }
}

/// Where a tape's sound lies.
pub fn sound(folder: &Path, id: FileId) -> PathBuf {
    folder.join(format!("{id}.wav"))
}

fn label(folder: &Path, id: FileId) -> PathBuf {
    folder.join(format!("{id}.json"))
}

/// The tapes of a folder, which is made if it is not there, oldest first. To be asked before any new one begins.
///
/// # Errors
///
/// When the folder cannot be made or read.
pub fn found(folder: &Path) -> io::Result<Vec<Ended>> {
    std::fs::create_dir_all(folder)?;
    let mut found = Vec::new();
    for file in std::fs::read_dir(folder)? {
        let path = file?.path();
        let end = path.extension().and_then(|end| end.to_str());
        let id = path.file_stem().and_then(|name| name.to_str()?.parse::<FileId>().ok());
        match (end, id) {
            (Some("json"), Some(id)) => match read_label(&path) {
                Ok(label) => found.push(Ended { id, label }),
                Err(fault) => {
                    tracing::error!(tape = %id, %fault, "a tape's label cannot be read; it stays where it is");
                }
            },
            // A label of which only a half was written; the one before it stands.
            (Some("half"), _) => std::fs::remove_file(&path)?,
            _ => {}
        }
    }
    found.sort_by_key(|ended| ended.id);
    Ok(found)
}

fn read_label(path: &Path) -> io::Result<Label> {
    serde_json::from_slice(&std::fs::read(path)?).map_err(io::Error::other)
}

/// Keeps tapes until the server stops: first those that were found, then those that end.
pub fn keep(
    folder: PathBuf,
    found: Vec<Ended>,
    mut ended: mpsc::UnboundedReceiver<Ended>,
    blobs: Arc<Blobs>,
    realms: Vec<Arc<Realm>>,
    mut stop: watch::Receiver<bool>,
) {
    let keeper = Keeper { folder, blobs, realms };
    let mut waiting = VecDeque::from(found);
    let work = async move {
        loop {
            while let Ok(next) = ended.try_recv() {
                waiting.push_back(next);
            }
            let Some(next) = waiting.pop_front() else {
                match ended.recv().await {
                    Some(next) => waiting.push_back(next),
                    None => return,
                }
                continue;
            };
            if let Err(fault) = keeper.keep(&next).await {
                tracing::warn!(tape = %next.id, %fault, "a tape is not kept yet, and will be tried again");
                waiting.push_back(next);
                tokio::time::sleep(AGAIN).await;
            }
        }
    };
    tasks::spawn("tapes", async move {
        tokio::select! {
            () = work => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    });
}

/// Why a tape is not kept yet.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("the tape cannot be read: {0}")]
    Read(#[from] io::Error),
    #[error("its file cannot be kept: {0}")]
    Blob(#[from] blob::Fault),
    #[error("its contact cannot be told: {0:?}")]
    Realm(facade::door::Fault),
}

struct Keeper {
    folder: PathBuf,
    blobs: Arc<Blobs>,
    realms: Vec<Arc<Realm>>,
}

impl Keeper {
    async fn keep(&self, Ended { id, label }: &Ended) -> Result<(), Fault> {
        let Some(realm) = self.realms.iter().find(|realm| realm.no.0 == label.realm) else {
            self.set_aside(*id, "its realm is not there");
            return Ok(());
        };
        let path = sound(&self.folder, *id);
        let (kept, whole) = (label.kept.unwrap_or(Kept::Short), label.kept == Some(Kept::Whole));
        let measured = tasks::blocking("tape", move || measure(&path, whole)).await;
        let measured = measured.map_err(io::Error::other)??;
        let (length, size) = measured.unwrap_or_default();
        // Sound of no length is none.
        let kept = if length.0 == 0 { Kept::Lost } else { kept };
        let size = if kept == Kept::Lost { 0 } else { self.store(*id, size).await? };
        let Label { contact, began, .. } = *label;
        let taped = Taped { id: *id, contact, began, length, size, kept };
        match realm.act("tape.keep", Command::KeepTape(Box::new(taped))).await {
            Ok(Ok(_)) => {
                // Should only one of the two go, the other is found again, and is known.
                let _ = std::fs::remove_file(sound(&self.folder, *id));
                let _ = std::fs::remove_file(self::label(&self.folder, *id));
            }
            Ok(Err(refusal)) => {
                self.blobs.delete(*id).await?;
                self.set_aside(*id, refusal.code());
            }
            Err(fault) => return Err(Fault::Realm(fault)),
        }
        Ok(())
    }

    async fn store(&self, id: FileId, size: u64) -> Result<u64, Fault> {
        let file = tokio::fs::File::open(sound(&self.folder, id)).await?;
        let pieces = futures_util::stream::unfold(Some(file), |file| async move {
            let mut file: tokio::fs::File = file?;
            let mut bytes = vec![0; PIECE];
            match file.read(&mut bytes).await {
                Ok(0) => None,
                Ok(n) => {
                    bytes.truncate(n);
                    Some((Ok(Bytes::from(bytes)), Some(file)))
                }
                Err(fault) => Some((Err(fault), None)),
            }
        });
        let stored =
            self.blobs.put(id, Size::Exactly(size), WITHIN, std::pin::pin!(pieces)).await?;
        Ok(stored.size)
    }

    /// Nobody will ever want it: it is not tried again, but not thrown away either.
    fn set_aside(&self, id: FileId, why: &str) {
        tracing::error!(tape = %id, why, "a tape is nobody's; it stays where it is");
        let _ = std::fs::rename(label(&self.folder, id), self.folder.join(format!("{id}.stray")));
    }
}

/// A tape's length and its bytes; none if there is no sound. One that was cut short is given the header of one that has ended.
fn measure(path: &Path, whole: bool) -> io::Result<Option<(Millis, u64)>> {
    let mut file = match File::options().read(true).write(true).open(path) {
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let size = file.metadata()?.len();
    let Some(sound) = size.checked_sub(HEADER as u64) else { return Ok(None) };
    let mut header = [0; HEADER];
    file.read_exact(&mut header)?;
    let said = u64::from(sound_bytes(&header));
    let samples = if whole && said <= sound { said } else { sound } / SAMPLE;
    let millis = Millis(samples * 1_000 / u64::from(RATE));
    if whole && said <= sound {
        return Ok(Some((millis, size)));
    }
    let short = Writer::cut_short(Format::Pcm, u32::try_from(samples).unwrap_or(u32::MAX));
    file.write_all_at(&short.header_so_far(), 0)?;
    file.set_len(HEADER as u64 + samples * SAMPLE)?;
    file.sync_all()?;
    Ok(Some((millis, HEADER as u64 + samples * SAMPLE)))
}
