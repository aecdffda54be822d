//! Bodies of requests, read with a limit on size and time; bodies of answers, whole or piece by piece.

use crate::blob;
use bytes::Bytes;
use facade::door::Fault;
use futures_util::Stream;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body, Frame, Incoming, SizeHint};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// What an answer carries.
pub enum Payload {
    /// All of it, now.
    Whole(Full<Bytes>),
    /// Pieces of a file as they come, so many bytes in all. When they end early, so does the connection.
    Pieces(Pin<Box<dyn Stream<Item = Result<Bytes, blob::Fault>> + Send>>, u64),
}

impl Payload {
    /// Bytes that are at hand.
    pub fn whole(bytes: impl Into<Bytes>) -> Self {
        Self::Whole(Full::new(bytes.into()))
    }
}

/// The file's bytes did not come.
#[derive(Debug, thiserror::Error)]
#[error("the file broke off")]
pub struct BrokeOff;

impl From<Infallible> for BrokeOff {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = BrokeOff;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokeOff>>> {
        match self.get_mut() {
            Self::Whole(whole) => Pin::new(whole).poll_frame(cx).map_err(BrokeOff::from),
            Self::Pieces(_, 0) => Poll::Ready(None),
            Self::Pieces(pieces, left) => pieces.as_mut().poll_next(cx).map(|piece| match piece {
                Some(Ok(piece)) => {
                    *left = left.saturating_sub(piece.len() as u64);
                    Some(Ok(Frame::data(piece)))
                }
                Some(Err(_)) | None => Some(Err(BrokeOff)),
            }),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(whole) => whole.is_end_stream(),
            Self::Pieces(_, left) => *left == 0,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(whole) => whole.size_hint(),
            Self::Pieces(_, left) => SizeHint::with_exact(*left),
        }
    }
}

/// Reads a whole body.
///
/// # Errors
///
/// [`Fault::TooLarge`] beyond `most` bytes, at once if the header says so; [`Fault::Slow`] when it takes too long, or
/// the client goes away.
pub async fn whole(mut body: Incoming, most: usize, within: Duration) -> Result<Vec<u8>, Fault> {
    if body.is_end_stream() {
        return Ok(Vec::new());
    }
    let declared = body.size_hint().lower();
    if declared > most as u64 {
        return Err(Fault::TooLarge);
    }
    // What a client declares is not yet sent: no more memory than a usual body is given for a promise.
    let mut bytes = Vec::with_capacity(usize::try_from(declared).unwrap_or(0).min(16 << 10));
    let read = async {
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Fault::Slow)?;
            if let Some(data) = frame.data_ref() {
                if bytes.len() + data.len() > most {
                    return Err(Fault::TooLarge);
                }
                bytes.extend_from_slice(data);
            }
        }
        Ok(())
    };
    match tokio::time::timeout(within, read).await {
        Ok(done) => done.map(|()| bytes),
        Err(_) => Err(Fault::Slow),
    }
}
