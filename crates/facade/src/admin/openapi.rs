//! `GET /api/v1/openapi.json`: this wire for programs that read descriptions (`OpenAPI` 3.1). Written by hand, as short as
//! it can be and complete; tests hold it against what is answered.

mod schemas;

use super::directory::Kind;
use super::problem;
use crate::door::Step;
use serde_json::{Map, Value, json};

/// The document.
pub(super) fn get() -> Step {
    problem::reply(200, &document())
}

/// One operation: method, path, who may, what it does, parameters of the query, schema of the body, of the answer.
struct Operation {
    method: &'static str,
    path: String,
    role: &'static str,
    summary: String,
    query: &'static [(&'static str, &'static str)],
    body: Option<Value>,
    answer: Option<Value>,
}

impl Operation {
    fn new(method: &'static str, path: &str, role: &'static str, summary: &str) -> Self {
        let (path, summary) = (path.to_owned(), summary.to_owned());
        Self { method, path, role, summary, query: &[], body: None, answer: None }
    }

    fn query(mut self, query: &'static [(&'static str, &'static str)]) -> Self {
        self.query = query;
        self
    }

    fn body(mut self, schema: Value) -> Self {
        self.body = Some(schema);
        self
    }

    fn answer(mut self, schema: Value) -> Self {
        self.answer = Some(schema);
        self
    }

    fn write(&self) -> Value {
        let names =
            self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let mut parameters: Vec<Value> = names
            .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}))
            .collect();
        let query = self.query.iter();
        parameters
            .extend(query.map(
                |(name, kind)| json!({"name": name, "in": "query", "schema": {"type": kind}}),
            ));
        let mut responses = Map::new();
        match &self.answer {
            Some(schema) => responses
                .insert("200".into(), json!({"description": "done", "content": content(schema)})),
            None => responses.insert("204".into(), json!({"description": "done"})),
        };
        responses.insert("default".into(), json!({"$ref": "#/components/responses/Problem"}));
        let open = self.role == "everyone";
        let security = if open { json!([]) } else { json!([{"bearer": []}, {"cookie": []}]) };
        let mut written = json!({
            "summary": self.summary,
            "description": format!("For: {}.", self.role),
            "security": security,
            "parameters": parameters,
            "responses": responses,
        });
        if let Some(schema) = &self.body {
            written["requestBody"] = json!({"required": true, "content": content(schema)});
        }
        written
    }
}

fn content(schema: &Value) -> Value {
    if schema["format"] == "toml" {
        json!({"application/toml": {"schema": schema}})
    } else if schema["format"] == "csv" {
        json!({"text/csv": {"schema": schema}})
    } else if schema["format"] == "binary" {
        json!({"application/octet-stream": {"schema": schema}})
    } else {
        json!({"application/json": {"schema": schema}})
    }
}

fn document() -> Value {
    let mut paths = Map::new();
    for operation in operations() {
        let path = paths.entry(operation.path.clone()).or_insert_with(|| json!({}));
        path[operation.method] = operation.write();
    }
    json!({
        "openapi": "3.1.0",
        "info": {"title": "Sangdam", "version": "1", "description": "Times are milliseconds since 1970."},
        "servers": [{"url": "/api/v1"}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": super::cookie::NAME},
            },
            "responses": {"Problem": {
                "description": "what went wrong",
                "content": {"application/json": {"schema": reference("Problem")}},
            }},
            "schemas": schemas::all(),
        },
    })
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// A page of a transcript.
const LINES: &[(&str, &str)] = &[("before", "integer"), ("after", "integer"), ("limit", "integer")];

/// Which changes.
const AUDIT: &[(&str, &str)] = &[
    ("from", "integer"),
    ("to", "integer"),
    ("by", "string"),
    ("kind", "string"),
    ("name", "string"),
    ("below", "string"),
    ("limit", "integer"),
];

/// What is said to try a scenario.
const TRY: &[(&str, &str)] = &[
    ("from", "string"),
    ("said", "string"),
    ("menu", "string"),
    ("missed", "integer"),
    ("language", "string"),
];

/// Which contacts.
const FILTER: &[(&str, &str)] = &[
    ("from", "integer"),
    ("to", "integer"),
    ("queue", "string"),
    ("agent", "string"),
    ("customer", "string"),
    ("channel", "string"),
    ("ended", "boolean"),
    ("number", "string"),
    ("name", "string"),
    ("text", "string"),
    ("outcome", "string"),
    ("below", "integer"),
    ("limit", "integer"),
];

/// Which recordings.
const RECORDINGS: &[(&str, &str)] = &[
    ("cnid", "string"),
    ("cnsq", "integer"),
    ("contact", "string"),
    ("agent", "string"),
    ("queue", "string"),
    ("from", "integer"),
    ("to", "integer"),
    ("below", "string"),
    ("limit", "integer"),
];

/// Which report.
const REPORT: &[(&str, &str)] = &[
    ("from", "string"),
    ("to", "string"),
    ("by", "string"),
    ("queue", "string"),
    ("agent", "string"),
    ("channel", "string"),
    ("format", "string"),
];

const ALL: &str = "everyone";
const LOGGED_IN: &str = "everyone who is logged in";
const OWN: &str = "supervisors, administrators; agents see their own";
const LISTENERS: &str =
    "supervisors, administrators; agents hear their own where the realm allows it";
const READERS: &str = "supervisors, administrators";
const WRITERS: &str = "administrators";

fn operations() -> Vec<Operation> {
    let new = Operation::new;
    let bytes = || json!({"type": "string", "format": "binary"});
    let csv = || json!({"type": "string", "format": "csv"});
    let toml = || json!({"type": "string", "format": "toml"});
    let mut all = vec![
        new("post", "/session", ALL, "Log in")
            .body(reference("LogIn"))
            .answer(reference("Session")),
        new("get", "/session", LOGGED_IN, "Who am I?").answer(reference("Session")),
        new("delete", "/session", LOGGED_IN, "Log out"),
        new("post", "/second-factor", ALL, "Begin to set one's second factor")
            .body(reference("LogIn"))
            .answer(reference("NewSecondFactor")),
        new("put", "/second-factor", ALL, "Set it, by a code of the new device")
            .body(reference("Enrolment"))
            .answer(reference("SecondFactor")),
        new("delete", "/second-factor", ALL, "Take one's own off").body(reference("LogIn")),
        new("delete", "/users/{id}/second-factor", WRITERS, "Take somebody's second factor off"),
        new("get", "/sign-on", ALL, "Which ways in there are").answer(reference("Ways")),
        new("post", "/sign-on/code", ALL, "A code of whom the identity provider has named")
            .body(reference("Code"))
            .answer(reference("Session")),
        new("post", "/sign-on/second-factor", ALL, "Begin to set the second factor of theirs")
            .answer(reference("NewSecondFactor")),
        new("get", "/about", ALL, "What runs here").answer(reference("About")),
        new("get", "/openapi.json", ALL, "This document").answer(json!({"type": "object"})),
        new("get", "/levels", LOGGED_IN, "How full the queues are").answer(list("queues", "Level")),
        new("get", "/contacts", OWN, "Contacts, newest first")
            .query(FILTER)
            .answer(list("contacts", "Contact")),
        new("get", "/contacts/{name}", OWN, "One contact, by UUID, number, Cid or cnid")
            .answer(reference("Contact")),
        new("get", "/contacts/{name}/transcript", OWN, "What was said")
            .query(LINES)
            .answer(list("items", "Item")),
        new("get", "/recordings", LISTENERS, "Recordings of calls, newest first")
            .query(RECORDINGS)
            .answer(list("recordings", "Recording")),
        new("get", "/recordings/{id}", LISTENERS, "One recording").answer(reference("Recording")),
        new("get", "/recordings/{id}/audio", LISTENERS, "Its bytes; ranges are honoured")
            .answer(bytes()),
        new("get", "/recordings/{id}/peaks", LISTENERS, "Its outline, for a picture of it")
            .query(&[("points", "integer")])
            .answer(reference("Peaks")),
        new("get", "/contacts/{name}/story", OWN, "What happened, fact by fact")
            .query(&[("after", "integer"), ("limit", "integer")])
            .answer(list("items", "StoryItem")),
        new("get", "/reports/{report}", READERS, "Intervals: queues, agents, channels or reasons")
            .query(REPORT)
            .answer(reference("Report")),
        new("get", "/files/{id}", LOGGED_IN, "A file's bytes")
            .query(&[("thumb", "integer"), ("contact", "string")])
            .answer(bytes()),
        new(
            "put",
            "/files/upload/{secret}",
            LOGGED_IN,
            "Put the bytes of a file that was announced",
        )
        .body(bytes()),
        new("get", "/audit", WRITERS, "Who changed what, newest first")
            .query(AUDIT)
            .answer(list("entries", "Audited")),
        new("get", "/audit.csv", WRITERS, "The same as a table").query(AUDIT).answer(csv()),
        new("get", "/realm", READERS, "The realm itself").answer(reference("Realm")),
        new("put", "/realm", WRITERS, "Change it")
            .body(reference("Realm"))
            .answer(reference("Realm")),
        new("get", "/bots/{id}/scenario", READERS, "The text of a bot's scenario").answer(toml()),
        new("put", "/bots/{id}/scenario", WRITERS, "Check it, and let the bot follow it")
            .body(toml())
            .answer(reference("Preview")),
        new("post", "/scenarios/preview", READERS, "What customers would meet; changes nothing")
            .query(TRY)
            .body(toml())
            .answer(reference("Preview")),
        new("get", "/export", WRITERS, "The whole realm as one document")
            .answer(reference("Document")),
        new("put", "/import", WRITERS, "Add and replace what a document holds")
            .body(reference("Document"))
            .answer(json!({"type": "object", "properties": {"put": {"type": "integer"}}})),
    ];
    for kind in Kind::ALL {
        let (path, schema) = (kind.path(), schemas::name(kind));
        let one = format!("/{path}/{{name}}");
        all.extend([
            new("get", &format!("/{path}"), READERS, &format!("All {path}"))
                .answer(list(kind.member(), schema)),
            new("get", &one, READERS, &format!("One of the {path}")).answer(reference(schema)),
            new("put", &one, WRITERS, "Add or replace it")
                .body(reference(schema))
                .answer(reference(schema)),
            new("delete", &one, WRITERS, "Remove it"),
        ]);
    }
    all
}

fn list(member: &str, schema: &str) -> Value {
    json!({"type": "object", "properties": {member: {"type": "array", "items": reference(schema)}}})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let text = document.to_string();
        for part in text.split("#/components/").skip(1) {
            let pointer = format!("/components/{}", part.split('"').next().unwrap());
            assert!(document.pointer(&pointer).is_some(), "{pointer}");
        }
    }

    #[test]
    fn every_kind_of_entry_can_be_read_and_written() {
        for kind in Kind::ALL {
            let path = format!("/paths/~1{}~1{{name}}", kind.path());
            let operations = document().pointer(&path).cloned().unwrap();
            assert_eq!(
                operations.as_object().unwrap().keys().collect::<Vec<_>>(),
                ["delete", "get", "put"]
            );
        }
    }
}
