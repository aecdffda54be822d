//! How full the queues are: told when it changes, but at most once a second.

use super::frame::{self, Hint};
use crate::door::{Effect, Out};
use domain::id::QueueId;
use domain::query::Level;
use domain::time::Millis;
use serde::Serialize;
use std::sync::Arc;

/// The shortest time between two tellings.
const PAUSE: Millis = Millis(1_000);

/// One queue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(super) struct QueueWire {
    pub(super) id: QueueId,
    name: Arc<str>,
    waiting: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    oldest: Option<Millis>,
    mine: bool,
}

impl QueueWire {
    /// As this level is; `mine`: the user serves it.
    pub(super) fn of(level: &Level, mine: bool) -> Self {
        Self {
            id: level.queue.id.clone(),
            name: level.queue.name.clone(),
            waiting: level.waiting,
            oldest: level.oldest,
            mine,
        }
    }
}

/// All queues that this desk shows.
#[derive(Debug, Default)]
pub(super) struct Levels {
    queues: Vec<QueueWire>,
    told: Millis,
    changed: bool,
}

impl Levels {
    /// As they were just told.
    pub(super) fn told(queues: Vec<QueueWire>, now: Millis) -> Self {
        Self { queues, told: now, changed: false }
    }

    /// What they are.
    pub(super) fn queues(&self) -> &[QueueWire] {
        &self.queues
    }

    /// All anew.
    pub(super) fn replace(&mut self, queues: Vec<QueueWire>) {
        self.changed |= queues != self.queues;
        self.queues = queues;
    }

    /// One grew or shrank.
    pub(super) fn change(&mut self, id: &QueueId, waiting: u32, oldest: Option<Millis>) {
        let Some(queue) = self.queues.iter_mut().find(|queue| queue.id == *id) else { return };
        self.changed |= queue.waiting != waiting || queue.oldest != oldest;
        (queue.waiting, queue.oldest) = (waiting, oldest);
    }

    /// When there is something to tell.
    pub(super) fn due(&self) -> Option<Millis> {
        self.changed.then(|| self.told.plus(PAUSE))
    }

    /// Tells what has changed, if it is time.
    pub(super) fn tell(&mut self, now: Millis, out: &mut Out) {
        if self.due().is_some_and(|due| due <= now) {
            out.push(Effect::Send(frame::hint(&Hint::Queues { queues: &self.queues })));
            (self.told, self.changed) = (now, false);
        }
    }
}
