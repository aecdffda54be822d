//! Which lines this very connection wrote: an `item` event carries the client's own id of them, so that a client knows
//! its words when they come back before the answer does, however like to others they are.

use super::ask::Want;
use super::request::Client;
use domain::command::Done;
use domain::id::{ClientKey, FileId};
use std::collections::BTreeMap;

/// Files that were announced and never finished are forgotten beyond so many, the oldest first.
const MOST_FILES: usize = 256;

/// What was sent and has not been seen.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// Lines under way.
    lines: BTreeMap<ClientKey, Client>,
    /// Files whose bytes are under way.
    files: BTreeMap<FileId, Client>,
}

impl Sent {
    /// A request is about to be carried out.
    pub(super) fn asked(&mut self, want: &Want) {
        match want {
            Want::Said(key, client) => {
                self.lines.insert(*key, client.clone());
            }
            Want::Filed(key, file) => {
                if let Some(client) = self.files.get(file) {
                    self.lines.insert(*key, client.clone());
                }
            }
            _ => {}
        }
    }

    /// It was carried out, or not. The answer names the line, so nothing more is to be told.
    pub(super) fn settled(&mut self, want: &Want, done: Option<&Done>) {
        match (want, done) {
            (Want::Upload(_, client), Some(Done::File { file })) => {
                if self.files.len() >= MOST_FILES {
                    // Ids of files rise with time.
                    self.files.pop_first();
                }
                self.files.insert(*file, client.clone());
            }
            (Want::Said(key, _), _) => {
                self.lines.remove(key);
            }
            (Want::Filed(key, file), done) => {
                self.lines.remove(key);
                if done.is_some() {
                    self.files.remove(file);
                }
            }
            _ => {}
        }
    }

    /// A line of one's own was written: by which of the client's ids is it known?
    pub(super) fn wrote(&self, key: Option<ClientKey>) -> Option<&str> {
        self.lines.get(&key?).map(|client| client.0.as_str())
    }
}
