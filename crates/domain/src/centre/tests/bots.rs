//! Bots: where words lead, how people take over, and what becomes of a program that does not answer.

use super::*;
use crate::command::Choice;
use crate::directory::Webhook;
use crate::room::IdleRule;
use crate::scenario::{
    Act, Cause, HandOver, Menu, Pick, ROOT, Reply, Said, Scenario, Taker, Then, Words, spoken,
};

fn words(ko: &str, en: &str) -> Words {
    Words([("ko".into(), ko.into()), ("en".into(), en.into())].into())
}

fn pick(word: &str, menu: &str) -> Pick {
    Pick { words: vec![spoken(word).into()], menu: menu.into() }
}

fn menu(id: &str, keyword: &str, picks: &[(&str, &str)]) -> Menu {
    Menu {
        id: id.into(),
        keyword: spoken(keyword).into(),
        title: words(id, id),
        shown: words(&format!("<{id}>"), &format!("<{id} en>")),
        picks: picks.iter().map(|(word, menu)| pick(word, menu)).collect(),
        ..Menu::default()
    }
}

fn over(to: Taker) -> HandOver {
    HandOver { to, note: words("길: {path}", "by: {path}"), closed: None, nobody: None }
}

fn scenario() -> Scenario {
    let mut root = menu(ROOT, "HOME", &[("솔루션", "SOLUTION"), ("상담원", "AGENT")]);
    root.set = [("seen".into(), "root".into())].into();
    let mut solution = menu("SOLUTION", "솔루션", &[("HOME", ROOT)]);
    solution.heard = vec!["제품".into(), "신제품 소식".into()];
    solution.set = [("topic".into(), "solution".into())].into();
    let mut agent = menu("AGENT", "상담원", &[]);
    agent.act = Act::HandOver(over(Taker::Queue("3001".into())));
    let mut person = menu("PERSON", "담당자", &[]);
    person.act = Act::HandOver(over(Taker::Agent("1002".into())));
    let mut bye = menu("BYE", "끝", &[]);
    bye.act = Act::End;
    let mut english = menu("ENGLISH", "English", &[("HOME", ROOT)]);
    english.language = Some("en".into());
    let menus = [root, solution, agent, person, bye, english];
    Scenario {
        source: "".into(),
        languages: vec!["ko".into(), "en".into()],
        queue: "3001".into(),
        menus: menus.into_iter().map(|menu| (menu.id.clone(), Arc::new(menu))).collect(),
        unknown: Some(words("모르는 말입니다", "I do not know that")),
        patience: None,
        closed: words("닫혀 있습니다", "closed"),
        idle: IdleRule::default(),
    }
}

impl Shop {
    fn with_bot(scenario: Scenario) -> Self {
        let mut shop = Self::new();
        shop.bot(BotKind::Scenario(Arc::new(scenario)));
        shop
    }

    fn bot(&mut self, kind: BotKind) {
        self.put(Entry::Bot(Bot { id: "3105".into(), name: "안내".into(), kind }));
    }

    fn chat_with_bot(&mut self) -> (ContactId, By) {
        let (contact, by) = self.begin(start(BOT_FLOW));
        self.ok(Command::Arrive { token: hash(by) });
        (contact, by)
    }

    fn told(&self, contact: ContactId) -> Vec<String> {
        self.lines(contact, MemberRole::Customer)
    }

    fn turns(&self) -> Vec<(Option<String>, Cause)> {
        let facts = self.deeds.iter().flat_map(|deed| &deed.facts);
        facts
            .filter_map(|fact| match fact {
                Fact::BotTurn { turn, .. } => {
                    Some((turn.menu.as_ref().map(ToString::to_string), turn.why.clone()))
                }
                _ => None,
            })
            .collect()
    }

    fn choose(&mut self, by: By, menu: Option<&str>, keyword: &str) {
        let choice = Choice { menu: menu.map(Into::into), keyword: keyword.into() };
        self.ok(Command::Choose {
            by,
            kind: TextKind::Plain,
            text: keyword.into(),
            choice,
            audience: Audience::All,
            key: None,
        });
        self.centre.audit(self.now).unwrap();
    }
}

#[test]
fn words_numbers_and_choices_lead_through_the_menus() {
    let mut shop = Shop::with_bot(scenario());
    let (contact, customer) = shop.chat_with_bot();
    assert_eq!(shop.phase(contact), Phase::Connected);
    shop.centre.audit(shop.now).unwrap();
    shop.say(customer, "1");
    shop.say(customer, " home ");
    shop.choose(customer, Some("SOLUTION"), "솔루션");
    shop.choose(customer, Some("NO_SUCH"), "HOME");
    shop.say(customer, "요즘 신제품 소식 있나요?");
    let menus =
        ["<CHAT_ROOT>", "<SOLUTION>", "<CHAT_ROOT>", "<SOLUTION>", "<CHAT_ROOT>", "<SOLUTION>"];
    let shown: Vec<_> =
        shop.told(contact).into_iter().filter(|l| l.starts_with("Bot: <")).collect();
    assert_eq!(shown, menus.map(|menu| format!("Bot: {menu}")));
    assert_eq!(shop.centre.contacts[&contact].bot, Some("3105".into()));
    let attributes = &shop.centre.contacts[&contact].attributes;
    assert_eq!(attributes.get("topic").map(AsRef::as_ref), Some("solution"));
    let why: Vec<_> = shop.turns().into_iter().map(|(_, why)| why).collect();
    assert_eq!(why[0], Cause::Came);
    assert_eq!(why[1], Cause::Heard);
    assert_eq!(why[3], Cause::Chose("솔루션".into()));
    shop.done();
}

#[test]
fn unknown_words_repeat_the_last_menu() {
    let mut shop = Shop::with_bot(scenario());
    let (contact, customer) = shop.chat_with_bot();
    shop.say(customer, "솔루션");
    shop.say(customer, "뭐라고요?");
    shop.choose(customer, Some("SOLUTION"), "엉뚱한 말");
    let told = shop.told(contact);
    let last = [
        "Bot: 모르는 말입니다",
        "Bot: <SOLUTION>",
        "Customer: 엉뚱한 말",
        "Bot: 모르는 말입니다",
        "Bot: <SOLUTION>",
    ];
    assert_eq!(told[told.len() - 5..], last);
    assert_eq!(shop.turns().last().unwrap().1, Cause::Unknown(2));
    shop.done();
}

#[test]
fn after_so_many_unknown_words_patience_ends_at_its_menu() {
    let mut shop = Shop::with_bot(Scenario { patience: Some((2, "AGENT".into())), ..scenario() });
    shop.ready("1001");
    let (contact, customer) = shop.chat_with_bot();
    shop.say(customer, "?");
    assert_eq!(shop.phase(contact), Phase::Connected);
    shop.say(customer, "??");
    assert_eq!(shop.asked(contact).as_deref(), Some("1001"));
    shop.done();
}

#[test]
fn first_words_are_a_choice_only_if_they_are_one() {
    let mut shop = Shop::with_bot(scenario());
    let (contact, customer) = shop.begin(start(BOT_FLOW));
    shop.say(customer, "안녕하세요");
    assert_eq!(shop.told(contact).last().unwrap(), "Bot: <CHAT_ROOT>");
    let (contact, customer) = shop.begin(start(BOT_FLOW));
    shop.say(customer, "솔루션");
    assert_eq!(shop.told(contact).last().unwrap(), "Bot: <SOLUTION>");
    for (words, menu) in [("솔루션", "Bot: <SOLUTION>"), ("여보세요", "Bot: <CHAT_ROOT>")] {
        let opening = Some((TextKind::Plain, words.into()));
        let (contact, customer) = shop.begin(StartChat { opening, ..start(BOT_FLOW) });
        shop.ok(Command::Arrive { token: hash(customer) });
        assert_eq!(shop.told(contact).last().unwrap(), menu, "first words given at the start");
    }
    shop.done();
}

#[test]
fn people_take_over_with_a_note_for_the_agent_alone() {
    let mut shop = Shop::with_bot(scenario());
    shop.ready("1001");
    let (contact, customer) = shop.chat_with_bot();
    shop.say(customer, "1");
    shop.say(customer, "상담원");
    assert_eq!(shop.asked(contact).as_deref(), Some("1001"));
    assert!(shop.centre.rooms[&contact.into()].bot.is_none());
    shop.accept("1001", contact);
    let told = shop.told(contact);
    assert!(told.contains(&"System: <AGENT>".to_owned()), "{told:?}");
    assert!(!told.iter().any(|line| line.contains("길:")), "{told:?}");
    let read = shop.lines(contact, MemberRole::Agent);
    assert!(read.contains(&"Bot: 길: CHAT_ROOT > SOLUTION > AGENT".to_owned()), "{read:?}");
    shop.say(customer, "솔루션");
    assert_eq!(shop.told(contact).last().unwrap(), "Customer: 솔루션", "the bot is silent now");
    shop.centre.audit(shop.now).unwrap();
    shop.done();
}

#[test]
fn an_agent_by_name_is_asked_and_the_queue_if_they_cannot() {
    let mut shop = Shop::with_bot(scenario());
    shop.ready("1002");
    let (first, customer) = shop.chat_with_bot();
    shop.say(customer, "담당자");
    assert_eq!(shop.asked(first).as_deref(), Some("1002"));
    shop.ok(Command::Refuse { agent: "1002".into(), contact: first });
    assert_eq!(shop.phase(first), Phase::Queued, "who does not come is replaced by the queue");
    let (second, customer) = shop.chat_with_bot();
    shop.say(customer, "담당자");
    assert_eq!(shop.phase(second), Phase::Queued, "the agent is not ready");
    shop.centre.audit(shop.now).unwrap();
    shop.done();
}

#[test]
fn a_closed_queue_and_an_empty_one_lead_to_their_menus() {
    let mut tree = scenario();
    tree.menus.insert("SORRY".into(), Arc::new(menu("SORRY", "sorry", &[("HOME", ROOT)])));
    let mut agent = menu("AGENT", "상담원", &[]);
    let nobody = Some("SORRY".into());
    agent.act = Act::HandOver(HandOver { nobody, ..over(Taker::Queue("3001".into())) });
    tree.menus.insert("AGENT".into(), Arc::new(agent));
    let mut shop = Shop::with_bot(tree);
    let (contact, customer) = shop.chat_with_bot();
    shop.say(customer, "상담원");
    assert_eq!(shop.told(contact).last().unwrap(), "Bot: <SORRY>");
    let why = Cause::Nobody("AGENT".into());
    assert_eq!(*shop.turns().last().unwrap(), (Some("SORRY".into()), why));
    shop.put(Entry::Hours(Hours {
        id: "never".into(),
        utc_offset_minutes: 0,
        week: [None; 7],
        holidays: BTreeSet::new(),
    }));
    shop.put(Entry::Queue(Queue {
        hours: Some("never".into()),
        ..Queue::new("3001", "first", 401)
    }));
    shop.say(customer, "상담원");
    let told = shop.told(contact);
    assert_eq!(told[told.len() - 2..], ["Bot: 닫혀 있습니다", "Bot: <SORRY>"]);
    assert_eq!(shop.phase(contact), Phase::Connected, "a closed queue takes nobody in");
    shop.done();
}

#[test]
fn a_closed_menu_gives_way_to_another() {
    let mut tree = scenario();
    let mut solution = tree.menus["SOLUTION"].as_ref().clone();
    solution.hours = Some(("never".into(), "ENGLISH".into()));
    tree.menus.insert("SOLUTION".into(), Arc::new(solution));
    let mut shop = Shop::new();
    let hours = Hours {
        id: "never".into(),
        utc_offset_minutes: 0,
        week: [None; 7],
        holidays: BTreeSet::new(),
    };
    let refused = shop.no(Command::Put(Box::new(Entry::Bot(Bot {
        id: "3105".into(),
        name: "안내".into(),
        kind: BotKind::Scenario(Arc::new(tree.clone())),
    }))));
    assert_eq!(refused.to_string(), "bot 3105: scenario: there are no hours never");
    shop.put(Entry::Hours(hours));
    shop.bot(BotKind::Scenario(Arc::new(tree)));
    let (contact, customer) = shop.chat_with_bot();
    shop.say(customer, "1");
    assert_eq!(shop.told(contact).last().unwrap(), "Bot: <ENGLISH en>", "and in its language");
    assert_eq!(shop.turns().last().unwrap().1, Cause::Closed("SOLUTION".into()));
    shop.say(customer, "home");
    assert_eq!(shop.told(contact).last().unwrap(), "Bot: <CHAT_ROOT en>", "which stays");
    shop.done();
}

#[test]
fn a_language_is_taken_from_the_attribute_of_that_name() {
    let mut shop = Shop::with_bot(scenario());
    let attributes = [("language".into(), "en-GB".into())].into();
    let (contact, customer) = shop.begin(StartChat { attributes, ..start(BOT_FLOW) });
    shop.ok(Command::Arrive { token: hash(customer) });
    assert_eq!(shop.told(contact).last().unwrap(), "Bot: <CHAT_ROOT en>");
    shop.done();
}

#[test]
fn a_bot_may_end_the_chat() {
    let mut shop = Shop::with_bot(scenario());
    let (contact, customer) = shop.chat_with_bot();
    shop.say(customer, "끝");
    assert_eq!(shop.phase(contact), Phase::Ended);
    assert_eq!(shop.told(contact)[3..], ["Bot: <BYE>", "Ended"]);
    shop.centre.audit(shop.now).unwrap();
    shop.done();
}

#[test]
fn a_customer_who_is_silent_with_a_bot_is_reminded_and_dropped() {
    let idle = IdleRule {
        warn: Some(Millis::from_mins(5)),
        drop: Some(Millis::from_mins(5)),
        owed: false,
    };
    let mut shop = Shop::with_bot(Scenario { idle, ..scenario() });
    let (contact, customer) = shop.chat_with_bot();
    shop.pass(Millis::from_mins(4));
    shop.say(customer, "1");
    shop.pass(Millis::from_mins(4));
    assert_eq!(shop.told(contact).last().unwrap(), "Bot: <SOLUTION>");
    shop.pass(Millis::from_mins(2));
    assert_eq!(shop.told(contact).last().unwrap(), "Customer Idle");
    shop.pass(Millis::from_mins(5));
    assert_eq!(shop.phase(contact), Phase::Ended);
    let (contact, customer) = shop.chat_with_bot();
    shop.say(customer, "상담원");
    assert!(shop.centre.rooms[&contact.into()].idle.is_none(), "the rule was the bot's own");
    shop.done();
}

#[test]
fn a_rule_that_was_there_runs_when_a_bot_takes_the_contact_over() {
    let mut shop = Shop::with_bot(scenario());
    let (contact, _) = shop.chat();
    shop.ok(Command::RuleIdle { contact, customer: after(2, 2), agent: after(1, 1) });
    shop.pass(Millis::from_mins(3));
    let to = Destination::Flow(BOT_FLOW);
    let done = shop.ok(Command::Transfer { contact, to, by: None, note: None, key: None });
    let Done::Transferred { contact } = done else { panic!("{done:?}") };
    shop.centre.audit(shop.now).unwrap();
    shop.pass(Millis::from_mins(4));
    assert_eq!(shop.phase(contact), Phase::Ended);
    shop.done();
}

#[test]
fn a_talk_goes_on_when_its_scenario_is_replaced() {
    let mut shop = Shop::with_bot(scenario());
    let (contact, customer) = shop.chat_with_bot();
    shop.say(customer, "솔루션");
    let mut other = scenario();
    other.menus.remove("SOLUTION");
    let mut root = other.menus[ROOT].as_ref().clone();
    root.picks.remove(0);
    root.shown = words("<new root>", "<new root>");
    other.menus.insert(ROOT.into(), Arc::new(root));
    shop.bot(BotKind::Scenario(Arc::new(other)));
    shop.say(customer, "솔루션");
    assert_eq!(shop.told(contact).last().unwrap(), "Bot: <new root>");
    shop.bot(BotKind::Echo);
    shop.say(customer, "1");
    assert_eq!(shop.phase(contact), Phase::Ended, "there is nobody to go on with");
    shop.done();
}

#[test]
fn a_program_takes_a_contact_away_from_a_bot() {
    let mut shop = Shop::with_bot(scenario());
    let (contact, customer) = shop.chat_with_bot();
    let to = Destination::Queue("3002".into());
    shop.ok(Command::Transfer { contact, to, by: None, note: None, key: None });
    shop.centre.audit(shop.now).unwrap();
    let before = shop.turns().len();
    shop.say(customer, "1");
    assert_eq!(shop.turns().len(), before, "the bot has no business there any more");
    shop.done();
}

// --- bots by program

fn hook(sorry: Option<&str>) -> BotKind {
    BotKind::Webhook(Webhook {
        url: "https://bots.example/".into(),
        sealed: None,
        time: Millis::from_secs(3),
        queue: "3001".into(),
        sorry: sorry.map(Into::into),
        handing: Some("연결합니다".into()),
    })
}

fn plain(text: &str) -> Said {
    Said { kind: TextKind::Plain, text: text.into() }
}

fn answer(contact: ContactId, ask: u32, texts: &[&str], then: Then) -> Command {
    let messages = texts.iter().map(|text| plain(text)).collect();
    let set = [("by".into(), "program".into())].into();
    Command::BotAnswer { contact, ask, reply: Reply { messages, set, then } }
}

impl Shop {
    /// The open questions: their numbers, and what was said.
    fn asks(&self) -> Vec<(u32, Vec<Said>)> {
        self.centre.bot_asks().into_iter().map(|open| (open.ask.n, open.ask.said)).collect()
    }
}

#[test]
fn a_program_is_asked_one_question_at_a_time() {
    let mut shop = Shop::new();
    shop.bot(hook(None));
    let (contact, customer) = shop.chat_with_bot();
    assert_eq!(shop.asks(), [(1, vec![])]);
    shop.say(customer, "a");
    shop.say(customer, "b");
    shop.centre.audit(shop.now).unwrap();
    shop.rebuilds();
    shop.ok(answer(contact, 1, &["welcome"], Then::Listen));
    assert_eq!(shop.asks(), [(2, vec![plain("a"), plain("b")])], "what was said meanwhile");
    let again = answer(contact, 1, &["welcome"], Then::Listen);
    assert!(matches!(shop.no(again), Refusal::WrongState(_)), "an answer counts once");
    shop.ok(answer(contact, 2, &["x", "y"], Then::Listen));
    assert_eq!(shop.asks(), []);
    let told = shop.told(contact);
    assert_eq!(told[1..], ["Customer: a", "Customer: b", "Bot: welcome", "Bot: x", "Bot: y"]);
    shop.say(customer, "c");
    shop.pass(Millis::from_secs(2));
    let note = Some("말이 안 통합니다".into());
    shop.ok(answer(contact, 3, &[], Then::HandOver(Some(Taker::Queue("3002".into())), note)));
    assert_eq!(shop.phase(contact), Phase::Queued);
    assert_eq!(shop.centre.contacts[&contact].queue, Some("3002".into()));
    let read = shop.lines(contact, MemberRole::Agent);
    assert!(read.contains(&"Bot: 말이 안 통합니다".to_owned()), "{read:?}");
    assert_eq!(shop.told(contact).last().unwrap(), "System: 연결합니다");
    shop.centre.audit(shop.now).unwrap();
    shop.done();
}

#[test]
fn a_program_that_is_slow_or_broken_is_replaced_by_people() {
    let mut shop = Shop::new();
    shop.bot(hook(None));
    let (slow, _) = shop.chat_with_bot();
    let (broken, _) = shop.chat_with_bot();
    shop.ok(Command::BotFailed { contact: broken, ask: 1, why: "answered 500".into() });
    assert_eq!(shop.phase(broken), Phase::Queued);
    assert_eq!(shop.phase(slow), Phase::Connected);
    shop.pass(Millis::from_secs(3));
    assert_eq!(shop.phase(slow), Phase::Queued, "time is up");
    let late = answer(slow, 1, &["sorry, I am late"], Then::Listen);
    assert!(matches!(shop.no(late), Refusal::WrongState(_)));
    shop.centre.audit(shop.now).unwrap();
    shop.done();
}

#[test]
fn a_program_may_fail_with_a_word_of_regret_three_times_in_a_row() {
    let mut shop = Shop::new();
    shop.bot(hook(Some("다시 말씀해 주세요")));
    let (contact, customer) = shop.chat_with_bot();
    shop.pass(Millis::from_secs(3));
    assert_eq!(shop.told(contact).last().unwrap(), "Bot: 다시 말씀해 주세요");
    shop.say(customer, "a");
    shop.pass(Millis::from_secs(3));
    assert_eq!(shop.phase(contact), Phase::Connected);
    shop.say(customer, "b");
    shop.ok(answer(contact, 3, &["ok"], Then::Listen));
    for (word, phase) in [("c", Phase::Connected), ("d", Phase::Connected), ("e", Phase::Queued)] {
        shop.say(customer, word);
        shop.pass(Millis::from_secs(3));
        assert_eq!(shop.phase(contact), phase, "{word}");
    }
    shop.done();
}

#[test]
fn a_program_may_end_the_chat() {
    let mut shop = Shop::new();
    shop.bot(hook(None));
    let (contact, _) = shop.chat_with_bot();
    shop.ok(answer(contact, 1, &["bye"], Then::End));
    assert_eq!(shop.phase(contact), Phase::Ended);
    shop.done();
}
