//! The built pages of `web/`, and the headers they go with (`web.md`, "Assets in the binary").

use super::body::Payload;
use facade::door::{Head, Settings};
use hyper::header::{self, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use web::Asset;

/// Paths that people type, and the files behind them.
const NAMED: &[(&str, &str)] = &[
    ("/", "/index.html"),
    ("/desk", DESK),
    ("/desk/", DESK),
    ("/admin", "/admin.html"),
    ("/admin/", "/admin.html"),
    ("/reports", "/reports.html"),
    ("/reports/", "/reports.html"),
    ("/wall", "/wall.html"),
    ("/wall/", "/wall.html"),
    ("/try", "/try.html"),
    ("/try/", "/try.html"),
    ("/cti", BENCH),
    ("/cti/", BENCH),
    // The path of the guide's links (`nxwebapi.md` 6).
    ("/ukakao/webchat.html", WEBCHAT),
];

/// The agents' desk: it may be a telephone, by the browsers' sockets.
const DESK: &str = "/desk.html";

/// The integrator's bench: the one page that speaks with the CTI gateway's port.
const BENCH: &str = "/cti.html";

/// The customer's chat: it speaks with browsers' sockets, and lives in frames of other sites.
const WEBCHAT: &str = "/webchat.html";

/// The page of this path (below the base path), if there is one and this is a way to ask for it.
pub fn find(
    head: &Head,
    settings: &Settings,
    frames: impl FnOnce() -> String,
) -> Option<Response<Payload>> {
    if !matches!(head.method.as_str(), "GET" | "HEAD") {
        return None;
    }
    let path = head.path.strip_prefix(settings.base_path.as_str())?;
    let path = if path.is_empty() { "/" } else { path };
    let file = NAMED.iter().find(|(name, _)| *name == path).map_or(path, |(_, file)| file);
    let asset = web::find(file)?;
    // The one page that frames others'.
    let frames = if file == DESK { frames() } else { "'none'".to_owned() };
    Some(answer(head, asset, settings, &frames))
}

fn answer(
    head: &Head,
    asset: &'static Asset,
    settings: &Settings,
    frames: &str,
) -> Response<Payload> {
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
    // Pages of other sites load them, also such as are isolated from other origins.
    if asset.path.starts_with("/nx") {
        set(HeaderName::from_static("cross-origin-resource-policy"), "cross-origin");
    }
    if !known {
        set(header::CONTENT_TYPE, asset.mime);
        if let Some(coding) = coding {
            set(header::CONTENT_ENCODING, coding);
        }
    }
    if asset.mime.starts_with("text/html") {
        let host = head.header("host").unwrap_or("");
        let policy = match asset.path {
            WEBCHAT => chat_policy(host, settings),
            BENCH => policy(host, &listeners(settings, &["rio"]), frames, &[]),
            DESK => {
                let reached = listeners(settings, &["sip_ws", "sip_wss"]);
                policy(host, &reached, frames, &settings.desk_sites)
            }
            _ => policy(host, &[], frames, &[]),
        };
        set(header::CONTENT_SECURITY_POLICY, &policy);
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
/// (`amazon-connect-chat.md` 3.1), which is another origin than `localhost`. `others` are `ws://` or `wss://`, address and
/// port of other listeners that the page speaks with: there, or on the same port of the page's own host, for a listener on
/// every address is announced as loopback.
fn policy(host: &str, others: &[&str], frames: &str, sites: &[String]) -> String {
    let host = plain(host);
    let mut sockets = String::new();
    if !host.is_empty() {
        sockets = format!(" ws://{host} wss://{host}");
        if let Some(port) = host.strip_prefix("localhost:") {
            sockets = format!("{sockets} ws://127.0.0.1:{port} wss://127.0.0.1:{port}");
        }
    }
    for other in others {
        sockets.push_str(&announced(host, other));
    }
    written(&sockets, "", frames, &ancestors(sites))
}

/// Where these listeners are announced, so far as there are any.
fn listeners<'a>(settings: &'a Settings, names: &[&str]) -> Vec<&'a str> {
    names.iter().filter_map(|name| settings.listeners.get(*name)).map(String::as_str).collect()
}

/// The same for the customer's chat (`nxwebapi.md` 6): browsers' sockets of this server on the page's own host, those of
/// the configuration, and our store by the page's host or, for the demo's two names, by the other. Which sites may frame
/// it is configured; the demo is for trying out.
fn chat_policy(host: &str, settings: &Settings) -> String {
    let host = plain(host);
    let mut reach = String::new();
    for listener in ["sip_ws", "sip_wss"].iter().filter_map(|name| settings.listeners.get(*name)) {
        reach.push_str(&announced(host, listener));
    }
    let mut store = String::new();
    for url in ["http", "https"].iter().filter_map(|name| settings.listeners.get(*name)) {
        store.push_str(&announced(host, url));
    }
    if let Some(url) = &settings.public_url {
        // A policy names origins; the path of an address would have to match to the letter.
        let end = url.match_indices('/').nth(2).map_or(url.len(), |(at, _)| at);
        store = format!("{store} {}", &url[..end]);
    }
    for socket in &settings.chat_sockets {
        reach = format!("{reach} {socket}");
    }
    let sites = ancestors(&settings.chat_sites);
    let sites = if settings.demo { "*" } else { &sites };
    written(&format!("{reach}{store}"), &store, "'none'", sites)
}

/// The policy with what differs between pages: where they connect to besides their own origin, whence pictures come, and
/// who may frame them.
fn written(reach: &str, pictures: &str, frames: &str, ancestors: &str) -> String {
    format!(
        "default-src 'self'; script-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; connect-src 'self'{reach}; \
         img-src 'self' data: blob: https:{pictures}; style-src 'self' 'unsafe-inline'; frame-src {frames}; frame-ancestors {ancestors}"
    )
}

/// Our own site, and these.
fn ancestors(sites: &[String]) -> String {
    sites.iter().fold("'self'".to_owned(), |all, site| format!("{all} {site}"))
}

/// The host, if it looks like one: it comes from the client, and stands in a header.
fn plain(host: &str) -> &str {
    let fits = host.chars().all(|c: char| c.is_ascii_alphanumeric() || ".-:[]".contains(c));
    if fits { host } else { "" }
}

/// A listener where it is announced, and at the same port of the page's own host (a listener on every address is announced
/// as loopback). With a blank before each.
fn announced(host: &str, url: &str) -> String {
    let Some((scheme, address)) = url.split_once("://") else { return String::new() };
    let mut at = format!(" {scheme}://{address}");
    if let (Some((_, port)), length @ 1..) = (address.rsplit_once(':'), name_length(host)) {
        let own = format!(" {scheme}://{}:{port}", &host[..length]);
        if own != at {
            at.push_str(&own);
        }
    }
    at
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
        assert!(policy("localhost:8080", &[], "'none'", &[]).contains(
            "connect-src 'self' ws://localhost:8080 wss://localhost:8080 ws://127.0.0.1:8080"
        ));
        assert!(policy("evil; script-src *", &[], "'none'", &[]).contains("connect-src 'self';"));
    }

    #[test]
    fn the_bench_may_reach_the_gateway_where_it_is_announced_and_on_the_pages_own_host() {
        let gateway = ["ws://127.0.0.1:8877"];
        for (host, own) in [
            ("cti.example:8080", " ws://cti.example:8877;"),
            ("cti.example", " ws://cti.example:8877;"),
            ("[fd00::1]:8080", " ws://[fd00::1]:8877;"),
            ("evil; script-src *", " ws://127.0.0.1:8877;"),
        ] {
            let policy = policy(host, &gateway, "'none'", &[]);
            assert!(policy.contains(" ws://127.0.0.1:8877"), "{host}: {policy}");
            assert!(policy.contains(own), "{host}: {policy}");
        }
        assert!(!policy("cti.example:8080", &[], "'none'", &[]).contains(":8877"));
    }

    #[test]
    fn the_desk_may_be_a_telephone_where_browsers_are_and_reaches_nothing_else() {
        let listeners_of = |names: [(&str, &str); 2]| Settings {
            listeners: names.map(|(name, url)| (name.to_owned(), url.to_owned())).into(),
            ..Settings::default()
        };
        let settings =
            listeners_of([("sip_ws", "ws://127.0.0.1:6080"), ("rio", "ws://127.0.0.1:8877")]);
        let reached = listeners(&settings, &["sip_ws", "sip_wss"]);
        let sites = ["https://crm.example".to_owned()];
        let framed = policy("desk.example:8080", &reached, "'none'", &sites);
        assert!(framed.ends_with("frame-ancestors 'self' https://crm.example"), "{framed}");
        let policy = policy("desk.example:8080", &reached, "'none'", &[]);
        assert!(policy.ends_with("frame-ancestors 'self'"), "{policy}");
        assert!(policy.contains(" ws://desk.example:6080;"), "{policy}");
        assert!(!policy.contains(":8877"), "{policy}");
    }

    #[test]
    fn the_chat_reaches_browsers_ports_and_our_store_and_is_framed_by_the_configured_sites() {
        let listeners = [
            ("http", "http://127.0.0.1:8080"),
            ("rio", "ws://127.0.0.1:8877"),
            ("sip_ws", "ws://127.0.0.1:6080"),
        ];
        let mut settings = Settings {
            public_url: Some("https://chat.example.com/aws".to_owned()),
            listeners: listeners.map(|(name, url)| (name.to_owned(), url.to_owned())).into(),
            chat_sites: vec!["https://www.example.com".to_owned()],
            chat_sockets: vec!["wss://other.example.com:6081".to_owned()],
            ..Settings::default()
        };
        let policy = chat_policy("chat.example:8080", &settings);
        for there in [
            "script-src 'self';",
            " ws://chat.example:6080 ",
            " wss://other.example.com:6081 ",
            " http://chat.example:8080 ",
            " https://chat.example.com;",
            "frame-ancestors 'self' https://www.example.com",
        ] {
            assert!(policy.contains(there), "{there}: {policy}");
        }
        assert!(!policy.contains(":8877") && !policy.contains("/aws"), "{policy}");
        assert!(!chat_policy("evil; script-src *", &settings).contains("evil"));
        settings.demo = true;
        assert!(chat_policy("localhost:8080", &settings).ends_with("frame-ancestors *"));
    }
}
