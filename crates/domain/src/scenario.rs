//! What a scenario bot says and where each choice leads: a tree of menus, checked before it comes here.
//!
//! What customers see of a menu is a text whose form is none of the domain's business; it was made when the scenario was
//! read. What the domain knows is which words lead where, and where the tree ends: with an agent, or with the chat.

use crate::contact::Attributes;
use crate::directory::Hours;
use crate::id::{HoursId, QueueId, UserId};
use crate::room::IdleRule;
use crate::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The menu with which every talk begins (`nxwebapi.md` 5).
pub const ROOT: &str = "CHAT_ROOT";

/// Closed menus lead on to others at most so often; a checked scenario never comes near.
pub const HOPS: usize = 32;

/// A text in each of a scenario's languages, by tag.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Words(pub BTreeMap<Arc<str>, Arc<str>>);

impl Words {
    /// The text in this language, or in another where it has none.
    pub fn of(&self, language: &str) -> Arc<str> {
        let found = self.0.get(language).or_else(|| self.0.values().next());
        found.cloned().unwrap_or_default()
    }
}

/// Something that can be chosen in a menu, by its number, or by any of its words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pick {
    /// Its words, as [`spoken`] gives them.
    pub words: Vec<Arc<str>>,
    /// The menu that it leads to.
    pub menu: Arc<str>,
}

/// Who takes over from a bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Taker {
    /// Whoever serves this queue.
    Queue(QueueId),
    /// This agent; if they cannot, the scenario's own queue.
    Agent(UserId),
}

/// How a bot hands over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandOver {
    /// To whom.
    pub to: Taker,
    /// For the agent alone; `{path}` becomes the menus the customer came by, `{bot}` the bot's number.
    pub note: Words,
    /// The menu shown instead while the queue is closed; absent: a sentence, and the last menu again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Arc<str>>,
    /// The menu shown instead while nobody is logged on; absent: the customer waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nobody: Option<Arc<str>>,
}

/// What becomes of a customer who comes to a menu.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// They choose.
    #[default]
    Ask,
    /// They go on to people.
    HandOver(HandOver),
    /// The chat ends.
    End,
}

/// One menu.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Menu {
    /// Its name, `MENU_ID` of `nxwebapi.md` 5.
    pub id: Arc<str>,
    /// The words that lead to it from everywhere, as [`spoken`] gives them.
    pub keyword: Arc<str>,
    /// What agents read about it.
    pub title: Words,
    /// What customers are shown: a message with parts, or plain words where there is nothing to choose.
    pub shown: Words,
    /// Links shown below it: a message with parts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links: Option<Words>,
    /// What can be chosen, in the order of its numbers from 1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub picks: Vec<Pick>,
    /// Words that lead here from within a sentence, as [`spoken`] gives them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heard: Vec<Arc<str>>,
    /// Attributes that the matter gets from whoever comes here.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: Attributes,
    /// The bot speaks this language from here on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Arc<str>>,
    /// When it is open, and the menu that takes its place when it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<(HoursId, Arc<str>)>,
    /// What becomes of the customer.
    #[serde(default)]
    pub act: Act,
}

/// A bot's whole tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scenario {
    /// The text it was read from, for whoever edits it.
    pub source: Arc<str>,
    /// Its languages, by tag; the first is for customers of whom nothing is known.
    pub languages: Vec<Arc<str>>,
    /// Who takes over where the bot cannot go on.
    pub queue: QueueId,
    /// The menus, by name.
    pub menus: BTreeMap<Arc<str>, Arc<Menu>>,
    /// Said before the last menu is shown again, to words that lead nowhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<Words>,
    /// After so many such words in a row, this menu.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub patience: Option<(u32, Arc<str>)>,
    /// Said where a hand-over finds its queue closed, and names no menu for that.
    pub closed: Words,
    /// When a silent customer is reminded, and when the chat ends.
    #[serde(default)]
    pub idle: IdleRule,
}

/// Words as they are compared: without case, without space around, one space between.
pub fn spoken(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The number that a text is, written as a person may: `2`, `2.`, `2)`, `2번`.
fn number(text: &str) -> Option<usize> {
    let figures = text.trim_end_matches(['.', ')', '번']);
    figures.parse().ok().filter(|n| *n > 0)
}

impl Scenario {
    /// The language for whoever asks for this tag, such as `en-GB`.
    pub fn language(&self, tag: Option<&str>) -> Arc<str> {
        let primary = tag.and_then(|tag| tag.split(['-', '_']).next()).unwrap_or_default();
        let known = self.languages.iter().find(|known| known.eq_ignore_ascii_case(primary));
        known.or(self.languages.first()).cloned().unwrap_or_default()
    }

    /// The menu of this name, or the first one if there is none (any more).
    pub fn menu(&self, id: Option<&str>) -> Option<&Arc<Menu>> {
        id.and_then(|id| self.menus.get(id)).or_else(|| self.menus.get(ROOT))
    }

    /// The menu that takes its place at this moment, if it is closed: itself if not.
    pub fn open<'a>(
        &'a self,
        menu: &'a Arc<Menu>,
        at: Millis,
        hours: impl Fn(&HoursId) -> Option<&'a Arc<Hours>>,
    ) -> &'a Arc<Menu> {
        let mut menu = menu;
        for _ in 0..HOPS {
            let closed =
                menu.hours.as_ref().filter(|(id, _)| hours(id).is_some_and(|h| !h.open(at)));
            match closed.and_then(|(_, instead)| self.menus.get(instead)) {
                Some(instead) => menu = instead,
                None => break,
            }
        }
        menu
    }

    /// Where words lead from a menu: by number or word of what is shown there, by a menu's own word, or by a word within
    /// them.
    pub fn by_words(&self, from: Option<&str>, text: &str) -> Option<Arc<str>> {
        let text = spoken(text);
        if text.is_empty() {
            return None;
        }
        let here = self.menu(from)?;
        let counted = number(&text).and_then(|n| here.picks.get(n - 1));
        let named = || here.picks.iter().find(|pick| pick.words.iter().any(|w| **w == *text));
        if let Some(pick) = counted.or_else(named) {
            return Some(pick.menu.clone());
        }
        if let Some(menu) = self.menus.values().find(|menu| *menu.keyword == *text) {
            return Some(menu.id.clone());
        }
        // The longest word says most; of two alike the first menu in order, so that a replay finds the same.
        let heard = self.menus.values().flat_map(|menu| menu.heard.iter().map(move |w| (menu, w)));
        let found = heard.filter(|(_, word)| text.contains(word.as_ref()));
        let best = found.min_by_key(|(menu, word)| (usize::MAX - word.len(), &menu.id));
        best.map(|(menu, _)| menu.id.clone())
    }

    /// The menu for whoever said so many words in a row that led nowhere; none while there is patience.
    pub fn impatient(&self, misses: u32) -> Option<&Arc<str>> {
        self.patience.as_ref().filter(|(most, _)| misses >= *most).map(|(_, menu)| menu)
    }

    /// Where a choice leads that names its menu: it must have been offered by that word somewhere.
    pub fn by_choice(&self, menu: &str, keyword: &str) -> Option<Arc<str>> {
        let target = self.menus.get(menu)?;
        let word = spoken(keyword);
        let offered = |pick: &Pick| *pick.menu == *menu && pick.words.iter().any(|w| **w == *word);
        let known = word.is_empty()
            || *target.keyword == *word
            || self.menus.values().any(|menu| menu.picks.iter().any(offered));
        known.then(|| target.id.clone())
    }

    /// Everything of the directory that it names: the menu that does, and what.
    pub fn needs(&self) -> Vec<(Arc<str>, Need)> {
        let mut needs = vec![(Arc::from(ROOT), Need::Queue(self.queue.clone()))];
        for menu in self.menus.values() {
            if let Some((hours, _)) = &menu.hours {
                needs.push((menu.id.clone(), Need::Hours(hours.clone())));
            }
            if let Act::HandOver(over) = &menu.act {
                let need = match &over.to {
                    Taker::Queue(queue) => Need::Queue(queue.clone()),
                    Taker::Agent(agent) => Need::Agent(agent.clone()),
                };
                needs.push((menu.id.clone(), need));
            }
        }
        needs
    }
}

/// Something of the directory that a scenario names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// A queue, by any of its numbers.
    Queue(QueueId),
    /// Somebody who logs in.
    Agent(UserId),
    /// Opening times.
    Hours(HoursId),
}

/// Why a bot took a turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The customer came.
    Came,
    /// The customer chose this.
    Chose(Arc<str>),
    /// The customer's words led there.
    Heard,
    /// The customer's words led nowhere; so many in a row.
    Unknown(u32),
    /// The menu of this name is closed.
    Closed(Arc<str>),
    /// Nobody is there to whom the menu of this name hands over.
    Nobody(Arc<str>),
    /// The bot's program answered this question.
    Answered(u32),
    /// The bot's program did not answer this question as it should.
    Failed(u32, Arc<str>),
}

/// How a bot's part of a matter ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// It handed over.
    Handed(Taker),
    /// It ended the chat.
    Ended,
    /// It could not go on: its scenario is gone, or its program fails.
    Failed,
}

/// Something a customer said to a bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// What it is written in.
    pub kind: crate::contact::TextKind,
    /// The words.
    pub text: Arc<str>,
}

/// A question to a bot's program that is not answered yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Its number in this talk, from 1.
    pub n: u32,
    /// It is given up then.
    pub until: Millis,
    /// What the customer said since the last one; nothing, when they came.
    pub said: Vec<Said>,
}

/// A bot's part of a matter, as its room remembers it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Talk {
    /// The bot.
    pub bot: crate::id::BotId,
    /// As whom it speaks.
    pub participant: crate::id::ParticipantId,
    /// The menu it showed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub menu: Option<Arc<str>>,
    /// In which language.
    pub language: Arc<str>,
    /// What agents read of the menus it showed, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub path: Vec<Arc<str>>,
    /// Words in a row that led nowhere, or questions that were not answered.
    #[serde(default)]
    pub misses: u32,
    /// The idle rule of the room is the bot's own.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ruled: bool,
    /// The room's rules before that, the customer's and the agent's, to be taken up again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<(IdleRule, IdleRule)>,
    /// How many questions its program was asked.
    #[serde(default)]
    pub asks: u32,
    /// The one that is open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ask: Option<Ask>,
    /// What the customer said meanwhile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub later: Vec<Said>,
}

/// A turn of a bot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// Whose.
    pub bot: crate::id::BotId,
    /// As whom it speaks.
    pub participant: crate::id::ParticipantId,
    /// The menu that is shown; none for a bot by program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub menu: Option<Arc<str>>,
    /// What agents read of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Arc<str>>,
    /// In which language.
    pub language: Arc<str>,
    /// Why.
    pub why: Cause,
    /// The idle rule that comes with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idle: Option<IdleRule>,
}

/// What a bot's program answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// What it says, in order.
    pub messages: Vec<Said>,
    /// Attributes for the matter.
    pub set: Attributes,
    /// What comes then.
    pub then: Then,
}

/// What comes after a bot's words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Then {
    /// The customer's next words.
    #[default]
    Listen,
    /// People take over: these, or the bot's own queue; with words for the agent alone.
    HandOver(Option<Taker>, Option<Arc<str>>),
    /// The chat ends.
    End,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_compared_without_case_and_space() {
        assert_eq!(spoken("  Hello \n WORLD "), "hello world");
        for (text, n) in [
            ("2", Some(2)),
            ("2.", Some(2)),
            ("12)", Some(12)),
            ("3번", Some(3)),
            ("0", None),
            ("2 x", None),
        ] {
            assert_eq!(number(text), n, "{text}");
        }
    }
}
