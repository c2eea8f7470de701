//! Making the tape of a disagreement short.

use std::collections::BTreeMap;

use crate::duel::{Disagreement, Duel};
use crate::fight::Defeat;
use crate::tape::{Deed, PINS, Step, are_pinned, resolve};
use liveset::Policy;

/// Plays steps to both; how they part, and after how many, where they do. Ids are what the steps that they come from return this time.
pub fn replay(policy: &Policy, steps: &[Step]) -> Option<(usize, Disagreement)> {
    let mut duel = Duel::new(policy, are_pinned(steps)).thorough();
    let mut returned = BTreeMap::new();
    for (count, step) in steps.iter().enumerate() {
        if duel.is_over() {
            return None;
        }
        let deed = match &step.deed {
            Deed::Do(command) => Deed::Do(resolve(command, &step.origins, &returned)),
            other => other.clone(),
        };
        match duel.step(step.at, &deed) {
            Ok(Some(outcome)) => drop(returned.insert(step.serial, outcome)),
            Ok(None) => {}
            Err(disagreement) => return Some((count + 1, disagreement)),
        }
    }
    None
}

/// The same defeat with as few steps as dropping them one stretch after the other leaves.
pub fn shrink(defeat: Defeat) -> Defeat {
    let Defeat { policy, steps, disagreement } = defeat;
    let Some((count, found)) = replay(&policy, &steps) else {
        return Defeat { policy, steps, disagreement };
    };
    let (mut steps, mut disagreement) = (steps[..count].to_vec(), found);
    // The pins of names go together or not at all.
    let pins = if are_pinned(&steps) { PINS } else { 0 };
    let mut kept = pins;
    let unpinned = replay(&policy, &steps[pins..]);
    if let Some((count, found)) = unpinned.filter(|_| pins > 0) {
        (steps, disagreement, kept) = (steps[pins..pins + count].to_vec(), found, 0);
    }
    let mut stretch = steps.len() / 2;
    while stretch > 0 {
        let mut from = kept;
        while from < steps.len() {
            let until = (from + stretch).min(steps.len());
            let fewer: Vec<Step> = [&steps[..from], &steps[until..]].concat();
            match replay(&policy, &fewer) {
                Some((count, found)) => {
                    steps = fewer[..count].to_vec();
                    disagreement = found;
                }
                None => from = until,
            }
        }
        stretch /= 2;
    }
    name_ids(&policy, &mut steps);
    Defeat { policy, steps, disagreement }
}

/// Writes into each command the ids that it was played with.
fn name_ids(policy: &Policy, steps: &mut [Step]) {
    let mut duel = Duel::new(policy, are_pinned(steps));
    let mut returned = BTreeMap::new();
    for step in steps {
        if let Deed::Do(command) = &mut step.deed {
            *command = resolve(command, &step.origins, &returned);
        }
        if let Ok(Some(outcome)) = duel.step(step.at, &step.deed) {
            returned.insert(step.serial, outcome);
        }
    }
}
