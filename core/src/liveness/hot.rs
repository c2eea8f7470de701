//! The hot record: eight bytes a lease. A beat reads one and writes one; everything unusual is somebody else's business.
//!
//! Expiry needs no heap and no wheel. For each block of 256 records there is one lower bound of its deadlines. A beat never
//! touches it; a look at the clock scans only the blocks whose bound has come, and finds mostly that the beats moved on.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::due::Due;
use crate::id::{GENERATION_BITS, GENERATION_MAX, LeaseId, RETIRED, next_generation};
use crate::time::{Instant, Span};

/// Deadline in ms since the epoch of [`Hot`], and from the top `class:5 | marks:3 | state:3 | generation:21`. The state of a plainly
/// alive lease is 0, so that its low 24 bits are the high half of its id: one comparison says both.
#[derive(Clone, Copy)]
struct Record {
    deadline: u32,
    meta: u32,
}

impl Record {
    /// Nobody's yet, in its first generation: 0 is never given, so that a zeroed id finds nothing.
    const NEW: Record = Record { deadline: NEVER, meta: FREE << STATE_SHIFT | 1 };

    fn generation(&self) -> u32 {
        self.meta & GENERATION_MAX
    }

    fn state(&self) -> u32 {
        self.meta >> STATE_SHIFT & 7
    }

    fn named_state(&self) -> State {
        match self.state() {
            ALIVE => State::Alive,
            ALIVE_OWN_TIMES => State::AliveOwnTimes,
            SILENT => State::Silent,
            HELD => State::Held,
            DOWN => State::Down,
            _ => State::Free,
        }
    }

    fn class(&self) -> u8 {
        (self.meta >> CLASS_SHIFT) as u8
    }
}

/// What a record says of its lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Nobody's.
    Free,
    /// Beating, with times of a class.
    Alive,
    /// Beating, with times of its own.
    AliveOwnTimes,
    /// Silent past its timeout.
    Silent,
    /// Held by its session or by nothing at all: no deadline.
    Held,
    /// As held, and reported unhealthy.
    Down,
}

/// What else there is to a lease, and no beat asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    /// Neither beats nor a session keep it.
    pub(crate) persistent: bool,
    /// It was claimed in a batch.
    pub(crate) in_batch: bool,
    /// Its source last registered it as unhealthy.
    pub(crate) said_unhealthy: bool,
}

const STATE_SHIFT: u32 = GENERATION_BITS;
const MARKS_SHIFT: u32 = 24;
const CLASS_SHIFT: u32 = 27;
const MARKS: u32 = 7 << MARKS_SHIFT;
/// Generation and state.
const IDENTITY_BITS: u32 = 24;
const ALIVE: u32 = 0;
const ALIVE_OWN_TIMES: u32 = 1;
const SILENT: u32 = 2;
const HELD: u32 = 3;
const FREE: u32 = 4;
const DOWN: u32 = 5;

/// Number of classes of times; the last is the lease's own.
pub(crate) const CLASSES: usize = 32;
pub(crate) const OWN_TIMES: u8 = CLASSES as u8 - 1;

/// 32 KiB a page: growth never moves a record, and the table of pages stays in the first cache.
const PAGE: usize = 4096;
const BLOCK: usize = 256;
const NEVER: u32 = u32::MAX;
/// Past this age of the epoch every deadline is counted anew: 2^31 ms, 24.8 days.
const EPOCH_MAX: u64 = 1 << 31;

pub(crate) struct Hot {
    /// Whole pages, so that a look-up needs no length beyond their number; what lies past `len` is free and matches nothing.
    pages: Vec<Box<[Record; PAGE]>>,
    len: u32,
    epoch: Instant,
    /// For each class, ms from a beat to its deadline.
    reach: [u32; CLASSES],
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
struct Image<Rows> {
    records: Rows,
    reach: [u32; CLASSES],
}

impl Serialize for Hot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Image { records: Records(self), reach: self.reach }.serialize(serializer)
    }
}

/// The records of an image, as they are written: one by one.
struct Records<'a>(&'a Hot);

impl Serialize for Records<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Records(hot) = self;
        serializer.collect_seq((0..hot.len).map(|slot| (hot.deadline(slot), hot.record(slot).meta)))
    }
}

impl<'de> Deserialize<'de> for Hot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Hot, D::Error> {
        let image = Image::<Vec<(Option<Instant>, u32)>>::deserialize(deserializer)?;
        let mut hot = Hot::new();
        hot.epoch = image.records.iter().filter_map(|&(deadline, _)| deadline).min().unwrap_or_default();
        hot.reach = image.reach;
        for (deadline, meta) in image.records {
            let deadline = deadline.map_or(NEVER, |at| hot.tick(at));
            let slot = hot.grow();
            let record = Record { deadline, meta };
            *hot.record_mut(slot) = record;
            hot.count(record.state(), 1);
        }
        Ok(hot)
    }
}

impl Hot {
    pub(crate) fn new() -> Hot {
        Hot {
            pages: Vec::new(),
            len: 0,
            epoch: Instant::ZERO,
            reach: [0; CLASSES],
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
        now.since(self.epoch).as_millis().min(u64::from(NEVER - 1)) as u32
    }

    /// Moves the deadline of a lease that is plainly alive; false when there is anything else to it.
    #[inline]
    pub(crate) fn beat(&mut self, lease: LeaseId, tick: u32) -> bool {
        renew(&mut self.pages, lease, |class| tick + self.reach[class])
    }

    /// Moves the deadlines of leases as long as they are plainly alive; returns how many were, before the first that was not.
    #[inline]
    pub(crate) fn beat_run(&mut self, leases: &[LeaseId], tick: u32) -> usize {
        let deadlines = self.reach.map(|reach| tick + reach);
        let mut is_plain = |lease: &LeaseId| renew(&mut self.pages, *lease, |class| deadlines[class]);
        // Eight at a time: the loop is four instructions around seventeen. Eight that are not all plain are gone through again, one by one.
        let whole = leases.as_chunks::<8>().0.iter().position(|eight| !eight.iter().all(&mut is_plain));
        let begun = whole.unwrap_or(leases.len() / 8) * 8;
        let rest = &leases[begun..];
        begun + rest.iter().position(|lease| !is_plain(lease)).unwrap_or(rest.len())
    }

    pub(crate) fn set_reach(&mut self, class: u8, reach: Span) {
        self.reach[class as usize] = reach.as_millis() as u32;
    }

    /// A new slot at the end; free until it is set.
    pub(crate) fn grow(&mut self) -> u32 {
        let slot = self.len;
        if slot as usize == self.pages.len() * PAGE {
            let page = vec![Record::NEW; PAGE].into_boxed_slice();
            // As long as it was made.
            self.pages.extend(page.try_into().ok());
        }
        if (slot as usize).is_multiple_of(BLOCK) {
            self.bounds.push(NEVER);
        }
        self.len += 1;
        slot
    }

    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }

    /// The current id in `slot`.
    pub(crate) fn id(&self, slot: u32) -> LeaseId {
        LeaseId::new(slot, self.record(slot).generation())
    }

    /// Whether `lease` is what stands in its slot, and not free.
    pub(crate) fn holds(&self, lease: LeaseId) -> bool {
        lease.slot() < self.len && self.id(lease.slot()) == lease && self.state(lease.slot()) != State::Free
    }

    pub(crate) fn state(&self, slot: u32) -> State {
        self.record(slot).named_state()
    }

    pub(crate) fn class(&self, slot: u32) -> u8 {
        self.record(slot).class()
    }

    pub(crate) fn deadline(&self, slot: u32) -> Option<Instant> {
        let deadline = self.record(slot).deadline;
        (deadline != NEVER).then(|| self.epoch + Span::unbounded(u64::from(deadline)))
    }

    /// Silent slots, and all that beat or did.
    pub(crate) fn silent(&self) -> (u32, u32) {
        (self.silent, self.by_beats)
    }

    fn count(&mut self, state: u32, by: i32) {
        self.by_beats = self.by_beats.wrapping_add_signed(if state <= SILENT { by } else { 0 });
        self.silent = self.silent.wrapping_add_signed(if state == SILENT { by } else { 0 });
    }

    /// Sets state, class and deadline of `slot` together.
    pub(crate) fn set(&mut self, slot: u32, state: State, class: u8, deadline: Option<Instant>) {
        let deadline = deadline.map_or(NEVER, |at| self.tick(at));
        let record = self.record_mut(slot);
        let before = record.state();
        let state = match state {
            State::Free => FREE,
            State::Alive => ALIVE,
            State::AliveOwnTimes => ALIVE_OWN_TIMES,
            State::Silent => SILENT,
            State::Held => HELD,
            State::Down => DOWN,
        };
        record.meta =
            u32::from(class) << CLASS_SHIFT | record.meta & MARKS | state << STATE_SHIFT | record.generation();
        record.deadline = deadline;
        self.count(before, -1);
        self.count(state, 1);
        self.remind(slot);
    }

    pub(crate) fn marks(&self, slot: u32) -> Marks {
        let has = |bit: u32| self.record(slot).meta >> (MARKS_SHIFT + bit) & 1 != 0;
        Marks { persistent: has(0), in_batch: has(1), said_unhealthy: has(2) }
    }

    pub(crate) fn mark(&mut self, slot: u32, marks: Marks) {
        let bits = [marks.persistent, marks.in_batch, marks.said_unhealthy].map(u32::from);
        let record = self.record_mut(slot);
        record.meta = record.meta & !MARKS | (bits[0] | bits[1] << 1 | bits[2] << 2) << MARKS_SHIFT;
    }

    /// Sees to it that the deadline in `slot` is found.
    pub(crate) fn remind(&mut self, slot: u32) {
        let deadline = self.record(slot).deadline;
        let bound = &mut self.bounds[slot as usize / BLOCK];
        *bound = deadline.min(*bound);
        self.look_at(deadline.min(self.soonest));
    }

    /// Nothing is due before `soonest`.
    fn look_at(&mut self, soonest: u32) {
        self.soonest = soonest;
        self.calm_until = self.epoch + Span::unbounded(EPOCH_MAX.min(u64::from(soonest)));
    }

    /// Frees `slot`; ids of its last owner find nothing from here on. False when the slot is used up.
    pub(crate) fn free(&mut self, slot: u32) -> bool {
        let record = self.record_mut(slot);
        let (before, generation) = (record.state(), next_generation(record.generation()));
        *record = Record { deadline: NEVER, meta: FREE << STATE_SHIFT | generation };
        self.count(before, -1);
        generation != RETIRED
    }

    /// A moment before which nothing is due; it may be early, never late.
    #[inline]
    pub(crate) fn soonest(&self) -> Option<Instant> {
        (self.soonest != NEVER).then(|| self.epoch + Span::unbounded(u64::from(self.soonest)))
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
            let records = || Hot::block(&self.pages, block * BLOCK);
            // Mostly, everybody has beaten since: that is found without a branch.
            if *bound <= limit {
                *bound = first_deadline(records());
            }
            if *bound <= limit {
                *bound = NEVER;
                for (offset, record) in records().iter().enumerate() {
                    let mut again = record.deadline;
                    if again <= limit {
                        let slot = (block * BLOCK + offset) as u32;
                        let deadline = epoch + Span::unbounded(u64::from(again));
                        let (at, removal) = due(slot, record.named_state(), record.class(), deadline);
                        if at <= until {
                            found.push(Due { at, slot });
                            if at < removal && removal <= until {
                                found.push(Due { at: removal, slot });
                            }
                            continue;
                        }
                        again = at.since(epoch).as_millis().min(u64::from(NEVER - 1)) as u32;
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
        let shift =
            |deadline: u32| if deadline == NEVER { NEVER } else { u64::from(deadline).saturating_sub(age) as u32 };
        for record in self.pages.iter_mut().flat_map(|page| page.iter_mut()) {
            record.deadline = shift(record.deadline);
        }
        self.bounds.iter_mut().for_each(|bound| *bound = shift(*bound));
        self.epoch = epoch;
        self.look_at(shift(self.soonest));
    }

    /// Computes the bounds again after a restore at `now`; false when the records are not as this module makes them.
    pub(crate) fn rebuild(&mut self, now: Instant) -> bool {
        // A lease that was not watched may come back with a deadline long past: the epoch lies before any of those.
        let earliest = now - Span::MAX;
        let back = self.epoch.since(earliest).as_millis();
        self.epoch = self.epoch.min(earliest);
        for slot in 0..self.len {
            let deadline = &mut self.record_mut(slot).deadline;
            if *deadline != NEVER {
                *deadline = u64::from(*deadline).saturating_add(back).min(u64::from(NEVER - 1)) as u32;
            }
        }
        let blocks = self.len().div_ceil(BLOCK);
        self.bounds = (0..blocks).map(|block| first_deadline(Hot::block(&self.pages, block * BLOCK))).collect();
        self.look_at(self.bounds.iter().copied().min().unwrap_or(NEVER));
        (0..self.len)
            .map(|slot| self.record(slot))
            .all(|record| record.state() <= DOWN && (record.generation() != RETIRED || record.state() == FREE))
    }

    fn record(&self, slot: u32) -> &Record {
        &self.pages[slot as usize / PAGE][slot as usize % PAGE]
    }

    fn record_mut(&mut self, slot: u32) -> &mut Record {
        &mut self.pages[slot as usize / PAGE][slot as usize % PAGE]
    }

    /// The records of a block. What lies past the last slot has no deadline and is never due.
    fn block(pages: &[Box<[Record; PAGE]>], first: usize) -> &[Record] {
        &pages[first / PAGE][first % PAGE..first % PAGE + BLOCK]
    }
}

fn first_deadline(records: &[Record]) -> u32 {
    records.iter().fold(NEVER, |earliest, record| earliest.min(record.deadline))
}

/// The whole of a plain beat: one record compared and stored.
#[inline(always)]
fn renew(pages: &mut [Box<[Record; PAGE]>], lease: LeaseId, deadline: impl Fn(usize) -> u32) -> bool {
    let slot = lease.slot() as usize;
    let Some(page) = pages.get_mut(slot / PAGE) else { return false };
    let record = &mut page[slot % PAGE];
    // Ids end below 2^53, so the high half has no bit where the state is, and none that the shift would lose.
    if (record.meta ^ (lease.to_u64() >> 32) as u32) << (32 - IDENTITY_BITS) != 0 {
        return false;
    }
    record.deadline = deadline((record.meta >> CLASS_SHIFT) as usize);
    true
}
