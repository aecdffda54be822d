//! Where contacts go, as `/api/v1` writes it: queues, bots, flows. Spans are milliseconds, and their names say so.

use super::Wrong;
use domain::directory::{Bot, BotKind, Flow, Overflow, Policy, Queue, Target};
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
}

/// A bot. `greeting` and `queue` belong to `"kind":"greet"`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BotWire {
    id: BotId,
    name: Arc<str>,
    kind: Does,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    greeting: Option<Arc<str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    queue: Option<QueueId>,
}

impl BotWire {
    pub(super) fn of(bot: &Bot) -> Self {
        let (kind, greeting, queue) = match &bot.kind {
            BotKind::Greet { greeting, queue } => {
                (Does::Greet, Some(greeting.clone()), Some(queue.clone()))
            }
            BotKind::Echo => (Does::Echo, None, None),
        };
        Self { id: bot.id.clone(), name: bot.name.clone(), kind, greeting, queue }
    }

    pub(super) fn bot(self) -> Result<Bot, Wrong> {
        let kind = match (self.kind, self.greeting, self.queue) {
            (Does::Greet, Some(greeting), Some(queue)) => BotKind::Greet { greeting, queue },
            (Does::Greet, ..) => return Err(Wrong::at("kind", "greet needs greeting and queue")),
            (Does::Echo, None, None) => BotKind::Echo,
            (Does::Echo, ..) => {
                return Err(Wrong::at("kind", "echo takes neither greeting nor queue"));
            }
        };
        Ok(Bot { id: self.id, name: self.name, kind })
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
