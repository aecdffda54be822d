//! rtpengine, as Debian has it: one thread, in user space, spoken to by its `ng` protocol.

use super::calls::Calls;
use super::{Mode, SPAN, pin, resident, task, tell};
use anyhow::{Context as _, Result, bail, ensure};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::UdpSocket;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running one. It is ended when this is dropped.
struct Relay {
    child: Child,
    socket: UdpSocket,
    asked: u32,
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Installs it if it can, runs it, and tells.
pub(super) fn run(mode: Mode, count: u32) -> Result<()> {
    install()?;
    pin(std::process::id(), 1)?;
    let port = UdpSocket::bind("127.0.0.1:0")?.local_addr()?.port();
    let listen = format!("--listen-ng=127.0.0.1:{port}");
    let args =
        ["-c", "0", "rtpengine", "--foreground", "--log-stderr", "--log-level=2", "--table=-1"];
    let child = Command::new("taskset")
        .args(args)
        .args(["--interface=127.0.0.1", &listen, "--port-min=33000", "--port-max=39999"])
        .args(["--num-threads=1", "--config-file=none"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    socket.connect(("127.0.0.1", port))?;
    socket.set_read_timeout(Some(Duration::from_millis(300)))?;
    let mut relay = Relay { child, socket, asked: 0 };
    let ready = (0..50).any(|_| {
        std::thread::sleep(Duration::from_millis(100));
        relay.ask("ping", &[]).is_ok()
    });
    ensure!(ready, "rtpengine does not answer");
    let mut calls = Calls::new(count, mode)?;
    let process = relay.child.id().to_string();
    let before = resident(&process)?;
    for (n, call) in calls.list.iter_mut().enumerate() {
        let (id, from, to) = (format!("call{n}"), format!("f{n}"), format!("t{n}"));
        let common = [("call-id", &*id), ("from-tag", &*from), ("ICE", "remove"), ("DTLS", "off")];
        let wire = if mode == Mode::Secret { "RTP/SAVP" } else { "RTP/AVP" };
        let sdp = call.offer();
        let mut fields = common.to_vec();
        fields.extend([("sdp", &*sdp), ("transport-protocol", wire)]);
        let offered = relay.ask("offer", &fields)?;
        let sdp = call.answer(&offered);
        let mut fields = common.to_vec();
        fields.extend([("sdp", &*sdp), ("to-tag", &to)]);
        let answered = relay.ask("answer", &fields)?;
        call.take(&answered, &offered)?;
    }
    let begin = cpu(&process)?;
    let heard = calls.run(SPAN)?;
    let used = cpu(&process)? - begin;
    let per_call = (resident(&process)? - before) / f64::from(count);
    tell("rtpengine", mode, count, heard, used, per_call);
    Ok(())
}

/// Seconds that all its threads were on a processor.
fn cpu(process: &str) -> Result<f64> {
    let tasks = PathBuf::from(format!("/proc/{process}/task"));
    let mut sum = 0.0;
    for entry in std::fs::read_dir(&tasks)? {
        let number = entry?.file_name();
        sum += task(&tasks, number.to_str().context("a task has a number")?.parse()?)?;
    }
    Ok(sum)
}

fn install() -> Result<()> {
    let there = || Command::new("rtpengine").arg("--version").output().is_ok();
    if there() {
        return Ok(());
    }
    let args = ["install", "-y", "--no-install-recommends", "rtpengine-daemon"];
    let _ = Command::new("apt-get").args(args).stdout(Stdio::null()).stderr(Stdio::null()).status();
    ensure!(there(), "rtpengine-daemon cannot be installed here: apt-get needs root and a network");
    Ok(())
}

impl Relay {
    /// Asks, and gives the description of the answer, if there is one.
    fn ask(&mut self, command: &str, fields: &[(&str, &str)]) -> Result<String> {
        self.asked += 1;
        let mut all: BTreeMap<&str, &str> = fields.iter().copied().collect();
        all.insert("command", command);
        let mut text = format!("c{} d", self.asked);
        for (key, value) in all {
            write!(text, "{}:{key}{}:{value}", key.len(), value.len())?;
        }
        // Lists are needed in two places, and always the same.
        if command != "ping" {
            text.push_str("5:flagsl13:trust-addresse7:replacel6:origine");
        }
        text.push('e');
        self.socket.send(text.as_bytes())?;
        let mut bytes = vec![0; 65_536];
        let length = self.socket.recv(&mut bytes)?;
        let answer = String::from_utf8_lossy(&bytes[..length]).into_owned();
        if answer.contains("5:error") {
            bail!("rtpengine refuses: {answer}");
        }
        let Some((_, rest)) = answer.split_once("3:sdp") else { return Ok(answer) };
        let (length, rest) = rest.split_once(':').context("no length")?;
        Ok(rest.get(..length.parse()?).context("cut short")?.to_owned())
    }
}
