//! A server that runs for one test, and a client that sends bytes as they are.

use serde_json::Value;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A folder that is gone when the test is over.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("sangdam-it-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// One that another folder holds.
    pub(crate) fn of(path: PathBuf) -> Self {
        Self(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The binary with these arguments.
pub(crate) fn sangdam(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sangdam"));
    command
        .args(args)
        .stdin(Stdio::null())
        .env_remove("SANGDAM_SEAL_KEY")
        .env("SANGDAM_PASSWORD", "demo");
    command
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    pub(crate) ready: Value,
}

impl Server {
    /// The demo centre on this folder.
    pub(crate) fn demo(folder: &Folder) -> Self {
        Self::start(
            folder,
            &["demo", "--port-base", "0", "--data", folder.path().to_str().unwrap()],
        )
    }

    /// A server by these arguments that keeps its data in this folder.
    pub(crate) fn start(folder: &Folder, args: &[&str]) -> Self {
        let path = folder.path().join("ready.json");
        let _ = std::fs::remove_file(&path);
        let mut child = sangdam(args).stdout(Stdio::null()).spawn().unwrap();
        loop {
            if let Ok(text) = std::fs::read_to_string(&path) {
                return Self { child, ready: serde_json::from_str(&text).unwrap() };
            }
            if let Some(status) = child.try_wait().unwrap() {
                panic!("it ended with {status} before it was ready");
            }
            std::thread::yield_now();
        }
    }

    /// Where a listener is, as `address:port`.
    pub(crate) fn address(&self, listener: &str) -> &str {
        self.ready[listener].as_str().unwrap().split_once("://").unwrap().1
    }

    /// A new connection to the HTTP port.
    pub(crate) fn connect(&self) -> TcpStream {
        let tcp = TcpStream::connect(self.address("http")).unwrap();
        tcp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        tcp
    }

    /// Sends a request on a connection of its own. The host and the body's length are added.
    pub(crate) fn ask(&self, request: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut text = format!(
            "{request} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n",
            self.address("http")
        );
        for (name, value) in headers {
            text = format!("{text}{name}: {value}\r\n");
        }
        if !body.is_empty() {
            text = format!(
                "{text}content-type: application/json\r\ncontent-length: {}\r\n",
                body.len()
            );
        }
        let mut tcp = self.connect();
        tcp.write_all((text + "\r\n" + body).as_bytes()).unwrap();
        Answer::read(&mut tcp)
    }

    /// Logs in and gives the bearer token.
    pub(crate) fn log_in(&self, user: &str) -> String {
        let body = format!(r#"{{"user":"{user}","password":"demo"}}"#);
        let answer = self.ask("POST /api/v1/session", &[], &body);
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()["token"].as_str().unwrap().to_owned()
    }

    /// Sends it a signal, by its name.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// Waits for its end.
    pub(crate) fn end(&mut self) -> std::process::ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// Everything until the other side closes.
    pub(crate) fn read(tcp: &mut impl Read) -> Self {
        let mut bytes = Vec::new();
        let _ = tcp.read_to_end(&mut bytes);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        Self { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    /// The value of a header (lower case).
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|fault| panic!("{fault}: {}", self.body))
    }
}
