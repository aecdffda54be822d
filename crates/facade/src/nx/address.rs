//! Addresses that are given out.

/// Where a room's files are brought.
pub(super) fn upload(base: &str, secret: &str) -> String {
    format!("{base}/call-message/upload?t={secret}")
}

/// Where its customer says how it went.
pub(super) fn rating(base: &str, secret: &str) -> String {
    format!("{base}/call-message/rating?t={secret}")
}
