//! A registry as bytes, and back; and the one number that two equal registries share.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;
use core::hash::Hasher;

use postcard::ser_flavors::Flavor;
use siphasher::sip::SipHasher13;

use super::{Registry, Timer};
use crate::account::snapshot::{self, corrupt};
use crate::error::Error;
use crate::id::NONE;
use crate::instance::{Key, state};
use crate::liveness::Caller;

impl Registry {
    /// Everything, as bytes: a container with version, sections and checksums.
    pub fn snapshot(&self) -> Vec<u8> {
        // Writing to memory has one way to fail, and running out of it does not come back here.
        snapshot::pack(snapshot::STATE, |bytes| postcard::serialize_with_flavor(self, Bytes(bytes)).unwrap_or_default())
    }

    /// The registry that [`Registry::snapshot`] wrote, future ids included. All or nothing: damaged bytes are refused, and so is a
    /// newer version. `seed` is for the hash tables, as in [`Registry::with_seed`].
    pub fn restore(bytes: &[u8], seed: (u64, u64)) -> Result<Registry, Error> {
        let sections = snapshot::unpack(bytes)?;
        let [(snapshot::STATE, state)] = sections[..] else {
            return Err(corrupt("its sections are not those of a registry"));
        };
        let (mut registry, rest) =
            postcard::take_from_bytes::<Registry>(state).map_err(|_| corrupt("its state cannot be read"))?;
        if !rest.is_empty() {
            return Err(corrupt("its state is longer than it should be"));
        }
        registry.policy.check().map_err(|error| error.within("policy"))?;
        if !registry.rebuild(seed) {
            return Err(corrupt("its parts do not fit together"));
        }
        Ok(registry)
    }

    /// A number that is equal for equal registries, in every language and build, and practically never for different ones.
    pub fn digest(&self) -> u64 {
        postcard::serialize_with_flavor(self, Digest(SipHasher13::new())).unwrap_or_default()
    }

    fn rebuild(&mut self, seed: (u64, u64)) -> bool {
        if !self.names.rebuild(seed) || !self.contents.rebuild(seed) || !self.fences.rebuild(seed) {
            return false;
        }
        let services_fit = self.services.rebuild(seed, &self.names);
        let (names, services, leases) = (self.names.len(), self.services.len(), self.leases.len());
        let key_fits = |key: &Key| {
            (key.service as usize) < services && self.names.fits_host(key.host) && (key.cluster.0 as usize) < names
        };
        let contents = &self.contents;
        let roster_fits = self.roster.rebuild(seed, |row| {
            key_fits(&row.key)
                && (row.first_lease == NONE || (row.first_lease as usize) < leases)
                && contents.holds(row.content)
                && row.fate().by.is_none_or(|by| (by.0 as usize) < names)
        });
        let (rows, sessions, subscriptions) = (self.roster.len(), self.sessions.len(), self.subscriptions.len());
        roster_fits
            && services_fit
            && self.leases.rebuild(self.now)
            && self.sessions.fits(names, leases)
            && self.subscriptions.fits(names, services, sessions)
            && self.journal.fits(&self.policy.limits, names, rows)
            && self.services.all().all(|service| service.fits(names, rows, subscriptions, &self.contents))
            && self.overrides.all().all(|(key, _)| key_fits(key))
            && self
                .fences
                .all()
                .all(|(key, fence)| key_fits(key) && fence.names().all(|name| (name.0 as usize) < names))
            && self.timers.iter().all(|(_, timer)| match timer {
                Timer::Warm => true,
                Timer::Session(slot) => (*slot as usize) < sessions,
                Timer::Check(slot) => (*slot as usize) < rows,
                Timer::Override(key) | Timer::Fence(key) => key_fits(key),
                Timer::Refresh(slot) | Timer::Notice(slot) | Timer::Service(slot) | Timer::Keep(slot) => {
                    (*slot as usize) < services
                }
            })
            && self.doubts.keys().all(|&slot| (slot as usize) < rows)
            && self.chains_fit()
            && self.callers_fit()
            && self.sessions_fit()
            && self.held_fit()
            && self.served_fit()
    }

    /// So many claims by beats has each `ip:port`, as is counted where they share a clock.
    fn callers_fit(&self) -> bool {
        let mut claims: BTreeMap<Caller, u32> = BTreeMap::new();
        let counted = if self.leases.measure().shares_clocks() { self.leases.len() as u32 } else { 0 };
        let held = (0..counted).filter(|&slot| self.leases.get(self.leases.id(slot)).is_some());
        for slot in held.filter(|&slot| self.leases.lives_by_beats(slot)) {
            let key = self.roster.row(self.leases.row(slot).instance).key;
            *claims.entry((key.host, key.port)).or_default() += 1;
        }
        self.callers.fit(&claims, |host| self.names.fits_host(host))
    }

    /// Sessions and leases name one another.
    fn sessions_fit(&self) -> bool {
        let carries = |slot: u32| self.sessions.at(slot).is_some_and(|session| !session.leases.is_empty());
        let carried = (0..self.sessions.len() as u32).filter(|&slot| carries(slot)).all(|session| {
            let leases = self.sessions.at(session).map_or(&[][..], |open| &open.leases);
            let distinct: BTreeSet<u32> = leases.iter().copied().collect();
            distinct.len() == leases.len()
                && leases
                    .iter()
                    .all(|&slot| self.leases.get(self.leases.id(slot)).is_some_and(|lease| lease.session == session))
        });
        let held =
            (0..self.leases.len() as u32).filter_map(|slot| self.leases.get(self.leases.id(slot)).map(|l| (slot, l)));
        carried
            && held.filter(|(_, lease)| lease.session != NONE).all(|(slot, lease)| {
                self.sessions.at(lease.session).is_some_and(|session| session.leases.contains(&slot))
            })
    }

    /// So many members of each service are served, and healthy, as it counts.
    fn served_fit(&self) -> bool {
        self.services.all().all(|service| {
            let states = service.members.iter().map(|&slot| self.roster.row(slot).state());
            let served = states.clone().filter(|bits| bits & state::SERVED != 0);
            let healthy = served.clone().filter(|bits| bits & state::HEALTHY != 0).count();
            service.served() == (served.count() as u32, healthy as u32)
        })
    }

    /// So many instances are held, of each service and in each of its clusters, as is counted.
    fn held_fit(&self) -> bool {
        let mut found: Vec<_> = self.services.all().map(|service| vec![0; service.clusters.len()]).collect();
        let rows = (0..self.roster.len() as u32).map(|slot| self.roster.row(slot));
        for row in rows.filter(|row| row.first_lease != NONE) {
            let mut clusters = self.services.get(row.key.service).clusters.iter();
            let Some(place) = clusters.position(|(cluster, _)| *cluster == row.key.cluster) else { return false };
            found[row.key.service as usize][place] += 1;
        }
        self.services.all().zip(found).all(|(service, found)| {
            service.held == found.iter().sum::<u32>() && service.clusters.iter().map(|(_, count)| *count).eq(found)
        }) && self.services.all().map(|service| service.held).sum::<u32>() == self.roster.present()
    }

    /// Every lease stands in exactly one chain, and every chain ends.
    fn chains_fit(&self) -> bool {
        let (leases, rows) = (self.leases.len(), self.roster.len());
        let mut met = vec![false; leases];
        for instance in 0..rows as u32 {
            let mut slot = self.roster.row(instance).first_lease;
            while slot != NONE {
                let fits = (slot as usize) < leases
                    && !core::mem::replace(&mut met[slot as usize], true)
                    && self.leases.row(slot).instance == instance
                    && (self.leases.row(slot).source.0 as usize) < self.names.len();
                if !fits {
                    return false;
                }
                slot = self.leases.row(slot).next;
            }
        }
        (0..leases as u32).all(|slot| met[slot as usize] == self.leases.get(self.leases.id(slot)).is_some())
            && (0..rows as u32).all(|slot| {
                let row = self.roster.row(slot);
                let members = &self.services.get(row.key.service).members;
                row.position == NONE || members.get(row.position as usize) == Some(&slot)
            })
    }
}

/// Adds the bytes of a snapshot to those before it.
struct Bytes<'a>(&'a mut Vec<u8>);

impl Flavor for Bytes<'_> {
    type Output = ();

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}

/// Feeds a hash with the bytes of a snapshot, without keeping them.
struct Digest(SipHasher13);

impl Flavor for Digest {
    type Output = u64;

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.write_u8(byte);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.write(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<u64> {
        Ok(self.0.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::Registration;
    use crate::name::{Actor, Address, ServiceKey};
    use crate::policy::Policy;
    use crate::time::Instant;

    #[test]
    fn a_snapshot_whose_counts_are_not_those_of_its_rows_is_refused() {
        let lies: [fn(&mut Registry); 4] = [
            |registry| registry.services.get_mut(0).held += 1,
            |registry| registry.services.get_mut(0).clusters[0].1 -= 1,
            |registry| registry.services.get_mut(0).clusters.clear(),
            |registry| registry.roster.arrived(),
        ];
        for (number, lie) in lies.into_iter().enumerate() {
            let mut registry = Registry::new(Policy::strict()).expect("a good policy");
            let service = ServiceKey::named("orders").expect("a good name");
            let address = Address::new("10.0.0.1", 80).expect("a good address");
            let claim = Registration::new(service, address, Actor::parse("one").expect("a good name"));
            registry.register(Instant::ZERO, &claim).expect("there is room");
            Registry::restore(&registry.snapshot(), (0, 0)).expect("as it was written");
            lie(&mut registry);
            assert!(Registry::restore(&registry.snapshot(), (0, 0)).is_err(), "lie {number}");
        }
    }
}
