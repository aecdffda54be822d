//! What is counted of sound. Threads count by themselves, and give it over once a second.

use media::leg::Dropped;
use metrics::{Counter, Gauge, Histogram};

/// Upper edges of the buckets of mean opinion scores.
pub(crate) const SCORES: &[f64] =
    &[1.0, 2.0, 2.5, 3.0, 3.3, 3.6, 3.8, 4.0, 4.1, 4.2, 4.3, 4.4, 4.5];

/// Why a packet went nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// No RTP, or broken.
    NotRtp,
    /// Of somebody the leg is not with, or not known to be.
    Stranger,
    /// Here already, or from far out of turn.
    Double,
    /// Of a codec that was not agreed.
    Payload,
    /// It could not be unlocked, or was there before.
    Forged,
    /// The system did not take it.
    Unsent,
}

const WHY: [&str; 6] = ["not_rtp", "stranger", "double", "payload", "forged", "unsent"];

impl From<Dropped> for Why {
    fn from(dropped: Dropped) -> Self {
        match dropped {
            Dropped::Stranger | Dropped::Probation => Self::Stranger,
            Dropped::Payload | Dropped::Event => Self::Payload,
            _ => Self::NotRtp,
        }
    }
}

/// One thread's counts since they were last given over.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) received: u64,
    pub(super) sent: u64,
    dropped: [u64; WHY.len()],
}

impl Counts {
    pub(super) fn drop(&mut self, why: Why) {
        if let Some(count) = self.dropped.get_mut(why as usize) {
            *count += 1;
        }
    }
}

/// The meters of one thread.
pub(super) struct Meters {
    pub(super) legs: Gauge,
    received: Counter,
    sent: Counter,
    dropped: [Counter; WHY.len()],
    pub(super) score: Histogram,
}

impl Meters {
    pub(super) fn new() -> Self {
        Self {
            legs: metrics::gauge!("sangdam_media_legs"),
            received: metrics::counter!("sangdam_media_packets_total", "direction" => "in"),
            sent: metrics::counter!("sangdam_media_packets_total", "direction" => "out"),
            dropped: WHY
                .map(|why| metrics::counter!("sangdam_media_dropped_total", "reason" => why)),
            score: metrics::histogram!("sangdam_media_mos"),
        }
    }

    pub(super) fn add(&self, counts: &mut Counts) {
        let counts = std::mem::take(counts);
        self.received.increment(counts.received);
        self.sent.increment(counts.sent);
        for (meter, count) in self.dropped.iter().zip(counts.dropped) {
            meter.increment(count);
        }
    }
}
