//! URLs that are given out: what the client shall call next (`amazon-connect-chat.md` 3.1, 2.6).

use crate::connect::arn;
use crate::door::{Cx, Head};

/// The path of this wire's sockets, below the base path.
pub const SOCKET_PATH: &str = "/chat/socket";

/// The URL that opens a socket with this secret.
///
/// chatjs takes `wss://…` and exactly `ws://127.0.0.1:…`, nothing else (3.1); so a plain request that came to
/// `localhost` is pointed to `127.0.0.1`, and the port always stands there. A plain request to another host gets that
/// host: chatjs would refuse either, but other clients reach us by it.
pub fn socket_url(cx: &Cx<'_>, head: &Head, secret: &str) -> String {
    let base = base(cx, head);
    let url = match base.split_once("://") {
        Some(("https", rest)) => format!("wss://{rest}"),
        Some((_, rest)) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let (host, port) = split_port(authority);
            let host = if is_loopback(host) { "127.0.0.1" } else { host };
            format!("ws://{host}:{}{path}", port.unwrap_or("80"))
        }
        None => base,
    };
    format!("{url}{SOCKET_PATH}?t={secret}")
}

/// The URL of a path (and query) of ours, such as a file's.
pub fn file_url(cx: &Cx<'_>, head: &Head, path_and_query: &str) -> String {
    format!("{}{path_and_query}", base(cx, head))
}

/// Host and path prefix of the public address, if there is one: behind a proxy, clients sign these (0.5, 5).
pub fn public<'a>(cx: &Cx<'a>) -> Option<(&'a str, &'a str)> {
    let url = cx.site.settings().public_url.as_deref()?;
    let rest = url.split_once("://")?.1.trim_end_matches('/');
    Some(rest.split_at(rest.find('/').unwrap_or(rest.len())))
}

/// The address below which this client finds us, without a slash at its end.
fn base(cx: &Cx<'_>, head: &Head) -> String {
    let settings = cx.site.settings();
    if let Some(url) = &settings.public_url {
        return url.trim_end_matches('/').to_owned();
    }
    let scheme = if head.tls { "https" } else { "http" };
    // The header comes from the client, and goes back to nobody else; still it is held to what a host looks like.
    let sent = head.header("host").filter(|host| arn::is_authority(host));
    let host = sent.unwrap_or("127.0.0.1");
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

fn is_loopback(host: &str) -> bool {
    let ip = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || ip.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::site::Fixed;
    use domain::chance::Seeded;
    use domain::time::Millis;

    fn check(public: Option<&str>, tls: bool, host: &str, socket: &str, file: &str) {
        let mut site = Fixed::new();
        site.settings.public_url = public.map(str::to_owned);
        site.settings.base_path = "/aws".to_owned();
        let mut chance = Seeded::new(1);
        let cx = Cx { now: Millis(0), chance: &mut chance, site: &site };
        let mut head = crate::connect::site::head("GET", "/");
        head.tls = tls;
        head.headers.push(("host".to_owned(), host.to_owned()));
        assert_eq!(socket_url(&cx, &head, "S"), socket);
        assert_eq!(file_url(&cx, &head, "/f?k=1"), file);
    }

    #[test]
    fn a_socket_url_is_one_that_chatjs_takes() {
        let local = "ws://127.0.0.1:8080/aws/chat/socket?t=S";
        check(None, false, "localhost:8080", local, "http://localhost:8080/aws/f?k=1");
        check(None, false, "127.0.0.1:8080", local, "http://127.0.0.1:8080/aws/f?k=1");
        check(None, false, "[::1]:8080", local, "http://[::1]:8080/aws/f?k=1");
        let no_port = "ws://127.0.0.1:80/aws/chat/socket?t=S";
        check(None, false, "localhost", no_port, "http://localhost/aws/f?k=1");
        let secure = "wss://h.test:8443/aws/chat/socket?t=S";
        check(None, true, "h.test:8443", secure, "https://h.test:8443/aws/f?k=1");
        let lan = "ws://10.0.0.5:8080/aws/chat/socket?t=S";
        check(None, false, "10.0.0.5:8080", lan, "http://10.0.0.5:8080/aws/f?k=1");
    }

    #[test]
    fn the_public_address_wins_over_the_host_that_was_named() {
        let socket = "wss://chat.test/x/chat/socket?t=S";
        check(Some("https://chat.test/x/"), false, "10.0.0.5", socket, "https://chat.test/x/f?k=1");
    }

    #[test]
    fn what_is_no_host_is_not_given_back() {
        let socket = "ws://127.0.0.1:80/aws/chat/socket?t=S";
        check(None, false, "evil\"/<x>", socket, "http://127.0.0.1/aws/f?k=1");
    }
}
