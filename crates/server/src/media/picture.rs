//! Pictures of browsers: passed on from one to another as they are, never decoded, mixed or kept.
//!
//! A browser knows a codec by a number of its own, so that what comes under one number goes on under another. What the browser
//! at the far end could not show is refused in the answer ([`Pictures::narrow`]): all of it where that end has no pictures.

use sip::sdp::{Codec, Media, Sdp};

/// The clock of pictures, in ticks a second.
pub(super) const RATE: u32 = 90_000;

/// How a picture is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// VP8 (RFC 7741).
    Vp8,
    /// H.264 (RFC 6184): how it is packed, and its profile. The level is how much the other side can show, not how it is coded.
    H264 { mode: u8, profile: [u8; 2] },
}

impl Coding {
    fn of(codec: &Codec) -> Option<Self> {
        if codec.name.eq_ignore_ascii_case("VP8") {
            return Some(Self::Vp8);
        }
        let format = codec.format.as_deref().unwrap_or_default();
        let value = |name: &str| {
            let mut pairs = format.split(';').filter_map(|pair| pair.split_once('='));
            pairs
                .find(|(own, _)| own.trim().eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim())
        };
        if !codec.name.eq_ignore_ascii_case("H264") {
            return None;
        }
        let mode = value("packetization-mode").map_or(Some(0), |mode| mode.parse().ok())?;
        // Baseline where nothing is said (RFC 6184 §8.1).
        let level = value("profile-level-id").unwrap_or("42000a");
        let [_, a, b, _] = u32::from_str_radix(level, 16).ok()?.to_be_bytes();
        Some(Self::H264 { mode, profile: [a, b] })
    }
}

/// Which codecs may be spoken of at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Choice {
    pub(super) vp8: bool,
    pub(super) h264: bool,
}

impl Choice {
    /// All there are.
    pub(super) const ALL: Self = Self { vp8: true, h264: true };

    /// Whether there is one.
    pub(super) const fn any(self) -> bool {
        self.vp8 || self.h264
    }
}

/// What was agreed for a leg's pictures; nothing, if it has none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pictures {
    numbers: Vec<(u8, Coding)>,
    /// Whether the other side wants to see some.
    pub(super) sees: bool,
}

impl Pictures {
    /// What an answer says; `sees` is whether the browser wants some.
    pub(super) fn of(answer: &Sdp, sees: impl Fn(&Media) -> bool) -> Self {
        let Some(media) = line(answer) else { return Self::default() };
        let codecs = media.codecs();
        let known = |codec: &Codec| Some((codec.payload, Coding::of(codec)?));
        Self { numbers: codecs.iter().filter_map(known).collect(), sees: sees(media) }
    }

    /// How a packet of this number is coded.
    pub(super) fn coding(&self, number: u8) -> Option<Coding> {
        self.numbers.iter().find(|(own, _)| *own == number).map(|(_, coding)| *coding)
    }

    /// By which number this is taken.
    pub(super) fn number(&self, coding: Coding) -> Option<u8> {
        self.numbers.iter().find(|(_, own)| *own == coding).map(|(number, _)| *number)
    }

    /// What somebody who sees these may be offered.
    pub(super) fn choice(&self) -> Choice {
        let has = |what: fn(&Coding) -> bool| self.numbers.iter().any(|(_, coding)| what(coding));
        Choice { vp8: has(|c| *c == Coding::Vp8), h264: has(|c| *c != Coding::Vp8) }
    }

    /// How they are coded.
    pub(super) fn codings(&self) -> Vec<Coding> {
        self.numbers.iter().map(|(_, coding)| *coding).collect()
    }

    /// Without what is not among these.
    pub(super) fn narrow(&mut self, among: &[Coding]) {
        self.numbers.retain(|(_, coding)| among.contains(coding));
    }

    /// Makes a description of ours say no more than this. Where nothing is left its line is refused (RFC 3264 §6), and is not
    /// in the bundle any more (RFC 9143 §7.3.3).
    pub(super) fn cut(&self, ours: &mut Sdp) {
        let Some(media) = ours.media.iter_mut().find(|media| is_open(media)) else { return };
        if self.numbers.is_empty() {
            media.port = 0;
            let mid = media.attribute("mid").unwrap_or_default().to_owned();
            // Some readers want to know what a number means even where it is refused.
            media.attributes.retain(|own| matches!(&*own.name, "mid" | "rtpmap"));
            media.attributes.push(sip::sdp::Attribute::flag("inactive"));
            for group in ours.attributes.iter_mut().filter(|own| &*own.name == "group") {
                let value = group.value.take().unwrap_or_default();
                let rest: Vec<_> = value.split(' ').filter(|own| *own != mid).collect();
                group.value = Some(rest.join(" ").into());
            }
            return;
        }
        let codecs = media.codecs();
        let stays = |number: u8| self.numbers.iter().any(|(own, _)| *own == number);
        // Packets sent again (RFC 4588) go with those that they repeat.
        let again = |codec: &Codec| {
            let of = codec.format.as_deref().and_then(|format| format.trim().strip_prefix("apt="));
            codec.name.eq_ignore_ascii_case("rtx")
                && of.and_then(|of| of.parse().ok()).is_some_and(stays)
        };
        let kept: Vec<u8> = codecs
            .iter()
            .filter(|codec| stays(codec.payload) || again(codec))
            .map(|codec| codec.payload)
            .collect();
        let keeps = |text: &str| text.parse().is_ok_and(|number| kept.contains(&number));
        media.formats.retain(|format| keeps(format));
        media.attributes.retain(|own| {
            let numbered = matches!(&*own.name, "rtpmap" | "fmtp" | "rtcp-fb");
            let of = own.value.as_deref().unwrap_or_default().split(' ').next().unwrap_or_default();
            !numbered || of == "*" || keeps(of)
        });
    }
}

/// The line of pictures, if it is not refused.
pub(super) fn line(sdp: &Sdp) -> Option<&Media> {
    sdp.media.iter().find(|media| is_open(media))
}

fn is_open(media: &Media) -> bool {
    &*media.kind == "video" && media.port != 0
}
