//! SIP: what registering costs, and what calls cost, over UDP, by SIPp. Where Kamailio is installed it is measured in the same
//! run by the same scenarios, as a mere stateful proxy: that is the least there can be.
//!
//! Calls come by a trunk and ring at telephones that answer at once; their sound is anchored and nobody speaks. An application
//! at the CTI gateway monitors every telephone, and every step is on disk before anybody sees it.

use crate::client::{Http, Socket};
use crate::figures::{print, round};
use crate::server::{Server, cpu_of, folder};
use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Telephones that are called: as many calls at a time as there may be.
const PHONES: usize = 500;
/// Telephones that register.
const REGISTRANTS: usize = 20;
/// Each measurement lasts so many seconds.
const SECONDS: u32 = 8;
/// Fewer failed calls than this share are a pass.
const FAILED: f64 = 0.005;
/// The telephones' and the trunk's ports, and the peer's.
const ANSWERS: u16 = 15_090;
const CALLS: u16 = 15_100;
const PEER: u16 = 15_060;

const DOMAIN: &str = "demo.sangdam.test";

/// Rates in calls a second; without any, 250 and twice that until too many fail.
pub(crate) async fn run(rates: &[u32]) -> Result<()> {
    ensure!(found("sipp"), "SIPp is not installed: apt-get install sip-tester");
    let folder = folder("sip")?;
    for (name, text) in [
        ("register.xml", include_str!("../sip/register.xml")),
        ("enter.xml", include_str!("../sip/enter.xml")),
        ("call.xml", include_str!("../sip/call.xml")),
        ("answer.xml", include_str!("../sip/answer.xml")),
        ("kamailio.cfg", include_str!("../sip/kamailio.cfg")),
    ] {
        fs::write(folder.join(name), text.replace("@PORT@", &PEER.to_string()))?;
    }
    let registrants = (0..REGISTRANTS).map(|n| format!("b{n:04}"));
    table(&folder.join("registrants.csv"), registrants)?;
    table(&folder.join("phones.csv"), (0..PHONES).map(|n| format!("c{n:04}")))?;
    let numbers = (0..PHONES).fold("SEQUENTIAL\n".to_owned(), |mut all, n| {
        let _ = writeln!(all, "7{n:04}");
        all
    });
    fs::write(folder.join("numbers.csv"), numbers)?;
    let rates = if rates.is_empty() { vec![250, 500, 1_000, 1_500, 2_000] } else { rates.to_vec() };
    let bench = Bench { folder, rates };
    bench.ours().await?;
    if found("kamailio") {
        bench.peer()?;
    } else {
        print("sip.peer", &[("skipped", "kamailio is not installed".into())]);
    }
    fs::remove_dir_all(&bench.folder).context("the scenarios' folder")
}

struct Bench {
    folder: PathBuf,
    rates: Vec<u32>,
}

/// Who is measured.
struct Target<'a> {
    name: &'a str,
    address: String,
    cpu: &'a dyn Fn() -> Result<f64>,
}

impl Bench {
    async fn ours(&self) -> Result<()> {
        let data = self.folder.join("server");
        fs::create_dir_all(&data)?;
        let server = Server::start(&data, false)?;
        let mut http = Http::open(&server.http).await?;
        set_up(&mut http).await?;
        monitor(&server)?;
        let address = server.sip_udp.clone();
        let target = Target { name: "sangdam", address, cpu: &|| server.cpu() };
        self.sipp("register.xml", &target, ANSWERS, "phones.csv", PHONES, 200)?;
        self.registers(&target)?;
        self.calls(&target, "numbers.csv")
    }

    fn peer(&self) -> Result<()> {
        let config = self.folder.join("kamailio.cfg");
        let log = File::create(self.folder.join("kamailio.log"))?;
        let mut command = Command::new("taskset");
        command.args(["-c", "0", "kamailio", "-DD", "-E", "-m", "512", "-M", "16", "-f"]);
        command.arg(config).arg("-Y").arg(&self.folder).current_dir(&self.folder);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let peer = Ended(command.spawn().context("kamailio")?);
        std::thread::sleep(Duration::from_secs(2));
        let pid = peer.0.id();
        let cpu = || tree(pid).into_iter().map(cpu_of).sum::<Result<f64>>();
        let target = Target { name: "kamailio", address: format!("127.0.0.1:{PEER}"), cpu: &cpu };
        self.registers(&target)?;
        self.sipp("enter.xml", &target, ANSWERS, "phones.csv", PHONES, 200)?;
        self.calls(&target, "phones.csv")
    }

    /// REGISTER with digest, at a thousand a second.
    fn registers(&self, target: &Target<'_>) -> Result<()> {
        let (cpu, rate) = ((target.cpu)()?, 1_000);
        let total = (rate * SECONDS) as usize;
        let seen = self.sipp("register.xml", target, CALLS, "registrants.csv", total, rate)?;
        let used = (target.cpu)()? - cpu;
        print(
            "sip.register",
            &[
                ("of", target.name.into()),
                ("wanted_per_second", rate.into()),
                ("done", seen.done.into()),
                ("failed", seen.failed.into()),
                ("sent_again", seen.again.into()),
                ("server_cpu_s_per_1000", round3(used * 1e3 / seen.done.max(1) as f64)),
            ],
        );
        Ok(())
    }

    /// Calls, at each rate until too many fail.
    fn calls(&self, target: &Target<'_>, numbers: &str) -> Result<()> {
        let mut best = 0;
        for rate in &self.rates {
            let log = File::create(self.folder.join("answers.log"))?;
            let mut answers = sipp(&self.folder, "answer.xml", None, ANSWERS);
            answers.stdout(Stdio::null()).stderr(log);
            let answers = Ended(answers.spawn()?);
            std::thread::sleep(Duration::from_millis(500));
            let (cpu, began) = ((target.cpu)()?, Instant::now());
            let total = (rate * SECONDS) as usize;
            let seen = self.sipp("call.xml", target, CALLS, numbers, total, *rate)?;
            let (used, span) = ((target.cpu)()? - cpu, began.elapsed().as_secs_f64());
            drop(answers);
            let share = seen.failed as f64 / total as f64;
            print(
                "sip.calls",
                &[
                    ("of", target.name.into()),
                    ("wanted_per_second", (*rate).into()),
                    ("done_per_second", round(seen.done as f64 / span)),
                    ("failed_percent", round(share * 100.0)),
                    ("sent_again", seen.again.into()),
                    ("mean_answer_ms", round(seen.answer_ms)),
                    ("server_cpu_s_per_1000", round3(used * 1e3 / seen.done.max(1) as f64)),
                ],
            );
            if share >= FAILED {
                break;
            }
            best = *rate;
        }
        print("sip.sustained", &[("of", target.name.into()), ("calls_per_second", best.into())]);
        Ok(())
    }

    /// Runs a scenario to its end.
    fn sipp(
        &self,
        scenario: &str,
        target: &Target<'_>,
        port: u16,
        table: &str,
        total: usize,
        rate: u32,
    ) -> Result<Seen> {
        let figures = self.folder.join("figures.csv");
        let _ = fs::remove_file(&figures);
        let mut command = sipp(&self.folder, scenario, Some(&target.address), port);
        command.arg("-inf").arg(self.folder.join(table)).arg("-stf").arg(&figures);
        command.args(["-s", DOMAIN, "-trace_stat", "-fd", "1", "-recv_timeout", "8000", "-d", "0"]);
        command.args(["-r", &rate.to_string(), "-m", &total.to_string()]);
        command.args(["-l", &(rate * 3).max(2_000).to_string()]);
        command.args(["-timeout", &format!("{}s", total as u32 / rate + 20)]);
        // Calls that failed are counted; whatever else is wrong shows by there being no figures.
        command.stdout(Stdio::null()).stderr(Stdio::null()).status().context("sipp")?;
        let text = fs::read_to_string(&figures).context("SIPp gave no figures")?;
        Seen::read(&text, total)
    }
}

/// What a SIPp counted.
struct Seen {
    done: usize,
    failed: usize,
    again: usize,
    answer_ms: f64,
}

impl Seen {
    /// Of the last line of its figures; what was never tried has failed.
    fn read(text: &str, total: usize) -> Result<Self> {
        let mut lines = text.lines();
        let names = lines.next().context("no names of figures")?.split(';');
        let values = lines.next_back().context("no figures")?.split(';');
        let row: HashMap<&str, &str> = names.zip(values).collect();
        let count = |name: &str| row.get(name).and_then(|text| text.parse::<usize>().ok());
        let done = count("SuccessfulCall(C)").context("no successes are told")?;
        let time = row.get("ResponseTime1(C)").copied().unwrap_or_default();
        Ok(Self {
            done,
            failed: total.saturating_sub(done),
            again: count("Retransmissions(C)").unwrap_or(0),
            answer_ms: millis(time),
        })
    }
}

/// `00:00:01:234567` in milliseconds.
fn millis(time: &str) -> f64 {
    let mut parts = time.split(':').map(|part| part.parse::<f64>().unwrap_or(0.0));
    let mut next = || parts.next().unwrap_or(0.0);
    let whole = next().mul_add(3_600.0, next() * 60.0) + next();
    whole.mul_add(1e3, next() / 1e3)
}

/// Three places: some figures are that small.
fn round3(value: f64) -> serde_json::Value {
    json!((value * 1e4).round() / 1e4)
}

/// A SIPp on the load's core.
fn sipp(folder: &Path, scenario: &str, target: Option<&str>, port: u16) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", "1", "sipp"]).args(target).arg("-sf").arg(folder.join(scenario));
    command.args(["-i", "127.0.0.1", "-nostdin", "-buff_size", "4194304"]);
    command.args(["-p", &port.to_string()]).stdin(Stdio::null()).current_dir(folder);
    command
}

/// Users and their credentials.
fn table(path: &Path, users: impl Iterator<Item = String>) -> Result<()> {
    let text = users.fold("SEQUENTIAL\n".to_owned(), |mut all, user| {
        let _ = writeln!(all, "{user};[authentication username={user} password=sip-{user}]");
        all
    });
    fs::write(path, text).context("a table")
}

fn found(program: &str) -> bool {
    let places = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&places)
        .chain([PathBuf::from("/usr/sbin")])
        .any(|place| place.join(program).is_file())
}

/// A process and all below it.
fn tree(pid: u32) -> Vec<u32> {
    let mut all = vec![pid];
    let mut at = 0;
    while let Some(pid) = all.get(at).copied() {
        at += 1;
        let path = format!("/proc/{pid}/task/{pid}/children");
        let children = fs::read_to_string(path).unwrap_or_default();
        all.extend(children.split_whitespace().filter_map(|child| child.parse::<u32>().ok()));
    }
    all
}

/// A process that is ended with this, and all below it.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        for pid in tree(self.0.id()).into_iter().skip(1) {
            let _ = Command::new("kill").arg(pid.to_string()).status();
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Telephones, and a trunk whose numbers lead to them.
async fn set_up(http: &mut Http) -> Result<()> {
    let log_in = json!({"user": "admin", "password": "demo"});
    let session = http.json("POST", "/api/v1/session", &[], &log_in).await?;
    let token = format!("Bearer {}", session["token"].as_str().context("a token")?);
    let headers = [("authorization", token.as_str())];
    let names = (0..REGISTRANTS).map(|n| format!("b{n:04}"));
    for id in names.chain((0..PHONES).map(|n| format!("c{n:04}"))) {
        let device = json!({"id": id, "password": format!("sip-{id}")});
        http.json("PUT", &format!("/api/v1/devices/{id}"), &headers, &device).await?;
    }
    let numbers: serde_json::Map<_, _> =
        (0..PHONES).map(|n| (format!("7{n:04}"), json!(format!("c{n:04}")))).collect();
    let trunk = json!({"id": "bench", "host": format!("127.0.0.1:{CALLS}"), "numbers": numbers});
    http.json("PUT", "/api/v1/trunks/bench", &headers, &trunk).await?;
    Ok(())
}

/// An application that is told of every telephone, on a thread of its own: this one waits for SIPp.
fn monitor(server: &Server) -> Result<()> {
    let (rio, (tell, told)) = (server.rio.clone(), mpsc::channel());
    std::thread::spawn(move || {
        let watch = async {
            let mut socket = match watching(&rio).await {
                Ok(socket) => socket,
                Err(fault) => return tell.send(Err(fault)),
            };
            let _ = tell.send(Ok(()));
            while socket.next().await.is_ok() {}
            Ok(())
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.map(|runtime| runtime.block_on(watch))
    });
    told.recv()?
}

async fn watching(rio: &str) -> Result<Socket> {
    let mut socket = Socket::open(rio, "/", None, None).await?;
    socket.send(r#"{"fname":"login","id":"cube","pwd":"cube123"}"#).await?;
    let answer = socket.next().await?;
    ensure!(answer.contains("\"result\":1"), "the CTI gateway says {answer}");
    for n in 0..PHONES {
        socket.send(&format!(r#"{{"fname":"addmonitor","device":"c{n:04}"}}"#)).await?;
        socket.next().await?;
    }
    Ok(socket)
}
