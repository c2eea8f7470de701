//! A service as its readers have it: its members, its counters, its revision, and the ring of its latest changes.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::hash::Hasher;

use hashbrown::HashTable;
use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;

use crate::id::{InstanceId, ServiceId};
use crate::instance::{Cause, state};
use crate::name::{MetadataId, NameId, Threshold, Weight};
use crate::time::Instant;

/// One instance's newest state after a revision, as a row of fixed width: instance, revision, state bits, cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// Which instance. Read its address once, when an id is first seen.
    pub instance: InstanceId,
    /// The service's revision that brought it.
    pub revision: u64,
    /// Bits of [`state`]; 0 when it is gone.
    pub state: u32,
    /// Why, as a number of [`Cause`].
    pub cause: u32,
}

/// What happened to a service after a revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Changes {
    /// The revision that these rows lead to; ask with it next time.
    pub revision: u64,
    /// True when the rows are the whole service: what is not among them is gone. It is so for a reader too far behind.
    pub full: bool,
    /// Whether protection is in force: consumers treat every served instance as healthy.
    pub protected: bool,
    /// Rows, oldest change first; a full list is in the order of the members.
    pub rows: Vec<Change>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Entry {
    revision: u64,
    // The id and not the slot: a row may be forgotten, and its slot be somebody else's, while a reader is still behind.
    instance: InstanceId,
    state: u32,
    cause: Cause,
}

/// An instance in a view that was computed once and is read until the next time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shown {
    pub(crate) slot: u32,
    pub(crate) weight: Weight,
    pub(crate) metadata: MetadataId,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Service {
    pub(crate) namespace: NameId,
    pub(crate) group: NameId,
    pub(crate) name: NameId,
    /// When it was first met; the clock of sweeps by service begins here.
    pub(crate) since: Instant,
    pub(crate) threshold: Option<Threshold>,
    pub(crate) members: Vec<u32>,
    pub(crate) revision: u64,
    /// Whether a new computation of the view is on its way.
    pub(crate) refresh_armed: bool,
    /// Content of the view where the policy computes it late.
    pub(crate) shown: Vec<Shown>,
    pub(crate) subscriptions: Vec<u32>,
    pub(crate) notice_armed: bool,
    served: u32,
    served_healthy: u32,
    changes: VecDeque<Entry>,
}

impl Service {
    /// Served instances, and how many of them are healthy.
    pub(crate) fn served(&self) -> (u32, u32) {
        (self.served, self.served_healthy)
    }

    /// Moves on to a new revision, with one entry in the ring. `before` and `after` are state bits of `instance`.
    pub(crate) fn record(&mut self, instance: InstanceId, before: u32, after: u32, cause: Cause, kept: usize) {
        let healthy = state::SERVED | state::HEALTHY;
        self.served = self.served - u32::from(before & state::SERVED != 0) + u32::from(after & state::SERVED != 0);
        self.served_healthy =
            self.served_healthy - u32::from(before & healthy == healthy) + u32::from(after & healthy == healthy);
        self.revision += 1;
        if self.changes.len() >= kept {
            self.changes.pop_front();
        }
        self.changes.push_back(Entry { revision: self.revision, instance, state: after, cause });
    }

    /// The newest state of each instance that changed after `since`, oldest first; none when the ring does not reach back.
    pub(crate) fn changes_after(&self, since: u64) -> Option<Vec<Change>> {
        if since > self.revision {
            return None;
        }
        let missed = (self.revision - since) as usize;
        if missed > self.changes.len() {
            return None;
        }
        let recent = self.changes.range(self.changes.len() - missed..);
        let mut rows: Vec<Change> = Vec::with_capacity(missed);
        for (index, entry) in recent.clone().enumerate() {
            let superseded = recent.clone().skip(index + 1).any(|later| later.instance == entry.instance);
            if !superseded {
                rows.push(Change {
                    instance: entry.instance,
                    revision: entry.revision,
                    state: entry.state,
                    cause: entry.cause as u32,
                });
            }
        }
        Some(rows)
    }

    pub(crate) fn fits(&self, names: usize, rows: usize, subscriptions: usize) -> bool {
        [self.namespace, self.group, self.name].iter().all(|name| (name.0 as usize) < names)
            && self.members.iter().all(|&slot| (slot as usize) < rows)
            && self.shown.iter().all(|shown| (shown.slot as usize) < rows)
            && self.subscriptions.iter().all(|&slot| (slot as usize) < subscriptions)
            && self.served <= self.members.len() as u32
            && self.served_healthy <= self.served
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Services {
    all: Vec<Service>,
    #[serde(skip)]
    by_names: HashTable<u32>,
    #[serde(skip)]
    seed: (u64, u64),
}

impl Services {
    pub(crate) fn new(seed: (u64, u64)) -> Services {
        Services { all: Vec::new(), by_names: HashTable::new(), seed }
    }

    pub(crate) fn find(&self, names: [NameId; 3]) -> Option<u32> {
        self.by_names.find(hash(self.seed, names), |&slot| self.names(slot) == names).copied()
    }

    pub(crate) fn insert(&mut self, now: Instant, names: [NameId; 3]) -> u32 {
        let slot = self.all.len() as u32;
        let [namespace, group, name] = names;
        self.all.push(Service {
            namespace,
            group,
            name,
            since: now,
            threshold: None,
            members: Vec::new(),
            revision: 0,
            refresh_armed: false,
            shown: Vec::new(),
            subscriptions: Vec::new(),
            notice_armed: false,
            served: 0,
            served_healthy: 0,
            changes: VecDeque::new(),
        });
        let Services { all, by_names, seed } = self;
        let of = |slot: u32| [all[slot as usize].namespace, all[slot as usize].group, all[slot as usize].name];
        by_names.insert_unique(hash(*seed, names), slot, |&other| hash(*seed, of(other)));
        slot
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn get(&self, slot: u32) -> &Service {
        &self.all[slot as usize]
    }

    pub(crate) fn get_mut(&mut self, slot: u32) -> &mut Service {
        &mut self.all[slot as usize]
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Service> {
        self.all.iter()
    }

    pub(crate) fn id(slot: u32) -> ServiceId {
        ServiceId::new(slot, 1)
    }

    pub(crate) fn slot(&self, id: ServiceId) -> Option<u32> {
        (id.generation() == 1 && (id.slot() as usize) < self.all.len()).then_some(id.slot())
    }

    pub(crate) fn rebuild(&mut self, seed: (u64, u64)) {
        self.seed = seed;
        self.by_names = HashTable::with_capacity(self.all.len());
        for slot in 0..self.all.len() as u32 {
            let names = self.names(slot);
            let Services { all, by_names, .. } = self;
            let of = |slot: u32| [all[slot as usize].namespace, all[slot as usize].group, all[slot as usize].name];
            by_names.insert_unique(hash(seed, names), slot, |&other| hash(seed, of(other)));
        }
    }

    fn names(&self, slot: u32) -> [NameId; 3] {
        let service = &self.all[slot as usize];
        [service.namespace, service.group, service.name]
    }
}

fn hash(seed: (u64, u64), names: [NameId; 3]) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(seed.0, seed.1);
    for name in names {
        hasher.write_u32(name.0);
    }
    hasher.finish()
}
