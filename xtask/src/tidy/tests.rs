//! Every rule holds for this tree, and sees what it is there for in a bad one.

use super::*;

/// A tree that exists only here.
fn tree<const N: usize>(files: [(&str, &str); N]) -> Tree {
    let file = |(path, text): (&str, &str)| File { path: path.to_owned(), text: text.to_owned() };
    Tree { root: PathBuf::from("nowhere"), files: files.into_iter().map(file).collect() }
}

#[track_caller]
fn finds(rule: Rule, path: &str, text: &str) {
    assert!(!rule(&tree([(path, text)])).is_empty(), "not seen in {path}: {text}");
}

#[track_caller]
fn allows(rule: Rule, path: &str, text: &str) {
    assert_eq!(rule(&tree([(path, text)])), Faults::new(), "in {path}: {text}");
}

macro_rules! holds {
    ($($test:ident: $rule:path;)*) => {$(
        #[test]
        fn $test() {
            let faults = $rule(&Tree::read().expect("the tree can be read"));
            assert!(faults.is_empty(), "\n{}", faults.join("\n"));
        }
    )*};
}

holds! {
    pure_crates_have_only_allowed_dependencies: dependencies::pure_crates;
    each_dependency_has_its_reason: dependencies::reasons;
    one_file_each_for_clock_chance_tasks_and_calls_out: source::world;
    facades_do_not_import_each_other: source::facades;
    domain_names_no_wire_format: source::domain_wire;
    modules_begin_with_what_they_are: source::headers;
    files_are_named_for_the_thing_in_them: source::names;
    nothing_is_left_for_later: text::leftovers;
    no_paths_of_a_machine: text::machine_paths;
    links_lead_somewhere: text::links;
    generated_files_are_fresh: generated::fresh;
}

#[test]
fn every_rule_is_a_test_here() {
    let listed = include_str!("../tidy.rs").lines().filter(|line| line.starts_with("    (\""));
    let rules: Vec<_> =
        listed.filter_map(|line| line.rsplit_once(", ")?.1.strip_suffix("),")).collect();
    assert_eq!(rules.len(), RULES.len());
    for rule in rules {
        assert!(include_str!("tests.rs").contains(&format!(": {rule};")), "{rule} is no test");
    }
}

#[test]
fn the_world_is_touched_in_four_files_only() {
    for (code, home) in [
        ("let now = Instant::now();", "clock.rs"),
        ("let now = std::time::SystemTime::now();", "clock.rs"),
        ("getrandom::fill(&mut bytes)", "chance.rs"),
        ("let n: u32 = rand::random();", "chance.rs"),
        ("tokio::spawn(work)", "tasks.rs"),
        ("thread::Builder::new()", "tasks.rs"),
        ("let client = reqwest::Client::new();", "post.rs"),
    ] {
        finds(source::world, "crates/server/src/run.rs", code);
        finds(source::world, "crates/facade/src/connect/socket.rs", code);
        allows(source::world, &format!("crates/server/src/{home}"), code);
        allows(source::world, "crates/server/tests/it/main.rs", code);
        allows(source::world, "crates/server/src/run.rs", &format!("// never {code}"));
        allows(
            source::world,
            "crates/server/src/run.rs",
            &format!("#[cfg(test)]\nmod tests {{\n    {code}\n}}"),
        );
    }
    allows(source::world, "crates/domain/src/room.rs", "let operand = brand::name();");
    finds(
        source::world,
        "crates/server/src/run.rs",
        "#[cfg(test)]\nmod tests;\nfn f() { Instant::now(); }",
    );
}

#[test]
fn a_facade_that_imports_another_is_seen() {
    let pair = |text| {
        tree([
            ("crates/facade/src/nx/connect.rs", text),
            ("crates/facade/src/connect/socket.rs", ""),
            ("crates/facade/src/sniff/tests.rs", ""),
        ])
    };
    for bad in [
        "use crate::connect::socket;",
        "use crate::{door, connect};",
        "use super::super::connect::Socket;",
    ] {
        assert_eq!(source::facades(&pair(bad)).len(), 1, "{bad}");
    }
    for good in [
        "use crate::door::Session;",
        "use crate::nx::event;",
        "use crate::sniff::kind;",
        "use super::connect;",
        "// crate::connect",
    ] {
        assert!(source::facades(&pair(good)).is_empty(), "{good}");
    }
}

#[test]
fn a_wire_format_in_domain_is_seen() {
    finds(source::domain_wire, "crates/domain/src/room.rs", "use serde_json::Value;");
    allows(
        source::domain_wire,
        "crates/domain/src/room.rs",
        "#[cfg(test)]\nmod tests {\n    use serde_json::Value;\n}",
    );
    allows(source::domain_wire, "crates/facade/src/door.rs", "use serde_json::Value;");
}

#[test]
fn a_module_without_a_sentence_is_seen() {
    finds(source::headers, "crates/domain/src/room.rs", "use std::fmt;\n//! Too late.");
    allows(source::headers, "crates/domain/src/room.rs", "//! A room.\n");
}

#[test]
fn names_that_say_nothing_are_seen() {
    finds(source::names, "crates/domain/src/utils.rs", "");
    finds(source::names, "crates/domain/src/common/room.rs", "");
    finds(source::names, "web/src/helpers.ts", "");
    allows(source::names, "crates/domain/src/room.rs", "");
}

#[test]
fn what_is_left_for_later_is_seen() {
    let (later, broken) = (concat!("TO", "DO"), concat!("FIX", "ME"));
    finds(text::leftovers, "docs/errors.md", &format!("{later}: write this"));
    finds(text::leftovers, "web/src/desk.ts", &format!("// {broken} soon"));
    finds(text::leftovers, "crates/domain/src/room.rs", concat!("to", "do!()"));
    finds(text::leftovers, "crates/domain/src/room.rs", concat!("unimple", "mented!(\"x\")"));
    allows(text::leftovers, "web/src/desk.ts", "const MASTODON = 1;");
}

#[test]
fn paths_of_a_machine_are_seen() {
    finds(text::machine_paths, "docs/a.md", concat!("see /wo", "rk/main"));
    finds(text::machine_paths, "docs/a.md", concat!("`/ro", "ot/.cargo`"));
    allows(text::machine_paths, "docs/a.md", concat!("https://sangdam.test/wo", "rk/1"));
    let address = r#"    "resolved": "http://mirror.internal/vite.tgz","#;
    finds(text::machine_paths, "web/package-lock.json", address);
    allows(
        text::machine_paths,
        "web/package-lock.json",
        r#"  "resolved": "https://registry.npmjs.org/v.tgz""#,
    );
}

#[test]
fn links_that_lead_nowhere_are_seen() {
    finds(text::links, "docs/a.md", "see [b](b.md)");
    finds(text::links, "README.md", "see [b](docs/b.md#part)");
    for good in ["[x](https://sangdam.test)", "[x](#part)", "`[x](y.md)`", "```\n[x](y.md)\n```"] {
        allows(text::links, "docs/a.md", good);
    }
    let pair = tree([
        ("docs/a.md", "[b](b.md) [r](../README.md#x) [d](./)"),
        ("docs/b.md", ""),
        ("README.md", ""),
    ]);
    assert_eq!(text::links(&pair), Faults::new());
}

#[test]
fn a_dependency_without_a_reason_is_seen() {
    let text = "[workspace.dependencies]\nserde = \"1\" # facts\nhyper = \"1\"\nweb = { path = \"x\" }\n[profile.dev]\nx = 1\n";
    let faults = dependencies::reasons(&tree([("Cargo.toml", text)]));
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert!(faults[0].contains("hyper"), "{faults:?}");
}

#[test]
fn a_pure_crate_with_a_runtime_is_seen() {
    let tree = "facade v0.1.0 (somewhere)\nserde v1.0.1\ntokio v1.54.0\n";
    assert_eq!(dependencies::strangers("facade", tree), ["tokio"]);
}
