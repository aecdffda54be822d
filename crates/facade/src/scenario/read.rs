//! From TOML to menus. Whatever can be read is read, so that one fault hides no other.

use super::Fault;
use domain::id::{HoursId, QueueId, UserId};
use domain::room::IdleRule;
use domain::scenario::Need;
use domain::time::Millis;
use std::collections::BTreeMap;
use toml::de::{DeTable, DeValue};

/// What a customer is reminded after, where the file does not say; and the chat ends so long after that
/// (`nxwebapi.md` 8).
const IDLE: Millis = Millis::from_mins(5);

/// Most menus of a file, buttons, tail entries and links of a menu, and words that are listened for.
const MENUS: usize = 500;
const BUTTONS: usize = 20;
const TAIL: usize = 10;
const LINKS: usize = 20;
const WORDS: usize = 20;
/// Characters of a name, a keyword, a title, a text, an address.
const NAME: usize = 64;
const TITLE: usize = 100;
const TEXT: usize = 4_000;
const URL: usize = 2_000;

/// Something of the file, and where it stands (in bytes).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Placed<T> {
    pub(super) it: T,
    pub(super) at: usize,
}

/// A text by language.
pub(super) type Texts = BTreeMap<String, String>;

#[derive(Debug, Default)]
pub(super) struct Tree {
    pub(super) languages: Vec<String>,
    pub(super) queue: Option<Placed<String>>,
    pub(super) unknown: Option<Texts>,
    pub(super) closed: Option<Texts>,
    pub(super) idle: IdleRule,
    pub(super) patience: Option<(u32, Placed<String>)>,
    /// In the order of names.
    pub(super) menus: Vec<Menu>,
    pub(super) needs: Vec<(usize, String, Need)>,
}

#[derive(Debug, Default)]
pub(super) struct Menu {
    pub(super) id: String,
    pub(super) at: usize,
    pub(super) keyword: Placed<String>,
    pub(super) title: Option<Texts>,
    pub(super) name: Option<Texts>,
    pub(super) text: Option<Texts>,
    pub(super) url: Option<String>,
    pub(super) buttons: Vec<Button>,
    pub(super) tail: Vec<Button>,
    pub(super) links: Vec<Link>,
    pub(super) words: Vec<Placed<String>>,
    pub(super) set: BTreeMap<String, String>,
    pub(super) language: Option<String>,
    pub(super) hours: Option<(String, Placed<String>)>,
    pub(super) handover: Option<HandOver>,
    pub(super) end: bool,
}

#[derive(Debug, Default)]
pub(super) struct Button {
    pub(super) at: usize,
    pub(super) menu: Placed<String>,
    pub(super) keyword: Option<String>,
    pub(super) title: Option<Texts>,
    pub(super) text: Option<Texts>,
}

#[derive(Debug, Default)]
pub(super) struct Link {
    pub(super) name: Texts,
    pub(super) url: Option<String>,
    pub(super) extra: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct HandOver {
    pub(super) queue: Option<String>,
    pub(super) agent: Option<String>,
    pub(super) note: Option<Texts>,
    pub(super) closed: Option<Placed<String>>,
    pub(super) nobody: Option<Placed<String>>,
}

/// All that is wrong with a file.
pub(super) struct Faults {
    /// Where each line begins.
    lines: Vec<usize>,
    found: Vec<Fault>,
}

impl Faults {
    pub(super) fn new(text: &str) -> Self {
        let lines =
            std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { lines, found: Vec::new() }
    }

    fn line(&self, at: usize) -> usize {
        self.lines.partition_point(|start| *start <= at)
    }

    pub(super) fn add(&mut self, at: usize, key: impl Into<String>, what: impl Into<String>) {
        let fault = Fault { line: self.line(at), key: key.into(), what: what.into() };
        self.found.push(fault);
    }

    pub(super) fn placed(&self, needs: &[(usize, String, Need)]) -> Vec<(usize, String, Need)> {
        needs.iter().map(|(at, key, need)| (self.line(*at), key.clone(), need.clone())).collect()
    }

    pub(super) fn all(mut self) -> Vec<Fault> {
        self.found.sort();
        self.found.dedup();
        self.found
    }
}

/// A value, its place and its key.
struct Node<'a> {
    value: &'a DeValue<'a>,
    at: usize,
    key: String,
}

/// A table whose members are taken one by one; those left are unknown.
struct Members<'a, 'f> {
    table: &'a DeTable<'a>,
    at: usize,
    key: String,
    known: Vec<&'static str>,
    faults: &'f mut Faults,
    languages: Vec<String>,
}

impl<'a> Members<'a, '_> {
    fn key(&self, name: &str) -> String {
        if self.key.is_empty() { name.to_owned() } else { format!("{}.{name}", self.key) }
    }

    fn take(&mut self, name: &'static str) -> Option<Node<'a>> {
        self.known.push(name);
        let (key, value) = self.table.get_key_value(name)?;
        Some(Node { value: value.get_ref(), at: key.span().start, key: self.key(name) })
    }

    /// A text of 1 to so many characters.
    fn text(&mut self, name: &'static str, most: usize) -> Option<Placed<String>> {
        let node = self.take(name)?;
        text(&node, most, self.faults)
    }

    fn texts(&mut self, name: &'static str, most: usize) -> Option<Texts> {
        let node = self.take(name)?;
        texts(&node, most, &self.languages, self.faults)
    }

    fn url(&mut self, name: &'static str) -> Option<String> {
        let url = self.text(name, URL)?;
        let known = ["http://", "https://"]
            .iter()
            .any(|scheme| url.it.strip_prefix(scheme).is_some_and(|rest| !rest.is_empty()));
        if known && !url.it.contains(char::is_whitespace) {
            return Some(url.it);
        }
        let key = self.key(name);
        self.faults.add(
            url.at,
            key,
            "an address that begins with http:// or https:// was expected",
        );
        None
    }

    fn list(&mut self, name: &'static str, most: usize) -> Vec<Node<'a>> {
        let Some(node) = self.take(name) else { return Vec::new() };
        let Some(list) = node.value.as_array() else {
            self.faults.add(node.at, node.key, "a list in brackets was expected");
            return Vec::new();
        };
        if list.len() > most {
            self.faults.add(node.at, node.key.clone(), format!("at most {most} of these"));
        }
        let each = list.iter().enumerate().map(|(n, item)| Node {
            value: item.get_ref(),
            at: item.span().start,
            key: format!("{}[{n}]", node.key),
        });
        each.collect()
    }

    fn members(&mut self, name: &'static str) -> Option<Members<'a, '_>> {
        let node = self.take(name)?;
        members(node, self.faults, &self.languages)
    }

    /// Whatever was not taken is unknown.
    fn done(self) {
        for (name, _) in self.table {
            if !self.known.contains(&name.get_ref().as_ref()) {
                let key = self.key(name.get_ref());
                let known = self.known.join(", ");
                self.faults.add(
                    name.span().start,
                    key,
                    format!("there is no such key; there are {known}"),
                );
            }
        }
    }
}

fn members<'a, 'f>(
    node: Node<'a>,
    faults: &'f mut Faults,
    languages: &[String],
) -> Option<Members<'a, 'f>> {
    let Some(table) = node.value.as_table() else {
        faults.add(node.at, node.key, "a table was expected");
        return None;
    };
    let languages = languages.to_vec();
    Some(Members { table, at: node.at, key: node.key, known: Vec::new(), faults, languages })
}

fn text(node: &Node<'_>, most: usize, faults: &mut Faults) -> Option<Placed<String>> {
    let Some(text) = node.value.as_str() else {
        faults.add(node.at, node.key.clone(), "a text in quotes was expected");
        return None;
    };
    if text.trim().is_empty() || text.chars().count() > most {
        faults.add(node.at, node.key.clone(), format!("1 to {most} characters were expected"));
        return None;
    }
    Some(Placed { it: text.to_owned(), at: node.at })
}

/// One text for all languages, or one for each.
fn texts(node: &Node<'_>, most: usize, languages: &[String], faults: &mut Faults) -> Option<Texts> {
    let Some(table) = node.value.as_table() else {
        let text = text(node, most, faults)?;
        return Some(languages.iter().map(|tag| (tag.clone(), text.it.clone())).collect());
    };
    let mut found = Texts::new();
    for (tag, value) in table {
        let key = format!("{}.{}", node.key, tag.get_ref());
        let at = tag.span().start;
        if !languages.iter().any(|known| known == tag.get_ref().as_ref()) {
            faults.add(
                at,
                key,
                format!("no language of this file; there are {}", languages.join(", ")),
            );
            continue;
        }
        let node = Node { value: value.get_ref(), at, key };
        if let Some(text) = text(&node, most, faults) {
            found.insert(tag.get_ref().to_string(), text.it);
        }
    }
    let first = languages.first()?;
    let Some(usual) = found.get(first).cloned() else {
        let missing = !table.iter().any(|(tag, _)| tag.get_ref().as_ref() == first.as_str());
        if missing {
            faults.add(node.at, node.key.clone(), format!("the text in {first:?} is missing"));
        }
        return None;
    };
    for tag in languages {
        found.entry(tag.clone()).or_insert_with(|| usual.clone());
    }
    Some(found)
}

/// A name of a menu.
fn is_name(text: &str) -> bool {
    (1..=NAME).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b))
}

/// `90s`, `5m`, `1h`.
fn span(text: &str) -> Option<Millis> {
    let unit = text.trim_end_matches(|c: char| c.is_ascii_alphabetic()).len();
    let (figures, unit) = text.split_at_checked(unit)?;
    let each = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => return None,
    };
    let seconds = figures.parse::<u64>().ok()?.checked_mul(each)?;
    (1..=86_400).contains(&seconds).then_some(Millis::from_secs(seconds))
}

/// Reads everything there is.
pub(super) fn tree(source: &str, faults: &mut Faults) -> Tree {
    let (table, broken) = DeTable::parse_recoverable(source);
    for fault in broken {
        faults.add(fault.span().map_or(0, |span| span.start), "", fault.message());
    }
    let mut tree = Tree {
        idle: IdleRule { warn: Some(IDLE), drop: Some(IDLE), owed: false },
        ..Tree::default()
    };
    let mut top = Members {
        table: table.get_ref(),
        at: 0,
        key: String::new(),
        known: Vec::new(),
        faults,
        languages: Vec::new(),
    };
    for node in top.list("languages", 10) {
        let Some(tag) = text(&node, 8, top.faults) else { continue };
        let plain = tag.it.len() >= 2 && tag.it.bytes().all(|b| b.is_ascii_lowercase());
        if !plain || tree.languages.contains(&tag.it) {
            top.faults.add(tag.at, node.key, "a language such as \"ko\", each once, was expected");
        } else {
            tree.languages.push(tag.it);
        }
    }
    if tree.languages.is_empty() {
        tree.languages.push("ko".to_owned());
    }
    top.languages.clone_from(&tree.languages);
    tree.queue = top.text("queue", NAME);
    match &tree.queue {
        Some(queue) => tree.needs.push((
            queue.at,
            "queue".to_owned(),
            Need::Queue(QueueId::from(queue.it.as_str())),
        )),
        None if !table.get_ref().contains_key("queue") => {
            top.faults.add(0, "queue", "is missing: who takes over where the bot cannot go on?");
        }
        None => {}
    }
    tree.unknown = top.texts("unknown", TEXT);
    tree.closed = top.texts("closed", TEXT);
    if let Some(mut idle) = top.members("idle") {
        for (name, to) in [("warn", &mut tree.idle.warn), ("close", &mut tree.idle.drop)] {
            let Some(given) = idle.text(name, 16) else { continue };
            match span(&given.it) {
                Some(span) => *to = Some(span),
                None if given.it == "never" => *to = None,
                None => {
                    let key = idle.key(name);
                    idle.faults.add(
                        given.at,
                        key,
                        "a time such as \"5m\" (1s to 24h) or \"never\"",
                    );
                }
            }
        }
        idle.done();
    }
    if let Some(mut patience) = top.members("patience") {
        let words = patience.take("words").and_then(|node| {
            let n = node.value.as_integer().and_then(|n| n.as_str().parse::<u32>().ok());
            let n = n.filter(|n| (1..=20).contains(n));
            if n.is_none() {
                patience.faults.add(node.at, node.key, "a number from 1 to 20 was expected");
            }
            n
        });
        let menu = patience.text("menu", NAME);
        if let (Some(words), Some(menu)) = (words, menu) {
            tree.patience = Some((words, menu));
        } else {
            let (at, key) = (patience.at, patience.key.clone());
            patience.faults.add(at, key, "words and menu were expected");
        }
        patience.done();
    }
    let menus = top.take("menu");
    let languages = top.languages.clone();
    top.done();
    match menus {
        Some(node) => match node.value.as_table() {
            Some(table) => {
                for (id, value) in table {
                    let at = id.span().start;
                    let key = format!("menu.{}", id.get_ref());
                    if !is_name(id.get_ref()) {
                        faults.add(at, key.clone(), "a name has 1 to 64 letters, digits or _-.");
                    }
                    let node = Node { value: value.get_ref(), at, key };
                    let Some(members) = members(node, faults, &languages) else { continue };
                    let read = menu(id.get_ref(), members, &mut tree.needs);
                    tree.menus.push(read);
                }
                if table.len() > MENUS {
                    faults.add(node.at, node.key, format!("at most {MENUS} menus"));
                }
            }
            None => faults.add(node.at, node.key, "menus as [menu.NAME] were expected"),
        },
        None => faults.add(0, "menu", "there is none: [menu.CHAT_ROOT] is the first"),
    }
    tree
}

fn menu(id: &str, mut from: Members<'_, '_>, needs: &mut Vec<(usize, String, Need)>) -> Menu {
    let at = from.at;
    let usual = if id == domain::scenario::ROOT { "HOME" } else { id };
    let mut menu = Menu { id: id.to_owned(), at, ..Menu::default() };
    menu.keyword =
        from.text("keyword", NAME).unwrap_or_else(|| Placed { it: usual.to_owned(), at });
    menu.title = from.texts("title", TITLE);
    menu.name = from.texts("name", TITLE);
    menu.text = from.texts("text", TEXT);
    menu.url = from.url("url");
    for node in from.list("buttons", BUTTONS) {
        let Some(members) = members(node, from.faults, &from.languages) else { continue };
        menu.buttons.extend(button(members, true));
    }
    for node in from.list("tail", TAIL) {
        if node.value.is_str() {
            let name = text(&node, NAME, from.faults);
            menu.tail.extend(name.map(|menu| Button { at: menu.at, menu, ..Button::default() }));
        } else if let Some(members) = members(node, from.faults, &from.languages) {
            menu.tail.extend(button(members, false));
        }
    }
    for node in from.list("links", LINKS) {
        let Some(mut members) = members(node, from.faults, &from.languages) else { continue };
        let name = members.texts("name", TITLE);
        let (url, extra) = (members.url("url"), members.text("extra", 100).map(|e| e.it));
        match name {
            Some(name) => menu.links.push(Link { name, url, extra }),
            None if !members.table.contains_key("name") => {
                let (at, key) = (members.at, members.key.clone());
                members.faults.add(at, key, "name is missing");
            }
            None => {}
        }
        members.done();
    }
    for node in from.list("words", WORDS) {
        menu.words.extend(text(&node, NAME, from.faults));
    }
    if let Some(set) = from.take("set") {
        match set.value.as_table() {
            Some(table) => {
                for (name, value) in table {
                    let key = format!("{}.{}", set.key, name.get_ref());
                    let node = Node { value: value.get_ref(), at: name.span().start, key };
                    if let Some(value) = text(&node, 1_000, from.faults) {
                        menu.set.insert(name.get_ref().to_string(), value.it);
                    }
                }
            }
            None => from.faults.add(set.at, set.key, "a table of names and texts was expected"),
        }
    }
    if let Some(language) = from.text("language", 8) {
        if from.languages.contains(&language.it) {
            menu.language = Some(language.it);
        } else {
            let (key, known) = (from.key("language"), from.languages.join(", "));
            from.faults.add(
                language.at,
                key,
                format!("no language of this file; there are {known}"),
            );
        }
    }
    if let Some(mut hours) = from.members("hours") {
        let (id, closed) = (hours.text("id", NAME), hours.text("closed", NAME));
        if let Some(id) = &id {
            needs.push((id.at, hours.key("id"), Need::Hours(HoursId::from(id.it.as_str()))));
        }
        if let (Some(id), Some(closed)) = (id, closed) {
            menu.hours = Some((id.it, closed));
        } else {
            let (at, key) = (hours.at, hours.key.clone());
            hours.faults.add(at, key, "id and closed (a menu) were expected");
        }
        hours.done();
    }
    if let Some(over) = from.members("handover") {
        menu.handover = Some(handover(over, needs));
    }
    if let Some(node) = from.take("end") {
        match node.value.as_bool() {
            Some(end) => menu.end = end,
            None => from.faults.add(node.at, node.key, "true or false was expected"),
        }
    }
    from.done();
    menu
}

fn button(mut from: Members<'_, '_>, titled: bool) -> Option<Button> {
    let at = from.at;
    let menu = from.text("menu", NAME);
    let keyword = from.text("keyword", NAME).map(|word| word.it);
    let (mut title, mut text) = (None, None);
    if titled {
        (title, text) = (from.texts("title", TITLE), from.texts("text", TEXT));
    }
    if menu.is_none() && !from.table.contains_key("menu") {
        let key = from.key.clone();
        from.faults.add(at, key, "menu is missing: where does it lead?");
    }
    from.done();
    Some(Button { at, menu: menu?, keyword, title, text })
}

fn handover(mut from: Members<'_, '_>, needs: &mut Vec<(usize, String, Need)>) -> HandOver {
    let (queue, agent) = (from.text("queue", NAME), from.text("agent", NAME));
    if queue.is_some() == agent.is_some() {
        let (at, key) = (from.at, from.key.clone());
        from.faults.add(at, key, "either queue or agent was expected");
    }
    if let Some(queue) = &queue {
        let need = Need::Queue(QueueId::from(queue.it.as_str()));
        needs.push((queue.at, from.key("queue"), need));
    }
    if let Some(agent) = &agent {
        let need = Need::Agent(UserId::from(agent.it.as_str()));
        needs.push((agent.at, from.key("agent"), need));
    }
    let over = HandOver {
        queue: queue.map(|q| q.it),
        agent: agent.map(|a| a.it),
        note: from.texts("note", TEXT),
        closed: from.text("closed", NAME),
        nobody: from.text("nobody", NAME),
    };
    from.done();
    over
}
