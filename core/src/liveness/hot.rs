//! The hot record: eight bytes a lease. A beat reads one and writes one; everything unusual is somebody else's business.
//!
//! Expiry needs no heap and no wheel. For each block of 256 records there is one lower bound of its deadlines. A beat never
//! touches it; a look at the clock scans only the blocks whose bound has come, and finds mostly that the beats moved on.

use alloc::vec::Vec;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::id::{LeaseId, next_generation};
use crate::pages::Pages;
use crate::time::{Instant, Span};

/// Deadline in ms since the epoch of [`Hot`], and `generation:21 | state:3 | class:5 | unused:3`.
#[derive(Clone, Copy)]
struct Record {
    deadline: u32,
    meta: u32,
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
    /// Held by its session: no deadline.
    Held,
}

const STATE_SHIFT: u32 = 8;
const GENERATION_SHIFT: u32 = 11;
const CLASS_SHIFT: u32 = 3;
const FREE: u32 = 0;
const ALIVE: u32 = 1;
const ALIVE_OWN_TIMES: u32 = 2;
const SILENT: u32 = 3;
const HELD: u32 = 4;

/// Number of classes of times; the last is the lease's own.
pub(crate) const CLASSES: usize = 32;
pub(crate) const OWN_TIMES: u8 = CLASSES as u8 - 1;

/// Large pages, so that the table of pages stays in the first cache.
const PAGE: usize = 1 << 16;
const BLOCK: usize = 256;
const NEVER: u32 = u32::MAX;
/// Past this age of the epoch every deadline is counted anew: 2^31 ms, 24.8 days.
const EPOCH_MAX: u64 = 1 << 31;

/// A deadline that has come: when it is acted on, and whose it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Due {
    pub(crate) at: Instant,
    pub(crate) slot: u32,
}

pub(crate) struct Hot {
    records: Pages<Record, PAGE>,
    epoch: Instant,
    /// For each class, ms from a beat to its deadline.
    reach: [u32; CLASSES],
    bounds: Vec<u32>,
    soonest: u32,
}

/// How it is written down: moments instead of ticks, since when the epoch moved depends on when the host looked.
#[derive(Serialize, Deserialize)]
struct Image {
    records: Vec<(Option<Instant>, u32)>,
    reach: [u32; CLASSES],
}

impl Serialize for Hot {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let records = (0..self.records.len() as u32).map(|slot| (self.deadline(slot), self.records[slot].meta));
        Image { records: records.collect(), reach: self.reach }.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Hot {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Hot, D::Error> {
        let image = Image::deserialize(deserializer)?;
        let mut hot = Hot::new();
        hot.epoch = image.records.iter().filter_map(|&(deadline, _)| deadline).min().unwrap_or_default();
        hot.reach = image.reach;
        for (deadline, meta) in image.records {
            let deadline = deadline.map_or(NEVER, |at| hot.tick(at));
            hot.records.push(Record { deadline, meta });
        }
        Ok(hot)
    }
}

impl Hot {
    pub(crate) fn new() -> Hot {
        Hot { records: Pages::new(), epoch: Instant::ZERO, reach: [0; CLASSES], bounds: Vec::new(), soonest: NEVER }
    }

    /// The moment `now` as beats of one batch need it.
    #[inline]
    pub(crate) fn tick(&self, now: Instant) -> u32 {
        now.since(self.epoch).as_millis().min(u64::from(NEVER - 1)) as u32
    }

    /// Moves the deadlines of leases that are plainly alive. The others, stale ones among them, are appended to `unusual`.
    #[inline]
    pub(crate) fn beat(&mut self, leases: &[LeaseId], tick: u32, unusual: &mut Vec<LeaseId>) {
        // Taken out of `self`, so that a store to a record cannot be a store to them.
        let reach = self.reach;
        let pages = self.records.pages_mut();
        for &lease in leases {
            let slot = lease.slot() as usize;
            if let Some(record) = pages.get_mut(slot / PAGE).and_then(|page| page.get_mut(slot % PAGE)) {
                // Compared in 64 bits: a generation of more than 21 bits must not be cut into a good one.
                let wanted = lease.to_u64() >> 32 << (GENERATION_SHIFT - STATE_SHIFT) | u64::from(ALIVE);
                if u64::from(record.meta >> STATE_SHIFT) == wanted {
                    record.deadline = tick + reach[(record.meta >> CLASS_SHIFT) as usize % CLASSES];
                    continue;
                }
            }
            unusual.push(lease);
        }
    }

    pub(crate) fn set_reach(&mut self, class: u8, reach: Span) {
        self.reach[class as usize % CLASSES] = reach.as_millis() as u32;
    }

    /// A new slot at the end; free until it is set.
    pub(crate) fn grow(&mut self) -> u32 {
        let slot = self.records.len();
        self.records.push(Record { deadline: NEVER, meta: 1 << GENERATION_SHIFT });
        if slot.is_multiple_of(BLOCK) {
            self.bounds.push(NEVER);
        }
        slot as u32
    }

    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// The current id in `slot`.
    pub(crate) fn id(&self, slot: u32) -> LeaseId {
        LeaseId::new(slot, self.records[slot].meta >> GENERATION_SHIFT)
    }

    /// Whether `lease` is what stands in its slot, and not free.
    pub(crate) fn holds(&self, lease: LeaseId) -> bool {
        self.records.get(lease.slot()).is_some_and(|record| {
            record.meta >> GENERATION_SHIFT == lease.generation() && self.state(lease.slot()) != State::Free
        })
    }

    pub(crate) fn state(&self, slot: u32) -> State {
        match self.records[slot].meta >> STATE_SHIFT & 7 {
            ALIVE => State::Alive,
            ALIVE_OWN_TIMES => State::AliveOwnTimes,
            SILENT => State::Silent,
            HELD => State::Held,
            _ => State::Free,
        }
    }

    pub(crate) fn class(&self, slot: u32) -> u8 {
        (self.records[slot].meta >> CLASS_SHIFT) as u8 % CLASSES as u8
    }

    pub(crate) fn deadline(&self, slot: u32) -> Option<Instant> {
        let deadline = self.records[slot].deadline;
        (deadline != NEVER).then(|| self.epoch + Span::unbounded(u64::from(deadline)))
    }

    /// Sets state, class and deadline of `slot` together.
    pub(crate) fn set(&mut self, slot: u32, state: State, class: u8, deadline: Option<Instant>) {
        let deadline = deadline.map_or(NEVER, |at| self.tick(at));
        let record = &mut self.records[slot];
        let state = match state {
            State::Free => FREE,
            State::Alive => ALIVE,
            State::AliveOwnTimes => ALIVE_OWN_TIMES,
            State::Silent => SILENT,
            State::Held => HELD,
        };
        record.meta = record.meta >> GENERATION_SHIFT << GENERATION_SHIFT
            | state << STATE_SHIFT
            | u32::from(class) << CLASS_SHIFT;
        record.deadline = deadline;
        let bound = &mut self.bounds[slot as usize / BLOCK];
        *bound = deadline.min(*bound);
        self.soonest = self.soonest.min(deadline);
    }

    /// Frees `slot`; ids of its last owner find nothing from here on.
    pub(crate) fn free(&mut self, slot: u32) {
        let record = &mut self.records[slot];
        let generation = next_generation(record.meta >> GENERATION_SHIFT);
        *record = Record { deadline: NEVER, meta: generation << GENERATION_SHIFT };
    }

    /// A moment before which nothing is due; it may be early, never late.
    #[inline]
    pub(crate) fn soonest(&self) -> Option<Instant> {
        (self.soonest != NEVER).then(|| self.epoch + Span::unbounded(u64::from(self.soonest)))
    }

    /// Appends what is due by `until`, in no order. `due` says when a deadline is acted on: at once, or at the next sweep.
    pub(crate) fn collect(&mut self, until: Instant, due: impl Fn(u32, Instant) -> Instant, found: &mut Vec<Due>) {
        let limit = self.tick(until);
        let epoch = self.epoch;
        let mut soonest = NEVER;
        for (block, bound) in self.bounds.iter_mut().enumerate() {
            if *bound <= limit {
                let mut earliest = NEVER;
                let first = block * BLOCK;
                for (offset, record) in self.records.block(first, BLOCK).iter().enumerate() {
                    if record.deadline > limit {
                        earliest = earliest.min(record.deadline);
                        continue;
                    }
                    let slot = (first + offset) as u32;
                    let at = due(slot, epoch + Span::unbounded(u64::from(record.deadline)));
                    if at <= until {
                        found.push(Due { at, slot });
                    } else {
                        earliest = earliest.min(at.since(epoch).as_millis().min(u64::from(NEVER - 1)) as u32);
                    }
                }
                *bound = earliest;
            }
            soonest = soonest.min(*bound);
        }
        self.soonest = soonest;
    }

    /// Moves the epoch up to `now` once it is old, so that deadlines stay within 32 bits. Call it when nothing is due.
    pub(crate) fn rebase(&mut self, now: Instant) {
        let age = now.since(self.epoch).as_millis();
        if age < EPOCH_MAX {
            return;
        }
        let shift =
            |deadline: u32| if deadline == NEVER { NEVER } else { u64::from(deadline).saturating_sub(age) as u32 };
        for slot in 0..self.records.len() as u32 {
            self.records[slot].deadline = shift(self.records[slot].deadline);
        }
        self.bounds.iter_mut().for_each(|bound| *bound = shift(*bound));
        self.soonest = shift(self.soonest);
        self.epoch = now;
    }

    /// Computes the bounds again after a restore at `now`; false when the records are not as this module makes them.
    pub(crate) fn rebuild(&mut self, now: Instant) -> bool {
        // Nothing pending is due before `now`, so the earliest deadline may lie after it; the epoch never does.
        let back = self.epoch.since(now).as_millis();
        self.epoch = self.epoch.min(now);
        for slot in 0..self.records.len() as u32 {
            let deadline = &mut self.records[slot].deadline;
            if *deadline != NEVER {
                *deadline = u64::from(*deadline).saturating_add(back).min(u64::from(NEVER - 1)) as u32;
            }
        }
        let blocks = self.records.len().div_ceil(BLOCK);
        self.bounds = (0..blocks)
            .map(|block| {
                self.records.block(block * BLOCK, BLOCK).iter().map(|record| record.deadline).min().unwrap_or(NEVER)
            })
            .collect();
        self.soonest = self.bounds.iter().copied().min().unwrap_or(NEVER);
        self.records.iter().all(|record| record.meta >> STATE_SHIFT & 7 <= HELD && record.meta >> GENERATION_SHIFT > 0)
    }
}
