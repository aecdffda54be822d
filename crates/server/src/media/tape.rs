//! Recordings: frames of both sides on their way from a media thread to a thread that writes, and the file itself. What becomes
//! of a file that has ended, or was cut short, is the business of [`crate::tapes`].
//!
//! A media thread never waits: when the disk is so slow that the way is full, a second of the tape is silence, and counted.

use crate::tapes::{Ended, Label};
use crate::{chance, clock, tapes};
use domain::id::FileId;
use domain::recording::Kept;
use facade::voice::plane::{About, Leg, Pause, Tape};
use media::sound::{FRAME, RATE};
use media::wav::{Format, Mute, Writer};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Write as _};
use std::os::unix::fs::FileExt as _;
use std::path::PathBuf;
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
    Begin(Tape, About),
    /// Sound of both sides; silence under a mark where it is paused.
    Sound { tape: Tape, left: Vec<i16>, right: Vec<i16>, pause: Option<Pause> },
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
    paused: Option<Pause>,
    sides: [Vec<i16>; 2],
    /// Samples that found no room on their way.
    missed: usize,
    way: Way,
}

impl Reel {
    pub(super) fn new(tape: Tape, way: Way) -> Self {
        let sides = [Vec::with_capacity(PIECE), Vec::with_capacity(PIECE)];
        let (left, right) = (Vec::new(), Vec::new());
        Self { tape, left, right, paused: None, sides, missed: 0, way }
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

    pub(super) fn pause(&mut self, why: Option<Pause>) {
        if self.paused != why {
            self.hand_over();
            self.paused = why;
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
        let piece = Piece::Sound { tape: self.tape, left, right, pause: self.paused };
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
    label: Label,
    file: File,
    writer: Writer,
    unsynced: u32,
    failed: bool,
}

/// What the thread that writes holds.
pub(super) struct Archive {
    folder: PathBuf,
    tracks: HashMap<Tape, Track>,
    keeper: UnboundedSender<Ended>,
    under_way: Arc<AtomicUsize>,
}

impl Archive {
    /// Into this folder; the keeper hears of each tape that has ended.
    pub(super) fn new(folder: PathBuf, keeper: UnboundedSender<Ended>, way: &Way) -> Self {
        Self { folder, tracks: HashMap::new(), keeper, under_way: way.under_way.clone() }
    }

    /// Until nobody is left who could send anything.
    pub(super) fn run(mut self, way: &Receiver<Piece>) {
        let mut bytes = Vec::new();
        while let Ok(piece) = way.recv() {
            match piece {
                Piece::Begin(tape, about) => self.begin(tape, &about),
                Piece::Sound { tape, left, right, pause } => {
                    self.under_way.fetch_sub(1, Ordering::Relaxed);
                    if let Some(track) = self.tracks.get_mut(&tape).filter(|track| !track.failed)
                        && let Err(fault) = track.add(&left, &right, pause, &mut bytes)
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

    fn begin(&mut self, tape: Tape, about: &About) {
        let id = FileId::new(clock::now(), &mut chance::Os);
        let label = Label::new(about);
        match Track::begin(&self.folder, id, label.clone()) {
            Ok(track) => {
                self.tracks.insert(tape, track);
            }
            Err(fault) => {
                tracing::error!(%fault, "a recording cannot be begun");
                let label = Label { kept: Some(Kept::Lost), ..label };
                let _ = self.keeper.send(Ended { id, label });
            }
        }
    }

    fn end(&mut self, tape: Tape) {
        let Some(mut track) = self.tracks.remove(&tape) else { return };
        if let Err(fault) = track.finish() {
            tracing::error!(%fault, "a recording cannot be finished");
            track.failed = true;
        }
        let kept = Some(if track.failed { Kept::Short } else { Kept::Whole });
        let Track { id, label, .. } = track;
        let label = Label { kept, ..label };
        // Without it the tape will count as one that was cut short, which loses nothing.
        if let Err(fault) = label.write(&self.folder, id) {
            tracing::warn!(%fault, "a recording's end cannot be written down");
        }
        let _ = self.keeper.send(Ended { id, label });
    }
}

impl Track {
    /// The label comes first: sound without one could be anybody's.
    fn begin(folder: &std::path::Path, id: FileId, label: Label) -> io::Result<Self> {
        label.write(folder, id)?;
        let mut file =
            File::options().write(true).create_new(true).open(tapes::sound(folder, id))?;
        let writer = Writer::new(Format::Pcm);
        file.write_all(&writer.header())?;
        Ok(Self { id, label, file, writer, unsynced: 0, failed: false })
    }

    /// The header is put right with each piece: a file that is cut short can be played as far as it is.
    fn add(
        &mut self,
        left: &[i16],
        right: &[i16],
        pause: Option<Pause>,
        bytes: &mut Vec<u8>,
    ) -> io::Result<()> {
        bytes.clear();
        self.writer.mute(pause.map(|why| match why {
            Pause::Paused => Mute::Paused,
            Pause::Masked => Mute::Masked,
        }));
        self.writer.write(left, right, bytes).map_err(io::Error::other)?;
        self.file.write_all(bytes)?;
        self.file.write_all_at(&self.writer.header_so_far(), 0)?;
        self.unsynced += 1;
        if self.unsynced >= SYNC {
            self.unsynced = 0;
            self.file.sync_data()?;
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        if self.failed {
            return Ok(());
        }
        let writer = std::mem::replace(&mut self.writer, Writer::new(Format::Pcm));
        let finish = writer.finish();
        self.file.write_all(&finish.tail)?;
        self.file.write_all_at(&finish.header, 0)?;
        self.file.sync_all()
    }
}
