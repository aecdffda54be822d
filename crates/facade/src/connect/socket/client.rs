//! What clients send on the socket, and what they are answered (`amazon-connect-chat.md` 3.2, 3.3).

use crate::door::Cx;
use domain::id::{ParticipantId, Uuid};
use serde::Deserialize;
use serde_json::json;
use std::sync::{Arc, LazyLock};

/// The one topic there is.
pub(super) const CHAT: &str = "aws/chat";
/// Asks for a topic's frames.
pub(super) const SUBSCRIBE: &str = "aws/subscribe";
/// Asks for no more of them.
pub(super) const UNSUBSCRIBE: &str = "aws/unsubscribe";

/// A frame of the client.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// Asks for these topics' frames.
    Subscribe(Vec<String>),
    /// Asks for no more of them.
    Unsubscribe(Vec<String>),
    /// Is the chat's service there?
    Ping,
    /// Is the connection there?
    Heartbeat,
    /// Anything else: not for the socket.
    Other,
}

#[derive(Deserialize)]
struct Shape {
    topic: String,
    #[serde(default)]
    content: Option<Content>,
}

#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    topics: Vec<String>,
}

impl Frame {
    /// Reads the first JSON value and leaves alone what trails it: the iOS SDK sends a stray `)` (3.2).
    pub(super) fn parse(text: &str) -> Self {
        let mut json = serde_json::Deserializer::from_str(text);
        let Ok(Shape { topic, content }) = Shape::deserialize(&mut json) else {
            return Self::Other;
        };
        let topics = content.map(|content| content.topics).unwrap_or_default();
        match topic.as_str() {
            SUBSCRIBE => Self::Subscribe(topics),
            UNSUBSCRIBE => Self::Unsubscribe(topics),
            "aws/ping" => Self::Ping,
            "aws/heartbeat" => Self::Heartbeat,
            _ => Self::Other,
        }
    }
}

/// Says how a subscription went. The topics drive the client's bookkeeping.
pub(super) fn acknowledge(topic: &str, status: &str, topics: &[&str]) -> Arc<str> {
    json!({"topic": topic, "content": {"status": status, "topics": topics}}).to_string().into()
}

/// The answer to a ping: apps look for both the number and the words.
pub(super) fn pong() -> Arc<str> {
    static PONG: LazyLock<Arc<str>> =
        LazyLock::new(|| r#"{"topic":"aws/ping","statusCode":200,"statusContent":"OK"}"#.into());
    PONG.clone()
}

/// The answer to a heartbeat.
pub(super) fn heartbeat() -> Arc<str> {
    static HEARTBEAT: LazyLock<Arc<str>> = LazyLock::new(|| r#"{"topic":"aws/heartbeat"}"#.into());
    HEARTBEAT.clone()
}

/// The answer to what is not for the socket: it has no topic (3.2).
pub(super) fn forbidden(cx: &mut Cx<'_>, connection: ParticipantId) -> Arc<str> {
    let request = Uuid::new(cx.now, cx.chance).to_string();
    let connection = connection.to_string();
    json!({"message": "Forbidden", "connectionId": connection, "requestId": request})
        .to_string()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &Frame) {
        assert_eq!(Frame::parse(text), *expected, "{text}");
    }

    #[test]
    fn the_four_frames_of_clients_are_known() {
        let chat = || vec![CHAT.to_owned()];
        check(
            r#"{"topic":"aws/subscribe","content":{"topics":["aws/chat"]}}"#,
            &Frame::Subscribe(chat()),
        );
        check(
            r#"{"topic":"aws/unsubscribe","content":{"topics":["aws/chat"]}}"#,
            &Frame::Unsubscribe(chat()),
        );
        check(r#"{"topic":"aws/ping"}"#, &Frame::Ping);
        check(r#"{"topic":"aws/heartbeat","content":null}"#, &Frame::Heartbeat);
        check(r#"{"topic":"aws/subscribe"}"#, &Frame::Subscribe(Vec::new()));
    }

    #[test]
    fn row_37_what_trails_the_first_value_is_left_alone() {
        check(
            r#"{"topic": "aws/subscribe", "content": {"topics": ["aws/chat"]}})"#,
            &Frame::Subscribe(vec![CHAT.to_owned()]),
        );
        check(" {\"topic\":\"aws/ping\"} \u{fffd} {", &Frame::Ping);
    }

    #[test]
    fn anything_else_is_not_for_the_socket() {
        for text in [
            "",
            "x",
            "[]",
            "1",
            "{}",
            "{",
            r#"{"topic":1}"#,
            r#"{"topic":"aws/chat","content":"hi"}"#,
            r#"{"topic":"aws/subscribe","content":{"topics":"aws/chat"}}"#,
            r#"{"topic":"other"}"#,
        ] {
            check(text, &Frame::Other);
        }
        check(&"[".repeat(16_000), &Frame::Other);
    }

    #[test]
    fn row_36_answers_have_the_fields_that_apps_look_for() {
        assert_eq!(&*pong(), r#"{"topic":"aws/ping","statusCode":200,"statusContent":"OK"}"#);
        assert_eq!(&*heartbeat(), r#"{"topic":"aws/heartbeat"}"#);
        let ack: serde_json::Value =
            serde_json::from_str(&acknowledge(SUBSCRIBE, "success", &[CHAT])).unwrap();
        assert_eq!(
            ack,
            json!({"topic":"aws/subscribe","content":{"status":"success","topics":["aws/chat"]}})
        );
    }
}
