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
    copies: BTreeMap<(usize, Claim), SessionId>,
    log: Option<Log>,
}

/// The log of a strict cluster, and a registry that is always at its end.
struct Log {
    head: Node,
    entries: Vec<(Instant, Command)>,
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
                if let Some(session) = self.replication.copies.remove(&(to, claim)) {
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

    pub(super) fn logged(&mut self, node: usize, index: usize) {
        let behind = self.nodes[node].frozen || self.is_minority(node);
        let Some(log) = &mut self.replication.log else { return };
        if behind || log.applied[node] < index {
            return self.after(Span::from_millis(10).unwrap_or_default(), Event::Log { node, index });
        }
        log.applied[node] = index + 1;
        let Some((at, command)) = log.entries.get(index).cloned() else { return };
        if let Ok(Outcome::Notices { notices }) = self.nodes[node].apply(at, &command) {
            for notice in notices {
                self.notice(node, notice);
            }
        }
        self.nodes[node].news();
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
    fn settle_node(&mut self, node: usize, own: bool) {
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
        while self.nodes[node].registry().has_notices() {
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
            Some(session) => session,
            None => {
                let name = format!("{source} by way of {}", self.nodes[from].name);
                let Ok(name) = liveset::Actor::parse(&name) else { return };
                let opened = self.nodes[to].apply(self.now, &Command::OpenSession { name });
                let Ok(Outcome::SessionOpened { session }) = opened else { return };
                self.replication.copies.insert((to, claim), session);
                session
            }
        };
        registration.session = Some(session);
        registration.copied = true;
        let _ = self.nodes[to].apply(self.now, &Command::Register(registration));
        self.settle_node(to, false);
    }

    /// Signs of life of the copies' sessions: the node that holds a claim verifies it with the others.
    pub(super) fn verify_copies(&mut self, node: usize, session: SessionId) -> bool {
        let found = self.replication.copies.iter().find(|((to, _), carried)| *to == node && **carried == session);
        let Some(((_, (from, ..)), _)) = found else { return false };
        let up = !self.nodes[*from].frozen && !self.network.is_parted(&self.nodes[*from].name, &self.nodes[node].name);
        if up {
            let _ = self.nodes[node].apply(self.now, &Command::TouchSession { session });
        }
        true
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
