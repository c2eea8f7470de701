//! Which instances there are, present and lately gone.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::hint::black_box;

use serde::{Deserialize, Serialize};

use crate::id::{InstanceId, NONE, RETIRED, next_generation};
use crate::instance::{Cause, Key};
use crate::name::{ContentId, ContentPool, NameId};
use crate::pages::Pages;
use crate::table::Table;
use crate::time::Instant;

/// What last made or ended its presence or its health.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Fate {
    pub(crate) at: Instant,
    pub(crate) cause: Cause,
    pub(crate) by: Option<NameId>,
}

/// One line of the cache: whoever comes or goes reads and writes it whole.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[repr(align(64))]
pub(crate) struct Row {
    pub(crate) key: Key,
    /// Place among the members of its service, or [`NONE`].
    pub(crate) position: u32,
    /// First of its leases, or [`NONE`] when it is gone.
    pub(crate) first_lease: u32,
    /// What its provider says of it.
    pub(crate) content: ContentId,
    /// Low half of the sequence number of its newest entry in the journal. It tells which of several entries in the list of the gone is
    /// the last, too.
    pub(crate) newest_entry: u32,
    /// Newest incarnation ever seen here.
    pub(crate) incarnation: u64,
    fated_at: Instant,
    fated_by: NameId,
    fated_for: Cause,
    /// State bits as readers have them.
    state: u8,
    pub(crate) enabled: bool,
    used: bool,
    generation: u32,
}

/// Of which nobody's name is.
const NOBODY: NameId = NameId(NONE);

impl Row {
    pub(crate) fn state(&self) -> u32 {
        u32::from(self.state)
    }

    /// Shows other bits; the ones before come back.
    pub(crate) fn set_state(&mut self, bits: u32) -> u32 {
        u32::from(core::mem::replace(&mut self.state, bits as u8))
    }

    pub(crate) fn fate(&self) -> Fate {
        let by = (self.fated_by != NOBODY).then_some(self.fated_by);
        Fate { at: self.fated_at, cause: self.fated_for, by }
    }

    /// Decides otherwise; the fate before comes back.
    pub(crate) fn set_fate(&mut self, fate: Fate) -> Fate {
        let older = self.fate();
        (self.fated_at, self.fated_for, self.fated_by) = (fate.at, fate.cause, fate.by.unwrap_or(NOBODY));
        older
    }
}

/// A row that was gone when the journal's newest entry about it was this one.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Gone {
    slot: u32,
    newest_entry: u32,
    /// Of its key, once somebody asked.
    #[serde(skip)]
    hash: Option<u64>,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Roster {
    rows: Pages<Row>,
    free: VecDeque<u32>,
    /// Of the gone, oldest first.
    gone: VecDeque<Gone>,
    present: u32,
    #[serde(skip)]
    by_key: Table,
    #[serde(skip)]
    seed: (u64, u64),
}

impl Roster {
    pub(crate) fn new(seed: (u64, u64)) -> Roster {
        Roster {
            rows: Pages::new(),
            free: VecDeque::new(),
            gone: VecDeque::new(),
            present: 0,
            by_key: Table::default(),
            seed,
        }
    }

    pub(crate) fn find(&self, key: Key) -> Option<u32> {
        self.by_key.find(key.hash(self.seed), |slot| self.rows[slot].key == key)
    }

    pub(crate) fn row(&self, slot: u32) -> &Row {
        &self.rows[slot]
    }

    pub(crate) fn row_mut(&mut self, slot: u32) -> &mut Row {
        &mut self.rows[slot]
    }

    pub(crate) fn id(&self, slot: u32) -> InstanceId {
        InstanceId::new(slot, self.rows[slot].generation)
    }

    pub(crate) fn by_id(&self, id: InstanceId) -> Option<&Row> {
        self.rows.get(id.slot()).filter(|row| row.used && row.generation == id.generation())
    }

    /// Instances that some lease holds.
    pub(crate) fn present(&self) -> u32 {
        self.present
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// A row for `key`, gone until a lease holds it. The caller has counted the names in `key` for it.
    pub(crate) fn insert(&mut self, key: Key, fate: Fate) -> u32 {
        let mut row = Row {
            key,
            position: NONE,
            first_lease: NONE,
            content: ContentPool::PLAIN,
            newest_entry: 0,
            incarnation: 0,
            fated_at: fate.at,
            fated_by: fate.by.unwrap_or(NOBODY),
            fated_for: fate.cause,
            state: 0,
            enabled: true,
            used: true,
            generation: 1,
        };
        let slot = match self.free.pop_front() {
            Some(slot) => {
                row.generation = self.rows[slot].generation;
                self.rows[slot] = row;
                slot
            }
            None => {
                self.rows.push(row);
                self.rows.len() as u32 - 1
            }
        };
        let Roster { rows, by_key, seed, .. } = self;
        by_key.insert(key.hash(*seed), slot, |other| rows[other].key.hash(*seed));
        slot
    }

    /// Notes that a first lease holds it.
    pub(crate) fn arrived(&mut self) {
        self.present += 1;
    }

    /// Notes that a last lease left it.
    pub(crate) fn departed(&mut self) {
        self.present -= 1;
    }

    /// The journal has a new entry about it. A row that is gone stays for explanations, until `remembered` entries were made about others
    /// that are.
    pub(crate) fn noted(&mut self, slot: u32, newest: u64) {
        let row = &mut self.rows[slot];
        row.newest_entry = newest as u32;
        if row.first_lease == NONE {
            self.gone.push_back(Gone { slot, newest_entry: row.newest_entry, hash: None });
        }
    }

    /// The next row to forget when more than `remembered` are on the list; it is out of the index then.
    pub(crate) fn forget_one(&mut self, remembered: usize) -> Option<Row> {
        while self.gone.len() > remembered {
            let Gone { slot, newest_entry, hash } = *self.gone.front()?;
            let row = &mut self.rows[slot];
            let is_gone = row.used && row.first_lease == NONE && row.newest_entry == newest_entry;
            if is_gone && row.position != NONE {
                // Readers still have it until the view is computed again.
                return None;
            }
            self.gone.pop_front();
            if !is_gone {
                continue;
            }
            row.used = false;
            row.generation = next_generation(row.generation);
            let forgotten = row.clone();
            self.by_key.remove(hash.unwrap_or_else(|| forgotten.key.hash(self.seed)), slot);
            if forgotten.generation != RETIRED {
                self.free.push_back(slot);
            }
            return Some(forgotten);
        }
        None
    }

    /// Reads what the end of the next rows will write, those first that went longest ago: see `registry/ahead.rs`.
    pub(crate) fn read_ahead(&mut self, count: usize) -> impl Iterator<Item = Key> + '_ {
        let Roster { rows, gone, by_key, seed, .. } = self;
        // One kind of line after another: where there is little to do between them, they wait together.
        gone.iter().take(count).for_each(|gone| _ = black_box(rows[gone.slot].used));
        for gone in gone.iter_mut().take(count) {
            gone.hash.get_or_insert_with(|| rows[gone.slot].key.hash(*seed));
        }
        gone.iter().take(count).map(|gone| {
            black_box(gone.hash.and_then(|hash| by_key.find(hash, |slot| slot == gone.slot)));
            rows[gone.slot].key
        })
    }

    /// Builds the index again after a restore; false when the rows do not fit together.
    pub(crate) fn rebuild(&mut self, seed: (u64, u64), fits: impl Fn(&Row) -> bool) -> bool {
        self.seed = seed;
        let mut hashed = Vec::with_capacity(self.rows.len());
        for (slot, row) in (0..).zip(self.rows.iter()) {
            if !fits(row) {
                return false;
            }
            if row.used {
                hashed.push((row.key.hash(seed), slot));
            }
        }
        self.by_key = Table::of(&hashed);
        let rows = self.rows.len();
        self.free.iter().chain(self.gone.iter().map(|gone| &gone.slot)).all(|&slot| (slot as usize) < rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_one_line_of_the_cache() {
        use crate::{account::Entry, liveness::Lease};
        assert_eq!((size_of::<Row>(), size_of::<Entry>(), size_of::<Lease>()), (64, 56, 32));
    }
}
