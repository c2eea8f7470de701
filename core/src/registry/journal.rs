//! Writing down what happened, and reading it back.

use alloc::vec::Vec;

use super::Registry;
use crate::account::{Entry, Silence, Transition};
use crate::instance::Cause;
use crate::name::{Actor, Reason};
use crate::view::Fate;

/// Who did something and why; time itself has neither.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Author<'a> {
    pub(super) by: Option<&'a Actor>,
    pub(super) because: Option<&'a Reason>,
    pub(super) silence: Option<Silence>,
}

impl Author<'_> {
    pub(super) fn time() -> Author<'static> {
        Author::default()
    }

    pub(super) fn of(by: &Actor) -> Author<'_> {
        Author { by: Some(by), ..Author::default() }
    }

    pub(super) fn with<'a>(by: &'a Actor, because: Option<&'a Reason>) -> Author<'a> {
        Author { by: Some(by), because, silence: None }
    }

    /// Time, by somebody's silence.
    pub(super) fn silence(silence: Option<Silence>) -> Author<'static> {
        Author { silence, ..Author::default() }
    }
}

impl Registry {
    /// What happened after entry `since` (0 for all that is remembered), oldest first.
    pub fn transitions(&self, since: u64) -> Vec<Transition> {
        self.journal.after(since).map(|(sequence, entry)| self.transition(sequence, entry)).collect()
    }

    /// How many entries the journal dropped because it was full.
    pub fn transitions_dropped(&self) -> u64 {
        self.journal.dropped()
    }

    /// Sequence number of the newest entry; 0 before anything happened.
    pub fn newest_transition(&self) -> u64 {
        self.journal.newest()
    }

    pub(super) fn transition(&self, sequence: u64, entry: &Entry) -> Transition {
        let key = self.roster.row(entry.instance).key;
        Transition {
            sequence,
            at: entry.at,
            service: self.service_key(key.service),
            address: self.address(key),
            cause: entry.cause,
            by: entry.by.map(|by| self.actor(by)),
            because: entry.because.clone(),
            silence: entry.silence,
        }
    }

    pub(super) fn note(&mut self, instance: u32, cause: Cause, author: &Author) {
        let by = author.by.map(|by| self.names.intern(by.as_str()));
        let previous = self.roster.row(instance).newest_entry;
        let (because, silence) = (author.because.cloned(), author.silence);
        let entry = Entry { at: self.now, instance, cause, by, because, silence, previous };
        self.roster.row_mut(instance).newest_entry = self.journal.push(entry);
        while let Some(dropped) = self.journal.drop_over(&self.policy.limits) {
            if let Some(name) = dropped.by {
                self.names.release(name);
            }
        }
    }

    /// As [`Registry::note`], of an instance that may be gone: its names then last as long as this entry may.
    pub(super) fn note_lasting(&mut self, instance: u32, cause: Cause, author: &Author) {
        self.note(instance, cause, author);
        self.roster.linger(instance);
    }

    pub(super) fn decide_fate(&mut self, instance: u32, cause: Cause, author: &Author) {
        let by = author.by.map(|by| self.names.intern(by.as_str()));
        let row = self.roster.row_mut(instance);
        if core::mem::take(&mut row.streak) > 0 {
            self.observers.remove(&instance);
        }
        let older = core::mem::replace(&mut row.fate, Fate { at: self.now, cause, by });
        if let Some(name) = older.by {
            self.names.release(name);
        }
    }

    /// Forgets gone instances that no entry of the journal speaks of any more.
    pub(super) fn forget_gone(&mut self) {
        while let Some(row) = self.roster.forget_one(self.policy.limits.journal_max as usize) {
            let memory = self.memory_key(row.key);
            if self.rows_of(memory).is_empty() && self.overrides.life_forgotten(memory) {
                self.release_override_key(memory);
            }
            self.metadata.release(row.metadata);
            self.release_key(row.key);
            if let Some(by) = row.fate.by {
                self.names.release(by);
            }
        }
    }
}
