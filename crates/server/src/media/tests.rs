//! Telephones on loopback: real sockets, real packets, and what is heard at the far ear.

mod browser;
mod phone;

use super::*;
use browser::Browser;
use phone::{Phone, talk, talk_all};
use std::path::Path;
use str0m::format::Codec as Kind;

/// An engine of its own, and a folder that goes with it.
struct Centre {
    engine: Option<Engine>,
    told: UnboundedReceiver<Noticed>,
    ended: UnboundedReceiver<Ended>,
    folder: PathBuf,
    next: u64,
}

impl std::ops::Deref for Centre {
    type Target = Engine;
    fn deref(&self) -> &Engine {
        self.engine.as_ref().unwrap()
    }
}

impl std::ops::DerefMut for Centre {
    fn deref_mut(&mut self) -> &mut Engine {
        self.engine.as_mut().unwrap()
    }
}

impl Drop for Centre {
    fn drop(&mut self) {
        self.engine.take();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn centre(threads: usize) -> Centre {
    let [a, b, c, d] = draw();
    let folder = std::env::temp_dir().join(format!("sangdam-media-{a:02x}{b:02x}{c:02x}{d:02x}"));
    std::fs::create_dir_all(folder.join("sounds")).unwrap();
    let here = IpAddr::from([127, 0, 0, 1]);
    let (keeper, ended) = unbounded_channel();
    std::fs::create_dir_all(folder.join("tapes")).unwrap();
    let config = Config {
        bind: here,
        public: here,
        ports: 16_384..=32_767,
        threads,
        sounds: folder.join("sounds"),
        tapes: folder.join("tapes"),
        keeper,
        video: true,
        silence: Duration::from_secs(1),
    };
    let (engine, told) = Engine::start(config).unwrap();
    Centre { engine: Some(engine), told, ended, folder, next: 0 }
}

impl Centre {
    fn leg(&mut self) -> Leg {
        self.next += 1;
        Leg(self.next)
    }

    /// A telephone that offers, and is answered.
    fn caller(&mut self, codecs: &str) -> (Leg, Phone) {
        let (leg, mut phone) = (self.leg(), Phone::new(codecs));
        let agreed = self.answer(leg, phone.sdp().as_bytes()).unwrap();
        assert_eq!(agreed.way, Way { sends: true, hears: true });
        phone.takes(&agreed.sdp);
        (leg, phone)
    }

    /// A telephone that is offered, and answers.
    fn callee(&mut self, codecs: &str, like: Leg) -> (Leg, Phone) {
        let (leg, mut phone) = (self.leg(), Phone::new(codecs));
        phone.takes(&self.offer(leg, Wire::Plain, Some(like)).unwrap());
        let way = self.conclude(leg, phone.sdp().as_bytes()).unwrap();
        assert_eq!(way, Way { sends: true, hears: true });
        (leg, phone)
    }

    fn join(&mut self, a: Leg, b: Leg) {
        self.hear(a, Hear::Those(vec![b], vec![]));
        self.hear(b, Hear::Those(vec![a], vec![]));
    }

    fn noticed(&mut self) -> Vec<Noticed> {
        std::iter::from_fn(|| self.told.try_recv().ok()).collect()
    }

    fn keys(&mut self, leg: Leg) -> String {
        let key = |noticed| match noticed {
            Noticed::Key(own, key) if own == leg => Some(key),
            _ => None,
        };
        self.noticed().into_iter().filter_map(key).collect()
    }

    /// A tape with these on it.
    fn tape(&mut self, tape: Tape, left: &[Leg], right: &[Leg]) {
        let (realm, contact) = (facade::door::RealmNo(0), domain::id::ContactId::default());
        self.begin(tape, About { realm, contact, began: clock::now() });
        self.record(tape, left, right);
    }

    /// Waits for a tape that has ended, and reads both of its sides.
    fn kept(&mut self) -> (Vec<i16>, Vec<i16>) {
        for _ in 0..300 {
            if let Ok(Ended { id, label }) = self.ended.try_recv() {
                assert_eq!(label.kept, Some(domain::recording::Kept::Whole));
                return read(&crate::tapes::sound(&self.folder.join("tapes"), id));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("no tape ended");
    }

    /// Waits for what satisfies.
    fn wait<T>(&mut self, mut found: impl FnMut(&Noticed) -> Option<T>) -> T {
        for _ in 0..300 {
            if let Some(found) = self.noticed().iter().find_map(&mut found) {
                return found;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("it was never noticed");
    }
}

#[test]
fn two_telephones_hear_each_other_and_not_themselves() {
    let mut centre = centre(1);
    let (a, mut alice) = centre.caller("8 0 101");
    let (b, mut bob) = centre.callee("8 101", a);
    centre.join(a, b);
    (alice.tone, bob.tone) = (600, 900);
    talk(&mut [&mut alice, &mut bob], 600);
    alice.hears(&[900], &[600]);
    bob.hears(&[600], &[900]);
    assert!(alice.packets.len() > 25, "{}", alice.packets.len());
    for phone in [&alice, &bob] {
        assert!(
            phone.packets.windows(2).all(|two| two[1].sequence == two[0].sequence.wrapping_add(1))
        );
        assert!(phone.packets.windows(2).all(|two| two[1].ssrc == two[0].ssrc));
    }
}

#[test]
fn laws_that_differ_are_turned_into_each_other() {
    let mut centre = centre(1);
    let (a, mut alice) = centre.caller("0 101");
    let (b, mut bob) = centre.callee("8 101", a);
    centre.join(a, b);
    (alice.tone, bob.tone) = (600, 900);
    talk(&mut [&mut alice, &mut bob], 500);
    alice.hears(&[900], &[600]);
    bob.hears(&[600], &[900]);
    assert!(alice.packets.iter().all(|packet| packet.payload_type == 0));
    assert!(bob.packets.iter().all(|packet| packet.payload_type == 8));
}

#[test]
fn who_is_held_hears_music_and_the_other_hears_nothing() {
    let mut centre = centre(1);
    let (a, mut alice) = centre.caller("8 0 101");
    let (b, mut bob) = centre.callee("8 101", a);
    centre.join(a, b);
    (alice.tone, bob.tone) = (600, 900);
    talk(&mut [&mut alice, &mut bob], 300);
    centre.hear(a, Hear::Nothing);
    centre.hear(b, Hear::Sound(Sound::Test));
    talk(&mut [&mut alice, &mut bob], 100);
    alice.heard.clear();
    bob.heard.clear();
    talk(&mut [&mut alice, &mut bob], 600);
    assert!(alice.heard.is_empty(), "{} samples", alice.heard.len());
    bob.hears(&[440], &[600]);
    assert!(bob.packets.windows(2).all(|two| two[1].sequence == two[0].sequence.wrapping_add(1)));
    assert!(bob.packets.iter().all(|packet| packet.ssrc == bob.packets[0].ssrc), "one stream");
    centre.join(a, b);
    talk(&mut [&mut alice, &mut bob], 100);
    alice.heard.clear();
    bob.heard.clear();
    talk(&mut [&mut alice, &mut bob], 400);
    alice.hears(&[900], &[600]);
    bob.hears(&[600], &[440, 900]);
}

#[test]
fn a_leg_in_the_place_of_one_that_has_just_gone_gets_every_frame_once() {
    let mut centre = centre(1);
    let (a, mut alice) = centre.caller("8 0 101");
    centre.hear(a, Hear::Sound(Sound::Test));
    talk(&mut [&mut alice], 200);
    // A transfer: one leg goes and the next one comes, within a tick.
    centre.close(a);
    let (b, mut bob) = centre.caller("8 101");
    centre.hear(b, Hear::Sound(Sound::Test));
    talk(&mut [&mut bob], 1_000);
    let samples = bob.heard.len();
    assert!((4_000..9_600).contains(&samples), "{samples} samples in a second");
    let (first, last) = (&bob.packets[0], &bob.packets[bob.packets.len() - 1]);
    let spans = u32::from(last.sequence.wrapping_sub(first.sequence));
    assert!(spans < 60, "{spans} packets in a second");
}

#[test]
fn sounds_are_what_they_are_called() {
    let mut centre = centre(1);
    let (a, mut alice) = centre.caller("0 101");
    alice.tone = 600;
    for (what, hears, not) in [
        (Hear::Itself, &[600][..], &[440][..]),
        (Hear::Sound(Sound::Ringback), &[440, 480], &[600]),
        (Hear::Sound(Sound::Busy), &[480, 620], &[]),
        (Hear::Sound(Sound::Test), &[440], &[600, 480]),
        (Hear::Sound(Sound::Quiet), &[350], &[600, 440]),
        (Hear::Those(vec![], vec![Sound::Quiet, Sound::Test]), &[350, 440], &[600]),
    ] {
        centre.hear(a, what);
        talk(&mut [&mut alice], 60);
        alice.heard.clear();
        talk(&mut [&mut alice], 400);
        alice.hears(hears, not);
    }
}

#[test]
fn a_conference_of_three_is_mixed_and_a_listener_is_not_heard() {
    let mut centre = centre(1);
    let (a, mut alice) = centre.caller("8 0 101");
    let (b, mut bob) = centre.caller("0 101");
    let (c, mut carol) = centre.callee("8 101", a);
    let (s, mut spy) = centre.caller("8 101");
    centre.hear(a, Hear::Those(vec![b, c], vec![]));
    centre.hear(b, Hear::Those(vec![a, c], vec![]));
    centre.hear(c, Hear::Those(vec![a, b], vec![]));
    centre.hear(s, Hear::Those(vec![a, b, c], vec![]));
    (alice.tone, bob.tone, carol.tone, spy.tone) = (600, 900, 1_300, 1_900);
    let all = &mut [&mut alice, &mut bob, &mut carol, &mut spy];
    talk(all, 300);
    for phone in all.iter_mut() {
        phone.heard.clear();
    }
    talk(all, 800);
    alice.hears(&[900, 1_300], &[600, 1_900]);
    bob.hears(&[600, 1_300], &[900, 1_900]);
    carol.hears(&[600, 900], &[1_300, 1_900]);
    spy.hears(&[600, 900, 1_300], &[1_900]);
}

#[test]
fn legs_of_two_threads_meet() {
    let mut centre = centre(2);
    let mut phones = Vec::new();
    for n in 0..4 {
        let (leg, mut phone) = centre.caller("8 101");
        phone.tone = [600, 900, 1_300, 1_900][n];
        phones.push((leg, phone));
    }
    let mates: HashSet<_> = centre.legs.values().map(|held| held.mate).collect();
    assert_eq!(mates.len(), 2, "legs are spread");
    let legs: Vec<_> = phones.iter().map(|(leg, _)| *leg).collect();
    centre.join(legs[0], legs[1]);
    centre.join(legs[2], legs[3]);
    centre.tape(Tape(1), &[legs[0]], &[legs[1]]);
    let mut all: Vec<_> = phones.iter_mut().map(|(_, phone)| phone).collect();
    talk(&mut all, 200);
    // Now all four, which brings both pairs and the tape together.
    for leg in &legs {
        let others = legs.iter().copied().filter(|other| other != leg).collect();
        centre.hear(*leg, Hear::Those(others, vec![]));
    }
    let mates: HashSet<_> = centre.legs.values().map(|held| held.mate).collect();
    assert_eq!(mates.len(), 1);
    talk(&mut all, 300);
    for phone in &mut all {
        phone.heard.clear();
    }
    talk(&mut all, 600);
    all[0].hears(&[900, 1_300, 1_900], &[600]);
    all[3].hears(&[600, 900, 1_300], &[1_900]);
    centre.stop(Tape(1));
    let (left, _) = centre.kept();
    assert!((7_200..11_200).contains(&left.len()), "{}", left.len());
}

#[test]
fn keys_are_told_and_go_through() {
    let mut centre = centre(1);
    let (a, mut alice) = centre.caller("8 101");
    let (b, mut bob) = centre.callee("8 96", a);
    centre.join(a, b);
    talk(&mut [&mut alice, &mut bob], 100);
    for key in "1*D".chars() {
        alice.press(key, 5);
        talk(&mut [&mut alice, &mut bob], 240);
    }
    assert_eq!(centre.keys(a), "1*D");
    assert_eq!(bob.keys, "1*D", "by the number that Bob wants");
    assert_eq!(centre.keys(b), "");
}

#[test]
fn keys_are_played_to_a_leg_whatever_it_hears() {
    let mut centre = centre(1);
    let (a, mut alice) = centre.caller("8 101");
    let (b, mut bob) = centre.callee("8 101", a);
    centre.join(a, b);
    talk(&mut [&mut alice, &mut bob], 100);
    for key in "159#".chars() {
        centre.press(b, key, 100);
    }
    talk(&mut [&mut alice, &mut bob], 1_200);
    assert_eq!(bob.keys, "159#");
    assert_eq!(alice.keys, "");
    assert!(bob.packets.windows(2).all(|two| two[1].sequence == two[0].sequence.wrapping_add(1)));
    // One that knows no such packets hears the tones.
    let (c, mut carol) = centre.caller("8");
    centre.press(c, '5', 200);
    talk(&mut [&mut carol], 150);
    carol.hears(&[770, 1_336], &[697, 1_209]);
}

#[test]
fn strangers_are_neither_heard_nor_sent_anything() {
    let mut centre = centre(1);
    let (a, mut alice) = centre.caller("8 101");
    let (b, mut bob) = centre.callee("8 101", a);
    centre.join(a, b);
    (alice.tone, bob.tone) = (600, 900);
    talk(&mut [&mut alice, &mut bob], 200);
    let mut stranger = Phone::new("8 101");
    stranger.to = alice.to;
    stranger.tone = 1_700;
    bob.heard.clear();
    talk(&mut [&mut alice, &mut bob, &mut stranger], 400);
    bob.hears(&[600], &[1_700]);
    assert!(stranger.packets.is_empty());
}

#[test]
fn a_telephone_behind_a_nat_is_found_by_its_packets() {
    let mut centre = centre(1);
    let (leg, mut phone) = (centre.leg(), Phone::new("8 101"));
    // It says an address by which nobody can reach it.
    let sdp = phone.sdp().replace("IN IP4 127.0.0.1", "IN IP4 192.0.2.77");
    phone.takes(&centre.answer(leg, sdp.as_bytes()).unwrap().sdp);
    centre.hear(leg, Hear::Sound(Sound::Test));
    talk(&mut [&mut phone], 500);
    phone.hears(&[440], &[]);
}

#[test]
fn a_telephone_that_vanishes_is_told_of_and_one_that_is_on_hold_is_not() {
    let mut centre = centre(1);
    let (a, mut alice) = centre.caller("8 101");
    let (b, mut bob) = centre.caller("8 101");
    let hold = bob.sdp().replace("a=sendrecv", "a=inactive");
    let agreed = centre.answer(b, hold.as_bytes()).unwrap();
    assert_eq!(agreed.way, Way { sends: false, hears: false });
    assert!(agreed.sdp.contains("a=inactive"));
    talk(&mut [&mut alice, &mut bob], 100);
    let silent = centre.wait(|noticed| match noticed {
        Noticed::Silent(leg, millis) => Some((*leg, *millis)),
        _ => None,
    });
    assert!(silent.0 == a && silent.1 >= 1_000, "{silent:?}");
}

#[test]
fn a_leg_that_ends_is_reported() {
    let mut centre = centre(1);
    let (a, mut alice) = centre.caller("8 101");
    let (b, mut bob) = centre.callee("8 101", a);
    centre.join(a, b);
    alice.skip = 10;
    talk(&mut [&mut alice, &mut bob], 1_000);
    centre.close(a);
    let quality = centre.wait(|noticed| match noticed {
        Noticed::Report(leg, quality) if *leg == a => Some(*quality),
        _ => None,
    });
    assert!((35..60).contains(&quality.received), "{quality:?}");
    assert!((3..7).contains(&quality.lost), "{quality:?}");
    assert!(quality.sent > 40 && (2.0..4.3).contains(&quality.mos), "{quality:?}");
    // Nothing comes to it or from it any more.
    bob.heard.clear();
    let before = alice.packets.len();
    talk(&mut [&mut alice, &mut bob], 200);
    assert!(bob.heard.len() < 400 && alice.packets.len() <= before + 2);
}

#[test]
fn reports_go_both_ways() {
    let mut centre = centre(1);
    let (a, mut alice) = centre.caller("8 101");
    centre.hear(a, Hear::Itself);
    talk(&mut [&mut alice], 3_500);
    let sent = alice.reports.iter().filter_map(|(sent, _)| *sent).next_back();
    let sent = sent.expect("a sender's report came");
    assert!(sent.packets > 20 && sent.octets == sent.packets * 160, "{sent:?}");
    let about = alice.reports.iter().filter_map(|(_, report)| *report).next_back().unwrap();
    assert_eq!((about.ssrc, about.lost), (alice.ssrc, 0));
}

fn read(path: &Path) -> (Vec<i16>, Vec<i16>) {
    let bytes = std::fs::read(path).unwrap();
    let wav = media::wav::Wav::read(&bytes).unwrap();
    let side = |side| (0..wav.len()).map(|n| wav.at(side, n).unwrap()).collect();
    (side(0), side(1))
}

#[test]
fn a_tape_holds_both_sides_apart_and_silence_where_it_is_masked() {
    let mut centre = centre(1);
    let (a, mut alice) = centre.caller("8 101");
    let (b, mut bob) = centre.callee("0 101", a);
    centre.join(a, b);
    (alice.tone, bob.tone) = (600, 900);
    centre.tape(Tape(7), &[a], &[b]);
    talk(&mut [&mut alice, &mut bob], 1_000);
    centre.pause(Tape(7), Some(Pause::Masked));
    talk(&mut [&mut alice, &mut bob], 500);
    centre.pause(Tape(7), None);
    talk(&mut [&mut alice, &mut bob], 500);
    centre.stop(Tape(7));
    let (left, right) = centre.kept();
    assert!((15_200..18_400).contains(&left.len()), "{}", left.len());
    phone::has(&left[1_600..7_200], &[600], &[900]);
    phone::has(&right[1_600..7_200], &[900], &[600]);
    assert!(left[9_000..11_000].iter().chain(&right[9_000..11_000]).all(|s| *s == 0));
    phone::has(&left[13_500..15_500], &[600], &[900]);
}

#[test]
fn a_tape_that_is_cut_short_can_be_played_as_far_as_it_is() {
    let mut centre = centre(1);
    let (a, mut alice) = centre.caller("8 101");
    alice.tone = 600;
    centre.tape(Tape(1), &[a], &[]);
    talk(&mut [&mut alice], 2_400);
    let tapes = centre.folder.join("tapes");
    let found = crate::tapes::found(&tapes).unwrap();
    assert_eq!(found[0].label.kept, None);
    // Nothing was ended: this is what a kill would leave behind.
    let (left, right) = read(&crate::tapes::sound(&tapes, found[0].id));
    assert!((16_000..=20_000).contains(&left.len()), "{}", left.len());
    phone::has(&left[2_000..10_000], &[600], &[900]);
    assert!(right.iter().all(|sample| *sample == 0));
}

#[test]
fn offers_that_do_not_fit_are_refused_and_take_no_port() {
    let mut centre = centre(1);
    let phone = Phone::new("8 101");
    let leg = centre.leg();
    assert_eq!(centre.answer(leg, b"hello"), Err(PlaneFault::Unreadable));
    let foreign = phone.sdp().replace(" 8 101", " 18");
    assert_eq!(centre.answer(leg, foreign.as_bytes()), Err(PlaneFault::Unfit));
    let video = phone.sdp().replace("m=audio", "m=video");
    assert_eq!(centre.answer(leg, video.as_bytes()), Err(PlaneFault::Unfit));
    assert_eq!(centre.conclude(leg, phone.sdp().as_bytes()), Err(PlaneFault::WrongState));
    assert_eq!(centre.again(leg, true), Err(PlaneFault::WrongState));
    assert!(centre.legs.is_empty() && centre.loads == [0]);
    let both = format!("{}m=video 4000 RTP/AVP 96\r\n", phone.sdp());
    let agreed = centre.answer(leg, both.as_bytes()).unwrap();
    assert!(agreed.sdp.contains("m=video 0 "), "{}", agreed.sdp);
}

#[test]
fn holding_by_us_is_a_new_offer_of_the_same_session() {
    let mut centre = centre(1);
    let (a, mut alice) = centre.caller("8 101");
    let offer = centre.again(a, true).unwrap();
    assert!(offer.contains("a=sendonly"), "{offer}");
    let answer = alice.sdp().replace("a=sendrecv", "a=recvonly");
    let way = centre.conclude(a, answer.as_bytes()).unwrap();
    assert_eq!(way, Way { sends: false, hears: true });
    assert_eq!(centre.conclude(a, answer.as_bytes()), Err(PlaneFault::WrongState));
    centre.hear(a, Hear::Sound(Sound::Music("".into())));
    talk(&mut [&mut alice], 400);
    assert!(alice.heard.len() > 2_000);
    assert!(centre.again(a, false).unwrap().contains("a=sendrecv"));
}

#[test]
fn secret_legs_speak_with_plain_ones() {
    for suite in Suite::ALL {
        let mut centre = centre(1);
        let (leg, mut alice) = (centre.leg(), Phone::new("8 101"));
        alice.secret(suite);
        let agreed = centre.answer(leg, alice.sdp().as_bytes()).unwrap();
        assert!(agreed.sdp.contains("RTP/SAVP") && agreed.sdp.contains(suite.name()));
        alice.takes(&agreed.sdp);
        let (b, mut bob) = centre.callee("0 101", leg);
        centre.join(leg, b);
        (alice.tone, bob.tone) = (600, 900);
        talk(&mut [&mut alice, &mut bob], 500);
        alice.press('7', 5);
        talk(&mut [&mut alice, &mut bob], 200);
        alice.hears(&[900], &[600]);
        bob.hears(&[600], &[900]);
        assert_eq!(bob.keys, "7");
        // What is not locked is not taken, wherever it comes from.
        let guard = alice.guard.take();
        std::thread::sleep(Duration::from_millis(50));
        bob.drain();
        let before = bob.packets.len();
        talk(&mut [&mut alice], 200);
        bob.drain();
        assert_eq!(bob.packets.len(), before);
        alice.guard = guard;
        // The same keys once more: everything goes on.
        let agreed = centre.answer(leg, alice.sdp().as_bytes()).unwrap();
        alice.takes(&agreed.sdp);
        alice.heard.clear();
        talk(&mut [&mut alice, &mut bob], 300);
        alice.hears(&[900], &[600]);
    }
}

#[test]
fn one_that_answers_keys_in_the_clear_has_not_answered() {
    let mut centre = centre(1);
    let (leg, mut bob) = (centre.leg(), Phone::new("8 101"));
    let offer = centre.offer(leg, Wire::Sdes, None).unwrap();
    bob.takes(&offer);
    let answer = bob.sdp();
    assert!(answer.contains("RTP/AVP"), "{answer}");
    assert_eq!(centre.conclude(leg, answer.as_bytes()), Err(PlaneFault::Unfit));
    assert!(centre.is_secret(offer.as_bytes()) && !centre.is_secret(answer.as_bytes()));
}

#[test]
fn a_secret_leg_is_offered_and_hears_what_the_house_plays() {
    let mut centre = centre(1);
    let (leg, mut bob) = (centre.leg(), Phone::new("8 101"));
    let offer = centre.offer(leg, Wire::Sdes, None).unwrap();
    assert!(offer.contains("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"), "{offer}");
    assert!(offer.contains("a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:"));
    let keyless = bob.sdp().replace("RTP/AVP", "RTP/SAVP");
    assert_eq!(centre.conclude(leg, keyless.as_bytes()), Err(PlaneFault::Unfit));
    bob.secret(Suite::Short);
    bob.takes(&offer);
    centre.conclude(leg, bob.sdp().as_bytes()).unwrap();
    centre.hear(leg, Hear::Sound(Sound::Test));
    bob.tone = 600;
    talk(&mut [&mut bob], 3_500);
    bob.hears(&[440], &[]);
    assert!(bob.reports.iter().any(|(_, report)| report.is_some()), "reports are locked, too");
}

impl Centre {
    /// A browser that calls.
    fn browser(&mut self, codecs: &[Kind]) -> (Leg, Browser) {
        let (leg, mut browser) = (self.leg(), Browser::new(codecs));
        let agreed = self.answer(leg, browser.offer().as_bytes()).unwrap();
        assert_eq!(agreed.way, Way { sends: true, hears: true }, "{}", agreed.sdp);
        browser.concludes(&agreed.sdp);
        (leg, browser)
    }
}

fn connect(browsers: &mut [&mut Browser]) {
    for _ in 0..150 {
        talk_all(&mut [], browsers, 20);
        if browsers.iter().all(|browser| browser.connected) {
            return;
        }
    }
    panic!("a browser is not connected");
}

#[test]
fn a_browser_and_a_telephone_hear_each_other_without_any_decoding() {
    let mut centre = centre(1);
    let (a, mut anna) = centre.browser(&[Kind::PCMA, Kind::PCMU, Kind::Opus]);
    let (b, mut bob) = centre.callee("8 101", a);
    centre.join(a, b);
    connect(&mut [&mut anna]);
    (anna.tone, bob.tone) = (600, 900);
    talk_all(&mut [&mut bob], &mut [&mut anna], 100);
    anna.heard.clear();
    bob.heard.clear();
    talk_all(&mut [&mut bob], &mut [&mut anna], 500);
    anna.hears(&[900], &[600]);
    bob.hears(&[600], &[900]);
    assert!(anna.came.iter().all(|number| *number == 8));
    anna.press('4', 5);
    talk_all(&mut [&mut bob], &mut [&mut anna], 300);
    assert_eq!((centre.keys(a), &*bob.keys), ("4".to_owned(), "4"));
    centre.hear(a, Hear::Sound(Sound::Test));
    talk_all(&mut [&mut bob], &mut [&mut anna], 60);
    anna.heard.clear();
    talk_all(&mut [&mut bob], &mut [&mut anna], 300);
    anna.hears(&[440], &[900]);
}

#[test]
fn a_browser_that_knows_opus_alone_is_understood_by_a_telephone() {
    let mut centre = centre(1);
    let (a, mut anna) = centre.browser(&[Kind::Opus]);
    let (b, mut bob) = centre.callee("0 101", a);
    centre.join(a, b);
    connect(&mut [&mut anna]);
    (anna.tone, bob.tone) = (600, 900);
    talk_all(&mut [&mut bob], &mut [&mut anna], 300);
    anna.heard.clear();
    bob.heard.clear();
    talk_all(&mut [&mut bob], &mut [&mut anna], 800);
    anna.hears(&[900], &[600]);
    bob.hears(&[600], &[900]);
}

#[test]
fn a_browser_s_answer_is_taken_while_the_switch_gathers_what_it_asks() {
    let mut centre = centre(1);
    let (leg, mut ben) = (centre.leg(), Browser::new(&[Kind::Opus]));
    let offer = centre.offer(leg, Wire::Web, None).unwrap();
    let answer = ben.answer(&offer);
    centre.gather();
    let way = centre.conclude(leg, answer.as_bytes()).unwrap();
    centre.flush();
    assert_eq!(way, Way { sends: true, hears: true });
}

#[test]
fn two_browsers_with_opus_are_relayed_as_they_are() {
    let mut centre = centre(2);
    let (a, mut anna) = centre.browser(&[Kind::Opus]);
    let (b, mut ben) = (centre.leg(), Browser::new(&[Kind::Opus, Kind::PCMU]));
    let offer = centre.offer(b, Wire::Web, Some(a)).unwrap();
    let answer = ben.answer(&offer);
    centre.conclude(b, answer.as_bytes()).unwrap();
    centre.join(a, b);
    connect(&mut [&mut anna, &mut ben]);
    (anna.tone, ben.tone) = (600, 900);
    talk_all(&mut [], &mut [&mut anna, &mut ben], 800);
    anna.hears(&[900], &[600]);
    ben.hears(&[600], &[900]);
    assert!(anna.came.iter().chain(&ben.came).all(|number| *number == 111));
}

#[test]
fn a_browser_holds_and_restarts_ice_on_the_same_leg() {
    let mut centre = centre(1);
    let (a, mut anna) = centre.browser(&[Kind::PCMU]);
    centre.hear(a, Hear::Itself);
    connect(&mut [&mut anna]);
    anna.tone = 600;
    talk_all(&mut [], &mut [&mut anna], 300);
    anna.hears(&[600], &[]);
    let agreed = centre.answer(a, anna.offer().as_bytes()).unwrap();
    anna.concludes(&agreed.sdp);
    anna.heard.clear();
    talk_all(&mut [], &mut [&mut anna], 1_000);
    anna.hears(&[600], &[]);
    // Who waits for what a session says does not wait for others to have asked.
    centre.gather();
    let offer = centre.again(a, true).unwrap();
    assert!(offer.contains("a=sendonly"), "{offer}");
    let answer = anna.answer(&offer);
    assert_eq!(centre.conclude(a, answer.as_bytes()).unwrap(), Way { sends: false, hears: true });
    assert!(centre.again(a, false).unwrap().contains("a=sendrecv"));
}

#[test]
fn a_browser_that_no_datagram_reaches_is_heard_over_tcp() {
    let mut centre = centre(1);
    let to = centre.web.as_ref().unwrap().address();
    let (a, mut anna) = (centre.leg(), Browser::by_tcp(&[Kind::PCMA], to));
    let agreed = centre.answer(a, anna.offer().as_bytes()).unwrap();
    assert!(agreed.sdp.contains(" typ host tcptype passive"), "{}", agreed.sdp);
    anna.concludes(&agreed.sdp);
    let (b, mut bob) = centre.callee("8 101", a);
    centre.join(a, b);
    connect(&mut [&mut anna]);
    (anna.tone, bob.tone) = (600, 900);
    talk_all(&mut [&mut bob], &mut [&mut anna], 600);
    anna.hears(&[900], &[600]);
    bob.hears(&[600], &[900]);
}

#[test]
fn strangers_who_connect_are_shown_out_and_of_one_address_only_so_many_are_let_in() {
    use std::io::{Read as _, Write as _};
    let centre = centre(1);
    let to = centre.web.as_ref().unwrap().address();
    let closed = |mut stream: &std::net::TcpStream| {
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        !matches!(stream.read(&mut [0; 8]), Err(fault) if fault.kind() == io::ErrorKind::WouldBlock)
    };
    // Neither a packet of nobody's nor a length that no packet has is listened to for long.
    for bytes in [&[0, 4, 0x80, 0, 0, 0][..], &[255, 255, 1], &[0, 3, 1, 2, 3]] {
        let mut stream = std::net::TcpStream::connect(to).unwrap();
        stream.write_all(bytes).unwrap();
        assert!(closed(&stream), "{bytes:?}");
    }
    let crowd: Vec<_> = (0..40).map(|_| std::net::TcpStream::connect(to).unwrap()).collect();
    let out = crowd.iter().rev().take_while(|stream| {
        stream.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
        let mut stream: &std::net::TcpStream = stream;
        matches!(stream.read(&mut [0; 8]), Ok(0))
    });
    assert_eq!(out.count(), 8);
}

/// Two browsers with pictures, as a call brings them together: the far one answers before the near one is answered.
fn filmed(centre: &mut Centre) -> ((Leg, Browser), (Leg, Browser)) {
    let (a, b) = (centre.leg(), centre.leg());
    let mut anna = Browser::with_film(&[Kind::Opus], Some(120));
    let mut ben = Browser::with_film(&[Kind::Opus], Some(98));
    let agreed = centre.answer(a, anna.offer().as_bytes()).unwrap();
    assert!(!agreed.sdp.contains("m=video 0 "), "{}", agreed.sdp);
    let offer = centre.offer(b, Wire::Web, Some(a)).unwrap();
    let answer = ben.answer(&offer);
    centre.conclude(b, answer.as_bytes()).unwrap();
    let settled = centre.settle(a, Some(b)).unwrap();
    assert!(settled.contains(" VP8/90000") && !settled.contains("H264"), "{settled}");
    anna.concludes(&settled);
    centre.join(a, b);
    connect(&mut [&mut anna, &mut ben]);
    ((a, anna), (b, ben))
}

#[test]
fn the_pictures_of_two_browsers_go_on_under_the_numbers_that_each_knows() {
    let mut centre = centre(2);
    let ((a, mut anna), (b, mut ben)) = filmed(&mut centre);
    for n in 0..20 {
        anna.paint(120, n);
        ben.paint(96, 100 + n);
        talk_all(&mut [], &mut [&mut anna, &mut ben], 20);
    }
    assert!(anna.seen.len() >= 18 && anna.seen.iter().all(|(number, _)| *number == 120));
    assert!(ben.seen.len() >= 18 && ben.seen.iter().all(|(number, _)| *number == 96));
    assert_eq!(ben.seen.last().unwrap().1, vec![19; 1_100]);
    // Whoever cannot show what comes is heard by whoever paints it.
    let before = anna.asked;
    talk_all(&mut [], &mut [&mut anna, &mut ben], 400);
    ben.ask_whole();
    talk_all(&mut [], &mut [&mut anna, &mut ben], 100);
    assert!(anna.asked > before, "{before}");
    // Whoever is put on hold sees nothing; whoever comes back sees a whole picture at once.
    centre.hear(b, Hear::Sound(Sound::Music("".into())));
    centre.hear(a, Hear::Nothing);
    talk_all(&mut [], &mut [&mut anna, &mut ben], 350);
    let (seen, asked) = (ben.seen.len(), anna.asked);
    anna.paint(120, 1);
    talk_all(&mut [], &mut [&mut anna, &mut ben], 100);
    assert_eq!((ben.seen.len(), anna.asked), (seen, asked));
    centre.join(a, b);
    talk_all(&mut [], &mut [&mut anna, &mut ben], 100);
    anna.paint(120, 2);
    talk_all(&mut [], &mut [&mut anna, &mut ben], 100);
    assert_eq!(ben.seen.len(), seen + 1);
    assert!(anna.asked > asked);
}

#[test]
fn pictures_are_not_put_together_when_three_talk_and_do_not_reach_a_telephone() {
    let mut centre = centre(1);
    let ((a, mut anna), (b, mut ben)) = filmed(&mut centre);
    let (c, mut carl) = centre.callee("8 101", a);
    centre.hear(a, Hear::Those(vec![b, c], vec![]));
    centre.hear(b, Hear::Those(vec![a, c], vec![]));
    centre.hear(c, Hear::Those(vec![a, b], vec![]));
    (anna.tone, ben.tone, carl.tone) = (600, 900, 1_300);
    for n in 0..10 {
        anna.paint(120, n);
        talk_all(&mut [&mut carl], &mut [&mut anna, &mut ben], 60);
    }
    assert_eq!(ben.seen, []);
    carl.hears(&[600, 900], &[]);
    // One of the two hangs up: who is left with a telephone is heard, and shows nothing to it.
    centre.hear(a, Hear::Those(vec![c], vec![]));
    centre.hear(c, Hear::Those(vec![a], vec![]));
    anna.paint(120, 1);
    talk_all(&mut [&mut carl], &mut [&mut anna, &mut ben], 100);
    carl.heard.clear();
    talk_all(&mut [&mut carl], &mut [&mut anna, &mut ben], 300);
    carl.hears(&[600], &[900]);
}

#[test]
fn a_picture_is_refused_where_the_far_side_has_none_and_stays_refused() {
    let mut centre = centre(1);
    let (a, mut anna) = (centre.leg(), Browser::with_film(&[Kind::PCMA], Some(120)));
    centre.answer(a, anna.offer().as_bytes()).unwrap();
    let (b, mut bob) = centre.callee("8 101", a);
    let settled = centre.settle(a, Some(b)).unwrap();
    assert!(settled.contains("m=video 0 "), "{settled}");
    let bundle = settled.lines().find(|line| line.starts_with("a=group:BUNDLE ")).unwrap();
    assert_eq!(bundle.split(' ').count(), 2, "{settled}");
    anna.concludes(&settled);
    centre.join(a, b);
    connect(&mut [&mut anna]);
    (anna.tone, bob.tone) = (600, 900);
    talk_all(&mut [&mut bob], &mut [&mut anna], 400);
    anna.hears(&[900], &[]);
    let again = centre.answer(a, anna.offer().as_bytes()).unwrap();
    assert!(again.sdp.contains("m=video 0 "), "{}", again.sdp);
    anna.concludes(&again.sdp);
    // A leg that has sound alone has nothing to settle, and where nobody is there is nothing to see.
    assert_eq!(centre.settle(b, Some(a)), None);
    let (c, mut carol) = (centre.leg(), Browser::with_film(&[Kind::PCMA], Some(120)));
    centre.answer(c, carol.offer().as_bytes()).unwrap();
    assert!(centre.settle(c, None).unwrap().contains("m=video 0 "));
}

#[test]
fn video_is_refused_and_sound_is_not_where_it_is_not_configured() {
    let mut centre = centre(1);
    centre.engine.as_mut().unwrap().config.video = false;
    let (leg, mut anna) = (centre.leg(), Browser::new(&[Kind::Opus]));
    let offer = anna.offer();
    // Browsers say of each line how it is reached and by whom.
    let alike = ["a=ice-", "a=fingerprint", "a=setup"];
    let same = |line: &&str| alike.iter().any(|name| line.starts_with(name));
    let same: Vec<_> = offer.lines().filter(same).collect();
    let same = format!("{}\r\n", same.join("\r\n"));
    let mid = "a=mid:v1\r\na=sendrecv\r\na=rtcp-mux\r\na=rtpmap:96 VP8/90000\r\n";
    let offer = offer.replacen("\r\na=extmap-allow", " v1\r\na=extmap-allow", 1);
    let offer = format!("{offer}m=video 9 UDP/TLS/RTP/SAVPF 96\r\nc=IN IP4 0.0.0.0\r\n{same}{mid}");
    let agreed = centre.answer(leg, offer.as_bytes()).unwrap();
    assert!(agreed.sdp.contains("m=video 0 "), "{}", agreed.sdp);
    assert!(!agreed.sdp.contains("m=audio 0 "));
}

#[test]
fn offers_of_real_browsers_are_answered_whatever_their_candidates() {
    for offer in [include_str!("tests/firefox.sdp"), include_str!("tests/chromium.sdp")] {
        let mut centre = centre(1);
        let leg = centre.leg();
        let agreed = centre.answer(leg, offer.replace('\n', "\r\n").as_bytes()).unwrap();
        assert_eq!(agreed.way, Way { sends: true, hears: true });
        let held = &centre.legs[&leg];
        assert_eq!(held.spoken, Some(Coding::Law(Law::A)), "{}", agreed.sdp);
        let media = &held.ours.as_ref().unwrap().media[0];
        let numbers: Vec<_> = media.codecs().iter().map(|codec| codec.payload).collect();
        let opus = if offer.contains("mozilla") { 109 } else { 111 };
        assert!(numbers.starts_with(&[8, 0, opus]), "{numbers:?}");
        let keys = media.codecs().into_iter().find(|codec| codec.is_dtmf() && codec.rate == 8_000);
        assert!(keys.is_some(), "{}", agreed.sdp);
        for part in ["a=ice-lite", " 127.0.0.1 ", "a=setup:passive", "a=rtcp-mux", "a=fingerprint"]
        {
            assert!(agreed.sdp.contains(part), "{part}: {}", agreed.sdp);
        }
    }
}

#[test]
fn whatever_comes_by_its_ports_a_thread_goes_on() {
    let mut centre = centre(1);
    let (a, mut alice) = centre.caller("8 101");
    let (b, mut anna) = centre.browser(&[Kind::PCMA]);
    let (leg, mut carol) = (centre.leg(), Phone::new("8 101"));
    carol.secret(Suite::Long);
    let agreed = centre.answer(leg, carol.sdp().as_bytes()).unwrap();
    carol.takes(&agreed.sdp);
    centre.join(a, b);
    centre.hear(leg, Hear::Those(vec![a, b], vec![]));
    connect(&mut [&mut anna]);
    (alice.tone, anna.tone) = (600, 900);
    let shared = centre.web.as_ref().unwrap().address();
    let rtp = alice.to.unwrap();
    let rtcp = SocketAddr::new(rtp.ip(), rtp.port() + 1);
    let stun =
        [0, 1, 0, 8, 0x21, 0x12, 0xA4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 6, 0, 200];
    for round in 0..40 {
        for to in [rtp, rtcp, shared, carol.to.unwrap()] {
            for _ in 0..25 {
                let mut bytes: [u8; 96] = draw();
                match bytes[95] % 4 {
                    0 => bytes[0] = 0x80,
                    1 => (bytes[0], bytes[1]) = (0x81, 200),
                    2 => bytes[..24].copy_from_slice(&stun),
                    _ => {}
                }
                let length = usize::from(bytes[94]) % 96;
                // From the telephone itself, so that nothing is dropped as a stranger's.
                alice.rtp.send_to(&bytes[..length], to).unwrap();
            }
        }
        talk_all(&mut [&mut alice, &mut carol], &mut [&mut anna], 20 + round % 2);
    }
    alice.heard.clear();
    anna.heard.clear();
    carol.heard.clear();
    talk_all(&mut [&mut alice, &mut carol], &mut [&mut anna], 600);
    alice.hears(&[900], &[]);
    anna.hears(&[600], &[]);
    carol.hears(&[600, 900], &[]);
}
