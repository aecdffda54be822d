//! What an editor is shown of a scenario: every fault, or every menu as customers will meet it.

use super::{Checked, Fault};
use crate::content;
use domain::directory::Directory;
use domain::scenario::{Act, Menu, Scenario, Taker};
use domain::time::Millis;
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

/// Something that is said to try a scenario.
#[derive(Debug, Clone, Default)]
pub struct Try {
    /// The menu that was shown last; none is the first.
    pub from: Option<String>,
    /// The words.
    pub said: String,
    /// The menu that was pressed with them.
    pub menu: Option<String>,
    /// Words in a row that led nowhere before.
    pub missed: u32,
    /// The language that is spoken.
    pub language: Option<String>,
}

/// The menu that is shown to it at this moment: by the rules by which a bot finds it, closed menus included. Whether people
/// are there to take over is not asked.
pub fn turn(scenario: &Scenario, directory: &Directory, at: Millis, wish: &Try) -> Option<Value> {
    let from = wish.from.as_deref();
    let chosen = wish.menu.as_deref().and_then(|menu| scenario.by_choice(menu, &wish.said));
    let led = chosen.or_else(|| scenario.by_words(from, &wish.said));
    let missed = if led.is_some() { 0 } else { wish.missed.saturating_add(1) };
    let patient = led.is_none() && scenario.impatient(missed).is_none();
    let led = led.or_else(|| scenario.impatient(missed).cloned());
    let menu = scenario.menu(led.as_deref().or(from))?;
    let menu = scenario.open(menu, at, |id| directory.hours.get(id));
    let mut turn = json!({"menu": menu.id, "missed": missed});
    if let Some(unknown) = scenario.unknown.as_ref().filter(|_| patient) {
        turn["unknown"] = json!(unknown.of(&scenario.language(wish.language.as_deref())));
    }
    Some(turn)
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
