//! `WebSockets`, by hand.

use super::running::{Folder, Server};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// A masked frame of a client (RFC 6455 §5.2); the mask is zero, which is a mask, too.
fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x80 | opcode];
    match payload.len() {
        short @ 0..126 => bytes.push(0x80 | u8::try_from(short).unwrap()),
        middle @ 126..0x1_0000 => {
            bytes.push(0x80 | 0x7e);
            bytes.extend(u16::try_from(middle).unwrap().to_be_bytes());
        }
        long => {
            bytes.push(0x80 | 0x7f);
            bytes.extend((long as u64).to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

/// The next frame: its opcode and payload.
fn next(tcp: &mut TcpStream) -> (u8, Vec<u8>) {
    let mut head = [0; 2];
    tcp.read_exact(&mut head).unwrap();
    let length = match head[1] {
        126 => {
            let mut more = [0; 2];
            tcp.read_exact(&mut more).unwrap();
            usize::from(u16::from_be_bytes(more))
        }
        127 => {
            let mut more = [0; 8];
            tcp.read_exact(&mut more).unwrap();
            usize::try_from(u64::from_be_bytes(more)).unwrap()
        }
        short => usize::from(short),
    };
    let mut payload = vec![0; length];
    tcp.read_exact(&mut payload).unwrap();
    (head[0] & 15, payload)
}

fn close_code(tcp: &mut TcpStream) -> u16 {
    loop {
        let (opcode, payload) = next(tcp);
        if opcode == 8 {
            return u16::from_be_bytes([payload[0], payload[1]]);
        }
    }
}

/// A desk's socket.
fn desk(server: &Server) -> TcpStream {
    let token = server.log_in("1001");
    let mut tcp = server.connect();
    let head = format!(
        "GET /api/v1/desk HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: sangdam.desk.1\r\n\r\n",
        server.address("http")
    );
    tcp.write_all(head.as_bytes()).unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        tcp.read_exact(&mut byte)
            .unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&answer)));
        answer.push(byte[0]);
    }
    let answer = String::from_utf8(answer).unwrap().to_lowercase();
    assert!(answer.starts_with("http/1.1 101 "), "{answer}");
    assert!(answer.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{answer}");
    assert!(answer.contains("sec-websocket-protocol: sangdam.desk.1"), "{answer}");
    tcp
}

#[test]
fn a_socket_answers_in_order_and_its_limits_are_kept() {
    let folder = Folder::new();
    let server = Server::demo(&folder);
    let mut tcp = desk(&server);
    for id in 1..=3 {
        tcp.write_all(&frame(1, format!(r#"{{"id":{id},"do":"ping"}}"#).as_bytes())).unwrap();
    }
    for id in 1..=3 {
        let (opcode, payload) = next(&mut tcp);
        let answer: serde_json::Value = serde_json::from_slice(&payload).unwrap();
        assert_eq!((opcode, answer["id"].as_u64()), (1, Some(id)));
    }
    tcp.write_all(&frame(9, b"there?")).unwrap();
    assert_eq!(next(&mut tcp), (10, b"there?".to_vec()));
    tcp.write_all(&frame(1, &vec![b' '; 70 << 10])).unwrap();
    assert_eq!(close_code(&mut tcp), 1009);

    let mut hasty = desk(&server);
    for _ in 0..60 {
        hasty.write_all(&frame(1, br#"{"id":1,"do":"ping"}"#)).unwrap();
    }
    assert_eq!(close_code(&mut hasty), 1008);
}

#[test]
fn a_stopping_server_tells_its_sockets_to_come_back() {
    let folder = Folder::new();
    let mut server = Server::demo(&folder);
    let mut tcp = desk(&server);
    server.signal("TERM");
    assert_eq!(close_code(&mut tcp), 1012);
    tcp.write_all(&frame(8, &1012u16.to_be_bytes())).unwrap();
    assert!(server.end().success());
}

#[test]
fn a_request_that_is_no_opening_is_told_what_is_wanted() {
    let folder = Folder::new();
    let server = Server::demo(&folder);
    let token = server.log_in("1001");
    let answer =
        server.ask("GET /api/v1/desk", &[("authorization", &format!("Bearer {token}"))], "");
    assert!(matches!(answer.status, 400 | 426), "{answer:?}");
}
