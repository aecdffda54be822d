//! G.711: A-law and µ-law, both ways and into each other, each by one look into a table that the compiler made.
//!
//! Codes are as they stand on the wire: A-law with its even bits turned, µ-law with all of them turned.
#![allow(clippy::indexing_slicing, reason = "a table has an entry for each value of its index")]
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the compiler has no other casts; the tests see every value"
)]

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Law {
    /// Payload type 8, `PCMA`.
    A,
    /// Payload type 0, `PCMU`.
    Mu,
}

impl Law {
    /// From a static payload type (RFC 3551 Table 4).
    pub const fn of_payload(payload: u8) -> Option<Self> {
        match payload {
            0 => Some(Self::Mu),
            8 => Some(Self::A),
            _ => None,
        }
    }

    /// The static payload type.
    pub const fn payload(self) -> u8 {
        match self {
            Self::A => 8,
            Self::Mu => 0,
        }
    }

    /// The code of silence.
    pub fn silence(self) -> u8 {
        self.encode(0)
    }

    /// One sample of 16 bits, as a code.
    pub fn encode(self, sample: i16) -> u8 {
        let bits = usize::from(sample.cast_unsigned());
        match self {
            Self::A => A_OF[bits >> 4],
            Self::Mu => MU_OF[bits >> 2],
        }
    }

    /// One code, as a sample of 16 bits.
    pub const fn decode(self, code: u8) -> i16 {
        match self {
            Self::A => OF_A[code as usize],
            Self::Mu => OF_MU[code as usize],
        }
    }

    /// As many as both have room for; tells how many.
    pub fn encode_all(self, samples: &[i16], codes: &mut [u8]) -> usize {
        let pairs = samples.iter().zip(codes.iter_mut());
        pairs.map(|(sample, code)| *code = self.encode(*sample)).count()
    }

    /// As many as both have room for; tells how many.
    pub fn decode_all(self, codes: &[u8], samples: &mut [i16]) -> usize {
        let pairs = codes.iter().zip(samples.iter_mut());
        pairs.map(|(code, sample)| *sample = self.decode(*code)).count()
    }

    /// Codes of this law into those of the other, in place: the code whose step holds the sound that the old one stood for.
    pub fn transcode(self, codes: &mut [u8]) {
        let table = match self {
            Self::A => &MU_OF_A,
            Self::Mu => &A_OF_MU,
        };
        for code in codes {
            *code = table[usize::from(*code)];
        }
    }
}

static OF_A: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = expand_a(code as u8);
        code += 1;
    }
    table
};

static OF_MU: [i16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = expand_mu(code as u8);
        code += 1;
    }
    table
};

/// By the upper 12 bits of a sample; A-law sees no more of it.
static A_OF: [u8; 4_096] = {
    let mut table = [0; 4_096];
    let mut bits = 0;
    while bits < 4_096 {
        table[bits] = compress_a(((bits << 4) as u16).cast_signed());
        bits += 1;
    }
    table
};

/// By the upper 14 bits of a sample; µ-law sees no more of it.
static MU_OF: [u8; 16_384] = {
    let mut table = [0; 16_384];
    let mut bits = 0;
    while bits < 16_384 {
        table[bits] = compress_mu(((bits << 2) as u16).cast_signed());
        bits += 1;
    }
    table
};

static MU_OF_A: [u8; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = compress_mu(expand_a(code as u8));
        code += 1;
    }
    table
};

static A_OF_MU: [u8; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = compress_a(expand_mu(code as u8));
        code += 1;
    }
    table
};

/// Sign, three bits of segment, four of step. Below zero the steps begin at -1.
const fn compress_a(sample: i16) -> u8 {
    let sign = if sample < 0 { 0 } else { 0x80 };
    let size = (if sample < 0 { !sample } else { sample }) as u32 >> 4;
    let code = if size < 32 {
        size
    } else {
        let segment = size.ilog2() - 4;
        (segment + 1) << 4 | ((size >> segment) & 15)
    };
    (code as u8 | sign) ^ 0x55
}

const fn expand_a(code: u8) -> i16 {
    let code = code ^ 0x55;
    let (segment, step) = ((code >> 4) & 7, (code & 15) as i16);
    let size = match segment {
        0 => step << 4 | 8,
        _ => (step << 4 | 0x108) << (segment - 1),
    };
    if code & 0x80 == 0 { -size } else { size }
}

/// The bias that makes every segment begin at a power of two, of 14 bits.
const BIAS: u32 = 33;

const fn compress_mu(sample: i16) -> u8 {
    let sign = if sample < 0 { 0x80 } else { 0 };
    let size = ((if sample < 0 { !sample } else { sample }) as u32 >> 2) + BIAS;
    let size = if size > 0x1FFF { 0x1FFF } else { size };
    let segment = size.ilog2() - 5;
    let code = segment << 4 | ((size >> (segment + 1)) & 15);
    !(code as u8 | sign)
}

const fn expand_mu(code: u8) -> i16 {
    let code = !code;
    let (segment, step) = ((code >> 4) & 7, (code & 15) as u32);
    let size = (((step << 1 | BIAS) << segment) - BIAS) << 2;
    let size = (size as u16).cast_signed();
    if code & 0x80 == 0 { size } else { -size }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The decision values of G.711 Tables 1a/1b (A-law) and 2a/2b (µ-law), as they are printed: width of a step and how
    /// many there are, from silence up; and the 16-bit samples to one unit.
    fn decisions(law: Law) -> (Vec<i32>, i32) {
        let (steps, unit): (&[(i32, usize)], _) = match law {
            Law::A => (&[(2, 32), (4, 16), (8, 16), (16, 16), (32, 16), (64, 16), (128, 16)], 8),
            Law::Mu => (
                &[
                    (1, 1),
                    (2, 15),
                    (4, 16),
                    (8, 16),
                    (16, 16),
                    (32, 16),
                    (64, 16),
                    (128, 16),
                    (256, 16),
                ],
                4,
            ),
        };
        let mut values = vec![0];
        for (width, count) in steps {
            for _ in 0..*count {
                values.push(values.last().unwrap() + width);
            }
        }
        (values, unit)
    }

    /// The code of step `n` from silence, as G.711 numbers them.
    fn code(law: Law, n: usize, negative: bool) -> u8 {
        let n = u8::try_from(n).unwrap();
        match law {
            Law::A => (n | if negative { 0 } else { 0x80 }) ^ 0x55,
            Law::Mu => !(n | if negative { 0x80 } else { 0 }),
        }
    }

    #[test]
    fn tables_end_where_the_standard_says() {
        assert_eq!(*decisions(Law::A).0.last().unwrap(), 4_096);
        assert_eq!(*decisions(Law::Mu).0.last().unwrap(), 8_159);
        assert_eq!((decisions(Law::A).0.len(), decisions(Law::Mu).0.len()), (129, 129));
    }

    #[test]
    fn every_sample_gets_the_code_whose_step_holds_it() {
        for law in [Law::A, Law::Mu] {
            let (values, unit) = decisions(law);
            for sample in i16::MIN..=i16::MAX {
                // Below zero a step's end belongs to it instead of its beginning.
                let size = i32::from(if sample < 0 { !sample } else { sample }) / unit;
                let n = values.partition_point(|value| *value <= size).clamp(1, 128) - 1;
                assert_eq!(law.encode(sample), code(law, n, sample < 0), "{law:?} {sample}");
            }
        }
    }

    #[test]
    fn every_code_stands_for_the_middle_of_its_step() {
        for law in [Law::A, Law::Mu] {
            let (values, unit) = decisions(law);
            for n in 0..128 {
                let middle = match (law, n) {
                    (Law::Mu, 0) => 0, // G.711 Table 2a: y0 = 0
                    _ => (values[n] + values[n + 1]) * unit / 2,
                };
                assert_eq!(i32::from(law.decode(code(law, n, false))), middle, "{law:?} {n}");
                assert_eq!(i32::from(law.decode(code(law, n, true))), -middle, "{law:?} -{n}");
            }
        }
    }

    #[test]
    fn a_code_survives_being_sound() {
        for code in 0..=255 {
            assert_eq!(Law::A.encode(Law::A.decode(code)), code);
            // The two zeros of µ-law are one in sound.
            let kept = if code == 0x7F { 0xFF } else { code };
            assert_eq!(Law::Mu.encode(Law::Mu.decode(code)), kept);
        }
        assert_eq!((Law::A.silence(), Law::Mu.silence()), (0xD5, 0xFF));
    }

    #[test]
    fn transcoding_is_off_by_one_step_at_most_and_wears_nothing_out() {
        for law in [Law::A, Law::Mu] {
            let other = if law == Law::A { Law::Mu } else { Law::A };
            for code in 0..=255 {
                let mut codes = [code];
                law.transcode(&mut codes);
                let (from, to) = (i32::from(law.decode(code)), i32::from(other.decode(codes[0])));
                assert!((from - to).abs() <= from.abs() / 32 + 8, "{law:?} {code}: {from} {to}");
                let once = codes;
                other.transcode(&mut codes);
                law.transcode(&mut codes);
                assert_eq!(codes, once, "{law:?} {code}");
            }
        }
    }

    #[test]
    fn frames_go_as_far_as_both_have_room() {
        let (mut codes, mut samples) = ([0; 3], [0; 2]);
        assert_eq!(Law::A.encode_all(&[0, 1_000, -1_000, 5], &mut codes), 3);
        assert_eq!(Law::A.decode_all(&codes, &mut samples), 2);
        assert_eq!(samples, [8, 1_008]);
    }
}
