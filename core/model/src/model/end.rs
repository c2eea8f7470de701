//! Claims that end: taken back, given up, or ended by an operator; and the sessions that carry them. Rules 3 and 6.

use liveset::policy::{Absence, ForeignDeregistration, Holds, Sources};
use liveset::{
    Actor, Address, Cause, Deregistration, Error, Kind, LeaseId, Outcome, Reason, Removal, ServiceKey, SessionId,
    Silence, Span,
};

use super::apply::{actor_names, millis};
use super::claim::unknown;
use super::facts::{Author, Departure, Entry, Fate, Fence, Session};
use super::{Maker, Model, Place};

impl Model {
    pub(super) fn deregister(&mut self, given: &Deregistration) -> Result<Outcome, Error> {
        let Deregistration { service, address, source, incarnation, session, kind, copied, because } = given;
        let number = self.service_number(service);
        let open = session.filter(|id| self.sessions.contains_key(&id.to_u64()));
        if let Some(session) =
            open.filter(|_| self.policy.session.holds == Holds::One && self.services.contains_key(&number))
        {
            let held = self.held_over(session.to_u64(), number);
            for &order in &held {
                let ends = &self.addresses[self.leases[&order].place.address];
                let named = Reason::parse(&format!("it named {address}")).ok().filter(|_| ends != address);
                self.take_back(order, source, named.as_ref().or(because.as_ref()));
            }
            return Ok(Outcome::Deregistered { withdrawn: held.len() as u32, remaining: Vec::new() });
        }
        let ignored = self.policy.claims.foreign_deregistration == ForeignDeregistration::Ignored;
        let Some(place) = self.instance_to_leave(number, address, *kind) else {
            let at = self.address_number(address);
            return match (kind, self.find_present(number, at, None), ignored) {
                (Some(kind), Some(other), true) => {
                    let word = if *kind == Kind::Ephemeral { "ephemeral" } else { "persistent" };
                    Ok(self.ignore(other, source, &format!("there is no {word} one")))
                }
                (_, _, true) => Ok(deregistered(0, Vec::new())),
                (Some(_), Some(_), false) => Err(Error::invalid("deregister.kind", "one kind", "the other")),
                (_, _, false) => Err(unknown(service, address)),
            };
        };
        if ignored && self.services[&place.service].record.is_none() {
            return Ok(self.ignore(place, source, "its service has no record"));
        }
        let Some(order) = self.lease_to_withdraw(place, source, open) else {
            let holders = self.holders(place);
            if ignored {
                return Ok(self.ignore(place, source, "another client holds it"));
            }
            let holders = holders.iter().map(ToString::to_string).collect();
            return Err(Error::NotOwner { instance: address.to_string(), holders });
        };
        self.refuse_older(*incarnation, self.leases[&order].incarnation, address)?;
        if *copied {
            self.withdraw(order, Cause::CopyEnded, Author::with(source, because.as_ref()));
        } else {
            self.take_back(order, source, because.as_ref());
        }
        Ok(deregistered(1, self.holders(place)))
    }

    /// Answered as done, and nothing happens; only the journal knows.
    fn ignore(&mut self, place: Place, source: &Actor, why: &str) -> Outcome {
        let because = Reason::parse(why).ok();
        self.note(place, Cause::DeregistrationIgnored, Author::with(source, because.as_ref()));
        deregistered(0, self.holders(place))
    }

    fn instance_to_leave(&mut self, service: usize, address: &Address, kind: Option<Kind>) -> Option<Place> {
        let address = self.address_number(address);
        let present = self.find_present(service, address, kind);
        if present.is_some() || kind.is_none() || self.policy.claims.sources != Sources::OnePerHostPort {
            return present;
        }
        // Whoever names the kind means the one claim by beats of the address, in whatever cluster it stands.
        let place = Place { service, address, kind: kind? };
        let nobody = Actor::parse("nobody").expect("good");
        self.claim_by_beats(place, &nobody).map(|order| self.leases[&order].place)
    }

    /// The claim that `source` takes back by name: its own, over the session it names where it has one there; or the one that is anybody's.
    fn lease_to_withdraw(&self, place: Place, source: &Actor, session: Option<SessionId>) -> Option<u64> {
        let own: Vec<u64> =
            self.leases_of(place).into_iter().filter(|order| self.leases[order].source == *source).collect();
        let session = session.map(|id| id.to_u64());
        let over = own.iter().find(|order| session.is_some() && self.leases[order].session == session);
        over.or(own.first()).copied().or_else(|| self.lease_meant(place, source, None))
    }

    pub(super) fn deregister_lease(&mut self, lease: LeaseId) -> Result<Outcome, Error> {
        let order = self.lease_named(lease)?;
        let (place, source) = (self.leases[&order].place, self.leases[&order].source.clone());
        self.take_back(order, &source, None);
        Ok(deregistered(1, self.holders(place)))
    }

    fn take_back(&mut self, order: u64, by: &Actor, because: Option<&Reason>) {
        self.fence_own(order, by, because);
        self.withdraw(order, Cause::Deregistered, Author::with(by, because));
    }

    /// Ends a claim because its source claims something else instead.
    pub(super) fn replace(&mut self, order: u64, by: &Actor, instead: &str) {
        self.fence_own(order, by, None);
        self.withdraw(order, Cause::Replaced, Author::with(by, Reason::parse(instead).ok().as_ref()));
    }

    fn fence_own(&mut self, order: u64, by: &Actor, because: Option<&Reason>) {
        let lease = &self.leases[&order];
        let (place, keeps) = (lease.place, self.policy.fence.deregistration);
        let (incarnation, sources) = (lease.incarnation, vec![lease.source.clone()]);
        self.fence(place, Maker::Owner, keeps, incarnation, sources, by, because);
    }

    pub(super) fn remove(&mut self, removal: &Removal) -> Result<Outcome, Error> {
        let Removal { service, address, by, because, fence_for } = removal;
        let (number, at) = (self.service_number(service), self.address_number(address));
        let Some(place) = self.find_present(number, at, None) else { return Err(unknown(service, address)) };
        let held = self.leases_of(place);
        let mut sources = Vec::new();
        for order in &held {
            let source = &self.leases[order].source;
            if !sources.contains(source) {
                sources.push(source.clone());
            }
        }
        let keeps = fence_for.unwrap_or(self.policy.fence.removal);
        let incarnation = self.instances[&place].incarnation;
        self.fence(place, Maker::Operator, keeps, incarnation, sources, by, because.as_ref());
        for &order in &held {
            self.withdraw(order, Cause::Removed, Author::with(by, because.as_ref()));
        }
        let fence = self.fence_of(self.memory(place)).map(|(_, fence)| millis(fence.until));
        Ok(Outcome::Removed { withdrawn: held.len() as u32, fenced_until: fence })
    }

    pub(super) fn lift_fence(&mut self, service: &ServiceKey, address: &Address, by: &Actor) -> Result<Outcome, Error> {
        let fenced = |model: &Model, place: Place| model.fence_of(place).is_some();
        let memory = self.memory_named(service, address, fenced).ok_or_else(|| unknown(service, address))?;
        self.fences.retain(|(place, _), _| *place != memory);
        for place in self.instances_about(memory) {
            self.note(place, Cause::FenceLifted, Author::of(by));
            self.linger(place);
        }
        Ok(Outcome::FenceLifted)
    }

    #[allow(clippy::too_many_arguments)]
    fn fence(
        &mut self,
        place: Place,
        maker: Maker,
        keeps: Span,
        incarnation: u64,
        sources: Vec<Actor>,
        by: &Actor,
        because: Option<&Reason>,
    ) {
        if keeps == Span::ZERO {
            return;
        }
        let (key, at) = ((self.memory(place), maker), self.now);
        let until = at + keeps.as_millis();
        let mut fence = Fence { incarnation, sources, at, until, by: by.clone(), because: because.cloned() };
        if let Some(older) = self.fences.remove(&key) {
            // The dead stay dead.
            fence.incarnation = fence.incarnation.max(older.incarnation);
            fence.until = fence.until.max(older.until);
            fence.sources.extend(older.sources);
        }
        self.fences.insert(key, fence);
    }

    /// The fence of an address, the operator's first.
    pub(super) fn fence_of(&self, memory: Place) -> Option<(Maker, &Fence)> {
        [Maker::Operator, Maker::Owner].into_iter().find_map(|maker| Some((maker, self.fences.get(&(memory, maker))?)))
    }

    /// Sources that hold an instance, oldest claim first.
    pub(super) fn holders(&self, place: Place) -> Vec<Actor> {
        actor_names(self.leases.values().filter(|lease| lease.place == place))
    }

    /// Leases that a session has in a service, oldest first.
    pub(super) fn held_over(&self, session: u64, service: usize) -> Vec<u64> {
        let held =
            self.leases.iter().filter(|(_, lease)| lease.session == Some(session) && lease.place.service == service);
        held.map(|(&order, _)| order).collect()
    }

    /// A lease ends.
    pub(super) fn withdraw(&mut self, order: u64, cause: Cause, author: Author) {
        let place = self.leases[&order].place;
        let (was_alive, was_published) = (self.is_alive(place), self.is_published(place));
        let by_beats = self.by_beats(order);
        let lease = self.leases.remove(&order).expect("found before");
        if by_beats {
            let unheard = matches!(cause, Cause::Expired | Cause::CopyEnded);
            self.keep_clock(place, if unheard { lease.last_beat } else { self.now });
        }
        self.ids.leases.end(lease.id);
        let left = self.is_present(place);
        let changed = self.fall_still(place, &lease.said.1);
        if left {
            // Whoever removes it was none of its sources.
            let leaver = author.by.filter(|_| cause != Cause::Removed).or(Some(&lease.source));
            self.note(place, Cause::SourceLeft, Author { by: leaver, ..author });
        } else {
            self.note(place, cause, author);
        }
        let unseen = match cause {
            // Whoever goes to another address is not away, and the end of a copy is another node's to count.
            Cause::Replaced | Cause::CopyEnded => true,
            Cause::RegistryRestarted => !self.policy.restart.ages,
            _ => false,
        };
        let rules = &self.policy.overrides;
        let uncounted =
            (place.kind == Kind::Persistent && !rules.persistent_ages) || (lease.in_batch && !rules.batches_age);
        let away = !left || self.policy.overrides.absence == Absence::AnyLeaseEnded;
        let (memory, now) = (self.memory(place), self.now);
        if let Some(decided) = self.decisions.get_mut(&memory).filter(|_| away && !unseen && !uncounted) {
            decided.absent_since = decided.absent_since.or(Some(now));
        }
        if !left {
            self.decide_fate(place, cause, author.by);
            self.linger(place);
        } else if was_alive && !self.is_alive(place) {
            self.decide_fate(place, Cause::Silent, None);
            self.note(place, Cause::Silent, Author::time());
        } else if was_published != self.is_published(place) && self.is_alive(place) {
            self.decide_fate(place, Cause::SourceLeft, Some(&lease.source));
        }
        self.touch(place, cause, changed);
        self.arm_look(place.service);
        self.forget_gone();
    }

    pub(super) fn note(&mut self, place: Place, cause: Cause, author: Author) {
        let Author { by, because, silence } = author;
        let entry = Entry { at: self.now, place, cause, by: by.cloned(), because: because.cloned(), silence };
        self.journal_bytes += entry.bytes();
        self.journal.push_back(entry);
        let limits = &self.policy.limits;
        let (count, bytes) = (limits.journal_max as usize, u64::from(limits.journal_bytes_max));
        while self.journal.len() > count || self.journal_bytes > bytes {
            self.journal_bytes -= self.journal.pop_front().map_or(0, |oldest| oldest.bytes());
            self.dropped += 1;
        }
    }

    pub(super) fn decide_fate(&mut self, place: Place, cause: Cause, by: Option<&Actor>) {
        let at = self.now;
        let instance = self.instances.get_mut(&place).expect("it is there");
        instance.fate = Fate { at, cause, by: by.cloned() };
        (instance.contrary, instance.doubted_by) = (0, Vec::new());
    }

    /// An instance that is not there any more, or of which something was said since, is the newest in the list of the gone.
    pub(super) fn linger(&mut self, place: Place) {
        if !self.is_present(place) {
            let number = self.next_made();
            self.instances.get_mut(&place).expect("it is remembered").departure = number;
            self.gone.push_back(Departure { place, number });
        }
    }

    /// As many departures are remembered as the journal has entries; a gone instance is forgotten with its last one.
    pub(super) fn forget_gone(&mut self) {
        while self.gone.len() > self.policy.limits.journal_max as usize {
            let oldest = self.gone[0];
            let is_last = self.instances.get(&oldest.place).is_some_and(|known| known.departure == oldest.number);
            if !is_last || self.is_present(oldest.place) {
                self.gone.pop_front();
                continue;
            }
            if self.services[&oldest.place.service].members.contains(&oldest.place) {
                // Readers still have it.
                return;
            }
            self.gone.pop_front();
            let forgotten = self.instances.remove(&oldest.place).expect("found before");
            self.ids.instances.end(forgotten.id);
            self.life_forgotten(oldest.place);
        }
    }

    pub(super) fn open_session(&mut self, name: &Actor) -> Result<Outcome, Error> {
        let max = self.policy.limits.sessions_max;
        if self.sessions.len() >= max as usize {
            return Err(Error::LimitReached { limit: "sessions_max", max: u64::from(max) });
        }
        let id = self.ids.sessions.make();
        let session =
            Session { name: name.clone(), last: self.now, probed: None, notice_waits: false, asked_idle: None };
        self.sessions.insert(id, session);
        Ok(Outcome::SessionOpened { session: SessionId::from_u64(id) })
    }

    pub(super) fn open_session_named(&self, session: u64) -> Result<(), Error> {
        if self.sessions.contains_key(&session) { Ok(()) } else { Err(Error::UnknownSession { session }) }
    }

    pub(super) fn touch_session(&mut self, id: u64) {
        let session = self.sessions.get_mut(&id).expect("it is open");
        session.last = self.now;
        session.probed = None;
    }

    /// Ends a session, and its leases in the order in which they were made.
    pub(super) fn end_session(&mut self, id: u64, cause: Cause) -> u32 {
        let session = self.sessions.remove(&id).expect("it is open");
        self.ids.sessions.end(id);
        let held: Vec<u64> =
            self.leases.iter().filter(|(_, lease)| lease.session == Some(id)).map(|(&order, _)| order).collect();
        let asked = session.probed.map(millis);
        let silence = (cause == Cause::SessionLost).then_some(Silence { since: millis(session.last), asked });
        for &order in &held {
            self.withdraw(order, cause, Author { silence, ..Author::of(&session.name) });
        }
        held.len() as u32
    }
}

fn deregistered(withdrawn: u32, remaining: Vec<Actor>) -> Outcome {
    Outcome::Deregistered { withdrawn, remaining }
}
