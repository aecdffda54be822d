//! Pages of transcripts.

use super::*;
use domain::query::{ContactName, From, Lines, Place};

/// What is asked of the domain for a transcript: from where, which way, how many.
fn asked(body: &Value) -> (From, bool, u16) {
    let step = World::new().post("transcript", body);
    let Query::Transcript { from, forward, limit, .. } = query(&step) else { panic!("{body}") };
    (*from, *forward, *limit)
}

#[test]
fn row_57_a_transcript_starts_where_it_is_told() {
    let item = id(7).to_string();
    let named = From::Item(ItemId(id(7)));
    for (body, expected) in [
        (json!({}), (From::Newest, false, 10)),
        (json!({"StartPosition": {}, "NextToken": null}), (From::Newest, false, 10)),
        (json!({"StartPosition": {"Id": null}, "MaxResults": 0}), (From::Newest, false, 10)),
        (json!({"MaxResults": 100, "ScanDirection": "BACKWARD"}), (From::Newest, false, 100)),
        (json!({"StartPosition": {"Id": item}}), (named, true, 10)),
        (json!({"StartPosition": {"Id": item}, "ScanDirection": "BACKWARD"}), (named, false, 10)),
        (json!({"StartPosition": {"MostRecent": 3}}), (From::MostRecent(3), true, 10)),
        (json!({"StartPosition": {"AbsoluteTime": AT}}), (From::Time(NOW), true, 10)),
    ] {
        assert_eq!(asked(&body), expected, "{body}");
    }
}

#[test]
fn row_59_what_cannot_be_read_from_is_400() {
    let mut world = World::new();
    for bad in [
        json!({"MaxResults": 101}),
        json!({"MaxResults": -1}),
        json!({"NextToken": "bad"}),
        json!({"NextToken": "x".repeat(1_001)}),
        json!({"ScanDirection": "SIDEWAYS"}),
        json!({"SortOrder": "RANDOM"}),
        json!({"StartPosition": {"Id": "x"}}),
        json!({"StartPosition": {"AbsoluteTime": "yesterday"}}),
        json!({"StartPosition": {"MostRecent": 101}}),
        json!({"StartPosition": {"MostRecent": 1, "AbsoluteTime": AT}}),
        json!({"ContactId": "x"}),
    ] {
        assert_eq!(world.refused("transcript", &bad), invalid(), "{bad}");
    }
}

#[test]
fn scanning_forward_from_now_finds_nothing() {
    let mut world = World::new();
    for start in [json!({}), json!({"MostRecent": 0})] {
        let body = json!({"ScanDirection": "FORWARD", "StartPosition": start});
        let step = world.post("transcript", &body);
        let step = world.answered(step, Ok(holder()));
        let nothing = json!({"InitialContactId": id(9).to_string(), "Transcript": []});
        assert_eq!(json_of(step), nothing);
    }
}

fn line(n: u32, kind: TextKind) -> (u16, Arc<Item>) {
    let item = Item {
        id: ItemId(id(u8::try_from(n).unwrap())),
        n,
        at: NOW,
        room: RoomId(id(9)),
        contact: ContactId(id(9)),
        by: None,
        audience: Audience::All,
        body: Body::Message { kind, text: n.to_string().into() },
    };
    (0, Arc::new(item))
}

#[test]
fn row_56_sorting_turns_a_page_round_and_the_token_goes_on() {
    let mut world = World::new();
    for (sort, scan, expected) in [
        (None, "BACKWARD", ["9", "8"]),
        (Some("DESCENDING"), "BACKWARD", ["9", "8"]),
        (Some("ASCENDING"), "BACKWARD", ["8", "9"]),
        (None, "FORWARD", ["9", "8"]),
        (Some("ASCENDING"), "FORWARD", ["8", "9"]),
    ] {
        let body =
            json!({"SortOrder": sort, "ScanDirection": scan, "StartPosition": {"MostRecent": 2}});
        let step = world.post("transcript", &body);
        let mut items = vec![line(9, TextKind::Plain), line(8, TextKind::Plain)];
        if scan == "FORWARD" {
            items.reverse();
        }
        let next = Place { part: 0, n: items[1].1.n };
        let lines = Lines { room: RoomId(id(9)), items, marks: Vec::new(), next: Some(next) };
        let step = world.answered(step, Ok(Answer::Lines(lines)));
        let page = json_of(step);
        let texts: Vec<_> = page["Transcript"]
            .as_array()
            .unwrap()
            .iter()
            .map(|i| i["Content"].as_str().unwrap())
            .collect();
        assert_eq!(texts, expected, "{sort:?} {scan}");
        let more = json!({"NextToken": page["NextToken"], "SortOrder": sort});
        let (from, forward, _) = asked(&more);
        assert_eq!((from, forward), (From::After(next), scan == "FORWARD"));
    }
}

#[test]
fn what_an_earlier_chat_could_show_is_shown_as_this_one_can() {
    let mut world = World::new();
    let step = world.post("transcript", &json!({}));
    let items = vec![line(9, TextKind::Markdown)];
    let lines = Lines { room: RoomId(id(9)), items, marks: Vec::new(), next: None };
    let step = world.answered(step, Ok(Answer::Lines(lines)));
    assert_eq!(*query(&step), Query::Contact(ContactName::Id(ContactId(id(9)))));
}
