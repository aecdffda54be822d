//! `cargo xtask codegen`: writes the committed files that are made by a program. `tidy` fails while one is stale.

use std::fs;

use anyhow::Result;

use crate::sh;

/// What is generated: the file, and the server's hidden command that prints it.
pub(crate) const GENERATED: &[(&str, &str)] = &[("config.example.toml", "config-example")];

/// Builds the server and lets it print each file.
pub(crate) fn run() -> Result<()> {
    sh::run(&mut sh::cargo(["build", "--quiet", "--package", "server"]))?;
    for (file, command) in GENERATED {
        let text = sh::read(sh::command(sh::target().join("debug/sangdam")).arg(command))?;
        fs::write(sh::root().join(file), text)?;
        println!("wrote {file}");
    }
    Ok(())
}
