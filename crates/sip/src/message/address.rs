//! `"Name" <uri>;params`: From, To, Contact, Route, Path, Refer-To, Diversion, History-Info and their kin.

use std::fmt;

use super::params::Params;
use super::text::{quote, trim, unquote};
use super::uri::Uri;
use super::{Bad, Field};

/// A URI with the name to show and the parameters of the header field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The name to show, without quotes.
    pub name: Option<Box<str>>,
    /// Where or who.
    pub uri: Uri,
    /// Parameters of the field: `tag`, `q`, `expires`, `+sip.instance`, `reason`.
    pub params: Params,
}

impl Address {
    /// An address without a name and parameters.
    pub fn new(uri: Uri) -> Self {
        Self { name: None, uri, params: Params::default() }
    }

    /// The same with a name to show.
    #[must_use]
    pub fn named(mut self, name: Option<&str>) -> Self {
        self.name = name.filter(|name| !name.is_empty()).map(Into::into);
        self
    }

    /// The same with this tag.
    #[must_use]
    pub fn tagged(mut self, tag: &str) -> Self {
        self.params.set("tag", tag);
        self
    }

    /// The dialog's mark at this end (RFC 3261 §19.3).
    pub fn tag(&self) -> Option<&str> {
        self.params.get("tag").filter(|tag| !tag.is_empty())
    }
}

impl Field for Address {
    fn parse(text: &str) -> Result<Self, Bad> {
        let text = trim(text);
        let (name, rest) = super::text::cut(text, b'<');
        let Some(rest) = rest.strip_prefix('<') else {
            // Without brackets, what follows the semicolon belongs to the field, and neither `?` nor `,` may stand
            // (RFC 3261 §20; torture test §3.1.2.13).
            let at = text.find(';').unwrap_or(text.len());
            let (uri, params) = text.split_at_checked(at).unwrap_or((text, ""));
            if uri.contains(['?', ',']) {
                return Err(Bad("a URI with a comma or question mark needs angle brackets"));
            }
            return Ok(Self {
                name: None,
                uri: Uri::parse(trim(uri))?,
                params: Params::parse(params)?,
            });
        };
        let name = trim(name);
        if !name.starts_with('"') && name.contains([',', ';', ':', '>', '"']) {
            return Err(Bad("a name to show needs quotes"));
        }
        let said = unquote(name).ok_or(Bad("a quoted name is not closed"))?;
        let (uri, params) = rest.split_once('>').ok_or(Bad("an angle bracket is not closed"))?;
        Ok(Self {
            name: (!said.is_empty()).then(|| said.into()),
            uri: Uri::parse(uri)?,
            params: Params::parse(params)?,
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.name {
            write!(f, "{} ", quote(name))?;
        }
        write!(f, "<{}>{}", self.uri, self.params)
    }
}

/// A value of `Contact`: an address, or `*`, which stands for all of them (RFC 3261 §10.2.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Contact {
    /// One place.
    At(Address),
    /// All places.
    All,
}

impl Field for Contact {
    fn parse(text: &str) -> Result<Self, Bad> {
        if text == "*" { Ok(Self::All) } else { Address::parse(text).map(Self::At) }
    }
}

impl fmt::Display for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::At(address) => address.fmt(f),
            Self::All => f.write_str("*"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, name: Option<&str>, uri: &str, params: &str) {
        let address = Address::parse(text).unwrap();
        assert_eq!(address.name.as_deref(), name, "{text}");
        assert_eq!(
            (address.uri.to_string(), address.params.to_string()),
            (uri.into(), params.into()),
            "{text}"
        );
        assert_eq!(Address::parse(&address.to_string()).unwrap(), address);
    }

    #[test]
    fn names_and_uris_come_apart() {
        check("\"J \\\\\\\"\"  <sip:j@h> ; tag=1", Some("J \\\""), "sip:j@h", ";tag=1");
        check("caller<sip:c@h>;tag=3", Some("caller"), "sip:c@h", ";tag=3");
        check("홍길동 <sip:h@h>", Some("홍길동"), "sip:h@h", "");
        check("sip:+1972@gw;unknownparam", None, "sip:+1972@gw", ";unknownparam");
        check("<sip:+1972@gw;unknownparam>", None, "sip:+1972@gw;unknownparam", "");
        check("\"\" <tel:110>", None, "tel:110", "");
    }

    #[test]
    fn torn_addresses_are_refused() {
        for text in [
            "\"open <sip:a@h>",
            "Bell, A <sip:a@h>",
            "<sip:a@h",
            "< sip:a@h >",
            "sip:a@h?x=1",
            "\"a\"b\" <sip:a@h>",
            "",
        ] {
            assert!(Address::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_star_is_everybody() {
        assert_eq!(Contact::parse("*").unwrap(), Contact::All);
        assert!(matches!(Contact::parse("<sip:a@h>").unwrap(), Contact::At(_)));
    }
}
