//! Which phases had the timers of a cluster that a recording does not show? As in [`super::super::phases`], for each node.

use std::collections::BTreeSet;

use liveset::Span;
use liveset::policy::Clock;

use super::NODES;
use super::clients::REDO;
use super::setup::Setup;
use crate::replication::{Decisions, Health, span};

/// What turning a dial does.
type Turn = Box<dyn Fn(&mut Setup, u64)>;

/// One thing that is not known.
pub(super) struct Dial {
    pub(super) name: String,
    /// Of which node; none where it is of all.
    pub(super) node: Option<usize>,
    /// Values from 0 up to it differ.
    pub(super) period: u64,
    /// Where it stands first.
    pub(super) usual: u64,
    pub(super) set: Turn,
}

impl Dial {
    /// Of its values: times, but for shares and numbers, which their names tell.
    pub(super) fn unit(&self) -> &'static str {
        match self.name.as_str() {
            name if name.ends_with("in percent") => "%",
            name if name.ends_with("by number") || name.ends_with("thousand") || name == DIRECT_TOO => "",
            _ => "ms",
        }
    }
}

const DIRECT_TOO: &str = "the same of one that is handed on";

const LOADED: &str = "a node that begins has what others know 10 s before it answers, and after";

const COUNTED_OUT: &str = "counts the faulty node out after";

/// The dials, those of copies only of nodes that are one of `owners`.
pub(super) fn dials(setup: &Setup, owners: &BTreeSet<usize>) -> Vec<Dial> {
    let mut dials = of_all(setup);
    for node in 0..NODES.len() {
        of_node(setup, node, &mut dials);
    }
    if setup.replication.waits.len() > 1 {
        for (number, (at, _)) in setup.other_waits.iter().enumerate() {
            let name = format!("another record began the last wait behind what the operator did at {at} ms");
            let set: Turn = Box::new(move |setup, behind| setup.other_waits[number].1 = behind);
            dials.push(Dial { name, node: None, period: 1200, usual: 0, set });
        }
    }
    for &node in owners {
        of_owner(setup, node, &mut dials);
    }
    for dial in &mut dials {
        dial.usual = match dial.name.as_str() {
            LOADED => 10_000,
            name if name.ends_with(COUNTED_OUT) => dial.period * 5 / 7,
            _ => 0,
        };
    }
    dials.retain(|dial| dial.period > 0);
    dials
}

fn of_all(setup: &Setup) -> Vec<Dial> {
    let mut dials = Vec::new();
    let mut dial = |name: &str, period, set: fn(&mut Setup, u64)| {
        dials.push(Dial { name: name.to_owned(), node: None, period, usual: 0, set: Box::new(set) });
    };
    dial("a request takes effect so much before its answer, in parts of a thousand", 1001, |setup, share| {
        setup.direct = 1000 - share;
    });
    dial(DIRECT_TOO, 1001, |setup, share| setup.proxied = 1000 - share);
    dial("each look for silence comes so much later", 100, |setup, by| setup.late_looks = by);
    if setup.seen_making.contains(&true) {
        dial("a first copy is on its way into its service for", 40, |setup, for_| {
            setup.replication.enters_after = span(for_);
        });
    }
    if setup.policy.view.refresh == Span::ZERO {
        dial("what a request did is seen so much later", 60, |setup, lag| setup.lag = lag as i64);
    }
    if setup.has_connections {
        dial("clients claim again over a new connection at", REDO.as_millis(), |setup, phase| setup.redo = phase);
    }
    if setup.replication.apart.is_some() {
        dial("the node in 1.x mode takes for responsible, by number", NODES.len() as u64, |setup, node| {
            setup.by_service = node as usize;
        });
    }
    if setup.is_faulty {
        dial("a process ended or began so long before it was seen, in percent", 101, |setup, share| {
            setup.seen_after = share;
        });
        dial(LOADED, 20_000, |setup, after| {
            setup.replication.loads_after = span(after.saturating_sub(10_000));
        });
        dial("a node that was stopped goes on after", 1000, |setup, after| {
            setup.replication.wakes_after = span(after);
        });
        dial("and shares with others again after", 6000, |setup, after| {
            setup.replication.shares_after = span(after);
        });
        dial("and hears of the log after", 6000, |setup, after| setup.replication.catches_up_after = span(after));
        dial("the log has another leader after", 15_000, |setup, after| {
            if let Decisions::Log { elected_after, .. } = &mut setup.replication.decisions {
                *elected_after = span(after);
            }
        });
    }
    if setup.leader_stops {
        dial("a leader that was stopped refuses until it hears of another, by number", 2, |setup, refuses| {
            if let Decisions::Log { deposed_refuses, .. } = &mut setup.replication.decisions {
                *deposed_refuses = refuses == 1;
            }
        });
    }
    if matches!(setup.replication.decisions, Decisions::Log { .. }) && !setup.is_led {
        dial("the log's leader, by number", NODES.len() as u64, |setup, node| {
            if let Decisions::Log { leader, .. } = &mut setup.replication.decisions {
                *leader = node as usize;
            }
        });
    }
    dials
}

fn of_node(setup: &Setup, node: usize, dials: &mut Vec<Dial>) {
    let name = NODES[node];
    let mut dial = |what: &str, period, set: Turn| {
        dials.push(Dial { name: format!("{name}: {what}"), node: Some(node), period, usual: 0, set });
    };
    dial("copies take", 61, Box::new(move |setup, reach| setup.replication.reach[node] = span(reach)));
    if setup.policy.view.refresh != Span::ZERO {
        dial("view.engine", 100, Box::new(move |setup, phase| setup.views[node].phase = phase));
        dial("view.engine, later each time", 6, Box::new(move |setup, by| setup.views[node].late = by));
    }
    if matches!(setup.replication.decisions, Decisions::Log { .. }) {
        dial("hears of the log's leader", 500, Box::new(move |setup, phase| setup.heard[node].phase = phase));
        dial("hears, later each time", 10, Box::new(move |setup, by| setup.heard[node].late = by));
    }
    let sweep = |clock: Clock| clock.every.as_millis();
    dial(
        "services.sweep",
        sweep(setup.policy.services.sweep),
        Box::new(move |setup, phase| setup.services[node] = phase),
    );
    dial(
        "overrides.sweep",
        sweep(setup.policy.overrides.sweep),
        Box::new(move |setup, phase| setup.overrides[node] = phase),
    );
    if let Some(cap) = setup.policy.expiry.cap.filter(|_| setup.has_connections) {
        dial("expiry.cap.sweep", sweep(cap.sweep), Box::new(move |setup, phase| setup.caps[node] = phase));
    }
    if setup.is_faulty {
        let longest = if setup.is_deadly { 14_000 } else { 28_000 };
        dial(COUNTED_OUT, longest, Box::new(move |setup, after| setup.out_after[node] = after));
        dial("counts it in again after", 6000, Box::new(move |setup, after| setup.in_after[node] = after));
    }
}

fn of_owner(setup: &Setup, node: usize, dials: &mut Vec<Dial>) {
    let name = NODES[node];
    let mut dial = |what: &str, period, set: Turn| {
        dials.push(Dial { name: format!("{name}: {what}"), node: None, period, usual: 0, set });
    };
    dial("copies.engine", 100, Box::new(move |setup, phase| setup.copies[node].phase = phase));
    dial("copies.engine, later each time", 6, Box::new(move |setup, by| setup.copies[node].late = by));
    dial("verify", 5000, Box::new(move |setup, phase| setup.verify[node].phase = phase));
    dial("verify, later each time", 30, Box::new(move |setup, by| setup.verify[node].late = by));
    if matches!(setup.replication.health, Health::Reported(_)) {
        dial("health reports", 5000, Box::new(move |setup, phase| setup.reports[node].phase = phase));
        dial("health reports, later each time", 30, Box::new(move |setup, by| setup.reports[node].late = by));
    }
}
