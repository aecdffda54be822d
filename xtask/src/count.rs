//! Reads the closing lines of test runners: how many passed, failed, were skipped.

use std::ops::AddAssign;

/// How many tests did what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) skipped: u64,
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
    }
}

/// Whose closing lines to look for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Runner {
    Cargo,
    Pytest,
    Node,
    Vitest,
    Playwright,
}

/// What one line of a runner's output adds to its sum.
pub(crate) fn count(runner: Runner, line: &str) -> Count {
    let line = plain(line);
    let line = line.trim();
    let numbers = match runner {
        // test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s
        Runner::Cargo => line
            .strip_prefix("test result: ")
            .and_then(|rest| rest.split_once(". "))
            .map(|(_, n)| n),
        // ==== 1 failed, 70 passed, 2 skipped in 12.30s ====, without the bars under -q
        Runner::Pytest => line.trim_matches('=').trim().split_once(" in ").map(|(n, _)| n),
        // # pass 3 (TAP) or ℹ pass 3 (spec)
        Runner::Node => line.strip_prefix("# ").or_else(|| line.strip_prefix("ℹ ")),
        // Tests  1 failed | 11 passed (12)
        Runner::Vitest => line.strip_prefix("Tests ").map(|n| n.split('(').next().unwrap_or(n)),
        // 11 passed (15.2s), each number on a line of its own
        Runner::Playwright => Some(line.split('(').next().unwrap_or(line)),
    };
    let mut sum = Count::default();
    for part in numbers.unwrap_or_default().split([',', ';', '|']) {
        sum += pair(part.trim());
    }
    sum
}

/// `12 passed` or `pass 12`, and nothing else.
fn pair(part: &str) -> Count {
    let Some((left, right)) = part.split_once(' ') else { return Count::default() };
    let (number, word) = match (left.parse(), right.trim().parse()) {
        (Ok(number), _) => (number, right.trim()),
        (_, Ok(number)) => (number, left),
        _ => return Count::default(),
    };
    match word {
        "passed" | "pass" | "xfailed" => Count { passed: number, ..Count::default() },
        "failed" | "fail" | "error" | "errors" | "flaky" | "cancelled" | "did not run"
        | "interrupted" | "xpassed" => Count { failed: number, ..Count::default() },
        "skipped" | "ignored" | "todo" => Count { skipped: number, ..Count::default() },
        _ => Count::default(),
    }
}

/// The line without the colours of a terminal.
fn plain(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            out.push(c);
        } else if chars.next() == Some('[') {
            chars.by_ref().find(char::is_ascii_alphabetic);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(runner: Runner, line: &str, passed: u64, failed: u64, skipped: u64) {
        assert_eq!(count(runner, line), Count { passed, failed, skipped }, "{line}");
    }

    #[test]
    fn reads_the_closing_line_of_each_runner() {
        let line = "test result: FAILED. 12 passed; 2 failed; 1 ignored; 0 measured; 4 filtered out; finished in 0.01s";
        check(Runner::Cargo, line, 12, 2, 1);
        check(
            Runner::Pytest,
            "=== 3 failed, 70 passed, 2 skipped, 1 error in 12.30s ===",
            70,
            4,
            2,
        );
        check(
            Runner::Pytest,
            "\u{1b}[32m\u{1b}[1m70 passed\u{1b}[0m\u{1b}[32m in 1.30s\u{1b}[0m",
            70,
            0,
            0,
        );
        check(Runner::Node, "ℹ pass 3", 3, 0, 0);
        check(Runner::Node, "# fail 1", 0, 1, 0);
        check(Runner::Node, "# todo 1", 0, 0, 1);
        check(Runner::Vitest, "      Tests  1 failed | 11 passed (12)", 11, 1, 0);
        check(Runner::Playwright, "  11 passed (15.2s)", 11, 0, 0);
        check(Runner::Playwright, "  2 did not run", 0, 2, 0);
    }

    #[test]
    fn other_lines_count_nothing() {
        check(Runner::Cargo, "test room::tests::says_12_passed ... ok", 0, 0, 0);
        check(Runner::Vitest, " Test Files  2 passed (2)", 0, 0, 0);
        check(Runner::Playwright, "Running 11 tests using 2 workers", 0, 0, 0);
        check(Runner::Node, "# tests 4", 0, 0, 0);
        check(Runner::Node, "# duration_ms 12.5", 0, 0, 0);
        check(Runner::Pytest, "tests/python/test_connect.py .... [100%]", 0, 0, 0);
    }
}
