//! What a feed is asked, and what it hears.

use super::super::event;
use super::{DIRECTORY, Feed, Poll, RETRY};
use crate::door::{Cx, Effect, Fault, Out, Session};
use domain::command::Done;
use domain::fact::Fact;
use domain::node::{Published, Topic};
use domain::query::{Answer, Query};
use domain::refusal::Refusal;
use domain::shift::ShiftEnd;
use domain::signal::Signal;
use domain::time::Millis;
use std::sync::Arc;

impl Session for Feed {
    fn on_open(&mut self, cx: &mut Cx<'_>, out: &mut Out) {
        self.heard = cx.now;
        out.push(Effect::Watch(Topic::Agent(self.shift.agent.clone())));
        out.push(Effect::Watch(Topic::Directory));
        out.push(Effect::Read(DIRECTORY, Box::new(Query::Directory)));
        self.settle(cx.now, out);
    }

    fn on_ask(&mut self, cx: &mut Cx<'_>, ticket: u64, ask: &str, out: &mut Out) {
        self.heard = cx.now;
        self.forget(cx.now);
        let words: Vec<&str> = ask.split(' ').collect();
        let number = |at: usize| words.get(at).and_then(|word| word.parse::<u64>().ok());
        let small = |at: usize| number(at).and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
        match words.first() {
            Some(&"poll") => {
                let (app, consumer, cursor) = (small(1), small(2), small(3));
                // Of two that ask the same, the older one goes.
                for old in std::mem::take(&mut self.polls) {
                    if (old.consumer, old.cursor) == (consumer, cursor) {
                        out.push(Effect::Answer(old.ticket, "304".into()));
                    } else {
                        self.polls.push(old);
                    }
                }
                let until = cx.now.plus(Millis(number(4).unwrap_or(0)));
                self.polls.push(Poll { ticket, app, consumer, cursor, until });
            }
            Some(&"chain") => {
                self.chains.insert(small(1), small(2));
                self.moved += 1;
                out.push(Effect::Answer(ticket, "ok".into()));
            }
            Some(&"focus") => {
                self.focus = number(1);
                self.stale = true;
                out.push(Effect::Answer(ticket, "ok".into()));
            }
            Some(&"leg") => {
                if let (Some(device), Some(status)) = (&self.device, words.get(1)) {
                    let event = event::leg(device.as_str(), status);
                    self.tell(cx.now, &event);
                }
                out.push(Effect::Answer(ticket, "ok".into()));
            }
            _ => out.push(Effect::Answer(ticket, "no".into())),
        }
        self.settle(cx.now, out);
    }

    fn on_fact(&mut self, cx: &mut Cx<'_>, fact: &Arc<Published>, out: &mut Out) {
        if self.ended.is_some() {
            return;
        }
        self.newest = fact.at;
        match &fact.fact {
            Fact::ShiftEnded { shift, how, .. } if *shift == self.shift.id => {
                self.over(cx.now, *how);
            }
            Fact::Put(_) | Fact::Removed(_) => {
                out.push(Effect::Read(DIRECTORY, Box::new(Query::Directory)));
            }
            Fact::Posted { item, .. } => {
                let known =
                    self.world.as_ref().is_some_and(|world| world.rooms.contains_key(&item.room));
                if known && !self.asking && self.wanted <= self.fresh {
                    self.line(cx.now, item);
                } else {
                    self.held.push(fact.clone());
                    self.wanted = self.wanted.max(fact.seq);
                }
            }
            Fact::Marked { .. } | Fact::TokenGiven { .. } | Fact::AgentShown { .. } => {}
            _ => self.wanted = self.wanted.max(fact.seq),
        }
        self.settle(cx.now, out);
    }

    fn on_answer(
        &mut self,
        cx: &mut Cx<'_>,
        _: u64,
        answer: Result<Result<Answer, Refusal>, Fault>,
        seq: u64,
        out: &mut Out,
    ) {
        if self.ended.is_some() {
            return;
        }
        match answer {
            Ok(Ok(Answer::Position(position))) => {
                (self.asking, self.fresh) = (false, self.fresh.max(seq));
                match &position.shift {
                    // Its end was missed: nothing is known of how.
                    None => self.over(cx.now, ShiftEnd::Elsewhere),
                    Some(shift) if shift.id != self.shift.id => {
                        self.over(cx.now, ShiftEnd::Elsewhere);
                    }
                    Some(_) => self.refresh(cx.now, position, out),
                }
            }
            Ok(Ok(Answer::Directory(directory))) => self.renamed(cx.now, directory),
            _ => {
                (self.asking, self.stale) = (false, true);
                self.again = Some(cx.now.plus(RETRY));
                if self.directory.is_none() {
                    out.push(Effect::Read(DIRECTORY, Box::new(Query::Directory)));
                }
            }
        }
        self.settle(cx.now, out);
    }

    fn on_time(&mut self, cx: &mut Cx<'_>, out: &mut Out) {
        self.forget(cx.now);
        self.settle(cx.now, out);
    }

    fn on_text(&mut self, _: &mut Cx<'_>, _: &str, _: &mut Out) {}

    fn on_outcome(
        &mut self,
        _: &mut Cx<'_>,
        _: u64,
        _: Result<Result<Done, Refusal>, Fault>,
        _: &mut Out,
    ) {
    }

    fn on_signal(&mut self, _: &mut Cx<'_>, _: &Arc<Signal>, _: &mut Out) {}

    fn on_close(&mut self, _: &mut Cx<'_>, _: &mut Out) {}
}
