//! Sound as numbers: 8,000 samples a second, 16 bits each, as telephones have it.
//!
//! Full scale is 32,767. A sine of that height is +3.14 dBm0 in A-law and +3.17 in µ-law (G.711 Table 5 NOTE).

/// Samples a second.
pub const RATE: u32 = 8_000;
/// Samples of one frame: 20 ms.
pub const FRAME: usize = 160;

/// Samples in so many milliseconds.
pub const fn samples(millis: u32) -> u64 {
    millis as u64 * RATE as u64 / 1_000
}

/// The nearest sample there is.
pub fn clip(value: i32) -> i16 {
    i16::try_from(value).unwrap_or(if value < 0 { i16::MIN } else { i16::MAX })
}

/// A sine, 32,768ths, for a phase of 32 bits (all of them are one turn). Exact to a 32,768th, and the same on every machine.
#[allow(clippy::indexing_slicing, reason = "ten bits index 1,025 entries")]
pub(crate) const fn sine(phase: u32) -> i32 {
    let at = (phase >> 22) as usize;
    let rest = ((phase >> 6) & 0xFFFF).cast_signed();
    let (from, to) = (SINE[at], SINE[at + 1]);
    (from * 0x1_0000 + (to - from) * rest) >> 16
}

/// What a phase of 32 bits gains each sample at so many thousandths of a hertz.
pub(crate) const fn step(millihertz: u32) -> u32 {
    low(((millihertz as u64) << 32) / (RATE as u64 * 1_000))
}

/// The lower half of a number; phases turn, and have no use for the rest.
pub(crate) const fn low(number: u64) -> u32 {
    (number & 0xFFFF_FFFF) as u32
}

/// One turn in 1,024 steps, and its first again. Made by the compiler from the series, so no machine's library has a say.
static SINE: [i32; 1_025] = {
    let mut table = [0; 1_025];
    let mut n = 0;
    while n < 1_025 {
        // Folded to the quarter in which the series is exact.
        let folded = match n {
            0..=256 => n,
            257..=768 => 512 - n,
            _ => n - 1_024,
        };
        let x = folded as f64 * core::f64::consts::TAU / 1_024.0;
        let (mut term, mut sum, mut k) = (x, x, 1.0);
        while k < 9.0 {
            term = -term * x * x / ((2.0 * k) * (2.0 * k + 1.0));
            sum += term;
            k += 1.0;
        }
        let scaled = sum * 32_767.0;
        #[allow(clippy::indexing_slicing, reason = "the loop ends before the table does")]
        #[expect(clippy::cast_possible_truncation, reason = "at most 32,767.5")]
        {
            table[usize_of(n)] = (if scaled < 0.0 { scaled - 0.5 } else { scaled + 0.5 }) as i32;
        }
        n += 1;
    }
    table
};

const fn usize_of(n: i32) -> usize {
    n.unsigned_abs() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sine_is_a_sine() {
        for n in 0..100_000_u32 {
            let phase = n.wrapping_mul(42_949);
            let exact =
                (f64::from(phase) / 4_294_967_296.0 * std::f64::consts::TAU).sin() * 32_767.0;
            assert!((f64::from(sine(phase)) - exact).abs() < 1.7, "{phase}");
        }
    }

    #[test]
    fn what_is_too_loud_is_clipped() {
        assert_eq!([clip(40_000), clip(-40_000), clip(-5)], [32_767, -32_768, -5]);
    }
}
