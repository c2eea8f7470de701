//! Measures the figures of the core and prints each as a line of JSON: `{"name", "size", "value", "unit", "reference", "ratio"}`.
//!
//! `figures [--quick] [--only NAME] SIZE...`; `cargo xtask bench` runs it, knows the gates, and makes the report.

mod beat;
mod churn;
mod mass;
mod read;
mod steady;

use std::process::ExitCode;

use liveset::Error;
use liveset_benches::Figure;
use serde_json::json;

/// What is wanted of a run.
pub(crate) struct Run {
    only: Option<String>,
    quick: bool,
}

impl Run {
    fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| only == name)
    }

    /// Rounds to measure: fewer when it is to be quick.
    fn rounds(&self, wished: usize) -> usize {
        if self.quick { wished.div_ceil(3) } else { wished }
    }

    /// Prints a figure that was measured in ns, in its unit.
    fn tell(&self, name: &str, size: usize, unit: &str, figure: Figure) {
        let per = match unit {
            "us" => 1e3,
            "ms" => 1e6,
            _ => 1.0,
        };
        let (value, reference) = (figure.value / per, figure.reference.map(|reference| reference / per));
        println!(
            "{}",
            json!({ "name": name, "size": size, "value": value, "unit": unit, "reference": reference, "ratio": figure.ratio })
        );
    }
}

/// What one file measures, and the names that it tells.
type Measure = (&'static [&'static str], fn(&Run, usize) -> Result<(), Error>);

const MEASURES: [Measure; 6] = [
    (&["beat-batch", "beat-single"], beat::measure),
    (&["steady", "expiry-share"], steady::measure),
    (&["register", "deregister", "growth"], churn::measure),
    (&["mass-silent", "mass-returned", "mass-removed"], mass::measure),
    (&["diff", "list", "fanout"], read::services),
    (&["snapshot", "restore", "explain"], read::whole),
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let only = words.iter().position(|word| word == "--only").and_then(|place| words.get(place + 1));
    let run = Run { only: only.cloned(), quick: words.iter().any(|word| word == "--quick") };
    for size in words.iter().filter_map(|word| word.parse().ok()) {
        for (_, measure) in MEASURES.iter().filter(|(names, _)| names.iter().any(|name| run.wants(name))) {
            if let Err(problem) = measure(&run, size) {
                eprintln!("figures: {problem}");
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
