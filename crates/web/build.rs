//! Builds the pages of the top-level `web/` and writes `assets.rs`, which includes them as bytes.
//!
//! 1. `npm ci` if the lock differs from the one that `node_modules` was made from (test tools are left out, but never
//!    removed as long as the lock stays the same);
//! 2. vite, into `OUT_DIR/dist`;
//! 3. `pack.mjs`, into `OUT_DIR/pack`: hash, compressed forms, and `manifest.tsv`, which becomes `assets.rs` here.
//!
//! `SANGDAM_WEB_PREBUILT` names a `pack` folder made elsewhere: then no node is needed. Outside of `OUT_DIR` only
//! `web/node_modules` is written. Whatever is read is named to cargo, so that nothing runs when nothing changed.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;
use std::{env, fs};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Folders of `web/` that the pages are made of, besides the files that lie directly in it. `pack.mjs` hashes the same.
const SOURCES: &[&str] = &["public", "sdk", "src"];

fn main() {
    if let Err(fault) = build() {
        println!("cargo::error={fault}");
        std::process::exit(1);
    }
}

fn build() -> Result<()> {
    println!("cargo::rerun-if-env-changed=SANGDAM_WEB_PREBUILT");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=pack.mjs");
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);
    let pack = match env::var_os("SANGDAM_WEB_PREBUILT") {
        Some(prebuilt) => {
            let prebuilt = fs::canonicalize(&prebuilt)
                .map_err(|fault| format!("SANGDAM_WEB_PREBUILT={}: {fault}", prebuilt.display()))?;
            println!("cargo::rerun-if-changed={}", prebuilt.display());
            prebuilt
        }
        None => pages(&here, &out)?,
    };
    let manifest = fs::read_to_string(pack.join("manifest.tsv"))
        .map_err(|fault| format!("{}: {fault}", pack.join("manifest.tsv").display()))?;
    fs::write(out.join("assets.rs"), assets(&pack, &manifest)?)?;
    Ok(())
}

/// Runs npm, vite and `pack.mjs`; gives the folder that the last one wrote.
fn pages(here: &Path, out: &Path) -> Result<PathBuf> {
    let web = fs::canonicalize(here.join("../../web")).map_err(|fault| format!("web/: {fault}"))?;
    let mut sources: Vec<PathBuf> = SOURCES.iter().map(|folder| web.join(folder)).collect();
    for entry in fs::read_dir(&web)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            sources.push(entry.path());
        }
    }
    for source in sources.iter().filter(|source| source.exists()) {
        println!("cargo::rerun-if-changed={}", source.display());
    }
    packages(&web)?;
    let (dist, pack) = (out.join("dist"), out.join("pack"));
    let vite = [
        "node_modules/vite/bin/vite.js",
        "build",
        "--logLevel",
        "warn",
        "--emptyOutDir",
        "--outDir",
    ];
    run(Command::new("node")
        .args(vite)
        .arg(&dist)
        .current_dir(&web)
        .env("NODE_ENV", "production"))?;
    run(Command::new("node").arg(here.join("pack.mjs")).arg("pack").args([&web, &dist, &pack]))?;
    Ok(pack)
}

/// Installs what vite needs, unless it is there already.
fn packages(web: &Path) -> Result<()> {
    let path = web.join("package-lock.json");
    let stamp = web.join("node_modules/.sangdam-lock");
    let made = web.join("node_modules/.package-lock.json");
    // Two builds at once (another target folder, another profile) must not both run npm in one folder.
    let guard = fs::File::open(&path).map_err(|fault| format!("{}: {fault}", path.display()))?;
    guard.lock()?;
    let lock = fs::read(&path)?;
    if fs::read(&stamp).is_ok_and(|there| there == lock) {
        return Ok(());
    }
    // A developer's own `npm ci` leaves no stamp, but a list of its own that is younger than the lock.
    let by_hand =
        !stamp.exists() && web.join("node_modules/vite").exists() && age(&made)? > age(&path)?;
    if !by_hand {
        let ci =
            ["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
        run(Command::new("npm").args(ci).current_dir(web))?;
    }
    fs::write(stamp, lock)?;
    Ok(())
}

/// When the file was last written; a missing one is as old as can be.
fn age(file: &Path) -> Result<SystemTime> {
    if file.exists() { Ok(fs::metadata(file)?.modified()?) } else { Ok(SystemTime::UNIX_EPOCH) }
}

fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let line: Vec<_> = command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let line = format!("{program} {}", line.join(" "));
    // Output of a build script is shown only when it fails, and then all of it.
    let status = command.stdin(Stdio::null()).status().map_err(|fault| {
        format!(
            "cannot run {program} ({fault}): node 20.19 or newer and npm build the pages of web/"
        )
    })?;
    if status.success() { Ok(()) } else { Err(format!("`{line}` ended with {status}").into()) }
}

/// The source text of the list that `lib.rs` includes.
fn assets(pack: &Path, manifest: &str) -> Result<String> {
    let (head, rows) = manifest.split_once('\n').ok_or("manifest.tsv is empty")?;
    let hash = head.strip_prefix("hash\t").ok_or("manifest.tsv does not begin with the hash")?;
    let mut code = format!(
        "pub(crate) const HASH: &str = {hash:?};\n\npub(crate) static ASSETS: &[Asset] = &[\n"
    );
    for row in rows.lines() {
        let [path, mime, immutable, etag, brotli, gzip] = row.split('\t').collect::<Vec<_>>()[..]
        else {
            return Err(format!("manifest.tsv: not six columns: {row}").into());
        };
        let include =
            |end: &str| format!("include_bytes!({:?})", format!("{}{path}{end}", pack.display()));
        let form = |there: &str, end: &str| {
            if there == "1" { format!("Some({})", include(end)) } else { "None".to_owned() }
        };
        let (bytes, brotli, gzip) = (include(""), form(brotli, ".br"), form(gzip, ".gz"));
        writeln!(
            code,
            "    Asset {{ path: {path:?}, bytes: {bytes}, brotli: {brotli}, gzip: {gzip}, mime: {mime:?}, \
             immutable: {}, etag: {etag:?} }},",
            immutable == "1"
        )?;
    }
    code.push_str("];\n");
    Ok(code)
}
