//! Metadata of an instance: short texts by key. Equal metadata is stored once, since fleets share a few dozen sets.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::hash::Hasher;

use serde::{Deserialize, Deserializer, Serialize};
use siphasher::sip::SipHasher13;

use crate::error::Error;
use crate::table::Table;

const BYTES_MAX: usize = 64 * 1024;

/// Keys and values of an instance, at most 64 KiB together; `Policy::limits.metadata_bytes_max` may be stricter.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Metadata(BTreeMap<String, String>);

impl Metadata {
    /// Refuses an empty key and more than 64 KiB.
    pub fn new(entries: BTreeMap<String, String>) -> Result<Metadata, Error> {
        let metadata = Metadata(entries);
        if metadata.0.keys().any(String::is_empty) {
            return Err(Error::invalid("metadata", "an empty key", "keys of at least 1 byte"));
        }
        if metadata.bytes() > BYTES_MAX {
            return Err(Error::invalid("metadata", format!("{} bytes", metadata.bytes()), "at most 65536 bytes"));
        }
        Ok(metadata)
    }

    /// Length of all keys and values together.
    pub fn bytes(&self) -> usize {
        self.0.iter().map(|(key, value)| key.len() + value.len()).sum()
    }

    /// The value of `key`.
    pub fn value(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// All entries, by key.
    pub fn entries(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    pub(crate) fn set(&mut self, key: &str, value: &str) {
        self.0.insert(key.into(), value.into());
    }
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Metadata, D::Error> {
        Metadata::new(BTreeMap::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// Which metadata. [`MetadataPool::EMPTY`] is the one without entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MetadataId(pub(crate) u32);

#[derive(Serialize, Deserialize)]
struct Entry {
    metadata: Metadata,
    users: u32,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct MetadataPool {
    entries: Vec<Entry>,
    free: VecDeque<u32>,
    #[serde(skip)]
    by_content: Table,
    #[serde(skip)]
    seed: (u64, u64),
}

impl MetadataPool {
    pub(crate) const EMPTY: MetadataId = MetadataId(u32::MAX);

    pub(crate) fn new(seed: (u64, u64)) -> MetadataPool {
        MetadataPool { entries: Vec::new(), free: VecDeque::new(), by_content: Table::default(), seed }
    }

    pub(crate) fn intern(&mut self, metadata: &Metadata) -> MetadataId {
        if metadata.0.is_empty() {
            return MetadataPool::EMPTY;
        }
        let hashed = hash(self.seed, metadata);
        let MetadataPool { entries, free, by_content, seed } = self;
        if let Some(slot) = by_content.find(hashed, |slot| entries[slot as usize].metadata == *metadata) {
            entries[slot as usize].users += 1;
            return MetadataId(slot);
        }
        let entry = Entry { metadata: metadata.clone(), users: 1 };
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
        by_content.insert(hashed, slot, |other| hash(*seed, &entries[other as usize].metadata));
        MetadataId(slot)
    }

    pub(crate) fn release(&mut self, id: MetadataId) {
        if id == MetadataPool::EMPTY {
            return;
        }
        let entry = &mut self.entries[id.0 as usize];
        entry.users = entry.users.saturating_sub(1);
        if entry.users > 0 {
            return;
        }
        let metadata = core::mem::take(&mut entry.metadata);
        self.by_content.remove(hash(self.seed, &metadata), id.0);
        self.free.push_back(id.0);
    }

    pub(crate) fn content(&self, id: MetadataId) -> Metadata {
        if id == MetadataPool::EMPTY { Metadata::default() } else { self.entries[id.0 as usize].metadata.clone() }
    }

    pub(crate) fn holds(&self, id: MetadataId) -> bool {
        id == MetadataPool::EMPTY || (id.0 as usize) < self.entries.len()
    }

    /// Builds the index again after a restore; false when what is free is not what nobody uses.
    pub(crate) fn rebuild(&mut self, seed: (u64, u64)) -> bool {
        self.seed = seed;
        self.by_content = Table::default();
        let entries = &self.entries;
        for (slot, entry) in entries.iter().enumerate() {
            if entry.users > 0 {
                let hashed = hash(seed, &entry.metadata);
                self.by_content.insert(hashed, slot as u32, |other| hash(seed, &entries[other as usize].metadata));
            }
        }
        let unused: Vec<u32> = (0..entries.len() as u32).filter(|&slot| entries[slot as usize].users == 0).collect();
        let mut free: Vec<u32> = self.free.iter().copied().collect();
        free.sort_unstable();
        free == unused
    }
}

fn hash(seed: (u64, u64), metadata: &Metadata) -> u64 {
    let mut hasher = SipHasher13::new_with_keys(seed.0, seed.1);
    for (key, value) in &metadata.0 {
        // Lengths first: `ab`=`c` and `a`=`bc` are not the same.
        hasher.write_u64(key.len() as u64);
        hasher.write(key.as_bytes());
        hasher.write_u64(value.len() as u64);
        hasher.write(value.as_bytes());
    }
    hasher.finish()
}
