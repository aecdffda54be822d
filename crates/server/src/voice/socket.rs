//! SIP over WebSocket (RFC 7118; `nxwebapi.md` 7.1): one SIP message in each WebSocket message.

use super::flows::{Arrival, pair};
use super::stream::Port;
use crate::clock;
use crate::listen::wire::Wire;
use crate::metrics::meters;
use futures_util::{SinkExt as _, StreamExt as _};
use sip::flow::Transport;
use sip::message::MESSAGE_LIMIT;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Error, Message};

/// The sub-protocol's name.
pub const PROTOCOL: &str = "sip";

/// How often the other side is asked for a sign of life.
const PING: Duration = Duration::from_secs(30);

/// How long it may be silent: two pings and some patience.
const SILENCE: Duration = Duration::from_secs(75);

/// Within which a message must have been taken, and a close be answered.
const WRITE: Duration = Duration::from_secs(10);

/// Bytes that are read at a time.
const READ: usize = 2_048;

/// What a socket's task wakes for.
enum Woken {
    Read(Option<Result<Message, Error>>),
    Send(Option<Arc<[u8]>>),
    Time,
    Stop,
}

/// Carries a socket until it ends. `rest` is what had been read beyond the upgrade's request; `peer` is where it comes
/// from, as a trusted proxy says it.
pub async fn run(wire: Wire, rest: Vec<u8>, peer: SocketAddr, mut port: Port) {
    let transport = if matches!(wire, Wire::Tls(_)) { Transport::Wss } else { Transport::Ws };
    let mut config = WebSocketConfig::default();
    config.read_buffer_size = READ;
    config.write_buffer_size = 0;
    config.max_message_size = Some(MESSAGE_LIMIT);
    config.max_frame_size = Some(MESSAGE_LIMIT);
    let mut ws =
        Box::pin(WebSocketStream::from_partially_read(wire, rest, Role::Server, Some(config)))
            .await;
    let flow = port.exchange.flow(transport, peer);
    let (outlet, mut intake) = pair();
    if !port.exchange.tell(Arrival::Open(flow, outlet)).await {
        return;
    }
    let (mut heard, mut ping) = (clock::instant(), clock::instant() + PING);
    let end: Option<(u16, &str)> = loop {
        let woken = tokio::select! {
            read = ws.next() => Woken::Read(read),
            bytes = intake.next() => Woken::Send(bytes),
            () = tokio::time::sleep_until(ping.min(heard + SILENCE)) => Woken::Time,
            _ = port.stop.wait_for(|stop| *stop) => Woken::Stop,
        };
        let written = match woken {
            Woken::Read(Some(Ok(message))) => {
                heard = clock::instant();
                let bytes = match message {
                    Message::Text(text) => text.as_bytes().to_vec(),
                    Message::Binary(bytes) => bytes.to_vec(),
                    // The answer to a ping, and to a close, goes out with a flush.
                    Message::Ping(_) | Message::Close(_) => {
                        if !matches!(timeout(WRITE, ws.flush()).await, Ok(Ok(()))) {
                            break None;
                        }
                        continue;
                    }
                    Message::Pong(_) | Message::Frame(_) => continue,
                };
                meters().frames_in.increment(1);
                if !port.exchange.tell(Arrival::Bytes(flow, bytes)).await {
                    break None;
                }
                continue;
            }
            Woken::Read(Some(Err(Error::Capacity(_)))) => {
                break Some((1009, "the message is too large"));
            }
            Woken::Read(Some(Err(Error::Utf8(_)))) => break Some((1007, "the text is not UTF-8")),
            Woken::Read(Some(Err(Error::Protocol(_)))) => {
                break Some((1002, "against the protocol"));
            }
            Woken::Read(_) => break None,
            Woken::Send(Some(bytes)) => {
                meters().frames_out.increment(1);
                let message = match std::str::from_utf8(&bytes) {
                    Ok(text) => Message::Text(text.into()),
                    Err(_) => Message::Binary(bytes.to_vec().into()),
                };
                let written = timeout(WRITE, ws.send(message)).await;
                intake.sent(bytes.len());
                written
            }
            Woken::Send(None) => break Some((1000, "")),
            Woken::Time if clock::instant() >= heard + SILENCE => break None,
            Woken::Time => {
                ping = clock::instant() + PING;
                timeout(WRITE, ws.send(Message::Ping(bytes::Bytes::new()))).await
            }
            Woken::Stop => break Some((1012, "the server stops")),
        };
        if !matches!(written, Ok(Ok(()))) {
            break None;
        }
    };
    if let Some((code, reason)) = end {
        let frame = CloseFrame { code: CloseCode::from(code), reason: reason.into() };
        let closing = async {
            ws.close(Some(frame)).await?;
            while matches!(ws.next().await, Some(Ok(_))) {}
            // What still comes is read and forgotten: to leave it unread would reset the connection, and with it the close
            // that says why.
            let mut rest = [0; 128];
            while matches!(code, 1002 | 1007 | 1009)
                && matches!(ws.get_mut().read(&mut rest).await, Ok(n) if n > 0)
            {}
            Ok::<_, Error>(())
        };
        let _ = timeout(Duration::from_secs(2), closing).await;
    }
    port.exchange.tell(Arrival::Closed(flow)).await;
}
