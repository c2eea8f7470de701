//! The hot records, in one array: where a beat has only to add. It grows by a quarter, and what is there moves into the larger
//! array a block at a time, so that no single call pays for a million.

use alloc::boxed::Box;
use alloc::vec;
use alloc::vec::Vec;
use core::mem;

use super::record::Record;

/// Records that are looked at together, and that move together.
pub(super) const BLOCK: usize = 256;
/// Up to as many blocks it doubles.
const AT_FIRST: usize = 16;
/// Of what has moved, this much is given back at a time.
const GIVEN_BACK: usize = 1 << 16;

/// A record as it lies there: arrays of zeroes are to be had for nothing, arrays of records are not.
pub(super) type Cell = [u32; 2];

#[derive(Default)]
pub(super) struct Records {
    /// All of them; none while they move.
    here: Vec<Cell>,
    moving: Option<Box<Moving>>,
}

/// From the last block to the first. Large arrays of zeroes cost nothing until they are written.
struct Moving {
    /// What has not moved yet: the front of it all.
    from: Vec<Cell>,
    /// As long as all of them; the front of it is not written yet.
    to: Vec<Cell>,
}

impl Records {
    pub(super) fn with_capacity(records: usize) -> Records {
        Records { here: Vec::with_capacity(records), moving: None }
    }

    pub(super) fn len(&self) -> usize {
        self.moving.as_ref().map_or(self.here.len(), |moving| moving.to.len())
    }

    /// All of them in one piece, or none while they move.
    #[inline(always)]
    pub(super) fn settled(&mut self) -> &mut [Cell] {
        &mut self.here
    }

    pub(super) fn is_moving(&self) -> bool {
        self.moving.is_some()
    }

    #[inline(always)]
    pub(super) fn get(&self, slot: u32) -> Record {
        let slot = slot as usize;
        match self.here.get(slot) {
            Some(&cell) => Record::of(cell),
            None => self.moving_one(slot),
        }
    }

    #[cold]
    #[inline(never)]
    fn moving_one(&self, slot: usize) -> Record {
        Record::of(self.array(slot)[slot])
    }

    /// Writes what `change` makes of a record; returns both.
    #[inline(always)]
    pub(super) fn change(&mut self, slot: u32, change: impl FnOnce(Record) -> Record) -> (Record, Record) {
        let slot = slot as usize;
        let cell = match &mut self.moving {
            None => &mut self.here[slot],
            Some(moving) if slot < moving.from.len() => &mut moving.from[slot],
            Some(moving) => &mut moving.to[slot],
        };
        let before = Record::of(*cell);
        let after = change(before);
        *cell = after.cell();
        (before, after)
    }

    /// The records of a block; the last one may be short.
    pub(super) fn block(&self, block: usize) -> impl Iterator<Item = Record> {
        let array = self.array(block * BLOCK);
        array[block * BLOCK..array.len().min((block + 1) * BLOCK)].iter().copied().map(Record::of)
    }

    /// Where the record in `slot` lies.
    fn array(&self, slot: usize) -> &[Cell] {
        match &self.moving {
            None => &self.here,
            Some(moving) if slot < moving.from.len() => &moving.from,
            Some(moving) => &moving.to,
        }
    }

    pub(super) fn push(&mut self, record: Record) {
        if self.is_moving() {
            self.move_on();
        } else if self.here.len() == self.here.capacity() {
            self.begin();
        }
        match &mut self.moving {
            None => self.here.push(record.cell()),
            Some(moving) => moving.to.push(record.cell()),
        }
    }

    /// Makes room, and moves into it what is there: at once if it is little.
    fn begin(&mut self) {
        let from = mem::take(&mut self.here);
        let blocks = from.len().div_ceil(BLOCK);
        let more = (blocks / 4).max(blocks.clamp(1, AT_FIRST));
        let mut to = vec![Cell::default(); (blocks + more) * BLOCK];
        to.truncate(from.len());
        self.moving = Some(Box::new(Moving { from, to }));
        self.move_on();
    }

    /// Moves a block.
    #[cold]
    pub(super) fn move_on(&mut self) {
        let Some(moving) = &mut self.moving else { return };
        let Moving { from, to } = &mut **moving;
        let first = from.len().saturating_sub(1) / BLOCK * BLOCK;
        to[first..from.len()].copy_from_slice(&from[first..]);
        from.truncate(first);
        if first == 0 {
            self.here = mem::take(to);
            self.moving = None;
        } else if first.is_multiple_of(GIVEN_BACK) {
            from.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbered(slot: u32) -> Record {
        Record { at: slot, meta: 0 }
    }

    #[test]
    fn what_is_written_while_the_records_move_is_read_wherever_they_are() {
        let mut records = Records::default();
        for slot in 0..200_000 {
            records.push(numbered(slot));
            records.change(slot / 3, |record| Record { meta: record.meta + 1, ..record });
            assert_eq!((records.get(slot).at, records.len()), (slot, slot as usize + 1));
        }
        let seen: Vec<Record> = (0..records.len().div_ceil(BLOCK)).flat_map(|block| records.block(block)).collect();
        let written = |slot: u32| if slot < 66_666 { 3 } else { u32::from(slot == 66_666) * 2 };
        assert!(seen.iter().zip(0..).all(|(record, slot)| (record.at, record.meta) == (slot, written(slot))));
        assert_eq!(seen.len(), 200_000);
    }

    #[test]
    fn they_have_moved_long_before_the_array_is_full_again() {
        let (mut records, mut moving, mut longest) = (Records::default(), 0, 0);
        for slot in 0..1_000_000 {
            records.push(numbered(slot));
            moving = if records.is_moving() { moving + 1 } else { 0 };
            longest = moving.max(longest);
        }
        assert!((1..4_000).contains(&longest), "a block a record: {longest}");
    }
}
