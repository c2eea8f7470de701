//! Eight bytes a lease: when it is due, whose it is, and what else a beat or a look at the clock must know.

use crate::id::{GENERATION_BITS, GENERATION_MAX, LeaseId, RETIRED};

/// No deadline.
pub(super) const NEVER: u32 = u32::MAX;

const STATE_SHIFT: u32 = GENERATION_BITS;
const MARKS_SHIFT: u32 = 24;
const CLASS_SHIFT: u32 = 27;
const MARKS: u32 = 7 << MARKS_SHIFT;
/// Generation and state.
const IDENTITY_BITS: u32 = 24;

/// A moment in ticks of the hot path, and from the top `class:5 | marks:3 | state:3 | generation:21`. The moment is a reach of the class
/// before it is due, which is the last beat of who is plainly alive: so a beat need not know its class. The state of a plainly alive
/// lease is 0, so that its low 24 bits are the high half of its id: one comparison says both.
#[derive(Clone, Copy)]
pub(super) struct Record {
    pub(super) at: u32,
    pub(super) meta: u32,
}

impl Record {
    /// Nobody's yet, in its first generation: 0 is never given, so that a zeroed id finds nothing.
    pub(super) const NEW: Record = Record::free(1);

    /// Nobody's, for the next owner.
    pub(super) const fn free(generation: u32) -> Record {
        Record { at: NEVER, meta: (State::Free as u32) << STATE_SHIFT | generation }
    }

    /// Of the same lease, with the same marks, in another state.
    pub(super) fn with(self, state: State, class: u8) -> Record {
        let meta =
            u32::from(class) << CLASS_SHIFT | self.meta & MARKS | (state as u32) << STATE_SHIFT | self.generation();
        Record { meta, ..self }
    }

    /// Whether it is that of `lease`, which is plainly alive.
    #[inline(always)]
    pub(super) fn is_plain(self, lease: LeaseId) -> bool {
        // Ids end below 2^53, so the high half has no bit where the state is, and none that the shift would lose.
        (self.meta ^ (lease.to_u64() >> 32) as u32) << (32 - IDENTITY_BITS) == 0
    }

    pub(super) fn generation(self) -> u32 {
        self.meta & GENERATION_MAX
    }

    /// Whether this module made it, and not a stranger.
    pub(super) fn fits(self) -> bool {
        let state = self.state();
        let is_due = matches!(state, State::Alive | State::AliveOwnTimes | State::Silent);
        self.meta >> STATE_SHIFT & 7 <= State::Down as u32
            && (self.generation() != RETIRED || state == State::Free)
            && is_due == (self.at != NEVER)
    }

    pub(super) fn state(self) -> State {
        match self.meta >> STATE_SHIFT & 7 {
            0 => State::Alive,
            1 => State::AliveOwnTimes,
            2 => State::Silent,
            3 => State::Held,
            5 => State::Down,
            _ => State::Free,
        }
    }

    #[inline(always)]
    pub(super) fn class(self) -> u8 {
        (self.meta >> CLASS_SHIFT) as u8
    }

    pub(super) fn marks(self) -> Marks {
        let has = |bit: u32| self.meta >> (MARKS_SHIFT + bit) & 1 != 0;
        Marks { persistent: has(0), in_batch: has(1), said_unhealthy: has(2) }
    }

    pub(super) fn marked(self, marks: Marks) -> Record {
        let bits = [marks.persistent, marks.in_batch, marks.said_unhealthy].map(u32::from);
        let marks = (bits[0] | bits[1] << 1 | bits[2] << 2) << MARKS_SHIFT;
        Record { meta: self.meta & !MARKS | marks, ..self }
    }
}

/// What a record says of its lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Beating, with times of a class.
    Alive = 0,
    /// Beating, with times of its own.
    AliveOwnTimes = 1,
    /// Silent past its timeout.
    Silent = 2,
    /// Held by its session or by nothing at all: no deadline.
    Held = 3,
    /// Nobody's.
    Free = 4,
    /// As held, and reported unhealthy.
    Down = 5,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_fits_when_it_is_due_exactly_if_its_lease_lives_by_beats() {
        for (state, lives_by_beats) in [
            (State::Alive, true),
            (State::AliveOwnTimes, true),
            (State::Silent, true),
            (State::Held, false),
            (State::Free, false),
            (State::Down, false),
        ] {
            let record = Record::NEW.with(state, 0);
            assert_eq!(record.fits(), !lives_by_beats, "{state:?}");
            assert_eq!(Record { at: 5, ..record }.fits(), lives_by_beats, "{state:?}, due");
        }
    }
}
