//! What customers get: for each menu and language the message of `nxwebapi.md` 5, made once.

use super::read::{Button, Faults, Menu, Texts, Tree};
use domain::id::{HoursId, QueueId, UserId};
use domain::scenario::{Act, HandOver, Pick, Scenario, Taker, Words, spoken};
use serde::Serialize;
use std::sync::Arc;

/// Bytes of one message (`nxwebapi.md` 4).
const LONGEST: usize = 60_000;

/// The members in the order in which seed 000 prints them.
#[derive(Serialize)]
#[serde(rename_all = "UPPERCASE")]
struct Content<'a> {
    r#type: &'static str,
    message: Message<'a>,
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct Message<'a> {
    keyword: &'a str,
    menu_id: &'a str,
    title: &'a str,
    r#type: &'static str,
    name: &'a str,
    url: &'a str,
    desc: String,
    count_buttons: usize,
    buttons: Vec<ButtonWire<'a>>,
    tail: Vec<TailWire<'a>>,
    count_tail: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct ButtonWire<'a> {
    keyword: &'a str,
    menu_id: &'a str,
    title: &'a str,
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct TailWire<'a> {
    keyword: &'a str,
    menu_id: &'a str,
}

#[derive(Serialize)]
struct LinkList<'a> {
    r#type: &'static str,
    message: &'a str,
    links: Vec<LinkWire<'a>>,
}

#[derive(Serialize)]
struct LinkWire<'a> {
    name: &'a str,
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    extra: Option<&'a str>,
}

/// A break is the two characters backslash and n (`nxwebapi.md` 5).
fn broken(text: &str) -> String {
    text.trim_end().replace("\r\n", "\n").replace('\n', "\\n")
}

fn of<'a>(texts: Option<&'a Texts>, tag: &str) -> &'a str {
    texts.and_then(|texts| texts.get(tag)).map_or("", String::as_str)
}

/// A text that the file need not have.
fn usual(tree: &Tree, given: Option<&Texts>, ko: &str, en: &str) -> Words {
    let each = tree.languages.iter().map(|tag| {
        let own = given.and_then(|texts| texts.get(tag)).map(|text| text.trim_end());
        let text = own.unwrap_or(if tag == "ko" { ko } else { en });
        (Arc::from(tag.as_str()), Arc::from(text))
    });
    Words(each.collect())
}

fn words(texts: &Texts) -> Words {
    Words(texts.iter().map(|(tag, text)| (tag.as_str().into(), text.as_str().into())).collect())
}

/// Makes it of a tree; of a faulty one as much as there is.
pub(super) fn scenario(tree: &Tree, source: &str, faults: &mut Faults) -> Scenario {
    let menus =
        tree.menus.iter().map(|menu| (menu.id.as_str().into(), Arc::new(made(tree, menu, faults))));
    Scenario {
        source: source.into(),
        languages: tree.languages.iter().map(|tag| tag.as_str().into()).collect(),
        queue: QueueId::from(tree.queue.as_ref().map_or("", |queue| queue.it.as_str())),
        menus: menus.collect(),
        unknown: tree.unknown.as_ref().map(words),
        patience: tree.patience.as_ref().map(|(n, menu)| (*n, menu.it.as_str().into())),
        closed: usual(
            tree,
            tree.closed.as_ref(),
            "지금은 상담 시간이 아닙니다.",
            "Nobody can be reached at this time.",
        ),
        idle: tree.idle,
    }
}

fn made(tree: &Tree, menu: &Menu, faults: &mut Faults) -> domain::scenario::Menu {
    let title = usual(tree, menu.title.as_ref(), &menu.keyword.it, &menu.keyword.it);
    let shown = match (&menu.handover, menu.end) {
        (Some(_), _) => usual(
            tree,
            menu.text.as_ref(),
            "상담원에게 연결해 드리겠습니다.",
            "I am connecting you with an agent.",
        ),
        (None, true) => {
            usual(tree, menu.text.as_ref(), "이용해 주셔서 감사합니다.", "Thank you. Goodbye.")
        }
        (None, false) => each(tree, menu, faults, |tag| asking(tree, menu, tag)),
    };
    let links =
        (!menu.links.is_empty()).then(|| each(tree, menu, faults, |tag| linking(menu, tag)));
    let picks = menu.buttons.iter().chain(&menu.tail).map(|button| {
        let mut said: Vec<Arc<str>> = vec![spoken(word(tree, button)).into()];
        for title in button.title.iter().flatten().map(|(_, title)| spoken(title)) {
            if !said.iter().any(|known| **known == *title) {
                said.push(title.into());
            }
        }
        Pick { words: said, menu: button.menu.it.as_str().into() }
    });
    let act = match (&menu.handover, menu.end) {
        (Some(over), _) => Act::HandOver(HandOver {
            to: match &over.agent {
                Some(agent) => Taker::Agent(UserId::from(agent.as_str())),
                None => Taker::Queue(QueueId::from(over.queue.as_deref().unwrap_or_default())),
            },
            note: usual(tree, over.note.as_ref(), "봇 {bot}: {path}", "Bot {bot}: {path}"),
            closed: over.closed.as_ref().map(|menu| menu.it.as_str().into()),
            nobody: over.nobody.as_ref().map(|menu| menu.it.as_str().into()),
        }),
        (None, true) => Act::End,
        (None, false) => Act::Ask,
    };
    domain::scenario::Menu {
        id: menu.id.as_str().into(),
        keyword: spoken(&menu.keyword.it).into(),
        title,
        shown,
        links,
        picks: picks.collect(),
        heard: menu.words.iter().map(|word| spoken(&word.it).into()).collect(),
        set: menu
            .set
            .iter()
            .map(|(name, value)| (name.as_str().into(), value.as_str().into()))
            .collect(),
        language: menu.language.as_deref().map(Into::into),
        hours: menu
            .hours
            .as_ref()
            .map(|(id, closed)| (HoursId::from(id.as_str()), closed.it.as_str().into())),
        act,
    }
}

/// The keyword of a button: its own, or that of the menu it leads to.
fn word<'a>(tree: &'a Tree, button: &'a Button) -> &'a str {
    let own =
        || tree.menus.iter().find(|menu| menu.id == button.menu.it).map(|m| m.keyword.it.as_str());
    button.keyword.as_deref().or_else(own).unwrap_or(&button.menu.it)
}

fn each(tree: &Tree, menu: &Menu, faults: &mut Faults, make: impl Fn(&str) -> String) -> Words {
    let all = tree.languages.iter().map(|tag| {
        let text = make(tag);
        if text.len() > LONGEST {
            let what = format!("its message takes more than {LONGEST} bytes");
            faults.add(menu.at, format!("menu.{}", menu.id), what);
        }
        (Arc::from(tag.as_str()), Arc::from(text))
    });
    Words(all.collect())
}

fn asking(tree: &Tree, menu: &Menu, tag: &str) -> String {
    let titled = of(menu.title.as_ref(), tag);
    let name = if menu.name.is_some() { of(menu.name.as_ref(), tag) } else { titled };
    let buttons: Vec<ButtonWire<'_>> = menu
        .buttons
        .iter()
        .map(|button| {
            let keyword = word(tree, button);
            let title = of(button.title.as_ref(), tag);
            ButtonWire {
                keyword,
                menu_id: &button.menu.it,
                title: if title.is_empty() { keyword } else { title },
                text: broken(of(button.text.as_ref(), tag)),
            }
        })
        .collect();
    let tail: Vec<TailWire<'_>> = menu
        .tail
        .iter()
        .map(|entry| TailWire { keyword: word(tree, entry), menu_id: &entry.menu.it })
        .collect();
    let message = Message {
        keyword: &menu.keyword.it,
        menu_id: &menu.id,
        title: titled,
        r#type: "CONTENT",
        name,
        url: menu.url.as_deref().unwrap_or_default(),
        desc: broken(of(menu.text.as_ref(), tag)),
        count_buttons: buttons.len(),
        buttons,
        count_tail: tail.len(),
        tail,
    };
    json(&Content { r#type: "SCENARIO", message, name })
}

fn linking(menu: &Menu, tag: &str) -> String {
    let links = menu.links.iter().map(|link| LinkWire {
        name: of(Some(&link.name), tag),
        r#type: if link.url.is_some() { "link" } else { "text" },
        url: link.url.as_deref(),
        extra: link.extra.as_deref(),
    });
    json(&LinkList { r#type: "links", message: "", links: links.collect() })
}

fn json(message: &impl Serialize) -> String {
    // Texts in structures: nothing that could fail.
    serde_json::to_string(message).unwrap_or_default()
}
