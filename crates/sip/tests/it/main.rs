//! Endpoints against each other, and against the messages that broke others.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod calls;
mod inside;
mod registration;
mod torture;
mod world;
