//! What has to be looked at apart from beats, and when.

use alloc::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::instance::Key;
use crate::pages::Queue;
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
#[serde(from = "Saved")]
pub(super) struct Timers {
    all: BTreeSet<(Instant, Timer)>,
    /// Those that came in order, as the ends of owners' fences do, which all last equally long. Of one moment, the first set acts first.
    in_order: Queue<(Instant, Timer)>,
    /// When the first of them is, or the last moment there is. Every beat asks, and the way down a tree is longer than a beat.
    #[serde(skip)]
    soonest: Instant,
}

/// How they are written down.
#[derive(Deserialize)]
struct Saved {
    all: BTreeSet<(Instant, Timer)>,
    in_order: Queue<(Instant, Timer)>,
}

impl From<Saved> for Timers {
    fn from(Saved { all, in_order }: Saved) -> Timers {
        let mut timers = Timers { soonest: Instant::MAX, all, in_order };
        timers.look();
        timers
    }
}

impl Timers {
    pub(super) fn new() -> Timers {
        Timers { all: BTreeSet::new(), in_order: Queue::new(), soonest: Instant::MAX }
    }

    pub(super) fn soonest(&self) -> Option<Instant> {
        self.first().map(|(at, _)| at)
    }

    pub(super) fn insert(&mut self, at: Instant, timer: Timer) {
        self.all.insert((at, timer));
        self.soonest = at.min(self.soonest);
    }

    /// As [`Timers::insert`], for one of many that come in order; it cannot be taken out.
    pub(super) fn append(&mut self, at: Instant, timer: Timer) {
        if self.in_order.back().is_some_and(|&(last, _)| last > at) {
            return self.insert(at, timer);
        }
        self.in_order.push_back((at, timer));
        self.soonest = at.min(self.soonest);
    }

    #[inline]
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.soonest <= now
    }

    /// The first that acts by `now`.
    pub(super) fn due(&self, now: Instant) -> Option<(Instant, Timer)> {
        if self.is_due(now) { self.first() } else { None }
    }

    pub(super) fn pop_first(&mut self) {
        if self.first() == self.in_order.front().copied() {
            self.in_order.pop_front();
        } else {
            self.all.pop_first();
        }
        self.look();
    }

    /// Takes out what was inserted.
    pub(super) fn remove(&mut self, at: Instant, timer: Timer) {
        self.all.remove(&(at, timer));
        self.look();
    }

    pub(super) fn remove_sessions(&mut self) {
        self.all.retain(|(_, timer)| !matches!(timer, Timer::Session(_)));
        self.look();
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &(Instant, Timer)> {
        self.all.iter().chain(self.in_order.iter())
    }

    fn first(&self) -> Option<(Instant, Timer)> {
        [self.all.first(), self.in_order.front()].into_iter().flatten().min().copied()
    }

    fn look(&mut self) {
        self.soonest = self.soonest().unwrap_or(Instant::MAX);
    }
}
