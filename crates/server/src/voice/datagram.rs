//! SIP over UDP: sockets that the driver's own thread reads and writes.
//!
//! One socket is enough for one thread: here a `sendto` costs 2.7 µs and a `recv` 0.4 µs, so more sockets, or many
//! datagrams at a time, would bring nothing. What the thread has not read waits in the system's buffer, which is large;
//! when it is full, the newest are dropped, and their senders send them again.

use sip::flow::{Flow, Transport};
use socket2::{Domain, Protocol, Socket, Type};
use std::cell::Cell;
use std::io;
use std::net::{SocketAddr, UdpSocket as Bound};
use std::sync::Arc;
use std::task::Context;
use tokio::net::UdpSocket;

/// What the system may hold for us, in bytes: some 8,000 messages. Linux gives what `net.core.rmem_max` allows.
const BUFFER: usize = 4 << 20;

/// The longest datagram.
pub const DATAGRAM: usize = 65_535;

/// Opens a socket. It does nothing until a driver takes it.
///
/// # Errors
///
/// The address cannot be had.
pub fn open(address: SocketAddr) -> io::Result<Bound> {
    let socket = Socket::new(Domain::for_address(address), Type::DGRAM, Some(Protocol::UDP))?;
    // Less is a smaller reserve, no fault.
    let _ = socket.set_recv_buffer_size(BUFFER);
    let _ = socket.set_send_buffer_size(BUFFER);
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// The driver's datagram sockets; a flow's number is the socket's place.
#[derive(Debug)]
pub struct Datagrams {
    sockets: Vec<UdpSocket>,
    turn: Cell<usize>,
}

impl Datagrams {
    /// Takes sockets over. Called within the driver's runtime.
    ///
    /// # Errors
    ///
    /// The system gives no readiness for them.
    pub fn new(bound: Vec<Bound>) -> io::Result<Self> {
        let sockets = bound.into_iter().map(UdpSocket::from_std).collect::<io::Result<_>>()?;
        Ok(Self { sockets, turn: Cell::new(0) })
    }

    /// The next datagram, if one is there, and its length in `buffer`; the sockets take turns.
    pub fn receive(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Option<(Flow, usize)> {
        for _ in 0..self.sockets.len() {
            let place = self.turn.get() % self.sockets.len();
            self.turn.set(place + 1);
            let socket = self.sockets.get(place)?;
            while socket.poll_recv_ready(cx).is_ready() {
                // An error: not ready after all, or somebody's "port unreachable", which is not of this socket.
                if let Ok((length, peer)) = socket.try_recv_from(buffer) {
                    let flow = Flow { transport: Transport::Udp, id: place as u64, peer };
                    return Some((flow, length));
                }
            }
        }
        None
    }

    /// Sends a datagram. False: the system did not take it.
    pub fn send(&self, flow: Flow, bytes: &Arc<[u8]>) -> bool {
        let socket = usize::try_from(flow.id).ok().and_then(|id| self.sockets.get(id));
        socket.is_some_and(|socket| socket.try_send_to(bytes, flow.peer).is_ok())
    }
}
