//! The switch against real SIP telephones and a real realm in memory.

mod calls;
mod register;
mod world;
