//! Writing down what happened, and reading it back.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::Registry;
use crate::account::{Entry, Silence, Transition};
use crate::instance::Cause;
use crate::name::{Actor, NameId, Reason};
use crate::time::Instant;
use crate::view::Fate;

/// Who did something and why; time itself has neither.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Author<'a> {
    /// A name that somebody holds meanwhile.
    pub(super) by: Option<NameId>,
    pub(super) because: Option<&'a Reason>,
    pub(super) silence: Option<Silence>,
}

impl Author<'_> {
    pub(super) fn time() -> Author<'static> {
        Author::default()
    }

    pub(super) fn of(by: NameId) -> Author<'static> {
        Author { by: Some(by), ..Author::default() }
    }

    pub(super) fn with(by: NameId, because: Option<&Reason>) -> Author<'_> {
        Author { by: Some(by), because, silence: None }
    }

    /// Time, by the silence of somebody who was not asked for a sign of life.
    pub(super) fn silence(since: Instant) -> Author<'static> {
        Author { silence: Some(Silence { since, asked: None }), ..Author::default() }
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
            because: entry.because.as_deref().cloned(),
            silence: entry.silence,
        }
    }

    /// Lets somebody act, whose name is held meanwhile.
    pub(super) fn acting<T>(&mut self, who: &Actor, act: impl FnOnce(&mut Registry, NameId) -> T) -> T {
        let name = self.names.intern(who.as_str());
        let outcome = act(self, name);
        self.names.release(name);
        outcome
    }

    /// Writes down what happened to an instance. The names of one that is gone last as long as this entry may.
    pub(super) fn note(&mut self, instance: u32, cause: Cause, author: &Author) {
        let by = self.hold(author);
        let previous = self.roster.row(instance).newest_entry;
        let (because, silence) = (author.because.map(|reason| Box::new(reason.clone())), author.silence);
        let entry = Entry { at: self.now, instance, cause, by, because, silence, previous };
        let newest = self.journal.push(entry);
        self.roster.noted(instance, newest);
        while let Some(dropped) = self.journal.drop_over(&self.policy.limits) {
            if let Some(name) = dropped.by {
                self.names.release(name);
            }
        }
    }

    pub(super) fn decide_fate(&mut self, instance: u32, cause: Cause, author: &Author) {
        let by = self.hold(author);
        let row = self.roster.row_mut(instance);
        let older = row.set_fate(Fate { at: self.now, cause, by });
        if !self.doubts.is_empty() {
            self.doubts.remove(&instance);
        }
        if let Some(name) = older.by {
            self.names.release(name);
        }
    }

    /// The author's name, counted once more.
    fn hold(&mut self, author: &Author) -> Option<NameId> {
        let by = author.by?;
        self.names.retain(by);
        Some(by)
    }

    /// Forgets gone instances that no entry of the journal speaks of any more.
    pub(super) fn forget_gone(&mut self) {
        while let Some(row) = self.roster.forget_one(self.policy.limits.journal_max as usize) {
            let memory = self.memory_key(row.key);
            let decided = self.overrides.get(memory).is_some() && self.rows_of(memory).is_empty();
            if decided && self.overrides.life_forgotten(memory) {
                self.release_override_key(memory);
            }
            self.contents.release(row.content);
            self.release_key(row.key);
            if let Some(by) = row.fate().by {
                self.names.release(by);
            }
        }
    }
}
