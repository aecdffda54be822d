//! What browsers' packets go by: the shared socket, and TCP for those that no datagram reaches (RFC 6544), each packet behind
//! its length (RFC 4571). What a connection holds is bounded both ways, and one that says nothing is closed.

use media::time::Micros;
use std::cell::RefCell;
use std::collections::HashMap;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use str0m::net::Protocol;

/// Connections, of one address and at all.
const OF_ADDRESS: usize = 32;
const AT_ALL: usize = 2_048;
/// Whoever connects says who they are within this; who has, says something at least so often (RFC 7675: a check each 5 s).
const STRANGE: Micros = Micros::from_millis(10_000);
const SILENT: Micros = Micros::from_millis(40_000);
/// The longest packet, and its length before it.
const LONGEST: usize = 2_046;
const HEAD: usize = 2;
/// Bytes that may wait for a slow reader: a second of a picture, which is of no use to anybody after that.
const BEHIND: usize = 256 << 10;
/// Reads from one connection before others have their turn.
const READS: usize = 16;

/// One connection.
struct Stream {
    socket: TcpStream,
    peer: SocketAddr,
    came: Vec<u8>,
    waits: Vec<u8>,
    heard: Micros,
    /// A session has taken what came by it.
    known: bool,
    over: bool,
}

/// All connections.
struct Streams {
    listener: TcpListener,
    all: Vec<Option<Stream>>,
    by_peer: HashMap<SocketAddr, usize>,
    by_address: HashMap<IpAddr, usize>,
}

/// The shared socket, and connections.
pub(super) struct Wires {
    pub(super) udp: UdpSocket,
    streams: Option<RefCell<Streams>>,
}

impl Wires {
    /// `listener` is for those that no datagram reaches.
    pub(super) fn new(udp: UdpSocket, listener: Option<TcpListener>) -> Self {
        let (all, by_peer, by_address) = (Vec::new(), HashMap::new(), HashMap::new());
        let streams =
            listener.map(|listener| RefCell::new(Streams { listener, all, by_peer, by_address }));
        Self { udp, streams }
    }

    /// Sends a packet; what cannot be sent is lost, as packets are.
    pub(super) fn send(&self, by: Protocol, to: SocketAddr, bytes: &[u8]) {
        match (&self.streams, by) {
            (_, Protocol::Udp) => _ = self.udp.send_to(bytes, to),
            (Some(streams), Protocol::Tcp) => streams.borrow_mut().send(to, bytes),
            _ => {}
        }
    }

    /// Takes a connection: its number, and what is to be watched. None: there is no other, or it is one too many.
    pub(super) fn accept<T>(
        &self,
        now: Micros,
        watch: impl FnOnce(&TcpStream, usize) -> Option<T>,
    ) -> Option<T> {
        self.streams.as_ref()?.borrow_mut().accept(now, watch)
    }

    /// What is listened at.
    pub(super) fn with_listener<T>(&self, what: impl FnOnce(&TcpListener) -> T) -> Option<T> {
        self.streams.as_ref().map(|streams| what(&streams.borrow().listener))
    }

    /// The next packet of a connection, and who sent it; `reads` is how often may still be read.
    pub(super) fn next(
        &self,
        number: usize,
        reads: &mut usize,
        buffer: &mut [u8],
        now: Micros,
    ) -> Option<(usize, SocketAddr)> {
        let mut streams = self.streams.as_ref()?.borrow_mut();
        let stream = streams.all.get_mut(number)?.as_mut()?;
        let found = stream.next(reads, buffer, now);
        if stream.over {
            streams.close(number);
        }
        found
    }

    /// A session has taken what came by it, or none has: then it is none of ours.
    pub(super) fn judge(&self, number: usize, known: bool) {
        let Some(streams) = &self.streams else { return };
        let mut streams = streams.borrow_mut();
        let Some(stream) = streams.all.get_mut(number).and_then(Option::as_mut) else { return };
        stream.known |= known;
        if !stream.known {
            streams.close(number);
        }
    }

    /// Sends what waits.
    pub(super) fn flush(&self) {
        let Some(streams) = &self.streams else { return };
        let mut streams = streams.borrow_mut();
        for number in 0..streams.all.len() {
            let Some(stream) = streams.all.get_mut(number).and_then(Option::as_mut) else {
                continue;
            };
            stream.flush();
            if stream.over {
                streams.close(number);
            }
        }
    }

    /// Closes what says nothing.
    pub(super) fn round(&self, now: Micros) {
        let Some(streams) = &self.streams else { return };
        let mut streams = streams.borrow_mut();
        for number in 0..streams.all.len() {
            let Some(stream) = streams.all.get(number).and_then(Option::as_ref) else { continue };
            let patience = if stream.known { SILENT } else { STRANGE };
            if now.since(stream.heard) > patience {
                streams.close(number);
            }
        }
    }
}

/// How often a connection may be read before others have their turn.
pub(super) const fn reads() -> usize {
    READS
}

impl Streams {
    fn accept<T>(
        &mut self,
        now: Micros,
        watch: impl FnOnce(&TcpStream, usize) -> Option<T>,
    ) -> Option<T> {
        loop {
            let (socket, peer) = match self.listener.accept() {
                Ok(came) => came,
                Err(fault) if fault.kind() == ErrorKind::Interrupted => continue,
                Err(_) => return None,
            };
            let here = self.by_address.get(&peer.ip()).copied().unwrap_or(0);
            let usable = socket.set_nonblocking(true).and_then(|()| socket.set_nodelay(true));
            if here >= OF_ADDRESS || self.by_peer.len() >= AT_ALL || usable.is_err() {
                continue;
            }
            let free = self.all.iter().position(Option::is_none);
            let number = free.unwrap_or_else(|| {
                self.all.push(None);
                self.all.len() - 1
            });
            let watched = watch(&socket, number)?;
            let (came, waits) = (Vec::new(), Vec::new());
            let stream =
                Stream { socket, peer, came, waits, heard: now, known: false, over: false };
            if let Some(place) = self.all.get_mut(number) {
                *place = Some(stream);
            }
            self.by_peer.insert(peer, number);
            *self.by_address.entry(peer.ip()).or_default() += 1;
            return Some(watched);
        }
    }

    fn close(&mut self, number: usize) {
        let Some(stream) = self.all.get_mut(number).and_then(Option::take) else { return };
        self.by_peer.remove(&stream.peer);
        if let Some(count) = self.by_address.get_mut(&stream.peer.ip()) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&stream.peer.ip());
            }
        }
    }

    fn send(&mut self, to: SocketAddr, bytes: &[u8]) {
        let Some(number) = self.by_peer.get(&to) else { return };
        if let Some(stream) = self.all.get_mut(*number).and_then(Option::as_mut) {
            stream.send(bytes);
        }
    }
}

impl Stream {
    fn next(
        &mut self,
        reads: &mut usize,
        buffer: &mut [u8],
        now: Micros,
    ) -> Option<(usize, SocketAddr)> {
        loop {
            if let Some(([a, b], rest)) = self.came.split_first_chunk::<HEAD>() {
                let length = usize::from(u16::from_be_bytes([*a, *b]));
                if length > LONGEST {
                    self.over = true;
                    return None;
                }
                if let (Some(packet), Some(room)) = (rest.get(..length), buffer.get_mut(..length)) {
                    room.copy_from_slice(packet);
                    self.came.drain(..HEAD + length);
                    return Some((length, self.peer));
                }
            }
            if *reads == 0 {
                return None;
            }
            *reads -= 1;
            let mut bytes = [0; LONGEST];
            match self.socket.read(&mut bytes) {
                Ok(0) => self.over = true,
                Ok(count) => {
                    self.heard = now;
                    self.came.extend_from_slice(bytes.get(..count).unwrap_or_default());
                    continue;
                }
                Err(fault) if fault.kind() == ErrorKind::WouldBlock => {}
                Err(fault) if fault.kind() == ErrorKind::Interrupted => continue,
                Err(_) => self.over = true,
            }
            return None;
        }
    }

    fn send(&mut self, bytes: &[u8]) {
        let Ok(length) = u16::try_from(bytes.len()) else { return };
        if self.waits.len() + HEAD + bytes.len() > BEHIND {
            self.over = true;
            return;
        }
        self.waits.extend_from_slice(&length.to_be_bytes());
        self.waits.extend_from_slice(bytes);
        self.flush();
    }

    fn flush(&mut self) {
        while !self.waits.is_empty() && !self.over {
            match self.socket.write(&self.waits) {
                Ok(0) => self.over = true,
                Ok(count) => _ = self.waits.drain(..count),
                Err(fault) if fault.kind() == ErrorKind::WouldBlock => return,
                Err(fault) if fault.kind() == ErrorKind::Interrupted => {}
                Err(_) => self.over = true,
            }
        }
    }
}
