//! Where bytes came from and where they shall go.

use std::net::SocketAddr;

/// How SIP is carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Transport {
    /// Datagrams: may be lost, doubled and turned around.
    Udp,
    /// A byte stream.
    Tcp,
    /// A byte stream under TLS.
    Tls,
    /// One message per WebSocket message (RFC 7118).
    Ws,
    /// The same under TLS.
    Wss,
}

impl Transport {
    /// As in a Via.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Udp => "UDP",
            Self::Tcp => "TCP",
            Self::Tls => "TLS",
            Self::Ws => "WS",
            Self::Wss => "WSS",
        }
    }

    /// Whether what is sent arrives, or the flow is known to be lost. Then nothing is sent twice.
    pub const fn is_reliable(self) -> bool {
        !matches!(self, Self::Udp)
    }

    /// Whether messages must be cut out of a stream.
    pub const fn is_stream(self) -> bool {
        matches!(self, Self::Tcp | Self::Tls)
    }
}

/// One way to one peer: a connection, or a datagram socket and an address behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Flow {
    /// How it carries.
    pub transport: Transport,
    /// The driver's number of the connection or of the datagram socket. A connection's number is never used again.
    pub id: u64,
    /// The other side.
    pub peer: SocketAddr,
}
