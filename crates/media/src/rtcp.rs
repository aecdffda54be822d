//! RTCP: what the two ends of a stream tell each other about it.
//!
//! A datagram is a compound of parts. [`Compound::read`] checks it as a whole (RFC 3550 A.2) before any part is believed;
//! [`Writer`] makes only what §6.1 allows: a report first, then a canonical name.

use crate::rtp::{Bad, PACKET_LIMIT, Pen};
use crate::time::Micros;

/// The most report blocks or sources of one part; the field has five bits.
pub const COUNT_LIMIT: usize = 31;
/// The most bytes of a canonical name or a reason; the field has eight bits.
pub const TEXT_LIMIT: usize = 255;

const SENDER: u8 = 200;
const RECEIVER: u8 = 201;
const DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
const CNAME: u8 = 1;

/// What is received from one source (§6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Report {
    /// The source.
    pub ssrc: u32,
    /// Lost since the last report, in 256ths.
    pub fraction: u8,
    /// Lost in all, 24 bits; negative when more came than was sent.
    pub lost: i32,
    /// The highest sequence number, with its turns in the upper half.
    pub highest: u32,
    /// In samples.
    pub jitter: u32,
    /// The middle of the NTP time of the last sender report; 0 when there was none.
    pub last_report: u32,
    /// Since that came, in 65,536ths of a second.
    pub delay: u32,
}

impl Report {
    const LENGTH: usize = 24;

    fn read(bytes: &[u8; Self::LENGTH]) -> Self {
        let word = |n: usize| word(bytes, n * 4);
        let [fraction, lost @ ..] = word(1).to_be_bytes();
        let [a, b, c] = lost;
        Self {
            ssrc: word(0),
            fraction,
            // Shifted down from the top, so that the sign goes with it.
            lost: i32::from_be_bytes([a, b, c, 0]) >> 8,
            highest: word(2),
            jitter: word(3),
            last_report: word(4),
            delay: word(5),
        }
    }

    fn write(&self, pen: &mut Pen) -> Result<(), Bad> {
        let [_, a, b, c] = self.lost.clamp(-0x80_0000, 0x7F_FFFF).to_be_bytes();
        pen.put(&self.ssrc.to_be_bytes())?;
        pen.put(&[self.fraction, a, b, c])?;
        for value in [self.highest, self.jitter, self.last_report, self.delay] {
            pen.put(&value.to_be_bytes())?;
        }
        Ok(())
    }
}

/// What a sender says of its own stream (§6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sent {
    /// NTP time of this report.
    pub ntp: u64,
    /// The same moment in the stream's samples.
    pub timestamp: u32,
    /// Packets so far.
    pub packets: u32,
    /// Bytes of payload so far.
    pub octets: u32,
}

/// A part of a compound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part<'a> {
    /// Of one who sends.
    Sender {
        /// Who.
        ssrc: u32,
        /// What it sent.
        sent: Sent,
        /// What it receives.
        reports: Reports<'a>,
    },
    /// Of one who only listens.
    Receiver {
        /// Who.
        ssrc: u32,
        /// What it receives.
        reports: Reports<'a>,
    },
    /// Who is who.
    Description(Names<'a>),
    /// Some leave.
    Goodbye {
        /// Who, four bytes each.
        sources: &'a [u8],
        /// Why, if they say so.
        reason: Option<&'a [u8]>,
    },
    /// Of a kind that does not concern us.
    Other(u8),
}

/// Report blocks, read one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reports<'a>(&'a [u8]);

impl<'a> Reports<'a> {
    /// In their order.
    pub fn iter(self) -> impl Iterator<Item = Report> + use<'a> {
        let (blocks, _) = self.0.as_chunks::<{ Report::LENGTH }>();
        blocks.iter().map(Report::read)
    }
}

/// Canonical names, read one by one; other things said of a source are passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names<'a> {
    chunks: u8,
    body: &'a [u8],
}

impl<'a> Names<'a> {
    /// Each source that has one, and its name. Ends quietly where a chunk is broken.
    pub fn iter(self) -> impl Iterator<Item = (u32, &'a [u8])> + use<'a> {
        let mut left = self.chunks;
        let mut rest = self.body;
        std::iter::from_fn(move || {
            while left > 0 {
                left -= 1;
                let (ssrc, name, after) = chunk(rest)?;
                rest = after;
                if let Some(name) = name {
                    return Some((ssrc, name));
                }
            }
            None
        })
    }
}

/// Source, name if it has one, and what follows.
type Chunk<'a> = (u32, Option<&'a [u8]>, &'a [u8]);

/// One chunk of a description: source, items, a zero, and zeros up to the next word (§6.5).
fn chunk(bytes: &[u8]) -> Option<Chunk<'_>> {
    let (ssrc, mut rest) = bytes.split_first_chunk::<4>()?;
    let mut name = None;
    loop {
        let (&kind, after) = rest.split_first()?;
        if kind == 0 {
            // Chunks begin on words, so what is left of this word is filling.
            let filling = after.len() % 4;
            return Some((u32::from_be_bytes(*ssrc), name, after.get(filling..)?));
        }
        let (&length, after) = after.split_first()?;
        let (text, after) = after.split_at_checked(length.into())?;
        if kind == CNAME && name.is_none() {
            name = Some(text);
        }
        rest = after;
    }
}

/// A datagram whose parts fit together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compound<'a> {
    rest: &'a [u8],
}

impl<'a> Compound<'a> {
    /// Checks a datagram as RFC 3550 A.2 says: version 2 throughout, a report first, padding only in the last part, and
    /// lengths that add up.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Bad> {
        if bytes.len() > PACKET_LIMIT {
            return Err(Bad::Long);
        }
        let mut rest = bytes;
        let mut first = true;
        while !rest.is_empty() || first {
            let (head, after) = split(rest)?;
            if first && !(SENDER..=RECEIVER).contains(&head.kind) {
                return Err(Bad::Field);
            }
            if head.padded && !after.is_empty() {
                return Err(Bad::Padding);
            }
            part(head)?;
            first = false;
            rest = after;
        }
        Ok(Self { rest: bytes })
    }
}

impl<'a> Iterator for Compound<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let (head, rest) = split(self.rest).ok()?;
        self.rest = rest;
        part(head).ok()
    }
}

#[derive(Clone, Copy)]
struct Head<'a> {
    count: u8,
    padded: bool,
    kind: u8,
    body: &'a [u8],
}

fn split(bytes: &[u8]) -> Result<(Head<'_>, &[u8]), Bad> {
    let ([flags, kind, l0, l1], rest) = bytes.split_first_chunk::<4>().ok_or(Bad::Short)?;
    if flags >> 6 != 2 {
        return Err(Bad::Version);
    }
    let length = usize::from(u16::from_be_bytes([*l0, *l1])) * 4;
    let (mut body, rest) = rest.split_at_checked(length).ok_or(Bad::Short)?;
    let padded = flags & 0x20 != 0;
    if padded {
        let padding = usize::from(*body.last().ok_or(Bad::Padding)?);
        let left = body.len().checked_sub(padding).ok_or(Bad::Padding)?;
        if padding == 0 || padding % 4 != 0 {
            return Err(Bad::Padding);
        }
        body = body.get(..left).ok_or(Bad::Padding)?;
    }
    Ok((Head { count: flags & 31, padded, kind: *kind, body }, rest))
}

fn part(head: Head<'_>) -> Result<Part<'_>, Bad> {
    let reports = |body: &'_ [u8]| {
        let length = usize::from(head.count) * Report::LENGTH;
        // What follows the blocks is an extension of somebody's profile.
        body.len().checked_sub(length).ok_or(Bad::Short)
    };
    match head.kind {
        SENDER => {
            let (own, body) = head.body.split_first_chunk::<24>().ok_or(Bad::Short)?;
            let extra = reports(body)?;
            let sent = Sent {
                ntp: u64::from(word(own, 4)) << 32 | u64::from(word(own, 8)),
                timestamp: word(own, 12),
                packets: word(own, 16),
                octets: word(own, 20),
            };
            let blocks = body.get(..body.len() - extra).ok_or(Bad::Short)?;
            Ok(Part::Sender { ssrc: word(own, 0), sent, reports: Reports(blocks) })
        }
        RECEIVER => {
            let (own, body) = head.body.split_first_chunk::<4>().ok_or(Bad::Short)?;
            let extra = reports(body)?;
            let blocks = body.get(..body.len() - extra).ok_or(Bad::Short)?;
            Ok(Part::Receiver { ssrc: word(own, 0), reports: Reports(blocks) })
        }
        DESCRIPTION => {
            let mut rest = head.body;
            for _ in 0..head.count {
                (_, _, rest) = chunk(rest).ok_or(Bad::Short)?;
            }
            Ok(Part::Description(Names { chunks: head.count, body: head.body }))
        }
        GOODBYE => {
            let length = usize::from(head.count) * 4;
            let (sources, rest) = head.body.split_at_checked(length).ok_or(Bad::Short)?;
            let reason = match rest.split_first() {
                None => None,
                Some((&length, text)) => Some(text.get(..length.into()).ok_or(Bad::Short)?),
            };
            Ok(Part::Goodbye { sources, reason })
        }
        kind => Ok(Part::Other(kind)),
    }
}

/// The word at a place; 0 where there is none.
fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..).and_then(<[u8]>::first_chunk).map_or(0, |four| u32::from_be_bytes(*four))
}

/// Writes a compound from front to back.
pub struct Writer<'a> {
    pen: Pen<'a>,
    reported: bool,
    named: bool,
}

impl<'a> Writer<'a> {
    /// Into this room.
    pub const fn new(out: &'a mut [u8]) -> Self {
        Self { pen: Pen::new(out), reported: false, named: false }
    }

    /// Of one who sends, with what it receives.
    ///
    /// # Errors
    /// When there is no room, or there are more than [`COUNT_LIMIT`] reports; nothing is written then.
    pub fn sender(&mut self, ssrc: u32, sent: Sent, reports: &[Report]) -> Result<(), Bad> {
        self.reported |= self.part(SENDER, reports.len(), |pen| {
            pen.put(&ssrc.to_be_bytes())?;
            pen.put(&sent.ntp.to_be_bytes())?;
            for value in [sent.timestamp, sent.packets, sent.octets] {
                pen.put(&value.to_be_bytes())?;
            }
            reports.iter().try_for_each(|report| report.write(pen))
        })?;
        Ok(())
    }

    /// Of one who only listens.
    ///
    /// # Errors
    /// As [`Self::sender`].
    pub fn receiver(&mut self, ssrc: u32, reports: &[Report]) -> Result<(), Bad> {
        self.reported |= self.part(RECEIVER, reports.len(), |pen| {
            pen.put(&ssrc.to_be_bytes())?;
            reports.iter().try_for_each(|report| report.write(pen))
        })?;
        Ok(())
    }

    /// The canonical name of a source.
    ///
    /// # Errors
    /// When no report stands before it, there is no room, or the name is longer than [`TEXT_LIMIT`]; nothing is written then.
    pub fn name(&mut self, ssrc: u32, name: &str) -> Result<(), Bad> {
        let length = u8::try_from(name.len()).map_err(|_| Bad::Field)?;
        self.after_report()?;
        self.named |= self.part(DESCRIPTION, 1, |pen| {
            pen.put(&ssrc.to_be_bytes())?;
            pen.put(&[CNAME, length])?;
            pen.put(name.as_bytes())?;
            pen.put(&[0])
        })?;
        Ok(())
    }

    /// These leave.
    ///
    /// # Errors
    /// When no report stands before it, there is no room, or something is longer than its field; nothing is written then.
    pub fn goodbye(&mut self, sources: &[u32], reason: Option<&str>) -> Result<(), Bad> {
        let length = u8::try_from(reason.map_or(0, str::len)).map_err(|_| Bad::Field)?;
        self.after_report()?;
        self.part(GOODBYE, sources.len(), |pen| {
            sources.iter().try_for_each(|ssrc| pen.put(&ssrc.to_be_bytes()))?;
            let Some(reason) = reason else { return Ok(()) };
            pen.put(&[length])?;
            pen.put(reason.as_bytes())
        })?;
        Ok(())
    }

    /// How many bytes it has become.
    ///
    /// # Errors
    /// When the report or the name is missing (RFC 3550 §6.1).
    pub fn finish(self) -> Result<usize, Bad> {
        if self.reported && self.named { Ok(self.pen.at()) } else { Err(Bad::Field) }
    }

    fn after_report(&self) -> Result<(), Bad> {
        if self.reported { Ok(()) } else { Err(Bad::Field) }
    }

    fn part(
        &mut self,
        kind: u8,
        count: usize,
        body: impl FnOnce(&mut Pen<'a>) -> Result<(), Bad>,
    ) -> Result<bool, Bad> {
        let start = self.pen.at();
        let written = self.try_part(start, kind, count, body);
        if written.is_err() {
            self.pen.back_to(start);
        }
        written.map(|()| true)
    }

    fn try_part(
        &mut self,
        start: usize,
        kind: u8,
        count: usize,
        body: impl FnOnce(&mut Pen<'a>) -> Result<(), Bad>,
    ) -> Result<(), Bad> {
        let count = u8::try_from(count).ok().filter(|count| *count <= 31).ok_or(Bad::Field)?;
        self.pen.put(&[0x80 | count, kind, 0, 0])?;
        body(&mut self.pen)?;
        while !(self.pen.at() - start).is_multiple_of(4) {
            self.pen.put(&[0])?;
        }
        let words = u16::try_from((self.pen.at() - start) / 4 - 1).map_err(|_| Bad::Field)?;
        self.pen.correct(start + 2, &words.to_be_bytes())
    }
}

/// How long to wait before the next compound: five seconds between two parties, half to one and a half of it by chance, and
/// corrected as RFC 3550 §6.3.1 and A.7 say. Takes any number.
pub const fn interval(chance: u32) -> Micros {
    let span = 2_500_000 + ((5_000_000 * chance as u64) >> 32);
    // Divided by e - 3/2.
    Micros(span * 100_000 / 121_828)
}

#[cfg(test)]
mod tests;
