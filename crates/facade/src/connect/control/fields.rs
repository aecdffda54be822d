//! Members that several ways to start a chat share: `StartChatContact`, `StartOutboundChatContact`,
//! `SendChatIntegrationEvent` and the open start (`amazon-connect-chat.md` 1.1).

use crate::connect::arn;
use crate::connect::body::Object;
use crate::connect::content;
use crate::connect::error::{ApiError, Plane};
use domain::command::Rehydrate;
use domain::contact::{Attributes, SegmentValue, TextKind, TextKinds};
use domain::refusal::Refusal;
use domain::time::Millis;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Bytes of one message (2.2).
pub(crate) const TEXT_BYTES: usize = 16_384;

/// Minutes that a chat lasts unless it is told otherwise.
const USUAL_MINUTES: i64 = 1_500;

/// Attributes of a segment by their names.
pub(crate) type SegmentAttributes = BTreeMap<Arc<str>, SegmentValue>;

/// `ParticipantDetails.DisplayName`, required.
pub(crate) fn display_name(body: &Object<'_>) -> Result<Arc<str>, ApiError> {
    Ok(body.need_object("ParticipantDetails")?.need_text("DisplayName", 1..=256)?.into())
}

/// `Attributes`: names of letters, digits, `-` and `_`. Their sum is the domain's to measure.
pub(crate) fn attributes(body: &Object<'_>, name: &str) -> Result<Attributes, ApiError> {
    let Some(map) = body.object(name)? else { return Ok(Attributes::new()) };
    let entry = |(key, value): (&str, &Value)| {
        if !is_attribute_name(key) {
            return Err(body.bad(name, "has a key that is not of letters, digits, - and _"));
        }
        let value = value.as_str().ok_or_else(|| body.mistyped(name, "a map of strings"))?;
        Ok((key.into(), value.into()))
    };
    map.members().map(entry).collect()
}

/// May an attribute have this name (1.1: 1 to 32,767 characters)?
pub(crate) fn is_attribute_name(key: &str) -> bool {
    (1..=32_767).contains(&key.len())
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// `SupportedMessagingContentTypes`; absent is plain text alone.
pub(crate) fn kinds(body: &Object<'_>) -> Result<TextKinds, ApiError> {
    const NAME: &str = "SupportedMessagingContentTypes";
    let Some(names) = body.texts(NAME, 0..=100, 1..=100)? else { return Ok(TextKinds::PLAIN) };
    content::kinds(&names)
        .ok_or_else(|| body.bad(NAME, "must hold text/plain and known types alone"))
}

/// `ChatDurationInMinutes`; absent is 25 hours.
pub(crate) fn duration(body: &Object<'_>) -> Result<Millis, ApiError> {
    let minutes = body.integer("ChatDurationInMinutes", 60..=10_080)?.unwrap_or(USUAL_MINUTES);
    Ok(Millis::from_mins(minutes.unsigned_abs()))
}

/// `InitialMessage`: the customer's first words, in a type that the chat supports.
pub(crate) fn opening(
    body: &Object<'_>,
    name: &str,
    kinds: TextKinds,
) -> Result<Option<(TextKind, Arc<str>)>, ApiError> {
    let Some(message) = body.object(name)? else { return Ok(None) };
    let kind = message.need_text("ContentType", 1..=100)?;
    let text = message.need_text("Content", 1..=TEXT_BYTES)?;
    // A customer makes choices, and offers none.
    let kind = content::kind(kind).filter(|kind| *kind != TextKind::Choices && kinds.has(*kind));
    let kind = kind
        .ok_or_else(|| message.bad("ContentType", "is not among the types this chat supports"))?;
    checked(&message, kind, text)?;
    Ok(Some((kind, text.into())))
}

/// Is the text short enough in bytes, and JSON where it has to be?
pub(crate) fn checked(object: &Object<'_>, kind: TextKind, text: &str) -> Result<(), ApiError> {
    if text.len() > TEXT_BYTES {
        return Err(object.bad("Content", "must have at most 16384 bytes"));
    }
    if content::is_json(kind) && serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
        return Err(object.bad("Content", "must be JSON"));
    }
    Ok(())
}

/// `PersistentChat` (1.2).
pub(crate) fn rehydrate(body: &Object<'_>) -> Result<Option<Rehydrate>, ApiError> {
    let Some(persistent) = body.object("PersistentChat")? else { return Ok(None) };
    let entire = persistent
        .choice("RehydrationType", &[("ENTIRE_PAST_SESSION", true), ("FROM_SEGMENT", false)])?;
    let entire = persistent.need("RehydrationType", entire)?;
    let source = persistent.need_text("SourceContactId", 1..=256)?;
    let source =
        source.parse().map_err(|_| ApiError::refused(Plane::Control, &Refusal::NoSuchContact))?;
    Ok(Some(if entire {
        Rehydrate::EntirePastSession(source)
    } else {
        Rehydrate::FromSegment(source)
    }))
}

/// `SegmentAttributes`: named values, each of one of five forms.
pub(crate) fn segment_attributes(body: &Object<'_>) -> Result<SegmentAttributes, ApiError> {
    body.object("SegmentAttributes")?.map_or_else(|| Ok(BTreeMap::new()), |map| segment_map(&map))
}

fn segment_map(map: &Object<'_>) -> Result<SegmentAttributes, ApiError> {
    let entry = |(name, _): (&str, &Value)| {
        if !(1..=128).contains(&name.chars().count()) {
            return Err(map.bad("", "has a name that has not 1 to 128 characters"));
        }
        Ok((name.into(), segment_value(&map.need_object(name)?)?))
    };
    map.members().map(entry).collect()
}

fn segment_value(value: &Object<'_>) -> Result<SegmentValue, ApiError> {
    let mut forms = value.members();
    let (Some((form, _)), None) = (forms.next(), forms.next()) else {
        return Err(value.bad("", "must be of one form"));
    };
    let found = match form {
        "ValueString" => value.text(form, 0..=1_024)?.map(|t| SegmentValue::String(t.into())),
        "ValueArn" => value.text(form, 0..=1_024)?.map(|t| SegmentValue::Arn(t.into())),
        "ValueInteger" => value
            .integer(form, i64::from(i32::MIN)..=i64::from(i32::MAX))?
            .map(SegmentValue::Integer),
        "ValueMap" => {
            value.object(form)?.map(|map| segment_map(&map)).transpose()?.map(SegmentValue::Map)
        }
        "ValueList" => {
            let list = value.objects(form, 0..=usize::MAX)?.unwrap_or_default();
            Some(SegmentValue::List(list.iter().map(segment_value).collect::<Result<_, _>>()?))
        }
        _ => None,
    };
    found.ok_or_else(|| value.bad(form, "is no form of a value"))
}

/// Names the segment a chat (or what the caller says), and asks of a guide that both interactive types are supported.
pub(crate) fn subtype(
    body: &Object<'_>,
    mut segment: SegmentAttributes,
    kinds: TextKinds,
) -> Result<SegmentAttributes, ApiError> {
    const SUBTYPE: &str = "connect:Subtype";
    let value = segment
        .entry(SUBTYPE.into())
        .or_insert_with(|| SegmentValue::String("connect:Chat".into()));
    let guide = *value == SegmentValue::String("connect:Guide".into());
    if guide && !(kinds.has(TextKind::Choices) && kinds.has(TextKind::Choice)) {
        return Err(body.bad(
            "SupportedMessagingContentTypes",
            "must hold both interactive types for a guide",
        ));
    }
    Ok(segment)
}

/// `StreamingEndpointArn` of an object: a topic or a URL by its form; where it leads is the domain's to say.
pub(crate) fn streaming_endpoint(
    body: &Object<'_>,
    name: &str,
) -> Result<Option<Arc<str>>, ApiError> {
    let Some(streaming) = body.object(name)? else { return Ok(None) };
    let target = streaming.need_text("StreamingEndpointArn", 1..=350)?;
    if !arn::is_topic(target) && !arn::is_url(target) {
        return Err(streaming.bad(
            "StreamingEndpointArn",
            "must be the ARN of a standard topic, or an http(s) URL",
        ));
    }
    Ok(Some(target.into()))
}

/// A value of a segment as it is sent.
pub(crate) fn segment_json(value: &SegmentValue) -> Value {
    use serde_json::json;
    match value {
        SegmentValue::String(text) => json!({ "ValueString": text }),
        SegmentValue::Arn(text) => json!({ "ValueArn": text }),
        SegmentValue::Integer(number) => json!({ "ValueInteger": number }),
        SegmentValue::Map(map) => json!({ "ValueMap": segment_map_json(map) }),
        SegmentValue::List(list) => {
            json!({ "ValueList": list.iter().map(segment_json).collect::<Vec<_>>() })
        }
    }
}

/// Values of a segment as they are sent.
pub(crate) fn segment_map_json(map: &SegmentAttributes) -> Value {
    Value::Object(map.iter().map(|(name, value)| (name.to_string(), segment_json(value))).collect())
}
