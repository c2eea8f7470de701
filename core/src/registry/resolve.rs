//! From names to slots and back.

use super::Registry;
use crate::error::Error;
use crate::id::NONE;
use crate::instance::{Key, Kind};
use crate::name::{Actor, Address, Cluster, Group, HostId, NameId, Namespace, Port, ServiceKey, ServiceName};
use crate::policy::{OverrideWrite, Sources};
use alloc::string::ToString;
use alloc::vec::Vec;

/// The parts of a key that are known.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) service: Option<u32>,
    host: Option<HostId>,
    cluster: Option<NameId>,
    port: u16,
}

impl Place {
    pub(super) fn key(&self, kind: Kind) -> Option<Key> {
        Some(Key { service: self.service?, host: self.host?, port: self.port, cluster: self.cluster?, kind })
    }
}

impl Registry {
    pub(super) fn find_service(&self, service: &ServiceKey) -> Option<u32> {
        self.services.find(service, &self.names)
    }

    /// What of an address somebody named before.
    pub(super) fn place(&self, service: &ServiceKey, address: &Address) -> Place {
        let service = self.find_service(service);
        Place {
            service,
            host: self.names.find_host(&address.host),
            cluster: self.find_cluster(service, &address.cluster),
            port: address.port.get(),
        }
    }

    /// The name of a cluster, which most often is one that the service has.
    fn find_cluster(&self, service: Option<u32>, cluster: &Cluster) -> Option<NameId> {
        let text = cluster.as_str();
        let known = service.map_or(&[][..], |slot| &self.services.get(slot).clusters);
        let own = known.iter().map(|&(name, _)| name).take(4).find(|&name| self.names.text(name) == text);
        own.or_else(|| self.names.find(text))
    }

    /// The row of an instance of this kind, present or lately gone.
    pub(super) fn row_at(&self, place: Place, kind: Kind) -> Option<u32> {
        self.roster.find(place.key(kind)?)
    }

    /// The row of an instance: the ephemeral one, unless only the persistent one is there.
    pub(super) fn find_row(&self, service: &ServiceKey, address: &Address) -> Option<u32> {
        self.either_row_at(self.place(service, address))
    }

    fn either_row_at(&self, place: Place) -> Option<u32> {
        let [ephemeral, persistent] = [Kind::Ephemeral, Kind::Persistent].map(|kind| self.row_at(place, kind));
        let is_there = |slot: &u32| self.is_present(*slot);
        ephemeral.filter(is_there).or(persistent.filter(is_there)).or(ephemeral).or(persistent)
    }

    /// The row of an instance that is there.
    pub(super) fn find_present(&self, service: &ServiceKey, address: &Address, kind: Option<Kind>) -> Option<u32> {
        self.present_at(self.place(service, address), kind)
    }

    pub(super) fn present_at(&self, place: Place, kind: Option<Kind>) -> Option<u32> {
        let row = match kind {
            None => self.either_row_at(place),
            Some(kind) => self.row_at(place, kind),
        };
        row.filter(|&slot| self.is_present(slot))
    }

    /// The lease that a claim by beats of `source` on this address means.
    pub(super) fn lease_by_beats(&self, place: Place, kind: Kind, source: &Actor) -> Option<u32> {
        let own = self.row_at(place, kind).and_then(|row| self.lease_for(row, source, None));
        own.or_else(|| self.lease_elsewhere(place, kind))
    }

    /// The lease by beats on this address in another cluster, where the policy lets an address stand in one only.
    pub(super) fn lease_elsewhere(&self, place: Place, kind: Kind) -> Option<u32> {
        if self.policy.claims.sources != Sources::OnePerHostPort {
            return None;
        }
        let (service, host) = (place.service?, place.host?);
        let clusters = self.services.get(service).clusters.iter();
        let mut keys = clusters.map(|&(cluster, _)| Key { service, host, port: place.port, cluster, kind });
        let by_beats = |&lease: &u32| self.leases.row(lease).session == NONE;
        keys.find_map(|key| self.leases_of(self.roster.find(key)?).find(by_beats))
    }

    pub(super) fn is_present(&self, instance: u32) -> bool {
        self.roster.row(instance).first_lease != NONE
    }

    /// The memory that somebody means by an address: of the instance that is there, or else whichever has what he speaks of.
    pub(super) fn find_memory(
        &self,
        service: &ServiceKey,
        address: &Address,
        has: impl Fn(Key) -> bool,
    ) -> Option<Key> {
        let place = self.place(service, address);
        let present = self.present_at(place, None).map(|slot| self.roster.row(slot).key);
        let kinds = [Kind::Ephemeral, Kind::Persistent].map(|kind| place.key(kind));
        let mut meant = [present].into_iter().chain(kinds).flatten().map(|key| self.memory_key(key));
        meant.find(|&key| has(key))
    }

    /// The key under which decisions about an instance are remembered: both kinds share one, unless each record has its own.
    pub(super) fn memory_key(&self, key: Key) -> Key {
        match self.policy.overrides.write {
            OverrideWrite::Record => key,
            _ => Key { kind: Kind::Ephemeral, ..key },
        }
    }

    pub(super) fn ensure_service(&mut self, service: &ServiceKey) -> u32 {
        if let Some(slot) = self.find_service(service) {
            return slot;
        }
        self.new_service(service)
    }

    /// A slot for a service that nobody named before.
    pub(super) fn new_service(&mut self, service: &ServiceKey) -> u32 {
        let names = [service.namespace.as_str(), service.group.as_str(), service.name.as_str()];
        let names = names.map(|name| self.names.intern(name));
        self.services.insert(self.now, names, &self.names)
    }

    /// The key of an address, of which so much is known, counted once more for whoever keeps it.
    pub(super) fn intern_key(&mut self, service: u32, known: Place, address: &Address, kind: Kind) -> Key {
        let host = known.host.inspect(|&host| self.names.retain_host(host));
        let host = host.unwrap_or_else(|| self.names.intern_host(&address.host));
        let cluster = known.cluster.inspect(|&cluster| self.names.retain(cluster));
        let cluster = cluster.unwrap_or_else(|| self.names.intern(address.cluster.as_str()));
        self.services.get_mut(service).uses += 1;
        Key { service, host, port: address.port.get(), cluster, kind }
    }

    pub(super) fn retain_key(&mut self, key: Key) {
        self.names.retain_host(key.host);
        self.names.retain(key.cluster);
        self.services.get_mut(key.service).uses += 1;
    }

    pub(super) fn release_key(&mut self, key: Key) {
        self.names.release_host(key.host);
        self.names.release(key.cluster);
        self.services.get_mut(key.service).uses -= 1;
        self.free_service(key.service);
    }

    pub(super) fn service_key(&self, slot: u32) -> ServiceKey {
        let service = self.services.get(slot);
        ServiceKey {
            namespace: Namespace::trusted(self.names.text(service.namespace)),
            group: Group::trusted(self.names.text(service.group)),
            name: ServiceName::trusted(self.names.text(service.name)),
        }
    }

    pub(super) fn address(&self, key: Key) -> Address {
        Address {
            host: self.names.host(key.host),
            port: Port::new(key.port),
            cluster: Cluster::trusted(self.names.text(key.cluster)),
        }
    }

    pub(super) fn actor(&self, name: NameId) -> Actor {
        Actor::trusted(self.names.text(name))
    }

    /// Slots of the leases of an instance, oldest first.
    pub(super) fn leases_of(&self, instance: u32) -> impl Iterator<Item = u32> + '_ {
        let held = |slot: u32| (slot != NONE).then_some(slot);
        let first = held(self.roster.row(instance).first_lease);
        core::iter::successors(first, move |&slot| held(self.leases.row(slot).next))
    }

    /// Sources that hold an instance, oldest lease first.
    pub(super) fn holders(&self, instance: u32) -> Vec<Actor> {
        self.leases_of(instance).map(|slot| self.actor(self.leases.row(slot).source)).collect()
    }

    pub(super) fn unknown_instance(service: &ServiceKey, address: &Address) -> Error {
        Error::UnknownInstance { service: service.to_string(), instance: address.to_string() }
    }

    /// Refuses what the policy's limits forbid to a new registration.
    pub(super) fn admit(&self, place: Place, instance: Option<u32>, new_lease: bool) -> Result<(), Error> {
        let limits = &self.policy.limits;
        let held = instance.map_or(0, |slot| self.leases_of(slot).count());
        let table = [
            ("services_max", limits.services_max, self.services.used() as usize, place.service.is_none()),
            ("instances_max", limits.instances_max, self.roster.present() as usize, held == 0),
            ("leases_per_instance_max", limits.leases_per_instance_max, held, new_lease),
        ];
        for (limit, max, found, adds) in table {
            if adds && found >= max as usize {
                return Err(Error::LimitReached { limit, max: u64::from(max) });
            }
        }
        Ok(())
    }
}
