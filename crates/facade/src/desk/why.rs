//! Why this agent was asked, with the names of people instead of numbers alone.

use domain::directory::Directory;
use domain::id::{QueueId, UserId};
use domain::queue::{Out, Rule, Why};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::Arc;

/// An assignment's reason (`docs/desk-protocol.md` §2, Why).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct WhyWire {
    #[serde(skip_serializing_if = "Option::is_none")]
    queue: Option<QueueId>,
    rule: Rule,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<i64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    candidates: Vec<Chosen>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    out: Vec<Missed>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    out_counts: BTreeMap<Out, u32>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Chosen {
    agent: UserId,
    name: Arc<str>,
    score: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct Missed {
    agent: UserId,
    name: Arc<str>,
    rule: Out,
}

impl WhyWire {
    /// For this agent.
    pub(super) fn of(why: &Why, me: &UserId, directory: &Directory) -> Self {
        let name = |id: &UserId| {
            directory.users.get(id).map_or_else(|| id.0.clone(), |user| user.name.clone())
        };
        let candidates = why.candidates.iter();
        let out = why.out.iter();
        Self {
            queue: why.queue.clone(),
            rule: why.rule,
            score: why.candidates.iter().find(|c| c.agent == *me).map(|c| c.score),
            candidates: candidates
                .map(|c| Chosen { agent: c.agent.clone(), name: name(&c.agent), score: c.score })
                .collect(),
            out: out
                .map(|(agent, rule)| Missed {
                    agent: agent.clone(),
                    name: name(agent),
                    rule: *rule,
                })
                .collect(),
            out_counts: why.out_counts.clone(),
        }
    }
}
