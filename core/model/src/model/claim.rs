//! Claims: registrations, batches and beats. Rules 1, 2, 6 and 7.

use liveset::policy::{Holds, Kinds, OwnTimes, Sources, Sweep, UnknownBeat};
use liveset::{
    Actor, Address, BatchRegistration, Cause, Content, Error, InstanceBeat, Kind, LeaseId, Outcome, Registered,
    Registration, ServiceKey, Span,
};

use super::facts::{Author, Fate, Instance, Lease, Times};
use super::times::{TIMEOUT, times_of};
use super::{Maker, Model, Ms, Place};
use crate::model::apply::{actor_names, millis};

impl Model {
    pub(super) fn register(&mut self, claim: &Registration) -> Result<Registered, Error> {
        self.refuse_second(claim)?;
        let times = self.check_claim(claim, false)?;
        let place = self.place(&claim.service, &claim.address, claim.kind);
        let joins = self.lease_meant(place, &claim.source, claim.session.map(|id| id.to_u64())).is_none();
        self.check_limits(place, joins)?;
        let registered = self.claim(claim, times, Cause::Registered);
        if let (Some(session), Holds::One) = (claim.session, self.policy.session.holds) {
            for order in self.held_over(session.to_u64(), place.service) {
                if self.leases[&order].id != registered.lease.to_u64() {
                    self.replace(order, &claim.source, &claim.address.to_string());
                }
            }
        }
        Ok(registered)
    }

    /// Where a session holds one instance of each source in a service, or a batch, it may only say anew what it holds.
    fn refuse_second(&mut self, claim: &Registration) -> Result<(), Error> {
        let Some(session) = claim.session.filter(|_| self.policy.session.holds == Holds::OneOrBatch) else {
            return Ok(());
        };
        let (service, address) = (self.service_number(&claim.service), self.address_number(&claim.address));
        let mut own = self.held_over(session.to_u64(), service);
        own.retain(|order| self.leases[order].source == claim.source);
        if own.is_empty() || own.iter().any(|order| self.leases[order].place.address == address) {
            return Ok(());
        }
        Err(Error::invalid("registration.session", "it holds another", "a batch"))
    }

    pub(super) fn register_batch(&mut self, batch: &BatchRegistration) -> Result<Outcome, Error> {
        let claims: Vec<Registration> = batch
            .members
            .iter()
            .map(|member| Registration {
                session: Some(batch.session),
                content: member.content.clone(),
                ..Registration::new(batch.service.clone(), member.address.clone(), batch.source.clone())
            })
            .collect();
        let mut checked = Vec::new();
        for (index, claim) in claims.iter().enumerate() {
            let within = |error: Error| match error {
                Error::Invalid { field, problem } => {
                    Error::Invalid { field: format!("members[{index}].{field}"), problem }
                }
                other => other,
            };
            checked.push(self.check_claim(claim, false).map_err(within)?);
            let place = self.place(&claim.service, &claim.address, claim.kind);
            let joins = self.lease_meant(place, &claim.source, Some(batch.session.to_u64())).is_none();
            self.check_limits(place, joins).map_err(within)?;
            if claims[..index].iter().any(|earlier| earlier.address == claim.address) {
                return Err(within(Error::invalid("address", &claim.address, "each address once")));
            }
        }
        let absent = claims.iter().filter(|claim| {
            let (service, address) = (&claim.service, &claim.address);
            !self.present().iter().any(|&place| {
                self.service_names[place.service] == *service
                    && self.addresses[place.address] == *address
                    && place.kind == Kind::Ephemeral
            })
        });
        let max = self.policy.limits.instances_max;
        if absent.count() + self.present().len() > max as usize && !claims.is_empty() {
            return Err(Error::LimitReached { limit: "instances_max", max: u64::from(max) });
        }
        self.open_session_named(batch.session.to_u64())?;
        let service = self.service_number(&batch.service);
        let mut withdrawn = 0;
        for order in self.held_over(batch.session.to_u64(), service) {
            let address = &self.addresses[self.leases[&order].place.address];
            if !claims.iter().any(|claim| claim.address == *address) {
                let others = claims.len().saturating_sub(1);
                let mut instead = claims.first().map_or_else(String::new, |claim| claim.address.to_string());
                if others > 0 {
                    instead += &format!(" and {others} more");
                }
                self.replace(order, &batch.source, &instead);
                withdrawn += 1;
            }
        }
        let members: Vec<Registered> =
            claims.iter().zip(checked).map(|(claim, times)| self.claim(claim, times, Cause::Registered)).collect();
        for member in &members {
            let order = self.lease_named(member.lease)?;
            self.lease_mut(order).in_batch = true;
        }
        Ok(Outcome::RegisteredBatch { members, withdrawn })
    }

    pub(super) fn beat(&mut self, lease: LeaseId) -> Result<Outcome, Error> {
        let order = self.lease_named(lease)?;
        self.beat_lease(order);
        Ok(self.beaten(order))
    }

    pub(super) fn beat_many(&mut self, leases: &[LeaseId]) -> Outcome {
        let mut stale = Vec::new();
        for &lease in leases {
            match self.lease_named(lease) {
                Ok(order) => self.beat_lease(order),
                Err(_) => stale.push(lease),
            }
        }
        Outcome::BeatenMany { stale }
    }

    pub(super) fn beat_instance(&mut self, beat: &InstanceBeat) -> Result<Outcome, Error> {
        let place = self.place(&beat.service, &beat.address, Kind::Ephemeral);
        if let Some(order) = self.claim_by_beats(place, &beat.source) {
            self.refuse_older(beat.incarnation, self.leases[&order].incarnation, &beat.address)?;
            self.beat_lease(order);
            return Ok(self.beaten(order));
        }
        if self.policy.claims.unknown_beat == UnknownBeat::Ignored {
            let interval = self.policy.expiry.interval;
            return Ok(Outcome::Beaten { lease: LeaseId::from_u64(0), interval, registered: None });
        }
        let content = beat.content.as_ref().filter(|_| self.policy.claims.unknown_beat == UnknownBeat::Registers);
        let Some(content) = content else {
            self.refuse_fenced(place, &beat.address, &beat.source, beat.incarnation, true)?;
            return Err(Error::UnknownLease { what: format!("{} in {}", beat.address, beat.service) });
        };
        let claim = Registration {
            incarnation: beat.incarnation,
            content: content.clone(),
            ..Registration::new(beat.service.clone(), beat.address.clone(), beat.source.clone())
        };
        let times = self.check_claim(&claim, true)?;
        self.check_limits(place, true)?;
        let registered = self.claim(&claim, times, Cause::RegisteredByBeat);
        let order = self.lease_named(registered.lease)?;
        let Outcome::Beaten { lease, interval, .. } = self.beaten(order) else { unreachable!() };
        Ok(Outcome::Beaten { lease, interval, registered: Some(registered) })
    }

    fn beaten(&self, order: u64) -> Outcome {
        let lease = &self.leases[&order];
        let interval = Span::from_millis(lease.times.interval).expect("parsed as a span");
        Outcome::Beaten { lease: LeaseId::from_u64(lease.id), interval, registered: None }
    }

    fn beat_lease(&mut self, order: u64) {
        let now = self.now;
        self.hear();
        let looked_for = self.looks_for(order);
        let beats_revive = self.policy.expiry.beat_revives_unhealthy;
        let lease = self.lease_mut(order);
        let (place, source, session) = (lease.place, lease.source.clone(), lease.session);
        lease.last_beat = now;
        if looked_for {
            lease.waits = None;
        }
        let revives = looked_for && !lease.alive && (beats_revive || !lease.said_unhealthy);
        if revives {
            lease.alive = true;
        }
        if let Some(session) = session {
            self.touch_session(session);
        }
        if revives {
            self.decide_fate(place, Cause::Beat, Some(&source));
            self.note(place, Cause::Beat, Author::of(&source));
            self.touch(place, Cause::Beat, self.is_apart(place));
        }
    }

    /// All that can be wrong with a claim but for the limits.
    fn check_claim(&mut self, claim: &Registration, is_beat: bool) -> Result<Times, Error> {
        let (bytes, max) = (claim.content.metadata.bytes(), self.policy.limits.metadata_bytes_max);
        if bytes > max as usize {
            return Err(Error::invalid("content.metadata", bytes, "fewer bytes"));
        }
        let times = times_of(&self.policy, &claim.content.metadata).map_err(|error| match error {
            Error::Invalid { field, problem } => Error::Invalid { field: format!("content.{field}"), problem },
            other => other,
        })?;
        if let Some(session) = claim.session {
            self.open_session_named(session.to_u64())?;
            if claim.kind == Kind::Persistent {
                return Err(Error::invalid("session", "a session", "none for a persistent instance"));
            }
        }
        let place = self.place(&claim.service, &claim.address, claim.kind);
        self.refuse_fenced(place, &claim.address, &claim.source, claim.incarnation, is_beat)?;
        let of_service = self.kind_in_force(place.service);
        if self.policy.services.kinds == Kinds::Apart && of_service.is_some_and(|kind| kind != claim.kind) {
            return Err(Error::OtherKind {
                service: claim.service.to_string(),
                instance: claim.address.to_string(),
                persistent: of_service == Some(Kind::Persistent),
            });
        }
        let newest = self.instances.get(&place).map_or(0, |instance| instance.incarnation);
        self.refuse_older(claim.incarnation, newest, &claim.address)?;
        Ok(times)
    }

    fn check_limits(&self, place: Place, joins: bool) -> Result<(), Error> {
        let limits = &self.policy.limits;
        let held = self.leases_of(place).len();
        let table = [
            ("services_max", limits.services_max, self.services.len(), !self.services.contains_key(&place.service)),
            ("instances_max", limits.instances_max, self.present().len(), held == 0),
            ("leases_per_instance_max", limits.leases_per_instance_max, held, joins),
        ];
        for (limit, max, found, adds) in table {
            if adds && found >= max as usize {
                return Err(Error::LimitReached { limit, max: u64::from(max) });
            }
        }
        Ok(())
    }

    pub(super) fn refuse_older(&self, given: Option<u64>, newest: u64, address: &Address) -> Result<(), Error> {
        match given {
            Some(given) if self.policy.claims.incarnations && given < newest => {
                Err(Error::Stale { instance: address.to_string(), given, current: newest })
            }
            _ => Ok(()),
        }
    }

    /// A fence keeps its life away: the numbers up to it, and what its sources claim without a number. An owner's fence keeps only the
    /// owner's own away, and of its claims without a number only beats.
    fn refuse_fenced(
        &self,
        place: Place,
        address: &Address,
        source: &Actor,
        incarnation: Option<u64>,
        is_beat: bool,
    ) -> Result<(), Error> {
        for maker in [Maker::Operator, Maker::Owner] {
            let Some(fence) = self.fences.get(&(self.memory(place), maker)) else { continue };
            let own = fence.sources.contains(source);
            let refuses = match (incarnation, maker) {
                (Some(number), Maker::Operator) => number <= fence.incarnation,
                (Some(number), Maker::Owner) => own && number <= fence.incarnation,
                (None, Maker::Operator) => own,
                (None, Maker::Owner) => own && is_beat,
            };
            if refuses {
                return Err(Error::Fenced {
                    instance: address.to_string(),
                    incarnation: fence.incarnation,
                    by: fence.by.to_string(),
                    at: millis(fence.at),
                    until: millis(fence.until),
                });
            }
        }
        Ok(())
    }

    /// The lease on this instance that a claim of `source` means.
    pub(super) fn lease_meant(&self, place: Place, source: &Actor, session: Option<u64>) -> Option<u64> {
        self.leases_of(place).into_iter().find(|order| {
            let lease = &self.leases[order];
            let anybodys = session.is_none() && self.policy.claims.sources != Sources::Distinct;
            lease.session == session && (lease.source == *source || anybodys)
        })
    }

    /// The lease that a claim by beats of `source` means, in whatever cluster it stands where an address stands in one only.
    pub(super) fn claim_by_beats(&self, place: Place, source: &Actor) -> Option<u64> {
        if let Some(order) = self.lease_meant(place, source, None) {
            return Some(order);
        }
        if self.policy.claims.sources != Sources::OnePerHostPort {
            return None;
        }
        let address = &self.addresses[place.address];
        let same = |other: Place| {
            let found = &self.addresses[other.address];
            (other.service, other.kind) == (place.service, place.kind)
                && (&found.host, found.port) == (&address.host, address.port)
        };
        let found = self.leases.iter().find(|(_, lease)| lease.session.is_none() && same(lease.place));
        found.map(|(&order, _)| order)
    }

    /// The claim itself: nothing can be wrong with it any more.
    fn claim(&mut self, claim: &Registration, times: Times, cause: Cause) -> Registered {
        let Registration { service, address, source, session, kind, content, .. } = claim;
        let now = self.now;
        self.hear();
        let place = self.place(service, address, *kind);
        let session = session.map(|id| id.to_u64());
        self.make_service(place.service);
        self.make_record(place.service, Some(*kind), false);
        let lease = self.lease_meant(place, source, session);
        if let (None, None, Some(moved)) = (session, lease, self.claim_by_beats(place, source)) {
            self.replace(moved, source, &address.to_string());
        }
        if !self.instances.contains_key(&place) {
            let instance = Instance {
                id: self.ids.instances.make(),
                content: Content::default(),
                incarnation: 0,
                fate: Fate { at: now, cause, by: None },
                shown: 0,
                contrary: 0,
                doubted_by: Vec::new(),
                departure: 0,
            };
            self.instances.insert(place, instance);
        }
        let (was_present, was_alive) = (self.is_present(place), self.is_alive(place));
        let life = self.life_of(place, lease, claim.incarnation);
        let instance = self.instances.get_mut(&place).expect("just made");
        instance.incarnation = instance.incarnation.max(life);
        let was_published = self.is_published(place);
        let before = lease.map(|order| self.leases[&order].said.1.clone());
        let joins = lease.is_none();
        let order = match lease {
            Some(order) => self.renew(order, claim, life, times),
            None => self.join(place, claim, life, times),
        };
        let changed = self.say(place, order, before.as_ref(), content);
        self.count_claims();
        if let Some(session) = session {
            self.touch_session(session);
            if content.metadata.value(TIMEOUT).is_some() && self.policy.expiry.own_times == OwnTimes::All {
                let open = self.sessions.get_mut(&session).expect("it was checked");
                open.asked_idle = Some(open.asked_idle.map_or(times.timeout, |asked| asked.min(times.timeout)));
            }
        }
        let lease = self.lease_mut(order);
        (lease.in_batch, lease.said_unhealthy) = (false, !claim.healthy);
        if !was_present {
            let cluster = &address.cluster;
            let known = self.services.get_mut(&place.service).expect("just made");
            if !known.clusters.contains(cluster) {
                known.clusters.push(cluster.clone());
            }
            self.decide_fate(place, cause, Some(source));
        }
        let happened = match (was_present, joins) {
            (false, _) => Some(cause),
            (true, true) => Some(Cause::SourceJoined),
            (true, false) => changed.then_some(Cause::Reregistered),
        };
        if let Some(happened) = happened {
            self.note(place, happened, Author::of(source));
        }
        if was_present && was_alive != self.is_alive(place) {
            let turn = if was_alive { Cause::Reregistered } else { Cause::Beat };
            self.decide_fate(place, turn, Some(source));
            self.note(place, turn, Author::of(source));
        }
        if was_present && was_published != self.is_published(place) && self.is_alive(place) {
            self.decide_fate(place, Cause::Reregistered, Some(source));
        }
        let forgot = self.decisions_meet_registration(place, life, claim.copied);
        if forgot {
            self.note(place, Cause::OverrideEnded, Author::of(source));
        }
        self.retime(place);
        self.touch(place, happened.unwrap_or(Cause::Beat), changed || forgot);
        if self.policy.view.unchanged_is_told && self.policy.view.refresh == Span::ZERO {
            self.arm_notices(place.service, self.policy.view.notice_window);
        }
        let others = self.leases.iter().filter(|&(&other, lease)| lease.place == place && other != order);
        Registered {
            lease: LeaseId::from_u64(self.leases[&order].id),
            instance: liveset::InstanceId::from_u64(self.instances[&place].id),
            service: liveset::ServiceId::from_u64(self.services[&place.service].id),
            incarnation: life,
            created: !was_present,
            other_sources: actor_names(others.map(|(_, lease)| lease)),
        }
    }

    /// Which life a claim is: the number it brings, the life of the lease it renews, or a new one.
    fn life_of(&self, place: Place, lease: Option<u64>, given: Option<u64>) -> u64 {
        let renewed = lease.map(|order| self.leases[&order].incarnation);
        let dead = [Maker::Operator, Maker::Owner]
            .map(|maker| self.fences.get(&(self.memory(place), maker)).map_or(0, |fence| fence.incarnation));
        let newest = self.instances[&place].incarnation.max(dead[0]).max(dead[1]);
        given.or(renewed).unwrap_or(newest + 1)
    }

    fn renew(&mut self, order: u64, claim: &Registration, life: u64, times: Times) -> u64 {
        let (now, revives) = (self.now, self.policy.expiry.registration_revives);
        if !claim.copied {
            self.watch_lease(order, true);
        }
        let lease = self.lease_mut(order);
        lease.source = claim.source.clone();
        lease.incarnation = life;
        lease.times = times;
        lease.last_beat = now;
        lease.waits = None;
        lease.alive = if revives { claim.healthy } else { lease.alive };
        order
    }

    fn join(&mut self, place: Place, claim: &Registration, life: u64, times: Times) -> u64 {
        let record_since = self.services[&place.service].record.as_ref().map(|record| record.since);
        let by_beats = claim.session.is_none() && place.kind == Kind::Ephemeral;
        let clock_began: Ms = match (self.policy.expiry.sweep, record_since) {
            (Sweep::PerService(_), Some(since)) => since,
            (Sweep::PerLease(_), _) if by_beats => self.clock_of(place),
            _ => self.now,
        };
        let lease = Lease {
            id: self.ids.leases.make(),
            place,
            source: claim.source.clone(),
            said: (0, claim.content.clone()),
            session: claim.session.map(|id| id.to_u64()),
            incarnation: life,
            since: self.now,
            times,
            clock_began,
            in_batch: false,
            said_unhealthy: false,
            last_beat: self.now,
            alive: claim.healthy,
            watched: !claim.copied,
            waits: None,
        };
        let order = self.next_made();
        self.leases.insert(order, lease);
        order
    }
}

pub(super) fn unknown(service: &ServiceKey, address: &Address) -> Error {
    Error::UnknownInstance { service: service.to_string(), instance: address.to_string() }
}
