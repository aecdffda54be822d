//! `sangdam`: reads the command line, and wires.

use anyhow::Context as _;
use clap::Parser as _;
use server::cli::{self, Args, Verb};
use server::config::{Config, Digest, LogFormat};
use server::start::{Plan, Server};
use server::{demo, log, metrics, tasks};
use std::process::ExitCode;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // The one provider of cryptography; a second call would only find the first.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match run(Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            cli::say_error(&format!("{fault:#}"));
            ExitCode::FAILURE
        }
    }
}

fn run(args: Args) -> anyhow::Result<()> {
    match args.verb {
        Verb::Demo { data, port_base } => {
            let config = demo_config(data, port_base)?;
            log::start(config.log.format, "warn");
            block_on(serve(Plan { config, demo: true }))
        }
        Verb::Serve { config } => {
            let config = Config::load(&config)?;
            log::start(config.log.format, &config.log.level);
            block_on(serve(Plan { config, demo: false }))
        }
        Verb::Check { config } => {
            Config::load(&config)?;
            cli::say("nothing is wrong with it");
            Ok(())
        }
        Verb::ConfigExample => {
            cli::say(Config::example().trim_end());
            Ok(())
        }
        other => {
            log::start(LogFormat::Text, "warn");
            block_on(cli::run(other))
        }
    }
}

fn block_on(work: impl Future<Output = anyhow::Result<()>>) -> anyhow::Result<()> {
    tasks::watch_panics();
    // On one core a thread beside this one would only have to be woken for each thing that comes.
    let alone = std::thread::available_parallelism().is_ok_and(|cores| cores.get() == 1);
    let mut runtime =
        if alone { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    let runtime = runtime.enable_all().thread_name("sangdam").build().context("no runtime")?;
    runtime.block_on(work)
}

/// The demo listens on loopback alone. With a base, its ports are that and those after it, in the order of
/// `ready.json`; with base 0 all are free ones.
fn demo_config(data: std::path::PathBuf, port_base: Option<u16>) -> anyhow::Result<Config> {
    let mut config = Config::default();
    config.server.data = data;
    let port = |nth: u16, usual: u16| match port_base {
        None => Some(usual),
        Some(0) => Some(0),
        Some(base) => base.checked_add(nth),
    };
    let local = |nth, usual| {
        port(nth, usual)
            .map(|port| Some(([127, 0, 0, 1], port).into()))
            .context("--port-base is too high")
    };
    config.listen.http = local(0, 8080)?;
    config.listen.https = local(1, 8443)?;
    config.listen.rio = local(2, 8877)?;
    config.listen.sip_ws = local(3, 6080)?;
    config.listen.sip_wss = local(4, 6081)?;
    config.listen.sip_udp = local(5, 5060)?;
    config.listen.sip_tcp = local(6, 5060)?;
    config.listen.sip_tls = local(7, 5061)?;
    // Some telephones, Debian's own among them, give up when anything but MD5 is offered at all.
    config.sip.digests = vec![Digest::Md5];
    if let Some(base) = port_base.filter(|base| *base > 0) {
        // Sound, from the first even port that is a hundred after the base.
        let first = base.checked_add(100).map(|first| first + first % 2);
        config.media.first_port = first.context("--port-base is too high")?;
        config.media.last_port = config.media.first_port.saturating_add(16_383);
    }
    config.listen.metrics = local(8, 9464)?;
    // Whoever reaches loopback is one of the house.
    config.nx.sockets = 0;
    config.nx.sessions_per_address = 0;
    config.nx.starts_per_minute = 0;
    Ok(config)
}

async fn serve(plan: Plan) -> anyhow::Result<()> {
    metrics::start();
    let is_demo = plan.demo;
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let server = Server::start(plan).await?;
    cli::say(&welcome(&server, is_demo));
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    server.stop().await;
    Ok(())
}

fn welcome(server: &Server, is_demo: bool) -> String {
    let ready = &server.ready;
    let mut lines = vec![format!("Sangdam {} is ready.", env!("CARGO_PKG_VERSION"))];
    lines.extend([&ready.http, &ready.https].into_iter().flatten().map(|url| format!("  {url}/")));
    lines.extend(ready.rio.iter().map(|url| format!("  {url}")));
    lines.extend(
        [&ready.sip_ws, &ready.sip_wss].into_iter().flatten().map(|url| format!("  {url}")),
    );
    for (transport, address) in
        [("udp", &ready.sip_udp), ("tcp", &ready.sip_tcp), ("tls", &ready.sip_tls)]
    {
        lines
            .extend(address.iter().map(|address| format!("  sip:{address};transport={transport}")));
    }
    lines.extend(ready.metrics.iter().map(|url| format!("  {url}/metrics")));
    if let (true, Some(http)) = (is_demo, &ready.http) {
        lines.extend([
            String::new(),
            format!("  agent desktop   {http}/desk   1001 … 1020, password {}", demo::PASSWORD),
            format!("  administration  {http}/admin  admin (supervisor 9001), the same password"),
            format!("  customer chat   {http}/webchat.html   {http}/try"),
            format!("  CTI bench       {http}/cti"),
            format!(
                "  CTI gateway     users {}",
                demo::CTI_USERS.map(|(user, password)| format!("{user} / {password}")).join(", ")
            ),
            "  SIP telephones  users 1001 … 1020, 9001, password sip-1001 for 1001, and so on"
                .to_owned(),
            format!(
                "  Amazon Connect  instance {}, key {}, secret {}",
                demo::INSTANCE,
                demo::KEY.0,
                demo::KEY.1
            ),
            String::new(),
            "  These passwords are public: the demo listens on loopback alone. Ctrl-C stops it."
                .to_owned(),
        ]);
    }
    lines.join("\n")
}
