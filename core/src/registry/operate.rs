//! What operators do: removing, fencing, overriding.

use alloc::vec::Vec;

use super::journal::Author;
use super::{Registry, Timer};
use crate::command::{Outcome, OverrideField, Removal};
use crate::error::Error;
use crate::instance::{Cause, Key, Kind};
use crate::liveness::times_of;
use crate::memory::{Fence, Fields, OverrideChange};
use crate::name::{Actor, Address, Metadata, ServiceKey, Weight};
use crate::time::{Instant, Span};
use crate::view::Settings;

/// Instances with the weight and the metadata that readers get of each.
type Contents = Vec<(u32, (Weight, Metadata))>;

impl Registry {
    /// Ends every claim on an instance and fences the life that ended: its beats and retries are told to stop.
    pub fn remove(&mut self, now: Instant, removal: &Removal) -> Result<Outcome, Error> {
        self.settle(now);
        let Removal { service, address, by, because, fence_for } = removal;
        let Some(instance) = self.find_present(service, address, None) else {
            return Err(Registry::unknown_instance(service, address));
        };
        let key = self.memory_key(self.roster.row(instance).key);
        let keeps = fence_for.unwrap_or(self.policy.fence.removal);
        let leases: Vec<u32> = self.leases_of(instance).collect();
        if keeps != Span::ZERO {
            let mut others = Vec::with_capacity(leases.len());
            for &lease in &leases {
                let source = self.leases.row(lease).source;
                if !others.contains(&source) {
                    self.names.retain(source);
                    others.push(source);
                }
            }
            let fence = Fence {
                incarnation: self.roster.row(instance).incarnation,
                source: None,
                others,
                at: self.now,
                until: self.now + keeps,
                by: self.names.intern(by.as_str()),
                because: because.clone(),
                by_operator: true,
            };
            self.set_fence(key, fence);
        }
        self.acting(by, |registry, by| {
            for &lease in &leases {
                registry.withdraw(lease, Cause::Removed, &Author::with(by, because.as_ref()));
            }
        });
        let fenced_until = self.fences.get(key).map(|fence| fence.until);
        Ok(Outcome::Removed { withdrawn: leases.len() as u32, fenced_until })
    }

    /// Lets the fenced life come back.
    pub fn lift_fence(
        &mut self,
        now: Instant,
        service: &ServiceKey,
        address: &Address,
        by: &Actor,
    ) -> Result<Outcome, Error> {
        self.settle(now);
        let Some(key) = self.find_memory(service, address, |key| self.fences.get(key).is_some()) else {
            return Err(Registry::unknown_instance(service, address));
        };
        self.drop_fences(key, None);
        self.acting(by, |registry, by| {
            for instance in registry.rows_of(key) {
                registry.note(instance, Cause::FenceLifted, &Author::of(by));
            }
        });
        Ok(Outcome::FenceLifted)
    }

    /// Decides about an instance, whether it is there or not. It holds for as long as its lifetime says.
    pub fn set_override(&mut self, now: Instant, change: &OverrideChange) -> Result<Outcome, Error> {
        self.settle(now);
        let keys = change.metadata.as_ref().map_or(0, |metadata| metadata.entries().len());
        if change.enabled.is_none() && change.weight.is_none() && keys == 0 {
            return Err(Error::invalid("set_override", "nothing", "enabled, weight or at least one key of metadata"));
        }
        self.check_times_decided(change)?;
        self.refuse_owner(change)?;
        let service = self.ensure_service(&change.service);
        let place = self.place(&change.service, &change.address);
        let instance = self.present_at(place, change.kind);
        let kind = instance.map_or(change.kind.unwrap_or_default(), |slot| self.roster.row(slot).key.kind);
        let key = self.intern_key(service, place, &change.address, kind);
        let key = self.memory_key(key);
        if self.overrides.get(key).is_some() {
            // The memory keeps one count of the names, however often it is written.
            self.release_key(key);
        }
        let life = instance.map_or(0, |slot| self.roster.row(slot).incarnation);
        let absent = instance.is_none();
        let before = self.contents(key);
        self.overrides.set(&self.policy.overrides, self.now, key, change, life, absent);
        self.arm_override(key);
        self.services.get_mut(service).changed_at = self.now;
        self.acting(&change.by, |registry, by| {
            registry.tell_override(before, Cause::OverrideSet, &Author::with(by, change.because.as_ref()));
        });
        Ok(Outcome::OverrideSet)
    }

    /// Takes a decision back: one field, or all of them.
    pub fn clear_override(
        &mut self,
        now: Instant,
        service: &ServiceKey,
        address: &Address,
        by: &Actor,
        field: Option<&OverrideField>,
    ) -> Result<Outcome, Error> {
        self.settle(now);
        let fields = match field {
            None => Fields::All,
            Some(OverrideField::Enabled) => Fields::Enabled,
            Some(OverrideField::Weight) => Fields::Weight,
            Some(OverrideField::Metadata(key)) => Fields::Metadata(key),
        };
        let Some(key) = self.find_memory(service, address, |key| self.overrides.has(key, &fields)) else {
            return Err(Registry::unknown_instance(service, address));
        };
        let before = self.contents(key);
        self.overrides.clear(key, &fields);
        self.release_override_key(key);
        self.acting(by, |registry, by| {
            registry.tell_override(before, Cause::OverrideCleared, &Author::of(by));
        });
        Ok(Outcome::OverrideCleared)
    }

    /// Ends a decision whose lifetime ended at another node; the policy says whether readers hear of it.
    pub fn end_override(&mut self, now: Instant, service: &ServiceKey, address: &Address) -> Result<Outcome, Error> {
        self.settle(now);
        let Some(key) = self.find_memory(service, address, |key| self.overrides.get(key).is_some()) else {
            return Err(Registry::unknown_instance(service, address));
        };
        let before = self.contents(key);
        self.overrides.clear(key, &Fields::All);
        self.override_ended(key, before);
        Ok(Outcome::OverrideEnded)
    }

    /// Refuses a source that decides about what it holds itself, where the policy says so: it may say the same by registering.
    fn refuse_owner(&self, change: &OverrideChange) -> Result<(), Error> {
        let instance = self.find_present(&change.service, &change.address, change.kind);
        let holds = instance.is_some_and(|slot| self.holders(slot).contains(&change.by));
        if holds && !self.policy.overrides.by_owner {
            let found = alloc::format!("{}, who holds {}", change.by, change.address);
            return Err(Error::invalid(
                "set_override.by",
                found,
                "an operator; its source registers it as it should be",
            ));
        }
        Ok(())
    }

    /// Refuses an operator's times that the policy would refuse of a provider, where they can be told alone.
    fn check_times_decided(&self, change: &OverrideChange) -> Result<(), Error> {
        let instance = self.find_present(&change.service, &change.address, change.kind);
        let mut metadata = instance.map(|slot| self.content_in_force(slot).1).unwrap_or_default();
        for (key, value) in change.metadata.iter().flat_map(Metadata::entries) {
            metadata.set(key, value);
        }
        match times_of(&self.policy.expiry, &metadata) {
            Err(error) if change.metadata.is_some() => Err(error.within("set_override")),
            _ => Ok(()),
        }
    }

    pub(super) fn set_fence(&mut self, key: Key, fence: Fence) {
        let (until, by_operator) = (fence.until, fence.by_operator);
        let (unneeded, stood) = self.fences.set(key, fence);
        for name in unneeded {
            self.names.release(name);
        }
        if !stood {
            self.retain_key(key);
        }
        // An older fence that lasts longer has a timer of its own.
        // Owners' fences last equally long, so that their ends come in order.
        if by_operator {
            self.timers.insert(until, Timer::Fence(key));
        } else {
            self.timers.append(until, Timer::Fence(key));
        }
    }

    /// Drops the fences of a key that ended by `now`; all of them without a moment.
    pub(super) fn drop_fences(&mut self, key: Key, now: Option<Instant>) {
        for fence in self.fences.lift(key, now) {
            for name in fence.names() {
                self.names.release(name);
            }
            self.release_key(key);
        }
    }

    pub(super) fn arm_override(&mut self, key: Key) {
        let end = self.overrides.get(key).and_then(|entry| entry.next_end(&self.policy.overrides));
        if let Some(end) = end {
            self.timers.insert(end, Timer::Override(key));
        }
    }

    /// Ends what has come to its end; the policy says whether readers hear of it.
    pub(super) fn override_due(&mut self, key: Key) {
        let before = self.contents(key);
        let ended = self.overrides.end_due(&self.policy.overrides, self.now, key);
        self.arm_override(key);
        if ended {
            self.override_ended(key, before);
        }
    }

    fn override_ended(&mut self, key: Key, before: Contents) {
        self.release_override_key(key);
        if self.policy.overrides.end_drops_settings && !self.overrides.any_in(key.service) {
            self.services.get_mut(key.service).set(Settings::default());
            self.free_service(key.service);
        }
        if self.policy.overrides.end_is_told {
            return self.tell_override(before, Cause::OverrideEnded, &Author::time());
        }
        for (instance, _) in before {
            self.note(instance, Cause::OverrideEnded, &Author::time());
            self.retime(instance);
        }
    }

    /// Entries of the memory, for hosts that list or back them up: service, address and what was decided.
    pub fn overridden(&self) -> Vec<(ServiceKey, Address)> {
        let mut keys: Vec<_> =
            self.overrides.all().map(|(key, _)| (self.service_key(key.service), self.address(*key))).collect();
        keys.sort_unstable();
        keys
    }

    /// Instances whose ended life is fenced.
    pub fn fenced(&self) -> Vec<(ServiceKey, Address)> {
        let mut keys: Vec<_> =
            self.fences.all().map(|(key, _)| (self.service_key(key.service), self.address(*key))).collect();
        keys.sort_unstable();
        keys
    }

    /// What the instances of a key show, to be told apart from what they show later.
    fn contents(&self, key: Key) -> Contents {
        self.rows_of(key).into_iter().map(|instance| (instance, self.content_in_force(instance))).collect()
    }

    fn tell_override(&mut self, before: Contents, cause: Cause, author: &Author) {
        for (instance, content) in before {
            self.note(instance, cause, author);
            self.retime(instance);
            let told = self.policy.view.unchanged_is_told || self.is_apart(instance);
            let changed = told || self.content_in_force(instance) != content;
            self.touch(instance, cause, changed);
        }
    }

    /// The three times of a claim are those that its source says, or an operator's: they hold from its last beat on.
    pub(super) fn retime(&mut self, instance: u32) {
        self.arm_check(instance);
        let leases: Vec<u32> = self.leases_of(instance).collect();
        for lease in leases {
            let (_, metadata) = self.decided_over(instance, self.content_of(instance, lease));
            if let Ok(times) = times_of(&self.policy.expiry, &metadata) {
                self.leases.retime(lease, times);
            }
        }
    }

    /// The rows that a memory is about: of one kind, or of both.
    pub(super) fn rows_of(&self, memory: Key) -> Vec<u32> {
        let kinds = [Kind::Ephemeral, Kind::Persistent].map(|kind| Key { kind, ..memory });
        let about_it = |key: &Key| self.memory_key(*key) == memory;
        kinds.into_iter().filter(about_it).filter_map(|key| self.roster.find(key)).collect()
    }
}
