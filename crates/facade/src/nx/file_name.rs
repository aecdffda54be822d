//! The names by which files are got: `/call-message/{name}`. A name is its file's right and says where it lies; its 128
//! bits of code make it one that cannot be guessed (`nxwebapi.md` 4).

use crate::door::{RealmNo, Site};
use crate::sniff;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::id::{FileId, RoomId, Uuid};
use domain::room::File;
use serde_json::{Value, json};

/// Before the names.
pub(crate) const PATH: &str = "/call-message/";

/// Which file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) realm: RealmNo,
    pub(super) room: RoomId,
    pub(super) file: FileId,
}

/// Bytes of code in a name.
const CODE: usize = 16;

impl Named {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(34 + CODE);
        bytes.extend_from_slice(&self.realm.0.to_be_bytes());
        bytes.extend_from_slice(self.room.0.as_bytes());
        bytes.extend_from_slice(self.file.0.as_bytes());
        bytes
    }

    fn code(site: &dyn Site, bytes: &[u8]) -> Option<[u8; 32]> {
        site.mac(&[b"nx.file".as_slice(), bytes].concat())
    }

    /// The name, without an ending.
    fn write(&self, site: &dyn Site) -> Option<String> {
        let mut bytes = self.bytes();
        let code = Self::code(site, &bytes)?;
        bytes.extend_from_slice(&code[..CODE]);
        Some(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The file of a name, with or without an ending; none if it is none of ours.
    pub(super) fn read(site: &dyn Site, name: &str) -> Option<Self> {
        let name = name.split('.').next()?;
        let bytes = URL_SAFE_NO_PAD.decode(name).ok().filter(|bytes| bytes.len() == 34 + CODE)?;
        let (said, code) = bytes.split_at(34);
        let right = Self::code(site, said)?;
        // A comparison that stops early would tell how much of a guess was right.
        let differs = code.iter().zip(&right).fold(0, |all, (a, b)| all | (a ^ b));
        let uuid = |at: usize| said.get(at..at + 16)?.try_into().ok().map(Uuid::from_bytes);
        (differs == 0).then_some(Self {
            realm: RealmNo(u16::from_be_bytes([said[0], said[1]])),
            room: RoomId(uuid(2)?),
            file: FileId(uuid(18)?),
        })
    }
}

/// The file that an address leads to, if it is one of ours, wherever it says we are.
pub(super) fn of_url(site: &dyn Site, url: &str) -> Option<Named> {
    let (_, name) = url.rsplit_once(PATH)?;
    Named::read(site, name.split(['?', '#']).next()?)
}

/// A file as an entry of `file_data`; none where the site names no files.
pub(super) fn entry(site: &dyn Site, base: &str, named: &Named, file: &File) -> Option<Value> {
    let ending = sniff::ending(&file.name).filter(|ending| ending.is_ascii()).unwrap_or_default();
    let url = format!("{base}{PATH}{}{ending}", named.write(site)?);
    let kind = file.kind.split(';').next().unwrap_or_default().trim();
    let preview = if crate::item::image(kind) { format!("{url}?preview") } else { String::new() };
    Some(json!({
        "name": file.name, "size": file.size, "url": url, "mime_type": kind, "preview_url": preview,
    }))
}
