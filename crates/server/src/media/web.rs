//! A browser's leg: ICE, DTLS and SRTP by the library, on the one port that all browsers share.
//!
//! A [`Session`] opens no socket: it is handed datagrams, and what it wants sent is sent for it. Should the library panic over
//! what somebody sent, that session ends and no other ([`Session::step`]).

use super::picture::Choice;
use super::wires::Wires;
use crate::clock;
use media::leg::Patch;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::config::{CryptoProvider, DtlsCert};
use str0m::format::{Codec, FormatParams};
use str0m::media::{Direction, Frequency, KeyframeRequestKind, MediaKind, Mid};
use str0m::net::{Protocol, Receive, TcpType};
use str0m::rtp::{Extension, RtpPacket, RtpWrite};
use str0m::{Candidate, Event, Input, Output, Rtc};

/// The attribute of a STUN message that names whom it is for (RFC 8489 §14.3).
const USERNAME: u16 = 6;
/// Outputs of one step; one that has more than this is going round in circles.
const STEPS: usize = 1_000;
/// A whole picture is asked for no more often than this: each costs as much as a second of what lies between.
const WHOLE: Duration = Duration::from_millis(300);

/// What all sessions have in common.
#[derive(Clone)]
pub(super) struct Common {
    crypto: Arc<CryptoProvider>,
    certificate: DtlsCert,
    /// By which browsers reach the shared port.
    address: SocketAddr,
    /// Also over TCP.
    tcp: bool,
}

impl Common {
    /// With a certificate of its own; none if the library has none to give.
    pub(super) fn new(address: SocketAddr, tcp: bool) -> Option<Self> {
        let crypto = Arc::new(str0m::crypto::from_feature_flags());
        let certificate = crypto.dtls_provider.generate_certificate()?;
        Some(Self { crypto, certificate, address, tcp })
    }

    /// By which browsers reach the shared port.
    #[cfg(test)]
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }
}

/// Why a description was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused;

/// What is asked of a session that runs.
#[derive(Debug)]
pub(super) enum Ask {
    /// To answer a new offer.
    Answer(String),
    /// To make one.
    Offer { hold: bool },
    /// To take the answer to it.
    Conclude(String),
}

/// What a stream of packets is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Sound,
    Picture,
}

/// A line of the description.
#[derive(Default)]
struct Track {
    mid: Option<Mid>,
    /// The highest sequence number sent, with its turns.
    highest: Option<u64>,
}

impl Track {
    /// A number of 16 bits with its turns; the first has none (a receiver begins with none).
    fn extend(&mut self, sequence: u16) -> u64 {
        let number = match self.highest {
            None => u64::from(sequence),
            Some(highest) => {
                let [.., a, b] = highest.to_be_bytes();
                let step = sequence.wrapping_sub(u16::from_be_bytes([a, b])).cast_signed();
                highest.saturating_add_signed(step.into())
            }
        };
        self.highest = Some(self.highest.map_or(number, |highest| highest.max(number)));
        number
    }
}

/// One browser.
pub(super) struct Session {
    rtc: Rtc,
    address: SocketAddr,
    sound: Track,
    picture: Track,
    /// Pictures are offered.
    pictures: bool,
    pending: Option<SdpPendingOffer>,
    due: Instant,
    came: Vec<RtpPacket>,
    /// It cannot show what comes without a whole picture.
    blind: bool,
    /// When it was last asked for one.
    asked: Option<Instant>,
    dead: bool,
}

impl Session {
    /// Nothing is agreed yet. `opus` says what is offered first; answers are in the order in which it is given.
    pub(super) fn new(common: &Common, opus: Opus, pictures: Choice) -> Option<Self> {
        let mut config = Rtc::builder()
            .set_crypto_provider(common.crypto.clone())
            .set_dtls_cert(common.certificate.clone())
            .set_ice_lite(true)
            .set_rtp_mode(true)
            .clear_codecs()
            // Feedback for each packet, and its loudness, are of no use to anybody here, and cost as much as the packet.
            .clear_extension_map()
            .set_extension(4, Extension::RtpMid);
        if opus == Opus::First {
            config = config.enable_opus(true, false);
        }
        config = config.enable_pcma(true, false).enable_pcmu(true, false);
        if opus == Opus::Last {
            config = config.enable_opus(true, false);
        }
        config = config.enable_vp8(pictures.vp8).enable_h264(pictures.h264);
        let keys = [(101, Frequency::EIGHT_KHZ), (110, Frequency::FORTY_EIGHT_KHZ)];
        for (number, rate) in keys {
            let codecs = config.codec_config();
            codecs.add_config(
                number.into(),
                None,
                Codec::Tele,
                rate,
                None,
                FormatParams::default(),
            );
        }
        let now = clock::std_instant();
        let address = common.address;
        let mut rtc = catch_unwind(AssertUnwindSafe(|| config.build(now))).ok()?;
        rtc.add_local_candidate(Candidate::host(address, "udp").ok()?)?;
        if common.tcp {
            let waits = Candidate::builder().tcp().host(address).tcptype(TcpType::Passive);
            rtc.add_local_candidate(waits.build().ok()?)?;
        }
        Some(Self {
            rtc,
            address,
            sound: Track::default(),
            picture: Track::default(),
            pictures: pictures.any(),
            pending: None,
            due: now,
            came: Vec::new(),
            blind: false,
            asked: None,
            dead: false,
        })
    }

    /// Does something that may panic in the library; then the session is over.
    fn step<T>(&mut self, what: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.dead {
            return None;
        }
        let done = catch_unwind(AssertUnwindSafe(|| what(self))).ok();
        self.dead = done.is_none();
        done
    }

    /// What is asked for; the description that goes to the browser, empty after [`Ask::Conclude`].
    pub(super) fn ask(&mut self, ask: Ask) -> Result<String, Refused> {
        self.step(|own| match ask {
            Ask::Answer(offer) => own.answer(&offer),
            Ask::Offer { hold } => own.offer(hold),
            Ask::Conclude(answer) => own.conclude(&answer),
        })
        .unwrap_or(Err(Refused))
    }

    fn answer(&mut self, offer: &str) -> Result<String, Refused> {
        let offer = SdpOffer::from_sdp_string(offer).map_err(|_| Refused)?;
        self.pending = None;
        let answer = self.rtc.sdp_api().accept_offer(offer).map_err(|_| Refused)?;
        self.settled(answer.to_sdp_string())
    }

    fn offer(&mut self, hold: bool) -> Result<String, Refused> {
        let direction = if hold { Direction::SendOnly } else { Direction::SendRecv };
        let mut changes = self.rtc.sdp_api();
        if let Some(mid) = self.sound.mid {
            changes.set_direction(mid, direction);
        } else {
            changes.add_media(MediaKind::Audio, direction, None, None, None);
            if self.pictures {
                changes.add_media(MediaKind::Video, direction, None, None, None);
            }
        }
        let Some((offer, pending)) = changes.apply() else { return Ok(String::new()) };
        self.pending = Some(pending);
        self.settled(offer.to_sdp_string())
    }

    fn conclude(&mut self, answer: &str) -> Result<String, Refused> {
        let Some(pending) = self.pending.take() else { return Ok(String::new()) };
        let answer = SdpAnswer::from_sdp_string(answer).map_err(|_| Refused)?;
        self.rtc.sdp_api().accept_answer(pending, answer).map_err(|_| Refused)?;
        Ok(String::new())
    }

    fn settled(&mut self, sdp: String) -> Result<String, Refused> {
        let read = sip::sdp::Sdp::parse(sdp.as_bytes()).map_err(|_| Refused)?;
        let sound = read.media.iter().find(|media| &*media.kind == "audio").ok_or(Refused)?;
        self.sound.mid = sound.attribute("mid").map(Mid::from);
        self.picture.mid =
            super::picture::line(&read).and_then(|line| line.attribute("mid")).map(Mid::from);
        self.due = clock::std_instant();
        Ok(sdp)
    }

    /// The name by which its STUN messages call it.
    pub(super) fn name(&mut self) -> Option<String> {
        self.step(|own| own.rtc.direct_api().local_ice_credentials().ufrag)
    }

    /// Whether the library has something to do by now, and is not over.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        !self.dead && self.due <= now
    }

    /// A datagram came; tells whether it is of this session.
    pub(super) fn take(
        &mut self,
        by: Protocol,
        bytes: &[u8],
        source: SocketAddr,
        wires: &Wires,
    ) -> bool {
        let now = clock::std_instant();
        self.step(|own| {
            let Ok(received) = Receive::new(by, source, own.address, bytes) else {
                return false;
            };
            let input = Input::Receive(now, received);
            let ours = own.rtc.accepts(&input);
            if ours {
                own.dead |= own.rtc.handle_input(input).is_err();
                own.flush(wires);
            }
            ours
        })
        .unwrap_or(false)
    }

    /// Time went by.
    pub(super) fn pass(&mut self, wires: &Wires) {
        let now = clock::std_instant();
        self.step(|own| {
            own.dead |= own.rtc.handle_input(Input::Timeout(now)).is_err();
            own.flush(wires);
        });
    }

    /// Sends a packet; tells whether the library took it.
    pub(super) fn send(
        &mut self,
        of: Of,
        patch: &Patch,
        payload: impl Into<Arc<[u8]>>,
        wires: &Wires,
    ) -> bool {
        let now = clock::std_instant();
        let track = if of == Of::Sound { &mut self.sound } else { &mut self.picture };
        let (mid, number) = (track.mid, track.extend(patch.sequence));
        let sent = self.step(|own| {
            let Some(mid) = mid.filter(|_| own.rtc.is_connected()) else { return false };
            let known = own.rtc.media(mid).is_some_and(|media| {
                media.remote_pts().iter().any(|own| **own == patch.payload_type)
            });
            let mut direct = own.rtc.direct_api();
            let Some(stream) = direct.stream_tx_by_mid(mid, None).filter(|_| known) else {
                return false;
            };
            let packet = RtpWrite::new(
                patch.payload_type.into(),
                number.into(),
                patch.timestamp,
                now,
                payload,
            );
            // What is lost of a picture is sent again; sound would come too late.
            stream.write_rtp(packet.marker(patch.marker).nackable(of == Of::Picture));
            own.dead |= own.rtc.handle_input(Input::Timeout(now)).is_err();
            own.flush(wires);
            true
        });
        sent.unwrap_or(false)
    }

    /// Asks the browser for a whole picture, on which the next ones rest.
    pub(super) fn ask_whole(&mut self, wires: &Wires) {
        let now = clock::std_instant();
        let Some(mid) = self.picture.mid else { return };
        if self.asked.is_some_and(|asked| now.duration_since(asked) < WHOLE) {
            return;
        }
        self.step(|own| {
            let mut direct = own.rtc.direct_api();
            // A stream that has not begun begins with a whole one.
            let Some(stream) = direct.stream_rx_by_mid(mid, None) else { return };
            stream.request_keyframe(KeyframeRequestKind::Pli);
            own.asked = Some(now);
            own.dead |= own.rtc.handle_input(Input::Timeout(now)).is_err();
            own.flush(wires);
        });
    }

    /// Whether the browser has asked for a whole picture since this was last asked.
    pub(super) fn is_blind(&mut self) -> bool {
        std::mem::take(&mut self.blind)
    }

    /// Everything that the library has to give.
    fn flush(&mut self, wires: &Wires) {
        for _ in 0..STEPS {
            match self.rtc.poll_output() {
                Ok(Output::Timeout(due)) => {
                    self.due = due;
                    return;
                }
                Ok(Output::Transmit(datagram)) => {
                    wires.send(datagram.proto, datagram.destination, &datagram.contents);
                }
                Ok(Output::Event(Event::RtpPacket(packet))) => self.came.push(packet),
                Ok(Output::Event(Event::KeyframeRequest(_) | Event::Connected)) => {
                    self.blind = self.picture.mid.is_some();
                }
                Ok(Output::Event(_)) => {}
                Err(_) => break,
            }
        }
        self.dead = true;
    }

    /// The packets that came, in their order; give the list back by [`Self::keep`].
    pub(super) fn came(&mut self) -> Vec<RtpPacket> {
        std::mem::take(&mut self.came)
    }

    /// So that no list is made for each packet.
    pub(super) fn keep(&mut self, mut list: Vec<RtpPacket>) {
        list.clear();
        self.came = list;
    }
}

/// Where Opus stands among codecs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opus {
    /// Before G.711: the other end knows it, too.
    First,
    /// Behind it, so that nothing has to be decoded for a telephone.
    Last,
}

/// Whom a STUN message is for: the part of its user name before the colon.
pub(super) fn addressee(message: &[u8]) -> Option<&str> {
    let mut rest = message.get(20..)?;
    loop {
        let ([k0, k1, l0, l1], after) = rest.split_first_chunk::<4>()?;
        let length = usize::from(u16::from_be_bytes([*l0, *l1]));
        let value = after.get(..length)?;
        if u16::from_be_bytes([*k0, *k1]) == USERNAME {
            return std::str::from_utf8(value).ok()?.split(':').next();
        }
        rest = after.get(length.next_multiple_of(4)..)?;
    }
}
