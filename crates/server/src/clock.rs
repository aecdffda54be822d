//! The only clock. Everything else is handed the time, so that it can be replayed.

mod zone;

use domain::time::Millis;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The newest moment ever given out, in milliseconds since 1970.
static NEWEST: AtomicU64 = AtomicU64::new(0);

/// Now, by the machine's clock. It never goes backwards while the process runs: a clock that is set back stands still
/// here until it has caught up.
#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the clock")]
pub fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let read = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
    Millis(NEWEST.fetch_max(read, Ordering::Relaxed).max(read))
}

/// How far local time is ahead of UTC on this machine, in minutes.
pub fn utc_offset_minutes() -> i32 {
    zone::offset_minutes(now())
}

/// A moment of the monotonic clock, for time limits.
pub fn instant() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

/// The same for libraries that know the standard library alone.
pub fn std_instant() -> std::time::Instant {
    instant().into_std()
}

/// The monotonic clock as a number: microseconds since this was first asked.
pub fn micros() -> u64 {
    static FIRST: OnceLock<tokio::time::Instant> = OnceLock::new();
    let first = *FIRST.get_or_init(instant);
    u64::try_from(instant().duration_since(first).as_micros()).unwrap_or(u64::MAX)
}

/// The moment of the monotonic clock at which [`now`] will have reached `at`; at once if it has.
pub fn instant_of(at: Millis) -> tokio::time::Instant {
    instant() + Duration::from_millis(at.since(now()).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_never_goes_backwards() {
        let first = now();
        NEWEST.store(first.0 + 60_000, Ordering::Relaxed);
        assert_eq!(now(), Millis(first.0 + 60_000), "it stands still");
        NEWEST.store(0, Ordering::Relaxed);
        assert!(now() >= first);
    }
}
