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
    Check(u32),
    Warm,
}

/// The moments to come, in the order in which they act.
#[derive(Serialize, Deserialize)]
#[serde(from = "BTreeSet<(Instant, Timer)>")]
pub(super) struct Timers {
    all: BTreeSet<(Instant, Timer)>,
    /// When the first of them is, or the last moment there is. Every beat asks, and the way down a tree is longer than a beat.
    #[serde(skip)]
    soonest: Instant,
}

impl From<BTreeSet<(Instant, Timer)>> for Timers {
    fn from(all: BTreeSet<(Instant, Timer)>) -> Timers {
        let mut timers = Timers { soonest: Instant::MAX, all };
        timers.look();
        timers
    }
}

impl Default for Timers {
    fn default() -> Timers {
        Timers::from(BTreeSet::new())
    }
}

impl Timers {
    pub(super) fn soonest(&self) -> Option<Instant> {
        self.all.first().map(|&(at, _)| at)
    }

    pub(super) fn insert(&mut self, at: Instant, timer: Timer) {
        self.all.insert((at, timer));
        self.soonest = at.min(self.soonest);
    }

    #[inline]
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.soonest <= now
    }

    /// The first that acts by `now`.
    pub(super) fn due(&self, now: Instant) -> Option<(Instant, Timer)> {
        if self.is_due(now) { self.all.first().copied() } else { None }
    }

    pub(super) fn pop_first(&mut self) {
        self.all.pop_first();
        self.look();
    }

    pub(super) fn remove(&mut self, at: Instant, timer: Timer) {
        self.all.remove(&(at, timer));
        self.look();
    }

    pub(super) fn retain(&mut self, keeps: impl Fn(&Timer) -> bool) {
        self.all.retain(|(_, timer)| keeps(timer));
        self.look();
    }

    fn look(&mut self) {
        self.soonest = self.soonest().unwrap_or(Instant::MAX);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(Instant, Timer)> {
        self.all.iter()
    }
}
