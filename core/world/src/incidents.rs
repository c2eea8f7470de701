//! Real failures of registries, each told at least twice: under the policy at fault, and under the strict one. What becomes of them is
//! a listing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use crate::{Problem, Report, Scenario, play};

/// The incidents of a folder, played.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Incidents {
    /// In the order of their ids.
    pub incidents: Vec<Incident>,
    /// Files that are no scenarios, each of which counts as failed.
    pub unreadable: Vec<(PathBuf, Problem)>,
}

/// One incident, with all files that tell of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// As the files' headers have it.
    pub id: String,
    /// Under policies that have the fault.
    pub compatible: Vec<Report>,
    /// Under the strict policy, with or without changed fields.
    pub strict: Vec<Report>,
}

/// Plays the incidents of a folder, at any depth. Scenarios that tell of none are passed over.
pub fn incidents(place: &Path) -> io::Result<Incidents> {
    let mut told: BTreeMap<String, Incident> = BTreeMap::new();
    let mut unreadable = Vec::new();
    for file in crate::files(place, "scenario")? {
        let text =
            fs::read_to_string(&file).map_err(|error| io::Error::other(format!("{}: {error}", file.display())))?;
        let scenario = match Scenario::parse(&text) {
            Ok(scenario) => scenario,
            Err(problem) => {
                unreadable.push((file, problem));
                continue;
            }
        };
        let Some(id) = scenario.incident.clone() else { continue };
        let incident = told.entry(id.clone()).or_insert(Incident { id, compatible: Vec::new(), strict: Vec::new() });
        let is_strict = scenario.policy_name.split(' ').next() == Some("strict");
        let side = if is_strict { &mut incident.strict } else { &mut incident.compatible };
        side.push(play(&scenario));
    }
    Ok(Incidents { incidents: told.into_values().collect(), unreadable })
}

impl Incidents {
    /// How many are told on both sides, explained on both, and hold.
    pub fn passed(&self) -> usize {
        self.incidents.iter().filter(|incident| incident.passed()).count()
    }

    /// How many are not, unreadable files among them.
    pub fn failed(&self) -> usize {
        self.incidents.len() - self.passed() + self.unreadable.len()
    }
}

impl Incident {
    /// Whether each side has a file, each file an explanation, and all of them hold.
    pub fn passed(&self) -> bool {
        [&self.compatible, &self.strict].into_iter().all(|side| !side.is_empty() && side.iter().all(is_told))
    }
}

fn is_told(report: &Report) -> bool {
    report.passed && !report.explanations.is_empty()
}

impl fmt::Display for Incidents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for incident in &self.incidents {
            writeln!(f, "{incident}")?;
        }
        for (file, problem) in &self.unreadable {
            writeln!(f, "FAILED  {}\n  {problem}\n", file.display())?;
        }
        write!(f, "{} passed, {} failed", self.passed(), self.failed())
    }
}

/// Id and title; then, for each side, what held and what readers had at the end; then the last explanation of each.
impl fmt::Display for Incident {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let title = self.compatible.first().or(self.strict.first()).map_or("", |report| report.title.as_str());
        let word = if self.passed() { "ok" } else { "FAILED" };
        writeln!(f, "{:6}  {:4} {title}", word, self.id)?;
        for (side, reports) in [("compatible", &self.compatible), ("strict", &self.strict)] {
            if reports.is_empty() {
                writeln!(f, "  {side:10}  missing")?;
            }
            for report in reports {
                let held = if report.passed { "holds" } else { "does not hold" };
                let outcome = report.outcome().map(|held| format!(": at {} {} {}", held.at, held.about, held.found));
                writeln!(f, "  {side:10}  {held}, {}{}", report.policy, outcome.unwrap_or_default())?;
                for failure in report.failures() {
                    writeln!(f, "    {failure}")?;
                }
            }
        }
        for (side, reports) in [("compatible", &self.compatible), ("strict", &self.strict)] {
            for report in reports {
                match report.explanations.last() {
                    None => writeln!(f, "  explain     missing, {side}")?,
                    Some(explained) => {
                        writeln!(f, "  explain     {side}, {} at {}", explained.about, explained.at)?;
                        explained.found.iter().try_for_each(|sentence| writeln!(f, "    | {sentence}"))?;
                    }
                }
            }
        }
        Ok(())
    }
}
