//! RTP packets on byte slices: read and written in place, nothing copied, nothing allocated.
//!
//! Sources: RFC 3550 §5.1 (the header), §5.3.1 and RFC 8285 (extensions), RFC 5761 §4 and RFC 7983 §7 (what else comes by the
//! same port).

/// The least bytes of a packet.
pub const HEADER: usize = 12;
/// The most bytes of a packet that are looked at: what an Ethernet frame carries.
pub const PACKET_LIMIT: usize = 1_500;
/// The most contributing sources; the field has four bits.
pub const CSRC_LIMIT: usize = 15;

/// Why bytes are no packet, or a packet does not become bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Bad {
    /// It ends before it should, or there is no room to write it.
    #[error("too short")]
    Short,
    /// Longer than [`PACKET_LIMIT`].
    #[error("too long")]
    Long,
    /// Not version 2.
    #[error("not version 2")]
    Version,
    /// Padding of nothing, or of more than there is.
    #[error("padding does not fit")]
    Padding,
    /// A field that does not fit its bits: a payload type above 127, more than [`CSRC_LIMIT`] sources, an extension or a list
    /// that is no whole number of words.
    #[error("a field does not fit")]
    Field,
}

/// What came by a port that RTP shares with its companions, judged by the first two bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// RFC 7983: 0 to 3.
    Stun,
    /// RFC 7983: 20 to 63.
    Dtls,
    /// Version 2, and not RTCP.
    Rtp,
    /// Version 2 and a packet type from 192 to 223.
    Rtcp,
    /// Nothing of ours.
    Unknown,
}

impl Kind {
    /// Judges; reads two bytes at most.
    pub fn of(bytes: &[u8]) -> Self {
        match (bytes.first(), bytes.get(1)) {
            (Some(0..=3), _) => Self::Stun,
            (Some(20..=63), _) => Self::Dtls,
            (Some(128..=191), Some(192..=223)) => Self::Rtcp,
            (Some(128..=191), Some(_)) => Self::Rtp,
            _ => Self::Unknown,
        }
    }
}

/// A header extension as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extension<'a> {
    /// "Defined by profile": `0xBEDE` and `0x100x` are lists of elements.
    pub profile: u16,
    /// Whole words.
    pub data: &'a [u8],
}

impl<'a> Extension<'a> {
    /// Its elements by RFC 8285, number and value; none when it is of another kind. Ends quietly where the list is broken.
    pub fn elements(self) -> Elements<'a> {
        match self.profile {
            0xBEDE => Elements { rest: self.data, long: false },
            0x1000..=0x100F => Elements { rest: self.data, long: true },
            _ => Elements { rest: &[], long: false },
        }
    }
}

/// See [`Extension::elements`].
#[derive(Debug, Clone)]
pub struct Elements<'a> {
    rest: &'a [u8],
    long: bool,
}

impl<'a> Iterator for Elements<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let (&first, rest) = self.rest.split_first()?;
            self.rest = rest;
            let (id, length) = match (self.long, first) {
                (_, 0) => continue, // padding
                (true, id) => {
                    let (&length, rest) = self.rest.split_first()?;
                    self.rest = rest;
                    (id, usize::from(length))
                }
                // RFC 8285 §4.2: 15 ends the list, whatever follows.
                (false, byte) if byte >> 4 == 15 => {
                    self.rest = &[];
                    return None;
                }
                (false, byte) => (byte >> 4, usize::from(byte & 15) + 1),
            };
            let Some((value, rest)) = self.rest.split_at_checked(length) else {
                self.rest = &[];
                return None;
            };
            self.rest = rest;
            return Some((id, value));
        }
    }
}

/// One packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Packet<'a> {
    /// The first of a talkspurt, or of an event.
    pub marker: bool,
    /// What the payload is, 0 to 127.
    pub payload_type: u8,
    /// One more each packet.
    pub sequence: u16,
    /// When the first sample was taken, in samples.
    pub timestamp: u32,
    /// Who sends.
    pub ssrc: u32,
    /// Who was mixed into it: four bytes each, [`CSRC_LIMIT`] at most.
    pub csrc: &'a [u8],
    /// What else is said about it.
    pub extension: Option<Extension<'a>>,
    /// The sound.
    pub payload: &'a [u8],
    /// Bytes behind the payload that mean nothing, their count included.
    pub padding: u8,
}

impl<'a> Packet<'a> {
    /// Reads.
    ///
    /// # Errors
    /// When it is no RTP: it ends early, has another version, or its padding does not fit.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Bad> {
        if bytes.len() > PACKET_LIMIT {
            return Err(Bad::Long);
        }
        let (head, rest) = bytes.split_first_chunk::<HEADER>().ok_or(Bad::Short)?;
        let [flags, kind, s0, s1, t0, t1, t2, t3, r0, r1, r2, r3] = *head;
        if flags >> 6 != 2 {
            return Err(Bad::Version);
        }
        let (csrc, rest) = rest.split_at_checked(usize::from(flags & 15) * 4).ok_or(Bad::Short)?;
        let (extension, rest) = if flags & 0x10 == 0 {
            (None, rest)
        } else {
            let ([p0, p1, l0, l1], rest) = rest.split_first_chunk::<4>().ok_or(Bad::Short)?;
            let words = usize::from(u16::from_be_bytes([*l0, *l1]));
            let (data, rest) = rest.split_at_checked(words * 4).ok_or(Bad::Short)?;
            (Some(Extension { profile: u16::from_be_bytes([*p0, *p1]), data }), rest)
        };
        let (payload, padding) = if flags & 0x20 == 0 {
            (rest, 0)
        } else {
            let padding = *rest.last().ok_or(Bad::Padding)?;
            let length = rest.len().checked_sub(padding.into()).ok_or(Bad::Padding)?;
            if padding == 0 {
                return Err(Bad::Padding);
            }
            (rest.get(..length).ok_or(Bad::Padding)?, padding)
        };
        Ok(Self {
            marker: kind & 0x80 != 0,
            payload_type: kind & 0x7F,
            sequence: u16::from_be_bytes([s0, s1]),
            timestamp: u32::from_be_bytes([t0, t1, t2, t3]),
            ssrc: u32::from_be_bytes([r0, r1, r2, r3]),
            csrc,
            extension,
            payload,
            padding,
        })
    }

    /// Writes, and tells how many bytes it took.
    ///
    /// # Errors
    /// When there is no room, or a field does not fit.
    pub fn write(&self, out: &mut [u8]) -> Result<usize, Bad> {
        let sources = self.csrc.len() / 4;
        let words = self.extension.map_or(0, |extension| extension.data.len() / 4);
        let whole = self.csrc.len().is_multiple_of(4)
            && self.extension.is_none_or(|extension| extension.data.len().is_multiple_of(4));
        if self.payload_type > 127 || sources > CSRC_LIMIT || !whole {
            return Err(Bad::Field);
        }
        let words = u16::try_from(words).map_err(|_| Bad::Field)?;
        let mut pen = Pen::new(out);
        let flags = 0x80
            | u8::from(self.padding > 0) << 5
            | u8::from(self.extension.is_some()) << 4
            | u8::try_from(sources).map_err(|_| Bad::Field)?;
        pen.put(&[flags, u8::from(self.marker) << 7 | self.payload_type])?;
        pen.put(&self.sequence.to_be_bytes())?;
        pen.put(&self.timestamp.to_be_bytes())?;
        pen.put(&self.ssrc.to_be_bytes())?;
        pen.put(self.csrc)?;
        if let Some(extension) = self.extension {
            pen.put(&extension.profile.to_be_bytes())?;
            pen.put(&words.to_be_bytes())?;
            pen.put(extension.data)?;
        }
        pen.put(self.payload)?;
        for left in (1..=self.padding).rev() {
            pen.put(&[if left == 1 { self.padding } else { 0 }])?;
        }
        Ok(pen.at())
    }

    /// Who was mixed into it.
    pub fn sources(&self) -> impl Iterator<Item = u32> + 'a {
        let (words, _) = self.csrc.as_chunks::<4>();
        words.iter().map(|word| u32::from_be_bytes(*word))
    }
}

/// Writes into a slice from front to back.
pub(crate) struct Pen<'a> {
    out: &'a mut [u8],
    at: usize,
}

impl<'a> Pen<'a> {
    pub(crate) const fn new(out: &'a mut [u8]) -> Self {
        Self { out, at: 0 }
    }

    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<(), Bad> {
        let end = self.at + bytes.len();
        self.out.get_mut(self.at..end).ok_or(Bad::Short)?.copy_from_slice(bytes);
        self.at = end;
        Ok(())
    }

    /// Goes back to a place that was written before.
    pub(crate) fn correct(&mut self, at: usize, bytes: &[u8]) -> Result<(), Bad> {
        let place = self.out.get_mut(at..at + bytes.len()).ok_or(Bad::Short)?;
        place.copy_from_slice(bytes);
        Ok(())
    }

    /// Forgets what was written since.
    pub(crate) fn back_to(&mut self, at: usize) {
        self.at = self.at.min(at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seeded::Seeded;

    const FULL: &[u8] = &[
        0xB2, 0xE5, 0x12, 0x34, 0, 0, 0, 160, 0xDE, 0xAD, 0xBE, 0xEF, // header
        0, 0, 0, 1, 0, 0, 0, 2, // two sources
        0xBE, 0xDE, 0, 2, 0x10, 0x7F, 0, 0x21, 0xAA, 0xBB, 0, 0, // elements 1 and 2
        9, 8, 7, 0, 0, 3, // payload, padding
    ];

    #[test]
    fn every_field_is_read_and_written_back_to_the_same_bytes() {
        let packet = Packet::read(FULL).unwrap();
        assert!(packet.marker);
        assert_eq!((packet.payload_type, packet.sequence), (101, 0x1234));
        assert_eq!((packet.timestamp, packet.ssrc), (160, 0xDEAD_BEEF));
        assert_eq!(packet.sources().collect::<Vec<_>>(), [1, 2]);
        assert_eq!((packet.payload, packet.padding), (&[9, 8, 7][..], 3));
        let elements: Vec<_> = packet.extension.unwrap().elements().collect();
        assert_eq!(elements, [(1, &[0x7F][..]), (2, &[0xAA, 0xBB][..])]);
        let mut out = [0; 64];
        let length = packet.write(&mut out).unwrap();
        assert_eq!(&out[..length], FULL);
    }

    #[test]
    fn two_byte_elements_may_be_empty_and_end_where_they_are_broken() {
        let data = [1, 0, 0, 2, 1, 5, 3, 200];
        let elements: Vec<_> = Extension { profile: 0x1000, data: &data }.elements().collect();
        assert_eq!(elements, [(1, &[][..]), (2, &[5][..])]);
        let stop = [0xF0, 0x10, 1, 1];
        assert_eq!(Extension { profile: 0xBEDE, data: &stop }.elements().count(), 0);
        assert_eq!(Extension { profile: 7, data: &data }.elements().count(), 0);
    }

    #[track_caller]
    fn refuses(at: usize, value: u8, why: Bad) {
        let mut bytes = FULL.to_vec();
        bytes[at] = value;
        assert_eq!(Packet::read(&bytes), Err(why));
    }

    #[test]
    fn what_is_no_packet_says_why() {
        refuses(0, 0x72, Bad::Version);
        refuses(0, 0xBF, Bad::Short);
        refuses(FULL.len() - 1, 0, Bad::Padding);
        refuses(FULL.len() - 1, 7, Bad::Padding);
        refuses(23, 9, Bad::Short);
        assert_eq!(Packet::read(&FULL[..11]), Err(Bad::Short));
        assert_eq!(Packet::read(&[0x80; PACKET_LIMIT + 1]), Err(Bad::Long));
    }

    #[test]
    fn what_does_not_fit_is_not_written() {
        let packet = Packet::read(FULL).unwrap();
        let mut out = [0; 64];
        assert_eq!(packet.write(&mut out[..FULL.len() - 1]), Err(Bad::Short));
        assert_eq!(Packet { payload_type: 128, ..packet }.write(&mut out), Err(Bad::Field));
        assert_eq!(Packet { csrc: &[0; 64], ..packet }.write(&mut out), Err(Bad::Field));
        assert_eq!(Packet { csrc: &[0; 3], ..packet }.write(&mut out), Err(Bad::Field));
    }

    #[test]
    fn companions_on_the_same_port_are_told_apart() {
        assert_eq!(Kind::of(&[0, 1]), Kind::Stun);
        assert_eq!(Kind::of(&[22, 254]), Kind::Dtls);
        assert_eq!(Kind::of(&[0x80, 200]), Kind::Rtcp);
        assert_eq!(Kind::of(&[0x80, 0x88]), Kind::Rtp);
        assert_eq!(Kind::of(&[0x80]), Kind::Unknown);
        assert_eq!(Kind::of(&[]), Kind::Unknown);
    }

    #[test]
    fn whatever_is_read_can_be_written_and_read_again() {
        let mut chance = Seeded::new(1);
        let mut read = 0;
        for _ in 0..100_000 {
            let bytes = chance.spoiled(FULL);
            let Ok(packet) = Packet::read(&bytes) else { continue };
            read += 1;
            if let Some(extension) = packet.extension {
                assert!(extension.elements().count() <= extension.data.len());
            }
            let mut out = [0; PACKET_LIMIT];
            let length = packet.write(&mut out).unwrap();
            assert_eq!(length, bytes.len());
            assert_eq!(Packet::read(&out[..length]), Ok(packet));
        }
        assert!(read > 10_000, "only {read} were packets");
    }
}
