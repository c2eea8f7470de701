//! The registry against the naive model, over random tapes: ten million steps in all. `cargo xtask soak` goes on with others.

use liveset::Policy;
use liveset_model::tape::{any_policy, policies};
use liveset_model::{fight, shrink};

/// Steps of one tape. Where nothing pins the names, a tape may end sooner.
const LENGTH: usize = 5000;
/// Steps of each of the two tests.
const STEPS: usize = 5_000_000;

/// Plays tapes under `policy` of each number until so many steps are taken.
fn hold(policy: impl Fn(u64) -> Policy) {
    let (mut steps, mut number) = (0, 0);
    while steps < STEPS {
        let fight = fight(&policy(number), number, LENGTH);
        steps += fight.steps;
        if let Some(defeat) = fight.defeat {
            panic!("after {steps} steps, in tape {number}, which is here shortened:\n{}", shrink(defeat));
        }
        number += 1;
    }
}

#[test]
fn the_registry_is_what_the_model_is_under_every_policy_with_a_name() {
    let all = policies();
    hold(|number| all[number as usize % all.len()].clone());
}

#[test]
fn the_registry_is_what_the_model_is_under_any_policy() {
    hold(any_policy);
}
