//! `cargo xtask test`: every test, in one profile, so that the tree is built once.
//!
//! The dev profile builds quickest, and `cargo build --all-targets` makes the very binaries that `cargo test` runs and the
//! server that the Python and browser suites start. A step that fails does not stop the next ones: one run shows all
//! faults. Only what cannot work without a failed step is left out, and counts as failed.
//!
//! Browsers and telephones run by real clocks, on machines that are sometimes too busy for them. A test of theirs that fails
//! is tried once more, without the crowd, and is told of in the summary if it passes then; when more than
//! [`UNSTEADY_LIMIT`] fail, it is no accident.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::time::Instant;
use std::{env, fs, thread};

use anyhow::{Context, Result, bail};

use crate::count::{Count, Runner, count};
use crate::setup::{Need, setup};
use crate::{sh, tidy};

/// The most tests of a suite that may pass only when tried once more.
const UNSTEADY_LIMIT: u64 = 3;

/// One part of the gate.
struct Step {
    name: &'static str,
    /// The steps without which it cannot be tried.
    needs: &'static [&'static str],
    work: fn() -> Work,
}

/// How a step is done.
enum Work {
    /// A function of ours: counts as one test.
    Here(fn() -> Result<Count>),
    /// Programs that pass or fail as a whole: together one test.
    Gate(Vec<Command>),
    /// A test runner, whose own numbers count.
    Suite(Runner, Command),
    /// The same by real clocks: what runs all of it, and what runs again those that failed.
    Clocked(Runner, Command, Command),
    /// Not in this tree, and why.
    Absent(&'static str),
}

const STEPS: &[Step] = &[
    Step {
        name: "setup",
        needs: &[],
        work: || Work::Here(|| setup(Need::Test).map(|()| one(true))),
    },
    Step {
        name: "format",
        needs: &[],
        work: || Work::Gate(vec![sh::cargo(["fmt", "--all", "--check"])]),
    },
    Step { name: "build", needs: &["setup"], work: build },
    Step { name: "unit", needs: &["build"], work: unit },
    Step { name: "clippy", needs: &["setup"], work: clippy },
    Step { name: "tidy", needs: &["build"], work: || Work::Here(tidy::check) },
    Step { name: "web-check", needs: &["setup"], work: || web(None, &["run", "check"]) },
    Step { name: "web-unit", needs: &["setup"], work: || web(Some(Runner::Vitest), &["test"]) },
    Step { name: "python", needs: &["build"], work: python },
    Step { name: "sdk", needs: &["build"], work: sdk },
    Step { name: "e2e", needs: &["build"], work: e2e },
];

fn build() -> Work {
    Work::Gate(vec![sh::cargo(["build", "--workspace", "--all-targets", "--locked"])])
}

fn unit() -> Work {
    Work::Suite(Runner::Cargo, sh::cargo(["test", "--workspace", "--locked", "--no-fail-fast"]))
}

/// Lints need types, so the dependencies are checked once more, as metadata only; their build scripts and macros are shared.
fn clippy() -> Work {
    Work::Gate(vec![sh::cargo([
        "clippy",
        "--workspace",
        "--all-targets",
        "--locked",
        "--",
        "-D",
        "warnings",
    ])])
}

fn web(runner: Option<Runner>, args: &[&str]) -> Work {
    if !sh::root().join("web/package.json").is_file() {
        return Work::Absent("there is no web/package.json");
    }
    let mut npm = sh::command("npm");
    npm.args(["--prefix", "web"]).args(args);
    match runner {
        Some(runner) => Work::Suite(runner, npm),
        None => Work::Gate(vec![npm]),
    }
}

fn python() -> Work {
    let pytest = |more: &[&str]| {
        let mut pytest = sh::command(sh::target().join("venv/bin/python"));
        pytest.args(["-m", "pytest", "tests/python", "-q", "-o"]);
        pytest.arg(format!("cache_dir={}", sh::target().join("pytest").display())).args(more);
        pytest.env("PYTHONDONTWRITEBYTECODE", "1").env_remove("PYTHONPATH");
        pytest
    };
    let again = pytest(&["--last-failed", "--last-failed-no-failures=none"]);
    Work::Clocked(Runner::Pytest, pytest(&["--durations=5"]), again)
}

fn e2e() -> Work {
    match (
        web(Some(Runner::Playwright), &["run", "e2e"]),
        web(Some(Runner::Playwright), &["run", "e2e", "--", "--last-failed"]),
    ) {
        (Work::Suite(runner, all), Work::Suite(_, again)) => Work::Clocked(runner, all, again),
        (other, _) => other,
    }
}

fn sdk() -> Work {
    let folder = sh::root().join("tests/sdk");
    let mut suites: Vec<_> = fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| [".test.js", ".test.mjs", ".test.ts"].iter().any(|end| name.ends_with(end)))
        .collect();
    if suites.is_empty() {
        return Work::Absent("there is no tests/sdk/*.test.*");
    }
    suites.sort();
    let mut node = sh::command("node");
    node.arg("--test").args(suites).current_dir(folder);
    Work::Suite(Runner::Node, node)
}

/// Runs the named steps and what they need; all of them when none is named.
pub(crate) fn run(names: &[String]) -> Result<()> {
    if names.iter().any(|name| name == "--list") {
        for step in STEPS {
            println!("{}", step.name);
        }
        return Ok(());
    }
    if let Some(unknown) = names.iter().find(|name| STEPS.iter().all(|step| step.name != **name)) {
        bail!("there is no step {unknown:?}; `cargo xtask test --list` names them");
    }
    let start = Instant::now();
    let mut sum = Count::default();
    let mut failed: Vec<&str> = Vec::new();
    let mut lines = Vec::new();
    for step in wanted(names) {
        println!("\n=== {} ===", step.name);
        let start = Instant::now();
        let (counted, remark) = match step.needs.iter().find(|need| failed.contains(need)) {
            Some(need) => (one(false), format!("not tried: {need} failed")),
            None => carry_out(step),
        };
        if counted.failed > 0 {
            failed.push(step.name);
        }
        let verdict = if counted.failed > 0 { "FAILED" } else { "ok" };
        let line = format!(
            "{:<10} {verdict:<7} {:7.1} s  {remark}",
            step.name,
            start.elapsed().as_secs_f64()
        );
        println!("{}", line.trim_end());
        lines.push(line);
        sum += counted;
    }
    println!("\n=== summary ===");
    for line in lines {
        println!("{}", line.trim_end());
    }
    println!("{:<18} {:7.1} s\n", "all", start.elapsed().as_secs_f64());
    let skipped =
        if sum.skipped > 0 { format!(", {} skipped", sum.skipped) } else { String::new() };
    println!("{} passed, {} failed{skipped}", sum.passed, sum.failed);
    if sum.failed > 0 {
        std::process::exit(1);
    }
    Ok(())
}

/// The steps to do, in their order.
fn wanted(names: &[String]) -> Vec<&'static Step> {
    let mut wanted: Vec<&str> = names.iter().map(String::as_str).collect();
    if names.is_empty() {
        wanted.extend(STEPS.iter().map(|step| step.name));
    }
    // Backwards, since a step needs only earlier ones.
    for step in STEPS.iter().rev() {
        if wanted.contains(&step.name) {
            wanted.extend(step.needs);
        }
    }
    STEPS.iter().filter(|step| wanted.contains(&step.name)).collect()
}

fn one(passed: bool) -> Count {
    Count { passed: passed.into(), failed: (!passed).into(), skipped: 0 }
}

fn carry_out(step: &Step) -> (Count, String) {
    let outcome = match (step.work)() {
        Work::Here(work) => work().map(|counted| (counted, String::new())),
        Work::Gate(commands) => gate(commands),
        Work::Suite(runner, command) => suite(runner, command),
        Work::Clocked(runner, all, again) => clocked(runner, all, again),
        Work::Absent(why) => {
            Ok((Count { skipped: 1, ..Count::default() }, format!("left out: {why}")))
        }
    };
    outcome.unwrap_or_else(|fault| (one(false), format!("{fault:#}")))
}

fn gate(commands: Vec<Command>) -> Result<(Count, String)> {
    for mut command in commands {
        sh::run(&mut command)?;
    }
    Ok((one(true), String::new()))
}

/// Shows what the runner prints, line by line, and adds up its closing lines. A suite that fails without saying so, or
/// that ran no test, has failed.
fn suite(runner: Runner, mut command: Command) -> Result<(Count, String)> {
    if env::var_os("SANGDAM_BIN").is_none() {
        command.env("SANGDAM_BIN", sh::server());
    }
    let named = sh::line(&command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {named}"))?;
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let mut sum = thread::scope(|scope| {
        let errors = scope.spawn(|| pass_on(runner, err));
        let mut sum = pass_on(runner, out);
        sum += errors.join().unwrap_or_default();
        sum
    });
    let ended_well = child.wait()?.success();
    let remark = if !ended_well && sum.failed == 0 {
        sum += one(false);
        format!("{named} failed")
    } else if sum.passed + sum.failed == 0 {
        sum += one(false);
        "ran no test".to_owned()
    } else {
        format!("{} passed, {} failed", sum.passed, sum.failed)
    };
    Ok((sum, remark))
}

/// A suite, and once more those of its tests that failed, if they are few.
fn clocked(runner: Runner, all: Command, again: Command) -> Result<(Count, String)> {
    let (sum, remark) = suite(runner, all)?;
    if sum.passed == 0 || !(1..=UNSTEADY_LIMIT).contains(&sum.failed) {
        return Ok((sum, remark));
    }
    println!("\n--- once more, those that failed ---");
    let (second, _) = suite(runner, again)?;
    if second.failed > 0 || second.passed < sum.failed {
        return Ok((sum, format!("{remark}, at the second try as well")));
    }
    let passed = sum.passed + second.passed;
    let remark = format!("{passed} passed, {} of them only at the second try", second.passed);
    Ok((Count { passed, failed: 0, ..sum }, remark))
}

fn pass_on(runner: Runner, from: Option<impl Read>) -> Count {
    let mut sum = Count::default();
    let Some(from) = from else { return sum };
    let mut lines = BufReader::new(from);
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
        let text = String::from_utf8_lossy(&line);
        print!("{text}");
        sum += count(runner, &text);
        line.clear();
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_brings_what_it_needs() {
        let names: Vec<_> = wanted(&["python".to_owned()]).iter().map(|step| step.name).collect();
        assert_eq!(names, ["setup", "build", "python"]);
    }

    #[test]
    fn steps_need_only_earlier_steps() {
        for (n, step) in STEPS.iter().enumerate() {
            for need in step.needs {
                assert!(
                    STEPS[..n].iter().any(|before| before.name == *need),
                    "{} needs {need}",
                    step.name
                );
            }
        }
    }

    #[test]
    fn a_suite_without_tests_has_failed() {
        let mut nothing = Command::new("true");
        nothing.env("SANGDAM_BIN", "");
        let (count, remark) = suite(Runner::Pytest, nothing).expect("`true` starts");
        assert_eq!((count.failed, remark.as_str()), (1, "ran no test"));
    }

    fn says(text: &str) -> Command {
        let mut command = Command::new("sh");
        command.arg("-c").arg(text).env("SANGDAM_BIN", "");
        command
    }

    #[test]
    fn a_test_that_fails_twice_has_failed_and_one_that_fails_once_is_told_of() {
        let first = || says("echo '1 failed, 9 passed in 0.1s'; exit 1");
        let tried =
            |again: &str| clocked(Runner::Pytest, first(), says(again)).expect("`sh` starts");
        let (count, remark) = tried("echo '1 passed in 0.1s'");
        assert_eq!(count, Count { passed: 10, failed: 0, skipped: 0 });
        assert_eq!(remark, "10 passed, 1 of them only at the second try");
        for again in ["echo '1 failed in 0.1s'; exit 1", "true", "echo '1 passed in 0.1s'; exit 1"]
        {
            assert_eq!(tried(again).0, Count { passed: 9, failed: 1, skipped: 0 }, "{again}");
        }
    }

    #[test]
    fn many_that_fail_are_no_accident() {
        let all = says("echo '4 failed, 9 passed in 0.1s'; exit 1");
        let again = says("echo '4 passed in 0.1s'");
        let (count, _) = clocked(Runner::Pytest, all, again).expect("`sh` starts");
        assert_eq!(count, Count { passed: 9, failed: 4, skipped: 0 });
    }

    #[test]
    fn a_suite_that_ends_badly_has_failed_whatever_it_printed() {
        let mut liar = Command::new("sh");
        liar.args(["-c", "echo '3 passed in 0.1s'; exit 3"]);
        let (count, _) = suite(Runner::Pytest, liar).expect("`sh` starts");
        assert_eq!(count, Count { passed: 3, failed: 1, skipped: 0 });
    }
}
