//! What a page may say: the JSON of `nxwebapi.md` 4 and 5, checked here as it is in the script.

use super::file_name::{self, Named};
use crate::content;
use crate::door::Site;
use domain::command::Choice;
use domain::contact::TextKind;
use domain::room::Audience;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::sync::Arc;

/// Bytes of a message, as JSON.
const BYTES: usize = 60_000;

/// Characters of a text.
const TEXT: usize = 4_000;

/// Characters of what goes with a button.
const EXTRA: usize = 100;

/// Characters of a name.
const NAME: usize = 255;

/// What is to be said.
#[derive(Debug, PartialEq)]
pub(super) enum Saying {
    /// Words alone.
    Words(Arc<str>),
    /// A message with parts, as it was sent; and what it chooses of what a bot had offered.
    Parts(Arc<str>, Option<Choice>),
    /// Files of ours, after words; the whole as it was sent, should they have been sent before.
    Files(Vec<Named>, Option<(TextKind, Arc<str>)>, Arc<str>),
}

/// Words, and nothing else.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Plain<'a> {
    r#type: &'a str,
    message: Cow<'a, str>,
}

/// To whom it is said: `BOTH` unless named; none is not known.
pub(super) fn audience(to: &str) -> Option<Audience> {
    match to.to_ascii_uppercase().as_str() {
        "" | "BOTH" => Some(Audience::All),
        "AGENT" => Some(Audience::Agents),
        "CUSTOMER" => Some(Audience::Customer),
        _ => None,
    }
}

/// Reads a message.
///
/// # Errors
///
/// 413 if it is too long, 400 if it is not right.
pub(super) fn read(site: &dyn Site, json: &str) -> Result<Saying, u16> {
    if json.len() > BYTES {
        return Err(413);
    }
    if let Ok(Plain { r#type: "text", message }) = serde_json::from_str(json) {
        // Most messages are words and nothing else.
        let words = (1..=TEXT).contains(&message.len()) || {
            !message.is_empty() && message.chars().count() <= TEXT
        };
        return words.then(|| Saying::Words(message.into())).ok_or(400);
    }
    let content: Value = serde_json::from_str(json).map_err(|_| 400_u16)?;
    let message = content.as_object().ok_or(400_u16)?;
    let whole = || Arc::<str>::from(json);
    if message.get("TYPE").and_then(Value::as_str) == Some("SCENARIO") {
        let scenario = message.get("MESSAGE").is_some_and(Value::is_object);
        let parts = || Saying::Parts(whole(), content::chosen(&content));
        return scenario.then(parts).ok_or(400);
    }
    let kind = match message.get("type") {
        Some(kind) => kind.as_str().unwrap_or_default(),
        None if message.contains_key("message") => "text",
        None => "",
    };
    match kind {
        "text" => {
            let words = text(message, "message", 1..=TEXT)?.ok_or(400_u16)?;
            text(message, "extra", 0..=EXTRA)?;
            let plain = |name: &String| matches!(name.as_str(), "type" | "message" | "file_data");
            if message.keys().all(plain) {
                return Ok(Saying::Words(words.into()));
            }
            Ok(Saying::Parts(whole(), content::chosen(&content)))
        }
        "links" => {
            text(message, "message", 0..=TEXT)?;
            for link in list(message, "links", 20)? {
                text(link, "name", 1..=NAME)?.ok_or(400_u16)?;
                match link.get("type").and_then(Value::as_str) {
                    Some("text") => drop(text(link, "extra", 0..=EXTRA)?),
                    Some("link") => drop(address(link, "url")?.ok_or(400_u16)?),
                    _ => return Err(400),
                }
            }
            Ok(Saying::Parts(whole(), None))
        }
        "file" => files(site, message, whole),
        _ => Err(400),
    }
}

fn files(
    site: &dyn Site,
    message: &Map<String, Value>,
    whole: impl Fn() -> Arc<str>,
) -> Result<Saying, u16> {
    let words = text(message, "message", 0..=TEXT)?.unwrap_or_default();
    let (mut ours, mut others) = (Vec::new(), Vec::new());
    for file in list(message, "file_data", 10)? {
        text(file, "name", 1..=NAME)?.ok_or(400_u16)?;
        text(file, "mime_type", 0..=NAME)?;
        let sized = file.get("size").is_none_or(|size| size.is_u64() || size.is_string());
        let preview = file.get("preview_url").is_none_or(Value::is_string);
        if !sized || !preview {
            return Err(400);
        }
        let url = address(file, "url")?.ok_or(400_u16)?;
        match file_name::of_url(site, url) {
            Some(named) => ours.push(named),
            None => others.push(file.clone()),
        }
    }
    if ours.is_empty() {
        return Ok(Saying::Parts(whole(), None));
    }
    let before = if !others.is_empty() {
        let rest = json!({"type": "file", "message": words, "file_data": others});
        Some((TextKind::Content, rest.to_string().into()))
    } else if !words.is_empty() {
        Some((TextKind::Plain, words.into()))
    } else {
        None
    };
    Ok(Saying::Files(ours, before, whole()))
}

/// The entries of a list: one to `most` objects.
fn list<'a>(
    of: &'a Map<String, Value>,
    name: &str,
    most: usize,
) -> Result<Vec<&'a Map<String, Value>>, u16> {
    let list = of.get(name).and_then(Value::as_array).ok_or(400_u16)?;
    if list.is_empty() || list.len() > most {
        return Err(400);
    }
    list.iter().map(|entry| entry.as_object().ok_or(400)).collect()
}

/// A text of so many characters, if it is there at all.
fn text<'a>(
    of: &'a Map<String, Value>,
    name: &str,
    length: std::ops::RangeInclusive<usize>,
) -> Result<Option<&'a str>, u16> {
    let Some(value) = of.get(name) else { return Ok(None) };
    let text = value.as_str().ok_or(400_u16)?;
    // Bytes are at least as many as characters, so most need no counting.
    let fits = if text.len() <= *length.end() {
        text.len() >= *length.start()
    } else {
        length.contains(&text.chars().count())
    };
    fits.then_some(Some(text)).ok_or(400)
}

/// An address of the web.
fn address<'a>(of: &'a Map<String, Value>, name: &str) -> Result<Option<&'a str>, u16> {
    let url = text(of, name, 1..=2_048)?;
    let web = |url: &str| {
        let rest = ["http://", "https://"].into_iter().find_map(|scheme| {
            url.get(..scheme.len())?.eq_ignore_ascii_case(scheme).then(|| &url[scheme.len()..])
        });
        let start = rest.and_then(|rest| rest.chars().next());
        start.is_some_and(|c| !matches!(c, '/' | '?' | '#'))
            && !url.chars().any(|c| c.is_control() || c.is_whitespace())
    };
    if url.is_none_or(web) { Ok(url) } else { Err(400) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::id::{FileId, RoomId, Uuid};

    /// A site with a key for names.
    struct Keyed(crate::door::Settings);

    impl Site for Keyed {
        fn settings(&self) -> &crate::door::Settings {
            &self.0
        }
        fn key(&self, _: &str) -> Option<crate::door::AccessKey> {
            None
        }
        fn realm(&self, _: &str) -> Option<crate::door::RealmNo> {
            None
        }
        fn default_realm(&self) -> crate::door::RealmNo {
            crate::door::RealmNo(0)
        }
        fn allow(&self, _: &str, _: f64, _: f64) -> bool {
            true
        }
        fn has(&self, _: &str, _: f64, _: f64) -> bool {
            true
        }
        fn unseal(&self, _: &str) -> Option<Vec<u8>> {
            None
        }
        fn seal(&self, _: &[u8]) -> String {
            String::new()
        }
        fn mac(&self, what: &[u8]) -> Option<[u8; 32]> {
            use sha2::Digest as _;
            Some(sha2::Sha256::digest(what).into())
        }
    }

    fn said(json: &str) -> Result<Saying, u16> {
        read(&Keyed(crate::door::Settings::default()), json)
    }

    fn words(text: &str) -> Result<Saying, u16> {
        Ok(Saying::Words(text.into()))
    }

    #[test]
    fn a_text_is_words_whatever_stands_beside_it_that_means_nothing() {
        assert_eq!(said(r#"{"type":"text","message":"안녕하세요!"}"#), words("안녕하세요!"));
        assert_eq!(said(r#"{"type":"text","message":"a","file_data":[]}"#), words("a"));
        assert_eq!(said(r#"{"message":"a \"b\""}"#), words("a \"b\""));
        let long = "한".repeat(TEXT);
        assert_eq!(said(&json!({"type": "text", "message": long}).to_string()), words(&long));
    }

    #[test]
    fn what_has_more_parts_is_kept_as_it_was_said() {
        let pressed = r#"{"type":"text", "message":"예약","extra":"B-1"}"#;
        let choice = Choice { menu: None, keyword: "예약".into() };
        assert_eq!(said(pressed), Ok(Saying::Parts(pressed.into(), Some(choice))));
        let scenario =
            r#"{"TYPE":"SCENARIO","MESSAGE":{"SCENARIO":"CHAT","KEYWORD":"솔루션","MENU_ID":"S"}}"#;
        let choice = Choice { menu: Some("S".into()), keyword: "솔루션".into() };
        assert_eq!(said(scenario), Ok(Saying::Parts(scenario.into(), Some(choice))));
        let links = r#"{"type":"links","links":[{"name":"a","type":"text","extra":"x"},{"name":"b","type":"link","url":"https://h/b","new":1}]}"#;
        assert_eq!(said(links), Ok(Saying::Parts(links.into(), None)));
        let file = r#"{"type":"file","message":"","file_data":[{"name":"testImage1.jpg","size":"1204136","url":"http://118.219.54.237/call-message/testImage1.jpg"},{"name":"b","size":7,"url":"HTTPS://h/b"}]}"#;
        assert_eq!(said(file), Ok(Saying::Parts(file.into(), None)), "a name that is not ours");
    }

    #[test]
    fn files_of_ours_are_told_from_others() {
        let site = Keyed(crate::door::Settings::default());
        let uuid = |n| Uuid::from_bytes([n; 16]);
        let named =
            Named { realm: crate::door::RealmNo(3), room: RoomId(uuid(1)), file: FileId(uuid(2)) };
        let file = domain::room::File {
            id: named.file,
            name: "그림.JPG".into(),
            kind: "image/jpeg".into(),
            size: 5,
            status: domain::room::FileStatus::Stored,
        };
        let ours = file_name::entry(&site, "http://h:1", &named, &file).unwrap();
        let url = ours["url"].as_str().unwrap().to_owned();
        assert_eq!(&url[url.len() - 4..], ".jpg");
        assert_eq!(ours["preview_url"], format!("{url}?preview"));
        let other = json!({"name": "b", "url": "http://h/b"});
        let both = json!({"type": "file", "message": "m", "file_data": [ours, other]}).to_string();
        let rest = json!({"type": "file", "message": "m", "file_data": [other]}).to_string();
        let before = Some((TextKind::Content, rest.into()));
        assert_eq!(said(&both), Ok(Saying::Files(vec![named], before, both.as_str().into())));
        let forged = url.replace("/call-message/A", "/call-message/B");
        assert!(file_name::of_url(&site, &forged).is_none(), "another realm's code");
    }

    #[test]
    fn what_is_not_right_is_refused() {
        let files = |entry: &str| format!(r#"{{"type":"file","file_data":[{entry}]}}"#);
        let links = |entry: &str| format!(r#"{{"type":"links","links":[{entry}]}}"#);
        for bad in [
            "{}".to_owned(),
            r#"{"type":"text"}"#.to_owned(),
            r#"{"type":"text","message":""}"#.to_owned(),
            r#"{"type":"text","message":7}"#.to_owned(),
            r#"{"type":"shout","message":"a"}"#.to_owned(),
            r#"{"type":7,"message":"a"}"#.to_owned(),
            json!({"type": "text", "message": "한".repeat(TEXT + 1)}).to_string(),
            json!({"type": "text", "message": "a", "extra": "x".repeat(101)}).to_string(),
            r#"{"type":"file"}"#.to_owned(),
            r#"{"type":"file","file_data":[]}"#.to_owned(),
            files("1"),
            files(r#"{"name":"a"}"#),
            files(r#"{"url":"http://h/a"}"#),
            files(r#"{"name":"a","url":"javascript:alert(1)"}"#),
            files(r#"{"name":"a","url":"http:///a"}"#),
            files(r#"{"name":"a","url":"http: //h/a"}"#),
            files(r#"{"name":"a","url":"http://h/a","size":[]}"#),
            files(&[r#"{"name":"a","url":"http://h/a"}"#; 11].join(",")),
            links(r#"{"name":"a","type":"link"}"#),
            links(r#"{"name":"a","type":"other","url":"http://h"}"#),
            links(r#"{"type":"text"}"#),
            links(&json!({"name": "a", "type": "text", "extra": "x".repeat(101)}).to_string()),
            r#"{"TYPE":"SCENARIO"}"#.to_owned(),
            r#"{"TYPE":"SCENARIO","MESSAGE":"x"}"#.to_owned(),
        ] {
            assert_eq!(said(&bad), Err(400), "{bad:.200}");
        }
        let long = json!({"type": "text", "message": "a", "more": "x".repeat(BYTES)}).to_string();
        assert_eq!(said(&long), Err(413));
    }

    #[test]
    fn to_whom_it_is_said_is_one_of_three_words() {
        for (word, expected) in [
            ("", Some(Audience::All)),
            ("both", Some(Audience::All)),
            ("Agent", Some(Audience::Agents)),
            ("CUSTOMER", Some(Audience::Customer)),
            ("ALL", None),
        ] {
            assert_eq!(audience(word), expected, "{word}");
        }
    }
}
