//! How nodes keep up with one another, in two ways.
//!
//! Two transports, as Nacos 2 has them: each node expires and holds what it was told itself, copies of claims reach the others by one
//! way (Distro), operators' decisions by another (Raft), each with its own lag; and each node forgets by its own clocks. One log, the
//! strict way: every command is an entry, and every node applies all entries in order, so they differ only in how far they are.

use std::collections::BTreeMap;

use liveset::{
    Address, BatchRegistration, Cause, Command, Deregistration, Error, Instant, Kind, Notice, Outcome, Registration,
    ServiceKey, SessionId, Span,
};

use super::{Event, World};
use crate::node::Node;
use crate::scenario::{Cluster, Scenario};

/// A claim: node that holds it directly, service, address, source.
type Claim = (usize, ServiceKey, Address, String);

#[derive(Default)]
pub(crate) struct Replication {
    /// Claims that were made at a node itself.
    held: BTreeMap<Claim, Registration>,
    /// Sessions that carry the copies, by the node they are at.
    copies: BTreeMap<(usize, Claim), Copy>,
    log: Option<Log>,
}

/// The session that carries a copy, and when its holder last verified it.
#[derive(Clone, Copy)]
struct Copy {
    session: SessionId,
    verified: Instant,
}

/// The log of a strict cluster, and a registry that is always at its end.
struct Log {
    head: Node,
    entries: Vec<(Instant, Command)>,
    /// How many entries have come to each node, and how many it has applied.
    arrived: Vec<usize>,
    applied: Vec<usize>,
}

/// What one node tells another about a claim.
#[derive(Clone, Debug)]
pub(super) enum Copied {
    /// It is held; the registration says what it is.
    Held(Box<Registration>),
    /// It ended.
    Ended(ServiceKey, Address, String),
}

/// How long a message waits for a parted node before it is tried again.
const RETRY: Span = Span::from_secs(1);

impl Replication {
    pub(super) fn new(scenario: &Scenario) -> Replication {
        let log = match scenario.cluster {
            Cluster::OneLog { .. } => Node::new("log", &scenario.policy).map(|head| Log {
                head,
                entries: Vec::new(),
                arrived: vec![0; scenario.nodes.len()],
                applied: vec![0; scenario.nodes.len()],
            }),
            _ => None,
        };
        Replication { log, ..Replication::default() }
    }

    /// When the end of the log does something by itself; none when there is no log.
    pub(super) fn log_deadline(&self) -> Option<Option<Instant>> {
        self.log.as_ref().map(|log| log.head.next_deadline())
    }
}

impl World<'_> {
    /// Does a command that came in at `node`, and lets the others know by the way the cluster has.
    pub(super) fn execute(&mut self, node: usize, command: Command) -> Result<Outcome, Error> {
        match &self.scenario.cluster {
            Cluster::OneLog { .. } => self.append(command),
            Cluster::TwoTransports { decisions, .. } if is_decision(&command) => {
                for (to, &lag) in decisions.clone().iter().enumerate() {
                    self.after(lag, Event::Decide { node: to, command: command.clone() });
                }
                Ok(Outcome::OverrideSet)
            }
            _ => {
                let result = self.nodes[node].apply(self.now, &command);
                match (&command, &result) {
                    (Command::Register(registration), Ok(_)) => self.hold(node, registration.clone()),
                    (Command::RegisterBatch(batch), Ok(_)) => self.hold_batch(node, batch),
                    (Command::BeatInstance(beat), Ok(Outcome::Beaten { registered: Some(_), .. })) => {
                        let claim = Registration::new(beat.service.clone(), beat.address.clone(), beat.source.clone());
                        self.hold(node, Registration { content: beat.content.clone().unwrap_or_default(), ..claim });
                    }
                    _ => {}
                }
                self.settle_node(node, true);
                result
            }
        }
    }

    /// Lets the registries' own clocks run.
    pub(super) fn advance_registries(&mut self) {
        let now = self.now;
        match self.replication.log_deadline() {
            Some(Some(at)) if at <= now => {
                // An entry that only lets time pass cannot be refused.
                let _ = self.append(Command::Advance);
            }
            Some(_) => {}
            None => {
                for node in 0..self.nodes.len() {
                    if self.nodes[node].next_deadline().is_some_and(|at| at <= now) {
                        let _ = self.nodes[node].apply(now, &Command::Advance);
                        self.settle_node(node, true);
                    }
                }
            }
        }
    }

    /// Whether a node is cut off from so many others that it may not decide alone.
    pub(super) fn is_minority(&self, node: usize) -> bool {
        let name = &self.nodes[node].name;
        let parted = self.nodes.iter().filter(|other| self.network.is_parted(name, &other.name)).count();
        parted * 2 >= self.nodes.len() && parted > 0
    }

    pub(super) fn copied(&mut self, from: usize, to: usize, what: Copied) {
        if self.nodes[to].frozen || self.network.is_parted(&self.nodes[from].name, &self.nodes[to].name) {
            return self.after(RETRY, Event::Copy { from, to, what });
        }
        match what {
            Copied::Held(registration) => self.copy_held(from, to, *registration),
            Copied::Ended(service, address, source) => {
                let claim = (from, service, address, source);
                if let Some(Copy { session, .. }) = self.replication.copies.remove(&(to, claim)) {
                    let _ = self.nodes[to].apply(self.now, &Command::CloseSession { session });
                    self.settle_node(to, false);
                }
            }
        }
    }

    pub(super) fn decided(&mut self, node: usize, command: &Command) {
        if self.nodes[node].frozen || self.is_minority(node) {
            return self.after(RETRY, Event::Decide { node, command: command.clone() });
        }
        let _ = self.nodes[node].apply(self.now, command);
        self.settle_node(node, false);
    }

    /// An entry came to a node: lags are constant, so all before it came, too.
    pub(super) fn logged(&mut self, node: usize, index: usize) {
        let Some(log) = &mut self.replication.log else { return };
        log.arrived[node] = log.arrived[node].max(index + 1);
        self.read_log(node);
    }

    /// Whoever was hindered reads on in the log.
    pub(super) fn catch_up(&mut self) {
        for node in 0..self.nodes.len() {
            self.read_log(node);
        }
    }

    fn read_log(&mut self, node: usize) {
        while !self.nodes[node].frozen && !self.is_minority(node) {
            let Some(log) = &mut self.replication.log else { return };
            let index = log.applied[node];
            let Some((at, command)) = log.entries.get(index).filter(|_| index < log.arrived[node]).cloned() else {
                return;
            };
            log.applied[node] = index + 1;
            if let Ok(Outcome::Notices { notices }) = self.nodes[node].apply(at, &command) {
                for notice in notices {
                    self.notice(node, notice);
                }
            }
            self.nodes[node].news();
        }
    }

    /// How many entries a node has yet to apply.
    pub(super) fn lag(&self, node: usize) -> usize {
        self.replication.log.as_ref().map_or(0, |log| log.entries.len() - log.applied[node])
    }

    /// What a host says beside the account of a registry that is behind the log.
    pub(super) fn behind(&self, node: usize) -> Option<String> {
        let log = self.replication.log.as_ref().filter(|_| self.lag(node) > 0)?;
        let (applied, entries) = (log.applied[node], log.entries.len());
        let as_of = self.nodes[node].registry().counters().now;
        Some(format!(
            "behind: this node has applied {applied} of {entries} entries of the log, and knows nothing after {as_of}"
        ))
    }

    fn append(&mut self, command: Command) -> Result<Outcome, Error> {
        let Cluster::OneLog { lags } = &self.scenario.cluster else { return Ok(Outcome::Advanced) };
        let lags = lags.clone();
        let now = self.now;
        let Some(log) = &mut self.replication.log else { return Ok(Outcome::Advanced) };
        let result = log.head.apply(now, &command);
        log.entries.push((now, command));
        let index = log.entries.len() - 1;
        let more = log.head.registry().has_notices();
        for (node, lag) in lags.into_iter().enumerate() {
            self.after(lag, Event::Log { node, index });
        }
        if more {
            let _ = self.append(Command::Poll { max: 64 });
        }
        result
    }

    /// Takes note of what a registry did: claims that ended are told to the others, and notices go out.
    pub(super) fn settle_node(&mut self, node: usize, own: bool) {
        let news = self.nodes[node].news();
        if let Cluster::TwoTransports { decisions, .. } = &self.scenario.cluster {
            let decisions = decisions.clone();
            for entry in news.iter().filter(|entry| own && entry.cause == Cause::OverrideEnded && entry.by.is_none()) {
                for (to, &lag) in decisions.iter().enumerate().filter(|&(to, _)| to != node) {
                    let command =
                        Command::EndOverride { service: entry.service.clone(), address: entry.address.clone() };
                    self.after(lag, Event::Decide { node: to, command });
                }
            }
        }
        self.release_ended(node);
        while self.nodes[node].registry().has_notices() && !self.nodes[node].silent {
            let Ok(Outcome::Notices { notices }) = self.nodes[node].apply(self.now, &Command::Poll { max: 64 }) else {
                break;
            };
            for notice in notices {
                self.notice(node, notice);
            }
        }
    }

    fn notice(&mut self, node: usize, notice: Notice) {
        match notice {
            Notice::Changed { subscription, .. } => self.push(node, subscription),
            Notice::Probe { session } => self.after(Span::ZERO, Event::Probe { node, session }),
        }
    }

    fn hold_batch(&mut self, node: usize, batch: &BatchRegistration) {
        for member in &batch.members {
            let claim = Registration::new(batch.service.clone(), member.address.clone(), batch.source.clone());
            self.hold(node, Registration { content: member.content.clone(), ..claim });
        }
    }

    /// A node that lost everything is told again what the others hold.
    pub(super) fn copy_again(&mut self, node: usize) {
        let Cluster::TwoTransports { claims, .. } = self.scenario.cluster else { return };
        self.replication.copies.retain(|(to, _), _| *to != node);
        let held: Vec<(usize, Registration)> =
            self.replication.held.iter().map(|((from, ..), registration)| (*from, registration.clone())).collect();
        for (from, registration) in held.into_iter().filter(|&(from, _)| from != node) {
            let what = Copied::Held(Box::new(registration));
            self.after(claims, Event::Copy { from, to: node, what });
        }
    }

    fn hold(&mut self, node: usize, registration: Registration) {
        let Cluster::TwoTransports { claims, .. } = self.scenario.cluster else { return };
        let source = registration.source.as_str().to_owned();
        let claim = (node, registration.service.clone(), registration.address.clone(), source);
        self.replication.held.insert(claim, registration.clone());
        for to in (0..self.nodes.len()).filter(|&to| to != node) {
            let what = Copied::Held(Box::new(registration.clone()));
            self.after(claims, Event::Copy { from: node, to, what });
        }
    }

    fn release_ended(&mut self, node: usize) {
        let Cluster::TwoTransports { claims, .. } = self.scenario.cluster else { return };
        let ended: Vec<Claim> = (self.replication.held.keys())
            .filter(|(at, service, address, source)| {
                let leases = self.nodes[*at].registry().explain(service, address).leases;
                // The copy of a claim over a connection is not the claim: it hangs on a session that is not the source's own.
                *at == node && !leases.iter().any(|lease| lease.source.as_str() == source)
            })
            .cloned()
            .collect();
        for claim in ended {
            self.replication.held.remove(&claim);
            let (_, service, address, source) = claim;
            for to in (0..self.nodes.len()).filter(|&to| to != node) {
                let what = Copied::Ended(service.clone(), address.clone(), source.clone());
                self.after(claims, Event::Copy { from: node, to, what });
            }
        }
    }

    fn copy_held(&mut self, from: usize, to: usize, mut registration: Registration) {
        let source = registration.source.as_str().to_owned();
        let claim = (from, registration.service.clone(), registration.address.clone(), source.clone());
        if !self.replication.held.contains_key(&claim) {
            return;
        }
        let open = self.replication.copies.get(&(to, claim.clone())).copied();
        let session = match open {
            Some(copy) => copy.session,
            None => {
                let name = format!("{source} by way of {}", self.nodes[from].name);
                let Ok(name) = liveset::Actor::parse(&name) else { return };
                let opened = self.nodes[to].apply(self.now, &Command::OpenSession { name });
                let Ok(Outcome::SessionOpened { session }) = opened else { return };
                self.replication.copies.insert((to, claim), Copy { session, verified: self.now });
                session
            }
        };
        registration.session = Some(session);
        registration.copied = true;
        let _ = self.nodes[to].apply(self.now, &Command::Register(registration));
        self.settle_node(to, false);
    }

    /// Signs of life of the copies' sessions: the node that holds a claim verifies it with the others. What nobody verifies ends as the
    /// cluster says, or else as a silent connection does.
    pub(super) fn verify_copies(&mut self, node: usize, session: SessionId) -> bool {
        let found = self.replication.copies.iter().find(|((to, _), copy)| *to == node && copy.session == session);
        let Some((key, copy)) = found.map(|(key, copy)| (key.clone(), *copy)) else { return false };
        let from = key.1.0;
        let up = !self.nodes[from].frozen && !self.network.is_parted(&self.nodes[from].name, &self.nodes[node].name);
        let verified = if up { self.now } else { copy.verified };
        let ends = self.copies_live().map(|span| verified + span);
        if up || ends.is_some_and(|ends| ends > self.now) {
            let _ = self.nodes[node].apply(self.now, &Command::TouchSession { session });
        }
        self.replication.copies.insert(key, Copy { session, verified });
        true
    }

    /// A copy that nobody verified for long ends, unless its holder came back meanwhile.
    pub(super) fn lapsed(&mut self, node: usize, session: SessionId) {
        let of_it = |((to, _), copy): &(&(usize, Claim), &Copy)| *to == node && copy.session == session;
        let Some((key, copy)) = self.replication.copies.iter().find(of_it).map(|(key, copy)| (key.clone(), *copy))
        else {
            return;
        };
        let apart = self.network.is_parted(&self.nodes[key.1.0].name, &self.nodes[node].name);
        let up = !self.nodes[key.1.0].frozen && !apart;
        if !up && self.copies_live().is_some_and(|span| copy.verified + span <= self.now) {
            self.replication.copies.remove(&key);
            let _ = self.nodes[node].apply(self.now, &Command::CloseSession { session });
            self.settle_node(node, false);
        }
    }

    /// From here on a node cannot verify what the others hold of it, but for those that `from` still reaches.
    pub(super) fn verified_last(&mut self, from: usize, at: impl Fn(usize) -> bool) {
        let Some(live) = self.copies_live() else { return };
        let now = self.now;
        let mut lapses = Vec::new();
        for ((to, (holder, ..)), copy) in &mut self.replication.copies {
            if *holder == from && at(*to) {
                copy.verified = now;
                lapses.push((*to, copy.session));
            }
        }
        for (node, session) in lapses {
            self.after(live, Event::Lapse { node, session });
        }
    }

    fn copies_live(&self) -> Option<Span> {
        match &self.scenario.cluster {
            Cluster::TwoTransports { copies, .. } => *copies,
            _ => None,
        }
    }
}

/// What is told to all nodes by the way of decisions: what operators set, and whatever stays without beats.
fn is_decision(command: &Command) -> bool {
    match command {
        Command::Register(registration) => registration.kind == Kind::Persistent,
        Command::Deregister(Deregistration { kind, .. }) => *kind == Some(Kind::Persistent),
        Command::SetOverride(_)
        | Command::ClearOverride { .. }
        | Command::EndOverride { .. }
        | Command::ReportHealth { .. }
        | Command::SetService(_)
        | Command::RemoveService { .. } => true,
        _ => false,
    }
}
