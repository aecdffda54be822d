//! Messages to bytes.

use std::fmt::{self, Write};

use super::{Headers, Message, Request, Response};

impl Request {
    /// As it goes onto the wire, `Content-Length` counted.
    pub fn to_bytes(&self) -> Vec<u8> {
        bytes(format_args!("{} {} SIP/2.0\r\n", self.method, self.uri), &self.headers, &self.body)
    }
}

impl Response {
    /// As it goes onto the wire, `Content-Length` counted.
    pub fn to_bytes(&self) -> Vec<u8> {
        bytes(
            format_args!("SIP/2.0 {} {}\r\n", self.status, self.reason),
            &self.headers,
            &self.body,
        )
    }
}

impl Message {
    /// As it goes onto the wire, `Content-Length` counted.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Request(request) => request.to_bytes(),
            Self::Response(response) => response.to_bytes(),
        }
    }
}

fn bytes(start: fmt::Arguments<'_>, headers: &Headers, body: &[u8]) -> Vec<u8> {
    let mut head = String::with_capacity(1_024);
    // Writing to a string cannot fail.
    let _ = head.write_fmt(start);
    for (name, value) in headers.iter() {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    let _ = write!(head, "Content-Length: {}\r\n\r\n", body.len());
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}
