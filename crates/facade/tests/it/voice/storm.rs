//! Storms: telephones, applications and another network do whatever they can, in any order, with a disk that fails and
//! telephones that vanish. At every step the domain is whole; in the end nothing is left of anything.

use super::world::World;
use domain::call::{Attached, Barge, Call, CallId, Link, Wish};
use domain::chance::Seeded;
use domain::directory::{DialRule, Entry, Trunk};
use domain::fact::Fact;
use domain::id::DeviceId;
use domain::time::Millis;
use sip::message::{Headers, Method, Name};
use std::collections::{BTreeMap, BTreeSet};

const PHONES: [&str; 4] = ["1001", "1002", "1003", "1004"];
const NUMBERS: [&str; 10] = [
    "1001",
    "1002",
    "1003",
    "1004",
    "1005",
    "3001",
    "99999999",
    "901012345678",
    "*81002",
    "*81003",
];

struct Storm {
    world: World,
    dice: Seeded,
    /// Calls of each telephone, by its own names.
    calls: Vec<(&'static str, sip::event::CallId)>,
}

fn index(n: u64) -> usize {
    usize::try_from(n).unwrap()
}

impl Storm {
    fn new(seed: u64) -> Self {
        let mut world = World::new();
        world.registered(&PHONES);
        world.phone("carrier");
        let host = world.phones["carrier"].flow.peer.to_string();
        let rule = DialRule { prefix: "9".into(), least: 9, most: 20, strip: 1, add: "".into() };
        let numbers = [("02".into(), "1002".into()), ("03".into(), "3001".into())].into();
        world.put(Entry::Trunk(Trunk {
            rules: vec![rule],
            numbers,
            ..Trunk::new("carrier", &host)
        }));
        Self { world, dice: Seeded::new(seed), calls: Vec::new() }
    }

    fn pick<T: Copy>(&mut self, of: &[T]) -> Option<T> {
        let at = self.dice.below(of.len().max(1) as u64);
        of.get(index(at)).copied()
    }

    fn phone(&mut self) -> &'static str {
        self.pick(&PHONES).unwrap()
    }

    fn number(&mut self) -> &'static str {
        self.pick(&NUMBERS).unwrap()
    }

    /// A telephone and one of its calls.
    fn own(&mut self) -> Option<(&'static str, sip::event::CallId)> {
        let calls = self.calls.clone();
        self.pick(&calls)
    }

    fn step(&mut self) {
        // A disk is full for a few steps at most.
        self.world.broken &= self.dice.below(2) == 0;
        let old = self.calls.len().saturating_sub(10);
        self.calls.drain(..old);
        match self.dice.below(100) {
            0..14 => {
                let (from, to) = (self.phone(), self.number());
                let call = self.world.call(from, to);
                self.calls.push((from, call));
            }
            14..18 => {
                let to = self.pick(&["02", "03", "901099999999"]).unwrap();
                let call = self.world.call_with("carrier", to, |invite| invite.credentials = None);
                self.calls.push(("carrier", call));
            }
            18..40 => {
                let id = self.pick(&["1001", "1002", "1003", "1004", "carrier"]).unwrap();
                if let Some(call) = self.world.phones[id].newest {
                    let sdp = Some(format!("sdp of {id}").into_bytes());
                    let none = Headers::default();
                    if self.world.act(id, |end, now| end.answer(now, call, &none, sdp)).is_ok() {
                        self.calls.push((id, call));
                    }
                }
            }
            40..46 => {
                let id = self.pick(&["1001", "1002", "1003", "1004", "carrier"]).unwrap();
                let status = self.pick(&[486, 480, 603, 404, 503]).unwrap();
                if let Some(call) = self.world.phones[id].newest {
                    let none = Headers::default();
                    let _ = self.world.act(id, |end, now| end.reject(now, call, status, &none));
                }
            }
            46..52 => {
                if let Some((id, call)) = self.own() {
                    let _ = self.world.act(id, |end, now| end.hang_up(now, call, None));
                }
            }
            52..64 => {
                let sdp: &[u8] = if self.dice.below(2) == 0 { b"hold" } else { b"back" };
                if let Some((id, call)) = self.own() {
                    let _ = self.world.act(id, |end, now| end.offer(now, call, sdp.to_vec()));
                }
            }
            64..70 => self.refers(),
            70..88 => {
                if let Some(wish) = self.wish() {
                    let _ = self.world.app(wish);
                }
            }
            88..90 => self.world.broken = true,
            90..92 => {
                let id = self.phone();
                let expires = if self.dice.below(2) == 0 { 0 } else { 3_600 };
                self.world.register(id, expires);
            }
            92..94 => {
                let id = self.phone();
                let phone = self.world.phones.get_mut(id).unwrap();
                phone.answers = if phone.answers == 200 { 489 } else { 200 };
            }
            94..96 => self.world.pass(Millis::from_secs(21)),
            _ => self.world.pass(Millis(700)),
        }
    }

    fn refers(&mut self) {
        let Some((id, call)) = self.own() else { return };
        let others: Vec<_> =
            self.calls.iter().filter(|(of, c)| *of == id && *c != call).copied().collect();
        let other = self.pick(&others);
        let to = self.number();
        let target = match other {
            Some((_, other)) => match self.world.act(id, |end, _| end.replaces(other)) {
                Some(replaces) => {
                    format!(
                        "<sip:{to}@h?Replaces={}>",
                        super::calls::escaped(&replaces.to_string())
                    )
                }
                None => return,
            },
            None => format!("<sip:{to}@h>"),
        };
        let mut headers = Headers::default();
        headers.push(Name::ReferTo, target);
        let _ = self.world.act(id, |end, now| end.say(now, call, Method::Refer, &headers, None));
    }

    /// Something that an application may wish just now.
    fn wish(&mut self) -> Option<Wish> {
        let calls = self.world.calls();
        let ends: Vec<(CallId, DeviceId, Link)> = calls.iter().flat_map(ends).collect();
        let at = index(self.dice.below(ends.len().max(1) as u64));
        let end = ends.get(at).cloned();
        let pair = ends.iter().find_map(|(one, d, link)| {
            let other = ends.iter().find(|(two, e, l)| two != one && e == d && *l == Link::Held)?;
            matches!(link, Link::Connected | Link::Initiated).then(|| (d.clone(), *one, other.0))
        });
        if let Some((device, one, two)) = pair.filter(|_| self.dice.below(2) == 0) {
            return Some(match self.dice.below(3) {
                0 => Wish::Transfer(device, one, two),
                _ => Wish::Confer(device, one, two),
            });
        }
        let (device, to) = (DeviceId::from(self.phone()), self.number().into());
        let attached = Attached::default();
        Some(match (self.dice.below(10), end) {
            (0..2, _) => Wish::Dial { device, to, attached },
            (2, _) => {
                let mode = self.pick(&[Barge::Listen, Barge::Join, Barge::Whisper])?;
                Wish::Barge { device: "9001".into(), target: device, mode }
            }
            (_, None) => return None,
            (_, Some((call, device, Link::Alerting))) => Wish::Answer(device, call),
            (3, Some((call, device, _))) => Wish::Clear(device, call),
            (4, Some((call, device, Link::Connected))) => Wish::Hold(device, call),
            (5, Some((call, device, Link::Connected))) => {
                Wish::SingleStep { device, call, to, attached }
            }
            (_, Some((call, device, Link::Connected))) => {
                Wish::Consult { device, call, to, attached }
            }
            (_, Some((call, device, Link::Held))) => Wish::Retrieve(device, call),
            (_, Some((call, device, _))) => Wish::Clear(device, call),
        })
    }

    /// Every leg stands for an end that the domain knows.
    fn check(&self, seed: u64, step: usize) {
        let centre = self.world.node.centre();
        assert_eq!(centre.audit(self.world.now), Ok(()), "seed {seed}, step {step}");
    }
}

fn ends(call: &Call) -> Vec<(CallId, DeviceId, Link)> {
    let inside = call.parties.iter().filter(|p| !p.outside);
    inside.map(|p| (call.id, p.device.clone(), p.link)).collect()
}

#[test]
fn whatever_happens_nothing_is_left_in_the_end() {
    let mut happened = BTreeMap::new();
    for seed in 0..60 {
        let mut storm = Storm::new(seed);
        for step in 0..150 {
            storm.step();
            storm.check(seed, step);
        }
        // All telephones are cut off at once.
        storm.world.broken = false;
        for phone in storm.world.phones.values_mut() {
            phone.dead = true;
        }
        storm.world.pass(Millis::from_secs(5_000));
        let real: BTreeSet<&str> = PHONES.into_iter().collect();
        let left: Vec<Call> = storm
            .world
            .calls()
            .into_iter()
            .filter(|call| {
                call.parties.iter().any(|p| p.via.is_some() || real.contains(p.device.as_str()))
            })
            .collect();
        assert!(left.is_empty(), "seed {seed}: {left:#?}");
        assert_eq!(storm.world.voice.legs(), 0, "seed {seed}");
        assert!(storm.world.plane.hears.is_empty(), "seed {seed}");
        for fact in &storm.world.facts {
            if let Fact::Call(what) = &fact.fact {
                *happened.entry(format!("{:?}", what.event)).or_insert(0) += 1;
            }
        }
    }
    // It was a storm: everything that there is happened, and often.
    assert!(happened.len() == 14 && happened.values().all(|n| *n >= 4), "{happened:?}");
}
