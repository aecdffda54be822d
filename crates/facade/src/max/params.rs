//! Parameters: in the query, a JSON body, a form; the body wins. Names in any case, numbers and booleans as texts too, an
//! empty text is none (`max-agent-desktop.md` 3.1).

use crate::door::Request;
use crate::percent::parse_query;
use serde_json::Value;
use std::collections::BTreeMap;

/// Parameters of one request: more are not read.
const MOST: usize = 64;

/// What was given, by names in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Params(BTreeMap<String, String>);

impl Params {
    /// A text; an empty one is none.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(&name.to_ascii_lowercase()).map(String::as_str).filter(|text| !text.is_empty())
    }

    /// The first of several names under which it is known.
    pub(super) fn any(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.text(name))
    }

    /// A boolean: `true`, `"True"`, `1`. Anything else is no.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.text(name).is_some_and(|text| text.eq_ignore_ascii_case("true") || text == "1")
    }

    /// A whole number.
    ///
    /// # Errors
    ///
    /// When it is something else.
    pub(super) fn number(&self, name: &str) -> Result<Option<u64>, ()> {
        self.text(name).map(|text| text.parse().map_err(|_| ())).transpose()
    }

    fn put(&mut self, name: &str, value: String) {
        if self.0.len() < MOST {
            self.0.insert(name.to_ascii_lowercase(), value);
        }
    }
}

/// Reads them.
///
/// # Errors
///
/// Says what cannot be read.
pub(super) fn read(request: &Request) -> Result<Params, &'static str> {
    let mut params = Params::default();
    for (name, value) in parse_query(&request.head.query).map_err(|_| "Invalid query string.")? {
        params.put(&name, value);
    }
    let body = std::str::from_utf8(&request.body).map_err(|_| "The body is not UTF-8.")?.trim();
    if body.is_empty() {
        return Ok(params);
    }
    let kind = request.head.header("content-type").unwrap_or_default().to_ascii_lowercase();
    if kind.starts_with("application/x-www-form-urlencoded") {
        for (name, value) in parse_query(body).map_err(|_| "Invalid form.")? {
            params.put(&name, value);
        }
        return Ok(params);
    }
    match serde_json::from_str(body) {
        Ok(Value::Object(members)) => {
            for (name, value) in members {
                match value {
                    Value::String(text) => params.put(&name, text),
                    Value::Number(number) => params.put(&name, number.to_string()),
                    Value::Bool(flag) => params.put(&name, flag.to_string()),
                    Value::Null => {}
                    // No call has parameters with parts.
                    Value::Array(_) | Value::Object(_) => {}
                }
            }
            Ok(params)
        }
        _ => Err("The body is neither a JSON object nor a form."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::door::Head;

    fn check(query: &str, kind: &str, body: &str) -> Result<Params, &'static str> {
        let headers = vec![("content-type".to_owned(), kind.to_owned())];
        let head = Head {
            method: "POST".into(),
            path: "/".into(),
            query: query.into(),
            headers,
            tls: false,
            peer: [127, 0, 0, 1].into(),
        };
        read(&Request { head, body: body.into() })
    }

    #[test]
    fn a_body_wins_over_the_query_and_names_have_no_case() {
        let params = check("State=Available&x=1", "application/json", r#"{"STATE":"Unavailable"}"#);
        let params = params.unwrap();
        assert_eq!((params.text("state"), params.text("X")), (Some("Unavailable"), Some("1")));
        let form = check("", "application/x-www-form-urlencoded", "a=%ED%95%9C&b=").unwrap();
        assert_eq!((form.text("a"), form.text("b")), (Some("한"), None));
    }

    #[test]
    fn numbers_and_booleans_come_as_texts_too() {
        let params = check("", "", r#"{"a":"12","b":12,"c":"True","d":true,"e":"x","f":null}"#);
        let params = params.unwrap();
        assert_eq!((params.number("a"), params.number("b")), (Ok(Some(12)), Ok(Some(12))));
        assert_eq!((params.number("e"), params.number("f")), (Err(()), Ok(None)));
        assert!(params.flag("c") && params.flag("d") && !params.flag("e") && !params.flag("f"));
    }

    #[test]
    fn what_is_no_object_is_refused_and_nothing_is_fine() {
        assert!(check("", "", "").is_ok() && check("", "application/json", "{}").is_ok());
        assert!(check("", "application/json", "[1]").is_err());
        assert!(check("", "application/json", "{").is_err());
        assert!(check("a=%zz", "", "").is_err());
    }
}
