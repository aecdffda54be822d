//! Sound without I/O: packets in, packets out, and what happens to sound in between.
//!
//! Nothing in here opens a socket, reads a clock or draws chance. Time is a parameter ([`time`]) or a count of samples, so
//! every call can be heard again from what came in. What is done for each packet allocates nothing.
//!
//! - [`rtp`], [`sequence`], [`rtcp`]: reading and writing packets, with limits.
//! - [`stats`], [`mos`]: how a stream arrives, and how good that sounds.
//! - [`sound`], [`g711`], [`conceal`]: samples, their codes, and what is played when some are lost.
//! - [`dtmf`]: keys, as events in packets and as tones in the sound.
//! - [`tone`]: what is played where nobody speaks; [`mix`]: what is heard where several do.
//! - [`jitter`]: packets become frames that are there when they are due; [`wav`]: frames become a recording, and back.
//! - [`leg`]: the table of plain legs, by which packets are relayed, changed or dropped.

#![cfg_attr(not(test), warn(clippy::indexing_slicing, clippy::string_slice))]

pub mod conceal;
pub mod dtmf;
pub mod g711;
pub mod jitter;
pub mod leg;
pub mod mix;
pub mod mos;
pub mod peaks;
pub mod rtcp;
pub mod rtp;
#[cfg(test)]
mod seeded;
pub mod sequence;
pub mod sound;
pub mod stats;
pub mod time;
pub mod tone;
pub mod wav;
