//! Who has got and read a message: the item that says so at once, and what a transcript remembers
//! (`amazon-connect-chat.md` 3.5.4).

use super::{METADATA, Metadata, Receipt, Wire};
use crate::connect::time::iso_ms;
use domain::id::{ItemId, ParticipantId, RoomId, Uuid};
use domain::query::Mark;
use domain::room::Item;
use domain::time::Millis;
use sha2::{Digest as _, Sha256};

/// The id of a receipt. A mark is no line of the room and has no id of its own, but all sockets and streams must name
/// it alike: it is made of what the mark says (RFC 9562 §5.8, version 8).
pub fn receipt_id(participant: ParticipantId, item: ItemId, read: bool) -> ItemId {
    let mut hash = Sha256::new();
    hash.update(b"receipt");
    hash.update(participant.0.as_bytes());
    hash.update(item.0.as_bytes());
    hash.update([u8::from(read)]);
    let hash: [u8; 32] = hash.finalize().into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash[..16]);
    bytes[6] = 0x80 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    ItemId(Uuid::from_bytes(bytes))
}

/// What a mark says of time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    /// When it was made.
    pub(super) at: Millis,
    /// When the line had been delivered before it was read, where that was told.
    pub(super) delivered: Option<Millis>,
    /// Read, or only delivered.
    pub(super) read: bool,
}

/// The item of one mark. It names the reader, not the author; what was read was delivered, too.
pub(super) fn wire(told: Told, room: RoomId, reader: ParticipantId, item: ItemId) -> Wire<'static> {
    let Told { at, delivered, read } = told;
    let delivered = iso_ms(delivered.unwrap_or(at).0);
    let at = iso_ms(at.0);
    let receipt = Receipt {
        delivered_timestamp: Some(delivered),
        read_timestamp: read.then(|| at.clone()),
        recipient_participant_id: reader,
    };
    Wire {
        absolute_time: at,
        content: None,
        content_type: Some(METADATA),
        id: receipt_id(reader, item, read),
        r#type: "MESSAGEMETADATA",
        participant_id: None,
        display_name: None,
        participant_role: None,
        attachments: None,
        message_metadata: Some(Metadata { message_id: item, receipts: vec![receipt] }),
        initial_contact_id: Some(room),
        contact_id: None,
        related_contact_id: None,
    }
}

/// The receipts of one line, by reader in the order of their first mark. A mark holds for all lines up to its own.
pub(super) fn of_line(item: &Item, marks: &[(RoomId, Mark)]) -> Vec<Receipt> {
    let author = item.by.as_ref().map(|by| by.participant);
    let mut receipts: Vec<Receipt> = Vec::new();
    for (room, mark) in marks {
        if *room != item.room || mark.n < item.n || Some(mark.participant) == author {
            continue;
        }
        let known = receipts.iter().position(|r| r.recipient_participant_id == mark.participant);
        let at = known.unwrap_or_else(|| {
            receipts.push(Receipt {
                delivered_timestamp: Some(iso_ms(mark.at.0)),
                read_timestamp: None,
                recipient_participant_id: mark.participant,
            });
            receipts.len() - 1
        });
        if mark.read && receipts[at].read_timestamp.is_none() {
            receipts[at].read_timestamp = Some(iso_ms(mark.at.0));
        }
    }
    receipts
}
