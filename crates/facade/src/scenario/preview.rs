//! What an editor is shown of a scenario: every fault, or every menu as customers will meet it.

use super::{Checked, Fault};
use crate::content;
use domain::scenario::{Act, Menu, Taker};
use serde_json::{Value, json};

/// The faults, for `/api/v1`.
pub fn faulty(faults: &[Fault]) -> Value {
    json!({"ok": false, "faults": faults, "menus": []})
}

/// The menus, for `/api/v1`: each with what is shown in each language, as it is sent and in words.
pub fn menus(checked: &Checked) -> Value {
    let scenario = &checked.scenario;
    let menus: Vec<Value> = scenario.menus.values().map(|menu| one(menu)).collect();
    json!({
        "ok": true,
        "faults": [],
        "languages": scenario.languages,
        "queue": scenario.queue,
        "menus": menus,
    })
}

fn one(menu: &Menu) -> Value {
    let shown = menu.shown.0.iter().map(|(tag, text)| {
        let parts: Option<Value> =
            if menu.act == Act::Ask { serde_json::from_str(text).ok() } else { None };
        let words = parts.as_ref().and_then(content::words);
        let words = words.unwrap_or_else(|| text.to_string());
        let links: Option<Value> =
            menu.links.as_ref().and_then(|links| serde_json::from_str(&links.of(tag)).ok());
        let mut shown = json!({"words": words});
        if let Some(parts) = parts {
            shown["content"] = parts;
        }
        if let Some(links) = links {
            shown["links"] = links;
        }
        (tag.to_string(), shown)
    });
    let mut wire = json!({
        "id": menu.id,
        "keyword": menu.keyword,
        "does": does(menu),
        "shown": shown.collect::<serde_json::Map<_, _>>(),
        "leads": menu.picks.iter().map(|pick| pick.menu.to_string()).collect::<Vec<_>>(),
    });
    if !menu.heard.is_empty() {
        wire["words"] = json!(menu.heard);
    }
    if let Act::HandOver(over) = &menu.act {
        wire["to"] = match &over.to {
            Taker::Queue(queue) => json!({"queue": queue}),
            Taker::Agent(agent) => json!({"agent": agent}),
        };
    }
    wire
}

const fn does(menu: &Menu) -> &'static str {
    match menu.act {
        Act::Ask => "ask",
        Act::HandOver(_) => "handover",
        Act::End => "end",
    }
}
