//! What playing a scenario gave.

use liveset::Instant;
use serde::Serialize;

/// A scenario played: its timeline, and whether what was expected held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The scenario's title.
    pub title: String,
    /// Which report it tells of, or which incident.
    pub report: Option<String>,
    /// Its policy.
    pub policy: String,
    /// Whether everything expected held.
    pub passed: bool,
    /// What was done and what readers got, in order.
    pub timeline: Vec<Moment>,
    /// Every expected list or fact.
    pub expectations: Vec<Held>,
    /// Every expected explanation.
    pub explanations: Vec<Explained>,
}

/// A line of the timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// When, in ms.
    pub at: Instant,
    /// Whom it is about: an actor, a node, a consumer.
    pub who: String,
    /// What was done, or what is seen.
    pub what: String,
    /// Whether it is a change in what readers get, and not a deed.
    pub is_view: bool,
}

/// A list or a fact that was expected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Held {
    /// Line of the scenario.
    pub line: usize,
    /// When it was looked at.
    pub at: Instant,
    /// What it is about, as in `orders serves`.
    pub about: String,
    /// What was expected.
    pub expected: String,
    /// What was found.
    pub found: String,
    /// Whether they are the same.
    pub held: bool,
    #[serde(skip)]
    pub(crate) list_column: Option<usize>,
}

/// An explanation that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explained {
    /// Line of the scenario.
    pub line: usize,
    /// When it was asked for.
    pub at: Instant,
    /// About what.
    pub about: String,
    /// The sentences that were expected.
    pub expected: Vec<String>,
    /// The sentences that were found.
    pub found: Vec<String>,
    /// Whether they are the same.
    pub held: bool,
}

impl Report {
    /// What did not hold, for people; empty when everything did.
    pub fn failures(&self) -> Vec<String> {
        let lists = self.expectations.iter().filter(|held| !held.held).map(|held| {
            format!(
                "line {}: at {} {}: expected {}, found {}",
                held.line, held.at, held.about, held.expected, held.found
            )
        });
        let explanations = self.explanations.iter().filter(|explained| !explained.held).map(|explained| {
            let lines = |sentences: &[String]| sentences.iter().map(|s| format!("\n      | {s}")).collect::<String>();
            format!(
                "line {}: explanation of {} at {}\n    expected{}\n    found{}",
                explained.line,
                explained.about,
                explained.at,
                lines(&explained.expected),
                lines(&explained.found)
            )
        });
        lists.chain(explanations).collect()
    }

    /// What readers had at the end, as the last expected list found it.
    pub fn outcome(&self) -> Option<&Held> {
        self.expectations.iter().rfind(|held| held.list_column.is_some())
    }
}
