//! A telephone: it says a tone, and keeps what it hears.

use super::super::srtp::{Guard, Master, Suite};
use super::browser::Browser;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use media::dtmf::Key;
use media::dtmf::event::{Event, Heard, Listener, Press};
use media::g711::Law;
use media::rtcp::{Compound, Part, Report, Sent, Writer};
use media::rtp::{Kind, Packet};
use sip::sdp::Sdp;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

/// What came.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Came {
    pub(in super::super) sequence: u16,
    pub(in super::super) ssrc: u32,
    pub(in super::super) payload_type: u8,
}

pub(in super::super) struct Phone {
    pub(in super::super) rtp: UdpSocket,
    rtcp: UdpSocket,
    codecs: String,
    pub(in super::super) to: Option<SocketAddr>,
    /// Hertz; 0 is silence.
    pub(in super::super) tone: u32,
    /// Every so many packets one is lost.
    pub(in super::super) skip: u16,
    pub(in super::super) ssrc: u32,
    /// For SRTP: the suite and our key.
    secret: Option<(Suite, [u8; 30])>,
    pub(in super::super) guard: Option<Guard>,
    law: Law,
    keys_number: u8,
    sequence: u16,
    at: u32,
    press: Option<Press>,
    listener: Listener,
    pub(in super::super) heard: Vec<i16>,
    pub(in super::super) keys: String,
    pub(in super::super) packets: Vec<Came>,
    pub(in super::super) reports: Vec<(Option<Sent>, Option<Report>)>,
}

impl Phone {
    /// `codecs` are payload numbers in the order it likes them; 96 and above are keys.
    pub(in super::super) fn new(codecs: &str) -> Self {
        let socket = || {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            socket.set_nonblocking(true).unwrap();
            socket
        };
        let law = codecs.split(' ').find_map(|n| Law::of_payload(n.parse().unwrap())).unwrap();
        let [a, b, c, d] = super::draw();
        Self {
            rtp: socket(),
            rtcp: socket(),
            codecs: codecs.to_owned(),
            to: None,
            tone: 0,
            skip: u16::MAX,
            ssrc: u32::from_be_bytes([a, b, c, d]),
            secret: None,
            guard: None,
            law,
            keys_number: 101,
            sequence: u16::from_be_bytes([a, b]),
            at: u32::from_be_bytes([d, c, b, a]),
            press: None,
            listener: Listener::default(),
            heard: Vec::new(),
            keys: String::new(),
            packets: Vec::new(),
            reports: Vec::new(),
        }
    }

    /// It speaks SRTP by this suite alone.
    pub(in super::super) fn secret(&mut self, suite: Suite) {
        self.secret = Some((suite, super::draw()));
    }

    /// What it says of itself, as offer or answer.
    pub(in super::super) fn sdp(&self) -> String {
        let (rtp, rtcp) = (self.rtp.local_addr().unwrap(), self.rtcp.local_addr().unwrap());
        let codecs = &self.codecs;
        let maps: String = codecs
            .split(' ')
            .filter(|n| n.len() > 1 && *n > "9")
            .map(|n| format!("a=rtpmap:{n} telephone-event/8000\r\n"))
            .chain(codecs.contains("101").then(|| "a=rtpmap:101 telephone-event/8000\r\n".into()))
            .collect();
        let (protocol, crypto) = match &self.secret {
            None => ("RTP/AVP", String::new()),
            Some((suite, key)) => {
                let key = BASE64_STANDARD.encode(&key[..suite.length()]);
                // The number of the choice is that of our offer: 2 is the short tag.
                let tag = if *suite == Suite::Short { 2 } else { 1 };
                ("RTP/SAVP", format!("a=crypto:{tag} {} inline:{key}|2^31\r\n", suite.name()))
            }
        };
        format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {} {protocol} {codecs}\r\n{maps}{crypto}a=rtcp:{}\r\na=sendrecv\r\n",
            rtp.port(),
            rtcp.port()
        )
    }

    /// What the other side says of itself.
    pub(in super::super) fn takes(&mut self, sdp: &str) {
        let sdp = Sdp::parse(sdp.as_bytes()).unwrap();
        let media = &sdp.media[0];
        self.to = Some(SocketAddr::new(sdp.address(media).unwrap(), media.port));
        if let Some((suite, key)) = self.secret {
            let theirs = media.cryptos().into_iter().find(|c| *c.suite == *suite.name()).unwrap();
            let (ours, theirs) =
                (Master::of(suite, &key).unwrap(), Master::read(suite, &theirs.key).unwrap());
            match &mut self.guard {
                Some(guard) => guard.renew(ours, theirs).unwrap(),
                none => *none = Guard::new(ours, theirs),
            }
        }
        for codec in media.codecs() {
            if codec.is_dtmf() {
                self.keys_number = codec.payload;
            }
        }
        let law = media.codecs().iter().find_map(|codec| Law::of_payload(codec.payload));
        let knows = |law: &Law| self.codecs.split(' ').any(|n| n == law.payload().to_string());
        self.law = law.filter(knows).unwrap_or(self.law);
    }

    /// A key for so many packets.
    pub(in super::super) fn press(&mut self, key: char, packets: u32) {
        self.press = Some(Press::new(Key::of_char(key).unwrap(), self.at, packets * 160, 160));
    }

    fn speak(&mut self) {
        let Some(to) = self.to else { return };
        let mut codes = [0; 160];
        for (n, code) in (0..).zip(&mut codes) {
            let turn = f64::from(self.tone) * std::f64::consts::TAU / 8_000.0;
            #[expect(clippy::cast_possible_truncation, reason = "at most 6,000")]
            let sample =
                ((turn * f64::from(self.at.wrapping_add(n) % 800_000)).sin() * 6_000.0) as i16;
            *code = self.law.encode(sample);
        }
        let event;
        let mut packet = Packet {
            marker: false,
            payload_type: self.law.payload(),
            sequence: self.sequence,
            timestamp: self.at,
            ssrc: self.ssrc,
            csrc: &[],
            extension: None,
            payload: &codes,
            padding: 0,
        };
        if let Some(pressed) = self.press.as_mut().and_then(Iterator::next) {
            event = pressed.event.bytes();
            packet.payload = &event;
            (packet.marker, packet.timestamp) = (pressed.marker, pressed.timestamp);
            packet.payload_type = self.keys_number;
        }
        let mut bytes = [0; 220];
        let mut length = packet.write(&mut bytes).unwrap();
        if let Some(guard) = &mut self.guard {
            length = guard.lock(&mut bytes, length).unwrap();
        }
        self.sequence = self.sequence.wrapping_add(1);
        self.at = self.at.wrapping_add(160);
        if !self.sequence.is_multiple_of(self.skip) {
            self.rtp.send_to(&bytes[..length], to).unwrap();
        }
    }

    /// What still lies in its sockets is taken.
    pub(in super::super) fn drain(&mut self) {
        self.listen();
    }

    fn listen(&mut self) {
        let mut bytes = [0; 2_048];
        while let Ok((length, _)) = self.rtp.recv_from(&mut bytes) {
            if Kind::of(&bytes[..length]) == Kind::Rtp {
                let guard = self.guard.as_mut();
                let length =
                    guard.map_or(length, |guard| guard.unlock(&mut bytes[..length]).unwrap());
                self.take(&bytes[..length]);
            }
        }
        while let Ok((length, from)) = self.rtcp.recv_from(&mut bytes) {
            let guard = self.guard.as_mut();
            let length =
                guard.map_or(length, |guard| guard.unlock_report(&mut bytes[..length]).unwrap());
            for part in Compound::read(&bytes[..length]).unwrap() {
                match part {
                    Part::Sender { sent, reports, .. } => {
                        self.reports.push((Some(sent), reports.iter().next()));
                    }
                    Part::Receiver { reports, .. } => {
                        self.reports.push((None, reports.iter().next()));
                    }
                    _ => {}
                }
            }
            let mut answer = [0; 200];
            let mut writer = Writer::new(&mut answer);
            writer.receiver(self.ssrc, &[]).unwrap();
            writer.name(self.ssrc, "phone").unwrap();
            let mut length = writer.finish().unwrap();
            if let Some(guard) = &mut self.guard {
                length = guard.lock_report(&mut answer, length).unwrap();
            }
            self.rtcp.send_to(&answer[..length], from).unwrap();
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let packet = Packet::read(bytes).unwrap();
        let Packet { sequence, ssrc, payload_type, .. } = packet;
        self.packets.push(Came { sequence, ssrc, payload_type });
        if let Some(law) = Law::of_payload(payload_type) {
            self.heard.extend(packet.payload.iter().map(|code| law.decode(*code)));
        } else if let Some(event) = Event::read(packet.payload) {
            for heard in self.listener.on_packet(packet.timestamp, event).into_iter().flatten() {
                if let Heard::Pressed(key) = heard {
                    self.keys.push(key.as_char());
                }
            }
        }
    }

    /// It hears these tones and not those.
    #[track_caller]
    pub(in super::super) fn hears(&self, these: &[u32], not: &[u32]) {
        assert!(self.heard.len() >= 800, "only {} samples came", self.heard.len());
        has(&self.heard, these, not);
    }
}

/// All speak and listen for so many milliseconds.
pub(in super::super) fn talk(phones: &mut [&mut Phone], millis: u64) {
    talk_all(phones, &mut [], millis);
}

/// The same with browsers.
pub(in super::super) fn talk_all(
    phones: &mut [&mut Phone],
    browsers: &mut [&mut Browser],
    millis: u64,
) {
    let mut listen = |speak: bool| {
        for phone in &mut *phones {
            if speak {
                phone.speak();
            }
            phone.listen();
        }
        for browser in &mut *browsers {
            if speak {
                browser.speak();
            }
            browser.listen();
        }
    };
    let begin = crate::clock::instant();
    for n in 1..=millis / 20 {
        listen(true);
        let due = begin + Duration::from_millis(n * 20);
        while crate::clock::instant() < due {
            listen(false);
            std::thread::sleep(Duration::from_millis(3));
        }
    }
    listen(false);
}

/// The height of one tone in some sound (Goertzel's sum, over the whole of it in pieces of 20 ms, so that a lost packet or a
/// seam does not cancel it).
fn height(sound: &[i16], hertz: u32) -> f64 {
    let turn = std::f64::consts::TAU * f64::from(hertz) / 8_000.0;
    let pieces = sound.chunks_exact(400);
    let count = pieces.len();
    let sum: f64 = pieces
        .map(|piece| {
            let (mut a, mut b) = (0.0, 0.0);
            for (n, sample) in (0_u32..).zip(piece) {
                // Hann, so that one tone does not spill into another.
                let window = 1.0 - (std::f64::consts::TAU * f64::from(n) / 400.0).cos();
                let (sin, cos) = (turn * f64::from(n)).sin_cos();
                a += window * f64::from(*sample) * sin;
                b += window * f64::from(*sample) * cos;
            }
            a.hypot(b) * 2.0 / 400.0
        })
        .sum();
    #[expect(clippy::cast_precision_loss, reason = "a few hundred pieces")]
    let mean = sum / count.max(1) as f64;
    mean
}

#[track_caller]
pub(in super::super) fn has(sound: &[i16], these: &[u32], not: &[u32]) {
    let heights = |all: &[u32]| -> Vec<(u32, f64)> {
        all.iter().map(|hertz| (*hertz, height(sound, *hertz).round())).collect()
    };
    let (there, absent) = (heights(these), heights(not));
    let least = there.iter().map(|(_, height)| *height).fold(f64::INFINITY, f64::min);
    assert!(least > 150.0, "heard {there:?}, and {absent:?}");
    assert!(
        absent.iter().all(|(_, height)| *height < least / 5.0),
        "heard {there:?}, and {absent:?}"
    );
}
