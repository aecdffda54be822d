//! Header fields that are numbers and small records.
//!
//! Each has its source at the type. What is a list of words (`Supported`, `Allow`) is read by [`Headers::words`].
//!
//! [`Headers::words`]: super::Headers::words

use std::fmt;

use super::params::{Params, Valued};
use super::text::{number, trim};
use super::{Bad, Field, Method};

/// `CSeq: 1 INVITE` (RFC 3261 §20.16).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CSeq {
    /// Below 2^31 (RFC 3261 §8.1.1.5).
    pub number: u32,
    /// The request's method.
    pub method: Method,
}

impl Field for CSeq {
    fn parse(text: &str) -> Result<Self, Bad> {
        let (digits, method) =
            trim(text).split_once([' ', '\t']).ok_or(Bad("CSeq has no method"))?;
        let number = number(digits).and_then(|n| u32::try_from(n).ok()).filter(|n| *n < 1 << 31);
        let number = number.ok_or(Bad("CSeq is no number below 2^31"))?;
        let method = Method::parse(trim(method)).ok_or(Bad("CSeq's method is no token"))?;
        Ok(Self { number, method })
    }
}

impl fmt::Display for CSeq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, self.method)
    }
}

/// `Max-Forwards`: 0 to 255 (RFC 3261 §20.22).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MaxForwards(pub u8);

impl Field for MaxForwards {
    fn parse(text: &str) -> Result<Self, Bad> {
        let hops = number(trim(text)).and_then(|n| u8::try_from(n).ok());
        hops.map(Self).ok_or(Bad("Max-Forwards is no number up to 255"))
    }
}

impl fmt::Display for MaxForwards {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// `Expires`, `Min-Expires`, `Min-SE`, `Retry-After`, `RSeq`: a number of seconds or a counter, perhaps with a comment and
/// parameters, which are passed over. A number that does not fit is the greatest there is (torture test §3.1.2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(pub u32);

impl Field for Seconds {
    fn parse(text: &str) -> Result<Self, Bad> {
        let digits = text.split([' ', '\t', ';', '(']).next().unwrap_or_default();
        let value = number(digits).ok_or(Bad("a number of seconds is none"))?;
        Ok(Self(u32::try_from(value).unwrap_or(u32::MAX)))
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Who keeps a session alive (RFC 4028 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresher {
    /// The side that sent the request.
    Uac,
    /// The side that answered it.
    Uas,
}

/// `Session-Expires: 1800;refresher=uac` (RFC 4028 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionExpires {
    /// How long the session lives without a refresh, in seconds.
    pub seconds: u32,
    /// Who refreshes, where it is said.
    pub refresher: Option<Refresher>,
}

impl Field for SessionExpires {
    fn parse(text: &str) -> Result<Self, Bad> {
        let valued = Valued::parse(text)?;
        let refresher = match valued.params.get("refresher") {
            Some(who) if who.eq_ignore_ascii_case("uac") => Some(Refresher::Uac),
            Some(who) if who.eq_ignore_ascii_case("uas") => Some(Refresher::Uas),
            _ => None,
        };
        Ok(Self { seconds: Seconds::parse(&valued.value)?.0, refresher })
    }
}

impl fmt::Display for SessionExpires {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.seconds.fmt(f)?;
        match self.refresher {
            Some(Refresher::Uac) => f.write_str(";refresher=uac"),
            Some(Refresher::Uas) => f.write_str(";refresher=uas"),
            None => Ok(()),
        }
    }
}

/// `RAck: 776656 1 INVITE` (RFC 3262 §7.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RAck {
    /// The `RSeq` of the provisional response.
    pub rseq: u32,
    /// Its `CSeq`.
    pub cseq: CSeq,
}

impl Field for RAck {
    fn parse(text: &str) -> Result<Self, Bad> {
        let (rseq, cseq) = trim(text).split_once([' ', '\t']).ok_or(Bad("RAck has no CSeq"))?;
        let rseq =
            number(rseq).and_then(|n| u32::try_from(n).ok()).ok_or(Bad("RAck is no number"))?;
        Ok(Self { rseq, cseq: CSeq::parse(cseq)? })
    }
}

impl fmt::Display for RAck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rseq, self.cseq)
    }
}

/// `Replaces: call-id;to-tag=x;from-tag=y` (RFC 3891 §6.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replaces {
    /// The Call-ID of the dialog that is to go.
    pub call_id: Box<str>,
    /// Its tag at the side that receives this header.
    pub to_tag: Box<str>,
    /// Its tag at the other side.
    pub from_tag: Box<str>,
    /// Only while it is not yet answered.
    pub early_only: bool,
}

impl Field for Replaces {
    fn parse(text: &str) -> Result<Self, Bad> {
        let (call_id, params) = text.split_once(';').ok_or(Bad("Replaces has no tags"))?;
        let params = Params::parse(&format!(";{params}"))?;
        let tag = |name| {
            params.get(name).filter(|tag| !tag.is_empty()).ok_or(Bad("Replaces lacks a tag"))
        };
        if trim(call_id).is_empty() {
            return Err(Bad("Replaces has no Call-ID"));
        }
        Ok(Self {
            call_id: trim(call_id).into(),
            to_tag: tag("to-tag")?.into(),
            from_tag: tag("from-tag")?.into(),
            early_only: params.has("early-only"),
        })
    }
}

impl fmt::Display for Replaces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{};to-tag={};from-tag={}", self.call_id, self.to_tag, self.from_tag)?;
        if self.early_only { f.write_str(";early-only") } else { Ok(()) }
    }
}

/// `User-to-User: 56a390f3;encoding=hex` (RFC 7433 §4.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserToUser(Valued);

impl UserToUser {
    /// Data in hexadecimal, which is the encoding that everyone knows.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut params = Params::default();
        params.set("encoding", "hex");
        Self(Valued { value: crate::mint::hex(bytes).into(), params })
    }

    /// The data. `None` for an encoding that is neither hex nor plain text, or hex that is none.
    pub fn bytes(&self) -> Option<Vec<u8>> {
        let encoding = self.0.params.get("encoding").unwrap_or("hex");
        if !encoding.eq_ignore_ascii_case("hex") {
            let plain =
                encoding.eq_ignore_ascii_case("text") || encoding.eq_ignore_ascii_case("ascii");
            return plain
                .then(|| super::text::unquote(&self.0.value).map(|said| said.as_bytes().to_vec()))
                .flatten();
        }
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|n| u8::try_from(n).ok());
        let (pairs, odd) = self.0.value.as_bytes().as_chunks::<2>();
        let byte = |[high, low]: &[u8; 2]| Some((digit(*high)? << 4) | digit(*low)?);
        odd.is_empty().then(|| pairs.iter().map(byte).collect()).flatten()
    }
}

impl Field for UserToUser {
    fn parse(text: &str) -> Result<Self, Bad> {
        Valued::parse(text).map(Self)
    }
}

impl fmt::Display for UserToUser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A word of a list: an option tag, a method, an event package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word(pub Box<str>);

impl Field for Word {
    fn parse(text: &str) -> Result<Self, Bad> {
        if text.is_empty() { Err(Bad("a word of a list is empty")) } else { Ok(Self(text.into())) }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stable<F: Field + PartialEq + fmt::Debug>(text: &str) -> F {
        let field = F::parse(text).unwrap();
        assert_eq!(F::parse(&field.to_string()).unwrap(), field);
        field
    }

    #[test]
    fn numbers_keep_their_limits() {
        assert_eq!(stable::<CSeq>("0009  INVITE").number, 9);
        assert_eq!(CSeq::parse("2147483647 ACK").unwrap().number, 2_147_483_647);
        for text in ["2147483648 ACK", "36893488147419103232 REGISTER", "-1 ACK", "1", "1 IN VITE"]
        {
            assert!(CSeq::parse(text).is_err(), "{text}");
        }
        assert_eq!(stable::<MaxForwards>("0068"), MaxForwards(68));
        assert!(MaxForwards::parse("256").is_err());
        assert_eq!(stable::<Seconds>("1000000000000000000000000"), Seconds(u32::MAX));
        assert_eq!(Seconds::parse("120 (I'm in a meeting);duration=3600").unwrap(), Seconds(120));
        assert!(Seconds::parse("soon").is_err());
    }

    #[test]
    fn small_records_are_read_and_written() {
        let timer: SessionExpires = stable("1800; refresher=UAS");
        assert_eq!(timer, SessionExpires { seconds: 1800, refresher: Some(Refresher::Uas) });
        let rack: RAck = stable("776656 1 INVITE");
        assert_eq!((rack.rseq, rack.cseq.number), (776_656, 1));
        let replaces: Replaces =
            stable("425928@bobster.example.org;to-tag=7743;from-tag=6472;early-only");
        assert!(replaces.early_only);
        assert!(Replaces::parse("425928@bobster;to-tag=7743").is_err());
    }

    #[test]
    fn user_data_travels_in_hex() {
        let sent = UserToUser::from_bytes("고객 42".as_bytes());
        let read: UserToUser = stable(&sent.to_string());
        assert_eq!(read.bytes().unwrap(), "고객 42".as_bytes());
        assert_eq!(UserToUser::parse("abc;encoding=hex").unwrap().bytes(), None);
        assert_eq!(UserToUser::parse("zz").unwrap().bytes(), None);
        assert_eq!(UserToUser::parse("x;encoding=unheard").unwrap().bytes(), None);
    }
}
