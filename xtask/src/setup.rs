//! Installs what a command needs on a Debian 12 machine: system packages, the pages' npm packages, a Python for the tests.
//!
//! Quick when all is there: a few files are looked at and node is asked for its version. Only the tests need a browser
//! and Python. Without root (and without a `sudo` that asks nothing) the one line to run is printed instead.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::sh;

/// What the set-up is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Building the server with its pages.
    Build,
    /// Building it and running every test.
    Test,
}

/// The oldest node that vite runs on.
const NODE: (u32, u32) = (20, 19);

/// Makes the machine ready, or says in one line what is to be done.
pub(crate) fn setup(need: Need) -> Result<()> {
    let missing = missing(need);
    if !missing.is_empty() {
        install(&missing)?;
    }
    node()?;
    if need == Need::Test {
        packages("web")?;
        packages("tests/sdk")?;
        python()?;
    }
    Ok(())
}

/// Debian packages that are wanted and not there.
fn missing(need: Need) -> Vec<&'static str> {
    let mut missing = Vec::new();
    // SQLite and AWS-LC are built from C; libopus by cmake.
    if sh::which("cc").is_none() {
        missing.extend(["gcc", "libc6-dev"]);
    }
    if sh::which("cmake").is_none() {
        missing.extend(["cmake", "make"]);
    }
    if need == Need::Test {
        if sh::which("chromium").is_none() {
            missing.push("chromium");
        }
        if !Path::new("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc").exists() {
            missing.push("fonts-noto-cjk");
        }
        // Telephones that are not ours.
        if sh::which("sipp").is_none() {
            missing.push("sip-tester");
        }
        if sh::which("baresip").is_none() {
            missing.push("baresip-core");
        }
        if sh::which("python3").is_none() {
            missing.push("python3");
        }
        if !venv_ready() && !quiet(Command::new("python3").args(["-c", "import ensurepip, venv"])) {
            missing.push("python3-venv");
        }
    }
    missing
}

fn install(packages: &[&str]) -> Result<()> {
    let packages = packages.join(" ");
    let line = format!("apt-get update && apt-get install -y --no-install-recommends {packages}");
    if sh::which("apt-get").is_none() {
        bail!("please install what Debian calls: {packages}");
    }
    println!("installing {packages}");
    let root = sh::read(Command::new("id").arg("-u"))?.trim() == "0";
    let mut shell = if root {
        Command::new("sh")
    } else if quiet(Command::new("sudo").args(["-n", "true"])) {
        let mut sudo = Command::new("sudo");
        sudo.args(["-n", "sh"]);
        sudo
    } else {
        bail!("packages are missing; as root, run:\n  {line}");
    };
    shell.arg("-c").arg(format!("export DEBIAN_FRONTEND=noninteractive; {line}"));
    sh::run(shell.stdout(Stdio::null())).with_context(|| format!("could not install {packages}"))
}

fn node() -> Result<()> {
    let (major, minor) = NODE;
    let version = sh::read(Command::new("node").arg("--version")).with_context(|| {
        format!("node {major}.{minor} or newer builds the pages; Debian's own is too old")
    })?;
    let mut parts =
        version.trim().trim_start_matches('v').split('.').map(|part| part.parse().unwrap_or(0));
    if (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) < NODE {
        bail!(
            "node {} is too old: {major}.{minor} or newer is needed to build the pages",
            version.trim()
        );
    }
    if sh::which("npm").is_none() {
        bail!("npm is missing: it comes with node");
    }
    Ok(())
}

/// All packages of a folder, test tools included. `crates/web/build.rs` installs only what builds the pages and knows
/// by `.sangdam-lock` that it need not; `.sangdam-lock-dev` says that the test tools are there too.
fn packages(folder: &str) -> Result<()> {
    let folder = sh::root().join(folder);
    let Ok(lock) = fs::read(folder.join("package-lock.json")) else {
        return Ok(());
    };
    let stamp = folder.join("node_modules/.sangdam-lock-dev");
    if fs::read(&stamp).is_ok_and(|there| there == lock) {
        return Ok(());
    }
    println!("installing npm packages of {}", folder.display());
    let ci = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
    sh::run(sh::command("npm").args(ci).current_dir(&folder))?;
    // A folder without dependencies gets no node_modules from npm.
    fs::create_dir_all(folder.join("node_modules"))?;
    fs::write(folder.join("node_modules/.sangdam-lock"), &lock)?;
    fs::write(stamp, lock).context("cannot write the stamp of the npm packages")
}

fn venv_ready() -> bool {
    let wanted = fs::read(sh::root().join("tests/python/requirements.txt"));
    let there = fs::read(sh::target().join("venv/.requirements"));
    matches!((wanted, there), (Ok(wanted), Ok(there)) if wanted == there)
}

fn python() -> Result<()> {
    let requirements = sh::root().join("tests/python/requirements.txt");
    if venv_ready() || !requirements.is_file() {
        return Ok(());
    }
    println!("making the tests' Python environment");
    let venv = sh::target().join("venv");
    sh::run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&venv))?;
    let mut pip = Command::new(venv.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement"]);
    sh::run(pip.arg(&requirements).env_remove("PYTHONPATH"))?;
    fs::copy(requirements, venv.join(".requirements"))?;
    Ok(())
}

/// Whether it runs and ends well; its words are nobody's business.
fn quiet(command: &mut Command) -> bool {
    let silent = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    silent.status().is_ok_and(|status| status.success())
}
