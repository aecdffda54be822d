//! Reading what clients write, in whatever spelling, and echoing it exactly (`nxproxy-rio.md` 1 and 2).
//!
//! A general JSON type would lose how a number was written and which keys came twice; so a message is kept as its
//! members' own text, in order.

use super::code::Code;
use serde::de::IgnoredAny;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A message that is a JSON object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// Keys, decoded and as written, and the text of their values; each key once.
    members: Vec<Member>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Member {
    key: String,
    written: String,
    value: String,
}

/// A value that was given, of one kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scalar {
    /// A text.
    Text(String),
    /// A number, as it was written.
    Number(String),
}

/// A parameter is missing, or cannot be what it should be.
pub(super) type Read<T> = Result<T, Code>;

impl Message {
    /// Reads a message; none if it is no JSON object.
    pub(super) fn read(text: &str) -> Option<Self> {
        serde_json::from_str::<IgnoredAny>(text).ok()?;
        Self::members(text.trim_matches([' ', '\t', '\n', '\r']))
    }

    /// The members of an object that is known to be JSON.
    fn members(text: &str) -> Option<Self> {
        let inside = text.strip_prefix('{')?.strip_suffix('}')?;
        let mut members: Vec<Member> = Vec::new();
        // A message may hold ten thousand keys: to compare each with all would cost more than to carry it out.
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let mut rest = inside.trim_start();
        while !rest.is_empty() {
            let (written, after) = rest.split_at(length(rest));
            let value = after.trim_start().strip_prefix(':')?.trim_start();
            let (value, after) = value.split_at(length(value));
            rest = after.trim_start();
            rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
            let key = serde_json::from_str(written).unwrap_or_else(|_| written.to_owned());
            let (written, value) = (written.to_owned(), value.trim_end().to_owned());
            // The last of two keys counts, at the place of the first.
            if let Some(before) = places.get(&key).and_then(|at| members.get_mut(*at)) {
                before.value = value;
            } else {
                places.insert(key.clone(), members.len());
                members.push(Member { key, written, value });
            }
        }
        Some(Self { members })
    }

    /// The text of a value. The lower-case key counts before other spellings; `null` and `""` count as absent.
    fn value(&self, key: &str) -> Option<&str> {
        let named = |exact: bool| {
            self.members
                .iter()
                .rfind(|m| if exact { m.key == key } else { m.key.eq_ignore_ascii_case(key) })
        };
        let member = named(true).or_else(|| named(false))?;
        (member.value != "null" && member.value != "\"\"").then_some(member.value.as_str())
    }

    /// A text or a number; anything else is wrong.
    pub(super) fn scalar(&self, key: &str) -> Read<Option<Scalar>> {
        let Some(value) = self.value(key) else { return Ok(None) };
        match value.as_bytes().first() {
            Some(b'"') => {
                let text = serde_json::from_str(value).map_err(|_| Code::BadParameters)?;
                Ok(Some(Scalar::Text(text)))
            }
            Some(b'-' | b'0'..=b'9') => Ok(Some(Scalar::Number(value.to_owned()))),
            _ => Err(Code::BadParameters),
        }
    }

    /// A text of at most so many bytes; numbers by their decimals.
    pub(super) fn text(&self, key: &str, most: usize) -> Read<Option<String>> {
        let text = match self.scalar(key)? {
            None => return Ok(None),
            Some(Scalar::Text(text)) => text,
            Some(Scalar::Number(number)) => decimal(&number),
        };
        if text.len() > most { Err(Code::BadParameters) } else { Ok(Some(text)) }
    }

    /// A text that must be there.
    pub(super) fn needed(&self, key: &str, most: usize) -> Read<String> {
        self.text(key, most)?.ok_or(Code::BadParameters)
    }

    /// A telephone's number, or a name: what stands around it is not part of it.
    pub(super) fn number_text(&self, key: &str) -> Read<String> {
        let text = self.needed(key, 64)?;
        let trimmed = text.trim();
        if trimmed.is_empty() { Err(Code::BadParameters) } else { Ok(trimmed.to_owned()) }
    }

    /// A whole number within a range.
    pub(super) fn integer(
        &self,
        key: &str,
        range: std::ops::RangeInclusive<i64>,
    ) -> Read<Option<i64>> {
        let text = match self.scalar(key)? {
            None => return Ok(None),
            Some(Scalar::Text(text)) => text,
            Some(Scalar::Number(number)) => decimal(&number),
        };
        let number: i64 = text.trim().parse().map_err(|_| Code::BadParameters)?;
        if range.contains(&number) { Ok(Some(number)) } else { Err(Code::BadParameters) }
    }

    /// An object within; none if it is absent.
    pub(super) fn object(&self, key: &str) -> Read<Option<Self>> {
        let Some(value) = self.value(key) else { return Ok(None) };
        Self::members(value).map(Some).ok_or(Code::BadParameters)
    }

    /// The echo: the request's own members, and the result; `newcall` where a call was made or joined.
    pub(super) fn echo(&self, result: &str, new_call: Option<u16>) -> String {
        let mut echo = String::from("{");
        for member in &self.members {
            if member.key == "result" || new_call.is_some() && member.key == "newcall" {
                continue;
            }
            let secret = member.key.eq_ignore_ascii_case("pwd");
            let value = if secret { "\"\"" } else { member.value.as_str() };
            let _ = write!(echo, "{}:{value},", member.written);
        }
        let _ = write!(echo, "\"result\":{result}");
        if let Some(call) = new_call {
            let _ = write!(echo, ",\"newcall\":{call}");
        }
        echo.push('}');
        echo
    }
}

/// A number as a text: whole ones without a point.
fn decimal(written: &str) -> String {
    if written.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
        return written.to_owned();
    }
    match written.parse::<f64>() {
        Ok(number) if number.fract() == 0.0 && number.abs() < 1e15 => format!("{number:.0}"),
        _ => written.to_owned(),
    }
}

/// How long the value is that a text of JSON begins with.
fn length(text: &str) -> usize {
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    for (at, byte) in text.bytes().enumerate() {
        if quoted {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => {
                    quoted = false;
                    if depth == 0 {
                        return at + 1;
                    }
                }
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => quoted = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth <= 1 => return if depth == 0 { at } else { at + 1 },
            b'}' | b']' => depth -= 1,
            b',' | b':' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_echo_keeps_order_spelling_and_types() {
        let check = |sent: &str, echoed: &str| {
            assert_eq!(Message::read(sent).unwrap().echo("1", None), echoed, "{sent}");
        };
        check(
            r#"{"fname":"addmonitor","device":"1001"}"#,
            r#"{"fname":"addmonitor","device":"1001","result":1}"#,
        );
        check(
            " { \"FNAME\" : \"x\" , \"x\":{\"y\":[1, 2.50]},\"n\":1.0e2,\"z\":null,\"s\":\"a\\\"},\" } ",
            r#"{"FNAME":"x","x":{"y":[1, 2.50]},"n":1.0e2,"z":null,"s":"a\"},","result":1}"#,
        );
        check(r#"{"a":1,"result":"7","a":2}"#, r#"{"a":2,"result":1}"#);
        check(r#"{"Id":"cube","PWD":"secret"}"#, r#"{"Id":"cube","PWD":"","result":1}"#);
        check("{}", r#"{"result":1}"#);
        check(r#"{"한글":"상담\u0020"}"#, r#"{"한글":"상담\u0020","result":1}"#);
        let dial = Message::read(r#"{"fname":"dial","newcall":9}"#).unwrap();
        assert_eq!(dial.echo("1", Some(2_011)), r#"{"fname":"dial","result":1,"newcall":2011}"#);
    }

    #[test]
    fn what_is_no_object_is_not_read() {
        for bad in
            ["hello", "[1]", "1", "\"{}\"", "{", "{\"a\":}", "{\"a\":1}}", "", "null", "{'a':1}"]
        {
            assert_eq!(Message::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn numbers_and_texts_are_taken_for_each_other() {
        let message = Message::read(
            r#"{"n":1001,"t":" 12 ","f":3.0,"x":"abc","b":true,"o":{},"e":"","u":null,"K":"other","k":"lower"}"#,
        )
        .unwrap();
        assert_eq!(message.needed("n", 64).as_deref(), Ok("1001"));
        assert_eq!(message.integer("t", 1..=99), Ok(Some(12)));
        assert_eq!(message.integer("f", 1..=99), Ok(Some(3)));
        assert_eq!(message.integer("t", 1..=9), Err(Code::BadParameters));
        for wrong in ["x", "b", "o"] {
            assert_eq!(message.integer(wrong, 0..=9), Err(Code::BadParameters), "{wrong}");
        }
        for absent in ["e", "u", "nothing"] {
            assert_eq!(message.text(absent, 9), Ok(None), "{absent}");
        }
        assert_eq!(message.needed("k", 64).as_deref(), Ok("lower"));
        assert_eq!(message.needed("T", 1), Err(Code::BadParameters), "four bytes");
    }
}
