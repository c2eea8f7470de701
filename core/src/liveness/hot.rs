//! The hot record: eight bytes a lease. A beat reads one and writes one; everything unusual is somebody else's business.
//!
//! Expiry needs no heap and no wheel. For each block of 256 records there is one lower bound of its deadlines. A beat never
//! touches it; a look at the clock scans only the blocks whose bound has come, and finds mostly that the beats moved on.

use alloc::vec::Vec;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::due::Due;
use super::record::{Marks, NEVER, Record, State};
use super::records::{BLOCK, Records};
use crate::id::{LeaseId, RETIRED, next_generation};
use crate::time::{Instant, Span};

/// Number of classes of times; the last is the lease's own.
pub(crate) const CLASSES: usize = 32;
pub(crate) const OWN_TIMES: u8 = CLASSES as u8 - 1;

/// Past this age of the epoch every deadline is counted anew: 2^31 ms, 24.8 days.
const EPOCH_MAX: u64 = 1 << 31;
/// The tick of the epoch itself: what happened before it, or counts as if it had, has a tick, too.
const LEAD: u64 = Span::MAX.as_millis() + 1;

pub(crate) struct Hot {
    records: Records,
    epoch: Instant,
    /// For each class, ms from a beat to its deadline.
    reach: [u32; CLASSES],
    /// The least of those that are in use.
    least_reach: u32,
    bounds: Vec<u32>,
    soonest: u32,
    /// Before this moment nothing is due, and the epoch may stay: all that a beat need ask.
    calm_until: Instant,
    /// How many slots are silent, and how many beat or did.
    silent: u32,
    by_beats: u32,
}

/// How it is written down: moments instead of ticks, since when the epoch moved depends on when the host looked.
#[derive(Serialize, Deserialize)]
struct Image<R> {
    records: R,
    reach: [u32; CLASSES],
}

impl Serialize for Hot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Image { records: Rows(self), reach: self.reach }.serialize(serializer)
    }
}

/// The records of an image, as they are written: one by one.
struct Rows<'a>(&'a Hot);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Rows(hot) = self;
        serializer.collect_seq((0..hot.len() as u32).map(|slot| (hot.deadline(slot), hot.record(slot).meta)))
    }
}

impl<'de> Deserialize<'de> for Hot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Hot, D::Error> {
        let image = Image::<Vec<(Option<Instant>, u32)>>::deserialize(deserializer)?;
        let mut hot = Hot::new();
        hot.epoch = image.records.iter().filter_map(|&(deadline, _)| deadline).min().unwrap_or_default();
        hot.reach = image.reach;
        hot.records = Records::with_capacity(image.records.len());
        for (deadline, meta) in image.records {
            let mut record = Record { at: NEVER, meta };
            record.at = hot.at(deadline, record.class());
            hot.records.push(record);
            hot.count(record.state(), 1);
        }
        Ok(hot)
    }
}

impl Hot {
    pub(crate) fn new() -> Hot {
        Hot {
            records: Records::default(),
            epoch: Instant::ZERO,
            reach: [0; CLASSES],
            least_reach: NEVER,
            bounds: Vec::new(),
            soonest: NEVER,
            calm_until: Instant::ZERO,
            silent: 0,
            by_beats: 0,
        }
    }

    /// The moment `now` as beats of one batch need it.
    #[inline]
    pub(crate) fn tick(&self, now: Instant) -> u32 {
        tick(self.epoch, now)
    }

    /// Moves the deadline of a lease that is plainly alive; false when there is anything else to it.
    #[inline]
    pub(crate) fn beat(&mut self, lease: LeaseId, tick: u32) -> bool {
        renew(self.records.settled(), lease, tick)
    }

    /// Moves the deadlines of leases as long as they are plainly alive; returns how many were, before the first that was not.
    // Apart from all else, so that the loop has the registers to itself, in WebAssembly above all.
    #[inline(never)]
    pub(crate) fn beat_run(&mut self, leases: &[LeaseId], tick: u32) -> usize {
        let records = self.records.settled();
        let mut is_plain = |lease: &LeaseId| renew(records, *lease, tick);
        // Four at a time: the loop has its price, too. Four that are not all plain are gone through again, one by one.
        let mut are_plain = |[a, b, c, d]: &[LeaseId; 4]| is_plain(a) && is_plain(b) && is_plain(c) && is_plain(d);
        let whole = leases.as_chunks::<4>().0.iter().position(|four| !are_plain(four));
        let begun = whole.unwrap_or(leases.len() / 4) * 4;
        let rest = &leases[begun..];
        begun + rest.iter().position(|lease| !is_plain(lease)).unwrap_or(rest.len())
    }

    /// How long after a beat a lease of this class is due.
    pub(crate) fn set_reach(&mut self, class: u8, reach: Span) {
        let reach = reach.as_millis() as u32;
        self.reach[class as usize] = reach;
        self.least_reach = reach.min(self.least_reach);
    }

    /// Takes up a class that was restored; false when it was written with another reach.
    pub(crate) fn take_up(&mut self, class: u8, reach: Span) -> bool {
        let written = self.reach[class as usize];
        self.set_reach(class, reach);
        self.reach[class as usize] == written
    }

    /// Brings the records nearer to their places, where beats are plain again.
    pub(crate) fn move_on(&mut self) {
        self.records.move_on();
    }

    /// A new slot at the end; free until it is set.
    pub(crate) fn grow(&mut self) -> u32 {
        let slot = self.records.len() as u32;
        self.records.push(Record::NEW);
        if (slot as usize).is_multiple_of(BLOCK) {
            self.bounds.push(NEVER);
        }
        slot
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// The current id in `slot`.
    pub(crate) fn id(&self, slot: u32) -> LeaseId {
        LeaseId::new(slot, self.record(slot).generation())
    }

    /// Whether `lease` is what stands in its slot, and not free.
    pub(crate) fn holds(&self, lease: LeaseId) -> bool {
        let stands = |record: Record| record.generation() == lease.generation() && record.state() != State::Free;
        (lease.slot() as usize) < self.len() && stands(self.record(lease.slot()))
    }

    pub(crate) fn state(&self, slot: u32) -> State {
        self.record(slot).state()
    }

    pub(crate) fn class(&self, slot: u32) -> u8 {
        self.record(slot).class()
    }

    pub(crate) fn deadline(&self, slot: u32) -> Option<Instant> {
        let due = due_of(&self.reach, self.record(slot));
        (due != NEVER).then(|| moment(self.epoch, due))
    }

    /// What a record of this class holds that is due then.
    fn at(&self, deadline: Option<Instant>, class: u8) -> u32 {
        deadline.map_or(NEVER, |at| self.tick(at).saturating_sub(self.reach[class as usize]))
    }

    /// Silent slots, and all that beat or did.
    pub(crate) fn silent(&self) -> (u32, u32) {
        (self.silent, self.by_beats)
    }

    fn count(&mut self, state: State, by: i32) {
        let beats = matches!(state, State::Alive | State::AliveOwnTimes | State::Silent);
        self.by_beats = self.by_beats.wrapping_add_signed(if beats { by } else { 0 });
        self.silent = self.silent.wrapping_add_signed(if state == State::Silent { by } else { 0 });
    }

    /// Sets state, class and deadline of `slot` together.
    pub(crate) fn set(&mut self, slot: u32, state: State, class: u8, deadline: Option<Instant>) {
        let at = self.at(deadline, class);
        let (before, after) = self.records.change(slot, |record| Record { at, ..record.with(state, class) });
        if before.state() != state {
            self.count(before.state(), -1);
            self.count(state, 1);
        }
        self.remind_of(slot, after);
    }

    pub(crate) fn marks(&self, slot: u32) -> Marks {
        self.record(slot).marks()
    }

    pub(crate) fn mark(&mut self, slot: u32, marks: Marks) {
        self.records.change(slot, |record| record.marked(marks));
    }

    /// Sees to it that the deadline in `slot` is found.
    pub(crate) fn remind(&mut self, slot: u32) {
        self.remind_of(slot, self.record(slot));
    }

    fn remind_of(&mut self, slot: u32, record: Record) {
        let due = due_of(&self.reach, record);
        let bound = &mut self.bounds[slot as usize / BLOCK];
        *bound = due.min(*bound);
        if due < self.soonest {
            self.look_at(due);
        }
    }

    /// Nothing is due before `soonest`.
    fn look_at(&mut self, soonest: u32) {
        self.soonest = soonest;
        self.calm_until = moment(self.epoch, soonest).min(self.epoch + Span::unbounded(EPOCH_MAX));
    }

    /// Frees `slot`; ids of its last owner find nothing from here on. False when the slot is used up.
    pub(crate) fn free(&mut self, slot: u32) -> bool {
        let (before, after) = self.records.change(slot, |record| Record::free(next_generation(record.generation())));
        self.count(before.state(), -1);
        after.generation() != RETIRED
    }

    /// A moment before which nothing is due; it may be early, never late.
    #[inline]
    pub(crate) fn soonest(&self) -> Option<Instant> {
        (self.soonest != NEVER).then(|| moment(self.epoch, self.soonest))
    }

    /// Whether something may have to be done by `now`.
    #[inline]
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.calm_until <= now
    }

    /// What is due by `until`, by slot. `due` says when a deadline is acted on, at once or at the next sweep, and when the lease is
    /// removed, which may be the same moment. A lease that falls silent and is over within the same stretch stands there twice.
    pub(crate) fn collect(
        &mut self,
        until: Instant,
        due: impl Fn(u32, State, u8, Instant) -> (Instant, Instant),
    ) -> Vec<Due> {
        let mut found = Vec::new();
        let limit = self.tick(until);
        let epoch = self.epoch;
        let mut soonest = NEVER;
        for (block, bound) in self.bounds.iter_mut().enumerate() {
            let records = || self.records.block(block);
            // Mostly, everybody has beaten since: that is found without a branch, and without asking for anybody's class.
            if *bound <= limit {
                *bound = none_due_before(self.least_reach, records());
            }
            if *bound <= limit {
                *bound = NEVER;
                for (offset, &record) in records().iter().enumerate() {
                    let mut again = due_of(&self.reach, record);
                    if again <= limit {
                        let slot = (block * BLOCK + offset) as u32;
                        let deadline = moment(epoch, again);
                        let (at, removal) = due(slot, record.state(), record.class(), deadline);
                        if at <= until {
                            found.push(Due { at, slot });
                            if at < removal && removal <= until {
                                found.push(Due { at: removal, slot });
                            }
                            continue;
                        }
                        again = tick(epoch, at);
                    }
                    *bound = again.min(*bound);
                }
            }
            soonest = soonest.min(*bound);
        }
        self.look_at(soonest);
        found
    }

    /// Moves the epoch up once it is old, so that deadlines stay within 32 bits. It stays behind `now`: a deadline that has come may
    /// still wait for its sweep.
    pub(crate) fn rebase(&mut self, now: Instant) {
        if now.since(self.epoch).as_millis() < EPOCH_MAX {
            return;
        }
        let epoch = now - Span::MAX;
        let age = epoch.since(self.epoch).as_millis();
        let shift = |at: u32| u64::from(at).saturating_sub(age) as u32;
        let shift_due = |due: u32| if due == NEVER { NEVER } else { shift(due) };
        self.shift_records(shift);
        self.bounds.iter_mut().for_each(|bound| *bound = shift_due(*bound));
        self.epoch = epoch;
        self.look_at(shift_due(self.soonest));
    }

    /// Computes the bounds again after a restore at `now`; false when the records are not as this module makes them.
    pub(crate) fn rebuild(&mut self, now: Instant) -> bool {
        // A lease that was not watched may come back with a deadline long past: the epoch lies before any of those.
        let earliest = now - Span::MAX;
        let back = self.epoch.since(earliest).as_millis();
        self.epoch = self.epoch.min(earliest);
        self.shift_records(|at| u64::from(at).saturating_add(back).min(u64::from(NEVER)) as u32);
        let blocks = self.len().div_ceil(BLOCK);
        self.bounds = (0..blocks).map(|block| none_due_before(self.least_reach, self.records.block(block))).collect();
        self.look_at(self.bounds.iter().copied().min().unwrap_or(NEVER));
        (0..self.len() as u32).all(|slot| self.record(slot).fits())
    }

    /// What is due at all stays so, however late.
    fn shift_records(&mut self, shift: impl Fn(u32) -> u32) {
        for slot in 0..self.len() as u32 {
            self.records.change(slot, |record| {
                let latest = (NEVER - 1).saturating_sub(self.reach[record.class() as usize]);
                let at = if record.at == NEVER { NEVER } else { shift(record.at).min(latest) };
                Record { at, ..record }
            });
        }
    }

    fn record(&self, slot: u32) -> Record {
        self.records.get(slot)
    }
}

/// A moment in ms from ten days before the epoch.
#[inline]
fn tick(epoch: Instant, at: Instant) -> u32 {
    (at.as_millis() + LEAD).saturating_sub(epoch.as_millis()).min(u64::from(NEVER - 1)) as u32
}

fn moment(epoch: Instant, tick: u32) -> Instant {
    epoch + Span::unbounded(u64::from(tick).saturating_sub(LEAD))
}

/// When it is due, in ticks.
fn due_of(reach: &[u32; CLASSES], record: Record) -> u32 {
    record.at.saturating_add(reach[record.class() as usize])
}

/// Before this tick none of them is due; exact where all have the same reach.
fn none_due_before(least_reach: u32, records: &[Record]) -> u32 {
    records.iter().fold(NEVER, |earliest, record| earliest.min(record.at)).saturating_add(least_reach)
}

/// The whole of a plain beat: one record compared and stored.
#[inline(always)]
fn renew(records: &mut [Record], lease: LeaseId, tick: u32) -> bool {
    let Some(record) = records.get_mut(lease.slot() as usize) else { return false };
    let is_plain = record.is_plain(lease);
    if is_plain {
        record.at = tick;
    }
    is_plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_at_the_end_of_time_is_one_after_a_restore_too() {
        let mut hot = Hot::new();
        hot.set_reach(0, Span::from_secs(15));
        hot.epoch = Instant::from_secs(20 * 24 * 3600);
        let slot = hot.grow();
        hot.set(slot, State::Alive, 0, Some(Instant::MAX));
        assert!(hot.rebuild(Instant::ZERO) && hot.deadline(slot).is_some());
    }
}
