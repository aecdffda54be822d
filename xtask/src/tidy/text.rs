//! Rules about any text in the repository.

use std::path::{Component, Path, PathBuf};

use super::{Faults, File, Tree};

/// Each is put together here, so that this file does not break its own rule.
const LEFTOVERS: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("to", "do!("),
    concat!("unimple", "mented!("),
];

/// What is not done is an issue or is not there.
pub(super) fn leftovers(tree: &Tree) -> Faults {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    lines(tree, |_, line| {
        let found = LEFTOVERS.iter().find(|mark| {
            line.match_indices(*mark).any(|(at, _)| {
                let before = line[..at].chars().next_back().is_some_and(word);
                let after = !mark.ends_with('(')
                    && line[at + mark.len()..].chars().next().is_some_and(word);
                !before && !after
            })
        });
        found.map(|mark| format!("{mark} is left for later"))
    })
}

const MACHINE: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/")];

/// What is true on one machine only does not belong in the repository: its folders, its registries.
pub(super) fn machine_paths(tree: &Tree) -> Faults {
    // Behind a letter it is the end of a longer path or address.
    let inner = |c: char| c.is_alphanumeric() || "_-.~".contains(c);
    lines(tree, |file, line| {
        let path = MACHINE.iter().find(|path| {
            line.match_indices(*path)
                .any(|(at, _)| !line[..at].chars().next_back().is_some_and(inner))
        });
        let address = file.path.ends_with("package-lock.json")
            && line.contains("\"resolved\": \"http")
            && !line.contains("\"https://registry.npmjs.org/");
        path.map(|path| format!("{path} is a path of one machine"))
            .or_else(|| address.then(|| "a registry of one machine".to_owned()))
    })
}

fn lines(tree: &Tree, fault: impl Fn(&File, &str) -> Option<String>) -> Faults {
    let lines = tree
        .files
        .iter()
        .flat_map(|file| file.text.lines().enumerate().map(move |(n, line)| (file, n, line)));
    lines
        .filter_map(|(file, n, line)| {
            fault(file, line).map(|fault| format!("{}:{}: {fault}", file.path, n + 1))
        })
        .collect()
}

/// Links to files, in what a reader of the repository opens.
pub(super) fn links(tree: &Tree) -> Faults {
    let pages = tree.files.iter().filter(|file| {
        file.is("md")
            && (!file.path.contains('/')
                || ["docs/", "UPGRADING/"].iter().any(|f| file.path.starts_with(f)))
    });
    let mut faults = Faults::new();
    for page in pages {
        let folder = Path::new(&page.path).parent().unwrap_or(Path::new(""));
        let mut fenced = false;
        for (n, line) in page.text.lines().enumerate() {
            if line.trim_start().starts_with("```") {
                fenced = !fenced;
            }
            if fenced {
                continue;
            }
            for link in targets(line) {
                let (file, _) = link.split_once('#').unwrap_or((&link, ""));
                if file.is_empty() || file.contains("://") || file.starts_with("mailto:") {
                    continue;
                }
                if !leads_somewhere(tree, &folder.join(file)) {
                    faults.push(format!("{}:{}: {link} leads nowhere", page.path, n + 1));
                }
            }
        }
    }
    faults
}

/// `](target)` outside of code.
fn targets(line: &str) -> Vec<String> {
    let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
    let ends = prose.match_indices("](").map(|(at, _)| &prose[at + 2..]);
    ends.filter_map(|rest| rest.split([')', ' ']).next()).map(str::to_owned).collect()
}

/// A committed file, or a folder with one in it.
fn leads_somewhere(tree: &Tree, path: &Path) -> bool {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir if !plain.pop() => return false,
            Component::Normal(part) => plain.push(part),
            _ => {}
        }
    }
    let plain = plain.to_string_lossy();
    tree.files.iter().any(|file| {
        file.path
            .strip_prefix(&*plain)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || plain.is_empty())
    })
}
