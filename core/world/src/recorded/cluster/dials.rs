//! Which phases had the timers of a cluster that a recording does not show? As in [`super::super::phases`], for each node.

use std::collections::BTreeMap;

use liveset::policy::{Clock, Sweep};
use liveset::{Error, Policy, Span};

use super::super::phases::Chosen;
use super::super::track::Difference;
use super::{Found, NODES, node_of};
use crate::replication::{Decisions, Health, Replication, Standing, span};

/// What a replay begins with: the rules of each node, how they replicate, and what a recording cannot show.
#[derive(Clone, Debug)]
pub(super) struct Setup {
    pub(super) replication: Replication,
    pub(super) policies: Vec<Policy>,
    /// When a request takes effect that the asked node serves itself, in percent of the time until its answer.
    pub(super) direct: u64,
    /// The same of one that is handed on.
    pub(super) proxied: u64,
    /// Whether the first poll came between a registration's making of the service and the instance's entry.
    pub(super) early_poll: bool,
    /// How long after a fault each other node counts the one out, and in again, in ms.
    out_after: [u64; 3],
    in_after: [u64; 3],
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
        let policies = vec![policy; NODES.len()];
        let (out_after, in_after) = ([20_000; 3], [1000; 3]);
        Some(Setup { replication, policies, direct: 100, proxied: 100, early_poll: false, out_after, in_after })
    }

    /// Who is responsible by the recording's header, where records belong to services: their names are not in it.
    pub(super) fn told(&self, responsible: &BTreeMap<String, String>) -> BTreeMap<Vec<usize>, usize> {
        if self.replication.unit == crate::replication::Unit::Client {
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

/// One thing that is not known.
struct Dial {
    name: &'static str,
    /// Values from 0 up to it differ.
    period: u64,
    step: u64,
    set: fn(&mut Setup, u64),
}

fn dials(setup: &Setup) -> Vec<Dial> {
    let dial = |name, period, step, set| Dial { name, period, step, set };
    let mut dials = vec![
        dial("the first poll comes into a registration", 2, 1, |setup, on| setup.early_poll = on == 1),
        dial("it comes into a copy to A", 2, 1, |setup, on| setup.replication.seen_making[0] = on == 1),
        dial("it comes into a copy to B", 2, 1, |setup, on| setup.replication.seen_making[1] = on == 1),
        dial("it comes into a copy to C", 2, 1, |setup, on| setup.replication.seen_making[2] = on == 1),
        dial("a request takes effect so much before its answer, in percent", 101, 50, |setup, share| {
            setup.direct = 100 - share;
        }),
        dial("the same of one that is handed on", 101, 25, |setup, share| setup.proxied = 100 - share),
        dial("copies.engine of A", 100, 10, |setup, phase| setup.replication.engine[0].phase = span(phase)),
        dial("copies.engine of B", 100, 10, |setup, phase| setup.replication.engine[1].phase = span(phase)),
        dial("copies.engine of C", 100, 10, |setup, phase| setup.replication.engine[2].phase = span(phase)),
        dial("verify of A", 5000, 100, |setup, phase| setup.replication.verify[0].phase = span(phase)),
        dial("verify of B", 5000, 100, |setup, phase| setup.replication.verify[1].phase = span(phase)),
        dial("verify of C", 5000, 100, |setup, phase| setup.replication.verify[2].phase = span(phase)),
        dial("each look for silence comes so much later", 100, 5, |setup, by| {
            for policy in &mut setup.policies {
                if let Sweep::PerLease(period) | Sweep::PerService(period) = &mut policy.expiry.sweep {
                    *period = span(period.as_millis() + by);
                }
            }
        }),
    ];
    if setup.policies.iter().any(|policy| policy.view.refresh != Span::ZERO) {
        dials.extend([
            dial("view.engine of A", 100, 10, |setup, phase| view_engine(setup, 0).phase = span(phase)),
            dial("view.engine of B", 100, 10, |setup, phase| view_engine(setup, 1).phase = span(phase)),
            dial("view.engine of C", 100, 10, |setup, phase| view_engine(setup, 2).phase = span(phase)),
            dial("each look of view.engine of A comes so much later", 6, 1, |setup, by| {
                later(view_engine(setup, 0), by)
            }),
            dial("each look of view.engine of B comes so much later", 6, 1, |setup, by| {
                later(view_engine(setup, 1), by)
            }),
            dial("each look of view.engine of C comes so much later", 6, 1, |setup, by| {
                later(view_engine(setup, 2), by)
            }),
        ]);
    }
    if matches!(setup.replication.decisions, Decisions::Log { .. }) {
        dials.extend([
            dial("A hears of the log's leader", 500, 20, |setup, phase| {
                hears(setup, 0, |clock| clock.phase = span(phase))
            }),
            dial("B hears of the log's leader", 500, 20, |setup, phase| {
                hears(setup, 1, |clock| clock.phase = span(phase))
            }),
            dial("C hears of the log's leader", 500, 20, |setup, phase| {
                hears(setup, 2, |clock| clock.phase = span(phase))
            }),
            dial("A hears of it so much later each time", 8, 1, |setup, by| hears(setup, 0, |clock| later(clock, by))),
            dial("B hears of it so much later each time", 8, 1, |setup, by| hears(setup, 1, |clock| later(clock, by))),
            dial("C hears of it so much later each time", 8, 1, |setup, by| hears(setup, 2, |clock| later(clock, by))),
        ]);
    }
    if matches!(setup.replication.health, Health::Reported(_)) {
        dials.extend([
            dial("health reports of A", 5000, 100, |setup, phase| reports(setup, 0, phase)),
            dial("health reports of B", 5000, 100, |setup, phase| reports(setup, 1, phase)),
            dial("health reports of C", 5000, 100, |setup, phase| reports(setup, 2, phase)),
        ]);
    }
    dials
}

fn view_engine(setup: &mut Setup, node: usize) -> &mut Clock {
    &mut setup.policies[node].view.engine
}

/// A clock that waits from the end of one look to the next is a little later every time.
fn later(clock: &mut Clock, by: u64) {
    clock.every = span(clock.every.as_millis() + by);
}

fn hears(setup: &mut Setup, node: usize, set: impl Fn(&mut Clock)) {
    if let Decisions::Log { heard, .. } = &mut setup.replication.decisions {
        set(&mut heard[node]);
    }
}

fn reports(setup: &mut Setup, node: usize, phase: u64) {
    if let Health::Reported(clocks) = &mut setup.replication.health {
        clocks[node].phase = span(phase);
    }
}

const ROUNDS: u32 = 3;

/// Turns one dial after another to where the views agree longest; with each node as the log's leader.
pub(super) fn search(
    setup: &Setup,
    mut replay: impl FnMut(&Setup) -> Result<Found, Error>,
) -> Result<(Option<Difference>, Vec<Chosen>), Error> {
    let leads = matches!(setup.replication.decisions, Decisions::Log { .. });
    let mut best: Option<(Found, Vec<Chosen>)> = None;
    for leader in 0..if leads { NODES.len() } else { 1 } {
        let mut led = setup.clone();
        if let Decisions::Log { leader: leads, .. } = &mut led.replication.decisions {
            *leads = leader;
        }
        let (found, mut chosen) = descend(&led, &mut replay)?;
        if best.as_ref().is_none_or(|(best, _)| is_better(&found, best)) {
            chosen.extend(leads.then_some(("the log's leader, by number", leader as u64)));
            best = Some((found, chosen));
        }
        if best.as_ref().is_some_and(|(best, _)| best.difference.is_none()) {
            break;
        }
    }
    Ok(best.map_or((None, Vec::new()), |(found, chosen)| (found.difference, chosen)))
}

fn descend(
    setup: &Setup,
    replay: &mut impl FnMut(&Setup) -> Result<Found, Error>,
) -> Result<(Found, Vec<Chosen>), Error> {
    let dials = dials(setup);
    let mut values = vec![0; dials.len()];
    let mut turned_to = |values: &[u64]| {
        let mut turned = setup.clone();
        for (dial, value) in dials.iter().zip(values) {
            (dial.set)(&mut turned, *value);
        }
        replay(&turned)
    };
    let mut best = turned_to(&values)?;
    for _ in 0..ROUNDS {
        let before = values.clone();
        for (number, dial) in dials.iter().enumerate() {
            let mut turned = values.clone();
            for value in (0..dial.period).step_by(dial.step as usize) {
                if best.difference.is_none() {
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
    Ok((best, dials.iter().map(|dial| dial.name).zip(values).collect()))
}

fn is_better(found: &Found, best: &Found) -> bool {
    match (&found.difference, &best.difference) {
        (None, before) => before.is_some(),
        (Some(_), None) => false,
        (Some(_), Some(_)) => found.agrees_for > best.agrees_for,
    }
}
