//! Which services there are: by name, by slot, and forgotten when nothing needs them.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;

use super::service::Service;
use crate::id::{RETIRED, ServiceId, next_generation};
use crate::name::{NameId, Names, ServiceKey};
use crate::pages::Pages;
use crate::table::{Table, spread};
use crate::time::Instant;

#[derive(Serialize, Deserialize)]
pub(crate) struct Services {
    all: Pages<Service>,
    free: VecDeque<u32>,
    used: u32,
    #[serde(skip)]
    by_names: Table,
    #[serde(skip)]
    seed: (u64, u64),
}

impl Services {
    pub(crate) fn new(seed: (u64, u64)) -> Services {
        Services { all: Pages::new(), free: VecDeque::new(), used: 0, by_names: Table::default(), seed }
    }

    pub(crate) fn find(&self, service: &ServiceKey, names: &Names) -> Option<u32> {
        let texts = [service.namespace.as_str(), service.group.as_str(), service.name.as_str()];
        let hash = hash(self.seed, texts);
        let same = |slot: u32| self.all[slot].hash == hash && self.names(slot).map(|name| names.text(name)) == texts;
        self.by_names.find(spread(hash), same)
    }

    /// A slot for a service that has no record yet. The caller has counted the names for it.
    pub(crate) fn insert(&mut self, now: Instant, ids: [NameId; 3], names: &Names) -> u32 {
        let hash = hash(self.seed, ids.map(|name| names.text(name)));
        let mut service = Service::new(now, ids, hash);
        let slot = match self.free.pop_front() {
            Some(slot) => {
                service.generation = self.all[slot].generation;
                self.all[slot] = service;
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
        self.by_names.remove(spread(self.all[slot].hash), slot);
        let service = self.get_mut(slot);
        service.used = false;
        service.generation = next_generation(service.generation);
        service.subscriptions = Default::default();
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
        &self.all[slot]
    }

    pub(crate) fn get_mut(&mut self, slot: u32) -> &mut Service {
        &mut self.all[slot]
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Service> + Clone {
        self.all.iter()
    }

    /// Slots of the services that have a record.
    pub(crate) fn known(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.all.len() as u32).filter(|&slot| self.get(slot).used && self.get(slot).record.is_some())
    }

    pub(crate) fn id(&self, slot: u32) -> ServiceId {
        ServiceId::new(slot, self.get(slot).generation)
    }

    pub(crate) fn by_id(&self, id: ServiceId) -> Option<&Service> {
        self.all.get(id.slot()).filter(|service| service.used && service.generation == id.generation())
    }

    /// Builds the index again after a restore; false when the slots do not fit together.
    pub(crate) fn rebuild(&mut self, seed: (u64, u64), names: &Names) -> bool {
        self.seed = seed;
        let mut rows = Vec::with_capacity(self.all.len());
        for slot in 0..self.all.len() as u32 {
            if self.get(slot).used {
                let ids = self.names(slot);
                if ids.iter().any(|id| id.0 as usize >= names.len()) {
                    return false;
                }
                let hash = hash(seed, ids.map(|name| names.text(name)));
                self.all[slot].hash = hash;
                rows.push((spread(hash), slot));
            }
        }
        self.by_names = Table::of(&rows);
        self.free.iter().all(|&slot| self.all.get(slot).is_some_and(|service| !service.used))
            && self.all.iter().filter(|service| service.used).count() == self.used as usize
    }

    fn index(&mut self, slot: u32) {
        let Services { all, by_names, .. } = self;
        by_names.insert(spread(all[slot].hash), slot, |other| spread(all[other].hash));
    }

    fn names(&self, slot: u32) -> [NameId; 3] {
        let service = &self.all[slot];
        [service.namespace, service.group, service.name]
    }
}

/// Of the three texts, each hashed under the hash before: whoever asks for a service has its texts, and seldom the numbers of its names.
fn hash(seed: (u64, u64), texts: [&str; 3]) -> u32 {
    let under = |before: u64, text: &str| SipHasher13::new_with_keys(seed.0 ^ before, seed.1).hash(text.as_bytes());
    texts.into_iter().fold(0, under) as u32
}
