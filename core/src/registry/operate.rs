//! What operators do: removing, fencing, overriding, and a service's settings.

use alloc::vec::Vec;

use super::journal::Author;
use super::{Registry, Timer};
use crate::command::{Outcome, OverrideField, Removal};
use crate::error::Error;
use crate::id::NONE;
use crate::id::ServiceId;
use crate::instance::{Cause, Key};
use crate::memory::{Fence, Fields, OverrideChange};
use crate::name::{Actor, Address, ServiceKey, Threshold};
use crate::time::{Instant, Span};
use crate::view::Services;

impl Registry {
    /// Ends every claim on an instance and fences the life that ended: its beats and retries are told to stop.
    pub fn remove(&mut self, now: Instant, removal: &Removal) -> Result<Outcome, Error> {
        self.settle(now);
        let Removal { service, address, by, because, fence_for } = removal;
        let Some((key, instance)) = self.find_present(service, address) else {
            return Err(Registry::unknown_instance(service, address));
        };
        let keeps = fence_for.unwrap_or(self.policy.fence.removal);
        let leases: Vec<u32> = self.leases_of(instance).collect();
        if keeps != Span::ZERO {
            let mut sources = Vec::with_capacity(leases.len());
            for &lease in &leases {
                let source = self.leases.row(lease).source;
                if !sources.contains(&source) {
                    self.names.retain(source);
                    sources.push(source);
                }
            }
            let fence = Fence {
                incarnation: self.roster.row(instance).incarnation,
                sources,
                at: self.now,
                until: self.now + keeps,
                by: by.clone(),
                because: because.clone(),
                by_operator: true,
            };
            self.set_fence(key, fence);
        }
        let author = Author::with(by, because.as_ref());
        for &lease in &leases {
            self.withdraw(lease, Cause::Removed, &author);
        }
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
        let key = self.find_key(service, address).filter(|&key| self.fences.get(key).is_some());
        let Some(key) = key else { return Err(Registry::unknown_instance(service, address)) };
        self.drop_fences(key, None);
        if let Some(instance) = self.roster.find(key) {
            self.note_lasting(instance, Cause::FenceLifted, &Author::of(by));
        }
        Ok(Outcome::FenceLifted)
    }

    /// Decides about an instance, whether it is there or not. It holds for as long as its lifetime says.
    pub fn set_override(&mut self, now: Instant, change: &OverrideChange) -> Result<Outcome, Error> {
        self.settle(now);
        let keys = change.metadata.as_ref().map_or(0, |metadata| metadata.entries().len());
        if change.enabled.is_none() && change.weight.is_none() && keys == 0 {
            return Err(Error::invalid("set_override", "nothing", "enabled, weight or at least one key of metadata"));
        }
        let service = self.ensure_service(&change.service);
        let key = self.intern_key(service, &change.address);
        if self.overrides.get(key).is_some() {
            // The memory keeps one count of the names, however often it is written.
            self.release_key(key);
        }
        let instance = self.roster.find(key);
        let life = instance.map_or(0, |slot| self.roster.row(slot).incarnation);
        let absent = instance.is_none_or(|slot| self.roster.row(slot).first_lease == NONE);
        self.overrides.set(&self.policy.overrides, self.now, key, change, life, absent);
        self.arm_override(key);
        self.tell_override(key, Cause::OverrideSet, &Author::with(&change.by, change.because.as_ref()));
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
        let key = self.find_key(service, address);
        let Some(key) = key.filter(|&key| self.overrides.clear(key, &fields)) else {
            return Err(Registry::unknown_instance(service, address));
        };
        self.release_override_key(key);
        self.tell_override(key, Cause::OverrideCleared, &Author::of(by));
        Ok(Outcome::OverrideCleared)
    }

    /// Ends a decision whose lifetime ended at another node; the policy says whether readers hear of it.
    pub fn end_override(&mut self, now: Instant, service: &ServiceKey, address: &Address) -> Result<Outcome, Error> {
        self.settle(now);
        let key = self.find_key(service, address);
        let Some(key) = key.filter(|&key| self.overrides.clear(key, &Fields::All)) else {
            return Err(Registry::unknown_instance(service, address));
        };
        self.override_ended(key);
        Ok(Outcome::OverrideEnded)
    }

    /// Changes the settings of a service, creating it where it is not known. Queries see the new threshold at once; the policy says
    /// whether subscribers are told.
    pub fn set_service(
        &mut self,
        now: Instant,
        service: &ServiceKey,
        protect_threshold: Option<Threshold>,
    ) -> ServiceId {
        self.settle(now);
        let slot = self.ensure_service(service);
        let before = self.protects(slot);
        self.services.get_mut(slot).threshold = protect_threshold;
        if self.policy.view.threshold_is_told && self.protects(slot) != before {
            self.service_changed(slot);
        }
        Services::id(slot)
    }

    pub(super) fn set_fence(&mut self, key: Key, fence: Fence) {
        let until = fence.until;
        let (unneeded, stood) = self.fences.set(key, fence);
        for name in unneeded {
            self.names.release(name);
        }
        if !stood {
            self.names.retain(key.host);
            self.names.retain(key.cluster);
        }
        // An older fence that lasts longer has a timer of its own.
        self.timers.insert((until, Timer::Fence(key)));
    }

    /// Drops the fences of a key that ended by `now`; all of them without a moment.
    pub(super) fn drop_fences(&mut self, key: Key, now: Option<Instant>) {
        for fence in self.fences.lift(key, now) {
            for source in fence.sources {
                self.names.release(source);
            }
            self.release_key(key);
        }
    }

    pub(super) fn arm_override(&mut self, key: Key) {
        let end = self.overrides.get(key).and_then(|entry| entry.next_end(&self.policy.overrides));
        if let Some(end) = end {
            self.timers.insert((end, Timer::Override(key)));
        }
    }

    /// Ends what has come to its end; the policy says whether readers hear of it.
    pub(super) fn override_due(&mut self, key: Key) {
        let ended = self.overrides.end_due(&self.policy.overrides, self.now, key);
        self.arm_override(key);
        if ended {
            self.override_ended(key);
        }
    }

    fn override_ended(&mut self, key: Key) {
        self.release_override_key(key);
        if let Some(instance) = self.roster.find(key) {
            self.note_lasting(instance, Cause::OverrideEnded, &Author::time());
            if self.policy.overrides.end_is_told {
                self.touch(instance, Cause::OverrideEnded, true);
            }
        }
    }

    /// Entries of the memory, for hosts that list or back them up: service, address and what was decided.
    pub fn overridden(&self) -> Vec<(ServiceKey, Address)> {
        let mut keys: Vec<_> =
            self.overrides.all().map(|(key, _)| (self.service_key(key.service), self.address(*key))).collect();
        keys.sort();
        keys
    }

    /// Instances whose ended life is fenced.
    pub fn fenced(&self) -> Vec<(ServiceKey, Address)> {
        let mut keys: Vec<_> =
            self.fences.all().map(|(key, _)| (self.service_key(key.service), self.address(*key))).collect();
        keys.sort();
        keys
    }

    fn tell_override(&mut self, key: Key, cause: Cause, author: &Author) {
        if let Some(instance) = self.roster.find(key) {
            self.note_lasting(instance, cause, author);
            self.touch(instance, cause, true);
        }
    }
}
