//! What each end of a call hears: a plain function of the call.
//!
//! Who talks hears everybody who talks; a whisper is heard by its target alone, and a silent listener by nobody. Who was put on
//! hold hears music, who waits for an answer ringback, who stands in a queue's line what the queue has to say.

use super::plane::{Hear, Leg, Sound};
use domain::call::{Call, Link, Party, Waiting};

/// What a party sounds like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mouth {
    /// What comes by a leg.
    Leg(Leg),
    /// What comes by a leg before anybody has answered there (183 with SDP).
    Early(Leg),
    /// A telephone that is not there, played by the switch.
    Quiet,
    /// The test number that says back what it hears.
    Echo,
    /// The test number that sounds.
    Tone,
    /// Nothing.
    Shut,
}

/// What `me` hears in a call. `mouth` says what each other party sounds like.
pub(super) fn hear(call: &Call, me: &Party, mouth: &dyn Fn(&Party) -> Mouth) -> Hear {
    if !matches!(me.link, Link::Initiated | Link::Connected | Link::Listening) {
        return Hear::Nothing;
    }
    let (mut legs, mut sounds, mut special) = (Vec::new(), Vec::new(), None);
    let same = |party: &Party| party.device == me.device && party.outside == me.outside;
    for party in call.parties.iter().filter(|party| !same(party)) {
        let talks = match party.link {
            Link::Connected => me.link != Link::Initiated,
            Link::Listening => party.whispers && party.target.as_ref() == Some(&me.device),
            _ => false,
        };
        match mouth(party) {
            Mouth::Leg(leg) if talks => legs.push(leg),
            Mouth::Early(leg) if party.link == Link::Alerting => legs.push(leg),
            Mouth::Quiet if talks => sounds.push(Sound::Quiet),
            Mouth::Echo if talks => special = Some(Hear::Itself),
            Mouth::Tone if talks => special = Some(Hear::Sound(Sound::Test)),
            _ => {}
        }
    }
    if !legs.is_empty() || !sounds.is_empty() {
        // Any number of them are one sound.
        sounds.dedup();
        return Hear::Those(legs, sounds);
    }
    if let Some(special) = special {
        return special;
    }
    match &call.stay {
        Some(stay) if stay.waiting == Waiting::InLine => {
            let words = [format!("queue-{}", stay.queue).into()];
            Hear::Sound(Sound::Announce(words.into()))
        }
        Some(stay) if matches!(stay.waiting, Waiting::Offered { .. }) => music(),
        _ if call.speakers().any(|p| p.link == Link::Alerting) => Hear::Sound(Sound::Ringback),
        _ if call.speakers().any(|p| p.link == Link::Held && !same(p)) => music(),
        _ => Hear::Nothing,
    }
}

fn music() -> Hear {
    Hear::Sound(Sound::Music("".into()))
}
