//! The shapes of bodies and answers, one line a member: `name type`, with `!` for one that must be there.

use crate::admin::directory::Kind;
use serde_json::{Map, Value, json};

/// The schema of a kind of entry.
pub(super) const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Keys => "Key",
        Kind::Users => "User",
        Kind::Devices => "Device",
        Kind::Groups => "Group",
        Kind::Hours => "Hours",
        Kind::Queues => "Queue",
        Kind::Bots => "Bot",
        Kind::Flows => "Flow",
        Kind::Widgets => "Widget",
        Kind::Reasons => "Reason",
        Kind::WrapUpCodes => "WrapUpCode",
        Kind::CtiUsers => "CtiUser",
        Kind::Trunks => "Trunk",
        Kind::Workspaces => "Workspace",
        Kind::Streams => "Stream",
    }
}

/// What is closed takes no members but these; what is open may grow.
const CLOSED: &[(&str, &str)] = &[
    ("LogIn", "user! string, password! string, realm string, code string"),
    ("Code", "code! string"),
    ("Enrolment", "ticket! string, code! string, log_in boolean"),
    ("Key", "id! string, secret string, sealed string, actions! strings"),
    (
        "User",
        "id! string, name! string, role! string, password string, password_hash string, extension string, \
         skills levels, limits levels, disabled boolean, second_factor boolean, sign_on string",
    ),
    (
        "Device",
        "id! string, virtual boolean, dnd boolean, forward texts, service string, password string, public boolean, \
         record boolean",
    ),
    (
        "CtiUser",
        "id! string, password string, password_hash string, supervise boolean, devices strings, \
         profile CtiProfile, disabled boolean",
    ),
    (
        "Trunk",
        "id! string, host! string, carrier string, user string, password string, register boolean, numbers texts, \
         rules DialRules, priority integer, limit integer, caller string, uui boolean, disabled boolean",
    ),
    ("DialRule", "prefix string, least integer, most integer, strip integer, add string"),
    (
        "CtiProfile",
        "result_text boolean, dial_call_id boolean, after_work_205 boolean, chat_events boolean, \
         agent_logoff_on_disconnect_s integer",
    ),
    ("Group", "id! integer, name! string, members levels, record boolean, after_work_ms integer"),
    ("Hours", "id! string, utc_offset_minutes integer, week! texts, holidays strings"),
    (
        "Queue",
        "id! string, name! string, group! integer, aliases strings, policy string, skills levels, priority integer, \
         ageing_ms integer, offer_ms integer, wrap_up_ms integer, last_agent_ms integer, target_ms integer, \
         idle_warning_ms integer, idle_close_ms integer, rating boolean, hours string, ring_ms integer, \
         longest integer, overflow Overflow, public boolean, answer_by_agent boolean, \
         record boolean",
    ),
    ("Overflow", "to! string, after_ms integer, length integer, no_agent boolean"),
    (
        "Bot",
        "id! string, name! string, kind! string, greeting string, queue string, scenario string, url string, \
         secret string, sealed string, time_ms integer, sorry string, handing string",
    ),
    (
        "Flow",
        "id! string, name! string, greeting string, queue string, bot string, linger_ms integer",
    ),
    ("Widget", "id! string, flow! string, origins! strings, attributes strings"),
    ("Reason", "code! integer, ko! string, en! string, after_work boolean"),
    (
        "Workspace",
        "id! string, name! string, url! string, place string, queues strings, origins strings, events boolean, \
         commands boolean, card boolean, session boolean, null_origin boolean, profile string, allow strings",
    ),
    ("WrapUpCode", "code! string, ko! string, en! string"),
    ("Stream", "topic! string, url string, secret string, sealed string"),
    (
        "Realm",
        "name! string, aliases strings, instance! string, created integer, open_topics boolean, \
         stream_hosts strings, push_to string, max_chats integer, ring_ms integer, utc_offset_minutes integer, open_like_max boolean, \
         second_factor strings, sign_on SignOn, agents_hear_own boolean, retention Retention",
    ),
    (
        "SignOn",
        "issuer! string, client! string, secret string, sealed string, claim string, label string, second_factor string, \
         no_passwords boolean",
    ),
    ("Retention", "rooms integer, files integer, recordings integer"),
];

const OPEN: &[(&str, &str)] = &[
    (
        "Audited",
        "id! string, at! integer, cause! string, kind! string, name! string, action! string, by string, way string, \
         from string, changed strings, before object, after object",
    ),
    ("Problem", "error! Error"),
    ("Error", "code! string, message! string, faults Faults"),
    (
        "Preview",
        "ok! boolean, faults! Faults, languages strings, queue string, menus! Menus, turn object",
    ),
    ("Fault", "line! integer, key! string, what! string"),
    (
        "Menu",
        "id! string, keyword! string, does! string, shown! object, leads! strings, words strings, to texts",
    ),
    (
        "Recording",
        "id! string, contact! string, room! string, segment! integer, cnid! string, cnsq! integer, agent string, \
         maker string, queue string, began! integer, length! integer, size! integer, channels! integer, type! string, kept! string",
    ),
    ("Peaks", "length! integer, channels! object"),
    ("About", "name! string, version! string, demo! boolean, listeners! texts"),
    ("Ways", "label string, passwords! boolean"),
    ("Session", "token string, expires! integer, user! Person"),
    ("Person", "id! string, name! string, role! string, extension string, second_factor boolean"),
    ("NewSecondFactor", "ticket! string, secret! string, uri! string, svg! string"),
    ("SecondFactor", "recovery! strings, token string, expires integer, user Person"),
    (
        "Level",
        "id! string, name! string, waiting! integer, oldest integer, ready! integer, logged_on! integer, \
         target_ms! integer",
    ),
    (
        "Contact",
        "id! string, number! integer, room! string, segment! integer, cid string, cnid string, cnsq integer, \
         channel! string, phase! string, initiation! string, customer! Customer, started! integer, updated! integer, \
         queue string, agent string, connected integer, queued integer, accepted integer, ended integer, \
         reason string, first_answer integer, rating integer, previous string, related string, name string, \
         description string, tags texts, attributes texts, wrap_up object, call object, messages! object, segments Contacts",
    ),
    (
        "StoryItem",
        "seq! integer, at! integer, cause! string, wire! string, kind! string, lane! string, from string, to string, \
         contact string, text! string, detail object",
    ),
    (
        "Report",
        "report! string, by! string, from! integer, to! integer, at! integer, utc_offset_minutes! integer, \
         rows! ReportRows, total! ReportRow",
    ),
    (
        "ReportRow",
        "at integer, queue string, agent string, channel string, reason integer, name string, offered integer, \
         answered integer, abandoned integer, overflowed integer, transferred integer, in_time integer, \
         service_level number, abandon_rate number, asa_ms integer, wait_ms integer, missed integer, made integer, \
         handled integer, talk_ms integer, hold_ms integer, wrap_ms integer, aht_ms integer, login_ms integer, \
         ready_ms integer, not_ready_ms integer, after_work_ms integer, times integer",
    ),
    ("Customer", "name! string, id string, verified! boolean"),
    (
        "Item",
        "n! integer, id! string, at! integer, contact! string, kind! string, type string, text string, \
         audience! string, by object, file object, event string",
    ),
];

/// All of them.
pub(super) fn all() -> Value {
    let mut all = Map::new();
    for (name, members) in CLOSED {
        let mut schema = object(members);
        schema["additionalProperties"] = json!(false);
        all.insert((*name).to_owned(), schema);
    }
    all.extend(OPEN.iter().map(|(name, members)| ((*name).to_owned(), object(members))));
    for one in ["Contact", "DialRule", "Fault", "Menu", "ReportRow"] {
        all.insert(format!("{one}s"), array(&super::reference(one)));
    }
    let mut document = Map::new();
    document.insert("realm".to_owned(), super::reference("Realm"));
    document.extend(
        Kind::ALL
            .iter()
            .map(|kind| (kind.member().to_owned(), array(&super::reference(name(*kind))))),
    );
    let document = json!({"type": "object", "properties": document, "additionalProperties": false});
    all.insert("Document".to_owned(), document);
    Value::Object(all)
}

fn object(members: &str) -> Value {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for member in members.split(',') {
        let mut words = member.split_whitespace();
        let (Some(name), Some(kind)) = (words.next(), words.next()) else { continue };
        let bare = name.trim_end_matches('!');
        if bare != name {
            required.push(bare);
        }
        properties.insert(bare.to_owned(), shape(kind));
    }
    json!({"type": "object", "properties": properties, "required": required})
}

fn shape(kind: &str) -> Value {
    match kind {
        "strings" => array(&json!({"type": "string"})),
        "texts" => json!({"type": "object", "additionalProperties": {"type": "string"}}),
        "levels" => json!({"type": "object", "additionalProperties": {"type": "integer"}}),
        other if other.starts_with(char::is_uppercase) => super::reference(other),
        plain => json!({"type": plain}),
    }
}

fn array(of: &Value) -> Value {
    json!({"type": "array", "items": of})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_written_in_one_line() {
        assert_eq!(
            object("id! string, n integer, o Overflow"),
            json!({
                "type": "object",
                "properties": {
                    "id": {"type": "string"},
                    "n": {"type": "integer"},
                    "o": {"$ref": "#/components/schemas/Overflow"},
                },
                "required": ["id"],
            })
        );
    }
}
