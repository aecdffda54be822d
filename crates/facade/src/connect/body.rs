//! Bodies of both planes: JSON objects in, JSON objects out (`amazon-connect-chat.md` 0.2, 0.3).
//!
//! [`parse`] takes a body as any JSON object; [`Object`] reads its members, and says in the operation's own words
//! what is wrong with one. `null` is absent, unknown members are left alone.

use crate::connect::error::ApiError;
use crate::door::{Cx, Response};
use domain::id::Uuid;
use serde_json::{Map, Value};
use std::ops::RangeInclusive;

/// The longest body that is read, in bytes (0.2).
pub const BODY_LIMIT: usize = 512 * 1024;

/// How deep objects and lists may lie in one another (0.2).
const DEPTH_LIMIT: usize = 32;

/// How an operation names a member that is missing, or out of its range:
/// [`ApiError::invalid_parameter`], [`ApiError::invalid_request`] or [`ApiError::validation`] (end of 0.4).
pub type Bad = fn(String) -> ApiError;

/// Reads a body. An empty one has no members.
///
/// # Errors
///
/// `SerializationException` for what is not a JSON object in UTF-8, or nested deeper than 32.
pub fn parse(body: &[u8]) -> Result<Map<String, Value>, ApiError> {
    let wrong = |why: &str| ApiError::serialization(format!("The body is not {why}."));
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    if depth(body) > DEPTH_LIMIT {
        return Err(wrong("nested at most 32 deep"));
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) => Err(wrong("a JSON object")),
        Err(_) => Err(wrong("JSON in UTF-8")),
    }
}

/// How deep brackets lie in one another, strings left out. Told before parsing, which would recurse.
fn depth(body: &[u8]) -> usize {
    let (mut depth, mut most, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for &byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => {
                depth += 1;
                most = most.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    most
}

/// A JSON object whose members are asked for by name.
pub struct Object<'a> {
    members: &'a Map<String, Value>,
    bad: Bad,
    path: String,
}

impl<'a> Object<'a> {
    /// The outermost object of a body, and how its operation names what is wrong.
    pub fn new(members: &'a Map<String, Value>, bad: Bad) -> Self {
        Self { members, bad, path: String::new() }
    }

    /// The error that says this of a member.
    pub fn bad(&self, name: &str, why: &str) -> ApiError {
        (self.bad)(format!("{}{name} {why}", self.path))
    }

    /// A required member's value, or the error that it is missing.
    ///
    /// # Errors
    ///
    /// The operation's own, if there is none.
    pub fn need<T>(&self, name: &str, value: Option<T>) -> Result<T, ApiError> {
        value.ok_or_else(|| self.bad(name, "is required"))
    }

    /// A member as it stands; `null` is absent.
    pub fn raw(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// Every member with its name, `null`s left out.
    pub fn members(&self) -> impl Iterator<Item = (&'a str, &'a Value)> {
        self.members
            .iter()
            .filter(|(_, v)| !v.is_null())
            .map(|(name, value)| (name.as_str(), value))
    }

    /// A text of so many characters.
    ///
    /// # Errors
    ///
    /// `SerializationException` if it is no text, the operation's own if it is too short or too long.
    pub fn text(
        &self,
        name: &str,
        characters: RangeInclusive<usize>,
    ) -> Result<Option<&'a str>, ApiError> {
        let Some(value) = self.raw(name) else { return Ok(None) };
        let text = value.as_str().ok_or_else(|| self.mistyped(name, "a string"))?;
        self.long(name, text, &characters)?;
        Ok(Some(text))
    }

    /// A required text of so many characters.
    ///
    /// # Errors
    ///
    /// As [`Object::text`], and the operation's own if it is missing.
    pub fn need_text(
        &self,
        name: &str,
        characters: RangeInclusive<usize>,
    ) -> Result<&'a str, ApiError> {
        let text = self.text(name, characters)?;
        self.need(name, text)
    }

    /// One of several words, as what it stands for.
    ///
    /// # Errors
    ///
    /// `SerializationException` if it is no text, the operation's own if it is another word.
    pub fn choice<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Result<Option<T>, ApiError> {
        let Some(text) = self.text(name, 0..=usize::MAX)? else { return Ok(None) };
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        found.map(Some).ok_or_else(|| self.bad(name, &format!("must be {}", one_of(words))))
    }

    /// A whole number.
    ///
    /// # Errors
    ///
    /// `SerializationException` if it is no whole number, the operation's own if it is out of range.
    pub fn integer(&self, name: &str, range: RangeInclusive<i64>) -> Result<Option<i64>, ApiError> {
        let Some(value) = self.raw(name) else { return Ok(None) };
        let number = value.as_i64().ok_or_else(|| self.mistyped(name, "a whole number"))?;
        if !range.contains(&number) {
            let why = format!("must be {} to {}", range.start(), range.end());
            return Err(self.bad(name, &why));
        }
        Ok(Some(number))
    }

    /// A moment: seconds since 1970, with or without a fraction (0.3).
    ///
    /// # Errors
    ///
    /// `SerializationException` if it is no number, the operation's own if it lies before 1970 or after 9999.
    pub fn moment(&self, name: &str) -> Result<Option<domain::time::Millis>, ApiError> {
        let Some(value) = self.raw(name) else { return Ok(None) };
        let seconds = value.as_f64().ok_or_else(|| self.mistyped(name, "a number"))?;
        if !(0.0..253_402_300_800.0).contains(&seconds) {
            return Err(self.bad(name, "must be seconds since 1970"));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "just checked")]
        let ms = (seconds * 1_000.0).round() as u64;
        Ok(Some(domain::time::Millis(ms)))
    }

    /// A yes or no.
    ///
    /// # Errors
    ///
    /// `SerializationException` if it is neither.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        let Some(value) = self.raw(name) else { return Ok(None) };
        value.as_bool().map(Some).ok_or_else(|| self.mistyped(name, "true or false"))
    }

    /// An object in it.
    ///
    /// # Errors
    ///
    /// `SerializationException` if it is none.
    pub fn object(&self, name: &str) -> Result<Option<Self>, ApiError> {
        let Some(value) = self.raw(name) else { return Ok(None) };
        let members = value.as_object().ok_or_else(|| self.mistyped(name, "an object"))?;
        Ok(Some(Self { members, bad: self.bad, path: format!("{}{name}.", self.path) }))
    }

    /// A required object in it.
    ///
    /// # Errors
    ///
    /// As [`Object::object`], and the operation's own if it is missing.
    pub fn need_object(&self, name: &str) -> Result<Self, ApiError> {
        let object = self.object(name)?;
        self.need(name, object)
    }

    /// A list of so many values.
    ///
    /// # Errors
    ///
    /// `SerializationException` if it is none, the operation's own if it has too few or too many.
    pub fn list(
        &self,
        name: &str,
        count: RangeInclusive<usize>,
    ) -> Result<Option<&'a [Value]>, ApiError> {
        let Some(value) = self.raw(name) else { return Ok(None) };
        let list = value.as_array().ok_or_else(|| self.mistyped(name, "a list"))?;
        if !count.contains(&list.len()) {
            return Err(self.bad(name, &format!("must have {} entries", span(&count))));
        }
        Ok(Some(list))
    }

    /// A list of texts.
    ///
    /// # Errors
    ///
    /// As [`Object::list`] and [`Object::text`].
    pub fn texts(
        &self,
        name: &str,
        count: RangeInclusive<usize>,
        characters: RangeInclusive<usize>,
    ) -> Result<Option<Vec<&'a str>>, ApiError> {
        let Some(list) = self.list(name, count)? else { return Ok(None) };
        let text = |value: &'a Value| {
            let text = value.as_str().ok_or_else(|| self.mistyped(name, "a list of strings"))?;
            self.long(name, text, &characters)?;
            Ok(text)
        };
        list.iter().map(text).collect::<Result<_, _>>().map(Some)
    }

    /// A list of objects.
    ///
    /// # Errors
    ///
    /// As [`Object::list`], and `SerializationException` if an entry is no object.
    pub fn objects(
        &self,
        name: &str,
        count: RangeInclusive<usize>,
    ) -> Result<Option<Vec<Self>>, ApiError> {
        let Some(list) = self.list(name, count)? else { return Ok(None) };
        let object = |(at, value): (usize, &'a Value)| {
            let members =
                value.as_object().ok_or_else(|| self.mistyped(name, "a list of objects"))?;
            Ok(Self { members, bad: self.bad, path: format!("{}{name}[{at}].", self.path) })
        };
        list.iter().enumerate().map(object).collect::<Result<_, _>>().map(Some)
    }

    /// The error that a member has another JSON type.
    pub fn mistyped(&self, name: &str, wanted: &str) -> ApiError {
        ApiError::serialization(format!("{}{name} must be {wanted}", self.path))
    }

    fn long(
        &self,
        name: &str,
        text: &str,
        characters: &RangeInclusive<usize>,
    ) -> Result<(), ApiError> {
        // A text has at most as many characters as bytes, so short ones need no count.
        let fits =
            text.len() <= *characters.end() && *characters.start() <= usize::from(!text.is_empty());
        if fits || characters.contains(&text.chars().count()) {
            return Ok(());
        }
        Err(self.bad(name, &format!("must have {} characters", span(characters))))
    }
}

fn span(range: &RangeInclusive<usize>) -> String {
    if range.start() == range.end() {
        range.start().to_string()
    } else {
        format!("{} to {}", range.start(), range.end())
    }
}

fn one_of<T>(words: &[(&str, T)]) -> String {
    words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ")
}

/// Answers 200 with these members; `Value::Null` members are left out (0.3).
pub fn success(cx: &mut Cx<'_>, members: Value) -> Response {
    let id = Uuid::new(cx.now, cx.chance).to_string();
    let body = match members {
        Value::Object(members) => {
            Value::Object(members.into_iter().filter(|(_, v)| !v.is_null()).collect())
        }
        _ => Value::Object(Map::new()),
    };
    Response {
        status: 200,
        headers: vec![("content-type", "application/json".to_owned()), ("x-amzn-requestid", id)],
        body: body.to_string().into_bytes(),
    }
}

/// Answers 200 with `{}`.
pub fn empty(cx: &mut Cx<'_>) -> Response {
    success(cx, Value::Null)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: PartialEq + std::fmt::Debug>(
        json: &str,
        read: impl Fn(&Object<'_>) -> Result<T, ApiError>,
        expected: Result<T, (&str, &str)>,
    ) {
        let members = parse(json.as_bytes()).unwrap();
        let got = read(&Object::new(&members, ApiError::invalid_parameter));
        let got = got.map_err(|e| (e.shape, e.message));
        assert_eq!(
            got,
            expected.map_err(|(shape, message)| match shape {
                "S" => ("SerializationException", message.to_owned()),
                _ => ("InvalidParameterException", message.to_owned()),
            }),
            "{json}"
        );
    }

    #[test]
    fn only_an_object_is_a_body() {
        for bad in ["[]", "1", "null", "\"x\"", "{", "{}x", "{\"a\":1,}"] {
            assert_eq!(parse(bad.as_bytes()).unwrap_err().shape, "SerializationException", "{bad}");
        }
        assert!(parse(b"\xff").is_err());
        assert!(parse(b"").unwrap().is_empty());
        assert!(parse(b" {} ").unwrap().is_empty());
    }

    #[test]
    fn nesting_ends_at_32() {
        let nested = |n: usize| format!("{{\"a\":{}{}}}", "[".repeat(n - 1), "]".repeat(n - 1));
        assert!(parse(nested(32).as_bytes()).is_ok());
        assert!(parse(nested(33).as_bytes()).is_err());
        assert!(parse(nested(100_000).as_bytes()).is_err());
        let quoted = format!("{{\"a\":\"\\\"{}\"}}", "[".repeat(99));
        assert!(parse(quoted.as_bytes()).is_ok(), "brackets in strings do not count");
    }

    #[test]
    fn a_text_is_counted_in_characters() {
        let read = |o: &Object<'_>| o.text("N", 1..=2).map(|t| t.map(str::to_owned));
        check(r#"{"N":"한글"}"#, read, Ok(Some("한글".to_owned())));
        check(r#"{"N":null}"#, read, Ok(None));
        check("{}", read, Ok(None));
        check(r#"{"N":""}"#, read, Err(("P", "N must have 1 to 2 characters")));
        check(r#"{"N":"abc"}"#, read, Err(("P", "N must have 1 to 2 characters")));
        check(r#"{"N":1}"#, read, Err(("S", "N must be a string")));
        check("{}", |o| o.need_text("N", 1..=2).map(str::to_owned), Err(("P", "N is required")));
    }

    #[test]
    fn members_within_are_named_with_their_path() {
        check(
            r#"{"A":{"B":{}}}"#,
            |o| o.need_object("A")?.need_object("B")?.need_text("C", 1..=9).map(str::to_owned),
            Err(("P", "A.B.C is required")),
        );
        check(
            r#"{"A":[{},{}]}"#,
            |o| o.objects("A", 1..=3)?.unwrap()[1].need_text("C", 1..=9).map(str::to_owned),
            Err(("P", "A[1].C is required")),
        );
        check(
            r#"{"A":[1]}"#,
            |o| o.objects("A", 1..=3).map(|_| ()),
            Err(("S", "A must be a list of objects")),
        );
        check(
            r#"{"A":[]}"#,
            |o| o.texts("A", 1..=3, 1..=3).map(|_| ()),
            Err(("P", "A must have 1 to 3 entries")),
        );
    }

    #[test]
    fn numbers_words_and_moments_have_ranges() {
        check(r#"{"N":59}"#, |o| o.integer("N", 60..=10_080), Err(("P", "N must be 60 to 10080")));
        check(r#"{"N":60}"#, |o| o.integer("N", 60..=10_080), Ok(Some(60)));
        check(
            r#"{"N":60.5}"#,
            |o| o.integer("N", 60..=10_080),
            Err(("S", "N must be a whole number")),
        );
        check(
            r#"{"N":"C"}"#,
            |o| o.choice("N", &[("A", 1), ("B", 2)]),
            Err(("P", "N must be A, B")),
        );
        check(r#"{"N":"B"}"#, |o| o.choice("N", &[("A", 1), ("B", 2)]), Ok(Some(2)));
        check(
            r#"{"N":1763736000.123}"#,
            |o| o.moment("N"),
            Ok(Some(domain::time::Millis(1_763_736_000_123))),
        );
        check(r#"{"N":-1}"#, |o| o.moment("N"), Err(("P", "N must be seconds since 1970")));
        check(r#"{"N":"yes"}"#, |o| o.flag("N"), Err(("S", "N must be true or false")));
    }
}
