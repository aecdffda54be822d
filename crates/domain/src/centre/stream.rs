//! Copies of rooms that go elsewhere. Whether a copy was delivered is a fact, so that none is lost by a restart.

use super::{Centre, Decided, STREAM_LIMIT, Step};
use crate::command::Done;
use crate::fact::Fact;
use crate::id::{ClientKey, ContactId, RoomId, StreamId};
use crate::refusal::{Quota, Refusal};
use std::sync::Arc;

impl Centre {
    /// May copies go there? A topic must be known, or the realm open; a URL's host must be listed.
    pub(super) fn check_target(&self, target: &str) -> Result<(), Refusal> {
        let realm = self.directory.realm.as_ref();
        if target.starts_with("arn:") {
            let known =
                self.directory.streams.contains_key(target) || realm.is_some_and(|r| r.open_topics);
            return if known { Ok(()) } else { Err(Refusal::NoSuchTopic) };
        }
        let rest = target
            .strip_prefix("https://")
            .or_else(|| target.strip_prefix("http://"))
            .ok_or(Refusal::BadTarget)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        // A name before `@` could make one host look like another.
        let host = if authority.contains('@') { "" } else { host_of(authority) };
        let listed =
            realm.is_some_and(|r| r.stream_hosts.iter().any(|h| h.eq_ignore_ascii_case(host)));
        if listed && !host.is_empty() { Ok(()) } else { Err(Refusal::BadTarget) }
    }

    fn stream_of(&self, contact: ContactId, stream: StreamId) -> Result<RoomId, Refusal> {
        let room = self.contact(contact)?.room();
        let known = self.rooms.get(&room).ok_or(Refusal::NoSuchStream)?;
        if known.streams.iter().any(|s| s.id == stream) {
            Ok(room)
        } else {
            Err(Refusal::NoSuchStream)
        }
    }

    pub(super) fn start_stream(
        &mut self,
        step: &mut Step<'_>,
        contact: ContactId,
        target: Arc<str>,
        key: Option<ClientKey>,
    ) -> Decided {
        let room = self.open_room(contact)?;
        if let Some(made) = key.and_then(|key| room.made.get(&key)) {
            return Ok(Done::Stream { stream: StreamId(*made) });
        }
        self.check_target(&target)?;
        if room.streams.len() >= STREAM_LIMIT {
            return Err(Refusal::Quota { what: Quota::Streams, most: STREAM_LIMIT as u64 });
        }
        let (room, stream) = (room.id, StreamId::new(step.now, step.chance));
        self.emit(step, Fact::StreamStarted { room, stream, target, key });
        Ok(Done::Stream { stream })
    }

    pub(super) fn stop_stream(
        &mut self,
        step: &mut Step<'_>,
        contact: ContactId,
        stream: StreamId,
    ) -> Decided {
        let room = self.stream_of(contact, stream)?;
        self.emit(step, Fact::StreamStopped { room, stream });
        Ok(Done::Ok)
    }

    pub(super) fn advance_stream(
        &mut self,
        step: &mut Step<'_>,
        contact: ContactId,
        stream: StreamId,
        to: u64,
    ) -> Decided {
        let room = self.stream_of(contact, stream)?;
        self.emit(step, Fact::StreamAdvanced { room, stream, to });
        Ok(Done::Ok)
    }

    pub(super) fn drop_stream(
        &mut self,
        step: &mut Step<'_>,
        contact: ContactId,
        stream: StreamId,
        why: Arc<str>,
    ) -> Decided {
        let room = self.stream_of(contact, stream)?;
        self.emit(step, Fact::StreamDropped { room, stream, why });
        Ok(Done::Ok)
    }
}

/// The host of an authority, without its port; an IPv6 address keeps its brackets.
fn host_of(authority: &str) -> &str {
    if authority.starts_with('[') {
        return authority.find(']').map_or("", |end| &authority[..=end]);
    }
    authority.split(':').next().unwrap_or_default()
}
