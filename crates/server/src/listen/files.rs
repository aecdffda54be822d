//! Files of chats between socket and store: what is sent and what is asked for never lies in memory as a whole.

use super::body::Payload;
use super::form::Form;
use crate::blob::{self, Blobs, Size, Span};
use crate::tasks;
use domain::id::FileId;
use facade::door::{Fault, Head, Received};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::{Response, StatusCode};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Pictures are made small by so many at a time: each may take much memory for a moment.
static PICTURES: Semaphore = Semaphore::const_new(2);

/// Takes a request's body as the bytes of a file of exactly `size`.
pub async fn receive(
    blobs: &Arc<Blobs>,
    file: FileId,
    size: u64,
    body: Incoming,
    within: Duration,
) -> Received {
    let put = blobs.put(file, Size::Exactly(size), within, body.into_data_stream()).await;
    kept(blobs, file, put)
}

/// The same of a file in a form, of at most `most` bytes.
pub async fn receive_part(
    blobs: &Arc<Blobs>,
    file: FileId,
    most: u64,
    form: &mut Form,
    within: Duration,
) -> Received {
    let put = blobs.put(file, Size::UpTo(most), within, form).await;
    kept(blobs, file, put)
}

fn kept(blobs: &Arc<Blobs>, file: FileId, put: Result<blob::Stored, blob::Fault>) -> Received {
    let stored = match put {
        Ok(stored) => stored,
        Err(blob::Fault::WrongSize) => return Received::WrongSize,
        Err(blob::Fault::Broken) => return Received::Broken,
        Err(fault) => {
            tell(&fault);
            return Received::Fault;
        }
    };
    if image::guess_format(&stored.start).is_ok() {
        let blobs = blobs.clone();
        tasks::spawn("thumbnail", async move {
            let _turn = PICTURES.acquire().await;
            if let Err(fault) = blobs.thumbnail(file).await {
                tell(&fault);
            }
        });
    }
    Received::Stored { size: stored.size, start: stored.start }
}

/// Answers with a file, or the part of it that is asked for (RFC 9110 §14). A thumbnail that is not there is answered
/// with the file itself.
///
/// # Errors
///
/// A [`Fault`] if the file cannot be read.
pub async fn send(
    blobs: &Blobs,
    file: FileId,
    thumbnail: bool,
    head: &Head,
) -> Result<Response<Payload>, Fault> {
    let span = head.header("range").filter(|_| head.header("if-range").is_none()).and_then(span);
    let ranged = span.is_some();
    let mut given = blobs.get(file, thumbnail, span.clone()).await;
    if thumbnail && matches!(given, Err(blob::Fault::None)) {
        given = blobs.get(file, false, span).await;
    }
    let given = match given {
        Ok(given) => given,
        Err(blob::Fault::Range(size)) => return Ok(beyond(size)),
        Err(fault) => {
            tell(&fault);
            return Err(Fault::Broken);
        }
    };
    let mut response =
        Response::new(Payload::Pieces(given.bytes, given.range.end - given.range.start));
    if ranged {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        let (from, to) = (given.range.start, given.range.end.saturating_sub(1));
        set(&mut response, header::CONTENT_RANGE, &format!("bytes {from}-{to}/{}", given.size));
    }
    set(&mut response, header::ACCEPT_RANGES, "bytes");
    Ok(response)
}

fn beyond(size: u64) -> Response<Payload> {
    let mut response = Response::new(Payload::whole(&[][..]));
    *response.status_mut() = StatusCode::RANGE_NOT_SATISFIABLE;
    set(&mut response, header::CONTENT_RANGE, &format!("bytes */{size}"));
    response
}

fn set(response: &mut Response<Payload>, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// The one range that is asked for. Several, or what is no range, count as none: the whole file is a right answer, too.
fn span(range: &str) -> Option<Span> {
    let (from, to) = range.trim().strip_prefix("bytes=")?.split_once('-')?;
    match (from.trim(), to.trim()) {
        ("", last) => last.parse().ok().map(Span::Last),
        (from, "") => from.parse().ok().map(|from| Span::From(from, None)),
        (from, to) => {
            let (from, to): (u64, u64) = (from.parse().ok()?, to.parse().ok()?);
            (from <= to).then(|| Span::From(from, Some(to.saturating_add(1))))
        }
    }
}

fn tell(fault: &blob::Fault) {
    let cause = std::error::Error::source(fault).map(ToString::to_string).unwrap_or_default();
    tracing::error!(%fault, cause, "a file of a chat");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_those_of_the_standard() {
        let check =
            |range: &str, expected: Option<Span>| assert_eq!(span(range), expected, "{range}");
        check("bytes=0-499", Some(Span::From(0, Some(500))));
        check("bytes=500-", Some(Span::From(500, None)));
        check("bytes=-500", Some(Span::Last(500)));
        for odd in ["bytes=5-4", "bytes=0-1,3-4", "lines=1-2", "bytes=a-b", "bytes=-", ""] {
            check(odd, None);
        }
    }
}
