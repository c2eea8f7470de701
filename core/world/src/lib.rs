//! A world for liveset: several registries, providers, consumers and operators on a faulty network, in virtual time, from one seed.
//!
//! It is written on the public API of `liveset` only, and reads scenarios: short texts that a support engineer can read aloud.
//! [`Scenario::parse`] reads one, [`play`] plays it into a [`Report`], [`bless`] rewrites its expectations, and [`vectors`] turns what
//! its registries were told into lines that every language replays. `SCENARIOS.md` beside this crate is the format.
//! [`incidents`] plays those that tell of real failures, and lists what became of each. [`recorded`] replays recordings of real servers.

#![forbid(unsafe_code)]

mod incidents;
mod network;
mod node;
mod parties;
mod random;
pub mod recorded;
mod replication;
mod report;
mod scenario;
mod world;

pub use incidents::{Incident, Incidents, incidents};
pub use report::{Explained, Held, Moment, Report};
pub use scenario::{Problem, Scenario, bless};

use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::Serialize;

/// Plays a scenario. Every registry, client and message of it is made anew, so equal texts give equal reports.
pub fn play(scenario: &Scenario) -> Report {
    world::World::new(scenario).play().0
}

/// What one registry of a scenario was told, as lines of JSON: a header, then a line for each command with its answer and the
/// digest after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vector {
    /// The node it was.
    pub node: String,
    /// The lines.
    pub lines: String,
}

/// The vectors of a scenario, one for each registry in it that was told anything.
pub fn vectors(scenario: &Scenario) -> Vec<Vector> {
    let tapes = world::World::new(scenario).play().1;
    let told = tapes.into_iter().filter(|(_, tape)| !tape.is_empty());
    told.map(|(node, tape)| Vector { lines: tape.lines(scenario, &node), node }).collect()
}

/// Plays a scenario given as text, and writes the report as a document: `{"ok": report}`, or `{"error": ...}` where the text is not a
/// scenario.
pub fn play_document(text: &[u8]) -> String {
    #[derive(Serialize)]
    struct Refused {
        code: u32,
        message: String,
        line: usize,
        column: usize,
    }
    let parsed = match std::str::from_utf8(text) {
        Ok(text) => Scenario::parse(text),
        Err(error) => Err(Problem::not_utf8(error.valid_up_to())),
    };
    let document = match parsed {
        Ok(scenario) => serde_json::to_value(play(&scenario)).map(|report| serde_json::json!({ "ok": report })),
        Err(problem) => {
            let refused =
                Refused { code: 101, message: problem.to_string(), line: problem.line, column: problem.column };
            serde_json::to_value(refused).map(|refused| serde_json::json!({ "error": refused }))
        }
    };
    document.map(|document| document.to_string()).unwrap_or_default()
}

/// The files below a place whose names end so, at any depth and in the order of their names; the place itself where it is a file.
pub fn files(place: &Path, extension: &str) -> io::Result<Vec<PathBuf>> {
    if !place.is_dir() {
        return Ok(vec![place.to_owned()]);
    }
    let mut entries: Vec<PathBuf> =
        fs::read_dir(place)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    entries.sort();
    entries.retain(|entry| entry.is_dir() || entry.extension().is_some_and(|found| found == extension));
    let found: Vec<Vec<PathBuf>> = entries.iter().map(|entry| files(entry, extension)).collect::<Result<_, _>>()?;
    Ok(found.concat())
}
