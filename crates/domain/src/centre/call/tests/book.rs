//! Calls among the contacts: what their records say, and what is asked of a call by its contact.

use super::*;
use crate::call::{Cause, Link};
use crate::centre::call::NOT_SO;
use crate::command::{Act, By, Destination};
use crate::contact::{Contact, EndReason, Initiation, Phase, WrapUp};
use crate::id::ContactId;

/// An agent who is ready for calls at a desk, and has said nothing over CTI.
fn at_desk(world: &mut World, agent: &str) {
    let channels = [Channel::Voice].into();
    let state = AgentState::Ready;
    world.run(Command::State { agent: agent.into(), channels, state }).unwrap();
}

/// The segments of the only matter, oldest first.
fn segments(world: &World) -> Vec<&Contact> {
    let mut all: Vec<&Contact> = world.centre.contacts().collect();
    all.sort_by_key(|contact| contact.number);
    assert!(all.iter().all(|c| c.initial == all[0].id && c.channel == Channel::Voice));
    let cnid = |c: &Contact| c.voice.as_ref().unwrap().cnid.clone();
    assert!(all.iter().all(|c| cnid(c) == cnid(all[0])), "one matter has one number");
    all
}

fn only(world: &World) -> &Contact {
    let all = segments(world);
    assert_eq!(all.len(), 1);
    all[0]
}

fn cnsq(contact: &Contact) -> u32 {
    contact.voice.as_ref().unwrap().cnsq
}

fn count(world: &World, wanted: fn(&Fact) -> bool) -> usize {
    world.facts.iter().filter(|(_, fact)| wanted(fact)).count()
}

fn after(world: &mut World, seconds: u64) {
    world.now = world.now.plus(Millis::from_secs(seconds));
}

/// A customer of queue 3001 talks with agent 1001, who is at a desk.
fn served(world: &mut World) -> (CallId, ContactId) {
    at_desk(world, A);
    let call = world.arrive(Q);
    after(world, 4);
    world.answer(A, call);
    (call, only(world).id)
}

#[test]
fn a_call_from_outside_is_a_contact_from_its_beginning_to_its_end() {
    let mut world = World::new();
    let began = world.now;
    let call = world.arrive(Q);
    let waiting = only(&world);
    assert_eq!((waiting.phase, waiting.initiation), (Phase::Queued, Initiation::Inbound));
    assert_eq!((waiting.started, waiting.queued), (began, Some(began)));
    assert_eq!((&*waiting.customer.name, waiting.queue.as_ref().unwrap().as_str()), (X, Q));
    let id = waiting.id;
    let voice = waiting.voice.as_ref().unwrap();
    assert_eq!((voice.caller.as_str(), voice.dialed.as_str(), voice.cnsq), (X, Q, 1));
    assert_eq!(world.centre.switch().call(call).unwrap().contact, Some(id));

    after(&mut world, 5);
    at_desk(&mut world, A);
    assert_eq!(only(&world).phase, Phase::Offered);
    let why = only(&world).why.as_ref().unwrap();
    assert_eq!(why.waited, Millis::from_secs(5), "it is said why this agent is asked");
    after(&mut world, 3);
    world.answer(A, call);
    let talking = only(&world);
    assert_eq!((talking.phase, talking.agent.as_ref().unwrap().as_str()), (Phase::Talking, A));
    assert_eq!(talking.accepted, Some(began.plus(Millis::from_secs(8))));

    world.wish(Wish::Hold(A.into(), call));
    after(&mut world, 7);
    world.wish(Wish::Retrieve(A.into(), call));
    world.wish(Wish::Hold(A.into(), call));
    after(&mut world, 2);
    let number = world.centre.switch().call(call).unwrap().number;
    world.wish(Wish::HangUp { call, number });
    let over = only(&world);
    assert_eq!((over.phase, over.reason), (Phase::Ended, Some(EndReason::Customer)));
    assert_eq!(over.ended, Some(began.plus(Millis::from_secs(17))));
    let voice = over.voice.as_ref().unwrap();
    let seconds = |span: Millis| span.0 / 1_000;
    assert_eq!((voice.holds, seconds(voice.held), seconds(voice.longest_hold)), (2, 9, 7));
    assert_eq!(voice.holding, None, "the hold ends with the call");
    world.rebuild();
    world.pass(3_600);
    assert_eq!(world.centre.contacts().count(), 0, "it leaves the memory as chats do");
    world.rebuild();
}

#[test]
fn after_work_of_a_call_is_that_of_a_chat() {
    let mut world = World::new();
    let (call, id) = served(&mut world);
    world.clear(A, call);
    assert_eq!(only(&world).reason, Some(EndReason::Agent));
    let next = world.arrive(Q);
    assert_eq!(world.centre.switch().call(next).unwrap().parties.len(), 1, "{A} finishes work");
    after(&mut world, 6);
    let wrap_up = WrapUp { note: Some("calls back".into()), ..WrapUp::default() };
    world.run(Command::WrapUp { agent: A.into(), contact: id, wrap_up }).unwrap();
    let written = world.centre.contacts[&id].wrap_up.as_ref().unwrap();
    assert_eq!(written.note.as_deref(), Some("calls back"));
    assert_eq!(written.to.since(written.from), Millis::from_secs(6));
    assert_eq!(world.centre.switch().call(next).unwrap().parties.len(), 2, "the next one rings");
    world.rebuild();
}

#[test]
fn after_work_ends_by_itself_and_not_at_all_begins_for_who_works_by_cti() {
    let mut world = World::new();
    let (call, _) = served(&mut world);
    world.clear(A, call);
    world.pass(61);
    assert!(only(&world).wrap_up.is_some());
    let mut world = World::new();
    world.ready(A, 3);
    let call = world.arrive(Q);
    world.answer(A, call);
    world.clear(A, call);
    assert_eq!(count(&world, |f| matches!(f, Fact::WrapUpBegan { .. })), 0);
    let next = world.arrive(Q);
    assert_eq!(world.centre.switch().call(next).unwrap().parties.len(), 2);
}

#[test]
fn a_caller_who_gives_up_is_closed_unanswered() {
    let mut world = World::new();
    let call = world.arrive(Q);
    let number = world.centre.switch().call(call).unwrap().number;
    world.wish(Wish::HangUp { call, number });
    let gone = only(&world);
    assert_eq!((gone.reason, gone.accepted), (Some(EndReason::Customer), None));
    world.wish(Wish::Arrive { from: X.into(), to: Q.into() });
    let waits = world.centre.switch().calls().next().unwrap().id;
    world.wish(Wish::CallBack(waits));
    assert!(world.centre.contacts().any(|c| c.reason == Some(EndReason::CallBack)));
    world.rebuild();
}

#[test]
fn an_offer_that_is_not_taken_goes_on_in_the_same_contact() {
    for (refused, how) in
        [(true, crate::fact::Decline::Refused), (false, crate::fact::Decline::Missed)]
    {
        let mut world = World::new();
        at_desk(&mut world, A);
        let call = world.arrive(Q);
        if refused {
            let contact = only(&world).id;
            world.run(Command::Refuse { agent: A.into(), contact }).unwrap();
        } else {
            world.pass(20);
        }
        let declined = world.facts.iter().find_map(|(_, fact)| match fact {
            Fact::Declined { how, .. } => Some(*how),
            _ => None,
        });
        assert_eq!(declined, Some(how));
        assert_eq!((only(&world).phase, cnsq(only(&world))), (Phase::Queued, 2));
        assert_eq!(count(&world, |f| matches!(f, Fact::Queued { .. })), 1, "it came once");
        assert!(world.centre.switch().call(call).is_some());
        world.rebuild();
    }
}

#[test]
fn a_blind_transfer_closes_a_segment_and_opens_the_next() {
    let mut world = World::new();
    let (call, first) = served(&mut world);
    world.single_step(call, B);
    after(&mut world, 2);
    world.answer(B, call);
    let all = segments(&world);
    assert_eq!(all.iter().map(|c| cnsq(c)).collect::<Vec<_>>(), [1, 2]);
    assert_eq!((all[0].id, all[0].reason), (first, Some(EndReason::Transferred)));
    assert_eq!((all[1].previous, all[1].initiation), (Some(first), Initiation::Transfer));
    assert_eq!(all[1].agent.as_ref().unwrap().as_str(), B);
    assert_eq!(all[1].customer, all[0].customer);
    assert!(world.centre.agents[A].work.contains_key(&first), "after-work is the first's");
    world.clear(B, call);
    assert_eq!(segments(&world)[1].reason, Some(EndReason::Agent));
    world.rebuild();
}

#[test]
fn a_transfer_to_a_queue_waits_there_as_a_queue_transfer() {
    let mut world = World::new();
    let (call, _) = served(&mut world);
    world.single_step(call, "3002");
    let next = segments(&world)[1];
    assert_eq!((next.phase, next.initiation), (Phase::Queued, Initiation::QueueTransfer));
    assert_eq!(next.queue.as_ref().unwrap().as_str(), "3002");
    world.rebuild();
}

#[test]
fn a_consultation_is_a_segment_beside_the_one_on_hold() {
    let mut world = World::new();
    let (call, first) = served(&mut world);
    let side = world.consult(call, B);
    world.answer(B, side);
    let all = segments(&world);
    assert_eq!(all.len(), 2);
    assert!(all.iter().all(|c| c.phase == Phase::Talking), "both are open");
    assert_eq!((all[1].previous, cnsq(all[1])), (Some(first), 2));
    after(&mut world, 3);
    world.wish(Wish::Transfer(A.into(), side, call));
    let all = segments(&world);
    assert_eq!(all.iter().map(|c| cnsq(c)).collect::<Vec<_>>(), [1, 2, 3]);
    assert!(all[..2].iter().all(|c| c.reason == Some(EndReason::Transferred)));
    assert_eq!((all[2].phase, all[2].agent.as_ref().unwrap().as_str()), (Phase::Talking, B));
    assert_eq!(all[2].accepted, Some(world.now), "they talk already");
    assert_eq!(all[0].voice.as_ref().unwrap().held, Millis::from_secs(3));
    world.rebuild();
}

#[test]
fn a_conference_goes_on_in_the_contact_that_was_on_hold() {
    let mut world = World::new();
    let (call, first) = served(&mut world);
    let side = world.consult(call, B);
    world.answer(B, side);
    world.wish(Wish::Confer(A.into(), side, call));
    let open: Vec<_> = segments(&world).into_iter().filter(|c| !c.ended()).map(|c| c.id).collect();
    assert_eq!(open, [first]);
    world.clear(A, call);
    assert_eq!(segments(&world)[0].phase, Phase::Talking, "the others go on");
    assert!(world.centre.agents[A].work.contains_key(&first), "and who left finishes work");
    world.rebuild();
}

#[test]
fn who_waits_for_a_consulted_queue_is_counted_once() {
    let mut world = World::new();
    let (call, _) = served(&mut world);
    let side = world.consult(call, "3002");
    world.wish(Wish::Transfer(A.into(), side, call));
    let all = segments(&world);
    assert_eq!((all[2].phase, all[2].queue.as_ref().unwrap().as_str()), (Phase::Queued, "3002"));
    let queued = |f: &Fact| matches!(f, Fact::Queued { queue, .. } if queue.as_str() == "3002");
    assert_eq!(count(&world, queued), 1);
    world.rebuild();
}

#[test]
fn calls_between_extensions_are_contacts_without_a_queue() {
    let mut world = World::new();
    let call = world.talking(A, B);
    let inside = only(&world);
    assert_eq!((inside.initiation, &inside.queue), (Initiation::Internal, &None));
    assert_eq!(inside.agent.as_ref().unwrap().as_str(), B);
    assert_eq!(inside.voice.as_ref().unwrap().maker.as_ref().unwrap().as_str(), A);
    world.clear(B, call);
    assert_eq!(only(&world).reason, Some(EndReason::Agent));
    world.dial(A, "999");
    assert!(world.centre.contacts().any(|c| c.reason == Some(EndReason::Unreached)));
    world.rebuild();
}

#[test]
fn a_call_is_taken_ended_stopped_and_passed_on_by_its_contact() {
    let mut world = World::new();
    at_desk(&mut world, A);
    world.arrive(Q);
    let contact = only(&world).id;
    let agent = || A.into();
    world.run(Command::Accept { agent: agent(), contact }).unwrap();
    world.run(Command::Accept { agent: agent(), contact }).unwrap();
    assert_eq!(only(&world).phase, Phase::Talking);
    let other = world.run(Command::End { agent: B.into(), contact });
    assert_eq!(other, Err(Refusal::NotAMember));
    let to = Destination::Agent(B.into());
    let passed =
        world.run(Command::Transfer { contact, to, by: Some(agent()), note: None, key: None });
    let Ok(Done::Transferred { contact: next }) = passed else { panic!("{passed:?}") };
    assert_eq!(world.run(Command::Stop { contact }), Err(Refusal::ContactEnded));
    world.run(Command::Accept { agent: B.into(), contact: next }).unwrap();
    world.run(Command::Stop { contact: next }).unwrap();
    assert_eq!(segments(&world)[1].reason, Some(EndReason::Api));
    assert_eq!(world.centre.switch().calls().count(), 0);
    assert_eq!(
        world.run(Command::End { agent: B.into(), contact: next }),
        Err(Refusal::ContactEnded)
    );
    world.rebuild();
}

#[test]
fn what_only_chats_have_is_refused_for_a_call() {
    let mut world = World::new();
    let (_, contact) = served(&mut world);
    let refused = |world: &mut World, command| {
        assert_eq!(world.run(command), Err(Refusal::NotAChat));
    };
    refused(&mut world, Command::Invite { contact, by: A.into(), agent: B.into() });
    refused(&mut world, Command::Assign { contact, agent: B.into() });
    let (user, barge, key) = (S.into(), false, None);
    refused(&mut world, Command::Monitor { contact, user, barge, key });
    let session = crate::id::TokenHash([7; 32]);
    let user = world.centre.directory.users[A].as_ref().clone();
    world.put(Entry::User(User { password: Some("hash".into()), ..user }));
    world
        .run(Command::LogIn { user: A.into(), session, proof: crate::command::Proof::Password })
        .unwrap();
    let by = By::Session(session, contact);
    let text = Command::Say {
        by,
        kind: crate::contact::TextKind::Plain,
        text: "hello".into(),
        audience: crate::room::Audience::All,
        key: None,
    };
    refused(&mut world, text);
    world
        .run(Command::SetAttributes {
            contact,
            attributes: [("tier".into(), "gold".into())].into(),
            unset: std::collections::BTreeSet::new(),
        })
        .unwrap();
    assert_eq!(only(&world).attributes.get("tier").map(AsRef::as_ref), Some("gold"));
    world.rebuild();
}

fn act(world: &mut World, agent: &str, act: Act) -> Result<Done, Refusal> {
    world.run(Command::Phone { agent: agent.into(), act: Box::new(act) })
}

fn dialed(world: &mut World, agent: &str, to: &str) -> (ContactId, Option<Cause>) {
    let done = act(world, agent, Act::Dial { to: to.into(), uui: "vip".into() });
    let Ok(Done::Dialed { contact: Some(contact), failed }) = done else { panic!("{done:?}") };
    (contact, failed)
}

#[test]
fn a_desk_dials_consults_swaps_confers_and_passes_on_by_contact() {
    let mut world = World::new();
    let (first, failed) = dialed(&mut world, A, B);
    assert_eq!((failed, only(&world).id), (None, first));
    assert_eq!(&*only(&world).voice.as_ref().unwrap().attached.uui, "vip");
    world.run(Command::Accept { agent: B.into(), contact: first }).unwrap();
    let consult = Act::Consult { contact: first, to: C.into() };
    let done = act(&mut world, A, consult);
    let Ok(Done::Dialed { contact: Some(side), failed: None }) = done else { panic!("{done:?}") };
    assert_eq!(
        act(&mut world, A, Act::Retrieve(first)),
        Err(Refusal::WrongState("the telephone is in another call"))
    );
    world.run(Command::Accept { agent: C.into(), contact: side }).unwrap();
    act(&mut world, A, Act::Retrieve(first)).unwrap();
    let link = |world: &World, contact: ContactId| {
        let call = world.centre.switch().calls().find(|c| c.contact == Some(contact)).unwrap();
        call.link(&A.into()).unwrap()
    };
    assert_eq!((link(&world, first), link(&world, side)), (Link::Connected, Link::Held));
    assert_eq!(act(&mut world, B, Act::Retrieve(side)), Err(NOT_SO), "not B's call");
    act(&mut world, A, Act::Confer(first, side)).unwrap();
    assert_eq!(world.centre.switch().calls().count(), 1);
    let open = segments(&world).into_iter().find(|c| !c.ended()).unwrap().id;
    act(&mut world, B, Act::Hold(open)).unwrap();
    act(&mut world, B, Act::Retrieve(open)).unwrap();
    world.run(Command::End { agent: C.into(), contact: open }).unwrap();
    act(&mut world, A, Act::Pass { contact: open, to: C.into() }).unwrap();
    assert_eq!(segments(&world).last().unwrap().initiation, Initiation::Transfer);
    world.rebuild();
}

#[test]
fn a_desk_hears_at_once_why_nobody_was_reached() {
    let mut world = World::new();
    assert_eq!(dialed(&mut world, A, "3997").1, Some(Cause::BUSY));
    assert_eq!(dialed(&mut world, A, "999").1.map(Cause::unreached), Some("no_such_number"));
    assert_eq!(dialed(&mut world, A, "3996").1, None, "it rings");
    let stranger = act(&mut world, "nobody", Act::Dial { to: B.into(), uui: "".into() });
    assert_eq!(stranger, Err(Refusal::NoSuchAgent));
}

#[test]
fn only_supervisors_come_into_calls_of_others_from_their_desks() {
    let mut world = World::new();
    let call = world.talking(A, B);
    let listen = || Act::Barge { agent: A.into(), mode: Barge::Listen };
    assert_eq!(act(&mut world, C, listen()), Err(Refusal::NotAllowed));
    act(&mut world, S, listen()).unwrap();
    let live = world.centre.switch().call(call).unwrap();
    assert_eq!(live.link(&S.into()), Some(Link::Listening));
    let contact = live.contact.unwrap();
    world.run(Command::End { agent: S.into(), contact }).unwrap();
    assert_eq!(world.centre.switch().call(call).unwrap().parties.len(), 2, "the others talk on");
    world.rebuild();
}
