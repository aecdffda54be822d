//! Ways to trunks: a name becomes an address, and where the transport connects, a connection.

use super::flows::{Arrival, pair};
use super::stream::{self, Port};
use super::tls::Trust;
use crate::listen::wire::Wire;
use crate::tasks;
use sip::flow::{Flow, Transport};
use std::io;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::time::timeout;

/// Within which a way must be found.
const PATIENCE: Duration = Duration::from_secs(5);

/// Finds ways to trunks.
#[derive(Debug)]
pub(super) struct Dial {
    pub(super) port: Port,
    /// Names are looked up, and TLS is computed, elsewhere than on the driver's thread.
    pub(super) runtime: Handle,
    pub(super) trust: Trust,
    /// The datagram sockets' own addresses, in their order.
    pub(super) sockets: Vec<SocketAddr>,
}

impl Dial {
    /// Begins to look for a way. The driver hears [`Arrival::Found`].
    pub(super) fn open(&self, ticket: u64, transport: Transport, host: &str) {
        let (name, port) = split(host, if transport == Transport::Tls { 5_061 } else { 5_060 });
        let way = Way {
            ticket,
            transport,
            name: name.to_owned(),
            number: port,
            port: self.port.clone(),
            trust: self.trust.clone(),
            sockets: self.sockets.clone(),
        };
        let _within = self.runtime.enter();
        tasks::spawn("sip-dial", way.find());
    }
}

/// A way that is looked for.
struct Way {
    ticket: u64,
    transport: Transport,
    name: String,
    number: u16,
    port: Port,
    trust: Trust,
    sockets: Vec<SocketAddr>,
}

impl Way {
    async fn find(self) {
        let found = timeout(PATIENCE, self.try_find()).await;
        let found = found.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        let exchange = &self.port.exchange;
        match found {
            Ok((flow, None)) => {
                exchange.tell(Arrival::Found(self.ticket, Some(flow))).await;
            }
            Ok((flow, Some(wire))) => {
                let (outlet, intake) = pair();
                exchange.tell(Arrival::Open(flow, outlet)).await;
                exchange.tell(Arrival::Found(self.ticket, Some(flow))).await;
                stream::carry(wire, flow, intake, self.port).await;
            }
            Err(fault) => {
                let transport = self.transport.as_str();
                tracing::warn!(host = self.name, transport, %fault, "there is no way to a trunk");
                exchange.tell(Arrival::Found(self.ticket, None)).await;
            }
        }
    }

    /// Tries each address of the name in turn.
    async fn try_find(&self) -> io::Result<(Flow, Option<Wire>)> {
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for peer in tokio::net::lookup_host((self.name.as_str(), self.number)).await? {
            let connected = match self.transport {
                Transport::Udp => {
                    // Only a socket of the address's own kind can send there.
                    let fits = |own: &SocketAddr| own.is_ipv4() == peer.is_ipv4();
                    match self.sockets.iter().position(fits) {
                        Some(place) => {
                            let (transport, id) = (Transport::Udp, place as u64);
                            return Ok((Flow { transport, id, peer }, None));
                        }
                        None => continue,
                    }
                }
                Transport::Tls => match self.trust.towards(&self.name) {
                    Some(client) => match TcpStream::connect(peer).await {
                        Ok(tcp) => client.connect(tcp).await,
                        Err(fault) => Err(fault),
                    },
                    None => return Err(io::ErrorKind::InvalidInput.into()),
                },
                Transport::Tcp => TcpStream::connect(peer).await.map(Wire::Plain),
                Transport::Ws | Transport::Wss => return Err(io::ErrorKind::Unsupported.into()),
            };
            match connected {
                Ok(wire) => {
                    wire.tcp().set_nodelay(true)?;
                    return Ok((self.port.exchange.flow(self.transport, peer), Some(wire)));
                }
                Err(fault) => last = fault,
            }
        }
        Err(last)
    }
}

/// Host and port of `name`, `name:port`, `[address]:port`; an IPv6 address may stand by itself.
fn split(host: &str, usual: u16) -> (&str, u16) {
    if let Some((name, port)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        return (name, port.strip_prefix(':').and_then(|port| port.parse().ok()).unwrap_or(usual));
    }
    match host.rsplit_once(':') {
        Some((name, port)) if !name.contains(':') => (name, port.parse().unwrap_or(usual)),
        _ => (host, usual),
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn hosts_are_told_from_ports() {
        for (host, expected) in [
            ("sip.example.com", ("sip.example.com", 5_060)),
            ("sip.example.com:5080", ("sip.example.com", 5_080)),
            ("192.0.2.1:5080", ("192.0.2.1", 5_080)),
            ("2001:db8::1", ("2001:db8::1", 5_060)),
            ("[2001:db8::1]", ("2001:db8::1", 5_060)),
            ("[2001:db8::1]:5080", ("2001:db8::1", 5_080)),
        ] {
            assert_eq!(split(host, 5_060), expected, "{host}");
        }
    }
}
