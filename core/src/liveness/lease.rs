//! Leases: who claims an instance, since when, and how long each claim lasts without a beat.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::due::{Due, in_order};
use super::expiry::{Measure, Times};
use super::hot::{CLASSES, Hot, OWN_TIMES};
use super::record::{Marks, State};
use super::waiting::Waiting;
use crate::id::{LeaseId, NONE};
use crate::name::NameId;
use crate::pages::Pages;
use crate::time::{Instant, Span};

/// The cold part of a lease.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Lease {
    /// Slot of the instance it holds.
    pub(crate) instance: u32,
    /// Next lease of the same instance, or [`NONE`].
    pub(crate) next: u32,
    pub(crate) source: NameId,
    /// Slot of the session that carries it, or [`NONE`] when it lives by beats or is persistent.
    pub(crate) session: u32,
    pub(crate) incarnation: u64,
    pub(crate) since: Instant,
}

/// What became of a lease whose deadline came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lapse {
    /// It was not due after all: somebody acted first.
    Nothing,
    /// It fell silent after its last beat at this moment: unhealthy.
    Silent(Instant),
    /// It is over, after its last beat at this moment: to be withdrawn.
    Expired(Instant),
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Leases {
    hot: Hot,
    rows: Pages<Lease>,
    /// When the clock that looks for the silence of each began; empty where none sweeps.
    clocks: Pages<Instant>,
    free: VecDeque<u32>,
    /// Times met so far; a class is its place here.
    classes: Vec<Times>,
    /// Times of leases beyond the classes.
    own_times: BTreeMap<u32, Times>,
    /// Leases whose silence another node looks for, and the last beat of each that is known here.
    watched_elsewhere: BTreeMap<u32, Instant>,
    measure: Measure,
    waiting: Waiting,
}

impl Leases {
    pub(crate) fn new(measure: Measure) -> Leases {
        Leases {
            hot: Hot::new(),
            rows: Pages::new(),
            clocks: Pages::new(),
            free: VecDeque::new(),
            classes: Vec::new(),
            own_times: BTreeMap::new(),
            watched_elsewhere: BTreeMap::new(),
            measure,
            waiting: Waiting::default(),
        }
    }

    #[inline]
    pub(crate) fn hot(&mut self) -> &mut Hot {
        &mut self.hot
    }

    pub(crate) fn get(&self, lease: LeaseId) -> Option<&Lease> {
        self.hot.holds(lease).then(|| &self.rows[lease.slot()])
    }

    /// Whether somebody has the lease in this slot.
    pub(crate) fn is_held(&self, slot: u32) -> bool {
        self.hot.state(slot) != State::Free
    }

    pub(crate) fn row(&self, slot: u32) -> &Lease {
        &self.rows[slot]
    }

    pub(crate) fn row_mut(&mut self, slot: u32) -> &mut Lease {
        &mut self.rows[slot]
    }

    pub(crate) fn id(&self, slot: u32) -> LeaseId {
        self.hot.id(slot)
    }

    pub(crate) fn marks(&self, slot: u32) -> Marks {
        self.hot.marks(slot)
    }

    pub(crate) fn mark(&mut self, slot: u32, marks: Marks) {
        self.hot.mark(slot, marks);
    }

    /// When its clock began; one that does not sweep has none, and it does not matter.
    fn clock_began(&self, slot: u32) -> Instant {
        self.clocks.get(slot).copied().unwrap_or_default()
    }

    /// How its silence is measured.
    pub(crate) fn measure(&self) -> &Measure {
        &self.measure
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn is_alive(&self, slot: u32) -> bool {
        matches!(self.hot.state(slot), State::Alive | State::AliveOwnTimes | State::Held)
    }

    pub(crate) fn lives_by_beats(&self, slot: u32) -> bool {
        self.rows[slot].session == NONE && !self.hot.marks(slot).persistent
    }

    /// Whether its silence is looked for here.
    pub(crate) fn is_watched(&self, slot: u32) -> bool {
        self.lives_by_beats(slot) && !self.watched_elsewhere.contains_key(&slot)
    }

    /// Whether its health is what somebody else finds: a checker, or the node that looks for its silence.
    pub(crate) fn is_reported(&self, slot: u32) -> bool {
        self.rows[slot].session == NONE && !self.is_watched(slot)
    }

    /// Whether this node looks for the silence of a lease from now on. It counts from the last beat known here, and the first look is the
    /// next one of the lease's clock.
    pub(crate) fn watch(&mut self, now: Instant, slot: u32, watches: bool) {
        if !self.lives_by_beats(slot) || self.is_watched(slot) == watches {
            return;
        }
        let (times, alive) = (self.times(slot), self.is_alive(slot));
        if watches {
            // Longer silence than ends it counts as that.
            let known = self.watched_elsewhere.remove(&slot).unwrap_or(now);
            let last = known.max(now - self.measure.delete_reach(times));
            if self.measure.sweeps() {
                self.clocks[slot] = self.measure.last_look(self.clocks[slot], now);
            }
            self.renew(last, slot, times, alive);
        } else {
            self.watched_elsewhere.insert(slot, self.last_beat(slot).unwrap_or(now));
            self.stop_waiting(slot);
            self.report(slot, alive);
        }
    }

    /// Adds a lease, which begins with a beat. Without a session it lives by `times`, but for a persistent one.
    pub(crate) fn insert(
        &mut self,
        lease: Lease,
        marks: Marks,
        clock_began: Instant,
        times: Times,
        healthy: bool,
    ) -> u32 {
        let slot = match self.free.pop_front() {
            Some(slot) => {
                self.rows[slot] = lease;
                slot
            }
            None => {
                let slot = self.hot.grow();
                self.rows.push(lease);
                slot
            }
        };
        if self.measure.sweeps() {
            self.clocks.put(slot, clock_began);
        }
        self.hot.mark(slot, marks);
        self.renew(lease.since, slot, times, healthy);
        slot
    }

    /// Sets the times of a lease and its health, and counts as a beat.
    pub(crate) fn renew(&mut self, now: Instant, slot: u32, times: Times, healthy: bool) {
        self.stop_waiting(slot);
        self.own_times.remove(&slot);
        let class = self.class_of(times);
        if class == OWN_TIMES {
            self.own_times.insert(slot, times);
        }
        if let Some(last) = self.watched_elsewhere.get_mut(&slot) {
            *last = now;
        }
        match (self.is_watched(slot), healthy) {
            (true, true) => self.set_alive(now, slot, class, times),
            (true, false) => self.set_silent(slot, class, now, times),
            (false, true) => self.hot.set(slot, State::Held, class, None),
            (false, false) => self.hot.set(slot, State::Down, class, None),
        }
    }

    /// Gives a lease other times, counted from its last beat.
    pub(crate) fn retime(&mut self, slot: u32, times: Times) {
        let Some(last) = self.last_beat(slot).filter(|_| self.times(slot) != times) else { return };
        self.renew(last, slot, times, self.is_alive(slot));
    }

    /// Sets the reported health of a lease that is held by nothing but itself.
    pub(crate) fn report(&mut self, slot: u32, healthy: bool) {
        let state = if healthy { State::Held } else { State::Down };
        self.hot.set(slot, state, self.hot.class(slot), None);
    }

    /// A beat of a silent lease that leaves it silent: it only lives longer.
    pub(crate) fn prolong(&mut self, now: Instant, slot: u32) {
        self.stop_waiting(slot);
        self.set_silent(slot, self.hot.class(slot), now, self.times(slot));
    }

    /// A beat of a lease that the hot path did not take: it was silent, has its own times, hangs on a session, or moves. True when it
    /// was silent.
    pub(crate) fn revive(&mut self, now: Instant, slot: u32) -> bool {
        self.hot.move_on();
        match self.hot.state(slot) {
            State::Alive | State::AliveOwnTimes => self.set_alive(now, slot, self.hot.class(slot), self.times(slot)),
            State::Silent => {
                self.stop_waiting(slot);
                self.set_alive(now, slot, self.hot.class(slot), self.times(slot));
                return true;
            }
            State::Held | State::Down | State::Free => {
                if let Some(last) = self.watched_elsewhere.get_mut(&slot) {
                    *last = now;
                }
            }
        }
        false
    }

    pub(crate) fn remove(&mut self, slot: u32) -> Lease {
        self.stop_waiting(slot);
        self.own_times.remove(&slot);
        self.watched_elsewhere.remove(&slot);
        if self.hot.free(slot) {
            self.free.push_back(slot);
        }
        self.rows[slot]
    }

    /// The three times it lives by.
    pub(crate) fn times(&self, slot: u32) -> Times {
        let class = self.hot.class(slot);
        if class == OWN_TIMES { self.own_times[&slot] } else { self.classes[class as usize] }
    }

    /// Its last beat; none for a lease that hangs on a session.
    pub(crate) fn last_beat(&self, slot: u32) -> Option<Instant> {
        let kept = self.waiting.last_beat(slot).or_else(|| self.watched_elsewhere.get(&slot).copied());
        if kept.is_some() {
            return kept;
        }
        let reach = match self.hot.state(slot) {
            State::Alive | State::AliveOwnTimes => self.measure.reach(self.times(slot)),
            State::Silent => self.measure.delete_reach(self.times(slot)),
            State::Held | State::Down | State::Free => return None,
        };
        self.hot.deadline(slot).map(|deadline| deadline - reach)
    }

    /// When the next thing happens to it without a beat: silence, or removal once it is silent.
    pub(crate) fn due(&self, slot: u32) -> Option<Instant> {
        let deadline = self.hot.deadline(slot)?;
        if self.waiting.contains(slot) {
            return Some(deadline);
        }
        let (state, times) = (self.hot.state(slot), self.times(slot));
        let (at, _) = self.measure.acted_on(state, times, deadline, self.clock_began(slot));
        Some(at)
    }

    pub(crate) fn soonest(&self) -> Option<Instant> {
        self.hot.soonest()
    }

    /// Whether something may have to be done by `now`.
    #[inline]
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.hot.is_due(now)
    }

    /// When the first lease is due, by looking at all of them.
    pub(crate) fn first_due(&self) -> Option<Instant> {
        (0..self.rows.len() as u32).filter_map(|slot| self.due(slot)).min()
    }

    /// What is due by `until`, ordered by (due, slot). A lease that falls silent and is over within the same stretch stands
    /// there twice, so that a long jump passes through the same moments as small steps.
    pub(crate) fn collect_due(&mut self, until: Instant) -> Vec<Due> {
        let Leases { hot, clocks, classes, own_times, measure, waiting, .. } = self;
        let due = |slot: u32, state: State, class: u8, deadline: Instant| {
            if waiting.contains(slot) {
                return (deadline, deadline);
            }
            let times = if class == OWN_TIMES { own_times[&slot] } else { classes[class as usize] };
            measure.acted_on(state, times, deadline, clocks.get(slot).copied().unwrap_or_default())
        };
        in_order(hot.collect(until, due))
    }

    /// Puts the removal of a silent lease off; it is looked at again at `until`.
    pub(crate) fn postpone(&mut self, slot: u32, until: Instant) {
        if let (Some(last), Some(at)) = (self.last_beat(slot), self.removal_was_due(slot)) {
            self.waiting.insert(Due { at, slot }, last);
            self.hot.set(slot, State::Silent, self.hot.class(slot), Some(until));
        }
    }

    /// Somebody was heard, or it is over, before its removal had its turn.
    fn stop_waiting(&mut self, slot: u32) {
        if !self.waits(slot) {
            return;
        }
        if let Some(at) = self.removal_was_due(slot) {
            self.waiting.remove(Due { at, slot });
        }
    }

    /// Whether its removal waits.
    pub(crate) fn waits(&self, slot: u32) -> bool {
        self.waiting.contains(slot)
    }

    /// How many removals wait, and when the first of them was due.
    pub(crate) fn waiting(&self) -> Option<(u32, Instant)> {
        self.waiting.since()
    }

    /// When a silent lease is to be removed, or was, whether or not its removal waits.
    pub(crate) fn removal_was_due(&self, slot: u32) -> Option<Instant> {
        Some(self.measure.removed_at(self.times(slot), self.last_beat(slot)?, self.clock_began(slot)))
    }

    /// Silent leases by beats, and all of them.
    pub(crate) fn silent(&self) -> (u32, u32) {
        self.hot.silent()
    }

    /// Nobody watched until `now`, which may be years: everybody has his whole time from here on.
    pub(crate) fn excuse(&mut self, now: Instant) {
        self.hot.rebase(now);
        for slot in 0..self.rows.len() as u32 {
            let (class, state) = (self.hot.class(slot), self.hot.state(slot));
            match state {
                State::Alive | State::AliveOwnTimes => self.set_alive(now, slot, class, self.times(slot)),
                State::Silent => {
                    self.stop_waiting(slot);
                    self.set_silent(slot, class, now, self.times(slot));
                }
                State::Held | State::Down | State::Free => {}
            }
        }
    }

    /// Takes back what was found and not acted on: it is found again.
    pub(crate) fn put_back(&mut self, found: impl IntoIterator<Item = Due>) {
        for due in found {
            self.hot.remind(due.slot);
        }
    }

    /// Acts on a deadline found by [`Leases::collect_due`].
    pub(crate) fn lapse(&mut self, due: Due) -> Lapse {
        let Due { at, slot } = due;
        let Some(last) = self.last_beat(slot).filter(|_| self.hot.deadline(slot).is_some()) else {
            return Lapse::Nothing;
        };
        let times = self.times(slot);
        if self.is_alive(slot) && self.measure.removed_at(times, last, self.clock_began(slot)) > at {
            self.set_silent(slot, self.hot.class(slot), last, times);
            return Lapse::Silent(last);
        }
        Lapse::Expired(last)
    }

    /// Call it when nothing is due.
    pub(crate) fn rebase(&mut self, now: Instant) {
        self.hot.rebase(now);
    }

    /// Makes what a snapshot leaves out; false when what it holds does not fit together.
    pub(crate) fn rebuild(&mut self, now: Instant) -> bool {
        let rows = self.rows.len();
        let fits = self.classes.len() < CLASSES
            && self.classes.iter().zip(0..).all(|(&times, class)| self.hot.take_up(class, self.measure.reach(times)))
            && (self.own_times.is_empty() || self.hot.take_up(OWN_TIMES, Span::ZERO))
            && self.hot.rebuild(now)
            && self.hot.len() == rows
            && self.clocks.len() == if self.measure.sweeps() { rows } else { 0 }
            && self.watched_elsewhere.keys().all(|&slot| (slot as usize) < rows)
            && self.free.iter().all(|&slot| (slot as usize) < rows)
            && (0..rows as u32).all(|slot| match self.hot.state(slot) {
                State::Free => true,
                _ if self.hot.class(slot) == OWN_TIMES => self.own_times.contains_key(&slot),
                _ => (self.hot.class(slot) as usize) < self.classes.len(),
            })
            && self.waiting.slots().all(|slot| (slot as usize) < rows && self.hot.state(slot) == State::Silent);
        if fits {
            let mut waiting = core::mem::take(&mut self.waiting);
            waiting.rebuild(|slot, last| self.measure.removed_at(self.times(slot), last, self.clock_began(slot)));
            self.waiting = waiting;
        }
        fits
    }

    fn set_alive(&mut self, now: Instant, slot: u32, class: u8, times: Times) {
        let state = if class == OWN_TIMES { State::AliveOwnTimes } else { State::Alive };
        self.hot.set(slot, state, class, Some(now + self.measure.reach(times)));
    }

    fn set_silent(&mut self, slot: u32, class: u8, last: Instant, times: Times) {
        self.hot.set(slot, State::Silent, class, Some(last + self.measure.delete_reach(times)));
    }

    fn class_of(&mut self, times: Times) -> u8 {
        if let Some(class) = self.classes.iter().position(|&known| known == times) {
            return class as u8;
        }
        if self.classes.len() == OWN_TIMES as usize {
            self.hot.set_reach(OWN_TIMES, Span::ZERO);
            return OWN_TIMES;
        }
        self.classes.push(times);
        let class = self.classes.len() as u8 - 1;
        self.hot.set_reach(class, self.measure.reach(times));
        class
    }

    /// The reach of a beat of this lease, as explained to operators.
    pub(crate) fn silence_allowed(&self, slot: u32) -> Option<Span> {
        self.lives_by_beats(slot).then(|| self.times(slot).timeout)
    }
}
