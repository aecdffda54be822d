//! Session descriptions: read, written, and agreed upon.
//!
//! [`Sdp`] keeps every attribute, so that what we do not understand (ICE, DTLS, extensions) goes through unchanged.
//! [`Ability`] says what we can do; [`Ability::offer`], [`Ability::answer`] and [`Ability::conclude`] are the offer/answer
//! model.
//!
//! Sources: RFC 8866 (SDP), RFC 3264 (offer/answer), RFC 4568 (`crypto`), RFC 4733 (`telephone-event`).

use std::fmt;
use std::net::IpAddr;

use crate::message::Bad;

mod agree;

pub use agree::{Ability, Agreed, Security, Unfit};

/// The most bytes of a description.
pub const SDP_LIMIT: usize = 32_768;
/// The most lines of a description.
pub const SDP_LINES: usize = 1_024;
/// The most media lines of a description.
pub const MEDIA_LIMIT: usize = 32;

/// `a=name` or `a=name:value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Before the colon.
    pub name: Box<str>,
    /// After it.
    pub value: Option<Box<str>>,
}

impl Attribute {
    /// An attribute with a value.
    pub fn new(name: &str, value: impl fmt::Display) -> Self {
        Self { name: name.into(), value: Some(value.to_string().into()) }
    }

    /// An attribute without one.
    pub fn flag(name: &str) -> Self {
        Self { name: name.into(), value: None }
    }
}

/// Who sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// Both.
    #[default]
    SendRecv,
    /// The side that says so.
    SendOnly,
    /// The other side.
    RecvOnly,
    /// Nobody.
    Inactive,
}

impl Direction {
    /// As an attribute.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    /// Whether the side that says so sends, and whether it receives.
    pub const fn ways(self) -> (bool, bool) {
        match self {
            Self::SendRecv => (true, true),
            Self::SendOnly => (true, false),
            Self::RecvOnly => (false, true),
            Self::Inactive => (false, false),
        }
    }

    /// From whether one sends and receives.
    pub const fn of_ways(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// The same, seen from the other side.
    #[must_use]
    pub const fn reversed(self) -> Self {
        let (sends, receives) = self.ways();
        Self::of_ways(receives, sends)
    }

    /// What is left when both must agree.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        let ((a, b), (c, d)) = (self.ways(), other.ways());
        Self::of_ways(a && c, b && d)
    }

    fn parse(name: &str) -> Option<Self> {
        [Self::SendRecv, Self::SendOnly, Self::RecvOnly, Self::Inactive]
            .into_iter()
            .find(|own| own.as_str() == name)
    }
}

/// One way to code sound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Codec {
    /// The number on the wire, 0 to 127.
    pub payload: u8,
    /// `PCMU`, `PCMA`, `opus`, `telephone-event`.
    pub name: Box<str>,
    /// Samples a second.
    pub rate: u32,
    /// Channels; 1 where nothing is said.
    pub channels: u8,
    /// Parameters (`a=fmtp`).
    pub format: Option<Box<str>>,
}

impl Codec {
    /// A codec without parameters.
    pub fn new(payload: u8, name: &str, rate: u32, channels: u8) -> Self {
        Self { payload, name: name.into(), rate, channels, format: None }
    }

    /// Whether both code alike, whatever number they have.
    pub fn is_like(&self, other: &Self) -> bool {
        self.name.eq_ignore_ascii_case(&other.name)
            && self.rate == other.rate
            && self.channels == other.channels
    }

    /// Whether it carries keys, not sound (RFC 4733).
    pub fn is_dtmf(&self) -> bool {
        self.name.eq_ignore_ascii_case("telephone-event")
    }
}

/// `a=crypto:tag suite inline:key` (RFC 4568).
#[derive(Clone, PartialEq, Eq)]
pub struct Crypto {
    /// The number of the choice.
    pub tag: u32,
    /// `AES_CM_128_HMAC_SHA1_80`.
    pub suite: Box<str>,
    /// Key and salt in base64, with lifetime and MKI if there are any. Never shown.
    pub key: Box<str>,
}

impl fmt::Debug for Crypto {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Crypto({} {} ..)", self.tag, self.suite)
    }
}

/// `m=` and what follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// `audio`, `video`, `application`, `message`.
    pub kind: Box<str>,
    /// Where it is received; 0: refused, or not any more.
    pub port: u16,
    /// `RTP/AVP`, `RTP/SAVP`, `UDP/TLS/RTP/SAVPF`.
    pub protocol: Box<str>,
    /// Payload numbers, or whatever the protocol has.
    pub formats: Vec<Box<str>>,
    /// `c=` of this line, as written.
    pub connection: Option<Box<str>>,
    /// `b=` and other lines that are kept as they are, with their letter.
    pub others: Vec<Box<str>>,
    /// `a=` in order.
    pub attributes: Vec<Attribute>,
}

/// A session description.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sdp {
    /// `o=`: user name.
    pub user: Box<str>,
    /// `o=`: the session's number.
    pub id: u64,
    /// `o=`: rises with every change (RFC 3264 §8).
    pub version: u64,
    /// `o=`: where it was made, as written (`IN IP4 192.0.2.1`).
    pub origin: Box<str>,
    /// `s=`.
    pub name: Box<str>,
    /// `c=` for all media, as written.
    pub connection: Option<Box<str>>,
    /// `t=`; `0 0` where nothing is said.
    pub time: Box<str>,
    /// `b=`, `i=` and other lines that are kept as they are, with their letter.
    pub others: Vec<Box<str>>,
    /// `a=` for all media.
    pub attributes: Vec<Attribute>,
    /// `m=` in order; it never changes and never shrinks in a session.
    pub media: Vec<Media>,
}

impl Media {
    /// The first attribute of this name.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        find(&self.attributes, name)
    }

    /// Codecs in the order of preference, with what is known of payload numbers without `rtpmap` (RFC 3551 §6).
    pub fn codecs(&self) -> Vec<Codec> {
        let numbers =
            self.formats.iter().filter_map(|format| format.parse().ok()).filter(|n: &u8| *n < 128);
        numbers.filter_map(|payload| self.codec(payload)).collect()
    }

    fn codec(&self, payload: u8) -> Option<Codec> {
        let of = |name: &'static str| {
            let mut values = self
                .attributes
                .iter()
                .filter(move |a| &*a.name == name)
                .filter_map(|a| a.value.as_deref());
            values.find_map(|value| {
                let (number, rest) = value.split_once(' ')?;
                (number.parse() == Ok(payload)).then(|| rest.trim())
            })
        };
        let mut codec = match of("rtpmap") {
            Some(map) => {
                let mut parts = map.split('/');
                let name = parts.next().filter(|name| !name.is_empty())?;
                let rate = parts.next()?.parse().ok()?;
                Codec::new(payload, name, rate, parts.next().map_or(Some(1), |n| n.parse().ok())?)
            }
            None => match payload {
                0 => Codec::new(0, "PCMU", 8_000, 1),
                3 => Codec::new(3, "GSM", 8_000, 1),
                8 => Codec::new(8, "PCMA", 8_000, 1),
                9 => Codec::new(9, "G722", 8_000, 1),
                18 => Codec::new(18, "G729", 8_000, 1),
                _ => return None,
            },
        };
        codec.format = of("fmtp").map(Into::into);
        Some(codec)
    }

    /// The keys that are offered, each with its suite.
    pub fn cryptos(&self) -> Vec<Crypto> {
        let values = self
            .attributes
            .iter()
            .filter(|a| &*a.name == "crypto")
            .filter_map(|a| a.value.as_deref());
        let read = |value: &str| {
            let mut parts = value.split_whitespace();
            let (tag, suite) = (parts.next()?.parse().ok()?, parts.next()?);
            let key = parts.next()?.strip_prefix("inline:")?;
            Some(Crypto { tag, suite: suite.into(), key: key.into() })
        };
        values.filter_map(read).collect()
    }

    /// How much sound one packet carries, in milliseconds, where it is said.
    pub fn ptime(&self) -> Option<u32> {
        self.attribute("ptime")
            .and_then(|value| value.parse().ok())
            .filter(|ms| (1..=1_000).contains(ms))
    }

    /// Whether RTCP comes by the same port as RTP (RFC 5761).
    pub fn has_rtcp_mux(&self) -> bool {
        self.attributes.iter().any(|attribute| &*attribute.name == "rtcp-mux")
    }

    /// The port for RTCP: that of RTP with `rtcp-mux`, the one of `a=rtcp` (RFC 3605), or the next one.
    pub fn rtcp_port(&self) -> u16 {
        if self.has_rtcp_mux() {
            return self.port;
        }
        let stated = self
            .attribute("rtcp")
            .and_then(|value| value.split(' ').next())
            .and_then(|port| port.parse().ok());
        stated.unwrap_or_else(|| self.port.saturating_add(1))
    }
}

impl Sdp {
    /// Reads a description. Lines may end in `\n` alone, as some phones have it.
    ///
    /// # Errors
    ///
    /// It is too large, no text, or a line that matters is malformed.
    pub fn parse(bytes: &[u8]) -> Result<Self, Bad> {
        if bytes.len() > SDP_LIMIT {
            return Err(Bad("the SDP is too large"));
        }
        let text = String::from_utf8_lossy(bytes);
        let mut lines = text.lines().enumerate();
        if lines.next().map(|(_, line)| line.trim_end()) != Some("v=0") {
            return Err(Bad("the SDP is not of version 0"));
        }
        let mut sdp = Self::empty();
        let mut has_origin = false;
        for (at, line) in lines {
            if at >= SDP_LINES {
                return Err(Bad("the SDP has too many lines"));
            }
            let line = line.trim_end();
            if line.is_empty() {
                continue;
            }
            let (letter, value) = line
                .split_once('=')
                .filter(|(l, _)| l.len() == 1)
                .ok_or(Bad("an SDP line is none"))?;
            match (letter, sdp.media.last_mut()) {
                ("m", _) => {
                    if sdp.media.len() >= MEDIA_LIMIT {
                        return Err(Bad("the SDP has too many media"));
                    }
                    sdp.media.push(read_media(value)?);
                }
                ("a", Some(media)) => media.attributes.push(read_attribute(value)),
                ("a", None) => sdp.attributes.push(read_attribute(value)),
                ("c", Some(media)) => media.connection = Some(value.into()),
                ("c", None) => sdp.connection = Some(value.into()),
                ("o", None) => {
                    sdp.read_origin(value)?;
                    has_origin = true;
                }
                ("s", None) => sdp.name = value.into(),
                ("t", None) => sdp.time = value.into(),
                (_, Some(media)) => media.others.push(line.into()),
                (_, None) => sdp.others.push(line.into()),
            }
        }
        if has_origin { Ok(sdp) } else { Err(Bad("the SDP has no origin")) }
    }

    fn empty() -> Self {
        Self {
            user: "-".into(),
            id: 0,
            version: 0,
            origin: "IN IP4 0.0.0.0".into(),
            name: "-".into(),
            connection: None,
            time: "0 0".into(),
            others: Vec::new(),
            attributes: Vec::new(),
            media: Vec::new(),
        }
    }

    fn read_origin(&mut self, value: &str) -> Result<(), Bad> {
        let mut parts = value.splitn(4, ' ');
        let (Some(user), Some(id), Some(version), Some(rest)) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Bad("the SDP's origin is malformed"));
        };
        self.user = user.into();
        // Numbers that do not fit are only compared, and such a session works all the same.
        self.id = crate::message::text::number(id).ok_or(Bad("the SDP's origin is malformed"))?;
        self.version =
            crate::message::text::number(version).ok_or(Bad("the SDP's origin is malformed"))?;
        self.origin = rest.into();
        Ok(())
    }

    /// Where a media line is received, if that is an address; names are not looked up.
    pub fn address(&self, media: &Media) -> Option<IpAddr> {
        let text = media.connection.as_deref().or(self.connection.as_deref())?;
        let address = text.split(' ').nth(2)?;
        address.split('/').next()?.parse().ok()
    }

    /// Who sends on a media line: what it says, else what is said for all, else both. An address of zeros is the hold of
    /// RFC 2543 (RFC 3264 §8.4): its side receives nothing.
    pub fn direction(&self, media: &Media) -> Direction {
        let said =
            |attributes: &[Attribute]| attributes.iter().find_map(|a| Direction::parse(&a.name));
        let direction =
            said(&media.attributes).or_else(|| said(&self.attributes)).unwrap_or_default();
        let nowhere = self.address(media).is_some_and(|address| address.is_unspecified());
        if nowhere { direction.and(Direction::SendOnly) } else { direction }
    }

    /// An attribute of the media line, or else of all (`fingerprint`, `ice-ufrag`, `setup`).
    pub fn attribute<'a>(&'a self, media: &'a Media, name: &str) -> Option<&'a str> {
        media.attribute(name).or_else(|| find(&self.attributes, name))
    }
}

fn find<'a>(attributes: &'a [Attribute], name: &str) -> Option<&'a str> {
    attributes
        .iter()
        .find(|attribute| &*attribute.name == name)
        .map(|a| a.value.as_deref().unwrap_or_default())
}

fn read_attribute(value: &str) -> Attribute {
    match value.split_once(':') {
        Some((name, value)) => Attribute::new(name, value),
        None => Attribute::flag(value),
    }
}

fn read_media(value: &str) -> Result<Media, Bad> {
    let mut parts = value.split_whitespace();
    let (Some(kind), Some(port), Some(protocol)) = (parts.next(), parts.next(), parts.next())
    else {
        return Err(Bad("a media line is malformed"));
    };
    let port = port
        .split('/')
        .next()
        .and_then(|port| port.parse().ok())
        .ok_or(Bad("a media line has no port"))?;
    Ok(Media {
        kind: kind.into(),
        port,
        protocol: protocol.into(),
        formats: parts.map(Into::into).collect(),
        connection: None,
        others: Vec::new(),
        attributes: Vec::new(),
    })
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => write!(f, "a={}:{value}\r\n", self.name),
            None => write!(f, "a={}\r\n", self.name),
        }
    }
}

impl fmt::Display for Media {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "m={} {} {}", self.kind, self.port, self.protocol)?;
        self.formats.iter().try_for_each(|format| write!(f, " {format}"))?;
        f.write_str("\r\n")?;
        if let Some(connection) = &self.connection {
            write!(f, "c={connection}\r\n")?;
        }
        self.others.iter().try_for_each(|line| write!(f, "{line}\r\n"))?;
        self.attributes.iter().try_for_each(|attribute| attribute.fmt(f))
    }
}

impl fmt::Display for Sdp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "v=0\r\no={} {} {} {}\r\ns={}\r\n",
            self.user, self.id, self.version, self.origin, self.name
        )?;
        if let Some(connection) = &self.connection {
            write!(f, "c={connection}\r\n")?;
        }
        write!(f, "t={}\r\n", self.time)?;
        self.others.iter().try_for_each(|line| write!(f, "{line}\r\n"))?;
        self.attributes.iter().try_for_each(|attribute| attribute.fmt(f))?;
        self.media.iter().try_for_each(|media| media.fmt(f))
    }
}

#[cfg(test)]
mod tests;
