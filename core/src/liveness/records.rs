//! The hot records, in one array: where a beat has only to add. It grows by a quarter, and what is there moves into the larger
//! array a block at a time, so that no single call pays for a million.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::mem;

use super::record::Record;

/// Records that are looked at together, and that move together.
pub(super) const BLOCK: usize = 256;
/// Up to as many blocks it doubles.
const AT_FIRST: usize = 16;
/// Of an array that was left, this much is given back at a time.
const GIVEN_BACK: usize = 1 << 16;

#[derive(Default)]
pub(super) struct Records {
    /// All of them; none while they move.
    here: Vec<Record>,
    moving: Option<Box<Moving>>,
    /// An array that they have moved out of.
    left: Vec<Record>,
}

/// From the first block to the last. Each array holds whole blocks, but for the last records of all.
struct Moving {
    /// Those that were there when it began. The front of it has moved.
    from: Vec<Record>,
    /// Those that have moved.
    to: Vec<Record>,
    /// Those that came since.
    fresh: Vec<Record>,
}

impl Records {
    pub(super) fn with_capacity(records: usize) -> Records {
        Records { here: Vec::with_capacity(records.next_multiple_of(BLOCK)), ..Records::default() }
    }

    pub(super) fn len(&self) -> usize {
        self.moving.as_ref().map_or(self.here.len(), |moving| moving.from.len() + moving.fresh.len())
    }

    /// All of them in one piece, or none while they move.
    #[inline(always)]
    pub(super) fn settled(&mut self) -> &mut [Record] {
        &mut self.here
    }

    #[inline(always)]
    pub(super) fn get(&self, slot: u32) -> Record {
        let slot = slot as usize;
        match self.here.get(slot) {
            Some(&record) => record,
            None => self.moving_one(slot),
        }
    }

    #[cold]
    #[inline(never)]
    fn moving_one(&self, slot: usize) -> Record {
        let (array, before) = self.array(slot);
        array[slot - before]
    }

    /// Writes what `change` makes of a record; returns both.
    #[inline(always)]
    pub(super) fn change(&mut self, slot: u32, change: impl FnOnce(Record) -> Record) -> (Record, Record) {
        let slot = slot as usize;
        let place = match &mut self.moving {
            None => &mut self.here[slot],
            Some(moving) if slot < moving.to.len() => &mut moving.to[slot],
            Some(moving) if slot < moving.from.len() => &mut moving.from[slot],
            Some(moving) => &mut moving.fresh[slot - moving.from.len()],
        };
        let before = *place;
        *place = change(before);
        (before, *place)
    }

    /// The records of a block; the last one may be short.
    pub(super) fn block(&self, block: usize) -> &[Record] {
        let (array, before) = self.array(block * BLOCK);
        let begin = block * BLOCK - before;
        &array[begin..array.len().min(begin + BLOCK)]
    }

    /// Where the record in `slot` lies, and how many lie before that.
    fn array(&self, slot: usize) -> (&[Record], usize) {
        match &self.moving {
            None => (&self.here, 0),
            Some(moving) if slot < moving.to.len() => (&moving.to, 0),
            Some(moving) if slot < moving.from.len() => (&moving.from, 0),
            Some(moving) => (&moving.fresh, moving.from.len()),
        }
    }

    pub(super) fn push(&mut self, record: Record) {
        if self.moving.is_none() && self.here.len() == self.here.capacity() {
            self.begin();
        }
        match &mut self.moving {
            None => self.here.push(record),
            Some(moving) => moving.fresh.push(record),
        }
        self.move_on();
    }

    /// Makes room, and begins to move into it what is there.
    fn begin(&mut self) {
        let from = mem::take(&mut self.here);
        let blocks = from.len().div_ceil(BLOCK);
        let more = (blocks / 4).max(blocks.clamp(1, AT_FIRST));
        let to = Vec::with_capacity((blocks + more) * BLOCK);
        self.moving = Some(Box::new(Moving { from, to, fresh: Vec::new() }));
    }

    /// Moves a block, or gives back a part of where they were.
    #[inline]
    pub(super) fn move_on(&mut self) {
        if self.moving.is_some() {
            self.move_block();
        } else if self.left.capacity() > 0 {
            self.left.truncate(self.left.len().saturating_sub(GIVEN_BACK));
            self.left.shrink_to_fit();
        }
    }

    #[cold]
    fn move_block(&mut self) {
        let Some(moving) = &mut self.moving else { return };
        let Moving { from, to, fresh } = &mut **moving;
        let begin = to.len();
        to.extend_from_slice(&from[begin..from.len().min(begin + BLOCK)]);
        if to.len() == from.len() {
            to.append(fresh);
            self.here = mem::take(to);
            self.left = mem::take(from);
            self.moving = None;
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
        let seen: Vec<Record> =
            (0..records.len().div_ceil(BLOCK)).flat_map(|block| records.block(block).to_vec()).collect();
        let written = |slot: u32| if slot < 66_666 { 3 } else { u32::from(slot == 66_666) * 2 };
        assert!(seen.iter().zip(0..).all(|(record, slot)| (record.at, record.meta) == (slot, written(slot))));
        assert_eq!(seen.len(), 200_000);
    }

    #[test]
    fn they_have_moved_long_before_the_array_is_full_again() {
        let (mut records, mut moving, mut longest) = (Records::default(), 0, 0);
        for slot in 0..1_000_000 {
            records.push(numbered(slot));
            moving = if records.moving.is_some() { moving + 1 } else { 0 };
            longest = moving.max(longest);
        }
        assert!((1..4_000).contains(&longest), "a block a record: {longest}");
    }
}
