//! A message with parts in the form of `nxwebapi.md` 4 and 5, where it must be told in words or offered in another form:
//! links, files, a scenario's menu, a choice from one. Whoever shows it as it is needs nothing of this.

use domain::command::Choice as Chosen;
use serde_json::Value;

/// One thing to choose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// What is said by whoever chooses it.
    pub title: String,
    /// More about it; may be empty.
    pub text: String,
}

/// What is offered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offer {
    /// Above all; may be empty.
    pub title: String,
    /// What is said with it; may be empty.
    pub text: String,
    /// What there is to choose, in the order of its numbers.
    pub choices: Vec<Choice>,
    /// Some of the choices lead to another page instead of being said.
    pub linked: bool,
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

fn each<'a>(value: &'a Value, member: &str) -> impl Iterator<Item = &'a Value> {
    value[member].as_array().into_iter().flatten()
}

/// The message of a scenario, if it is one (`nxwebapi.md` 5).
fn scenario(content: &Value) -> Option<&Value> {
    (text(content, "TYPE") == "SCENARIO").then(|| &content["MESSAGE"]).filter(|m| m.is_object())
}

impl Offer {
    /// What a menu or a list of links offers; none where nothing is.
    pub fn of(content: &Value) -> Option<Self> {
        if let Some(menu) = scenario(content).filter(|menu| menu["BUTTONS"].is_array()) {
            let mut choices: Vec<Choice> = each(menu, "BUTTONS")
                .map(|button| {
                    let title = [text(button, "TITLE"), text(button, "KEYWORD")];
                    let title = title.into_iter().find(|t| !t.is_empty()).unwrap_or_default();
                    Choice { title: title.to_owned(), text: broken(text(button, "TEXT")) }
                })
                .collect();
            choices.extend(each(menu, "TAIL").map(|tail| Choice {
                title: text(tail, "KEYWORD").to_owned(),
                text: String::new(),
            }));
            let mut said = broken(text(menu, "DESC"));
            let url = text(menu, "URL");
            if !url.is_empty() {
                said = if said.is_empty() { url.to_owned() } else { format!("{said}\n{url}") };
            }
            return Some(Self {
                title: text(menu, "TITLE").to_owned(),
                text: said,
                choices,
                linked: false,
            });
        }
        if content["links"].is_array() {
            let choices = each(content, "links").map(|link| Choice {
                title: text(link, "name").to_owned(),
                text: text(link, "url").to_owned(),
            });
            return Some(Self {
                title: String::new(),
                text: text(content, "message").to_owned(),
                choices: choices.collect(),
                linked: each(content, "links").any(|link| text(link, "type") == "link"),
            });
        }
        None
    }
}

/// Line breaks are two characters on that wire (`nxwebapi.md` 5), and real ones here.
fn broken(text: &str) -> String {
    text.replace("\\n", "\n")
}

/// The message in words, one line for each choice or file; none where there are no words in it.
pub fn words(content: &Value) -> Option<String> {
    let mut lines: Vec<String> = Vec::new();
    if let Some(offer) = Offer::of(content) {
        lines.extend([offer.title, offer.text]);
        let numbered = (1..).zip(offer.choices);
        lines.extend(numbered.map(|(n, choice)| match choice.text.as_str() {
            "" => format!("{n}. {}", choice.title),
            text => format!("{n}. {}: {text}", choice.title),
        }));
    } else if let Some(choice) = scenario(content) {
        lines.push(text(choice, "KEYWORD").to_owned());
    } else {
        lines.push(text(content, "message").to_owned());
        lines.extend(each(content, "file_data").map(|file| {
            let line = format!("{} {}", text(file, "name"), text(file, "url"));
            line.trim().to_owned()
        }));
    }
    lines.retain(|line| !line.is_empty());
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// What a customer's message chooses, as bots understand it: a scenario's answer, or the button of a link
/// (`nxwebapi.md` 4 and 5). None where it is nothing chosen.
pub fn chosen(content: &Value) -> Option<Chosen> {
    if let Some(choice) = scenario(content) {
        let menu = Some(text(choice, "MENU_ID")).filter(|menu| !menu.is_empty());
        let (menu, keyword) = (menu.map(Into::into), text(choice, "KEYWORD").into());
        return Some(Chosen { menu, keyword });
    }
    let word = text(content, "message");
    let pressed = content["links"].is_null() && content["file_data"].is_null() && !word.is_empty();
    pressed.then(|| Chosen { menu: None, keyword: word.into() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn menu() -> Value {
        json!({"TYPE": "SCENARIO", "NAME": "시나리오 시작", "MESSAGE": {
            "KEYWORD": "HOME", "MENU_ID": "CHAT_ROOT", "TITLE": "WELCOME", "TYPE": "CONTENT",
            "NAME": "시나리오 시작", "URL": "http://nexus.co.kr", "DESC": "환영합니다.\\n 무엇을 도와드릴까요?",
            "COUNT_BUTTONS": 2, "BUTTONS": [
                {"KEYWORD": "솔루션", "MENU_ID": "SOLUTION", "TITLE": "솔루션 문의", "TEXT": "소개해 드립니다."},
                {"KEYWORD": "직원", "MENU_ID": "EMPLOYEE", "TITLE": "직원 문의", "TEXT": ""}],
            "TAIL": [{"KEYWORD": "HOME", "MENU_ID": "CHAT_ROOT"}], "COUNT_TAIL": 1}})
    }

    #[test]
    fn a_menu_becomes_a_numbered_list() {
        let expected = "WELCOME\n환영합니다.\n 무엇을 도와드릴까요?\nhttp://nexus.co.kr\n1. 솔루션 문의: 소개해 드립니다.\n\
                        2. 직원 문의\n3. HOME";
        assert_eq!(words(&menu()).unwrap(), expected);
    }

    #[test]
    fn links_and_files_become_a_line_each() {
        let links = json!({"type": "links", "message": "원하시는 문의를 선택해 주세요.", "links": [
            {"name": "프로모션", "type": "text", "extra": "PROMOTION-01"},
            {"name": "로그인", "type": "link", "url": "http://118.219.54.237/login"}]});
        let expected =
            "원하시는 문의를 선택해 주세요.\n1. 프로모션\n2. 로그인: http://118.219.54.237/login";
        assert_eq!(words(&links).unwrap(), expected);
        assert!(Offer::of(&links).unwrap().linked);
        let files = json!({"type": "file", "message": "", "file_data": [
            {"name": "a.jpg", "url": "http://h/a.jpg"}, {"name": "b.doc", "url": "http://h/b"}]});
        assert_eq!(words(&files).unwrap(), "a.jpg http://h/a.jpg\nb.doc http://h/b");
        assert_eq!(
            words(&json!({"type": "text", "message": "안녕", "extra": "X"})).unwrap(),
            "안녕"
        );
        for nothing in [json!({}), json!([]), json!("x"), json!({"TYPE": "SCENARIO", "MESSAGE": 1})]
        {
            assert_eq!(words(&nothing), None, "{nothing}");
        }
    }

    #[test]
    fn what_was_chosen_is_a_menu_and_a_word() {
        let choice = json!({"TYPE": "SCENARIO",
            "MESSAGE": {"SCENARIO": "CHAT", "KEYWORD": "솔루션", "MENU_ID": "SOLUTION"}});
        let expected = Chosen { menu: Some("SOLUTION".into()), keyword: "솔루션".into() };
        assert_eq!(chosen(&choice), Some(expected));
        assert_eq!(words(&choice).unwrap(), "솔루션");
        let pressed = json!({"type": "text", "message": "프로모션", "extra": "PROMOTION-01"});
        assert_eq!(chosen(&pressed), Some(Chosen { menu: None, keyword: "프로모션".into() }));
        assert_eq!(chosen(&json!({"type": "links", "message": "m", "links": []})), None);
    }
}
