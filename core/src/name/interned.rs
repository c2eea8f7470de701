//! Names met once: a text that many rows share is stored once and counted.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::hint::black_box;

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;

use crate::pages::Pages;
use crate::slots::frees_exactly;
use crate::table::{Table, spread};

/// Which name. Small, so that rows carry names as numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct NameId(pub(crate) u32);

#[derive(Serialize, Deserialize)]
struct Entry {
    text: Box<str>,
    users: u32,
    /// Half of its hash, so that the table need not read the text again.
    #[serde(skip)]
    hash: u32,
}

/// Every text the registry holds, each once.
#[derive(Serialize, Deserialize)]
pub(crate) struct Names {
    entries: Pages<Entry>,
    // First in, first out: which id a name gets depends on the commands alone.
    free: VecDeque<u32>,
    #[serde(skip)]
    by_text: Table,
    #[serde(skip)]
    seed: (u64, u64),
}

impl Names {
    pub(crate) fn new(seed: (u64, u64)) -> Names {
        Names { entries: Pages::new(), free: VecDeque::new(), by_text: Table::default(), seed }
    }

    /// The id of `text`, counted once more. Give it back with [`Names::release`].
    pub(crate) fn intern(&mut self, text: &str) -> NameId {
        let hash = hash(self.seed, text);
        if let Some(id) = self.find_hashed(hash, text) {
            self.retain(id);
            return id;
        }
        let entry = Entry { text: text.into(), users: 1, hash };
        let slot = match self.free.pop_front() {
            Some(slot) => {
                self.entries[slot] = entry;
                slot
            }
            None => {
                self.entries.push(entry);
                (self.entries.len() - 1) as u32
            }
        };
        let Names { entries, by_text, .. } = self;
        by_text.insert(spread(hash), slot, |other| spread(entries[other].hash));
        NameId(slot)
    }

    pub(crate) fn find(&self, text: &str) -> Option<NameId> {
        self.find_hashed(hash(self.seed, text), text)
    }

    pub(crate) fn retain(&mut self, id: NameId) {
        self.entries[id.0].users += 1;
    }

    pub(crate) fn release(&mut self, id: NameId) {
        let entry = &mut self.entries[id.0];
        entry.users = entry.users.saturating_sub(1);
        if entry.users > 0 {
            return;
        }
        entry.text = Box::default();
        self.by_text.remove(spread(entry.hash), id.0);
        self.free.push_back(id.0);
    }

    /// Reads what the end of a name will write: see `registry/ahead.rs`.
    pub(crate) fn read_ahead(&self, id: NameId) {
        let entry = &self.entries[id.0];
        black_box((self.by_text.find(spread(entry.hash), |slot| slot == id.0), entry.text.as_bytes().first().copied()));
    }

    pub(crate) fn text(&self, id: NameId) -> &str {
        &self.entries[id.0].text
    }

    /// Number of ids ever given; ids are below it.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Number of names held.
    pub(crate) fn used(&self) -> u32 {
        (self.entries.len() - self.free.len()) as u32
    }

    /// Builds the index again after a restore; false when what is free is not what nobody uses.
    pub(crate) fn rebuild(&mut self, seed: (u64, u64)) -> bool {
        self.seed = seed;
        let mut rows = Vec::with_capacity(self.entries.len());
        for slot in 0..self.entries.len() as u32 {
            let entry = &mut self.entries[slot];
            entry.hash = hash(seed, &entry.text);
            if entry.users > 0 {
                rows.push((spread(entry.hash), slot));
            }
        }
        self.by_text = Table::of(&rows);
        let entries = &self.entries;
        frees_exactly(&self.free, entries.len(), |slot| entries[slot].users == 0)
    }

    fn find_hashed(&self, hash: u32, text: &str) -> Option<NameId> {
        let same = |slot: u32| self.entries[slot].hash == hash && &*self.entries[slot].text == text;
        self.by_text.find(spread(hash), same).map(NameId)
    }
}

/// SipHash-1-3: names come from strangers, and the seed from the host.
fn hash(seed: (u64, u64), text: &str) -> u32 {
    SipHasher13::new_with_keys(seed.0, seed.1).hash(text.as_bytes()) as u32
}
