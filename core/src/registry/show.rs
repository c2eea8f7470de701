//! From what is to what readers get: at once, or when the policy computes the view again.

use alloc::collections::BTreeMap;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::sources::Description;
use super::{Registry, Timer};
use crate::command::Outcome;
use crate::error::Error;
use crate::id::NONE;
use crate::id::{InstanceId, ServiceId, SubscriptionId};
use crate::instance::Cause;
use crate::name::{Actor, Address, ServiceKey};
use crate::slots::take_out;
use crate::time::{Instant, Span};
use crate::view::{Change, Changes, Computed, Notice, Row, Service, Shown, is_protected, rows_by_instance};

impl Registry {
    /// Asks for notices of a service, known or not.
    pub fn subscribe(&mut self, now: Instant, service: &ServiceKey, subscriber: &Actor) -> Result<Outcome, Error> {
        self.settle(now);
        let limits = &self.policy.limits;
        let new_service = self.find_service(service).is_none();
        let table = [
            ("subscriptions_max", limits.subscriptions_max, self.subscriptions.active() as usize, true),
            ("services_max", limits.services_max, self.services.used() as usize, new_service),
        ];
        for (limit, max, found, adds) in table {
            if adds && found >= max as usize {
                return Err(Error::LimitReached { limit, max: u64::from(max) });
            }
        }
        let slot = self.ensure_service(service);
        let subscriber = self.names.intern(subscriber.as_str());
        let revision = self.services.get(slot).revision;
        let subscription = self.subscriptions.insert(self.now, slot, revision, subscriber);
        let entry = self.services.get_mut(slot);
        entry.subscriptions.push(subscription.slot());
        entry.uses += 1;
        if self.policy.view.refresh != Span::ZERO {
            // Nacos 2: a new subscriber has the view computed again and pushed, changed or not.
            self.arm_refresh(slot);
            if !self.policy.view.unchanged_is_told {
                self.arm_notices(slot, self.policy.view.refresh);
            }
        }
        Ok(Outcome::Subscribed { subscription, service: self.services.id(slot), revision })
    }

    /// Ends a subscription; a notice that waits for it is dropped.
    pub fn unsubscribe(&mut self, now: Instant, subscription: SubscriptionId) -> Result<(), Error> {
        self.settle(now);
        self.end_subscription(subscription)
    }

    pub(super) fn end_subscription(&mut self, subscription: SubscriptionId) -> Result<(), Error> {
        let Some(ended) = self.subscriptions.remove(subscription) else {
            return Err(Error::UnknownSubscription { subscription: subscription.to_u64() });
        };
        let entry = self.services.get_mut(ended.service);
        take_out(&mut entry.subscriptions, subscription.slot());
        entry.uses -= 1;
        self.names.release(ended.subscriber);
        self.free_service(ended.service);
        Ok(())
    }

    /// The next thing the host should do: tell a subscriber, or probe a session. One notice stands for any number of changes.
    pub fn poll(&mut self) -> Option<Notice> {
        let Registry { subscriptions, services, sessions, now, .. } = self;
        let standing = |slot: u32| (services.id(slot), services.get(slot).revision);
        subscriptions.poll(*now, standing, |session| sessions.take_probe(session))
    }

    /// Whether [`Registry::poll`] has something, or a notice that came to nothing since.
    pub fn has_notices(&self) -> bool {
        self.subscriptions.has_waiting()
    }

    /// What happened to a service after revision `since`: rows of changes, or the full list to a reader too far behind. Applied in
    /// order to a copy, they give the service's list as of the returned revision.
    pub fn changes(&self, service: ServiceId, since: u64) -> Result<Changes, Error> {
        let mut changes = Changes::default();
        self.changes_into(service, since, &mut changes)?;
        Ok(changes)
    }

    /// As [`Registry::changes`], into what the reader keeps from one question to the next: nothing is allocated once it is long enough.
    /// A refusal leaves it as it was.
    pub fn changes_into(&self, service: ServiceId, since: u64, changes: &mut Changes) -> Result<(), Error> {
        let Some(service) = self.services.by_id(service) else { return Err(nobody_at(service)) };
        changes.rows.clear();
        changes.revision = service.revision;
        changes.protected = self.protects(service);
        let state = |id| self.roster.by_id(id).map_or(0, Row::state);
        changes.full = !service.changes_after(since, state, &mut changes.rows);
        if changes.full {
            self.list_all(service, &mut changes.rows);
        }
        Ok(())
    }

    #[cold]
    fn list_all(&self, service: &Service, rows: &mut Vec<Change>) {
        let listed = service.members.iter().filter(|&&slot| self.roster.row(slot).state() != 0);
        rows.extend(listed.map(|&slot| {
            let row = self.roster.row(slot);
            let (instance, revision) = (self.roster.id(slot), service.revision);
            Change { instance, revision, state: row.state(), cause: row.fate().cause as u32 }
        }));
    }

    /// Service and address of an instance id, read once when the id is first seen in a row.
    pub fn instance_name(&self, instance: InstanceId) -> Option<(ServiceKey, Address)> {
        let key = self.roster.by_id(instance)?.key;
        Some((self.service_key(key.service), self.address(key)))
    }

    /// Whether protection is in force in a service.
    pub(super) fn protects(&self, service: &Service) -> bool {
        let (served, healthy) = service.served();
        service.is_kept() || is_protected(&self.policy.view, service.settings().threshold, healthy, served)
    }

    /// Something about an instance may have changed for readers. `content` says that weight or metadata did.
    pub(super) fn touch(&mut self, instance: u32, cause: Cause, content: bool) {
        let service = self.roster.row(instance).key.service;
        self.services.get_mut(service).changed_at = self.now;
        if self.policy.view.refresh == Span::ZERO {
            if self.show(instance, cause, content) {
                self.arm_notices(service, self.policy.view.notice_window);
            }
            return;
        }
        if self.roster.row(instance).position == NONE && self.roster.row(instance).first_lease != NONE {
            self.join_members(instance);
        }
        self.arm_refresh(service);
    }

    /// A setting changed what readers get of a service, though none of its instances did: its revision moves on, with the first member
    /// in the row.
    pub(super) fn service_changed(&mut self, slot: u32) {
        let Some(&member) = self.services.get(slot).members.first() else { return };
        let (id, bits) = (self.roster.id(member), self.roster.row(member).state());
        let kept = self.policy.limits.changes_per_service_max as usize;
        self.services.get_mut(slot).record(id, bits, bits, Cause::ServiceChanged, kept);
        self.arm_notices(slot, self.policy.view.notice_window);
    }

    /// Computes the view of a service again and tells its subscribers.
    pub(super) fn refresh(&mut self, slot: u32) {
        self.services.get_mut(slot).refresh_at = None;
        if self.compute(slot) || self.policy.view.unchanged_is_told {
            self.arm_notices(slot, self.policy.view.notice_window);
        }
        self.free_service(slot);
    }

    /// Computes the view of a service again; false when readers have it so already.
    pub(super) fn compute(&mut self, slot: u32) -> bool {
        let service = self.services.get_mut(slot);
        // A service that is not there yet leaves nothing to be kept: who looks after its first registration has it computed.
        service.computed = if service.record.is_some() { Computed::InTurn } else { Computed::Never };
        let before = core::mem::take(&mut service.shown);
        let members = service.members.clone();
        let older: BTreeMap<u32, &[Shown]> = rows_by_instance(&before);
        let (mut changed, mut rows) = (false, Vec::new());
        let mut shown = Vec::with_capacity(members.len());
        for instance in members {
            let first = shown.len();
            if self.is_present(instance) {
                self.describe(instance, &mut rows);
            }
            for Description { bits, weight, metadata, .. } in rows.drain(..) {
                shown.push(Shown { slot: instance, bits, content: self.contents.intern(weight, &metadata) });
            }
            let cause = self.roster.row(instance).fate().cause;
            let same = older.get(&instance).copied().unwrap_or_default() == &shown[first..];
            changed |= self.show(instance, cause, !same);
        }
        for row in &before {
            self.contents.release(row.content);
        }
        self.services.get_mut(slot).shown = shown;
        self.forget_gone();
        changed
    }

    pub(super) fn notices_due(&mut self, slot: u32) {
        self.services.get_mut(slot).notice_armed = false;
        self.queue_notices(slot);
        self.free_service(slot);
    }

    /// Shows an instance as it is; false when readers have it so already.
    fn show(&mut self, instance: u32, cause: Cause, content: bool) -> bool {
        let after = self.state_in_force(instance);
        let row = self.roster.row_mut(instance);
        let (before, slot, is_listed) = (row.set_state(after), row.key.service, row.position != NONE);
        let id = self.roster.id(instance);
        let service = self.services.get_mut(slot);
        let visible = before != after || (content && after != 0);
        if visible {
            let kept = self.policy.limits.changes_per_service_max as usize;
            service.record(id, before, after, cause, kept);
        }
        if service.kept_until.is_some() {
            self.end_keeping(slot);
        }
        match (after != 0, is_listed) {
            (true, false) => self.join_members(instance),
            (false, true) => self.leave_members(instance),
            _ => {}
        }
        visible
    }

    /// Serves a service as it is again, where somebody is healthy again, or nobody is there for a reason.
    fn end_keeping(&mut self, slot: u32) {
        let service = self.services.get(slot);
        if let Some(until) = service.kept_until.filter(|_| !service.is_kept()) {
            self.services.get_mut(slot).kept_until = None;
            self.timers.remove(until, Timer::Keep(slot));
        }
    }

    fn join_members(&mut self, instance: u32) {
        let row = self.roster.row_mut(instance);
        let service = self.services.get_mut(row.key.service);
        row.position = service.members.len() as u32;
        service.members.push(instance);
    }

    fn leave_members(&mut self, instance: u32) {
        let row = self.roster.row_mut(instance);
        let position = core::mem::replace(&mut row.position, NONE);
        let members = &mut self.services.get_mut(row.key.service).members;
        members.swap_remove(position as usize);
        if let Some(&moved) = members.get(position as usize) {
            self.roster.row_mut(moved).position = position;
        }
    }

    fn arm_refresh(&mut self, slot: u32) {
        let service = self.services.get_mut(slot);
        if service.refresh_at.is_none() {
            let at = self.policy.view.turn(self.now + self.policy.view.refresh);
            service.refresh_at = Some(at);
            self.timers.insert(at, Timer::Refresh(slot));
        }
    }

    pub(super) fn arm_notices(&mut self, slot: u32, window: Span) {
        let service = self.services.get_mut(slot);
        if service.subscriptions.is_empty() {
            return;
        }
        if window == Span::ZERO {
            self.queue_notices(slot);
        } else if !core::mem::replace(&mut service.notice_armed, true) {
            self.timers.insert(self.now + window, Timer::Notice(slot));
        }
    }

    fn queue_notices(&mut self, slot: u32) {
        let Registry { services, subscriptions, now, .. } = self;
        for &subscription in &services.get(slot).subscriptions {
            subscriptions.notify(*now, subscription);
        }
    }
}

#[cold]
fn nobody_at(service: ServiceId) -> Error {
    Error::UnknownService { service: service.to_u64().to_string() }
}
