//! What a recording of SDK processes cannot show: where in their periods the clients' own clocks stood, and when in a call it took effect.

use liveset::clients::PublisherPolicy;
use liveset::policy::Clock;
use liveset::{Error, Policy, Span};

use super::super::phases::{self, Chosen, Dial, Setup};
use super::super::track::Difference;
use super::Version;

/// Phases of a provider's process, and when in a call it reaches the server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Phases {
    /// How long after the registration the clock of a connection looks for the first time, in ms.
    sign: u64,
    /// Phase of the redo task, in ms.
    redo: u64,
    /// When in a call it reaches the server, in percent of its time.
    pub(super) reached: i64,
    /// How long a beat takes until its answer is in, in ms.
    pub(super) beat: u64,
}

impl Phases {
    pub(super) fn apply(&self, policy: &mut PublisherPolicy) {
        if policy.redo.every != Span::ZERO {
            policy.first = span(self.sign);
            policy.redo.phase = span(self.redo);
        }
    }
}

/// Searches the phases anew from each start: whether a poll comes into the first registration, and when in a call it takes effect, decide
/// about the first second of a recording, and what is found for one start need not be for another.
pub(crate) fn search(
    policy: &Policy,
    version: &Version,
    mut replay: impl FnMut(&Setup) -> Result<Option<Difference>, Error>,
) -> Result<(Option<Difference>, Vec<Chosen>), Error> {
    let dials = dials(policy, version);
    let mut best: Option<(Option<Difference>, Vec<Chosen>)> = None;
    let mut start = (0, 100);
    let mut from = |early: u64, reached: i64, sign: u64| {
        let (found, mut chosen) = phases::search(policy, &dials, |mut setup| {
            setup.early_poll = early == 1;
            setup.client.reached = reached;
            setup.client.sign += sign;
            replay(&setup)
        })?;
        chosen.push(("the first poll comes into a registration", early));
        chosen.push(("calls reach the server so late, in % of their time", reached.unsigned_abs()));
        chosen.push(("client.sign from", sign));
        let is_later = best.as_ref().is_none_or(|(before, _)| phases::later(found.as_ref(), before.as_ref()));
        if is_later {
            best = Some((found, chosen));
            start = (early, reached);
        }
        Ok::<_, Error>((matches!(best, Some((None, _))), start))
    };
    let mut matched = false;
    let mut latest = (0, 100);
    for (early, reached) in [0, 1].iter().flat_map(|&early| [100, 50, 0, 75, 25].map(|reached| (early, reached))) {
        if !matched {
            (matched, latest) = from(early, reached, 0)?;
        }
    }
    if !matched && version.publisher.redo.every != Span::ZERO {
        for sign in (SIGNS..5000).step_by(SIGNS as usize) {
            if !matched {
                (matched, _) = from(latest.0, latest.1, sign)?;
            }
        }
    }
    Ok(best.unwrap_or_default())
}

/// How far apart the starts are for the clock of a connection, in ms.
const SIGNS: u64 = 600;

fn dials(policy: &Policy, version: &Version) -> Vec<Dial> {
    let own = ["the first poll comes into a registration", "view.engine", "services.sweep"];
    let mut dials: Vec<Dial> = phases::dials(policy).into_iter().filter(|dial| !own.contains(&dial.name)).collect();
    for dial in dials.iter_mut().filter(|dial| dial.name.contains("sweep")) {
        dial.step = 500;
    }
    if policy.view.engine.every != Span::ZERO {
        dials.insert(0, Dial { name: "view.engine: phase, in 10 ms, and drift", period: 100, step: 1, set: engine });
    }
    let redo = version.publisher.redo.every.as_millis();
    if redo == 0 {
        let set = |setup: &mut Setup, takes| setup.client.beat = takes;
        dials.push(Dial { name: "beats take", period: 40, step: 4, set });
    } else {
        let (every, probe) = (policy.session.sweep.every.as_millis(), policy.session.probe.as_millis());
        dials.push(Dial { name: "session.sweep, delayed or not", period: 2 * every + probe, step: 200, set: sessions });
        dials.push(Dial {
            name: "client.sign",
            period: 5000,
            step: 200,
            set: |setup, phase| setup.client.sign = phase,
        });
        dials.push(Dial {
            name: "client.redo",
            period: redo,
            step: 100,
            set: |setup, phase| setup.client.redo = phase,
        });
    }
    dials.retain(|dial| dial.period > 0);
    dials
}

/// The engine waits for a tenth of a second after each of its runs, and not from run to run, so it drifts: ten phases at each of ten
/// speeds.
fn engine(setup: &mut Setup, number: u64) {
    let (slow, phase) = (number / 10, number % 10);
    setup.policy.view.engine = Clock { every: span(100 + slow), phase: span(phase * 10) };
}

/// A look for silent connections waits for the answer of those it finds, and the next one comes a period after its end: beside other
/// silent connections the period is longer by that wait.
fn sessions(setup: &mut Setup, phase: u64) {
    let session = &mut setup.policy.session;
    let every = session.sweep.every.as_millis();
    session.sweep = match phase.checked_sub(every) {
        None => Clock { every: span(every), phase: span(phase) },
        Some(phase) => Clock { every: span(every + session.probe.as_millis()), phase: span(phase) },
    };
}

fn span(millis: u64) -> Span {
    Span::from_millis(millis).unwrap_or_default()
}
