//! Several claims at once, in the place of all that a session holds in a service.

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::Registry;
use crate::command::{BatchRegistration, Outcome};
use crate::error::Error;
use crate::instance::{Cause, Registration};
use crate::liveness::Marks;
use crate::time::Instant;

impl Registry {
    /// Registers the members of a batch over its session, and withdraws whatever else the session holds in the service. All or nothing.
    pub fn register_batch(&mut self, now: Instant, batch: &BatchRegistration) -> Result<Outcome, Error> {
        self.settle(now);
        let claims: Vec<Registration> = batch.members.iter().map(|member| claim_of(batch, member)).collect();
        let (mut adds, mut named) = (0, BTreeSet::new());
        for (index, claim) in claims.iter().enumerate() {
            let within = |error: Error| error.within(&alloc::format!("members[{index}]"));
            let (_, place, row) = self.check_claim(claim, false).map_err(within)?;
            let held = row.and_then(|slot| self.lease_for(slot, &claim.source, Some(batch.session.slot())));
            self.admit(place, row, held.is_none()).map_err(within)?;
            adds += usize::from(row.is_none_or(|slot| !self.is_present(slot)));
            if !named.insert(&claim.address) {
                return Err(within(Error::invalid("address", &claim.address, "each address once")));
            }
        }
        self.admit_many(adds)?;
        if self.sessions.get(batch.session).is_none() {
            return Err(Error::UnknownSession { session: batch.session.to_u64() });
        }
        let held = self.find_service(&batch.service).map(|service| self.leases_over(batch.session.slot(), service));
        let mut withdrawn = 0;
        for lease in held.unwrap_or_default() {
            let key = self.roster.row(self.leases.row(lease).instance).key;
            let address = self.address(key);
            if !named.contains(&address) {
                let others = claims.len().saturating_sub(1);
                let first = claims.first().map_or_else(String::new, |claim| claim.address.to_string());
                let instead = if others > 0 { alloc::format!("{first} and {others} more") } else { first };
                self.acting(&batch.source, |registry, source| registry.replace(lease, source, instead));
                withdrawn += 1;
            }
        }
        let mut members = Vec::with_capacity(claims.len());
        for claim in &claims {
            let member = self.claim(claim, Cause::Registered, false)?;
            let lease = member.lease.slot();
            let marks = self.leases.marks(lease);
            self.leases.mark(lease, Marks { in_batch: true, ..marks });
            members.push(member);
        }
        Ok(Outcome::RegisteredBatch { members, withdrawn })
    }

    fn admit_many(&self, adds: usize) -> Result<(), Error> {
        let max = self.policy.limits.instances_max;
        if self.roster.present() as usize + adds > max as usize {
            return Err(Error::LimitReached { limit: "instances_max", max: u64::from(max) });
        }
        Ok(())
    }
}

fn claim_of(batch: &BatchRegistration, member: &crate::command::BatchMember) -> Registration {
    let mut claim = Registration::new(batch.service.clone(), member.address.clone(), batch.source.clone());
    claim.session = Some(batch.session);
    claim.content = member.content.clone();
    claim
}
