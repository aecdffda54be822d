//! Keys that are pressed during a call: as events in packets ([`event`]), or as tones in the sound ([`detect`]).

use crate::sound::{clip, low, sine, step};

pub mod detect;
pub mod event;

/// One key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(u8);

/// In the order of RFC 4733 Table 3.
const KEYS: &[u8; 16] = b"0123456789*#ABCD";
/// ITU-T Q.23, in thousandths of a hertz.
pub(crate) const ROWS: [u32; 4] = [697_000, 770_000, 852_000, 941_000];
pub(crate) const COLUMNS: [u32; 4] = [1_209_000, 1_336_000, 1_477_000, 1_633_000];
/// The keys as they lie, a row of four after the other.
pub(crate) const PAD: &[u8; 16] = b"123A456B789C*0#D";

impl Key {
    /// From how it is written; small letters are taken, too.
    pub fn of_char(written: char) -> Option<Self> {
        let written = u8::try_from(written.to_ascii_uppercase()).ok()?;
        let code = KEYS.iter().position(|key| *key == written)?;
        u8::try_from(code).ok().map(Self)
    }

    /// From an event's code, 0 to 15.
    pub const fn of_code(code: u8) -> Option<Self> {
        if code < 16 { Some(Self(code)) } else { None }
    }

    /// The event's code.
    pub const fn code(self) -> u8 {
        self.0
    }

    /// How it is written.
    pub fn as_char(self) -> char {
        KEYS.get(usize::from(self.0)).map_or('?', |key| char::from(*key))
    }

    /// The two tones, in thousandths of a hertz.
    pub(crate) fn tones(self) -> (u32, u32) {
        let own = KEYS.get(usize::from(self.0));
        let place = PAD.iter().position(|key| Some(key) == own).unwrap_or(0);
        let tone = |table: &[u32; 4], n: usize| table.get(n).copied().unwrap_or(0);
        (tone(&ROWS, place / 4), tone(&COLUMNS, place % 4))
    }

    /// Its sound, `at` samples after it was pressed. The column is 2 dB louder than the row, as telephones have it: -8 and
    /// -6 dBm0.
    pub fn sound(self, at: u64) -> i16 {
        let (row, column) = self.tones();
        let part = |tone, size| sine(low(at).wrapping_mul(step(tone))) * size / 32_768;
        clip(part(row, 9_080) + part(column, 11_430))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_written_coded_and_laid_out_as_everywhere() {
        for (written, code, tones) in [
            ('0', 0, (941_000, 1_336_000)),
            ('1', 1, (697_000, 1_209_000)),
            ('*', 10, (941_000, 1_209_000)),
            ('#', 11, (941_000, 1_477_000)),
            ('d', 15, (941_000, 1_633_000)),
        ] {
            let key = Key::of_char(written).unwrap();
            assert_eq!((key.code(), key.tones()), (code, tones));
            assert_eq!(key.as_char(), written.to_ascii_uppercase());
            assert_eq!(Key::of_code(code), Some(key));
        }
        assert_eq!((Key::of_char('x'), Key::of_char('가'), Key::of_code(16)), (None, None, None));
    }
}
