//! A step: when and who. What somebody does is read in `deed`, what is looked at in `look`.

use liveset::{Actor, Instant};

use super::deed::deed;
use super::fleet::Fleet;
use super::look::{expectation, explain};
use super::words::{Problem, Words, moment};
use super::{Action, Scenario, Step};

/// The steps of a line: one, or one for each of a fleet.
pub(super) fn steps(words: &mut Words, scenario: &Scenario) -> Result<Vec<Step>, Problem> {
    let (at, until) = when(words)?;
    if let Some(before) = scenario.steps.last().filter(|before| before.at > at) {
        return Err(words.problem(format!("expected a time from {} on, since steps stand in order", before.at)));
    }
    let line = words.line;
    let fleet = Fleet::parse(words)?;
    let actor = words.take("somebody who acts, `expect` or `explain`")?;
    let action = match (actor.as_str(), &fleet) {
        ("expect", None) => Action::Expect(expectation(words, scenario)?),
        ("explain", None) => explain(words, scenario)?,
        _ => {
            let who = Actor::parse(&actor).map_err(|error| words.problem(error.to_string()))?;
            deed(words, scenario, &who, until)?
        }
    };
    words.finish()?;
    let step = Step { line, at, actor, action };
    match fleet {
        None => Ok(vec![step]),
        Some(fleet) => fleet.each_of(&step).map_err(|message| words.problem(message)),
    }
}

/// `12s`, `5s..` or `5s..40s`.
fn when(words: &mut Words) -> Result<(Instant, Option<Option<Instant>>), Problem> {
    words.parsed("a time such as 12s, or a stretch such as 5s.. or 5s..40s", |word| match word.split_once("..") {
        None => Some((moment(word)?, None)),
        Some((from, "")) => Some((moment(from)?, Some(None))),
        Some((from, until)) => Some((moment(from)?, Some(Some(moment(until)?)))),
    })
}
