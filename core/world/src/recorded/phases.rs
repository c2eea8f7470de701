//! Which phase had a timer that a recording does not show? The one that agrees with it longest, chosen once for the whole recording.

use liveset::policy::{Bound, Clock, Sweep};
use liveset::{Policy, Span};

use super::track::Difference;

/// What a replay begins with: the rules, and what a recording cannot show of the server that followed them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setup {
    pub(crate) policy: Policy,
    /// How long after a request was answered the views may still miss what it did, in ms.
    pub(crate) lag: i64,
    /// Whether the first poll came between a registration's making of the service and the instance's entry.
    pub(crate) early_poll: bool,
    /// Where the clocks of SDK clients stood.
    pub(crate) client: super::sdk::Phases,
}

impl Setup {
    pub(crate) fn of(policy: Policy) -> Setup {
        Setup { policy, lag: 0, early_poll: false, client: super::sdk::Phases::default() }
    }
}

/// A timer of the server whose phase is not known from outside, or a lag of it.
#[derive(Clone, Copy)]
pub(crate) struct Dial {
    pub(crate) name: &'static str,
    /// Its period in ms: phases from 0 up to it differ.
    pub(crate) period: u64,
    /// How finely it is searched, in ms.
    pub(crate) step: u64,
    pub(crate) set: fn(&mut Setup, u64),
}

/// The dials of a policy: each of its server-wide clocks, how late its looks come, and what a poll may meet on its way.
pub(crate) fn dials(policy: &Policy) -> Vec<Dial> {
    let clock = |name, clock: Clock, step, set| Dial { name, period: clock.every.as_millis(), step, set };
    let late = policy.view.refresh != Span::ZERO;
    let mut dials = vec![
        Dial {
            name: "the first poll comes into a registration",
            period: 2 * u64::from(late),
            step: 1,
            set: |setup, on| {
                setup.early_poll = on == 1;
            },
        },
        clock("view.engine", policy.view.engine, 10, |setup, phase| setup.policy.view.engine.phase = span(phase)),
        Dial {
            name: "what a request did is seen so much later",
            period: 60 * u64::from(!late),
            step: 10,
            set: |setup, lag| {
                setup.lag = lag as i64;
            },
        },
        Dial { name: "each look for silence comes so much later", period: 16, step: 1, set: delay_looks },
        Dial {
            name: "silence of exactly its time is found",
            period: 2,
            step: 1,
            set: |setup, not| {
                setup.policy.expiry.bound = if not == 0 { Bound::Reached } else { Bound::Exceeded };
            },
        },
        clock("overrides.sweep", policy.overrides.sweep, 100, |setup, phase| {
            setup.policy.overrides.sweep.phase = span(phase);
        }),
        clock("services.sweep", policy.services.sweep, 500, |setup, phase| {
            setup.policy.services.sweep.phase = span(phase);
        }),
    ];
    dials.extend(policy.expiry.cap.map(|cap| {
        clock("expiry.cap.sweep", cap.sweep, 100, |setup, phase| {
            if let Some(cap) = &mut setup.policy.expiry.cap {
                cap.sweep.phase = span(phase);
            }
        })
    }));
    dials.retain(|dial| dial.period > 0);
    dials
}

/// A clock that waits for five seconds after each look, and not from look to look, is a little later every time.
fn delay_looks(setup: &mut Setup, by: u64) {
    if let Sweep::PerLease(period) | Sweep::PerService(period) = &mut setup.policy.expiry.sweep {
        *period = span(period.as_millis() + by);
    }
}

fn span(millis: u64) -> Span {
    Span::from_millis(millis).unwrap_or_default()
}

/// A dial's name and the phase chosen for it, in ms.
pub type Chosen = (&'static str, u64);

const ROUNDS: u32 = 3;

/// Replays under all phases 0, and where that differs, turns one dial after another to where the first difference comes latest.
pub(crate) fn search<E>(
    policy: &Policy,
    dials: &[Dial],
    mut replay: impl FnMut(Setup) -> Result<Option<Difference>, E>,
) -> Result<(Option<Difference>, Vec<Chosen>), E> {
    let mut phases = vec![0; dials.len()];
    let mut try_phases = |phases: &[u64]| {
        let mut setup = Setup::of(policy.clone());
        for (dial, phase) in dials.iter().zip(phases) {
            (dial.set)(&mut setup, *phase);
        }
        replay(setup)
    };
    let mut best = try_phases(&phases)?;
    for _ in 0..ROUNDS {
        let before = phases.clone();
        for number in 0..dials.len() {
            let mut turned = phases.clone();
            for phase in (0..dials[number].period).step_by(dials[number].step as usize) {
                if best.is_none() {
                    break;
                }
                turned[number] = phase;
                let found = try_phases(&turned)?;
                let is_later = later(found.as_ref(), best.as_ref());
                if is_later {
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

/// A match is later than any difference.
pub(super) fn later(found: Option<&Difference>, best: Option<&Difference>) -> bool {
    let at = |difference: Option<&Difference>| difference.map_or(i64::MAX, |difference| difference.at);
    at(found) > at(best)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIALS: [Dial; 2] = [
        Dial {
            name: "sweep",
            period: 5000,
            step: 100,
            set: |setup, phase| setup.policy.overrides.sweep.phase = span(phase),
        },
        Dial { name: "view", period: 1000, step: 100, set: |setup, phase| setup.policy.view.refresh = span(phase) },
    ];

    /// A recording that parts at the sum of how far both dials are right.
    fn outcome(Setup { policy, .. }: Setup, sweep: u64, view: u64) -> Option<Difference> {
        let wrong =
            policy.overrides.sweep.phase.as_millis().abs_diff(sweep) + policy.view.refresh.as_millis().abs_diff(view);
        (wrong > 0).then(|| Difference::new(10_000 - wrong as i64, "list", String::new(), String::new()))
    }

    fn search_for(sweep: u64, view: u64) -> (Option<Difference>, Vec<Chosen>, u32) {
        let mut tries = 0;
        let found = search(&Policy::nacos_2_0(), &DIALS, |setup| {
            tries += 1;
            Ok::<_, ()>(outcome(setup, sweep, view))
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
        let found = search(&Policy::strict(), &[], |_| {
            tries += 1;
            Ok::<_, ()>(Some(wrong.clone()))
        });
        assert_eq!((found, tries), (Ok((Some(wrong), Vec::new())), 1));
    }
}
