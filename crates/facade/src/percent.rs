//! Percent escapes of URLs, and the hex they are made of.
//!
//! Routing splits the *raw* path on `/` and decodes each segment here, because
//! an ARN arrives as one segment with its own `/` written `%2F` (seed 004 §0.2).
//! Which path means what is left to the façades.

use std::fmt::Write as _;

/// Why a text is no percent-encoded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PercentError {
    /// A `%` without two hex digits behind it.
    #[error("the '%' at byte {at} is not followed by two hex digits")]
    BadEscape {
        /// Where the `%` stands, in bytes of the part that was decoded.
        at: usize,
    },
    /// The escapes are well-formed, but the bytes they name are not UTF-8.
    #[error("the decoded bytes are not UTF-8")]
    NotUtf8,
}

/// Decodes one path segment. A `+` is a plus sign here (RFC 3986 §3.3).
///
/// # Errors
/// When a `%` is not followed by two hex digits, or the result is not UTF-8.
pub fn decode_segment(raw: &str) -> Result<String, PercentError> {
    decode(raw, false)
}

/// Encodes one path segment, or one key or value of a query: everything but
/// the unreserved characters (RFC 3986 §2.3), in upper-case hex.
#[must_use]
pub fn encode_segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    push_encoded(&mut out, text.as_bytes());
    out
}

/// Reads a query (without its `?`): pairs in their order, repeated keys kept,
/// `+` is a space, a key without `=` has the empty value, empty pairs are no pairs.
///
/// # Errors
/// When a key or a value is not percent-encoded UTF-8.
pub fn parse_query(raw: &str) -> Result<Vec<(String, String)>, PercentError> {
    raw.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            Ok((decode(key, true)?, decode(value, true)?))
        })
        .collect()
}

/// Appends `bytes`, each percent-encoded unless it is unreserved.
pub(crate) fn push_encoded(out: &mut String, bytes: &[u8]) {
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a String cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// Writes bytes as lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Reads 64 digits of hex, lower case only: a SHA-256 as `SigV4` and our webhooks write it.
pub(crate) fn unhex32(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    if digits.len() != 64 || digits.iter().any(u8::is_ascii_uppercase) {
        return None;
    }
    let mut out = [0; 32];
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
    }
    Some(out)
}

fn decode(raw: &str, plus_is_space: bool) -> Result<String, PercentError> {
    let bytes = raw.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'%' => {
                let digit = |after| bytes.get(at + after).copied().and_then(nibble);
                let (Some(high), Some(low)) = (digit(1), digit(2)) else {
                    return Err(PercentError::BadEscape { at });
                };
                out.push(high << 4 | low);
                at += 3;
                continue;
            }
            b'+' if plus_is_space => out.push(b' '),
            plain => out.push(plain),
        }
        at += 1;
    }
    String::from_utf8(out).map_err(|_| PercentError::NotUtf8)
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &str, expected: Result<&str, PercentError>) {
        assert_eq!(decode_segment(raw).as_deref(), expected.as_ref().map(|s| *s), "{raw:?}");
    }

    #[test]
    fn a_segment_decodes_to_its_text() {
        check("", Ok(""));
        check("plain-._~", Ok("plain-._~"));
        check("a+b", Ok("a+b"));
        check("a%2Fb%2fc", Ok("a/b/c"));
        check("%ED%95%9C", Ok("한"));
        check("한", Ok("한"));
        check("%25", Ok("%"));
        check("%2525", Ok("%25"));
        // Seed 004 §0.2: a whole ARN in one segment.
        check("arn%3Aaws%3Aconnect%3A..%3Ainstance%2F1", Ok("arn:aws:connect:..:instance/1"));
    }

    #[test]
    fn a_broken_escape_is_an_error_that_says_where() {
        check("%", Err(PercentError::BadEscape { at: 0 }));
        check("ab%4", Err(PercentError::BadEscape { at: 2 }));
        check("%4g", Err(PercentError::BadEscape { at: 0 }));
        check("%+1", Err(PercentError::BadEscape { at: 0 }));
        check("%%41", Err(PercentError::BadEscape { at: 0 }));
        check("%한", Err(PercentError::BadEscape { at: 0 }));
        check("%FF", Err(PercentError::NotUtf8));
        check("%ED%95", Err(PercentError::NotUtf8));
    }

    #[test]
    fn whatever_is_encoded_decodes_to_itself() {
        let all: String = (0..0x3000).filter_map(char::from_u32).collect();
        let raw = encode_segment(&all);
        assert!(raw.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b)));
        assert_eq!(decode_segment(&raw), Ok(all.clone()));
        assert_eq!(parse_query(&raw), Ok(vec![(all, String::new())]));
        assert_eq!(encode_segment("a b/한+"), "a%20b%2F%ED%95%9C%2B");
    }

    #[test]
    fn a_query_keeps_repeated_keys_in_order() {
        for (raw, expected) in [
            ("", &[][..]),
            ("a", &[("a", "")]),
            ("a=", &[("a", "")]),
            ("=a", &[("", "a")]),
            ("&&a=1&", &[("a", "1")]),
            ("a=b=c", &[("a", "b=c")]),
            ("a+b=c+d%2B", &[("a b", "c d+")]),
            ("a%3D=%26", &[("a=", "&")]),
            (
                "referenceTypes=URL&maxResults=2&referenceTypes=ATTACHMENT",
                &[("referenceTypes", "URL"), ("maxResults", "2"), ("referenceTypes", "ATTACHMENT")],
            ),
        ] {
            let expected = expected.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
            assert_eq!(parse_query(raw), Ok(expected.collect()), "{raw:?}");
        }
    }

    #[test]
    fn a_query_with_one_broken_pair_is_an_error() {
        assert_eq!(parse_query("a=1&b=%"), Err(PercentError::BadEscape { at: 0 }));
        assert_eq!(parse_query("a=1&b%GG"), Err(PercentError::BadEscape { at: 1 }));
        assert_eq!(parse_query("a=%C3"), Err(PercentError::NotUtf8));
    }

    #[test]
    fn hex_is_lower_case_both_ways() {
        let bytes: [u8; 32] = std::array::from_fn(|i| u8::try_from(i * 8 + 7).unwrap());
        let text = hex(&bytes);
        assert!(text.starts_with("070f171f") && text.ends_with("f7ff"));
        assert_eq!(unhex32(&text), Some(bytes));
        for bad in ["", &text[2..], &text.to_uppercase(), &text.replace('f', "g"), &"한".repeat(32)]
        {
            assert_eq!(unhex32(bad), None, "{bad}");
        }
    }
}
