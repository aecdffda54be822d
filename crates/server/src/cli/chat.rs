//! A customer in the terminal, over Amazon Connect's chat API: lines that are typed are said, what comes is printed.

use super::admin::{Reach, url};
use super::say;
use crate::{clock, demo, post, tasks};
use anyhow::{Context as _, bail, ensure};
use clap::Args;
use facade::connect::sigv4::{Secret, Signed, Signer, sign};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::BufRead as _;
use std::time::Duration;
use tokio::sync::mpsc;

/// How often it is looked for something new.
const LOOK: Duration = Duration::from_millis(700);

/// Who chats, and with whom.
#[derive(Debug, Args)]
pub struct Chat {
    /// The number of a queue or bot of the demo, or a flow's id
    #[arg(long)]
    pub to: String,
    /// What the customer calls themself
    #[arg(long, default_value = "홍길동")]
    pub name: String,
    /// The instance's id
    #[arg(long, default_value = demo::INSTANCE)]
    pub instance: String,
    /// The access key; its secret is taken from the variable `SANGDAM_SECRET`, else it is the demo's
    #[arg(long, default_value = demo::KEY.0)]
    pub key: String,
    /// The server's address; without one, that of the server that runs on the data folder
    #[arg(long)]
    pub url: Option<String>,
    /// The data folder of a server on this machine
    #[arg(long, default_value = "sangdam-data")]
    pub data: std::path::PathBuf,
}

/// A chat that has been joined.
struct Joined {
    base: String,
    token: String,
    me: String,
    seen: BTreeSet<String>,
}

/// Chats until the end of the input, of the chat, or Ctrl-C.
///
/// # Errors
///
/// What the server says against it.
pub async fn run(chat: Chat) -> anyhow::Result<()> {
    let reach =
        Reach { url: chat.url.clone(), data: chat.data.clone(), user: String::new(), json: false };
    let base = url(&reach)?;
    let mut joined = join(&chat, base).await?;
    let mut input = lines()?;
    let mut open = true;
    loop {
        tokio::select! {
            line = input.recv(), if open => match line {
                Some(line) if line.trim().is_empty() => {}
                Some(line) => joined.say(&line).await?,
                None => open = false,
            },
            () = tokio::time::sleep(LOOK) => {
                if joined.look().await? {
                    return Ok(());
                }
                if !open {
                    return joined.leave().await;
                }
            }
            _ = tokio::signal::ctrl_c() => return joined.leave().await,
        }
    }
}

/// What is typed, line by line, until its end.
fn lines() -> std::io::Result<mpsc::Receiver<String>> {
    let (send, receive) = mpsc::channel(16);
    tasks::thread("input", move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if send.blocking_send(line).is_err() {
                return;
            }
        }
    })?;
    Ok(receive)
}

async fn join(chat: &Chat, base: String) -> anyhow::Result<Joined> {
    let flow = if chat.to.len() == 36 { chat.to.clone() } else { demo::flow(&chat.to) };
    let body = json!({ "InstanceId": chat.instance, "ContactFlowId": flow, "ParticipantDetails": { "DisplayName": chat.name } }).to_string();
    let host = base.split_once("://").context("an address begins with http:// or https://")?.1;
    let secret =
        Secret::new(std::env::var("SANGDAM_SECRET").unwrap_or_else(|_| demo::KEY.1.to_owned()));
    let headers = vec![
        ("content-type".to_owned(), "application/json".to_owned()),
        ("host".to_owned(), host.to_owned()),
    ];
    let unsigned = Signed {
        method: "PUT",
        raw_path: "/contact/chat",
        raw_query: "",
        headers: &headers,
        body: body.as_bytes(),
        tls: base.starts_with("https"),
    };
    let key =
        Signer { access_key: &chat.key, secret: &secret, region: "us-east-1", service: "connect" };
    let [date, authorization] = sign(&unsigned, &key, clock::now().0)
        .map_err(|_| anyhow::anyhow!("the request cannot be signed"))?;
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("x-amz-date", date.1),
        ("authorization", authorization.1),
    ];
    let started =
        answer(&post::call("PUT", &format!("{base}/contact/chat"), &headers, Some(body)).await?)?;
    let text = |value: &Value, member: &str| {
        value[member]
            .as_str()
            .map(str::to_owned)
            .with_context(|| format!("the server gave no {member}"))
    };
    let bearer = text(&started, "ParticipantToken")?;
    let wanted = json!({ "Type": ["CONNECTION_CREDENTIALS"], "ConnectParticipant": true });
    let connected = participant(&base, &bearer, "connection", &wanted).await?;
    say(&format!("# contact {}; type, Enter says it, Ctrl-C leaves", text(&started, "ContactId")?));
    Ok(Joined {
        base,
        token: text(&connected["ConnectionCredentials"], "ConnectionToken")?,
        me: text(&started, "ParticipantId")?,
        seen: BTreeSet::new(),
    })
}

async fn participant(base: &str, bearer: &str, verb: &str, body: &Value) -> anyhow::Result<Value> {
    let headers =
        [("content-type", "application/json".to_owned()), ("x-amz-bearer", bearer.to_owned())];
    answer(
        &post::call(
            "POST",
            &format!("{base}/participant/{verb}"),
            &headers,
            Some(body.to_string()),
        )
        .await?,
    )
}

fn answer(answer: &post::Answer) -> anyhow::Result<Value> {
    let value: Value = serde_json::from_slice(&answer.body)
        .with_context(|| format!("answered {}", answer.status))?;
    ensure!(
        answer.status < 300,
        "{} ({})",
        value["message"].as_str().unwrap_or("refused"),
        answer.status
    );
    Ok(value)
}

impl Joined {
    async fn say(&self, line: &str) -> anyhow::Result<()> {
        participant(
            &self.base,
            &self.token,
            "message",
            &json!({ "ContentType": "text/plain", "Content": line }),
        )
        .await?;
        Ok(())
    }

    async fn leave(&self) -> anyhow::Result<()> {
        participant(&self.base, &self.token, "disconnect", &json!({})).await?;
        say("# you left");
        Ok(())
    }

    /// Prints what is new; true if the chat is over.
    async fn look(&mut self) -> anyhow::Result<bool> {
        let wanted = json!({ "MaxResults": 100, "ScanDirection": "BACKWARD", "SortOrder": "ASCENDING", "StartPosition": {} });
        let page = match participant(&self.base, &self.token, "transcript", &wanted).await {
            Ok(page) => page,
            // The token dies with the chat.
            Err(fault) if fault.to_string().contains("(403)") => {
                say("# the chat is over");
                return Ok(true);
            }
            Err(fault) => bail!(fault),
        };
        let mut over = false;
        for item in page["Transcript"].as_array().into_iter().flatten() {
            let text = |member: &str| item[member].as_str().unwrap_or("");
            if !self.seen.insert(text("Id").to_owned()) {
                continue;
            }
            over |= text("ContentType").ends_with("chat.ended");
            match text("Type") {
                "MESSAGE" if text("ParticipantId") == self.me => {}
                "MESSAGE" => say(&format!("{}: {}", text("DisplayName"), text("Content"))),
                "ATTACHMENT" => say(&format!("# {} sent a file", text("DisplayName"))),
                _ => say(format!(
                    "# {} {}",
                    text("ContentType").rsplit('.').next().unwrap_or(""),
                    text("DisplayName")
                )
                .trim_end()),
            }
        }
        Ok(over)
    }
}
