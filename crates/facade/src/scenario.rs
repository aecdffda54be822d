//! The file of a scenario bot (`docs/scenario-bot.md`): read, checked, and made into what the domain runs on.
//!
//! - [`read`]: from TOML to menus, each fault with its line; [`check`](self::check): does the tree hold together;
//! - [`made`]: the messages that customers get, one for each menu and language; [`preview`]: what an editor is shown.

mod check;
mod made;
pub mod preview;
mod read;
#[cfg(test)]
mod tests;

use domain::directory::Directory;
use domain::scenario::{Need, Scenario};
use serde::Serialize;
use std::fmt;

/// Bytes of a file.
pub const LONGEST: usize = 128 << 10;

/// One thing that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fault {
    /// Its line, from 1.
    pub line: usize,
    /// The key, such as `menu.SOLUTION.buttons[0].menu`; empty if the text is no TOML there.
    pub key: String,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Fault {
    /// `line: key: what`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.line)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.what)
    }
}

/// A file that is right as far as it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// What the domain runs on.
    pub scenario: Scenario,
    /// What it names of the directory, each with its line and key.
    needs: Vec<(usize, String, Need)>,
}

impl Checked {
    /// What the directory lacks, at the line that names it.
    pub fn against(&self, directory: &Directory) -> Vec<Fault> {
        let missing = self.needs.iter().filter_map(|(line, key, need)| {
            let what = directory.lacks(need)?;
            Some(Fault { line: *line, key: key.clone(), what })
        });
        missing.collect()
    }
}

/// Reads a file, and checks all of it that can be checked without a directory.
///
/// # Errors
///
/// All faults, in the order of lines.
pub fn read(text: &str) -> Result<Checked, Vec<Fault>> {
    if text.len() > LONGEST {
        let what = format!("a scenario has at most {LONGEST} bytes");
        return Err(vec![Fault { line: 1, key: String::new(), what }]);
    }
    let mut faults = read::Faults::new(text);
    let tree = read::tree(text, &mut faults);
    check::check(&tree, &mut faults);
    let scenario = made::scenario(&tree, text, &mut faults);
    let needs = faults.placed(&tree.needs);
    match faults.all() {
        none if none.is_empty() => Ok(Checked { scenario, needs }),
        faults => Err(faults),
    }
}
