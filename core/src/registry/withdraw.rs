//! Claims that end: taken back by their source, or ended by time, a connection or an operator.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::Registry;
use super::journal::Author;
use crate::command::{Deregistration, Outcome};
use crate::error::Error;
use crate::id::{LeaseId, NONE, SessionId};
use crate::instance::{Cause, Key};
use crate::memory::Fence;
use crate::name::{Actor, NameId, Reason, ServiceKey};
use crate::policy::{ForeignDeregistration, Holds};
use crate::slots::take_out;
use crate::time::{Instant, Span};

impl Registry {
    /// Takes back the claim of its source. Other sources keep the instance, and the outcome names them.
    pub fn deregister(&mut self, now: Instant, deregistration: &Deregistration) -> Result<Outcome, Error> {
        self.settle(now);
        let Deregistration { service, address, source, incarnation, session, kind, copied, because } = deregistration;
        if let Some(leases) = session.and_then(|session| self.held_over(session, service)) {
            for &lease in &leases {
                let held = self.address(self.roster.row(self.leases.row(lease).instance).key);
                // Whoever asks why it is gone has to know that another address was named.
                let named =
                    (held != *address).then(|| Reason::parse(&alloc::format!("it named {address}")).ok()).flatten();
                let because = named.as_ref().or(because.as_ref());
                self.acting(source, |registry, source| registry.deregister_slot(lease, source, because));
            }
            return Ok(Outcome::Deregistered { withdrawn: leases.len() as u32, remaining: Vec::new() });
        }
        let ignored = self.policy.claims.foreign_deregistration == ForeignDeregistration::Ignored;
        let place = self.place(service, address);
        let elsewhere = kind.and_then(|kind| self.lease_elsewhere(place, kind));
        let found = self.present_at(place, *kind).or_else(|| elsewhere.map(|lease| self.leases.row(lease).instance));
        let Some(instance) = found else {
            let other = self.find_present(service, address, None);
            return match (ignored, kind, other) {
                (true, Some(kind), Some(other)) => {
                    Ok(self.ignore(other, source, &alloc::format!("there is no {} one", kind.word())))
                }
                (true, ..) => Ok(Outcome::Deregistered { withdrawn: 0, remaining: Vec::new() }),
                (false, Some(kind), Some(_)) => {
                    let expected = alloc::format!("{}, which {address} in {service} is", kind.other().word());
                    Err(Error::invalid("deregister.kind", kind.word(), &expected))
                }
                (false, ..) => Err(Registry::unknown_instance(service, address)),
            };
        };
        if ignored && self.services.get(self.roster.row(instance).key.service).record.is_none() {
            return Ok(self.ignore(instance, source, "its service has no record"));
        }
        let Some(lease) = self.lease_to_withdraw(instance, source, *session) else {
            let remaining = self.holders(instance);
            if ignored {
                return Ok(self.ignore(instance, source, "another client holds it"));
            }
            let holders = remaining.iter().map(|holder| holder.to_string()).collect();
            return Err(Error::NotOwner { instance: address.to_string(), holders });
        };
        self.refuse_older(*incarnation, self.leases.row(lease).incarnation, address)?;
        self.acting(source, |registry, source| {
            if *copied {
                registry.withdraw(lease, Cause::CopyEnded, &Author::with(source, because.as_ref()));
            } else {
                registry.deregister_slot(lease, source, because.as_ref());
            }
        });
        Ok(Outcome::Deregistered { withdrawn: 1, remaining: self.holders(instance) })
    }

    /// Answers a deregistration as done that takes nothing away; only the account of the instance knows.
    fn ignore(&mut self, instance: u32, source: &Actor, why: &str) -> Outcome {
        let because = Reason::parse(why).ok();
        self.acting(source, |registry, source| {
            registry.note(instance, Cause::DeregistrationIgnored, &Author::with(source, because.as_ref()));
        });
        Outcome::Deregistered { withdrawn: 0, remaining: self.holders(instance) }
    }

    /// What a session holds in a service, where that is one thing: whatever it names, it means that.
    fn held_over(&self, session: SessionId, service: &ServiceKey) -> Option<Vec<u32>> {
        let one = self.policy.session.holds == Holds::One;
        self.sessions.get(session).filter(|_| one)?;
        let service = self.find_service(service)?;
        Some(self.leases_over(session.slot(), service))
    }

    /// Slots of the leases that a session has in a service, oldest first.
    pub(super) fn leases_over(&self, session: u32, service: u32) -> Vec<u32> {
        let carried = self.sessions.at(session).map_or(&[][..], |session| &session.leases);
        let members = &self.services.get(service).members;
        // A connection may carry a whole fleet, and a service have few members: of the two, the shorter list is looked through.
        if members.len() < carried.len() {
            let leases = members.iter().flat_map(|&member| self.leases_of(member));
            let found: Vec<u32> = leases.filter(|&lease| self.leases.row(lease).session == session).collect();
            if found.len() < 2 {
                return found;
            }
        }
        let here = |&&lease: &&u32| self.roster.row(self.leases.row(lease).instance).key.service == service;
        carried.iter().filter(here).copied().collect()
    }

    /// Takes back one claim by id.
    pub fn deregister_lease(&mut self, now: Instant, lease: LeaseId) -> Result<Outcome, Error> {
        self.settle(now);
        let Some(row) = self.leases.get(lease).copied() else {
            return Err(Error::UnknownLease { what: lease.to_u64().to_string() });
        };
        self.deregister_slot(lease.slot(), row.source, None);
        Ok(Outcome::Deregistered { withdrawn: 1, remaining: self.holders(row.instance) })
    }

    /// Ends a lease: out of its instance's chain and its session, into the journal, and the memory of overrides is told.
    pub(super) fn withdraw(&mut self, lease: u32, cause: Cause, author: &Author) {
        let (row, marks) = (*self.leases.row(lease), self.leases.marks(lease));
        let instance = row.instance;
        let shared = row.next != NONE || self.roster.row(instance).first_lease != lease;
        let before = shared.then(|| self.standing_of(instance));
        self.unchain(instance, lease);
        if let Some(session) = self.sessions.in_slot(row.session) {
            take_out(&mut session.leases, lease);
        }
        self.leave_clock(lease, cause);
        self.leases.remove(lease);
        let key = self.roster.row(instance).key;
        if shared {
            // Whoever removes it was none of its sources.
            let leaver = author.by.filter(|_| cause != Cause::Removed).or(Some(row.source));
            self.note(instance, Cause::SourceLeft, &Author { by: leaver, ..*author });
        } else {
            self.note(instance, cause, author);
        }
        // Whoever goes to another address is not away, and the end of a copy is another node's to count.
        let memory = self.memory_key(key);
        let unseen = [Cause::Replaced, Cause::CopyEnded].contains(&cause)
            || (cause == Cause::RegistryRestarted && !self.policy.restart.ages)
            || (marks.persistent && !self.policy.overrides.persistent_ages)
            || (marks.in_batch && !self.policy.overrides.batches_age);
        if !unseen && self.overrides.lease_ended(&self.policy.overrides, self.now, memory, shared) {
            self.arm_override(memory);
        }
        let changed = match before {
            Some(before) => self.left_to_others(instance, lease, row.source, before),
            None => {
                self.decide_fate(instance, cause, author);
                self.roster.departed();
                self.services.get_mut(key.service).departed(key.cluster);
                false
            }
        };
        self.touch(instance, cause, changed);
        self.arm_service(key.service);
        self.forget_gone();
        // The author may be the source itself.
        self.names.release(row.source);
    }

    /// The clock that looked for the silence of a claim which ends may be kept, counted from the last sign of life: who takes a claim back
    /// gives one.
    fn leave_clock(&mut self, lease: u32, cause: Cause) {
        if !self.leases.measure().shares_clocks() || !self.leases.lives_by_beats(lease) {
            return;
        }
        let unheard = [Cause::Expired, Cause::CopyEnded].contains(&cause);
        let heard = self.leases.last_beat(lease).filter(|_| unheard).unwrap_or(self.now);
        let key = self.roster.row(self.leases.row(lease).instance).key;
        self.callers.leave((key.host, key.port), self.leases.measure().clock_kept_until(heard));
        self.forget_callers(self.now);
    }

    fn deregister_slot(&mut self, lease: u32, source: NameId, because: Option<&Reason>) {
        self.fence_own(lease, source, because);
        self.withdraw(lease, Cause::Deregistered, &Author::with(source, because));
    }

    /// Ends a claim because its source claims something else instead: what it left cannot be brought back by its older claims.
    pub(super) fn replace(&mut self, lease: u32, source: NameId, instead: String) {
        self.fence_own(lease, source, None);
        self.withdraw(lease, Cause::Replaced, &Author::with(source, Reason::parse(&instead).ok().as_ref()));
    }

    fn fence_own(&mut self, lease: u32, source: NameId, because: Option<&Reason>) {
        let row = *self.leases.row(lease);
        let key = self.memory_key(self.roster.row(row.instance).key);
        let keeps = self.policy.fence.deregistration;
        if keeps != Span::ZERO {
            self.names.retain(row.source);
            self.names.retain(source);
            let fence = Fence {
                incarnation: row.incarnation,
                source: Some(row.source),
                others: Vec::new(),
                at: self.now,
                until: self.now + keeps,
                by: source,
                because: because.cloned(),
                by_operator: false,
            };
            self.set_fence(key, fence);
        }
    }

    /// The lease that a deregistration by name of `source` means: its own, the one over the session it names before its others; or the
    /// one that anybody may withdraw.
    fn lease_to_withdraw(&self, instance: u32, source: &Actor, session: Option<SessionId>) -> Option<u32> {
        let session = session.filter(|&id| self.sessions.get(id).is_some());
        let over = session.and_then(|id| self.lease_for(instance, source, Some(id.slot())));
        let is_own = |&slot: &u32| self.names.text(self.leases.row(slot).source) == source.as_str();
        over.or_else(|| self.leases_of(instance).find(is_own)).or_else(|| self.lease_for(instance, source, None))
    }

    fn unchain(&mut self, instance: u32, lease: u32) {
        let next = self.leases.row(lease).next;
        let before = self.leases_of(instance).find(|&slot| self.leases.row(slot).next == lease);
        match before {
            Some(before) => self.leases.row_mut(before).next = next,
            None => self.roster.row_mut(instance).first_lease = next,
        }
    }

    pub(super) fn release_override_key(&mut self, key: Key) {
        if self.overrides.get(key).is_none() {
            self.release_key(key);
        }
    }
}
