//! What stories tell, and to whom.

use super::*;
use crate::admin::contacts::sample;
use crate::door::RealmNo;
use domain::audit::{Actor, Way};
use domain::directory::{Role, User};
use domain::id::{FileId, TokenHash};
use domain::queue::{Candidate, Out, Rule};
use domain::time::Millis;

fn caller(id: &str, role: Role) -> Caller {
    let user = json!({"id": id, "name": id, "role": role});
    let user: User = serde_json::from_value(user).unwrap();
    let actor = Actor { user: id.into(), way: Way::Page, from: "127.0.0.1".into() };
    Caller {
        user: user.into(),
        realm: RealmNo(0),
        session: TokenHash([0; 32]),
        until: Millis(9),
        actor,
    }
}

fn offered() -> Deed {
    let candidate = |agent: &str, score| Candidate {
        agent: agent.into(),
        level: 5,
        load: 0,
        idle: Millis(9_000),
        score,
    };
    let why = Why {
        rule: Rule::LongestIdle,
        candidates: vec![candidate("1001", 2), candidate("1002", 1)],
        out: vec![("1003".into(), Out::NotReady)],
        waiting: 1,
        ..Why::direct()
    };
    let contact = sample();
    let facts = vec![
        Fact::Queued {
            contact: contact.id,
            queue: "3001".into(),
            rank: 1,
            preferred: None,
            from: None,
        },
        Fact::Offered {
            contact: contact.id,
            agent: "1001".into(),
            participant: contact.customer.participant,
            until: Millis(5),
            conference: false,
            why: why.into(),
        },
    ];
    Deed { at: Millis(7), cause: "nx.call".into(), facts }
}

#[test]
fn a_supervisor_sees_why_this_agent_and_an_agent_only_themself() {
    let tell = |id, role| {
        let rungs = tell(&[(3, offered())], &caller(id, role));
        serde_json::to_value(rungs).unwrap()
    };
    let all = tell("1000", Role::Supervisor);
    assert_eq!(
        (&all[0]["lane"], &all[0]["from"], &all[0]["wire"]),
        (&json!("queue"), &json!("server"), &json!("chat"))
    );
    let why = &all[1]["detail"];
    assert_eq!(why["candidates"].as_array().unwrap().len(), 2);
    assert_eq!(why["out"], json!([{"agent": "1003", "rule": "not_ready"}]));
    assert_eq!(
        (&all[1]["seq"], &all[1]["at"], &all[1]["kind"]),
        (&json!(3), &json!(7), &json!("offered"))
    );
    let own = tell("1002", Role::Agent);
    let why = &own[1]["detail"];
    assert_eq!(why["candidates"].as_array().unwrap().len(), 1);
    assert_eq!((&why["candidates"][0]["agent"], &why["out"]), (&json!("1002"), &json!([])));
}

#[test]
fn what_was_recorded_stands_in_it_and_who_listened_only_for_those_who_lead_and_for_themself() {
    let contact = sample();
    let id: FileId = "019aa753-fabc-7123-8456-0123456789ab".parse().unwrap();
    let recording = json!({
        "id": id, "contact": contact.id, "room": contact.room(), "segment": 1, "cnid": "1", "cnsq": 1,
        "began": 5, "length": 2_500, "size": 40_058, "channels": 2, "kind": "audio/wav",
    });
    let recording = serde_json::from_value(recording).unwrap();
    let recorded = Fact::Recorded { recording };
    let listened = Fact::Listened { contact: contact.id, recording: id, by: "1002".into() };
    let deed = Deed { at: Millis(9), cause: "api.listen".into(), facts: vec![recorded, listened] };
    let deeds = [(4, deed)];
    let kinds = |id, role| -> Vec<_> {
        tell(&deeds, &caller(id, role)).iter().map(|rung| rung.kind).collect()
    };
    assert_eq!(kinds("1000", Role::Supervisor), ["recorded", "listened"]);
    assert_eq!(kinds("1002", Role::Agent), ["recorded", "listened"]);
    assert_eq!(kinds("1001", Role::Agent), ["recorded"]);
    let rungs = serde_json::to_value(tell(&deeds, &caller("1000", Role::Supervisor))).unwrap();
    let detail = json!({"recording": id, "began": 5, "length_ms": 2_500, "kept": "whole"});
    assert_eq!(rungs[0]["detail"], detail);
    assert_eq!(rungs[1]["detail"], json!({"recording": id, "by": "1002"}));
}

#[test]
fn secrets_are_no_part_of_a_story() {
    let given = Fact::TokenGiven {
        room: sample().room(),
        participant: sample().customer.participant,
        token: TokenHash([7; 32]),
        kind: domain::room::TokenKind::Connection,
        until: Millis(9),
    };
    let deed = Deed { at: Millis(1), cause: "connect.StartChatContact".into(), facts: vec![given] };
    assert!(tell(&[(1, deed)], &caller("1000", Role::Administrator)).is_empty());
}
