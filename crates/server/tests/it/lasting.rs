//! What was answered is kept, however the server ends.

use super::running::{Folder, Server, sangdam};
use std::time::{Duration, Instant};

fn put_code(server: &Server, token: &str, code: &str) {
    let bearer = format!("Bearer {token}");
    let kinds = server.ask("GET /api/v1/export", &[("authorization", &bearer)], "");
    assert_eq!(kinds.status, 200, "{}", kinds.body);
    let body = format!(r#"{{"name":"{code}","role":"agent"}}"#);
    let put =
        server.ask(&format!("PUT /api/v1/users/{code}"), &[("authorization", &bearer)], &body);
    assert!(matches!(put.status, 200 | 201), "{}", put.body);
}

#[test]
fn a_killed_server_has_everything_it_ever_confirmed() {
    let folder = Folder::new();
    let mut server = Server::demo(&folder);
    let token = server.log_in("admin");
    for n in 0..5 {
        put_code(&server, &token, &format!("kept-{n}"));
    }
    server.signal("KILL");
    server.end();
    let server = Server::demo(&folder);
    let bearer = format!("Bearer {token}");
    for n in 0..5 {
        let user =
            server.ask(&format!("GET /api/v1/users/kept-{n}"), &[("authorization", &bearer)], "");
        assert_eq!(user.status, 200, "the session and the user outlive it: {}", user.body);
    }
    put_code(&server, &token, "kept-on");
}

#[test]
fn a_stopped_server_ends_well_and_soon_and_the_next_goes_on() {
    let folder = Folder::new();
    let mut server = Server::demo(&folder);
    let token = server.log_in("admin");
    put_code(&server, &token, "kept");
    let _idle = server.connect();
    #[expect(clippy::disallowed_methods, reason = "how long it takes is what is asked")]
    let asked = Instant::now();
    server.signal("TERM");
    assert!(server.end().success());
    assert!(asked.elapsed() < Duration::from_secs(5));
    assert!(!folder.path().join("ready.json").exists());
    let server = Server::demo(&folder);
    assert_eq!(
        server
            .ask("GET /api/v1/users/kept", &[("authorization", &format!("Bearer {token}"))], "")
            .status,
        200
    );
}

#[test]
fn two_servers_do_not_share_a_folder() {
    let folder = Folder::new();
    let _server = Server::demo(&folder);
    let second = sangdam(&["demo", "--port-base", "0", "--data", folder.path().to_str().unwrap()])
        .output()
        .unwrap();
    assert!(!second.status.success());
    assert!(String::from_utf8_lossy(&second.stderr).contains("another server"));
}
