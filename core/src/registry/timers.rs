//! What has to be looked at apart from beats, and when.

use alloc::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::instance::Key;
use crate::time::Instant;

/// What has to be looked at apart from beats. The order is the order in which they act at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Timer {
    Session(u32),
    Override(Key),
    Fence(Key),
    Refresh(u32),
    Notice(u32),
    Service(u32),
    Keep(u32),
}

/// The moments to come, in the order in which they act.
#[derive(Default, Serialize, Deserialize)]
#[serde(from = "BTreeSet<(Instant, Timer)>")]
pub(super) struct Timers {
    all: BTreeSet<(Instant, Timer)>,
    /// When the first of them is. Every beat asks, and the way down a tree is longer than a beat.
    #[serde(skip)]
    soonest: Option<Instant>,
}

impl From<BTreeSet<(Instant, Timer)>> for Timers {
    fn from(all: BTreeSet<(Instant, Timer)>) -> Timers {
        Timers { soonest: all.first().map(|&(at, _)| at), all }
    }
}

impl Timers {
    #[inline]
    pub(super) fn soonest(&self) -> Option<Instant> {
        self.soonest
    }

    pub(super) fn insert(&mut self, at: Instant, timer: Timer) {
        self.all.insert((at, timer));
        self.soonest = Some(self.soonest.map_or(at, |soonest| soonest.min(at)));
    }

    #[inline]
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.soonest.is_some_and(|soonest| soonest <= now)
    }

    /// The first that acts by `now`.
    pub(super) fn due(&self, now: Instant) -> Option<(Instant, Timer)> {
        if self.is_due(now) { self.all.first().copied() } else { None }
    }

    pub(super) fn pop_first(&mut self) {
        self.all.pop_first();
        self.soonest = self.all.first().map(|&(at, _)| at);
    }

    pub(super) fn remove(&mut self, at: Instant, timer: Timer) {
        self.all.remove(&(at, timer));
        self.soonest = self.all.first().map(|&(at, _)| at);
    }

    pub(super) fn retain(&mut self, keeps: impl Fn(&Timer) -> bool) {
        self.all.retain(|(_, timer)| keeps(timer));
        self.soonest = self.all.first().map(|&(at, _)| at);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(Instant, Timer)> {
        self.all.iter()
    }
}
