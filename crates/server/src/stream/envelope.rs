//! The SNS envelope around an item, so that handlers written for SNS work unchanged (`amazon-connect-chat.md` 1.8).

use domain::id::{InstanceId, Uuid};
use domain::time::Millis;
use facade::connect::item::Notification;
use facade::connect::time::iso_ms;
use facade::webhook;
use serde::Serialize;
use std::collections::BTreeMap;

/// The envelope's members, in the order in which SNS prints them.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Envelope<'a> {
    r#type: &'static str,
    message_id: String,
    topic_arn: &'a str,
    message: &'a str,
    timestamp: String,
    signature_version: &'static str,
    // Handlers check our own header instead: we have no certificate of amazonaws.com.
    signature: &'static str,
    #[serde(rename = "SigningCertURL")]
    signing_cert_url: &'static str,
    #[serde(rename = "UnsubscribeURL")]
    unsubscribe_url: &'static str,
    message_attributes: BTreeMap<&'static str, Attribute<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Attribute<'a> {
    r#type: &'static str,
    value: std::borrow::Cow<'a, str>,
}

/// Where an envelope comes from and goes to.
#[derive(Debug, Clone, Copy)]
pub struct Labels<'a> {
    /// The topic or URL that was named.
    pub target: &'a str,
    /// The account number in ARNs.
    pub account: &'a str,
    /// The realm's id.
    pub instance: Option<InstanceId>,
}

/// A body ready to be posted, and its headers. A retry sends the same again; only the signature's time is new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    id: String,
    target: String,
    /// The body.
    pub body: String,
}

impl Sealed {
    /// Puts an item into its envelope.
    pub fn new(labels: Labels<'_>, item: &Notification, id: Uuid, now: Millis) -> Self {
        let mut attributes: BTreeMap<&'static str, Attribute<'_>> = BTreeMap::new();
        let mut set = |name, value: std::borrow::Cow<'static, str>| {
            drop(attributes.insert(name, Attribute { r#type: "String", value }));
        };
        set("InitialContactId", item.initial.to_string().into());
        set("ContactId", item.contact.to_string().into());
        set("AccountId", labels.account.to_owned().into());
        set("Type", item.r#type.into());
        set("MessageVisibility", item.visibility.into());
        let given = [
            ("InstanceId", labels.instance.map(|id| id.to_string().into())),
            ("ContentType", item.content_type.map(Into::into)),
            ("ParticipantRole", item.role.map(Into::into)),
        ];
        for (name, value) in given {
            if let Some(value) = value {
                set(name, value);
            }
        }
        let id = id.to_string();
        let envelope = Envelope {
            r#type: "Notification",
            message_id: id.clone(),
            topic_arn: labels.target,
            message: &item.body,
            timestamp: iso_ms(now.0),
            signature_version: "1",
            signature: "",
            signing_cert_url: "",
            unsubscribe_url: "",
            message_attributes: attributes,
        };
        let body =
            serde_json::to_string(&envelope).expect("texts under texts always have a JSON form");
        Self { id, target: labels.target.to_owned(), body }
    }

    /// The headers to post it with.
    pub fn headers(&self, secret: Option<&str>, now: Millis) -> Vec<(&'static str, String)> {
        let mut headers = vec![
            ("content-type", "text/plain; charset=UTF-8".to_owned()),
            ("x-amz-sns-message-type", "Notification".to_owned()),
            ("x-amz-sns-message-id", self.id.clone()),
            ("x-amz-sns-topic-arn", self.target.clone()),
        ];
        if let Some(secret) = secret {
            headers.push((
                webhook::HEADER,
                webhook::sign(secret, now.0 / 1_000, self.body.as_bytes()),
            ));
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_written_for_sns_finds_what_it_looks_for() {
        let room = "5a9d0000-0000-4000-8000-00000000000a".parse().unwrap();
        let contact = "5a9d0000-0000-4000-8000-00000000000b".parse().unwrap();
        let body = r#"{"Content":"안녕"}"#.to_owned();
        let item = Notification {
            body,
            r#type: "MESSAGE",
            content_type: Some("text/plain"),
            role: Some("CUSTOMER"),
            visibility: "ALL",
            initial: room,
            contact,
        };
        let labels = Labels {
            target: "arn:aws:sns:us-east-1:000000000000:chats",
            account: "000000000000",
            instance: None,
        };
        let id: Uuid = "5a9d0000-0000-4000-8000-00000000000c".parse().unwrap();
        let sealed = Sealed::new(labels, &item, id, Millis(1_763_736_000_123));
        let read: serde_json::Value = serde_json::from_str(&sealed.body).unwrap();
        assert_eq!(read["Type"], "Notification");
        assert_eq!(read["Message"], r#"{"Content":"안녕"}"#);
        assert_eq!(read["TopicArn"], "arn:aws:sns:us-east-1:000000000000:chats");
        assert_eq!(read["Timestamp"], "2025-11-21T14:40:00.123Z");
        assert_eq!(
            read["MessageAttributes"]["MessageVisibility"],
            serde_json::json!({"Type": "String", "Value": "ALL"})
        );
        assert_eq!(read["MessageAttributes"].get("InstanceId"), None);
        let headers = sealed.headers(Some("s"), Millis(1_763_736_000_123));
        let signature = headers
            .iter()
            .find(|(name, _)| *name == "x-sangdam-signature")
            .map(|(_, value)| value.as_str())
            .unwrap();
        assert_eq!(webhook::verify("s", signature, sealed.body.as_bytes()), Some(1_763_736_000));
        assert!(headers.contains(&("x-amz-sns-message-type", "Notification".to_owned())));
    }
}
