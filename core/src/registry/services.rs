//! Services: made, set, read, emptied and forgotten.

use super::journal::Author;
use super::resolve::Place;
use super::{Registry, Timer};
use crate::command::ServiceSettings;
use crate::error::Error;
use crate::id::ServiceId;
use crate::instance::{Cause, Kind};
use crate::name::{Address, ServiceKey};
use crate::policy::Kinds;
use crate::time::{Instant, Span};
use crate::view::{Computed, Record, Settings};
use alloc::string::ToString;

impl Registry {
    /// Sets the settings of a service as a whole, creating it where it is not known. Queries see the new threshold at once; the policy
    /// says whether subscribers are told.
    pub fn set_service(&mut self, now: Instant, settings: &ServiceSettings) -> ServiceId {
        self.settle(now);
        let slot = self.ensure_service(&settings.service);
        let before = self.protects(self.services.get(slot));
        self.make_record(slot, settings.kind, true);
        let entry = self.services.get_mut(slot);
        entry.set(Settings { threshold: settings.protect_threshold, metadata: settings.metadata.clone() });
        entry.settings_until = None;
        if self.policy.view.threshold_is_told && self.protects(self.services.get(slot)) != before {
            self.service_changed(slot);
        }
        self.services.id(slot)
    }

    /// Takes an empty service away, with its settings.
    pub fn remove_service(&mut self, now: Instant, service: &ServiceKey) -> Result<(), Error> {
        self.settle(now);
        let known = self.find_service(service).filter(|&slot| self.services.get(slot).record.is_some());
        let slot = known.ok_or_else(|| Error::UnknownService { service: service.to_string() })?;
        let instances = self.services.get(slot).held;
        if instances > 0 {
            return Err(Error::NotEmpty { service: service.to_string(), instances });
        }
        self.services.get_mut(slot).set(Settings::default());
        self.forget_service(slot);
        Ok(())
    }

    /// A reader is about to read. Where the policy computes views late, what nobody computed yet is computed now; what was computed
    /// stays as it is until it is computed again.
    pub fn look(&mut self, now: Instant, service: &ServiceKey) {
        self.settle(now);
        let late = self.policy.view.refresh != Span::ZERO;
        let Some(slot) = self.find_service(service).filter(|_| late) else { return };
        let entry = self.services.get(slot);
        if entry.record.is_some() && entry.computed == Computed::Never {
            self.compute(slot);
            self.services.get_mut(slot).computed = Computed::LookedUp;
        }
    }

    /// The record of a service: made where there is none, by an operator or by its first instance.
    pub(super) fn make_record(&mut self, slot: u32, kind: Option<Kind>, created: bool) {
        let since = self.now;
        let free = self.kind_in_force(slot).is_none();
        let entry = self.services.get_mut(slot);
        if entry.record.is_none() {
            entry.record = Some(Record { since, kind: None, kind_named: false, created });
            entry.changed_at = since;
            if self.policy.services.settings_end_rechecked {
                entry.settings_until = None;
            }
        }
        if let Some(record) = entry.record.as_mut().filter(|_| free) {
            record.kind = kind.or(record.kind);
            record.kind_named |= created && kind.is_some();
        }
        self.arm_service(slot);
    }

    /// Rule 9: when the last healthy instance of a service fell silent, all of it is served as it was, for a while.
    pub(super) fn keep_last(&mut self, slot: u32) {
        let Some(hold) = self.policy.view.keep_last else { return };
        let (served, healthy) = self.services.get(slot).served();
        if served > 0 && healthy == 0 && self.services.get(slot).kept_until.is_none() {
            let until = self.now + hold;
            self.services.get_mut(slot).kept_until = Some(until);
            self.timers.insert(until, Timer::Keep(slot));
            self.service_changed(slot);
        }
    }

    /// The while is over, unless another one has begun.
    pub(super) fn keep_due(&mut self, slot: u32) {
        if self.services.get(slot).kept_until.is_some_and(|until| until <= self.now) {
            self.services.get_mut(slot).kept_until = None;
            self.service_changed(slot);
        }
        self.free_service(slot);
    }

    /// Refuses an instance of one kind in a service of the other, where the policy keeps them apart.
    pub(super) fn refuse_other_kind(
        &self,
        place: Place,
        service: &ServiceKey,
        address: &Address,
        kind: Kind,
    ) -> Result<(), Error> {
        let slot = place.service.filter(|_| self.policy.services.kinds == Kinds::Apart);
        match slot.and_then(|slot| self.kind_in_force(slot)) {
            Some(other) if other != kind => Err(Error::OtherKind {
                service: service.to_string(),
                instance: address.to_string(),
                persistent: other == Kind::Persistent,
            }),
            _ => Ok(()),
        }
    }

    /// The kind that a service has and keeps: where the policy says so, an empty one takes the kind of whoever comes next.
    pub(super) fn kind_in_force(&self, slot: u32) -> Option<Kind> {
        let entry = self.services.get(slot);
        let keeps = |record: &Record| entry.held > 0 || record.kind_named || self.policy.services.empty_keeps_kind;
        entry.record.filter(keeps)?.kind
    }

    /// Sees to it that somebody looks when the service may be forgotten.
    pub(super) fn arm_service(&mut self, slot: u32) {
        let Some(at) = self.service_look(slot) else { return };
        let entry = self.services.get_mut(slot);
        if !core::mem::replace(&mut entry.look_armed, true) {
            self.timers.insert(at.max(self.now), Timer::Service(slot));
        }
    }

    pub(super) fn service_due(&mut self, slot: u32) {
        self.services.get_mut(slot).look_armed = false;
        let entry = self.services.get(slot);
        if entry.record.is_some() && entry.settings_until.is_some_and(|until| until <= self.now) {
            self.lose_record(slot);
        }
        match self.service_look(slot) {
            Some(at) if at > self.now => self.arm_service(slot),
            None => {}
            Some(_) if self.services.get(slot).record.is_some() => self.forget_service(slot),
            Some(_) => {
                let entry = self.services.get_mut(slot);
                entry.set(Settings::default());
                entry.settings_until = None;
            }
        }
        self.free_service(slot);
    }

    /// Lets go of a slot that nothing needs any more.
    pub(super) fn free_service(&mut self, slot: u32) {
        for name in self.services.free(slot).into_iter().flatten() {
            self.names.release(name);
        }
    }

    /// When its emptiness, or what is left of it, is looked at; none while it has instances or stays for ever.
    pub(super) fn service_look(&self, slot: u32) -> Option<Instant> {
        let entry = self.services.get(slot);
        let Some(record) = entry.record else { return entry.settings_until };
        let stays = entry.held > 0 || (record.created && self.policy.services.created_stays);
        let empty = self.policy.services.empty.filter(|_| !stays);
        let forgotten = empty.map(|empty| self.policy.services.sweep.look(entry.changed_at + empty));
        [forgotten, entry.settings_until].into_iter().flatten().min()
    }

    /// The wait of its settings ends, and nobody looks whether it came back meanwhile: its record goes, and its instances are shown to
    /// nobody until the next registration makes another.
    fn lose_record(&mut self, slot: u32) {
        let entry = self.services.get_mut(slot);
        entry.set(Settings::default());
        entry.settings_until = None;
        entry.record = None;
        entry.computed = Computed::Never;
        for instance in entry.members.clone() {
            if self.is_present(instance) {
                self.note(instance, Cause::ServiceForgotten, &Author::time());
            }
        }
    }

    /// Takes the record away; its settings wait as long as the policy says.
    fn forget_service(&mut self, slot: u32) {
        let keeps = self.policy.services.settings;
        let until = self.policy.overrides.sweep.look(self.now + keeps);
        let entry = self.services.get_mut(slot);
        if keeps == Span::ZERO {
            entry.set(Settings::default());
        }
        entry.settings_until = (*entry.settings() != Settings::default()).then_some(until);
        self.forget_record(slot);
    }

    /// Takes the record of an empty service away, and nothing else.
    pub(super) fn forget_record(&mut self, slot: u32) {
        if self.policy.view.refresh != Span::ZERO {
            // What readers still had of its last instances goes with it.
            self.compute(slot);
        }
        let entry = self.services.get_mut(slot);
        entry.record = None;
        entry.computed = Computed::Never;
        for (cluster, _) in core::mem::take(&mut entry.clusters) {
            self.names.release(cluster);
        }
        self.arm_service(slot);
        self.free_service(slot);
    }
}
