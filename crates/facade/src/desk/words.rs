//! A refusal in the reader's language: whole sentences for the person at the desk, who is shown them as they are.
//! Programs go by the code.

use super::frame::No;
use serde::Deserialize;
use std::borrow::Cow;

/// In which language a desk reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Cow<'_, str>")]
pub(super) enum Lang {
    /// Korean.
    Ko,
    /// English, and whatever else was asked for.
    #[default]
    En,
}

impl From<Cow<'_, str>> for Lang {
    /// By a language tag (BCP 47): its first part counts.
    fn from(tag: Cow<'_, str>) -> Self {
        let first = tag.split(['-', '_']).next().unwrap_or_default();
        if first.eq_ignore_ascii_case("ko") { Self::Ko } else { Self::En }
    }
}

/// The sentence for this refusal. What no person at a desk can meet keeps its developer's message.
pub(super) fn sentence(lang: Lang, no: &No) -> Cow<'_, str> {
    let known = SENTENCES.iter().find(|(code, ..)| *code == no.code);
    match (known, lang) {
        (Some((_, ko, _)), Lang::Ko) => Cow::Borrowed(*ko),
        (Some((.., en)), Lang::En) => Cow::Borrowed(*en),
        (None, _) => Cow::Borrowed(&no.message),
    }
}

/// Code, Korean, English.
const SENTENCES: &[(&str, &str, &str)] = &[
    (
        "agent.full",
        "그 상담사는 더 이상 상담을 맡을 수 없습니다.",
        "That agent has no room for another contact.",
    ),
    ("agent.none", "그런 상담사가 없습니다.", "There is no such agent."),
    (
        "agent.not_logged_on",
        "그 상담사는 지금 로그인하지 않았습니다.",
        "That agent is not logged in.",
    ),
    ("chat.ended", "이미 끝난 상담입니다.", "This chat has already ended."),
    (
        "contact.archived",
        "오래된 상담이라 고칠 수 없습니다.",
        "This contact is too old to be changed.",
    ),
    (
        "contact.attributes_too_large",
        "상담 정보가 너무 깁니다. 모두 합해 32,768바이트까지 쓸 수 있습니다.",
        "The details are too long: 32,768 bytes in all at most.",
    ),
    ("contact.ended", "이미 끝난 상담입니다.", "This contact has already ended."),
    ("contact.none", "그 상담은 여기에 없습니다.", "That contact is not here."),
    ("contact.not_a_chat", "전화 상담에서는 할 수 없습니다.", "This cannot be done with a call."),
    ("contact.open", "아직 끝나지 않은 상담입니다.", "This contact is still open."),
    (
        "contact.wrong_state",
        "상담의 상태가 바뀌어 지금은 할 수 없습니다.",
        "The contact has changed; this is not possible now.",
    ),
    ("device.none", "그런 전화기가 없습니다.", "There is no such telephone."),
    ("file.done", "이미 보낸 파일입니다.", "This file has been sent already."),
    ("file.none", "그 파일을 찾을 수 없습니다.", "That file cannot be found."),
    (
        "file.not_stored",
        "파일이 다 올라가지 않았습니다. 다시 보내세요.",
        "The file did not arrive whole. Send it again.",
    ),
    ("file.too_large", "파일은 20 MB까지 보낼 수 있습니다.", "Files may have up to 20 MB."),
    ("file.type", "보낼 수 없는 형식입니다.", "Files of this type can't be sent."),
    ("queue.none", "그런 대기열이 없습니다.", "There is no such queue."),
    ("quota", "더 할 수 없습니다. 정해진 한도에 이르렀습니다.", "This has reached its limit."),
    (
        "request.too_many",
        "요청이 너무 많습니다. 잠시 뒤 다시 시도하세요.",
        "Too many requests at once. Try again in a moment.",
    ),
    ("room.not_a_member", "이 대화에 참여하고 있지 않습니다.", "You are not in this conversation."),
    (
        "room.silent",
        "조용히 보는 중에는 고객에게 보낼 수 없습니다. 먼저 대화에 참여하세요.",
        "While listening you cannot write to the customer. Join the conversation first.",
    ),
    (
        "room.too_long",
        "메시지가 너무 깁니다. 나누어 보내세요.",
        "The message is too long. Send it in parts.",
    ),
    (
        "room.unsupported_text",
        "고객 화면에서 볼 수 없는 형식입니다.",
        "The customer's screen cannot show this.",
    ),
    (
        "server.fault",
        "서버에 문제가 생겼습니다. 잠시 뒤 다시 시도하세요.",
        "Something broke on the server. Try again in a moment.",
    ),
    (
        "server.unready",
        "서버가 아직 준비되지 않았습니다. 잠시 뒤 다시 시도하세요.",
        "The server is not ready yet. Try again in a moment.",
    ),
    (
        "session.bad_token",
        "로그인이 끝났습니다. 다시 로그인하세요.",
        "Your session has ended. Log in again.",
    ),
    ("session.not_allowed", "권한이 없습니다.", "Your role does not allow this."),
    (
        "store.full",
        "서버의 저장 공간이 가득 차 지금은 저장할 수 없습니다.",
        "The server's disk is full; nothing can be saved now.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use domain::refusal::Refusal;

    #[test]
    fn a_refusal_is_told_in_the_readers_language() {
        let no: No = Refusal::Silent.into();
        assert!(sentence(Lang::Ko, &no).starts_with("조용히"));
        assert!(sentence(Lang::En, &no).starts_with("While"));
        let bad = No::bad("limit: 1 to 100");
        assert_eq!(sentence(Lang::Ko, &bad), "limit: 1 to 100");
    }

    #[test]
    fn codes_are_listed_once_and_in_order() {
        assert!(SENTENCES.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn a_tags_first_part_counts() {
        for (tag, lang) in
            [("ko", Lang::Ko), ("KO-kr", Lang::Ko), ("kok", Lang::En), ("", Lang::En)]
        {
            assert_eq!(Lang::from(Cow::Borrowed(tag)), lang, "{tag}");
        }
    }
}
