//! The switch against real SIP telephones and a real realm in memory.

mod register;
mod world;
