//! Which phases had the timers of a cluster that a recording does not show? As in [`super::super::phases`], for each node.

use std::collections::{BTreeMap, BTreeSet};

use liveset::policy::{Clock, Sweep};
use liveset::{Error, Instant, Policy, Span};

use super::super::phases::Chosen;
use super::super::track::Difference;
use super::{Found, NODES, node_of};
use crate::replication::{Decisions, Health, Replication, Standing, Unit, span};

/// What a replay begins with: the rules of each node, how they replicate, and what a recording cannot show.
#[derive(Clone, Debug)]
pub(super) struct Setup {
    pub(super) replication: Replication,
    policy: Policy,
    /// When a request takes effect that the asked node serves itself, in percent of the time until its answer.
    pub(super) direct: u64,
    /// The same of one that is handed on.
    pub(super) proxied: u64,
    /// How long after a request was answered the views may still miss what it did, in ms.
    pub(super) lag: i64,
    /// At which nodes a poll came between the making of the service and the entry of its first instance.
    pub(super) seen_making: [bool; 3],
    /// When another record began the last wait of copies, in ms behind t = 0; 0 for never.
    other_wait: u64,
    /// How much later each look for silence comes, in ms.
    late_looks: u64,
    views: [Tick; 3],
    copies: [Tick; 3],
    verify: [Tick; 3],
    reports: [Tick; 3],
    heard: [Tick; 3],
    /// Whether a node stops or dies.
    pub(super) is_faulty: bool,
    /// How long after a fault each node counts the faulty one out, and in again, in ms.
    out_after: [u64; 3],
    in_after: [u64; 3],
}

/// Of a clock: a look's distance from the recording's t = 0, and how much later than its period each look comes, in ms.
#[derive(Clone, Copy, Debug, Default)]
struct Tick {
    phase: u64,
    late: u64,
}

impl Setup {
    /// Of a cluster of that version.
    pub(super) fn of(server: &str) -> Option<Setup> {
        let (replication, policy) = match server {
            "1.4.1" => (Replication::nacos_1_4(), Policy::nacos_1_4()),
            "2.0.3" => (Replication::nacos_2_0(), Policy::nacos_2_0()),
            "2.5.1" => (Replication::nacos_2_5(), Policy::nacos_2_5()),
            _ => return None,
        };
        let ticks = [Tick::default(); 3];
        Some(Setup {
            replication,
            policy,
            direct: 100,
            proxied: 100,
            lag: 0,
            seen_making: [false; 3],
            other_wait: 0,
            late_looks: 0,
            views: ticks,
            copies: ticks,
            verify: ticks,
            reports: ticks,
            heard: ticks,
            is_faulty: false,
            out_after: [20_000; 3],
            in_after: [1000; 3],
        })
    }

    /// The values with their phases, where t = 0 is `zero` ms behind the cluster's own zero.
    pub(super) fn begun(&self, zero: u64) -> (Replication, Vec<Policy>) {
        let mut replication = self.replication.clone();
        let mut policies = vec![self.policy.clone(); NODES.len()];
        replication.seen_making = self.seen_making.to_vec();
        replication.other_wait = (self.other_wait > 0).then(|| Instant::ZERO + span(zero + self.other_wait));
        for (node, policy) in policies.iter_mut().enumerate() {
            self.views[node].set(&mut policy.view.engine, zero);
            self.copies[node].set(&mut replication.engine[node], zero);
            self.verify[node].set(&mut replication.verify[node], zero);
            if let Health::Reported(clocks) = &mut replication.health {
                self.reports[node].set(&mut clocks[node], zero);
            }
            if let Decisions::Log { heard, .. } = &mut replication.decisions {
                self.heard[node].set(&mut heard[node], zero);
            }
            if let Sweep::PerLease(period) | Sweep::PerService(period) = &mut policy.expiry.sweep {
                *period = span(period.as_millis() + self.late_looks);
            }
        }
        (replication, policies)
    }

    /// Who is responsible by the recording's header, where records belong to services: their names are not in it.
    pub(super) fn told(&self, responsible: &BTreeMap<String, String>) -> BTreeMap<Vec<usize>, usize> {
        if self.replication.unit == Unit::Client {
            return BTreeMap::new();
        }
        let members = |without: &str| (0..NODES.len()).filter(|&node| NODES[node] != without).collect();
        let told = responsible.iter().filter_map(|(without, node)| Some((members(without), node_of(Some(node))?)));
        told.collect()
    }

    /// Which nodes come to count a faulty one out, or in again, and when.
    pub(super) fn counted(&self, node: usize, standing: Standing) -> Vec<(usize, Span)> {
        let after = match standing {
            Standing::Up => self.in_after,
            Standing::Stopped | Standing::Dead => self.out_after,
        };
        (0..NODES.len()).filter(|&other| other != node).map(|other| (other, span(after[other]))).collect()
    }
}

impl Tick {
    fn set(self, clock: &mut Clock, zero: u64) {
        clock.every = span(clock.every.as_millis() + self.late);
        let every = clock.every.as_millis();
        if every > 0 {
            clock.phase = span((zero + self.phase) % every);
        }
    }
}

/// What turning a dial does.
type Turn = Box<dyn Fn(&mut Setup, u64)>;

/// One thing that is not known.
struct Dial {
    name: String,
    /// Values from 0 up to it differ.
    period: u64,
    step: u64,
    set: Turn,
}

/// The dials, those of each node only where it is one of `owners` or replicas are concerned, too.
fn dials(setup: &Setup, owners: &BTreeSet<usize>) -> Vec<Dial> {
    let mut dials = Vec::new();
    let mut dial = |name: &str, period, step, set: Turn| {
        dials.push(Dial { name: name.to_owned(), period, step, set });
    };
    dial(
        "a request takes effect so much before its answer, in percent",
        101,
        50,
        Box::new(|setup, share| {
            setup.direct = 100 - share;
        }),
    );
    dial("the same of one that is handed on", 101, 25, Box::new(|setup, share| setup.proxied = 100 - share));
    let (late, log) =
        (setup.policy.view.refresh != Span::ZERO, matches!(setup.replication.decisions, Decisions::Log { .. }));
    if !late {
        dial("what a request did is seen so much later", 60, 20, Box::new(|setup, lag| setup.lag = lag as i64));
    }
    if setup.is_faulty {
        for (node, name) in NODES.iter().enumerate() {
            let out = move |setup: &mut Setup, after| setup.out_after[node] = after;
            dial(&format!("{name} counts the faulty node out after"), 28_000, 500, Box::new(out));
            let back = move |setup: &mut Setup, after| setup.in_after[node] = after;
            dial(&format!("{name} counts it in again after"), 6000, 200, Box::new(back));
        }
    }
    for &node in owners {
        let name = NODES[node];
        dial(
            &format!("copies.engine of {name}"),
            100,
            5,
            Box::new(move |setup, phase| setup.copies[node].phase = phase),
        );
        dial(
            &format!("verify of {name}"),
            5000,
            if late { 50 } else { 20 },
            Box::new(move |setup, phase| setup.verify[node].phase = phase),
        );
        if matches!(setup.replication.health, Health::Reported(_)) {
            dial(
                &format!("health reports of {name}"),
                5000,
                20,
                Box::new(move |setup, phase| setup.reports[node].phase = phase),
            );
        }
    }
    if setup.replication.waits.len() > 1 {
        dial(
            "another record began the last wait so much behind t = 0",
            2000,
            20,
            Box::new(|setup, at| setup.other_wait = at),
        );
    }
    dial("each look for silence comes so much later", 100, 5, Box::new(|setup, by| setup.late_looks = by));
    for (node, name) in NODES.iter().enumerate() {
        if late {
            dial(
                &format!("view.engine of {name}"),
                100,
                5,
                Box::new(move |setup, phase| setup.views[node].phase = phase),
            );
        }
        if log {
            dial(
                &format!("{name} hears of the log's leader"),
                500,
                20,
                Box::new(move |setup, phase| setup.heard[node].phase = phase),
            );
        }
    }
    for (node, name) in NODES.iter().enumerate() {
        let set = move |setup: &mut Setup, reach| setup.replication.reach[node] = span(reach);
        dial(&format!("copies take to {name}"), 61, 5, Box::new(set));
    }
    for (node, name) in NODES.iter().enumerate() {
        if late {
            dial(
                &format!("view.engine of {name}, later each time"),
                6,
                1,
                Box::new(move |setup, by| setup.views[node].late = by),
            );
        }
        if log {
            dial(
                &format!("{name} hears, later each time"),
                10,
                1,
                Box::new(move |setup, by| setup.heard[node].late = by),
            );
        }
    }
    for &node in owners {
        let name = NODES[node];
        dial(
            &format!("copies.engine of {name}, later each time"),
            6,
            1,
            Box::new(move |setup, by| setup.copies[node].late = by),
        );
        dial(
            &format!("verify of {name}, later each time"),
            30,
            5,
            Box::new(move |setup, by| setup.verify[node].late = by),
        );
        if matches!(setup.replication.health, Health::Reported(_)) {
            dial(
                &format!("health reports of {name}, later each time"),
                30,
                5,
                Box::new(move |setup, by| setup.reports[node].late = by),
            );
        }
    }
    dials
}

const ROUNDS: u32 = 3;

/// How many replays one start is worth.
const TRIES_MAX: u32 = 300;

/// Where the dials stand before they are turned, in parts of their periods: from one of them the turning may lead into a corner.
const STARTS: [(u64, u64); 2] = [(0, 1), (1, 2)];

/// Turns one dial after another to where the views agree longest; with each node as the log's leader.
pub(super) fn search(
    setup: &Setup,
    owners: &BTreeSet<usize>,
    mut replay: impl FnMut(&Setup) -> Result<Found, Error>,
) -> Result<(Option<Difference>, Vec<Chosen>), Error> {
    let leads = matches!(setup.replication.decisions, Decisions::Log { .. });
    let mut best: Option<(Found, Vec<Chosen>, usize)> = None;
    let is_found =
        |best: &Option<(Found, Vec<Chosen>, usize)>| best.as_ref().is_some_and(|best| best.0.difference.is_none());
    for start in STARTS {
        // Where one leader was better than the others, it stays.
        let leaders =
            best.as_ref().map_or(0..if leads { NODES.len() } else { 1 }, |(_, _, leader)| *leader..leader + 1);
        for leader in leaders {
            if is_found(&best) {
                break;
            }
            let mut led = setup.clone();
            if let Decisions::Log { leader: leads, .. } = &mut led.replication.decisions {
                *leads = leader;
            }
            let (found, mut chosen) = descend(&led, owners, start, &mut replay)?;
            if best.as_ref().is_none_or(|(best, ..)| is_better(&found, best)) {
                chosen.extend(leads.then(|| ("the log's leader, by number".to_owned(), leader as u64)));
                best = Some((found, chosen, leader));
            }
        }
    }
    Ok(best.map_or((None, Vec::new()), |(found, chosen, _)| (found.difference, chosen)))
}

fn descend(
    setup: &Setup,
    owners: &BTreeSet<usize>,
    (part, parts): (u64, u64),
    replay: &mut impl FnMut(&Setup) -> Result<Found, Error>,
) -> Result<(Found, Vec<Chosen>), Error> {
    let dials = dials(setup, owners);
    let mut values: Vec<u64> = dials.iter().map(|dial| dial.period * part / parts / dial.step * dial.step).collect();
    let mut turned_to = |values: &[u64]| {
        let mut turned = setup.clone();
        for (dial, value) in dials.iter().zip(values) {
            (dial.set)(&mut turned, *value);
        }
        replay(&turned)
    };
    let mut best = turned_to(&values)?;
    let mut tries = 0;
    for _ in 0..ROUNDS {
        let before = values.clone();
        for (number, dial) in dials.iter().enumerate() {
            let mut turned = values.clone();
            for value in (0..dial.period).step_by(dial.step as usize) {
                tries += 1;
                if best.difference.is_none() || tries > TRIES_MAX {
                    break;
                }
                turned[number] = value;
                let found = turned_to(&turned)?;
                if is_better(&found, &best) {
                    (values, best) = (turned.clone(), found);
                }
            }
        }
        if best.difference.is_none() || values == before {
            break;
        }
    }
    Ok((best, dials.into_iter().map(|dial| dial.name).zip(values).collect()))
}

fn is_better(found: &Found, best: &Found) -> bool {
    match (&found.difference, &best.difference) {
        (None, before) => before.is_some(),
        (Some(_), None) => false,
        (Some(_), Some(_)) => found.agrees_for > best.agrees_for,
    }
}
