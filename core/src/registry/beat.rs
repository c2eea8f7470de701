//! Beats: of a lease, of many, and by name.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::Registry;
use super::ahead::AHEAD;
use super::journal::Author;
use super::settle::Beating;
use crate::command::{InstanceBeat, Outcome};
use crate::error::Error;
use crate::id::LeaseId;
use crate::instance::{Cause, Kind, Registration};
use crate::policy::UnknownBeat;
use crate::time::Instant;

impl Registry {
    /// A sign of life. One record is read and one is written; refused when nobody holds the lease: register again.
    #[inline]
    pub fn beat(&mut self, now: Instant, lease: LeaseId) -> Result<(), Error> {
        if now == self.beating.at && self.leases.hot().beat(lease, self.beating.tick) {
            return Ok(());
        }
        self.beat_first(now, lease)
    }

    /// The first beat of a moment, or one that is more than that.
    #[inline(never)]
    fn beat_first(&mut self, now: Instant, lease: LeaseId) -> Result<(), Error> {
        self.settle(now);
        self.beat_settled(lease)
    }

    /// Any beat, at a moment by which everything due has happened.
    fn beat_settled(&mut self, lease: LeaseId) -> Result<(), Error> {
        let tick = self.leases.hot().tick(self.now);
        if self.leases.hot().beat(lease, tick) {
            self.hear();
            self.beating = Beating { at: self.now, tick };
            return Ok(());
        }
        self.beat_unusual(lease)
    }

    /// As [`Registry::beat`] for each of `leases`; the ones nobody holds are appended to `stale`, in the order given.
    #[inline]
    pub fn beat_many(&mut self, now: Instant, leases: &[LeaseId], stale: &mut Vec<LeaseId>) {
        self.settle(now);
        let tick = self.leases.hot().tick(self.now);
        let mut rest = leases;
        // How many of them nobody read ahead of.
        let mut unread = leases.len();
        loop {
            let plain = self.leases.hot().beat_run(rest, tick);
            if plain > 0 {
                self.hear();
            }
            rest = &rest[plain..];
            let Some((&lease, after)) = rest.split_first() else { return };
            if rest.len() <= unread {
                self.before_beats(rest);
                unread = rest.len().saturating_sub(AHEAD);
            }
            if self.beat_unusual(lease).is_err() {
                stale.push(lease);
            }
            rest = after;
        }
    }

    /// A sign of life by name. A full beat for an unknown instance registers it where the policy says so (Nacos), and is refused
    /// where it does not.
    pub fn beat_instance(&mut self, now: Instant, beat: &InstanceBeat) -> Result<Outcome, Error> {
        self.settle(now);
        let place = self.place(&beat.service, &beat.address);
        if let Some(lease) = self.lease_by_beats(place, Kind::Ephemeral, &beat.source) {
            self.refuse_older(beat.incarnation, self.leases.row(lease).incarnation, &beat.address)?;
            let id = self.leases.id(lease);
            self.beat_settled(id)?;
            return Ok(Outcome::Beaten { lease: id, interval: self.leases.times(lease).interval, registered: None });
        }
        let unknown = self.policy.claims.unknown_beat;
        if unknown == UnknownBeat::Ignored {
            let interval = self.policy.expiry.interval;
            return Ok(Outcome::Beaten { lease: LeaseId::from_u64(0), interval, registered: None });
        }
        let Some(content) = beat.content.as_ref().filter(|_| unknown == UnknownBeat::Registers) else {
            self.refuse_fenced(place, Kind::Ephemeral, &beat.address, &beat.source, beat.incarnation, true)?;
            return Err(Error::UnknownLease { what: alloc::format!("{} in {}", beat.address, beat.service) });
        };
        let mut registration = Registration::new(beat.service.clone(), beat.address.clone(), beat.source.clone());
        registration.incarnation = beat.incarnation;
        registration.content = content.clone();
        let registered = self.claim(&registration, Cause::RegisteredByBeat, true)?;
        let interval = self.leases.times(registered.lease.slot()).interval;
        Ok(Outcome::Beaten { lease: registered.lease, interval, registered: Some(registered) })
    }

    /// Any beat but the plain one of a healthy lease.
    #[cold]
    pub(super) fn beat_unusual(&mut self, lease: LeaseId) -> Result<(), Error> {
        let Some(row) = self.leases.get(lease).copied() else {
            return Err(Error::UnknownLease { what: lease.to_u64().to_string() });
        };
        let now = self.now;
        self.hear();
        self.hear_session(row.session);
        let stays = self.leases.marks(lease.slot()).said_unhealthy && !self.policy.expiry.beat_revives_unhealthy;
        if stays && self.leases.is_watched(lease.slot()) && !self.leases.is_alive(lease.slot()) {
            self.leases.prolong(now, lease.slot());
            return Ok(());
        }
        if self.leases.revive(now, lease.slot()) {
            let author = Author::of(row.source);
            self.decide_fate(row.instance, Cause::Beat, &author);
            self.note(row.instance, Cause::Beat, &author);
            self.touch(row.instance, Cause::Beat, self.is_apart(row.instance));
        }
        Ok(())
    }
}
