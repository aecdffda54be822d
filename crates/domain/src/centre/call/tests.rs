//! The scenarios of `nxproxy-rio.md` 8, told by what each monitored device hears: `monitor:event(cause)`.
//!
//! Every story is also told to a second centre, by facts alone, and to a third by a snapshot: both must equal the first.
#![allow(clippy::unwrap_used, reason = "a test that finds nothing shall fail there")]

mod board;
mod book;
mod sound;

mod phones;

use crate::agent::{AgentState, Channel};
use crate::call::{Attached, Barge, CallEvent, CallId, Happening, Said, Wish};
use crate::centre::{Centre, Out};
use crate::chance::Seeded;
use crate::command::{Command, Done};
use crate::directory::{
    Device, Entry, Forward, Group, Hours, Overflow, Queue, Realm, Role, Service, User,
};
use crate::fact::Fact;
use crate::id::DeviceId;
use crate::refusal::Refusal;
use crate::time::Millis;
use std::collections::BTreeMap;

const A: &str = "1001";
const B: &str = "1002";
const C: &str = "1003";
const S: &str = "9001";
const X: &str = "01012345678";
const Q: &str = "3001";

struct World {
    centre: Centre,
    now: Millis,
    chance: Seeded,
    facts: Vec<(Millis, Fact)>,
    /// What was told and not looked at yet.
    told: Vec<String>,
    happened: Vec<Happening>,
    /// The newest call.
    call: CallId,
}

impl World {
    fn new() -> Self {
        let mut world = Self {
            centre: Centre::default(),
            now: Millis(1_763_736_000_000),
            chance: Seeded::new(7),
            facts: Vec::new(),
            told: Vec::new(),
            happened: Vec::new(),
            call: CallId(0),
        };
        world.put(Entry::Realm(Realm {
            name: "test".into(),
            aliases: vec![],
            instance: "5a9d0000-0000-4000-8000-000000000001".parse().unwrap(),
            created: Millis(0),
            open_topics: false,
            push_to: None,
            stream_hosts: vec![],
            stream_secret: None,
            max_chats: 10,
            ring: crate::call::RING,
            utc_offset_minutes: None,
            open_like_max: false,
            second_factor: std::collections::BTreeSet::new(),
            sign_on: None,
            agents_hear_own: false,
            retention: crate::retention::Retention::default(),
        }));
        for id in [A, B, C, "1004", "1005", "1006", "1007", "1008", "1009", S] {
            world.phone(|_| {}, id);
            world.put(Entry::User(User {
                id: id.into(),
                name: id.into(),
                role: if id == S { Role::Supervisor } else { Role::Agent },
                password: None,
                extension: Some(id.into()),
                skills: BTreeMap::new(),
                limits: BTreeMap::new(),
                disabled: false,
                second: None,
                sign_on: None,
            }));
        }
        for (id, service) in
            [("3996", Service::Silent), ("3997", Service::Busy), ("3998", Service::Answers)]
        {
            world.put(Entry::Device(Device { service: Some(service), ..Device::new(id) }));
        }
        let members = [A, B, C].map(|id| (id.into(), 5)).into();
        world.put(Entry::Group(Group {
            id: 401,
            name: "g".into(),
            members,
            record: false,
            after_work: Millis(0),
        }));
        let (name, members) = ("h".into(), BTreeMap::new());
        world.put(Entry::Group(Group {
            id: 402,
            name,
            members,
            record: false,
            after_work: Millis(0),
        }));
        world.put(Entry::Queue(Queue { aliases: vec!["1000".into()], ..Queue::new(Q, "q", 401) }));
        world.put(Entry::Queue(Queue::new("3002", "r", 402)));
        world.told.clear();
        world
    }

    fn phone(&mut self, change: impl FnOnce(&mut Device), id: &str) {
        let mut device = Device { r#virtual: true, ..Device::new(id) };
        change(&mut device);
        self.put(Entry::Device(device));
    }

    fn queue(&mut self, change: impl FnOnce(&mut Queue)) {
        let mut queue = self.centre.directory.queues[Q].as_ref().clone();
        change(&mut queue);
        self.put(Entry::Queue(queue));
    }

    fn put(&mut self, entry: Entry) {
        self.run(Command::Put(Box::new(entry))).unwrap();
    }

    fn run(&mut self, command: Command) -> Result<Done, Refusal> {
        let mut out = Out::default();
        let before = self.centre.clone();
        let done = self.centre.handle(self.now, &mut self.chance, command, &mut out);
        if done.is_err() {
            assert!(self.centre == before, "a refusal leaves everything as it was");
            assert!(out.facts.is_empty());
        }
        for (fact, _) in out.facts {
            match &fact {
                Fact::Call(happening) => {
                    let id = number(happening.event);
                    self.told.extend(
                        happening.to.iter().map(|c| format!("{}:{id}({})", c.device, c.cause.0)),
                    );
                    self.happened.push(happening.as_ref().clone());
                }
                Fact::AgentShown { device, said, .. } => {
                    let id = match said {
                        Said::LoggedOn => 201,
                        Said::LoggedOff => 202,
                        Said::NotReady => 203,
                        Said::Ready => 204,
                        Said::AfterWork => 206,
                    };
                    self.told.push(format!("{device}:{id}"));
                }
                _ => {}
            }
            self.facts.push((self.now, fact));
        }
        assert_eq!(self.centre.audit(self.now), Ok(()));
        done
    }

    fn try_wish(&mut self, wish: Wish) -> Result<Done, Refusal> {
        let done = self.run(Command::Call { by: None, wish: Box::new(wish) });
        if let Ok(Done::Call { call, .. }) = &done {
            self.call = *call;
        }
        done
    }

    fn wish(&mut self, wish: Wish) -> CallId {
        self.try_wish(wish).unwrap();
        self.call
    }

    fn dial(&mut self, from: &str, to: &str) -> CallId {
        let attached = Attached::default();
        self.wish(Wish::Dial { device: from.into(), to: to.into(), attached })
    }

    fn arrive(&mut self, to: &str) -> CallId {
        self.wish(Wish::Arrive { from: X.into(), to: to.into() })
    }

    fn answer(&mut self, at: &str, call: CallId) {
        self.wish(Wish::Answer(at.into(), call));
    }

    fn clear(&mut self, at: &str, call: CallId) {
        self.wish(Wish::Clear(at.into(), call));
    }

    fn talking(&mut self, from: &str, to: &str) -> CallId {
        let call = self.dial(from, to);
        self.answer(to, call);
        self.told.clear();
        call
    }

    fn consult(&mut self, call: CallId, to: &str) -> CallId {
        let attached = Attached::default();
        self.wish(Wish::Consult { device: A.into(), call, to: to.into(), attached })
    }

    fn consulting(&mut self) -> (CallId, CallId) {
        let held = self.talking(A, B);
        let active = self.consult(held, C);
        self.answer(C, active);
        self.told.clear();
        (held, active)
    }

    fn single_step(&mut self, call: CallId, to: &str) {
        let attached = Attached::default();
        self.wish(Wish::SingleStep { device: A.into(), call, to: to.into(), attached });
    }

    fn barge(&mut self, mode: Barge) {
        self.wish(Wish::Barge { device: S.into(), target: A.into(), mode });
    }

    fn ready(&mut self, agent: &str, wmode: u8) {
        let channel = Channel::Voice;
        self.wish(Wish::LogOn {
            device: agent.into(),
            agent: agent.into(),
            group: 401,
            channel,
            wmode,
        });
        self.told.clear();
    }

    fn state(&mut self, agent: &str, state: AgentState) {
        self.wish(Wish::State {
            device: agent.into(),
            agent: agent.into(),
            group: None,
            channel: None,
            state,
        });
    }

    fn pass(&mut self, seconds: u64) {
        let until = self.now.plus(Millis::from_secs(seconds));
        while let Some(due) = self.centre.due().filter(|due| *due <= until) {
            self.now = due.max(self.now);
            self.run(Command::Tick).unwrap();
        }
        self.now = until;
    }

    fn expect(&mut self, scenario: &str, expected: &str) {
        let told = std::mem::take(&mut self.told);
        let expected: Vec<&str> = expected.split_whitespace().collect();
        assert_eq!(told, expected, "{scenario}");
    }

    fn last(&self, event: CallEvent) -> &Happening {
        self.happened.iter().rfind(|h| h.event == event).unwrap()
    }

    /// The facts alone rebuild it.
    fn rebuild(&self) {
        let mut again = Centre::default();
        for (at, fact) in &self.facts {
            again.apply(*at, fact);
        }
        assert!(again == self.centre, "facts rebuild the state");
        let text = serde_json::to_string(&self.centre).unwrap();
        let mut kept: Centre = serde_json::from_str(&text).unwrap();
        kept.resume();
        assert!(kept == self.centre, "a snapshot holds the state");
        let deeds = serde_json::to_string(&self.facts).unwrap();
        let read: Vec<(Millis, Fact)> = serde_json::from_str(&deeds).unwrap();
        assert!(read == self.facts, "facts are read as they were written");
    }
}

const fn number(event: CallEvent) -> u16 {
    match event {
        CallEvent::CallCleared => 1,
        CallEvent::Conferenced => 2,
        CallEvent::ConnectionCleared => 3,
        CallEvent::Delivered => 4,
        CallEvent::Diverted => 5,
        CallEvent::Established => 6,
        CallEvent::Failed => 7,
        CallEvent::Held => 8,
        CallEvent::NetworkReached => 9,
        CallEvent::Originated => 10,
        CallEvent::Queued => 11,
        CallEvent::Retrieved => 12,
        CallEvent::ServiceInitiated => 13,
        CallEvent::Transferred => 14,
    }
}

/// One scenario: what is done, and what monitors hear of it from the last `told.clear()` on.
fn check(scenario: &str, story: impl FnOnce(&mut World), expected: &str) {
    let mut world = World::new();
    story(&mut world);
    world.expect(scenario, expected);
    world.rebuild();
    world.pass(3_600);
    assert_eq!(world.centre.audit(world.now), Ok(()), "{scenario}, an hour later");
}

#[test]
fn s01_to_s12_calls_are_made_answered_and_fail() {
    let dialled = "1001:13(22) 1001:10(22)";
    check("S1", |w| _ = w.dial(A, B), &format!("{dialled} 1001:4(22) 1002:4(22)"));
    let both =
        |cause: i16| format!("1001:3({cause}) 1002:3({cause}) 1001:1({cause}) 1002:1({cause})");
    let answered = |w: &mut World| {
        let call = w.dial(A, B);
        w.told.clear();
        w.answer(B, call);
    };
    check("S2", answered, "1001:6(22) 1002:6(22)");
    for by in [A, B] {
        check(
            "S3",
            |w| {
                let call = w.talking(A, B);
                w.clear(by, call);
            },
            &both(-1),
        );
    }
    let ringing = |then: fn(&mut World, CallId)| {
        move |w: &mut World| {
            let call = w.dial(A, B);
            w.told.clear();
            then(w, call);
        }
    };
    check("S4", ringing(|w, call| w.clear(A, call)), &both(5));
    check(
        "S5",
        ringing(|w, call| w.clear(B, call)),
        "1001:7(3) 1001:3(3) 1002:3(5) 1001:1(3) 1002:1(5)",
    );
    let failed = |cause: i16| format!("{dialled} 1001:7({cause}) 1001:3({cause}) 1001:1({cause})");
    check(
        "S6",
        |w| {
            w.talking(B, C);
            w.dial(A, B);
        },
        &failed(3),
    );
    check(
        "S6, its held call leaves a phone busy",
        |w| {
            let call = w.talking(B, C);
            w.wish(Wish::Hold(B.into(), call));
            w.told.clear();
            w.dial(A, B);
        },
        &failed(3),
    );
    check("S6, a number for tests", |w| _ = w.dial(A, "3997"), &failed(3));
    check("S6, oneself", |w| _ = w.dial(A, A), &failed(3));
    check("S7", |w| _ = w.dial(A, "99999999"), &failed(13));
    check("S7, a URI is no number", |w| _ = w.dial(A, "sip:1002@x"), &failed(13));
    check("S8", ringing(|w, _| w.pass(60)), &format!("1001:7(10) {}", both(10)));
    check("S8, one second earlier", ringing(|w, _| w.pass(59)), "");
    check(
        "S9",
        |w| {
            w.phone(|d| d.dnd = true, B);
            w.dial(A, B);
        },
        &failed(14),
    );
    check(
        "out of order",
        |w| {
            w.phone(|d| d.r#virtual = false, B);
            w.dial(A, B);
        },
        &failed(65),
    );
    check(
        "S12",
        |w| {
            let call = w.arrive(B);
            w.answer(B, call);
        },
        "1002:4(22) 1002:6(22)",
    );
    check(
        "S12, given up",
        |w| {
            let call = w.arrive(B);
            let number = w.centre.switch().call(call).unwrap().number;
            w.wish(Wish::HangUp { call, number });
        },
        "1002:4(22) 1002:3(5) 1002:1(5)",
    );
    check(
        "a number that answers",
        |w| _ = w.dial(A, "39-98"),
        &format!("{dialled} 1001:4(22) 3998:4(22) 1001:6(22) 3998:6(22)"),
    );
}

#[test]
fn s13_to_s22_hold_consult_transfer_confer() {
    check(
        "S13, S14",
        |w| {
            let call = w.talking(A, B);
            w.wish(Wish::Hold(A.into(), call));
            w.wish(Wish::Retrieve(A.into(), call));
        },
        "1001:8(-1) 1002:8(-1) 1001:12(-1) 1002:12(-1)",
    );
    check(
        "S15",
        |w| {
            let held = w.talking(A, B);
            w.consult(held, C);
        },
        "1001:8(-1) 1002:8(-1) 1001:13(22) 1001:10(22) 1001:4(22) 1003:4(22)",
    );
    check(
        "S16",
        |w| {
            let held = w.talking(A, B);
            let active = w.consult(held, C);
            w.told.clear();
            w.answer(C, active);
        },
        "1001:6(22) 1003:6(22)",
    );
    check(
        "S17",
        |w| {
            let (held, active) = w.consulting();
            w.wish(Wish::Transfer(A.into(), active, held));
            let told = w.last(CallEvent::Transferred);
            assert_eq!((told.call.id, told.merged, told.call.cnsq), (held, Some(active), 3));
            assert_eq!((told.call.caller.as_str(), told.call.called.as_str()), (B, A));
            assert!(!w.centre.switch().occupied(&A.into()), "A has left both");
        },
        "1001:14(32) 1002:14(32) 1003:14(32)",
    );
    check(
        "S17, who called stays who called",
        |w| {
            let held = w.talking(B, A);
            let active = w.consult(held, C);
            w.answer(C, active);
            w.told.clear();
            w.wish(Wish::Transfer(A.into(), held, active));
            assert_eq!(w.last(CallEvent::Transferred).call.caller.as_str(), B);
        },
        "1001:14(32) 1002:14(32) 1003:14(32)",
    );
    check(
        "S18-S20",
        |w| {
            let (held, active) = w.consulting();
            w.wish(Wish::Confer(A.into(), active, held));
            assert_eq!(w.last(CallEvent::Conferenced).call.parties.len(), 3);
            w.clear(C, held);
            w.clear(A, held);
        },
        "1001:2(22) 1002:2(22) 1003:2(22) 1001:3(-1) 1002:3(-1) 1003:3(-1) 1001:3(-1) 1002:3(-1) 1001:1(-1) 1002:1(-1)",
    );
    let aside = "1001:8(-1) 1002:8(-1) 1001:13(22) 1001:10(22)";
    check(
        "S21, busy",
        |w| {
            let held = w.talking(A, B);
            w.consult(held, "3997");
        },
        &format!("{aside} 1001:7(3) 1001:3(3) 1001:1(3)"),
    );
    check(
        "S21, unroutable",
        |w| {
            let held = w.talking(A, B);
            w.consult(held, "9");
        },
        &format!("{aside} 1001:7(13) 1001:3(13) 1001:1(13)"),
    );
    check(
        "S21, silent",
        |w| {
            let held = w.talking(A, B);
            w.consult(held, C);
            w.pass(60);
        },
        &format!(
            "{aside} 1001:4(22) 1003:4(22) 1001:7(10) 1001:3(10) 1003:3(10) 1001:1(10) 1003:1(10)"
        ),
    );
    check(
        "S22",
        |w| {
            let (held, active) = w.consulting();
            w.clear(A, active);
            w.wish(Wish::Retrieve(A.into(), held));
            assert_eq!(w.last(CallEvent::Retrieved).call.cnsq, 1);
        },
        "1001:3(-1) 1003:3(-1) 1001:1(-1) 1003:1(-1) 1001:12(-1) 1002:12(-1)",
    );
}

#[test]
fn s23_to_s27_passing_on_before_an_answer_and_what_comes_back() {
    let passed = |then: fn(&mut World, CallId)| {
        move |w: &mut World| {
            let held = w.talking(A, B);
            let active = w.consult(held, C);
            w.told.clear();
            w.wish(Wish::Transfer(A.into(), active, held));
            then(w, held);
        }
    };
    let moved = "1001:14(32) 1002:14(32) 1003:14(32)";
    check("S23", passed(|w, call| w.answer(C, call)), &format!("{moved} 1002:6(32) 1003:6(32)"));
    check(
        "S26 after S23, silent",
        passed(|w, call| {
            w.pass(60);
            w.answer(A, call);
        }),
        &format!("{moved} 1002:7(10) 1003:3(10) 1001:4(27) 1002:4(27) 1001:6(27) 1002:6(27)"),
    );
    check(
        "S26 after S23, rejected",
        passed(|w, call| w.clear(C, call)),
        &format!("{moved} 1002:7(3) 1003:3(5) 1001:4(27) 1002:4(27)"),
    );
    let stepped = |to: &'static str, then: fn(&mut World, CallId)| {
        move |w: &mut World| {
            let call = w.talking(A, B);
            w.single_step(call, to);
            then(w, call);
        }
    };
    let gone = "1001:14(52) 1002:14(52)";
    check(
        "S24, S25",
        stepped(C, |w, call| w.answer(C, call)),
        &format!("{gone} 1002:4(52) 1003:4(52) 1002:6(52) 1003:6(52)"),
    );
    check(
        "S24, B gives up",
        stepped(C, |w, call| w.clear(B, call)),
        &format!("{gone} 1002:4(52) 1003:4(52) 1002:3(5) 1003:3(5) 1002:1(5) 1003:1(5)"),
    );
    check(
        "S26, busy",
        stepped("3997", |w, call| w.answer(A, call)),
        &format!("{gone} 1002:7(3) 1001:4(27) 1002:4(27) 1001:6(27) 1002:6(27)"),
    );
    check(
        "S26, unroutable, and nobody is there",
        stepped("9", |w, _| w.pass(60)),
        &format!(
            "{gone} 1002:7(13) 1001:4(27) 1002:4(27) 1001:3(10) 1002:3(10) 1001:1(10) 1002:1(10)"
        ),
    );
    check(
        "S26, A is busy by now",
        stepped(C, |w, _| {
            w.pass(1);
            w.dial(A, "3996");
            w.told.clear();
            w.pass(59);
        }),
        "1002:7(10) 1003:3(10) 1002:3(10) 1002:1(10)",
    );
    check(
        "S27",
        |w| {
            let (held, _) = w.consulting();
            w.clear(B, held);
        },
        "1001:3(-1) 1002:3(-1) 1001:1(-1) 1002:1(-1)",
    );
}

#[test]
fn s28_to_s32_supervisors_forwarding_and_pickup() {
    for mode in [Barge::Listen, Barge::Whisper] {
        check(
            "S28, S30",
            |w| {
                let call = w.talking(A, B);
                w.barge(mode);
                w.clear(S, call);
            },
            "9001:13(31) 9001:10(31) 9001:6(31) 9001:3(-1)",
        );
        check(
            "S28, the call ends",
            |w| {
                let call = w.talking(A, B);
                w.barge(mode);
                w.told.clear();
                w.clear(B, call);
            },
            "1001:3(-1) 1002:3(-1) 9001:3(-1) 1001:1(-1) 1002:1(-1) 9001:1(-1)",
        );
    }
    check(
        "S28, the target passes the call on",
        |w| {
            let (held, active) = w.consulting();
            w.barge(Barge::Listen);
            w.told.clear();
            w.wish(Wish::Transfer(A.into(), active, held));
        },
        "9001:3(-1) 1001:14(32) 1002:14(32) 1003:14(32)",
    );
    check(
        "S29, S30",
        |w| {
            let call = w.talking(A, B);
            w.barge(Barge::Join);
            w.clear(S, call);
        },
        "9001:13(24) 9001:10(24) 1001:2(24) 1002:2(24) 9001:2(24) 1001:3(-1) 1002:3(-1) 9001:3(-1)",
    );
    let to_c = Some(DeviceId::from(C));
    let forwarding = |forward: Forward| {
        move |w: &mut World| {
            w.phone(|d| d.forward = Some(forward), B);
        }
    };
    let dialled = "1001:13(22) 1001:10(22)";
    check(
        "S31, always",
        |w| {
            forwarding(Forward { always: to_c.clone(), ..Forward::default() })(w);
            w.dial(A, B);
            assert_eq!(w.last(CallEvent::Delivered).call.called.as_str(), B);
        },
        &format!("{dialled} 1002:5(6) 1001:4(6) 1003:4(6)"),
    );
    check(
        "S31, busy",
        |w| {
            forwarding(Forward { busy: to_c.clone(), ..Forward::default() })(w);
            w.talking("1004", B);
            w.dial(A, B);
        },
        &format!("{dialled} 1002:5(7) 1001:4(7) 1003:4(7)"),
    );
    check(
        "S31, no answer",
        |w| {
            forwarding(Forward { no_answer: to_c.clone(), ..Forward::default() })(w);
            w.dial(A, B);
            w.pass(60);
        },
        &format!("{dialled} 1001:4(22) 1002:4(22) 1002:5(8) 1001:4(8) 1003:4(8)"),
    );
    check(
        "S31, in a circle",
        |w| {
            forwarding(Forward { always: to_c.clone(), ..Forward::default() })(w);
            w.phone(
                |d| d.forward = Some(Forward { always: Some(B.into()), ..Forward::default() }),
                C,
            );
            w.dial(A, B);
        },
        &format!("{dialled} 1002:5(6) 1001:7(3) 1001:3(3) 1001:1(3)"),
    );
    check(
        "S32",
        |w| {
            w.dial(A, B);
            w.told.clear();
            w.wish(Wish::Pickup { device: C.into(), from: B.into() });
        },
        "1002:5(11) 1001:6(11) 1003:6(11)",
    );
}

#[test]
fn q01_to_q10_queues() {
    check("Q1", |w| _ = w.arrive("1000"), "3001:4(22) 1000:4(22) 3001:11(22) 1000:11(22)");
    check(
        "Q1-Q3",
        |w| {
            w.arrive(Q);
            w.arrive(Q);
            w.told.clear();
            w.pass(7);
            w.ready(A, 3);
            let offered = w.last(CallEvent::Delivered).clone();
            let stay = offered.call.stay.as_ref().unwrap();
            assert_eq!((stay.queue.as_str(), stay.length, stay.waited), (Q, 1, Millis(7_000)));
            assert_eq!(offered.why.as_ref().unwrap().candidates[0].agent.as_str(), A);
            w.answer(A, offered.call.id);
        },
        "1001:6(22)",
    );
    check(
        "Q2",
        |w| {
            w.ready(A, 3);
            w.arrive(Q);
        },
        "3001:4(22) 3001:11(22) 3001:5(28) 1001:4(22)",
    );
    let hang_up = |w: &mut World, call: CallId| {
        let number = w.centre.switch().call(call).unwrap().number;
        w.wish(Wish::HangUp { call, number });
    };
    check(
        "Q4",
        |w| {
            let call = w.arrive(Q);
            w.told.clear();
            hang_up(w, call);
        },
        "3001:3(5) 3001:1(5)",
    );
    check(
        "Q5",
        |w| {
            w.ready(A, 3);
            let call = w.arrive(Q);
            w.told.clear();
            hang_up(w, call);
        },
        "1001:3(5) 1001:1(5)",
    );
    check(
        "Q6",
        |w| {
            w.ready(A, 3);
            w.arrive(Q);
            w.told.clear();
            w.pass(20);
            let stay = w.last(CallEvent::Queued).call.stay.clone().unwrap();
            assert_eq!((stay.length, stay.waited), (1, Millis(20_000)));
            let segment = |event| w.last(event).call.cnsq;
            assert_eq!(segment(CallEvent::Diverted), 1, "the leg that ends");
            assert_eq!(segment(CallEvent::Queued), 2, "the one that begins");
        },
        "1001:5(10) 1001:203 3001:11(28)",
    );
    check(
        "Q6, the next one is asked",
        |w| {
            w.ready(A, 3);
            w.pass(1);
            w.ready(B, 3);
            w.arrive(Q);
            w.told.clear();
            w.pass(20);
        },
        "1001:5(10) 1001:203 3001:11(28) 3001:5(28) 1002:4(22)",
    );
    let overflow =
        Overflow { to: "3002".into(), after: Some(Millis(5_000)), length: None, no_agent: false };
    check(
        "Q7",
        |w| {
            w.queue(|q| q.overflow = Some(overflow.clone()));
            w.arrive(Q);
            w.told.clear();
            w.pass(5);
        },
        "3001:5(26) 3002:11(26)",
    );
    check(
        "Q8, full",
        |w| {
            w.queue(|q| q.longest = Some(1));
            w.arrive(Q);
            w.told.clear();
            w.dial(A, Q);
        },
        "1001:13(22) 1001:10(22) 1001:7(30) 3001:7(30) 1001:3(30) 3001:3(30) 1001:1(30) 3001:1(30)",
    );
    check(
        "Q8, closed",
        |w| {
            let never = Hours {
                id: "never".into(),
                utc_offset_minutes: 0,
                week: [None; 7],
                holidays: std::collections::BTreeSet::new(),
            };
            w.put(Entry::Hours(never));
            w.queue(|q| q.hours = Some("never".into()));
            w.arrive(Q);
        },
        "3001:7(23) 3001:3(23) 3001:1(23)",
    );
    check(
        "Q9",
        |w| {
            let call = w.arrive(Q);
            w.told.clear();
            w.wish(Wish::CallBack(call));
        },
        "3001:3(4) 3001:1(4)",
    );
    check(
        "Q10, refused",
        |w| {
            w.ready(A, 3);
            let call = w.arrive(Q);
            w.told.clear();
            w.clear(A, call);
        },
        "1001:3(3) 1001:203 3001:11(28)",
    );
    check(
        "Q10, logged off",
        |w| {
            w.ready(A, 3);
            w.arrive(Q);
            w.told.clear();
            w.state(A, AgentState::LoggedOff(0));
        },
        "1001:202 1001:5(28) 3001:11(28)",
    );
    check(
        "an internal call to a queue",
        |w| {
            w.ready(B, 3);
            let call = w.dial(A, Q);
            w.answer(B, call);
        },
        "1001:13(22) 1001:10(22) 1001:4(22) 3001:4(22) 3001:11(22) 3001:5(28) 1001:4(22) 1002:4(22) 1001:6(22) 1002:6(22)",
    );
    check(
        "a consultation with a queue, passed on while it waits",
        |w| {
            let held = w.talking(A, B);
            let active = w.consult(held, Q);
            w.wish(Wish::Transfer(A.into(), active, held));
            w.told.clear();
            w.ready(C, 3);
            w.answer(C, held);
        },
        "1002:6(32) 1003:6(32)",
    );
    check(
        "a single step to a queue",
        |w| {
            let call = w.talking(A, B);
            w.single_step(call, Q);
        },
        "1001:14(52) 1002:14(52) 1002:4(52) 3001:4(52) 3001:11(52)",
    );
}

#[test]
fn agents_finish_work_after_a_call_by_their_work_mode() {
    check(
        "manual in",
        |w| {
            w.ready(A, 4);
            let call = w.talking(A, B);
            w.clear(B, call);
        },
        "1001:3(-1) 1002:3(-1) 1001:1(-1) 1002:1(-1) 1001:206",
    );
    check(
        "auto in",
        |w| {
            w.ready(A, 3);
            let call = w.talking(A, B);
            w.clear(B, call);
        },
        "1001:3(-1) 1002:3(-1) 1001:1(-1) 1002:1(-1)",
    );
    check(
        "manual in, not answered",
        |w| {
            w.ready(A, 4);
            let call = w.dial(A, B);
            w.told.clear();
            w.clear(A, call);
        },
        "1001:3(5) 1002:3(5) 1001:1(5) 1002:1(5)",
    );
    check(
        "what was asked for during the call stays",
        |w| {
            w.ready(A, 4);
            let call = w.talking(A, B);
            w.pass(1);
            w.state(A, AgentState::Ready);
            w.clear(B, call);
        },
        "1001:204 1001:3(-1) 1002:3(-1) 1001:1(-1) 1002:1(-1)",
    );
    check(
        "after a transfer",
        |w| {
            w.ready(A, 4);
            let (held, active) = w.consulting();
            w.wish(Wish::Transfer(A.into(), active, held));
        },
        "1001:14(32) 1002:14(32) 1003:14(32) 1001:206",
    );
    check(
        "the next call waits until work is finished",
        |w| {
            w.ready(A, 4);
            let call = w.arrive(Q);
            w.answer(A, call);
            w.arrive(Q);
            w.clear(A, call);
            w.told.clear();
            w.state(A, AgentState::Ready);
        },
        "1001:204 3001:5(28) 1001:4(22)",
    );
}

#[test]
fn a_wish_in_the_wrong_state_is_refused() {
    let mut w = World::new();
    let no = |w: &mut World, wish: Wish| assert!(w.try_wish(wish).is_err());
    let call = w.dial(A, B);
    no(&mut w, Wish::Hold(A.into(), call));
    no(&mut w, Wish::Answer(A.into(), call));
    no(&mut w, Wish::Answer(C.into(), call));
    no(&mut w, Wish::Dial { device: A.into(), to: C.into(), attached: Attached::default() });
    no(&mut w, Wish::Dial { device: Q.into(), to: C.into(), attached: Attached::default() });
    no(&mut w, Wish::Barge { device: S.into(), target: A.into(), mode: Barge::Listen });
    w.answer(B, call);
    no(&mut w, Wish::Retrieve(A.into(), call));
    no(&mut w, Wish::Transfer(A.into(), call, call));
    w.wish(Wish::Hold(A.into(), call));
    let other = w.dial(A, C);
    w.answer(C, other);
    no(&mut w, Wish::Retrieve(A.into(), call));
    no(
        &mut w,
        Wish::Consult { device: A.into(), call, to: "1004".into(), attached: Attached::default() },
    );
    w.wish(Wish::Confer(A.into(), other, call));
    w.rebuild();
}

#[test]
fn whoever_waits_alone_passes_nothing_on() {
    let mut w = World::new();
    let held = w.talking(A, B);
    let active = w.consult(held, Q);
    w.wish(Wish::Transfer(A.into(), active, held));
    let attached = Attached::default();
    let alone = Wish::SingleStep { device: B.into(), call: held, to: C.into(), attached };
    assert!(w.try_wish(alone).is_err());
}

#[test]
fn a_conference_holds_eight() {
    let mut w = World::new();
    let mut held = w.talking(A, B);
    for id in [C, "1004", "1005", "1006", "1007", "1008"] {
        let active = w.consult(held, id);
        w.answer(id, active);
        w.wish(Wish::Confer(A.into(), active, held));
        held = w.last(CallEvent::Conferenced).call.id;
    }
    assert_eq!(w.centre.switch().call(held).unwrap().parties.len(), 8);
    let active = w.consult(held, "1009");
    w.answer("1009", active);
    assert!(w.try_wish(Wish::Confer(A.into(), active, held)).is_err(), "nine are too many");
    w.rebuild();
}

#[test]
fn a_log_on_by_the_desk_is_told_at_the_agents_own_telephone() {
    let mut w = World::new();
    let state = AgentState::Ready;
    w.run(Command::State { agent: A.into(), channels: [Channel::Chat].into(), state }).unwrap();
    w.expect("a chat log-on", "1001:201 1001:204");
    w.run(Command::State { agent: A.into(), channels: [Channel::Voice].into(), state }).unwrap();
    w.expect("a voice log-on", "1001:201 1001:204");
    w.arrive(Q);
    w.expect("and calls come", "3001:4(22) 3001:11(22) 3001:5(28) 1001:4(22)");
    let refused = w.try_wish(Wish::LogOn {
        device: A.into(),
        agent: B.into(),
        group: 401,
        channel: Channel::Voice,
        wmode: 3,
    });
    assert!(refused.is_err(), "the telephone is taken");
    let refused = w.try_wish(Wish::LogOn {
        device: C.into(),
        agent: A.into(),
        group: 401,
        channel: Channel::Voice,
        wmode: 3,
    });
    assert!(refused.is_err(), "the agent sits at their own telephone");
    w.rebuild();
}

#[test]
fn where_somebody_else_sits_its_owner_is_not_called_until_they_leave() {
    let mut w = World::new();
    w.wish(Wish::LogOn {
        device: A.into(),
        agent: B.into(),
        group: 401,
        channel: Channel::Voice,
        wmode: 1,
    });
    w.expect("a colleague sits down", "1001:201 1001:203");
    let state = AgentState::Ready;
    w.run(Command::State { agent: A.into(), channels: [Channel::Voice].into(), state }).unwrap();
    w.expect("the owner is ready, and has no telephone", "");
    w.arrive(Q);
    w.expect("calls wait", "3001:4(22) 3001:11(22)");
    w.rebuild();
    let state = AgentState::LoggedOff(0);
    w.run(Command::State { agent: B.into(), channels: [Channel::Voice].into(), state }).unwrap();
    w.expect("the colleague leaves", "1001:202 3001:5(28) 1001:4(22)");
    w.rebuild();
}
