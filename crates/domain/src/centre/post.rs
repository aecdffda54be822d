//! Writing lines.

use super::{Centre, Step};
use crate::command::Done;
use crate::contact::TextKind;
use crate::fact::Fact;
use crate::id::{ClientKey, ItemId, ParticipantId, RoomId};
use crate::room::{Audience, Author, Body, Event, Item, MemberRole};
use std::sync::Arc;

impl Centre {
    /// A line of the centre's own.
    pub(super) fn system_says(&mut self, step: &mut Step<'_>, room: RoomId, text: Arc<str>) {
        self.post(
            step,
            room,
            None,
            Audience::All,
            Body::Message { kind: TextKind::Plain, text },
            None,
        );
    }

    /// Writes a line; nobody as author of a message is the system.
    pub(super) fn post(
        &mut self,
        step: &mut Step<'_>,
        room: RoomId,
        author: Option<u8>,
        audience: Audience,
        body: Body,
        key: Option<ClientKey>,
    ) -> Done {
        let known = self.room(room);
        let by = match (author, &body) {
            (Some(at), _) => {
                let member = &known.members[usize::from(at)];
                Some(Author {
                    participant: member.id,
                    role: member.role,
                    name: member.name.clone(),
                })
            }
            (None, Body::Message { .. }) => Some(Author {
                participant: ParticipantId(room.0),
                role: MemberRole::System,
                name: "SYSTEM_MESSAGE".into(),
            }),
            (None, _) => None,
        };
        self.post_by(step, room, by, audience, body, key)
    }

    /// Writes a line of this author, member or not.
    pub(super) fn post_by(
        &mut self,
        step: &mut Step<'_>,
        room: RoomId,
        by: Option<Author>,
        audience: Audience,
        body: Body,
        key: Option<ClientKey>,
    ) -> Done {
        let known = self.room(room);
        let at = step.now.max(crate::time::Millis(known.last_at.0 + 1));
        let item = Item {
            id: ItemId::new(at, step.chance),
            n: known.last() + 1,
            at,
            room,
            contact: known.contact,
            by,
            audience,
            body,
        };
        let done = Done::Posted { item: item.id, n: item.n, at };
        self.emit(step, Fact::Posted { item, key });
        done
    }

    pub(super) fn post_event(
        &mut self,
        step: &mut Step<'_>,
        room: RoomId,
        author: Option<u8>,
        event: Event,
    ) {
        self.post(step, room, author, Audience::All, Body::Event(event), None);
    }
}
