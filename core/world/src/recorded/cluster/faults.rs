//! When did a node's process stop, go on, end and begin? As the recorder noted, or else as it was seen.

use super::super::file::{Event, Line, What};
use super::sights::{nobody, state_of};
use super::steps::Step;
use super::{NODES, node_of};
use crate::replication::Standing;

/// How long after a signal was sent the recorder may have noted it, in ms: it let another program send it.
const NOTED_WITHIN: i64 = 60;

/// Faults of the nodes, each at the latest moment at which it may have been.
pub(super) fn faults<'a>(lines: &[Line]) -> Vec<(i64, Step<'a>)> {
    let mut faults = Vec::new();
    let mut noted = |node: usize, at: i64, within: i64, standing| {
        faults.push((at, Step::Fault { node, standing, within }));
    };
    for node in 0..NODES.len() {
        let at = |name: &str| lines.iter().find(|line| is(line, node, name)).map(|line| line.t);
        let (stopped, goes_on) = (at("SIGSTOP"), at("SIGCONT"));
        let (killed, begins, answers) = (at("SIGKILL"), at("start again"), at("first answer"));
        if let Some(goes_on) = goes_on {
            // Who asked in vain asked before the moment at which that was seen, and waited.
            let found = seen(lines, node, i64::MIN, goes_on, false).map(|(after, _)| (after, after));
            let (after, by) = stopped.map(|at| (at - NOTED_WITHIN, at)).or(found).unwrap_or((goes_on, goes_on));
            noted(node, by, by - after, Standing::Stopped);
            let answered = seen(lines, node, by + 1, i64::MAX, true).filter(|(_, answered)| *answered < goes_on);
            let (after, by) = answered.unwrap_or((goes_on - NOTED_WITHIN, goes_on));
            noted(node, by, by - after, Standing::Up);
        }
        let end = answers.unwrap_or(i64::MAX);
        // A look may have found it gone before the recorder noted the end.
        let found = seen(lines, node, i64::MIN, end, false).filter(|_| answers.is_some());
        let ended = match (killed, found) {
            (Some(at), found) => Some(found.filter(|(_, by)| *by < at).unwrap_or((at - NOTED_WITHIN, at))),
            (None, found) => found,
        };
        let Some((after, by)) = ended else { continue };
        noted(node, by, by - after, Standing::Dead);
        if let Some((after, by)) = seen(lines, node, begins.unwrap_or(by), i64::MAX, true) {
            let by = by.min(end);
            noted(node, by, by - after.min(by), Standing::Up);
        }
    }
    faults
}

fn is(line: &Line, node: usize, name: &str) -> bool {
    let of_it = |event: &Event| event.event == name && event.who.strip_prefix("node-") == Some(NODES[node]);
    matches!(&line.what, What::Event(event) if of_it(event))
}

/// Between which moments a node began to answer, or to be silent, between `from` and `to`: each view was seen so, and not so before.
fn seen(lines: &[Line], node: usize, from: i64, to: i64, answers: bool) -> Option<(i64, i64)> {
    let sights = lines.iter().filter_map(|line| match &line.what {
        What::Sight(sight) if node_of(sight.node.as_deref()) == Some(node) => Some((line.t, sight)),
        _ => None,
    });
    let of_it: Vec<_> =
        sights.filter(|(t, sight)| (from..to).contains(t) && (state_of(sight) != nobody()) == answers).collect();
    let first = |see: &str| of_it.iter().find(|(_, sight)| sight.see == see);
    let firsts: Vec<_> = ["list", "console"].into_iter().filter_map(first).collect();
    let by = firsts.iter().map(|(t, _)| *t).min()?;
    let after = firsts.iter().filter_map(|(_, sight)| sight.after).max().map_or(by, |after| after + 1);
    Some((after.min(by), by))
}

/// How the nodes' processes come to stand, in order: from when on, whose, and how.
pub(super) fn standings(steps: &[(i64, Step)]) -> Vec<(i64, usize, Standing)> {
    let faults = steps.iter().filter_map(|(at, step)| match step {
        Step::Fault { node, standing, within } => Some((at - within, *node, *standing)),
        _ => None,
    });
    faults.collect()
}
