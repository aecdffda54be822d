//! Looks at a running server's set-up and changes it, over `/api/v1`. With `--json` every answer is the API's own.

use super::say;
use crate::post;
use crate::start::ready::{FILE, Ready};
use anyhow::{Context as _, bail, ensure};
use clap::{Args, Subcommand};
use serde_json::{Map, Value};
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::PathBuf;

/// Which server, and who asks.
#[derive(Debug, Clone, Args)]
pub struct Reach {
    /// The server's address; without one, that of the server that runs on the data folder
    #[arg(long, global = true)]
    pub url: Option<String>,
    /// The data folder of a server on this machine
    #[arg(long, global = true, default_value = "sangdam-data")]
    pub data: PathBuf,
    /// Who logs in; the password is taken from the variable `SANGDAM_PASSWORD`, else asked for; a one-time code, where one
    /// is needed, from `SANGDAM_CODE`
    #[arg(long, global = true, default_value = "admin")]
    pub user: String,
    /// Print what the API answers
    #[arg(long, global = true)]
    pub json: bool,
}

/// What to do with entries of one kind.
#[derive(Debug, Args)]
pub struct Kind {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    reach: Reach,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// All of them
    List,
    /// One of them
    Show {
        /// Its name
        name: String,
    },
    /// Add one that is not there
    Add {
        /// Its name
        name: String,
        /// member=value, as the API names them; a value is JSON, or else a text
        #[arg(value_name = "MEMBER=VALUE")]
        members: Vec<String>,
    },
    /// Change one that is there
    Change {
        /// Its name
        name: String,
        /// member=value; what is not named stays, `member=null` takes it away
        #[arg(value_name = "MEMBER=VALUE", required = true)]
        members: Vec<String>,
    },
    /// Remove one
    Remove {
        /// Its name
        name: String,
    },
}

/// What to do with the realm itself.
#[derive(Debug, Args)]
pub struct Realm {
    #[command(subcommand)]
    verb: RealmVerb,
    #[command(flatten)]
    reach: Reach,
}

#[derive(Debug, Subcommand)]
enum RealmVerb {
    /// What it is
    Show,
    /// Change it
    Change {
        /// member=value; what is not named stays
        #[arg(value_name = "MEMBER=VALUE", required = true)]
        members: Vec<String>,
    },
}

/// Write the set-up, or put one in.
#[derive(Debug, Args)]
pub struct Document {
    /// The file; without one, standard output or input
    pub file: Option<PathBuf>,
    #[command(flatten)]
    reach: Reach,
}

/// A session at a server's API.
pub(super) struct Api {
    base: String,
    token: String,
}

impl Api {
    pub(super) async fn log_in(reach: &Reach) -> anyhow::Result<Self> {
        let base = format!("{}/api/v1", url(reach)?);
        let password = match std::env::var("SANGDAM_PASSWORD") {
            Ok(password) => password,
            Err(_) => ask_password(&reach.user)?,
        };
        let mut body = serde_json::json!({ "user": reach.user, "password": password });
        if let Ok(code) = std::env::var("SANGDAM_CODE") {
            body["code"] = code.into();
        }
        let answer = call("POST", &format!("{base}/session"), None, Some(&body)).await?;
        let token = answer["token"].as_str().context("the server gave no token")?.to_owned();
        Ok(Self { base, token })
    }

    async fn call(&self, method: &str, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        call(method, &format!("{}{path}", self.base), Some(&self.token), body).await
    }

    /// Puts a text of TOML; what the API says against it is the inner error.
    pub(super) async fn put_toml(
        &self,
        path: &str,
        text: &str,
    ) -> anyhow::Result<Result<Value, Value>> {
        let (status, body) = self.text("PUT", path, Some(text)).await?;
        let mut value: Value = serde_json::from_slice(&body)
            .with_context(|| format!("{}: answered {status}", self.base))?;
        Ok(if status < 300 { Ok(value) } else { Err(value["error"].take()) })
    }

    /// Gets a text.
    pub(super) async fn get_text(&self, path: &str) -> anyhow::Result<String> {
        let (status, body) = self.text("GET", path, None).await?;
        let text = String::from_utf8(body).context("the answer is no text")?;
        ensure!(status < 300, "answered {status}: {text}");
        Ok(text)
    }

    async fn text(
        &self,
        method: &str,
        path: &str,
        body: Option<&str>,
    ) -> anyhow::Result<(u16, Vec<u8>)> {
        let headers = [
            ("content-type", "application/toml".to_owned()),
            ("authorization", format!("Bearer {}", self.token)),
        ];
        let url = format!("{}{path}", self.base);
        let answer = post::call(method, &url, &headers, body.map(str::to_owned)).await;
        let answer = answer.with_context(|| url.clone())?;
        Ok((answer.status, answer.body))
    }

    pub(super) async fn log_out(self) {
        // The session would end by itself, too.
        let _ = self.call("DELETE", "/session", None).await;
    }
}

/// The address that was named, or that of the server on the data folder.
pub(super) fn url(reach: &Reach) -> anyhow::Result<String> {
    if let Some(url) = &reach.url {
        return Ok(url.trim_end_matches('/').to_owned());
    }
    let path = reach.data.join(FILE);
    let text = std::fs::read_to_string(&path).with_context(|| {
        format!("no server runs on {} (or name one by --url)", reach.data.display())
    })?;
    let ready: Ready = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
    ready.http.context("the server has no HTTP port: name its address by --url")
}

fn ask_password(user: &str) -> anyhow::Result<String> {
    super::say_error(&format!("password of {user}?"));
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

async fn call(
    method: &str,
    url: &str,
    token: Option<&str>,
    body: Option<&Value>,
) -> anyhow::Result<Value> {
    let mut headers = vec![("content-type", "application/json".to_owned())];
    headers.extend(token.map(|token| ("authorization", format!("Bearer {token}"))));
    let answer = post::call(method, url, &headers, body.map(Value::to_string))
        .await
        .with_context(|| url.to_owned())?;
    if answer.body.is_empty() && answer.status < 300 {
        return Ok(Value::Null);
    }
    let value: Value = serde_json::from_slice(&answer.body)
        .with_context(|| format!("{url}: answered {}", answer.status))?;
    ensure!(
        answer.status < 300,
        "{} ({})",
        value["error"]["message"].as_str().unwrap_or("refused"),
        value["error"]["code"].as_str().unwrap_or("?")
    );
    Ok(value)
}

/// What to do with people.
#[derive(Debug, Args)]
pub struct User {
    #[command(subcommand)]
    verb: UserVerb,
    #[command(flatten)]
    reach: Reach,
}

#[derive(Debug, Subcommand)]
enum UserVerb {
    #[command(flatten)]
    Entry(Verb),
    /// Take a second factor off, for somebody who has lost the device and the recovery codes
    ResetSecondFactor {
        /// Whose
        name: String,
    },
}

/// Does it with people.
///
/// # Errors
///
/// What the server says against it.
pub async fn user(User { verb, reach }: User) -> anyhow::Result<()> {
    let name = match verb {
        UserVerb::Entry(verb) => return entries("users", verb, reach).await,
        UserVerb::ResetSecondFactor { name } => name,
    };
    let api = Api::log_in(&reach).await?;
    let path = format!("/users/{}/second-factor", escaped(&name));
    let done = api.call("DELETE", &path, None).await;
    api.log_out().await;
    done.map(drop)
}

/// Does it with entries of one kind, by its name in the API.
///
/// # Errors
///
/// What the server says against it.
pub async fn run(kind: &str, Kind { verb, reach }: Kind) -> anyhow::Result<()> {
    entries(kind, verb, reach).await
}

pub(super) async fn entries(kind: &str, verb: Verb, reach: Reach) -> anyhow::Result<()> {
    let api = Api::log_in(&reach).await?;
    let done = one(&api, kind, verb, reach.json).await;
    api.log_out().await;
    done
}

async fn one(api: &Api, kind: &str, verb: Verb, json: bool) -> anyhow::Result<()> {
    let path = |name: &str| format!("/{kind}/{}", escaped(name));
    match verb {
        Verb::List => {
            let list = api.call("GET", &format!("/{kind}"), None).await?;
            if json {
                show(&list);
            } else {
                list[kind].as_array().into_iter().flatten().for_each(row);
            }
        }
        Verb::Show { name } => show(&api.call("GET", &path(&name), None).await?),
        Verb::Add { name, members } => {
            let list = api.call("GET", &format!("/{kind}"), None).await?;
            ensure!(
                !list[kind]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .any(|entry| plain(&entry["id"]) == name),
                "{name} is there already"
            );
            show(&api.call("PUT", &path(&name), Some(&with(Map::new(), &members)?)).await?);
        }
        Verb::Change { name, members } => {
            let Value::Object(old) = api.call("GET", &path(&name), None).await? else {
                bail!("{name} cannot be changed")
            };
            show(&api.call("PUT", &path(&name), Some(&with(old, &members)?)).await?);
        }
        Verb::Remove { name } => {
            api.call("DELETE", &path(&name), None).await?;
        }
    }
    Ok(())
}

/// Does it with the realm.
///
/// # Errors
///
/// What the server says against it.
pub async fn realm(Realm { verb, reach }: Realm) -> anyhow::Result<()> {
    let api = Api::log_in(&reach).await?;
    let old = api.call("GET", "/realm", None).await?;
    match (verb, old) {
        (RealmVerb::Change { members }, Value::Object(old)) => {
            show(&api.call("PUT", "/realm", Some(&with(old, &members)?)).await?);
        }
        (_, old) => show(&old),
    }
    api.log_out().await;
    Ok(())
}

/// Writes the realm's set-up as one text.
///
/// # Errors
///
/// What the server says against it, or that the file cannot be written.
pub async fn export(Document { file, reach }: Document) -> anyhow::Result<()> {
    let api = Api::log_in(&reach).await?;
    let text = serde_json::to_string_pretty(&api.call("GET", "/export", None).await?)?;
    api.log_out().await;
    let Some(file) = file else {
        say(&text);
        return Ok(());
    };
    std::fs::write(&file, text + "\n").with_context(|| file.display().to_string())
}

/// Puts a set-up in: it adds and replaces; what it does not name stays.
///
/// # Errors
///
/// What the server says against it, or that the file is none.
pub async fn import(Document { file, reach }: Document) -> anyhow::Result<()> {
    let mut text = String::new();
    if let Some(file) = file {
        text = std::fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    } else {
        std::io::stdin().read_to_string(&mut text)?;
    }
    let document: Value = serde_json::from_str(&text).context("the set-up")?;
    let api = Api::log_in(&reach).await?;
    show(&api.call("PUT", "/import", Some(&document)).await?);
    api.log_out().await;
    Ok(())
}

/// Adds `member=value`s to an entry.
fn with(mut entry: Map<String, Value>, members: &[String]) -> anyhow::Result<Value> {
    for member in members {
        let (name, text) = member
            .split_once('=')
            .with_context(|| format!("{member}: member=value was expected"))?;
        match serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())) {
            Value::Null => drop(entry.remove(name)),
            value => drop(entry.insert(name.to_owned(), value)),
        }
    }
    Ok(Value::Object(entry))
}

fn show(value: &Value) {
    if !value.is_null() {
        say(&format!("{value:#}"));
    }
}

fn row(entry: &Value) {
    let text = |member: &str| plain(&entry[member]);
    say(format!("{:<24} {:<24} {}", text("id"), text("name"), text("role")).trim_end());
}

/// A text without its quotes, a number as it is.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// A name as one segment of a path (RFC 3986 §2.3).
pub(super) fn escaped(name: &str) -> String {
    let mut path = String::new();
    for byte in name.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                path.push(byte.into());
            }
            _ => {
                // Writing into a text never fails.
                let _ = write!(path, "%{byte:02X}");
            }
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_json_or_else_texts() {
        let old = [("name".to_owned(), Value::from("old")), ("gone".to_owned(), Value::from(1))]
            .into_iter()
            .collect();
        let members =
            ["name=김서연", "limits={\"chat\":2}", "disabled=true", "gone=null"].map(str::to_owned);
        let expected =
            serde_json::json!({ "name": "김서연", "limits": { "chat": 2 }, "disabled": true });
        assert_eq!(with(old, &members).unwrap(), expected);
        assert!(with(Map::new(), &["name".to_owned()]).is_err());
    }

    #[test]
    fn a_name_stays_one_segment() {
        assert_eq!(escaped("a/b c"), "a%2Fb%20c");
    }
}
