//! Rules about what the crates depend on.

use super::{Faults, Tree};
use crate::sh;

/// The crates whose dependency tree proves that they have no runtime, clock or chance, and everything that may be in
/// it. Macros are not listed: they run while we build.
const PURE: &[(&str, &[&str])] = &[
    ("domain", &["serde", "serde_core", "thiserror"]),
    (
        "facade",
        &[
            "domain",
            // What telephones speak, and the hash that most of them know alone.
            "sip",
            "md-5",
            "serde",
            "serde_core",
            "thiserror",
            // JSON, and its number and byte search routines.
            "serde_json",
            "itoa",
            "memchr",
            "ryu",
            "zmij",
            // Scenario files.
            "toml",
            "toml_datetime",
            "toml_parser",
            "toml_writer",
            "serde_spanned",
            "winnow",
            // Tokens and cursors.
            "base64",
            // One-time codes of log-ins, and their picture.
            "totp-rs",
            "sha1",
            "base32",
            "constant_time_eq",
            "qrcodegen",
            // SigV4: two hash crates and what they are made of.
            "sha2",
            "hmac",
            "digest",
            "block-buffer",
            "crypto-common",
            "hybrid-array",
            "typenum",
            "const-oid",
            "cpufeatures",
            "cfg-if",
            "cmov",
            "ctutils",
            "subtle",
        ],
    ),
    ("media", &["thiserror"]),
    (
        "sip",
        &[
            "thiserror",
            // Digest: two hash crates and what they are made of.
            "md-5",
            "sha2",
            "digest",
            "block-buffer",
            "crypto-common",
            "hybrid-array",
            "typenum",
            "const-oid",
            "cpufeatures",
            "cfg-if",
        ],
    ),
];

/// A crate without a runtime in its tree *cannot* sleep, spawn or read a socket; on that the simulator stands.
pub(super) fn pure_crates(tree: &Tree) -> Faults {
    let mut faults = Faults::new();
    for (name, _) in PURE {
        if tree.file(&format!("crates/{name}/Cargo.toml")).is_none() {
            continue;
        }
        let list = [
            "tree",
            "--package",
            name,
            "--edges",
            "normal,no-proc-macro",
            "--prefix",
            "none",
            "--locked",
        ];
        match sh::read(&mut sh::cargo(list)) {
            Ok(list) => faults.extend(
                strangers(name, &list)
                    .iter()
                    .map(|stranger| format!("crates/{name}: must not depend on {stranger}")),
            ),
            Err(fault) => faults.push(format!("{fault:#}")),
        }
    }
    faults
}

/// Packages in the output of `cargo tree --prefix none` that the crate may not have.
pub(super) fn strangers(name: &str, list: &str) -> Vec<String> {
    let allowed =
        PURE.iter().find(|(pure, _)| *pure == name).map_or(&[] as &[&str], |(_, allowed)| allowed);
    let names = list.lines().filter_map(|line| line.split(' ').next());
    let mut strangers: Vec<String> = names
        .filter(|found| !found.is_empty() && *found != name && !allowed.contains(found))
        .map(str::to_owned)
        .collect();
    strangers.sort();
    strangers.dedup();
    strangers
}

/// Whoever takes a dependency in says why, on its line. Our own crates need no reason.
pub(super) fn reasons(tree: &Tree) -> Faults {
    let Some(manifest) = tree.file("Cargo.toml") else {
        return vec!["Cargo.toml: is missing".to_owned()];
    };
    let lines = manifest.text.lines().enumerate();
    lines
        .skip_while(|(_, line)| line.trim() != "[workspace.dependencies]")
        .skip(1)
        .take_while(|(_, line)| !line.starts_with('['))
        .filter(|(_, line)| {
            !line.trim().is_empty() && !line.contains('#') && !line.contains("path = ")
        })
        .map(|(n, line)| format!("Cargo.toml:{}: no reason given: {line}", n + 1))
        .collect()
}
