//! Time: everything due by a moment happens, each at its own moment.

use alloc::collections::BTreeSet;

use super::journal::Author;
use super::{Registry, Timer};
use crate::account::Gap;
use crate::instance::Cause;
use crate::liveness::{Braked, Due, Lapse};
use crate::time::Instant;

impl Registry {
    /// Lets everything happen that is due by `now`, each at its own due time. How often a host calls it cannot be observed:
    /// `advance(a); advance(b)` is `advance(b)`.
    pub fn advance(&mut self, now: Instant) {
        self.settle(now);
    }

    /// The moment before which nothing happens by itself; none while nothing is pending. It may be early, never late.
    pub fn next_deadline(&self) -> Option<Instant> {
        let timer = self.timers.first().map(|&(at, _)| at);
        let deadline = [timer, self.leases.soonest()].into_iter().flatten().min();
        deadline.map(|at| at.max(self.now))
    }

    #[inline]
    pub(super) fn settle(&mut self, now: Instant) {
        let now = if now < self.now {
            self.clamped += 1;
            self.now
        } else {
            now
        };
        if self.next_deadline().is_some_and(|due| due <= now) {
            self.excuse_gap(now);
            self.run_due(now);
        }
        self.now = now;
        self.leases.rebase(now);
    }

    /// Rule 10: who is called much later than it asked for did not watch, and what it did not see it holds against nobody.
    fn excuse_gap(&mut self, now: Instant) {
        let Some(max) = self.policy.expiry.gap_max else { return };
        // A deadline may be early, by how much depends on when the host last looked: what counts is when anything was due.
        let timer = self.timers.first().map(|&(at, _)| at);
        let due = timer.into_iter().chain(self.leases.first_due()).min().map(|at| at.max(self.now));
        let Some(due) = due.filter(|&due| now.since(due) > max) else { return };
        self.leases.excuse(now);
        for slot in self.sessions.excuse(now) {
            self.arm_session(slot, now);
        }
        self.gap = Some(Gap { from: due, until: now });
    }

    fn run_due(&mut self, now: Instant) {
        loop {
            let due = self.leases.collect_due(now);
            if due.is_empty() && self.timers.first().is_none_or(|&(at, _)| at > now) {
                break;
            }
            let mut due = due.into_iter().peekable();
            // Removals that waited, to be looked at again within the same stretch: each has its turn among the others.
            let mut again = BTreeSet::new();
            loop {
                let timer = self.timers.first().copied().filter(|&(at, _)| at <= now);
                let next = [due.peek().copied(), again.first().copied()].into_iter().flatten().min();
                match (timer, next) {
                    (Some((at, timer)), lease) if lease.is_none_or(|lease| at <= lease.at) => {
                        self.timers.pop_first();
                        // A timer may have been set for a moment that had passed.
                        self.now = self.now.max(at);
                        self.timer_due(timer);
                        if matches!(timer, Timer::Override(_)) {
                            // The end of a decision may give leases other times: what is due next is to be found anew.
                            self.leases.put_back(due.chain(again));
                            break;
                        }
                    }
                    (_, Some(lease)) => {
                        if !again.remove(&lease) {
                            due.next();
                        }
                        self.now = self.now.max(lease.at);
                        let lapse = self.leases.lapse(lease);
                        let waits = self.lease_lapsed(lease.slot, lapse);
                        again.extend(waits.filter(|&at| at <= now).map(|at| Due { at, slot: lease.slot }));
                    }
                    (_, None) => break,
                }
            }
        }
    }

    /// Until when the removal of a silent lease waits: for the brake, or because its service is served as it last was.
    fn held_up(&mut self, lease: u32) -> Option<Instant> {
        let service = self.roster.row(self.leases.row(lease).instance).key.service;
        if let Some(until) = self.services.get(service).kept_until.filter(|&until| until > self.now) {
            return Some(until);
        }
        let policy = self.policy.expiry.brake?;
        match self.brake.admit(policy, self.now, self.policy.expiry.interval, self.leases.silent()) {
            Braked::Go => None,
            Braked::Wait(until) => Some(until),
        }
    }

    fn timer_due(&mut self, timer: Timer) {
        match timer {
            Timer::Session(slot) => self.session_due(slot),
            Timer::Override(key) => self.override_due(key),
            Timer::Fence(key) => {
                let now = self.now;
                self.drop_fences(key, Some(now));
            }
            Timer::Refresh(service) => self.refresh(service),
            Timer::Notice(service) => self.notices_due(service),
            Timer::Service(service) => self.service_due(service),
            Timer::Keep(service) => self.keep_due(service),
            Timer::Warm => self.warming_until = self.warming_until.filter(|&until| until > self.now),
        }
    }

    /// Acts on the lapse of a lease; until when its removal waits, where it does.
    fn lease_lapsed(&mut self, lease: u32, lapse: Lapse) -> Option<Instant> {
        match lapse {
            Lapse::Nothing => None,
            Lapse::Silent => {
                self.fell_silent(lease);
                None
            }
            Lapse::Expired => {
                let Some(until) = self.held_up(lease) else {
                    self.withdraw(lease, Cause::Expired, &Author::time());
                    return None;
                };
                // A delete time below the timeout: it was never silent before its removal was due.
                let was_alive = self.leases.is_alive(lease);
                self.leases.postpone(lease, until);
                if was_alive {
                    self.fell_silent(lease);
                }
                Some(until)
            }
        }
    }

    fn fell_silent(&mut self, lease: u32) {
        let instance = self.leases.row(lease).instance;
        if !self.is_alive(instance) {
            self.decide_fate(instance, Cause::Silent, &Author::time());
            self.note(instance, Cause::Silent, &Author::time());
            self.touch(instance, Cause::Silent, false);
            self.keep_last(self.roster.row(instance).key.service);
        }
    }
}
