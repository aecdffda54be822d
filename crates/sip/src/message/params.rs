//! `;name=value` lists: in URIs, behind addresses, in `Via`, `Event`, `Session-Expires`.

use std::borrow::Cow;
use std::fmt;

use super::text::{is_token, quote, split, trim, unquote};
use super::{Bad, Field};

/// Parameters in their order. Values are kept as they were written, quotes and all, so that what is passed on is unchanged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params(Vec<(Box<str>, Option<Box<str>>)>);

impl Params {
    /// Reads `;a=1;b` behind a header's value.
    ///
    /// # Errors
    ///
    /// A name that is no token, an empty parameter, a value with blanks in it, a quote that is not closed.
    pub fn parse(text: &str) -> Result<Self, Bad> {
        let text = trim(text);
        if text.is_empty() {
            return Ok(Self::default());
        }
        let Some(text) = text.strip_prefix(';') else {
            return Err(Bad("parameters begin with a semicolon"));
        };
        split(text, b';')?.into_iter().map(Self::pair).collect::<Result<_, _>>().map(Self)
    }

    /// Reads the parameters of a URI, where neither blanks nor quotes may stand.
    pub(super) fn of_uri(text: &str) -> Result<Self, Bad> {
        if text.contains([' ', '\t', '"', '<', '>']) {
            return Err(Bad("a URI has a character that it may not have"));
        }
        let one = |part: &str| {
            let (name, value) = part.split_once('=').map_or((part, None), |(n, v)| (n, Some(v)));
            if name.is_empty() {
                return Err(Bad("a parameter has no name"));
            }
            Ok((name.into(), value.map(Into::into)))
        };
        let parts = text.strip_prefix(';').map(|text| text.split(';'));
        parts.into_iter().flatten().map(one).collect::<Result<_, _>>().map(Self)
    }

    fn pair(part: &str) -> Result<(Box<str>, Option<Box<str>>), Bad> {
        let (name, value) =
            part.split_once('=').map_or((part, None), |(n, v)| (trim(n), Some(trim(v))));
        if !is_token(name) {
            return Err(Bad("a parameter's name is no token"));
        }
        if let Some(value) = value {
            let whole = unquote(value).is_some();
            if !whole || (!value.starts_with('"') && value.contains([' ', '\t', '"', ','])) {
                return Err(Bad("a parameter's value is neither a token nor a quoted string"));
            }
        }
        Ok((name.into(), value.map(Into::into)))
    }

    /// The value as it was written; empty for a parameter without one.
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_deref().unwrap_or_default())
    }

    /// The value without its quotes.
    pub fn said(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).and_then(unquote)
    }

    /// Whether there is such a parameter.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Sets a parameter whose value is a token.
    pub fn set(&mut self, name: &str, value: &str) {
        self.put(name, Some(value.into()));
    }

    /// Sets a parameter whose value may hold anything.
    pub fn set_quoted(&mut self, name: &str, value: &str) {
        self.put(name, Some(quote(value).into()));
    }

    /// Sets a parameter without a value.
    pub fn flag(&mut self, name: &str) {
        self.put(name, None);
    }

    /// Takes a parameter away.
    pub fn remove(&mut self, name: &str) {
        self.0.retain(|(own, _)| !own.eq_ignore_ascii_case(name));
    }

    /// Names and values as written, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        self.0.iter().map(|(name, value)| (&**name, value.as_deref()))
    }

    fn put(&mut self, name: &str, value: Option<Box<str>>) {
        match self.0.iter_mut().find(|(own, _)| own.eq_ignore_ascii_case(name)) {
            Some((_, own)) => *own = value,
            None => self.0.push((name.into(), value)),
        }
    }
}

impl fmt::Display for Params {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(name, value)| match value {
            Some(value) => write!(f, ";{name}={value}"),
            None => write!(f, ";{name}"),
        })
    }
}

/// A value and its parameters, of which only the parameters are looked into: `Event: talk;id=1`, `Content-Type`,
/// `Content-Disposition`, `Subscription-State`, `Reason`, `User-to-User`, `Call-Info`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Valued {
    /// What stands before the first semicolon.
    pub value: Box<str>,
    /// What follows.
    pub params: Params,
}

impl Valued {
    /// Whether the value is this word, in any case.
    pub fn is(&self, word: &str) -> bool {
        self.value.eq_ignore_ascii_case(word)
    }
}

impl Field for Valued {
    fn parse(text: &str) -> Result<Self, Bad> {
        // A URI in angle brackets may hold semicolons of its own (`Call-Info`).
        let after = if text.starts_with('<') { text.find('>').unwrap_or(0) } else { 0 };
        let (head, tail) = text.split_at_checked(after).unwrap_or(("", text));
        let (value, params) = super::text::cut(tail, b';');
        let value = format!("{head}{}", trim(value));
        if value.is_empty() {
            return Err(Bad("a value is empty"));
        }
        Ok(Self { value: value.into(), params: Params::parse(params)? })
    }
}

impl fmt::Display for Valued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.value, self.params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case_and_values_keep_their_form() {
        let params = Params::parse("; Tag = \"a;b\" ;lr;q=0.5").unwrap();
        assert_eq!(params.get("tag"), Some("\"a;b\""));
        assert_eq!(params.said("TAG").unwrap(), "a;b");
        assert_eq!(params.get("lr"), Some(""));
        assert_eq!(params.to_string(), ";Tag=\"a;b\";lr;q=0.5");
    }

    #[test]
    fn empty_and_torn_parameters_are_refused() {
        for text in [";;", ";=1", ";a b=1", ";a=b c", ";a=\"b", ";a=\"b\"c", "a=1"] {
            assert!(Params::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_bracketed_value_keeps_its_own_semicolons() {
        let info = Valued::parse("<sip:h;a=1>;answer-after=0").unwrap();
        assert_eq!((&*info.value, info.params.get("answer-after")), ("<sip:h;a=1>", Some("0")));
    }
}
