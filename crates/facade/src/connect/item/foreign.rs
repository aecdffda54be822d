//! What a contact cannot show becomes words (`amazon-connect-chat.md` section 9). No text is lost.

use crate::content;
use domain::contact::{TextKind, TextKinds};
use serde_json::{Value, json};
use std::borrow::Cow;

/// The kind and the text by which a message is shown where only these kinds can be.
pub(super) fn shown(kind: TextKind, text: &str, kinds: TextKinds) -> (TextKind, Cow<'_, str>) {
    // What has the form of another wire is never shown as it is, even where the customer's own page could.
    if kind == TextKind::Plain || (kinds.has(kind) && kind != TextKind::Content) {
        return (kind, Cow::Borrowed(text));
    }
    let words = match kind {
        TextKind::Choices => choices(text),
        TextKind::Choice => choice(text),
        TextKind::Content => {
            let content: Option<Value> = serde_json::from_str(text).ok();
            let content = content.as_ref();
            if let Some(picker) = content.filter(|_| kinds.has(TextKind::Choices)).and_then(picker)
            {
                return (TextKind::Choices, Cow::Owned(picker));
            }
            content.and_then(content::words)
        }
        TextKind::Plain | TextKind::Markdown | TextKind::Json => None,
    };
    (TextKind::Plain, words.map_or(Cow::Borrowed(text), Cow::Owned))
}

/// How many choices a list picker may offer (3.5.2).
const PICKED_FROM: usize = 6;

/// Choices as a list picker, where there are few enough.
fn picker(content: &Value) -> Option<String> {
    let offer = content::Offer::of(content)?;
    let fits = (1..=PICKED_FROM).contains(&offer.choices.len()) && !offer.linked;
    let title = if offer.title.is_empty() { &offer.text } else { &offer.title };
    if !fits || title.is_empty() {
        return None;
    }
    let elements: Vec<Value> = offer
        .choices
        .iter()
        .map(|choice| match choice.text.as_str() {
            "" => json!({"title": choice.title}),
            text => json!({"title": choice.title, "subtitle": text}),
        })
        .collect();
    let mut content = json!({"title": title, "elements": elements});
    if !offer.title.is_empty() && !offer.text.is_empty() {
        content["subtitle"] = offer.text.into();
    }
    let picker =
        json!({"templateType": "ListPicker", "version": "1.0", "data": {"content": content}});
    Some(picker.to_string())
}

/// The title, what stands below it, and one line for each choice (3.5.2).
fn choices(text: &str) -> Option<String> {
    let document: Value = serde_json::from_str(text).ok()?;
    let content = document.pointer("/data/content")?;
    let mut lines: Vec<&str> = Vec::new();
    let heads = ["/title", "/subtitle"].into_iter().filter_map(|at| content.pointer(at));
    lines.extend(heads.filter_map(Value::as_str));
    for element in content.get("elements").and_then(Value::as_array).into_iter().flatten() {
        let title = element.as_str().or_else(|| element.get("title")?.as_str());
        let nested = element.pointer("/data/content/title").and_then(Value::as_str);
        lines.extend(title.or(nested));
    }
    lines.retain(|line| !line.is_empty());
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// What was chosen.
pub(in crate::connect) fn choice(text: &str) -> Option<String> {
    let document: Value = serde_json::from_str(text).ok()?;
    let places = ["", "/data/content/title", "/data/content", "/data/title", "/title", "/text"];
    places.into_iter().find_map(|at| Some(document.pointer(at)?.as_str()?.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PICKER: &str = r#"{"templateType":"ListPicker","version":"1.0","data":{"content":{"title":"무엇을 도와드릴까요?",
        "subtitle":"하나를 고르세요","elements":[{"title":"예약","subtitle":"새로"},{"title":"취소"}]}}}"#;

    fn check(kind: TextKind, text: &str, kinds: TextKinds, expected: (TextKind, &str)) {
        let (kind, text) = shown(kind, text, kinds);
        assert_eq!((kind, text.as_ref()), expected);
    }

    #[test]
    fn what_the_contact_can_show_stays_as_it_is() {
        for kind in TextKind::ALL.into_iter().filter(|kind| *kind != TextKind::Content) {
            check(kind, PICKER, TextKinds::PLAIN.with(kind), (kind, PICKER));
        }
    }

    #[test]
    fn markdown_and_json_become_their_source() {
        for kind in [TextKind::Markdown, TextKind::Json] {
            check(kind, "**{}**", TextKinds::PLAIN, (TextKind::Plain, "**{}**"));
        }
    }

    #[test]
    fn choices_become_one_line_each() {
        let words = "무엇을 도와드릴까요?\n하나를 고르세요\n예약\n취소";
        check(TextKind::Choices, PICKER, TextKinds::PLAIN, (TextKind::Plain, words));
        for odd in ["{}", "[]", "not json", r#"{"data":{"content":{"elements":[1]}}}"#] {
            check(TextKind::Choices, odd, TextKinds::PLAIN, (TextKind::Plain, odd));
        }
    }

    #[test]
    fn a_scenarios_menu_becomes_a_list_picker_where_it_fits() {
        let menu = r#"{"TYPE":"SCENARIO","MESSAGE":{"TITLE":"WELCOME","DESC":"a\\nb","BUTTONS":[
            {"KEYWORD":"솔루션","MENU_ID":"S","TITLE":"솔루션 문의","TEXT":"소개"}],
            "TAIL":[{"KEYWORD":"HOME","MENU_ID":"CHAT_ROOT"}]}}"#;
        let picker = r#"{"data":{"content":{"elements":[{"subtitle":"소개","title":"솔루션 문의"},{"title":"HOME"}],"subtitle":"a\nb","title":"WELCOME"}},"templateType":"ListPicker","version":"1.0"}"#;
        let both = TextKinds::PLAIN.with(TextKind::Choices).with(TextKind::Choice);
        check(TextKind::Content, menu, both, (TextKind::Choices, picker));
        let words = "WELCOME\na\nb\n1. 솔루션 문의: 소개\n2. HOME";
        check(TextKind::Content, menu, TextKinds::PLAIN, (TextKind::Plain, words));
        let link = r#"{"type":"links","message":"m","links":[{"name":"n","type":"link","url":"http://h/"}]}"#;
        check(TextKind::Content, link, both, (TextKind::Plain, "m\n1. n: http://h/"));
    }

    #[test]
    fn a_choice_becomes_what_was_chosen() {
        for (text, words) in [
            (r#""예약""#, "예약"),
            (r#"{"data":{"content":{"title":"예약"}}}"#, "예약"),
            (r#"{"data":{"content":"예약"}}"#, "예약"),
            (r#"{"a":1}"#, r#"{"a":1}"#),
        ] {
            check(TextKind::Choice, text, TextKinds::PLAIN, (TextKind::Plain, words));
        }
    }
}
