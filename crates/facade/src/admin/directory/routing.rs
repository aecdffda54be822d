//! Where contacts go, as `/api/v1` writes it: queues, bots, flows. Spans are milliseconds, and their names say so.

use super::Wrong;
use crate::scenario;
use domain::directory::{Bot, BotKind, Flow, Overflow, Policy, Queue, Target, Webhook};
use domain::id::{BotId, FlowId, HoursId, QueueId, SkillId};
use domain::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A queue. What is absent has its usual value.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QueueWire {
    id: QueueId,
    name: Arc<str>,
    group: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<QueueId>,
    #[serde(default)]
    policy: Policy,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    skills: BTreeMap<SkillId, u8>,
    #[serde(default)]
    priority: u8,
    ageing_ms: Option<Millis>,
    offer_ms: Option<Millis>,
    wrap_up_ms: Option<Millis>,
    last_agent_ms: Option<Millis>,
    target_ms: Option<Millis>,
    idle_warning_ms: Option<Millis>,
    idle_close_ms: Option<Millis>,
    #[serde(default)]
    rating: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    hours: Option<HoursId>,
    ring_ms: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    longest: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    overflow: Option<OverflowWire>,
    #[serde(default = "yes")]
    public: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    answer_by_agent: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    record: bool,
}

/// What is usual for a queue (`nxwebapi.md` 7.2).
const fn yes() -> bool {
    true
}

/// Where a queue's contacts go that cannot be served there.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct OverflowWire {
    to: QueueId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after_ms: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    length: Option<u32>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    no_agent: bool,
}

impl QueueWire {
    pub(super) fn of(queue: &Queue) -> Self {
        let overflow = queue.overflow.as_ref().map(|o| OverflowWire {
            to: o.to.clone(),
            after_ms: o.after,
            length: o.length,
            no_agent: o.no_agent,
        });
        Self {
            id: queue.id.clone(),
            name: queue.name.clone(),
            group: queue.group,
            aliases: queue.aliases.clone(),
            policy: queue.policy,
            skills: queue.skills.clone(),
            priority: queue.priority,
            ageing_ms: Some(queue.ageing),
            offer_ms: Some(queue.offer),
            wrap_up_ms: Some(queue.wrap_up),
            last_agent_ms: Some(queue.last_agent),
            target_ms: Some(queue.target),
            idle_warning_ms: Some(queue.idle_warning),
            idle_close_ms: Some(queue.idle_close),
            rating: queue.rating,
            hours: queue.hours.clone(),
            ring_ms: Some(queue.ring),
            longest: queue.longest,
            overflow,
            public: queue.public,
            answer_by_agent: queue.answer_by_agent,
            record: queue.record,
        }
    }

    pub(super) fn queue(self) -> Queue {
        let usual = Queue::new(self.id.as_str(), &self.name, self.group);
        let overflow = self.overflow.map(|o| Overflow {
            to: o.to,
            after: o.after_ms,
            length: o.length,
            no_agent: o.no_agent,
        });
        Queue {
            aliases: self.aliases,
            policy: self.policy,
            skills: self.skills,
            priority: self.priority,
            ageing: self.ageing_ms.unwrap_or(usual.ageing),
            offer: self.offer_ms.unwrap_or(usual.offer),
            wrap_up: self.wrap_up_ms.unwrap_or(usual.wrap_up),
            last_agent: self.last_agent_ms.unwrap_or(usual.last_agent),
            target: self.target_ms.unwrap_or(usual.target),
            idle_warning: self.idle_warning_ms.unwrap_or(usual.idle_warning),
            idle_close: self.idle_close_ms.unwrap_or(usual.idle_close),
            rating: self.rating,
            hours: self.hours,
            ring: self.ring_ms.unwrap_or(usual.ring),
            longest: self.longest,
            overflow,
            public: self.public,
            answer_by_agent: self.answer_by_agent,
            record: self.record,
            ..usual
        }
    }
}

/// What a bot does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Does {
    Greet,
    Echo,
    Scenario,
    Webhook,
}

/// A bot. `greeting` and `queue` belong to `"kind":"greet"`; `scenario`, the text of its file, to `"scenario"`; the rest
/// and `queue` to `"webhook"`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BotWire {
    pub(super) id: BotId,
    name: Arc<str>,
    kind: Does,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    greeting: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    queue: Option<QueueId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scenario: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) secret: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sealed: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time_ms: Option<Millis>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sorry: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    handing: Option<Arc<str>>,
}

impl BotWire {
    pub(super) fn of(bot: &Bot) -> Self {
        let mut wire = Self {
            id: bot.id.clone(),
            name: bot.name.clone(),
            kind: Does::Echo,
            greeting: None,
            queue: None,
            scenario: None,
            url: None,
            secret: None,
            sealed: None,
            time_ms: None,
            sorry: None,
            handing: None,
        };
        match &bot.kind {
            BotKind::Greet { greeting, queue } => {
                wire.kind = Does::Greet;
                (wire.greeting, wire.queue) = (Some(greeting.clone()), Some(queue.clone()));
            }
            BotKind::Echo => {}
            BotKind::Scenario(scenario) => {
                wire.kind = Does::Scenario;
                wire.scenario = Some(scenario.source.clone());
            }
            BotKind::Webhook(hook) => {
                wire.kind = Does::Webhook;
                (wire.url, wire.sealed) = (Some(hook.url.clone()), hook.sealed.clone());
                (wire.time_ms, wire.queue) = (Some(hook.time), Some(hook.queue.clone()));
                (wire.sorry, wire.handing) = (hook.sorry.clone(), hook.handing.clone());
            }
        }
        wire
    }

    /// The bot, with the secret of its program as it is kept; all faults of a scenario with their lines.
    pub(super) fn bot(mut self, sealed: Option<Arc<str>>) -> Result<Bot, Wrong> {
        let strangers = self.strangers();
        let kind = match self.kind {
            _ if !strangers.is_empty() => {
                return Err(Wrong::at(strangers[0], "does not belong to this kind of bot"));
            }
            Does::Greet => match (self.greeting.take(), self.queue.take()) {
                (Some(greeting), Some(queue)) => BotKind::Greet { greeting, queue },
                _ => return Err(Wrong::at("kind", "greet needs greeting and queue")),
            },
            Does::Echo => BotKind::Echo,
            Does::Scenario => {
                let Some(text) = self.scenario.take() else {
                    return Err(Wrong::at("kind", "scenario needs scenario, the text of its file"));
                };
                let checked = scenario::read(&text).map_err(|faults| Wrong::scenario(&faults))?;
                BotKind::Scenario(Arc::new(checked.scenario))
            }
            Does::Webhook => match (self.url.take(), self.queue.take()) {
                (Some(url), Some(queue)) => BotKind::Webhook(Webhook {
                    url,
                    sealed,
                    time: self.time_ms.unwrap_or(Webhook::usual_time()),
                    queue,
                    sorry: self.sorry.take(),
                    handing: self.handing.take(),
                }),
                _ => return Err(Wrong::at("kind", "webhook needs url and queue")),
            },
        };
        Ok(Bot { id: self.id, name: self.name, kind })
    }

    /// Members that belong to another kind.
    fn strangers(&self) -> Vec<&'static str> {
        let given = [
            ("greeting", self.greeting.is_some(), &[Does::Greet][..]),
            ("queue", self.queue.is_some(), &[Does::Greet, Does::Webhook]),
            ("scenario", self.scenario.is_some(), &[Does::Scenario]),
            ("url", self.url.is_some(), &[Does::Webhook]),
            ("secret", self.secret.is_some() || self.sealed.is_some(), &[Does::Webhook]),
            ("time_ms", self.time_ms.is_some(), &[Does::Webhook]),
            ("sorry", self.sorry.is_some(), &[Does::Webhook]),
            ("handing", self.handing.is_some(), &[Does::Webhook]),
        ];
        let strange = given.into_iter().filter(|(_, is, of)| *is && !of.contains(&self.kind));
        strange.map(|(name, ..)| name).collect()
    }
}

/// A flow: it leads to a `queue` or to a `bot`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FlowWire {
    id: FlowId,
    name: Arc<str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    greeting: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    queue: Option<QueueId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    bot: Option<BotId>,
    #[serde(default)]
    linger_ms: Millis,
}

impl FlowWire {
    pub(super) fn of(flow: &Flow) -> Self {
        let (queue, bot) = match &flow.target {
            Target::Queue(queue) => (Some(queue.clone()), None),
            Target::Bot(bot) => (None, Some(bot.clone())),
        };
        Self {
            id: flow.id,
            name: flow.name.clone(),
            greeting: flow.greeting.clone(),
            queue,
            bot,
            linger_ms: flow.linger,
        }
    }

    pub(super) fn flow(self) -> Result<Flow, Wrong> {
        let target = match (self.queue, self.bot) {
            (Some(queue), None) => Target::Queue(queue),
            (None, Some(bot)) => Target::Bot(bot),
            _ => return Err(Wrong::at("queue", "a flow leads to either a queue or a bot")),
        };
        Ok(Flow {
            id: self.id,
            name: self.name,
            greeting: self.greeting,
            target,
            linger: self.linger_ms,
        })
    }
}
