//! The configuration: one file, one struct. Every key has a default, so that starting with no file works.
//!
//! What is not known is a fault, and every fault is told, each with its line. `config.example.toml` is made from here.
//! Secrets are not configuration: they come from the environment, or lie sealed in the store.

mod read;

use facade::door::Rate;
use read::{Setting, choice};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

pub use read::{Fault, Faults};

choice! {
    /// How the log is written.
    LogFormat { Text = "text", Json = "json" }
}

choice! {
    /// How many requests are taken.
    Rates {
        /// No limits but those that keep the server whole.
        Generous = "generous",
        /// The real service's numbers.
        Aws = "aws",
    }
}

choice! {
    /// How a password is asked for.
    Digest { Md5 = "MD5", Sha256 = "SHA-256" }
}

read::config! {
    /// Where things lie, and by which address clients come.
    server: Server {
        /// The folder that holds the database, files of chats, and keys.
        data: PathBuf = PathBuf::from("sangdam-data"),
        /// The address that clients use, such as `https://chat.example.com`; "" takes the address of each request.
        public_url: String = String::new(),
        /// The path below which everything lies, such as "/aws"; "" for none.
        base_path: String = String::new(),
        /// Addresses of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.
        proxies: Vec<IpAddr> = Vec::new(),
    }
    /// Where connections are taken. "" opens no port; port 0 takes a free one.
    listen: Listen {
        /// HTTP.
        http: Option<SocketAddr> = Some(SocketAddr::from(([127, 0, 0, 1], 8080))),
        /// HTTPS; only opened if a certificate is configured.
        https: Option<SocketAddr> = Some(SocketAddr::from(([0, 0, 0, 0], 8443))),
        /// The CTI gateway (`nxproxy_rio`): plain, or with TLS if a certificate is configured.
        rio: Option<SocketAddr> = Some(SocketAddr::from(([127, 0, 0, 1], 8877))),
        /// Browsers' sockets (`nxWebApi`): chat as `sangdam.chat.1`, calls as `sip`.
        sip_ws: Option<SocketAddr> = Some(SocketAddr::from(([127, 0, 0, 1], 6080))),
        /// The same with TLS; only opened if a certificate is configured.
        sip_wss: Option<SocketAddr> = Some(SocketAddr::from(([0, 0, 0, 0], 6081))),
        /// SIP telephones and trunks, by datagrams.
        sip_udp: Option<SocketAddr> = Some(SocketAddr::from(([0, 0, 0, 0], 5060))),
        /// The same over TCP.
        sip_tcp: Option<SocketAddr> = Some(SocketAddr::from(([0, 0, 0, 0], 5060))),
        /// The same over TLS; only opened if a certificate is configured.
        sip_tls: Option<SocketAddr> = Some(SocketAddr::from(([0, 0, 0, 0], 5061))),
        /// `/metrics`, `/healthz` and `/readyz`. It asks nobody for a password.
        metrics: Option<SocketAddr> = Some(SocketAddr::from(([127, 0, 0, 1], 9464))),
        /// Connections at a time, sockets included; more wait outside.
        connections: usize = 20_000,
    }
    /// The certificate of the HTTPS port.
    tls: Tls {
        /// The file with the certificate and its chain (PEM); "" for none.
        certificate: PathBuf = PathBuf::new(),
        /// The file with its private key (PEM).
        key: PathBuf = PathBuf::new(),
    }
    /// What is taken at most.
    limits: Limits {
        /// Request rates: "generous" has none, "aws" the real service's.
        rates: Rates = Rates::Generous,
        /// Seconds within which a request must have arrived, headers and body each.
        request_seconds: u64 = 30,
        /// Seconds within which the bytes of a file must have arrived.
        upload_seconds: u64 = 600,
    }
    /// Amazon Connect chat APIs.
    connect: Connect {
        /// The account number shown in ARNs: 12 digits.
        account: String = "000000000000".to_owned(),
        /// The region shown in ARNs when the caller names none.
        region: String = "us-east-1".to_owned(),
        /// A bot may be let in although an agent is there; the real service refuses.
        bots_beside_agents: bool = false,
    }
    /// The CTI gateway.
    rio: Rio {
        /// Origins of pages that may connect, such as `https://crm.example.com`; none is any.
        origins: Vec<String> = Vec::new(),
        /// Seconds after which a connection without a log-in is closed; 0 is never.
        login_seconds: u64 = 300,
        /// Seconds within which the engine must have answered a request.
        answer_seconds: u64 = 10,
    }
    /// The web chat (`nxWebApi`). Of each number, 0 is no limit.
    nx: Nx {
        /// Origins of pages that may connect, such as `https://www.example.com`; none is any.
        origins: Vec<String> = Vec::new(),
        /// Sockets at a time.
        sockets: usize = 10_000,
        /// Chats of one address at a time, by open sockets.
        sessions_per_address: usize = 10,
        /// New chats of one address in a minute.
        starts_per_minute: usize = 30,
    }
    /// SIP telephones and trunks.
    sip: Sip {
        /// The address by which they reach this server; behind a NAT, the public one. It is told to them, for calls and for
        /// their sound. "" takes the address of the listener, or the machine's own.
        address: Option<IpAddr> = None,
        /// How passwords are asked for: "MD5", "SHA-256", in this order. A telephone takes the first it knows; of those that know
        /// only MD5, some look at the first alone, and some give up when there is another: for these, only "MD5".
        digests: Vec<Digest> = vec![Digest::Md5, Digest::Sha256],
        /// Connections that one address may hold.
        connections_per_address: usize = 1_000,
        /// Seconds after which a TCP or TLS connection that carries nothing is closed. A telephone behind a NAT is reached by
        /// the one it made, and says something at least as often as it registers.
        idle_seconds: u64 = 4_000,
        /// The file with the certificates of authorities (PEM) that vouch for trunks over TLS; "" takes the system's.
        authorities: PathBuf = PathBuf::new(),
        /// New calls that one telephone may begin in a second, in the long run; more are told to come back (503).
        calls_per_second: u64 = 2,
        /// How many of them at once.
        calls_at_once: u64 = 20,
        /// Legs of one telephone at a time.
        legs_per_phone: usize = 8,
        /// New calls of pages at one address in a minute.
        web_calls_per_minute: u64 = 30,
        /// Calls of pages at one address at a time.
        web_calls_per_address: usize = 10,
        /// Calls of pages to a realm at a time.
        web_calls: usize = 200,
    }
    /// The sound of calls.
    media: Media {
        /// The first datagram port for sound; a leg takes two.
        first_port: u16 = 16_384,
        /// The last one. Below 32768 the system takes none of them for itself.
        last_port: u16 = 32_767,
        /// Whether browsers that call each other may show pictures (VP8, H.264); the demo lets them.
        video: bool = false,
        /// Threads that carry sound; 0 takes one for each two cores.
        threads: usize = 0,
    }
    /// The customer's chat page, `/webchat.html`, and the desk in frames.
    web: Web {
        /// Sites that may show it in a frame, such as `https://www.example.com`; the demo lets every site.
        chat_sites: Vec<String> = Vec::new(),
        /// Sites that may show the desk in a frame, such as `https://crm.example.com`. Over HTTPS alone: the session's cookie
        /// is then one that browsers keep in frames of other sites, for each of those apart.
        desk_sites: Vec<String> = Vec::new(),
        /// Sockets of other servers that its `url` may name, such as `wss://other.example.com:6081`; this server's own
        /// need not be named.
        chat_sockets: Vec<String> = Vec::new(),
    }
    /// Files of chats.
    files: Files {
        /// File name endings that may be sent.
        types: Vec<String> = [
            ".avi", ".bmp", ".csv", ".doc", ".docx", ".gif", ".heic", ".heif", ".jfif", ".jpeg", ".jpg", ".m4a", ".mov", ".mp3", ".mp4", ".pdf",
            ".png", ".ppt", ".pptx", ".rtf", ".txt", ".wav", ".webm", ".webp", ".wma", ".wmv", ".xls", ".xlsx", ".zip",
        ]
        .map(str::to_owned)
        .to_vec(),
        /// The S3 bucket that holds them; "" keeps them in the data folder. `AWS_ACCESS_KEY_ID` and
        /// `AWS_SECRET_ACCESS_KEY` are taken from the environment.
        bucket: String = String::new(),
        /// The bucket's region.
        region: String = "us-east-1".to_owned(),
        /// The address of a store that speaks S3, such as `https://minio.example.com`; "" is Amazon's.
        endpoint: String = String::new(),
    }
    /// Calls out: copies of rooms.
    post: Post {
        /// Hosts, or addresses, that may be called although they are loopback, private or link-local.
        private_hosts: Vec<String> = Vec::new(),
    }
    /// The log, on standard error.
    log: Log {
        /// "text" or "json".
        format: LogFormat = LogFormat::Text,
        /// error, warn, info, debug or trace; or a list such as `info,server::run=debug`.
        level: String = "info".to_owned(),
    }
}

impl Digest {
    /// As the switch names it.
    pub const fn algorithm(self) -> sip::digest::Algorithm {
        match self {
            Self::Md5 => sip::digest::Algorithm::Md5,
            Self::Sha256 => sip::digest::Algorithm::Sha256,
        }
    }
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// Every [`Fault`] of it.
    pub fn load(path: &Path) -> Result<Self, Faults> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(&path.display().to_string(), &text),
            Err(fault) => Err(Faults::unreadable(path, &fault)),
        }
    }

    /// Reads a text; `name` stands before each fault.
    ///
    /// # Errors
    ///
    /// Every [`Fault`] of it.
    pub fn parse(name: &str, text: &str) -> Result<Self, Faults> {
        let mut faults = Faults::new(name, text);
        let config = Self::read(text, &mut faults);
        config.check(&mut faults);
        if faults.is_empty() { Ok(config) } else { Err(faults) }
    }

    /// What no single value shows.
    fn check(&self, faults: &mut Faults) {
        let url = &self.server.public_url;
        if !url.is_empty() && !url.starts_with("https://") && !url.starts_with("http://")
            || url.ends_with('/')
        {
            faults.at(
                "server.public_url",
                "begins with https:// or http://, and does not end with /",
            );
        }
        let path = &self.server.base_path;
        if !path.is_empty() && (!path.starts_with('/') || path.ends_with('/')) {
            faults.at("server.base_path", "begins with / and does not end with /");
        }
        for (key, file, other) in [
            ("tls.certificate", &self.tls.certificate, &self.tls.key),
            ("tls.key", &self.tls.key, &self.tls.certificate),
        ] {
            if file.as_os_str().is_empty() != other.as_os_str().is_empty() {
                faults.at(key, "a certificate and its key are given together");
            } else if !file.as_os_str().is_empty() && !file.is_file() {
                faults.at(key, &format!("there is no file {}", file.display()));
            }
        }
        for (key, origins, schemes) in [
            ("web.chat_sites", &self.web.chat_sites, ["https://", "http://"]),
            ("web.desk_sites", &self.web.desk_sites, ["https://", "http://"]),
            ("web.chat_sockets", &self.web.chat_sockets, ["wss://", "ws://"]),
        ] {
            // They become part of a header: an origin, and nothing that ends it.
            let origin = |text: &String| {
                let host = schemes.iter().find_map(|scheme| text.strip_prefix(scheme));
                let plain = |b: u8| b.is_ascii_alphanumeric() || b".-:[]*".contains(&b);
                host.is_some_and(|host| !host.is_empty() && host.bytes().all(plain))
            };
            if !origins.iter().all(origin) {
                let [safe, open] = schemes;
                faults.at(key, &format!("origins: {safe} or {open}, host, and port if need be"));
            }
        }
        if self.listen.connections == 0 {
            faults.at("listen.connections", "at least 1");
        }
        for (key, seconds) in [
            ("limits.request_seconds", self.limits.request_seconds),
            ("limits.upload_seconds", self.limits.upload_seconds),
        ] {
            if !(1..=3_600).contains(&seconds) {
                faults.at(key, "1 to 3600");
            }
        }
        if !(1..=3_600).contains(&self.rio.answer_seconds) {
            faults.at("rio.answer_seconds", "1 to 3600");
        }
        let authorities = &self.sip.authorities;
        if !authorities.as_os_str().is_empty() && !authorities.is_file() {
            faults.at("sip.authorities", &format!("there is no file {}", authorities.display()));
        }
        if self.sip.address.is_some_and(|address| address.is_unspecified()) {
            faults.at("sip.address", "an address that can be reached, not \"any\"");
        }
        if self.sip.digests.is_empty() {
            faults.at("sip.digests", "at least one");
        }
        if self.sip.connections_per_address == 0 {
            faults.at("sip.connections_per_address", "at least 1");
        }
        let sip = &self.sip;
        for (key, value) in [
            ("sip.calls_per_second", sip.calls_per_second),
            ("sip.calls_at_once", sip.calls_at_once),
            ("sip.web_calls_per_minute", sip.web_calls_per_minute),
            ("sip.legs_per_phone", sip.legs_per_phone as u64),
            ("sip.web_calls_per_address", sip.web_calls_per_address as u64),
            ("sip.web_calls", sip.web_calls as u64),
        ] {
            if !(1..=1_000_000).contains(&value) {
                faults.at(key, "1 to 1000000");
            }
        }
        if !(60..=86_400).contains(&self.sip.idle_seconds) {
            faults.at("sip.idle_seconds", "60 to 86400");
        }
        if self.media.first_port < 1_024 || self.media.first_port % 2 == 1 {
            faults.at("media.first_port", "even, and at least 1024");
        }
        if self.media.last_port.saturating_sub(self.media.first_port) < 3 {
            faults.at("media.last_port", "at least 3 more than media.first_port");
        }
        if self.media.threads > 64 {
            faults.at("media.threads", "at most 64");
        }
        if self.connect.account.len() != 12
            || !self.connect.account.bytes().all(|b| b.is_ascii_digit())
        {
            faults.at("connect.account", "12 digits");
        }
        if self.files.types.iter().any(|end| !end.starts_with('.') || end.to_lowercase() != *end) {
            faults.at("files.types", "each begins with a dot and is in lower case");
        }
    }

    /// Request rates by bucket name; what is absent is not limited (`amazon-connect-chat.md` 5).
    pub fn rates(&self) -> BTreeMap<String, Rate> {
        const CONNECT: &[(&str, f64, f64)] = &[
            ("StartChatContact", 5.0, 8.0),
            ("StartContactStreaming", 5.0, 8.0),
            ("StopContactStreaming", 5.0, 8.0),
            ("GetContactAttributes", 10.0, 15.0),
            ("UpdateContactAttributes", 10.0, 15.0),
            ("DescribeContact", 10.0, 15.0),
            ("StopContact", 10.0, 15.0),
            ("ListContactReferences", 10.0, 15.0),
            ("CreateParticipant", 2.0, 5.0),
            ("TransferContact", 2.0, 5.0),
            ("SendChatIntegrationEvent", 2.0, 5.0),
            ("StartOutboundChatContact", 2.0, 5.0),
            ("TagContact", 2.0, 5.0),
            ("UntagContact", 2.0, 5.0),
            ("UpdateContact", 2.0, 5.0),
            ("ListAssociatedContacts", 2.0, 5.0),
            ("SearchContacts", 2.0, 5.0),
            ("ListQueues", 2.0, 5.0),
            ("ListUsers", 2.0, 5.0),
            ("GetCurrentMetricData", 2.0, 5.0),
        ];
        const PARTICIPANT: &[(&str, f64, f64)] = &[
            ("CreateParticipantConnection", 6.0, 9.0),
            ("DisconnectParticipant", 3.0, 5.0),
            ("GetTranscript", 8.0, 12.0),
            ("GetAttachment", 8.0, 12.0),
            ("SendMessage", 10.0, 15.0),
            ("SendEvent", 10.0, 15.0),
            ("StartAttachmentUpload", 2.0, 5.0),
            ("CompleteAttachmentUpload", 2.0, 5.0),
        ];
        if self.limits.rates == Rates::Generous {
            return BTreeMap::new();
        }
        let named = |service: &'static str, rates: &'static [(&'static str, f64, f64)]| {
            rates.iter().map(move |&(name, per_second, burst)| {
                (format!("{service}.{name}"), Rate { per_second, burst })
            })
        };
        named("connect", CONNECT).chain(named("participant", PARTICIPANT)).collect()
    }
}

#[cfg(test)]
mod tests;
