//! What is made of heads of requests.

use super::*;

fn asked(headers: &[(&str, &str)], peer: &str, proxies: &[&str]) -> Head {
    let mut request = hyper::Request::builder().method("GET").uri("/a%2Fb?c=d");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let (parts, ()) = request.body(()).unwrap().into_parts();
    let proxies: Vec<IpAddr> = proxies.iter().map(|proxy| proxy.parse().unwrap()).collect();
    head(&parts, peer.parse().unwrap(), false, &proxies)
}

#[test]
fn paths_and_queries_stay_as_they_were_sent() {
    let head = asked(&[("X-Amz-Date", "1")], "::ffff:10.0.0.1", &[]);
    assert_eq!((head.path.as_str(), head.query.as_str()), ("/a%2Fb", "c=d"));
    assert_eq!(head.header("x-amz-date"), Some("1"));
    assert_eq!(head.peer.to_string(), "10.0.0.1", "one address has one name");
}

#[test]
fn only_a_configured_proxy_is_believed() {
    let headers = [
        ("x-forwarded-for", "6.6.6.6, 7.7.7.7"),
        ("x-forwarded-for", "10.0.0.9"),
        ("x-forwarded-proto", "https"),
    ];
    let stranger = asked(&headers, "9.9.9.9", &["10.0.0.1"]);
    assert_eq!((stranger.peer.to_string().as_str(), stranger.tls), ("9.9.9.9", false));
    let proxy = asked(&headers, "10.0.0.1", &["10.0.0.1", "10.0.0.9"]);
    assert_eq!(
        (proxy.peer.to_string().as_str(), proxy.tls),
        ("7.7.7.7", true),
        "what the client itself wrote counts for nothing"
    );
}

#[test]
fn a_socket_opens_by_the_standards_handshake_alone() {
    // RFC 6455 §1.3
    let right = [
        ("upgrade", "websocket"),
        ("connection", "keep-alive, Upgrade"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    assert_eq!(
        accept_key(&asked(&right, "127.0.0.1", &[])).as_deref(),
        Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")
    );
    for missing in 0..right.len() {
        let mut headers = right.to_vec();
        headers.remove(missing);
        assert_eq!(
            accept_key(&asked(&headers, "127.0.0.1", &[])),
            None,
            "without {}",
            right[missing].0
        );
    }
}
