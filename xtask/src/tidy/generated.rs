//! The rule about committed files that a program makes.

use std::fs;
use std::path::Path;
use std::time::SystemTime;

use super::{Faults, Tree};
use crate::codegen::GENERATED;
use crate::sh;

/// Each equals what the server prints. In `cargo xtask test` the server has just been built; a bare `cargo test` may
/// find an old one or none, and then says that it looked at nothing.
pub(super) fn fresh(tree: &Tree) -> Faults {
    let server = sh::server();
    let Some(built) = changed(&server) else {
        println!("not compared with what the server prints: {} is not built", server.display());
        return Faults::new();
    };
    let sources = tree.rust().filter_map(|file| changed(&tree.root.join(&file.path))).max();
    if sources.is_some_and(|sources| sources > built) {
        println!(
            "not compared with what the server prints: {} is older than its sources",
            server.display()
        );
        return Faults::new();
    }
    let mut faults = Faults::new();
    for (file, command) in GENERATED {
        let made = sh::read(sh::command(&server).arg(command));
        match (made, tree.file(file)) {
            (Err(fault), _) => faults.push(format!("{file}: {fault:#}")),
            (Ok(_), None) => faults.push(format!("{file}: is missing; run `cargo xtask codegen`")),
            (Ok(made), Some(there)) if made != there.text => {
                faults.push(format!("{file}: is stale; run `cargo xtask codegen`"));
            }
            (Ok(_), Some(_)) => {}
        }
    }
    faults
}

fn changed(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).ok()?.modified().ok()
}
