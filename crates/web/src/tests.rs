//! What must hold for any set of pages, and that these pages are made from this tree.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use super::*;

/// Whether the file is of this kind.
fn is(asset: &Asset, end: &str) -> bool {
    Path::new(asset.path).extension().is_some_and(|there| there == end)
}

/// Addresses on our own server, between `before` and a quote or bracket.
fn addresses<'a>(text: &'a str, before: &str) -> Vec<&'a str> {
    let found = text.match_indices(before).map(|(at, _)| &text[at + before.len()..]);
    let found = found.filter_map(|rest| rest.split(['"', '\'', ')', '?', '#']).next());
    found
        .filter(|path| path.starts_with('/') && path.contains('.') && !path.starts_with("//"))
        .collect()
}

#[test]
fn what_the_pages_name_is_there() {
    let mut seen = 0;
    for page in all().iter().filter(|asset| is(asset, "html") || is(asset, "css")) {
        let text = std::str::from_utf8(page.bytes).expect("text is UTF-8");
        for path in ["src=\"", "href=\"", "url(", "url(\""]
            .iter()
            .flat_map(|before| addresses(text, before))
        {
            assert!(find(path).is_some(), "{} names {path}", page.path);
            seen += 1;
        }
    }
    assert!(seen > 0, "no page names any file");
}

#[test]
fn each_file_is_found_by_its_path_and_no_other() {
    assert!(all().is_sorted_by(|a, b| a.path < b.path));
    for asset in all() {
        assert!(std::ptr::eq(find(asset.path).expect("is listed"), asset));
    }
    assert!(find("/").is_none());
    assert!(find("/manifest.tsv").is_none());
}

#[test]
fn each_html_carries_the_hash_once_and_is_never_kept() {
    let mark = format!("<meta name=\"sangdam-web\" content=\"{HASH}\">");
    let pages: Vec<_> = all().iter().filter(|asset| is(asset, "html")).collect();
    assert!(!pages.is_empty());
    for page in pages {
        let text = std::str::from_utf8(page.bytes).expect("text is UTF-8");
        assert_eq!(text.matches(&mark).count(), 1, "{}", page.path);
        assert!(!page.immutable, "{}", page.path);
    }
}

#[test]
fn compressed_forms_are_shorter() {
    for asset in all() {
        for form in [asset.brotli, asset.gzip].into_iter().flatten() {
            assert!(form.len() < asset.bytes.len(), "{}", asset.path);
        }
    }
}

/// A folder that is gone when the test is over.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn node(args: &[&Path], folder: &Path) -> String {
    let done =
        Command::new("node").args(args).current_dir(folder).env("NODE_ENV", "production").output();
    let done = done.expect("node built these pages, so it is there");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

#[test]
fn a_second_build_of_this_tree_gives_the_same_bytes() {
    if option_env!("SANGDAM_WEB_PREBUILT").is_some() {
        return; // These pages were made elsewhere; there need not be a node here.
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let web = fs::canonicalize(here.join("../../web")).expect("web/ is there");
    let folder = Folder(env::temp_dir().join(format!("sangdam-web-{}", std::process::id())));
    let (dist, pack, script) =
        (folder.0.join("dist"), folder.0.join("pack"), here.join("pack.mjs"));
    let vite = [
        "node_modules/vite/bin/vite.js",
        "build",
        "--logLevel",
        "warn",
        "--emptyOutDir",
        "--outDir",
    ];
    let mut vite: Vec<&Path> = vite.map(Path::new).to_vec();
    vite.push(&dist);
    node(&vite, &web);
    node(&[&script, Path::new("pack"), &web, &dist, &pack], &web);
    assert_eq!(
        node(&[&script, Path::new("hash"), &web], &web),
        HASH,
        "the tree changed since it was built"
    );
    for asset in all() {
        for (form, end) in [(Some(asset.bytes), ""), (asset.brotli, ".br"), (asset.gzip, ".gz")] {
            let again = fs::read(pack.join(format!("{}{end}", &asset.path[1..]))).ok();
            assert!(again.as_deref() == form, "{}{end} differs", asset.path);
        }
    }
}
