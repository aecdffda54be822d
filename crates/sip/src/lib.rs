//! SIP without I/O: messages, transactions, dialogs, calls.
//!
//! Nothing in here opens a socket, reads a clock or draws chance. Time is a parameter ([`time`]), names are made from one
//! seed ([`mint`]), bytes come in with the flow they came by and go out with the flow they shall take. So every story can
//! be told again from its seed, and `tests/it` lives through hours of retransmissions in milliseconds.
//!
//! - [`message`]: reading and writing, with limits; RFC 4475's torture messages behave as it says.
//! - [`transaction`]: who repeats what, and how often, until it is answered.
//! - [`digest`]: passwords, asked for and given.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::string_slice))]

pub mod digest;
pub mod flow;
pub mod message;
pub mod mint;
pub mod time;
pub mod transaction;
