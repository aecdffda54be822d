//! What monitors are told: one fixed shape, every key each time (`nxproxy-rio.md` 7, seed 002 §1.5.5).

use domain::call::{Call, CallEvent, CallType, Copy, Happening, Said, Stay, Tag, civil};
use domain::directory::CtiProfile;
use domain::id::DeviceId;
use domain::time::Millis;
use serde::Serialize;
use std::sync::Arc;

/// Voice, as `msid` has it.
const VOICE: u8 = 1;
/// Chat.
const CHAT: u8 = 2;

#[derive(Serialize)]
struct Event<'a> {
    fname: &'static str,
    id: u16,
    msid: u8,
    monitor: &'a str,
    this: &'a str,
    cnid: &'a str,
    cnsq: u32,
    tag: u8,
    ftime: String,
    ctype: u8,
    call: CallPart<'a>,
    queue: QueuePart<'a>,
    attach: Attach<'a>,
    agent: AgentPart<'a>,
}

#[derive(Serialize, Default)]
struct CallPart<'a> {
    c1: u16,
    c2: u16,
    c3: u16,
    cause: i16,
    ctype: u8,
    other: &'a str,
    /// seed: the table spells it so; both are sent.
    ohter: &'a str,
    third: &'a str,
    called: &'a str,
    origin: &'a str,
    uui: &'a str,
    dialed: &'a str,
    subject: &'a str,
    parties: Vec<&'a str>,
    verified: u8,
}

#[derive(Serialize, Default)]
struct QueuePart<'a> {
    dn: &'a str,
    wqueue: u32,
    wtime: u64,
}

#[derive(Serialize, Default)]
struct Attach<'a> {
    uei: &'a str,
    ci: &'a str,
}

#[derive(Serialize)]
struct AgentPart<'a> {
    id: &'a str,
    reason: u8,
    wmode: u8,
    group: String,
    channel: u8,
}

/// An event's number: TSAPI's less 53 (`nxproxy-rio.md` 7.1).
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

/// A moment as `2026/02/04 04:15:23.017`, so many minutes ahead of UTC. seed: prose and example differ; the example wins.
fn ftime(at: Millis, offset_minutes: i32) -> String {
    let local = i64::try_from(at.0).unwrap_or(0) + i64::from(offset_minutes) * 60_000;
    let local = u64::try_from(local).unwrap_or(0);
    let (year, month, day) = civil(local / 86_400_000);
    let (of_day, ms) = (local / 1_000 % 86_400, local % 1_000);
    format!(
        "{year:04}/{month:02}/{day:02} {:02}:{:02}:{:02}.{ms:03}",
        of_day / 3_600,
        of_day / 60 % 60,
        of_day % 60
    )
}

fn agent_part(tag: Option<&Tag>) -> AgentPart<'_> {
    match tag {
        Some(tag) => AgentPart {
            id: tag.agent.as_str(),
            reason: tag.reason,
            wmode: tag.wmode,
            group: if tag.group == 0 { String::new() } else { tag.group.to_string() },
            channel: tag.channel.number(),
        },
        None => AgentPart { id: "", reason: 0, wmode: 0, group: String::new(), channel: 0 },
    }
}

fn text(event: &Event<'_>) -> Arc<str> {
    // Our own types: text keys, nothing that fails.
    serde_json::to_string(event).unwrap_or_default().into()
}

/// One device's copy of what happened to a call.
pub(super) fn of_call(at: Millis, offset: i32, happening: &Happening, copy: &Copy) -> Arc<str> {
    let call: &Call = &happening.call;
    let monitor = copy.device.as_str();
    // A silent listener is told of a conference that the others know nothing of (S28).
    let (kind, called) = match &copy.target {
        Some(target) => (CallType::Conference, target.as_str()),
        None => (call.kind, call.called.as_str()),
    };
    let joined = matches!(happening.event, CallEvent::Conferenced | CallEvent::Transferred);
    let other = call.caller.as_str();
    let subject =
        if happening.event == CallEvent::CallCleared { "" } else { copy.subject.as_str() };
    let mut parties: Vec<&str> = call.speakers().map(|p| p.device.as_str()).collect();
    if copy.target.is_some() && call.party(&copy.device).is_some() {
        parties.push(monitor);
    }
    let queue = call.stay.as_ref().map_or_else(QueuePart::default, |stay: &Stay| QueuePart {
        dn: stay.queue.as_str(),
        wqueue: stay.length,
        wtime: stay.waited.0 / 1_000,
    });
    text(&Event {
        fname: "event",
        id: number(happening.event),
        msid: if call.written() { CHAT } else { VOICE },
        monitor,
        this: monitor,
        cnid: &call.cnid,
        cnsq: call.cnsq,
        tag: 0,
        ftime: ftime(at, offset),
        ctype: kind as u8,
        call: CallPart {
            c1: call.id.0,
            c2: if joined { call.id.0 } else { 0 },
            c3: happening.merged.map_or(0, |merged| merged.0),
            cause: copy.cause.0,
            ctype: kind as u8,
            other,
            ohter: other,
            third: if other == monitor { other } else { "" },
            called,
            origin: &call.origin,
            uui: &call.attached.uui,
            dialed: call.dialed.as_str(),
            subject,
            parties,
            verified: u8::from(call.verified),
        },
        queue,
        attach: Attach { uei: &call.attached.uei, ci: &call.attached.ci },
        agent: agent_part(copy.agent.as_ref()),
    })
}

/// What is told of an agent at a device.
pub(super) fn of_agent(
    at: Millis,
    offset: i32,
    profile: CtiProfile,
    device: &DeviceId,
    said: Said,
    tag: &Tag,
    cause: i16,
) -> Arc<str> {
    let id = match said {
        Said::LoggedOn => 201,
        Said::LoggedOff => 202,
        Said::NotReady => 203,
        Said::Ready => 204,
        Said::AfterWork if profile.after_work_205 => 205,
        Said::AfterWork => 206,
    };
    let written = tag.channel == domain::agent::Channel::Chat;
    text(&Event {
        fname: "event",
        id,
        msid: if written { CHAT } else { VOICE },
        monitor: device.as_str(),
        this: device.as_str(),
        cnid: "",
        cnsq: 0,
        tag: 0,
        ftime: ftime(at, offset),
        ctype: 0,
        call: CallPart { cause, ..CallPart::default() },
        queue: QueuePart::default(),
        attach: Attach::default(),
        agent: agent_part(Some(tag)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_as_in_the_guides_example() {
        assert_eq!(ftime(Millis(1_770_178_523_017), 0), "2026/02/04 04:15:23.017");
        assert_eq!(ftime(Millis(1_770_178_523_017), 9 * 60), "2026/02/04 13:15:23.017");
    }
}
