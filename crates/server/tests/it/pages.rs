//! Static pages, and the start of everything.

use super::running::{Folder, Server};

#[test]
fn the_demo_says_where_it_listens_and_answers_there() {
    let folder = Folder::new();
    let server = Server::demo(&folder);
    assert!(server.ready["pid"].as_u64().is_some());
    for listener in ["http", "https", "metrics"] {
        assert!(server.address(listener).starts_with("127.0.0.1:"), "{listener}");
    }
    let about = server.ask("GET /api/v1/about", &[], "");
    assert_eq!(about.status, 200);
    assert!(about.header("date").is_some());
    let gone = server.ask("GET /no/such/path", &[], "");
    assert_eq!(
        (gone.status, gone.header("content-type").is_some_and(|kind| kind.contains("html"))),
        (404, false),
        "no page where an API is"
    );
    assert_eq!(
        server.ask("GET /api/v1/about", &[("host", "evil.test")], "").status,
        421,
        "one of two hosts is not ours"
    );
}

#[test]
fn pages_are_cached_by_tag_and_come_compressed() {
    let folder = Folder::new();
    let server = Server::demo(&folder);
    for path in ["/", "/desk", "/try", "/cti", "/webchat.html", "/ukakao/webchat.html"] {
        let page = server.ask(&format!("GET {path}"), &[], "");
        assert_eq!(page.status, 200, "{path}");
        assert!(page.header("content-type").unwrap().starts_with("text/html"), "{path}");
        assert!(
            page.header("content-security-policy").unwrap().contains("script-src 'self'"),
            "{path}"
        );
        assert_eq!(
            (page.header("x-content-type-options"), page.header("referrer-policy")),
            (Some("nosniff"), Some("no-referrer"))
        );
        assert_eq!(page.header("cache-control"), Some("no-cache"));
        let tag = page.header("etag").unwrap();
        let known = server.ask(&format!("GET {path}"), &[("if-none-match", tag)], "");
        assert_eq!((known.status, known.body.as_str()), (304, ""), "{path}");
    }
    let policy = |path: &str| {
        let page = server.ask(&format!("GET {path}"), &[], "");
        page.header("content-security-policy").unwrap().to_owned()
    };
    let gateway = format!("ws://{}", server.address("rio"));
    assert!(policy("/cti").contains(&gateway), "{}", policy("/cti"));
    assert!(!policy("/desk").contains(&gateway), "no other page speaks with the gateway");
    for path in ["/webchat.html", "/ukakao/webchat.html"] {
        let policy = policy(path);
        for there in [format!(" ws://{}", server.address("sip_ws")), "frame-ancestors *".to_owned()]
        {
            assert!(policy.contains(&there), "{path}: {policy}");
        }
    }
    for script in ["/nxWebApi.js", "/nx-launcher.js"] {
        let script = server.ask(&format!("GET {script}"), &[], "");
        assert_eq!(
            ["content-type", "cache-control", "cross-origin-resource-policy"]
                .map(|name| script.header(name).unwrap_or_default().to_owned()),
            ["text/javascript; charset=utf-8", "no-cache", "cross-origin"]
        );
        assert!(script.header("etag").is_some());
    }
    let head = server.ask("HEAD /desk", &[], "");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    let small = server.ask("GET /desk", &[("accept-encoding", "gzip, br")], "");
    assert_eq!(small.header("content-encoding"), Some("br"));
    assert_ne!(small.header("etag"), head.header("etag"), "other bytes, another tag");
    assert_eq!(server.ask("POST /desk", &[], "{}").status, 404);
}

#[test]
fn figures_and_health_have_a_port_of_their_own() {
    let folder = Folder::new();
    let server = Server::demo(&folder);
    let ask = |path: &str| {
        let mut tcp = std::net::TcpStream::connect(server.address("metrics")).unwrap();
        std::io::Write::write_all(
            &mut tcp,
            format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").as_bytes(),
        )
        .unwrap();
        super::running::Answer::read(&mut tcp)
    };
    assert_eq!((ask("/healthz").status, ask("/readyz").status), (200, 200));
    let figures = ask("/metrics");
    assert!(figures.body.contains("sangdam_commands_total"), "{}", figures.body);
    assert_eq!(server.ask("GET /metrics", &[], "").status, 404, "not on the public port");
}
