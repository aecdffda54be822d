//! Recordings and announcements: WAV, as bytes that somebody else keeps.
//!
//! [`Writer`] gives the header first and bytes as they come, so a recording that was cut short by a crash holds all that was
//! kept: its header says "to the end", and [`Wav::read`] takes it at its word. [`Writer::finish`] gives what belongs behind the
//! sound (marks) and what is to be put right in the header. Both sides of a call stand apart, left and right; what is paused or
//! masked is silence of the same length under a mark, so that times stay true. Marks of a recording cut short are lost; its
//! silence stays.
//!
//! Sources: Microsoft/IBM "Multimedia Programming Interface and Data Specifications 1.0" (RIFF, `cue `, `LIST adtl`), and
//! RFC 2361 (format numbers).

use crate::g711::Law;
use crate::sound::RATE;

/// How samples are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// 16 bits each.
    Pcm,
    /// 8 bits each.
    G711(Law),
}

impl Format {
    const fn tag(self) -> u16 {
        match self {
            Self::Pcm => 1,
            Self::G711(Law::A) => 6,
            Self::G711(Law::Mu) => 7,
        }
    }

    const fn of_tag(tag: u16, bits: u16) -> Option<Self> {
        match (tag, bits) {
            (1, 16) => Some(Self::Pcm),
            (6, 8) => Some(Self::G711(Law::A)),
            (7, 8) => Some(Self::G711(Law::Mu)),
            _ => None,
        }
    }

    /// Bytes of one sample of one side.
    pub const fn width(self) -> u16 {
        match self {
            Self::Pcm => 2,
            Self::G711(_) => 1,
        }
    }
}

/// Why a stretch is silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mute {
    /// The recording was halted.
    Paused,
    /// What was said is not to be kept.
    Masked,
}

impl Mute {
    /// Its word, in the file and elsewhere.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::Masked => "masked",
        }
    }
}

/// A stretch of silence with its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Why.
    pub mute: Mute,
    /// The first silent sample, and how many.
    pub begin: u32,
    /// In samples.
    pub length: u32,
}

/// Bytes of the header, the same for all formats.
pub const HEADER: usize = 58;
/// The most marks of one recording; further ones are silence without a mark.
pub const MARKS_LIMIT: usize = 1_000;
/// The most bytes of sound, so that every size fits its 32 bits: 37 hours of stereo PCM.
pub const DATA_LIMIT: u32 = 0xFFFF_0000;

/// No more fits into one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the recording is full")]
pub struct Full;

/// What is to be done with a file when its recording ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finish {
    /// To be put behind all that was written.
    pub tail: Vec<u8>,
    /// Then to be put over the file's beginning.
    pub header: [u8; HEADER],
}

/// One recording that is being written.
#[derive(Debug, Clone)]
pub struct Writer {
    format: Format,
    samples: u32,
    muted: Option<(Mute, u32)>,
    marks: Vec<Mark>,
}

impl Writer {
    /// Of stereo sound at [`RATE`].
    pub const fn new(format: Format) -> Self {
        Self { format, samples: 0, muted: None, marks: Vec::new() }
    }

    /// Of a recording that was cut short after so many samples of each side; its marks are lost.
    pub const fn cut_short(format: Format, samples: u32) -> Self {
        Self { format, samples, muted: None, marks: Vec::new() }
    }

    /// The header of a recording whose end is not known.
    pub fn header(&self) -> [u8; HEADER] {
        self.header_of(u32::MAX, u32::MAX, 0)
    }

    /// The header of a recording as far as it is: put over the beginning now and then, so that any player finds the end of one
    /// that was cut short.
    pub fn header_so_far(&self) -> [u8; HEADER] {
        let data = self.samples * 2 * u32::from(self.format.width());
        let head = u32::try_from(HEADER - 8).unwrap_or(0);
        self.header_of(head.saturating_add(data), data, self.samples)
    }

    /// Samples of each side so far.
    pub const fn samples(&self) -> u32 {
        self.samples
    }

    /// From now on, what comes is replaced by silence; nothing ends it.
    pub fn mute(&mut self, mute: Option<Mute>) {
        if self.muted.map(|(mute, _)| mute) == mute {
            return;
        }
        self.end_mark();
        self.muted = mute.map(|mute| (mute, self.samples));
    }

    fn end_mark(&mut self) {
        if let Some((mute, begin)) = self.muted
            && self.samples > begin
            && self.marks.len() < MARKS_LIMIT
        {
            self.marks.push(Mark { mute, begin, length: self.samples - begin });
        }
    }

    /// Adds sound of both sides: `out` grows by what is to be put behind the file. The shorter side is filled with silence.
    ///
    /// # Errors
    /// When the file would be larger than [`DATA_LIMIT`]; nothing is written then.
    pub fn write(&mut self, left: &[i16], right: &[i16], out: &mut Vec<u8>) -> Result<(), Full> {
        let count = left.len().max(right.len());
        let samples =
            u32::try_from(count).ok().and_then(|n| self.samples.checked_add(n)).ok_or(Full)?;
        if samples > DATA_LIMIT / (2 * u32::from(self.format.width())) {
            return Err(Full);
        }
        let silent = self.muted.is_some();
        for n in 0..count {
            for side in [left, right] {
                let sample = side.get(n).copied().filter(|_| !silent).unwrap_or(0);
                match self.format {
                    Format::Pcm => out.extend(sample.to_le_bytes()),
                    Format::G711(law) => out.push(law.encode(sample)),
                }
            }
        }
        self.samples = samples;
        Ok(())
    }

    /// Ends it.
    pub fn finish(mut self) -> Finish {
        self.mute(None);
        let mut tail = Vec::new();
        if !self.marks.is_empty() {
            self.write_marks(&mut tail);
        }
        let data = self.samples * 2 * u32::from(self.format.width());
        let behind = u32::try_from(tail.len()).unwrap_or(0);
        // All but the first eight bytes. Stereo data has no odd length.
        let head = u32::try_from(HEADER - 8).unwrap_or(0);
        let riff = head.saturating_add(data).saturating_add(behind);
        let header = self.header_of(riff, data, self.samples);
        Finish { tail, header }
    }

    fn header_of(&self, riff: u32, data: u32, samples: u32) -> [u8; HEADER] {
        let width = self.format.width();
        let mut bytes = Vec::with_capacity(HEADER);
        bytes.extend(b"RIFF");
        bytes.extend(riff.to_le_bytes());
        bytes.extend(b"WAVEfmt ");
        bytes.extend(18_u32.to_le_bytes());
        bytes.extend(self.format.tag().to_le_bytes());
        bytes.extend(2_u16.to_le_bytes());
        bytes.extend(RATE.to_le_bytes());
        bytes.extend((RATE * 2 * u32::from(width)).to_le_bytes());
        bytes.extend((2 * width).to_le_bytes());
        bytes.extend((8 * width).to_le_bytes());
        bytes.extend(0_u16.to_le_bytes());
        bytes.extend(b"fact");
        bytes.extend(4_u32.to_le_bytes());
        bytes.extend(samples.to_le_bytes());
        bytes.extend(b"data");
        bytes.extend(data.to_le_bytes());
        let mut header = [0; HEADER];
        header.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
        header
    }

    /// A cue for each mark, and for each cue its length and its label.
    fn write_marks(&self, out: &mut Vec<u8>) {
        let count = u32::try_from(self.marks.len()).unwrap_or(0);
        let mut put = |parts: &[&[u8]]| parts.iter().for_each(|part| out.extend(*part));
        put(&[b"cue ", &(4 + 24 * count).to_le_bytes(), &count.to_le_bytes()]);
        for (id, mark) in (1_u32..).zip(&self.marks) {
            let at = mark.begin.to_le_bytes();
            put(&[&id.to_le_bytes(), &at, b"data", &[0; 8], &at]);
        }
        // `ltxt`: cue, length, purpose `rgn `, no country, language or code page; and the label, an even number of bytes.
        put(&[b"LIST", &(4 + 34 * count).to_le_bytes(), b"adtl"]);
        for (id, mark) in (1_u32..).zip(&self.marks) {
            let (id, length) = (id.to_le_bytes(), mark.length.to_le_bytes());
            put(&[
                b"ltxt",
                &26_u32.to_le_bytes(),
                &id,
                &length,
                b"rgn ",
                &[0; 8],
                mark.mute.word().as_bytes(),
            ]);
        }
    }
}

/// The marks of a recording of ours, out of what follows its sound: its last bytes, from an even place on.
pub fn marks(mut tail: &[u8]) -> Vec<Mark> {
    let mut cues = Cues::default();
    while let Some((name, body, after)) = chunk(tail) {
        match name {
            b"cue " => cues.read_begins(body),
            b"LIST" => cues.read_lengths(body),
            _ => {}
        }
        tail = after;
    }
    cues.marks
}

/// The bytes of sound behind a header of ours.
pub const fn sound_bytes(header: &[u8; HEADER]) -> u32 {
    let [.., a, b, c, d] = *header;
    u32::from_le_bytes([a, b, c, d])
}

/// Why bytes are no recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Bad {
    /// Not RIFF/WAVE.
    #[error("not a WAV file")]
    NotWav,
    /// It ends, or its sound begins, before it said how that is kept.
    #[error("it does not say how its sound is kept")]
    NoFormat,
    /// Neither 16-bit PCM nor G.711, not one or two sides, or neither 8,000 nor 16,000 samples a second.
    #[error("sound of this kind is not played here")]
    Format,
    /// There is no sound in it.
    #[error("no sound in it")]
    NoData,
}

/// A recording or an announcement that is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wav<'a> {
    /// How it is kept.
    pub format: Format,
    /// 1 or 2.
    pub sides: u16,
    /// Samples a second: [`RATE`], or twice that.
    pub rate: u32,
    /// The sound, whole samples of all sides; up to the end of the file when that was cut short.
    pub data: &'a [u8],
    /// Which stretches are silent, and why.
    pub marks: Vec<Mark>,
}

impl<'a> Wav<'a> {
    /// Reads a file, whole or cut short.
    ///
    /// # Errors
    /// When it is none that can be played here.
    pub fn read(file: &'a [u8]) -> Result<Self, Bad> {
        let (head, mut rest) = file.split_first_chunk::<12>().ok_or(Bad::NotWav)?;
        if !head.starts_with(b"RIFF") || !head.ends_with(b"WAVE") {
            return Err(Bad::NotWav);
        }
        let chunks = rest;
        let mut kind = None;
        let mut sound = None;
        while let Some((name, body, after)) = chunk(rest) {
            match name {
                b"fmt " if kind.is_none() => kind = Some(kind_of(body)?),
                b"data" if sound.is_none() => sound = Some((kind.ok_or(Bad::NoFormat)?, body)),
                _ => {}
            }
            rest = after;
        }
        let Some(((format, sides, rate), body)) = sound else {
            return Err(if kind.is_some() { Bad::NoData } else { Bad::NoFormat });
        };
        let whole = body.len() - body.len() % usize::from(format.width() * sides);
        let data = body.get(..whole).unwrap_or_default();
        Ok(Self { format, sides, rate, data, marks: marks(chunks) })
    }

    /// Samples of each side.
    pub fn len(&self) -> usize {
        self.data.len() / usize::from(self.format.width() * self.sides).max(1)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The sample of a side (0 left, 1 right; both are the same when there is one), if there is one.
    pub fn at(&self, side: u16, n: usize) -> Option<i16> {
        let n = n.checked_mul(self.sides.into())?.checked_add(side.min(self.sides - 1).into())?;
        match self.format {
            Format::Pcm => {
                let bytes = self.data.get(n.checked_mul(2)?..)?.first_chunk()?;
                Some(i16::from_le_bytes(*bytes))
            }
            Format::G711(law) => self.data.get(n).map(|code| law.decode(*code)),
        }
    }
}

impl Wav<'_> {
    /// All of it as one side at [`RATE`]: sides are averaged, and a rate of twice that is halved behind a low-pass, so that what
    /// lies above 4 kHz does not come back as something else.
    pub fn to_mono(&self) -> Vec<i16> {
        let both = |n| {
            let (left, right) = (self.at(0, n)?, self.at(1, n)?);
            i16::try_from(i32::midpoint(left.into(), right.into())).ok()
        };
        let whole: Vec<i16> = (0..self.len()).map_while(both).collect();
        if self.rate == RATE { whole } else { halved(&whole) }
    }
}

/// Every other sample, behind a half-band low-pass of 31 taps (Hamming), in 32,768ths; taps of even distance are zero.
fn halved(samples: &[i16]) -> Vec<i16> {
    const MIDDLE: i32 = 16_384;
    const SIDES: [i32; 8] = [10_338, -3_207, 1_660, -938, 522, -270, 126, -62];
    let at = |n: Option<usize>| n.and_then(|n| samples.get(n)).map_or(0, |s| i32::from(*s));
    let one = |n: usize| {
        let mut sum = MIDDLE * at(Some(n));
        for (tap, distance) in SIDES.iter().zip((1..).step_by(2)) {
            sum += tap * (at(n.checked_sub(distance)) + at(n.checked_add(distance)));
        }
        crate::sound::clip(sum / 32_768)
    };
    (0..samples.len()).step_by(2).map(one).collect()
}

type Chunk<'a> = (&'a [u8; 4], &'a [u8], &'a [u8]);

/// Name, body and what follows. A body that is longer than the file ends with it.
fn chunk(bytes: &[u8]) -> Option<Chunk<'_>> {
    let (name, rest) = bytes.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (body, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
    // Chunks begin at even places.
    Some((name, body, after.get(length % 2..).unwrap_or(&[])))
}

fn kind_of(body: &[u8]) -> Result<(Format, u16, u32), Bad> {
    let short =
        |at: usize| body.get(at..).and_then(<[u8]>::first_chunk).map(|b| u16::from_le_bytes(*b));
    let (Some(tag), Some(sides), Some(rate), Some(bits)) =
        (short(0), short(2), word(body, 4), short(14))
    else {
        return Err(Bad::NoFormat);
    };
    let format = Format::of_tag(tag, bits).ok_or(Bad::Format)?;
    if !(1..=2).contains(&sides) || rate != RATE && rate != 2 * RATE {
        return Err(Bad::Format);
    }
    Ok((format, sides, rate))
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

#[derive(Default)]
struct Cues {
    /// Id and first sample.
    begins: Vec<(u32, u32)>,
    marks: Vec<Mark>,
}

impl Cues {
    fn read_begins(&mut self, body: &[u8]) {
        let (_, cues) = body.split_at_checked(4).unwrap_or_default();
        let cues = cues.chunks_exact(24).take(MARKS_LIMIT);
        self.begins = cues.filter_map(|cue| Some((word(cue, 0)?, word(cue, 20)?))).collect();
        self.begins.sort_unstable();
    }

    fn read_lengths(&mut self, body: &[u8]) {
        let Some(mut rest) = body.strip_prefix(b"adtl") else { return };
        while let Some((name, text, after)) = chunk(rest) {
            rest = after;
            if name == b"ltxt" && self.marks.len() < MARKS_LIMIT {
                self.marks.extend(self.mark(text));
            }
        }
    }

    fn mark(&self, text: &[u8]) -> Option<Mark> {
        let (id, length) = (word(text, 0)?, word(text, 4)?);
        let label = text.get(20..)?;
        let mute = [Mute::Paused, Mute::Masked]
            .into_iter()
            .find(|mute| label == mute.word().as_bytes())?;
        let at = self.begins.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        let (_, begin) = *self.begins.get(at)?;
        Some(Mark { mute, begin, length })
    }
}

#[cfg(test)]
mod tests;
