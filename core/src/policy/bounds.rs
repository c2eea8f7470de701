//! The bounds of every field, checked once when a registry is made.

use alloc::format;

use super::{Brake, CheckPolicy, Limits, Policy, Sweep};
use crate::error::Error;
use crate::time::Span;

impl Policy {
    /// Refuses a policy that cannot work, naming the field and the bound.
    pub fn check(&self) -> Result<(), Error> {
        if self.label.is_empty() || self.label.len() > 64 || self.label.chars().any(char::is_control) {
            return Err(Error::invalid("label", format!("{:?}", self.label), "1 to 64 printable bytes"));
        }
        at_least_1("expiry.interval", self.expiry.interval)?;
        at_least_1("expiry.timeout", self.expiry.timeout)?;
        if self.expiry.delete < self.expiry.timeout {
            let found = self.expiry.delete.as_millis();
            return Err(Error::invalid("expiry.delete", found, "at least expiry.timeout, in ms"));
        }
        if let Sweep::PerService(period) | Sweep::PerLease(period) = self.expiry.sweep {
            at_least_1("expiry.sweep", period)?;
        }
        let clocks = [
            ("session.sweep", self.session.sweep),
            ("checks.sweep", self.checks.sweep),
            ("overrides.sweep", self.overrides.sweep),
            ("view.engine", self.view.engine),
            ("services.sweep", self.services.sweep),
        ];
        let cap = self.expiry.cap.map(|cap| ("expiry.cap.sweep", cap.sweep));
        for (field, clock) in clocks.into_iter().chain(cap) {
            if clock.phase != Span::ZERO && clock.phase >= clock.every {
                let bound = format!("below {field}.every, in ms");
                return Err(Error::invalid(format!("{field}.phase"), clock.phase.as_millis(), &bound));
            }
        }
        let slip_max = if self.view.engine.every == Span::ZERO { 0 } else { 100_000 };
        if self.view.engine_slip > slip_max {
            let bound = "0 to 100000, and 0 where view.engine.every is 0";
            return Err(Error::invalid("view.engine_slip", self.view.engine_slip, bound));
        }
        if let Some(cap) = self.expiry.cap {
            at_least_1("expiry.cap.silence", cap.silence)?;
        }
        if let Some(Brake { floor, share, pace, .. }) = self.expiry.brake {
            let table = [("floor", floor, 0, 1_000_000), ("share", share, 0, 100), ("pace", pace, 0, 1000)];
            for (field, found, min, max) in table {
                if !(min..=max).contains(&found) {
                    return Err(Error::invalid(format!("expiry.brake.{field}"), found, &format!("{min} to {max}")));
                }
            }
        }
        let CheckPolicy { rise, fall, observers, .. } = self.checks;
        for (field, found) in [("checks.rise", rise), ("checks.fall", fall), ("checks.observers", observers)] {
            if !(1..=100).contains(&found) {
                return Err(Error::invalid(field, found, "1 to 100"));
            }
        }
        at_least_1("session.idle", self.session.idle)?;
        at_least_1("session.probe", self.session.probe)?;
        self.limits.check().map_err(|error| error.within("limits"))
    }
}

impl Limits {
    fn check(&self) -> Result<(), Error> {
        let table: [(&str, u32, u32, u32); 9] = [
            ("instances_max", self.instances_max, 1, 4_000_000_000),
            ("leases_per_instance_max", self.leases_per_instance_max, 1, 1000),
            ("services_max", self.services_max, 1, 100_000_000),
            ("sessions_max", self.sessions_max, 1, 100_000_000),
            ("subscriptions_max", self.subscriptions_max, 1, 100_000_000),
            ("metadata_bytes_max", self.metadata_bytes_max, 0, 65_536),
            ("journal_max", self.journal_max, 16, 16_000_000),
            ("journal_bytes_max", self.journal_bytes_max, 4096, 4_000_000_000),
            ("changes_per_service_max", self.changes_per_service_max, 1, 1024),
        ];
        for (field, found, min, max) in table {
            if !(min..=max).contains(&found) {
                return Err(Error::invalid(field, found, &format!("{min} to {max}")));
            }
        }
        Ok(())
    }
}

fn at_least_1(field: &str, span: Span) -> Result<(), Error> {
    if span == Span::ZERO { Err(Error::invalid(field, 0, "at least 1 ms")) } else { Ok(()) }
}
