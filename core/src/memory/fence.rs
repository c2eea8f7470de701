//! Rule 6: "this incarnation is dead". A fence keeps an ended life from coming back by its own beats and retries.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::instance::Key;
use crate::name::{Actor, NameId, Reason};
use crate::time::Instant;

/// The memory of an ended life.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Fence {
    /// Highest incarnation that is dead.
    pub(crate) incarnation: u64,
    /// Sources whose last life that was: a claim of theirs without a number counts as it.
    pub(crate) sources: Vec<NameId>,
    pub(crate) at: Instant,
    pub(crate) until: Instant,
    pub(crate) by: Actor,
    pub(crate) because: Option<Reason>,
    /// Left by an operator's removal. An owner's own deregistration fences only itself, and of its claims without a number only the
    /// beats: it may change its mind.
    pub(crate) by_operator: bool,
}

/// A claim that meets a fence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Claim {
    pub(crate) source: NameId,
    pub(crate) incarnation: Option<u64>,
    pub(crate) is_beat: bool,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Fences {
    by_key: BTreeMap<Key, Fence>,
}

impl Fences {
    pub(crate) fn new() -> Fences {
        Fences { by_key: BTreeMap::new() }
    }

    /// Sets a fence; the names in an older one on the same key are returned, to be released.
    pub(crate) fn set(&mut self, key: Key, mut fence: Fence) -> Vec<NameId> {
        let Some(older) = self.by_key.remove(&key) else {
            self.by_key.insert(key, fence);
            return Vec::new();
        };
        // The dead stay dead: a later fence adds to an earlier one.
        fence.incarnation = fence.incarnation.max(older.incarnation);
        fence.until = fence.until.max(older.until);
        fence.by_operator |= older.by_operator;
        let mut double = Vec::new();
        for source in older.sources {
            if fence.sources.contains(&source) { double.push(source) } else { fence.sources.push(source) }
        }
        self.by_key.insert(key, fence);
        double
    }

    pub(crate) fn get(&self, key: Key) -> Option<&Fence> {
        self.by_key.get(&key)
    }

    /// The fence that keeps this claim away.
    pub(crate) fn refusing(&self, key: Key, claim: Claim) -> Option<&Fence> {
        let fence = self.by_key.get(&key)?;
        let its_own = fence.sources.contains(&claim.source);
        let refused = match claim.incarnation {
            Some(incarnation) => incarnation <= fence.incarnation && (fence.by_operator || its_own),
            None => its_own && (fence.by_operator || claim.is_beat),
        };
        refused.then_some(fence)
    }

    pub(crate) fn lift(&mut self, key: Key) -> Option<Fence> {
        self.by_key.remove(&key)
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&Key, &Fence)> {
        self.by_key.iter()
    }
}
