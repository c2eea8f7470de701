//! Did a subscriber get the same pushes? They are events, and no state that one could look at.

use std::collections::BTreeSet;

use super::door::View;
use super::track::{Difference, Needed, Seen, State, seconds};

/// Pushes are events, and not a state: the same ones in the same order, each by its own time, and not before the recorded one before it.
pub(super) fn differ(view: &View, recorded: &[Seen], pushed: &[(i64, State)], end: i64) -> Option<Difference> {
    let mut before = i64::MIN;
    for (number, seen) in recorded.iter().enumerate() {
        let ours = pushed.get(number);
        let in_time = ours.is_some_and(|(at, state)| *state == seen.state && *at <= seen.by && *at >= before);
        if !in_time {
            let text = ours.map_or("no push".to_owned(), |(at, state)| format!("{} {state}", seconds(*at)));
            let found = misplaced(&recorded[number..], before, &pushed[number.min(pushed.len())..]);
            let difference = Difference::new(seen.by, &view.to_string(), seen.state.to_string(), text);
            return Some(match found {
                Some((needed, of)) => Difference { needed, of, ..difference },
                None => difference,
            });
        }
        before = seen.by;
    }
    let (at, state) = pushed.get(recorded.len()).filter(|(at, _)| *at <= end)?;
    Some(Difference::new(*at, &view.to_string(), "no further push".to_owned(), state.to_string()))
}

/// Of pushes that do not come as recorded, the one that is too late, or else the one that is too early; and the instances in which it
/// differs from what it should be.
fn misplaced(recorded: &[Seen], before: i64, pushed: &[(i64, State)]) -> Option<(Option<Needed>, BTreeSet<String>)> {
    /// How much later than it was recorded ours may come, in ms.
    const LATE: i64 = 300;
    let (seen, (first, state)) = (recorded.first()?, pushed.first()?);
    let near = pushed.iter().take_while(|(at, _)| *at <= seen.by + LATE).enumerate();
    let nearest = near.min_by_key(|(_, (_, state))| seen.state.apart(state).len());
    let (place, (late, expected)) = nearest.unwrap_or((0, &pushed[0]));
    if place == 0 || *late > seen.by {
        let needed = Needed { ours: *late, cause: None, after: before, by: seen.by };
        return Some((Some(needed), seen.state.apart(expected)));
    }
    let soon = recorded.iter().take_while(|seen| seen.by <= first + LATE).enumerate();
    let (place, meant) = soon.min_by_key(|(_, seen)| seen.state.apart(state).len()).unwrap_or((0, seen));
    let of = meant.state.apart(state);
    let needed = (place > 0 && of.is_empty()).then(|| Needed {
        ours: *first,
        cause: None,
        after: recorded[place - 1].by,
        by: meant.by,
    });
    Some((needed, of))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_pushes_out_of_turn_the_one_that_is_late_or_else_early_is_told() {
        let state = |name: &str| State::of_pushed(vec![name.into()]);
        let seen = |by, name: &str| Seen { after: None, by, state: state(name) };
        let recorded = [seen(100, "a"), seen(140, "b")];
        let needed = |pushed: &[(i64, State)]| misplaced(&recorded, 50, pushed).and_then(|(needed, _)| needed);
        let late = Needed { ours: 110, cause: None, after: 50, by: 100 };
        assert_eq!(needed(&[(90, state("b")), (110, state("a"))]), Some(late));
        let early = Needed { ours: 90, cause: None, after: 100, by: 140 };
        assert_eq!(needed(&[(90, state("b")), (95, state("a"))]), Some(early));
    }
}
