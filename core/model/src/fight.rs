//! One tape from beginning to end.

use std::fmt;

use liveset::{Policy, document};

use crate::duel::{Disagreement, Duel};
use crate::tape::{Deed, Player, Step, any_policy, policies};

/// What a tape came to.
pub struct Fight {
    /// How many steps both took.
    pub steps: usize,
    /// How it ended badly, where it did.
    pub defeat: Option<Defeat>,
}

/// A disagreement, and the tape that leads to it.
pub struct Defeat {
    /// The policy.
    pub policy: Policy,
    /// Every step up to the one after which they parted.
    pub steps: Vec<Step>,
    /// Where they part.
    pub disagreement: Disagreement,
}

impl fmt::Display for Defeat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "policy {}", self.policy.label)?;
        for step in &self.steps {
            let deed = match &step.deed {
                Deed::Do(command) => document::write(command),
                other => format!("{other:?}"),
            };
            writeln!(f, "{:>9} {deed}", step.at.as_millis())?;
        }
        write!(f, "they disagree about {}", self.disagreement)
    }
}

/// Plays a tape of `length` steps to both.
pub fn fight(policy: &Policy, seed: u64, length: usize) -> Fight {
    play(policy, seed, (0..length).map(|_| None))
}

/// Plays a tape that a stranger tells: eight bytes for the policy and what is known from the beginning, and four for each step, so that
/// another byte is another step and the rest stays. It has 200 steps at most.
pub fn fight_told(bytes: &[u8]) -> Fight {
    let (head, steps) = bytes.split_at(bytes.len().min(8));
    let number = |bytes: &[u8]| bytes.iter().fold(0, |number: u64, byte| number << 8 | u64::from(*byte));
    let head = number(head);
    let named = policies();
    let policy = if head.is_multiple_of(3) { named[head as usize / 3 % named.len()].clone() } else { any_policy(head) };
    play(&policy, head, steps.chunks(4).take(200).map(|step| Some(number(step))))
}

/// As long as there are numbers that a step may be made from.
fn play(policy: &Policy, seed: u64, numbers: impl Iterator<Item = Option<u64>>) -> Fight {
    // Most tapes keep their names known; the others let names come and go, and end where their order would matter.
    let pins = !seed.is_multiple_of(4);
    let mut player = Player::new(seed, policy, pins);
    let mut duel = Duel::new(policy, pins);
    let mut steps = Vec::new();
    for number in numbers {
        if duel.is_over() {
            break;
        }
        number.into_iter().for_each(|number| player.reseed(number));
        let step = player.next_step(duel.next_deadline());
        steps.push(step);
        let step = &steps[steps.len() - 1];
        match duel.step(step.at, &step.deed) {
            Ok(outcome) => outcome.iter().for_each(|outcome| player.learn(outcome)),
            Err(disagreement) => {
                let count = steps.len();
                let defeat = Some(Defeat { policy: policy.clone(), steps, disagreement });
                return Fight { steps: count, defeat };
            }
        }
    }
    Fight { steps: steps.len(), defeat: None }
}
