//! SIP without I/O: messages, transactions, dialogs, calls.
//!
//! Nothing in here opens a socket, reads a clock or draws chance. Time is a parameter ([`time`]), names are made from one
//! seed ([`mint`]), bytes come in with the flow they came by and go out with the flow they shall take. So every story can
//! be told again from its seed, and `tests/it` lives through hours of retransmissions in milliseconds.
//!
//! - [`message`]: reading and writing, with limits; RFC 4475's torture messages behave as it says.
//! - [`transaction`]: who repeats what, and how often, until it is answered.
//! - [`digest`]: passwords, asked for and given.
//! - [`dialog`]: what two ends remember of each other; [`guard`]: strangers.
//! - [`sdp`]: what is to be heard, offered and answered.
//! - [`register`]: who can be reached where, and we by whom.
//! - [`endpoint`]: all of it as one value: bytes in, [`event`]s out.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::string_slice))]

mod call;
pub mod dialog;
pub mod digest;
pub mod endpoint;
pub mod event;
pub mod flow;
pub mod guard;
pub mod message;
pub mod mint;
pub mod register;
pub mod sdp;
pub mod time;
pub mod transaction;
