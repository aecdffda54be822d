//! The built pages of `web/`, and the headers they go with (`web.md`, "Assets in the binary").

use super::body::Payload;
use facade::door::{Head, Settings};
use hyper::header::{self, HeaderValue};
use hyper::{Response, StatusCode};
use web::Asset;

/// Paths that people type, and the files behind them.
const NAMED: &[(&str, &str)] = &[
    ("/", "/index.html"),
    ("/desk", "/desk.html"),
    ("/desk/", "/desk.html"),
    ("/admin", "/admin.html"),
    ("/admin/", "/admin.html"),
    ("/try", "/try.html"),
    ("/try/", "/try.html"),
    ("/cti", BENCH),
    ("/cti/", BENCH),
];

/// The integrator's bench: the one page that speaks with the CTI gateway's port.
const BENCH: &str = "/cti.html";

/// The page of this path (below the base path), if there is one and this is a way to ask for it.
pub fn find(head: &Head, settings: &Settings) -> Option<Response<Payload>> {
    if !matches!(head.method.as_str(), "GET" | "HEAD") {
        return None;
    }
    let path = head.path.strip_prefix(settings.base_path.as_str())?;
    let path = if path.is_empty() { "/" } else { path };
    let file = NAMED.iter().find(|(name, _)| *name == path).map_or(path, |(_, file)| file);
    let gateway = settings.listeners.get("rio").filter(|_| file == BENCH).map(String::as_str);
    Some(answer(head, web::find(file)?, gateway))
}

fn answer(head: &Head, asset: &'static Asset, gateway: Option<&str>) -> Response<Payload> {
    let accepted = head.header("accept-encoding").unwrap_or("");
    let (bytes, coding) = match (asset.brotli, asset.gzip) {
        (Some(bytes), _) if takes(accepted, "br") => (bytes, Some("br")),
        (_, Some(bytes)) if takes(accepted, "gzip") => (bytes, Some("gzip")),
        _ => (asset.bytes, None),
    };
    // A strong tag names bytes, and those differ by coding (RFC 9110 §8.8.3.3).
    let tag = coding.map_or_else(
        || format!("\"{}\"", asset.etag),
        |coding| format!("\"{}-{coding}\"", asset.etag),
    );
    let known = head.header("if-none-match").is_some_and(|tags| {
        tags.split(',').any(|t| matches!(t.trim(), "*") || t.trim().trim_start_matches("W/") == tag)
    });
    let mut response = Response::new(Payload::whole(if known { &[][..] } else { bytes }));
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    }
    let headers = response.headers_mut();
    let mut set = |name, value: &str| {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(name, value);
        }
    };
    set(header::ETAG, &tag);
    set(header::VARY, "accept-encoding");
    set(
        header::CACHE_CONTROL,
        if asset.immutable { "public, max-age=31536000, immutable" } else { "no-cache" },
    );
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    set(header::REFERRER_POLICY, "no-referrer");
    if !known {
        set(header::CONTENT_TYPE, asset.mime);
        if let Some(coding) = coding {
            set(header::CONTENT_ENCODING, coding);
        }
    }
    if asset.mime.starts_with("text/html") {
        set(header::CONTENT_SECURITY_POLICY, &policy(head.header("host").unwrap_or(""), gateway));
    }
    response
}

/// Is this coding among the accepted ones, and not by `q=0`?
fn takes(accepted: &str, coding: &str) -> bool {
    accepted.split(',').any(|part| {
        let mut fields = part.split(';').map(str::trim);
        fields.next().is_some_and(|name| name.eq_ignore_ascii_case(coding))
            && !fields.any(|field| {
                matches!(field.replace(' ', "").as_str(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
            })
    })
}

/// What a page may load and speak with. A chat's socket is announced as `ws://127.0.0.1:<port>` on loopback
/// (`amazon-connect-chat.md` 3.1), which is another origin than `localhost`. `gateway` is `ws://` or `wss://`, address and
/// port of the CTI gateway, for the page that speaks with it: there, or on the same port of the page's own host, for a
/// listener on every address is announced as loopback.
fn policy(host: &str, gateway: Option<&str>) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c);
    let host = if host.chars().all(plain) { host } else { "" };
    let mut sockets = String::new();
    if !host.is_empty() {
        sockets = format!(" ws://{host} wss://{host}");
        if let Some(port) = host.strip_prefix("localhost:") {
            sockets = format!("{sockets} ws://127.0.0.1:{port} wss://127.0.0.1:{port}");
        }
    }
    if let Some((scheme, address)) = gateway.and_then(|url| url.split_once("://")) {
        sockets = format!("{sockets} {scheme}://{address}");
        if let (Some((_, port)), length @ 1..) = (address.rsplit_once(':'), name_length(host)) {
            sockets = format!("{sockets} {scheme}://{}:{port}", &host[..length]);
        }
    }
    format!(
        "default-src 'self'; script-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; connect-src 'self'{sockets}; \
         img-src 'self' data: blob: https:; style-src 'self' 'unsafe-inline'; frame-src 'none'; frame-ancestors 'self'"
    )
}

/// The length of a `Host` without its port.
fn name_length(host: &str) -> usize {
    let from = host.rfind(']').unwrap_or(0);
    host[from..].find(':').map_or(host.len(), |colon| from + colon)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coding_may_be_refused() {
        for (accepted, expected) in [
            ("br", true),
            ("gzip, BR;q=0.5", true),
            ("br;q=0", false),
            ("br; q=0.0, gzip", false),
            ("", false),
            ("brotli", false),
        ] {
            assert_eq!(takes(accepted, "br"), expected, "{accepted}");
        }
    }

    #[test]
    fn the_policy_lets_sockets_of_this_host_through_and_no_tricks() {
        assert!(policy("localhost:8080", None).contains(
            "connect-src 'self' ws://localhost:8080 wss://localhost:8080 ws://127.0.0.1:8080"
        ));
        assert!(policy("evil; script-src *", None).contains("connect-src 'self';"));
    }

    #[test]
    fn the_bench_may_reach_the_gateway_where_it_is_announced_and_on_the_pages_own_host() {
        let gateway = Some("ws://127.0.0.1:8877");
        for (host, own) in [
            ("cti.example:8080", " ws://cti.example:8877;"),
            ("cti.example", " ws://cti.example:8877;"),
            ("[fd00::1]:8080", " ws://[fd00::1]:8877;"),
            ("evil; script-src *", " ws://127.0.0.1:8877;"),
        ] {
            let policy = policy(host, gateway);
            assert!(policy.contains(" ws://127.0.0.1:8877"), "{host}: {policy}");
            assert!(policy.contains(own), "{host}: {policy}");
        }
        assert!(!policy("cti.example:8080", None).contains(":8877"));
    }
}
