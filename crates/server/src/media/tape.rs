//! Recordings: frames of both sides on their way from a media thread to a thread that writes, and the file itself.
//!
//! A media thread never waits: when the disk is so slow that the way is full, a second of the tape is silence, and counted.

use crate::{blob, chance, clock};
use domain::id::FileId;
use facade::voice::plane::{Leg, Noticed, Tape};
use media::sound::{FRAME, RATE};
use media::wav::{Format, Mute, Writer};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use tokio::sync::mpsc::UnboundedSender;

/// Samples that are gathered before they are written: a second.
const PIECE: usize = RATE as usize;
/// Pieces on their way to the disk, of all tapes together: some seconds of a few hundred.
const WAY: usize = 2_048;
/// Pieces after which a file is synced.
const SYNC: u32 = 10;

/// What is told to the thread that writes.
pub(super) enum Piece {
    /// A tape begins.
    Begin(Tape),
    /// Sound of both sides; silence under a mark where it is masked.
    Sound { tape: Tape, left: Vec<i16>, right: Vec<i16>, masked: bool },
    /// A tape is over.
    End(Tape),
}

/// The way to the thread that writes: it never makes anybody wait.
#[derive(Clone)]
pub(super) struct Way {
    pieces: Sender<Piece>,
    /// Pieces of sound on it.
    under_way: Arc<AtomicUsize>,
}

impl Way {
    pub(super) fn new(pieces: Sender<Piece>) -> Self {
        Self { pieces, under_way: Arc::default() }
    }

    /// Tells of a beginning or an end.
    pub(super) fn tell(&self, piece: Piece) {
        let _ = self.pieces.send(piece);
    }

    /// Hands sound over; not if too much is under way.
    fn hand(&self, piece: Piece) -> bool {
        if self.under_way.fetch_add(1, Ordering::Relaxed) < WAY && self.pieces.send(piece).is_ok() {
            return true;
        }
        self.under_way.fetch_sub(1, Ordering::Relaxed);
        false
    }
}

/// A tape as a media thread holds it.
pub(super) struct Reel {
    pub(super) tape: Tape,
    pub(super) left: Vec<Leg>,
    pub(super) right: Vec<Leg>,
    masked: bool,
    sides: [Vec<i16>; 2],
    /// Samples that found no room on their way.
    missed: usize,
    way: Way,
}

impl Reel {
    pub(super) fn new(tape: Tape, left: &[Leg], right: &[Leg], way: Way) -> Self {
        let sides = [Vec::with_capacity(PIECE), Vec::with_capacity(PIECE)];
        Self {
            tape,
            left: left.to_vec(),
            right: right.to_vec(),
            masked: false,
            sides,
            missed: 0,
            way,
        }
    }

    /// Whether a leg is on it.
    pub(super) fn has(&self, leg: Leg) -> bool {
        self.legs().any(|own| own == leg)
    }

    pub(super) fn legs(&self) -> impl Iterator<Item = Leg> + use<'_> {
        self.left.iter().chain(&self.right).copied()
    }

    /// 20 ms of both sides.
    pub(super) fn wind(&mut self, left: &[i16; FRAME], right: &[i16; FRAME]) {
        for (side, sound) in self.sides.iter_mut().zip([left, right]) {
            side.extend_from_slice(sound);
        }
        if self.sides.first().is_some_and(|side| side.len() >= PIECE) {
            self.hand_over();
        }
    }

    pub(super) fn mask(&mut self, on: bool) {
        if self.masked != on {
            self.hand_over();
            self.masked = on;
        }
    }

    fn hand_over(&mut self) {
        let [left, right] = &mut self.sides;
        if left.is_empty() {
            return;
        }
        // What was missed is made up for by silence, so that times stay true.
        let take = |side: &mut Vec<i16>| {
            let mut sound = vec![0; self.missed];
            sound.append(side);
            sound
        };
        let [left, right] = [left, right].map(take);
        let length = left.len();
        let piece = Piece::Sound { tape: self.tape, left, right, masked: self.masked };
        self.missed = if self.way.hand(piece) {
            0
        } else {
            metrics::counter!("sangdam_recording_missed_seconds_total").increment(1);
            length
        };
    }

    /// Its end.
    pub(super) fn stop(mut self) {
        self.hand_over();
        self.way.tell(Piece::End(self.tape));
    }
}

/// A file that is being written.
struct Track {
    id: FileId,
    file: File,
    writer: Writer,
    bytes: u64,
    unsynced: u32,
    failed: bool,
}

/// What the thread that writes holds.
pub(super) struct Archive {
    folder: PathBuf,
    tracks: HashMap<Tape, Track>,
    tell: UnboundedSender<Noticed>,
    under_way: Arc<AtomicUsize>,
}

impl Archive {
    /// Into the folder of files, where [`crate::blob::Blobs`] finds them again.
    pub(super) fn new(folder: PathBuf, tell: UnboundedSender<Noticed>, way: &Way) -> Self {
        Self { folder, tracks: HashMap::new(), tell, under_way: way.under_way.clone() }
    }

    /// Until nobody is left who could send anything.
    pub(super) fn run(mut self, way: &Receiver<Piece>) {
        let mut bytes = Vec::new();
        while let Ok(piece) = way.recv() {
            match piece {
                Piece::Begin(tape) => match Track::begin(&self.folder) {
                    Ok(track) => {
                        self.tracks.insert(tape, track);
                    }
                    Err(fault) => tracing::error!(%fault, "a recording cannot be begun"),
                },
                Piece::Sound { tape, left, right, masked } => {
                    self.under_way.fetch_sub(1, Ordering::Relaxed);
                    if let Some(track) = self.tracks.get_mut(&tape).filter(|track| !track.failed)
                        && let Err(fault) = track.add(&left, &right, masked, &mut bytes)
                    {
                        tracing::error!(%fault, "a recording cannot be written on");
                        track.failed = true;
                    }
                }
                Piece::End(tape) => self.end(tape),
            }
        }
        let left: Vec<_> = self.tracks.keys().copied().collect();
        for tape in left {
            self.end(tape);
        }
    }

    fn end(&mut self, tape: Tape) {
        let track = self.tracks.remove(&tape);
        let kept = track.and_then(|track| {
            let millis = u64::from(track.writer.samples()) * 1_000 / u64::from(RATE);
            let (id, whole) = (track.id, !track.failed);
            track
                .finish()
                .inspect_err(|fault| tracing::error!(%fault, "a recording cannot be finished"))
                .ok()
                .filter(|_| whole)
                .map(|bytes| (id, bytes, millis))
        });
        let file: Option<Arc<str>> = kept.map(|(id, ..)| id.to_string().into());
        let (_, bytes, millis) = kept.unwrap_or_default();
        let _ = self.tell.send(Noticed::Kept { tape, file, bytes, millis });
    }
}

impl Track {
    fn begin(folder: &Path) -> io::Result<Self> {
        let id = FileId::new(clock::now(), &mut chance::Os);
        let path = folder.join(blob::place(id));
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let mut file = File::options().write(true).create_new(true).open(path)?;
        let writer = Writer::new(Format::Pcm);
        let header = writer.header();
        file.write_all(&header)?;
        Ok(Self { id, file, writer, bytes: header.len() as u64, unsynced: 0, failed: false })
    }

    /// The header is put right with each piece: a file that is cut short can be played as far as it is.
    fn add(
        &mut self,
        left: &[i16],
        right: &[i16],
        masked: bool,
        bytes: &mut Vec<u8>,
    ) -> io::Result<()> {
        bytes.clear();
        self.writer.mute(masked.then_some(Mute::Masked));
        self.writer.write(left, right, bytes).map_err(io::Error::other)?;
        self.file.write_all(bytes)?;
        self.bytes += bytes.len() as u64;
        self.file.write_all_at(&self.writer.header_so_far(), 0)?;
        self.unsynced += 1;
        if self.unsynced >= SYNC {
            self.unsynced = 0;
            self.file.sync_data()?;
        }
        Ok(())
    }

    fn finish(mut self) -> io::Result<u64> {
        let finish = self.writer.finish();
        self.file.write_all(&finish.tail)?;
        self.file.write_all_at(&finish.header, 0)?;
        self.file.sync_all()?;
        Ok(self.bytes + finish.tail.len() as u64)
    }
}
