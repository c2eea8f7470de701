//! Metadata of an instance: short texts by key.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;

use serde::{Deserialize, Deserializer, Serialize};

use crate::error::Error;

const BYTES_MAX: usize = 64 * 1024;

/// Keys and values of an instance, at most 64 KiB together; `Policy::limits.metadata_bytes_max` may be stricter.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Metadata(BTreeMap<String, String>);

impl Metadata {
    pub(crate) const NONE: Metadata = Metadata(BTreeMap::new());

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
