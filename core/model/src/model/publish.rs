//! From what is to what readers get, and who is told. Rules 8 and 12.

use liveset::{
    Actor, Cause, Error, Notice, Outcome, ServiceId, ServiceKey, SessionId, Span, SubscriptionId, Threshold, state,
};

use super::facts::{Changed, Subscription, Waiting};
use super::times::turn;
use super::{Model, Place};

impl Model {
    /// Something about an instance may have changed for readers; `content` says that weight or metadata did.
    pub(super) fn touch(&mut self, place: Place, cause: Cause, content: bool) {
        let now = self.now;
        self.service_mut(place.service).changed_at = now;
        if self.policy.view.refresh == Span::ZERO {
            if self.show(place, cause, content) {
                self.arm_notices(place.service, self.policy.view.notice_window);
            }
            return;
        }
        if self.is_present(place) && !self.services[&place.service].members.contains(&place) {
            self.service_mut(place.service).members.push(place);
        }
        self.arm_refresh(place.service);
    }

    /// Gives readers an instance as it is; false when they have it so already.
    fn show(&mut self, place: Place, cause: Cause, content: bool) -> bool {
        let after = self.state_in_force(place);
        let instance = self.instances.get_mut(&place).expect("it is known");
        let (before, id) = (instance.shown, instance.id);
        instance.shown = after;
        let visible = before != after || (content && after != 0);
        if visible {
            self.record_change(place.service, id, after, cause);
        }
        let members = &mut self.service_mut(place.service).members;
        match members.iter().position(|&member| member == place) {
            None if after != 0 => members.push(place),
            Some(position) if after == 0 => drop(members.swap_remove(position)),
            _ => {}
        }
        if self.services[&place.service].kept_until.is_some() && !self.is_kept(place.service) {
            self.service_mut(place.service).kept_until = None;
        }
        visible
    }

    fn record_change(&mut self, service: usize, instance: u64, state: u32, cause: Cause) {
        let kept = self.policy.limits.changes_per_service_max as usize;
        let known = self.service_mut(service);
        known.revision += 1;
        known.changes.push(Changed { revision: known.revision, instance, state, cause });
        if known.changes.len() > kept {
            known.changes.remove(0);
        }
    }

    /// A setting changed what readers get, though no instance did.
    pub(super) fn service_changed(&mut self, service: usize) {
        let Some(&member) = self.services[&service].members.first() else { return };
        let (id, shown) = (self.instances[&member].id, self.instances[&member].shown);
        self.record_change(service, id, shown, Cause::ServiceChanged);
        self.arm_notices(service, self.policy.view.notice_window);
    }

    pub(super) fn refresh(&mut self, service: usize) {
        self.service_mut(service).refresh_at = None;
        if self.compute(service) || self.policy.view.unchanged_is_told {
            self.arm_notices(service, self.policy.view.notice_window);
        }
    }

    /// Computes a view anew; false when readers have it so already.
    pub(super) fn compute(&mut self, service: usize) -> bool {
        let known = self.service_mut(service);
        known.computed = known.record.is_some();
        let before = std::mem::take(&mut known.rows);
        let mut changed = false;
        for place in known.members.clone() {
            let rows = self.is_present(place).then(|| self.describe(place));
            let cause = self.instances[&place].fate.cause;
            changed |= self.show(place, cause, rows.as_ref() != before.get(&place));
            if let Some(rows) = rows {
                self.service_mut(service).rows.insert(place, rows);
            }
        }
        self.forget_gone();
        changed
    }

    fn arm_refresh(&mut self, service: usize) {
        let view = &self.policy.view;
        let at = turn(view.engine, view.engine_slip, self.now + view.refresh.as_millis());
        let known = self.service_mut(service);
        known.refresh_at = known.refresh_at.or(Some(at));
    }

    pub(super) fn arm_notices(&mut self, service: usize, window: Span) {
        if window == Span::ZERO {
            self.queue_notices(service);
        } else if self.subscriptions.values().any(|subscription| subscription.service == service) {
            let at = self.now + window.as_millis();
            let known = self.service_mut(service);
            known.notice_at = known.notice_at.or(Some(at));
        }
    }

    pub(super) fn queue_notices(&mut self, service: usize) {
        for (&order, subscription) in &mut self.subscriptions {
            let notice = Waiting::Changed(order);
            if subscription.service == service && !self.waiting.contains(&notice) {
                self.waiting.push_back(notice);
                subscription.waiting_since = Some(self.now);
            }
        }
    }

    pub(super) fn subscribe(&mut self, key: &ServiceKey, subscriber: &Actor) -> Result<Outcome, Error> {
        let service = self.service_number(key);
        let limits = &self.policy.limits;
        let is_new = !self.services.contains_key(&service);
        for (limit, max, found, adds) in [
            ("subscriptions_max", limits.subscriptions_max, self.subscriptions.len(), true),
            ("services_max", limits.services_max, self.services.len(), is_new),
        ] {
            if adds && found >= max as usize {
                return Err(Error::LimitReached { limit, max: u64::from(max) });
            }
        }
        self.make_service(service);
        let (order, id) = (self.next_made(), self.ids.subscriptions.make());
        let subscription = Subscription {
            id,
            service,
            subscriber: subscriber.clone(),
            since: self.now,
            told: self.services[&service].revision,
            told_at: self.now,
            waiting_since: None,
        };
        self.subscriptions.insert(order, subscription);
        if self.policy.view.refresh != Span::ZERO {
            self.arm_refresh(service);
            if !self.policy.view.unchanged_is_told {
                self.arm_notices(service, self.policy.view.refresh);
            }
        }
        let known = &self.services[&service];
        let (revision, service) = (known.revision, ServiceId::from_u64(known.id));
        Ok(Outcome::Subscribed { subscription: SubscriptionId::from_u64(id), service, revision })
    }

    pub(super) fn unsubscribe(&mut self, subscription: SubscriptionId) -> Result<Outcome, Error> {
        let id = subscription.to_u64();
        if self.end_subscription(id) {
            Ok(Outcome::Unsubscribed)
        } else {
            Err(Error::UnknownSubscription { subscription: id })
        }
    }

    pub(super) fn end_subscription(&mut self, id: u64) -> bool {
        let found = self.subscriptions.iter().find(|(_, active)| active.id == id).map(|(&order, _)| order);
        let Some(order) = found else { return false };
        self.subscriptions.remove(&order);
        self.waiting.retain(|&waiting| waiting != Waiting::Changed(order));
        self.ids.subscriptions.end(id);
        true
    }

    pub(super) fn poll(&mut self, max: u32) -> Result<Outcome, Error> {
        let mut notices = Vec::new();
        while notices.len() < max as usize {
            match self.waiting.pop_front() {
                None => break,
                Some(Waiting::Changed(order)) => {
                    let subscription = self.subscriptions.get_mut(&order).expect("it took its notices with it");
                    let service = &self.services[&subscription.service];
                    subscription.waiting_since = None;
                    (subscription.told, subscription.told_at) = (service.revision, self.now);
                    notices.push(Notice::Changed {
                        subscription: SubscriptionId::from_u64(subscription.id),
                        service: ServiceId::from_u64(service.id),
                        revision: service.revision,
                    });
                }
                Some(Waiting::Probe(id)) => {
                    // A session that ended, or gave a sign of life meanwhile, needs no probe.
                    let Some(session) = self.sessions.get_mut(&id) else { continue };
                    session.notice_waits = false;
                    if session.probed.is_some() {
                        notices.push(Notice::Probe { session: SessionId::from_u64(id) });
                    }
                }
            }
        }
        Ok(Outcome::Notices { notices })
    }

    /// Served instances of a service, and how many of them are healthy, as readers have them.
    pub(super) fn served(&self, service: usize) -> (u32, u32) {
        let states = self.services[&service].members.iter().map(|member| self.instances[member].shown);
        let served: Vec<u32> = states.filter(|shown| shown & state::SERVED != 0).collect();
        let healthy = served.iter().filter(|&shown| shown & state::HEALTHY != 0).count();
        (served.len() as u32, healthy as u32)
    }

    pub(super) fn protects(&self, service: usize) -> bool {
        let (total, healthy) = self.served(service);
        self.is_kept(service) || self.is_protected(service, total, healthy)
    }

    /// Whether so many healthy ones of so many bring the protection of a service into force.
    pub(super) fn is_protected(&self, service: usize, total: u32, healthy: u32) -> bool {
        let view = &self.policy.view;
        let Some(threshold) = self.services[&service].settings.threshold.or(view.default_threshold) else {
            return false;
        };
        let at_zero = threshold != Threshold::ZERO || view.protect_at_zero;
        total > 0 && at_zero && f64::from(healthy) / f64::from(total) <= threshold.get()
    }
}
