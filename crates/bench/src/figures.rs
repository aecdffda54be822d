//! Percentiles and the printed line.

use serde_json::{Value, json};

/// Times of one kind, in microseconds.
#[derive(Default)]
pub(crate) struct Times(Vec<u64>);

impl Times {
    pub(crate) fn push(&mut self, micros: u64) {
        self.0.push(micros);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The value below which `share` of them lie, in milliseconds.
    pub(crate) fn millis(&mut self, share: f64) -> f64 {
        if self.0.is_empty() {
            return f64::NAN;
        }
        self.0.sort_unstable();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a length"
        )]
        let at = ((self.0.len() as f64 * share) as usize).min(self.0.len() - 1);
        self.0[at] as f64 / 1_000.0
    }
}

/// Prints one figure line.
pub(crate) fn print(name: &str, figures: &[(&str, Value)]) {
    let mut line = serde_json::Map::new();
    line.insert("name".into(), json!(name));
    line.extend(figures.iter().map(|(key, value)| ((*key).to_owned(), value.clone())));
    #[expect(clippy::print_stdout, reason = "this is the product of a benchmark")]
    {
        println!("{}", Value::Object(line));
    }
}

/// Rounds to two places.
pub(crate) fn round(value: f64) -> Value {
    json!((value * 100.0).round() / 100.0)
}
