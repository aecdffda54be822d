//! A byte stream cut into messages, by `Content-Length`.
//!
//! Over TCP and TLS nothing else says where a message ends (RFC 3261 §18.3), so it must be there, and a wrong one ends the
//! connection: nobody can know where the next message begins.

use super::parse::{MESSAGE_LIMIT, head_and_rest, length_in_head, skip_blank};
use super::{Bad, Fault, Message};

/// The longest head that is waited for, in bytes.
pub const HEAD_LIMIT: usize = 32_768;

/// What the stream held next.
#[derive(Debug, PartialEq, Eq)]
pub enum Frame {
    /// A whole message, read or not.
    Message(Result<Box<Message>, Fault>),
    /// A keep-alive that wants `\r\n` back (RFC 5626 §3.5.1).
    Ping,
    /// The stream cannot be followed any further: send the answer, if there is one, and close.
    Broken(Fault),
}

/// Holds what has come of a message that is not whole.
#[derive(Debug, Default)]
pub struct Framer {
    held: Vec<u8>,
    broken: bool,
}

impl Framer {
    /// Takes what came. Call [`next`](Self::next) until it has nothing more.
    pub fn push(&mut self, bytes: &[u8]) {
        if !self.broken {
            self.held.extend_from_slice(bytes);
        }
    }

    /// How many bytes wait for the rest of their message: at most a message and what one read brings.
    pub fn held(&self) -> usize {
        self.held.len()
    }

    /// The next message, if one is whole.
    #[expect(
        clippy::should_implement_trait,
        reason = "not an iterator: it may have more after it had nothing"
    )]
    pub fn next(&mut self) -> Option<Frame> {
        if self.broken {
            return None;
        }
        if self.held.starts_with(b"\r\n\r\n") {
            self.held.drain(..4);
            return Some(Frame::Ping);
        }
        // One blank line may be the first half of a ping; before a message it means nothing.
        if !matches!(&*self.held, b"\r\n" | b"\r\n\r") {
            let blank = self.held.len().saturating_sub(skip_blank(&self.held).len());
            self.held.drain(..blank);
        }
        let Some((head, rest)) = head_and_rest(&self.held) else {
            return (self.held.len() > HEAD_LIMIT)
                .then(|| self.fail(Bad("a head is too long").into()));
        };
        let length = match length_in_head(head) {
            Ok(Some(length)) => length,
            Ok(None) => {
                return Some(self.fail(Bad("a stream's message has no Content-Length").into()));
            }
            Err(fault) => return Some(self.fail(fault)),
        };
        let before = self.held.len().saturating_sub(rest.len());
        let whole = before.saturating_add(length);
        if whole > MESSAGE_LIMIT {
            return Some(self.fail(Bad("the message is too large").into()));
        }
        let message = self.held.get(..whole).map(Message::parse)?;
        self.held.drain(..whole);
        Some(Frame::Message(message.map(Box::new)))
    }

    fn fail(&mut self, fault: Fault) -> Frame {
        self.broken = true;
        self.held = Vec::new();
        Frame::Broken(fault)
    }
}

/// How far a byte stream has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The first so many bytes are whole messages and keep-alives; what is behind them waits for its rest.
    Whole(usize),
    /// It is longer than messages are, or says oddly how long it is: a [`Framer`] that is given all of it decides.
    Odd,
}

/// Looks how far a byte stream has come, without reading what is said in it: whoever holds a connection hands on whole
/// messages, and knows whether it waits for the rest of one.
pub fn cut(stream: &[u8]) -> Cut {
    let mut rest = stream;
    loop {
        rest = skip_blank(rest);
        let waits = Cut::Whole(stream.len().saturating_sub(rest.len()));
        let Some((head, body)) = head_and_rest(rest) else {
            return if rest.len() > HEAD_LIMIT { Cut::Odd } else { waits };
        };
        let Some(length) = plain_length(head) else { return Cut::Odd };
        let whole = rest.len().saturating_sub(body.len()).saturating_add(length);
        if whole > MESSAGE_LIMIT {
            return Cut::Odd;
        }
        let Some(behind) = rest.get(whole..) else { return waits };
        rest = behind;
    }
}

/// The length that a head states in the usual way, on one line.
fn plain_length(head: &[u8]) -> Option<usize> {
    head.split(|byte| *byte == b'\n').find_map(|line| {
        let colon = line.iter().position(|byte| *byte == b':')?;
        let (name, value) = line.split_at_checked(colon)?;
        let name = name.trim_ascii();
        let ours = name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"l");
        let value = value.get(1..).filter(|_| ours)?;
        std::str::from_utf8(value).ok()?.trim().parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPTIONS: &str = "OPTIONS sip:h SIP/2.0\r\nVia: SIP/2.0/TCP a;branch=z9hG4bK1\r\nFrom: <sip:a>;tag=1\r\n\
                           To: <sip:h>\r\nCall-ID: c\r\nCSeq: 1 OPTIONS\r\nContent-Length: 3\r\n\r\nabc";

    fn drain(framer: &mut Framer) -> Vec<Frame> {
        std::iter::from_fn(|| framer.next()).collect()
    }

    #[test]
    fn messages_come_out_whole_however_the_bytes_come() {
        let stream = format!("{OPTIONS}\r\n\r\n{OPTIONS}\r\n{OPTIONS}");
        for size in 1..=stream.len() {
            let mut framer = Framer::default();
            let mut cut = Vec::new();
            for part in stream.as_bytes().chunks(size) {
                framer.push(part);
                cut.extend(drain(&mut framer));
            }
            let messages = cut.iter().filter(|f| matches!(f, Frame::Message(Ok(_)))).count();
            let pings = cut.iter().filter(|f| matches!(f, Frame::Ping)).count();
            assert_eq!(
                (messages, pings, cut.len(), framer.held()),
                (3, 1, 4, 0),
                "in parts of {size}"
            );
        }
    }

    #[test]
    fn a_stream_that_cannot_be_followed_ends() {
        for wrong in [
            "Content-Length: -1",
            "Content-Length: 3\r\nContent-Length: 4",
            "Y: none",
            "Content-Length: 99999999",
        ] {
            let mut framer = Framer::default();
            framer.push(OPTIONS.replace("Content-Length: 3", wrong).as_bytes());
            assert!(matches!(&*drain(&mut framer), [Frame::Broken(_)]), "{wrong}");
            framer.push(OPTIONS.as_bytes());
            assert_eq!((framer.next(), framer.held()), (None, 0));
        }
    }

    #[test]
    fn a_head_that_never_ends_is_not_kept() {
        let mut framer = Framer::default();
        framer.push(&vec![b'x'; HEAD_LIMIT + 1]);
        assert!(matches!(framer.next(), Some(Frame::Broken(_))));
    }

    #[test]
    fn a_stream_is_cut_where_its_messages_end() {
        let two = format!("{OPTIONS}\r\n\r\n{OPTIONS}");
        for size in 0..=two.len() {
            let blanks = size.saturating_sub(OPTIONS.len()).min(4) & !1;
            let want = match size {
                _ if size < OPTIONS.len() => 0,
                _ if size < two.len() => OPTIONS.len() + blanks,
                _ => two.len(),
            };
            assert_eq!(cut(&two.as_bytes()[..size]), Cut::Whole(want), "{size} bytes");
        }
        let short = OPTIONS.replace("Content-Length", "l ");
        assert_eq!(cut(short.as_bytes()), Cut::Whole(short.len()));
        for odd in ["Content-Length: -1", "Y: none", "Content-Length: 99999999"] {
            let message = OPTIONS.replace("Content-Length: 3", odd);
            assert_eq!(cut(message.as_bytes()), Cut::Odd, "{odd}");
        }
        assert_eq!(cut(&vec![b'x'; HEAD_LIMIT + 1]), Cut::Odd);
    }
}
