//! How far the machine's local time is ahead of UTC, read from its time zone file (RFC 9636).

use domain::time::Millis;
use std::path::PathBuf;

/// The offset at this moment, in minutes; 0 (UTC) where there is no file, or none that can be read.
pub(super) fn offset_minutes(at: Millis) -> i32 {
    let file = match std::env::var("TZ") {
        Ok(name) if !name.is_empty() && !name.contains("..") => {
            PathBuf::from("/usr/share/zoneinfo").join(name.trim_start_matches([':', '/']))
        }
        _ => PathBuf::from("/etc/localtime"),
    };
    let seconds = i64::try_from(at.0 / 1_000).unwrap_or(i64::MAX);
    std::fs::read(file).ok().and_then(|bytes| offset(&bytes, seconds)).unwrap_or(0) / 60
}

fn count(header: &[u8], nth: usize) -> Option<usize> {
    let bytes = header.get(20 + 4 * nth..24 + 4 * nth)?;
    usize::try_from(u32::from_be_bytes(bytes.try_into().ok()?)).ok()
}

/// The offset in seconds, by the last change at or before a moment. Rules for years to come that are not written out
/// are not followed.
fn offset(bytes: &[u8], at: i64) -> Option<i32> {
    bytes.strip_prefix(b"TZif")?;
    // The first block has times of 32 bits, and is passed over.
    let [utc, standard, leaps, times, types, chars] =
        [0, 1, 2, 3, 4, 5].map(|nth| count(bytes, nth));
    let first = 44 + times? * 5 + types? * 6 + chars? + leaps? * 8 + standard? + utc?;
    let block = bytes.get(first..)?;
    block.strip_prefix(b"TZif")?;
    let (times, types) = (count(block, 3)?, count(block, 4)?);
    let moments = block.get(44..44 + times * 8)?;
    let kinds = block.get(44 + times * 8..44 + times * 9)?;
    let all = block.get(44 + times * 9..44 + times * 9 + types * 6)?;
    let before = moments
        .chunks_exact(8)
        .filter_map(|m| Some(i64::from_be_bytes(m.try_into().ok()?)))
        .take_while(|moment| *moment <= at)
        .count();
    let kind = before.checked_sub(1).and_then(|last| kinds.get(last)).copied().unwrap_or(0);
    let kind = all.get(usize::from(kind) * 6..)?.get(..4)?;
    Some(i32::from_be_bytes(kind.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zone_file_says_how_far_ahead_it_is() {
        let empty = |counts: [u32; 6]| {
            let mut header = b"TZif2".to_vec();
            header.extend([0; 15]);
            for n in counts {
                header.extend(n.to_be_bytes());
            }
            header
        };
        let mut file = empty([0; 6]);
        file.extend(empty([0, 0, 0, 1, 2, 8]));
        file.extend(1_000_i64.to_be_bytes());
        file.push(1);
        for seconds in [30_600_i32, 32_400] {
            file.extend(seconds.to_be_bytes());
            file.extend([0, 0]);
        }
        assert_eq!(offset(&file, 999), Some(30_600));
        assert_eq!(offset(&file, 1_000), Some(32_400));
        assert_eq!(offset(&file[..60], 1_000), None);
        assert_eq!(offset(b"no zone", 1_000), None);
    }
}
