//! What is sent to `/api/v1`: JSON bodies and queries, read strictly.

use super::problem;
use crate::door::{Head, Request, Step};
use crate::percent::parse_query;
use serde::de::DeserializeOwned;

/// Reads a JSON body. Other media types are refused: a form or plain text may come from any page.
///
/// # Errors
///
/// The last step: 415 or 400.
pub(crate) fn json<T: DeserializeOwned>(request: &Request) -> Result<T, Step> {
    let media = request.head.header("content-type").unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim();
    if !media.eq_ignore_ascii_case("application/json") {
        return Err(problem::stop(415, "request.media_type", "send application/json"));
    }
    serde_json::from_slice(&request.body).map_err(|error| problem::bad(&error.to_string()))
}

/// The members of a query, each at most once, all of them known.
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    /// Reads it.
    ///
    /// # Errors
    ///
    /// The last step: 400.
    pub(crate) fn of(head: &Head, known: &[&str]) -> Result<Self, Step> {
        let pairs = parse_query(&head.query).map_err(|error| problem::bad(&error.to_string()))?;
        for (at, (name, _)) in pairs.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                return Err(problem::bad(&format!(
                    "unknown parameter {name:?}; known are: {}",
                    known.join(", ")
                )));
            }
            if pairs[..at].iter().any(|(earlier, _)| earlier == name) {
                return Err(problem::bad(&format!("{name} is given twice")));
            }
        }
        Ok(Self(pairs))
    }

    /// A member's text; an empty one counts as absent.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// A member's value.
    ///
    /// # Errors
    ///
    /// The last step: 400.
    pub(crate) fn value<T: std::str::FromStr>(
        &self,
        name: &str,
        what: &str,
    ) -> Result<Option<T>, Step> {
        let parse =
            |text: &str| text.parse().map_err(|_| problem::bad(&format!("{name} must be {what}")));
        self.text(name).map(parse).transpose()
    }

    /// A number of rows, 1 to `most`.
    ///
    /// # Errors
    ///
    /// The last step: 400.
    pub(crate) fn limit(&self, most: u16) -> Result<u16, Step> {
        let limit = self.value("limit", "a whole number")?.unwrap_or(50);
        if (1..=most).contains(&limit) {
            Ok(limit)
        } else {
            Err(problem::bad(&format!("limit is 1 to {most}")))
        }
    }
}
