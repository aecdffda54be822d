//! What is kept of calls' sound: tapes become recordings of their contacts, and whoever listens is written down. And what is
//! kept no more.

use super::{Centre, Decided, Step};
use crate::command::Done;
use crate::directory::Role;
use crate::fact::Fact;
use crate::id::{ContactId, FileId, UserId};
use crate::recording::{Recording, Taped};
use crate::refusal::Refusal;
use crate::retention::Pruned;
use crate::time::Millis;

/// Parts of a recording that are fetched within this belong to one listening.
const LISTENING: Millis = Millis::from_mins(15);

/// What tapes are: sound of both sides, as it was.
const WAV: &str = "audio/wav";

impl Centre {
    /// A tape has ended.
    pub(super) fn keep_tape(&mut self, step: &mut Step<'_>, taped: &Taped) -> Decided {
        let contact = self.contact(taped.contact)?;
        let voice = contact.voice.as_ref().ok_or(Refusal::WrongState("the contact is no call"))?;
        if voice.recordings.contains(&taped.id) {
            return Ok(Done::Ok);
        }
        let recording = Recording {
            id: taped.id,
            contact: contact.id,
            room: contact.room(),
            segment: contact.segment,
            cnid: voice.cnid.clone(),
            cnsq: voice.cnsq,
            agent: contact.agent.clone(),
            maker: voice.maker.clone(),
            queue: contact.queue.clone(),
            began: taped.began,
            length: taped.length,
            size: taped.size,
            channels: 2,
            kind: WAV.into(),
            kept: taped.kept,
        };
        self.emit(step, Fact::Recorded { recording: Box::new(recording) });
        Ok(Done::Ok)
    }

    /// Something is past. Only what the directory sets a time for goes, and no room that is in memory.
    pub(super) fn prune(&mut self, step: &mut Step<'_>, mut pruned: Pruned) -> Decided {
        let set = self.directory.realm.as_ref().map(|realm| realm.retention).unwrap_or_default();
        let horizons = set.horizons(step.now);
        let allowed = (pruned.rooms.is_empty() || horizons.rooms.is_some())
            && (pruned.files.is_empty() || horizons.files.is_some())
            && (pruned.recordings.is_empty() || horizons.recordings.is_some())
            && (pruned.before.is_none() || horizons.all().is_some());
        if !allowed {
            return Err(Refusal::WrongState("the directory keeps it for ever"));
        }
        pruned.rooms.retain(|room| !self.rooms.contains_key(room));
        if pruned != Pruned::default() {
            self.emit(step, Fact::Pruned(Box::new(pruned)));
        }
        Ok(Done::Ok)
    }

    /// Somebody listens to a recording. The fetching of its parts is told of once.
    pub(super) fn listen(
        &mut self,
        step: &mut Step<'_>,
        by: &UserId,
        contact: ContactId,
        recording: FileId,
    ) -> Decided {
        let user = self.directory.users.get(by).ok_or(Refusal::NotAllowed)?;
        let own = self.directory.realm.as_ref().is_some_and(|realm| realm.agents_hear_own);
        if user.disabled || user.role < Role::Supervisor && !own {
            return Err(Refusal::NotAllowed);
        }
        self.soft.listened.retain(|_, at| step.now.since(*at) < LISTENING);
        if !self.soft.listened.contains_key(&(by.clone(), recording)) {
            self.emit(step, Fact::Listened { contact, recording, by: by.clone() });
        }
        Ok(Done::Ok)
    }
}
