//! What the driver counts: messages by method and status, and what was not carried.

use metrics::{Counter, Gauge};
use std::collections::HashMap;

/// The methods that are counted by name, the most frequent first.
const METHODS: [&str; 14] = [
    "REGISTER",
    "INVITE",
    "ACK",
    "BYE",
    "OPTIONS",
    "CANCEL",
    "PRACK",
    "UPDATE",
    "INFO",
    "MESSAGE",
    "REFER",
    "NOTIFY",
    "SUBSCRIBE",
    "PUBLISH",
];

/// One direction's counters.
#[derive(Debug)]
struct Way {
    name: &'static str,
    methods: [Counter; METHODS.len()],
    other: Counter,
    statuses: HashMap<u16, Counter>,
}

impl Way {
    fn new(name: &'static str) -> Self {
        let counter = |method| metrics::counter!("sangdam_sip_requests_total", "direction" => name, "method" => method);
        Self {
            name,
            methods: METHODS.map(counter),
            other: counter("other"),
            statuses: HashMap::new(),
        }
    }

    /// Counts what begins like this. Keep-alives are no messages.
    fn count(&mut self, bytes: &[u8]) {
        let Some(word) = bytes.split(|byte| *byte == b' ').next().filter(|word| word.len() <= 16)
        else {
            return self.other.increment(1);
        };
        if word.eq_ignore_ascii_case(b"SIP/2.0") {
            let status = bytes.get(8..11).and_then(|three| std::str::from_utf8(three).ok());
            let Some(status) = status.and_then(|three| three.parse().ok()) else { return };
            if !(100..700).contains(&status) {
                return;
            }
            let name = self.name;
            let counter = self.statuses.entry(status).or_insert_with(|| {
                metrics::counter!("sangdam_sip_responses_total", "direction" => name, "status" => status.to_string())
            });
            counter.increment(1);
        } else if !word.iter().all(|byte| matches!(byte, b'\r' | b'\n' | b'\0')) {
            let known = METHODS.iter().position(|method| method.as_bytes() == word);
            known.and_then(|n| self.methods.get(n)).unwrap_or(&self.other).increment(1);
        }
    }
}

/// The driver's counters.
#[derive(Debug)]
pub(super) struct Tally {
    received: Way,
    sent: Way,
    /// Datagrams that the system did not take, and connections that took nothing.
    pub(super) unsent: Counter,
    /// Messages of strangers that were not read.
    pub(super) refused: Counter,
    /// Telephones that are registered.
    pub(super) registered: Gauge,
    /// Connections that are open.
    pub(super) connections: Gauge,
    /// 1 while new calls are told to come back later.
    pub(super) overload: Gauge,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            received: Way::new("in"),
            sent: Way::new("out"),
            unsent: metrics::counter!("sangdam_sip_unsent_total"),
            refused: metrics::counter!("sangdam_sip_refused_total"),
            registered: metrics::gauge!("sangdam_sip_registered"),
            connections: metrics::gauge!("sangdam_sip_connections"),
            overload: metrics::gauge!("sangdam_sip_overload"),
        }
    }
}

impl Tally {
    /// A message came.
    pub(super) fn received(&mut self, bytes: &[u8]) {
        self.received.count(bytes);
    }

    /// A message goes.
    pub(super) fn sent(&mut self, bytes: &[u8]) {
        self.sent.count(bytes);
    }
}
