//! SRTP and SRTCP (RFC 3711, RFC 7714), with keys from the SDP (RFC 4568).
//!
//! Ciphers and hashes are the library's; here is only what goes where. No index is ever used twice for what we send: a packet
//! that would take the place of one that was sent already is not sent, since two packets under one key stream tell each
//! other's content.

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac::{self, HMAC_SHA1_FOR_LEGACY_USE_ONLY};
use aws_lc_rs::iv::FixedLength;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

/// The most sources of one leg that are told apart at a time.
const SOURCES: usize = 4;
/// How far back a packet may belong.
const WINDOW: u64 = 128;
/// How packets are kept secret and whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Suite {
    /// AES in counter mode with 80 bits of HMAC-SHA1.
    Long,
    /// The same with 32 bits.
    Short,
    /// AES in Galois counter mode.
    Gcm,
}

impl Suite {
    /// All, the preferred first.
    pub(super) const ALL: [Self; 3] = [Self::Gcm, Self::Long, Self::Short];

    /// As it is called in SDP.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Long => "AES_CM_128_HMAC_SHA1_80",
            Self::Short => "AES_CM_128_HMAC_SHA1_32",
            Self::Gcm => "AEAD_AES_128_GCM",
        }
    }

    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.name() == name)
    }

    const fn salt(self) -> usize {
        if matches!(self, Self::Gcm) { 12 } else { 14 }
    }

    /// Bytes of key and salt together.
    pub(super) const fn length(self) -> usize {
        16 + self.salt()
    }

    /// Bytes of the tag; a report's is never short.
    const fn tag(self, report: bool) -> usize {
        match self {
            Self::Short if !report => 4,
            Self::Long | Self::Short => 10,
            Self::Gcm => 16,
        }
    }
}

/// A master key and its salt.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Master {
    suite: Suite,
    key: [u8; 16],
    /// The salt, and zeros behind a short one.
    salt: [u8; 14],
}

impl std::fmt::Debug for Master {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Master({:?} ..)", self.suite)
    }
}

impl Master {
    /// From what stands in SDP behind `inline:`. A lifetime is passed over (RFC 4568 §6.1 allows a packet's life and more); an MKI
    /// is not known here.
    pub(super) fn read(suite: Suite, text: &str) -> Option<Self> {
        let mut parts = text.split('|');
        let bytes = BASE64_STANDARD.decode(parts.next()?).ok()?;
        if parts.any(|part| part.contains(':')) || bytes.len() != suite.length() {
            return None;
        }
        Self::of(suite, &bytes)
    }

    /// From bytes, as many as [`Suite::length`] says or more.
    pub(super) fn of(suite: Suite, bytes: &[u8]) -> Option<Self> {
        let (key, rest) = bytes.split_first_chunk()?;
        let mut salt = [0; 14];
        salt.get_mut(..suite.salt())?.copy_from_slice(rest.get(..suite.salt())?);
        Some(Self { suite, key: *key, salt })
    }

    /// The session's keys: RFC 3711 §4.3, without any rate of derivation.
    fn derive(&self, label: u8, length: usize) -> Option<Vec<u8>> {
        let mut iv = [0; 16];
        iv.get_mut(..14)?.copy_from_slice(&self.salt);
        *iv.get_mut(7)? ^= label;
        let mut out = vec![0; length];
        counter(&cipher(&self.key)?, iv, &mut out)?;
        Some(out)
    }
}

fn cipher(key: &[u8]) -> Option<EncryptingKey> {
    EncryptingKey::ctr(UnboundCipherKey::new(&AES_128, key).ok()?).ok()
}

/// Adds the key stream, which takes away what it added before.
fn counter(key: &EncryptingKey, iv: [u8; 16], bytes: &mut [u8]) -> Option<()> {
    let context = EncryptionContext::Iv128(FixedLength::from(iv));
    key.less_safe_encrypt(bytes, context).map(|_| ()).ok()
}

#[expect(clippy::large_enum_variant, reason = "a leg's four are all of one kind")]
enum Lock {
    Counter { key: EncryptingKey, hash: hmac::Key },
    Gcm(LessSafeKey),
}

/// Session keys for one way, of packets or of reports.
struct Keys {
    lock: Lock,
    salt: [u8; 14],
    tag: usize,
}

impl Keys {
    fn of(master: &Master, report: bool) -> Option<Self> {
        let first = if report { 3 } else { 0 };
        let key = master.derive(first, 16)?;
        let mut salt = [0; 14];
        let length = master.suite.salt();
        salt.get_mut(..length)?.copy_from_slice(&master.derive(first + 2, length)?);
        let lock = if master.suite == Suite::Gcm {
            Lock::Gcm(LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key).ok()?))
        } else {
            let hash = master.derive(first + 1, 20)?;
            let hash = hmac::Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &hash);
            Lock::Counter { key: cipher(&key)?, hash }
        };
        Some(Self { lock, salt, tag: master.suite.tag(report) })
    }

    /// RFC 3711 §4.1.1.
    fn iv(&self, ssrc: u32, index: u64) -> [u8; 16] {
        let mut iv = u128::from(ssrc) << 64 | u128::from(index) << 16;
        let mut salt = [0; 16];
        salt.iter_mut().zip(&self.salt).for_each(|(to, from)| *to = *from);
        iv ^= u128::from_be_bytes(salt);
        iv.to_be_bytes()
    }

    /// RFC 7714 §8.1: two zeros, SSRC, and 48 bits of index.
    fn nonce(&self, ssrc: u32, index: u64) -> Nonce {
        let own = u128::from(ssrc) << 48 | u128::from(index & 0xFFFF_FFFF_FFFF);
        let mut nonce = [0; 12];
        let bytes = own.to_be_bytes();
        let salted = bytes.iter().skip(4).zip(&self.salt).map(|(own, salt)| own ^ salt);
        nonce.iter_mut().zip(salted).for_each(|(to, from)| *to = from);
        Nonce::assume_unique_for_key(nonce)
    }

    fn hash(hash: &hmac::Key, bytes: &[u8]) -> [u8; 20] {
        let mut out = [0; 20];
        let tag = hmac::sign(hash, bytes);
        out.iter_mut().zip(tag.as_ref()).for_each(|(to, from)| *to = *from);
        out
    }
}

/// What has been seen of one source.
#[derive(Debug, Clone, Copy)]
struct Seen {
    ssrc: u32,
    highest: u64,
    /// Bit n: the packet n before the highest.
    bits: u128,
}

impl Seen {
    const fn new(ssrc: u32, index: u64) -> Self {
        Self { ssrc, highest: index, bits: 0 }
    }

    /// The index of a number, near the highest (RFC 3711 §3.3.1).
    fn index(&self, sequence: u16) -> u64 {
        let rest = self.highest & 0xFFFF;
        let turn = self.highest >> 16;
        let number = u64::from(sequence);
        let turn = if rest < 0x8000 && number > rest + 0x8000 {
            turn.saturating_sub(1)
        } else if rest >= 0x8000 && number < rest - 0x8000 {
            turn + 1
        } else {
            turn
        };
        turn << 16 | number
    }

    fn is_new(&self, index: u64) -> bool {
        let back = self.highest.saturating_sub(index);
        index > self.highest || back < WINDOW && self.bits >> back & 1 == 0
    }

    fn take(&mut self, index: u64) {
        if index > self.highest {
            let ahead = u32::try_from(index - self.highest).unwrap_or(u32::MAX);
            self.bits = self.bits.checked_shl(ahead).unwrap_or(0);
            self.highest = index;
        }
        let back = u32::try_from(self.highest - index).unwrap_or(u32::MAX);
        self.bits |= 1_u128.checked_shl(back).unwrap_or(0);
    }
}

/// The head of a packet as far as it matters here: SSRC, sequence number, and where the payload begins.
fn head(packet: &[u8]) -> Option<(u32, u16, usize)> {
    let [flags, _, s0, s1, _, _, _, _, r0, r1, r2, r3] = *packet.first_chunk::<12>()?;
    let mut begin = 12 + usize::from(flags & 15) * 4;
    if flags & 0x10 != 0 {
        let [_, _, l0, l1] = *packet.get(begin..)?.first_chunk()?;
        begin += 4 + usize::from(u16::from_be_bytes([l0, l1])) * 4;
    }
    let ssrc = u32::from_be_bytes([r0, r1, r2, r3]);
    (begin <= packet.len()).then_some((ssrc, u16::from_be_bytes([s0, s1]), begin))
}

/// Keeps one leg's packets secret, both ways.
pub(super) struct Guard {
    ours: Master,
    theirs: Master,
    out: Keys,
    out_reports: Keys,
    come: Keys,
    come_reports: Keys,
    sent: Option<Seen>,
    seen: Vec<Seen>,
    reports_sent: u32,
    reports_seen: Option<Seen>,
}

impl Guard {
    /// With our master key and theirs, which are of one suite.
    pub(super) fn new(ours: Master, theirs: Master) -> Option<Self> {
        Some(Self {
            out: Keys::of(&ours, false)?,
            out_reports: Keys::of(&ours, true)?,
            come: Keys::of(&theirs, false)?,
            come_reports: Keys::of(&theirs, true)?,
            ours,
            theirs,
            sent: None,
            seen: Vec::new(),
            reports_sent: 0,
            reports_seen: None,
        })
    }

    /// Takes new keys. What goes on under the old ones goes on where it was.
    pub(super) fn renew(&mut self, ours: Master, theirs: Master) -> Option<()> {
        let fresh = Self::new(ours, theirs)?;
        if self.ours != fresh.ours {
            (self.out, self.out_reports) = (fresh.out, fresh.out_reports);
            (self.ours, self.sent, self.reports_sent) = (fresh.ours, None, 0);
        }
        if self.theirs != fresh.theirs {
            (self.come, self.come_reports) = (fresh.come, fresh.come_reports);
            (self.theirs, self.reports_seen) = (fresh.theirs, None);
            self.seen.clear();
        }
        Some(())
    }

    /// Locks a packet in place; `buffer` has room for 20 more bytes. Tells how long it is now; nothing when it must not be
    /// sent.
    pub(super) fn lock(&mut self, buffer: &mut [u8], length: usize) -> Option<usize> {
        let (ssrc, sequence, begin) = head(buffer.get(..length)?)?;
        let sent = self.sent.get_or_insert(Seen::new(ssrc, sequence.into()));
        let index = sent.index(sequence);
        if !sent.is_new(index) {
            return None;
        }
        sent.take(index);
        let keys = &self.out;
        match &keys.lock {
            Lock::Counter { key, hash } => {
                counter(key, keys.iv(ssrc, index), buffer.get_mut(begin..length)?)?;
                let [_, _, turn @ .., _, _] = index.to_be_bytes();
                buffer.get_mut(length..length + 4)?.copy_from_slice(&turn);
                let tag = Keys::hash(hash, buffer.get(..length + 4)?);
                let end = length + keys.tag;
                buffer.get_mut(length..end)?.copy_from_slice(tag.get(..keys.tag)?);
                Some(end)
            }
            Lock::Gcm(key) => {
                let (head, body) = buffer.get_mut(..length)?.split_at_mut(begin);
                let nonce = keys.nonce(ssrc, index);
                let tag = key.seal_in_place_separate_tag(nonce, Aad::from(head), body).ok()?;
                let end = length + keys.tag;
                buffer.get_mut(length..end)?.copy_from_slice(tag.as_ref());
                Some(end)
            }
        }
    }

    /// Unlocks a packet in place. Tells how long it is now; nothing when it is forged, or was there before.
    pub(super) fn unlock(&mut self, packet: &mut [u8]) -> Option<usize> {
        let keys = &self.come;
        let length = packet.len().checked_sub(keys.tag)?;
        let (ssrc, sequence, begin) = head(packet.get(..length)?)?;
        let at = self.seen.iter().position(|seen| seen.ssrc == ssrc);
        let known = at.and_then(|at| self.seen.get(at).copied());
        let mut seen = known.unwrap_or(Seen::new(ssrc, sequence.into()));
        let index = seen.index(sequence);
        if !seen.is_new(index) {
            return None;
        }
        match &keys.lock {
            Lock::Counter { key, hash } => {
                let mut tag = [0; 10];
                let tag = tag.get_mut(..keys.tag)?;
                tag.copy_from_slice(packet.get(length..)?);
                let [_, _, turn @ .., _, _] = index.to_be_bytes();
                packet.get_mut(length..length + 4)?.copy_from_slice(&turn);
                let own = Keys::hash(hash, packet.get(..length + 4)?);
                verify_slices_are_equal(own.get(..keys.tag)?, tag).ok()?;
                counter(key, keys.iv(ssrc, index), packet.get_mut(begin..length)?)?;
            }
            Lock::Gcm(key) => {
                let (head, body) = packet.split_at_mut(begin);
                key.open_in_place(keys.nonce(ssrc, index), Aad::from(head), body).ok()?;
            }
        }
        // Only who has the key is remembered.
        seen.take(index);
        if let Some(place) = at.and_then(|at| self.seen.get_mut(at)) {
            *place = seen;
        } else {
            if self.seen.len() >= SOURCES {
                self.seen.remove(0);
            }
            self.seen.push(seen);
        }
        Some(length)
    }

    /// As [`Self::lock`], a report.
    pub(super) fn lock_report(&mut self, buffer: &mut [u8], length: usize) -> Option<usize> {
        let index = self.reports_sent & 0x7FFF_FFFF;
        self.reports_sent = self.reports_sent.wrapping_add(1);
        let ssrc = u32::from_be_bytes(*buffer.get(4..8)?.first_chunk()?);
        let keys = &self.out_reports;
        let trailer = (0x8000_0000 | index).to_be_bytes();
        match &keys.lock {
            Lock::Counter { key, hash } => {
                counter(key, keys.iv(ssrc, index.into()), buffer.get_mut(8..length)?)?;
                let signed = length + 4;
                buffer.get_mut(length..signed)?.copy_from_slice(&trailer);
                let tag = Keys::hash(hash, buffer.get(..signed)?);
                let end = signed + keys.tag;
                buffer.get_mut(signed..end)?.copy_from_slice(tag.get(..keys.tag)?);
                Some(end)
            }
            Lock::Gcm(key) => {
                // RFC 7714 §9: the associated data are the head and the trailer.
                let (head, body) = buffer.get_mut(..length)?.split_at_mut(8);
                let mut also = [0; 12];
                also.iter_mut().zip(head.iter().chain(&trailer)).for_each(|(to, from)| *to = *from);
                let nonce = keys.nonce(ssrc, index.into());
                let tag = key.seal_in_place_separate_tag(nonce, Aad::from(also), body).ok()?;
                let signed = length + keys.tag;
                buffer.get_mut(length..signed)?.copy_from_slice(tag.as_ref());
                buffer.get_mut(signed..signed + 4)?.copy_from_slice(&trailer);
                Some(signed + 4)
            }
        }
    }

    /// As [`Self::unlock`], a report. One that was not encrypted, though signed, is taken too (RFC 3711 §3.4).
    pub(super) fn unlock_report(&mut self, packet: &mut [u8]) -> Option<usize> {
        let keys = &self.come_reports;
        let length = packet.len().checked_sub(keys.tag + 4)?;
        let ssrc = u32::from_be_bytes(*packet.get(4..8)?.first_chunk()?);
        let at = if matches!(keys.lock, Lock::Gcm(_)) { length + keys.tag } else { length };
        let trailer: [u8; 4] = *packet.get(at..at + 4)?.first_chunk()?;
        let word = u32::from_be_bytes(trailer);
        let (secret, index) = (word >> 31 == 1, u64::from(word & 0x7FFF_FFFF));
        let mut seen = self.reports_seen.unwrap_or(Seen::new(ssrc, index));
        if length < 8 || !seen.is_new(index) {
            return None;
        }
        match &keys.lock {
            Lock::Counter { key, hash } => {
                let own = Keys::hash(hash, packet.get(..length + 4)?);
                verify_slices_are_equal(own.get(..keys.tag)?, packet.get(length + 4..)?).ok()?;
                if secret {
                    counter(key, keys.iv(ssrc, index), packet.get_mut(8..length)?)?;
                }
            }
            Lock::Gcm(_) if !secret => return None,
            Lock::Gcm(key) => {
                let (head, body) = packet.get_mut(..length + keys.tag)?.split_at_mut(8);
                let mut also = [0; 12];
                also.iter_mut().zip(head.iter().chain(&trailer)).for_each(|(to, from)| *to = *from);
                key.open_in_place(keys.nonce(ssrc, index), Aad::from(also), body).ok()?;
            }
        }
        seen.take(index);
        self.reports_seen = Some(seen);
        Some(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: Vec<_> = text.chars().filter_map(|c| c.to_digit(16)).collect();
        digits.chunks(2).map(|two| u8::try_from(two[0] * 16 + two[1]).unwrap()).collect()
    }

    const MASTER: &str = "E1F97A0D3E018BE0D64FA32C06DE4139 0EC675AD498AFEEBB6960B3AABE6";

    fn master(suite: Suite) -> Master {
        Master::of(suite, &hex(MASTER)).unwrap()
    }

    fn pair(suite: Suite) -> (Guard, Guard) {
        let other = Master::of(suite, &[7; 30]).unwrap();
        let ours = Guard::new(master(suite), other.clone()).unwrap();
        (ours, Guard::new(other, master(suite)).unwrap())
    }

    fn packet(sequence: u16) -> ([u8; 200], usize) {
        let mut bytes = [0; 200];
        let plain = hex("800f1234decafbadcafebabeabababababababababababababababab");
        bytes[..plain.len()].copy_from_slice(&plain);
        bytes[2..4].copy_from_slice(&sequence.to_be_bytes());
        (bytes, plain.len())
    }

    #[test]
    fn keys_are_derived_as_the_standard_shows() {
        // RFC 3711 B.3.
        let master = master(Suite::Long);
        assert_eq!(master.derive(0, 16).unwrap(), hex("C61E7A93744F39EE10734AFE3FF7A087"));
        assert_eq!(master.derive(2, 14).unwrap(), hex("30CBBC08863D8C85D49DB34A9AE1"));
        let hash = hex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4");
        assert_eq!(master.derive(1, 20).unwrap(), hash);
    }

    #[test]
    fn the_key_stream_is_the_standards() {
        // RFC 3711 B.2, the first and the last block it shows.
        let key = cipher(&hex("2B7E151628AED2A6ABF7158809CF4F3C")).unwrap();
        let salt = hex("F0F1F2F3F4F5F6F7F8F9FAFBFCFD");
        let keys = Keys {
            lock: Lock::Counter { key, hash: hmac::Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &[0]) },
            salt: salt.try_into().unwrap(),
            tag: 10,
        };
        let Lock::Counter { key, .. } = &keys.lock else { panic!("another lock") };
        let mut stream = vec![0; 0xFF02 * 16];
        counter(key, keys.iv(0, 0), &mut stream).unwrap();
        assert_eq!(stream[..16], hex("E03EAD0935C95E80E166B16DD92B4EB4"));
        assert_eq!(stream[16..32], hex("D23513162B02D0F72A43A2FE4A5F97AB"));
        assert_eq!(stream[0xFF01 * 16..], hex("6A2CC3787889374FBEB4C81B17BA6C44"));
    }

    #[test]
    fn a_packet_is_what_other_implementations_make_of_it() {
        // The reference packet of libsrtp, which many have taken over.
        let (mut ours, _) = pair(Suite::Long);
        let (mut bytes, length) = packet(0x1234);
        let length = ours.lock(&mut bytes, length).unwrap();
        let expected =
            "800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb";
        assert_eq!(bytes[..length], hex(expected));
    }

    #[test]
    fn galois_counter_mode_is_the_standards() {
        // RFC 7714 §16.1.1: session keys, not master keys.
        let key = UnboundKey::new(&AES_128_GCM, &hex("000102030405060708090a0b0c0d0e0f")).unwrap();
        let mut salt = [0; 14];
        salt[..12].copy_from_slice(b"Quid pro quo");
        let mut guard = pair(Suite::Gcm).0;
        guard.out = Keys { lock: Lock::Gcm(LessSafeKey::new(key)), salt, tag: 16 };
        let plain = hex(
            "8040f17b8041f8d35501a0b2 47616c6c696120657374206f6d6e6973206469766973612069 6e207061727465732074726573",
        );
        let mut bytes = [0; 100];
        bytes[..plain.len()].copy_from_slice(&plain);
        let length = guard.lock(&mut bytes, plain.len()).unwrap();
        let expected = "8040f17b8041f8d35501a0b2 f24de3a3fb34de6cacba861c9d7e4bcabe633bd50d294e6f42a5f47a51c7d19b36de3adf8833 899d7f27beb16a9152cf765ee4390cce";
        assert_eq!(bytes[..length], hex(expected));
    }

    #[test]
    fn what_one_locks_the_other_unlocks_once_across_many_turns() {
        for suite in Suite::ALL {
            let (mut ours, mut theirs) = pair(suite);
            for n in 0..200_000_u32 {
                let (mut bytes, plain) = packet(u16::try_from(n & 0xFFFF).unwrap());
                let before = bytes;
                let length = ours.lock(&mut bytes, plain).unwrap();
                assert_ne!(bytes[12..plain], before[12..plain]);
                let mut copy = bytes;
                assert_eq!(theirs.unlock(&mut bytes[..length]), Some(plain), "{suite:?} {n}");
                assert_eq!(bytes[..plain], before[..plain]);
                if n % 1_000 == 0 {
                    assert_eq!(theirs.unlock(&mut copy[..length]), None, "once more");
                }
            }
        }
    }

    #[test]
    fn forged_and_spoiled_packets_are_refused_and_change_nothing() {
        for suite in Suite::ALL {
            let (mut ours, mut theirs) = pair(suite);
            let (mut bytes, plain) = packet(9);
            let length = ours.lock(&mut bytes, plain).unwrap();
            for at in 0..length {
                let mut spoiled = bytes;
                spoiled[at] ^= 4;
                assert_eq!(theirs.unlock(&mut spoiled[..length]), None, "{suite:?} {at}");
            }
            for cut in 0..length {
                let mut short = bytes;
                assert_eq!(theirs.unlock(&mut short[..cut]), None);
            }
            assert!(theirs.seen.is_empty());
            assert_eq!(theirs.unlock(&mut bytes[..length]), Some(plain));
        }
    }

    #[test]
    fn no_place_in_the_key_stream_is_used_twice() {
        let (mut ours, mut theirs) = pair(Suite::Long);
        let (mut bytes, plain) = packet(100);
        assert!(ours.lock(&mut bytes, plain).is_some());
        let (mut bytes, plain) = packet(100);
        assert_eq!(ours.lock(&mut bytes, plain), None);
        // One that is late has a place of its own.
        let (mut bytes, plain) = packet(98);
        let length = ours.lock(&mut bytes, plain).unwrap();
        assert_eq!(theirs.unlock(&mut bytes[..length]), Some(plain));
    }

    #[test]
    fn reports_go_through_once() {
        for suite in Suite::ALL {
            let (mut ours, mut theirs) = pair(suite);
            for _ in 0..10 {
                let mut bytes = [3; 100];
                let length = ours.lock_report(&mut bytes, 52).unwrap();
                assert_ne!(bytes[8..52], [3; 44]);
                let mut copy = bytes;
                let mut spoiled = bytes;
                spoiled[20] ^= 1;
                assert_eq!(theirs.unlock_report(&mut spoiled[..length]), None);
                assert_eq!(theirs.unlock_report(&mut bytes[..length]), Some(52), "{suite:?}");
                assert_eq!(bytes[..52], [3; 52]);
                assert_eq!(theirs.unlock_report(&mut copy[..length]), None);
            }
        }
    }

    #[test]
    fn keys_are_read_from_sdp_and_never_shown() {
        let text = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
        let read = |text: &str| Master::read(Suite::Long, text);
        assert!(read(text).is_some() && read(&format!("{text}|2^20")).is_some());
        assert!(read(&format!("{text}|2^20|1:4")).is_none(), "an MKI would stand in each packet");
        assert!(read("AAAA").is_none() && read("not base64").is_none());
        assert_eq!(format!("{:?}", read(text).unwrap()), "Master(Long ..)");
    }
}
