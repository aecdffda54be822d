//! How facts and signals change the world of a desk. Lines, marks and states are told at once; for whatever else
//! changes a contact, the contact is asked for anew ([`super::refresh`]).

use super::frame::{self, Event, Hint, NoticeWire, name_of};
use super::sent::Sent;
use super::world::{ChannelWire, World};
use crate::door::{Effect, Out};
use crate::item;
use domain::agent::Standing;
use domain::call::CallEvent;
use domain::fact::{Decline, Fact, Leaving};
use domain::id::{ParticipantId, RoomId, UserId};
use domain::node::Published;
use domain::room::{Audience, Item};
use domain::signal::Signal;
use domain::time::Millis;
use std::sync::Arc;

impl World {
    /// Takes up a fact. Whatever must be asked for is noted in `wanted`.
    pub(super) fn fact(
        &mut self,
        me: &UserId,
        sent: &Sent,
        published: &Arc<Published>,
        out: &mut Out,
    ) {
        let Published { seq, at, fact, .. } = published.as_ref();
        let (seq, at) = (*seq, *at);
        if seq <= self.greeted {
            return;
        }
        self.seq = self.seq.max(seq);
        match fact {
            Fact::Put(_) | Fact::Removed(_) => {
                self.directory_wanted = self.directory_wanted.max(seq);
            }
            Fact::AgentStated { agent, channel, state, because, .. } if agent == me => {
                self.channels.insert(
                    *channel,
                    ChannelWire::of(Standing { state: *state, since: at, because: *because }),
                );
                let channels = self.channels.clone();
                self.tell(seq, at, &Event::Agent { channels: &channels }, out);
            }
            Fact::Posted { item, key } => self.line(published, item, sent.wrote(*key), out),
            Fact::Marked { room, participant, n, read, .. } => {
                self.mark((seq, at), *room, *participant, (*n, *read), out);
            }
            Fact::Call(happening) => {
                let call = &happening.call;
                // Why it is about to leave, where somebody was not reached.
                if let (CallEvent::Failed, Some(contact)) = (happening.event, call.contact)
                    && let Some(copy) = happening.to.first()
                    && call.caller == copy.device
                {
                    self.leaving.insert(contact, copy.cause.unreached());
                }
                self.want(seq);
            }
            Fact::Seated { agent, .. } if agent == me => self.want(seq),
            Fact::Sounded { .. } => self.want(seq),
            Fact::Declined { contact, agent, how } if agent == me => {
                self.tell_gone(seq, at, *contact, declined(*how), out);
                self.want(seq);
            }
            Fact::WrappedUp { contact, agent, .. } if agent == me => {
                let why = self.leaving.get(contact).copied().unwrap_or("done");
                self.tell_gone(seq, at, *contact, why, out);
                self.want(seq);
            }
            Fact::Left { room, participant, why, .. } => {
                let mine =
                    self.contacts.values().filter(|c| c.room == *room && c.me == *participant);
                let mine: Vec<_> = mine.map(|contact| contact.id).collect();
                self.leaving.extend(mine.into_iter().map(|contact| (contact, left(*why))));
                self.want(seq);
            }
            Fact::Supervised { by, act } => {
                let directory = self.directory.clone();
                let name = name_of(by, &directory);
                self.tell(seq, at, &Event::Acted { by, name, act }, out);
            }
            Fact::Announced(notice) if notice.to.contains(me) => {
                let directory = self.directory.clone();
                let notice = NoticeWire::of(notice, &directory);
                self.tell(seq, at, &Event::Notice { notice }, out);
            }
            Fact::NoticeRead { notice, agent } if agent == me => {
                self.tell(seq, at, &Event::NoticeRead { notice: *notice }, out);
            }
            Fact::Started { .. }
            | Fact::Arrived { .. }
            | Fact::Queued { .. }
            | Fact::Offered { .. }
            | Fact::Declined { .. }
            | Fact::Accepted { .. }
            | Fact::Closed { .. }
            | Fact::WrapUpBegan { .. }
            | Fact::WrapUpExtended { .. }
            | Fact::WrappedUp { .. }
            | Fact::AttributesSet { .. }
            | Fact::Described { .. }
            | Fact::Admitted { .. }
            | Fact::Joined { .. }
            | Fact::Unveiled { .. } => self.want(seq),
            _ => {}
        }
    }

    /// A contact may have changed: it must be known as of this deed.
    pub(super) fn want(&mut self, seq: u64) {
        self.wanted = self.wanted.max(seq);
    }

    fn line(
        &mut self,
        published: &Arc<Published>,
        item: &Item,
        client: Option<&str>,
        out: &mut Out,
    ) {
        if !item::for_staff(item) {
            return;
        }
        if let Some(contact) = self.in_room(item.room) {
            // Keys are each author's own: another's may look the same.
            let mine = item.by.as_ref().is_some_and(|by| by.participant == contact.me);
            let mut line = item::line(item);
            line.client = client.filter(|_| mine);
            let event = Event::Item { room: item.room, item: Box::new(line) };
            self.tell(published.seq, published.at, &event, out);
        } else if published.seq > self.fresh {
            // Its contact is about to be told: first that, then what is said in it.
            self.held.push(published.clone());
            self.want(published.seq);
        }
    }

    fn mark(
        &mut self,
        (seq, at): (u64, Millis),
        room: RoomId,
        participant: ParticipantId,
        (n, read): (u32, bool),
        out: &mut Out,
    ) {
        let mut told = None;
        for contact in self.contacts.values_mut().filter(|contact| contact.room == room) {
            let Some(mark) = contact.marks.iter_mut().find(|mark| mark.participant == participant)
            else {
                continue;
            };
            let old = (mark.delivered, mark.read);
            mark.delivered = mark.delivered.max(n);
            mark.read = if read { mark.read.max(n) } else { mark.read };
            if old != (mark.delivered, mark.read) {
                told = Some(Event::Marks {
                    room,
                    participant,
                    delivered: mark.delivered,
                    read: mark.read,
                });
            }
        }
        if let Some(event) = told {
            self.tell(seq, at, &event, out);
        }
    }

    /// Shows a signal, if it is for this desk.
    pub(super) fn signal(&mut self, now: Millis, signal: &Signal, out: &mut Out) {
        match signal {
            Signal::Typing { room, by, audience, .. } => {
                let shown = !matches!(audience, Audience::Customer);
                if shown && self.in_room(*room).is_some_and(|contact| contact.me != by.participant)
                {
                    let hint =
                        Hint::Typing { room: *room, participant: by.participant, name: &by.name };
                    out.push(Effect::Send(frame::hint(&hint)));
                }
            }
            Signal::Presence { room, participant, present } => {
                let mut told = false;
                for contact in self.contacts.values_mut().filter(|contact| contact.room == *room) {
                    if contact.customer.participant == *participant
                        && contact.customer.present != *present
                    {
                        contact.customer.present = *present;
                        told = true;
                    }
                }
                if told {
                    // No deed of its own: it stands before the next one, and after all that was greeted.
                    let event = Event::Presence {
                        room: *room,
                        participant: *participant,
                        present: *present,
                    };
                    out.push(Effect::Send(frame::event(self.seq + 1, now, &event)));
                }
            }
            // The telephone's business.
            Signal::Keys { .. } => {}
            // The wallboard's (`wall`).
            Signal::Board(_) => {}
            Signal::QueueLevel { queue, waiting, oldest } => {
                self.levels.change(queue, *waiting, *oldest);
            }
        }
    }
}

const fn declined(how: Decline) -> &'static str {
    match how {
        Decline::Refused => "refused",
        Decline::Missed => "missed",
        Decline::Withdrawn => "withdrawn",
    }
}

const fn left(why: Leaving) -> &'static str {
    match why {
        Leaving::Transferred => "transferred",
        Leaving::Left | Leaving::Closed => "done",
        Leaving::Idle | Leaving::Forced => "withdrawn",
    }
}
