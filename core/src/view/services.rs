//! Which services there are: by name, by slot, and forgotten when nothing needs them.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::hash::Hasher;

use hashbrown::HashTable;
use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;

use super::service::{Service, Settings};
use crate::id::{RETIRED, ServiceId, next_generation};
use crate::name::NameId;
use crate::time::Instant;

#[derive(Serialize, Deserialize)]
pub(crate) struct Services {
    all: Vec<Service>,
    free: VecDeque<u32>,
    used: u32,
    #[serde(skip)]
    by_names: HashTable<u32>,
    #[serde(skip)]
    seed: (u64, u64),
}

impl Services {
    pub(crate) fn new(seed: (u64, u64)) -> Services {
        Services { all: Vec::new(), free: VecDeque::new(), used: 0, by_names: HashTable::new(), seed }
    }

    pub(crate) fn find(&self, names: [NameId; 3]) -> Option<u32> {
        self.by_names.find(hash(self.seed, names), |&slot| self.names(slot) == names).copied()
    }

    /// A slot for a service that has no record yet. The caller has counted the names for it.
    pub(crate) fn insert(&mut self, now: Instant, [namespace, group, name]: [NameId; 3]) -> u32 {
        let mut service = Service {
            namespace,
            group,
            name,
            record: None,
            settings: Settings::default(),
            settings_until: None,
            changed_at: now,
            held: 0,
            clusters: Vec::new(),
            uses: 0,
            members: Vec::new(),
            revision: 0,
            computed: false,
            refresh_at: None,
            shown: Vec::new(),
            subscriptions: Vec::new(),
            notice_armed: false,
            kept_until: None,
            look_armed: false,
            served: 0,
            served_healthy: 0,
            changes: VecDeque::new(),
            generation: 1,
            used: true,
        };
        let slot = match self.free.pop_front() {
            Some(slot) => {
                service.generation = self.all[slot as usize].generation;
                self.all[slot as usize] = service;
                slot
            }
            None => {
                self.all.push(service);
                self.all.len() as u32 - 1
            }
        };
        self.used += 1;
        self.index(slot);
        slot
    }

    /// Frees a slot when nothing needs it any more, and returns the names to release.
    pub(crate) fn free(&mut self, slot: u32) -> Option<[NameId; 3]> {
        if !self.get(slot).used || !self.get(slot).is_over() {
            return None;
        }
        let names = self.names(slot);
        if let Ok(found) = self.by_names.find_entry(hash(self.seed, names), |&other| other == slot) {
            found.remove();
        }
        let service = self.get_mut(slot);
        service.used = false;
        service.generation = next_generation(service.generation);
        service.subscriptions = Vec::new();
        if service.generation != RETIRED {
            self.free.push_back(slot);
        }
        self.used -= 1;
        Some(names)
    }

    /// Services that anything speaks of, known ones and remembered ones.
    pub(crate) fn used(&self) -> u32 {
        self.used
    }

    /// Every slot number is below it.
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

    /// Slots of the services that have a record.
    pub(crate) fn known(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.all.len() as u32).filter(|&slot| self.get(slot).used && self.get(slot).record.is_some())
    }

    pub(crate) fn id(&self, slot: u32) -> ServiceId {
        ServiceId::new(slot, self.get(slot).generation)
    }

    pub(crate) fn slot(&self, id: ServiceId) -> Option<u32> {
        let service = self.all.get(id.slot() as usize)?;
        (service.used && service.generation == id.generation()).then_some(id.slot())
    }

    /// Builds the index again after a restore; false when the slots do not fit together.
    pub(crate) fn rebuild(&mut self, seed: (u64, u64)) -> bool {
        self.seed = seed;
        self.by_names = HashTable::with_capacity(self.all.len());
        for slot in 0..self.all.len() as u32 {
            if self.get(slot).used {
                self.index(slot);
            }
        }
        self.free.iter().all(|&slot| self.all.get(slot as usize).is_some_and(|service| !service.used))
            && self.all.iter().filter(|service| service.used).count() == self.used as usize
    }

    fn index(&mut self, slot: u32) {
        let names = self.names(slot);
        let Services { all, by_names, seed, .. } = self;
        let of = |slot: u32| [all[slot as usize].namespace, all[slot as usize].group, all[slot as usize].name];
        by_names.insert_unique(hash(*seed, names), slot, |&other| hash(*seed, of(other)));
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
