//! `/api/v1/audit`: who changed what, from where, and what it was before. Secrets are never shown, only that they changed.

use super::caller::{Caller, enter_as};
use super::directory::{Secrets, show};
use super::{body, problem};
use crate::door::{Cx, Head, Response, Step};
use domain::audit::{Filter, Row, Way, What};
use domain::board::Act;
use domain::directory::{Entry, Role};
use domain::id::UserId;
use domain::query::{Answer, Query};
use domain::time::Millis;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// Rows of a page.
const LONGEST_PAGE: u16 = 100;

/// Rows of a file.
const LONGEST_FILE: u16 = 10_000;

/// Members of entries that are shown to nobody.
const SECRETS: [&str; 4] = ["password_hash", "sealed", "second_factor_sealed", "stream_secret"];

/// `GET /api/v1/audit?from&to&by&kind&name&below&limit`: newest first.
pub(super) fn list(cx: &mut Cx<'_>, head: &Head) -> Step {
    with_rows(cx, head, LONGEST_PAGE, |rows, filter| {
        let full = rows.len() == usize::from(filter.limit);
        let mut answer = json!({"entries": rows.iter().map(written).collect::<Vec<_>>()});
        if let Some(last) = rows.last().filter(|_| full) {
            answer["below"] = json!(format!("{}.{}", last.seq, last.n));
        }
        problem::json(200, &answer)
    })
}

/// `GET /api/v1/audit.csv`, with the same filter: a table for spreadsheets, at most 10,000 rows.
pub(super) fn csv(cx: &mut Cx<'_>, head: &Head) -> Step {
    with_rows(cx, head, LONGEST_FILE, |rows, _| {
        let mut table = "at,by,way,from,action,kind,name,changed\r\n".to_owned();
        for row in rows {
            let row = written(row);
            let text = |member: &str| match &row[member] {
                Value::String(text) => text.clone(),
                Value::Null => String::new(),
                other => other.to_string(),
            };
            let changed = row["changed"].as_array().into_iter().flatten();
            let changed: Vec<&str> = changed.filter_map(Value::as_str).collect();
            let cells = ["at", "by", "way", "from", "action", "kind", "name"].map(text);
            let changed = changed.join(" ");
            let cells = cells.iter().map(String::as_str).chain([changed.as_str()]);
            let cells: Vec<String> = cells.map(cell).collect();
            // Writing into a text never fails.
            let _ = write!(table, "{}\r\n", cells.join(","));
        }
        let mut response = problem::json(200, &());
        response.headers.retain(|(name, _)| *name != "content-type");
        response.headers.push(("content-type", "text/csv; charset=utf-8".to_owned()));
        response
            .headers
            .push(("content-disposition", "attachment; filename=\"sangdam-audit.csv\"".to_owned()));
        response.body = table.into_bytes();
        response
    })
}

/// A cell (RFC 4180). One that a spreadsheet would take for a formula is made a text.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
}

fn with_rows(
    cx: &mut Cx<'_>,
    head: &Head,
    most: u16,
    then: impl FnOnce(&[Row], &Filter) -> Response + Send + 'static,
) -> Step {
    let filter = match filter(head, most) {
        Ok(filter) => filter,
        Err(step) => return step,
    };
    let read = move |_: &mut Cx<'_>, caller: Caller| {
        let query = Query::Audit(filter.clone());
        let found = move |_: &mut Cx<'_>, answer| match answer {
            Ok(Answer::Audit(rows)) => Step::Reply(then(&rows, &filter)),
            Ok(_) => problem::not_found(),
            Err(refusal) => problem::refused(&refusal),
        };
        Step::Read(caller.realm, Box::new(query), Box::new(found))
    };
    enter_as(cx, head, Role::Administrator, Box::new(read))
}

fn filter(head: &Head, most: u16) -> Result<Filter, Step> {
    let query = body::Query::of(head, &["from", "to", "by", "kind", "name", "below", "limit"])?;
    let moment = |name| query.value(name, "milliseconds since 1970").map(|at| at.map(Millis));
    let below = match query.text("below") {
        None => None,
        Some(text) => {
            let place = text.split_once('.');
            let place = place.and_then(|(seq, n)| Some((seq.parse().ok()?, n.parse().ok()?)));
            Some(place.ok_or_else(|| problem::bad("below is what an answer gave"))?)
        }
    };
    Ok(Filter {
        from: moment("from")?,
        to: moment("to")?,
        by: query.text("by").map(UserId::from),
        kind: query.text("kind").map(Into::into),
        name: query.text("name").map(Into::into),
        below,
        limit: query.limit(most)?,
    })
}

/// A row as it is told.
fn written(row: &Row) -> Value {
    let mut told = json!({
        "id": format!("{}.{}", row.seq, row.n),
        "at": row.at.0,
        "cause": row.cause,
        "kind": row.kind(),
        "name": row.name(),
    });
    if let Some(by) = &row.by {
        told["by"] = json!(by.user);
        told["from"] = json!(by.from);
        told["way"] = json!(match by.way {
            Way::Page => "page",
            Way::Api => "api",
            Way::Cli => "cli",
        });
    }
    let (action, was, now) = match &row.what {
        What::Put { now, was: Some(was) } => ("changed", Some(was), Some(now)),
        What::Put { now, was: None } => ("added", None, Some(now)),
        What::Removed { was, .. } => ("removed", was.as_ref(), None),
        What::LoggedIn(_) => ("logged_in", None, None),
        What::SignedOn(_) => ("signed_on", None, None),
        What::NotLetIn { wrong, .. } => {
            told["after"] = json!({"wrong": wrong});
            ("not_let_in", None, None)
        }
        What::Supervised(act) => {
            let (action, detail) = acted(act);
            told["after"] = detail;
            (action, None, None)
        }
    };
    told["action"] = json!(action);
    if let (Some(was), Some(now)) = (was, now) {
        told["changed"] = json!(changed(was, now));
    }
    if let Some(was) = was {
        told["before"] = bare(was);
    }
    if let Some(now) = now {
        told["after"] = bare(now);
    }
    told
}

/// What a supervisor did, and with what.
fn acted(act: &Act) -> (&'static str, Value) {
    let action = match act {
        Act::Moved { .. } => "moved",
        Act::TookOver { .. } => "took_over",
        Act::Watched { .. } => "watched",
        Act::Joined { .. } => "joined",
        Act::Forced { .. } => "forced",
        Act::Limited(_) => "limited",
    };
    // Written as `{"moved": {…}}`: the name stands in `action`.
    let written = serde_json::to_value(act).unwrap_or_default();
    let detail = written.as_object().and_then(|all| all.values().next()).cloned();
    (action, detail.unwrap_or_default())
}

/// Names of members that differ, secrets among them.
fn changed(was: &Entry, now: &Entry) -> Vec<String> {
    let whole = |entry| match show(entry, Secrets::Sealed) {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    let (was, now) = (whole(was), whole(now));
    let mut names: Vec<String> = was
        .keys()
        .chain(now.keys())
        .filter(|name| was.get(*name) != now.get(*name))
        .cloned()
        .collect();
    names.sort();
    names.dedup();
    names
}

fn bare(entry: &Entry) -> Value {
    let mut shown = show(entry, Secrets::Hidden);
    if let Some(members) = shown.as_object_mut() {
        members.retain(|name, _| !SECRETS.contains(&name.as_str()));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        assert_eq!(cell("=1+2"), "\"'=1+2\"");
        assert_eq!(cell("a \"b\", c"), "\"a \"\"b\"\", c\"");
    }
}
