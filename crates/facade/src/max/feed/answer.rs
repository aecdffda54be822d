//! What a poll is answered: news, what was answered before, or everything there is.

use super::super::event::{self, Teller};
use super::super::name;
use super::{AGAIN, CONSUMERS, Consumer, Feed, Poll};
use domain::time::Millis;
use serde_json::Value;
use std::sync::Arc;

impl Feed {
    /// Everything there is, as events.
    fn snapshot(&self) -> String {
        let (Some(world), Some(user), Some(directory)) = (&self.world, &self.user, &self.directory)
        else {
            return "[]".to_owned();
        };
        let teller = Teller { realm: self.realm, user, directory, focus: self.focus };
        let mut events =
            vec![teller.start(&self.shift, &world.position), teller.capacity(&world.position)];
        events.extend(self.device.as_ref().map(|device| event::leg(device.as_str(), "Active")));
        events.extend(world.position.muted.then(|| event::mute(true)));
        events.push(world.shown.event(super::super::HOST));
        events.extend(world.contacts.iter().map(|told| told.event.clone()));
        Value::Array(events).to_string()
    }

    /// The answer to a poll, if there is one by now.
    pub(super) fn answer(&mut self, now: Millis, poll: &Poll) -> Option<Arc<str>> {
        if self.world.is_none() && self.ended.is_none() {
            return None;
        }
        // Whoever was told of the end needs no more: ids do not change after it.
        if self.ended.is_some() && self.consumers.get(&poll.consumer).is_some_and(|c| c.over) {
            return Some("409".into());
        }
        let desk = poll.app == name::DESK;
        let (end, first, moved) = (self.end_of_log(), self.first, self.moved);
        let events = match self.consumers.get(&poll.consumer) {
            Some(known) if known.newest == poll.cursor => {
                if known.at >= first {
                    if known.at == end && (!desk || known.chains == moved) {
                        return None;
                    }
                    let from = usize::try_from(known.at - first).unwrap_or(usize::MAX);
                    let new: Vec<&str> =
                        self.log.iter().skip(from).map(|(_, event)| event.as_ref()).collect();
                    format!("[{}]", new.join(","))
                } else {
                    self.snapshot()
                }
            }
            Some(Consumer { before: Some((cursor, given, answer)), .. })
                if *cursor == poll.cursor && now.since(*given) < AGAIN =>
            {
                return Some(answer.clone());
            }
            _ if self.ended.is_some() => return Some("409".into()),
            _ => self.snapshot(),
        };
        Some(self.give(now, poll, &events))
    }

    fn give(&mut self, now: Millis, poll: &Poll, events: &str) -> Arc<str> {
        let known = self.consumers.get(&poll.consumer).map_or(poll.cursor, |c| c.newest);
        let newest = known.max(poll.cursor).wrapping_add(1);
        if poll.app != name::DESK && self.chains.get(&poll.app) == Some(&poll.consumer) {
            self.moved += 1;
        }
        let (at, chains, over) = (self.end_of_log(), self.moved, self.ended.is_some());
        let consumer = Consumer { newest, before: None, at, chains, used: now, over };
        self.consumers.insert(poll.consumer, consumer);
        let answer: Arc<str> = format!("200 {newest} {} {events}", self.chains_told()).into();
        if let Some(consumer) = self.consumers.get_mut(&poll.consumer) {
            consumer.before = Some((poll.cursor, now, answer.clone()));
        }
        if self.consumers.len() > CONSUMERS {
            let idle = |(_, consumer): &(&u32, &Consumer)| consumer.used;
            if let Some(oldest) = self.consumers.iter().min_by_key(idle).map(|(id, _)| *id) {
                self.consumers.remove(&oldest);
            }
        }
        answer
    }

    /// The newest id of each page's chain.
    fn chains_told(&self) -> String {
        let told = self.chains.iter().map(|(app, consumer)| {
            let cursor = self.consumers.get(consumer).map_or(0, |known| known.newest);
            format!("{app}:{consumer}:{cursor}")
        });
        let told: Vec<String> = told.collect();
        if told.is_empty() { "-".to_owned() } else { told.join(",") }
    }
}
