//! What a bot's program is asked by HTTP, and what its answers mean (`docs/scenario-bot.md`, "A program instead of menus").
//! When it is asked, and where it may be, are the server's.

use crate::content;
use domain::contact::{Attributes, Contact, TextKind, attribute_bytes};
use domain::id::{QueueId, UserId};
use domain::query::BotAsk;
use domain::scenario::{Reply, Said, Taker, Then};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// The header that names a question: the same question bears the same, should it come twice.
pub const KEY_HEADER: &str = "x-sangdam-key";

/// Messages of one answer.
const MESSAGES: usize = 10;
/// Bytes of a text, of a message with parts (`nxwebapi.md` 4), of a note.
const TEXT: usize = 16_384;
const CONTENT: usize = 60_000;
/// Bytes of attributes of one answer.
const ATTRIBUTES: usize = 8_192;

/// The name of a question: of one contact, one number.
pub fn key(ask: &BotAsk) -> String {
    format!("{}:{}", ask.contact, ask.ask.n)
}

/// The question as it is posted.
pub fn question(ask: &BotAsk, contact: &Contact, attributes: &Attributes) -> String {
    let first = ask.ask.n == 1 && ask.ask.said.is_empty();
    let messages: Vec<Value> = ask.ask.said.iter().map(said).collect();
    let mut customer =
        json!({"name": contact.customer.name, "verified": contact.customer.verified});
    if let Some(id) = &contact.customer.id {
        customer["id"] = json!(id);
    }
    let question = json!({
        "key": key(ask),
        "event": if first { "started" } else { "said" },
        "bot": ask.bot,
        "contact": contact.id,
        "room": contact.room(),
        "number": ask.ask.n,
        "until": ask.ask.until,
        "customer": customer,
        "attributes": attributes,
        "messages": messages,
    });
    question.to_string()
}

fn said(said: &Said) -> Value {
    let parts = || serde_json::from_str::<Value>(&said.text).ok();
    match said.kind {
        TextKind::Plain | TextKind::Markdown => json!({"text": said.text}),
        _ => match parts() {
            Some(parts) => {
                let words = content::words(&parts).unwrap_or_else(|| said.text.to_string());
                json!({"text": words, "content": parts})
            }
            None => json!({"text": said.text}),
        },
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    #[serde(default)]
    messages: Vec<Message>,
    #[serde(default)]
    attributes: Attributes,
    #[serde(default)]
    handover: Option<HandOver>,
    #[serde(default)]
    end: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    #[serde(default)]
    text: Option<Arc<str>>,
    #[serde(default)]
    content: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HandOver {
    #[serde(default)]
    queue: Option<QueueId>,
    #[serde(default)]
    agent: Option<UserId>,
    #[serde(default)]
    note: Option<Arc<str>>,
}

/// What an answer means. An empty body says nothing, and listens on.
///
/// # Errors
///
/// What is wrong with it, without a word of what it says.
pub fn answer(body: &[u8]) -> Result<Reply, &'static str> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Reply::default());
    }
    // An object: a list would do for a structure, too.
    let members: Result<serde_json::Map<String, Value>, _> = serde_json::from_slice(body);
    let answer = members.and_then(|members| Answer::deserialize(Value::Object(members)));
    let answer = answer.map_err(|_| "its answer is not of the form that is agreed")?;
    if answer.messages.len() > MESSAGES {
        return Err("its answer has too many messages");
    }
    if attribute_bytes(&answer.attributes) > ATTRIBUTES {
        return Err("its answer has too many attributes");
    }
    let messages = answer.messages.into_iter().map(message).collect::<Result<_, _>>()?;
    let then = match (answer.handover, answer.end) {
        (Some(_), true) => return Err("its answer both hands over and ends the chat"),
        (Some(HandOver { queue: Some(_), agent: Some(_), .. }), _) => {
            return Err("its answer hands over to a queue and an agent at once");
        }
        (Some(over), false) => {
            if over.note.as_ref().is_some_and(|note| note.len() > TEXT) {
                return Err("its note is too long");
            }
            let agent = over.agent.map(Taker::Agent);
            Then::HandOver(agent.or(over.queue.map(Taker::Queue)), over.note)
        }
        (None, true) => Then::End,
        (None, false) => Then::Listen,
    };
    Ok(Reply { messages, set: answer.attributes, then })
}

fn message(message: Message) -> Result<Said, &'static str> {
    match (message.text, message.content) {
        (Some(text), None) if (1..=TEXT).contains(&text.len()) => {
            Ok(Said { kind: TextKind::Plain, text })
        }
        (None, Some(content)) => {
            let text = content.to_string();
            if text.len() > CONTENT {
                Err("a message of its answer is too long")
            } else if content::words(&content).is_none() {
                Err("a message of its answer says nothing")
            } else {
                Ok(Said { kind: TextKind::Content, text: text.into() })
            }
        }
        (Some(_), None) => Err("a text of its answer is empty or too long"),
        _ => Err("a message of its answer has neither text nor content, or both"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_says_sets_and_hands_over() {
        let body = r#"{"messages":[{"text":"안녕하세요"},{"content":{"type":"links","message":"고르세요",
            "links":[{"name":"a","type":"text"}]}}],"attributes":{"topic":"bill"},
            "handover":{"queue":"3002","note":"화가 났습니다"}}"#;
        let reply = answer(body.as_bytes()).unwrap();
        assert_eq!(reply.messages[0].text.as_ref(), "안녕하세요");
        assert_eq!(reply.messages[1].kind, TextKind::Content);
        assert_eq!(reply.set.len(), 1);
        let to = Some(Taker::Queue("3002".into()));
        assert_eq!(reply.then, Then::HandOver(to, Some("화가 났습니다".into())));
        assert_eq!(answer(br#"{"handover":{}}"#).unwrap().then, Then::HandOver(None, None));
        assert_eq!(answer(br#"{"end":true}"#).unwrap().then, Then::End);
        assert_eq!(answer(b" \n").unwrap(), Reply::default());
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        let long = format!(r#"{{"messages":[{{"text":"{}"}}]}}"#, "a".repeat(TEXT + 1));
        let many = format!(r#"{{"messages":[{}]}}"#, [r#"{"text":"a"}"#; 11].join(","));
        for body in [
            "hello",
            "[]",
            r#"{"message":"typo"}"#,
            r#"{"messages":[{"text":""}]}"#,
            r#"{"messages":[{"text":"a","content":{}}]}"#,
            r#"{"messages":[{}]}"#,
            r#"{"messages":[{"content":{}}]}"#,
            r#"{"messages":[{"content":"text"}]}"#,
            r#"{"handover":{"queue":"1","agent":"2"}}"#,
            r#"{"handover":{},"end":true}"#,
            &long,
            &many,
        ] {
            assert!(answer(body.as_bytes()).is_err(), "{body:.60}");
        }
    }
}
