//! Whence a socket comes, and by which address its page reaches our HTTP.

use crate::door::{Head, RealmNo, Settings};
use std::net::IpAddr;
use std::sync::Arc;

/// What is known of a socket when it opens.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Its address (behind a trusted proxy: whom the proxy names).
    pub(super) peer: IpAddr,
    /// The realm it is carried by until it names one.
    pub(super) realm: RealmNo,
    /// Before the paths of files, without a slash at its end.
    pub(super) base: Arc<str>,
}

impl Arrival {
    /// Of a socket with this head.
    pub fn new(settings: &Settings, head: &Head, realm: RealmNo) -> Self {
        Self { peer: head.peer, realm, base: base(settings, head).into() }
    }
}

/// The public address; without one, the host that the page named, at the port where we speak HTTP as securely as here.
fn base(settings: &Settings, head: &Head) -> String {
    if let Some(url) = &settings.public_url {
        return url.trim_end_matches('/').to_owned();
    }
    let port = |name: &str| {
        settings.listeners.get(name).and_then(|url| Some(url.rsplit_once(':')?.1.to_owned()))
    };
    let (scheme, port) = match (head.tls, port("https"), port("http")) {
        (true, Some(port), _) => ("https", Some(port)),
        (_, _, port) => ("http", port),
    };
    let host = head.header("host").map(|host| split_port(host).0).filter(|host| is_host(host));
    let host = host.unwrap_or("127.0.0.1");
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    format!("{scheme}://{host}{port}{}", settings.base_path.trim_end_matches('/'))
}

/// The address below which this request came to our HTTP.
pub(super) fn own(settings: &Settings, head: &Head) -> String {
    if let Some(url) = &settings.public_url {
        return url.trim_end_matches('/').to_owned();
    }
    let scheme = if head.tls { "https" } else { "http" };
    let host = head.header("host").filter(|host| is_host(split_port(host).0));
    let host = host.unwrap_or("127.0.0.1");
    format!("{scheme}://{host}{}", settings.base_path.trim_end_matches('/'))
}

/// Host and port of an authority; the brackets of an IPv6 address stay.
fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => {
            (host, Some(port))
        }
        _ => (authority, None),
    }
}

/// The header comes from the client, and goes back to it alone; still it is held to what a host looks like.
fn is_host(host: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(v6) => v6.parse::<std::net::Ipv6Addr>().is_ok(),
        None => (1..=253).contains(&host.len()) && host.bytes().all(plain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(public: Option<&str>, tls: bool, host: &str, expected: &str) {
        let listeners = [("http", "http://127.0.0.1:8080"), ("https", "https://127.0.0.1:8443")];
        let settings = Settings {
            public_url: public.map(str::to_owned),
            base_path: "/x".to_owned(),
            listeners: listeners.map(|(name, url)| (name.to_owned(), url.to_owned())).into(),
            ..Settings::default()
        };
        let head = Head {
            method: "GET".to_owned(),
            path: "/".to_owned(),
            query: String::new(),
            headers: vec![("host".to_owned(), host.to_owned())],
            tls,
            peer: [127, 0, 0, 1].into(),
        };
        assert_eq!(base(&settings, &head), expected, "{host}");
    }

    #[test]
    fn files_are_reached_by_the_host_that_the_page_knows() {
        check(None, false, "localhost:6080", "http://localhost:8080/x");
        check(None, true, "chat.test:6081", "https://chat.test:8443/x");
        check(None, false, "[::1]:6080", "http://[::1]:8080/x");
        check(Some("https://pub.test/"), false, "10.0.0.1:6080", "https://pub.test");
    }

    #[test]
    fn what_is_no_host_is_not_given_back() {
        for evil in ["a\"b", "<x>", "", "[::1", "a b", "[x]"] {
            check(None, false, evil, "http://127.0.0.1:8080/x");
        }
    }
}
