//! A form with a file (RFC 7578), read as it comes: no more of it lies in memory than a piece.

use bytes::{Buf as _, Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use hyper::body::Incoming;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// The head of a part is no longer, in bytes.
const HEAD: usize = 8 << 10;

/// What stands before and behind the file is no longer, in bytes.
const AROUND: usize = 64 << 10;

/// The longest boundary (RFC 2046 §5.1.1).
const BOUNDARY: usize = 70;

type Body = Pin<Box<dyn Stream<Item = Result<Bytes, hyper::Error>> + Send>>;

/// A form.
pub struct Form {
    body: Body,
    /// CRLF, two hyphens and the boundary.
    mark: Vec<u8>,
    /// What has come and was not given yet.
    held: BytesMut,
    /// The part that is read has ended.
    ended: bool,
}

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Form").finish_non_exhaustive()
    }
}

/// It is no form, or broke off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the form broke off")]
pub struct Broken;

impl Form {
    /// A body of this content type; none if that is no form with parts.
    pub fn new(content_type: &str, body: Incoming) -> Option<Self> {
        use http_body_util::BodyExt as _;
        Self::of(content_type, Box::pin(body.into_data_stream()))
    }

    fn of(content_type: &str, body: Body) -> Option<Self> {
        let (kind, parameters) = content_type.split_once(';')?;
        if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
            return None;
        }
        let boundary = parameters.split(';').find_map(|parameter| {
            let (name, value) = parameter.trim().split_once('=')?;
            name.eq_ignore_ascii_case("boundary").then(|| value.trim_matches('"'))
        })?;
        if !(1..=BOUNDARY).contains(&boundary.len()) {
            return None;
        }
        let mark = [b"\r\n--", boundary.as_bytes()].concat();
        // The first boundary may stand at the very beginning.
        Some(Self { body, mark, held: BytesMut::from(&b"\r\n"[..]), ended: false })
    }

    /// Reads up to the first file; gives its name. None if there is none, or it does not come in time.
    pub async fn next_file(&mut self, within: Duration) -> Option<String> {
        let read = async {
            let mut passed = 0;
            loop {
                passed += self.skip_to_mark(AROUND - passed).await?;
                let head = self.head().await?;
                if let Some(name) = file_name(&head) {
                    return Some(name);
                }
            }
        };
        tokio::time::timeout(within, read).await.ok().flatten()
    }

    /// Reads what comes behind the file. False if that is much, or does not come in time.
    pub async fn finish(&mut self, within: Duration) -> bool {
        let read = async {
            let mut passed = self.held.len();
            self.held.clear();
            while let Some(piece) = self.body.next().await {
                let Ok(piece) = piece else { return false };
                passed += piece.len();
                if passed > AROUND {
                    return false;
                }
            }
            true
        };
        tokio::time::timeout(within, read).await.unwrap_or(false)
    }

    async fn more(&mut self) -> Option<()> {
        let piece = self.body.next().await?.ok()?;
        self.held.extend_from_slice(&piece);
        Some(())
    }

    /// Passes over everything up to the next boundary and its line; says how much that was, at most `most`.
    async fn skip_to_mark(&mut self, most: usize) -> Option<usize> {
        let mut passed = 0;
        loop {
            let (before, found) = find(&self.held, &self.mark);
            passed += before;
            self.held.advance(before);
            if passed > most {
                return None;
            }
            if found {
                self.held.advance(self.mark.len());
                return Some(passed + self.mark.len());
            }
            self.more().await?;
        }
    }

    /// The head of the part that begins here; none behind the last boundary.
    async fn head(&mut self) -> Option<String> {
        loop {
            if self.held.starts_with(b"--") {
                return None;
            }
            let (at, found) = find(&self.held, b"\r\n\r\n");
            if found {
                let head = String::from_utf8_lossy(&self.held[..at]).into_owned();
                self.held.advance(at + 4);
                return Some(head);
            }
            if self.held.len() > HEAD {
                return None;
            }
            self.more().await?;
        }
    }
}

/// The bytes of the part whose head was read last.
impl Stream for Form {
    type Item = Result<Bytes, Broken>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let form = self.get_mut();
        loop {
            if form.ended {
                return Poll::Ready(None);
            }
            let (before, found) = find(&form.held, &form.mark);
            form.ended = found;
            if before > 0 {
                return Poll::Ready(Some(Ok(form.held.split_to(before).freeze())));
            }
            if found {
                return Poll::Ready(None);
            }
            if let Some(Ok(piece)) = ready!(form.body.poll_next_unpin(cx)) {
                form.held.extend_from_slice(&piece);
            } else {
                // A file without an end is no file.
                form.ended = true;
                return Poll::Ready(Some(Err(Broken)));
            }
        }
    }
}

/// How many bytes certainly stand before the mark, and whether it follows.
fn find(bytes: &[u8], mark: &[u8]) -> (usize, bool) {
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|byte| *byte == mark[0]) {
        let rest = &bytes[from + at..];
        if rest.starts_with(mark) {
            return (from + at, true);
        }
        // The mark may have come in part.
        if rest.len() < mark.len() && mark.starts_with(rest) {
            return (from + at, false);
        }
        from += at + 1;
    }
    (bytes.len(), false)
}

/// The name of the file in a part with this head, if it is one (RFC 7578 §4.2). A path before it is left out.
fn file_name(head: &str) -> Option<String> {
    let line = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    })?;
    let lower = line.to_ascii_lowercase();
    let at = |name: &str| lower.find(name).and_then(|at| line.get(at + name.len()..));
    let name = match at("filename=\"") {
        Some(quoted) => {
            let mut name = String::new();
            let mut letters = quoted.chars();
            while let Some(letter) = letters.next() {
                match letter {
                    '"' => break,
                    '\\' => name.extend(letters.next().filter(|c| matches!(c, '"' | '\\'))),
                    letter => name.push(letter),
                }
            }
            // What browsers write for a quote and for line breaks.
            name.replace("%22", "\"").replace("%0D", "").replace("%0A", "")
        }
        None => at("filename=")?.split(';').next()?.trim().to_owned(),
    };
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default().trim();
    (!last.is_empty()).then(|| last.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: &str = "multipart/form-data; boundary=\"XyZ\"";

    fn form(kind: &str, body: &[u8], piece: usize) -> Option<Form> {
        let pieces: Vec<_> = body.chunks(piece).map(|p| Ok(Bytes::copy_from_slice(p))).collect();
        Form::of(kind, Box::pin(futures_util::stream::iter(pieces)))
    }

    async fn read(body: &[u8], piece: usize) -> Option<(String, Result<Vec<u8>, Broken>)> {
        let mut form = form(KIND, body, piece)?;
        let name = form.next_file(Duration::from_secs(5)).await?;
        let mut bytes = Vec::new();
        while let Some(some) = form.next().await {
            match some {
                Ok(some) => bytes.extend_from_slice(&some),
                Err(broken) => return Some((name, Err(broken))),
            }
        }
        assert!(form.finish(Duration::from_secs(5)).await);
        Some((name, Ok(bytes)))
    }

    #[tokio::test]
    async fn a_file_comes_whole_in_whatever_pieces_its_form_comes() {
        let inside = b"\r\n--Xy\r\n\r\n--XyY\r\r\n--Xy";
        let mut body = b"--XyZ\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n--XyZ\r\n\
            content-disposition: form-data; name=\"f\"; filename=\"C:\\\\a\\\\\xea\xb7\xb8\xeb\xa6\xbc.png\"\r\nContent-Type: image/png\r\n\r\n"
            .to_vec();
        body.extend_from_slice(inside);
        body.extend_from_slice(b"\r\n--XyZ--\r\n");
        for piece in [1, 2, 3, 7, 64, 4_096] {
            let (name, bytes) = read(&body, piece).await.unwrap();
            assert_eq!((name.as_str(), bytes.as_deref()), ("그림.png", Ok(&inside[..])), "{piece}");
        }
    }

    #[tokio::test]
    async fn what_is_no_form_with_a_file_has_none() {
        let part = "--XyZ\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nx\r\n--XyZ--\r\n";
        for body in ["", "x", "--XyZ--\r\n", part, "--XyZ\r\nContent-Disposition: form-data"] {
            assert_eq!(read(body.as_bytes(), 5).await, None, "{body}");
        }
        let long = format!("--XyZ\r\n{}", "x".repeat(AROUND * 2));
        assert_eq!(read(long.as_bytes(), 1_000).await, None, "a head without an end");
        let before = format!("{}{part}", "x".repeat(AROUND * 2));
        assert_eq!(read(before.as_bytes(), 1_000).await, None, "much before the first part");
        for kind in
            ["", "text/plain; boundary=x", "multipart/form-data", "multipart/form-data; boundary="]
        {
            assert!(form(kind, b"", 1).is_none(), "{kind}");
        }
    }

    #[tokio::test]
    async fn a_file_without_an_end_is_none() {
        let body = b"--XyZ\r\nContent-Disposition: form-data; filename=a.txt\r\n\r\nhalf";
        assert_eq!(read(body, 10).await, Some(("a.txt".to_owned(), Err(Broken))));
    }

    #[test]
    fn a_name_is_read_as_browsers_write_it() {
        let check = |value: &str, expected: Option<&str>| {
            let head = format!("Content-Type: a/b\r\nContent-Disposition: form-data; {value}");
            assert_eq!(file_name(&head).as_deref(), expected, "{value}");
        };
        check("name=\"f\"; filename=\"a b.txt\"", Some("a b.txt"));
        check("filename=\"a%22b.txt\"; name=\"f\"", Some("a\"b.txt"));
        check("filename=\"a\\\"b.txt\"", Some("a\"b.txt"));
        check("filename=plain.txt; x=y", Some("plain.txt"));
        check("filename=\"../../etc/passwd\"", Some("passwd"));
        check("filename=\"\"", None);
        check("name=\"f\"", None);
    }
}
