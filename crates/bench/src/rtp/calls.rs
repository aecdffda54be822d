//! Telephones in pairs: what they send and what they hear.

use super::Mode;
use crate::figures::Times;
use anyhow::{Context as _, Result};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// A key that anybody may know.
const KEY: &str = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
/// Before this long nothing counts: the relay learns who is who.
const WARM: Duration = Duration::from_millis(500);

/// Two telephones.
pub(super) struct Call {
    sockets: [UdpSocket; 2],
    to: [Option<SocketAddr>; 2],
    mode: Mode,
}

/// All of them.
pub(super) struct Calls {
    pub(super) list: Vec<Call>,
    mode: Mode,
}

/// What came of it.
#[derive(Default)]
pub(super) struct Heard {
    pub(super) sent: u64,
    pub(super) came: u64,
    /// From one telephone to the other.
    pub(super) delays: Times,
}

fn sdp(port: u16, protocol: &str, more: &str) -> String {
    format!(
        "v=0\r\no=u 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} {protocol} 8\r\na=rtpmap:8 PCMA/8000\r\na=ptime:20\r\n{more}"
    )
}

/// What a telephone at this port offers.
pub(super) fn plain(port: u16) -> String {
    sdp(port, "RTP/AVP", "")
}

/// Where a description says that it is.
pub(super) fn port(sdp: &str) -> Result<SocketAddr> {
    let line = sdp.lines().find_map(|line| line.strip_prefix("m=audio ")).context("no sound")?;
    let port: u16 = line.split(' ').next().context("no port")?.parse()?;
    Ok(([127, 0, 0, 1], port).into())
}

impl Call {
    fn port(&self, n: usize) -> u16 {
        self.sockets[n].local_addr().map_or(0, |address| address.port())
    }

    /// What the first offers.
    pub(super) fn offer(&self) -> String {
        sdp(self.port(0), "RTP/AVP", "")
    }

    /// What the second answers.
    pub(super) fn answer(&self, offer: &str) -> String {
        if self.mode == Mode::Plain {
            return sdp(self.port(1), "RTP/AVP", "");
        }
        let suite = "AES_CM_128_HMAC_SHA1_80";
        let line = offer.lines().find(|line| line.starts_with("a=crypto:") && line.contains(suite));
        let tag = line.and_then(|line| line.strip_prefix("a=crypto:")?.split(' ').next());
        let crypto = format!("a=crypto:{} {suite} inline:{KEY}\r\n", tag.unwrap_or("1"));
        sdp(self.port(1), "RTP/SAVP", &crypto)
    }

    /// What the relay said to each.
    pub(super) fn take(&mut self, first: &str, second: &str) -> Result<()> {
        self.to = [Some(port(first)?), Some(port(second)?)];
        Ok(())
    }
}

impl Calls {
    pub(super) fn new(count: u32, mode: Mode) -> Result<Self> {
        let socket = || -> Result<UdpSocket> {
            let socket = UdpSocket::bind("127.0.0.1:0")?;
            socket.set_nonblocking(true)?;
            Ok(socket)
        };
        let call = |_| Ok(Call { sockets: [socket()?, socket()?], to: [None; 2], mode });
        Ok(Self { list: (0..count).map(call).collect::<Result<_>>()?, mode })
    }

    /// All speak for so long, evenly one after the other.
    pub(super) fn run(&mut self, span: Duration) -> Result<Heard> {
        let epoll = Epoll::new(EpollCreateFlags::empty())?;
        for (n, call) in (0_u64..).zip(&self.list) {
            for (side, socket) in (0..).zip(&call.sockets) {
                epoll.add(socket, EpollEvent::new(EpollFlags::EPOLLIN, 2 * n + side))?;
            }
        }
        let sides = if self.mode == Mode::Plain { 2 } else { 1 };
        let speakers = self.list.len() * sides;
        let mut events = vec![EpollEvent::empty(); 512];
        let mut heard = Heard::default();
        let (mut next, mut round) = (0, 0_u16);
        let mut bytes = [0xD5_u8; 172];
        let mut came = [0; 512];
        let begin = Instant::now();
        let spacing = 0.02 / speakers as f64;
        let end = WARM + span;
        let mut due = 0.0;
        loop {
            let passed = begin.elapsed();
            if passed > end + Duration::from_millis(200) {
                return Ok(heard);
            }
            while passed < end && due <= passed.as_secs_f64() {
                due += spacing;
                let (call, side) = (next / sides, next % sides);
                bytes[..12].copy_from_slice(&head(round, u32::try_from(next)?));
                bytes[12..20].copy_from_slice(&micros(begin).to_be_bytes());
                if let Some(to) = self.list[call].to[side]
                    && self.list[call].sockets[side].send_to(&bytes, to).is_ok()
                    && passed >= WARM
                {
                    heard.sent += 1;
                }
                next += 1;
                if next == speakers {
                    (next, round) = (0, round.wrapping_add(1));
                }
            }
            let count = epoll.wait(&mut events, EpollTimeout::ZERO)?;
            for event in &events[..count] {
                let name = usize::try_from(event.data())?;
                let socket = &self.list[name / 2].sockets[name % 2];
                let Ok(length) = socket.recv(&mut came) else { continue };
                // Of the time that counts: by what the packet says, or, where that is locked, by when it came.
                let said = u64::from_be_bytes(came[12..20].try_into()?);
                let now = micros(begin);
                let at = if self.mode == Mode::Plain { said } else { now };
                if length >= 172 && at >= u64::try_from(WARM.as_micros())? {
                    heard.came += 1;
                    if self.mode == Mode::Plain {
                        heard.delays.push(now.saturating_sub(said));
                    }
                }
            }
        }
    }
}

fn micros(begin: Instant) -> u64 {
    u64::try_from(begin.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// The head of a packet of 20 ms.
pub(super) fn head(round: u16, speaker: u32) -> [u8; 12] {
    let ([s0, s1], [t0, t1, t2, t3]) =
        (round.to_be_bytes(), (u32::from(round) * 160).to_be_bytes());
    let [r0, r1, r2, r3] = (speaker + 1).to_be_bytes();
    [0x80, 8, s0, s1, t0, t1, t2, t3, r0, r1, r2, r3]
}
