//! Claims: registering, and what a claim must be.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::Registry;
use super::journal::Author;
use super::resolve::Place;
use crate::error::Error;
use crate::id::{ID_MAX, NONE};
use crate::instance::{Cause, Content, Kind, Registered, Registration};
use crate::liveness::{Lease, Marks, TIMEOUT_KEY, Times, times_of};
use crate::memory::Claim;
use crate::name::{Actor, Address, INCARNATION, NameId, ServiceKey};
use crate::policy::{Holds, OwnTimes, Sources, Sweep};
use crate::time::{Instant, Span};
use crate::view::Fate;

/// What the checks of a claim found.
struct Found {
    times: Times,
    place: Place,
    row: Option<u32>,
    lease: Option<u32>,
}

impl Registry {
    /// Claims an instance for a source, or says anew what it is. Counts as a beat.
    ///
    /// Refuses a fenced or outdated life, times that the policy does not accept, and whatever a limit forbids.
    pub fn register(&mut self, now: Instant, registration: &Registration) -> Result<Registered, Error> {
        self.settle(now);
        self.refuse_second(registration)?;
        let registered = self.claim(registration, Cause::Registered, false)?;
        if let Some(session) = registration.session.filter(|_| self.policy.session.holds == Holds::One) {
            for lease in self.leases_over(session.slot(), registered.service.slot()) {
                if lease != registered.lease.slot() {
                    let instead = registration.address.to_string();
                    self.acting(&registration.source, |registry, source| registry.replace(lease, source, instead));
                }
            }
        }
        Ok(registered)
    }

    /// Refuses a second instance of a source over its session, where the policy wants a batch for that.
    fn refuse_second(&self, registration: &Registration) -> Result<(), Error> {
        let one = self.policy.session.holds == Holds::OneOrBatch;
        let open = registration.session.filter(|&session| one && self.sessions.get(session).is_some());
        let Some(session) = open else { return Ok(()) };
        let Some(service) = self.find_service(&registration.service) else { return Ok(()) };
        let own = |&lease: &u32| self.names.text(self.leases.row(lease).source) == registration.source.as_str();
        let held = self.leases_over(session.slot(), service).into_iter().filter(own);
        let held: Vec<Address> =
            held.map(|lease| self.address(self.roster.row(self.leases.row(lease).instance).key)).collect();
        match held.first().filter(|_| !held.contains(&registration.address)) {
            None => Ok(()),
            Some(first) => {
                let found = alloc::format!("holds {first} in {}", registration.service);
                Err(Error::invalid(
                    "registration.session",
                    found,
                    "a batch, which takes the place of all that it holds",
                ))
            }
        }
    }

    pub(super) fn claim(
        &mut self,
        registration: &Registration,
        cause: Cause,
        is_beat: bool,
    ) -> Result<Registered, Error> {
        let (times, place, row) = self.check_claim(registration, is_beat)?;
        let session = registration.session.map(|id| id.slot());
        let lease = row.and_then(|slot| self.lease_for(slot, &registration.source, session));
        self.admit(place, row, lease.is_none())?;
        let found = Found { times, place, row, lease };
        Ok(self.acting(&registration.source, |registry, source| registry.take_up(registration, source, found, cause)))
    }

    /// Does what a claim that passed all checks says.
    fn take_up(&mut self, registration: &Registration, source: NameId, found: Found, cause: Cause) -> Registered {
        let Registration { service, address, session, incarnation, copied, kind, healthy, content, .. } = registration;
        let Found { times, place, row, lease } = found;
        let session = session.map(|id| id.slot());
        self.hear();
        let service_slot = place.service.unwrap_or_else(|| self.new_service(service));
        self.make_record(service_slot, Some(*kind), false);
        let claims_by_beats = session.is_none() && lease.is_none();
        let moved = self.lease_elsewhere(place, *kind).filter(|_| claims_by_beats);
        let (place, row) = match moved {
            Some(moved) => {
                self.replace(moved, source, address.to_string());
                // It may have been gone, and forgotten with its names as the other one went.
                let place = self.place(service, address);
                (place, self.row_at(place, *kind))
            }
            None => (place, row),
        };
        let instance = row.unwrap_or_else(|| {
            let key = self.intern_key(service_slot, place, address, *kind);
            self.roster.insert(key, Fate { at: self.now, cause, by: None })
        });
        let was_present = self.is_present(instance);
        let life = self.life_of(instance, lease, *incarnation);
        let was_published = was_present && self.is_published(instance);
        let author = Author::of(source);
        let (joins, was_alive) = (lease.is_none(), self.is_alive(instance));
        let lease = match lease {
            Some(lease) => {
                let healthy =
                    if self.policy.expiry.registration_revives { *healthy } else { self.leases.is_alive(lease) };
                if !*copied {
                    self.leases.watch(self.now, lease, true);
                }
                self.renew_lease(lease, source, life, times, healthy)
            }
            None => self.new_lease(instance, registration, source, life, times),
        };
        let changed = self.say(instance, lease, content, was_present);
        self.brake.count(self.leases.silent().1);
        self.heed_session(session, content, times);
        self.leases
            .mark(lease, Marks { persistent: *kind == Kind::Persistent, in_batch: false, said_unhealthy: !*healthy });
        if !was_present {
            self.roster.arrived();
            let cluster = self.roster.row(instance).key.cluster;
            if self.services.get_mut(service_slot).arrived(cluster) {
                self.names.retain(cluster);
            }
            self.decide_fate(instance, cause, &author);
        }
        let happened = match (was_present, joins) {
            (false, _) => Some(cause),
            (true, true) => Some(Cause::SourceJoined),
            (true, false) => changed.then_some(Cause::Reregistered),
        };
        if let Some(happened) = happened {
            self.note(instance, happened, &author);
        }
        if was_present && was_alive != self.is_alive(instance) {
            let cause = if was_alive { Cause::Reregistered } else { Cause::Beat };
            self.decide_fate(instance, cause, &author);
            self.note(instance, cause, &author);
        }
        if was_present && was_published != self.is_published(instance) && self.is_alive(instance) {
            self.decide_fate(instance, Cause::Reregistered, &author);
        }
        let memory = self.memory_key(self.roster.row(instance).key);
        let forgot = self.overrides.registered(&self.policy.overrides, memory, life, *copied);
        if forgot {
            self.note(instance, Cause::OverrideEnded, &author);
            self.release_override_key(memory);
        }
        if forgot || !joins || was_present || self.overrides.get(memory).is_some() {
            self.retime(instance);
        }
        self.arm_check(instance);
        self.touch(instance, happened.unwrap_or(Cause::Beat), changed || forgot);
        // Where views are computed late, the computation tells.
        if self.policy.view.unchanged_is_told && self.policy.view.refresh == Span::ZERO {
            self.arm_notices(service_slot, self.policy.view.notice_window);
        }
        Registered {
            lease: self.leases.id(lease),
            instance: self.roster.id(instance),
            service: self.services.id(service_slot),
            incarnation: life,
            created: !was_present,
            other_sources: self.others(instance, lease),
        }
    }

    /// All that can be wrong with a claim, but for the limits; what it lives by where nothing is, its place, and its row,
    /// where there is one.
    pub(super) fn check_claim(
        &self,
        registration: &Registration,
        is_beat: bool,
    ) -> Result<(Times, Place, Option<u32>), Error> {
        let Registration { service, address, source, session, incarnation, kind, content, .. } = registration;
        let times = self.check_content(content)?;
        if let Some(session) = session {
            self.sessions.get(*session).ok_or(Error::UnknownSession { session: session.to_u64() })?;
            if *kind == Kind::Persistent {
                return Err(Error::invalid(
                    "session",
                    "a session",
                    "none for a persistent instance, which outlives it",
                ));
            }
        }
        let place = self.place(service, address);
        self.refuse_fenced(place, *kind, address, source, *incarnation, is_beat)?;
        self.refuse_other_kind(place, service, address, *kind)?;
        let row = self.row_at(place, *kind);
        let newest = row.map_or(0, |slot| self.roster.row(slot).incarnation);
        self.refuse_older(*incarnation, newest, address)?;
        Ok((times, place, row))
    }

    /// Says whether this node looks for the silence of the claims by beats on an instance. What was overdue by then is found at the next
    /// look of each claim's clock.
    pub fn watch(&mut self, now: Instant, service: &ServiceKey, address: &Address, watches: bool) -> Result<(), Error> {
        self.settle(now);
        let Some(instance) = self.find_present(service, address, Some(Kind::Ephemeral)) else {
            return Err(Registry::unknown_instance(service, address));
        };
        let leases: Vec<u32> = self.leases_of(instance).collect();
        for lease in leases {
            self.leases.watch(self.now, lease, watches);
        }
        self.brake.count(self.leases.silent().1);
        Ok(())
    }

    /// Whether some lease makes it healthy.
    pub(super) fn is_alive(&self, instance: u32) -> bool {
        self.leases_of(instance).any(|slot| self.leases.is_alive(slot))
    }

    fn check_content(&self, content: &Content) -> Result<Times, Error> {
        let (found, max) = (content.metadata.bytes(), self.policy.limits.metadata_bytes_max);
        if found > max as usize {
            let problem = alloc::format!("{found} bytes");
            return Err(Error::invalid("content.metadata", problem, &alloc::format!("at most {max} bytes")));
        }
        times_of(&self.policy.expiry, &content.metadata).map_err(|error| error.within("content"))
    }

    /// The lease that a claim of `source` means: over its session, or by beats.
    pub(super) fn lease_for(&self, instance: u32, source: &Actor, session: Option<u32>) -> Option<u32> {
        self.leases_of(instance).find(|&slot| {
            let row = self.leases.row(slot);
            let own = self.names.text(row.source) == source.as_str();
            match session {
                Some(session) => row.session == session && own,
                None => row.session == NONE && (own || self.policy.claims.sources != Sources::Distinct),
            }
        })
    }

    pub(super) fn refuse_older(&self, given: Option<u64>, current: u64, address: &Address) -> Result<(), Error> {
        match given {
            Some(given) if given > ID_MAX => Err(Error::invalid("incarnation", given, INCARNATION)),
            Some(given) if self.policy.claims.incarnations && given < current => {
                Err(Error::Stale { instance: address.to_string(), given, current })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn refuse_fenced(
        &self,
        place: Place,
        kind: Kind,
        address: &Address,
        source: &Actor,
        incarnation: Option<u64>,
        is_beat: bool,
    ) -> Result<(), Error> {
        if self.fences.len() == 0 {
            return Ok(());
        }
        let Some(key) = place.key(kind).map(|key| self.memory_key(key)) else { return Ok(()) };
        let source = self.names.find(source.as_str());
        match self.fences.refusing(key, Claim { source, incarnation, is_beat }) {
            Some(fence) => Err(Error::Fenced {
                instance: address.to_string(),
                incarnation: fence.incarnation,
                by: self.names.text(fence.by).to_string(),
                at: fence.at,
                until: fence.until,
            }),
            None => Ok(()),
        }
    }

    /// Which life a claim is: the number it brings, the life its lease has, or a new one.
    fn life_of(&mut self, instance: u32, lease: Option<u32>, given: Option<u64>) -> u64 {
        let row = self.roster.row(instance);
        let fenced = self.fences.dead(self.memory_key(row.key));
        let current = lease.map(|lease| self.leases.row(lease).incarnation);
        let life = given.or(current).unwrap_or_else(|| row.incarnation.max(fenced).saturating_add(1).min(ID_MAX));
        self.roster.row_mut(instance).incarnation = life.max(self.roster.row(instance).incarnation);
        life
    }

    /// A claim over a connection is a sign of its life, and may ask to be probed sooner, where the policy grants it.
    fn heed_session(&mut self, session: Option<u32>, content: &Content, times: Times) {
        let Some(session) = session else { return };
        self.hear_session(session);
        let names = content.metadata.value(TIMEOUT_KEY).is_some();
        if names && self.policy.expiry.own_times == OwnTimes::All {
            self.shorten_idle(session, times.timeout);
        }
    }

    fn renew_lease(&mut self, lease: u32, source: NameId, life: u64, times: Times, healthy: bool) -> u32 {
        self.names.retain(source);
        let row = self.leases.row_mut(lease);
        let older = core::mem::replace(&mut row.source, source);
        row.incarnation = life;
        self.names.release(older);
        self.leases.renew(self.now, lease, times, healthy);
        lease
    }

    fn new_lease(
        &mut self,
        instance: u32,
        registration: &Registration,
        source: NameId,
        life: u64,
        times: Times,
    ) -> u32 {
        self.names.retain(source);
        let by_beats = registration.session.is_none() && registration.kind == Kind::Ephemeral;
        let clock_began = self.clock_of(instance, by_beats);
        let session = registration.session.map(|id| id.slot());
        let lease = Lease {
            instance,
            next: NONE,
            source,
            session: session.unwrap_or(NONE),
            incarnation: life,
            since: self.now,
        };
        let marks = Marks { persistent: registration.kind == Kind::Persistent, ..Marks::default() };
        let lease = self.leases.insert(lease, marks, clock_began, times, registration.healthy);
        self.leases.watch(self.now, lease, !registration.copied);
        match self.leases_of(instance).last() {
            Some(last) => self.leases.row_mut(last).next = lease,
            None => self.roster.row_mut(instance).first_lease = lease,
        }
        if let Some(session) = session.and_then(|slot| self.sessions.in_slot(slot)) {
            session.leases.push(lease);
        }
        lease
    }

    /// When the clock began that looks for the silence of a new claim.
    fn clock_of(&mut self, instance: u32, by_beats: bool) -> Instant {
        let key = self.roster.row(instance).key;
        if let (Sweep::PerService(_), Some(record)) = (self.policy.expiry.sweep, self.services.get(key.service).record)
        {
            return record.since;
        }
        if !by_beats || !self.leases.measure().shares_clocks() {
            return self.now;
        }
        self.forget_callers(self.now);
        let caller = (key.host, key.port);
        self.callers.claim(caller).unwrap_or_else(|| {
            self.names.retain_host(key.host);
            self.callers.begin(self.now, caller);
            self.now
        })
    }

    /// Forgets callers that claim nothing and were kept until then.
    pub(super) fn forget_callers(&mut self, kept_until: Instant) {
        while let Some((host, _)) = self.callers.forget(kept_until) {
            self.names.release_host(host);
        }
    }

    fn others(&self, instance: u32, lease: u32) -> Vec<Actor> {
        let others = self.leases_of(instance).filter(|&slot| slot != lease);
        others.map(|slot| self.actor(self.leases.row(slot).source)).collect()
    }
}
