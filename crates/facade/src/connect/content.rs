//! The names of what a message is written in, as they are read; [`content_type`] writes them (`amazon-connect-chat.md` 1.1, 2.2).

use crate::connect::item::content_type;
use domain::contact::{TextKind, TextKinds};

/// The kind of this name. What has the form of another wire is only shown, as words, and neither sent nor asked for.
pub fn kind(name: &str) -> Option<TextKind> {
    let kind = TextKind::ALL.into_iter().find(|kind| content_type(*kind) == name);
    kind.filter(|kind| *kind != TextKind::Content)
}

/// Must text of this kind be a JSON document (2.2)?
pub const fn is_json(kind: TextKind) -> bool {
    matches!(kind, TextKind::Json | TextKind::Choices | TextKind::Choice)
}

/// The set of these names; `None` if one is unknown or plain text is missing (1.1).
pub fn kinds(names: &[&str]) -> Option<TextKinds> {
    let set = names.iter().try_fold(TextKinds::PLAIN, |set, name| Some(set.with(kind(name)?)));
    set.filter(|_| names.contains(&content_type(TextKind::Plain)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_name_and_back() {
        for at in TextKind::ALL {
            assert_eq!(kind(content_type(at)), Some(at).filter(|at| *at != TextKind::Content));
        }
        assert_eq!(kind("text/html"), None);
    }

    #[test]
    fn a_list_of_kinds_must_hold_plain_text() {
        assert_eq!(kinds(&["text/plain"]), Some(TextKinds::PLAIN));
        assert_eq!(
            kinds(&["text/markdown", "text/plain"]),
            Some(TextKinds::PLAIN.with(TextKind::Markdown))
        );
        assert_eq!(kinds(&["text/markdown"]), None);
        assert_eq!(kinds(&["text/plain", "text/html"]), None);
        assert_eq!(kinds(&[]), None);
    }
}
