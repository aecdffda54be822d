//! A client as thin as can be, so that one core of load can drive one core of server.

use anyhow::{Context as _, Result, bail};
use facade::connect::sigv4::{Secret, Signed, Signer, sign};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

/// A keep-alive HTTP connection.
pub(crate) struct Http {
    stream: TcpStream,
    host: String,
    buffer: Vec<u8>,
}

impl Http {
    pub(crate) async fn open(host: &str) -> Result<Self> {
        let stream = TcpStream::connect(host).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, host: host.to_owned(), buffer: Vec::with_capacity(8_192) })
    }

    /// One request; the status and the body.
    pub(crate) async fn call(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Result<(u16, Vec<u8>)> {
        let mut text = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n",
            self.host,
            body.len()
        );
        for (name, value) in headers {
            text.extend([name, ": ", value, "\r\n"]);
        }
        text.push_str("\r\n");
        text.push_str(body);
        self.stream.write_all(text.as_bytes()).await?;
        self.buffer.clear();
        let head = loop {
            if let Some(at) = self.buffer.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server closed the connection");
            }
        };
        let text = std::str::from_utf8(&self.buffer[..head])?.to_ascii_lowercase();
        let status: u16 = text.split(' ').nth(1).context("no status")?.parse()?;
        let length: usize = text
            .lines()
            .find_map(|l| l.strip_prefix("content-length: "))
            .context("no length")?
            .trim()
            .parse()?;
        while self.buffer.len() < head + length {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                bail!("the server closed the connection");
            }
        }
        Ok((status, self.buffer[head..head + length].to_vec()))
    }

    /// One request that must succeed; its JSON.
    pub(crate) async fn json(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Value> {
        let (status, bytes) = self.call(method, path, headers, &body.to_string()).await?;
        if !(200..300).contains(&status) {
            bail!("{method} {path}: {status} {}", String::from_utf8_lossy(&bytes));
        }
        Ok(if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes)? })
    }

    /// Starts a chat with the demo's key, connection and socket included: contact, connection token, socket URL.
    pub(crate) async fn start_chat(&mut self) -> Result<(String, String, String)> {
        let body = json!({
            "InstanceId": "5a9d0000-0000-4000-8000-000000000001",
            "ContactFlowId": "5a9d0000-0000-4000-8000-000000003001",
            "ParticipantDetails": {"DisplayName": "bench"},
            "ConnectionTypes": ["WEBSOCKET", "CONNECTION_CREDENTIALS"],
        })
        .to_string();
        let headers = [
            ("content-type".to_owned(), "application/json".to_owned()),
            ("host".to_owned(), self.host.clone()),
        ];
        let request = Signed {
            method: "PUT",
            raw_path: "/contact/chat",
            raw_query: "",
            headers: &headers,
            body: body.as_bytes(),
            tls: false,
        };
        let secret = Secret::new("sangdam-demo-secret");
        let signer = Signer {
            access_key: "SANGDAMDEMO000000001",
            secret: &secret,
            region: "us-east-1",
            service: "connect",
        };
        let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
        let signed = sign(&request, &signer, now).map_err(|e| anyhow::anyhow!("{e:?}"))?;
        let extra: Vec<(&str, &str)> =
            signed.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        let (status, bytes) = self.call("PUT", "/contact/chat", &extra, &body).await?;
        if status != 200 {
            bail!("StartChatContact: {status} {}", String::from_utf8_lossy(&bytes));
        }
        let answer: Value = serde_json::from_slice(&bytes)?;
        let text = |value: &Value| value.as_str().map(str::to_owned).context("a member is missing");
        Ok((
            text(&answer["ContactId"])?,
            text(&answer["ConnectionCredentials"]["ConnectionToken"])?,
            text(&answer["Websocket"]["Url"])?,
        ))
    }
}

/// A socket.
pub(crate) struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Opens one, with a bearer and a sub-protocol where they are asked for.
    pub(crate) async fn open(
        host: &str,
        path: &str,
        bearer: Option<&str>,
        protocol: Option<&str>,
    ) -> Result<Self> {
        let stream = TcpStream::connect(host).await?;
        stream.set_nodelay(true)?;
        let mut request = format!("ws://{host}{path}").into_client_request()?;
        if let Some(bearer) = bearer {
            request.headers_mut().insert("authorization", format!("Bearer {bearer}").parse()?);
        }
        if let Some(protocol) = protocol {
            request.headers_mut().insert("sec-websocket-protocol", protocol.parse()?);
        }
        let small = WebSocketConfig::default().read_buffer_size(4_096).write_buffer_size(0);
        let (socket, _) =
            tokio_tungstenite::client_async_with_config(request, stream, Some(small)).await?;
        Ok(Self(socket))
    }

    /// Opens a customer's socket by its URL and subscribes.
    pub(crate) async fn subscribe(url: &str) -> Result<Self> {
        let rest = url.strip_prefix("ws://").context("a plain socket")?;
        let (host, path) = rest.split_once('/').context("a path")?;
        let mut socket = Self::open(host, &format!("/{path}"), None, None).await?;
        socket.send(r#"{"topic":"aws/subscribe","content":{"topics":["aws/chat"]}}"#).await?;
        socket.next().await?;
        Ok(socket)
    }

    pub(crate) async fn send(&mut self, text: &str) -> Result<()> {
        Ok(self.0.send(Message::text(text)).await?)
    }

    /// The next text frame.
    pub(crate) async fn next(&mut self) -> Result<String> {
        loop {
            match self.0.next().await.context("the socket closed")?? {
                Message::Text(text) => return Ok(text.to_string()),
                Message::Close(frame) => bail!("closed: {frame:?}"),
                _ => {}
            }
        }
    }
}
