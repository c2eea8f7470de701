//! What is a cluster? Registries that are asked one by one, what each of them believes of the others, and what is on its way.

use std::collections::BTreeMap;

use liveset::{Actor, Address, Cause, Command, Content, Error, Instant, Policy, Registry, ServiceKey, ServiceSettings};
use liveset_nacos::{Dialect, Pushes};

use super::connections::Connection;
use super::copies::{Copied, Sent, Waiting};
use super::log::Log;
use super::owner::{Owners, Record};
use super::{Health, Replication};

/// Nodes that share what they know.
pub(crate) struct Cluster {
    pub(crate) replication: Replication,
    pub(crate) nodes: Vec<Node>,
    pub(crate) log: Log,
    pub(crate) waiting: BTreeMap<Waiting, Instant>,
    pub(super) owners: Owners,
    pub(super) dialects: Vec<Dialect>,
    pub(super) queue: BTreeMap<(Instant, u64), Event>,
    queued: u64,
}

/// One of them.
pub(crate) struct Node {
    pub(crate) registry: Registry,
    /// What was claimed here or copied from elsewhere, as it was published.
    pub(crate) claims: BTreeMap<Claim, Published>,
    /// The connections that lead here or of which there is a copy, by their numbers.
    pub(super) connections: BTreeMap<usize, Connection>,
    /// Who asked here to be told of changes; none where nobody ever did.
    pub(super) pushes: Option<Pushes>,
    /// Records known here, as they were at their last registration or deregistration.
    pub(crate) revisions: BTreeMap<Record, Vec<Copied>>,
    pub(crate) standing: Standing,
    /// Whether it does nothing by itself: it stands still, or is about to go on.
    pub(super) is_asleep: bool,
    /// From when on copies go to it and from it.
    pub(super) shares_from: Instant,
    /// The nodes that it counts in, in the order of their addresses.
    pub(super) members: Vec<usize>,
    /// What was to happen here while it stood still.
    pub(super) held: Vec<Event>,
    seen: u64,
    /// When its registry was last told of a moment that may have been its deadline.
    advanced: Instant,
    /// Whether views may have changed since they were last looked at.
    pub(super) is_touched: bool,
}

/// Whether a node answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Up,
    /// Its process stands still: what is sent to it waits.
    Stopped,
    Dead,
}

/// A claim as its source published it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Published {
    pub(crate) source: Actor,
    pub(crate) content: Content,
}

pub(crate) type Claim = (ServiceKey, Address);

/// What will happen.
#[derive(Clone, Debug)]
pub(crate) enum Event {
    Waited(Waiting),
    /// What hung while a node stood still is sent.
    HandOut {
        from: usize,
        to: usize,
        record: Record,
    },
    Arrived {
        from: usize,
        to: usize,
        sent: Sent,
    },
    Verify {
        node: usize,
    },
    Report {
        node: usize,
    },
    Heard {
        node: usize,
    },
    Counted {
        node: usize,
        other: usize,
        is_in: bool,
    },
    /// It looks after its connections and subscribers.
    Tended {
        node: usize,
    },
    /// It goes on after it was stopped.
    Woken {
        node: usize,
    },
    /// It has what others knew when it began.
    Loaded {
        node: usize,
    },
    /// The log has another leader.
    Elected,
}

impl Event {
    /// Where it happens.
    pub(super) fn node(&self) -> Option<usize> {
        Some(match self {
            Event::Waited((from, ..)) | Event::HandOut { from, .. } => *from,
            Event::Arrived { to, .. } => *to,
            Event::Verify { node }
            | Event::Report { node }
            | Event::Heard { node }
            | Event::Counted { node, .. }
            | Event::Tended { node }
            | Event::Woken { node }
            | Event::Loaded { node } => *node,
            Event::Elected => return None,
        })
    }
}

impl Cluster {
    pub(crate) fn new(
        replication: Replication,
        policies: &[Policy],
        dialects: Vec<Dialect>,
        owners: Owners,
    ) -> Result<Cluster, Error> {
        let members: Vec<usize> = (0..policies.len()).collect();
        let node = |policy: &Policy| -> Result<Node, Error> {
            Ok(Node {
                registry: Registry::new(policy.clone())?,
                claims: BTreeMap::new(),
                connections: BTreeMap::new(),
                pushes: None,
                revisions: BTreeMap::new(),
                standing: Standing::Up,
                is_asleep: false,
                shares_from: Instant::ZERO,
                members: members.clone(),
                held: Vec::new(),
                seen: 0,
                advanced: Instant::ZERO,
                is_touched: true,
            })
        };
        let nodes = policies.iter().map(node).collect::<Result<Vec<Node>, Error>>()?;
        let (log, waiting, queue) = (Log::of(nodes.len()), BTreeMap::new(), BTreeMap::new());
        let mut cluster = Cluster { replication, nodes, log, waiting, owners, dialects, queue, queued: 0 };
        for node in members {
            cluster.begin(Instant::ZERO, node);
        }
        Ok(cluster)
    }

    /// The clocks of a node begin.
    pub(super) fn begin(&mut self, now: Instant, node: usize) {
        self.at(self.replication.verify[node].look(now), Event::Verify { node });
        if let Health::Reported(clocks) = &self.replication.health {
            self.at(clocks[node].look(now), Event::Report { node });
        }
    }

    /// Whom a node takes for responsible.
    pub(super) fn owner_at(&self, node: usize, record: &Record) -> usize {
        if self.replication.apart == Some(node) {
            return self.owners.by_service;
        }
        self.owners.of(record, &self.nodes[node].members).unwrap_or(node)
    }

    /// A registration has made a service, and its instance has not entered it yet; false where the service was there.
    pub(crate) fn make_service(&mut self, now: Instant, node: usize, service: &ServiceKey) -> bool {
        let registry = &mut self.nodes[node].registry;
        let is_new = registry.service(service).is_none();
        if is_new {
            registry.set_service(now, &ServiceSettings::new(service.clone()));
            registry.look(now, service);
            self.nodes[node].is_touched = true;
        }
        is_new
    }

    /// When something may next happen by itself; may be early, never late.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        let own = self.nodes.iter().filter_map(Node::next_deadline);
        own.chain(self.queue.keys().next().map(|(at, _)| *at)).min()
    }

    /// Lets everything due by `now` happen.
    pub(crate) fn advance(&mut self, now: Instant) {
        while let Some(due) = self.next_deadline().filter(|due| *due <= now) {
            for node in 0..self.nodes.len() {
                if self.nodes[node].next_deadline().is_some_and(|at| at <= due) {
                    self.nodes[node].registry.advance(due);
                    self.nodes[node].advanced = due;
                    self.take_note(due, node);
                }
            }
            while let Some(entry) = self.queue.first_entry().filter(|entry| entry.key().0 <= due) {
                let event = entry.remove();
                self.happen(due, event);
            }
        }
    }

    pub(crate) fn at(&mut self, at: Instant, event: Event) {
        self.queued += 1;
        self.queue.insert((at, self.queued), event);
    }

    pub(super) fn happen(&mut self, now: Instant, event: Event) {
        let node = event.node();
        if let (Some(node), false) = (node, matches!(event, Event::Woken { .. }))
            && self.nodes[node].is_asleep
        {
            return self.nodes[node].held.push(event);
        }
        match event {
            Event::Waited(waiting) => self.waited(now, waiting),
            Event::HandOut { from, to, record } => self.hand_out(now, from, to, record),
            Event::Arrived { from, to, sent } => {
                let from_when = self.nodes[from].shares_from.max(self.nodes[to].shares_from);
                if now < from_when {
                    return self.at(from_when, Event::Arrived { from, to, sent });
                }
                self.arrive(now, to, &sent);
            }
            Event::Verify { node } => self.verify(now, node),
            Event::Report { node } => self.report(now, node),
            Event::Heard { node } => self.hear(now, node),
            Event::Counted { node, other, is_in } => self.count(now, node, other, is_in),
            Event::Tended { node } => self.tend(now, node),
            Event::Woken { node } => self.wake(now, node),
            Event::Loaded { node } => self.load(now, node),
            Event::Elected => self.elect(now),
        }
    }

    /// Whether a node takes itself for responsible.
    pub(crate) fn is_responsible(&self, node: usize, record: &Record) -> bool {
        match record {
            Record::Named(_) => self.owner_at(node, record) == node,
            Record::Connection(number) => self.leads_to(node, *number),
        }
    }

    pub(crate) fn record(&self, (service, address): &Claim) -> Record {
        Record::of(self.replication.unit, service, address)
    }

    /// Tells a registry whose silence it looks for.
    pub(crate) fn watch_claims(&mut self, now: Instant, node: usize) {
        let claims: Vec<Claim> = self.nodes[node].claims.keys().cloned().collect();
        for claim in claims {
            let watches = self.is_responsible(node, &self.record(&claim));
            let (service, address) = claim;
            let _ = self.nodes[node].registry.apply(now, Command::Watch { service, address, watches });
        }
    }

    /// Takes note of what a registry did by itself: a changed record is copied, a decision that ended ends everywhere.
    pub(crate) fn take_note(&mut self, now: Instant, node: usize) {
        self.nodes[node].is_touched = true;
        let news = self.nodes[node].news();
        for entry in news {
            let claim = (entry.service.clone(), entry.address.clone());
            let record = self.record(&claim);
            let travels = match entry.cause {
                Cause::Silent | Cause::Beat => self.replication.health == Health::Copied,
                Cause::Expired => true,
                _ => false,
            };
            if entry.cause == Cause::Expired {
                self.nodes[node].claims.remove(&claim);
            }
            if self.replication.apart == Some(node) {
                continue;
            }
            if travels && self.is_responsible(node, &record) {
                self.copy(now, node, &record);
            }
            if entry.cause == Cause::OverrideEnded && entry.by.is_none() {
                self.append(now, Command::EndOverride { service: entry.service, address: entry.address });
            }
        }
    }

    /// What a node would answer from; none where it does not answer.
    pub(crate) fn registry(&self, node: usize) -> Option<&Registry> {
        self.nodes.get(node).filter(|node| node.is_answering()).map(|node| &node.registry)
    }

    /// The same, for a look that may compute a view.
    pub(crate) fn look_at(&mut self, node: usize) -> Option<&mut Registry> {
        let node = self.nodes.get_mut(node).filter(|node| node.is_answering())?;
        node.is_touched = true;
        Some(&mut node.registry)
    }

    /// The nodes whose views may have changed since this was last asked.
    pub(crate) fn take_touched(&mut self) -> Vec<usize> {
        let touched = |node: &mut Node| core::mem::replace(&mut node.is_touched, false);
        self.nodes.iter_mut().enumerate().filter_map(|(number, node)| touched(node).then_some(number)).collect()
    }
}

impl Node {
    pub(crate) fn is_answering(&self) -> bool {
        self.standing == Standing::Up
    }

    /// A registry's deadline may be early, and then it stands until a later moment has come.
    fn next_deadline(&self) -> Option<Instant> {
        let next = self.registry.next_deadline().filter(|_| !self.is_asleep)?;
        Some(if next > self.advanced { next } else { self.advanced + super::span(1) })
    }

    pub(super) fn forget_news(&mut self) {
        self.seen = self.registry.newest_transition();
    }

    fn news(&mut self) -> Vec<liveset::Transition> {
        let news = self.registry.transitions(self.seen);
        self.forget_news();
        news
    }
}
