//! Which phases had the timers of a cluster that a recording does not show? As in [`super::super::phases`], for each node.

use std::collections::BTreeSet;

use liveset::Span;
use liveset::policy::{Clock, Lifetime};

use super::NODES;
use super::clients::REDO;
use super::setup::Setup;
use crate::replication::{Decisions, Health, Unit, span};

/// What turning a dial does.
type Turn = Box<dyn Fn(&mut Setup, u64)>;

/// One thing that is not known.
pub(super) struct Dial {
    pub(super) name: String,
    /// Of which node; none where it is of all.
    pub(super) node: Option<usize>,
    /// From when on a difference may have to do with it, in ms of the recording.
    pub(super) from: i64,
    /// Values from 0 up to it differ.
    pub(super) period: u64,
    /// Where it stands first.
    pub(super) usual: u64,
    pub(super) set: Turn,
}

impl Dial {
    fn new(name: &str, period: u64, set: impl Fn(&mut Setup, u64) + 'static) -> Dial {
        Dial { name: name.to_owned(), node: None, from: i64::MIN, period, usual: 0, set: Box::new(set) }
    }

    fn from(self, from: i64) -> Dial {
        Dial { from, ..self }
    }

    fn at(self, node: usize) -> Dial {
        Dial { name: format!("{}: {}", NODES[node], self.name), ..self }
    }

    fn usually(self, usual: u64) -> Dial {
        Dial { usual, ..self }
    }

    /// Of its values: times, but for shares and numbers, which their names tell.
    pub(super) fn unit(&self) -> &'static str {
        match self.name.as_str() {
            name if name.ends_with("in percent") => "%",
            name if name.ends_with("us")
                || name.ends_with("by number")
                || name.ends_with("thousand")
                || name == DIRECT_TOO =>
            {
                ""
            }
            _ => "ms",
        }
    }
}

const DIRECT_TOO: &str = "the same of one that is handed on";

/// How finely the slips of engines are searched, in thousandths of a ms.
const SLIP_STEP: u32 = 20;

/// The dials, those of copies only of nodes that are one of `owners`.
pub(super) fn dials(setup: &Setup, owners: &BTreeSet<usize>) -> Vec<Dial> {
    let mut dials = of_requests(setup);
    dials.extend(of_faults(setup));
    for node in 0..NODES.len() {
        let copied = owners.iter().any(|owner| *owner != node);
        let copies = copied
            .then(|| Dial::new("copies take", 61, move |setup, reach| setup.replication.reach[node] = span(reach)));
        dials.extend(
            copies.into_iter().chain(of_node(setup, node)).map(|dial| Dial { node: Some(node), ..dial.at(node) }),
        );
    }
    if setup.replication.waits.len() > 1 {
        dials.extend(setup.other_waits.iter().enumerate().map(|(number, (at, _))| {
            let name = format!("another record began the last wait behind what the operator did at {at} ms");
            Dial::new(&name, 1200, move |setup, behind| setup.other_waits[number].1 = behind).from(*at)
        }));
    }
    for &node in owners {
        dials.extend(of_owner(setup, node).into_iter().map(|dial| dial.at(node)));
    }
    dials.retain(|dial| dial.period > 0);
    dials
}

fn of_requests(setup: &Setup) -> Vec<Dial> {
    let mut dials = vec![
        Dial::new("a request takes effect so much before its answer, in parts of a thousand", 1001, |setup, share| {
            setup.direct = 1000 - share;
        }),
        Dial::new(DIRECT_TOO, 1001, |setup, share| setup.proxied = 1000 - share),
        Dial::new("each look for silence comes so much later", 100, |setup, by| setup.late_looks = by),
    ];
    if setup.seen_making.contains(&true) {
        dials.push(Dial::new("a first copy is on its way into its service for", 40, |setup, for_| {
            setup.replication.enters_after = span(for_);
        }));
    }
    if setup.policy.view.refresh == Span::ZERO {
        dials.push(Dial::new("what a request did is seen so much later", 60, |setup, lag| setup.lag = lag as i64));
    }
    if setup.has_connections {
        let redo = Dial::new("clients claim again over a new connection at", REDO.as_millis(), |setup, phase| {
            setup.redo = phase;
        });
        dials.push(redo);
    }
    if setup.replication.apart.is_some() {
        let name = "the node in 1.x mode takes for responsible, by number";
        dials.push(Dial::new(name, NODES.len() as u64, |setup, node| setup.by_service = node as usize));
    }
    if matches!(setup.replication.decisions, Decisions::Log { .. }) && !setup.is_led && setup.decides {
        dials.push(Dial::new("the log's leader, by number", NODES.len() as u64, |setup, node| {
            if let Decisions::Log { leader, .. } = &mut setup.replication.decisions {
                *leader = node as usize;
            }
        }));
    }
    dials
}

/// Those of nodes that stop, die or come back.
fn of_faults(setup: &Setup) -> Vec<Dial> {
    if setup.faulty.is_none() {
        return Vec::new();
    }
    let seen_after =
        Dial::new("a process ended or began so long before it was seen, in percent", 101, |setup, share| {
            setup.seen_after = share;
        });
    let mut dials = vec![seen_after.from(setup.fault_from)];
    if setup.is_deadly {
        let name = "a node that begins has what others know 10 s before it answers, and after";
        let loads = Dial::new(name, 20_000, |setup, after| {
            setup.replication.loads_after = span(after.saturating_sub(10_000));
        });
        dials.push(loads.usually(10_000).from(setup.back_from));
    } else {
        dials.extend(of_waking(setup));
    }
    let leader = match setup.replication.decisions {
        Decisions::Log { leader, .. } => Some(leader).filter(|_| setup.is_led),
        Decisions::Copied => None,
    };
    let is_logged = setup.replication.decisions != Decisions::Copied;
    if is_logged && leader.is_none_or(|leader| setup.faulty == Some(leader)) {
        let elected = Dial::new("the log has another leader after", 15_000, |setup, after| {
            if let Decisions::Log { elected_after, .. } = &mut setup.replication.decisions {
                *elected_after = span(after);
            }
        });
        dials.push(elected.from(setup.fault_from));
    }
    if !setup.is_taker_told {
        let name = "who is left and takes over, by number";
        let others = NODES.len() as u64 - 1;
        let takes_over = Dial::new(name, others, |setup, number| setup.takes_over = number as usize);
        dials.push(takes_over.from(setup.fault_from));
    }
    if setup.replication.unit == Unit::Service && !setup.is_deadly {
        let name = "no copies go out while a node stands still, by number";
        dials.push(Dial::new(name, 2, |setup, hang| setup.replication.copies_hang = hang == 1).from(setup.fault_from));
    }
    if setup.leader_stops {
        let name = "a leader that was stopped refuses until it hears of another, by number";
        let refuses = Dial::new(name, 2, |setup, refuses| {
            if let Decisions::Log { deposed_refuses, .. } = &mut setup.replication.decisions {
                *deposed_refuses = refuses == 1;
            }
        });
        dials.push(refuses.from(setup.back_from));
    }
    dials
}

/// Those of a node that was stopped and goes on.
fn of_waking(setup: &Setup) -> Vec<Dial> {
    let mut dials = vec![
        Dial::new("a node that was stopped goes on after", 1000, |setup, after| {
            setup.replication.wakes_after = span(after);
        }),
        Dial::new("and shares with others again after", 6000, |setup, after| {
            setup.replication.shares_after = span(after);
        }),
    ];
    if setup.replication.decisions != Decisions::Copied && setup.decides {
        dials.push(Dial::new("and hears of the log after", 6000, |setup, after| {
            setup.replication.catches_up_after = span(after);
        }));
    }
    dials.into_iter().map(|dial| dial.from(setup.back_from)).collect()
}

fn of_node(setup: &Setup, node: usize) -> Vec<Dial> {
    let after = |span: Span| setup.begins.saturating_add(span.as_millis() as i64);
    let sweep = |clock: Clock| clock.every.as_millis();
    let policy = &setup.policy;
    let mut dials = vec![
        Dial::new("services.sweep", sweep(policy.services.sweep), move |setup, phase| setup.services[node] = phase)
            .from(policy.services.empty.map_or(i64::MIN, after)),
        Dial::new("overrides.sweep", sweep(policy.overrides.sweep), move |setup, phase| setup.overrides[node] = phase)
            .from(if let Lifetime::Absent(span) = policy.overrides.lifetime { after(span) } else { i64::MIN }),
    ];
    if policy.view.refresh != Span::ZERO {
        dials.push(Dial::new("view.engine", 100, move |setup, phase| setup.views[node].phase = phase));
        dials.push(Dial::new("view.engine, slip in 20 us", 300, move |setup, by| {
            setup.views[node].slip = by as u32 * SLIP_STEP
        }));
    }
    if matches!(setup.replication.decisions, Decisions::Log { .. }) && setup.decides {
        dials.push(Dial::new("hears of the log's leader", 500, move |setup, phase| setup.heard[node].phase = phase));
        dials.push(Dial::new("hears, later each time", 10, move |setup, by| setup.heard[node].late = by));
    }
    if let Some(cap) = policy.expiry.cap.filter(|_| setup.has_connections) {
        let cap_sweep = Dial::new("expiry.cap.sweep", sweep(cap.sweep), move |setup, phase| setup.caps[node] = phase);
        dials.push(cap_sweep.from(after(cap.silence)));
    }
    if setup.faulty.is_some_and(|faulty| faulty != node) {
        let longest = if setup.is_deadly { 14_000 } else { 28_000 };
        let out = Dial::new("counts the faulty node out after", longest, move |setup, after| {
            setup.out_after[node] = after;
        });
        dials.push(out.usually(longest * 5 / 7).from(setup.fault_from));
        let again = Dial::new("counts it in again after", 6000, move |setup, after| setup.in_after[node] = after);
        dials.push(again.from(setup.back_from));
    }
    dials
}

fn of_owner(setup: &Setup, node: usize) -> Vec<Dial> {
    let mut dials = vec![
        Dial::new("copies.engine", 100, move |setup, phase| setup.copies[node].phase = phase),
        Dial::new("copies.engine, slip in 20 us", 300, move |setup, by| {
            setup.copies[node].slip = by as u32 * SLIP_STEP
        }),
        Dial::new("verify", 5000, move |setup, phase| setup.verify[node].phase = phase),
        Dial::new("verify, later each time", 30, move |setup, by| setup.verify[node].late = by),
    ];
    if matches!(setup.replication.health, Health::Reported(_)) {
        dials.push(Dial::new("health reports", 5000, move |setup, phase| setup.reports[node].phase = phase));
        dials.push(Dial::new("health reports, later each time", 30, move |setup, by| setup.reports[node].late = by));
    }
    dials
}
