//! Sound relayed: packets per second of CPU, delay, memory per call, of our media thread and of rtpengine in the same run.
//!
//! The relay has the first core, the telephones have the second. Each call is two telephones that send 20 ms of G.711 50 times a
//! second; with SRTP, one of the two only listens, to what was locked for it. A packet counts when it has come out at the other
//! end. The CPU is that of the relay's threads, by the kernel's own account; the kernel's work for a packet counts where it is
//! sent from, so half of it is the load's. Browsers' calls (`web`) are half locked, half plain, and both ends of them are in this
//! process.

mod calls;
mod peer;
mod web;

use crate::figures::{Times, print, round};
use anyhow::{Context as _, Result, ensure};
use calls::{Calls, Heard};
use facade::voice::plane::{Hear, Leg, Plane as _, Wire};
use server::media::{Config, Engine};
use std::path::Path;
use std::time::Duration;

/// Calls at a time, unless told otherwise.
const CALLS: u32 = 300;
/// How long each load lasts.
const SPAN: Duration = Duration::from_secs(6);

/// How a call's two legs are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Both as they are.
    Plain,
    /// The second locked by a key of the SDP.
    Secret,
}

impl Mode {
    const fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Secret => "srtp",
        }
    }
}

/// Each mode, by us and by the peer, in turns.
pub(crate) fn run(counts: &[u32]) -> Result<()> {
    let counts = if counts.is_empty() { &[CALLS][..] } else { counts };
    for count in counts {
        for mode in [Mode::Plain, Mode::Secret] {
            ours(mode, *count)?;
            match peer::run(mode, *count) {
                Ok(()) => {}
                Err(fault) => {
                    let why = format!("{fault:#}");
                    print(&format!("rtp.rtpengine.{}", mode.name()), &[("skipped", why.into())]);
                }
            }
        }
    }
    web::run()
}

fn ours(mode: Mode, count: u32) -> Result<()> {
    let folder = crate::server::folder("rtp")?;
    let here = [127, 0, 0, 1].into();
    let config = Config {
        bind: here,
        public: here,
        ports: 16_384..=32_767,
        threads: 1,
        sounds: folder.clone(),
        tapes: folder.clone(),
        keeper: tokio::sync::mpsc::unbounded_channel().0,
        video: false,
        silence: Duration::from_secs(10),
    };
    let (mut engine, told) = Engine::start(config)?;
    let thread = thread("media-0")?;
    pin(thread, 0)?;
    pin(std::process::id(), 1)?;
    let mut calls = Calls::new(count, mode)?;
    let before = memory()?;
    for (n, call) in (0_u64..).zip(&mut calls.list) {
        let (a, b) = (Leg(2 * n), Leg(2 * n + 1));
        let agreed = engine.answer(a, call.offer().as_bytes())?;
        let wire = if mode == Mode::Secret { Wire::Sdes } else { Wire::Plain };
        let offer = engine.offer(b, wire, Some(a))?;
        engine.conclude(b, call.answer(&offer).as_bytes())?;
        call.take(&agreed.sdp, &offer)?;
        engine.hear(a, Hear::Those(vec![b], vec![]));
        engine.hear(b, Hear::Those(vec![a], vec![]));
    }
    std::thread::sleep(Duration::from_millis(200));
    let cpu = || task(Path::new("/proc/self/task"), thread);
    let begin = cpu()?;
    let heard = calls.run(SPAN)?;
    let used = cpu()? - begin;
    let per_call = (memory()? - before) / f64::from(count);
    tell("sangdam", mode, count, heard, used, per_call);
    drop((engine, told));
    std::fs::remove_dir_all(folder)?;
    Ok(())
}

fn tell(who: &str, mode: Mode, count: u32, mut heard: Heard, used: f64, per_call: f64) {
    let lost = 1.0 - heard.came as f64 / (heard.sent as f64).max(1.0);
    let delay = |times: &mut Times, share| match times.len() {
        0 => serde_json::Value::Null,
        _ => round(times.millis(share)),
    };
    print(
        &format!("rtp.{who}.{}", mode.name()),
        &[
            ("calls", count.into()),
            ("packets_per_s", round(heard.came as f64 / SPAN.as_secs_f64())),
            ("packets_per_cpu_s", (heard.came as f64 / used.max(0.001)).round().into()),
            ("cpu_s", round(used)),
            ("lost_percent", round(lost * 100.0)),
            ("delay_p50_ms", delay(&mut heard.delays, 0.5)),
            ("delay_p99_ms", delay(&mut heard.delays, 0.99)),
            ("kb_per_call", round(per_call)),
        ],
    );
}

/// The line of those who know no delay.
fn tell_plain(name: &str, calls: u64, sent: u64, came: u64, used: f64, per_call: f64) {
    let lost = 1.0 - came as f64 / (sent as f64).max(1.0);
    print(
        name,
        &[
            ("calls", calls.into()),
            ("packets_per_cpu_s", (came as f64 / used.max(0.001)).round().into()),
            ("cpu_s", round(used)),
            ("lost_percent", round(lost * 100.0)),
            ("kb_per_call", round(per_call)),
        ],
    );
}

/// The number of a thread of ours by its name.
fn thread(name: &str) -> Result<u32> {
    for _ in 0..100 {
        for task in std::fs::read_dir("/proc/self/task")? {
            let path = task?.path();
            let comm = std::fs::read_to_string(path.join("comm")).unwrap_or_default();
            if comm.trim() == name {
                let number = path.file_name().and_then(|name| name.to_str());
                return Ok(number.context("a task has a number")?.parse()?);
            }
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    anyhow::bail!("there is no thread {name}")
}

/// Seconds that a task was on a processor.
fn task(tasks: &Path, number: u32) -> Result<f64> {
    let text = std::fs::read_to_string(tasks.join(number.to_string()).join("schedstat"))?;
    let nanos: f64 = text.split_whitespace().next().context("no time")?.parse()?;
    Ok(nanos / 1e9)
}

/// Puts a task on a processor.
fn pin(task: u32, core: u32) -> Result<()> {
    let args = ["-pc", &core.to_string(), &task.to_string()];
    let done = std::process::Command::new("taskset").args(args).output()?;
    ensure!(done.status.success(), "no core of its own");
    Ok(())
}

/// Our resident memory in KiB.
fn memory() -> Result<f64> {
    resident("self")
}

fn resident(process: &str) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find(|line| line.starts_with("VmRSS")).context("no VmRSS")?;
    Ok(line.split_whitespace().nth(1).context("no number")?.parse()?)
}
