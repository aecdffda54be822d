//! The whole binary, from outside: started on free ports, spoken to over real sockets, stopped and killed.

#![allow(clippy::unwrap_used, reason = "what fails here fails a test")]

mod command_line;
mod lasting;
mod limits;
mod pages;
mod running;
mod sockets;
