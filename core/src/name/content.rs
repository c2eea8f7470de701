//! What instances say of themselves, but for their switch: weight and metadata. Equal contents are stored once, since fleets share a
//! few dozen.

use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::hash::Hasher;

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher13;

use super::{Metadata, Weight};
use crate::slots::frees_exactly;
use crate::table::Table;

/// Which content. [`ContentPool::PLAIN`] is the one that says nothing: weight 1 and no metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ContentId(u32);

#[derive(Serialize, Deserialize)]
struct Entry {
    weight: Weight,
    metadata: Metadata,
    users: u32,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct ContentPool {
    entries: Vec<Entry>,
    free: VecDeque<u32>,
    #[serde(skip)]
    by_content: Table,
    #[serde(skip)]
    seed: (u64, u64),
}

impl ContentPool {
    pub(crate) const PLAIN: ContentId = ContentId(u32::MAX);

    pub(crate) fn new(seed: (u64, u64)) -> ContentPool {
        ContentPool { entries: Vec::new(), free: VecDeque::new(), by_content: Table::default(), seed }
    }

    /// The id of a content, counted once more. Give it back with [`ContentPool::release`].
    pub(crate) fn intern(&mut self, weight: Weight, metadata: &Metadata) -> ContentId {
        if metadata.entries().is_empty() && weight == Weight::default() {
            return ContentPool::PLAIN;
        }
        let hashed = hash(self.seed, weight, metadata);
        let ContentPool { entries, free, by_content, seed } = self;
        let same = |entry: &Entry| entry.weight == weight && entry.metadata == *metadata;
        if let Some(slot) = by_content.find(hashed, |slot| same(&entries[slot as usize])) {
            entries[slot as usize].users += 1;
            return ContentId(slot);
        }
        let entry = Entry { weight, metadata: metadata.clone(), users: 1 };
        let slot = match free.pop_front() {
            Some(slot) => {
                entries[slot as usize] = entry;
                slot
            }
            None => {
                entries.push(entry);
                (entries.len() - 1) as u32
            }
        };
        by_content.insert(hashed, slot, |other| hash_of(*seed, &entries[other as usize]));
        ContentId(slot)
    }

    /// Counts a content once more.
    pub(crate) fn retain(&mut self, id: ContentId) {
        if id != ContentPool::PLAIN {
            self.entries[id.0 as usize].users += 1;
        }
    }

    pub(crate) fn release(&mut self, id: ContentId) {
        if id == ContentPool::PLAIN {
            return;
        }
        let entry = &mut self.entries[id.0 as usize];
        entry.users = entry.users.saturating_sub(1);
        if entry.users > 0 {
            return;
        }
        let hashed = hash_of(self.seed, entry);
        entry.metadata = Metadata::default();
        self.by_content.remove(hashed, id.0);
        self.free.push_back(id.0);
    }

    pub(crate) fn weight(&self, id: ContentId) -> Weight {
        if id == ContentPool::PLAIN { Weight::default() } else { self.entries[id.0 as usize].weight }
    }

    pub(crate) fn metadata(&self, id: ContentId) -> Metadata {
        if id == ContentPool::PLAIN { Metadata::default() } else { self.entries[id.0 as usize].metadata.clone() }
    }

    pub(crate) fn holds(&self, id: ContentId) -> bool {
        id == ContentPool::PLAIN || (id.0 as usize) < self.entries.len()
    }

    /// Builds the index again after a restore; false when what is free is not what nobody uses.
    pub(crate) fn rebuild(&mut self, seed: (u64, u64)) -> bool {
        self.seed = seed;
        let entries = &self.entries;
        let used = (0..).zip(entries).filter(|(_, entry)| entry.users > 0);
        self.by_content = Table::of(&used.map(|(slot, entry)| (hash_of(seed, entry), slot)).collect::<Vec<_>>());
        frees_exactly(&self.free, entries.len(), |slot| entries[slot as usize].users == 0)
    }
}

fn hash_of(seed: (u64, u64), entry: &Entry) -> u64 {
    hash(seed, entry.weight, &entry.metadata)
}

fn hash(seed: (u64, u64), weight: Weight, metadata: &Metadata) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(seed.0, seed.1);
    hasher.write_u64(weight.get().to_bits());
    for (key, value) in metadata.entries() {
        // Lengths first: `ab`=`c` and `a`=`bc` are not the same.
        hasher.write_u64(key.len() as u64);
        hasher.write(key.as_bytes());
        hasher.write_u64(value.len() as u64);
        hasher.write(value.as_bytes());
    }
    hasher.finish()
}
