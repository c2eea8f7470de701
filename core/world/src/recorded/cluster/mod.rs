//! Three nodes driven by plain HTTP: what was sent to each is sent to it again, faults happen again, and every answer and every node's
//! views are compared.

mod clients;
mod dials;
mod faults;
mod found;
mod replay;
mod search;
mod setup;
mod sights;
mod steps;
mod story;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use liveset::{Error, Span};
use liveset_nacos::Dialect;

use super::SERVICE;
use super::door::View;
use super::file::{Header, Recording};
use super::peek::Views;
use super::phases::Chosen;
use super::report::Verdict;
use super::track::{Seen, seconds};
use crate::replication::{Cluster, Decisions, Owners, Record, Standing, Unit};
use faults::standings;
use found::{Found, Measure, Shown};
use replay::Replay;
use search::search;
use setup::Setup;
use sights::{as_recorded, nobody, recorded};
use steps::{Step, steps};
pub(crate) use story::stories;

/// The nodes, in the order of their addresses.
const NODES: [&str; 3] = ["A", "B", "C"];

/// Replays a recording of a cluster.
pub(super) fn replay(recording: &Recording) -> Result<(Verdict, Vec<Chosen>), Error> {
    let server = recording.header.server.as_str();
    let (Some(dialect), Some(mut setup)) = (super::dialect(server), Setup::of(&recording.header)) else {
        return Ok((Verdict::NotReplayed(format!("no preset for clusters of {server} yet")), Vec::new()));
    };
    let views = recorded(&recording.lines);
    let steps = steps(&recording.lines);
    if let Some(at) = unanswered(&views, &steps) {
        let why = format!("a node that was there did not answer a poll at {}", seconds(at));
        return Ok((Verdict::NotReplayed(why), Vec::new()));
    }
    fit(&mut setup, recording, &views, &steps);
    let owners = owners(&setup, &recording.header, &steps);
    let watched = watched(&views);
    let (difference, chosen) = search(&setup, &owners, recording.lines.len(), |setup, measure, most| {
        run(recording, (&views, &watched), &steps, setup, dialect, (measure, most))
    })?;
    Ok((difference.map_or(Verdict::Match, Verdict::Differs), chosen))
}

/// When somebody first waited in vain for a node whose process neither stood still nor was gone. Nothing of ours does so.
fn unanswered(views: &BTreeMap<View, Vec<Seen>>, steps: &[(i64, Step)]) -> Option<i64> {
    let standings = standings(steps);
    let is_away = |node: usize, seen: &Seen| {
        let of_it = standings.iter().filter(|(_, faulty, _)| *faulty == node);
        of_it.take_while(|(from, ..)| *from <= seen.by).last().is_some_and(|(from, _, standing)| {
            *standing != Standing::Up || seen.after.is_none_or(|after| after < *from)
        })
    };
    let in_vain = views.iter().flat_map(|(view, seen)| {
        let node = node_of(view.node.as_deref());
        let (in_vain, is_away) = (seen.iter().filter(|seen| seen.state == nobody()), &is_away);
        in_vain.filter_map(move |seen| node.filter(|&node| !is_away(node, seen)).map(|_| seen.by))
    });
    in_vain.min()
}

/// What a recording does show of what it begins with.
fn fit(setup: &mut Setup, recording: &Recording, views: &BTreeMap<View, Vec<Seen>>, steps: &[(i64, Step)]) {
    fn silent(seen: &Seen) -> bool {
        seen.state == nobody()
    }
    let refresh = setup.policy.view.refresh;
    setup.seen_making = seen_making(views, refresh, |seen| &seen[..seen.iter().position(silent).unwrap_or(seen.len())]);
    setup.seen_making_again =
        seen_making(views, refresh, |seen| &seen[seen.iter().rposition(silent).map_or(seen.len(), |last| last + 1)..]);
    let standings = standings(steps);
    let first = |is_up: bool| {
        let from = standings.iter().filter(|(.., standing)| (*standing == Standing::Up) == is_up);
        from.map(|(from, ..)| *from).min().unwrap_or(i64::MAX)
    };
    setup.begins = recording.lines.first().map_or(0, |line| line.t);
    (setup.fault_from, setup.back_from) = (first(false), first(true));
    setup.faulty = standings.first().map(|(_, node, _)| *node);
    let is_told =
        recording.header.responsible.keys().any(|without| setup.faulty.is_some_and(|faulty| NODES[faulty] == without));
    setup.is_taker_told = is_told || setup.replication.unit == Unit::Client;
    let leader = match setup.replication.decisions {
        Decisions::Log { leader, .. } if setup.is_led => Some(leader),
        _ => None,
    };
    setup.leader_stops =
        standings.iter().any(|(_, node, standing)| *standing == Standing::Stopped && leader == Some(*node));
    setup.is_deadly = standings.iter().any(|(.., standing)| *standing == Standing::Dead);
    setup.has_connections = steps.iter().any(|(_, step)| matches!(step, Step::Claim { .. }));
    let by_operator =
        steps.iter().filter(|(_, step)| matches!(step, Step::Send(request, ..) if request.who == "operator"));
    setup.decides = by_operator.clone().next().is_some();
    setup.other_waits = by_operator.map(|(at, _)| (*at, 0)).collect();
}

/// At which nodes a poll came between the making of the service and the entry of its first instance, in a part of what was seen of each
/// view: it found the service without its cluster. Where views are computed late, such a poll of the list has computed the empty one, which
/// stays for `refresh`; whoever saw an instance sooner asked before anybody had computed a view at all.
fn seen_making(views: &BTreeMap<View, Vec<Seen>>, refresh: Span, part: fn(&[Seen]) -> &[Seen]) -> [bool; 3] {
    let found = |view: &View, seen: &[Seen], node: usize| {
        let mut early = part(seen).windows(2).take_while(|seen| seen[0].state.rows.is_none());
        let stays = |seen: &[Seen]| seen[0].after.is_none_or(|after| seen[1].by - after >= refresh.as_millis() as i64);
        node_of(view.node.as_deref()) == Some(node)
            && early.any(|seen| {
                let text = seen[0].state.err.as_ref().map(|(_, text)| text);
                text.is_some_and(|text| text.contains("cluster DEFAULT is not")) && stays(seen)
            })
    };
    [0, 1, 2].map(|node| views.iter().any(|(view, seen)| found(view, seen, node)))
}

/// The nodes that are or become responsible for anything.
fn owners(setup: &Setup, header: &Header, steps: &[(i64, Step)]) -> BTreeSet<usize> {
    let told = setup.told(&header.responsible);
    let open = setup.faulty.filter(|_| !setup.is_taker_told);
    let may_take_over = (0..NODES.len()).filter(move |node| open.is_some_and(|faulty| faulty != *node));
    let lists: [&[usize]; 4] = [&[0, 1, 2], &[1, 2], &[0, 2], &[0, 1]];
    let claims = steps.iter().filter_map(|(_, step)| match step {
        Step::Send(_, _, (service, address)) => Some(Record::of(setup.replication.unit, service, address)),
        _ => None,
    });
    let records: BTreeSet<Record> = claims.collect();
    let owners = Owners { told, ..Owners::default() };
    let lists = &lists[..if setup.faulty.is_some() { 4 } else { 1 }];
    let by_name = records.iter().flat_map(|record| lists.iter().filter_map(|list| owners.of(record, list)));
    let by_connection = steps.iter().filter_map(|(_, step)| match step {
        Step::Claim { node, .. } => Some(*node),
        _ => None,
    });
    by_name.chain(by_connection).chain(may_take_over).collect()
}

/// The views of each node, and how the recorder noted them: it cut the errors.
fn watched(views: &BTreeMap<View, Vec<Seen>>) -> Rc<[Views; 3]> {
    let texts = views.values().flatten().filter_map(|seen| seen.state.err.as_ref().map(|(_, text)| text.clone()));
    let cut: Rc<[String]> = texts.collect();
    let of = |node| {
        let list = views.keys().filter(|view| node_of(view.node.as_deref()) == Some(node)).cloned().collect();
        let cut = cut.clone();
        Views::new(list, nobody(), move |state| as_recorded(state, &cut))
    };
    Rc::new([0, 1, 2].map(of))
}

/// One replay; it may end early once it has lost more than `most` by a measure.
fn run(
    recording: &Recording,
    (views, watched): (&BTreeMap<View, Vec<Seen>>, &Rc<[Views; 3]>),
    steps: &[(i64, Step)],
    setup: &Setup,
    dialect: Dialect,
    (measure, most): (Measure, i64),
) -> Result<Found, Error> {
    let mut replay = begin(recording, watched.clone(), setup, dialect)?;
    let (zero, widest) = (replay.zero, recording.header.widest_window);
    let end = recording.lines.last().map_or(0, |line| line.t);
    let longest = steps.iter().map(|(_, step)| if let Step::Send(request, ..) = step { request.took } else { 0 }).max();
    let settled = longest.unwrap_or(0) + setup.lag;
    let answers = replay.run(steps, |tracks, now, answers| {
        let shown = Shown { views, tracks, widest, zero, end };
        shown.least_loss(measure, now - settled, answers) > most
    })?;
    Ok(Found::of(&Shown { views, tracks: &replay.tracks, widest, zero, end }, answers))
}

/// A replay that has not done anything yet.
fn begin(recording: &Recording, views: Rc<[Views; 3]>, setup: &Setup, dialect: Dialect) -> Result<Replay, Error> {
    let owners = Owners {
        told: setup.told(&recording.header.responsible),
        by_service: setup.by_service,
        addresses: setup.addresses.clone(),
    };
    let zero = recording.lines.first().map_or(0, |line| line.t.min(0));
    let (replication, policies) = setup.begun(zero.unsigned_abs());
    let of = |node| if replication.apart == Some(node) { Dialect::V2_0As1 } else { dialect };
    let dialects: Vec<Dialect> = (0..NODES.len()).map(of).collect();
    let cluster = Cluster::new(replication, &policies, dialects.clone(), owners)?;
    Ok(Replay::new(recording, cluster, setup.clone(), dialects, views))
}

fn node_of(name: Option<&str>) -> Option<usize> {
    NODES.iter().position(|node| Some(*node) == name)
}
