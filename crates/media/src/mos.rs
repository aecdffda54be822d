//! How good a call sounds, by the E-model of ITU-T G.107, simplified.
//!
//! Kept: the rating of a perfect line with every default of G.107 (93.2, which holds Ro - Is), the absolute delay Idd, and the
//! loss of packets Ie,eff by the codec's robustness (G.113 Appendix I). Left out: echo (Idte, Idle: telephones cancel theirs),
//! noise and loudness as measured, the expectation factor A (0), and bursts (`BurstR` is 1: losses are taken to be independent).

/// What a codec suffers by itself and by losses (G.113 Appendix I).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Robustness {
    /// Ie: the impairment without any loss.
    pub impairment: f64,
    /// Bpl: how well it bears losses.
    pub bears: f64,
}

/// G.711 whose losses are heard as silence.
pub const G711: Robustness = Robustness { impairment: 0.0, bears: 4.3 };
/// G.711 whose losses are concealed.
pub const G711_CONCEALED: Robustness = Robustness { impairment: 0.0, bears: 25.1 };

/// The rating R, 0 to 93.2. `delay_ms` is from mouth to ear, one way, with buffers; `lost_permille` counts what came too late
/// to be played as lost.
pub fn rating(codec: Robustness, delay_ms: u32, lost_permille: u32) -> f64 {
    let lost = f64::from(lost_permille.min(1_000)) / 10.0;
    let by_loss = codec.impairment + (95.0 - codec.impairment) * lost / (lost + codec.bears);
    (93.2 - by_delay(f64::from(delay_ms)) - by_loss).max(0.0)
}

/// Idd (G.107 §7.4).
fn by_delay(ms: f64) -> f64 {
    if ms <= 100.0 {
        return 0.0;
    }
    let x = (ms / 100.0).log2();
    let root = |y: f64| (1.0 + y.powi(6)).powf(1.0 / 6.0);
    25.0 * (root(x) - 3.0 * root(x / 3.0) + 2.0)
}

/// The mean opinion score for a rating, in hundredths, 100 to 450 (G.107 Annex B).
pub fn score(rating: f64) -> u16 {
    let r = rating.clamp(0.0, 100.0);
    let score = 1.0 + 0.035 * r + r * (r - 60.0) * (100.0 - r) * 7e-6;
    // The formula dips below 1 for the worst ratings.
    (100..450).find(|score100| f64::from(*score100) + 0.5 > score * 100.0).unwrap_or(450)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_perfect_line_is_rated_as_the_standard_says() {
        assert_eq!(score(rating(G711, 0, 0)), 441);
        assert_eq!(score(100.0), 450);
        assert_eq!(score(50.0), 258, "G.107 Table B.1: R = 50 is MOS 2.58");
        assert_eq!(score(0.0), 100);
    }

    #[test]
    fn delay_hurts_from_a_hundred_milliseconds_on() {
        assert!((rating(G711, 100, 0) - 93.2).abs() < 1e-9);
        let far = rating(G711, 400, 0);
        assert!((far - 69.0).abs() < 1.5, "{far}");
    }

    #[test]
    fn losses_hurt_less_when_they_are_concealed() {
        let heard = rating(G711, 0, 50);
        let concealed = rating(G711_CONCEALED, 0, 50);
        assert!((heard - (93.2 - 95.0 * 5.0 / 9.3)).abs() < 1e-9, "{heard}");
        assert!(concealed > 75.0 && heard < 45.0);
    }

    #[test]
    fn worse_is_never_better() {
        let mut before = 451;
        for lost in 0..=1_000 {
            let now = score(rating(G711_CONCEALED, 150, lost));
            assert!(now <= before);
            before = now;
        }
    }
}
