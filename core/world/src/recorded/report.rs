//! What does the score look like? A line for each recording, a table, and a closing line.

use std::collections::BTreeMap;
use std::fmt;

use super::phases::Chosen;
use super::track::{Difference, seconds};

/// What replaying recordings gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Score {
    /// Every recording, in the order of their files.
    pub runs: Vec<Run>,
}

/// One recording, replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// Version of the server.
    pub server: String,
    /// `http`, `sdk` or `cluster`.
    pub family: String,
    /// Name of the file, without its ending.
    pub name: String,
    /// What came of it.
    pub verdict: Verdict,
    /// The phases that were chosen for what the recording does not show.
    pub chosen: Vec<Chosen>,
}

/// What came of a replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every answer and every view is as it was.
    Match,
    /// The first difference.
    Differs(Difference),
    /// Why nothing was compared; counts as failed.
    NotReplayed(String),
}

impl Score {
    /// How many match.
    pub fn passed(&self) -> usize {
        self.runs.iter().filter(|run| run.verdict == Verdict::Match).count()
    }

    /// How many do not.
    pub fn failed(&self) -> usize {
        self.runs.len() - self.passed()
    }

    /// Passed and total of each version and family.
    pub fn table(&self) -> BTreeMap<(&str, &str), (usize, usize)> {
        let mut table = BTreeMap::new();
        for run in &self.runs {
            let (passed, total) = table.entry((run.server.as_str(), run.family.as_str())).or_insert((0, 0));
            *passed += usize::from(run.verdict == Verdict::Match);
            *total += 1;
        }
        table
    }
}

/// The table and the closing line.
impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = self.table();
        let mut families: Vec<&str> = table.keys().map(|(_, family)| *family).collect();
        let mut servers: Vec<&str> = table.keys().map(|(server, _)| *server).collect();
        for names in [&mut families, &mut servers] {
            names.sort_unstable();
            names.dedup();
        }
        writeln!(f, "{:8}{}", "", families.iter().map(|family| format!("{family:>10}")).collect::<String>())?;
        for server in servers {
            write!(f, "{server:8}")?;
            for family in &families {
                let cell =
                    table.get(&(server, family)).map_or("-".to_owned(), |(passed, total)| format!("{passed}/{total}"));
                write!(f, "{cell:>10}")?;
            }
            writeln!(f)?;
        }
        write!(f, "{} passed, {} failed", self.passed(), self.failed())
    }
}

impl Run {
    /// Its lines: the verdict, both sides of a difference below one another, and with `explains` the chosen phases.
    pub fn lines(&self, explains: bool) -> String {
        let mut lines = format!("{} {} {}: {}", self.server, self.family, self.name, self.verdict);
        if explains && !self.chosen.is_empty() {
            let chosen: Vec<String> = self.chosen.iter().map(Chosen::to_string).collect();
            lines.push_str(&format!("\n    phases    {}", chosen.join(", ")));
        }
        lines
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Verdict::Match => f.write_str("match"),
            Verdict::Differs(difference) => write!(f, "{difference}"),
            Verdict::NotReplayed(why) => f.write_str(why),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "differs at {}, {}\n    recorded  {}\n    ours      {}",
            seconds(self.at),
            self.place,
            self.recorded,
            self.ours
        )
    }
}
