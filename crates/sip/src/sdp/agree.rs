//! Offer and answer (RFC 3264): what both sides can do.
//!
//! One line of sound is agreed upon; every other line of an offer is refused by port 0, in its place, as it must be (§6).

use std::net::IpAddr;

use super::{Attribute, Codec, Direction, Media, Sdp};

/// How packets are kept secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Security {
    /// Not at all: `RTP/AVP`.
    Plain,
    /// By keys in the SDP (RFC 4568), which only a secure transport of the SDP makes sense of: `RTP/SAVP`.
    Sdes {
        /// The suites that we know, the preferred one first.
        suites: Vec<Box<str>>,
        /// Our key and salt, in base64.
        key: Box<str>,
    },
    /// By DTLS: `UDP/TLS/RTP/SAVPF`. Fingerprint, setup and ICE are in [`Ability::attributes`].
    Dtls,
}

impl Security {
    const fn protocol(&self) -> &'static str {
        match self {
            Self::Plain => "RTP/AVP",
            Self::Sdes { .. } => "RTP/SAVP",
            Self::Dtls => "UDP/TLS/RTP/SAVPF",
        }
    }

    /// Whether a line of this protocol can be secured this way. `F` (feedback) makes no difference to us.
    fn fits(&self, media: &Media) -> bool {
        match self {
            Self::Plain => matches!(&*media.protocol, "RTP/AVP" | "RTP/AVPF"),
            Self::Sdes { .. } => {
                matches!(&*media.protocol, "RTP/SAVP" | "RTP/SAVPF") && self.crypto(media).is_some()
            }
            Self::Dtls => {
                matches!(&*media.protocol, "UDP/TLS/RTP/SAVPF" | "UDP/TLS/RTP/SAVP" | "RTP/SAVPF")
            }
        }
    }

    /// The answer to the first offered key whose suite we know.
    fn crypto(&self, media: &Media) -> Option<Attribute> {
        let Self::Sdes { suites, key } = self else { return None };
        let offered = media.cryptos();
        let chosen = offered.iter().find(|crypto| suites.contains(&crypto.suite))?;
        Some(Attribute::new("crypto", format_args!("{} {} inline:{key}", chosen.tag, chosen.suite)))
    }
}

/// What one end can do, and where.
#[derive(Debug, Clone)]
pub struct Ability {
    /// Where we receive.
    pub address: IpAddr,
    /// The port where we receive.
    pub port: u16,
    /// What we can code, the preferred first. Their numbers are used in offers; an answer takes the offer's.
    pub codecs: Vec<Codec>,
    /// What we want to do: `SendOnly` holds the other side.
    pub direction: Direction,
    /// How much sound our packets carry, in milliseconds.
    pub ptime: u32,
    /// How packets are kept secret.
    pub security: Security,
    /// Anything else for our line: `rtcp-mux`, `ice-ufrag`, `candidate`, `fingerprint`, `setup`.
    pub attributes: Vec<Attribute>,
}

/// What both ends agreed upon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreed {
    /// Which media line, from 0.
    pub line: usize,
    /// What is coded, with the number that the other side wants to receive.
    pub codec: Codec,
    /// The number of keys (RFC 4733) that the other side wants to receive.
    pub dtmf: Option<u8>,
    /// Where the other side receives, if it said an address.
    pub address: Option<IpAddr>,
    /// The port where it receives.
    pub port: u16,
    /// The port where it receives RTCP.
    pub rtcp_port: u16,
    /// Who sends, seen from us.
    pub direction: Direction,
    /// How much sound the other side wants in a packet, in milliseconds.
    pub ptime: u32,
}

/// Why there is no agreement: 488 is the answer to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// No line of sound that we can secure as it wants to be.
    #[error("no line of sound that fits")]
    NoLine,
    /// No codec that both know.
    #[error("no codec in common")]
    NoCodec,
    /// The answer does not fit the offer.
    #[error("the answer does not fit the offer")]
    NotAnAnswer,
}

impl Ability {
    /// An offer. A later one of the same session takes the earlier: its lines stay, its version rises.
    pub fn offer(&self, session: u64, earlier: Option<&Sdp>) -> Sdp {
        let mut line = self.line(self.security.protocol(), &self.codecs);
        if let Security::Sdes { suites, key } = &self.security {
            for (at, suite) in suites.iter().enumerate() {
                let tag = at.saturating_add(1);
                line.attributes
                    .push(Attribute::new("crypto", format_args!("{tag} {suite} inline:{key}")));
            }
        }
        let mut sdp = self.frame(session, earlier);
        if let Some(earlier) = earlier {
            let ours =
                earlier.media.iter().position(|media| media.port != 0 && &*media.kind == "audio");
            sdp.media = earlier.media.iter().map(refused).collect();
            if let Some(place) = ours.and_then(|at| sdp.media.get_mut(at)) {
                *place = line;
                return sdp;
            }
        }
        sdp.media.push(line);
        sdp
    }

    /// The answer to an offer, and what is agreed by it.
    ///
    /// # Errors
    ///
    /// There is no line, or no codec, that both can do: refuse with 488.
    pub fn answer(
        &self,
        offer: &Sdp,
        session: u64,
        earlier: Option<&Sdp>,
    ) -> Result<(Sdp, Agreed), Unfit> {
        let sound =
            |media: &Media| &*media.kind == "audio" && media.port != 0 && self.security.fits(media);
        let at = offer.media.iter().position(sound).ok_or(Unfit::NoLine)?;
        let theirs = offer.media.get(at).ok_or(Unfit::NoLine)?;
        let chosen = self.choose(theirs)?;
        let direction = offer.direction(theirs).reversed().and(self.direction);
        let mut line = Self { direction, ..self.clone() }.line(&theirs.protocol, &chosen);
        line.attributes.extend(self.security.crypto(theirs));
        let mut sdp = self.frame(session, earlier);
        sdp.media = offer.media.iter().map(refused).collect();
        if let Some(place) = sdp.media.get_mut(at) {
            *place = line;
        }
        let agreed = agreed(offer, theirs, at, &chosen, direction, self.ptime)?;
        Ok((sdp, agreed))
    }

    /// What is agreed by the answer to an offer of ours.
    ///
    /// # Errors
    ///
    /// The other side took no line of sound, or answered something else than was offered.
    pub fn conclude(&self, offer: &Sdp, answer: &Sdp) -> Result<Agreed, Unfit> {
        if answer.media.len() != offer.media.len() {
            return Err(Unfit::NotAnAnswer);
        }
        let lines = offer.media.iter().zip(&answer.media).enumerate();
        let mut taken = lines.filter(|(_, (ours, theirs))| {
            &*ours.kind == "audio" && ours.port != 0 && theirs.port != 0
        });
        let (at, (ours, theirs)) = taken.next().ok_or(Unfit::NoLine)?;
        if theirs.kind != ours.kind || theirs.protocol != ours.protocol {
            return Err(Unfit::NotAnAnswer);
        }
        let offered = ours.codecs();
        // Some answer more than was asked: what we did not offer, we do not hear.
        let chosen: Vec<_> = theirs
            .codecs()
            .into_iter()
            .filter(|codec| offered.iter().any(|own| own.is_like(codec)))
            .collect();
        let direction = answer.direction(theirs).reversed().and(offer.direction(ours));
        agreed(answer, theirs, at, &chosen, direction, self.ptime)
    }

    /// What both know, in the offer's order and with its numbers: one codec, and keys at its rate.
    fn choose(&self, theirs: &Media) -> Result<Vec<Codec>, Unfit> {
        let offered = theirs.codecs();
        let known = |codec: &&Codec| self.codecs.iter().any(|own| own.is_like(codec));
        let codec =
            offered.iter().filter(|codec| !codec.is_dtmf()).find(known).ok_or(Unfit::NoCodec)?;
        let keys =
            offered.iter().filter(|keys| keys.is_dtmf() && keys.rate == codec.rate).find(known);
        let with_ours = |chosen: &Codec| {
            let own = self.codecs.iter().find(|own| own.is_like(chosen));
            Codec { format: own.and_then(|own| own.format.clone()), ..chosen.clone() }
        };
        Ok([codec].into_iter().chain(keys).map(with_ours).collect())
    }

    fn frame(&self, session: u64, earlier: Option<&Sdp>) -> Sdp {
        let family = if self.address.is_ipv4() { "IP4" } else { "IP6" };
        let place = format!("IN {family} {}", self.address);
        let version = earlier.map_or(session, |earlier| earlier.version.saturating_add(1));
        Sdp {
            id: session,
            version,
            origin: place.as_str().into(),
            connection: Some(place.into()),
            ..Sdp::empty()
        }
    }

    fn line(&self, protocol: &str, codecs: &[Codec]) -> Media {
        let mut attributes = Vec::new();
        for codec in codecs {
            let channels =
                if codec.channels > 1 { format!("/{}", codec.channels) } else { String::new() };
            let map = format!("{} {}/{}{channels}", codec.payload, codec.name, codec.rate);
            attributes.push(Attribute::new("rtpmap", map));
            if let Some(format) = &codec.format {
                attributes.push(Attribute::new("fmtp", format_args!("{} {format}", codec.payload)));
            }
        }
        attributes.push(Attribute::new("ptime", self.ptime));
        attributes.push(Attribute::flag(self.direction.as_str()));
        attributes.extend(self.attributes.iter().cloned());
        Media {
            kind: "audio".into(),
            port: self.port,
            protocol: protocol.into(),
            formats: codecs.iter().map(|codec| codec.payload.to_string().into()).collect(),
            connection: None,
            others: Vec::new(),
            attributes,
        }
    }
}

/// The same line with port 0 and at least one format, which the grammar wants.
fn refused(media: &Media) -> Media {
    Media { port: 0, connection: None, others: Vec::new(), attributes: Vec::new(), ..media.clone() }
}

fn agreed(
    theirs: &Sdp,
    line: &Media,
    at: usize,
    chosen: &[Codec],
    direction: Direction,
    ptime: u32,
) -> Result<Agreed, Unfit> {
    let codec = chosen.iter().find(|codec| !codec.is_dtmf()).ok_or(Unfit::NoCodec)?;
    let keys = chosen.iter().find(|keys| keys.is_dtmf() && keys.rate == codec.rate);
    Ok(Agreed {
        line: at,
        codec: codec.clone(),
        dtmf: keys.map(|keys| keys.payload),
        address: theirs.address(line),
        port: line.port,
        rtcp_port: line.rtcp_port(),
        direction,
        ptime: line.ptime().unwrap_or(ptime),
    })
}
