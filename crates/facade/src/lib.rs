//! The façades: a folder for each interface that clients are written against. They translate and decide nothing.
//!
//! [`door`] says what shape a façade has. No façade imports another.

pub mod admin;
pub mod bot;
pub mod connect;
pub mod content;
pub mod desk;
pub mod door;
pub mod item;
pub mod max;
pub mod nx;
pub mod percent;
mod phone_pass;
pub mod push;
pub mod rio;
pub mod route;
pub mod scenario;
pub mod sniff;
pub mod voice;
pub mod webhook;
