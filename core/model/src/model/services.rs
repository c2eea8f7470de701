//! Services: made, set, emptied, forgotten; and what a restart leaves of them. Rules 9 (on this side) and 13.

use liveset::{Cause, Error, Kind, Outcome, ServiceId, ServiceKey, ServiceSettings, Span};

use super::facts::{Author, Record, Service, Settings};
use super::ids::slot;
use super::times::look;
use super::{Model, Ms};

impl Model {
    pub(super) fn set_service(&mut self, given: &ServiceSettings) -> Outcome {
        let service = self.service_number(&given.service);
        self.make_service(service);
        let before = self.protects(service);
        self.make_record(service, given.kind, true);
        let known = self.service_mut(service);
        known.settings = Settings { threshold: given.protect_threshold, metadata: given.metadata.clone() };
        known.settings_until = None;
        let id = known.id;
        if self.policy.view.threshold_is_told && self.protects(service) != before {
            self.service_changed(service);
        }
        Outcome::ServiceSet { service: ServiceId::from_u64(id) }
    }

    pub(super) fn remove_service(&mut self, key: &ServiceKey) -> Result<Outcome, Error> {
        let service = self.service_number(key);
        if self.services.get(&service).is_none_or(|known| known.record.is_none()) {
            return Err(Error::UnknownService { service: key.to_string() });
        }
        let instances = self.present().iter().filter(|place| place.service == service).count() as u32;
        if instances > 0 {
            return Err(Error::NotEmpty { service: key.to_string(), instances });
        }
        let known = self.service_mut(service);
        (known.settings, known.settings_until) = (Settings::default(), None);
        self.forget_record(service);
        Ok(Outcome::ServiceRemoved)
    }

    pub(super) fn look(&mut self, key: &ServiceKey) -> Outcome {
        let service = self.service_number(key);
        let late = self.policy.view.refresh != Span::ZERO;
        let waits = self.services.get(&service).is_some_and(|known| known.record.is_some() && !known.computed);
        if late && waits {
            self.compute(service);
        }
        Outcome::Looked
    }

    /// A service that something is about to speak of.
    pub(super) fn make_service(&mut self, service: usize) {
        if self.services.contains_key(&service) {
            return;
        }
        let known = Service {
            id: self.ids.services.make(),
            record: None,
            settings: Settings::default(),
            settings_until: None,
            changed_at: self.now,
            clusters: Vec::new(),
            members: Vec::new(),
            revision: 0,
            changes: Vec::new(),
            computed: false,
            rows: Default::default(),
            refresh_at: None,
            notice_at: None,
            look_at: None,
            kept_until: None,
        };
        self.services.insert(service, known);
    }

    /// The record of a service, made by an operator or by its first instance.
    pub(super) fn make_record(&mut self, service: usize, kind: Option<Kind>, created: bool) {
        let (since, rechecked) = (self.now, self.policy.services.settings_end_rechecked);
        let free = self.kind_in_force(service).is_none();
        let known = self.service_mut(service);
        if known.record.is_none() {
            known.record = Some(Record { since, kind: None, kind_named: false, created });
            known.changed_at = since;
            known.settings_until = known.settings_until.filter(|_| !rechecked);
        }
        if let Some(record) = known.record.as_mut().filter(|_| free) {
            record.kind = kind.or(record.kind);
            record.kind_named |= created && kind.is_some();
        }
        self.arm_look(service);
    }

    /// The kind that a service has and keeps: an empty one may take the kind of whoever comes next.
    pub(super) fn kind_in_force(&self, service: usize) -> Option<Kind> {
        let record = self.services.get(&service)?.record.as_ref()?;
        let held = self.leases.values().any(|lease| lease.place.service == service);
        if held || record.kind_named || self.policy.services.empty_keeps_kind { record.kind } else { None }
    }

    pub(super) fn service_mut(&mut self, service: usize) -> &mut Service {
        self.services.get_mut(&service).expect("something speaks of it")
    }

    /// When its emptiness, or what is left of it, ends; none while it has instances, or stays.
    pub(super) fn ends_at(&self, service: usize) -> Option<Ms> {
        let known = &self.services[&service];
        let Some(record) = &known.record else { return known.settings_until };
        let rules = &self.policy.services;
        let held = self.leases.values().any(|lease| lease.place.service == service);
        let stays = held || (record.created && rules.created_stays);
        let empty = rules.empty.filter(|_| !stays);
        let forgotten = empty.map(|empty| look(rules.sweep, known.changed_at + empty.as_millis()));
        forgotten.into_iter().chain(known.settings_until).min()
    }

    /// Sees to it that somebody looks when the service may be forgotten. Who looks early looks again.
    pub(super) fn arm_look(&mut self, service: usize) {
        if let (Some(at), None) = (self.ends_at(service), self.services[&service].look_at) {
            self.service_mut(service).look_at = Some(at.max(self.now));
        }
    }

    pub(super) fn service_due(&mut self, service: usize) {
        self.service_mut(service).look_at = None;
        let known = &self.services[&service];
        if known.record.is_some() && known.settings_until.is_some_and(|until| until <= self.now) {
            self.lose_record(service);
        }
        match self.ends_at(service) {
            None => {}
            Some(at) if at > self.now => self.arm_look(service),
            Some(_) if self.services[&service].record.is_some() => {
                let keeps = self.policy.services.settings;
                let until = look(self.policy.overrides.sweep, self.now + keeps.as_millis());
                let known = self.service_mut(service);
                if keeps == Span::ZERO {
                    known.settings = Settings::default();
                }
                known.settings_until = (known.settings != Settings::default()).then_some(until);
                self.forget_record(service);
            }
            Some(_) => {
                let known = self.service_mut(service);
                known.settings = Settings::default();
                known.settings_until = None;
            }
        }
    }

    /// Nobody looks whether the service came back while its settings waited: the record goes, and readers get nothing of it.
    fn lose_record(&mut self, service: usize) {
        let known = self.service_mut(service);
        known.settings = Settings::default();
        (known.settings_until, known.record, known.computed) = (None, None, false);
        for place in known.members.clone() {
            if self.is_present(place) {
                self.note(place, Cause::ServiceForgotten, Author::time());
            }
        }
    }

    /// Takes the record of an empty service away, and nothing else.
    fn forget_record(&mut self, service: usize) {
        if self.policy.view.refresh != Span::ZERO {
            self.compute(service);
        }
        let known = self.service_mut(service);
        known.record = None;
        known.computed = false;
        known.clusters.clear();
        self.arm_look(service);
    }

    /// Services that nothing speaks of any more are over.
    pub(super) fn forget_services(&mut self) {
        let mut over: Vec<(usize, usize, u64)> = Vec::new();
        for (&service, known) in &self.services {
            let empty = known.record.is_none() && known.settings == Settings::default();
            let armed =
                [known.refresh_at, known.notice_at, known.look_at, known.kept_until].iter().any(Option::is_some);
            let spoken_of = || {
                self.instances.keys().any(|place| place.service == service)
                    || self.decisions.keys().any(|place| place.service == service)
                    || self.fences.keys().any(|(place, _)| place.service == service)
                    || self.subscriptions.values().any(|subscription| subscription.service == service)
            };
            if empty && !armed && !spoken_of() {
                over.push((slot(known.id), service, known.id));
            }
        }
        over.sort_unstable();
        for (_, service, id) in over {
            self.services.remove(&service);
            self.ids.services.end(id);
        }
    }

    /// Rule 9: when the last healthy instance of a service fell silent, all of it is served as it was, for a while.
    pub(super) fn keep_last(&mut self, service: usize) {
        let Some(hold) = self.policy.view.keep_last else { return };
        let (served, healthy) = self.served(service);
        if served > 0 && healthy == 0 && self.services[&service].kept_until.is_none() {
            let until = self.now + hold.as_millis();
            self.service_mut(service).kept_until = Some(until);
            self.service_changed(service);
        }
    }

    pub(super) fn is_kept(&self, service: usize) -> bool {
        let (served, healthy) = self.served(service);
        self.services[&service].kept_until.is_some() && served > 0 && healthy == 0
    }

    /// The process ended and began again.
    pub(super) fn restart(&mut self) -> Outcome {
        let rules = self.policy.restart.clone();
        if !rules.instances {
            let lost = self.leases.iter().filter(|(_, lease)| lease.place.kind == Kind::Ephemeral);
            let mut lost: Vec<(usize, u64)> = lost.map(|(&order, lease)| (slot(lease.id), order)).collect();
            lost.sort_unstable();
            for (_, order) in lost {
                self.withdraw(order, Cause::RegistryRestarted, Author::time());
            }
            (self.heard, self.unheard, self.second, self.removed, self.most) = (0, None, 0, 0, 0);
            let mut sessions: Vec<u64> = self.sessions.keys().copied().collect();
            sessions.sort_by_key(|&id| slot(id));
            for id in sessions {
                self.sessions.remove(&id);
                self.ids.sessions.end(id);
            }
            let mut active: Vec<u64> = self.subscriptions.values().map(|subscription| subscription.id).collect();
            active.sort_by_key(|&id| slot(id));
            for id in active {
                self.end_subscription(id);
            }
            self.clocks.clear();
            self.warming_until = rules.warming.map(|span| self.now + span.as_millis());
        }
        if !rules.ages {
            self.decisions.values_mut().for_each(|decided| decided.absent_since = None);
        }
        if !rules.services {
            let held = |service: &usize| self.leases.values().any(|lease| lease.place.service == *service);
            let known = self.services.iter().filter(|(service, known)| known.record.is_some() && !held(service));
            let mut empty: Vec<(usize, usize)> = known.map(|(&service, known)| (slot(known.id), service)).collect();
            empty.sort_unstable();
            for (_, service) in empty {
                self.forget_record(service);
            }
        }
        Outcome::Restarted
    }
}
