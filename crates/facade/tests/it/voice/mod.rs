//! The switch against real SIP telephones and a real realm in memory.

mod calls;
mod chat;
mod cti;
mod queue;
mod register;
mod secret;
mod storm;
mod trunks;
mod world;
