//! One lease: who looks for its silence, which times it lives by, and how it is found.

use liveset::{Address, Error, Host, Kind, LeaseId, Outcome, Port, ServiceKey, Span};

use super::claim::unknown;
use super::facts::Lease;
use super::times::{last_look, longest_silence, look, past, times_of};
use super::{Model, Ms, Place};

impl Model {
    /// Whether this node looks for the silence of the claims by beats on an instance.
    pub(super) fn watch(&mut self, service: &ServiceKey, address: &Address, watches: bool) -> Result<Outcome, Error> {
        let place = self.place(service, address, Kind::Ephemeral);
        if !self.is_present(place) {
            return Err(unknown(service, address));
        }
        for order in self.leases_of(place) {
            self.watch_lease(order, watches);
        }
        Ok(Outcome::Watched)
    }

    pub(super) fn watch_lease(&mut self, order: u64, watches: bool) {
        if !self.by_beats(order) || self.leases[&order].watched == watches {
            return;
        }
        let (policy, now) = (self.policy.clone(), self.now);
        let lease = self.lease_mut(order);
        lease.watched = watches;
        lease.waits = None;
        if watches {
            // Longer silence than ends it counts as that.
            lease.last_beat = lease.last_beat.max(now.saturating_sub(longest_silence(&policy, lease.times)));
            lease.clock_began = last_look(&policy, lease, now);
            self.count_claims();
        }
    }

    /// When the clock began that looks for the silence of a new claim: that of another claim of its `host:port`, where they share one.
    pub(super) fn clock_of(&mut self, place: Place) -> Ms {
        if self.policy.expiry.clock_kept == Span::ZERO {
            return self.now;
        }
        let (caller, now) = (self.caller(place), self.now);
        let claims =
            self.leases.iter().any(|(&order, lease)| self.by_beats(order) && self.caller(lease.place) == caller);
        let known = self.clocks.get(&caller).filter(|(_, until)| claims || *until > now);
        let clock = known.copied().unwrap_or((now, now));
        self.clocks.insert(caller, clock);
        clock.0
    }

    /// A claim by beats ended, last heard then: the clock of its `host:port` is kept for a while.
    pub(super) fn keep_clock(&mut self, place: Place, heard: Ms) {
        let (caller, expiry) = (self.caller(place), &self.policy.expiry);
        let until = heard + past(&self.policy, expiry.clock_kept.as_millis());
        let until = expiry.cap.map_or(until, |cap| look(cap.sweep, until));
        if let Some(clock) = self.clocks.get_mut(&caller) {
            clock.1 = clock.1.max(until);
        }
    }

    fn caller(&self, place: Place) -> (Host, Port) {
        let address = &self.addresses[place.address];
        (address.host.clone(), address.port)
    }

    /// The times in force of an instance hold from the last beat of each of its leases on, where the policy takes them.
    pub(super) fn retime(&mut self, place: Place) {
        for order in self.leases_of(place) {
            let (_, metadata) = self.decided_over(place, &self.leases[&order].said.1);
            let Ok(times) = times_of(&self.policy, &metadata) else { continue };
            if self.by_beats(order) && self.leases[&order].times != times {
                let lease = self.lease_mut(order);
                lease.times = times;
                lease.waits = None;
            }
        }
    }

    pub(super) fn lease_named(&self, lease: LeaseId) -> Result<u64, Error> {
        let found = self.leases.iter().find(|(_, held)| held.id == lease.to_u64());
        found.map(|(&order, _)| order).ok_or_else(|| Error::UnknownLease { what: lease.to_u64().to_string() })
    }

    pub(super) fn lease_mut(&mut self, order: u64) -> &mut Lease {
        self.leases.get_mut(&order).expect("found before")
    }
}
