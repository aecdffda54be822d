//! A customer who calls the demo over its simulated trunk: what happens is printed, Ctrl-C hangs up.

use super::admin::{Reach, url};
use super::say;
use crate::post;
use anyhow::{Context as _, ensure};
use clap::Args;
use serde_json::{Value, json};
use std::time::Duration;

/// How often it is looked for something new.
const LOOK: Duration = Duration::from_millis(500);

/// Who calls, and whom.
#[derive(Debug, Args)]
pub struct Call {
    /// The caller's number
    #[arg(long)]
    pub from: String,
    /// The number dialled
    #[arg(long)]
    pub to: String,
    /// Hang up after so many seconds
    #[arg(long)]
    pub seconds: Option<u64>,
    /// The server's address; without one, that of the server that runs on the data folder
    #[arg(long)]
    pub url: Option<String>,
    /// The data folder of a server on this machine
    #[arg(long, default_value = "sangdam-data")]
    pub data: std::path::PathBuf,
}

/// Calls until somebody hangs up.
///
/// # Errors
///
/// What the server says against it.
pub async fn run(call: Call) -> anyhow::Result<()> {
    let reach =
        Reach { url: call.url.clone(), data: call.data.clone(), user: String::new(), json: false };
    let calls = format!("{}/api/v1/demo/calls", url(&reach)?);
    let body = json!({"from": call.from, "to": call.to}).to_string();
    let headers = [("content-type", "application/json".to_owned())];
    let answer = post::call("POST", &calls, &headers, Some(body)).await?;
    let made: Value = serde_json::from_slice(&answer.body).context("no JSON was answered")?;
    ensure!(answer.status == 200, "{}", made["error"]["message"].as_str().unwrap_or("refused"));
    let one = format!("{calls}/{}", made["id"]);
    say(&format!(
        "# {} calls {}, contact {}",
        call.from,
        call.to,
        made["cnid"].as_str().unwrap_or_default()
    ));
    let patience = call.seconds.map_or(Duration::MAX, Duration::from_secs);
    tokio::select! {
        over = watch(&one) => over,
        () = sleep(patience) => hang_up(&one).await,
        _ = tokio::signal::ctrl_c() => hang_up(&one).await,
    }
}

async fn sleep(span: Duration) {
    match span {
        Duration::MAX => std::future::pending().await,
        span => tokio::time::sleep(span).await,
    }
}

/// Tells each change, until the call is over.
async fn watch(one: &str) -> anyhow::Result<()> {
    let mut last = String::new();
    loop {
        let answer = post::call("GET", one, &[], None).await?;
        if answer.status == 404 {
            say("# the call is over");
            return Ok(());
        }
        let now: Value = serde_json::from_slice(&answer.body).context("no JSON was answered")?;
        let with = now["with"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let with = with.collect::<Vec<_>>().join(", ");
        let line = match (now["state"].as_str(), now["queue"].as_str()) {
            (Some("waiting"), Some(queue)) => format!("waiting in {queue}"),
            (Some(state), _) => format!("{state} {with}"),
            (None, _) => String::new(),
        };
        if line != last {
            say(&line);
            last = line;
        }
        tokio::time::sleep(LOOK).await;
    }
}

async fn hang_up(one: &str) -> anyhow::Result<()> {
    // A call that is over already needs no hanging up.
    post::call("DELETE", one, &[], None).await?;
    say("# you hung up");
    Ok(())
}
