//! Removals that wait: whose, and in the order in which they were due.

use alloc::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::due::Due;
use crate::time::Instant;

/// Silent leases whose removal waits.
#[derive(Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Waiting {
    /// The last beat of each.
    last_beats: BTreeMap<u32, Instant>,
    /// The same, by when its removal was due: whoever asks how long they have waited asks while there may be a million of them.
    #[serde(skip)]
    by_due: BTreeSet<Due>,
}

impl Waiting {
    /// The removal of a lease with this last beat, which was due then, waits from now on.
    pub(super) fn insert(&mut self, removal: Due, last_beat: Instant) {
        self.last_beats.insert(removal.slot, last_beat);
        self.by_due.insert(removal);
    }

    /// It waits no more.
    pub(super) fn remove(&mut self, removal: Due) {
        self.last_beats.remove(&removal.slot);
        self.by_due.remove(&removal);
    }

    /// The last beat of a lease, where its removal waits.
    pub(super) fn last_beat(&self, slot: u32) -> Option<Instant> {
        self.last_beats.get(&slot).copied()
    }

    pub(super) fn contains(&self, slot: u32) -> bool {
        self.last_beats.contains_key(&slot)
    }

    pub(super) fn slots(&self) -> impl Iterator<Item = u32> + '_ {
        self.last_beats.keys().copied()
    }

    /// How many wait, and when the first of them was due.
    pub(super) fn since(&self) -> Option<(u32, Instant)> {
        Some((self.by_due.len() as u32, self.by_due.first()?.at))
    }

    /// Makes what a snapshot leaves out; `due` tells when the removal of a slot with this last beat was due.
    pub(super) fn rebuild(&mut self, due: impl Fn(u32, Instant) -> Instant) {
        self.by_due = self.last_beats.iter().map(|(&slot, &last)| Due { at: due(slot, last), slot }).collect();
    }
}
