//! Which phase had a timer that a recording does not show? The one that agrees with it longest, chosen once for the whole recording.

use std::collections::BTreeSet;

use liveset::policy::{Bound, Clock, Sweep};
use liveset::{Policy, Span};

use super::track::Difference;

/// What a replay begins with: the rules, and what a recording cannot show of the server that followed them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setup {
    pub(crate) policy: Policy,
    /// How long after a request was answered the views may still miss what it did, in ms.
    pub(crate) lag: i64,
    /// Where polls came that were on their way together with the registration that made their service.
    pub(crate) first_polls: FirstPolls,
    /// Clients, as `ip:port`, whose clock began a moment before the first beat of theirs was stamped.
    pub(crate) stamped_late: BTreeSet<String>,
    /// Where the clocks of SDK clients stood.
    pub(crate) client: super::sdk::Phases,
}

impl Setup {
    pub(crate) fn of(policy: Policy) -> Setup {
        Setup {
            policy,
            lag: 0,
            first_polls: FirstPolls::Before,
            stamped_late: BTreeSet::new(),
            client: super::sdk::Phases::default(),
        }
    }
}

/// Where polls came that were on their way together with the first registrations of a service: a registration makes the service, then
/// its instance enters, and a server that keeps computed views keeps what a poll found between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FirstPolls {
    /// They found no service.
    Before,
    /// They found what so many registrations had brought, and of the first nothing but the service where it is none.
    After(usize),
}

/// A timer of the server whose phase is not known from outside, or a lag of it.
#[derive(Clone, Debug)]
pub(crate) struct Dial {
    pub(crate) name: String,
    /// Its period in ms: phases from 0 up to it differ.
    pub(crate) period: u64,
    /// How finely it is searched, in ms.
    pub(crate) step: u64,
    pub(crate) set: Turn,
}

/// What turning a dial does.
#[derive(Clone, Debug)]
pub(crate) enum Turn {
    /// Sets a phase or a lag of the server.
    Set(fn(&mut Setup, u64)),
    /// Of one client: at 1 its clock began before its beat was stamped.
    Stamp(String),
}

impl Turn {
    fn turn(&self, setup: &mut Setup, phase: u64) {
        match self {
            Turn::Set(set) => set(setup, phase),
            Turn::Stamp(client) if phase == 1 => {
                setup.stamped_late.insert(client.clone());
            }
            Turn::Stamp(_) => {}
        }
    }
}

/// The dials of a policy: each of its server-wide clocks, how late its looks come, and what a poll may meet on its way.
pub(crate) fn dials(policy: &Policy, clients: &[String]) -> Vec<Dial> {
    fn dial(name: &str, period: u64, step: u64, set: fn(&mut Setup, u64)) -> Dial {
        Dial { name: name.to_owned(), period, step, set: Turn::Set(set) }
    }
    let clock = |name, clock: Clock, step, set| dial(name, clock.every.as_millis(), step, set);
    let late = policy.view.refresh != Span::ZERO;
    let mut dials = vec![
        dial("polls beside the first registrations come before, into, behind them", 7, 1, |setup, place| {
            let behind = (place as usize).checked_sub(1);
            setup.first_polls = behind.map_or(FirstPolls::Before, FirstPolls::After);
        }),
        clock("view.engine", policy.view.engine, 3, |setup, phase| setup.policy.view.engine.phase = span(phase)),
        dial("the engine of views turns so much slower", 4 * u64::from(late), 1, |setup, by| {
            setup.policy.view.engine.every = span(setup.policy.view.engine.every.as_millis() + by)
        }),
        dial("what a request did is seen so much later", 60 * u64::from(!late), 10, |setup, lag| {
            setup.lag = lag as i64;
        }),
        dial("silence of exactly its time is found", 2, 1, |setup, not| {
            setup.policy.expiry.bound = if not == 0 { Bound::Reached } else { Bound::Exceeded };
        }),
        dial("each look for silence comes so much later", 16, 1, delay_looks),
        clock("overrides.sweep", policy.overrides.sweep, 250, |setup, phase| {
            setup.policy.overrides.sweep.phase = span(phase);
        }),
        clock("services.sweep", policy.services.sweep, 1000, |setup, phase| {
            setup.policy.services.sweep.phase = span(phase);
        }),
    ];
    dials.extend(policy.expiry.cap.map(|cap| {
        clock("expiry.cap.sweep", cap.sweep, 250, |setup, phase| {
            if let Some(cap) = &mut setup.policy.expiry.cap {
                cap.sweep.phase = span(phase);
            }
        })
    }));
    if matches!(policy.expiry.sweep, Sweep::PerLease(_)) {
        dials.extend(clients.iter().map(|client| Dial {
            name: format!("the clock of {client} began before its beat was stamped"),
            period: 2,
            step: 1,
            set: Turn::Stamp(client.clone()),
        }));
    }
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
pub type Chosen = (String, u64);

const ROUNDS: u32 = 3;

/// How many replays a recording is worth: whoever needs more has phases that nobody could call chosen.
pub(crate) const TRIES_MAX: u32 = 600;

/// Replays under all phases 0, and where that differs, turns one dial after another to where the first difference comes latest.
///
/// `replay` may be asked for no more than what differs by a moment: most phases are worse than the best one, and soon.
pub(crate) fn search<E>(
    policy: &Policy,
    dials: &[Dial],
    mut replay: impl FnMut(Setup, Option<i64>) -> Result<Option<Difference>, E>,
) -> Result<(Option<Difference>, Vec<Chosen>), E> {
    let mut phases = vec![0; dials.len()];
    let mut tries = 0;
    let mut try_phases = |phases: &[u64], until: Option<i64>| {
        tries += 1;
        let mut setup = Setup::of(policy.clone());
        for (dial, phase) in dials.iter().zip(phases) {
            dial.set.turn(&mut setup, *phase);
        }
        if tries > TRIES_MAX {
            // As bad as the worst: nothing is chosen any more.
            return Ok(Some(Difference::new(i64::MIN, "", String::new(), String::new())));
        }
        replay(setup, until)
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
    Ok((best, dials.iter().map(|dial| dial.name.clone()).zip(phases).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two_dials() -> [Dial; 2] {
        let set = |name: &str, period, set| Dial { name: name.to_owned(), period, step: 100, set: Turn::Set(set) };
        [
            set("sweep", 5000, |setup, phase| setup.policy.overrides.sweep.phase = span(phase)),
            set("view", 1000, |setup, phase| setup.policy.view.refresh = span(phase)),
        ]
    }

    fn named(phases: [u64; 2]) -> Vec<Chosen> {
        vec![("sweep".to_owned(), phases[0]), ("view".to_owned(), phases[1])]
    }

    /// A recording that parts at the sum of how far both dials are right.
    fn outcome(Setup { policy, .. }: Setup, sweep: u64, view: u64) -> Option<Difference> {
        let wrong =
            policy.overrides.sweep.phase.as_millis().abs_diff(sweep) + policy.view.refresh.as_millis().abs_diff(view);
        (wrong > 0).then(|| Difference::new(10_000 - wrong as i64, "list", String::new(), String::new()))
    }

    fn search_for(sweep: u64, view: u64) -> (Option<Difference>, Vec<Chosen>, u32) {
        let mut tries = 0;
        let found = search(&Policy::nacos_2_0(), &two_dials(), |setup, _| {
            tries += 1;
            Ok::<_, ()>(outcome(setup, sweep, view))
        });
        let (difference, chosen) = found.expect("no errors");
        (difference, chosen, tries)
    }

    #[test]
    fn phases_that_agree_are_found_and_named() {
        let (difference, chosen, _) = search_for(3700, 400);
        assert_eq!((difference, chosen), (None, named([3700, 400])));
    }

    #[test]
    fn phases_that_need_no_search_stay_at_zero() {
        assert_eq!(search_for(0, 0), (None, named([0, 0]), 1));
    }

    #[test]
    fn where_no_phase_agrees_the_latest_difference_is_told() {
        let (difference, chosen, _) = search_for(3750, 400);
        assert_eq!(difference.map(|difference| difference.at), Some(9950));
        assert_eq!(chosen, named([3700, 400]), "of two equally good phases the smaller");
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
