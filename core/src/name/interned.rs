//! Names met once: a text that many rows share is stored once and counted.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::hash::Hasher;

use hashbrown::HashTable;
use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;

/// Which name. Small, so that rows carry names as numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct NameId(pub(crate) u32);

#[derive(Serialize, Deserialize)]
struct Entry {
    text: Box<str>,
    users: u32,
}

/// Every text the registry holds, each once.
#[derive(Serialize, Deserialize)]
pub(crate) struct Names {
    entries: Vec<Entry>,
    // First in, first out: which id a name gets depends on the commands alone.
    free: VecDeque<u32>,
    #[serde(skip)]
    by_text: HashTable<u32>,
    #[serde(skip)]
    seed: (u64, u64),
}

impl Names {
    pub(crate) fn new(seed: (u64, u64)) -> Names {
        Names { entries: Vec::new(), free: VecDeque::new(), by_text: HashTable::new(), seed }
    }

    /// The id of `text`, counted once more. Give it back with [`Names::release`].
    pub(crate) fn intern(&mut self, text: &str) -> NameId {
        if let Some(id) = self.find(text) {
            self.retain(id);
            return id;
        }
        let entry = Entry { text: text.into(), users: 1 };
        let slot = match self.free.pop_front() {
            Some(slot) => {
                self.entries[slot as usize] = entry;
                slot
            }
            None => {
                self.entries.push(entry);
                (self.entries.len() - 1) as u32
            }
        };
        let Names { entries, by_text, seed, .. } = self;
        by_text.insert_unique(hash(*seed, text), slot, |&other| hash(*seed, &entries[other as usize].text));
        NameId(slot)
    }

    pub(crate) fn find(&self, text: &str) -> Option<NameId> {
        let found = self.by_text.find(hash(self.seed, text), |&slot| &*self.entries[slot as usize].text == text);
        found.map(|&slot| NameId(slot))
    }

    pub(crate) fn retain(&mut self, id: NameId) {
        self.entries[id.0 as usize].users += 1;
    }

    pub(crate) fn release(&mut self, id: NameId) {
        let entry = &mut self.entries[id.0 as usize];
        entry.users = entry.users.saturating_sub(1);
        if entry.users > 0 {
            return;
        }
        let text = core::mem::take(&mut entry.text);
        if let Ok(found) = self.by_text.find_entry(hash(self.seed, &text), |&slot| slot == id.0) {
            found.remove();
        }
        self.free.push_back(id.0);
    }

    pub(crate) fn text(&self, id: NameId) -> &str {
        &self.entries[id.0 as usize].text
    }

    /// Number of ids ever given; ids are below it.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Number of names held.
    pub(crate) fn used(&self) -> u32 {
        self.by_text.len() as u32
    }

    /// Builds the index again after a restore.
    pub(crate) fn reindex(&mut self, seed: (u64, u64)) {
        self.seed = seed;
        self.by_text = HashTable::with_capacity(self.entries.len());
        let entries = &self.entries;
        for (slot, entry) in entries.iter().enumerate() {
            if entry.users > 0 {
                let hashed = hash(seed, &entry.text);
                self.by_text.insert_unique(hashed, slot as u32, |&other| hash(seed, &entries[other as usize].text));
            }
        }
    }
}

/// SipHash-1-3: names come from strangers, and the seed from the host.
pub(crate) fn hash(seed: (u64, u64), text: &str) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(seed.0, seed.1);
    hasher.write(text.as_bytes());
    hasher.finish()
}
