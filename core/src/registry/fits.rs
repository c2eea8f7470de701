//! Whether the parts of a registry fit together. For what a snapshot brought.

use alloc::collections::BTreeMap;
use alloc::vec;
use alloc::vec::Vec;

use super::Registry;
use crate::id::NONE;
use crate::instance::state;
use crate::liveness::Caller;
use crate::view::{Row, Service};

/// What a service should count, as its instances say.
struct Tally {
    members: usize,
    served: u32,
    healthy: u32,
    held: u32,
    /// Where its clusters begin among all clusters.
    clusters: usize,
}

/// What all services should count.
struct Tallies {
    services: Vec<Tally>,
    held_in: Vec<u32>,
}

impl Tallies {
    fn new<'a>(services: impl Iterator<Item = &'a Service>) -> Tallies {
        let mut clusters = 0;
        let tally = |service: &Service| {
            let begin = clusters;
            clusters += service.clusters.len();
            Tally { members: 0, served: 0, healthy: 0, held: 0, clusters: begin }
        };
        let services = services.map(tally).collect();
        Tallies { services, held_in: vec![0; clusters] }
    }

    /// Counts an instance; false when it does not stand where its service has it.
    fn count(&mut self, instance: u32, row: &Row, service: &Service) -> bool {
        let tally = &mut self.services[row.key.service as usize];
        if row.position != NONE {
            let [served, healthy] = [state::SERVED, state::HEALTHY].map(|bit| row.state() & bit != 0);
            tally.members += 1;
            tally.served += u32::from(served);
            tally.healthy += u32::from(served && healthy);
        }
        if row.first_lease != NONE {
            let place = service.clusters.iter().position(|(cluster, _)| *cluster == row.key.cluster);
            let Some(place) = place else { return false };
            tally.held += 1;
            self.held_in[tally.clusters + place] += 1;
        }
        row.position == NONE || service.members.get(row.position as usize) == Some(&instance)
    }

    fn agree<'a>(&self, services: impl Iterator<Item = &'a Service> + Clone) -> bool {
        let counted = services.clone().map(|service| (service.members.len(), service.served(), service.held));
        let clusters = services.flat_map(|service| &service.clusters).map(|(_, held)| held);
        clusters.eq(&self.held_in)
            && counted.eq(self.services.iter().map(|tally| (tally.members, (tally.served, tally.healthy), tally.held)))
    }
}

/// The leases that were met while all instances are gone through.
struct Chained {
    met: Vec<bool>,
    /// How many of them a session carries.
    carried: usize,
    /// How many instances have several.
    shared: usize,
}

impl Registry {
    /// Every instance stands where its service has it, and each service counts what it has; every lease stands in exactly one chain, and
    /// every chain ends; of several in one it is known what each says; sessions and leases name one another.
    pub(super) fn instances_fit(&self) -> bool {
        let mut tallies = Tallies::new(self.services.all());
        let mut chained = Chained { met: vec![false; self.leases.len()], carried: 0, shared: 0 };
        let mut present = 0;
        for instance in 0..self.roster.len() as u32 {
            let row = self.roster.row(instance);
            present += u32::from(row.first_lease != NONE);
            let stands = tallies.count(instance, row, self.services.get(row.key.service));
            if !stands || !self.chain_fits(instance, row.first_lease, &mut chained) {
                return false;
            }
        }
        let all_met = (0..).zip(&chained.met).all(|(slot, &met)| met == self.leases.is_held(slot));
        all_met
            && present == self.roster.present()
            && self.sayings.fit(chained.shared, &self.contents)
            && tallies.agree(self.services.all())
            && self.carried() == Some(chained.carried)
    }

    /// The leases of an instance are its own, and nobody else's so far; somebody holds each.
    fn chain_fits(&self, instance: u32, first: u32, chained: &mut Chained) -> bool {
        let (names, mut slot) = (self.names.len(), first);
        let (said, mut leases) = (self.sayings.of(instance), 0);
        while slot != NONE {
            let is_first = chained.met.get_mut(slot as usize).is_some_and(|met| !core::mem::replace(met, true));
            if !is_first {
                return false;
            }
            let lease = self.leases.row(slot);
            if lease.instance != instance || lease.source.0 as usize >= names {
                return false;
            }
            chained.carried += usize::from(lease.session != NONE);
            if !said.is_empty() && self.sayings.by(instance, slot).is_none() {
                return false;
            }
            leases += 1;
            slot = lease.next;
        }
        chained.shared += usize::from(leases > 1);
        let row = self.roster.row(instance);
        let newest = said.last().map_or((row.content, row.enabled), |said| (said.content, said.enabled));
        said.len() == if leases > 1 { leases } else { 0 } && newest == (row.content, row.enabled)
    }

    /// How many leases the sessions name, where each is named once, by the session that it names.
    fn carried(&self) -> Option<usize> {
        let mut carried = 0;
        for (slot, session) in (0..self.sessions.len() as u32).filter_map(|slot| Some((slot, self.sessions.at(slot)?)))
        {
            let own = |&lease: &u32| self.leases.is_held(lease) && self.leases.row(lease).session == slot;
            let mut leases = session.leases.clone();
            leases.sort_unstable();
            if leases.windows(2).any(|two| two[0] == two[1]) || !leases.iter().all(own) {
                return None;
            }
            carried += leases.len();
        }
        Some(carried)
    }

    /// So many claims by beats has each `ip:port`, as is counted where they share a clock.
    pub(super) fn callers_fit(&self) -> bool {
        let mut claims: BTreeMap<Caller, u32> = BTreeMap::new();
        let counted = if self.leases.measure().shares_clocks() { self.leases.len() as u32 } else { 0 };
        for slot in (0..counted).filter(|&slot| self.leases.is_held(slot) && self.leases.lives_by_beats(slot)) {
            let key = self.roster.row(self.leases.row(slot).instance).key;
            *claims.entry((key.host, key.port)).or_default() += 1;
        }
        self.callers.fit(&claims, |host| self.names.fits_host(host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::Registration;
    use crate::name::{Actor, Address, ServiceKey};
    use crate::policy::Policy;
    use crate::time::Instant;
    use crate::view::Sayings;

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

    #[test]
    fn a_snapshot_whose_sessions_and_leases_do_not_name_one_another_is_refused() {
        let lies: [fn(&mut Vec<u32>); 3] =
            [|leases| leases.clear(), |leases| leases.push(leases[0]), |leases| leases[0] = 1];
        for (number, lie) in lies.into_iter().enumerate() {
            let mut registry = Registry::new(Policy::strict()).expect("a good policy");
            let one = Actor::parse("one").expect("a good name");
            let session = registry.open_session(Instant::ZERO, &one).expect("there is room");
            for (port, over) in [(80, Some(session)), (81, None)] {
                let service = ServiceKey::named("orders").expect("a good name");
                let address = Address::new("10.0.0.1", port).expect("a good address");
                let mut claim = Registration::new(service, address, one.clone());
                claim.session = over;
                registry.register(Instant::ZERO, &claim).expect("there is room");
            }
            Registry::restore(&registry.snapshot(), (0, 0)).expect("as it was written");
            registry.sessions.in_slot(session.slot()).map(|open| lie(&mut open.leases)).expect("it is open");
            assert!(Registry::restore(&registry.snapshot(), (0, 0)).is_err(), "lie {number}");
        }
    }

    #[test]
    fn a_snapshot_that_does_not_know_what_each_of_several_sources_says_is_refused() {
        let lies: [fn(&mut Registry); 4] = [
            |registry| registry.sayings = Sayings::default(),
            |registry| assert!(registry.sayings.end(0, 1).is_some()),
            |registry| registry.roster.row_mut(0).enabled = true,
            |registry| assert!(registry.sayings.say(1, registry.sayings.of(0)[0]).is_none()),
        ];
        for (number, lie) in lies.into_iter().enumerate() {
            let mut registry = Registry::new(Policy::strict()).expect("a good policy");
            for (source, port, enabled) in [("a", 80, true), ("proxy", 80, false), ("b", 81, true)] {
                let service = ServiceKey::named("orders").expect("a good name");
                let address = Address::new("10.0.0.1", port).expect("a good address");
                let mut claim = Registration::new(service, address, Actor::parse(source).expect("a good name"));
                claim.content.enabled = enabled;
                registry.register(Instant::ZERO, &claim).expect("there is room");
            }
            Registry::restore(&registry.snapshot(), (0, 0)).expect("as it was written");
            lie(&mut registry);
            assert!(Registry::restore(&registry.snapshot(), (0, 0)).is_err(), "lie {number}");
        }
    }
}
