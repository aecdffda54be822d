//! SIP over TCP and TLS: one task for each connection, that cuts whole messages out of the stream.
//!
//! Who begins a message and does not end it in time is cut off, and so is who takes nothing of what they are sent. An
//! idle connection stays: a telephone behind a NAT is reached by nothing else.

use super::flows::{Arrival, Exchange, Held, Intake, pair};
use crate::listen::serve::{HANDSHAKE, take};
use crate::listen::wire::Wire;
use crate::{clock, tasks};
use sip::flow::{Flow, Transport};
use sip::message::{Cut, cut};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsAcceptor;

/// Within which a message that was begun is usually to be whole, and the first one begun.
pub const MESSAGE: Duration = Duration::from_secs(10);

/// Within which a connection must have taken what it is sent.
const WRITE: Duration = Duration::from_secs(10);

/// Bytes that are read at a time.
const READ: usize = 2_048;

/// Bytes that are written at a time: what waits for a connection goes out together.
const TOGETHER: usize = 16 << 10;

/// What connections of a port are like.
#[derive(Debug, Clone)]
pub struct Port {
    /// The way to the driver.
    pub exchange: Exchange,
    /// How long a connection may be silent.
    pub idle: Duration,
    /// How long a message may take to come: [`MESSAGE`].
    pub message: Duration,
    /// True when the server stops.
    pub stop: watch::Receiver<bool>,
}

/// Takes connections until the server stops.
pub async fn listen(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    mut port: Port,
    places: Arc<Semaphore>,
) {
    loop {
        let taken = tokio::select! {
            taken = take(&listener, &places) => taken,
            _ = port.stop.wait_for(|stop| *stop) => return,
        };
        let Some((tcp, peer, place)) = taken else {
            // No more files may be opened: some connection has to end first.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        if let Some(held) = port.exchange.hold(peer.ip()) {
            tasks::spawn("sip-stream", accept(tcp, peer, tls.clone(), port.clone(), (place, held)));
        }
    }
}

async fn accept(
    tcp: TcpStream,
    peer: SocketAddr,
    tls: Option<TlsAcceptor>,
    port: Port,
    _place: (OwnedSemaphorePermit, Held),
) {
    let (transport, wire) = match tls {
        None => (Transport::Tcp, Wire::Plain(tcp)),
        Some(tls) => match timeout(HANDSHAKE, tls.accept(tcp)).await {
            Ok(Ok(tls)) => (Transport::Tls, Wire::Tls(Box::new(tls.into()))),
            _ => return,
        },
    };
    let flow = port.exchange.flow(transport, peer);
    let (outlet, intake) = pair();
    if port.exchange.tell(Arrival::Open(flow, outlet)).await {
        carry(wire, flow, intake, port).await;
    }
}

/// What a connection's task wakes for.
enum Woken {
    Read(std::io::Result<usize>),
    Send(Option<Arc<[u8]>>),
    Time,
    Stop,
}

/// Carries a connection until it ends.
pub(super) async fn carry(mut wire: Wire, flow: Flow, mut intake: Intake, mut port: Port) {
    let mut held: Vec<u8> = Vec::new();
    let mut together = Vec::new();
    // A connection that says nothing at all at first is nobody's.
    let mut until = clock::instant() + port.message;
    loop {
        held.reserve(READ);
        let woken = tokio::select! {
            read = wire.read_buf(&mut held) => Woken::Read(read),
            bytes = intake.next() => Woken::Send(bytes),
            () = tokio::time::sleep_until(until) => Woken::Time,
            _ = port.stop.wait_for(|stop| *stop) => Woken::Stop,
        };
        match woken {
            Woken::Read(Ok(read)) if read > 0 => {
                let was_waiting = held.len() > read;
                let whole = match cut(&held) {
                    Cut::Whole(whole) => whole,
                    Cut::Odd => held.len(),
                };
                if whole > 0 {
                    let rest = held.split_off(whole);
                    let bytes = std::mem::replace(&mut held, rest);
                    if !port.exchange.tell(Arrival::Bytes(flow, bytes)).await {
                        return;
                    }
                }
                // The clock of a message begins with its first byte, and is not set back by any other.
                if held.is_empty() {
                    until = clock::instant() + port.idle;
                } else if whole > 0 || !was_waiting {
                    until = clock::instant() + port.message;
                }
            }
            Woken::Send(Some(bytes)) => {
                if write(&mut wire, &mut intake, bytes, &mut together).await.is_none() {
                    break;
                }
                if held.is_empty() {
                    until = clock::instant() + port.idle;
                }
            }
            Woken::Send(None) | Woken::Stop => {
                while let Some(bytes) = intake.next_now() {
                    if write(&mut wire, &mut intake, bytes, &mut together).await.is_none() {
                        break;
                    }
                }
                let _ = timeout(WRITE, wire.shutdown()).await;
                break;
            }
            Woken::Read(_) | Woken::Time => break,
        }
    }
    port.exchange.tell(Arrival::Closed(flow)).await;
}

/// Writes this and what waits behind it. None: the connection is broken, or does not take it in time.
async fn write(
    wire: &mut Wire,
    intake: &mut Intake,
    first: Arc<[u8]>,
    together: &mut Vec<u8>,
) -> Option<()> {
    let deadline = clock::instant() + WRITE;
    let Some(second) = intake.next_now() else {
        send(wire, &first, deadline).await?;
        intake.sent(first.len());
        return Some(());
    };
    together.extend_from_slice(&first);
    together.extend_from_slice(&second);
    while together.len() < TOGETHER
        && let Some(more) = intake.next_now()
    {
        together.extend_from_slice(&more);
    }
    send(wire, together, deadline).await?;
    intake.sent(together.len());
    together.clear();
    together.shrink_to(READ);
    Some(())
}

async fn send(wire: &mut Wire, bytes: &[u8], deadline: Instant) -> Option<()> {
    let writing = async {
        wire.write_all(bytes).await?;
        wire.flush().await
    };
    tokio::time::timeout_at(deadline, writing).await.ok()?.ok()
}

#[cfg(test)]
mod tests;
