//! The header fields of a message, in their order.
//!
//! Values are kept as text and read when they are asked for: most fields of most messages are only passed on.

use std::fmt;

use super::field::Word;
use super::name::Name;
use super::text::split;
use super::{Bad, Field};

/// The most fields that a message may have.
pub const HEADER_LIMIT: usize = 128;

/// Fields in the order in which they stand; a name may occur often.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(Name, Box<str>)>);

impl Headers {
    /// The first value of this name.
    pub fn get(&self, name: &Name) -> Option<&str> {
        self.0.iter().find(|(own, _)| own == name).map(|(_, value)| &**value)
    }

    /// Every value of this name, lists not taken apart.
    pub fn all<'a>(&'a self, name: &Name) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(own, _)| own == name).map(|(_, value)| &**value)
    }

    /// Whether there is a field of this name.
    pub fn has(&self, name: &Name) -> bool {
        self.get(name).is_some()
    }

    /// The first value of this name, read.
    ///
    /// # Errors
    ///
    /// The value is there, but malformed.
    pub fn one<F: Field>(&self, name: &Name) -> Result<Option<F>, Bad> {
        self.get(name).map(F::parse).transpose()
    }

    /// The first value of a comma-separated list.
    ///
    /// # Errors
    ///
    /// The list is there, but malformed.
    pub fn first<F: Field>(&self, name: &Name) -> Result<Option<F>, Bad> {
        let Some(value) = self.get(name) else { return Ok(None) };
        split(value, b',')?.first().copied().map(F::parse).transpose()
    }

    /// All values of this name, comma-separated or in fields of their own.
    ///
    /// # Errors
    ///
    /// One of them is malformed, or they are more than [`LIST_LIMIT`](super::LIST_LIMIT).
    pub fn list<F: Field>(&self, name: &Name) -> Result<Vec<F>, Bad> {
        let mut all = Vec::new();
        for value in self.all(name) {
            // An empty field is an empty list (RFC 3261 §25.1: Supported, Allow, Accept).
            for part in split(value, b',')?.into_iter().filter(|_| !value.is_empty()) {
                if all.len() >= super::LIST_LIMIT {
                    return Err(Bad("a list is too long"));
                }
                all.push(F::parse(part)?);
            }
        }
        Ok(all)
    }

    /// The words of a list; a malformed list has none.
    pub fn words(&self, name: &Name) -> Vec<Box<str>> {
        self.list::<Word>(name).unwrap_or_default().into_iter().map(|word| word.0).collect()
    }

    /// Whether a list has this word, in any case.
    pub fn lists(&self, name: &Name, word: &str) -> bool {
        self.all(name)
            .flat_map(|value| value.split(','))
            .any(|part| part.trim().eq_ignore_ascii_case(word))
    }

    /// Adds a field behind all others.
    pub fn push(&mut self, name: Name, value: impl fmt::Display) {
        self.0.push((name, clean(value.to_string())));
    }

    /// Adds a field before all others.
    pub fn push_front(&mut self, name: Name, value: impl fmt::Display) {
        self.0.insert(0, (name, clean(value.to_string())));
    }

    /// Replaces the first field of this name, or adds one.
    pub fn set(&mut self, name: Name, value: impl fmt::Display) {
        match self.0.iter_mut().find(|(own, _)| *own == name) {
            Some((_, own)) => *own = clean(value.to_string()),
            None => self.push(name, value),
        }
    }

    /// Takes every field of this name away.
    pub fn remove(&mut self, name: &Name) {
        self.0.retain(|(own, _)| own != name);
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &str)> {
        self.0.iter().map(|(name, value)| (name, &**value))
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn push_read(&mut self, name: Name, value: &str) {
        self.0.push((name, value.into()));
    }
}

impl Extend<(Name, String)> for Headers {
    fn extend<T: IntoIterator<Item = (Name, String)>>(&mut self, fields: T) {
        fields.into_iter().for_each(|(name, value)| self.push(name, value));
    }
}

/// A value of ours can hold no line break: nobody writes a header field into another's value.
fn clean(value: String) -> Box<str> {
    if value.contains(['\r', '\n']) {
        value.replace(['\r', '\n'], " ").into()
    } else {
        value.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Address;

    #[test]
    fn lists_and_repeated_fields_are_the_same() {
        let mut headers = Headers::default();
        headers.push(Name::Route, "<sip:a;lr>, <sip:b;lr>");
        headers.push(Name::Supported, "");
        headers.push(Name::Route, "<sip:c;lr>");
        let routes: Vec<Address> = headers.list(&Name::Route).unwrap();
        assert_eq!(
            routes.iter().map(|r| r.uri.to_string()).collect::<Vec<_>>(),
            ["sip:a;lr", "sip:b;lr", "sip:c;lr"]
        );
        assert_eq!(headers.words(&Name::Supported), [] as [Box<str>; 0]);
    }

    #[test]
    fn a_value_cannot_bring_a_field_of_its_own() {
        let mut headers = Headers::default();
        headers.set(Name::Subject, "x\r\nRoute: <sip:evil>");
        assert_eq!(headers.get(&Name::Subject), Some("x  Route: <sip:evil>"));
    }
}
