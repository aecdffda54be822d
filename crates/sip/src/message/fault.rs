//! What is wrong with a message, and how its sender is told.

use super::Response;

/// Why a value or a line could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Bad(
    /// What is wrong, in words that go into a reason phrase and a log.
    pub &'static str,
);

/// Why a message was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{bad}")]
pub struct Fault {
    /// What is wrong.
    pub bad: Bad,
    /// What its sender is told, where it was a request, not an ACK, with a Via. Its fields are repeated as they came, read or
    /// not. A malformed response is dropped without a word (RFC 3261 §18.1.2).
    pub answer: Option<Box<Response>>,
}

impl From<Bad> for Fault {
    fn from(bad: Bad) -> Self {
        Self { bad, answer: None }
    }
}
