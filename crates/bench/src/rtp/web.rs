//! Browsers and telephones: ICE, DTLS and SRTP on one side, plain RTP on the other, G.711 on both.

use super::{SPAN, memory, pin, task, tell_plain, thread};
use anyhow::{Context as _, Result, ensure};
use facade::voice::plane::{Hear, Leg, Plane as _};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use server::media::{Config, Engine};
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use str0m::change::SdpAnswer;
use str0m::media::{Direction, MediaKind, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpWrite;
use str0m::{Candidate, Event, Input, Output, Rtc};

/// Browsers at a time: a handshake of each takes the load some milliseconds.
const CALLS: u64 = 100;

/// A browser, as far as packets go.
struct Browser {
    rtc: Rtc,
    socket: UdpSocket,
    mid: Mid,
    connected: bool,
    sequence: u64,
    came: u64,
}

impl Browser {
    fn new(leg: Leg, engine: &mut Engine) -> Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.set_nonblocking(true)?;
        let mut rtc = Rtc::builder()
            .set_crypto_provider(Arc::new(str0m::crypto::from_feature_flags()))
            .set_rtp_mode(true)
            .clear_codecs()
            .enable_pcma(true, false)
            .build(Instant::now());
        rtc.add_local_candidate(Candidate::host(socket.local_addr()?, "udp")?);
        let mut changes = rtc.sdp_api();
        let mid = changes.add_media(MediaKind::Audio, Direction::SendRecv, None, None, None);
        let (offer, pending) = changes.apply().context("an offer")?;
        let agreed = engine.answer(leg, offer.to_sdp_string().as_bytes())?;
        rtc.sdp_api().accept_answer(pending, SdpAnswer::from_sdp_string(&agreed.sdp)?)?;
        Ok(Self { rtc, socket, mid, connected: false, sequence: 1, came: 0 })
    }

    fn say(&mut self, sound: &[u8]) -> Result<()> {
        let at = u32::try_from(self.sequence * 160 % (1 << 31))?;
        let mut direct = self.rtc.direct_api();
        let stream = direct.stream_tx_by_mid(self.mid, None).context("a stream")?;
        stream.write_rtp(RtpWrite::new(8.into(), self.sequence.into(), at, Instant::now(), sound));
        self.sequence += 1;
        self.pass()
    }

    fn listen(&mut self, bytes: &mut [u8]) -> Result<()> {
        let own = self.socket.local_addr()?;
        while let Ok((length, source)) = self.socket.recv_from(bytes) {
            if let Ok(received) = Receive::new(Protocol::Udp, source, own, &bytes[..length]) {
                self.rtc.handle_input(Input::Receive(Instant::now(), received))?;
                self.flush()?;
            }
        }
        Ok(())
    }

    fn pass(&mut self) -> Result<()> {
        self.rtc.handle_input(Input::Timeout(Instant::now()))?;
        self.flush()
    }

    fn flush(&mut self) -> Result<()> {
        loop {
            match self.rtc.poll_output()? {
                Output::Timeout(_) => return Ok(()),
                Output::Transmit(sent) => {
                    let _ = self.socket.send_to(&sent.contents, sent.destination);
                }
                Output::Event(Event::Connected) => self.connected = true,
                Output::Event(Event::RtpPacket(_)) => self.came += 1,
                Output::Event(_) => {}
            }
        }
    }
}

/// Half of the packets come from browsers, half go to them.
pub(super) fn run() -> Result<()> {
    let folder = crate::server::folder("rtp-web")?;
    let here = [127, 0, 0, 1].into();
    let config = Config {
        bind: here,
        public: here,
        ports: 16_384..=32_767,
        threads: 1,
        sounds: folder.clone(),
        tapes: folder.clone(),
        keeper: tokio::sync::mpsc::unbounded_channel().0,
        video: false,
        silence: Duration::from_secs(10),
    };
    let (mut engine, told) = Engine::start(config)?;
    let media = thread("media-0")?;
    pin(media, 0)?;
    pin(std::process::id(), 1)?;
    let mut list: Vec<(Browser, UdpSocket, SocketAddr)> = Vec::new();
    let begin = Instant::now();
    for n in 0..CALLS {
        let (a, b) = (Leg(2 * n), Leg(2 * n + 1));
        let browser = Browser::new(a, &mut engine)?;
        let phone = UdpSocket::bind("127.0.0.1:0")?;
        phone.set_nonblocking(true)?;
        let agreed =
            engine.answer(b, super::calls::plain(phone.local_addr()?.port()).as_bytes())?;
        engine.hear(a, Hear::Those(vec![b], vec![]));
        engine.hear(b, Hear::Those(vec![a], vec![]));
        list.push((browser, phone, super::calls::port(&agreed.sdp)?));
    }
    let mut bytes = vec![0; 2_048];
    while list.iter().any(|(browser, ..)| !browser.connected) {
        ensure!(begin.elapsed() < Duration::from_secs(60), "not all browsers were connected");
        for (browser, ..) in &mut list {
            browser.listen(&mut bytes)?;
            browser.pass()?;
        }
    }
    let (sent, came, used) = talk(&mut list, &mut bytes, media)?;
    let all = memory()?;
    // Both ends are in this process: what is left when ours are gone is the load's.
    drop(engine);
    let per_call = (all - memory()?) / CALLS as f64;
    tell_plain("rtp.sangdam.web", CALLS, sent, came, used, per_call);
    drop((list, told));
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

/// How many packets were sent and came, and what the media thread took for them.
fn talk(
    list: &mut [(Browser, UdpSocket, SocketAddr)],
    bytes: &mut [u8],
    media: u32,
) -> Result<(u64, u64, f64)> {
    let epoll = Epoll::new(EpollCreateFlags::empty())?;
    for (n, (browser, phone, _)) in (0_u64..).zip(list.iter()) {
        epoll.add(&browser.socket, EpollEvent::new(EpollFlags::EPOLLIN, 2 * n))?;
        epoll.add(phone, EpollEvent::new(EpollFlags::EPOLLIN, 2 * n + 1))?;
    }
    let mut events = vec![EpollEvent::empty(); 256];
    let mut packet = [0xD5_u8; 172];
    let (mut sent, mut heard, mut next, mut due) = (0_u64, 0_u64, 0, 0.0);
    let spacing = 0.02 / (2 * list.len()) as f64;
    let cpu = || task(Path::new("/proc/self/task"), media);
    let before = cpu()?;
    let begin = Instant::now();
    while begin.elapsed() < SPAN + Duration::from_millis(200) {
        let passed = begin.elapsed();
        while passed < SPAN && due <= passed.as_secs_f64() {
            due += spacing;
            let (browser, phone, to) = &mut list[next / 2];
            if next % 2 == 0 {
                browser.say(&packet[12..])?;
            } else {
                packet[..12].copy_from_slice(&super::calls::head(
                    u16::try_from(browser.sequence & 0xFFFF)?,
                    u32::try_from(next)?,
                ));
                phone.send_to(&packet, *to)?;
            }
            sent += 1;
            next = (next + 1) % (2 * list.len());
        }
        let count = epoll.wait(&mut events, EpollTimeout::ZERO)?;
        for event in &events[..count] {
            let name = usize::try_from(event.data())?;
            let (browser, phone, _) = &mut list[name / 2];
            if name % 2 == 0 {
                browser.listen(bytes)?;
            } else {
                while phone.recv(bytes).is_ok() {
                    heard += 1;
                }
            }
        }
    }
    let used = cpu()? - before;
    let came = heard + list.iter().map(|(browser, ..)| browser.came).sum::<u64>();
    Ok((sent, came, used))
}
