//! What a real node never does to a desk: faults, and answers that come late or out of order.

use super::session::Desk;
use crate::door::{AccessKey, Cx, Effect, Fault, Out, RealmNo, Session, Settings, Site};
use domain::agent::{Agent, AgentState, Channel};
use domain::chance::Seeded;
use domain::directory::{Directory, Role, User};
use domain::fact::Fact;
use domain::id::TokenHash;
use domain::node::{Published, Texts, Topic};
use domain::query::{Answer, Query};
use domain::refusal::Refusal;
use domain::time::Millis;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Default)]
struct Bare(Settings);

impl Site for Bare {
    fn settings(&self) -> &Settings {
        &self.0
    }

    fn key(&self, _: &str) -> Option<AccessKey> {
        None
    }

    fn realm(&self, _: &str) -> Option<RealmNo> {
        None
    }

    fn default_realm(&self) -> RealmNo {
        RealmNo(0)
    }

    fn allow(&self, _: &str, _: f64, _: f64) -> bool {
        true
    }

    fn has(&self, _: &str, _: f64, _: f64) -> bool {
        true
    }

    fn unseal(&self, _: &str) -> Option<Vec<u8>> {
        None
    }

    fn seal(&self, _: &[u8]) -> String {
        String::new()
    }
}

const SESSION: TokenHash = TokenHash([9; 32]);

struct Test {
    desk: Desk,
    site: Bare,
    chance: Seeded,
    now: Millis,
    out: Out,
}

impl Test {
    fn new() -> Self {
        let user = User {
            id: "1001".into(),
            name: "김서연".into(),
            role: Role::Agent,
            password: None,
            extension: None,
            skills: BTreeMap::new(),
            limits: BTreeMap::new(),
            disabled: false,
            second: None,
            sign_on: None,
        };
        let desk = Desk::new(Arc::new(user), RealmNo(0), SESSION, Millis(1_000_000));
        let mut test = Self {
            desk,
            site: Bare::default(),
            chance: Seeded::new(1),
            now: Millis(0),
            out: Vec::new(),
        };
        test.with(Session::on_open);
        test
    }

    fn with(&mut self, what: impl FnOnce(&mut Desk, &mut Cx<'_>, &mut Out)) {
        let mut cx = Cx { now: self.now, chance: &mut self.chance, site: &self.site };
        what(&mut self.desk, &mut cx, &mut self.out);
    }

    fn text(&mut self, text: &str) {
        self.with(|desk, cx, out| desk.on_text(cx, text, out));
    }

    fn sent(&mut self) -> Vec<String> {
        let sent = self.out.iter().filter_map(|effect| match effect {
            Effect::Send(text) => Some(text.to_string()),
            _ => None,
        });
        let sent = sent.collect();
        self.out.retain(|effect| !matches!(effect, Effect::Send(_)));
        sent
    }

    /// Tickets of questions that have been asked, by the question.
    fn asked(&mut self) -> Vec<(u64, Query)> {
        let mut asked = Vec::new();
        for effect in std::mem::take(&mut self.out) {
            match effect {
                Effect::Read(ticket, query) => asked.push((ticket, *query)),
                other => self.out.push(other),
            }
        }
        asked
    }

    fn answer(&mut self, ticket: u64, answer: Answer, seq: u64) {
        self.with(|desk, cx, out| desk.on_answer(cx, ticket, Ok(Ok(answer)), seq, out));
    }

    fn state(&mut self, seq: u64, state: AgentState) {
        let fact = Fact::AgentStated {
            agent: "1001".into(),
            channel: Channel::Chat,
            state,
            by: None,
            because: domain::shift::Because::Said,
        };
        self.fact(seq, fact);
    }

    fn fact(&mut self, seq: u64, fact: Fact) {
        let published = Arc::new(Published {
            seq,
            at: Millis(seq),
            fact,
            topics: vec![Topic::Agent("1001".into())],
            texts: Texts::default(),
        });
        self.with(|desk, cx, out| desk.on_fact(cx, &published, out));
    }

    fn desk_answer() -> Answer {
        Answer::Desk(Box::new(Agent::new("1001".into())), Vec::new(), Vec::new())
    }

    /// Greets, with the world as of deed 10.
    fn greet(&mut self) {
        self.text(r#"{"id":1,"do":"hello"}"#);
        for (ticket, query) in self.asked() {
            let answer = match query {
                Query::Session(_) => Answer::Session(Self::desk_user(), Millis(1_000_000)),
                Query::Directory => Answer::Directory(Arc::new(Directory::default())),
                _ => Self::desk_answer(),
            };
            self.answer(ticket, answer, 10);
        }
        // Once greeted, it asks for messages to the team.
        for (ticket, query) in self.asked() {
            assert!(matches!(query, Query::Notices(_)), "{query:?}");
            self.answer(ticket, Answer::Notices(Vec::new()), 10);
        }
    }

    fn desk_user() -> Arc<User> {
        let user = serde_json::json!({"id": "1001", "name": "김서연", "role": "agent"});
        Arc::new(serde_json::from_value(user).unwrap())
    }
}

#[test]
fn what_is_published_during_the_greeting_is_told_once_and_after_it() {
    let mut test = Test::new();
    test.text(r#"{"id":1,"do":"hello"}"#);
    test.state(9, AgentState::NotReady(1));
    test.state(11, AgentState::Ready);
    assert!(test.sent().is_empty());
    test.greet();
    let sent = test.sent();
    assert_eq!(sent.len(), 1, "the first greeting's questions are void: {sent:?}");
    test.state(10, AgentState::NotReady(1));
    assert!(test.sent().is_empty(), "it is in the greeting");
    test.state(12, AgentState::Ready);
    assert!(test.sent()[0].contains(r#""ready""#));
}

#[test]
fn facts_that_outrun_the_greeting_follow_it() {
    let mut test = Test::new();
    test.text(r#"{"id":1,"do":"hello"}"#);
    let asked = test.asked();
    test.state(9, AgentState::NotReady(1));
    test.state(11, AgentState::Ready);
    for (ticket, query) in asked {
        let answer = match query {
            Query::Session(_) => Answer::Session(Test::desk_user(), Millis(1_000_000)),
            Query::Directory => Answer::Directory(Arc::new(Directory::default())),
            _ => Test::desk_answer(),
        };
        test.answer(ticket, answer, 10);
    }
    let sent = test.sent();
    assert_eq!(sent.len(), 2, "{sent:?}");
    assert!(
        sent[0].starts_with(r#"{"id":1,"ok""#) && sent[1].starts_with(r#"{"seq":11,"#),
        "{sent:?}"
    );
}

#[test]
fn a_full_disk_has_a_name_of_its_own() {
    let mut test = Test::new();
    test.greet();
    test.sent();
    for (fault, code) in [
        (Fault::Full, "store.full"),
        (Fault::Broken, "server.fault"),
        (Fault::Unready, "server.unready"),
    ] {
        test.text(r#"{"id":2,"do":"state","state":"ready"}"#);
        let ticket = test.out.iter().rev().find_map(|effect| match effect {
            Effect::Do(ticket, ..) => Some(*ticket),
            _ => None,
        });
        test.with(|desk, cx, out| desk.on_outcome(cx, ticket.unwrap(), Err(fault), out));
        let sent = test.sent();
        assert!(sent[0].contains(code), "{sent:?}");
    }
}

#[test]
fn many_changes_ask_one_question_at_a_time() {
    let mut test = Test::new();
    test.greet();
    let changed = || Fact::Arrived { contact: domain::id::ContactId::default() };
    for seq in 11..20 {
        test.fact(seq, changed());
    }
    let asked = test.asked();
    assert_eq!(asked.len(), 1, "{asked:?}");
    test.answer(asked[0].0, Test::desk_answer(), 15);
    let asked = test.asked();
    assert_eq!(asked.len(), 1, "what came after the answer is asked for");
    test.answer(asked[0].0, Test::desk_answer(), 19);
    assert!(test.asked().is_empty());
    test.fact(18, changed());
    assert!(test.asked().is_empty(), "known already");
}

#[test]
fn a_question_that_met_a_fault_is_asked_again_a_second_later() {
    let mut test = Test::new();
    test.greet();
    test.fact(11, Fact::Arrived { contact: domain::id::ContactId::default() });
    let (ticket, _) = test.asked().remove(0);
    test.with(|desk, cx, out| desk.on_answer(cx, ticket, Err(Fault::Unready), 0, out));
    assert!(test.asked().is_empty());
    test.now = Millis(1_000);
    test.with(Session::on_time);
    assert_eq!(test.asked().len(), 1);
}

#[test]
fn a_session_that_ended_before_the_greeting_is_shown_out() {
    let mut test = Test::new();
    test.text(r#"{"id":1,"do":"hello"}"#);
    let (ticket, _) = test.asked().remove(0);
    test.with(|desk, cx, out| desk.on_answer(cx, ticket, Ok(Err(Refusal::BadToken)), 10, out));
    assert!(test.out.iter().any(|effect| matches!(effect, Effect::Close(4401, _))));
    test.text(r#"{"id":2,"do":"ping"}"#);
    assert!(test.sent().iter().all(|frame| !frame.contains(r#""id":2"#)));
}
