//! From names to slots and back.

use super::Registry;
use crate::error::Error;
use crate::id::NONE;
use crate::instance::{Key, Registration};
use crate::name::{Actor, Address, Cluster, Group, Host, NameId, Namespace, Port, ServiceKey, ServiceName};
use alloc::string::ToString;
use alloc::vec::Vec;

impl Registry {
    pub(super) fn find_service(&self, service: &ServiceKey) -> Option<u32> {
        let namespace = self.names.find(service.namespace.as_str())?;
        let group = self.names.find(service.group.as_str())?;
        let name = self.names.find(service.name.as_str())?;
        self.services.find([namespace, group, name])
    }

    /// The key of an address that somebody named before: an instance, an override or a fence.
    pub(super) fn find_key(&self, service: &ServiceKey, address: &Address) -> Option<Key> {
        let host = self.names.find(address.host.as_str())?;
        let cluster = self.names.find(address.cluster.as_str())?;
        Some(Key { service: self.find_service(service)?, host, port: address.port.get(), cluster })
    }

    /// The row of an instance, present or lately gone.
    pub(super) fn find_row(&self, service: &ServiceKey, address: &Address) -> Option<(Key, u32)> {
        let key = self.find_key(service, address)?;
        Some((key, self.roster.find(key)?))
    }

    /// The row of an instance that is there.
    pub(super) fn find_present(&self, service: &ServiceKey, address: &Address) -> Option<(Key, u32)> {
        self.find_row(service, address).filter(|&(_, slot)| self.roster.row(slot).first_lease != NONE)
    }

    pub(super) fn ensure_service(&mut self, service: &ServiceKey) -> u32 {
        if let Some(slot) = self.find_service(service) {
            return slot;
        }
        let names = [service.namespace.as_str(), service.group.as_str(), service.name.as_str()];
        let names = names.map(|name| self.names.intern(name));
        self.services.insert(self.now, names)
    }

    /// The key of an address, with its two names counted once more for whoever keeps it.
    pub(super) fn intern_key(&mut self, service: u32, address: &Address) -> Key {
        let host = self.names.intern(address.host.as_str());
        let cluster = self.names.intern(address.cluster.as_str());
        Key { service, host, port: address.port.get(), cluster }
    }

    pub(super) fn release_key(&mut self, key: Key) {
        self.names.release(key.host);
        self.names.release(key.cluster);
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
            host: Host::trusted(self.names.text(key.host)),
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
    pub(super) fn admit(
        &self,
        registration: &Registration,
        instance: Option<u32>,
        new_lease: bool,
    ) -> Result<(), Error> {
        let limits = &self.policy.limits;
        let held = instance.map_or(0, |slot| self.leases_of(slot).count());
        let table = [
            (
                "services_max",
                limits.services_max,
                self.services.len(),
                self.find_service(&registration.service).is_none(),
            ),
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
