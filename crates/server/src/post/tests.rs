//! Where calls may go, and what becomes of them.

use super::*;
use crate::tasks;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

/// A target that gives one answer to everyone, byte for byte.
async fn target(answer: String) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tasks::spawn("target", async move {
        while let Ok((mut tcp, _)) = listener.accept().await {
            let mut bytes = [0; 4096];
            let _ = tcp.read(&mut bytes).await;
            let _ = tcp.write_all(answer.as_bytes()).await;
        }
    });
    address
}

fn answer(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

async fn send(post: &Post, url: &str, listed: &[Arc<str>]) -> Result<Answer, Fault> {
    post.send(url, &[("content-type", "text/plain".to_owned())], "hello".to_owned(), listed).await
}

#[tokio::test]
async fn what_is_not_public_is_dialled_only_if_it_is_listed() {
    let address = target(answer("200 OK", "fine")).await;
    let post = Post::new(Vec::new());
    for host in ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]", "127.1"] {
        let url = format!("http://{host}:{}/", address.port());
        assert_eq!(send(&post, &url, &[]).await, Err(Fault::Forbidden), "{url}");
    }
    let url = format!("http://127.0.0.1:{}/", address.port());
    assert_eq!(
        send(&post, &url, &["127.0.0.1".into()]).await.map(|answer| answer.body),
        Ok(b"fine".to_vec())
    );
    assert_eq!(
        send(&Post::new(vec!["127.0.0.1".to_owned()]), &url, &[]).await.map(|answer| answer.status),
        Ok(200)
    );
}

#[tokio::test]
async fn odd_addresses_are_refused() {
    let post = Post::new(vec!["127.0.0.1".to_owned()]);
    for url in [
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "http://me:secret@127.0.0.1/",
        "nothing",
        "http:///",
    ] {
        assert_eq!(send(&post, url, &[]).await, Err(Fault::Forbidden), "{url}");
    }
}

#[tokio::test]
async fn redirects_are_not_followed_and_answers_are_bounded() {
    let post = Post::new(vec!["127.0.0.1".to_owned()]);
    let moved = target("HTTP/1.1 307 X\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".to_owned()).await;
    assert_eq!(send(&post, &format!("http://{moved}/"), &[]).await, Err(Fault::Refused(307)));
    let long = target(answer("200 OK", &"x".repeat(ANSWER + 1))).await;
    assert_eq!(
        send(&post, &format!("http://{long}/"), &[]).await,
        Err(Fault::Failed("the answer is too long"))
    );
}
