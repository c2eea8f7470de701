//! Three nodes driven by plain HTTP: what was sent to each is sent to it again, faults happen again, and every answer and every node's
//! views are compared.

mod dials;
mod faults;
mod search;
mod setup;

use std::collections::{BTreeMap, BTreeSet};

use liveset::{
    Address, Cluster as ClusterName, Error, Host, InstanceQuery, Instant, Port, Reader, Registry, ServiceKey,
    ServiceRecord, ServiceView,
};
use liveset_nacos::{Dialect, Request as Sent};
use serde_json::{Value, json};

use super::door::{View, is_computed, peek};
use super::file::{Header, Line, Recording, Request, Sight, What};
use super::http::{answer_differs, sent};
use super::phases::Chosen;
use super::report::Verdict;
use super::track::{Difference, Seen, State, Track};
use crate::replication::{Cluster, Owners, Record, Standing};
use faults::faults;
use search::search;
use setup::Setup;

/// The nodes, in the order of their addresses.
const NODES: [&str; 3] = ["A", "B", "C"];

/// Replays a recording of a cluster.
pub(super) fn replay(recording: &Recording) -> Result<(Verdict, Vec<Chosen>), Error> {
    let server = recording.header.server.as_str();
    let (Some(dialect), Some(mut setup)) = (super::dialect(server), Setup::of(&recording.header)) else {
        return Ok((Verdict::NotReplayed(format!("no preset for clusters of {server} yet")), Vec::new()));
    };
    if let Some(why) = not_yet(recording) {
        return Ok((Verdict::NotReplayed(why.to_owned()), Vec::new()));
    }
    let views = recorded(&recording.lines);
    let steps = steps(&recording.lines);
    fn silent(seen: &Seen) -> bool {
        seen.state == nobody()
    }
    setup.seen_making = seen_making(&views, |seen| &seen[..seen.iter().position(silent).unwrap_or(seen.len())]);
    setup.seen_making_again =
        seen_making(&views, |seen| &seen[seen.iter().rposition(silent).map_or(seen.len(), |last| last + 1)..]);
    setup.is_faulty = steps.iter().any(|(_, step)| matches!(step, Step::Fault { .. }));
    setup.is_deadly = steps.iter().any(|(_, step)| matches!(step, Step::Fault { standing: Standing::Dead, .. }));
    let owners = owners(&setup, &recording.header, &steps);
    let (difference, chosen) = search(&setup, &owners, |setup| run(recording, &views, &steps, setup, dialect))?;
    Ok((difference.map_or(Verdict::Match, Verdict::Differs), chosen))
}

/// At which nodes a poll came between the making of the service and the entry of its first instance, in a part of what was seen of each
/// view: it found the service without its cluster.
fn seen_making(views: &BTreeMap<View, Vec<Seen>>, part: fn(&[Seen]) -> &[Seen]) -> [bool; 3] {
    let found = |view: &View, seen: &[Seen], node: usize| {
        let mut early = part(seen).iter().take_while(|seen| seen.state.rows.is_none());
        node_of(view.node.as_deref()) == Some(node)
            && early
                .any(|seen| seen.state.err.as_ref().is_some_and(|(_, text)| text.contains("cluster DEFAULT is not")))
    };
    [0, 1, 2].map(|node| views.iter().any(|(view, seen)| found(view, seen, node)))
}

/// The nodes that are or become responsible for anything.
fn owners(setup: &Setup, header: &Header, steps: &[(i64, Step)]) -> BTreeSet<usize> {
    let told = setup.told(&header.responsible);
    let lists: [&[usize]; 4] = [&[0, 1, 2], &[1, 2], &[0, 2], &[0, 1]];
    let claims = steps.iter().filter_map(|(_, step)| match step {
        Step::Send(_, _, (service, address)) => Some(Record::of(setup.replication.unit, service, address)),
        _ => None,
    });
    let records: BTreeSet<Record> = claims.collect();
    let owners = Owners { told, ..Owners::default() };
    let lists = &lists[..if setup.is_faulty { 4 } else { 1 }];
    records.iter().flat_map(|record| lists.iter().filter_map(|list| owners.of(record, list))).collect()
}

fn not_yet(recording: &Recording) -> Option<&'static str> {
    let is_grpc = |line: &Line| matches!(&line.what, What::Event(event) if event.event.starts_with("grpc"));
    recording.lines.iter().any(is_grpc).then_some("gRPC clients of a cluster are not replayed yet")
}

/// How far a run agrees.
#[derive(Clone)]
struct Found {
    difference: Option<Difference>,
    /// Later is better: for how long each of the views agrees, in ms, summed.
    agrees_for: i64,
    /// At which nodes some view differs, or all where an answer does.
    differs_at: [bool; 3],
    /// How far ours is early or late in each view that differs, in ms.
    shifts: Vec<i64>,
}

fn run(
    recording: &Recording,
    views: &BTreeMap<View, Vec<Seen>>,
    steps: &[(i64, Step)],
    setup: &Setup,
    dialect: Dialect,
) -> Result<Found, Error> {
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
    let mut replay = Replay::new(recording, cluster, setup, dialects, views);
    let stopped = replay.run(steps)?;
    let end = recording.lines.last().map_or(0, |line| line.t);
    let until = stopped.as_ref().map_or(end, |difference| difference.at);
    let mut agrees_for = 0;
    let mut differs_at = [stopped.is_some(); 3];
    let mut differences = Vec::new();
    let never = Track::default();
    for (view, seen) in views {
        let track = replay.tracks.get(view).unwrap_or(&never);
        let found = track.differs(&view.to_string(), seen, recording.header.widest_window, end);
        agrees_for += found.as_ref().map_or(end, |found| found.at).min(until) - replay.zero;
        if let (Some(_), Some(node)) = (&found, node_of(view.node.as_deref())) {
            differs_at[node] = true;
        }
        differences.extend(found);
    }
    let all: Vec<Difference> = stopped.into_iter().chain(differences).collect();
    let shifts = all.iter().map(|difference| difference.shift).filter(|shift| *shift != 0).collect();
    let difference = all.into_iter().min_by_key(|difference| difference.at);
    Ok(Found { difference, agrees_for, differs_at, shifts })
}

/// What is done, in order.
enum Step<'a> {
    Look(View),
    Send(&'a Request, Sent, (ServiceKey, Address)),
    /// A node's process does so; it was seen so many ms later.
    Fault {
        node: usize,
        standing: Standing,
        within: i64,
    },
}

struct Replay<'a> {
    cluster: Cluster,
    setup: &'a Setup,
    /// Of each node.
    dialects: Vec<Dialect>,
    /// Of each node.
    views: Vec<Vec<View>>,
    tracks: BTreeMap<View, Track>,
    /// What each node's registry said when its views were last read: where it says the same, they are the same.
    said: Vec<Option<Vec<Said>>>,
    /// Errors as the recorder cut them.
    cut: Vec<String>,
    /// The recording's time of the cluster's zero.
    zero: i64,
    now: i64,
}

impl<'a> Replay<'a> {
    fn new(
        recording: &Recording,
        cluster: Cluster,
        setup: &'a Setup,
        dialects: Vec<Dialect>,
        views: &BTreeMap<View, Vec<Seen>>,
    ) -> Replay<'a> {
        let zero = recording.lines.first().map_or(0, |line| line.t.min(0));
        let texts = views.values().flatten().filter_map(|seen| seen.state.err.as_ref().map(|(_, text)| text.clone()));
        let of = |node| views.keys().filter(|view| node_of(view.node.as_deref()) == Some(node)).cloned().collect();
        let (tracks, cut) = (BTreeMap::new(), texts.collect());
        let said = vec![None; NODES.len()];
        Replay {
            cluster,
            setup,
            dialects,
            views: (0..NODES.len()).map(of).collect(),
            tracks,
            said,
            cut,
            zero,
            now: zero,
        }
    }

    fn run(&mut self, steps: &[(i64, Step)]) -> Result<Option<Difference>, Error> {
        // A request takes effect some time between its sending and its answer.
        let mut ordered: Vec<(i64, i64, &Step)> = Vec::with_capacity(steps.len());
        let mut goes_on: BTreeMap<usize, Vec<(i64, i64)>> = BTreeMap::new();
        let mut stopped: BTreeMap<usize, i64> = BTreeMap::new();
        for (at, step) in steps {
            let Step::Fault { node, standing, within } = step else { continue };
            let effect = at - within * self.setup.seen_after as i64 / 100;
            match standing {
                Standing::Stopped => drop(stopped.insert(*node, effect)),
                _ => goes_on.entry(*node).or_default().extend(stopped.remove(node).map(|from| (from, effect))),
            }
            ordered.push((effect, *at, step));
        }
        for (at, step) in steps {
            let effect = match step {
                Step::Fault { .. } => continue,
                Step::Send(request, ..) => {
                    let effect = at + self.effect_after(step, request);
                    // What a node gets while it stands still it reads when it goes on.
                    let node = node_of(request.node.as_deref()).unwrap_or_default();
                    let held =
                        goes_on.get(&node).into_iter().flatten().find(|(from, to)| (*from..*to).contains(&effect));
                    held.map_or(effect, |(_, to)| *to)
                }
                Step::Look(_) => *at,
            };
            ordered.push((effect, *at, step));
        }
        ordered.sort_by_key(|(effect, ..)| *effect);
        self.watch(self.zero, 0)?;
        for (effect, at, step) in ordered {
            self.pass(effect)?;
            match step {
                Step::Look(view) => self.look(view)?,
                Step::Send(request, sent, claim) => {
                    let Some(node) = node_of(request.node.as_deref()) else { continue };
                    let taker = self.cluster.taker(node, claim);
                    if request.method == "POST" && self.cluster.replication.seen_making[taker] {
                        self.cluster.make_service(self.instant(effect)?, taker, &claim.0);
                        self.watch(at, 0)?;
                    }
                    let answer = self.cluster.send(self.instant(effect)?, node, sent, claim);
                    if let Some(difference) = differs(at, request, answer.as_ref()) {
                        return Ok(Some(difference));
                    }
                    self.watch(at, request.took + self.setup.lag)?;
                }
                Step::Fault { node, standing, .. } => {
                    let now = self.instant(effect)?;
                    if *standing == Standing::Dead {
                        self.cluster.replication.seen_making[*node] = self.setup.seen_making_again[*node];
                    }
                    self.cluster.stand(now, *node, *standing);
                    for (other, after) in self.setup.counted(*node, *standing) {
                        self.cluster.will_count(now + after, other, *node, *standing == Standing::Up);
                    }
                    self.watch(at, 0)?;
                }
            }
        }
        Ok(None)
    }

    fn effect_after(&self, step: &Step, request: &Request) -> i64 {
        let Step::Send(_, _, claim) = step else { return 0 };
        let node = node_of(request.node.as_deref()).unwrap_or_default();
        let share = if self.cluster.taker(node, claim) == node { self.setup.direct } else { self.setup.proxied };
        request.took * share as i64 / 1000
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
    fn pass(&mut self, until: i64) -> Result<(), Error> {
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
            let said = self.cluster.registry(node).map(|registry| say(registry, views));
            if self.said[node].is_some() && self.said[node] == said {
                continue;
            }
            self.said[node] = said;
            let states = match self.cluster.registry(node) {
                Some(registry) => peek(registry, self.dialects[node], now, views)?,
                None => vec![nobody(); views.len()],
            };
            for (view, state) in views.iter().zip(states) {
                let track = self.tracks.entry(view.clone()).or_default();
                track.show(from, in_flight, as_recorded(state, &self.cut));
            }
        }
        Ok(())
    }

    fn instant(&self, at: i64) -> Result<Instant, Error> {
        Instant::from_millis((at - self.zero).unsigned_abs())
    }
}

/// What a registry knows of one service, for each reader.
type Said = (Option<ServiceRecord>, [ServiceView; 2]);

fn say(registry: &Registry, views: &[View]) -> Vec<Said> {
    let mut services: Vec<&str> = views.iter().map(|view| view.of.as_deref().unwrap_or(super::SERVICE)).collect();
    services.dedup();
    let keys = services.into_iter().filter_map(|service| ServiceKey::named(service).ok());
    let said = keys.map(|key| {
        let view = |reader| registry.instances(&InstanceQuery::new(key.clone(), reader));
        (registry.service(&key), [view(Reader::Operator), view(Reader::Consumer)])
    });
    said.collect()
}

/// The recorder kept neither whether the threshold is reached nor more than the beginning of an error.
fn as_recorded(mut state: State, cut: &[String]) -> State {
    state.reach = false;
    if let Some((_, text)) = &mut state.err {
        let beginning = cut.iter().filter(|cut| text.starts_with(cut.as_str())).max_by_key(|cut| cut.len());
        if let Some(beginning) = beginning {
            text.clone_from(beginning);
        }
    }
    state
}

fn nobody() -> State {
    State::of_error(0, "nobody answers".to_owned())
}

fn node_of(name: Option<&str>) -> Option<usize> {
    NODES.iter().position(|node| Some(*node) == name)
}

/// The recorded sights of each view. Whether a connection was refused, reset or waited for in vain is not told apart.
fn recorded(lines: &[Line]) -> BTreeMap<View, Vec<Seen>> {
    let mut views: BTreeMap<View, Vec<Seen>> = BTreeMap::new();
    for line in lines {
        if let What::Sight(sight) = &line.what {
            let state = state_of(sight);
            let seen = views.entry(View::of(sight)).or_default();
            if seen.last().is_none_or(|last| last.state != state) {
                seen.push(Seen { after: sight.after, by: line.t, state });
            }
        }
    }
    views
}

fn state_of(sight: &Sight) -> State {
    let is_error = sight.rest.get("is").and_then(|is| is.get("error")).is_some();
    if is_error && sight.err.is_none() {
        return nobody();
    }
    let mut state = State::of_sight(sight, &sight.see);
    if let Some((_, text)) = &mut state.err
        && let Some(name) = text.find(NAMED)
    {
        // Cut inside of the name, which the recorder then did not know again.
        text.replace_range(name + NAMED.len().., super::SERVICE);
    }
    state
}

/// What precedes a service's name in some errors.
const NAMED: &str = "serviceName: ";

fn steps(lines: &[Line]) -> Vec<(i64, Step<'_>)> {
    let mut steps: Vec<(i64, Step)> = Vec::new();
    for line in lines {
        if let What::Sight(sight) = &line.what {
            steps.extend(sight.after.map(|after| (after, Step::Look(View::of(sight)))));
        }
    }
    let mut published: BTreeMap<&str, &Value> = BTreeMap::new();
    for line in lines {
        match &line.what {
            What::Sight(sight) => {
                let at = looked_at(lines, line.t, sight);
                // What the operator's page shows somebody has computed by then: the recorder asked for the list as often.
                if sight.see == "console" && sight.is.is_some() {
                    steps.push((at, Step::Look(View { see: "list".to_owned(), ..View::of(sight) })));
                }
                steps.push((at, Step::Look(View::of(sight))));
            }
            What::Request(request) => {
                if request.method == "POST" {
                    published.extend(request.args.get("metadata").map(|metadata| (request.who.as_str(), metadata)));
                }
                if let Some(claim) = claim_of(request) {
                    let metadata = published.get(request.who.as_str()).copied();
                    steps.push((line.t, Step::Send(request, sent_of(request, metadata), claim)));
                }
            }
            What::Event(_) => {}
        }
    }
    steps.extend(faults(lines));
    steps.sort_by_key(|(at, _)| *at);
    steps
}

/// A first poll that found somebody came behind what was in flight when it was sent.
fn looked_at(lines: &[Line], at: i64, sight: &Sight) -> i64 {
    let found = sight.after.is_none() && sight.is.as_ref().is_some_and(|rows| !rows.is_empty());
    let flights = lines.iter().filter_map(|line| match &line.what {
        What::Request(request) if line.t <= at => Some(line.t + request.took),
        _ => None,
    });
    if found { flights.fold(at, i64::max) } else { at }
}

/// Whom a request is about; those about nobody are reads.
fn claim_of(request: &Request) -> Option<(ServiceKey, Address)> {
    let (ip, port) = (request.args.get("ip")?.as_str()?, request.args.get("port")?.as_u64()?);
    let cluster = ClusterName::parse("DEFAULT").ok()?;
    let address = Address { host: Host::parse(ip).ok()?, port: Port::new(u16::try_from(port).ok()?), cluster };
    Some((ServiceKey::named(super::SERVICE).ok()?, address))
}

/// The recorder noted of a beat whether it was full; a full one carries what its sender last registered.
fn sent_of(request: &Request, metadata: Option<&Value>) -> Sent {
    let is_beat = request.path == "/instance/beat";
    if !is_beat {
        // The recorder of clusters did not say that it was an SDK.
        return sent(request).of_agent("Mozilla/5.0");
    }
    let (ip, port) = (&request.args["ip"], &request.args["port"]);
    let mut parameters = vec![
        ("serviceName", super::SERVICE.to_owned()),
        ("ip", ip.as_str().unwrap_or_default().to_owned()),
        ("port", port.to_string()),
        ("clusterName", "DEFAULT".to_owned()),
    ];
    if request.args.get("body").is_some_and(|body| body == "full") {
        let name = format!("DEFAULT_GROUP@@{}", super::SERVICE);
        let empty = json!({});
        let metadata = metadata.unwrap_or(&empty);
        let beat = json!({ "cluster": "DEFAULT", "ip": ip, "port": port, "metadata": metadata, "serviceName": name, "weight": 1.0 });
        parameters.push(("beat", beat.to_string()));
    }
    Sent::new("PUT", &request.path, parameters.iter().map(|(name, value)| (*name, value.as_str())))
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
