//! What a client may not do, and that it costs nobody else.

use super::running::{Answer, Folder, Server, sangdam};
use std::io::Write as _;

#[test]
fn a_head_of_more_than_32_kib_is_too_large() {
    let folder = Folder::new();
    let server = Server::demo(&folder);
    let fits = "x".repeat(30 << 10);
    assert_eq!(server.ask("GET /api/v1/about", &[("x-long", &fits)], "").status, 200);
    let long = "x".repeat(33 << 10);
    assert_eq!(server.ask("GET /api/v1/about", &[("x-long", &long)], "").status, 431);
}

#[test]
fn a_body_longer_than_wanted_is_refused_before_it_is_sent() {
    let folder = Folder::new();
    let server = Server::demo(&folder);
    let mut tcp = server.connect();
    let head = format!(
        "POST /api/v1/session HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: 999999999\r\n\r\n",
        server.address("http")
    );
    tcp.write_all(head.as_bytes()).unwrap();
    assert_eq!(Answer::read(&mut tcp).status, 413);
    let mut tcp = server.connect();
    let head = format!(
        "POST /api/v1/session HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
        server.address("http")
    );
    tcp.write_all(head.as_bytes()).unwrap();
    for _ in 0..64 {
        // The server may have answered and closed already.
        if tcp.write_all(format!("4000\r\n{}\r\n", "x".repeat(0x4000)).as_bytes()).is_err() {
            break;
        }
    }
    assert!(matches!(Answer::read(&mut tcp).status, 413 | 0), "a reset may overtake the answer");
}

#[test]
fn what_does_not_arrive_in_time_is_dropped() {
    let folder = Folder::new();
    let data = folder.path().join("data");
    let config = folder.path().join("sangdam.toml");
    let text = format!(
        "[server]\ndata = {data:?}\n[listen]\nhttp = \"127.0.0.1:0\"\nmetrics = \"\"\n[limits]\nrequest_seconds = 1\n"
    );
    std::fs::write(&config, text).unwrap();
    let config = config.to_str().unwrap();
    let alone = sangdam(&["serve", "--config", config]).output().unwrap();
    assert!(
        String::from_utf8_lossy(&alone.stderr).contains("sangdam setup"),
        "a server without a realm says what to do"
    );
    let setup =
        sangdam(&["setup", "--config", config, "--realm", "shop.example"]).output().unwrap();
    assert!(setup.status.success(), "{}", String::from_utf8_lossy(&setup.stderr));

    let inner = Folder::of(data);
    let server = Server::start(&inner, &["serve", "--config", config]);
    assert_eq!(server.ready.get("https"), None, "no certificate, no TLS port");
    server.log_in("admin");
    let mut half_a_head = server.connect();
    half_a_head.write_all(b"GET /api/v1/about HTTP/1.1\r\nhost: ").unwrap();
    let mut half_a_body = server.connect();
    half_a_body.write_all(b"POST /api/v1/session HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{\"user\"").unwrap();
    assert_eq!(server.ask("GET /api/v1/about", &[], "").status, 200, "nobody else waits for them");
    assert!(matches!(Answer::read(&mut half_a_head).status, 0 | 408));
    assert_eq!(Answer::read(&mut half_a_body).status, 408);
}
