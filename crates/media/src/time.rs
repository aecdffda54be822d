//! Time is a number that is given, never read.

/// Microseconds since a moment that the driver chose once, or a span of them. A millisecond would be eight samples, which is
/// more than the jitter of a quiet network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Micros(pub u64);

impl Micros {
    /// A span of milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis.saturating_mul(1_000))
    }

    /// This moment and a span, saturating.
    #[must_use]
    pub const fn plus(self, span: Self) -> Self {
        Self(self.0.saturating_add(span.0))
    }

    /// The span since an earlier moment; zero if that is later.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self(self.0.saturating_sub(earlier.0))
    }

    /// As a 64-bit NTP timestamp: seconds in the upper half, their fractions in the lower. RFC 3550 §4 allows any clock that
    /// counts from anywhere, as long as one session keeps to it.
    #[must_use]
    pub const fn ntp(self) -> u64 {
        let seconds = self.0 / 1_000_000;
        let rest = self.0 % 1_000_000;
        (seconds << 32) | ((rest << 32) / 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_a_second_is_half_of_the_lower_word() {
        assert_eq!(Micros(3_500_000).ntp(), (3 << 32) | 0x8000_0000);
    }
}
