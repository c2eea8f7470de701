//! Whether the parts of a registry fit together. For what a snapshot brought.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec;
use alloc::vec::Vec;

use super::Registry;
use crate::id::NONE;
use crate::instance::state;
use crate::liveness::Caller;

impl Registry {
    /// So many claims by beats has each `ip:port`, as is counted where they share a clock.
    pub(super) fn callers_fit(&self) -> bool {
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
    pub(super) fn sessions_fit(&self) -> bool {
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
    pub(super) fn served_fit(&self) -> bool {
        self.services.all().all(|service| {
            let states = service.members.iter().map(|&slot| self.roster.row(slot).state());
            let served = states.clone().filter(|bits| bits & state::SERVED != 0);
            let healthy = served.clone().filter(|bits| bits & state::HEALTHY != 0).count();
            service.served() == (served.count() as u32, healthy as u32)
        })
    }

    /// So many instances are held, of each service and in each of its clusters, as is counted.
    pub(super) fn held_fit(&self) -> bool {
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
    pub(super) fn chains_fit(&self) -> bool {
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
