//! Calls on wallboards: counted as chats are, moved in their line, taken over.

use super::*;
use crate::board::{BoardAsk, Figures, Spot, Supervision};
use crate::call::Link;
use crate::command::Act;
use crate::id::{ContactId, TokenHash};
use crate::query::{Answer, Look, Query};

const LEAD: TokenHash = TokenHash([9; 32]);

/// A realm whose supervisor has a session.
fn led() -> World {
    let mut world = World::new();
    let mut lead = world.centre.directory.users[S].as_ref().clone();
    lead.password = Some("$argon2id$".into());
    world.put(Entry::User(lead));
    let proof = crate::command::Proof::Password;
    world.run(Command::LogIn { user: S.into(), session: LEAD, proof }).unwrap();
    world
}

fn wish(wish: Supervision) -> Command {
    Command::Supervise { by: LEAD, wish: Box::new(wish) }
}

fn ready(world: &mut World, agent: &str) {
    let channels = [Channel::Voice].into();
    let state = AgentState::Ready;
    world.run(Command::State { agent: agent.into(), channels, state }).unwrap();
}

fn line(world: &World, queue: &str) -> (u32, Option<Millis>, Figures) {
    let (from, quarters) = (Millis(0), Millis(0));
    let ask = BoardAsk { session: LEAD, from, quarters, queues: None, agents: None };
    let Ok(Look::Answer(Answer::Board(board))) = world.centre.look(world.now, &Query::Board(ask))
    else {
        panic!()
    };
    let queue = board.queues.iter().find(|q| q.queue.id.as_str() == queue).unwrap();
    let line = queue.lines.iter().find(|l| l.channel == Channel::Voice).unwrap();
    (line.waiting, line.oldest, line.today)
}

fn waiting(world: &World, queue: &str) -> Vec<ContactId> {
    let query = Query::Waiters(LEAD, queue.into());
    let Ok(Look::Answer(Answer::Waiters(all))) = world.centre.look(world.now, &query) else {
        panic!()
    };
    all.iter().map(|w| w.contact).collect()
}

fn link(world: &World, call: CallId, device: &str) -> Option<Link> {
    world.centre.switch().call(call).unwrap().link(&device.into())
}

fn contact(world: &World, call: CallId) -> ContactId {
    world.centre.switch().call(call).unwrap().contact.unwrap()
}

#[test]
fn a_call_is_offered_answered_and_handled_once() {
    let mut world = led();
    let began = world.now;
    let call = world.arrive(Q);
    assert_eq!(line(&world, Q).0, 1);
    assert_eq!(line(&world, Q).1, Some(began));
    world.now = world.now.plus(Millis::from_secs(5));
    ready(&mut world, A);
    world.now = world.now.plus(Millis::from_secs(3));
    world.answer(A, call);
    world.now = world.now.plus(Millis::from_secs(30));
    world.clear(A, call);
    let (waits, oldest, figures) = line(&world, Q);
    assert_eq!((waits, oldest), (0, None));
    assert_eq!((figures.offered, figures.answered, figures.abandoned), (1, 1, 0));
    assert_eq!((figures.in_time, figures.waited), (1, Millis::from_secs(8)));
    assert_eq!((figures.handled, figures.talked), (1, Millis::from_secs(30)));
    world.rebuild();
}

#[test]
fn whoever_hangs_up_in_line_is_lost() {
    let mut world = led();
    let call = world.arrive(Q);
    let number = world.centre.switch().call(call).unwrap().number;
    world.wish(Wish::HangUp { call, number });
    let (_, _, figures) = line(&world, Q);
    assert_eq!((figures.offered, figures.answered, figures.abandoned), (1, 0, 1));
    world.rebuild();
}

#[test]
fn a_waiting_call_is_moved_to_the_front_to_another_queue_and_to_an_agent() {
    let mut world = led();
    let one = world.arrive(Q);
    world.now = world.now.plus(Millis::from_secs(1));
    let two = world.arrive(Q);
    let (first, second) = (contact(&world, one), contact(&world, two));
    assert_eq!(waiting(&world, Q), [first, second]);
    world.run(wish(Supervision::Move(second, Spot::Front))).unwrap();
    assert_eq!(waiting(&world, Q), [second, first]);
    world.run(wish(Supervision::Move(first, Spot::Queue("3002".into())))).unwrap();
    assert_eq!(waiting(&world, "3002"), [first]);
    assert_eq!(line(&world, Q).2.passed, 1);
    let to_agent = Supervision::Move(first, Spot::Agent(B.into()));
    assert_eq!(world.run(wish(to_agent.clone())), Err(Refusal::NotLoggedOn));
    ready(&mut world, A);
    assert_eq!(link(&world, two, A), Some(Link::Alerting), "the one in front is asked first");
    assert!(world.run(wish(Supervision::Move(second, Spot::Front))).is_err());
    ready(&mut world, B);
    world.run(wish(to_agent)).unwrap();
    assert_eq!(link(&world, one, B), Some(Link::Alerting));
    world.rebuild();
}

#[test]
fn a_supervisor_takes_a_call_over_and_the_agent_leaves_it() {
    let mut world = led();
    ready(&mut world, A);
    let call = world.arrive(Q);
    world.answer(A, call);
    let taken = contact(&world, call);
    world.run(wish(Supervision::TakeOver(taken))).unwrap();
    assert_eq!(link(&world, call, A), None);
    assert_eq!(link(&world, call, S), Some(Link::Connected));
    let people = world.centre.switch().call(call).unwrap().parties.len();
    assert_eq!(people, 2, "the customer and the supervisor");
    assert!(world.facts.iter().any(|(_, fact)| matches!(
        fact,
        Fact::Supervised { act: crate::board::Act::Joined { mode: Barge::Take, .. }, .. }
    )));
    world.rebuild();
}

#[test]
fn whoever_comes_into_a_call_is_written_down() {
    let mut world = led();
    ready(&mut world, A);
    let call = world.arrive(Q);
    world.answer(A, call);
    let act = Act::Barge { agent: A.into(), mode: Barge::Whisper };
    world.run(Command::Phone { agent: S.into(), act: Box::new(act) }).unwrap();
    let told = world.facts.iter().filter(|(_, fact)| matches!(fact, Fact::Supervised { .. }));
    assert_eq!(told.count(), 1);
    world.rebuild();
}
