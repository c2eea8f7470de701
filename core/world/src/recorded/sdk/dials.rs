//! What a recording of SDK processes cannot show: where in their periods the clients' own clocks stood, and when in a call it took effect.

use liveset::clients::PublisherPolicy;
use liveset::policy::Clock;
use liveset::{Error, Policy, Span};

use super::super::file::{Event, Recording, What};
use super::super::phases::{self, Chosen, Dial, Setup};
use super::super::search;
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
    /// How long a consumer takes for the first list that is pushed to it, in ms.
    pub(super) first_list: i64,
    /// How long behind its call a subscription reaches the server, in ms.
    pub(super) subscribed: i64,
}

impl Phases {
    pub(super) fn apply(&self, policy: &mut PublisherPolicy) {
        if policy.redo.every != Span::ZERO {
            policy.first = span(self.sign);
            policy.redo.phase = span(self.redo);
        }
    }
}

/// Searches anew from each start: whether a poll comes into the first registration, and when in a call it takes effect, decide about the
/// first second of a recording, and what is found for one start need not be for another.
pub(crate) fn search(
    policy: &Policy,
    recording: &Recording,
    version: &Version,
    mut replay: impl FnMut(&Setup, Option<i64>) -> Result<Option<Difference>, Error>,
) -> Result<(Option<Difference>, Vec<Chosen>), Error> {
    let (dials, zero) = (dials(policy, recording, version), super::super::zero(recording));
    let mut best: Option<(Option<Difference>, Vec<Chosen>)> = None;
    let mut tries = search::Tries::new(3000, 600);
    let mut start = (0, 100);
    let mut from = |early: u64, reached: i64, sign: u64| {
        let (found, mut chosen) = search::search(policy, &dials, zero, &mut tries, |mut setup, until| {
            setup.client.early = early == 1;
            setup.client.reached = reached;
            setup.client.sign += sign;
            replay(&setup, until)
        })?;
        chosen.push(Chosen::new("the first poll comes into a registration", early, ""));
        chosen.push(Chosen::new("calls reach the server so late in their time", reached.unsigned_abs(), "%"));
        chosen.push(Chosen::new("client.sign from", sign, "ms"));
        let wins = best.as_ref().is_none_or(|(before, _)| search::is_later(found.as_ref(), before.as_ref()));
        if wins {
            best = Some((found, chosen));
            start = (early, reached);
        }
        let at = best.as_ref().and_then(|(found, _)| Some(found.as_ref()?.at));
        Ok::<_, Error>((at, start))
    };
    let mut at = Some(i64::MIN);
    let mut latest = (0, 100);
    for (early, reached) in [0, 1].iter().flat_map(|&early| [100, 50, 0, 75, 25].map(|reached| (early, reached))) {
        if at.is_some() {
            (at, latest) = from(early, reached, 0)?;
        }
    }
    if version.publisher.redo.every != Span::ZERO {
        for sign in (SIGNS..5000).step_by(SIGNS as usize) {
            if at.is_some_and(|at| at >= first_fault(recording)) {
                (at, _) = from(latest.0, latest.1, sign)?;
            }
        }
    }
    Ok(best.unwrap_or_default())
}

/// How far apart the starts are for the clock of a connection, in ms.
const SIGNS: u64 = 600;

/// The longest that a consumer's first list takes, in ms, and how finely that is searched.
const FIRST_LIST: (u64, u64) = (3000, 100);

/// When a connection may first have been silent.
fn first_fault(recording: &Recording) -> i64 {
    let calls = ["register", "deregister", "subscribe", "batchreg", "batchdereg", "getAllInstances", "selectInstances"];
    let is_fault = |event: &Event| !calls.contains(&event.event.as_str());
    let fault = recording.lines.iter().find(|line| matches!(&line.what, What::Event(event) if is_fault(event)));
    fault.map_or(i64::MAX, |line| line.t)
}

fn dials(policy: &Policy, recording: &Recording, version: &Version) -> Vec<Dial> {
    let (longest, step) = FIRST_LIST;
    let first_list = |setup: &mut Setup, takes| setup.client.first_list = takes as i64;
    let mut dials = vec![Dial::new("a consumer takes so long for its first list", longest, step, first_list)];
    let subscribed = |setup: &mut Setup, late| setup.client.subscribed = late as i64;
    dials.push(Dial::new("a subscription comes so long behind its call", version.subscribes_within, 15, subscribed));
    dials.extend(phases::server(policy, recording, 2).into_iter().filter(|dial| dial.name != "services.sweep"));
    let redo = version.publisher.redo.every.as_millis();
    if redo == 0 {
        dials.push(Dial::new("beats take", 92, 4, |setup, takes| setup.client.beat = takes));
    } else {
        let (every, probe) = (policy.session.sweep.every.as_millis(), policy.session.probe.as_millis());
        let fault = first_fault(recording);
        dials.push(Dial::new("session.sweep, delayed or not", 2 * every + probe, 200, sessions).from(fault));
        dials.push(Dial::new("client.sign", SIGNS, 100, |setup, phase| setup.client.sign = phase).from(fault));
        dials.push(Dial::new("client.redo", redo, 100, |setup, phase| setup.client.redo = phase).from(fault));
    }
    dials.retain(|dial| dial.period > 0);
    dials
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
