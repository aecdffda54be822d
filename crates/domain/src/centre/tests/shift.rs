//! Agents' clients at work: from the start to the end of a shift, whatever happens to their connections.

use super::*;
use crate::agent::Standing;
use crate::shift::{Because, SILENT, Shift, ShiftEnd, USUAL_IDLE};

fn shift(shop: &mut Shop, agent: &str, idle: Millis, force: bool) -> Command {
    Command::BeginShift(Box::new(Shift {
        id: ShiftId::new(shop.now, &mut shop.chance),
        agent: agent.into(),
        sealed: "sealed".into(),
        station: "".into(),
        phone: "".into(),
        idle,
        force,
        began: Millis(0),
    }))
}

fn begin(shop: &mut Shop, agent: &str) {
    let command = shift(shop, agent, USUAL_IDLE, false);
    shop.ok(command);
}

fn chat_state(shop: &Shop, agent: &str) -> Option<(AgentState, Because)> {
    let known = shop.centre.agents.get(&UserId::from(agent))?;
    known.channels.get(&Channel::Chat).map(|Standing { state, because, .. }| (*state, *because))
}

#[test]
fn a_shift_logs_on_whoever_is_not_and_leaves_others_as_they_said() {
    let mut shop = Shop::new();
    begin(&mut shop, "1001");
    assert_eq!(chat_state(&shop, "1001"), Some((AgentState::NotReady(0), Because::Said)));
    let again = shift(&mut shop, "1001", USUAL_IDLE, false);
    assert!(matches!(shop.no(again), Refusal::WrongState(_)));
    shop.ready("1002");
    begin(&mut shop, "1002");
    assert_eq!(chat_state(&shop, "1002"), Some((AgentState::Ready, Because::Said)));
    shop.ok(Command::EndShift { agent: "1001".into(), force: false, end: false });
    assert_eq!(chat_state(&shop, "1001"), None);
    assert_eq!(shop.no(Command::Attend { agent: "1001".into() }), Refusal::NotLoggedOn);
    begin(&mut shop, "1001");
    shop.done();
}

#[test]
fn who_gives_no_sign_of_life_gets_no_contacts_and_is_logged_off_later() {
    let mut shop = Shop::new();
    begin(&mut shop, "1001");
    shop.ready("1001");
    shop.pass(Millis(SILENT.0 - 1));
    shop.ok(Command::Attend { agent: "1001".into() });
    shop.pass(Millis(SILENT.0 - 1));
    assert_eq!(chat_state(&shop, "1001"), Some((AgentState::Ready, Because::Said)));
    shop.pass(Millis(2));
    assert_eq!(chat_state(&shop, "1001"), Some((AgentState::NotReady(0), Because::Disconnected)));
    shop.ready("1001");
    shop.pass(SILENT);
    assert_eq!(
        chat_state(&shop, "1001"),
        Some((AgentState::NotReady(0), Because::Disconnected)),
        "a word without a client does not last"
    );
    shop.pass(USUAL_IDLE);
    assert_eq!(chat_state(&shop, "1001"), None);
    assert!(shop.centre.shifts.is_empty());
    shop.done();
}

#[test]
fn a_shift_with_a_contact_at_hand_ends_only_by_force_or_with_the_contact() {
    for (force, end) in [(true, false), (false, true)] {
        let mut shop = Shop::new();
        begin(&mut shop, "1001");
        shop.ready("1001");
        let (contact, _) = shop.chat();
        shop.accept("1001", contact);
        let ask = |force, end| Command::EndShift { agent: "1001".into(), force, end };
        assert!(matches!(shop.no(ask(false, false)), Refusal::WrongState(_)));
        shop.pass(Millis(USUAL_IDLE.0 * 2));
        assert_eq!(shop.centre.shifts.len(), 1, "nor by itself");
        shop.ok(ask(force, end));
        let how = shop.centre.contacts[&contact].reason;
        assert_eq!(
            how == Some(EndReason::Agent),
            end,
            "forced, the chat goes to the next: {how:?}"
        );
        shop.done();
    }
}

#[test]
fn an_agent_who_logs_off_elsewhere_ends_their_shift() {
    let mut shop = Shop::new();
    begin(&mut shop, "1001");
    let off = AgentState::LoggedOff(0);
    shop.ok(Command::State { agent: "1001".into(), channels: [].into(), state: off });
    assert!(shop.centre.shifts.is_empty());
    let mut facts = shop.deeds.iter().flat_map(|deed| &deed.facts);
    let how = facts.find_map(|fact| match fact {
        Fact::ShiftEnded { how, .. } => Some(*how),
        _ => None,
    });
    assert_eq!(how, Some(ShiftEnd::Elsewhere));
    shop.done();
}

#[test]
fn whose_client_knows_one_state_alone_is_ready_for_nothing_after_a_refusal() {
    let mut shop = Shop::new();
    let both = [Channel::Voice, Channel::Chat];
    for agent in ["1001", "1002"] {
        let ready = AgentState::Ready;
        shop.ok(Command::State { agent: agent.into(), channels: both.into(), state: ready });
    }
    begin(&mut shop, "1001");
    for agent in ["1001", "1002"] {
        let (contact, _) = shop.chat();
        let offered = &shop.centre.agents[&UserId::from(agent)].work;
        if !offered.contains_key(&contact) {
            continue;
        }
        shop.ok(Command::Refuse { agent: agent.into(), contact });
        let channels = &shop.centre.agents[&UserId::from(agent)].channels;
        let ready = channels.values().filter(|s| s.state == AgentState::Ready).count();
        assert_eq!(ready, usize::from(agent == "1002"), "{agent}");
    }
    shop.done();
}
