//! The house rules, as functions from the tree to what is wrong with it.
//!
//! Each rule is also a `#[test]` here, so that `cargo test` is a gate and no second script can disagree with it. What a
//! rule is for stands above its function; a file that may do what others may not is named there with its reason.

mod dependencies;
mod generated;
mod source;
mod text;

use std::fs;
use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::count::Count;
use crate::sh;

/// A text file of the repository.
pub(crate) struct File {
    /// From the root, with `/`.
    path: String,
    text: String,
}

/// The repository as the rules see it.
pub(crate) struct Tree {
    root: PathBuf,
    /// Every text file that is or would be committed, sorted.
    files: Vec<File>,
}

/// What is wrong: `path:line: what`.
type Faults = Vec<String>;

/// From the tree to what is wrong with it.
type Rule = fn(&Tree) -> Faults;

/// The rules, in the order in which they are told.
const RULES: &[(&str, Rule)] = &[
    ("pure crates have only the dependencies they are allowed", dependencies::pure_crates),
    ("each dependency has its reason", dependencies::reasons),
    ("one file each for the clock, chance, tasks and calls out", source::world),
    ("façades do not import each other", source::facades),
    ("domain names no wire format", source::domain_wire),
    ("a module begins with what it is", source::headers),
    ("files are named for the thing in them", source::names),
    ("nothing is left for later", text::leftovers),
    ("no machine's paths and no download addresses", text::machine_paths),
    ("links in the documents lead somewhere", text::links),
    ("generated files are fresh", generated::fresh),
];

/// Tells every fault and every warning.
pub(crate) fn run() -> Result<()> {
    let count = check()?;
    if count.failed > 0 {
        bail!("{} of {} rules are broken", count.failed, RULES.len());
    }
    Ok(())
}

/// The same for `cargo xtask test`: a rule is a test.
pub(crate) fn check() -> Result<Count> {
    let tree = Tree::read()?;
    let mut count = Count::default();
    for (name, rule) in RULES {
        let faults = rule(&tree);
        println!("{} {name}", if faults.is_empty() { "ok    " } else { "BROKEN" });
        for fault in &faults {
            println!("         {fault}");
        }
        count += Count {
            passed: faults.is_empty().into(),
            failed: (!faults.is_empty()).into(),
            skipped: 0,
        };
    }
    for line in source::long_files(&tree) {
        println!("long   {line}");
    }
    Ok(count)
}

impl Tree {
    /// What git knows or would add; without git, everything but what is known to be made.
    fn read() -> Result<Self> {
        let root = sh::root();
        let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
        let mut paths: Vec<String> = match sh::read(sh::command("git").args(list)) {
            Ok(list) => list.split_terminator('\0').map(str::to_owned).collect(),
            Err(_) => walk(&root)?,
        };
        paths.sort();
        paths.dedup();
        // A file that is deleted but not yet committed is no concern of these rules.
        let read = |path: String| {
            // Of pictures and sounds the name alone.
            let bytes = fs::read(root.join(&path)).ok()?;
            Some(File { path, text: String::from_utf8(bytes).unwrap_or_default() })
        };
        let files = paths.into_iter().filter_map(read).collect();
        Ok(Self { root, files })
    }

    fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Rust files of the product.
    fn rust(&self) -> impl Iterator<Item = &File> {
        self.files.iter().filter(|file| file.path.starts_with("crates/") && file.is("rs"))
    }
}

impl File {
    /// Whether the name ends so.
    fn is(&self, extension: &str) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, end)| end == extension)
    }

    /// Whether the whole file is tests (or a benchmark, which measures time).
    fn is_test(&self) -> bool {
        self.path.starts_with("crates/bench/")
            || self.path.split('/').any(|part| ["tests", "benches", "tests.rs"].contains(&part))
    }

    /// The lines that are shipped, numbered from 1: without comments, and without the tests at the end of the file.
    fn shipped(&self) -> impl Iterator<Item = (usize, &str)> {
        let mut marked = false;
        let mut over = self.is_test();
        self.text.lines().enumerate().filter_map(move |(n, line)| {
            over = over || (marked && line.starts_with("mod ") && line.ends_with('{'));
            marked = line.starts_with("#[cfg(test)]") || (marked && line.starts_with("#["));
            let code = line.split_once("//").map_or(line, |(code, _)| code);
            (!over && !code.trim().is_empty()).then_some((n + 1, code))
        })
    }
}

/// Files below a folder, without those that are made.
fn walk(root: &std::path::Path) -> Result<Vec<String>> {
    const MADE: &[&str] =
        &[".git", "target", "node_modules", "dist", ".venv", "__pycache__", "sangdam-data"];
    let mut paths = Vec::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if MADE.iter().any(|made| entry.file_name() == *made) {
                continue;
            }
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            } else if let Ok(path) = entry.path().strip_prefix(root) {
                paths.push(path.to_string_lossy().into_owned());
            }
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests;
