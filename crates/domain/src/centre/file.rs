//! Files of chats: announced, put, completed. Their bytes pass elsewhere.

use super::{Centre, Decided, FILE_LIMIT, Step};
use crate::command::{By, Done};
use crate::fact::Fact;
use crate::id::{ClientKey, FileId, TokenHash};
use crate::refusal::{Quota, Refusal};
use crate::room::{Audience, Body, File, FileStatus, MemberRole, RoomFile};
use crate::time::Millis;
use std::sync::Arc;

/// What its sender says of a file.
pub(super) struct Announced {
    pub(super) name: Arc<str>,
    pub(super) kind: Arc<str>,
    pub(super) size: u64,
    pub(super) audience: Audience,
    pub(super) upload: TokenHash,
    pub(super) until: Millis,
    pub(super) key: ClientKey,
}

impl Centre {
    pub(super) fn announce_file(
        &mut self,
        step: &mut Step<'_>,
        by: By,
        announced: Announced,
    ) -> Decided {
        let (room, at) = self.speaker(step.now, by)?;
        let known = self.room(room);
        let member = self.member(room, at);
        if member.silent {
            return Err(Refusal::Silent);
        }
        if !announced.audience.includes(member.role) {
            return Err(Refusal::NotAllowed);
        }
        let before =
            known.files.values().find(|f| f.author == at && f.key == announced.key).cloned();
        if before.is_none() && known.files.len() >= FILE_LIMIT {
            return Err(Refusal::Quota { what: Quota::Files, most: FILE_LIMIT as u64 });
        }
        let Announced { name, kind, size, audience, upload, until, key } = announced;
        let file = match before {
            Some(before) if before.done.is_some() => {
                return Ok(Done::File { file: before.file.id });
            }
            // A repeat gets a URL of its own; the old one dies.
            Some(before) => RoomFile { upload, until, ..before },
            None => {
                let file = File {
                    id: FileId::new(step.now, step.chance),
                    name,
                    kind,
                    size,
                    status: FileStatus::Announced,
                };
                RoomFile { author: at, audience, file, upload, until, key, done: None }
            }
        };
        let id = file.file.id;
        self.emit(step, Fact::FileAnnounced { room, file: Box::new(file) });
        Ok(Done::File { file: id })
    }

    pub(super) fn store_file(
        &mut self,
        step: &mut Step<'_>,
        upload: TokenHash,
        size: u64,
        kind: Arc<str>,
        status: FileStatus,
    ) -> Decided {
        let (room, file) = self.uploads.get(&upload).copied().ok_or(Refusal::NoSuchFile)?;
        let known = &self.room(room).files[&file];
        if known.done.is_some() {
            return Err(Refusal::FileDone);
        }
        self.emit(step, Fact::FileStored { room, file, size, kind, status });
        Ok(Done::File { file })
    }

    pub(super) fn complete_file(
        &mut self,
        step: &mut Step<'_>,
        by: By,
        file: FileId,
        key: ClientKey,
    ) -> Decided {
        let (room, at) = self.speaker(step.now, by)?;
        let known = self
            .room(room)
            .files
            .get(&file)
            .filter(|f| f.author == at)
            .ok_or(Refusal::NoSuchFile)?;
        if let Some((done, repeat)) = known.done {
            return if done == key {
                Ok(Done::Posted { item: repeat.item, n: repeat.n, at: repeat.at })
            } else {
                Err(Refusal::FileDone)
            };
        }
        let status = match known.file.status {
            FileStatus::Stored => FileStatus::Approved,
            FileStatus::Rejected => FileStatus::Rejected,
            FileStatus::Announced | FileStatus::Approved => return Err(Refusal::FileNotStored),
        };
        let (audience, file) = (known.audience, File { status, ..known.file.clone() });
        self.room_for_a_line(room)?;
        let begins = self.enter(step, room, at);
        if status == FileStatus::Approved && audience != Audience::Agents {
            self.back_from_idleness(step, room, at);
        }
        let done = self.post(step, room, Some(at), audience, Body::File(file), Some(key));
        if let Some(contact) = begins {
            self.run_flow(step, contact);
        }
        Ok(done)
    }

    /// A file for a reader who is in the room, and may see it.
    pub(super) fn readable(&self, now: Millis, by: By, file: FileId) -> Result<File, Refusal> {
        let (room, at) = self.actor(now, by)?;
        let known = self.room(room).files.get(&file).ok_or(Refusal::NoSuchFile)?;
        let role = self.member(room, at).role;
        if role == MemberRole::Bot {
            return Err(Refusal::NotAllowed);
        }
        let approved = known.file.status == FileStatus::Approved && known.audience.includes(role);
        if approved || known.author == at && known.file.status == FileStatus::Stored {
            Ok(known.file.clone())
        } else {
            Err(Refusal::NoSuchFile)
        }
    }
}
