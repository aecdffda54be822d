//! Façades against real nodes: one binary, for each further one links everything again.
#![allow(clippy::unwrap_used, reason = "a test that finds nothing shall fail there")]

mod admin;
mod audit;
mod calls;
mod connect_control;
mod connect_open;
mod connect_participant;
mod connect_socket;
mod desk;
mod harness;
mod max;
mod nx;
mod rio;
mod sign_on;
mod voice;
mod wall;
