//! SIP, SIPS and tel URIs; other schemes are kept as opaque text.
//!
//! Source: RFC 3261 §19.1 (sip, sips), RFC 3966 (tel), RFC 3261 §19.1.4 (when two are the same).

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;

use super::params::Params;
use super::text::{escape, unescape};
use super::{Bad, Field};

/// The longest URI that is read, in bytes.
pub const URI_LIMIT: usize = 2_048;

/// Where or who.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Uri {
    /// `sip:` or `sips:`.
    Sip(SipUri),
    /// `tel:`: a number and its parameters.
    Tel(TelUri),
    /// A scheme that we do not speak, whole.
    Other(Box<str>),
}

/// `sip:user@host:port;params?headers`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SipUri {
    /// `sips:`: TLS on every hop.
    pub secure: bool,
    /// The user part as it was written, escapes and password included.
    user: Option<Box<str>>,
    /// A name, an IPv4 address, or an IPv6 address in brackets.
    pub host: Box<str>,
    /// The port, if one is given.
    pub port: Option<u16>,
    /// Its parameters.
    pub params: Params,
    /// What follows the question mark.
    pub headers: Option<Box<str>>,
}

/// `tel:+82-2-1234;phone-context=...`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TelUri {
    /// The number as it was written, with its visual separators.
    pub number: Box<str>,
    /// Its parameters.
    pub params: Params,
}

impl Uri {
    /// `sip:user@host`; the user part is escaped as needed.
    ///
    /// # Errors
    ///
    /// A host (or `host:port`) that is none.
    pub fn sip(user: Option<&str>, host: &str) -> Result<Self, Bad> {
        let mut uri = SipUri::parse_hostport(false, host)?;
        uri.user = user.filter(|user| !user.is_empty()).map(|user| escape(user).into());
        Ok(Self::Sip(uri))
    }

    /// The SIP form, if it is one.
    pub const fn as_sip(&self) -> Option<&SipUri> {
        match self {
            Self::Sip(uri) => Some(uri),
            _ => None,
        }
    }

    /// The SIP form for changing, if it is one.
    pub const fn as_sip_mut(&mut self) -> Option<&mut SipUri> {
        match self {
            Self::Sip(uri) => Some(uri),
            _ => None,
        }
    }

    /// Who is meant: the user part without escapes and password, or the digits of a number.
    pub fn user(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Sip(uri) => uri.user(),
            Self::Tel(uri) => Some(uri.digits().into()),
            Self::Other(_) => None,
        }
    }

    /// Whether both name the same resource (RFC 3261 §19.1.4).
    pub fn same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sip(a), Self::Sip(b)) => a.same(b),
            (Self::Tel(a), Self::Tel(b)) => {
                a.digits() == b.digits() && params_agree(&a.params, &b.params, &[])
            }
            (Self::Other(a), Self::Other(b)) => a == b,
            _ => false,
        }
    }
}

impl SipUri {
    fn parse(secure: bool, rest: &str) -> Result<Self, Bad> {
        // The user part may hold `;` and `?`, so it is cut off first. An `@` in it is always escaped.
        let (user, rest) =
            rest.split_once('@').map_or((None, rest), |(user, rest)| (Some(user), rest));
        if user.is_some_and(|user| user.is_empty() || !user.bytes().all(user_byte)) {
            return Err(Bad("a URI's user part has a character that it may not have"));
        }
        let (rest, headers) =
            rest.split_once('?').map_or((rest, None), |(rest, h)| (rest, Some(h)));
        if headers.is_some_and(|h| h.is_empty() || h.contains([' ', '\t', '"', '<', '>', '?'])) {
            return Err(Bad("a URI's headers are malformed"));
        }
        let at = rest.find(';').unwrap_or(rest.len());
        let (hostport, params) = rest.split_at_checked(at).unwrap_or((rest, ""));
        let mut uri = Self::parse_hostport(secure, hostport)?;
        uri.user = user.map(Into::into);
        uri.params = Params::of_uri(params)?;
        uri.headers = headers.map(Into::into);
        Ok(uri)
    }

    fn parse_hostport(secure: bool, text: &str) -> Result<Self, Bad> {
        let (host, port) = host_port(text)?;
        Ok(Self {
            secure,
            user: None,
            host: host.into(),
            port,
            params: Params::default(),
            headers: None,
        })
    }

    /// The user part without escapes and password.
    pub fn user(&self) -> Option<Cow<'_, str>> {
        self.user.as_deref().map(|user| unescape(user.split(':').next().unwrap_or_default()))
    }

    /// The port that is meant: the one given, or the scheme's own.
    pub fn port_or_default(&self) -> u16 {
        self.port.unwrap_or(if self.secure { 5061 } else { 5060 })
    }

    /// The address, where the host is one and not a name.
    pub fn ip(&self) -> Option<IpAddr> {
        self.host.trim_matches(['[', ']']).parse().ok()
    }

    fn same(&self, other: &Self) -> bool {
        let user = |uri: &Self| uri.user.as_deref().map(|user| unescape(user).into_owned());
        let headers = |uri: &Self| {
            let mut parts: Vec<String> = uri
                .headers
                .iter()
                .flat_map(|h| h.split('&'))
                .map(|part| unescape(part).to_ascii_lowercase())
                .collect();
            parts.sort();
            parts
        };
        self.secure == other.secure
            && user(self) == user(other)
            && self.host.eq_ignore_ascii_case(&other.host)
            && self.port == other.port
            // With and without `transport` are two ways to reach somebody: the section's own examples say so.
            && params_agree(&self.params, &other.params, &["user", "ttl", "method", "maddr", "transport"])
            && headers(self) == headers(other)
    }
}

impl TelUri {
    /// The number without visual separators.
    pub fn digits(&self) -> String {
        self.number.chars().filter(|c| !matches!(c, '-' | '.' | '(' | ')')).collect()
    }
}

/// Parameters in both must say the same; those in `strict` must be in both or in none.
fn params_agree(a: &Params, b: &Params, strict: &[&str]) -> bool {
    let one_way = |a: &Params, b: &Params| {
        a.iter().all(|(name, value)| match b.get(name) {
            Some(other) => {
                unescape(value.unwrap_or_default()).eq_ignore_ascii_case(&unescape(other))
            }
            None => !strict.iter().any(|word| word.eq_ignore_ascii_case(name)),
        })
    };
    one_way(a, b) && one_way(b, a)
}

/// `host`, `host:port`, `[v6]`, `[v6]:port`.
pub(super) fn host_port(text: &str) -> Result<(&str, Option<u16>), Bad> {
    let end = if text.starts_with('[') {
        text.find(']').map(|at| at.saturating_add(1))
    } else {
        text.find(':')
    };
    let (host, port) = text.split_at_checked(end.unwrap_or(text.len())).unwrap_or((text, ""));
    let literal = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let fits = match literal {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => {
            !host.is_empty()
                && host
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'))
        }
    };
    if !fits {
        return Err(Bad("a host is neither a name nor an address"));
    }
    let port = match port.strip_prefix(':') {
        Some(digits) => Some(
            super::text::number(digits)
                .and_then(|port| u16::try_from(port).ok())
                .ok_or(Bad("a port is no number up to 65535"))?,
        ),
        None if port.is_empty() => None,
        None => return Err(Bad("something follows the host")),
    };
    Ok((host, port))
}

const fn user_byte(byte: u8) -> bool {
    byte > b' ' && byte != 0x7f && !matches!(byte, b'"' | b'<' | b'>' | b'@' | b'\\')
}

impl Field for Uri {
    fn parse(text: &str) -> Result<Self, Bad> {
        if text.len() > URI_LIMIT {
            return Err(Bad("a URI is too long"));
        }
        let (scheme, rest) = text.split_once(':').ok_or(Bad("a URI has no scheme"))?;
        let mut letters = scheme.bytes();
        let fits = letters.next().is_some_and(|b| b.is_ascii_alphabetic())
            && letters.all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'));
        if !fits {
            return Err(Bad("a URI's scheme is none"));
        }
        if scheme.eq_ignore_ascii_case("sip") {
            SipUri::parse(false, rest).map(Self::Sip)
        } else if scheme.eq_ignore_ascii_case("sips") {
            SipUri::parse(true, rest).map(Self::Sip)
        } else if scheme.eq_ignore_ascii_case("tel") {
            let at = rest.find(';').unwrap_or(rest.len());
            let (number, params) = rest.split_at_checked(at).unwrap_or((rest, ""));
            let digits = |b: u8| b.is_ascii_hexdigit() || b"+*#-.()".contains(&b);
            if number.is_empty() || !number.bytes().all(digits) {
                return Err(Bad("a number has a character that it may not have"));
            }
            Ok(Self::Tel(TelUri { number: number.into(), params: Params::of_uri(params)? }))
        } else if rest.is_empty() || rest.contains([' ', '\t', '"', '<', '>']) {
            Err(Bad("a URI has a character that it may not have"))
        } else {
            Ok(Self::Other(text.into()))
        }
    }
}

impl fmt::Display for Uri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sip(uri) => uri.fmt(f),
            Self::Tel(uri) => write!(f, "tel:{}{}", uri.number, uri.params),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl fmt::Display for SipUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.secure { "sips:" } else { "sip:" })?;
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        f.write_str(&self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "{}", self.params)?;
        match &self.headers {
            Some(headers) => write!(f, "?{headers}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(text: &str) -> Uri {
        Uri::parse(text).unwrap()
    }

    #[test]
    fn the_user_part_is_cut_off_before_anything_else() {
        let odd = uri("sip:user;par=u%40example.net@example.com");
        assert_eq!(odd.user().unwrap(), "user;par=u@example.net");
        let sip = odd.as_sip().unwrap();
        assert_eq!((&*sip.host, sip.params.iter().count()), ("example.com", 0));
        assert_eq!(uri("sip:bob:secret@h").user().unwrap(), "bob");
    }

    #[test]
    fn what_is_read_is_written_the_same() {
        for text in [
            "sip:a@b:5070;transport=tcp;lr?Route=%3Csip:x%3E",
            "sips:[2001:db8::1]:5061",
            "tel:+82-2-1234;phone-context=example.com",
            "soap.beep://192.0.2.103:3002",
        ] {
            assert_eq!(uri(text).to_string(), text);
        }
    }

    #[test]
    fn malformed_uris_are_refused() {
        let long = format!("sip:{}@h", "u".repeat(URI_LIMIT));
        for text in [
            "",
            "sip",
            ":x",
            "sip:",
            "sip:@h",
            "sip:a@",
            "sip:a@h:",
            "sip:a@h:70000",
            "sip:a@[::1",
            "sip:a@h; lr",
            "sip:a b@h",
            "sip:a@h;;x",
            "tel:",
            "tel:12x3",
            "<sip:a@h>",
            "sip:a@h?",
            "1x:y",
            &long,
        ] {
            assert!(Uri::parse(text).is_err(), "{text}");
        }
    }

    /// The lists of RFC 3261 §19.1.4.
    #[test]
    fn sameness_follows_the_rfc_list() {
        for (a, b) in [
            ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtlanTa.CoM;Transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
            ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
            ("sip:h;x=1?to=alice&priority=urgent", "sip:h;x=1?priority=urgent&to=alice"),
        ] {
            assert!(uri(a).same(&uri(b)) && uri(b).same(&uri(a)), "{a} {b}");
        }
        for (a, b) in [
            ("SIP:ALICE@AtlanTa.CoM;Transport=udp", "sip:alice@AtlanTa.CoM;Transport=UDP"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
            ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
            ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
            ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        ] {
            assert!(!uri(a).same(&uri(b)), "{a} {b}");
        }
    }
}
