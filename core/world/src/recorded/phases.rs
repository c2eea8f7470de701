//! Which phase had a timer that a recording does not show? The one that agrees with it longest, chosen once for the whole recording.

use liveset::Policy;

use super::track::Difference;

/// A timer of the server whose phase is not known from outside.
#[derive(Clone, Copy)]
pub(crate) struct Dial {
    pub(crate) name: &'static str,
    /// Its period in ms: phases from 0 up to it differ.
    pub(crate) period: u64,
    /// How finely it is searched, in ms.
    pub(crate) step: u64,
    pub(crate) set: fn(&mut Policy, u64),
}

/// The dials of a policy. None yet: its timers have no phase of their own to set.
pub(crate) fn dials(_policy: &Policy) -> Vec<Dial> {
    Vec::new()
}

/// A dial's name and the phase chosen for it, in ms.
pub type Chosen = (&'static str, u64);

const ROUNDS: u32 = 3;

/// Replays under all phases 0, and where that differs, turns one dial after another to where the first difference comes latest.
///
/// `replay` may be asked for no more than what differs by a moment: most phases are worse than the best one, and soon.
pub(crate) fn search<E>(
    policy: &Policy,
    dials: &[Dial],
    mut replay: impl FnMut(Policy, Option<i64>) -> Result<Option<Difference>, E>,
) -> Result<(Option<Difference>, Vec<Chosen>), E> {
    let mut phases = vec![0; dials.len()];
    let mut try_phases = |phases: &[u64], until: Option<i64>| {
        let mut policy = policy.clone();
        for (dial, phase) in dials.iter().zip(phases) {
            (dial.set)(&mut policy, *phase);
        }
        replay(policy, until)
    };
    let mut best = try_phases(&phases, None)?;
    for _ in 0..ROUNDS {
        let before = phases.clone();
        for number in 0..dials.len() {
            let mut turned = phases.clone();
            for phase in (0..dials[number].period).step_by(dials[number].step as usize) {
                let Some(at) = best.as_ref().map(|difference| difference.at) else { break };
                turned[number] = phase;
                let is_later = |found: &Option<Difference>| found.as_ref().is_none_or(|difference| difference.at > at);
                if !is_later(&try_phases(&turned, Some(at))?) {
                    continue;
                }
                let found = try_phases(&turned, None)?;
                if is_later(&found) {
                    (phases, best) = (turned.clone(), found);
                }
            }
        }
        if best.is_none() || phases == before {
            break;
        }
    }
    Ok((best, dials.iter().map(|dial| dial.name).zip(phases).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use liveset::Span;

    const DIALS: [Dial; 2] = [
        Dial {
            name: "sweep",
            period: 5000,
            step: 100,
            set: |policy, phase| policy.overrides.sweep.phase = span(phase),
        },
        Dial { name: "view", period: 1000, step: 100, set: |policy, phase| policy.view.refresh = span(phase) },
    ];

    fn span(millis: u64) -> Span {
        Span::from_millis(millis).expect("short")
    }

    /// A recording that parts at the sum of how far both dials are right.
    fn outcome(policy: Policy, sweep: u64, view: u64) -> Option<Difference> {
        let wrong =
            policy.overrides.sweep.phase.as_millis().abs_diff(sweep) + policy.view.refresh.as_millis().abs_diff(view);
        (wrong > 0).then(|| Difference::new(10_000 - wrong as i64, "list", String::new(), String::new()))
    }

    fn search_for(sweep: u64, view: u64) -> (Option<Difference>, Vec<Chosen>, u32) {
        let mut tries = 0;
        let found = search(&Policy::nacos_2_0(), &DIALS, |policy, _| {
            tries += 1;
            Ok::<_, ()>(outcome(policy, sweep, view))
        });
        let (difference, chosen) = found.expect("no errors");
        (difference, chosen, tries)
    }

    #[test]
    fn phases_that_agree_are_found_and_named() {
        let (difference, chosen, _) = search_for(3700, 400);
        assert_eq!((difference, chosen), (None, vec![("sweep", 3700), ("view", 400)]));
    }

    #[test]
    fn phases_that_need_no_search_stay_at_zero() {
        assert_eq!(search_for(0, 0), (None, vec![("sweep", 0), ("view", 0)], 1));
    }

    #[test]
    fn where_no_phase_agrees_the_latest_difference_is_told() {
        let (difference, chosen, _) = search_for(3750, 400);
        assert_eq!(difference.map(|difference| difference.at), Some(9950));
        assert_eq!(chosen, [("sweep", 3700), ("view", 400)], "of two equally good phases the smaller");
    }

    #[test]
    fn without_dials_there_is_one_replay() {
        let mut tries = 0;
        let wrong = Difference::new(7, "list", String::new(), String::new());
        let found = search(&Policy::strict(), &[], |_, _| {
            tries += 1;
            Ok::<_, ()>(Some(wrong.clone()))
        });
        assert_eq!((found, tries), (Ok((Some(wrong), Vec::new())), 1));
    }
}
