//! Rewriting expectations to what was found, and nothing else.

use super::{Problem, Scenario};
use crate::report::Report;

/// The text of a scenario with every list and every explanation that did not hold as it was found when it was played.
pub fn bless(text: &str) -> Result<String, Problem> {
    let report = crate::play(&Scenario::parse(text)?);
    let mut blessed = String::new();
    let mut lines = text.lines().enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        let number = number + 1;
        blessed.push_str(&list(&report, number, line));
        blessed.push('\n');
        let Some(explained) = report.explanations.iter().find(|explained| explained.line == number && !explained.held)
        else {
            continue;
        };
        let mut indent = String::from("                ");
        while let Some((_, old)) = lines.next_if(|(_, line)| line.trim_start().starts_with('|')) {
            indent = old[..old.len() - old.trim_start().len()].to_owned();
        }
        for sentence in &explained.found {
            blessed.push_str(&format!("{indent}| {sentence}\n"));
        }
    }
    Ok(blessed)
}

fn list(report: &Report, number: usize, line: &str) -> String {
    let wrong = report.expectations.iter().find(|held| held.line == number && !held.held);
    match wrong.and_then(|held| Some((held.list_column?, held))) {
        Some((column, held)) => {
            let head: String = line.chars().take(column - 1).collect();
            format!("{} {}", head.trim_end(), held.found)
        }
        None => line.to_owned(),
    }
}
