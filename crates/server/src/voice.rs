//! The server's side of SIP: sockets, and the one thread that holds the switch.
//!
//! ```text
//!   UDP sockets ─────────────────────────────┐
//!   TCP, TLS, WebSocket tasks ──Arrival──▶ driver ──Voice──▶ realms' owners
//!          ▲                                 │  ▲                 │
//!          └────────────Outlet───────────────┘  └─facts, outcomes─┘
//! ```
//!
//! The driver's thread owns the datagram sockets, the switch and the media plane, so that nothing in it is ever locked and
//! a datagram is answered by the thread that read it. Connections are tasks of their own: TLS is computed elsewhere, and a
//! telephone that reads slowly holds up nobody, since what it is sent waits in its own [`flows::Outlet`].

mod chat;
pub mod datagram;
mod dial;
mod driver;
pub mod flows;
mod line;
mod load;
pub mod socket;
pub mod stream;
mod tally;
pub mod tls;

use crate::listen::door::Door;
use crate::tasks;
use chat::Chats;
use datagram::Datagrams;
use dial::Dial;
use driver::{Driver, Switch};
use facade::nx::Lobby;
use facade::voice::plane::{Noticed, Plane};
use flows::Arrival;
use std::io;
use std::net::UdpSocket;
use std::sync::Arc;
use std::time::Duration;
use stream::Port;
use tokio::runtime::{Builder, Handle};
use tokio::sync::mpsc;

/// A media plane, and what it notices by itself.
pub type Sound = (Box<dyn Plane + Send>, mpsc::UnboundedReceiver<Noticed>);

/// What a switch is made of; again, if it should have a bug.
pub struct Make {
    /// Its configuration.
    pub config: facade::voice::Config,
    /// Makes its media plane.
    pub plane: Box<dyn Fn() -> io::Result<Sound> + Send>,
}

impl std::fmt::Debug for Make {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Make")
    }
}

/// Starts the thread. It ends when the server stops.
///
/// # Errors
///
/// The system has no thread, or no readiness, to give.
pub fn start(
    door: Arc<Door>,
    make: Make,
    sockets: Vec<UdpSocket>,
    (port, arrivals): (Port, mpsc::Receiver<Arrival>),
    trust: tls::Trust,
    lobby: Arc<Lobby>,
) -> io::Result<()> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let own = sockets.iter().map(UdpSocket::local_addr).collect::<io::Result<Vec<_>>>()?;
    let datagrams = {
        let _within = runtime.enter();
        Datagrams::new(sockets)?
    };
    let switch = Switch::new(&door, &make)?;
    let chats = Chats::new(door.clone(), port.exchange.clone(), lobby, Handle::current());
    let dial = Dial { port, runtime: Handle::current(), trust, sockets: own };
    tasks::thread("voice", move || {
        let mut driver = Driver::new(door, make, datagrams, arrivals, dial, chats, switch);
        runtime.block_on(driver::run(&mut driver));
        // Connections that are being closed are none of the thread's business.
        runtime.shutdown_timeout(Duration::ZERO);
    })?;
    Ok(())
}
