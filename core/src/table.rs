//! Where rows stand, by the hash of their keys. A table grows a piece at a time, so that no single call pays for a million rows.

use alloc::vec;
use alloc::vec::Vec;

use hashbrown::HashTable;

use crate::grouped::grouped;

/// Rows of a piece before it is split: the most that one call places anew. Seven eighths of 512 buckets.
const PIECE: usize = 448;
/// Names that a stranger chose to collide split no piece further than this; the piece grows instead.
const DEPTH_MAX: u32 = 20;

/// Row numbers by hash: a directory over small tables. A piece that is full becomes two, told apart by one more bit of the hash.
pub(crate) struct Table {
    /// For each value of the first `depth` bits of a hash, which piece.
    directory: Vec<u32>,
    depth: u32,
    pieces: Vec<Piece>,
}

struct Piece {
    rows: HashTable<u32>,
    /// How many bits of the hash all its rows share.
    depth: u32,
}

// A new one is what deserialization leaves in its place: it is made again from the rows.
impl Default for Table {
    fn default() -> Table {
        Table { directory: vec![0], depth: 0, pieces: vec![Piece { rows: HashTable::new(), depth: 0 }] }
    }
}

impl Table {
    /// A table of rows that come in all at once, each with its hash: piece after piece, so that one is filled while it is in the cache.
    pub(crate) fn of(rows: &[(u64, u32)]) -> Table {
        let depth = (rows.len().div_ceil(PIECE * 2 / 3)).next_power_of_two().ilog2().min(DEPTH_MAX);
        let (ordered, ends) = grouped(rows, 1 << depth, |&(hash, _)| prefix(hash, depth));
        let mut begin = 0;
        let piece = |end| {
            let rows = &ordered[core::mem::replace(&mut begin, end)..end];
            let mut piece = Piece { rows: HashTable::with_capacity(rows.len()), depth };
            for &(hash, row) in rows {
                // It has room for all of them, and asks for no hash again.
                let hash_of = |&other: &u32| rows.iter().find(|&&(_, row)| row == other).map_or(0, |&(hash, _)| hash);
                piece.rows.insert_unique(hash, row, hash_of);
            }
            piece
        };
        Table { directory: (0..1 << depth).collect(), depth, pieces: ends.into_iter().map(piece).collect() }
    }

    /// The row with this hash that `is` the one.
    pub(crate) fn find(&self, hash: u64, is: impl Fn(u32) -> bool) -> Option<u32> {
        self.pieces[self.piece(hash)].rows.find(hash, |&row| is(row)).copied()
    }

    /// Adds a row that is not there. `hash_of` tells the hash of any row.
    pub(crate) fn insert(&mut self, hash: u64, row: u32, hash_of: impl Fn(u32) -> u64) {
        let mut piece = self.piece(hash);
        while self.pieces[piece].rows.len() >= PIECE && self.pieces[piece].depth < DEPTH_MAX {
            self.split(piece, hash, &hash_of);
            piece = self.piece(hash);
        }
        self.pieces[piece].rows.insert_unique(hash, row, |&other| hash_of(other));
    }

    /// Takes a row out.
    pub(crate) fn remove(&mut self, hash: u64, row: u32) {
        let piece = self.piece(hash);
        if let Ok(found) = self.pieces[piece].rows.find_entry(hash, |&other| other == row) {
            found.remove();
        }
    }

    fn piece(&self, hash: u64) -> usize {
        self.directory[prefix(hash, self.depth)] as usize
    }

    /// Splits the full piece in which `hash` lies.
    fn split(&mut self, full: usize, hash: u64, hash_of: &impl Fn(u32) -> u64) {
        let depth = self.pieces[full].depth;
        if depth == self.depth {
            self.directory.extend_from_within(..);
            self.depth += 1;
        }
        let new = self.pieces.len() as u32;
        let mut halves = [HashTable::with_capacity(PIECE), HashTable::with_capacity(PIECE)];
        // The order of a table is nobody's to see: it goes from one table into two.
        for row in core::mem::take(&mut self.pieces[full].rows) {
            let hash = hash_of(row);
            halves[prefix(hash, depth + 1) >> depth].insert_unique(hash, row, |&other| hash_of(other));
        }
        let [kept, moved] = halves;
        self.pieces[full] = Piece { rows: kept, depth: depth + 1 };
        self.pieces.push(Piece { rows: moved, depth: depth + 1 });
        let first = prefix(hash, depth) + (1 << depth);
        for place in (first..self.directory.len()).step_by(2 << depth) {
            self.directory[place] = new;
        }
    }
}

/// A hash out of the half that a row keeps of its own: a table looks at the upper bits, too.
pub(crate) fn spread(half: u32) -> u64 {
    u64::from(half).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The first `depth` bits of a hash, as the directory counts them: its upper half, since a piece looks at the ends of both.
fn prefix(hash: u64, depth: u32) -> usize {
    (hash >> 32) as usize & ((1 << depth) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash_of(row: u32) -> u64 {
        u64::from(row).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    #[test]
    fn every_row_is_found_while_the_table_grows_and_none_after_it_went() {
        let mut table = Table::default();
        for row in 0..20_000 {
            table.insert(hash_of(row), row, hash_of);
            assert_eq!(table.find(hash_of(row / 2), |found| found == row / 2), Some(row / 2));
        }
        assert!(table.pieces.iter().all(|piece| piece.rows.len() <= PIECE));
        for row in (0..20_000).step_by(2) {
            table.remove(hash_of(row), row);
        }
        let there = |row: u32| table.find(hash_of(row), |found| found == row).is_some();
        assert!((0..20_000).all(|row| there(row) == (row % 2 == 1)));
    }

    #[test]
    fn a_table_made_of_its_rows_finds_them_and_grows_beyond() {
        let rows: Vec<(u64, u32)> = (0..5_000).map(|row| (hash_of(row), row)).collect();
        let mut table = Table::of(&rows);
        assert_eq!(table.pieces.iter().map(|piece| piece.rows.len()).sum::<usize>(), 5_000);
        assert!(table.pieces.len() > 1 && table.pieces.iter().all(|piece| piece.rows.len() <= PIECE));
        (5_000..20_000).for_each(|row| table.insert(hash_of(row), row, hash_of));
        assert!((0..20_000).all(|row| table.find(hash_of(row), |found| found == row) == Some(row)));
        assert_eq!(Table::of(&[]).pieces.len(), 1);
    }

    #[test]
    fn rows_that_all_collide_are_still_found() {
        let mut table = Table::default();
        (0..2_000).for_each(|row| table.insert(7, row, |_| 7));
        assert!((0..2_000).all(|row| table.find(7, |found| found == row) == Some(row)));
        assert!(table.directory.len() <= 1 << DEPTH_MAX);
    }
}
