//! Reads a configuration file into typed sections, and keeps every fault with its line.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use toml::de::DeValue;

/// One thing that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Its line, from 1; 0 is the whole file.
    pub line: usize,
    /// The key, such as `listen.http`; empty if the text is no TOML there.
    pub key: String,
    /// What is wrong.
    pub what: String,
}

/// All that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Faults {
    name: String,
    /// Where each line begins.
    lines: Vec<usize>,
    /// Keys that were given, and their lines.
    given: Vec<(String, usize)>,
    found: Vec<Fault>,
}

impl Faults {
    pub(super) fn new(name: &str, text: &str) -> Self {
        let lines =
            std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { name: name.to_owned(), lines, given: Vec::new(), found: Vec::new() }
    }

    pub(super) fn unreadable(path: &Path, fault: &io::Error) -> Self {
        let found = Fault { line: 0, key: String::new(), what: fault.to_string() };
        Self {
            name: path.display().to_string(),
            lines: Vec::new(),
            given: Vec::new(),
            found: vec![found],
        }
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Each of them, in the order of lines.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.found.iter()
    }

    fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|start| *start <= at)
    }

    pub(super) fn given(&mut self, key: String, at: usize) {
        self.given.push((key, self.line(at)));
    }

    /// A fault at a place of the text, in bytes.
    pub(super) fn add(&mut self, at: usize, key: impl Into<String>, what: impl Into<String>) {
        let fault = Fault { line: self.line(at), key: key.into(), what: what.into() };
        let place = self.found.partition_point(|other| other.line <= fault.line);
        self.found.insert(place, fault);
    }

    /// A fault of a key, wherever it stands.
    pub(super) fn at(&mut self, key: &str, what: &str) {
        let line = self.given.iter().find(|(given, _)| given == key).map_or(0, |(_, line)| *line);
        let place = self.found.partition_point(|other| other.line <= line);
        self.found.insert(place, Fault { line, key: key.to_owned(), what: what.to_owned() });
    }
}

impl fmt::Display for Faults {
    /// One line each: `file:line: key: what`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, fault) in self.found.iter().enumerate() {
            if n > 0 {
                f.write_str("\n")?;
            }
            f.write_str(&self.name)?;
            if fault.line > 0 {
                write!(f, ":{}", fault.line)?;
            }
            if !fault.key.is_empty() {
                write!(f, ": {}", fault.key)?;
            }
            write!(f, ": {}", fault.what)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

/// A value that can stand in the file.
pub(super) trait Setting: Sized {
    /// Takes it, or says what was expected.
    fn read(value: &DeValue<'_>) -> Result<Self, String>;
    /// As it stands in the file.
    fn show(&self) -> String;
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

impl Setting for String {
    fn read(value: &DeValue<'_>) -> Result<Self, String> {
        value.as_str().map(str::to_owned).ok_or_else(|| "a text in quotes was expected".to_owned())
    }

    fn show(&self) -> String {
        quoted(self)
    }
}

impl Setting for PathBuf {
    fn read(value: &DeValue<'_>) -> Result<Self, String> {
        String::read(value).map(Self::from)
    }

    fn show(&self) -> String {
        quoted(&self.to_string_lossy())
    }
}

impl Setting for bool {
    fn read(value: &DeValue<'_>) -> Result<Self, String> {
        value.as_bool().ok_or_else(|| "true or false was expected".to_owned())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for u64 {
    fn read(value: &DeValue<'_>) -> Result<Self, String> {
        let number =
            value.as_integer().and_then(|n| Self::from_str_radix(n.as_str(), n.radix()).ok());
        number.ok_or_else(|| "a whole number, not negative, was expected".to_owned())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for usize {
    fn read(value: &DeValue<'_>) -> Result<Self, String> {
        Self::try_from(u64::read(value)?).map_err(|_| "the number is too large".to_owned())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for u16 {
    fn read(value: &DeValue<'_>) -> Result<Self, String> {
        Self::try_from(u64::read(value)?).map_err(|_| "at most 65535".to_owned())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Setting for Option<IpAddr> {
    fn read(value: &DeValue<'_>) -> Result<Self, String> {
        if value.as_str() == Some("") { Ok(None) } else { IpAddr::read(value).map(Some) }
    }

    fn show(&self) -> String {
        quoted(&self.map(|address| address.to_string()).unwrap_or_default())
    }
}

impl Setting for IpAddr {
    fn read(value: &DeValue<'_>) -> Result<Self, String> {
        let address = value.as_str().and_then(|text| text.parse().ok());
        address.ok_or_else(|| "an IP address such as \"10.0.0.1\" was expected".to_owned())
    }

    fn show(&self) -> String {
        quoted(&self.to_string())
    }
}

impl Setting for Option<SocketAddr> {
    fn read(value: &DeValue<'_>) -> Result<Self, String> {
        match value.as_str() {
            Some("") => Ok(None),
            Some(text) => text
                .parse()
                .map(Some)
                .map_err(|_| "address and port such as \"0.0.0.0:8080\" were expected".to_owned()),
            None => Err("address and port in quotes were expected".to_owned()),
        }
    }

    fn show(&self) -> String {
        quoted(&self.map(|address| address.to_string()).unwrap_or_default())
    }
}

impl<T: Setting> Setting for Vec<T> {
    fn read(value: &DeValue<'_>) -> Result<Self, String> {
        let list = value.as_array().ok_or_else(|| "a list in brackets was expected".to_owned())?;
        list.iter().map(|item| T::read(item.get_ref())).collect()
    }

    fn show(&self) -> String {
        let items: Vec<String> = self.iter().map(Setting::show).collect();
        format!("[{}]", items.join(", "))
    }
}

/// A setting of a few words.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$each:meta])* $variant:ident = $word:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs, reason = "the words say it where there is no more to say")]
        pub enum $name { $($(#[$each])* $variant,)* }

        impl Setting for $name {
            fn read(value: &toml::de::DeValue<'_>) -> Result<Self, String> {
                match value.as_str() {
                    $(Some($word) => Ok(Self::$variant),)*
                    _ => Err(format!("one of {} was expected", [$(concat!("\"", $word, "\"")),*].join(", "))),
                }
            }

            fn show(&self) -> String {
                match self {
                    $(Self::$variant => concat!("\"", $word, "\"").to_owned(),)*
                }
            }
        }
    };
}

/// The sections, each with its keys, their types and defaults.
macro_rules! config {
    ($($(#[doc = $about:literal])* $section:ident: $kind:ident { $($(#[doc = $doc:literal])* $key:ident: $type:ty = $usual:expr,)* })*) => {
        /// Everything that can be configured.
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct Config {
            $($(#[doc = $about])* pub $section: $kind,)*
        }

        $(
            $(#[doc = $about])*
            #[derive(Debug, Clone, PartialEq)]
            pub struct $kind {
                $($(#[doc = $doc])* pub $key: $type,)*
            }

            impl Default for $kind {
                fn default() -> Self {
                    Self { $($key: $usual,)* }
                }
            }
        )*

        impl Config {
            /// Takes what can be taken; what cannot is a fault.
            fn read(text: &str, faults: &mut Faults) -> Self {
                let mut config = Self::default();
                let (table, broken) = toml::de::DeTable::parse_recoverable(text);
                for fault in broken {
                    faults.add(fault.span().map_or(0, |span| span.start), "", fault.message());
                }
                for (section, value) in table.get_ref() {
                    let at = section.span().start;
                    match section.get_ref().as_ref() {
                        $(stringify!($section) => {
                            let Some(keys) = value.get_ref().as_table() else {
                                faults.add(at, stringify!($section), concat!("a section, [", stringify!($section), "], was expected"));
                                continue;
                            };
                            for (key, value) in keys {
                                let at = key.span().start;
                                let name = format!(concat!(stringify!($section), ".{}"), key.get_ref());
                                match key.get_ref().as_ref() {
                                    $(stringify!($key) => match <$type as Setting>::read(value.get_ref()) {
                                        Ok(value) => {
                                            config.$section.$key = value;
                                            faults.given(name, at);
                                        }
                                        Err(what) => faults.add(at, name, what),
                                    },)*
                                    _ => faults.add(at, name, "there is no such key"),
                                }
                            }
                        })*
                        other => faults.add(at, other, "there is no such section"),
                    }
                }
                config
            }

            /// A file with every key at its default, and what each is for.
            pub fn example() -> String {
                let usual = Self::default();
                let mut text = String::from("# Every key at its default. Made by `sangdam config-example`; delete what you do not change.\n");
                $(
                    text.push('\n');
                    $(text.push_str(concat!("#", $about, "\n"));)*
                    text.push_str(concat!("[", stringify!($section), "]\n"));
                    $(
                        $(text.push_str(concat!("#", $doc, "\n"));)*
                        text.push_str(&format!(concat!(stringify!($key), " = {}\n"), usual.$section.$key.show()));
                    )*
                )*
                text
            }
        }
    };
}

pub(super) use {choice, config};
