//! SIP messages: what they are made of, how they are read and written.
//!
//! [`Message::parse`] takes one whole message (a datagram, a WebSocket message); [`Framer`] cuts a byte stream into them.
//! A request that is read has been looked at: the fields without which no element can work (Via, From, To, Call-ID,
//! `CSeq`) are there once and well-formed. Whatever else is malformed shows when somebody asks for it.
//!
//! Nothing here panics or indexes; every size has a limit beside it.
//!
//! Sources: RFC 3261 §7, §18.3, §20, §25; RFC 4475 says what to do with the odd ones.

mod address;
mod fault;
mod field;
mod frame;
mod headers;
mod method;
mod name;
mod params;
mod parse;
mod status;
pub(crate) mod text;
mod uri;
mod via;
mod write;

pub use address::{Address, Contact};
pub use fault::{Bad, Fault};
pub use field::{
    CSeq, MaxForwards, RAck, Refresher, Replaces, Seconds, SessionExpires, UserToUser, Word,
};
pub use frame::{Cut, Frame, Framer, HEAD_LIMIT, cut};
pub use headers::{HEADER_LIMIT, Headers};
pub use method::Method;
pub use name::Name;
pub use params::{Params, Valued};
pub use parse::{LINE_LIMIT, MESSAGE_LIMIT};
pub use status::reason;
pub use text::LIST_LIMIT;
pub use uri::{SipUri, TelUri, URI_LIMIT, Uri};
pub use via::{MAGIC, Via};

/// What a header field's value is read into and written from.
pub trait Field: Sized + std::fmt::Display {
    /// Reads one value.
    ///
    /// # Errors
    ///
    /// [`Bad`] says what is wrong with it.
    fn parse(text: &str) -> Result<Self, Bad>;
}

/// A request or a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Somebody wants something.
    Request(Request),
    /// An answer.
    Response(Response),
}

/// What somebody wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What is wanted.
    pub method: Method,
    /// Of whom.
    pub uri: Uri,
    /// The header fields, `Content-Length` excepted, which is counted when it is written.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// 100 to 699.
    pub status: u16,
    /// The status in words.
    pub reason: Box<str>,
    /// The header fields, `Content-Length` excepted.
    pub headers: Headers,
    /// The body.
    pub body: Vec<u8>,
}

/// What both kinds have and everybody asks for.
macro_rules! shared {
    () => {
        /// The hop that this message came from, or goes back to.
        ///
        /// # Errors
        ///
        /// There is none, or it is malformed. Not in a message that was parsed.
        pub fn via(&self) -> Result<Via, Bad> {
            self.headers.first(&Name::Via)?.ok_or(Bad("there is no Via"))
        }

        /// Who asks.
        ///
        /// # Errors
        ///
        /// There is none, or it is malformed. Not in a message that was parsed.
        pub fn from(&self) -> Result<Address, Bad> {
            self.headers.one(&Name::From)?.ok_or(Bad("there is no From"))
        }

        /// Who is asked.
        ///
        /// # Errors
        ///
        /// There is none, or it is malformed. Not in a message that was parsed.
        pub fn to(&self) -> Result<Address, Bad> {
            self.headers.one(&Name::To)?.ok_or(Bad("there is no To"))
        }

        /// Number and method.
        ///
        /// # Errors
        ///
        /// There is none, or it is malformed. Not in a message that was parsed.
        pub fn cseq(&self) -> Result<CSeq, Bad> {
            self.headers.one(&Name::CSeq)?.ok_or(Bad("there is no CSeq"))
        }

        /// The Call-ID; empty only in a message that was not parsed.
        pub fn call_id(&self) -> &str {
            self.headers.get(&Name::CallId).unwrap_or_default()
        }

        /// The first contact's address, if there is one that can be read.
        pub fn contact(&self) -> Option<Address> {
            match self.headers.first(&Name::Contact) {
                Ok(Some(Contact::At(address))) => Some(address),
                _ => None,
            }
        }

        /// The body, if it is of this type (`application/sdp`); parameters of the type do not matter.
        pub fn body_of(&self, kind: &str) -> Option<&[u8]> {
            let own = self.headers.one::<Valued>(&Name::ContentType).ok()??;
            (own.is(kind) && !self.body.is_empty()).then_some(&*self.body)
        }

        /// Sets body and type.
        pub fn set_body(&mut self, kind: &str, body: impl Into<Vec<u8>>) {
            self.headers.set(Name::ContentType, kind);
            self.body = body.into();
        }
    };
}

impl Request {
    shared!();

    /// A request without header fields.
    pub fn new(method: Method, uri: Uri) -> Self {
        Self { method, uri, headers: Headers::default(), body: Vec::new() }
    }

    /// Hops that are left; 70 where nothing is said (RFC 3261 §16.6.3).
    pub fn hops(&self) -> u8 {
        self.headers.one::<MaxForwards>(&Name::MaxForwards).ok().flatten().map_or(70, |hops| hops.0)
    }
}

impl Response {
    shared!();

    /// The answer to a request: the fields of RFC 3261 §8.2.6 are copied, nothing else is set.
    pub fn to_request(request: &Request, status: u16) -> Self {
        let mut headers = Headers::default();
        for (name, value) in request.headers.iter() {
            let copied = matches!(name, Name::Via | Name::From | Name::To | Name::CallId | Name::CSeq)
                || (*name == Name::Timestamp && status == 100)
                // A dialog is made by a response that repeats the way the request took (RFC 3261 §12.1.1).
                || (*name == Name::RecordRoute && (101..300).contains(&status));
            if copied {
                headers.push_read(name.clone(), value);
            }
        }
        Self { status, reason: reason(status).into(), headers, body: Vec::new() }
    }

    /// The same with this tag in To, unless it has one.
    #[must_use]
    pub fn tagged(mut self, tag: &str) -> Self {
        if let Ok(to) = self.to()
            && to.tag().is_none()
        {
            self.headers.set(Name::To, to.tagged(tag));
        }
        self
    }

    /// Whether more will follow.
    pub const fn is_provisional(&self) -> bool {
        self.status < 200
    }

    /// Whether it is a yes.
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }
}

#[cfg(test)]
mod tests;
