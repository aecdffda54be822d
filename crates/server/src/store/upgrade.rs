//! Facts of earlier versions, read as those of today.
//!
//! Every row of the journal carries the version of its facts. When facts change in a way that a default cannot bridge,
//! [`FACT_VERSION`] rises, and [`STEPS`] gets one more step: a function from the JSON of the old version to the JSON
//! of the next. Rows are never rewritten. `docs/add-a-store.md` says what else to do.

use domain::fact::{Deed, FACT_VERSION};
use serde_json::Value;

/// From the deeds of one version to those of the next.
type Step = fn(&mut Value);

/// The step at place `i` leads from version `i + 1` to `i + 2`. The compiler asks for exactly as many as there are.
const STEPS: [Step; FACT_VERSION as usize - 1] = [];

/// A row that this build cannot read.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It was written by a later build.
    #[error("facts of version {0} are newer than this build, which knows {FACT_VERSION}")]
    Newer(u32),
    /// It is not what it should be.
    #[error("facts of version {version} cannot be read")]
    Damaged {
        /// The version it says it has.
        version: u32,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
}

/// Reads the deeds of one row.
///
/// # Errors
///
/// [`Unreadable`] when they are of a later build, or damaged.
pub fn deeds(version: u32, bytes: &[u8]) -> Result<Vec<Deed>, Unreadable> {
    read(version, FACT_VERSION, &STEPS, bytes)
}

fn read(version: u32, today: u32, steps: &[Step], bytes: &[u8]) -> Result<Vec<Deed>, Unreadable> {
    let damaged = |source| Unreadable::Damaged { version, source };
    if version == today {
        return serde_json::from_slice(bytes).map_err(damaged);
    }
    if version > today || version == 0 {
        return Err(Unreadable::Newer(version));
    }
    let mut value = serde_json::from_slice(bytes).map_err(damaged)?;
    for step in &steps[version as usize - 1..] {
        step(&mut value);
    }
    serde_json::from_value(value).map_err(damaged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_of_earlier_versions_climb_to_the_present_step_by_step() {
        let steps: [Step; 2] = [
            |deeds| {
                deeds[0]["cause"] = format!("{}.b", deeds[0]["because"].as_str().unwrap()).into();
            },
            |deeds| {
                deeds[0]["cause"] = format!("{}.c", deeds[0]["cause"].as_str().unwrap()).into();
            },
        ];
        let check = |version, json: &str, expected: &str| {
            let deeds = read(version, 3, &steps, json.as_bytes()).unwrap();
            assert_eq!(deeds[0].cause.as_ref(), expected);
        };
        check(1, r#"[{"at":1,"because":"a","facts":[]}]"#, "a.b.c");
        check(2, r#"[{"at":1,"cause":"a","facts":[]}]"#, "a.c");
        check(3, r#"[{"at":1,"cause":"a","facts":[]}]"#, "a");
    }

    #[test]
    fn facts_of_a_later_build_are_refused_by_name() {
        let error = deeds(FACT_VERSION + 1, b"[]").unwrap_err();
        assert!(error.to_string().contains("newer than this build"), "{error}");
        assert!(matches!(deeds(FACT_VERSION, b"[{"), Err(Unreadable::Damaged { .. })));
    }
}
