//! What is done to a server in a replay, and when: the recorded requests, the polls that are known, and what nobody sent.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::door::View;
use super::file::{Line, Request, Row, What};
use super::http::{sent, step_before};
use super::phases::{FirstPolls, Setup};

/// What is done to the server, in order.
pub(crate) enum Step<'a> {
    /// The recorder is known to have looked.
    Look(View),
    Send(&'a Request),
    /// A registration or a beat counts once more, a moment later: a server stamps a beat before or after a look of the same ms.
    Stamp(&'a Request),
    /// A registration, which took so long, has made its service, and its cluster where it is named here; the instance is not in it yet.
    Make(&'a str, i64, Option<&'a Request>),
    /// The host's checker finds a persistent instance of a service unhealthy.
    Report(&'a Row, &'a str),
    /// The server's process ends.
    Stop,
    /// It answers again.
    Start,
}

/// Everything that is done, in order.
pub(crate) fn steps<'a>(lines: &'a [Line], setup: &Setup) -> Vec<(i64, Step<'a>)> {
    let mut steps: Vec<(i64, Step)> = Vec::new();
    for line in lines {
        match &line.what {
            What::Sight(sight) if View::of(sight).is_asked_for() => {
                steps.extend(sight.after.map(|after| (after, Step::Look(View::of(sight)))));
            }
            _ => {}
        }
    }
    // The sort is stable: what was still seen at a moment was seen before anything was sent at it.
    for line in lines {
        match &line.what {
            What::Sight(sight) if View::of(sight).is_asked_for() => steps.push((line.t, Step::Look(View::of(sight)))),
            What::Request(request) => {
                let at = line.t + request.took * setup.reached / 100;
                steps.push((at, Step::Send(request)));
                let lives = matches!(
                    (request.method.as_str(), request.path.as_str()),
                    ("POST", "/instance") | ("PUT", "/instance/beat")
                );
                let late = request.client().and_then(|client| setup.stamped_late.get(&client).copied());
                if let Some(late) = late.filter(|&late| lives && late > 0) {
                    steps.push((at + late, Step::Stamp(request)));
                }
            }
            _ => {}
        }
    }
    steps.extend(outages(lines));
    steps.extend(checks(lines, setup));
    meet_first_polls(lines, setup, &mut steps);
    steps.sort_by_key(|(at, _)| *at);
    steps
}

/// Of each service the first registration of its own, and those that followed while it was on its way: when they were sent, and when the
/// last may still have been on its way into the service.
type Together<'a> = BTreeMap<&'a str, (Vec<(i64, &'a Request)>, i64)>;

fn together(lines: &[Line]) -> Together<'_> {
    /// How long after its answer a registration may still be on its way into the service, in ms.
    const LATE: i64 = 30;
    let mut services = Together::new();
    for line in lines {
        if let What::Request(request) = &line.what
            && request.method == "POST"
            && request.path == "/instance"
        {
            let named = request.args.get("serviceName").and_then(Value::as_str).unwrap_or(super::SERVICE);
            let service = named.strip_prefix("DEFAULT_GROUP@@").unwrap_or(named);
            let (registrations, end) = services.entry(service).or_insert((Vec::new(), line.t));
            if line.t <= *end {
                registrations.push((line.t, request));
                *end = (*end).max(line.t + request.took + LATE);
            }
        }
    }
    services
}

/// From when to when the first registrations of each service were on their way.
pub(crate) fn first_registrations(lines: &[Line]) -> Vec<(String, (i64, i64))> {
    let services = together(lines).into_iter();
    services.map(|(service, (registrations, end))| (service.to_owned(), (registrations[0].0, end))).collect()
}

/// Takes polls that were on their way together with the first registrations of their service to where the setup has them.
fn meet_first_polls<'a>(lines: &'a [Line], setup: &Setup, steps: &mut Vec<(i64, Step<'a>)>) {
    let mut moved: Vec<(i64, Step<'a>)> = Vec::new();
    for (service, (together, end)) in together(lines) {
        let beside = together[0].0..=end;
        let of_it = |step: &Step| matches!(step, Step::Look(view) if view.service() == service);
        let (polls, rest) =
            core::mem::take(steps).into_iter().partition(|(at, step)| beside.contains(at) && of_it(step));
        *steps = rest;
        let polls: Vec<(i64, Step<'a>)> = polls;
        let first = together[0].0;
        let at = match setup.first_polls.get(service).unwrap_or(&FirstPolls::Before) {
            FirstPolls::Before => first,
            made @ (FirstPolls::Service | FirstPolls::Cluster) => {
                let (cluster, took) = ((*made == FirstPolls::Cluster).then_some(together[0].1), together[0].1.took);
                moved.push((first, Step::Make(service, took, cluster)));
                first
            }
            // Steps of one moment are taken in order: what is moved goes before what is sent one ms later.
            FirstPolls::After(count) => together.get(*count - 1).map_or(end, |(at, _)| at + 1),
        };
        moved.extend(polls.into_iter().map(|(_, poll)| (at, poll)));
    }
    // The sort that follows is stable: these go before what is sent at the same moment.
    moved.append(steps);
    *steps = moved;
}

/// When the server ended, and when it answered again: after the last poll that nobody answered.
fn outages(lines: &[Line]) -> Vec<(i64, Step<'_>)> {
    let at = |name: &str| lines.iter().find(|line| matches!(&line.what, What::Event(event) if event.event == name));
    let (Some(stop), Some(up)) = (at("stop-server"), at("server-up")) else { return Vec::new() };
    let answered = lines.iter().filter(|line| line.t > stop.t).filter_map(|line| match &line.what {
        What::Sight(sight) if sight.err.as_ref().is_none_or(|(status, _)| *status != 0) => Some((sight.after?, line.t)),
        _ => None,
    });
    let again: Vec<(i64, i64)> = answered.filter(|&(after, by)| after > stop.t && by <= up.t).collect();
    let start = again.iter().map(|&(after, _)| after + 1).max().unwrap_or(up.t);
    vec![(stop.t, Step::Stop), (start, Step::Start)]
}

/// Instances that somebody registered as persistent, as `ip:port`.
fn persistent(lines: &[Line]) -> BTreeSet<String> {
    let of = |line: &Line| match &line.what {
        What::Request(request) if is_persistent(request) => request.client(),
        _ => None,
    };
    lines.iter().filter_map(of).collect()
}

fn is_persistent(request: &Request) -> bool {
    let by_beat = request.args.get("beat").and_then(|beat| beat.get("ephemeral")) == Some(&Value::Bool(false));
    by_beat || sent(request).flag("ephemeral") == Some(false)
}

/// What the server's own checker must have found out about persistent instances: its timer begins at random, so each finding is
/// reported where the operator's page says, or the consumer's list where nobody looked at that.
fn checks<'a>(lines: &'a [Line], setup: &Setup) -> Vec<(i64, Step<'a>)> {
    let sees = |see: &str| lines.iter().any(|line| matches!(&line.what, What::Sight(sight) if sight.see == see));
    let page = if sees("console") { "console" } else { "list" };
    let persistent = persistent(lines);
    let mut before: BTreeMap<View, &[Row]> = BTreeMap::new();
    let mut steps = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let What::Sight(sight) = &line.what else { continue };
        let (Some(rows), true) = (&sight.is, sight.see.starts_with(page)) else { continue };
        let earlier = before.insert(View::of(sight), rows).unwrap_or_default();
        let service = sight.of.as_deref().unwrap_or(super::SERVICE);
        let same = |one: &Row, other: &Row| (&one.ip, one.port) == (&other.ip, other.port);
        for row in rows.iter().filter(|row| !row.healthy && persistent.contains(&row.client())) {
            let was_well = earlier.iter().any(|earlier| same(earlier, row) && earlier.healthy);
            let after = sight.after.or_else(|| step_before(&lines[..number], sight));
            if let (true, Some(after)) = (was_well, after) {
                let shown = setup.policy.view.refresh.as_millis() as i64;
                let middle = (after + line.t) / 2 - shown;
                steps.push((middle.max(after + 1 - shown), Step::Report(row, service)));
            }
        }
    }
    steps
}
