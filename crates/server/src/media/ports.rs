//! Pairs of ports: RTP on the even one, RTCP on the odd one above it (RFC 3550 §11).

use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::RcvBuf;
use std::io;
use std::net::{IpAddr, UdpSocket};
use std::ops::RangeInclusive;

/// Room for what comes for all legs of one socket while its thread is busy, in bytes.
const ROOM: usize = 4 << 20;

/// Gives the pairs of a range, one after the other, so that one that is given back is used again as late as can be.
#[derive(Debug)]
pub(super) struct Ports {
    bind: IpAddr,
    first: u16,
    count: u16,
    next: u16,
}

impl Ports {
    /// Begins somewhere in the range: `chance` says where, so that two servers on one machine seldom meet.
    pub(super) fn new(bind: IpAddr, range: &RangeInclusive<u16>, chance: u16) -> Self {
        let first = range.start().next_multiple_of(2);
        let count = (range.end().saturating_sub(first).saturating_add(1)) / 2;
        Self { bind, first, count, next: if count == 0 { 0 } else { chance % count } }
    }

    /// One socket for many legs, on the first free port of the range.
    ///
    /// # Errors
    ///
    /// When none is free, or the system gives no socket.
    pub(super) fn shared(&mut self) -> io::Result<UdpSocket> {
        for n in 0..self.count {
            match UdpSocket::bind((self.bind, self.first + 2 * n)) {
                Ok(socket) => {
                    socket.set_nonblocking(true)?;
                    // As much as the system allows.
                    let _ = setsockopt(&socket, RcvBuf, &ROOM);
                    return Ok(socket);
                }
                Err(fault) if fault.kind() == io::ErrorKind::AddrInUse => {}
                Err(fault) => return Err(fault),
            }
        }
        Err(io::ErrorKind::AddrInUse.into())
    }

    /// Two sockets on a free pair.
    ///
    /// # Errors
    ///
    /// When no pair is free, or the system gives no socket.
    pub(super) fn pair(&mut self) -> io::Result<(UdpSocket, UdpSocket)> {
        for _ in 0..self.count {
            let port = self.first + 2 * self.next;
            self.next = (self.next + 1) % self.count;
            let both = UdpSocket::bind((self.bind, port))
                .and_then(|rtp| Ok((rtp, UdpSocket::bind((self.bind, port + 1))?)));
            match both {
                Ok((rtp, rtcp)) => {
                    rtp.set_nonblocking(true)?;
                    rtcp.set_nonblocking(true)?;
                    return Ok((rtp, rtcp));
                }
                Err(fault) if fault.kind() == io::ErrorKind::AddrInUse => {}
                Err(fault) => return Err(fault),
            }
        }
        Err(io::ErrorKind::AddrInUse.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_even_and_odd_and_end() {
        let mut ports = Ports::new([127, 0, 0, 1].into(), &(15_001..=15_007), 7);
        let pairs: Vec<_> = std::iter::from_fn(|| ports.pair().ok()).take(9).collect();
        assert!(!pairs.is_empty() && pairs.len() <= 3);
        for (rtp, rtcp) in &pairs {
            let (even, odd) = (rtp.local_addr().unwrap().port(), rtcp.local_addr().unwrap().port());
            assert_eq!((even % 2, odd), (0, even + 1));
        }
        let count = pairs.len();
        drop(pairs);
        assert_eq!(std::iter::from_fn(|| ports.pair().ok()).take(count).count(), count);
    }
}
