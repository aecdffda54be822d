//! Rules about our own Rust, and about names of files.

use std::collections::BTreeSet;

use super::{Faults, File, Tree};

/// What touches the world, and the one file that may: so every run can be replayed, every task counted, and every call
/// out goes through one set of checks.
const WORLD: &[(&str, &[&str])] = &[
    ("crates/server/src/clock.rs", &["Instant::now", "SystemTime::now"]),
    ("crates/server/src/chance.rs", &["getrandom", "rand"]),
    (
        "crates/server/src/tasks.rs",
        &["tokio::spawn", "task::spawn", "thread::spawn", "thread::Builder"],
    ),
    ("crates/server/src/post.rs", &["reqwest"]),
];

/// Nobody else reads the clock, makes chance, starts tasks or calls out.
pub(super) fn world(tree: &Tree) -> Faults {
    let mut faults = Faults::new();
    for file in tree.rust() {
        for (n, code) in file.shipped() {
            for (home, words) in WORLD.iter().filter(|(home, _)| *home != file.path) {
                let found = words.iter().filter(|word| mentions(code, word));
                faults.extend(
                    found.map(|word| format!("{}:{n}: only {home} may use {word}", file.path)),
                );
            }
        }
    }
    faults
}

/// Folders beside the façades that hold what they share: as pure as they are, and no wire of their own.
const SHARED: &[&str] = &["item", "scenario", "sniff"];

/// A façade only translates between its wire and the domain; what two of them share is not in a façade.
pub(super) fn facades(tree: &Tree) -> Faults {
    let facade = |file: &File| {
        let (folder, _) = file.path.strip_prefix("crates/facade/src/")?.split_once('/')?;
        (!SHARED.contains(&folder)).then(|| folder.to_owned())
    };
    let all: BTreeSet<String> = tree.rust().filter_map(facade).collect();
    let mut faults = Faults::new();
    for file in tree.rust() {
        let Some(own) = facade(file) else { continue };
        for (n, code) in file.shipped() {
            for other in all.iter().filter(|other| **other != own) {
                let direct = [format!("crate::{other}"), format!("super::super::{other}")];
                let grouped = code.contains("crate::{") && mentions(code, other);
                if grouped || direct.iter().any(|path| mentions(code, path)) {
                    faults.push(format!("{}:{n}: {own} must not import {other}", file.path));
                }
            }
        }
    }
    faults
}

/// The domain speaks the trade's language; how that looks on a wire is each façade's own affair.
pub(super) fn domain_wire(tree: &Tree) -> Faults {
    let domain = tree.rust().filter(|file| file.path.starts_with("crates/domain/src/"));
    let lines = domain.flat_map(|file| file.shipped().map(move |(n, code)| (file, n, code)));
    lines
        .filter(|(_, _, code)| mentions(code, "serde_json"))
        .map(|(file, n, _)| format!("{}:{n}: domain must not know serde_json", file.path))
        .collect()
}

/// Whoever opens a file reads first what it is and what it leaves to others.
pub(super) fn headers(tree: &Tree) -> Faults {
    let bare = tree.rust().filter(|file| !file.text.starts_with("//!"));
    bare.map(|file| format!("{}:1: does not begin with `//!`", file.path)).collect()
}

/// Names under which anything may be put.
const NAMELESS: &[&str] = &["util", "utils", "helper", "helpers", "manager", "common", "types"];

/// A file or folder is named for the thing in it.
pub(super) fn names(tree: &Tree) -> Faults {
    let ours = tree
        .files
        .iter()
        .filter(|file| ["rs", "ts", "js", "mjs", "svelte", "py"].iter().any(|end| file.is(end)));
    let nameless = |file: &&File| {
        file.path.split('/').any(|part| NAMELESS.contains(&part.split('.').next().unwrap_or(part)))
    };
    ours.filter(nameless).map(|file| format!("{}: what is in it?", file.path)).collect()
}

/// Not wrong, but it is asked why: files of more than 500 lines, the longest first.
pub(super) fn long_files(tree: &Tree) -> Vec<String> {
    let ours = tree
        .files
        .iter()
        .filter(|file| ["rs", "ts", "svelte", "py"].iter().any(|end| file.is(end)));
    let mut long: Vec<_> = ours
        .map(|file| (file.text.lines().count(), &file.path))
        .filter(|(n, _)| *n > 500)
        .collect();
    long.sort_by(|a, b| b.cmp(a));
    long.iter().map(|(n, path)| format!("{path}: {n} lines")).collect()
}

/// Whether the word stands there, not as a part of another.
fn mentions(code: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(word).any(|(at, _)| {
        let before = code[..at].chars().next_back().is_some_and(part);
        let after = code[at + word.len()..].chars().next().is_some_and(part);
        !before && !after
    })
}
