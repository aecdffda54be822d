//! What a page may say: the JSON of `nxwebapi.md` 4 and 5, checked here as it is in the script.

use super::file_name::{self, Named};
use crate::content;
use crate::door::Site;
use domain::command::Choice;
use domain::contact::TextKind;
use domain::room::Audience;
use serde_json::{Map, Value, json};
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

/// To whom it is said: `BOTH` unless named; none is not known.
pub(super) fn audience(to: &str) -> Option<Audience> {
    match to.to_ascii_uppercase().as_str() {
        "" | "BOTH" => Some(Audience::All),
        "AGENT" => Some(Audience::Agents),
        "CUSTOMER" => Some(Audience::Customer),
        _ => None,
    }
}

/// Reads a message; `frame` is the length of the frame that it came in.
///
/// # Errors
///
/// 413 if it is too long, 400 if it is not right.
pub(super) fn read(site: &dyn Site, content: &Value, frame: usize) -> Result<Saying, u16> {
    let message = content.as_object().ok_or(400_u16)?;
    let whole = || content.to_string();
    if frame > BYTES && whole().len() > BYTES {
        return Err(413);
    }
    if message.get("TYPE").and_then(Value::as_str) == Some("SCENARIO") {
        let scenario = message.get("MESSAGE").is_some_and(Value::is_object);
        let parts = || Saying::Parts(whole().into(), content::chosen(content));
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
            Ok(Saying::Parts(whole().into(), content::chosen(content)))
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
            Ok(Saying::Parts(whole().into(), None))
        }
        "file" => files(site, message, whole),
        _ => Err(400),
    }
}

fn files(
    site: &dyn Site,
    message: &Map<String, Value>,
    whole: impl Fn() -> String,
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
        return Ok(Saying::Parts(whole().into(), None));
    }
    let before = if !others.is_empty() {
        let rest = json!({"type": "file", "message": words, "file_data": others});
        Some((TextKind::Content, rest.to_string().into()))
    } else if !words.is_empty() {
        Some((TextKind::Plain, words.into()))
    } else {
        None
    };
    Ok(Saying::Files(ours, before, whole().into()))
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
