//! Files of chats: announced, put, completed. Their bytes pass elsewhere.

use super::{Centre, Decided, FILE_LIMIT, Step};
use crate::command::{By, Done};
use crate::contact::TextKind;
use crate::fact::Fact;
use crate::id::{ClientKey, FileId, RoomId, TokenHash};
use crate::refusal::{Quota, Refusal};
use crate::room::{Audience, Body, File, FileStatus, MemberRole, RoomFile, TokenKind};
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
        let (room, at) = self.bringer(step.now, by)?;
        let known = self.room(room);
        let member = self.member(room, at);
        if member.silent {
            return Err(Refusal::Silent);
        }
        if !self.may_say(room, member.role, announced.audience) {
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

    /// May a file be brought? Asked before its bytes are taken.
    pub(super) fn may_bring(&self, now: Millis, by: By) -> Result<(RoomId, u8), Refusal> {
        let (room, at) = self.bringer(now, by)?;
        if self.member(room, at).silent {
            return Err(Refusal::Silent);
        }
        if self.room(room).files.len() >= FILE_LIMIT {
            return Err(Refusal::Quota { what: Quota::Files, most: FILE_LIMIT as u64 });
        }
        Ok((room, at))
    }

    /// A file whose bytes are there already. One that was rejected counts, too: it has cost as much.
    pub(super) fn bring_file(&mut self, step: &mut Step<'_>, by: By, file: File) -> Decided {
        let (room, author) = self.may_bring(step.now, by)?;
        if self.room(room).files.contains_key(&file.id) {
            return Err(Refusal::FileDone);
        }
        let id = file.id;
        // Nothing is put by a URL of its own: nobody has a secret of this hash, and no repeat has this key.
        let mut upload = TokenHash([0; 32]);
        upload.0[..16].copy_from_slice(id.0.as_bytes());
        let key = ClientKey(*id.0.as_bytes());
        let (audience, until) = (Audience::All, Millis(0));
        let file = RoomFile { author, audience, file, upload, until, key, done: None };
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

    /// A member who may bring files: one who may be heard, or the holder of a token for just that.
    fn bringer(&self, now: Millis, by: By) -> Result<(RoomId, u8), Refusal> {
        match by {
            By::Token(hash) => match self.token(now, hash, TokenKind::Upload) {
                Ok(token) => self.member_of(token),
                Err(_) => self.speaker(now, by),
            },
            By::Session(..) => self.speaker(now, by),
        }
    }

    /// Files and words at once, each a line of its own.
    pub(super) fn share(
        &mut self,
        step: &mut Step<'_>,
        by: By,
        words: Option<(TextKind, Arc<str>)>,
        files: &[FileId],
        audience: Audience,
        key: ClientKey,
    ) -> Decided {
        let (room, at) = self.speaker(step.now, by)?;
        let known = self.room(room);
        let mine = |file: &&RoomFile| file.author == at;
        let before = known.files.values().filter(mine).filter_map(|file| file.done);
        if let Some((_, done)) = before.filter(|(of, _)| *of == key).max_by_key(|(_, r)| r.n) {
            return Ok(Done::Posted { item: done.item, n: done.n, at: done.at });
        }
        let member = self.member(room, at);
        if member.silent && audience != Audience::Agents {
            return Err(Refusal::Silent);
        }
        if !self.may_say(room, member.role, audience) {
            return Err(Refusal::NotAllowed);
        }
        if words.as_ref().is_some_and(|(kind, _)| !known.kinds.has(*kind)) {
            return Err(Refusal::UnsupportedText);
        }
        let mut ready: Vec<File> = Vec::with_capacity(files.len());
        for id in files {
            let file = known.files.get(id).filter(mine).ok_or(Refusal::NoSuchFile)?;
            if file.done.is_some() || ready.iter().any(|other| other.id == *id) {
                return Err(Refusal::FileDone);
            }
            match file.file.status {
                FileStatus::Stored => {}
                FileStatus::Rejected => return Err(Refusal::NoSuchFile),
                FileStatus::Announced | FileStatus::Approved => return Err(Refusal::FileNotStored),
            }
            ready.push(File { status: FileStatus::Approved, ..file.file.clone() });
        }
        if ready.is_empty() {
            return Err(Refusal::NoSuchFile);
        }
        self.room_for_a_line(room)?;
        for file in &ready {
            // Whom it is said to is known only now.
            let known = RoomFile { audience, ..self.room(room).files[&file.id].clone() };
            if known.audience != self.room(room).files[&file.id].audience {
                self.emit(step, Fact::FileAnnounced { room, file: Box::new(known) });
            }
        }
        let begins = self.enter(step, room, at);
        if audience != Audience::Agents {
            self.back_from_idleness(step, room, at);
        }
        if let Some((kind, text)) = words {
            let body = Body::Message { kind, text };
            self.post(step, room, Some(at), audience, body, Some(key));
        }
        let mut done = Done::Ok;
        for file in ready {
            done = self.post(step, room, Some(at), audience, Body::File(file), Some(key));
        }
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
