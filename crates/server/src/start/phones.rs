//! The part of a start that concerns telephones: ports, addresses, and the thread that serves them.

use super::{Fault, bind};
use crate::config::Config;
use crate::listen::door::Door;
use crate::media;
use crate::voice::flows::{Arrival, Exchange};
use crate::voice::stream::{self, Port};
use crate::voice::{self, Make, datagram, tls};
use crate::{tapes, tasks};
use facade::door::Site as _;
use facade::nx::Lobby;
use facade::voice::Most;
use sip::endpoint;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_rustls::TlsAcceptor;

/// After so much silence of a leg that should sound, its telephone is asked whether it is still there.
const SILENCE: Duration = Duration::from_secs(30);

/// The folder of tapes that run, below the data folder.
const TAPES: &str = "tapes";

/// Telephones' ports, open but not served yet.
#[derive(Debug)]
pub(super) struct Phones {
    udp: Option<UdpSocket>,
    tcp: Option<TcpListener>,
    tls: Option<TcpListener>,
    trust: tls::Trust,
    /// For the switch, and for browsers' sockets.
    pub(super) port: Port,
    arrivals: mpsc::Receiver<Arrival>,
}

impl Phones {
    /// Opens the ports.
    pub(super) async fn open(
        config: &Config,
        secure: bool,
        stop: watch::Receiver<bool>,
    ) -> Result<Self, Fault> {
        let listen = &config.listen;
        let udp = match listen.sip_udp {
            Some(address) => Some(datagram::open(address).map_err(|source| Fault::Port {
                name: "sip_udp",
                address,
                source,
            })?),
            None => None,
        };
        let tcp = bind("sip_tcp", listen.sip_tcp).await?;
        let tls = bind("sip_tls", listen.sip_tls.filter(|_| secure)).await?;
        let trust = tls::Trust::load(&config.sip.authorities)
            .map_err(|fault| Fault::Trust(config.sip.authorities.clone(), fault))?;
        let (exchange, arrivals) = Exchange::new(config.sip.connections_per_address);
        let idle = Duration::from_secs(config.sip.idle_seconds);
        let port = Port { exchange, idle, message: stream::MESSAGE, stop };
        Ok(Self { udp, tcp, tls, trust, port, arrivals })
    }

    /// Where datagrams, streams, and streams under TLS are taken.
    pub(super) fn addresses(&self) -> [Option<SocketAddr>; 3] {
        let stream = |listener: &Option<TcpListener>| listener.as_ref()?.local_addr().ok();
        let udp = self.udp.as_ref().and_then(|socket| socket.local_addr().ok());
        [udp, stream(&self.tcp), stream(&self.tls)]
    }

    /// Serves them until the server stops.
    pub(super) fn serve(
        self,
        config: &Config,
        folder: &Path,
        door: Arc<Door>,
        acceptor: Option<TlsAcceptor>,
        places: &Arc<Semaphore>,
        lobby: Arc<Lobby>,
    ) -> io::Result<()> {
        let [udp, tcp, tls] = self.addresses();
        let listening = [udp, tcp, tls].into_iter().flatten().map(|address| address.ip()).next();
        let at = config.sip.address.unwrap_or_else(|| own_address([udp, tcp, tls]));
        let host = |address: Option<SocketAddr>| {
            address.map(|address| SocketAddr::new(at, address.port()).to_string().into_boxed_str())
        };
        let endpoint = endpoint::Config {
            host: host(udp.or(tcp).or(tls)).unwrap_or_else(|| at.to_string().into()),
            host_tcp: host(tcp),
            host_tls: host(tls),
            agent: concat!("Sangdam/", env!("CARGO_PKG_VERSION")).into(),
            ..endpoint::Config::default()
        };
        let tapes = folder.join(TAPES);
        let found = tapes::found(&tapes).map_err(|fault| {
            io::Error::new(fault.kind(), format!("{}: {fault}", tapes.display()))
        })?;
        let (keeper, ended) = mpsc::unbounded_channel();
        let (blobs, realms) = (door.blobs.clone(), door.realms.clone());
        tapes::keep(tapes, found, ended, blobs, realms, door.stop.clone());
        let sound = media::Config {
            bind: listening.unwrap_or(at),
            public: at,
            ports: config.media.first_port..=config.media.last_port,
            threads: config.media.threads,
            sounds: folder.join("sounds"),
            tapes: folder.join(TAPES),
            keeper,
            video: config.media.video || door.site.settings().demo,
            silence: SILENCE,
        };
        let make = Make {
            config: facade::voice::Config {
                sip: endpoint,
                algorithms: config.sip.digests.iter().map(|digest| digest.algorithm()).collect(),
                most: most(config),
                ..facade::voice::Config::default()
            },
            plane: Box::new(move || {
                let (engine, noticed) = media::Engine::start(sound.clone())?;
                Ok((Box::new(engine), noticed))
            }),
        };
        let sockets = self.udp.into_iter().collect();
        voice::start(door, make, sockets, (self.port.clone(), self.arrivals), self.trust, lobby)?;
        if let Some(listener) = self.tcp {
            tasks::spawn(
                "sip-tcp",
                stream::listen(listener, None, self.port.clone(), places.clone()),
            );
        }
        if let Some(listener) = self.tls {
            tasks::spawn("sip-tls", stream::listen(listener, acceptor, self.port, places.clone()));
        }
        Ok(())
    }
}

/// The address by which others reach us: the listener's, or the one that this machine takes towards the world.
fn own_address(listeners: [Option<SocketAddr>; 3]) -> IpAddr {
    let listeners = listeners.into_iter().flatten();
    let named = listeners.map(|address| address.ip()).find(|ip| !ip.is_unspecified());
    // Nothing is sent: the system only says by which of its addresses it would go.
    let towards = || {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).ok()?;
        socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9)).ok()?;
        Some(socket.local_addr().ok()?.ip())
    };
    named.or_else(towards).unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
}

/// What callers may take at most.
fn most(config: &Config) -> Most {
    let sip = &config.sip;
    // Numbers of the configuration are small.
    let rate = |count: u64| u32::try_from(count).map_or(f64::INFINITY, f64::from);
    let minute = rate(sip.web_calls_per_minute);
    Most {
        phone_legs: sip.legs_per_phone,
        phone_rate: (rate(sip.calls_per_second), rate(sip.calls_at_once)),
        web_rate: (minute / 60.0, minute),
        web_address: sip.web_calls_per_address,
        web_realm: sip.web_calls,
    }
}
