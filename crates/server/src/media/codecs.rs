//! What a leg's payload numbers mean, both ways.

use media::g711::Law;
use sip::sdp::{Codec, Media};

/// What a payload is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// G.711.
    Law(Law),
    /// Opus (RFC 7587).
    Opus,
    /// Keys (RFC 4733).
    Keys,
}

impl Coding {
    /// Of a codec that we know.
    pub(super) fn of(codec: &Codec) -> Option<Self> {
        if codec.is_dtmf() {
            return Some(Self::Keys);
        }
        match (codec.rate, &*codec.name) {
            (8_000, name) if name.eq_ignore_ascii_case("PCMA") => Some(Self::Law(Law::A)),
            (8_000, name) if name.eq_ignore_ascii_case("PCMU") => Some(Self::Law(Law::Mu)),
            (48_000, name) if name.eq_ignore_ascii_case("opus") => Some(Self::Opus),
            _ => None,
        }
    }

    /// Its clock, in samples a second; keys have that of the sound they stand among.
    pub(super) const fn rate(self) -> u32 {
        match self {
            Self::Opus => 48_000,
            Self::Law(_) | Self::Keys => 8_000,
        }
    }
}

/// The payload numbers of a leg.
#[derive(Debug, Clone, Default)]
pub(super) struct Codecs {
    /// What comes from it.
    heard: Vec<(u8, Coding)>,
    /// What it takes, the preferred first.
    said: Vec<(u8, Coding)>,
}

impl Codecs {
    /// From the two lines of a session: ours says what comes, theirs what they take.
    pub(super) fn of(ours: &Media, theirs: &Media) -> Self {
        let read = |media: &Media| -> Vec<(u8, Codec, Coding)> {
            let known = |codec: Codec| Some((codec.payload, codec.clone(), Coding::of(&codec)?));
            media.codecs().into_iter().filter_map(known).collect()
        };
        let (ours, theirs) = (read(ours), read(theirs));
        let in_both = |codec: &Codec| ours.iter().any(|(_, own, _)| own.is_like(codec));
        let mut said: Vec<_> = theirs
            .iter()
            .filter(|(_, codec, _)| in_both(codec))
            .map(|(number, _, coding)| (*number, *coding))
            .collect();
        let rate = said.iter().find(|(_, coding)| *coding != Coding::Keys).map(|(_, c)| c.rate());
        // Keys run by the clock of the sound they stand among.
        said.retain(|(number, coding)| {
            *coding != Coding::Keys
                || theirs.iter().any(|(n, codec, _)| n == number && Some(codec.rate) == rate)
        });
        Self { heard: ours.iter().map(|(number, _, coding)| (*number, *coding)).collect(), said }
    }

    /// What a number that comes means.
    pub(super) fn coding(&self, number: u8) -> Option<Coding> {
        self.heard.iter().find(|(own, _)| *own == number).map(|(_, coding)| *coding)
    }

    /// By which number it takes this.
    pub(super) fn number(&self, coding: Coding) -> Option<u8> {
        self.said.iter().find(|(_, own)| *own == coding).map(|(number, _)| *number)
    }

    /// What it prefers to hear.
    pub(super) fn spoken(&self) -> Option<(u8, Coding)> {
        self.said.iter().copied().find(|(_, coding)| *coding != Coding::Keys)
    }

    /// Whether this end hears what the other says without anything being decoded: alike, or both G.711.
    pub(super) fn hears(&self, other: &Self) -> bool {
        let law = |(_, coding): &(u8, Coding)| matches!(coding, Coding::Law(_));
        other.spoken().is_some_and(|(_, coding)| {
            self.number(coding).is_some()
                || matches!(coding, Coding::Law(_)) && self.said.iter().any(law)
        })
    }

    /// The G.711 it takes, if any.
    pub(super) fn law(&self) -> Option<(u8, Law)> {
        self.said.iter().find_map(|(number, coding)| match coding {
            Coding::Law(law) => Some((*number, *law)),
            _ => None,
        })
    }
}
