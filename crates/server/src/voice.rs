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

pub mod flows;
pub mod load;
pub mod socket;
pub mod stream;
pub mod tls;
