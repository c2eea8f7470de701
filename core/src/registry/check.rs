//! Rule 4: the health of persistent instances, as the host's checker reports it.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::journal::Author;
use super::{Registry, Timer};
use crate::command::{HealthReport, Outcome};
use crate::error::Error;
use crate::instance::{Cause, Kind};
use crate::liveness::{DELETE_KEY, times_of};
use crate::name::{Actor, Reason};
use crate::policy::OwnTimes;
use crate::time::{Instant, Span};

/// Reports in a row that an instance's health is other than it is, and who made them, where they said so.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Doubt {
    streak: u32,
    pub(super) by: Vec<Option<Actor>>,
}

impl Registry {
    /// Counts a report on a persistent instance, or on one whose silence another node looks for. Its health changes after as many equal
    /// reports in a row, of as many observers, as the policy says; or at once where the checker is sure.
    pub fn report_health(&mut self, now: Instant, report: &HealthReport) -> Result<Outcome, Error> {
        self.settle(now);
        let HealthReport { service, address, healthy, sure, by } = report;
        let healthy = *healthy;
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
        if healthy == alive {
            self.doubts.remove(&instance);
            return Ok(Outcome::HealthReported { healthy: alive });
        }
        let (reports, observers) = if healthy {
            (self.policy.checks.rise, 1)
        } else {
            (self.policy.checks.fall, self.policy.checks.observers)
        };
        let Doubt { streak, by: said } = self.doubts.entry(instance).or_default();
        *streak = streak.saturating_add(1);
        let enough = *streak >= reports;
        if !said.contains(by) && (said.len() as u32) < observers {
            said.push(by.clone());
        }
        if !(*sure || (enough && said.len() as u32 >= observers)) {
            return Ok(Outcome::HealthReported { healthy: alive });
        }
        let others: Vec<&str> =
            said.iter().flatten().filter(|&said| Some(said) != by.as_ref()).map(Actor::as_str).collect();
        let because = Reason::parse(&others.join(" and ")).ok();
        let leases: Vec<u32> = self.leases_of(instance).collect();
        for lease in leases {
            self.leases.report(lease, healthy);
        }
        let cause = if healthy { Cause::ReportedUp } else { Cause::ReportedDown };
        match by {
            Some(by) => self.acting(by, |registry, by| {
                registry.reported(instance, cause, &Author::with(by, because.as_ref()));
            }),
            None => self.reported(instance, cause, &Author::time()),
        }
        Ok(Outcome::HealthReported { healthy })
    }

    fn reported(&mut self, instance: u32, cause: Cause, author: &Author) {
        self.decide_fate(instance, cause, author);
        self.note(instance, cause, author);
        self.touch(instance, cause, false);
        self.arm_check(instance);
    }

    /// When an unhealthy persistent instance is removed; none where it may be so for ever.
    pub(super) fn not_recovered_at(&self, instance: u32) -> Option<Instant> {
        let row = self.roster.row(instance);
        if row.key.kind != Kind::Persistent || !self.is_present(instance) || self.is_alive(instance) {
            return None;
        }
        let after = self.own_delete(instance).or(self.policy.checks.remove_after)?;
        Some(self.policy.checks.sweep.look(row.fate().at + after))
    }

    /// Sees to it that somebody looks when an unhealthy instance may be removed.
    pub(super) fn arm_check(&mut self, instance: u32) {
        if let Some(at) = self.not_recovered_at(instance) {
            self.timers.insert(at, Timer::Check(instance));
        }
    }

    pub(super) fn check_due(&mut self, instance: u32) {
        if self.not_recovered_at(instance).is_none_or(|at| at > self.now) {
            return;
        }
        let since = self.roster.row(instance).fate().at;
        let author = Author::silence(since);
        let leases: Vec<u32> = self.leases_of(instance).collect();
        for lease in leases {
            self.withdraw(lease, Cause::NotRecovered, &author);
        }
    }

    /// How long it may be unhealthy as its metadata says, the operator's over its own, where the policy heeds that.
    fn own_delete(&self, instance: u32) -> Option<Span> {
        if self.policy.expiry.own_times == OwnTimes::BeatsOnly {
            return None;
        }
        let (_, metadata) = self.content_in_force(instance);
        metadata.value(DELETE_KEY)?;
        times_of(&self.policy.expiry, &metadata).ok().map(|times| times.delete)
    }
}
