//! SRTP: what telephones are offered, and what is done when they can do nothing with it (RFC 3264, RFC 4568).

use super::calls::nothing_left;
use super::world::World;
use domain::directory::{Device, Entry, Srtp};
use facade::voice::plane::Wire;
use sip::flow::Transport;
use sip::message::{Headers, Method};

/// 1001 calls from a datagram phone; 1002 is there by this transport, with this setting.
fn world(by: Transport, contact: Option<&str>, srtp: Srtp) -> World {
    let mut world = World::new();
    world.registered(&["1001"]);
    set(&mut world, "1002", srtp);
    world.phone_by("1002", by);
    world.contact = contact.map(Into::into);
    assert_eq!(world.register("1002", 3_600), 200);
    world.heard();
    world
}

fn set(world: &mut World, id: &str, srtp: Srtp) {
    let known = world.node.centre().directory().devices[id].as_ref().clone();
    world.put(Entry::Device(Device { srtp, ..known }));
}

/// How 1002 was offered its calls, one after the other.
fn offered(world: &World) -> Vec<Wire> {
    let invites = world.phones["1002"].messages.iter().filter_map(|message| match message {
        sip::message::Message::Request(request) if request.method == Method::Invite => {
            request.body_of("application/sdp")
        }
        _ => None,
    });
    let wire = |sdp: &[u8]| match sdp.rsplit(|byte| *byte == b' ').next().unwrap() {
        b"Plain" => Wire::Plain,
        b"Sdes" => Wire::Sdes,
        b"Web" => Wire::Web,
        other => panic!("{other:?}"),
    };
    invites.map(wire).collect()
}

fn refuses(world: &mut World, status: u16) {
    let call = world.incoming("1002");
    world.act("1002", |end, now| end.reject(now, call, status, &Headers::default())).unwrap();
}

fn answers_in_the_clear(world: &mut World) {
    let (call, sdp) = (world.incoming("1002"), Some(b"in the clear".to_vec()));
    world.act("1002", |end, now| end.answer(now, call, &Headers::default(), sdp)).unwrap();
}

#[test]
fn a_telephone_over_tls_that_knows_no_srtp_is_called_in_the_clear_where_that_may_be() {
    for status in [488, 606, 415] {
        let mut world = world(Transport::Tls, None, Srtp::Optional);
        let a = world.call("1001", "1002");
        refuses(&mut world, status);
        assert_eq!(offered(&world), [Wire::Sdes, Wire::Plain], "{status}");
        world.pick_up("1002");
        assert_eq!(world.story("1001"), ["progress 180", "answered"]);
        world.hang_up("1001", a);
        // From now on it is offered nothing else.
        world.call("1001", "1002");
        assert_eq!(offered(&world), [Wire::Sdes, Wire::Plain, Wire::Plain]);
    }
}

#[test]
fn a_telephone_whose_sound_must_be_secret_is_never_called_in_the_clear() {
    let mut world = world(Transport::Tls, None, Srtp::Required);
    world.call("1001", "1002");
    refuses(&mut world, 488);
    assert_eq!(offered(&world), [Wire::Sdes]);
    assert_eq!(*world.story("1001").last().unwrap(), "refused 480");
    nothing_left(&mut world);
}

#[test]
fn an_answer_in_the_clear_to_an_offer_with_keys_is_hung_up() {
    for (srtp, again) in [(Srtp::Optional, true), (Srtp::Required, false)] {
        let mut world = world(Transport::Tls, None, srtp);
        world.call("1001", "1002");
        world.story("1002");
        answers_in_the_clear(&mut world);
        let story = world.story("1002");
        assert_eq!(story.iter().filter(|event| *event == "bye").count(), 1, "{story:?}");
        assert_eq!(offered(&world).len(), 1 + usize::from(again));
        if again {
            answers_in_the_clear(&mut world);
            assert_eq!(world.story("1001"), ["progress 180", "answered"]);
        } else {
            assert_eq!(*world.story("1001").last().unwrap(), "refused 480");
            nothing_left(&mut world);
        }
    }
}

#[test]
fn a_telephone_on_a_websocket_need_not_be_a_browser() {
    let browser = Some("<sip:1002@d2k4.invalid;transport=ws>");
    for (by, contact, wires) in [
        (Transport::Ws, browser, &[Wire::Web, Wire::Plain][..]),
        (Transport::Wss, browser, &[Wire::Web, Wire::Sdes, Wire::Plain]),
        (Transport::Ws, None, &[Wire::Plain]),
        (Transport::Wss, None, &[Wire::Sdes, Wire::Plain]),
    ] {
        let mut world = world(by, contact, Srtp::Optional);
        world.call("1001", "1002");
        for _ in 1..wires.len() {
            refuses(&mut world, 488);
        }
        assert_eq!(offered(&world), wires, "{by:?}");
        world.pick_up("1002");
        assert_eq!(world.story("1001"), ["progress 180", "answered"]);
    }
}

#[test]
fn one_that_refuses_everything_is_asked_from_the_start_the_next_time() {
    let mut world = world(Transport::Tls, None, Srtp::Optional);
    world.call("1001", "1002");
    refuses(&mut world, 488);
    refuses(&mut world, 488);
    assert_eq!(*world.story("1001").last().unwrap(), "refused 480");
    world.call("1001", "1002");
    assert_eq!(offered(&world), [Wire::Sdes, Wire::Plain, Wire::Sdes]);
}

#[test]
fn a_telephone_whose_sound_must_be_secret_calls_nobody_in_the_clear() {
    let mut world = world(Transport::Tls, None, Srtp::Required);
    world.call("1002", "1001");
    assert_eq!(world.story("1002"), ["refused 488"]);
    let call = world.call_with("1002", "1001", |invite| invite.sdp = Some(b"secret".to_vec()));
    world.pick_up("1001");
    assert_eq!(world.story("1002"), ["progress 180", "answered"]);
    // Nor does it change over to it.
    world.act("1002", |end, now| end.offer(now, call, b"plain".to_vec())).unwrap();
    assert_eq!(world.story("1002"), ["offer refused 488"]);
}

#[test]
fn by_datagrams_no_sound_is_secret() {
    let mut world = world(Transport::Udp, None, Srtp::Required);
    world.call("1001", "1002");
    assert_eq!(*world.story("1001").last().unwrap(), "refused 480");
    assert_eq!(offered(&world), []);
    world.call_with("1002", "1001", |invite| invite.sdp = None);
    assert_eq!(world.story("1002"), ["refused 488"]);
}
