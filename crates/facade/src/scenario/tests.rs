//! Scenario files: what is made of a right one, and the line of every fault of a wrong one.

use super::*;
use domain::scenario::{Act, ROOT};
use serde_json::Value;

/// As short as it can be.
const SMALL: &str = r#"
queue = "3001"
[menu.CHAT_ROOT]
title = "WELCOME"
buttons = [{ menu = "AGENT" }]
[menu.AGENT]
keyword = "상담원"
handover = { queue = "3001" }
"#;

fn faults(text: &str) -> Vec<String> {
    read(text).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn the_guides_own_menu_is_made_letter_for_letter() {
    let text = r#"
queue = "3001"
[menu.CHAT_ROOT]
keyword = "HOME"
title = "WELCOME NEXUS"
name = "시나리오 시작"
url = "http://nexus.co.kr"
text = """
환영합니다. 넥서스커뮤니티 입니다.
 무엇을 도와드릴까요?
"""
buttons = [
  { menu = "SOLUTION", title = "솔루션 문의", text = "제품을 소개해 드립니다." },
  { menu = "EMPLOYEE", title = "직원 문의", text = "직원을 조회합니다." },
]
tail = ["CHAT_ROOT", { menu = "NEXT", keyword = "NEXT" }]
[menu.SOLUTION]
keyword = "솔루션"
text = "…"
tail = ["CHAT_ROOT"]
[menu.EMPLOYEE]
keyword = "직원"
handover = { agent = "1001" }
[menu.NEXT]
end = true
"#;
    let scenario = read(text).unwrap().scenario;
    let expected = concat!(
        r#"{"TYPE":"SCENARIO","MESSAGE":{"KEYWORD":"HOME","MENU_ID":"CHAT_ROOT","TITLE":"WELCOME NEXUS","#,
        r#""TYPE":"CONTENT","NAME":"시나리오 시작","URL":"http://nexus.co.kr","#,
        r#""DESC":"환영합니다. 넥서스커뮤니티 입니다.\\n 무엇을 도와드릴까요?","COUNT_BUTTONS":2,"BUTTONS":["#,
        r#"{"KEYWORD":"솔루션","MENU_ID":"SOLUTION","TITLE":"솔루션 문의","TEXT":"제품을 소개해 드립니다."},"#,
        r#"{"KEYWORD":"직원","MENU_ID":"EMPLOYEE","TITLE":"직원 문의","TEXT":"직원을 조회합니다."}],"#,
        r#""TAIL":[{"KEYWORD":"HOME","MENU_ID":"CHAT_ROOT"},{"KEYWORD":"NEXT","MENU_ID":"NEXT"}],"COUNT_TAIL":2},"#,
        r#""NAME":"시나리오 시작"}"#,
    );
    assert_eq!(scenario.menus[ROOT].shown.of("ko").as_ref(), expected);
    assert_eq!(scenario.menus["NEXT"].act, Act::End);
    assert_eq!(scenario.by_words(None, "2").as_deref(), Some("EMPLOYEE"));
    assert_eq!(scenario.by_words(None, "솔루션 문의").as_deref(), Some("SOLUTION"));
    assert_eq!(scenario.by_words(None, "4").as_deref(), Some("NEXT"), "the tail is counted on");
    assert_eq!(scenario.source.as_ref(), text);
}

#[test]
fn every_fault_is_told_with_its_line() {
    let text = r#"languages = ["ko", "KO"]
queue = 3001
colour = "red"
idle = { warn = "soon", close = "10m" }
patience = { words = 0, menu = "NOWHERE" }
[menu.CHAT_ROOT]
title = { en = "Hello" }
url = "javascript:alert(1)"
text = ""
buttons = [
  { menu = "SOLUTION" },
  { menu = "SOLUTION", colour = 1 },
  { title = "x" },
]
tail = [7]
[menu."no name"]
end = "yes"
[menu.SOLUTION]
hours = { id = "office" }
language = "fr"
handover = { queue = "1", agent = "2" }
end = true
"#;
    let expected = [
        r#"1: languages[1]: a language such as "ko", each once, was expected"#,
        "2: queue: a text in quotes was expected",
        "3: colour: there is no such key; there are languages, queue, unknown, closed, idle, patience, menu",
        r#"4: idle.warn: a time such as "5m" (1s to 24h) or "never""#,
        "5: patience: words and menu were expected",
        "5: patience.words: a number from 1 to 20 was expected",
        "6: menu.CHAT_ROOT: a title or a text is missing",
        "7: menu.CHAT_ROOT.title: the text in \"ko\" is missing",
        "7: menu.CHAT_ROOT.title.en: no language of this file; there are ko",
        "8: menu.CHAT_ROOT.url: an address that begins with http:// or https:// was expected",
        "9: menu.CHAT_ROOT.text: 1 to 4000 characters were expected",
        r#"12: menu.CHAT_ROOT.buttons[1]: "SOLUTION" is offered twice here"#,
        "12: menu.CHAT_ROOT.buttons[1].colour: there is no such key; there are menu, keyword, title, text",
        "13: menu.CHAT_ROOT.buttons[2]: menu is missing: where does it lead?",
        "15: menu.CHAT_ROOT.tail[0]: a table was expected",
        "16: menu.no name: a customer goes round for ever: no way leads from here to a handover or an end",
        "16: menu.no name: a name has 1 to 64 letters, digits or _-.",
        "16: menu.no name: a title or a text is missing",
        "16: menu.no name: nothing leads on from here: buttons or a tail are missing",
        "16: menu.no name: nothing leads to this menu",
        "17: menu.no name.end: true or false was expected",
        "18: menu.SOLUTION: it either hands over or ends the chat",
        "19: menu.SOLUTION.hours: id and closed (a menu) were expected",
        "20: menu.SOLUTION.language: no language of this file; there are ko",
        "21: menu.SOLUTION.handover: either queue or agent was expected",
    ];
    assert_eq!(faults(text), expected);
}

#[test]
fn a_tree_that_does_not_hold_together_is_told_menu_by_menu() {
    let text = r#"queue = "3001"
[menu.CHAT_ROOT]
title = "a"
buttons = [{ menu = "GONE" }, { menu = "ROUND" }, { menu = "OUT", keyword = "돌기" }]
[menu.ROUND]
keyword = "돌기"
title = "b"
tail = ["LOOP"]
[menu.LOOP]
keyword = " 돌기 "
title = "c"
tail = ["ROUND"]
[menu.OUT]
handover = { queue = "3001", nobody = "MIRROR" }
[menu.MIRROR]
handover = { queue = "3001", nobody = "OUT" }
words = ["돌", "환불"]
[menu.ISLAND]
title = "d"
tail = ["CHAT_ROOT"]
[menu.HEARD]
end = true
words = ["환불"]
"#;
    let expected = [
        "4: menu.CHAT_ROOT.buttons[0].menu: there is no menu GONE",
        r#"4: menu.CHAT_ROOT.buttons[2]: "돌기" is offered twice here"#,
        r#"4: menu.CHAT_ROOT.buttons[2].keyword: "돌기" is the keyword of menu ROUND"#,
        "5: menu.ROUND: a customer goes round for ever: no way leads from here to a handover or an end",
        "9: menu.LOOP: a customer goes round for ever: no way leads from here to a handover or an end",
        r#"10: menu.LOOP.keyword: " 돌기 " is the keyword of menu ROUND already"#,
        "13: menu.OUT: when it is closed it leads back to itself",
        "15: menu.MIRROR: when it is closed it leads back to itself",
        "17: menu.MIRROR.words[0]: a word within a sentence has 2 characters at least",
        "18: menu.ISLAND: nothing leads to this menu",
        r#"23: menu.HEARD.words[0]: "환불" is listened for by menu MIRROR already"#,
    ];
    assert_eq!(faults(text), expected);
}

#[test]
fn what_is_no_toml_is_told_with_its_line_and_so_is_a_menu_told_twice() {
    assert!(faults("queue = \"3001\"\n[menu.CHAT_ROOT\n")[0].starts_with("2: "));
    let twice = format!("{SMALL}[menu.AGENT]\nend = true\n");
    assert!(faults(&twice).iter().any(|fault| fault.starts_with("9: ")), "{:?}", faults(&twice));
    assert_eq!(faults("").len(), 2, "{:?}", faults(""));
    assert!(faults(&" ".repeat(LONGEST + 1))[0].contains("131072 bytes"));
}

#[test]
fn what_is_too_long_is_told() {
    let long = "가".repeat(4_001);
    let text = SMALL.replace("title = \"WELCOME\"", &format!("title = \"W\"\ntext = \"{long}\""));
    assert_eq!(faults(&text), ["5: menu.CHAT_ROOT.text: 1 to 4000 characters were expected"]);
    let long = "가".repeat(3_900);
    let button = |n| format!("{{ menu = \"AGENT\", keyword = \"k{n}\", text = \"{long}\" }}");
    let buttons: Vec<String> = (0..6).map(button).collect();
    let text = SMALL.replace("{ menu = \"AGENT\" }", &buttons.join(", "));
    assert_eq!(faults(&text), ["3: menu.CHAT_ROOT: its message takes more than 60000 bytes"]);
}

#[test]
fn the_directory_must_have_what_is_named() {
    let text = SMALL.replace("handover = { queue = \"3001\" }", "handover = { agent = \"77\" }\n[menu.X]\nwords=[\"xx\"]\nend=true\nhours = { id = \"office\", closed = \"AGENT\" }");
    let lacking = read(&text).unwrap().against(&Directory::default());
    let lacking: Vec<String> = lacking.iter().map(ToString::to_string).collect();
    let expected = [
        "2: queue: there is no queue 3001",
        "8: menu.AGENT.handover.agent: there is no agent 77",
        "12: menu.X.hours.id: there are no hours office",
    ];
    assert_eq!(lacking, expected);
}

#[test]
fn texts_may_be_of_several_languages() {
    let text = r#"
languages = ["ko", "en"]
queue = "3001"
[menu.CHAT_ROOT]
title = { ko = "환영", en = "Welcome" }
links = [{ name = { ko = "누리집", en = "Site" }, url = "https://example.com/" }, { name = "쿠폰", extra = "C-1" }]
tail = ["AGENT"]
[menu.AGENT]
handover = { queue = "3001" }
"#;
    let scenario = read(text).unwrap().scenario;
    assert!(scenario.menus[ROOT].shown.of("en").contains(r#""TITLE":"Welcome""#));
    let links: Value =
        serde_json::from_str(&scenario.menus[ROOT].links.as_ref().unwrap().of("en")).unwrap();
    let expected = serde_json::json!({"type": "links", "message": "", "links": [
        {"name": "Site", "type": "link", "url": "https://example.com/"},
        {"name": "쿠폰", "type": "text", "extra": "C-1"}]});
    assert_eq!(links, expected);
    assert_eq!(
        scenario.menus["AGENT"].shown.of("en").as_ref(),
        "I am connecting you with an agent."
    );
}

#[test]
fn a_preview_shows_each_menu_in_words_and_as_it_is_sent() {
    let shown = preview::menus(&read(SMALL).unwrap());
    assert_eq!(shown["menus"][1]["shown"]["ko"]["words"], "WELCOME\n1. 상담원");
    assert_eq!(shown["menus"][1]["shown"]["ko"]["content"]["MESSAGE"]["COUNT_BUTTONS"], 1);
    assert_eq!(shown["menus"][0]["to"]["queue"], "3001");
}
