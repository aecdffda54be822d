//! `GET /api/v1/reports/{queues|agents|channels|reasons}?from&to&by&queue&agent&channel&format`: what came and how it was
//! served, by intervals, as JSON or as CSV (RFC 4180). `docs/reports.md` has the definitions.

use super::caller::{Caller, enter_as};
use super::contacts::channel;
use super::{body, problem};
use crate::door::{Cx, Head, Response, Step};
use domain::agent::Channel;
use domain::calendar::{read_date, write_date};
use domain::directory::{Directory, Role};
use domain::id::{QueueId, UserId};
use domain::query::{Answer, Query};
use domain::refusal::Refusal;
use domain::report::{Every, Report, ReportFilter, ReportRow, SPANS, Subject, Sums, floor};
use domain::time::Millis;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use std::sync::Arc;

/// Rows of one report.
const MOST: usize = 20_000;

const DAY: u64 = SPANS[2].0;

/// A column: its name in JSON, and what stands in it. Names that end in `_ms` are spans; in CSV they are seconds, `_s`.
type Column = (&'static str, fn(&Sums) -> Option<f64>);

const QUEUE: &[Column] = &[
    ("offered", |s| whole(s.offered)),
    ("answered", |s| whole(s.answered)),
    ("abandoned", |s| whole(s.abandoned)),
    ("overflowed", |s| whole(s.overflowed)),
    ("transferred", |s| whole(s.transferred)),
    ("in_time", |s| whole(s.in_time)),
    ("service_level", Sums::service_level),
    ("abandon_rate", Sums::abandon_rate),
    ("asa_ms", |s| s.speed_of_answer().and_then(whole)),
    ("wait_ms", |s| whole(s.wait.0)),
    ("handled", |s| whole(s.handled)),
    ("talk_ms", |s| whole(s.handle.since(s.hold).0)),
    ("hold_ms", |s| whole(s.hold.0)),
    ("wrap_ms", |s| whole(s.wrap.0)),
    ("aht_ms", |s| s.handle_time().and_then(whole)),
];

const AGENT: &[Column] = &[
    ("offered", |s| whole(s.offered)),
    ("answered", |s| whole(s.answered)),
    ("missed", |s| whole(s.missed)),
    ("made", |s| whole(s.made)),
    ("handled", |s| whole(s.handled)),
    ("transferred", |s| whole(s.transferred)),
    ("talk_ms", |s| whole(s.handle.since(s.hold).0)),
    ("hold_ms", |s| whole(s.hold.0)),
    ("wrap_ms", |s| whole(s.wrap.0)),
    ("aht_ms", |s| s.handle_time().and_then(whole)),
    ("login_ms", |s| whole(s.logged_on().0)),
    ("ready_ms", |s| whole(s.ready.0)),
    ("not_ready_ms", |s| whole(s.not_ready.0)),
    ("after_work_ms", |s| whole(s.after_work.0)),
];

const REASON: &[Column] =
    &[("times", |s| whole(s.times)), ("not_ready_ms", |s| whole(s.not_ready.0))];

#[expect(clippy::cast_precision_loss, reason = "counts and milliseconds stay far below 2^53")]
#[expect(clippy::unnecessary_wraps, reason = "as the other columns")]
const fn whole(number: u64) -> Option<f64> {
    Some(number as f64)
}

/// The kinds of report, by their paths: the name of a row's id in it, and its columns.
const KINDS: [(&str, Subject, &str, &[Column]); 4] = [
    ("queues", Subject::Queues, "queue", QUEUE),
    ("agents", Subject::Agents, "agent", AGENT),
    ("channels", Subject::Channels, "channel", QUEUE),
    ("reasons", Subject::Reasons, "reason", REASON),
];

/// What was asked for, as far as it can be read without the directory.
struct Asked {
    subject: Subject,
    every: Every,
    from: Option<String>,
    to: Option<String>,
    queue: Option<QueueId>,
    agent: Option<UserId>,
    channel: Option<Channel>,
    csv: bool,
}

/// Answers for supervisors and administrators.
pub(super) fn get(cx: &mut Cx<'_>, head: &Head, kind: &str) -> Step {
    let Some(kind) = KINDS.iter().find(|(name, ..)| *name == kind) else {
        return problem::not_found();
    };
    let asked = match asked(head, kind.1) {
        Ok(asked) => asked,
        Err(step) => return step,
    };
    let look = move |_: &mut Cx<'_>, caller: Caller| {
        let realm = caller.realm;
        let known = move |cx: &mut Cx<'_>, answer| {
            let Ok(Answer::Directory(directory)) = answer else { return nothing(answer) };
            let filter = match filter(&asked, &directory, cx.now) {
                Ok(filter) => filter,
                Err(step) => return step,
            };
            let shown = filter.clone();
            let then = move |_: &mut Cx<'_>, answer| match answer {
                Ok(Answer::Report(Report::Rows(rows))) => {
                    let table = Table { kind, directory: &directory, filter: &shown, rows: &rows };
                    if asked.csv {
                        Step::Reply(table.csv())
                    } else {
                        problem::reply(200, &table.json())
                    }
                }
                Ok(Answer::Report(Report::TooMany)) => problem::stop(
                    400,
                    "report.too_large",
                    &format!(
                        "more than {MOST} rows: ask for a shorter time, longer intervals, or one queue or agent"
                    ),
                ),
                other => nothing(other),
            };
            Step::Read(realm, Box::new(Query::Report(Box::new(filter))), Box::new(then))
        };
        Step::Read(realm, Box::new(Query::Directory), Box::new(known))
    };
    enter_as(cx, head, Role::Supervisor, Box::new(look))
}

fn nothing(answer: Result<Answer, Refusal>) -> Step {
    problem::refused(&answer.err().unwrap_or(Refusal::NoSuchEntry))
}

fn asked(head: &Head, subject: Subject) -> Result<Asked, Step> {
    let known: &[&str] = match subject {
        Subject::Queues | Subject::Channels => &["from", "to", "by", "queue", "channel", "format"],
        _ => &["from", "to", "by", "agent", "channel", "format"],
    };
    let query = body::Query::of(head, known)?;
    let by = query.text("by").unwrap_or("total");
    let every = Every::ALL.into_iter().find(|(_, name)| *name == by).map(|(every, _)| every);
    let every = every.ok_or_else(|| problem::bad("by must be 15m, hour, day, month or total"))?;
    let csv = match query.text("format") {
        Some("csv") => true,
        Some("json") => false,
        Some(_) => return Err(problem::bad("format must be json or csv")),
        None => head.header("accept").is_some_and(|accept| accept.contains("text/csv")),
    };
    Ok(Asked {
        subject,
        every,
        from: query.text("from").map(str::to_owned),
        to: query.text("to").map(str::to_owned),
        queue: query.text("queue").map(QueueId::from),
        agent: query.text("agent").map(UserId::from),
        channel: query.text("channel").map(channel).transpose()?,
        csv,
    })
}

/// A realm's calendar is so many minutes ahead of UTC, in whole quarters of an hour.
fn offset(directory: &Directory) -> i32 {
    let minutes = directory.realm.as_ref().and_then(|realm| realm.utc_offset_minutes).unwrap_or(0);
    minutes - minutes.rem_euclid(15)
}

/// A moment: milliseconds since 1970, or a date, which is its beginning in the realm.
fn moment(name: &str, text: &str, offset_minutes: i32) -> Result<Millis, Step> {
    let date = read_date(text).map(|day| {
        Millis((u64::from(day) * DAY).saturating_add_signed(i64::from(offset_minutes) * -60_000))
    });
    // Dates end with the year 9999, and so do numbers.
    let number = || text.parse().ok().filter(|ms| *ms < 253_402_300_800_000).map(Millis);
    date.or_else(number).ok_or_else(|| {
        problem::bad(&format!(
            "{name} must be milliseconds since 1970, or a date such as 2026-01-31"
        ))
    })
}

fn filter(asked: &Asked, directory: &Directory, now: Millis) -> Result<ReportFilter, Step> {
    let offset_minutes = offset(directory);
    let read = |name, text: &Option<String>| {
        text.as_ref().map(|text| moment(name, text, offset_minutes)).transpose()
    };
    let quarter = SPANS[0];
    let up = |at: Millis| floor(at.plus(Millis(quarter.0 - 1)), quarter);
    let from = read("from", &asked.from)?;
    let from = from.unwrap_or_else(|| Every::Day.start(now, offset_minutes, now));
    let to = read("to", &asked.to)?.unwrap_or_else(|| now.max(from.plus(quarter)));
    if from >= to {
        return Err(problem::bad("from must be before to"));
    }
    let (from, to) = (floor(from, quarter), up(to));
    let longest = asked.every.longest();
    if to.since(from) > longest {
        let days = longest.0 / DAY;
        return Err(problem::bad(&format!(
            "with these intervals at most {days} days can be asked for"
        )));
    }
    if asked.queue.as_ref().is_some_and(|queue| !directory.queues.contains_key(queue)) {
        return Err(problem::refused(&Refusal::NoSuchQueue));
    }
    if asked.agent.as_ref().is_some_and(|agent| !directory.users.contains_key(agent)) {
        return Err(problem::refused(&Refusal::NoSuchAgent));
    }
    Ok(ReportFilter {
        subject: asked.subject,
        from,
        to,
        now,
        every: asked.every,
        offset_minutes,
        queue: asked.queue.clone(),
        agent: asked.agent.clone(),
        channel: asked.channel,
        most: MOST,
    })
}

/// A report, to be written.
struct Table<'a> {
    kind: &'static (&'static str, Subject, &'static str, &'static [Column]),
    directory: &'a Directory,
    filter: &'a ReportFilter,
    rows: &'a [ReportRow],
}

impl Table<'_> {
    fn end(&self, row: &ReportRow) -> Millis {
        let filter = self.filter;
        filter.every.end(row.at, filter.offset_minutes, filter.to)
    }

    /// What people call it; none where nothing of that name is left.
    fn name(&self, of: &str) -> Option<Arc<str>> {
        match self.kind.1 {
            Subject::Queues => {
                self.directory.queues.get(&QueueId::from(of)).map(|queue| queue.name.clone())
            }
            Subject::Agents => {
                self.directory.users.get(&UserId::from(of)).map(|user| user.name.clone())
            }
            Subject::Channels => None,
            Subject::Reasons => {
                let code = of.parse().unwrap_or(u8::MAX);
                self.directory.reasons.get(&code).map(|reason| reason.ko.clone())
            }
        }
    }

    /// Its id as it is written: channels by name.
    fn of(&self, of: &str) -> Value {
        match self.kind.1 {
            Subject::Channels => json!(of.parse().ok().and_then(Channel::of)),
            Subject::Reasons => json!(of.parse::<u8>().ok()),
            _ => json!(of),
        }
    }

    fn cells(&self, sums: &Sums) -> Map<String, Value> {
        let mut cells = Map::new();
        for (name, value) in self.kind.3 {
            if let Some(value) = value(sums) {
                cells.insert((*name).to_owned(), number(value));
            }
        }
        cells
    }

    fn total(&self) -> Sums {
        let mut total = Sums::default();
        self.rows.iter().for_each(|row| total.add(&row.sums));
        total
    }

    fn json(&self) -> Value {
        let rows: Vec<Value> = self
            .rows
            .iter()
            .map(|row| {
                let mut cells = self.cells(&row.sums);
                cells.insert("at".into(), json!(row.at));
                cells.insert(self.kind.2.into(), self.of(&row.of));
                if let Some(name) = self.name(&row.of) {
                    cells.insert("name".into(), json!(name));
                }
                Value::Object(cells)
            })
            .collect();
        let by = Every::ALL.iter().find(|(every, _)| *every == self.filter.every).map(|e| e.1);
        json!({
            "report": self.kind.0,
            "by": by,
            "from": self.filter.from,
            "to": self.filter.to,
            "at": self.filter.now,
            "utc_offset_minutes": self.filter.offset_minutes,
            "rows": rows,
            "total": self.cells(&self.total()),
        })
    }

    /// With a byte order mark, by which spreadsheets know that it is UTF-8.
    fn csv(&self) -> Response {
        let mut text = String::from("\u{feff}from,to,");
        text.push_str(self.kind.2);
        text.push_str(",name");
        for (name, _) in self.kind.3 {
            text.push(',');
            match name.strip_suffix("_ms") {
                Some(span) => text.extend([span, "_s"]),
                None => text.push_str(name),
            }
        }
        text.push_str("\r\n");
        for row in self.rows {
            let (from, to) = (self.local(row.at), self.local(self.end(row)));
            let of = match self.of(&row.of) {
                Value::String(text) => text,
                other => other.to_string(),
            };
            let name = self.name(&row.of).unwrap_or_default();
            // Writing into a text never fails.
            let _ = write!(text, "{from},{to},{},{}", cell(&of), cell(&name));
            for (name, value) in self.kind.3 {
                text.push(',');
                if let Some(value) = value(&row.sums) {
                    let span = name.ends_with("_ms");
                    let _ = write!(text, "{}", if span { value / 1_000.0 } else { value });
                }
            }
            text.push_str("\r\n");
        }
        let name = format!("{}-{}.csv", self.kind.0, &self.local(self.filter.from)[..10]);
        Response {
            status: 200,
            headers: vec![
                ("content-type", "text/csv; charset=utf-8".to_owned()),
                ("content-disposition", format!("attachment; filename=\"{name}\"")),
                ("cache-control", "no-store".to_owned()),
                ("x-content-type-options", "nosniff".to_owned()),
            ],
            body: text.into_bytes(),
        }
    }

    /// `2026-01-31 09:15` by the realm's clocks.
    fn local(&self, at: Millis) -> String {
        let shifted = at.0.saturating_add_signed(i64::from(self.filter.offset_minutes) * 60_000);
        let (day, minute) = (shifted / DAY, shifted % DAY / 60_000);
        let date = write_date(u32::try_from(day).unwrap_or_default());
        format!("{date} {:02}:{:02}", minute / 60, minute % 60)
    }
}

/// Whole numbers without a point.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is whole and not negative"
)]
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value >= 1.0 || value == 0.0 {
        json!(value as u64)
    } else {
        json!(value)
    }
}

/// A text in a cell. What a spreadsheet would take for a formula gets an apostrophe before it.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let text = if formula { format!("'{text}") } else { text.to_owned() };
    if text.contains([',', '"', '\r', '\n']) || text != text.trim() {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::directory::Queue;

    fn sums() -> Sums {
        Sums {
            offered: 4,
            answered: 2,
            abandoned: 1,
            in_time: 1,
            wait: Millis(25_500),
            handled: 2,
            handle: Millis(100_000),
            hold: Millis(4_000),
            wrap: Millis(20_000),
            ..Sums::default()
        }
    }

    fn table(name: &str, see: impl FnOnce(Table<'_>)) {
        let mut directory = Directory::default();
        directory.queues.insert("3001".into(), Arc::new(Queue::new("3001", name, 401)));
        let from = Millis(1_763_650_800_000);
        let filter = ReportFilter {
            subject: Subject::Queues,
            from,
            to: Millis(from.0 + DAY),
            now: from,
            every: Every::Hour,
            offset_minutes: 540,
            queue: None,
            agent: None,
            channel: None,
            most: 9,
        };
        let row = ReportRow { at: from, of: "3001".into(), sums: sums() };
        see(Table {
            kind: &KINDS[0],
            directory: &directory,
            filter: &filter,
            rows: &[row.clone(), row],
        });
    }

    #[test]
    fn a_table_is_written_with_its_averages_and_a_total() {
        table("대표", |table| {
            let shown = table.json();
            let row = &shown["rows"][0];
            assert_eq!((&row["queue"], &row["name"]), (&json!("3001"), &json!("대표")));
            assert_eq!(
                (&row["service_level"], &row["asa_ms"]),
                (&json!(1.0 / 3.0), &json!(12_750))
            );
            assert_eq!((&row["talk_ms"], &row["aht_ms"]), (&json!(96_000), &json!(60_000)));
            assert_eq!(
                (&shown["total"]["offered"], &shown["total"]["aht_ms"]),
                (&json!(8), &json!(60_000))
            );
        });
    }

    #[test]
    fn a_sheet_is_written_in_the_realms_time_and_runs_no_formula() {
        table("=HYPERLINK(\"http://x\"),1", |table| {
            let text = String::from_utf8(table.csv().body).unwrap();
            let lines: Vec<&str> = text.split("\r\n").collect();
            assert_eq!(
                lines[0],
                "\u{feff}from,to,queue,name,offered,answered,abandoned,overflowed,transferred,in_time,service_level,\
                 abandon_rate,asa_s,wait_s,handled,talk_s,hold_s,wrap_s,aht_s"
            );
            assert_eq!(
                lines[1],
                "2025-11-21 00:00,2025-11-21 01:00,3001,\"'=HYPERLINK(\"\"http://x\"\"),1\",4,2,1,0,0,1,\
                 0.3333333333333333,0.25,12.75,25.5,2,96,4,20,60"
            );
            assert_eq!((lines.len(), lines[3]), (4, ""));
        });
        for text in ["+1", "-1", "@x", "\tx"] {
            assert!(cell(text).trim_start_matches('"').starts_with('\''), "{text:?}");
        }
        assert_eq!((cell("a b"), cell("a\"b")), ("a b".into(), "\"a\"\"b\"".into()));
    }

    #[test]
    fn moments_are_numbers_or_dates_of_the_realm() {
        let read = |text, offset| moment("from", text, offset).ok().map(|at| at.0);
        assert_eq!(read("1763650800000", 540), Some(1_763_650_800_000));
        assert_eq!(read("2025-11-21", 540), Some(1_763_650_800_000));
        assert_eq!(read("2025-11-21", 0), Some(1_763_683_200_000));
        assert_eq!(read("1970-01-01", 540), Some(0));
        for text in ["", "-1", "2025-02-30", "now", "99999999999999999999", "253402300800000"] {
            assert_eq!(read(text, 0), None, "{text}");
        }
    }
}
