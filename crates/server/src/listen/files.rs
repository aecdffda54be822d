//! Files of chats between socket and store: what is sent and what is asked for never lies in memory as a whole.

use super::body::Payload;
use super::form::Form;
use crate::blob::{self, Blobs, Size, Span};
use crate::tasks;
use domain::id::FileId;
use facade::door::{Fault, Head, Outline, Received, Silence};
use futures_util::StreamExt as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::{Response, StatusCode};
use media::peaks::Peaks;
use media::sound::RATE;
use media::wav::{self, HEADER, sound_bytes};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Pictures are made small by so many at a time: each may take much memory for a moment.
static PICTURES: Semaphore = Semaphore::const_new(2);

/// Bytes of a sample of both sides.
const FRAME: u64 = 4;

/// As much is read of what follows a recording's sound.
const MARKS_BYTES: usize = 1 << 20;

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
/// with the file itself. `tag` names the bytes: a range that was asked for if they are still these is given then.
///
/// # Errors
///
/// A [`Fault`] if the file cannot be read.
pub async fn send(
    blobs: &Blobs,
    file: FileId,
    thumbnail: bool,
    head: &Head,
    tag: Option<&str>,
) -> Result<Response<Payload>, Fault> {
    let same = head.header("if-range").is_none_or(|of| Some(of) == tag);
    let span = head.header("range").filter(|_| same).and_then(span);
    let ranged = span.is_some();
    let mut given = blobs.get(file, thumbnail, span.clone()).await;
    if thumbnail && matches!(given, Err(blob::Fault::None)) {
        given = blobs.get(file, false, span).await;
    }
    let given = match given {
        Ok(given) => given,
        Err(blob::Fault::Range(size)) => return Ok(beyond(size)),
        // It was pruned while its name was still known.
        Err(blob::Fault::None) => return Ok(gone()),
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

/// The outline of a recording; none if it is not there, or is none of ours.
pub async fn peaks(blobs: &Blobs, file: FileId, points: u16) -> Option<Outline> {
    let given = blobs.get(file, false, None).await.inspect_err(tell).ok()?;
    let mut bytes = given.bytes;
    let mut rest: Vec<u8> = Vec::new();
    let mut drawn: Option<(Peaks, u64)> = None;
    while let Some(piece) = bytes.next().await {
        rest.extend_from_slice(&piece.inspect_err(tell).ok()?);
        if drawn.is_none() {
            let Some((header, _)) = rest.split_first_chunk::<HEADER>() else { continue };
            let sound = u64::from(sound_bytes(header)).min(given.size - HEADER as u64);
            let samples = u32::try_from(sound / FRAME).ok()?;
            drawn = Some((Peaks::new(samples, points), u64::from(samples)));
            rest.drain(..HEADER);
        }
        let Some((peaks, left)) = &mut drawn else { continue };
        let (frames, _) = rest.as_chunks::<4>();
        let wanted = usize::try_from(*left).unwrap_or(usize::MAX).min(frames.len());
        for [a, b, c, d] in &frames[..wanted] {
            peaks.add(i16::from_le_bytes([*a, *b]), i16::from_le_bytes([*c, *d]));
        }
        *left -= wanted as u64;
        rest.drain(..wanted * 4);
        // What follows the sound are its marks.
        if *left == 0 && rest.len() > MARKS_BYTES {
            break;
        }
    }
    let (peaks, left) = drawn?;
    let marks = if left == 0 { wav::marks(&rest) } else { Vec::new() };
    let millis = |samples: u32| u64::from(samples) * 1_000 / u64::from(RATE);
    let silences = marks.iter().map(|mark| Silence {
        why: mark.mute.word(),
        from: millis(mark.begin),
        length: millis(mark.length),
    });
    Some(Outline { sides: peaks.finish(), silences: silences.collect() })
}

fn gone() -> Response<Payload> {
    let refusal = domain::refusal::Refusal::NoSuchFile;
    let problem = facade::admin::problem::problem(404, refusal.code(), &refusal.to_string());
    let mut response = Response::new(Payload::whole(problem.body));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
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
