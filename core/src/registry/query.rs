//! Whole views of a service, as documents for people and for hosts that want lists.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::Registry;
use super::sources::Description;
use crate::instance::{Content, InstanceView, Kind, state};
use crate::name::{Address, Cluster, Metadata, ServiceKey, Threshold};
use crate::policy::HealthyOnly;
use crate::time::{Instant, Span};
use crate::view::{Computed, Service, is_protected, rows_by_instance};

/// Who reads. Each gets what a server with this policy would give such a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reader {
    /// An operator's page: every instance, with its real health.
    Operator,
    /// A consumer: enabled instances, all as healthy while protection is in force.
    Consumer,
}

/// What to list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstanceQuery {
    /// Which service.
    pub service: ServiceKey,
    /// For whom.
    pub reader: Reader,
    /// Of which clusters; of all where none is named.
    #[serde(default)]
    pub clusters: Vec<Cluster>,
    /// Whether only healthy instances are wanted; the policy says what that means for a protected service.
    #[serde(default)]
    pub healthy_only: bool,
}

impl InstanceQuery {
    /// All instances of a service, for a reader.
    pub fn new(service: ServiceKey, reader: Reader) -> InstanceQuery {
        InstanceQuery { service, reader, clusters: Vec::new(), healthy_only: false }
    }
}

/// What is known of a service, or remembered of one that was forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceRecord {
    /// The service.
    pub service: ServiceKey,
    /// Whether it is known; else only its settings are remembered, or somebody waits for it.
    pub known: bool,
    /// Its kind; none before its first instance where nobody said.
    pub kind: Option<Kind>,
    /// Protect threshold, where one was set.
    pub protect_threshold: Option<Threshold>,
    /// Free texts an operator set.
    pub metadata: Metadata,
    /// Clusters that have or had instances, by name.
    pub clusters: Vec<Cluster>,
    /// Instances held by some lease.
    pub instances: u32,
    /// Whether readers have a view of it: where the policy computes views late, somebody must have looked, or time must have passed.
    pub computed: bool,
}

/// A service as a reader gets it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceView {
    /// The service.
    pub service: ServiceKey,
    /// Its revision.
    pub revision: u64,
    /// Whether protection is in force.
    pub protected: bool,
    /// Until when it is served as it last was, because everybody in it is silent.
    pub kept_until: Option<Instant>,
    /// Until when the list is marked as incomplete, because the registry restarted without its instances; an empty one says nothing then.
    pub warming_until: Option<Instant>,
    /// Its instances, by host, port and cluster. One that several sources describe may have several rows, where the policy's `view.shared`
    /// says so.
    pub instances: Vec<InstanceView>,
}

impl Registry {
    /// A service as a reader gets it; empty at revision 0 when nobody ever named it.
    pub fn instances(&self, query: &InstanceQuery) -> ServiceView {
        let known = |slot: &u32| self.services.get(*slot).record.is_some();
        let Some(slot) = self.find_service(&query.service).filter(known) else {
            return ServiceView {
                service: query.service.clone(),
                revision: 0,
                protected: false,
                kept_until: None,
                warming_until: self.warming_until,
                instances: Vec::new(),
            };
        };
        let service = self.services.get(slot);
        let consumer = query.reader == Reader::Consumer;
        let wanted = if consumer { state::SERVED } else { state::PRESENT };
        let named = |&&instance: &&u32| {
            let cluster = self.names.text(self.roster.row(instance).key.cluster);
            query.clusters.is_empty() || query.clusters.iter().any(|named| named.as_str() == cluster)
        };
        let mut rows = self.rows(service, service.members.iter().filter(named), wanted);
        let is_healthy = |row: &Description| row.bits & state::HEALTHY != 0;
        if query.healthy_only && self.policy.view.healthy_only == HealthyOnly::BeforeProtection {
            rows.retain(is_healthy);
        }
        // Protection counts instances, of which one may have several rows.
        let instances = rows.chunk_by(|one, next| one.instance == next.instance);
        let (total, healthy) =
            (instances.clone().count(), instances.filter(|rows| rows.iter().any(is_healthy)).count());
        let threshold = service.settings().threshold;
        let protected = is_protected(&self.policy.view, threshold, healthy as u32, total as u32)
            || (service.is_kept() && !rows.is_empty());
        if query.healthy_only && !(protected && consumer) {
            rows.retain(is_healthy);
        }
        let view = |row: Description| {
            let healthy = is_healthy(&row) || (protected && consumer);
            InstanceView { healthy, ..self.instance_view(row) }
        };
        let mut instances: Vec<InstanceView> = rows.into_iter().map(view).collect();
        // A stable sort: rows of one instance stay in the order of its claims.
        instances.sort_by(|a, b| (&a.address, a.kind).cmp(&(&b.address, b.kind)));
        ServiceView {
            service: query.service.clone(),
            revision: service.revision,
            protected,
            kept_until: service.kept_until,
            warming_until: self.warming_until,
            instances,
        }
    }

    /// What is known or remembered of a service; none when nobody ever named it, or everything is forgotten.
    pub fn service(&self, service: &ServiceKey) -> Option<ServiceRecord> {
        let entry = self.services.get(self.find_service(service)?);
        let mut clusters: Vec<Cluster> =
            entry.clusters.iter().map(|&(name, _)| Cluster::trusted(self.names.text(name))).collect();
        clusters.sort_unstable();
        Some(ServiceRecord {
            service: service.clone(),
            known: entry.record.is_some(),
            kind: entry.record.and_then(|record| record.kind),
            protect_threshold: entry.settings().threshold,
            metadata: entry.settings().metadata.clone(),
            clusters,
            instances: entry.held,
            computed: entry.computed != Computed::Never || self.policy.view.refresh == Span::ZERO,
        })
    }

    /// Services known here, by name.
    pub fn services(&self) -> Vec<ServiceKey> {
        let mut keys: Vec<ServiceKey> = self.services.known().map(|slot| self.service_key(slot)).collect();
        keys.sort_unstable();
        keys
    }

    /// An instance that some lease holds, as it stands by now and as it was described last. Readers get the same, or get it later where the
    /// policy computes views late, or get a row for each description.
    pub fn instance(&self, service: &ServiceKey, address: &Address) -> Option<InstanceView> {
        let instance = self.find_present(service, address, None)?;
        let (weight, metadata) = self.content_in_force(instance);
        Some(self.instance_view(Description { instance, bits: self.state_in_force(instance), weight, metadata }))
    }

    /// What readers have of these members, where it has one of the state bits `wanted`.
    fn rows<'a>(&self, service: &Service, members: impl Iterator<Item = &'a u32>, wanted: u32) -> Vec<Description> {
        let shown = rows_by_instance(&service.shown);
        let mut rows = Vec::new();
        for &instance in members.filter(|&&instance| self.roster.row(instance).state() & wanted != 0) {
            match shown.get(&instance) {
                None => self.describe(instance, &mut rows),
                Some(computed) => rows.extend(computed.iter().map(|row| Description {
                    instance,
                    bits: row.bits,
                    weight: self.contents.weight(row.content),
                    metadata: self.contents.metadata(row.content),
                })),
            }
        }
        rows.retain(|row| row.bits & wanted != 0);
        rows
    }

    fn instance_view(&self, row: Description) -> InstanceView {
        let Description { instance, bits, weight, metadata } = row;
        let key = self.roster.row(instance).key;
        InstanceView {
            id: self.roster.id(instance),
            address: self.address(key),
            kind: key.kind,
            healthy: bits & state::HEALTHY != 0,
            enabled: bits & state::ENABLED != 0,
            weight,
            metadata,
        }
    }

    /// Whether some lease holds the instance of this kind.
    pub fn is_held(&self, service: &ServiceKey, address: &Address, kind: Kind) -> bool {
        self.find_present(service, address, Some(kind)).is_some()
    }

    /// Whether readers have the view of a service that was computed for the first of them, and has not had its turn since.
    pub fn is_as_looked_up(&self, service: &ServiceKey) -> bool {
        self.find_service(service)
            .map(|slot| self.services.get(slot))
            .is_some_and(|entry| entry.computed == Computed::LookedUp)
    }

    /// Whether some lease over a session holds the instance.
    pub fn is_connected(&self, service: &ServiceKey, address: &Address) -> bool {
        let instance = self.find_present(service, address, None);
        let mut leases = instance.into_iter().flat_map(|instance| self.leases_of(instance));
        leases.any(|lease| self.sessions.at(self.leases.row(lease).session).is_some())
    }

    /// What operators decided about an instance, as the content it gives by itself: fields nobody decided have their defaults. None where
    /// nothing is decided.
    pub fn decision(&self, service: &ServiceKey, address: &Address) -> Option<Content> {
        let key = self.find_memory(service, address, |key| self.overrides.get(key).is_some())?;
        let decided = self.overrides.get(key)?;
        let mut content = Content::default();
        content.enabled = decided.enabled.as_ref().map_or(content.enabled, |enabled| enabled.value);
        content.weight = decided.weight.as_ref().map_or(content.weight, |weight| weight.value);
        for (key, value) in &decided.metadata {
            content.metadata.set(key, &value.value);
        }
        Some(content)
    }

    /// How many instances are held by some lease.
    pub fn instance_count(&self) -> u32 {
        self.roster.present()
    }
}
