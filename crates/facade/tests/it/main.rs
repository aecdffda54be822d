//! Façades against real nodes: one binary, for each further one links everything again.

mod admin;
mod connect_control;
mod connect_open;
mod connect_participant;
mod connect_socket;
mod desk;
mod harness;
