//! What a recording of SDK processes cannot show: where in their periods the clients' own clocks stood, and when in a call it took effect.

use liveset::clients::PublisherPolicy;
use liveset::policy::Clock;
use liveset::{Error, Policy, Span};

use super::super::phases::{self, Chosen, Dial, Setup, Turn};
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
    /// Whether the first poll came between a registration's making of the service and the instance's entry.
    pub(super) early: bool,
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
    mut replay: impl FnMut(&Setup, Option<i64>) -> Result<Option<Difference>, Error>,
) -> Result<(Option<Difference>, Vec<Chosen>), Error> {
    let dials = dials(policy, version);
    let mut best: Option<(Option<Difference>, Vec<Chosen>)> = None;
    let mut start = (0, 100);
    let mut from = |early: u64, reached: i64, sign: u64| {
        let (found, mut chosen) = phases::search(policy, &dials, |mut setup, until| {
            setup.client.early = early == 1;
            setup.client.reached = reached;
            setup.client.sign += sign;
            replay(&setup, until)
        })?;
        chosen.push(("the first poll comes into a registration".to_owned(), early));
        chosen.push(("calls reach the server so late, in % of their time".to_owned(), reached.unsigned_abs()));
        chosen.push(("client.sign from".to_owned(), sign));
        let wins = best.as_ref().is_none_or(|(before, _)| is_later(found.as_ref(), before.as_ref()));
        if wins {
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

/// A match is later than any difference.
fn is_later(found: Option<&Difference>, best: Option<&Difference>) -> bool {
    let at = |difference: Option<&Difference>| difference.map_or(i64::MAX, |difference| difference.at);
    at(found) > at(best)
}

fn dials(policy: &Policy, version: &Version) -> Vec<Dial> {
    let own = ["polls beside", "view.engine", "the engine of views", "services.sweep"];
    let is_own = |dial: &Dial| own.iter().any(|name| dial.name.starts_with(name));
    let mut dials: Vec<Dial> = phases::dials(policy, &[]).into_iter().filter(|dial| !is_own(dial)).collect();
    let dial = |name: &str, period, step, set: fn(&mut Setup, u64)| Dial {
        name: name.to_owned(),
        period,
        step,
        set: Turn::Set(set),
    };
    for dial in dials.iter_mut().filter(|dial| dial.name.contains("sweep")) {
        dial.step = 500;
    }
    if policy.view.engine.every != Span::ZERO {
        dials.insert(0, dial("view.engine: phase, in 10 ms, and drift", 100, 1, engine));
    }
    let redo = version.publisher.redo.every.as_millis();
    if redo == 0 {
        dials.push(dial("beats take", 40, 4, |setup, takes| setup.client.beat = takes));
    } else {
        let (every, probe) = (policy.session.sweep.every.as_millis(), policy.session.probe.as_millis());
        dials.push(dial("session.sweep, delayed or not", 2 * every + probe, 200, sessions));
        dials.push(dial("client.sign", SIGNS, 100, |setup, phase| setup.client.sign = phase));
        dials.push(dial("client.redo", redo, 100, |setup, phase| setup.client.redo = phase));
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
