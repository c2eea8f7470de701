//! Whole views of a service, as documents for people and for hosts that want lists.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::Registry;
use crate::instance::{InstanceView, state};
use crate::name::{Metadata, ServiceKey, Weight};
use crate::view::Shown;

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
    /// Its instances, by host, port and cluster.
    pub instances: Vec<InstanceView>,
}

impl Registry {
    /// A service as a reader gets it; empty at revision 0 when nobody ever named it.
    pub fn instances(&self, query: &InstanceQuery) -> ServiceView {
        let Some(slot) = self.find_service(&query.service) else {
            return ServiceView {
                service: query.service.clone(),
                revision: 0,
                protected: false,
                instances: Vec::new(),
            };
        };
        let service = self.services.get(slot);
        let protected = self.protects(slot);
        let wanted = match query.reader {
            Reader::Operator => state::PRESENT,
            Reader::Consumer => state::SERVED,
        };
        let shown: BTreeMap<u32, &Shown> = service.shown.iter().map(|row| (row.slot, row)).collect();
        let listed = service.members.iter().copied().filter(|&instance| self.roster.row(instance).state & wanted != 0);
        let mut instances: Vec<InstanceView> = listed
            .map(|instance| {
                let row = self.roster.row(instance);
                let (weight, metadata) = self.content_shown(instance, shown.get(&instance).copied());
                InstanceView {
                    id: self.roster.id(instance),
                    address: self.address(row.key),
                    healthy: row.state & state::HEALTHY != 0 || (protected && query.reader == Reader::Consumer),
                    enabled: row.state & state::ENABLED != 0,
                    weight,
                    metadata,
                }
            })
            .collect();
        instances.sort_by(|a, b| a.address.cmp(&b.address));
        ServiceView { service: query.service.clone(), revision: service.revision, protected, instances }
    }

    /// Services known here, by name.
    pub fn services(&self) -> Vec<ServiceKey> {
        let mut keys: Vec<ServiceKey> = (0..self.services.len() as u32).map(|slot| self.service_key(slot)).collect();
        keys.sort();
        keys
    }

    /// How many instances are held by some lease.
    pub fn instance_count(&self) -> u32 {
        self.roster.present()
    }

    fn content_shown(&self, instance: u32, shown: Option<&Shown>) -> (Weight, Metadata) {
        match shown {
            Some(row) => (row.weight, self.metadata.content(row.metadata)),
            None => self.content_in_force(instance),
        }
    }
}
