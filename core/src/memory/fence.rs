//! Rule 6: "this incarnation is dead". A fence keeps an ended life from coming back by its own beats and retries.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::instance::Key;
use crate::name::{NameId, Reason};
use crate::pages::Pages;
use crate::slots::frees_exactly;
use crate::table::{Table, spread};
use crate::time::Instant;

/// The memory of an ended life.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Fence {
    /// Highest incarnation that is dead.
    pub(crate) incarnation: u64,
    /// Sources whose last life that was: a claim of theirs without a number counts as it. Most often it is one.
    pub(crate) source: Option<NameId>,
    pub(crate) others: Vec<NameId>,
    pub(crate) at: Instant,
    pub(crate) until: Instant,
    pub(crate) by: NameId,
    pub(crate) because: Option<Reason>,
    /// Left by an operator's removal. An owner's own deregistration fences only itself, and of its claims without a number only the
    /// beats: it may change its mind.
    pub(crate) by_operator: bool,
}

impl Fence {
    pub(crate) fn sources(&self) -> impl Iterator<Item = NameId> + '_ {
        self.source.into_iter().chain(self.others.iter().copied())
    }

    /// All names that it holds.
    pub(crate) fn names(&self) -> impl Iterator<Item = NameId> + '_ {
        self.sources().chain([self.by])
    }

    /// Adds what an earlier fence keeps away, for as long as it does; names that both hold come back.
    fn absorb(&mut self, older: &Fence) -> Vec<NameId> {
        // The dead stay dead: a later fence adds to an earlier one.
        self.incarnation = self.incarnation.max(older.incarnation);
        self.until = self.until.max(older.until);
        let mut double = vec![older.by];
        for source in older.sources() {
            if self.sources().any(|known| known == source) { double.push(source) } else { self.others.push(source) }
        }
        double
    }
}

/// A claim that meets a fence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    /// None when nobody of that name ever claimed anything.
    pub(crate) source: Option<NameId>,
    pub(crate) incarnation: Option<u64>,
    pub(crate) is_beat: bool,
}

/// Fences of operators and of owners stand apart: an owner that leaves does not take over, or lengthen, what an operator decided.
#[derive(Serialize, Deserialize)]
pub(crate) struct Fences {
    by_operators: BTreeMap<Key, Fence>,
    by_owners: OwnersFences,
}

impl Fences {
    pub(crate) fn new(seed: (u64, u64)) -> Fences {
        Fences { by_operators: BTreeMap::new(), by_owners: OwnersFences::new(seed) }
    }

    /// Sets a fence. What it no longer needs is returned: names to release, and whether the key stood here already.
    pub(crate) fn set(&mut self, key: Key, mut fence: Fence) -> (Vec<NameId>, bool) {
        let double = if fence.by_operator {
            let older = self.by_operators.remove(&key);
            let double = older.map(|older| fence.absorb(&older));
            self.by_operators.insert(key, fence);
            double
        } else {
            self.by_owners.set(key, fence)
        };
        let stood = double.is_some();
        (double.unwrap_or_default(), stood)
    }

    /// The fence of an ended life, the operator's first.
    pub(crate) fn get(&self, key: Key) -> Option<&Fence> {
        self.of(key).next()
    }

    /// Highest incarnation that is dead; 0 without a fence.
    pub(crate) fn dead(&self, key: Key) -> u64 {
        self.of(key).map(|fence| fence.incarnation).max().unwrap_or(0)
    }

    /// The fence that keeps this claim away.
    pub(crate) fn refusing(&self, key: Key, claim: Claim) -> Option<&Fence> {
        self.of(key).find(|fence| {
            let its_own = fence.sources().any(|source| claim.source == Some(source));
            match claim.incarnation {
                Some(incarnation) => incarnation <= fence.incarnation && (fence.by_operator || its_own),
                None => its_own && (fence.by_operator || claim.is_beat),
            }
        })
    }

    /// Takes the fences away that ended by `now`; all of them without a moment.
    pub(crate) fn lift(&mut self, key: Key, now: Option<Instant>) -> Vec<Fence> {
        let ended = |fence: &Fence| now.is_none_or(|now| fence.until <= now);
        let operators =
            if self.by_operators.get(&key).is_some_and(ended) { self.by_operators.remove(&key) } else { None };
        let owners = self.by_owners.remove_if(key, ended);
        operators.into_iter().chain(owners).collect()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&Key, &Fence)> {
        self.by_operators.iter().chain(self.by_owners.all())
    }

    pub(crate) fn len(&self) -> usize {
        self.by_operators.len() + self.by_owners.len()
    }

    pub(crate) fn rebuild(&mut self, seed: (u64, u64)) -> bool {
        self.by_owners.rebuild(seed)
    }

    fn of(&self, key: Key) -> impl Iterator<Item = &Fence> {
        self.by_operators.get(&key).into_iter().chain(self.by_owners.get(key))
    }
}

/// Fences of owners by key, in a table: every deregistration leaves one.
#[derive(Serialize, Deserialize)]
struct OwnersFences {
    slots: Pages<Option<Owned>>,
    free: VecDeque<u32>,
    #[serde(skip)]
    by_key: Table,
    #[serde(skip)]
    seed: (u64, u64),
}

#[derive(Serialize, Deserialize)]
struct Owned {
    key: Key,
    fence: Fence,
    /// Half of the key's hash.
    #[serde(skip)]
    hash: u32,
}

impl OwnersFences {
    fn new(seed: (u64, u64)) -> OwnersFences {
        OwnersFences { slots: Pages::new(), free: VecDeque::new(), by_key: Table::default(), seed }
    }

    fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    fn hash(&self, key: Key) -> u32 {
        key.hash(self.seed) as u32
    }

    fn find(&self, key: Key, hash: u32) -> Option<u32> {
        self.by_key.find(spread(hash), |slot| self.slots[slot].as_ref().is_some_and(|owned| owned.key == key))
    }

    fn get(&self, key: Key) -> Option<&Fence> {
        if self.len() == 0 {
            return None;
        }
        self.slots[self.find(key, self.hash(key))?].as_ref().map(|owned| &owned.fence)
    }

    /// Sets a fence, or adds it to the one that stands: then what both hold comes back.
    fn set(&mut self, key: Key, mut fence: Fence) -> Option<Vec<NameId>> {
        let hash = self.hash(key);
        if let Some(older) = self.find(key, hash).and_then(|slot| self.slots[slot].as_mut()) {
            let double = fence.absorb(&older.fence);
            older.fence = fence;
            return Some(double);
        }
        let slot = self.free.pop_front().unwrap_or(self.slots.len() as u32);
        self.slots.put(slot, Some(Owned { key, fence, hash }));
        self.index(slot, hash);
        None
    }

    fn remove_if(&mut self, key: Key, ended: impl Fn(&Fence) -> bool) -> Option<Fence> {
        let hash = self.hash(key);
        let slot = self.find(key, hash)?;
        let owned = self.slots[slot].take_if(|owned| ended(&owned.fence))?;
        self.by_key.remove(spread(hash), slot);
        self.free.push_back(slot);
        Some(owned.fence)
    }

    fn all(&self) -> impl Iterator<Item = (&Key, &Fence)> {
        self.slots.iter().flatten().map(|owned| (&owned.key, &owned.fence))
    }

    fn rebuild(&mut self, seed: (u64, u64)) -> bool {
        self.seed = seed;
        let mut rows = Vec::with_capacity(self.slots.len());
        for slot in 0..self.slots.len() as u32 {
            if let Some(owned) = &mut self.slots[slot] {
                owned.hash = owned.key.hash(seed) as u32;
                rows.push((spread(owned.hash), slot));
            }
        }
        self.by_key = Table::of(&rows);
        frees_exactly(&self.free, self.slots.len(), |slot| self.slots[slot].is_none())
    }

    fn index(&mut self, slot: u32, hash: u32) {
        let OwnersFences { slots, by_key, .. } = self;
        by_key.insert(spread(hash), slot, |other| slots[other].as_ref().map_or(0, |owned| spread(owned.hash)));
    }
}
