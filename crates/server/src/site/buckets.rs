//! Token buckets by name, in bounded memory.

use domain::time::Millis;
use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};

/// So many names are remembered at most. When there are more, those go first that are nearest to full, since least is
/// lost by forgetting them.
const MOST: usize = 100_000;

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    at: Millis,
    rate: f64,
    burst: f64,
}

impl Bucket {
    fn level(&self, now: Millis) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "spans are far below 2^52 ms")]
        let seconds = now.since(self.at).0 as f64 / 1_000.0;
        (self.tokens + seconds * self.rate).min(self.burst)
    }

    /// What would be forgiven by forgetting it.
    fn missing(&self, now: Millis) -> f64 {
        1.0 - self.level(now) / self.burst.max(f64::MIN_POSITIVE)
    }
}

/// Buckets by the hash of their names; the hash is keyed, so nobody can aim at another's bucket.
#[derive(Debug, Default)]
pub struct Buckets {
    hasher: RandomState,
    buckets: BTreeMap<u64, Bucket>,
}

impl Buckets {
    /// Takes one token; false if there is none. A new bucket is full.
    pub fn take(&mut self, now: Millis, name: &str, rate: f64, burst: f64) -> bool {
        let key = self.hasher.hash_one(name);
        if self.buckets.len() >= MOST && !self.buckets.contains_key(&key) {
            self.forget(now);
        }
        let bucket =
            self.buckets.entry(key).or_insert(Bucket { tokens: burst, at: now, rate, burst });
        (bucket.rate, bucket.burst) = (rate, burst);
        (bucket.tokens, bucket.at) = (bucket.level(now), now);
        let enough = bucket.tokens >= 1.0;
        if enough {
            bucket.tokens -= 1.0;
        }
        enough
    }

    /// Is there a token? Takes none, and remembers nothing.
    pub fn has(&self, now: Millis, name: &str, rate: f64, burst: f64) -> bool {
        let known = self.buckets.get(&self.hasher.hash_one(name));
        known.map_or(burst, |bucket| Bucket { rate, burst, ..*bucket }.level(now)) >= 1.0
    }

    /// Forgets the fuller half.
    fn forget(&mut self, now: Millis) {
        let mut missing: Vec<f64> =
            self.buckets.values().map(|bucket| bucket.missing(now)).collect();
        let middle = missing.len() / 2;
        let (_, median, _) = missing.select_nth_unstable_by(middle, f64::total_cmp);
        let median = *median;
        let mut spare = middle;
        self.buckets.retain(|_, bucket| {
            let goes = spare > 0 && bucket.missing(now) <= median;
            spare -= usize::from(goes);
            !goes
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_refills_at_its_rate_up_to_its_size() {
        let mut buckets = Buckets::default();
        let mut take = |ms| buckets.take(Millis(ms), "a", 2.0, 3.0);
        assert_eq!([take(0), take(0), take(0), take(0)], [true, true, true, false]);
        assert!(!take(499));
        assert!(take(500));
        assert_eq!(
            [take(60_000), take(60_000), take(60_000), take(60_000)],
            [true, true, true, false]
        );
    }

    #[test]
    fn to_look_into_a_bucket_takes_nothing() {
        let mut buckets = Buckets::default();
        assert!(buckets.has(Millis(0), "a", 1.0, 1.0) && buckets.buckets.is_empty());
        assert!(buckets.take(Millis(0), "a", 1.0, 1.0));
        assert!(!buckets.has(Millis(999), "a", 1.0, 1.0));
        assert!(buckets.has(Millis(1_000), "a", 1.0, 1.0));
        assert!(buckets.take(Millis(1_000), "a", 1.0, 1.0));
    }

    #[test]
    fn names_do_not_share() {
        let mut buckets = Buckets::default();
        assert!(buckets.take(Millis(0), "a", 0.0, 1.0));
        assert!(!buckets.take(Millis(0), "a", 0.0, 1.0));
        assert!(buckets.take(Millis(0), "b", 0.0, 1.0));
    }

    #[test]
    fn a_flood_of_names_takes_bounded_memory_and_frees_nobody() {
        let mut buckets = Buckets::default();
        for _ in 0..10 {
            buckets.take(Millis(0), "guilty", 0.0, 10.0);
        }
        for n in 0..MOST * 2 {
            buckets.take(Millis(1), &n.to_string(), 0.0, 10.0);
        }
        assert!(buckets.buckets.len() <= MOST);
        assert!(!buckets.take(Millis(2), "guilty", 0.0, 10.0));
    }
}
