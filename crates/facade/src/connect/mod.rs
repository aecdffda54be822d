//! Amazon Connect's chat: two services on one listener (`amazon-connect-chat.md`, seed 004).
//!
//! - [`route`]: whose a path is, and the way to it; [`control`]: signed calls of backends, a file per verb or family;
//!   [`open`]: the unsigned start of a chat; [`participant`], [`socket`]: what customers, bots and agents' pages call.
//! - [`error`], [`body`], [`cors`], [`content`], [`time`]: how this wire says no, reads, allows pages, names and dates.
//! - [`grant`], [`address`], [`arn`]: tokens, URLs and names that are given out; [`sigv4`]: who signed a call.
//! - [`item`]: a line of a transcript as this wire shows it.

pub mod address;
pub mod arn;
pub mod body;
pub mod content;
pub mod control;
pub mod cors;
pub mod error;
pub mod grant;
pub mod item;
pub mod open;
pub mod participant;
pub mod route;
pub mod sigv4;
#[cfg(test)]
pub(crate) mod site;
pub mod socket;
pub mod time;
