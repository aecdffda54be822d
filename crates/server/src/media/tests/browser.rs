//! A browser as far as sound goes: full ICE, DTLS, SRTP, and a tone.

use super::phone::has;
use media::dtmf::Key;
use media::dtmf::event::Press;
use media::g711::Law;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::sync::Arc;
use str0m::change::{SdpAnswer, SdpOffer, SdpPendingOffer};
use str0m::format::{Codec, FormatParams};
use str0m::media::{Direction, Frequency, MediaKind, Mid};
use str0m::net::{Protocol, Receive, TcpType};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Input, Output, Rtc};

pub(in super::super) struct Browser {
    rtc: Rtc,
    socket: UdpSocket,
    /// Instead of datagrams: a connection, whom it is to, and what of a packet has come.
    stream: Option<(TcpStream, SocketAddr, Vec<u8>)>,
    mid: Option<Mid>,
    pending: Option<SdpPendingOffer>,
    pub(in super::super) tone: u32,
    pub(in super::super) connected: bool,
    /// The codec it sends.
    pub(in super::super) says: Codec,
    encoder: opus::Encoder,
    decoder: opus::Decoder,
    sequence: u64,
    at: u32,
    press: Option<Press>,
    pub(in super::super) heard: Vec<i16>,
    pub(in super::super) came: Vec<u8>,
    /// The number by which it knows VP8, if it has pictures at all, and the line they go by.
    vp8: Option<u8>,
    film: Option<Mid>,
    painted: u64,
    /// Packets of pictures that came, and how often it was asked for a whole one.
    pub(in super::super) seen: Vec<(u8, Vec<u8>)>,
    pub(in super::super) asked: usize,
}

impl Browser {
    pub(in super::super) fn new(codecs: &[Codec]) -> Self {
        Self::with_film(codecs, None)
    }

    /// One that has pictures, and knows VP8 by this number.
    pub(in super::super) fn with_film(codecs: &[Codec], vp8: Option<u8>) -> Self {
        Self::by(codecs, vp8, None)
    }

    /// One that no datagram reaches, and that connects there.
    pub(in super::super) fn by_tcp(codecs: &[Codec], to: SocketAddr) -> Self {
        Self::by(codecs, None, Some(to))
    }

    fn by(codecs: &[Codec], vp8: Option<u8>, tcp: Option<SocketAddr>) -> Self {
        let has = |codec| codecs.contains(&codec);
        let mut config = Rtc::builder()
            .set_crypto_provider(Arc::new(str0m::crypto::from_feature_flags()))
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_opus(has(Codec::Opus), false)
            .enable_pcmu(has(Codec::PCMU), false)
            .enable_pcma(has(Codec::PCMA), false);
        for (number, rate) in [(126, Frequency::EIGHT_KHZ), (110, Frequency::FORTY_EIGHT_KHZ)] {
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
        if let Some(number) = vp8 {
            config.codec_config().add_config(
                number.into(),
                Some((number + 1).into()),
                Codec::Vp8,
                Frequency::NINETY_KHZ,
                None,
                FormatParams::default(),
            );
        }
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_nonblocking(true).unwrap();
        let mut rtc = config.build(crate::clock::std_instant());
        let stream = tcp.map(|to| {
            let stream = TcpStream::connect(to).unwrap();
            stream.set_nonblocking(true).unwrap();
            (stream, to, Vec::new())
        });
        let own = match &stream {
            None => Candidate::host(socket.local_addr().unwrap(), "udp").unwrap(),
            Some((stream, ..)) => {
                let own = Candidate::builder().tcp().host(stream.local_addr().unwrap());
                own.tcptype(TcpType::Active).build().unwrap()
            }
        };
        rtc.add_local_candidate(own);
        Self {
            rtc,
            socket,
            stream,
            mid: None,
            pending: None,
            tone: 0,
            connected: false,
            says: codecs[0],
            encoder: opus::Encoder::new(8_000, opus::Channels::Mono, opus::Application::Voip)
                .unwrap(),
            decoder: opus::Decoder::new(8_000, opus::Channels::Mono).unwrap(),
            sequence: 100,
            at: 7_000,
            press: None,
            heard: Vec::new(),
            came: Vec::new(),
            vp8,
            film: None,
            painted: 0,
            seen: Vec::new(),
            asked: 0,
        }
    }

    pub(in super::super) fn offer(&mut self) -> String {
        let mut changes = self.rtc.sdp_api();
        match self.mid {
            None => {
                self.mid = Some(changes.add_media(
                    MediaKind::Audio,
                    Direction::SendRecv,
                    None,
                    None,
                    None,
                ));
                if self.vp8.is_some() {
                    let both = Direction::SendRecv;
                    self.film = Some(changes.add_media(MediaKind::Video, both, None, None, None));
                }
            }
            Some(_) => _ = changes.ice_restart(true),
        }
        let (offer, pending) = changes.apply().unwrap();
        self.pending = Some(pending);
        offer.to_sdp_string()
    }

    pub(in super::super) fn concludes(&mut self, answer: &str) {
        let answer = SdpAnswer::from_sdp_string(answer).unwrap();
        self.rtc.sdp_api().accept_answer(self.pending.take().unwrap(), answer).unwrap();
    }

    pub(in super::super) fn answer(&mut self, offer: &str) -> String {
        let offer = SdpOffer::from_sdp_string(offer).unwrap();
        let answer = self.rtc.sdp_api().accept_offer(offer).unwrap().to_sdp_string();
        let read = sip::sdp::Sdp::parse(answer.as_bytes()).unwrap();
        self.mid = read.media[0].attribute("mid").map(Mid::from);
        let film = read.media.iter().find(|media| &*media.kind == "video" && media.port != 0);
        self.film = film.and_then(|media| media.attribute("mid")).map(Mid::from);
        answer
    }

    /// A packet of a picture, as large as browsers make them.
    pub(in super::super) fn paint(&mut self, number: u8, what: u8) {
        let Some(film) = self.film.filter(|_| self.connected) else { return };
        let now = crate::clock::std_instant();
        let mut direct = self.rtc.direct_api();
        let stream = direct.stream_tx_by_mid(film, None).unwrap();
        let at = u32::try_from(self.painted).unwrap() * 3_000;
        let packet = RtpWrite::new(number.into(), self.painted.into(), at, now, vec![what; 1_100]);
        stream.write_rtp(packet.marker(true));
        self.painted += 1;
        self.pass();
    }

    /// Asks for a whole picture.
    pub(in super::super) fn ask_whole(&mut self) {
        let film = self.film.unwrap();
        let mut direct = self.rtc.direct_api();
        let stream = direct.stream_rx_by_mid(film, None).unwrap();
        stream.request_keyframe(str0m::media::KeyframeRequestKind::Fir);
        self.pass();
    }

    /// A key for so many packets.
    pub(in super::super) fn press(&mut self, key: char, packets: u32) {
        let span = self.span();
        let samples = packets * u32::from(span);
        self.press = Some(Press::new(Key::of_char(key).unwrap(), self.at, samples, span));
    }

    fn span(&self) -> u16 {
        if self.says == Codec::Opus { 960 } else { 160 }
    }

    pub(in super::super) fn speak(&mut self) {
        let Some(mid) = self.mid.filter(|_| self.connected) else { return };
        let span = u32::from(self.span());
        let mut sound = [0; 160];
        for (n, sample) in (0..).zip(&mut sound) {
            let turn = f64::from(self.tone) * std::f64::consts::TAU / 8_000.0;
            let at = (self.at / (span / 160) + n) % 800_000;
            #[expect(clippy::cast_possible_truncation, reason = "at most 6,000")]
            let height = ((turn * f64::from(at)).sin() * 6_000.0) as i16;
            *sample = height;
        }
        let mut bytes = [0; 1_000];
        let (number, length) = match self.says {
            Codec::Opus => (111, self.encoder.encode(&sound, &mut bytes).unwrap()),
            Codec::PCMU => (0, Law::Mu.encode_all(&sound, &mut bytes)),
            _ => (8, Law::A.encode_all(&sound, &mut bytes)),
        };
        let (mut number, mut payload, mut at) = (number, bytes[..length].to_vec(), self.at);
        if let Some(event) = self.press.as_mut().and_then(Iterator::next) {
            number = if self.says == Codec::Opus { 110 } else { 126 };
            (payload, at) = (event.event.bytes().to_vec(), event.timestamp);
        }
        let now = crate::clock::std_instant();
        let mut direct = self.rtc.direct_api();
        let stream = direct.stream_tx_by_mid(mid, None).unwrap();
        stream.write_rtp(RtpWrite::new(number.into(), self.sequence.into(), at, now, payload));
        self.sequence += 1;
        self.at = self.at.wrapping_add(span);
        self.pass();
    }

    pub(in super::super) fn listen(&mut self) {
        let mut bytes = [0; 2_048];
        while let Ok((length, source)) = self.socket.recv_from(&mut bytes) {
            let own = self.socket.local_addr().unwrap();
            if let Ok(received) = Receive::new(Protocol::Udp, source, own, &bytes[..length]) {
                let now = crate::clock::std_instant();
                self.rtc.handle_input(Input::Receive(now, received)).unwrap();
                self.flush();
            }
        }
        if let Some((stream, _, came)) = &mut self.stream {
            while let Ok(length) = stream.read(&mut bytes) {
                assert_ne!(length, 0, "the connection is closed");
                came.extend(&bytes[..length]);
            }
        }
        while let Some((stream, to, came)) = &mut self.stream {
            let Some(([a, b], rest)) = came.split_first_chunk::<2>() else { break };
            let length = usize::from(u16::from_be_bytes([*a, *b]));
            let Some(packet) = rest.get(..length).map(<[u8]>::to_vec) else { break };
            came.drain(..2 + length);
            let (own, to) = (stream.local_addr().unwrap(), *to);
            let received = Receive::new(Protocol::Tcp, to, own, &packet).unwrap();
            let now = crate::clock::std_instant();
            self.rtc.handle_input(Input::Receive(now, received)).unwrap();
            self.flush();
        }
        self.pass();
    }

    fn pass(&mut self) {
        self.rtc.handle_input(Input::Timeout(crate::clock::std_instant())).unwrap();
        self.flush();
    }

    fn flush(&mut self) {
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(_) => return,
                Output::Transmit(sent) if sent.proto == Protocol::Tcp => {
                    let (stream, ..) = self.stream.as_mut().unwrap();
                    let length = u16::try_from(sent.contents.len()).unwrap();
                    stream.write_all(&length.to_be_bytes()).unwrap();
                    stream.write_all(&sent.contents).unwrap();
                }
                Output::Transmit(sent) => {
                    self.socket.send_to(&sent.contents, sent.destination).unwrap();
                }
                Output::Event(Event::Connected) => self.connected = true,
                Output::Event(Event::KeyframeRequest(_)) => self.asked += 1,
                Output::Event(Event::RtpPacket(packet)) => {
                    let number = *packet.header.payload_type;
                    if self.film.is_some() && packet.payload.len() > 1_000 {
                        self.seen.push((number, packet.payload.to_vec()));
                        continue;
                    }
                    self.came.push(number);
                    if let Some(law) = Law::of_payload(number) {
                        self.heard.extend(packet.payload.iter().map(|code| law.decode(*code)));
                    } else if number == 111 {
                        let mut sound = [0; 960];
                        let n = self.decoder.decode(&packet.payload, &mut sound, false).unwrap();
                        self.heard.extend(&sound[..n]);
                    }
                }
                Output::Event(_) => {}
            }
        }
    }

    #[track_caller]
    pub(in super::super) fn hears(&self, these: &[u32], not: &[u32]) {
        assert!(self.heard.len() >= 800, "only {} samples came", self.heard.len());
        has(&self.heard, these, not);
    }
}
