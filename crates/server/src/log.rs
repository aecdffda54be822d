//! What the log looks like. It holds no personal data: no bodies, no tokens, no queries of URLs, no names of people.

use crate::config::LogFormat;
use std::io::IsTerminal as _;
use tracing_subscriber::EnvFilter;

/// Starts logging to standard error. `level` is one of `error`, `warn`, `info`, `debug`, `trace`, or a list such as
/// `info,server::run=debug`; one that cannot be read counts as `info`. A second call changes nothing.
pub fn start(format: LogFormat, level: &str) {
    let filter = EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new("info"));
    // Where the log cannot be written (its disk is full), it is lost; to complain of that on stderr would panic.
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .log_internal_errors(false);
    // A second call is a test's.
    let _ = match format {
        LogFormat::Json => log.json().flatten_event(true).try_init(),
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).try_init(),
    };
}
