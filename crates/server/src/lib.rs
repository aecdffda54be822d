//! What holds the pure crates at work: sockets, disk, time and chance.
//!
//! - [`clock`], [`chance`], [`tasks`], [`post`]: the one place each for time, randomness, threads, and calls out.
//! - [`run`] carries a realm's decider; [`store`] keeps what it decides, [`bus`] tells whoever watches, [`blob`] holds
//!   the bytes of files.
//! - [`listen`]: HTTP, WebSocket, TLS. [`site`]: what façades may know of their server.
//! - [`stream`]: copies of rooms on their way out.
//! - [`media`]: the sound of calls, on threads of its own.
//! - [`seal`], [`password`]: secrets. [`log`], [`metrics`]: what people see of a running server.
//! - [`config`], [`start`], [`demo`], [`cli`]: from a command line to a running server.

pub mod blob;
pub mod bot;
pub mod bus;
pub mod chance;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
mod jws;
pub mod listen;
pub mod log;
pub mod media;
pub mod metrics;
pub mod password;
pub mod post;
pub mod prune;
pub mod push;
pub mod run;
pub mod seal;
pub mod site;
pub mod start;
pub mod store;
pub mod stream;
pub mod tapes;
pub mod tasks;
pub mod voice;
