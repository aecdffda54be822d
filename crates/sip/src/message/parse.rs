//! One whole message, from bytes.
//!
//! ```text
//! bytes ── blank lines skipped ── head │ body ── lines unfolded ── start line, fields ── checked ── Message
//!                                                     │                                    │
//!                                                     └── Fault, with an answer as soon as there is a Via to send it by
//! ```

use std::borrow::Cow;

use super::text::{is_token, number, trim};
use super::{
    Address, Bad, CSeq, Fault, Field, HEADER_LIMIT, Headers, MaxForwards, Message, Method, Name,
    Request, Response, Uri, Via, reason,
};

/// The most bytes that a message may have, head and body.
pub const MESSAGE_LIMIT: usize = 65_536;

/// The most bytes that one header field may have, folded lines included.
pub const LINE_LIMIT: usize = 8_192;

/// What the first line says.
enum Start<'a> {
    Request { method: &'a str, uri: &'a str, version: &'a str },
    Response { status: u16, reason: &'a str },
}

impl Message {
    /// Reads a message that came whole. Blank lines before it are skipped; bytes beyond its `Content-Length` are ignored
    /// (RFC 3261 §18.3).
    ///
    /// # Errors
    ///
    /// [`Fault`], with what its sender is told, if anything.
    pub fn parse(bytes: &[u8]) -> Result<Self, Fault> {
        if bytes.len() > MESSAGE_LIMIT {
            return Err(Bad("the message is too large").into());
        }
        let bytes = skip_blank(bytes);
        let (head, rest) = head_and_rest(bytes).ok_or(Bad("the head does not end"))?;
        let (start, headers) = read_head(&String::from_utf8_lossy(head))?.own();
        match start {
            OwnStart::Response { status, reason } => {
                check_once(&headers)?;
                check_core(&headers)?;
                let body = body(&headers, rest)?;
                Ok(Self::Response(Response {
                    status,
                    reason,
                    headers: without_length(headers),
                    body,
                }))
            }
            OwnStart::Request { method, uri, version } => {
                let known = Method::parse(&method);
                let refuse = |status, bad| refuse(known.as_ref(), &headers, status, bad);
                if !version.eq_ignore_ascii_case("SIP/2.0") {
                    // Of a version that is none, one does not say "not supported".
                    let other =
                        version.get(..4).is_some_and(|name| name.eq_ignore_ascii_case("SIP/"));
                    return Err(refuse(
                        if other { 505 } else { 400 },
                        Bad("the version is not SIP/2.0"),
                    ));
                }
                let method =
                    known.clone().ok_or_else(|| refuse(400, Bad("the method is no token")))?;
                let checked = check_once(&headers).and_then(|()| check_core(&headers));
                let cseq = checked.map_err(|bad| refuse(400, bad))?;
                if cseq.method != method {
                    // A method that nobody knows is refused as that, whatever its CSeq says (torture test §3.1.2.18).
                    let unknown = matches!(method, Method::Other(_));
                    return Err(refuse(
                        if unknown { 501 } else { 400 },
                        Bad("CSeq names another method"),
                    ));
                }
                headers.one::<MaxForwards>(&Name::MaxForwards).map_err(|bad| refuse(400, bad))?;
                headers.list::<Via>(&Name::Via).map_err(|bad| refuse(400, bad))?;
                let uri = Uri::parse(&uri).map_err(|bad| refuse(400, bad))?;
                if uri.as_sip().is_some_and(|uri| uri.headers.is_some()) {
                    return Err(refuse(400, Bad("a Request-URI may not have headers")));
                }
                let body = body(&headers, rest).map_err(|bad| refuse(400, bad))?;
                Ok(Self::Request(Request { method, uri, headers: without_length(headers), body }))
            }
        }
    }
}

/// The head of a message, borrowed from its bytes.
struct Head<'a> {
    start: Start<'a>,
    headers: Headers,
}

/// The same on its own.
enum OwnStart {
    Request { method: Box<str>, uri: Box<str>, version: Box<str> },
    Response { status: u16, reason: Box<str> },
}

impl Head<'_> {
    fn own(self) -> (OwnStart, Headers) {
        let start = match self.start {
            Start::Request { method, uri, version } => OwnStart::Request {
                method: method.into(),
                uri: uri.into(),
                version: version.into(),
            },
            Start::Response { status, reason } => {
                OwnStart::Response { status, reason: reason.into() }
            }
        };
        (start, self.headers)
    }
}

/// Keep-alives and careless senders put blank lines before a message (RFC 3261 §7.5).
pub(super) fn skip_blank(mut bytes: &[u8]) -> &[u8] {
    while let Some(rest) = bytes.strip_prefix(b"\r\n") {
        bytes = rest;
    }
    bytes
}

/// The head with its last line's end, and what follows the blank line.
pub(super) fn head_and_rest(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let (head, rest) = bytes.split_at_checked(at.checked_add(2)?)?;
    Some((head, rest.get(2..)?))
}

fn read_head(text: &str) -> Result<Head<'_>, Fault> {
    let (first, mut rest) = text.split_once("\r\n").ok_or(Bad("there is no start line"))?;
    let start = read_start(first)?;
    let mut headers = Headers::default();
    while !rest.is_empty() {
        let (field, after) = next_field(rest);
        rest = after;
        let wrong = |bad| match &start {
            Start::Request { method, .. } => {
                refuse(Method::parse(method).as_ref(), &headers, 400, bad)
            }
            Start::Response { .. } => bad.into(),
        };
        let (name, value) = read_field(field).map_err(wrong)?;
        if headers.len() >= HEADER_LIMIT {
            return Err(wrong(Bad("there are too many header fields")));
        }
        headers.push_read(name, &value);
    }
    Ok(Head { start, headers })
}

/// `INVITE sip:h SIP/2.0` or `SIP/2.0 200 OK`: exactly one blank between the parts (RFC 3261 §7.1, §7.2).
fn read_start(line: &str) -> Result<Start<'_>, Bad> {
    if line.contains(['\r', '\n']) {
        return Err(Bad("a line break stands alone"));
    }
    if let Some(rest) = line.strip_prefix("SIP/2.0 ") {
        let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
        let status = number(code)
            .and_then(|code| u16::try_from(code).ok())
            .filter(|code| (100..700).contains(code));
        return Ok(Start::Response {
            status: status.ok_or(Bad("the status is not of 100 to 699"))?,
            reason,
        });
    }
    // A URI with blanks in it makes more than three parts. It is kept, so that its sender can be told (torture tests
    // §3.1.2.7 to §3.1.2.10).
    let (method, rest) = line.split_once(' ').ok_or(Bad("the start line is none"))?;
    let (uri, version) = rest.rsplit_once(' ').ok_or(Bad("the start line is none"))?;
    if method.starts_with("SIP/") || !is_token(method) {
        return Err(Bad("the start line is none"));
    }
    Ok(Start::Request { method, uri, version })
}

/// A field with the lines that continue it, and the rest.
fn next_field(text: &str) -> (&str, &str) {
    let mut from = 0;
    while let Some(at) = text.get(from..).and_then(|rest| rest.find("\r\n")) {
        let end = from.saturating_add(at);
        let next = end.saturating_add(2);
        if !text.get(next..).is_some_and(|rest| rest.starts_with([' ', '\t'])) {
            return (text.get(..end).unwrap_or_default(), text.get(next..).unwrap_or_default());
        }
        from = next;
    }
    (text, "")
}

fn read_field(field: &str) -> Result<(Name, Cow<'_, str>), Bad> {
    if field.len() > LINE_LIMIT {
        return Err(Bad("a header field is too long"));
    }
    let (name, value) = field.split_once(':').ok_or(Bad("a header field has no colon"))?;
    let name = name.trim_end_matches([' ', '\t', '\r', '\n']);
    if !is_token(name) {
        return Err(Bad("a header field's name is no token"));
    }
    let value = trim(value);
    if !value.contains(['\r', '\n']) {
        return Ok((Name::parse(name), Cow::Borrowed(value)));
    }
    let mut unfolded = String::with_capacity(value.len());
    for line in value.split("\r\n") {
        if line.contains(['\r', '\n']) {
            return Err(Bad("a line break stands alone"));
        }
        if !unfolded.is_empty() {
            unfolded.push(' ');
        }
        unfolded.push_str(trim(line));
    }
    Ok((Name::parse(name), Cow::Owned(unfolded)))
}

/// Fields that may stand once do (torture test §3.3.8).
fn check_once(headers: &Headers) -> Result<(), Bad> {
    let single = headers.iter().enumerate().filter(|(_, (name, _))| name.is_single());
    for (at, (name, _)) in single {
        if headers.iter().skip(at.saturating_add(1)).any(|(other, _)| other == name) {
            return Err(Bad("a header field stands twice that may stand once"));
        }
    }
    Ok(())
}

/// What no element can do without is there and can be read.
fn check_core(headers: &Headers) -> Result<CSeq, Bad> {
    headers.first::<Via>(&Name::Via)?.ok_or(Bad("there is no Via"))?;
    headers.one::<Address>(&Name::From)?.ok_or(Bad("there is no From"))?;
    headers.one::<Address>(&Name::To)?.ok_or(Bad("there is no To"))?;
    if headers.get(&Name::CallId).is_none_or(|id| id.is_empty() || id.contains([' ', '\t'])) {
        return Err(Bad("there is no Call-ID"));
    }
    headers.one::<CSeq>(&Name::CSeq)?.ok_or(Bad("there is no CSeq"))
}

/// How long the body is said to be.
pub(super) fn stated_length(headers: &Headers) -> Result<Option<usize>, Bad> {
    let Some(text) = headers.get(&Name::ContentLength) else { return Ok(None) };
    let length = number(text).and_then(|n| usize::try_from(n).ok()).filter(|n| *n <= MESSAGE_LIMIT);
    length.map(Some).ok_or(Bad("Content-Length is no number, or too large"))
}

fn body(headers: &Headers, rest: &[u8]) -> Result<Vec<u8>, Bad> {
    match stated_length(headers)? {
        None => Ok(rest.to_vec()),
        Some(length) => rest
            .get(..length)
            .map(<[u8]>::to_vec)
            .ok_or(Bad("the body is shorter than its Content-Length")),
    }
}

fn without_length(mut headers: Headers) -> Headers {
    headers.remove(&Name::ContentLength);
    headers
}

/// An answer made of fields that nobody checked: they are only repeated.
fn refuse(method: Option<&Method>, headers: &Headers, status: u16, bad: Bad) -> Fault {
    let core = [Name::From, Name::To, Name::CallId, Name::CSeq];
    // Even a Via that nobody can read is repeated: the answer goes back the way the request came.
    if !headers.has(&Name::Via) || method == Some(&Method::Ack) {
        return bad.into();
    }
    let mut answer = Response {
        status,
        reason: if status == 400 { bad.0.into() } else { reason(status).into() },
        headers: Headers::default(),
        body: Vec::new(),
    };
    for via in headers.all(&Name::Via) {
        answer.headers.push_read(Name::Via, via);
    }
    for name in core {
        if let Some(value) = headers.get(&name) {
            answer.headers.push_read(name, value);
        }
    }
    Fault { bad, answer: Some(Box::new(answer)) }
}

/// The head alone, for cutting a stream: how long its body is.
pub(super) fn length_in_head(head: &[u8]) -> Result<Option<usize>, Fault> {
    let text = String::from_utf8_lossy(head);
    let head = read_head(&text)?;
    let wrong = |bad| match &head.start {
        Start::Request { method, .. } => {
            refuse(Method::parse(method).as_ref(), &head.headers, 400, bad)
        }
        Start::Response { .. } => bad.into(),
    };
    check_once(&head.headers).map_err(wrong)?;
    stated_length(&head.headers).map_err(wrong)
}
