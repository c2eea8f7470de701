//! What a recording of SDK processes cannot show: where in their periods the clients' own clocks stood, and when in a call it took effect.

use liveset::clients::PublisherPolicy;
use liveset::policy::Clock;
use liveset::{Error, Policy, Span};
use serde_json::Value;

use super::super::file::{Event, Recording, Row, What};
use super::super::phases::{self, ALWAYS, Chosen, Dial, Setup};
use super::super::search;
use super::super::track::Difference;
use super::Version;
use super::steps::REGISTER;

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
    /// How long an end of a process, a cut or a wake takes until it has an effect, in ms.
    pub(super) late: i64,
    /// How long a client takes for a new connection, in ms.
    pub(super) connects: i64,
    /// How long behind its call a subscription reaches the server, in ms.
    pub(super) subscribed: i64,
    /// Whether what a list holds comes from its end: of two rows for one address the later one counts for a client, and servers list them
    /// by their hash.
    pub(super) turned: bool,
}

impl Phases {
    pub(super) fn apply(&self, policy: &mut PublisherPolicy) {
        if policy.redo.every != Span::ZERO {
            policy.first = span(self.sign);
            policy.redo.phase = span(self.redo);
        }
    }
}

/// Where a search begins: what decides about all that follows, and what is not found by turning one dial after another.
#[derive(Clone, Copy, Debug)]
struct Start {
    /// Whether the first poll comes into a registration.
    early: bool,
    /// When in a call it reaches the server, in percent of its time.
    reached: i64,
    /// Phase of the clock of a connection, in ms.
    sign: u64,
    /// How long a new connection takes at least, in ms.
    connects: i64,
    /// How much later each look for silence comes than it should, in ms.
    slower: u64,
}

impl Start {
    fn apply(&self, setup: &mut Setup) {
        setup.client.early = self.early;
        setup.client.reached = self.reached;
        setup.client.sign += self.sign;
        setup.client.connects += self.connects;
        phases::look_later(&mut setup.policy, self.slower);
    }

    fn chosen(&self) -> [Chosen; 5] {
        [
            Chosen::new("the first poll comes into a registration", self.early.into(), ""),
            Chosen::new("calls reach the server so late in their time", self.reached.unsigned_abs(), "%"),
            Chosen::new("client.sign from", self.sign, "ms"),
            Chosen::new("a new connection takes from", self.connects.unsigned_abs(), "ms"),
            Chosen::new("each look for silence comes later by", self.slower, "ms"),
        ]
    }
}

/// The best that was found, and where that search began.
struct Best {
    start: Start,
    difference: Option<Difference>,
    chosen: Vec<Chosen>,
}

/// Searches anew from each start, as long as there is a difference that it may move.
pub(crate) fn search(
    policy: &Policy,
    recording: &Recording,
    version: &Version,
    mut replay: impl FnMut(&Setup, Option<i64>) -> Result<Option<Difference>, Error>,
) -> Result<(Option<Difference>, Vec<Chosen>), Error> {
    let (dials, zero) = (dials(policy, recording, version), super::super::zero(recording));
    let mut best: Option<Best> = None;
    let mut tries = search::Tries::new(3000, 600);
    let mut begin = |(from, to): (i64, i64), change: &dyn Fn(Start) -> Start| {
        let first = Start { early: false, reached: 100, sign: 0, connects: 0, slower: 0 };
        let start = change(best.as_ref().map_or(first, |best| best.start));
        let differs = |best: &Best| best.difference.as_ref().is_some_and(|found| (from..=to).contains(&found.at));
        if !best.as_ref().is_none_or(differs) {
            return Ok(());
        }
        let (difference, mut chosen) = search::search(policy, &dials, zero, &mut tries, |mut setup, until| {
            start.apply(&mut setup);
            replay(&setup, until)
        })?;
        let least = best.as_ref().map(|best| best.difference.as_ref());
        if least.is_none_or(|least| search::is_later(difference.as_ref(), least)) {
            chosen.extend(start.chosen());
            best = Some(Best { start, difference, chosen });
        }
        Ok::<_, Error>(())
    };
    let begun = (i64::MIN, first(recording, |event| REGISTER.contains(&event.event.as_str())) + SHOWN_EARLY);
    for (early, within) in [(false, ALWAYS), (true, begun)] {
        for reached in [100, 50, 0, 75, 25] {
            begin(within, &|start| Start { early, reached, ..start })?;
        }
    }
    let fault = (first_fault(recording), i64::MAX);
    if version.publisher.redo.every == Span::ZERO {
        for slower in [1, 2] {
            begin(fault, &|start| Start { slower, ..start })?;
        }
    } else {
        begin((first(recording, lets_connect), i64::MAX), &|start| Start { connects: CONNECTS_FROM, ..start })?;
        for sign in (SIGNS..5000).step_by(SIGNS as usize) {
            begin(fault, &|start| Start { sign, ..start })?;
        }
    }
    Ok(best.map_or((None, Vec::new()), |best| (best.difference, best.chosen)))
}

/// How long what a poll found in a registration may be seen, in ms: until views are computed again, and a consumer has its first list.
const SHOWN_EARLY: i64 = 4000;

/// How far apart the starts are for the clock of a connection, in ms.
const SIGNS: u64 = 600;

/// The other start for how long a connection takes, in ms: the redo task may look before it stands.
const CONNECTS_FROM: i64 = 700;

/// The latest that what happened to a process had its effect, in ms: a machine that records is busy.
const LATE: u64 = 3000;

/// How long a new connection takes, in ms, and how finely that is searched: where a server answers,
const CONNECTS: (u64, u64) = (1500, 100);

/// and where it did not, so that the next attempt is waited for, too.
const ATTEMPTS: (u64, u64) = (8000, 250);

/// Whether a client found no server for a while.
fn has_no_server(recording: &Recording) -> bool {
    recording.lines.iter().any(|line| match &line.what {
        What::Event(event) => event.event == "kill -9" || fails(event),
        _ => false,
    })
}

/// Whether a client connects anew behind an event.
fn lets_connect(event: &Event) -> bool {
    fails(event) || ["SIGCONT", "reset", "heal", "kill -9"].contains(&event.event.as_str())
}

/// Whether a call did not reach the server.
pub(super) fn fails(event: &Event) -> bool {
    event.got.get("error").and_then(Value::as_str).is_some_and(|error| {
        error.starts_with("ErrCode:-401, ErrMsg:Client not connected")
            || error.ends_with("Request nacos server failed: ")
    })
}

/// When a connection may first have been lost, or not have been there.
fn first_fault(recording: &Recording) -> i64 {
    let calls = ["register", "deregister", "subscribe", "batchreg", "batchdereg", "getAllInstances", "selectInstances"];
    let is_fault = |event: &Event| !calls.contains(&event.event.as_str()) || fails(event);
    first(recording, is_fault)
}

/// When such an event first came, in ms; far behind its end where none did.
fn first(recording: &Recording, is_it: impl Fn(&Event) -> bool) -> i64 {
    let found = recording.lines.iter().find(|line| matches!(&line.what, What::Event(event) if is_it(event)));
    found.map_or(i64::MAX / 2, |line| line.t)
}

fn dials(policy: &Policy, recording: &Recording, version: &Version) -> Vec<Dial> {
    let subscribed = |setup: &mut Setup, late| setup.client.subscribed = late as i64;
    let name = "a subscription comes so long behind its call";
    let mut dials = vec![Dial::new(name, version.subscribes_within, 15, subscribed)];
    dials.extend(phases::server(policy, recording, 2).into_iter().filter(|dial| dial.name != "services.sweep"));
    let fault = first_fault(recording);
    let redo = version.publisher.redo.every.as_millis();
    if redo == 0 {
        dials.push(Dial::new("beats take", 92, 2, |setup, takes| setup.client.beat = takes));
    } else {
        let (every, probe) = (policy.session.sweep.every.as_millis(), policy.session.probe.as_millis());
        dials.push(Dial::new("session.sweep, delayed or not", 2 * every + probe, 200, sessions).from(fault));
        dials.push(Dial::new("client.sign", SIGNS, 100, |setup, phase| setup.client.sign = phase).from(fault));
        let step = 100.max(redo / 120);
        dials.push(Dial::new("client.redo", redo, step, |setup, phase| setup.client.redo = phase).from(fault));
        let connects = |setup: &mut Setup, takes| setup.client.connects = takes as i64;
        let (longest, step) = if has_no_server(recording) { ATTEMPTS } else { CONNECTS };
        let back = first(recording, lets_connect);
        dials.push(Dial::new("a new connection takes", longest, step, connects).from(back));
    }
    if let Some(first) = first_doubled(recording) {
        let turned = |setup: &mut Setup, turned| setup.client.turned = turned == 1;
        dials.push(Dial::new("rows of one address come in the other order", 2, 1, turned).counted_in("").from(first));
    }
    let late = |setup: &mut Setup, late| setup.client.late = late as i64;
    let happens =
        |event: &Event| ["SIGCONT", "reset", "kill -9", "killed -9", "shutDown"].contains(&event.event.as_str());
    let name = "what happens to a process has its effect so much later";
    dials.push(Dial::new(name, LATE, 100, late).from(first(recording, happens)));
    dials.retain(|dial| dial.period > 0);
    dials
}

/// When the last look was that did not show an address twice, where one did.
fn first_doubled(recording: &Recording) -> Option<i64> {
    let place = |row: &Row| (row.ip.clone(), row.port);
    let is_doubled =
        |rows: &[Row]| rows.iter().enumerate().any(|(n, row)| rows[..n].iter().any(|r| place(r) == place(row)));
    recording.lines.iter().find_map(|line| match &line.what {
        What::Sight(sight) if sight.is.as_deref().is_some_and(is_doubled) => Some(sight.after.unwrap_or(i64::MIN)),
        _ => None,
    })
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
