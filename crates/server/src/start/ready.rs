//! `ready.json`: how scripts learn that a server listens, and where.

use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use tokio::net::TcpListener;

/// The file's name in the data folder.
pub const FILE: &str = "ready.json";

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// Its process.
    pub pid: u32,
    /// `http://…`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<String>,
    /// `https://…`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub https: Option<String>,
    /// `ws://…`, or `wss://…` where a certificate is configured: the CTI gateway.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rio: Option<String>,
    /// `ws://…`: browsers' sockets
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sip_ws: Option<String>,
    /// `wss://…`: the same with TLS
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sip_wss: Option<String>,
    /// `address:port`: telephones and trunks, by datagrams
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sip_udp: Option<String>,
    /// The same over TCP
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sip_tcp: Option<String>,
    /// The same over TLS
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sip_tls: Option<String>,
    /// `http://…`; below it `/metrics`, `/healthz`, `/readyz`
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metrics: Option<String>,
}

impl Ready {
    /// Of these listeners.
    pub fn new(
        http: Option<&TcpListener>,
        https: Option<&TcpListener>,
        (rio, rio_tls): (Option<&TcpListener>, bool),
        (sip_ws, sip_wss): (Option<&TcpListener>, Option<&TcpListener>),
        [sip_udp, sip_tcp, sip_tls]: [Option<SocketAddr>; 3],
        metrics: Option<&TcpListener>,
    ) -> Self {
        let at = |scheme: &str, listener: Option<&TcpListener>| {
            let address = reachable(listener?.local_addr().ok()?);
            Some(format!("{scheme}://{address}"))
        };
        Self {
            pid: std::process::id(),
            http: at("http", http),
            https: at("https", https),
            rio: at(if rio_tls { "wss" } else { "ws" }, rio),
            sip_ws: at("ws", sip_ws),
            sip_wss: at("wss", sip_wss),
            sip_udp: sip_udp.map(|address| reachable(address).to_string()),
            sip_tcp: sip_tcp.map(|address| reachable(address).to_string()),
            sip_tls: sip_tls.map(|address| reachable(address).to_string()),
            metrics: at("http", metrics),
        }
    }

    /// Writes it into the data folder, whole or not at all.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write(&self, data: &Path) -> io::Result<()> {
        let half = data.join("ready.json.new");
        let mut file = File::create(&half)?;
        serde_json::to_writer(&mut file, self)?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        fs::rename(&half, data.join(FILE))
    }
}

/// Takes it away: nobody listens any more.
pub fn remove(data: &Path) {
    // What is not there need not be removed, and a stopping server has nobody left to tell.
    let _ = fs::remove_file(data.join(FILE));
}

/// An address that can be dialled: "any" is reached as loopback.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() {
            [127, 0, 0, 1].into()
        } else {
            std::net::Ipv6Addr::LOCALHOST.into()
        });
    }
    address
}
