//! Reading header text: tokens, quotes, and lists that know what is inside of quotes.
//!
//! Source: RFC 3261 §25.1. Nothing here indexes, allocates more than its result, or recurses.

use std::borrow::Cow;

use super::Bad;

/// The most values that one comma-separated list, or parameters that one value may have.
pub const LIST_LIMIT: usize = 128;

/// `token` of RFC 3261 §25.1.
pub(crate) fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(token_byte)
}

pub(crate) const fn token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'!' | b'%' | b'*' | b'_' | b'+' | b'`' | b'\'' | b'~')
}

/// Linear white space once lines are unfolded.
pub(crate) fn trim(text: &str) -> &str {
    text.trim_matches([' ', '\t', '\r', '\n'])
}

/// Walks bytes and says which stand outside of quoted strings and angle brackets.
#[derive(Default)]
struct Scan {
    quoted: bool,
    escaped: bool,
    angled: bool,
}

impl Scan {
    /// Whether this byte separates.
    fn outside(&mut self, byte: u8) -> bool {
        if self.escaped {
            self.escaped = false;
            return false;
        }
        match byte {
            b'\\' if self.quoted => self.escaped = true,
            b'"' if !self.angled => self.quoted = !self.quoted,
            b'<' if !self.quoted => self.angled = true,
            b'>' if !self.quoted => self.angled = false,
            _ => return !self.quoted && !self.angled,
        }
        false
    }

    const fn balanced(&self) -> bool {
        !self.quoted && !self.angled
    }
}

/// The parts between separators that stand outside of quotes and angle brackets, trimmed.
pub(crate) fn split(text: &str, separator: u8) -> Result<Vec<&str>, Bad> {
    let mut scan = Scan::default();
    let mut parts = Vec::new();
    let mut from = 0;
    for (at, byte) in text.bytes().enumerate() {
        if scan.outside(byte) && byte == separator {
            parts.push(trim(text.get(from..at).unwrap_or_default()));
            from = at.saturating_add(1);
            if parts.len() >= LIST_LIMIT {
                return Err(Bad("a list is too long"));
            }
        }
    }
    if !scan.balanced() {
        return Err(Bad("a quote or bracket is not closed"));
    }
    parts.push(trim(text.get(from..).unwrap_or_default()));
    Ok(parts)
}

/// What stands before and from the first such byte outside of quotes; the second part keeps the byte.
pub(crate) fn cut(text: &str, byte: u8) -> (&str, &str) {
    let mut quoted = false;
    let mut escaped = false;
    for (at, found) in text.bytes().enumerate() {
        if escaped {
            escaped = false;
        } else if quoted && found == b'\\' {
            escaped = true;
        } else if found == b'"' && byte != b'"' {
            quoted = !quoted;
        } else if found == byte && !quoted {
            return text.split_at_checked(at).unwrap_or((text, ""));
        }
    }
    (text, "")
}

/// What a quoted string says; text without quotes says itself. `None` if it is not closed or goes on after its end.
pub(crate) fn unquote(text: &str) -> Option<Cow<'_, str>> {
    let Some(rest) = text.strip_prefix('"') else { return Some(Cow::Borrowed(text)) };
    let inner = rest.strip_suffix('"')?;
    let mut said = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(char) = chars.next() {
        match char {
            '\\' => said.push(chars.next()?),
            '"' => return None,
            char => said.push(char),
        }
    }
    Some(if said.len() == inner.len() { Cow::Borrowed(inner) } else { Cow::Owned(said) })
}

/// A quoted string that says this. Line breaks, which no header may hold, become blanks.
pub(crate) fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len().saturating_add(2));
    quoted.push('"');
    for char in text.chars() {
        match char {
            '"' | '\\' => quoted.extend(['\\', char]),
            '\r' | '\n' => quoted.push(' '),
            char => quoted.push(char),
        }
    }
    quoted.push('"');
    quoted
}

/// A number of digits only; one that does not fit is the greatest there is.
pub(crate) fn number(text: &str) -> Option<u64> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().unwrap_or(u64::MAX))
}

/// Bytes written as `%41`, read back. What is no valid escape, or no text afterwards, stays as it is.
pub(crate) fn unescape(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let pair = (byte == b'%').then(|| after.split_at_checked(2)).flatten();
        let value = pair.and_then(|(pair, _)| std::str::from_utf8(pair).ok());
        let value = value.and_then(|pair| u8::from_str_radix(pair, 16).ok());
        if let (Some(value), Some((_, later))) = (value, pair) {
            bytes.push(value);
            rest = later;
        } else {
            bytes.push(byte);
            rest = after;
        }
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// Text with everything escaped that may not stand in the user part of a URI.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.!~*'()&=+$,;?/".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push('%');
            escaped.push_str(&crate::mint::hex(&[byte]).to_ascii_uppercase());
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_inside_of_quotes_and_brackets_do_not_separate() {
        let text = r#""a, \" b" <sip:x,y@h;p>;q=1 , <sip:z>"#;
        assert_eq!(split(text, b',').unwrap(), [r#""a, \" b" <sip:x,y@h;p>;q=1"#, "<sip:z>"]);
        assert!(split(r#""open, list"#.strip_suffix('t').unwrap(), b',').is_err());
        assert!(split(&",".repeat(LIST_LIMIT), b',').is_err());
    }

    #[test]
    fn quoting_and_unquoting_are_inverse() {
        for text in ["", "plain", "J \\\"", "한글 \"x\""] {
            assert_eq!(unquote(&quote(text)).unwrap(), text);
        }
        assert_eq!(unquote("\"a\" b\""), None);
    }

    #[test]
    fn escapes_that_are_none_stay() {
        assert_eq!(unescape("a%40b%zz%4"), "a@b%zz%4");
        assert_eq!(unescape("%ff"), "%ff");
        assert_eq!(escape("a@b:c 한"), "a%40b%3Ac%20%ED%95%9C");
    }
}
