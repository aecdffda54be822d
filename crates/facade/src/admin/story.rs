//! A contact's story: what its facts say, one item each, as a ladder between the customer, the server, the queue, the agent
//! and CTI applications (`docs/rest.md` 4). Words are plain English for programs; pages make their own of `kind` and `detail`.

use super::caller::Caller;
use crate::item;
use domain::call::{CallEvent, Happening, Link, Party, Sound};
use domain::contact::{Contact, EndReason};
use domain::fact::{Deed, Fact};
use domain::id::{ParticipantId, UserId};
use domain::queue::Why;
use domain::room::{Audience, Body, Item, MemberRole};
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Where on the ladder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Lane {
    Customer,
    Server,
    Queue,
    Agent,
    Cti,
}

/// One rung.
#[derive(Debug, Serialize)]
pub(super) struct Rung {
    seq: u64,
    at: u64,
    /// The frame or request that caused it.
    cause: String,
    /// By which interface that came: `sip`, `cti`, `chat`, `desk`, `routing` or `system`.
    wire: &'static str,
    kind: &'static str,
    lane: Lane,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Lane>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Lane>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<domain::id::ContactId>,
    text: String,
    #[serde(skip_serializing_if = "Value::is_null")]
    detail: Value,
}

/// What a fact comes to.
struct Told(&'static str, Lane, Option<Lane>, String, Value);

/// All rungs of these deeds that the caller may see: agents are not told how colleagues were scored.
pub(super) fn tell(deeds: &[(u64, Deed)], caller: &Caller) -> Vec<Rung> {
    let mut people = BTreeMap::new();
    let mut rungs = Vec::new();
    for (seq, deed) in deeds {
        for fact in &deed.facts {
            if let Fact::Admitted { member, .. } = fact {
                people.insert(member.id, (member.role, member.name.clone()));
            }
            let Some(Told(kind, from, to, text, detail)) = told(fact, &people, caller) else {
                continue;
            };
            rungs.push(Rung {
                seq: *seq,
                at: deed.at.0,
                cause: deed.cause.as_ref().to_owned(),
                wire: wire(&deed.cause),
                kind,
                lane: to.unwrap_or(from),
                from: to.map(|_| from),
                to,
                contact: fact.contact(),
                text,
                detail,
            });
        }
    }
    rungs
}

/// The interface by which a cause came.
fn wire(cause: &str) -> &'static str {
    match cause.split('.').next().unwrap_or_default() {
        "sip" | "voice" | "demo" => "sip",
        "rio" => "cti",
        "connect" | "participant" | "nx" => "chat",
        "desk" | "max" | "admin" => "desk",
        "tick" => "routing",
        _ => "system",
    }
}

/// A word as it stands in JSON.
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

fn told(
    fact: &Fact,
    people: &BTreeMap<ParticipantId, (MemberRole, std::sync::Arc<str>)>,
    caller: &Caller,
) -> Option<Told> {
    use Lane::{Agent, Customer, Queue, Server};
    Some(match fact {
        Fact::Started { contact, .. } => started(contact),
        Fact::Arrived { .. } => {
            Told("arrived", Customer, Some(Server), "the customer is there".into(), Value::Null)
        }
        Fact::Queued { queue, rank, preferred, from, .. } => Told(
            "queued",
            Server,
            Some(Queue),
            format!("waits in {queue}"),
            json!({"queue": queue, "rank": rank, "preferred": preferred, "overflowed_from": from}),
        ),
        Fact::BotTurn { turn, .. } => Told(
            "bot",
            Server,
            Some(Customer),
            turn.title
                .as_ref()
                .map_or_else(|| format!("bot {} speaks", turn.bot), ToString::to_string),
            json!({"bot": turn.bot, "menu": turn.menu, "language": turn.language, "why": turn.why}),
        ),
        Fact::BotAsked { bot, .. } => Told(
            "bot_asked",
            Server,
            None,
            format!("the program of bot {bot} is asked"),
            json!({"bot": bot}),
        ),
        Fact::PushDone { why, .. } => Told(
            "push",
            Server,
            None,
            why.as_ref().map_or_else(
                || "the push token was told".to_owned(),
                |why| format!("the push token was not told: {why}"),
            ),
            json!({"why": why}),
        ),
        Fact::BotLeft { bot, how, .. } => Told(
            "bot_left",
            Server,
            None,
            format!("the part of bot {bot} is over"),
            json!({"bot": bot, "how": how}),
        ),
        Fact::Offered { agent, until, conference, why, .. } => {
            let mut detail = reasons(why, caller);
            detail["agent"] = json!(agent);
            detail["until"] = json!(until);
            detail["conference"] = json!(conference);
            Told(
                "offered",
                Queue,
                Some(Agent),
                format!("offered to {agent}: {}", word(&why.rule)),
                detail,
            )
        }
        Fact::Declined { agent, how, .. } => Told(
            "declined",
            Agent,
            Some(Queue),
            format!("{agent}: {}", word(how)),
            json!({"agent": agent, "how": how}),
        ),
        Fact::Accepted { agent, .. } => Told(
            "accepted",
            Agent,
            Some(Server),
            format!("{agent} took it"),
            json!({"agent": agent}),
        ),
        Fact::Closed { reason, tally, .. } => {
            let from = match reason {
                EndReason::Customer | EndReason::Idle | EndReason::CallBack => Customer,
                EndReason::Agent | EndReason::Transferred => Agent,
                _ => Server,
            };
            let detail = json!({"reason": reason, "messages": tally.messages});
            let to = (from != Server).then_some(Server);
            Told("closed", from, to, format!("over: {}", word(reason)), detail)
        }
        Fact::WrapUpBegan { agent, until, .. } => Told(
            "wrap_up_began",
            Server,
            Some(Agent),
            format!("after-work of {agent}"),
            json!({"agent": agent, "until": until}),
        ),
        Fact::WrapUpExtended { agent, until, .. } => Told(
            "wrap_up_extended",
            Agent,
            Some(Server),
            format!("{agent} takes more time"),
            json!({"agent": agent, "until": until}),
        ),
        Fact::WrappedUp { agent, wrap_up, .. } => Told(
            "wrapped_up",
            Agent,
            Some(Server),
            format!("{agent} is done with it"),
            json!({"agent": agent, "code": wrap_up.code, "note": wrap_up.note, "took_ms": wrap_up.to.since(wrap_up.from)}),
        ),
        Fact::Rated { score, .. } => Told(
            "rated",
            Customer,
            Some(Server),
            format!("rated {score} of 5"),
            json!({"score": score}),
        ),
        Fact::AttributesSet { attributes, unset, .. } => Told(
            "attributes",
            Server,
            None,
            format!("{} attributes set, {} taken off", attributes.len(), unset.len()),
            json!({"set": attributes, "unset": unset}),
        ),
        Fact::Described { name, tags, .. } => {
            Told("described", Server, None, "described".into(), json!({"name": name, "tags": tags}))
        }
        Fact::Joined { participant, .. } | Fact::Unveiled { participant, .. } => {
            let (lane, name) = person(people, *participant);
            Told("joined", lane, Some(Server), format!("{name} came in"), json!({"name": name}))
        }
        Fact::Left { participant, why, .. } => {
            let (lane, name) = person(people, *participant);
            let detail = json!({"name": name, "why": why});
            Told("left", lane, Some(Server), format!("{name} went: {}", word(why)), detail)
        }
        Fact::Posted { item, .. } => posted(item)?,
        Fact::Marked { participant, n, read: true, .. } => {
            let (lane, name) = person(people, *participant);
            let text = format!("{name} read up to line {n}");
            Told("read", lane, None, text, json!({"name": name, "n": n}))
        }
        Fact::FileStored { size, kind, status, .. } => {
            let detail = json!({"size": size, "type": kind, "status": status});
            Told("file", Server, None, format!("a file: {}", word(status)), detail)
        }
        Fact::Call(happening) => called(happening, caller),
        Fact::Sounded { device, sound, .. } => {
            let what = match sound {
                Sound::Muted(true) => "muted",
                Sound::Muted(false) => "unmuted",
                Sound::Masked(true) => "masked",
                Sound::Masked(false) => "unmasked",
                Sound::Recorded => "recorded",
            };
            let detail = json!({"device": device, "sound": what});
            Told("sound", Agent, None, format!("{device}: {what}"), detail)
        }
        Fact::Recorded { recording } => {
            let detail = json!({
                "recording": recording.id,
                "began": recording.began,
                "length_ms": recording.length,
                "kept": recording.kept,
            });
            Told("recorded", Server, None, format!("recorded: {}", word(&recording.kept)), detail)
        }
        // Colleagues are not told who listens.
        Fact::Listened { recording, by, .. } if caller.leads() || *by == caller.user.id => {
            let detail = json!({"recording": recording, "by": by});
            Told("listened", Agent, None, format!("{by} listens"), detail)
        }
        Fact::AnswerAsked { device, .. } => Told(
            "answer_asked",
            Lane::Cti,
            Some(Agent),
            format!("an application lets {device} answer"),
            json!({"device": device}),
        ),
        Fact::AgentStated { agent, channel, state, by, .. } => {
            let detail = json!({"agent": agent, "channel": channel, "state": state, "by": by});
            Told("state", Agent, None, format!("{agent} changed state"), detail)
        }
        Fact::StreamStarted { .. } => {
            Told("stream", Server, None, "a copy goes elsewhere".into(), Value::Null)
        }
        Fact::StreamDropped { why, .. } => {
            Told("stream", Server, None, "a copy was given up".into(), json!({"why": why}))
        }
        // Secrets, marks of delivery and what the server keeps for itself are no part of it.
        _ => return None,
    })
}

fn started(contact: &Contact) -> Told {
    let voice = contact.voice.as_deref();
    let made = voice.is_some_and(|voice| voice.maker.is_some());
    let passed = contact.segment > 1;
    let from = if made || passed { Lane::Agent } else { Lane::Customer };
    let text = match voice {
        Some(voice) => format!("call from {} to {}", voice.caller, voice.dialed),
        None => format!("chat with {}", contact.customer.name),
    };
    let detail = json!({
        "number": contact.number,
        "segment": contact.segment,
        "channel": contact.channel,
        "initiation": contact.initiation,
        "customer": contact.customer.name,
        "caller": voice.map(|voice| &voice.caller),
        "dialed": voice.map(|voice| &voice.dialed),
        "cnid": voice.map(|voice| &voice.cnid),
    });
    Told("started", from, Some(Lane::Server), text, detail)
}

const fn lane_of(role: MemberRole) -> Lane {
    match role {
        MemberRole::Customer => Lane::Customer,
        MemberRole::Agent | MemberRole::Supervisor => Lane::Agent,
        MemberRole::Bot | MemberRole::System => Lane::Server,
    }
}

fn person(
    people: &BTreeMap<ParticipantId, (MemberRole, std::sync::Arc<str>)>,
    participant: ParticipantId,
) -> (Lane, String) {
    people.get(&participant).map_or((Lane::Server, "somebody".into()), |(role, name)| {
        (lane_of(*role), name.as_ref().into())
    })
}

/// A line; what is for the customer alone is not told.
fn posted(item: &Item) -> Option<Told> {
    if !item::for_staff(item) || matches!(item.body, Body::Event(_)) {
        return None;
    }
    let line = serde_json::to_value(item::line(item)).ok()?;
    let (role, name) =
        item.by.as_ref().map_or((MemberRole::System, ""), |by| (by.role, by.name.as_ref()));
    let from = lane_of(role);
    let to = match (item.audience, from) {
        (Audience::Agents, Lane::Agent) => None,
        (Audience::Agents, _) | (_, Lane::Customer) => Some(Lane::Agent),
        _ => Some(Lane::Customer),
    };
    let (kind, text) = match &item.body {
        Body::File(file) => ("file_sent", file.name.as_ref().to_owned()),
        _ if item.audience == Audience::Agents => ("note", said(&line)),
        _ => ("message", said(&line)),
    };
    let detail = json!({"by": name, "role": role, "n": item.n, "file": line.get("file")});
    Some(Told(kind, from, to, text, detail))
}

fn said(line: &Value) -> String {
    line["text"].as_str().unwrap_or_default().to_owned()
}

/// Who could have been asked and who not. Agents see the rule and the numbers, and themselves.
fn reasons(why: &Why, caller: &Caller) -> Value {
    let seen = |agent: &UserId| caller.leads() || *agent == caller.user.id;
    let candidates: Vec<_> = why.candidates.iter().filter(|c| seen(&c.agent)).collect();
    let out: Vec<Value> = why
        .out
        .iter()
        .filter(|(agent, _)| seen(agent))
        .map(|(agent, rule)| json!({"agent": agent, "rule": rule}))
        .collect();
    json!({
        "queue": why.queue,
        "rule": why.rule,
        "waited_ms": why.waited,
        "waiting": why.waiting,
        "candidates": candidates,
        "out": out,
        "out_counts": why.out_counts,
    })
}

/// What happened to a call, as telephones and CTI applications are told.
fn called(happening: &Happening, caller: &Caller) -> Told {
    use Lane::{Agent, Cti, Customer, Queue, Server};
    let call = &happening.call;
    let outside = call.parties.first().is_some_and(|party| party.outside);
    let alerting = call.parties.iter().find(|party| party.link == Link::Alerting);
    let (from, to) = match happening.event {
        CallEvent::Delivered if happening.why.is_some() => (Queue, Some(Agent)),
        CallEvent::Delivered => {
            let rings = |party: &Party| if party.outside { Customer } else { Agent };
            (Server, Some(alerting.map_or(Queue, rings)))
        }
        CallEvent::Queued => (Server, Some(Queue)),
        CallEvent::Established | CallEvent::Held | CallEvent::Retrieved => (Agent, Some(Server)),
        CallEvent::NetworkReached => (Server, Some(Customer)),
        CallEvent::Originated | CallEvent::ServiceInitiated if outside => (Customer, Some(Server)),
        CallEvent::Originated | CallEvent::ServiceInitiated => (Agent, Some(Server)),
        _ if happening.to.is_empty() => (Server, None),
        _ => (Server, Some(Cti)),
    };
    let parties: Vec<Value> = call
        .parties
        .iter()
        .map(|p| json!({"device": p.device, "link": p.link, "outside": p.outside}))
        .collect();
    let talking = call.parties.iter().filter(|p| p.link == Link::Connected);
    let talking: Vec<&str> = talking.map(|p| p.device.as_str()).collect();
    let event = word(&happening.event);
    let told: Vec<_> = happening.to.iter().map(|copy| &copy.device).collect();
    let text = if talking.is_empty() {
        event.clone()
    } else {
        format!("{event}: {} talk", talking.join(", "))
    };
    let mut detail = json!({
        "event": event,
        "call": call.id,
        "caller": call.caller,
        "dialed": call.dialed,
        "parties": parties,
        "told": told,
        "cause": happening.cause,
        "over": happening.over,
    });
    if let Some(why) = &happening.why {
        detail["why"] = reasons(why, caller);
    }
    Told("call", from, to, text, detail)
}

#[cfg(test)]
mod tests;
