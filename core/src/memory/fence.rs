//! Rule 6: "this incarnation is dead". A fence keeps an ended life from coming back by its own beats and retries.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::instance::Key;
use crate::name::{NameId, Reason};
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
    by_owners: BTreeMap<Key, Fence>,
}

impl Fences {
    pub(crate) fn new() -> Fences {
        Fences { by_operators: BTreeMap::new(), by_owners: BTreeMap::new() }
    }

    /// Sets a fence. What it no longer needs is returned: names to release, and whether the key stood here already.
    pub(crate) fn set(&mut self, key: Key, mut fence: Fence) -> (Vec<NameId>, bool) {
        let fences = if fence.by_operator { &mut self.by_operators } else { &mut self.by_owners };
        let Some(older) = fences.remove(&key) else {
            fences.insert(key, fence);
            return (Vec::new(), false);
        };
        // The dead stay dead: a later fence adds to an earlier one.
        fence.incarnation = fence.incarnation.max(older.incarnation);
        fence.until = fence.until.max(older.until);
        let mut double = vec![older.by];
        for source in older.sources() {
            if fence.sources().any(|known| known == source) { double.push(source) } else { fence.others.push(source) }
        }
        fences.insert(key, fence);
        (double, true)
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
        let mut lifted = Vec::new();
        for fences in [&mut self.by_operators, &mut self.by_owners] {
            if fences.get(&key).is_some_and(|fence| now.is_none_or(|now| fence.until <= now)) {
                lifted.extend(fences.remove(&key));
            }
        }
        lifted
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&Key, &Fence)> {
        self.by_operators.iter().chain(&self.by_owners)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_operators.is_empty() && self.by_owners.is_empty()
    }

    fn of(&self, key: Key) -> impl Iterator<Item = &Fence> {
        self.by_operators.get(&key).into_iter().chain(self.by_owners.get(&key))
    }
}
