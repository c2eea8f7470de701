//! What happened, newest last: a ring that drops the oldest and counts what it dropped.

use alloc::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::instance::Cause;
use crate::name::{Actor, Address, NameId, Reason, ServiceKey};
use crate::time::Instant;

/// One thing that happened to an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Transition {
    /// Place in the journal, from 1 on without gaps. Ask for what came after the last one you have.
    pub sequence: u64,
    /// When it happened, which may be earlier than when the host looked.
    pub at: Instant,
    /// The instance's service.
    pub service: ServiceKey,
    /// The instance.
    pub address: Address,
    /// What happened.
    pub cause: Cause,
    /// Who did it; none where time did.
    pub by: Option<Actor>,
    /// Why, in an operator's words.
    pub because: Option<Reason>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) at: Instant,
    /// Slot of the instance.
    pub(crate) instance: u32,
    pub(crate) cause: Cause,
    pub(crate) by: Option<NameId>,
    pub(crate) because: Option<Reason>,
    /// Sequence number of the entry before it about the same instance, or 0.
    pub(crate) previous: u64,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Journal {
    entries: VecDeque<Entry>,
    /// How many were dropped.
    dropped: u64,
    max: u32,
}

impl Journal {
    pub(crate) fn new(max: u32) -> Journal {
        Journal { entries: VecDeque::new(), dropped: 0, max }
    }

    /// Adds an entry and returns its sequence number, with the name that the entry pushed out no longer needs.
    pub(crate) fn push(&mut self, entry: Entry) -> (u64, Option<NameId>) {
        let mut released = None;
        if self.entries.len() >= self.max as usize {
            released = self.entries.pop_front().and_then(|oldest| oldest.by);
            self.dropped += 1;
        }
        self.entries.push_back(entry);
        (self.newest(), released)
    }

    /// Sequence number of the newest entry; 0 when there is none yet.
    pub(crate) fn newest(&self) -> u64 {
        self.dropped + self.entries.len() as u64
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    pub(crate) fn entry(&self, sequence: u64) -> Option<&Entry> {
        let place = sequence.checked_sub(self.dropped + 1)?;
        self.entries.get(usize::try_from(place).ok()?)
    }

    /// Entries after `since`, with their sequence numbers.
    pub(crate) fn after(&self, since: u64) -> impl Iterator<Item = (u64, &Entry)> {
        let skip = since.saturating_sub(self.dropped).min(self.entries.len() as u64);
        self.entries
            .iter()
            .enumerate()
            .skip(skip as usize)
            .map(|(place, entry)| (self.dropped + 1 + place as u64, entry))
    }

    pub(crate) fn fits(&self, names: usize, rows: usize) -> bool {
        self.entries.len() <= self.max as usize
            && self
                .entries
                .iter()
                .all(|entry| (entry.instance as usize) < rows && entry.by.is_none_or(|by| (by.0 as usize) < names))
    }
}
