//! Rule 7: several sources of one instance, what each of them says of it, and what readers get of that.

use alloc::vec::Vec;

use super::Registry;
use super::journal::Author;
use crate::account::{DifferingAccount, SayingAccount};
use crate::id::NONE;
use crate::instance::{Cause, Content, state};
use crate::memory::Override;
use crate::name::{ContentId, Metadata, NameId, Weight};
use crate::policy::{EnabledRule, Shared};
use crate::view::Saying;

/// A row that readers get.
#[derive(PartialEq)]
pub(super) struct Description {
    pub(super) instance: u32,
    /// Bits of [`state`].
    pub(super) bits: u32,
    pub(super) weight: Weight,
    pub(super) metadata: Metadata,
}

impl Registry {
    /// A source says what its instance is, which was there before or not. True when readers get something else by that.
    pub(super) fn say(&mut self, instance: u32, lease: u32, content: &Content, was_present: bool) -> bool {
        let said = self.contents.intern(content.weight, &content.metadata);
        let row = self.roster.row_mut(instance);
        let older = core::mem::replace(&mut row.content, said);
        let was_enabled = core::mem::replace(&mut row.enabled, content.enabled);
        let first = row.first_lease;
        let mut changed = older != said || was_enabled != content.enabled;
        if was_present && self.leases.row(first).next != NONE {
            let before = Saying { lease: first, content: older, enabled: was_enabled };
            changed =
                self.say_beside_others(instance, before, Saying { lease, content: said, enabled: content.enabled });
        }
        self.contents.release(older);
        changed
    }

    /// `before` is what the row said, `said` what it says now.
    #[cold]
    fn say_beside_others(&mut self, instance: u32, before: Saying, said: Saying) -> bool {
        if self.sayings.of(instance).is_empty() {
            // The first source was alone so far, and what the row said was its word.
            self.contents.retain(before.content);
            self.sayings.say(instance, before);
        }
        self.contents.retain(said.content);
        let known = self.sayings.of(instance).iter().any(|other| other.says_the_same(&said));
        let older = self.sayings.say(instance, said);
        if let Some(older) = older {
            self.contents.release(older.content);
        }
        match self.policy.view.shared {
            Shared::Newest => !said.says_the_same(&before),
            Shared::Each => older.map_or(!known, |older| !older.says_the_same(&said)),
        }
    }

    /// Whether somebody keeps an instance healthy, and whether its sources want traffic for it.
    pub(super) fn standing_of(&self, instance: u32) -> (bool, bool) {
        (self.is_alive(instance), self.is_published(instance))
    }

    /// A source left an instance that stood so before, and others still hold it. True when readers get another description by that.
    #[cold]
    pub(super) fn left_to_others(&mut self, instance: u32, lease: u32, source: NameId, before: (bool, bool)) -> bool {
        let changed = self.fall_still(instance, lease);
        match (before, self.standing_of(instance)) {
            // The one that kept it healthy went; the others had been silent for long.
            ((true, _), (false, _)) => {
                self.decide_fate(instance, Cause::Silent, &Author::time());
                self.note(instance, Cause::Silent, &Author::time());
            }
            ((_, was_published), (true, published)) if was_published != published => {
                self.decide_fate(instance, Cause::SourceLeft, &Author::of(source));
            }
            _ => {}
        }
        // It may have said how long it may be unhealthy.
        self.arm_check(instance);
        changed
    }

    /// A source says nothing any more, and others still hold its instance. True when readers get something else by that.
    fn fall_still(&mut self, instance: u32, lease: u32) -> bool {
        let Some((ended, alone)) = self.sayings.end(instance, lease) else { return false };
        self.contents.release(ended.content);
        let left = self.sayings.of(instance);
        let Some(newest) = alone.or(left.last().copied()) else { return false };
        let known = alone.iter().chain(left).any(|other| other.says_the_same(&ended));
        let row = self.roster.row_mut(instance);
        let before = core::mem::replace(&mut row.content, newest.content);
        let changed = before != newest.content || row.enabled != newest.enabled;
        row.enabled = newest.enabled;
        if alone.is_none() {
            self.contents.retain(newest.content);
        }
        self.contents.release(before);
        match self.policy.view.shared {
            Shared::Newest => changed,
            Shared::Each => !known,
        }
    }

    /// Whether readers may get several rows of an instance.
    #[inline]
    pub(super) fn is_apart(&self, instance: u32) -> bool {
        self.policy.view.shared == Shared::Each && !self.sayings.of(instance).is_empty()
    }

    /// Whether its sources publish it as one that takes traffic: the newest word, or any where each counts.
    #[inline]
    pub(super) fn is_published(&self, instance: u32) -> bool {
        if self.is_apart(instance) {
            self.sayings.of(instance).iter().any(|said| said.enabled)
        } else {
            self.roster.row(instance).enabled
        }
    }

    /// Whose word counts of an instance that is there: who said something last.
    pub(super) fn speaker(&self, instance: u32) -> u32 {
        let newest = self.sayings.of(instance).last().map(|said| said.lease);
        newest.unwrap_or(self.roster.row(instance).first_lease)
    }

    /// What the source of a lease says.
    pub(super) fn content_of(&self, instance: u32, lease: u32) -> ContentId {
        self.sayings.by(instance, lease).map_or(self.roster.row(instance).content, |said| said.content)
    }

    /// Adds the rows that readers get of an instance as things stand: one, or one for each description that differs.
    pub(super) fn describe(&self, instance: u32, rows: &mut Vec<Description>) {
        let bits = self.state_in_force(instance);
        if !self.is_apart(instance) {
            let (weight, metadata) = self.content_in_force(instance);
            rows.push(Description { instance, bits, weight, metadata });
            return;
        }
        let (first, allowed) = (rows.len(), allowed(self.decided(instance)));
        let own = state::HEALTHY | state::ENABLED | state::SERVED;
        for said in self.leases_of(instance).filter_map(|lease| self.sayings.by(instance, lease)) {
            let mut bits = bits & !own;
            bits |= if self.leases.is_alive(said.lease) { state::HEALTHY } else { 0 };
            bits |= if self.joins(said.enabled, allowed) { state::ENABLED | state::SERVED } else { 0 };
            let (weight, metadata) = self.decided_over(instance, said.content);
            let row = Description { instance, bits, weight, metadata };
            if !rows[first..].contains(&row) {
                rows.push(row);
            }
        }
    }

    /// What each of its sources says, where they do not all say the same.
    pub(super) fn differing(&self, instance: u32) -> Option<DifferingAccount> {
        let said = self.sayings.of(instance);
        let [first, others @ ..] = said else { return None };
        if others.iter().all(|other| other.says_the_same(first)) {
            return None;
        }
        let saying = |said: &Saying| {
            let (weight, metadata) = (self.contents.weight(said.content), self.contents.metadata(said.content));
            let content = Content { weight, enabled: said.enabled, metadata };
            let lease = self.leases.row(said.lease);
            let connection = self.sessions.at(lease.session).map(|session| self.actor(session.name));
            SayingAccount { source: self.actor(lease.source), connection, content }
        };
        Some(DifferingAccount { shared: self.policy.view.shared, sources: said.iter().map(saying).collect() })
    }

    /// Weight and metadata of an instance as things stand.
    pub(super) fn content_in_force(&self, instance: u32) -> (Weight, Metadata) {
        self.decided_over(instance, self.roster.row(instance).content)
    }

    /// What somebody says of an instance, and the operator's word over it.
    pub(super) fn decided_over(&self, instance: u32, said: ContentId) -> (Weight, Metadata) {
        let (weight, mut metadata) = (self.contents.weight(said), self.contents.metadata(said));
        let Some(decided) = self.decided(instance) else { return (weight, metadata) };
        if decided.hides_metadata {
            metadata = Metadata::default();
        }
        for (key, value) in &decided.metadata {
            metadata.set(key, &value.value);
        }
        (decided.weight.as_ref().map_or(weight, |weight| weight.value), metadata)
    }

    /// What operators decided about an instance.
    fn decided(&self, instance: u32) -> Option<&Override> {
        self.overrides.get(self.memory_key(self.roster.row(instance).key))
    }

    /// State bits of an instance as things stand, whether readers have them yet or not.
    pub(super) fn state_in_force(&self, instance: u32) -> u32 {
        let row = self.roster.row(instance);
        if row.first_lease == NONE {
            return 0;
        }
        if self.is_apart(instance) {
            return self.state_of_rows(instance);
        }
        let decided = self.overrides.get(self.memory_key(row.key));
        let mut bits = state::PRESENT;
        for (place, lease) in self.leases_of(instance).enumerate() {
            bits |= if self.leases.is_alive(lease) { state::HEALTHY } else { 0 };
            bits |= if place > 0 { state::SHARED } else { 0 };
        }
        if decided.is_some() {
            bits |= state::OVERRIDDEN;
        }
        if self.joins(row.enabled, allowed(decided)) {
            bits |= state::ENABLED | state::SERVED;
        }
        bits
    }

    /// The bits of an instance of several rows: of those that are served, if any is.
    #[cold]
    fn state_of_rows(&self, instance: u32) -> u32 {
        let decided = self.decided(instance);
        let allowed = allowed(decided);
        let serves = |said: &&Saying| self.joins(said.enabled, allowed);
        let alive = |said: &Saying| self.leases.is_alive(said.lease);
        let all = self.sayings.of(instance);
        let mut bits = state::PRESENT | state::SHARED;
        bits |= if decided.is_some() { state::OVERRIDDEN } else { 0 };
        let served = all.iter().any(|said| serves(&said));
        bits |= if served { state::ENABLED | state::SERVED } else { 0 };
        let healthy = all.iter().filter(|said| !served || serves(said)).any(alive);
        bits | if healthy { state::HEALTHY } else { 0 }
    }

    #[inline]
    fn joins(&self, published: bool, allowed: Option<bool>) -> bool {
        match (self.policy.overrides.enabled, allowed) {
            (_, None) => published,
            (EnabledRule::BothAllow, Some(allowed)) => published && allowed,
            (EnabledRule::OverrideWins, Some(allowed)) => allowed,
        }
    }
}

/// Whether an operator lets it take traffic, where one decided.
fn allowed(decided: Option<&Override>) -> Option<bool> {
    decided?.enabled.as_ref().map(|enabled| enabled.value)
}
