//! The server's own sentences, in the language of the page.

use serde_json::{Value, json};

/// A language that we speak.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Lang {
    /// Korean.
    #[default]
    Ko,
    /// English, for everyone else.
    En,
}

/// Something worth a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sentence<'a> {
    /// An agent has come.
    Joined(&'a str),
    /// An agent has gone.
    Left(&'a str),
    /// The matter is passed on.
    Transferred,
    /// It could not be.
    TransferFailed,
    /// The customer does not answer.
    Idle,
    /// The customer has not answered.
    Dropped,
}

impl Lang {
    /// Of a language tag.
    pub(super) fn of(tag: Option<&str>) -> Self {
        match tag {
            Some(tag) if !tag.get(..2).is_some_and(|ko| ko.eq_ignore_ascii_case("ko")) => Self::En,
            _ => Self::Ko,
        }
    }

    /// The sentence.
    pub(super) fn say(self, sentence: Sentence<'_>) -> String {
        match (self, sentence) {
            (Self::Ko, Sentence::Joined(name)) => format!("상담사 {name}님이 입장했습니다."),
            (Self::En, Sentence::Joined(name)) => format!("{name} has joined."),
            (Self::Ko, Sentence::Left(name)) => format!("상담사 {name}님이 나갔습니다."),
            (Self::En, Sentence::Left(name)) => format!("{name} has left."),
            (Self::Ko, Sentence::Transferred) => "다른 상담사에게 연결합니다.".to_owned(),
            (Self::En, Sentence::Transferred) => "You are being passed on.".to_owned(),
            (Self::Ko, Sentence::TransferFailed) => "연결하지 못했습니다.".to_owned(),
            (Self::En, Sentence::TransferFailed) => "You could not be passed on.".to_owned(),
            (Self::Ko, Sentence::Idle) => {
                "답변을 기다리고 있습니다. 답변이 없으면 상담이 종료됩니다.".to_owned()
            }
            (Self::En, Sentence::Idle) => {
                "We are waiting for your answer. Without one the chat will end.".to_owned()
            }
            (Self::Ko, Sentence::Dropped) => "답변이 없어 상담을 종료합니다.".to_owned(),
            (Self::En, Sentence::Dropped) => "There was no answer, so the chat ends.".to_owned(),
        }
    }

    /// The question how it went, as a link.
    pub(super) fn rating(self, url: &str) -> Value {
        let (message, name) = match self {
            Self::Ko => ("상담은 어떠셨나요?", "상담 평가하기"),
            Self::En => ("How did it go?", "Rate this chat"),
        };
        json!({
            "type": "links",
            "message": message,
            "links": [{"name": name, "type": "link", "url": url}],
        })
    }
}
