//! `Via`: the way back.
//!
//! Source: RFC 3261 §18.2, §20.42; RFC 3581 (`rport`).

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::params::Params;
use super::text::{is_token, trim};
use super::uri::host_port;
use super::{Bad, Field};

/// What every branch of this century begins with (RFC 3261 §8.1.1.7).
pub const MAGIC: &str = "z9hG4bK";

/// One hop of the way back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Via {
    /// `UDP`, `TCP`, `TLS`, `WS`, `WSS`, or what a stranger calls his, in upper case.
    pub transport: Box<str>,
    /// `sent-by`: the host the sender believes to be.
    pub host: Box<str>,
    /// `sent-by`: its port, if given.
    pub port: Option<u16>,
    /// `branch`, `received`, `rport`.
    pub params: Params,
}

impl Via {
    /// A hop of our own; asks for `rport`, so that answers come back through address translation.
    ///
    /// # Errors
    ///
    /// `sent_by` is neither a host nor a host and a port.
    pub fn new(transport: &str, sent_by: &str, branch: &str) -> Result<Self, Bad> {
        let (host, port) = host_port(sent_by)?;
        let mut via = Self {
            transport: transport.into(),
            host: host.into(),
            port,
            params: Params::default(),
        };
        via.params.set("branch", branch);
        via.params.flag("rport");
        Ok(via)
    }

    /// The branch if it is unique by the rules of RFC 3261; an older one counts as none, and so does the
    /// cookie alone, which makes nothing unique (torture test "badbranch").
    pub fn branch(&self) -> Option<&str> {
        let branch = self.params.get("branch")?;
        let has_magic =
            branch.get(..MAGIC.len()).is_some_and(|head| head.eq_ignore_ascii_case(MAGIC));
        (has_magic && branch.len() > MAGIC.len()).then_some(branch)
    }

    /// `host` or `host:port`, in lower case.
    pub fn sent_by(&self) -> String {
        let host = self.host.to_ascii_lowercase();
        self.port.map_or_else(|| host.clone(), |port| format!("{host}:{port}"))
    }

    /// Notes where the request really came from (RFC 3261 §18.2.1, RFC 3581 §4).
    pub fn stamp(&mut self, peer: SocketAddr) {
        let asks = self.params.has("rport");
        let stated: Option<IpAddr> = self.host.trim_matches(['[', ']']).parse().ok();
        if asks {
            self.params.set("rport", &peer.port().to_string());
        }
        if asks || stated != Some(peer.ip()) {
            self.params.set("received", &peer.ip().to_string());
        }
    }
}

impl Field for Via {
    fn parse(text: &str) -> Result<Self, Bad> {
        let mut parts = text.splitn(3, '/').map(trim);
        let fits = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("SIP"))
            && parts.next() == Some("2.0");
        let rest = parts.next().filter(|_| fits).ok_or(Bad("a Via is not of SIP/2.0"))?;
        let (transport, rest) = rest.split_once([' ', '\t']).ok_or(Bad("a Via has no sender"))?;
        if !is_token(transport) {
            return Err(Bad("a Via's transport is no token"));
        }
        let at = rest.find(';').unwrap_or(rest.len());
        let (sent_by, params) = rest.split_at_checked(at).unwrap_or((rest, ""));
        // Blanks may stand around the colon (RFC 3261 §25.1, COLON).
        let sent_by: String = trim(sent_by).split(':').map(trim).collect::<Vec<_>>().join(":");
        let (host, port) = host_port(&sent_by)?;
        Ok(Self {
            transport: transport.to_ascii_uppercase().into(),
            host: host.into(),
            port,
            params: Params::parse(params)?,
        })
    }
}

impl fmt::Display for Via {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SIP/2.0/{} {}", self.transport, self.host)?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "{}", self.params)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_may_stand_almost_anywhere() {
        let via =
            Via::parse("SIP  / 2.0  / TCP     spindle.example.com   ;  branch  =   z9hG4bK9ikj8 ")
                .unwrap();
        assert_eq!(via.to_string(), "SIP/2.0/TCP spindle.example.com;branch=z9hG4bK9ikj8");
        let via = Via::parse("SIP/2.0/udp h : 5070;rport").unwrap();
        assert_eq!(via.sent_by(), "h:5070");
    }

    #[test]
    fn only_a_branch_that_says_something_counts() {
        let branch = |text: &str| Via::parse(text).unwrap().branch().map(str::to_owned);
        assert_eq!(branch("SIP/2.0/UDP h;branch=z9hG4bKx").as_deref(), Some("z9hG4bKx"));
        assert_eq!(branch("SIP/2.0/UDP h;branch=z9hG4bK"), None);
        assert_eq!(branch("SIP/2.0/UDP h;branch=390skdjuw"), None);
        assert_eq!(branch("SIP/2.0/UDP h"), None);
    }

    #[test]
    fn the_true_source_is_noted_where_it_differs_or_is_asked_for() {
        let peer: SocketAddr = "192.0.2.9:1234".parse().unwrap();
        let stamped = |text: &str| {
            let mut via = Via::parse(text).unwrap();
            via.stamp(peer);
            via.to_string()
        };
        assert_eq!(stamped("SIP/2.0/UDP 192.0.2.9"), "SIP/2.0/UDP 192.0.2.9");
        assert_eq!(stamped("SIP/2.0/UDP 10.0.0.1"), "SIP/2.0/UDP 10.0.0.1;received=192.0.2.9");
        assert_eq!(
            stamped("SIP/2.0/UDP 192.0.2.9;rport"),
            "SIP/2.0/UDP 192.0.2.9;rport=1234;received=192.0.2.9"
        );
    }

    #[test]
    fn malformed_ways_back_are_refused() {
        for text in [
            "SIP/2.0/UDP 192.0.2.15;;,;,,",
            "SIP/3.0/UDP h",
            "HTTP/2.0/UDP h",
            "SIP/2.0/UDP",
            "SIP/2.0/UDP ",
            "SIP/2.0/U P h;;",
        ] {
            assert!(Via::parse(text).is_err(), "{text}");
        }
    }
}
