//! Which values of the dials agree with a recording longest? One dial after another is turned to where the first difference comes latest,
//! and after each turn the engine of views is set anew.

use liveset::Policy;

use super::engine::{Engine, Turns};
use super::phases::{Chosen, Dial, Setup};
use super::track::Difference;

const ROUNDS: u32 = 3;

/// How many replays a recording is worth: whoever needs more has phases that nobody could call chosen.
pub(crate) const TRIES_MAX: u32 = 600;

/// How many engines are tried between two dials.
const ENGINES_MAX: u32 = 40;

/// How many engines are tried where nothing says in which direction to search.
const OTHERS_MAX: usize = 40;

/// Replays under all values 0, and where that differs, turns the dials that the first difference may have to do with.
///
/// `replay` may be asked for no more than what differs by a moment: most values are worse than the best one, and soon. `zero` is the
/// recording's time of the server's zero.
pub(crate) fn search<E>(
    policy: &Policy,
    dials: &[Dial],
    zero: i64,
    replay: impl FnMut(Setup, Option<i64>) -> Result<Option<Difference>, E>,
) -> Result<(Option<Difference>, Vec<Chosen>), E> {
    let mut search = Search {
        policy,
        dials,
        zero,
        replay,
        tries: 0,
        values: vec![0; dials.len()],
        engine: Engine::default(),
        turns: Turns::new(policy),
    };
    let first = search.replay_with(&search.values.clone(), search.engine, None)?;
    let mut best = search.set_engine(first)?;
    for _ in 0..ROUNDS {
        let before = search.values.clone();
        best = search.try_engines(best)?;
        for number in 0..dials.len() {
            best = search.turn(number, best)?;
        }
        if best.is_none() || search.values == before {
            break;
        }
    }
    let mut chosen: Vec<Chosen> = dials.iter().map(|dial| dial.name.clone()).zip(search.values).collect();
    if Turns::new(policy).is_some() {
        chosen.push(("view.engine.phase".to_owned(), search.engine.phase));
        chosen.push(("view.engine_slip".to_owned(), u64::from(search.engine.slip)));
    }
    Ok((best, chosen))
}

/// How far behind a difference a replay goes on for what comes late, in ms.
const AHEAD: i64 = 300;

struct Search<'a, R> {
    policy: &'a Policy,
    dials: &'a [Dial],
    zero: i64,
    replay: R,
    tries: u32,
    /// The best so far.
    values: Vec<u64>,
    engine: Engine,
    /// What is known of the engine's turns; none where there is none.
    turns: Option<Turns>,
}

impl<E, R: FnMut(Setup, Option<i64>) -> Result<Option<Difference>, E>> Search<'_, R> {
    /// The best difference, once one dial is where it comes latest.
    fn turn(&mut self, number: usize, mut best: Option<Difference>) -> Result<Option<Difference>, E> {
        let dial = &self.dials[number];
        for value in (0..dial.period).step_by(dial.step as usize) {
            let Some(difference) = best.as_ref().filter(|difference| dial.matters(difference)) else { break };
            let mut turned = self.values.clone();
            turned[number] = value;
            if turned == self.values || self.tries > TRIES_MAX {
                continue;
            }
            let at = difference.at;
            if !is_later(&self.replay_with(&turned, self.engine, Some(at))?, at) {
                continue;
            }
            let found = self.replay_with(&turned, self.engine, None)?;
            if is_later(&found, at) {
                self.values = turned;
                best = self.set_engine(found)?;
            }
        }
        Ok(best)
    }

    /// The best difference, once the engine of views stands where it comes latest: each difference that a turn of the engine made says
    /// where turns must have been.
    fn set_engine(&mut self, first: Option<Difference>) -> Result<Option<Difference>, E> {
        let Some(mut turns) = Turns::new(self.policy) else { return Ok(first) };
        let values = self.values.clone();
        let (mut best, mut engine, mut found) = (first.clone(), self.engine, first);
        for _ in 0..ENGINES_MAX {
            let (Some(difference), Some(at)) = (&found, best.as_ref().map(|best| best.at)) else { break };
            if !turns.learn(engine, difference.needed, self.zero) || self.tries > TRIES_MAX {
                break;
            }
            let Some(next) = turns.find() else { break };
            engine = next;
            found = self.replay_with(&values, engine, Some(at + AHEAD))?;
            if is_later(&found, at) {
                found = self.replay_with(&values, engine, None)?;
                if is_later(&found, at) {
                    (self.engine, best) = (engine, found.clone());
                }
            }
        }
        self.turns = Some(turns);
        Ok(best)
    }

    /// The best difference, once engines were tried that agree with all that is known as well: what is shown at all may hang on a turn,
    /// and then no difference says where it should have been.
    fn try_engines(&mut self, mut best: Option<Difference>) -> Result<Option<Difference>, E> {
        let Some(turns) = &mut self.turns else { return Ok(best) };
        let values = self.values.clone();
        for engine in turns.others(OTHERS_MAX) {
            let Some(at) = best.as_ref().map(|best| best.at) else { break };
            if self.tries > TRIES_MAX || !is_later(&self.replay_with(&values, engine, Some(at))?, at) {
                continue;
            }
            let found = self.replay_with(&values, engine, None)?;
            if is_later(&found, at) {
                self.engine = engine;
                best = self.set_engine(found)?;
            }
        }
        Ok(best)
    }

    fn replay_with(&mut self, values: &[u64], engine: Engine, until: Option<i64>) -> Result<Option<Difference>, E> {
        self.tries += 1;
        let mut setup = Setup::of(self.policy.clone());
        engine.apply(&mut setup.policy.view);
        for (dial, value) in self.dials.iter().zip(values) {
            (dial.set)(&mut setup, *value);
        }
        (self.replay)(setup, until)
    }
}

/// A match is later than any difference.
fn is_later(found: &Option<Difference>, at: i64) -> bool {
    found.as_ref().is_none_or(|difference| difference.at > at)
}

#[cfg(test)]
mod tests {
    use liveset::Span;

    use super::*;

    fn span(millis: u64) -> Span {
        Span::from_millis(millis).expect("small")
    }

    fn two_dials() -> [Dial; 2] {
        [
            Dial::new("sweep", 5000, 100, |setup, phase| setup.policy.overrides.sweep.phase = span(phase)),
            Dial::new("view", 1000, 100, |setup, phase| setup.policy.view.refresh = span(phase)),
        ]
    }

    fn named(values: [u64; 2]) -> Vec<Chosen> {
        vec![("sweep".to_owned(), values[0]), ("view".to_owned(), values[1])]
    }

    /// A recording that parts at the sum of how far both dials are right.
    fn outcome(Setup { policy, .. }: Setup, sweep: u64, view: u64) -> Option<Difference> {
        let wrong =
            policy.overrides.sweep.phase.as_millis().abs_diff(sweep) + policy.view.refresh.as_millis().abs_diff(view);
        (wrong > 0).then(|| Difference::new(10_000 - wrong as i64, "list", String::new(), String::new()))
    }

    fn search_for(sweep: u64, view: u64) -> (Option<Difference>, Vec<Chosen>, u32) {
        let mut tries = 0;
        let found = search(&Policy::nacos_1_4(), &two_dials(), 0, |setup, _| {
            tries += 1;
            Ok::<_, ()>(outcome(setup, sweep, view))
        });
        let (difference, chosen) = found.expect("no errors");
        (difference, chosen, tries)
    }

    #[test]
    fn values_that_agree_are_found_and_named() {
        let (difference, chosen, _) = search_for(3700, 400);
        assert_eq!((difference, chosen), (None, named([3700, 400])));
    }

    #[test]
    fn values_that_need_no_search_stay_at_zero() {
        assert_eq!(search_for(0, 0), (None, named([0, 0]), 1));
    }

    #[test]
    fn where_no_value_agrees_the_latest_difference_is_told() {
        let (difference, chosen, _) = search_for(3750, 400);
        assert_eq!(difference.map(|difference| difference.at), Some(9950));
        assert_eq!(chosen, named([3700, 400]), "of two equally good values the smaller");
    }

    #[test]
    fn a_dial_that_has_nothing_to_do_with_a_difference_is_not_turned() {
        let mut tries = 0;
        let wrong = Difference::new(7, "list", "until 1 10.0.0.1:80 w1.0; 10.0.0.2:80 w1.0".to_owned(), String::new());
        let wrong = Difference { ours: "10.0.0.1:80 w1.0; 10.0.0.2:80 unhealthy w1.0".to_owned(), ..wrong };
        let of = |client: &str| Dial { of: Some(client.to_owned()), ..Dial::new(client, 9, 1, |_, _| {}) };
        let dials = [of("10.0.0.1:80"), of("10.0.0.2:80"), Dial::new("later", 9, 1, |_, _| {}).from(8)];
        let found = search(&Policy::strict(), &dials, 0, |_, _| {
            tries += 1;
            Ok::<_, ()>(Some(wrong.clone()))
        });
        assert_eq!(found.map(|(difference, _)| difference), Ok(Some(wrong)));
        assert_eq!(tries, 9, "one of all zero, and eight of the second instance's dial");
    }
}
