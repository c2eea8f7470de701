//! What happened, newest last: a ring bounded by count and by bytes, which drops the oldest and counts what it dropped.

use alloc::boxed::Box;
use alloc::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::instance::Cause;
use crate::name::{Actor, Address, NameId, Reason, ServiceKey};
use crate::policy::Limits;
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
    /// The silence that brought it about, where one did.
    pub silence: Option<Silence>,
}

/// A silence that had a consequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// The last sign of life before it.
    pub since: Instant,
    /// When the connection was asked for another one; none for claims by beats, which are not asked.
    pub asked: Option<Instant>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) at: Instant,
    /// Slot of the instance.
    pub(crate) instance: u32,
    pub(crate) cause: Cause,
    pub(crate) by: Option<NameId>,
    /// In a box, since few have one: without it an entry fits into one line of the cache.
    pub(crate) because: Option<Box<Reason>>,
    pub(crate) silence: Option<Silence>,
    /// Low half of the sequence number of the entry before it about the same instance, or 0.
    pub(crate) previous: u32,
}

impl Entry {
    /// What an entry counts for, in bytes, beside its reason's text.
    pub(crate) const COST: u64 = 64;

    fn bytes(&self) -> u64 {
        Entry::COST + self.because.as_ref().map_or(0, |reason| reason.as_str().len() as u64)
    }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Journal {
    entries: VecDeque<Entry>,
    bytes: u64,
    /// How many were dropped.
    dropped: u64,
}

impl Journal {
    pub(crate) const fn new() -> Journal {
        Journal { entries: VecDeque::new(), bytes: 0, dropped: 0 }
    }

    /// Adds an entry and returns its sequence number.
    pub(crate) fn push(&mut self, entry: Entry) -> u64 {
        self.bytes += entry.bytes();
        self.entries.push_back(entry);
        self.newest()
    }

    /// Drops the oldest entry while there are more than the limits allow.
    pub(crate) fn drop_over(&mut self, limits: &Limits) -> Option<Entry> {
        let over = self.entries.len() > limits.journal_max as usize || self.bytes > u64::from(limits.journal_bytes_max);
        let oldest = if over { self.entries.pop_front()? } else { return None };
        self.bytes -= oldest.bytes();
        self.dropped += 1;
        Some(oldest)
    }

    pub(crate) fn len(&self) -> u32 {
        self.entries.len() as u32
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Sequence number of the newest entry; 0 when there is none yet.
    pub(crate) fn newest(&self) -> u64 {
        self.dropped + self.entries.len() as u64
    }

    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The newest sequence number with this low half; 0 when there was none yet. It may have been dropped, and be another instance's by now.
    pub(crate) fn sequence(&self, low: u32) -> u64 {
        let newest = self.newest();
        newest.saturating_sub(u64::from((newest as u32).wrapping_sub(low)))
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

    pub(crate) fn fits(&self, limits: &Limits, names: usize, rows: usize) -> bool {
        self.entries.len() <= limits.journal_max as usize
            && self.bytes == self.entries.iter().map(Entry::bytes).sum::<u64>()
            && self.bytes <= u64::from(limits.journal_bytes_max)
            && self
                .entries
                .iter()
                .all(|entry| (entry.instance as usize) < rows && entry.by.is_none_or(|by| (by.0 as usize) < names))
    }
}
