//! What is known, as plainly as it can be written down, and the verbs.
//!
//! Times are milliseconds. Whatever follows from something else is not kept: what is due, who is silent, what is served are found by
//! looking at everything.

mod apply;
mod claim;
mod decide;
mod end;
mod explain;
mod facts;
mod ids;
mod lease;
mod publish;
mod read;
mod services;
mod sources;
mod time;
mod times;

use std::collections::{BTreeMap, VecDeque};

use liveset::{Address, Host, Kind, Policy, Port, ServiceKey};

pub(crate) use facts::Waiting;
use facts::{Decisions, Departure, Entry, Fence, Instance, Lease, Service, Session, Subscription};
use ids::Ids;

/// Milliseconds since the host's zero.
pub(crate) type Ms = u64;

/// A service by the number of its name, an address by the number of its: names are numbered as they are met, for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) service: usize,
    pub(crate) address: usize,
    pub(crate) kind: Kind,
}

/// The naive registry.
#[derive(Debug)]
pub struct Model {
    pub(crate) policy: Policy,
    pub(crate) now: Ms,
    pub(crate) clamped: u64,
    service_names: Vec<ServiceKey>,
    addresses: Vec<Address>,
    /// Instances that are there, and those that went and are remembered.
    instances: BTreeMap<Place, Instance>,
    /// By the order in which they were made.
    leases: BTreeMap<u64, Lease>,
    /// By id.
    sessions: BTreeMap<u64, Session>,
    decisions: BTreeMap<Place, Decisions>,
    /// By whom they are about, operators' first.
    fences: BTreeMap<(Place, Maker), Fence>,
    /// Those that anything speaks of.
    services: BTreeMap<usize, Service>,
    /// By the order in which they were made.
    subscriptions: BTreeMap<u64, Subscription>,
    waiting: VecDeque<Waiting>,
    journal: VecDeque<Entry>,
    journal_bytes: u64,
    dropped: u64,
    gone: VecDeque<Departure>,
    /// When anybody last beat, the last time in which nobody did for too long, the second in which removals are counted, and how many.
    heard: Ms,
    unheard: Option<(Ms, Ms)>,
    second: Ms,
    removed: u64,
    /// The most claims by beats that there ever were.
    most: u64,
    gap: Option<(Ms, Ms)>,
    /// The clock of each `host:port`: when it began, and until when it is kept where nothing is claimed there by beats.
    clocks: BTreeMap<(Host, Port), (Ms, Ms)>,
    /// Until when lists are marked as incomplete.
    warming_until: Option<Ms>,
    made: u64,
    /// Whether decisions of one service ended at one moment: their order is that in which names were met.
    pub(crate) tied: bool,
    ids: AllIds,
}

/// Who left a fence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Maker {
    Operator,
    Owner,
}

#[derive(Debug, Default)]
struct AllIds {
    instances: Ids,
    leases: Ids,
    sessions: Ids,
    services: Ids,
    subscriptions: Ids,
}

impl Model {
    /// An empty one, at the host's zero.
    pub fn new(policy: Policy) -> Model {
        Model {
            policy,
            now: 0,
            clamped: 0,
            service_names: Vec::new(),
            addresses: Vec::new(),
            instances: BTreeMap::new(),
            leases: BTreeMap::new(),
            sessions: BTreeMap::new(),
            decisions: BTreeMap::new(),
            fences: BTreeMap::new(),
            services: BTreeMap::new(),
            subscriptions: BTreeMap::new(),
            waiting: VecDeque::new(),
            journal: VecDeque::new(),
            journal_bytes: 0,
            dropped: 0,
            gone: VecDeque::new(),
            heard: 0,
            unheard: None,
            second: 0,
            removed: 0,
            most: 0,
            gap: None,
            clocks: BTreeMap::new(),
            warming_until: None,
            made: 0,
            tied: false,
            ids: AllIds::default(),
        }
    }

    pub(crate) fn service_number(&mut self, service: &ServiceKey) -> usize {
        number(&mut self.service_names, service)
    }

    pub(crate) fn address_number(&mut self, address: &Address) -> usize {
        number(&mut self.addresses, address)
    }

    pub(crate) fn place(&mut self, service: &ServiceKey, address: &Address, kind: Kind) -> Place {
        Place { service: self.service_number(service), address: self.address_number(address), kind }
    }

    /// The next number of things that are told apart by when they were made.
    fn next_made(&mut self) -> u64 {
        self.made += 1;
        self.made
    }

    /// Orders of the leases of an instance, oldest first.
    fn leases_of(&self, place: Place) -> Vec<u64> {
        self.leases.iter().filter(|(_, lease)| lease.place == place).map(|(&order, _)| order).collect()
    }

    fn is_present(&self, place: Place) -> bool {
        self.leases.values().any(|lease| lease.place == place)
    }

    fn is_alive(&self, place: Place) -> bool {
        self.leases.values().any(|lease| lease.place == place && lease.alive)
    }

    /// Instances that some lease holds.
    fn present(&self) -> Vec<Place> {
        self.instances.keys().copied().filter(|&place| self.is_present(place)).collect()
    }

    /// The instance of an address that is meant where no kind is named: the ephemeral one, unless only the persistent one is there.
    fn find(&self, service: usize, address: usize) -> Option<Place> {
        let kinds = [Kind::Ephemeral, Kind::Persistent].map(|kind| Place { service, address, kind });
        let there = kinds.into_iter().find(|&place| self.is_present(place));
        there.or_else(|| kinds.into_iter().find(|place| self.instances.contains_key(place)))
    }

    fn find_present(&self, service: usize, address: usize, kind: Option<Kind>) -> Option<Place> {
        let found = match kind {
            Some(kind) => Some(Place { service, address, kind }),
            None => self.find(service, address),
        };
        found.filter(|&place| self.is_present(place))
    }
}

fn number<T: Clone + PartialEq>(all: &mut Vec<T>, one: &T) -> usize {
    match all.iter().position(|known| known == one) {
        Some(number) => number,
        None => {
            all.push(one.clone());
            all.len() - 1
        }
    }
}
