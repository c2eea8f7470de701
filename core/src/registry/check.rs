//! Rule 4: the health of persistent instances, as the host's checker reports it.

use alloc::vec::Vec;

use super::Registry;
use super::journal::Author;
use crate::command::Outcome;
use crate::error::Error;
use crate::instance::{Cause, Kind};
use crate::name::{Address, ServiceKey};
use crate::time::Instant;

impl Registry {
    /// Counts a report on a persistent instance, or on one whose silence another node looks for. Its health changes after as many equal
    /// reports in a row as the policy says, or at once where the checker is sure.
    pub fn report_health(
        &mut self,
        now: Instant,
        service: &ServiceKey,
        address: &Address,
        healthy: bool,
        sure: bool,
    ) -> Result<Outcome, Error> {
        self.settle(now);
        let persistent = self.find_present(service, address, Some(Kind::Persistent));
        let ephemeral = self.find_present(service, address, Some(Kind::Ephemeral));
        let copy = ephemeral.filter(|&slot| self.leases_of(slot).all(|lease| self.leases.is_reported(lease)));
        let Some(instance) = persistent.or(copy) else {
            if ephemeral.is_some() {
                let found = alloc::format!("{address}, which is ephemeral");
                return Err(Error::invalid("report_health.address", found, "a persistent instance"));
            }
            return Err(Registry::unknown_instance(service, address));
        };
        let alive = self.is_alive(instance);
        let needed = if healthy { self.policy.checks.rise } else { self.policy.checks.fall };
        let row = self.roster.row_mut(instance);
        row.streak = if healthy == alive { 0 } else { row.streak + 1 };
        if healthy == alive || (row.streak < needed && !sure) {
            return Ok(Outcome::HealthReported { healthy: alive });
        }
        let leases: Vec<u32> = self.leases_of(instance).collect();
        for lease in leases {
            self.leases.report(lease, healthy);
        }
        let cause = if healthy { Cause::ReportedUp } else { Cause::ReportedDown };
        self.decide_fate(instance, cause, &Author::time());
        self.note(instance, cause, &Author::time());
        self.touch(instance, cause, false);
        Ok(Outcome::HealthReported { healthy })
    }
}
