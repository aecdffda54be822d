//! Between connections, which are tasks, and the driver, which is a thread: bytes in, bytes out, and who is there.

use sip::flow::{Flow, Transport};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// How many arrivals wait for the driver; then connections are not read any further.
const ARRIVALS: usize = 1_024;

/// How many bytes may wait for one connection to take them. More, and it is cut: it has stalled.
const UNSENT: usize = 256 << 10;

/// The first number of a connection; smaller ones are datagram sockets.
const CONNECTIONS: u64 = 1_000;

/// What a connection tells the driver.
#[derive(Debug)]
pub enum Arrival {
    /// It is open, and takes bytes here.
    Open(Flow, Outlet),
    /// Whole messages and keep-alives came.
    Bytes(Flow, Vec<u8>),
    /// The way that was asked for under this number; none was found.
    Found(u64, Option<Flow>),
    /// It has ended. Nothing more comes of it.
    Closed(Flow),
    /// The session behind a chat of this number said something; none: it is over.
    Chat(u64, Option<Arc<str>>),
}

/// The driver's end of a connection. When it is dropped, the connection ends once what waits is sent.
#[derive(Debug)]
pub struct Outlet {
    queue: mpsc::UnboundedSender<Arc<[u8]>>,
    unsent: Arc<AtomicUsize>,
}

/// The connection's end: what it is to send.
#[derive(Debug)]
pub struct Intake {
    queue: mpsc::UnboundedReceiver<Arc<[u8]>>,
    unsent: Arc<AtomicUsize>,
}

/// Both ends.
pub fn pair() -> (Outlet, Intake) {
    let (send, receive) = mpsc::unbounded_channel();
    let unsent = Arc::new(AtomicUsize::new(0));
    (Outlet { queue: send, unsent: unsent.clone() }, Intake { queue: receive, unsent })
}

impl Outlet {
    /// Gives bytes to the connection. False: it has ended, or has taken nothing for too long; it is to be dropped.
    pub fn put(&self, bytes: Arc<[u8]>) -> bool {
        let before = self.unsent.fetch_add(bytes.len(), Ordering::Relaxed);
        before.saturating_add(bytes.len()) <= UNSENT && self.queue.send(bytes).is_ok()
    }
}

impl Intake {
    /// What is to be sent next; none when the driver lets go.
    pub async fn next(&mut self) -> Option<Arc<[u8]>> {
        self.queue.recv().await
    }

    /// The same, if it is there already.
    pub fn next_now(&mut self) -> Option<Arc<[u8]>> {
        self.queue.try_recv().ok()
    }

    /// So many bytes have gone.
    pub fn sent(&self, bytes: usize) {
        self.unsent.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// What every connection shares: the way to the driver, numbers, and who holds how many.
#[derive(Debug, Clone)]
pub struct Exchange {
    arrivals: mpsc::Sender<Arrival>,
    last: Arc<AtomicU64>,
    held: Arc<Mutex<HashMap<IpAddr, usize>>>,
    /// Connections that one address may hold.
    most: usize,
}

/// A connection's place among those of its address; given back when it is dropped.
#[derive(Debug)]
pub struct Held {
    exchange: Exchange,
    ip: IpAddr,
}

impl Exchange {
    /// A way to the driver, for at most so many connections of an address, and the driver's end of it.
    pub fn new(most: usize) -> (Self, mpsc::Receiver<Arrival>) {
        let (arrivals, taken) = mpsc::channel(ARRIVALS);
        let last = Arc::new(AtomicU64::new(CONNECTIONS));
        (Self { arrivals, last, held: Arc::default(), most }, taken)
    }

    /// Takes a place; none when the address has its share.
    pub fn hold(&self, ip: IpAddr) -> Option<Held> {
        let ip = ip.to_canonical();
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(ip).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Held { exchange: self.clone(), ip })
    }

    /// A flow that was never there before.
    pub fn flow(&self, transport: Transport, peer: SocketAddr) -> Flow {
        Flow { transport, id: self.last.fetch_add(1, Ordering::Relaxed), peer }
    }

    /// Tells the driver; waits while it has too much to do. False: there is none any more.
    pub async fn tell(&self, arrival: Arrival) -> bool {
        self.arrivals.send(arrival).await.is_ok()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut held = self.exchange.held.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = held.get_mut(&self.ip) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.ip);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn an_address_holds_its_share_and_no_more() {
        let (exchange, _taken) = Exchange::new(2);
        let first = exchange.hold(PEER).unwrap();
        let _second = exchange.hold(PEER).unwrap();
        assert!(exchange.hold("::ffff:127.0.0.1".parse().unwrap()).is_none(), "by another name");
        assert!(exchange.hold("127.0.0.2".parse().unwrap()).is_some());
        drop(first);
        assert!(exchange.hold(PEER).is_some());
    }

    #[tokio::test]
    async fn a_connection_that_takes_nothing_is_given_up_and_one_that_does_is_not() {
        let (outlet, mut intake) = pair();
        let message: Arc<[u8]> = vec![b'x'; UNSENT / 4].into();
        for _ in 0..100 {
            assert!(outlet.put(message.clone()));
            let taken = intake.next().await.unwrap();
            intake.sent(taken.len());
        }
        for _ in 0..4 {
            assert!(outlet.put(message.clone()));
        }
        assert!(!outlet.put(b"x".as_slice().into()));
    }

    #[test]
    fn no_flow_is_named_twice() {
        let (exchange, _taken) = Exchange::new(1);
        let peer = SocketAddr::new(PEER, 5060);
        let ids: Vec<_> = (0..3).map(|_| exchange.flow(Transport::Tcp, peer).id).collect();
        assert_eq!(ids, [1_000, 1_001, 1_002]);
    }
}
