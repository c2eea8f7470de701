//! Which values of the dials agree with a recording? One dial after another is turned by chance, and stays where nothing is lost by it.

use std::collections::BTreeSet;

use liveset::Error;

use super::super::phases::Chosen;
use super::super::track::Difference;
use super::dials::{Dial, dials};
use super::found::{Found, Measure};
use super::setup::Setup;
use crate::random::Random;

/// How many replays a recording is worth; and a long one no more than so many lines, all replays together.
const TRIES_MAX: usize = 4000;
const LINES_MAX: usize = 370_000;

/// From so many tries in a row that won nothing on, the search begins anew, and by the other measure.
const IDLE_MAX: u32 = 350;

/// The first difference under the best values found, and those.
///
/// `replay` may end early what loses more than so much by a measure.
pub(super) fn search(
    setup: &Setup,
    owners: &BTreeSet<usize>,
    lines: usize,
    mut replay: impl FnMut(&Setup, Measure, i64) -> Result<Found, Error>,
) -> Result<(Option<Difference>, Vec<Chosen>), Error> {
    let dials = dials(setup, owners);
    let mut chance = Random(1);
    let mut measure = Measure::Wrong;
    let mut values: Vec<u64> = dials.iter().map(|dial| dial.usual).collect();
    let mut found = replay(&turned(setup, &dials, &values), measure, i64::MAX)?;
    let (mut best, mut chosen) = (found.clone(), values.clone());
    let mut idle = 0;
    for _ in 1..TRIES_MAX.min(LINES_MAX / lines.max(1)) {
        if best.difference.is_none() {
            break;
        }
        let before = values.clone();
        idle += 1;
        let begins_anew = idle > IDLE_MAX;
        if begins_anew {
            idle = 0;
            measure = if measure == Measure::Wrong { Measure::Right } else { Measure::Wrong };
            values = dials.iter().map(|dial| chance.below(dial.period)).collect();
        } else {
            turn(&dials, &found, &mut values, &mut chance);
        }
        let most = if begins_anew { i64::MAX } else { found.loss(measure) };
        let tried = replay(&turned(setup, &dials, &values), measure, most)?;
        if tried.difference.is_some() && tried.loss(measure) > most {
            values = before;
            continue;
        }
        idle = if tried.loss(measure) < most { 0 } else { idle };
        found = tried;
        if found.difference.is_none() || found.loss(Measure::Right) < best.loss(Measure::Right) {
            (best, chosen) = (found.clone(), values.clone());
        }
    }
    let chosen = dials.iter().zip(chosen).map(|(dial, value)| Chosen::new(&dial.name, value, dial.unit()));
    Ok((best.difference, chosen.collect()))
}

pub(super) fn turned(setup: &Setup, dials: &[Dial], values: &[u64]) -> Setup {
    let mut turned = setup.clone();
    for (dial, value) in dials.iter().zip(values) {
        (dial.set)(&mut turned, *value);
    }
    turned
}

/// Turns one dial, or two, that a difference may hang on: to anywhere, or a little way or a very little one, or so far as ours is early or
/// late.
fn turn(dials: &[Dial], found: &Found, values: &mut [u64], chance: &mut Random) {
    let last = |node: Option<usize>| match node {
        Some(node) => found.differs_at[node],
        None => found.differs_at.into_iter().max().flatten(),
    };
    let matters = |dial: &Dial| last(dial.node).is_some_and(|last| dial.from <= last);
    let numbers: Vec<usize> = (0..dials.len()).filter(|&number| matters(&dials[number])).collect();
    for _ in 0..=chance.below(2) {
        let number = numbers[chance.below(numbers.len() as u64) as usize];
        let period = dials[number].period;
        let near = (period >> chance.below(10)) / 2 + 1;
        values[number] = match chance.below(3) {
            0 => chance.below(period),
            1 => (values[number] + period + chance.below(2 * near + 1) - near) % period,
            _ => {
                let shift = found.shifts.get(chance.below(found.shifts.len() as u64) as usize).copied();
                let shift = shift.unwrap_or_else(|| chance.below(period) as i64);
                (values[number] as i64 + shift).rem_euclid(period as i64) as u64
            }
        };
    }
}
