//! Time: everything due by a moment happens, each at its own moment.

use alloc::collections::BTreeSet;

use super::ahead::AHEAD;
use super::journal::Author;
use super::{Registry, Timer};
use crate::account::Gap;
use crate::error::Error;
use crate::instance::Cause;
use crate::liveness::{Braked, Due, Lapse, Pulse};
use crate::time::Instant;

/// A moment at which somebody beat and nothing else happened since: what a beat does for its moment is done, and all that is left of
/// another one is its own record.
pub(super) struct Beating {
    pub(super) at: Instant,
    /// The moment as the records count.
    pub(super) tick: u32,
}

impl Default for Beating {
    /// No moment at all.
    fn default() -> Beating {
        Beating { at: Instant::NEVER, tick: 0 }
    }
}

impl Registry {
    /// Lets everything happen that is due by `now`, each at its own due time. How often a host calls it cannot be observed:
    /// `advance(a); advance(b)` is `advance(b)`. So a host that was away, and must not pause, catches up in steps of, say, 100 ms: any
    /// other call that comes with a later time would do the rest at once.
    pub fn advance(&mut self, now: Instant) {
        self.settle(now);
    }

    /// The moment before which nothing happens by itself; none while nothing is pending. It may be early, never late.
    pub fn next_deadline(&self) -> Option<Instant> {
        let deadline = match (self.timers.soonest(), self.leases.soonest()) {
            (Some(timer), Some(lease)) => Some(timer.min(lease)),
            (timer, lease) => timer.or(lease),
        };
        deadline.map(|at| at.max(self.now))
    }

    /// Rule 10, as the host says itself: it heard nobody from `from` on until now.
    pub fn excuse(&mut self, now: Instant, from: Instant) -> Result<(), Error> {
        if from > now {
            self.settle(now);
            return Err(Error::invalid("excuse.from", from, "a moment not after now"));
        }
        self.settle(from.max(self.now));
        self.excuse_silence(Gap { from, until: now.max(self.now) });
        self.settle(now);
        Ok(())
    }

    #[inline]
    pub(super) fn settle(&mut self, now: Instant) {
        self.beating.at = Instant::NEVER;
        if now < self.now {
            return self.settle_late();
        }
        if self.timers.is_due(now) || self.leases.is_due(now) {
            self.wake(now);
        }
        self.now = now;
    }

    /// A moment before the latest counts as the latest.
    #[cold]
    fn settle_late(&mut self) {
        self.clamped += 1;
        self.settle(self.now);
    }

    #[cold]
    fn wake(&mut self, now: Instant) {
        if let Some(asked) = self.next_deadline().filter(|&asked| asked <= now) {
            self.excuse_gap(asked, now);
            self.run_due(now);
        }
        self.leases.rebase(now);
    }

    /// Rule 10: who is called much later than it asked for did not watch, and what it did not see it holds against nobody.
    fn excuse_gap(&mut self, asked: Instant, now: Instant) {
        let Some(max) = self.policy.expiry.gap_max.filter(|&max| now.since(asked) > max) else { return };
        // What the host was asked for may be early, by how much depends on when it last looked: what counts is when anything was due.
        let due = self.timers.soonest().into_iter().chain(self.leases.first_due()).min();
        let Some(from) = due.map(|at| at.max(self.now)).filter(|&from| now.since(from) > max) else { return };
        self.excuse_silence(Gap { from, until: now });
    }

    fn excuse_silence(&mut self, gap: Gap) {
        self.leases.excuse(gap.until);
        for slot in self.sessions.excuse(gap.until) {
            self.arm_session(slot);
        }
        self.gap = Some(gap);
    }

    fn run_due(&mut self, now: Instant) {
        loop {
            let due = self.leases.collect_due(now);
            if due.is_empty() && self.timers.due(now).is_none() {
                break;
            }
            self.act_on(&due, now);
        }
    }

    /// Lets happen what was found and the timers between, each at its own moment.
    fn act_on(&mut self, due: &[Due], now: Instant) {
        let mut next = 0;
        // Removals that waited, to be looked at again within the same stretch: each has its turn among the others.
        let mut again = BTreeSet::new();
        loop {
            let timer = self.timers.due(now);
            let lease = match (due.get(next), again.first()) {
                (Some(found), Some(waits)) => Some(*found.min(waits)),
                (found, waits) => found.or(waits).copied(),
            };
            match (timer, lease) {
                (Some((at, timer)), lease) if lease.is_none_or(|lease| at <= lease.at) => {
                    self.timers.pop_first();
                    // A timer may have been set for a moment that had passed.
                    self.now = self.now.max(at);
                    self.timer_due(timer);
                    if matches!(timer, Timer::Override(_)) {
                        // The end of a decision may give leases other times: what is due next is to be found anew.
                        self.leases.put_back(due[next..].iter().copied().chain(again));
                        break;
                    }
                }
                (_, Some(lease)) => {
                    if !again.remove(&lease) {
                        if next.is_multiple_of(AHEAD) {
                            self.before_lapses(&due[next..]);
                        }
                        next += 1;
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

    /// Until when the removal of a silent lease waits: for the brake, or because its service is served as it last was.
    fn held_up(&mut self, lease: u32) -> Option<Instant> {
        let service = self.roster.row(self.leases.row(lease).instance).key.service;
        if let Some(until) = self.services.get(service).kept_until.filter(|&until| until > self.now) {
            return Some(until);
        }
        let policy = self.policy.expiry.brake?;
        let due = self.leases.removal_was_due(lease).unwrap_or(self.now);
        match self.brake.admit(policy, (self.now, due), self.pulse(lease), self.leases.silent()) {
            Braked::Go => None,
            Braked::Wait(until) => Some(until),
        }
    }

    /// Somebody beat.
    #[inline]
    pub(super) fn hear(&mut self) {
        self.brake.hear(self.now, Pulse::of(&self.policy.expiry));
    }

    /// By what it is judged whether anybody is heard, where the removal of this lease is at stake: its own times where they are longer,
    /// as its neighbours may well have the same.
    pub(super) fn pulse(&self, lease: u32) -> Pulse {
        let (times, policy) = (self.leases.times(lease), Pulse::of(&self.policy.expiry));
        Pulse { interval: times.interval.max(policy.interval), timeout: times.timeout.max(policy.timeout) }
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
            Timer::Check(instance) => self.check_due(instance),
            Timer::Warm => self.warming_until = self.warming_until.filter(|&until| until > self.now),
        }
    }

    /// Acts on the lapse of a lease; until when its removal waits, where it does.
    fn lease_lapsed(&mut self, lease: u32, lapse: Lapse) -> Option<Instant> {
        match lapse {
            Lapse::Nothing => None,
            Lapse::Silent(since) => {
                self.fell_silent(lease, since);
                None
            }
            Lapse::Expired(since) => {
                let Some(until) = self.held_up(lease) else {
                    self.withdraw(lease, Cause::Expired, &Author::silence(since));
                    return None;
                };
                // A delete time below the timeout: it was never silent before its removal was due.
                let was_alive = self.leases.is_alive(lease);
                self.leases.postpone(lease, until);
                if was_alive {
                    self.fell_silent(lease, since);
                }
                Some(until)
            }
        }
    }

    fn fell_silent(&mut self, lease: u32, since: Instant) {
        let instance = self.leases.row(lease).instance;
        if !self.is_alive(instance) {
            let time = Author::silence(since);
            self.decide_fate(instance, Cause::Silent, &time);
            self.note(instance, Cause::Silent, &time);
            self.touch(instance, Cause::Silent, false);
            self.keep_last(self.roster.row(instance).key.service);
        } else if self.is_apart(instance) {
            self.touch(instance, Cause::Silent, true);
        }
    }
}
