//! A cluster of ours is asked what the recorded one was asked, at the recorded times, and its views are watched all the while.

use std::collections::BTreeMap;
use std::rc::Rc;

use liveset::{Content, Error, Instant};
use liveset_nacos::Dialect;

use super::super::door::{View, is_computed};
use super::super::file::{Recording, Request};
use super::super::http::answer_differs;
use super::super::peek::{Said, Views};
use super::super::track::{Difference, Track};
use super::node_of;
use super::setup::Setup;
use super::steps::{How, Step};
use crate::replication::{Cluster, Standing};

/// When a step takes effect, and from when on it may be seen.
pub(super) struct Moment {
    pub(super) effect: i64,
    from: i64,
    /// Its place among the steps.
    pub(super) step: usize,
}

pub(super) struct Replay {
    pub(super) cluster: Cluster,
    setup: Setup,
    /// Of each node.
    dialects: Vec<Dialect>,
    /// Of each node.
    views: Rc<[Views; 3]>,
    pub(super) tracks: BTreeMap<View, Track>,
    /// What each node's registry said when its views were last read.
    said: [Said; 3],
    /// The recording's time of the cluster's zero.
    pub(super) zero: i64,
    pub(super) now: i64,
}

impl Replay {
    pub(super) fn new(
        recording: &Recording,
        cluster: Cluster,
        setup: Setup,
        dialects: Vec<Dialect>,
        views: Rc<[Views; 3]>,
    ) -> Replay {
        let zero = recording.lines.first().map_or(0, |line| line.t.min(0));
        Replay { cluster, setup, dialects, views, tracks: BTreeMap::new(), said: Default::default(), zero, now: zero }
    }

    /// The answers that differ, until what was shown so far falls short.
    pub(super) fn run(
        &mut self,
        steps: &[(i64, Step)],
        falls_short: impl Fn(&BTreeMap<View, Track>, i64, usize) -> bool,
    ) -> Result<Vec<Difference>, Error> {
        let moments = self.moments(steps);
        let mut answers = Vec::new();
        self.watch(self.zero, 0)?;
        for (number, moment) in moments.into_iter().enumerate() {
            self.pass(moment.effect)?;
            if number % 16 == 15 && falls_short(&self.tracks, self.now, answers.len()) {
                break;
            }
            answers.extend(self.act(&moment, &steps[moment.step].1)?);
        }
        Ok(answers)
    }

    /// Does a step; the answer may differ.
    pub(super) fn act(&mut self, moment: &Moment, step: &Step) -> Result<Option<Difference>, Error> {
        let now = self.instant(moment.effect)?;
        match step {
            Step::Look(view) => self.look(view)?,
            Step::Send(request, sent, claim) => {
                let Some(node) = node_of(request.node.as_deref()) else { return Ok(None) };
                let taker = self.cluster.taker(node, claim);
                if request.method == "POST" && self.cluster.replication.seen_making[taker] {
                    self.cluster.make_service(now, taker, &claim.0);
                    self.watch(moment.from, 0)?;
                }
                let answer = self.cluster.send(now, node, sent, claim);
                let difference = differs(moment.from, request, answer.as_ref());
                self.watch(moment.from, request.took + self.setup.lag)?;
                return Ok(difference);
            }
            Step::Read(request, sent) => {
                let Some(node) = node_of(request.node.as_deref()) else { return Ok(None) };
                let answer = self.cluster.read(now, node, sent);
                self.watch(moment.from, request.took + self.setup.lag)?;
                return Ok(differs(moment.from, request, answer.as_ref()));
            }
            Step::Claim { number, node, claim, how } => {
                self.cluster.claim_over(now, *node, *number, claim, &Content::default());
                let took = if let How::Called { took } = how { *took } else { 0 };
                self.watch(moment.from, took)?;
            }
            Step::Disconnect { number, node, .. } => {
                self.cluster.disconnect(now, *node, *number);
                self.watch(moment.from, 0)?;
            }
            Step::Fault { node, standing, .. } => {
                if *standing == Standing::Dead {
                    self.cluster.replication.seen_making[*node] = self.setup.seen_making_again[*node];
                }
                self.cluster.stand(now, *node, *standing);
                for (other, after) in self.setup.counted(*node, *standing) {
                    self.cluster.will_count(now + after, other, *node, *standing == Standing::Up);
                }
                self.watch(moment.effect, 0)?;
            }
        }
        Ok(None)
    }

    /// When each step takes effect: a request some time between its sending and its answer, and none while its node stands still.
    pub(super) fn moments(&self, steps: &[(i64, Step)]) -> Vec<Moment> {
        let mut moments: Vec<Moment> = Vec::with_capacity(steps.len());
        let mut still: Vec<(usize, i64, i64)> = Vec::new();
        for (number, (at, step)) in steps.iter().enumerate() {
            let Step::Fault { node, standing, within } = step else { continue };
            let effect = self.happened(*at, *within);
            match (standing, still.iter_mut().find(|(stopped, _, until)| stopped == node && *until == i64::MAX)) {
                (Standing::Stopped, _) => still.push((*node, effect, i64::MAX)),
                (_, Some((_, _, until))) => *until = effect,
                _ => {}
            }
            moments.push(Moment { effect, from: effect, step: number });
        }
        for (number, (at, step)) in steps.iter().enumerate() {
            let moment = match step {
                Step::Fault { .. } => continue,
                Step::Look(_) => Moment { effect: *at, from: *at, step: number },
                Step::Read(request, _) => Moment { effect: self.reached(*at, request.took), from: *at, step: number },
                Step::Claim { how: How::Called { took }, .. } => {
                    Moment { effect: self.reached(*at, *took), from: *at, step: number }
                }
                Step::Claim { how: How::Moved { within }, .. } => {
                    let effect = self.setup.redone(self.happened(*at, *within));
                    Moment { effect, from: effect, step: number }
                }
                Step::Disconnect { within, .. } => {
                    let effect = self.happened(*at, *within);
                    Moment { effect, from: effect, step: number }
                }
                Step::Send(request, ..) => {
                    let share = self.share(step, request);
                    let effect = |from: i64| from + (at + request.took - from).max(0) * share / 1000;
                    let node = node_of(request.node.as_deref()).unwrap_or_default();
                    let holds = |(still, from, to): &&(usize, i64, i64)| {
                        *still == node && [*at, effect(*at)].iter().any(|moment| (*from..*to).contains(moment))
                    };
                    let from = still.iter().find(holds).map_or(*at, |(_, _, goes_on)| *goes_on);
                    Moment { effect: effect(from), from, step: number }
                }
            };
            moments.push(moment);
        }
        moments.sort_by_key(|moment| moment.effect);
        moments
    }

    /// When something happened that was seen up to so many ms later.
    fn happened(&self, seen: i64, within: i64) -> i64 {
        seen - within * self.setup.seen_after as i64 / 100
    }

    /// When a call reached the node that it was for.
    fn reached(&self, at: i64, took: i64) -> i64 {
        at + took * self.setup.direct as i64 / 1000
    }

    /// When in its time a request takes effect, in parts of a thousand.
    fn share(&self, step: &Step, request: &Request) -> i64 {
        let Step::Send(_, _, claim) = step else { return 0 };
        let node = node_of(request.node.as_deref()).unwrap_or_default();
        let share = if self.cluster.taker(node, claim) == node { self.setup.direct } else { self.setup.proxied };
        share as i64
    }

    fn look(&mut self, view: &View) -> Result<(), Error> {
        let Some(node) = node_of(view.node.as_deref()) else { return Ok(()) };
        let now = self.instant(self.now)?;
        if self.cluster.registry(node).is_some_and(|registry| is_computed(registry, view)) {
            return Ok(());
        }
        if let Some(registry) = self.cluster.look_at(node) {
            view.read(registry, self.dialects[node], now);
        }
        self.watch(self.now, 0)
    }

    /// Time passes, and what changes by itself is seen at its own moment.
    pub(super) fn pass(&mut self, until: i64) -> Result<(), Error> {
        while let Some(due) = self.cluster.next_deadline() {
            let due = (due.as_millis() as i64 + self.zero).max(self.now + 1);
            if due > until {
                break;
            }
            self.now = due;
            self.cluster.advance(self.instant(due)?);
            self.watch(due, 0)?;
        }
        self.now = self.now.max(until);
        Ok(())
    }

    /// Looks at the views of the nodes where something happened.
    fn watch(&mut self, from: i64, in_flight: i64) -> Result<(), Error> {
        let now = self.instant(self.now)?;
        for node in self.cluster.take_touched() {
            let Some(views) = self.views.get(node) else { continue };
            let registry = self.cluster.registry(node);
            let states = views.peek(registry, self.dialects[node], now, &mut self.said[node])?;
            for (view, state) in views.list.iter().zip(states.into_iter().flatten()) {
                self.tracks.entry(view.clone()).or_default().show(from, in_flight, state);
            }
        }
        Ok(())
    }

    pub(super) fn instant(&self, at: i64) -> Result<Instant, Error> {
        Instant::from_millis((at - self.zero).unsigned_abs())
    }
}

fn differs(at: i64, request: &Request, answer: Option<&liveset_nacos::Response>) -> Option<Difference> {
    match answer {
        Some(answer) => answer_differs(at, request, answer),
        None if is_unanswered(request) => None,
        None => {
            let recorded = format!("{} {}", request.status, request.got);
            let place = format!("{} {} of {}", request.method, request.path, request.who);
            Some(Difference::new(at, &place, recorded, "nobody answers".to_owned()))
        }
    }
}

/// Whether a request was waited for in vain: by the recorder, or by the node that handed it on, which says so in its HTTP client's words.
/// The clients of a node share its connections, so which of them ran out first is not in one recording.
fn is_unanswered(request: &Request) -> bool {
    const IN_VAIN: [&str; 3] = [
        "java.net.SocketTimeoutException: Read timed out",
        "org.apache.http.conn.ConnectTimeoutException: ",
        "org.apache.http.conn.ConnectionPoolTimeoutException: ",
    ];
    let says = |text: &str| IN_VAIN.iter().any(|words| text.starts_with(words));
    request.status == 0 || request.status == 500 && request.got.as_str().is_some_and(says)
}
