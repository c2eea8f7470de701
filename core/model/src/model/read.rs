//! Reading: lists, changes, records and the journal.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use liveset::policy::HealthyOnly;
use liveset::{
    Actor, Change, Changes, Cluster, Counters, InstanceId, InstanceQuery, InstanceView, Reader, ServiceKey,
    ServiceRecord, ServiceView, Span, SubscriberAccount, SubscriptionId, Transition, state,
};

use super::apply::millis;
use super::facts::{Subscription, Waiting};
use super::ids::slot;
use super::sources::Description;
use super::{Model, Ms, Place};

impl Model {
    pub(crate) fn instances(&self, query: &InstanceQuery) -> ServiceView {
        let mut view = ServiceView {
            service: query.service.clone(),
            revision: 0,
            protected: false,
            kept_until: None,
            warming_until: self.warming_until.map(millis),
            instances: Vec::new(),
        };
        let found = self.known_service(&query.service).filter(|(_, known)| known.record.is_some());
        let Some((service, known)) = found else { return view };
        let consumer = query.reader == Reader::Consumer;
        let wanted = if consumer { state::SERVED } else { state::PRESENT };
        let mut rows: Vec<(Place, Description)> = Vec::new();
        for &place in &known.members {
            let cluster = &self.addresses[place.address].cluster;
            let named = query.clusters.is_empty() || query.clusters.contains(cluster);
            if self.instances[&place].shown & wanted != 0 && named {
                let shown = known.rows.get(&place).cloned().unwrap_or_else(|| self.describe(place));
                rows.extend(shown.into_iter().map(|row| (place, row)));
            }
        }
        rows.retain(|(_, row)| row.0 & wanted != 0);
        let healthy = |(_, row): &(Place, Description)| row.0 & state::HEALTHY != 0;
        if query.healthy_only && self.policy.view.healthy_only == HealthyOnly::BeforeProtection {
            rows.retain(healthy);
        }
        let total: BTreeSet<Place> = rows.iter().map(|row| row.0).collect();
        let good: BTreeSet<Place> = rows.iter().filter(|row| healthy(row)).map(|row| row.0).collect();
        view.protected = self.is_protected(service, total.len() as u32, good.len() as u32)
            || (self.is_kept(service) && !rows.is_empty());
        if query.healthy_only && !(view.protected && consumer) {
            rows.retain(healthy);
        }
        view.revision = known.revision;
        view.kept_until = known.kept_until.map(millis);
        view.instances = rows
            .into_iter()
            .map(|(place, (bits, weight, metadata))| InstanceView {
                id: InstanceId::from_u64(self.instances[&place].id),
                address: self.addresses[place.address].clone(),
                kind: place.kind,
                healthy: bits & state::HEALTHY != 0 || (view.protected && consumer),
                enabled: bits & state::ENABLED != 0,
                weight,
                metadata,
            })
            .collect();
        view.instances.sort_by(|a, b| (&a.address, a.kind).cmp(&(&b.address, b.kind)));
        view
    }

    /// What happened to a service after a revision; none when it is not known.
    pub(crate) fn changes(&self, service: &ServiceKey, since: u64) -> Option<Changes> {
        let (service, known) = self.known_service(service)?;
        let protected = self.protects(service);
        let (revision, kept) = (known.revision, known.changes.len() as u64);
        if since <= revision && revision - since <= kept {
            let missed: Vec<_> = known.changes.iter().filter(|change| change.revision > since).collect();
            let newest = |change: &Change| {
                !missed
                    .iter()
                    .any(|later| later.revision > change.revision && later.instance == change.instance.to_u64())
            };
            let rows = missed.iter().map(|change| Change {
                instance: InstanceId::from_u64(change.instance),
                revision: change.revision,
                state: change.state,
                cause: change.cause as u32,
            });
            return Some(Changes { revision, full: false, protected, rows: rows.filter(newest).collect() });
        }
        let listed = known.members.iter().map(|member| &self.instances[member]).filter(|instance| instance.shown != 0);
        let rows = listed.map(|instance| Change {
            instance: InstanceId::from_u64(instance.id),
            revision,
            state: instance.shown,
            cause: instance.fate.cause as u32,
        });
        Some(Changes { revision, full: true, protected, rows: rows.collect() })
    }

    pub(crate) fn service(&self, key: &ServiceKey) -> Option<ServiceRecord> {
        let (service, known) = self.known_service(key)?;
        let mut clusters: Vec<Cluster> = known.clusters.clone();
        clusters.sort();
        Some(ServiceRecord {
            service: key.clone(),
            known: known.record.is_some(),
            kind: known.record.as_ref().and_then(|record| record.kind),
            protect_threshold: known.settings.threshold,
            metadata: known.settings.metadata.clone(),
            clusters,
            instances: self.present().iter().filter(|place| place.service == service).count() as u32,
            computed: known.computed || self.policy.view.refresh == Span::ZERO,
        })
    }

    /// The id and the revision of a service that anything speaks of.
    pub(crate) fn stands_at(&self, key: &ServiceKey) -> Option<(u64, u64)> {
        self.known_service(key).map(|(_, known)| (known.id, known.revision))
    }

    /// Every instance there is or was lately, by id.
    pub(crate) fn instance_ids(&self) -> Vec<(u64, ServiceKey, liveset::Address)> {
        let names = |place: &Place| (self.service_names[place.service].clone(), self.addresses[place.address].clone());
        self.instances.iter().map(|(place, known)| (known.id, names(place).0, names(place).1)).collect()
    }

    pub(crate) fn newest_transition(&self) -> u64 {
        self.dropped + self.journal.len() as u64
    }

    /// What happened after an entry of the journal.
    pub(crate) fn transitions(&self, since: u64) -> Vec<Transition> {
        let first = since.max(self.dropped);
        (first..self.newest_transition()).map(|index| self.transition(index)).collect()
    }

    /// The journal's entry after `index` others.
    pub(super) fn transition(&self, index: u64) -> Transition {
        let entry = &self.journal[(index - self.dropped) as usize];
        Transition {
            sequence: index + 1,
            at: millis(entry.at),
            service: self.service_names[entry.place.service].clone(),
            address: self.addresses[entry.place.address].clone(),
            cause: entry.cause,
            by: entry.by.clone(),
            because: entry.because.clone(),
            silence: entry.silence,
        }
    }

    /// Indexes of the entries about an instance, newest first, as [`Model::transition`] takes them.
    pub(super) fn entries_about(&self, place: Place) -> impl Iterator<Item = u64> + '_ {
        let about = self.journal.iter().enumerate().rev().filter(move |(_, entry)| entry.place == place);
        about.map(|(index, _)| self.dropped + index as u64)
    }

    pub(crate) fn counters(&self) -> Counters {
        Counters {
            now: millis(self.now),
            clamped: self.clamped,
            instances: self.present().len() as u32,
            services: self.services.values().filter(|known| known.record.is_some()).count() as u32,
            sessions: self.sessions.len() as u32,
            subscriptions: self.subscriptions.len() as u32,
            notices: self.subscriptions.values().filter(|subscription| subscription.waiting_since.is_some()).count()
                as u32,
            oldest_notice: self.oldest_notice().map(millis),
            overrides: self.decisions.len() as u32,
            fences: self.fences.len() as u32,
            names: self.names_held(),
            newest_transition: self.newest_transition(),
            transitions: self.journal.len() as u32,
            transition_bytes: self.journal_bytes,
            transitions_dropped: self.dropped,
        }
    }

    fn oldest_notice(&self) -> Option<Ms> {
        self.waiting.iter().find_map(|waiting| match waiting {
            Waiting::Changed(order) => self.subscriptions[order].waiting_since,
            Waiting::Probe(_) => None,
        })
    }

    /// How many different texts anything holds: names of services and addresses, and who did something.
    fn names_held(&self) -> u32 {
        let mut held = BTreeSet::new();
        for &service in self.services.keys() {
            let key = &self.service_names[service];
            held.extend([key.namespace.as_str(), key.group.as_str(), key.name.as_str()]);
        }
        let places =
            self.instances.keys().chain(self.decisions.keys()).chain(self.fences.keys().map(|(place, _)| place));
        for address in places.map(|place| &self.addresses[place.address]) {
            // An IPv4 address is a number and no text.
            let host = Some(address.host.as_str()).filter(|host| host.parse::<Ipv4Addr>().is_err());
            held.extend(host.into_iter().chain([address.cluster.as_str()]));
        }
        held.extend(self.services.values().flat_map(|known| &known.clusters).map(Cluster::as_str));
        let fates = self.instances.values().filter_map(|known| known.fate.by.as_ref());
        let sources = self.leases.values().map(|lease| &lease.source);
        let fenced = self.fences.values().flat_map(|fence| &fence.sources);
        let open = self.sessions.values().map(|session| &session.name);
        let told = self.subscriptions.values().map(|subscription| &subscription.subscriber);
        let authors = self.journal.iter().filter_map(|entry| entry.by.as_ref());
        held.extend(fates.chain(sources).chain(fenced).chain(open).chain(told).chain(authors).map(Actor::as_str));
        held.len() as u32
    }

    /// The subscribers of a service, by the slots of their subscriptions.
    pub(crate) fn subscribers(&self, key: &ServiceKey) -> Vec<SubscriberAccount> {
        let Some((service, _)) = self.known_service(key) else { return Vec::new() };
        let mut found: Vec<_> =
            self.subscriptions.values().filter(|subscription| subscription.service == service).collect();
        found.sort_by_key(|subscription| slot(subscription.id));
        let account = |subscription: &Subscription| SubscriberAccount {
            subscription: SubscriptionId::from_u64(subscription.id),
            subscriber: subscription.subscriber.clone(),
            since: millis(subscription.since),
            told: subscription.told,
            told_at: millis(subscription.told_at),
            waiting_since: subscription.waiting_since.map(millis),
        };
        found.into_iter().map(account).collect()
    }

    /// Instances about which anything is decided, and those that are fenced, sorted by name.
    pub(crate) fn remembered(&self) -> [Vec<(ServiceKey, liveset::Address)>; 2] {
        let named = |place: &Place| (self.service_names[place.service].clone(), self.addresses[place.address].clone());
        let mut decided: Vec<_> = self.decisions.keys().map(named).collect();
        let mut fenced: Vec<_> = self.fences.keys().map(|(place, _)| named(place)).collect();
        decided.sort();
        fenced.sort();
        [decided, fenced]
    }

    fn known_service(&self, key: &ServiceKey) -> Option<(usize, &super::facts::Service)> {
        let service = self.service_names.iter().position(|name| name == key)?;
        Some((service, self.services.get(&service)?))
    }
}
