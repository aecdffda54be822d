//! Counters and histograms; their names stand in `docs/metrics.md`.

use metrics::{Counter, Gauge, Histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;

/// Upper edges of the buckets of durations, in seconds.
const SECONDS: &[f64] = &[
    0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// Upper edges of the buckets of counts.
const COUNTS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];

/// Those that are counted often, looked up once.
#[derive(Debug)]
pub struct Meters {
    /// Connections that are open, without those that became sockets.
    pub connections: Gauge,
    /// Sockets that are open.
    pub sockets: Gauge,
    /// Frames taken from sockets.
    pub frames_in: Counter,
    /// Frames given to sockets.
    pub frames_out: Counter,
    /// Connections of the CTI gateway.
    pub cti_connections: Gauge,
    /// Events told to them.
    pub cti_events: Counter,
    /// Commands decided.
    pub commands: Counter,
    /// Questions looked at.
    pub queries: Counter,
    /// Deeds of a commit.
    pub commit_deeds: Histogram,
    /// Seconds a commit took.
    pub commit_seconds: Histogram,
    /// Seconds from a request's head to its answer's head.
    pub http_seconds: Histogram,
    /// Answers by class: 1xx to 5xx.
    pub http_answers: [Counter; 5],
}

static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
static METERS: OnceLock<Meters> = OnceLock::new();

/// The meters; before [`start`] they count into nothing.
pub fn meters() -> &'static Meters {
    METERS.get_or_init(|| Meters {
        connections: metrics::gauge!("sangdam_connections"),
        sockets: metrics::gauge!("sangdam_sockets"),
        frames_in: metrics::counter!("sangdam_socket_frames_total", "direction" => "in"),
        frames_out: metrics::counter!("sangdam_socket_frames_total", "direction" => "out"),
        cti_connections: metrics::gauge!("sangdam_cti_connections"),
        cti_events: metrics::counter!("sangdam_cti_events_total"),
        commands: metrics::counter!("sangdam_commands_total"),
        queries: metrics::counter!("sangdam_queries_total"),
        commit_deeds: metrics::histogram!("sangdam_commit_deeds"),
        commit_seconds: metrics::histogram!("sangdam_commit_seconds"),
        http_seconds: metrics::histogram!("sangdam_http_seconds"),
        http_answers: ["1xx", "2xx", "3xx", "4xx", "5xx"]
            .map(|class| metrics::counter!("sangdam_http_answers_total", "class" => class)),
    })
}

/// Starts counting, once in a process.
pub fn start() {
    HANDLE.get_or_init(|| {
        let builder = PrometheusBuilder::new();
        let builder = builder
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)
            .unwrap_or_else(|_| PrometheusBuilder::new());
        let builder = builder
            .set_buckets_for_metric(Matcher::Suffix("_deeds".to_owned()), COUNTS)
            .unwrap_or_else(|_| PrometheusBuilder::new());
        let builder = builder
            .set_buckets_for_metric(Matcher::Suffix("_mos".to_owned()), crate::media::SCORES)
            .unwrap_or_else(|_| PrometheusBuilder::new());
        let recorder = builder.build_recorder();
        let handle = recorder.handle();
        // Another recorder can only be a test's.
        let _ = metrics::set_global_recorder(recorder);
        handle
    });
    meters();
}

/// All figures, as Prometheus reads them.
pub fn render() -> String {
    HANDLE.get().map(PrometheusHandle::render).unwrap_or_default()
}

/// Takes in what histograms have gathered, so that nothing piles up while nobody asks. Every few seconds will do.
pub fn settle() {
    if let Some(handle) = HANDLE.get() {
        handle.run_upkeep();
    }
}
