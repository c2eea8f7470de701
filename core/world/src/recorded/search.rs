//! Which values of the dials agree with a recording longest? One dial after another is turned to where the first difference comes latest,
//! and after each turn the engine of views is set anew.

use liveset::Policy;

use super::engine::{Engine, Turns};
use super::phases::{Chosen, Dial, Setup};
use super::track::Difference;

/// How many replays a recording had, of those that it is worth: whoever needs more has phases that nobody could call chosen.
#[derive(Debug)]
pub(crate) struct Tries {
    made: u32,
    /// How many it may have before the next start.
    until: u32,
    max: u32,
    of_start: u32,
}

impl Tries {
    /// No more than `max` for a recording, and `of_start` for each start of a search.
    pub(crate) fn new(max: u32, of_start: u32) -> Tries {
        Tries { made: 0, until: 0, max, of_start }
    }

    fn start(&mut self) {
        self.until = (self.made + self.of_start).min(self.max);
    }

    fn are_over(&self) -> bool {
        self.made >= self.until
    }
}

/// How many engines are tried between two dials.
const ENGINES_MAX: u32 = 40;

/// How many engines are tried where nothing says in which direction to search.
const OTHERS_MAX: usize = 40;

/// Replays under the first values, and where that differs, turns the dials that the first difference may have to do with.
///
/// `replay` may be asked for no more than what differs by a moment: most values are worse than the best one, and soon. `zero` is the
/// recording's time of the server's zero.
pub(crate) fn search<E>(
    policy: &Policy,
    dials: &[Dial],
    zero: i64,
    tries: &mut Tries,
    replay: impl FnMut(Setup, Option<i64>) -> Result<Option<Difference>, E>,
) -> Result<(Option<Difference>, Vec<Chosen>), E> {
    let mut search = Search {
        policy,
        dials,
        zero,
        replay,
        tries,
        values: dials.iter().map(|dial| dial.first).collect(),
        engine: Engine::default(),
        turns: Turns::new(policy),
    };
    search.tries.start();
    let first = search.replay_with(&search.values.clone(), search.engine, None)?;
    let mut best = search.set_engine(first)?;
    // Until every dial was tried since one was last turned, and no other engine did better.
    let (mut number, mut idle) = (0, 0);
    while best.is_some() && idle < dials.len().max(1) && !search.tries.are_over() {
        let before = (search.values.clone(), search.engine);
        if number == 0 {
            best = search.try_engines(best)?;
        }
        if !dials.is_empty() {
            best = search.turn(number, best)?;
            number = (number + 1) % dials.len();
        }
        idle = if before == (search.values.clone(), search.engine) { idle + 1 } else { 0 };
    }
    let values = dials.iter().zip(&search.values);
    let mut chosen: Vec<Chosen> = values.map(|(dial, value)| Chosen::new(&dial.name, *value, dial.unit)).collect();
    if Turns::new(policy).is_some() {
        chosen.push(Chosen::new("view.engine.phase", search.engine.phase, "ms"));
        chosen.push(Chosen::new("view.engine_slip", u64::from(search.engine.slip), "us"));
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
    tries: &'a mut Tries,
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
            if turned == self.values || self.tries.are_over() {
                continue;
            }
            let mut engine = self.engine;
            let mut found = self.replay_with(&turned, engine, Some(difference.at + AHEAD))?;
            if !is_better(&found, difference) {
                // It may only want another engine.
                let Some(other) = found.as_ref().and_then(|found| self.engine_for(found, difference)) else { continue };
                engine = other;
                found = self.replay_with(&turned, engine, Some(difference.at + AHEAD))?;
            }
            if !is_better(&found, difference) {
                continue;
            }
            let found = self.replay_with(&turned, engine, None)?;
            if is_better(&found, difference) {
                (self.values, self.engine) = (turned, engine);
                best = self.set_engine(found)?;
            }
        }
        Ok(best)
    }

    /// The engine that would mend a difference which came about when the best one did, and obeys what is known.
    fn engine_for(&self, found: &Difference, best: &Difference) -> Option<Engine> {
        let mut turns = self.turns.clone().filter(|_| found.at.abs_diff(best.at) <= AHEAD.unsigned_abs())?;
        let learnt = turns.learn(self.engine, found.needed, self.zero);
        turns.find().filter(|engine| learnt && *engine != self.engine)
    }

    /// The best difference, once the engine of views stands where it comes latest: each difference that a turn of the engine made says
    /// where turns must have been.
    fn set_engine(&mut self, first: Option<Difference>) -> Result<Option<Difference>, E> {
        let Some(mut turns) = Turns::new(self.policy) else { return Ok(first) };
        let values = self.values.clone();
        let (mut best, mut engine, mut found) = (first.clone(), self.engine, first);
        for _ in 0..ENGINES_MAX {
            let (Some(difference), Some(least)) = (&found, &best) else { break };
            if !turns.learn(engine, difference.needed, self.zero) || self.tries.are_over() {
                break;
            }
            let Some(next) = turns.find().filter(|next| *next != engine) else { break };
            engine = next;
            found = self.replay_with(&values, engine, Some(least.at + AHEAD))?;
            if is_better(&found, least) {
                found = self.replay_with(&values, engine, None)?;
                if is_better(&found, least) {
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
        let Some(turns) = &self.turns else { return Ok(best) };
        let values = self.values.clone();
        for engine in turns.others(OTHERS_MAX) {
            let Some(least) = &best else { break };
            if self.tries.are_over() || !is_better(&self.replay_with(&values, engine, Some(least.at))?, least) {
                continue;
            }
            let found = self.replay_with(&values, engine, None)?;
            if is_better(&found, least) {
                self.engine = engine;
                best = self.set_engine(found)?;
            }
        }
        Ok(best)
    }

    fn replay_with(&mut self, values: &[u64], engine: Engine, until: Option<i64>) -> Result<Option<Difference>, E> {
        self.tries.made += 1;
        let mut setup = Setup::of(self.policy.clone());
        engine.apply(&mut setup.policy.view);
        for (dial, value) in self.dials.iter().zip(values) {
            (dial.set)(&mut setup, *value);
        }
        (self.replay)(setup, until)
    }
}

/// A match is later than any difference.
pub(crate) fn is_later(found: Option<&Difference>, best: Option<&Difference>) -> bool {
    let at = |difference: Option<&Difference>| difference.map_or(i64::MAX, |difference| difference.at);
    at(found) > at(best)
}

/// Later is better, and of differences of one moment and place the one with fewer instances. A match is better than any difference.
fn is_better(found: &Option<Difference>, least: &Difference) -> bool {
    let is_smaller = |found: &Difference| {
        (found.at, &found.place) == (least.at, &least.place) && (1..least.of.len()).contains(&found.of.len())
    };
    found.as_ref().is_none_or(|found| found.at > least.at || is_smaller(found))
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
        vec![Chosen::new("sweep", values[0], "ms"), Chosen::new("view", values[1], "ms")]
    }

    /// A recording that parts at the sum of how far both dials are right.
    fn outcome(Setup { policy, .. }: Setup, sweep: u64, view: u64) -> Option<Difference> {
        let wrong =
            policy.overrides.sweep.phase.as_millis().abs_diff(sweep) + policy.view.refresh.as_millis().abs_diff(view);
        (wrong > 0).then(|| Difference::new(10_000 - wrong as i64, "list", String::new(), String::new()))
    }

    fn search_for(sweep: u64, view: u64) -> (Option<Difference>, Vec<Chosen>, u32) {
        let mut tries = 0;
        let found = search(&Policy::nacos_1_4(), &two_dials(), 0, &mut Tries::new(600, 600), |setup, _| {
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
    fn two_dials_that_mend_one_difference_only_together_are_found_one_by_one() {
        let [a, b] = ["10.0.0.1:80", "10.0.0.2:80"];
        let of = |client: &str, set: fn(&mut Setup, u64)| Dial {
            of: Some(client.to_owned()),
            ..Dial::new(client, 2, 1, set)
        };
        let dials = [of(a, |setup, late| setup.lag += late as i64), of(b, |setup, late| setup.reached += late as i64)];
        let found = search(&Policy::strict(), &dials, 0, &mut Tries::new(20, 20), |Setup { lag, reached, .. }, _| {
            let wrong = [(a, lag), (b, reached)].into_iter().filter(|(_, late)| *late == 0);
            let of: std::collections::BTreeSet<String> = wrong.map(|(client, _)| client.to_owned()).collect();
            let difference = Difference::new(7, "list", String::new(), String::new());
            Ok::<_, ()>((!of.is_empty()).then_some(Difference { of, ..difference }))
        });
        let (difference, chosen) = found.expect("no errors");
        assert_eq!((difference, chosen), (None, vec![Chosen::new(a, 1, "ms"), Chosen::new(b, 1, "ms")]));
    }

    #[test]
    fn a_dial_that_has_nothing_to_do_with_a_difference_is_not_turned() {
        let mut tries = 0;
        let wrong = Difference::new(7, "list", String::new(), String::new());
        let wrong = Difference { of: ["10.0.0.2:80".to_owned()].into(), ..wrong };
        let of = |client: &str| Dial { of: Some(client.to_owned()), ..Dial::new(client, 9, 1, |_, _| {}) };
        let dials = [of("10.0.0.1:80"), of("10.0.0.2:80"), Dial::new("later", 9, 1, |_, _| {}).from(8)];
        let found = search(&Policy::strict(), &dials, 0, &mut Tries::new(600, 600), |_, _| {
            tries += 1;
            Ok::<_, ()>(Some(wrong.clone()))
        });
        assert_eq!(found.map(|(difference, _)| difference), Ok(Some(wrong)));
        assert_eq!(tries, 9, "one of all zero, and eight of the second instance's dial");
    }
}
