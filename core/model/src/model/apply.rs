//! The door: one command after the other. And the health that a checker reports, rule 4.

use liveset::{Actor, Cause, Command, Error, HealthReport, Instant, Kind, Outcome, Reason};

use super::claim::unknown;
use super::facts::{Author, Lease};
use super::{Model, Ms};

impl Model {
    /// Does what `command` says, at `now`.
    pub fn apply(&mut self, now: Instant, command: &Command) -> Result<Outcome, Error> {
        if let Command::Excuse { from } = command {
            return self.excuse_since(now.as_millis(), from.as_millis());
        }
        self.pass(now.as_millis());
        let done = self.act(command);
        self.forget_services();
        done
    }

    fn act(&mut self, command: &Command) -> Result<Outcome, Error> {
        match command {
            Command::Register(claim) => self.register(claim).map(Outcome::Registered),
            Command::Beat { lease } => self.beat(*lease),
            Command::BeatMany { leases } => Ok(self.beat_many(leases)),
            Command::BeatInstance(beat) => self.beat_instance(beat),
            Command::RegisterBatch(batch) => self.register_batch(batch),
            Command::ReportHealth(report) => self.report_health(report),
            Command::Watch { service, address, watches } => self.watch(service, address, *watches),
            Command::Deregister(deregistration) => self.deregister(deregistration),
            Command::DeregisterLease { lease } => self.deregister_lease(*lease),
            Command::Remove(removal) => self.remove(removal),
            Command::LiftFence { service, address, by } => self.lift_fence(service, address, by),
            Command::SetOverride(change) => self.set_override(change),
            Command::ClearOverride { service, address, by, field } => {
                self.clear_override(service, address, by, field.as_ref())
            }
            Command::EndOverride { service, address } => self.end_override(service, address),
            Command::SetService(settings) => Ok(self.set_service(settings)),
            Command::RemoveService { service } => self.remove_service(service),
            Command::Look { service } => Ok(self.look(service)),
            Command::OpenSession { name } => self.open_session(name),
            Command::TouchSession { session } => {
                self.open_session_named(session.to_u64())?;
                self.touch_session(session.to_u64());
                Ok(Outcome::SessionTouched)
            }
            Command::CloseSession { session } => {
                self.open_session_named(session.to_u64())?;
                Ok(Outcome::SessionClosed { withdrawn: self.end_session(session.to_u64(), Cause::SessionClosed) })
            }
            Command::Subscribe { service, subscriber } => self.subscribe(service, subscriber),
            Command::Unsubscribe { subscription } => self.unsubscribe(*subscription),
            Command::Restart => Ok(self.restart()),
            Command::Loaded => {
                self.warming_until = None;
                Ok(Outcome::Loaded)
            }
            Command::Poll { max } if (1..=65_536).contains(max) => self.poll(*max),
            Command::Poll { max } => Err(Error::invalid("poll.max", max, "1 to 65536")),
            Command::Advance => Ok(Outcome::Advanced),
            other => unimplemented_command(other),
        }
    }

    /// Counts a report on an instance whose health somebody else finds: a checker, or the node that looks for its silence.
    fn report_health(&mut self, report: &HealthReport) -> Result<Outcome, Error> {
        let HealthReport { service, address, healthy, sure, by } = report;
        let healthy = *healthy;
        let persistent = self.place(service, address, Kind::Persistent);
        let ephemeral = self.place(service, address, Kind::Ephemeral);
        let reported = |order: &u64| self.leases[order].session.is_none() && !self.looks_for(*order);
        let is_copy = self.is_present(ephemeral) && self.leases_of(ephemeral).iter().all(reported);
        let place = match (self.is_present(persistent), is_copy) {
            (true, _) => persistent,
            (false, true) => ephemeral,
            (false, false) if self.is_present(ephemeral) => {
                return Err(Error::invalid("report_health.address", address, "a persistent instance"));
            }
            (false, false) => return Err(unknown(service, address)),
        };
        let alive = self.is_alive(place);
        let checks = &self.policy.checks;
        let (reports, observers) = if healthy { (checks.rise, 1) } else { (checks.fall, checks.observers) };
        let known = self.instances.get_mut(&place).expect("it is there");
        if healthy == alive {
            (known.contrary, known.doubted_by) = (0, Vec::new());
            return Ok(Outcome::HealthReported { healthy: alive });
        }
        known.contrary += 1;
        if !known.doubted_by.contains(by) && known.doubted_by.len() < observers as usize {
            known.doubted_by.push(by.clone());
        }
        let enough = known.contrary >= reports && known.doubted_by.len() >= observers as usize;
        if !enough && !sure {
            return Ok(Outcome::HealthReported { healthy: alive });
        }
        let others = known.doubted_by.iter().flatten().filter(|&other| Some(other) != by.as_ref());
        let others: Vec<&str> = others.map(Actor::as_str).collect();
        let because = Reason::parse(&others.join(" and ")).ok().filter(|_| by.is_some());
        for order in self.leases_of(place) {
            self.lease_mut(order).alive = healthy;
        }
        let cause = if healthy { Cause::ReportedUp } else { Cause::ReportedDown };
        let author = Author { by: by.as_ref(), because: because.as_ref(), silence: None };
        self.decide_fate(place, cause, author.by);
        self.note(place, cause, author);
        self.touch(place, cause, false);
        Ok(Outcome::HealthReported { healthy })
    }
}

/// A command that is newer than this model. The duel counts it as a disagreement, so that nobody forgets it.
fn unimplemented_command(command: &Command) -> Result<Outcome, Error> {
    Err(Error::invalid("command", format!("{command:?}"), "a command that the model knows"))
}

/// The sources of leases, in their order.
pub(super) fn actor_names<'a>(leases: impl Iterator<Item = &'a Lease>) -> Vec<Actor> {
    leases.map(|lease| lease.source.clone()).collect()
}

pub(super) fn millis(ms: Ms) -> Instant {
    Instant::from_millis(ms).expect("below 2^53")
}
