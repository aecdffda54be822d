//! The server under test: started as a user would, on the first core; its use of CPU and memory read from `/proc`.

use anyhow::{Context as _, Result, bail};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A running server. It is ended when this is dropped.
pub(crate) struct Server {
    child: Child,
    /// Its data folder.
    pub(crate) data: PathBuf,
    /// `host:port` of its HTTP listener.
    pub(crate) http: String,
    /// `host:port` of the CTI gateway.
    pub(crate) rio: String,
    /// `host:port` of browsers' sockets.
    pub(crate) nx: String,
    /// `host:port` of its datagram socket for SIP.
    pub(crate) sip_udp: String,
    /// From start to ready.
    pub(crate) ready_after: Duration,
    keep: bool,
}

/// A new, empty data folder.
pub(crate) fn folder(name: &str) -> Result<PathBuf> {
    let path = std::env::temp_dir().join(format!("sangdam-bench-{name}-{}", std::process::id()));
    if path.exists() {
        std::fs::remove_dir_all(&path)?;
    }
    std::fs::create_dir_all(&path)?;
    Ok(path)
}

impl Server {
    /// Starts the demo in this folder, pinned to the first core.
    pub(crate) fn start(data: &Path, keep: bool) -> Result<Self> {
        let bin = std::env::var("SANGDAM_BIN").unwrap_or_else(|_| "target/release/sangdam".into());
        let ready = data.join("ready.json");
        let _ = std::fs::remove_file(&ready);
        let began = Instant::now();
        let log = std::fs::File::create(data.join("bench.log"))?;
        let mut command = Command::new("taskset");
        command
            .args(["-c", "0", &bin, "demo", "--port-base", "0", "--data"])
            .arg(data)
            .stdout(Stdio::null())
            .stderr(log);
        let mut child = command.spawn().context("taskset and the release server must be there")?;
        let text = loop {
            if let Ok(text) = std::fs::read_to_string(&ready) {
                break text;
            }
            if let Some(status) = child.try_wait()? {
                bail!("the server ended: {status}; see {}", data.join("bench.log").display());
            }
            if began.elapsed() > Duration::from_mins(1) {
                bail!("the server was not ready within 60 s");
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        let ready_after = began.elapsed();
        let ready: Value = serde_json::from_str(&text)?;
        let place = |name: &str| {
            let url = ready[name].as_str().with_context(|| format!("ready.json names {name}"))?;
            Ok::<_, anyhow::Error>(url.rsplit('/').next().unwrap_or(url).to_owned())
        };
        let (http, rio) = (place("http")?, place("rio")?);
        let (nx, sip_udp) = (place("sip_ws")?, place("sip_udp")?);
        Ok(Self { child, data: data.to_owned(), http, rio, nx, sip_udp, ready_after, keep })
    }

    /// Seconds of CPU it has used so far.
    pub(crate) fn cpu(&self) -> Result<f64> {
        cpu_of(self.child.id())
    }

    /// Its resident memory in KiB.
    pub(crate) fn memory(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|l| l.starts_with("VmRSS")).context("no VmRSS")?;
        Ok(line.split_whitespace().nth(1).context("no number")?.parse()?)
    }
}

/// Seconds of CPU that a process has used so far.
pub(crate) fn cpu_of(pid: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let after_name = stat.rsplit(')').next().context("no name")?;
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    Ok(ticks / 100.0)
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if !self.keep {
            let _ = std::fs::remove_dir_all(&self.data);
        }
    }
}
